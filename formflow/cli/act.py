"""`formflow ack` and `formflow retry`: what a person does about alerts and deliveries."""

from __future__ import annotations

import getpass
from pathlib import Path

import click

from formflow import acknowledge, ledger, pipeline, settings, tables
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


@click.command()
@click.argument("destination", required=False)
@click.pass_obj
def retry(settings_file: Path, destination: str | None) -> int:
    """Try the waiting deliveries of DESTINATION (or of all) again, also those that were refused.

    The service sends them at its next turn.
    """
    now = settings.load(settings_file)
    names = [known.name for known in now.destinations()]
    if destination is not None and destination not in names:
        raise click.UsageError(
            f"There is no destination “{destination}”. There are: {', '.join(names)}."
        )
    with tables.writing(tables.open_ledger(now.state.folder)) as connection:
        count = ledger.retry(connection, destination, set_aside_too=True)
    say(f"Deliveries that will be tried again: {count}.")
    return ExitCode.DONE
