"""`formflow service`: what starts FormFlow with the computer."""

from __future__ import annotations

from pathlib import Path

import click

from formflow.admin import service_unit
from formflow.admin.settings_file import load_settings
from formflow.core.errors import ExitCode


@click.group()
def service() -> None:
    """What starts FormFlow with the computer."""


@service.command()
@click.option("--user", default="formflow", show_default=True, help="The account it works under.")
@click.pass_obj
def unit(settings_file: Path, user: str) -> int:
    """Print a systemd unit for these settings. On Windows use Task Scheduler, see docs/it.md."""
    click.echo(service_unit.unit(load_settings(settings_file), settings_file, user), nl=False)
    return ExitCode.DONE
