"""`formflow forms make-fillable`: a form for printing becomes one to fill in."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from formflow.cli.output import say, table
from formflow.core import files
from formflow.core.errors import ExitCode

if TYPE_CHECKING:
    from formflow.admin.fillable.make import Made

WORDS = {  # why there is no fillable form
    "has boxes": "{name} has boxes to fill in already. Run “formflow forms learn {name}”.",
    "XFA": "{name} was made for Adobe Reader alone (“XFA”). Open it there, print it to a new PDF, and give that.",
    "no print": "{name} is a picture, such as a scan: nothing in it is print. Make the PDF from the document that was"
    " printed, or scan it with text recognition.",
    "no gaps": "Nowhere in {name} is there a line, an empty cell or a tick box to fill in. Draw lines or a table in the"
    " document where people write, and make the PDF again.",
    "no LibreOffice": "{name} is a document, and LibreOffice, which turns it into a PDF, is not installed. Save it as PDF in"
    " the program you wrote it with, and give that.",
    "not printed": "LibreOffice could not turn {name} into a PDF. Save it as PDF in the program you wrote it with, and give that.",
}
MARKS = ("tick", "circle", "ring")


@click.command("make-fillable")
@click.argument("form", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--again", is_flag=True, help="Write over a fillable form that was made before.")
def make_fillable(form: Path, again: bool) -> int:
    """Make a fillable PDF of a form for printing (.pdf or .docx); the old one stays as it is."""
    target = form.with_name(f"{form.stem}-fillable.pdf")
    if target.exists() and not again:
        say(
            f"{target.name} is there already, perhaps with changes of yours. --again writes over it."
        )
        return ExitCode.USAGE
    made = _made(form)
    if made is None:
        return ExitCode.USAGE
    files.write(target, made.content)
    click.echo(table([("Page", "To", "Printed at it"), *_rows(made)]))
    unlabelled = sum(not row.label for row in made.rows)
    say(
        f"{len(made.rows)} boxes, {unlabelled} of which it is not certain what is printed at them. Written to {target}. Open it and"
        f" look at each page, then run “formflow forms learn {target.name}”."
    )
    return ExitCode.WAITING if unlabelled else ExitCode.DONE


def _rows(made: Made) -> list[tuple[str, str, str]]:
    return [
        (str(row.page), "mark" if row.kind in MARKS else "write", (row.label or "?")[:80])
        for row in made.rows
    ]


def _made(form: Path) -> Made | None:
    """Return the fillable form; None where there is none, and that is said."""
    # Imported here: the command line must not wait for the tools that read PDFs.
    from formflow.admin.fillable import apart
    from formflow.admin.fillable.make import NotMade
    from formflow.reading.acroform import TooMuch

    try:
        return apart.made_fillable(form)
    except NotMade as problem:
        say(WORDS[str(problem)].format(name=form.name))
    except TooMuch as much:
        say(
            f"{form.name} has or takes more than {much}: that is more than FormFlow can make fillable. Split it into"
            " shorter forms."
        )
    except ValueError:
        say(f"{form.name} cannot be opened as a PDF. Is it damaged, or locked with a password?")
    return None
