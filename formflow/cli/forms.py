"""`formflow forms`: the form definitions."""

from __future__ import annotations

import contextlib
import logging
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

import click

from formflow.cli.addendum import addendum
from formflow.cli.fillable import make_fillable
from formflow.cli.form_check import check
from formflow.cli.output import emit, say, table
from formflow.cli.own_forms import FOLDER, agencys, settings_of
from formflow.core import files
from formflow.core.errors import ExitCode, FormDefinitionProblem
from formflow.core.events import Event
from formflow.core.settings import ReadingLimits
from formflow.documents import build as builds
from formflow.forms import catalogue as definitions

if TYPE_CHECKING:
    from formflow.admin.learn import draft

log = logging.getLogger("formflow")


NO_BLANK = {  # why there is nothing to learn
    "no boxes": "{name} has no boxes to fill in. Run “formflow forms make-fillable {name}” first.",
    "for Adobe Reader alone": "{name} was made for Adobe Reader alone (“XFA”): no other program sees its boxes. Open it there,"
    " print it to a new PDF, and run “formflow forms make-fillable” for that.",
    "a portfolio": "{name} is a PDF portfolio: one file with other files in it. Save the form as a file of its own, and learn that.",
    "locked": "{name} is locked with a password. Save it without one, and learn that.",
    "damaged": "{name} cannot be opened as a PDF. Make it again, or save it again in the program that made it.",
}


@click.group()
def forms() -> None:
    """The form definitions: list them, build our blanks, learn your own PDF."""


forms.add_command(make_fillable)
forms.add_command(addendum)
forms.add_command(check)


@forms.command("list")
@click.option("--json", "as_json", is_flag=True, help="For another program to read.")
@click.pass_obj
def list_forms(settings_file: Path, as_json: bool) -> int:
    """List the forms that FormFlow knows: ours, their old versions, and your own."""
    rows = [
        {
            "id": f.form_id,
            "version": f.version,
            "code": f.code,
            "title": f.title,
            "boxes": len(f.fields),
        }
        for f in definitions.known(agencys(settings_file))
    ]
    if as_json:
        emit(rows)
    else:
        click.echo(table([tuple(str(value) for value in row.values()) for row in rows]))
    return ExitCode.DONE


@forms.command()
@click.option("--check", is_flag=True, help="Build nothing; fail when something is out of date.")
@click.option(
    "--folder",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    default=None,
    help="Folder with one folder for each form. Default: the forms that come with FormFlow.",
)
def build(check: bool, folder: Path | None) -> int:
    """Build each form's blank, manifest and field guide from its definition."""
    root = folder or Path(str(resources.files("formflow_forms")))
    out_of_date = 0
    for definition in sorted(root.glob("*/form.toml")):
        for name in builds.stale(definition.parent):
            out_of_date += 1
            where = f"{definition.parent.name}/{name}"
            if check:
                say(f"Out of date: {where}. Run “formflow forms build”.")
            else:
                made = builds.products(definitions.load(definition))
                files.write(definition.parent / name, made[name])
                say(f"Built {where}.")
    if not out_of_date:
        say("Everything is up to date with its definition.")
    return ExitCode.WAITING if check and out_of_date else ExitCode.DONE


@forms.command()
@click.argument("pdf", type=click.Path(path_type=Path, exists=True, dir_okay=False), required=False)
@FOLDER
@click.option("--again", is_flag=True, help="Write over a definition that is there already.")
@click.option(
    "--from",
    "book",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    default=None,
    help="The workbook that “forms learn” wrote, corrected: make the definition from it.",
)
@click.pass_obj
def learn(
    settings_file: Path, pdf: Path | None, folder: Path | None, again: bool, book: Path | None
) -> int:
    """Draft a definition of your own fillable PDF, for you to correct."""
    target = folder or agencys(settings_file)
    if book is not None:
        return _learn_from(book, pdf or target / f"{book.stem}.pdf", target)
    if pdf is None:
        say("Name the PDF to learn, or the corrected workbook with --from.")
        return ExitCode.USAGE
    if (target / f"{pdf.stem}.toml").exists() and not again:
        say(f"{pdf.stem}.toml is there already, perhaps corrected by hand. --again writes over it.")
        return ExitCode.USAGE
    return _learn(pdf, target, settings_of(settings_file).reading)


def _learn(pdf: Path, target: Path, reading: ReadingLimits) -> int:
    # Imported here: the command line must not wait for the tools that read PDFs.
    from formflow.admin.learn import draft
    from formflow.admin.learn.remarks import remarks

    made = _drafted(pdf)
    if made is None:
        return ExitCode.USAGE
    files.make_folder(target)
    for name, content in draft.files(made).items():
        files.write(target / name, content)
    log.info(Event("form learnt", said=f"{len(made.pairs)} boxes"))
    heads = ("Box", "Printed at it", "Our question", "How sure")
    found = draft.rows(made)
    cells = [(row.boxes, row.label, row.question, row.how_sure) for row in found]
    click.echo(table([heads, *(tuple(cell[:60] for cell in row) for row in cells)]))
    unsure = sum(not row.is_fine for row in found)
    for remark in remarks(made.blank.boxes, made.manifest):
        say(remark)
    for form in draft.alike(made, _others(target)):
        is_same = form.manifest.prints == made.manifest.prints
        say(
            f"Its boxes have the names of those of “{form.title}” ({form.source.name}). "
            + (
                "Its pages are the same, too: papers cannot be told apart. Keep one of the two."
                if is_same
                else "Papers are told apart by what is printed on their pages; where that was changed, they are held."
            )
        )
    if len(made.manifest.boxes) > reading.fields:
        say(
            f"The form has {len(made.manifest.boxes)} boxes; papers with more than {reading.fields} are not read."
            f" Set “fields = {len(made.manifest.boxes)}” under [reading] in your settings."
        )
    say(
        f"{len(found)} boxes, {unsure} to check. Written to {target}: open {made.stem}.html beside"
        f" {made.stem}.xlsx, correct the yellow cells, then run “formflow forms learn --from"
        f" {made.stem}.xlsx” and “formflow forms check”."
    )
    return ExitCode.WAITING if unsure else ExitCode.DONE


