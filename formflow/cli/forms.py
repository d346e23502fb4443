"""`formflow forms`: the form definitions."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import click

from formflow import forms as definitions
from formflow import places
from formflow.cli.output import emit, say, table
from formflow.errors import ExitCode


@click.group()
def forms() -> None:
    """The form definitions: list them, build their blanks."""


@forms.command("list")
@click.option("--json", "as_json", is_flag=True, help="For another program to read.")
def list_forms(as_json: bool) -> int:
    """List the forms that FormFlow knows."""
    rows = [
        {
            "id": f.form_id,
            "version": f.version,
            "code": f.code,
            "title": f.title,
            "boxes": len(f.fields),
        }
        for f in definitions.shipped()
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
        for name in definitions.stale(definition.parent):
            out_of_date += 1
            where = f"{definition.parent.name}/{name}"
            if check:
                say(f"Out of date: {where}. Run “formflow forms build”.")
            else:
                made = definitions.products(definitions.load(definition))
                places.write(definition.parent / name, made[name])
                say(f"Built {where}.")
    if not out_of_date:
        say("Everything is built from its definition as it stands.")
    return ExitCode.WAITING if check and out_of_date else ExitCode.DONE
