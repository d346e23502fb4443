"""`formflow ack`: somebody has seen an alert."""

from __future__ import annotations

import getpass
from pathlib import Path

import click

from formflow import acknowledge, pipeline, settings, tables
from formflow.cli.output import say
from formflow.errors import ExitCode


@click.command()
@click.argument("reference")
@click.option("--by", default=None, help="Who has seen it. Default: the account you work with.")
@click.pass_obj
def ack(settings_file: Path, reference: str, by: str | None) -> int:
    """Say that you have seen the alert about REFERENCE."""
    engine = tables.open_ledger(settings.load(settings_file).state.folder)
    who = by or getpass.getuser()
    count = acknowledge.acknowledge(engine, reference, who, pipeline.utc_now())
    if count:
        say(f"{reference} has been seen by {who}.")
        return ExitCode.DONE
    say(
        f"Nothing of {reference} was waiting to be seen. Check the reference with “formflow status”."
    )
    return ExitCode.USAGE
