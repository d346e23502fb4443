"""`formflow doctor`: is everything as it should be?"""

from __future__ import annotations

from pathlib import Path

import click

from formflow.admin.doctor import checkup
from formflow.admin.settings_file import load_settings
from formflow.cli.output import emit
from formflow.core.clock import utc_now
from formflow.core.errors import ExitCode


@click.command()
@click.option("--json", "as_json", is_flag=True, help="For another program to read.")
@click.pass_obj
def doctor(settings_file: Path, as_json: bool) -> int:
    """Check that everything is set up as it should be, and say what to do."""
    settings = load_settings(settings_file)
    found = list(checkup(settings, utc_now()))
    if as_json:
        emit([{"what": what, "ok": line.ok, "text": line.text} for what, line in found])
    else:
        for what, line in found:
            click.echo(f"{'ok  ' if line.ok else 'LOOK'} {what}: {line.text}")
    return ExitCode.DONE if all(line.ok for _, line in found) else ExitCode.WAITING
