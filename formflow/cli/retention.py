"""`formflow retention`: whose papers somebody should look at again, and why a case is kept. Deletes nothing."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from formflow.admin.retention import Kept, kept, places
from formflow.admin.settings_file import load_settings
from formflow.cli.output import say, table
from formflow.core.clock import utc_now
from formflow.core.dates import local_day
from formflow.core.errors import ExitCode
from formflow.core.references import typed
from formflow.core.settings import Settings
from formflow.documents.register.rows import level_of
from formflow.documents.register.words import day
from formflow.storage import database


@click.command()
@click.argument("reference", type=typed, required=False)
@click.option(
    "--on",
    type=date.fromisoformat,
    metavar="DAY",
    help="The list as it will be on this day (2050-01-31). Default: today.",
)
@click.pass_obj
def retention(settings_file: Path, reference: str | None, on: date | None) -> int:
    """List whose papers somebody should look at again, or say of the case REFERENCE why it is kept and where it lies.

    Nothing is deleted: that is for two people to decide. The list shows no names; where a case lies does, if your
    folders are called by names.
    """
    settings, now = load_settings(settings_file), utc_now()
    today = on or local_day(now, settings.zone)
    with database.looking(settings.state.folder) as connection:
        every = kept(connection, settings, now)
    if reference is None:
        return _list(every, settings, today)
    found = next((one for one in every if one.line.reference == reference), None)
    if found is None:
        say(f"There is no case {reference}. “formflow status” lists those that are waiting.")
        return ExitCode.USAGE
    return _one(found, settings, today)


def _list(every: list[Kept], settings: Settings, today: date) -> int:
    rules = settings.retention
    due = [one for one in every if one.review <= today and one.line.reference not in rules.hold]
    rows = [
        (
            one.line.reference,
            ", ".join(one.children) or "child not known",
            level_of(one.line)[2],
            f"last paper {day(one.last_paper)}",
            f"review from {day(one.review)}",
            "; ".join(one.against(rules, today)) or "nothing stands against disposing of it",
        )
        for one in due
    ]
    if rows:
        click.echo(table(rows))
    say(f"Cases to look at on {day(today)}: {len(due)}. Kept: {len(every) - len(due)}.")
    ahead = [one.review for one in every if one.review > today]
    if ahead:
        say(f"The next one is to be looked at from {day(min(ahead))} on.")
    return ExitCode.WAITING if due else ExitCode.DONE


def _one(one: Kept, settings: Settings, today: date) -> int:
    reference = one.line.reference
    against = list(one.against(settings.retention, today))
    for why in against:
        click.echo(f"{reference} must be kept: {why}.")
    if not against:
        click.echo(f"{reference}: nothing stands against disposing of it.")
    click.echo("It is in the ledger, among the originals and in every backup of both, and:")
    click.echo(table([("-", *place) for place in places(one.filings)]))
    say("FormFlow deletes none of this. See “Retention” in docs/dsl.md.")
    return ExitCode.USAGE if against else ExitCode.WAITING