def _others(target: Path) -> list[definitions.Form]:
    """Return the forms that are known besides, as far as their definitions are sound."""
    found = []
    for path in sorted(target.glob("*.toml")):
        with contextlib.suppress(FormDefinitionProblem):
            found.append(definitions.load(path))
    return found


def _learn_from(book: Path, pdf: Path, target: Path) -> int:
    """Make the definition from a corrected workbook; nothing is written where it has mistakes."""
    from formflow.admin.learn import draft

    if not pdf.is_file():
        say(
            f"The blank {pdf.name} is not in {target}. Run “formflow forms learn {pdf.name}” first."
        )
        return ExitCode.USAGE
    drafted = _drafted(pdf)
    if drafted is None:
        return ExitCode.USAGE
    try:
        made = draft.with_corrections(drafted, book)
    except FormDefinitionProblem as problem:
        say(f"Nothing was changed. What is wrong in {book.name}:")
        for line in str(problem).splitlines():
            say(f"  ! {line}")
        return ExitCode.USAGE
    files.make_folder(target)
    for name, content in draft.files(made).items():
        if name != book.name or target.resolve() != book.parent.resolve():
            files.write(target / name, content)
    log.info(Event("form corrected", said=f"{len(made.pairs)} boxes"))
    known = sum(pair.question is not None for pair in made.pairs)
    say(
        f"{len(made.pairs)} boxes, {known} with a question of ours. Written to {target}. Now run “formflow forms"
        " check”: it says what does not fit, and what the rules cannot know from this form."
    )
    return ExitCode.DONE


def _drafted(pdf: Path) -> draft.Draft | None:
    """Return the draft of a PDF; None where there is none, and that is said."""
    from formflow.admin.learn import apart, draft
    from formflow.admin.learn.blank import NotABlank
    from formflow.reading.acroform import TooMuch

    try:
        made = draft.draft(pdf, definitions.shipped()[0], apart.read)
    except TooMuch as much:
        say(
            f"{pdf.name} has or takes more than {much}: that is more than FormFlow can learn. Split it into"
            " shorter forms."
        )
        return None
    except NotABlank as problem:
        say(NO_BLANK[problem.why].format(name=pdf.name))
        return None
    was_filled = made.blank.was_filled
    if was_filled:
        say(
            f"{pdf.name} is not blank: {len(was_filled)} boxes have something in them, among them"
            f" “{was_filled[0]}”. What was in them is not kept, neither in the definition nor in its copy of"
            " the PDF. If it is a form that someone filled in, delete it from where it does not belong."
        )
    return made


@forms.command("try")
@click.argument("pdf", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@FOLDER
@click.option(
    "--page",
    type=click.Path(path_type=Path, dir_okay=False),
    default=None,
    help="Also write a page with the answers beside pictures of the example. It holds names.",
)
@click.pass_obj
def try_form(settings_file: Path, pdf: Path, folder: Path | None, page: Path | None) -> int:
    """Show what a filled example gives, without recording it."""
    from formflow.admin.learn import tried
    from formflow.core.trouble import Trouble
    from formflow.pipeline.context import open_cage
    from formflow.reading.manifest_builder import known_forms

    settings = settings_of(settings_file)
    known = known_forms(folder or settings.folders.forms)
    try:
        with open_cage(settings, known) as cage:
            found = tried.tried(pdf, cage, known)
    except (OSError, Trouble):
        say(
            f"{pdf.name} could not be read just now. Try again; if it stays so, run “formflow doctor”."
        )
        return ExitCode.USAGE
    for doubt in found.doubts:
        say(f"! {doubt}")
    if found.title:
        click.echo(
            table(
                [
                    (found.title, ""),
                    *((one[:60], " ".join(said.split())) for one, said in found.rows),
                ]
            )
        )
    if page is not None:
        files.write(page, tried.as_page(found).encode())
        say(f"Written to {page}.")
    return ExitCode.DONE if found.title and not found.doubts else ExitCode.WAITING


@forms.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@FOLDER
@click.pass_obj
def items(settings_file: Path, file: Path, folder: Path | None) -> int:
    """Make score sheets (F4) with your own licensed items."""
    from formflow.admin import licensed_items as licensed

    try:
        library = licensed.read(file)
    except FormDefinitionProblem as problem:
        say(f"No score sheets were made. What is wrong in {file.name}:")
        for line in str(problem).splitlines():
            say(f"  ! {line}")
        return ExitCode.USAGE
    target = folder or agencys(settings_file)
    headings = next(form for form in definitions.shipped() if form.form_id == "aim2")
    files.make_folder(target)
    for name, content in licensed.made_into(target, library, headings).items():
        files.write(target / name, content)
    log.info(Event("score sheets made", said=f"{len(library.item)} items"))
    say(
        f"Made score sheets with {len(library.item)} items in {target}. Restart FormFlow to use them."
        f" Keep {file.name} where only its licence holder may read it."
    )
    return ExitCode.DONE
