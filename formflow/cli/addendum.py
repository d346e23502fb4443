"""`formflow forms addendum`: a page with the questions that an agency's own form never asks."""

from __future__ import annotations

from pathlib import Path

import click

from formflow.cli.output import say
from formflow.cli.own_forms import FOLDER, settings_of
from formflow.core import files
from formflow.core.clock import utc_now
from formflow.core.dates import local_day
from formflow.core.errors import ExitCode, FormDefinitionProblem
from formflow.core.settings import Settings
from formflow.forms import catalogue


@click.command()
@click.argument("form")
@FOLDER
@click.option("--append", is_flag=True, help="Append the page to the form: one fillable PDF.")
@click.option("--again", is_flag=True, help="Write over an addendum that is there already.")
@click.pass_obj
def addendum(
    settings_file: Path, form: str, folder: Path | None, *, append: bool, again: bool
) -> int:
    """Make a page with the questions without which green is never suggested for your own form."""
    settings = settings_of(settings_file)
    target = folder or settings.folders.forms
    source = target / f"{Path(form).name.removesuffix('.toml').removesuffix('.pdf')}.toml"
    if not source.is_file():
        say(f"{source.name} is not in {target}. Run “formflow forms learn” for the form first.")
        return ExitCode.USAGE
    made = _made(source, settings, append=append)
    if made is None:
        return ExitCode.USAGE
    if not made:
        say(f"{source.stem} asks everything that green waits for. It needs no addendum.")
        return ExitCode.DONE
    there = [name for name in made if (target / name).exists()]
    if there and not again:
        say(f"{there[0]} is there already. --again writes over it.")
        return ExitCode.USAGE
    for name, content in made.items():
        files.write(target / name, content)
    page = next(name for name in made if name.endswith(".pdf"))
    how = (
        "It is the form with the page at its end: give staff this one instead of the old."
        if append
        else "Staff fill it in as well as the form, with the same name, date of birth, date and time, and drop both."
    )
    say(f"Written {page} to {target}. {how} Restart FormFlow to use it.")
    return ExitCode.DONE


def _made(source: Path, settings: Settings, *, append: bool) -> dict[str, bytes] | None:
    """Return the files; None where there are none, and that is said."""
    # Imported here: the command line must not wait for the tools that draw and read PDFs.
    import pikepdf

    from formflow.admin.learn import addendum as page

    ours, today = catalogue.shipped()[0], local_day(utc_now(), settings.zone)
    try:
        form = catalogue.load(source)
        if form.adds_to:
            say(f"{source.stem} is an addendum itself. Name the form that it belongs to.")
            return None
        return page.appended(form, ours, today) if append else page.beside(form, ours, today)
    except FormDefinitionProblem as problem:
        say(f"No addendum was made. What is wrong in {source.name}:")
        for line in str(problem).splitlines():
            say(f"  ! {line.strip()}")
    except (OSError, pikepdf.PdfError):
        say(
            f"The blank {source.stem}.pdf beside {source.name} cannot be read. Learn the form again."
        )
    return None
