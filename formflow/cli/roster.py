"""`formflow roster`: the agency's own list of pupils."""

from __future__ import annotations

from pathlib import Path

import click

from formflow.admin.roster import looked_at
from formflow.admin.settings_file import load_settings
from formflow.cli.output import emit
from formflow.core.errors import ExitCode


@click.group()
def roster() -> None:
    """Your own list of pupils: how it is read."""


@roster.command()
@click.option("--json", "as_json", is_flag=True, help="For another program to read.")
@click.pass_obj
def check(settings_file: Path, as_json: bool) -> int:
    """Say how many pupils the list holds, which columns are used, and what is unclear. No names."""
    found = list(looked_at(load_settings(settings_file)))
    if as_json:
        emit([{"ok": line.ok, "text": line.text} for line in found])
    else:
        for line in found:
            click.echo(f"{'ok  ' if line.ok else 'LOOK'} {line.text}")
    return ExitCode.DONE if all(line.ok for line in found) else ExitCode.WAITING
