"""`formflow retention`: whose papers somebody should look at again, and why a case is kept. Two people may dispose of one."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import click

from formflow.admin import disposal
from formflow.admin.disposal import Plan, Wanted
from formflow.admin.retention import Kept, kept, places
from formflow.admin.settings_file import load_settings
from formflow.cli.ledger import at_the_ledger
from formflow.cli.output import say, table
from formflow.core.clock import utc_now
from formflow.core.dates import local_day
from formflow.core.errors import ExitCode
from formflow.core.events import Event
from formflow.core.references import typed
from formflow.core.settings import Settings
from formflow.core.wording import moment_in_words
from formflow.documents.register.rows import level_of
from formflow.documents.register.words import day
from formflow.pipeline import damage, service
from formflow.pipeline.register import Register
from formflow.storage import database, disposals
from formflow.storage.database import Engine
from formflow.storage.disposals import Tombstone
from formflow.storage.roster import PupilList

log = logging.getLogger("formflow")


@click.command()
@click.argument("reference", type=typed, required=False)
@click.option(
    "--on",
    type=date.fromisoformat,
    metavar="DAY",
    help="The list as it will be on this day (2050-01-31). Default: today.",
)
@click.option(
    "--dispose", type=typed, metavar="REFERENCE", help="Delete what FormFlow holds of this case."
)
@click.option("--reason", help="Why it is disposed of, without a child’s name. It is kept.")
@click.option("--by", metavar="NAME", help="Who disposes of it.")
@click.option("--and", "and_by", metavar="NAME", help="The second person. Both names are kept.")
@click.option("--yes", is_flag=True, help="Do not ask. For scripts.")
@click.pass_obj
def retention(
    settings_file: Path,
    reference: str | None,
    on: date | None,
    dispose: str | None,
    reason: str | None,
    by: str | None,
    and_by: str | None,
    yes: bool,
) -> int:
    """List whose papers somebody should look at again, or say of the case REFERENCE why it is kept and where it lies.

    Nothing is deleted by itself. With --dispose two people delete what FormFlow holds of one case: stop FormFlow first.
    The list shows no names; where a case lies does, if your folders are called by names.
    """
    settings = load_settings(settings_file)
    if dispose is not None:
        if reference is not None or on is not None:
            raise click.UsageError("--dispose takes its own reference, and counts as of today.")
        wanted = Wanted(reason or "", by or "", and_by or "")
        return _dispose(settings, dispose, wanted, asks=not yes)
    if reason or by or and_by or yes:
        raise click.UsageError("--reason, --by, --and and --yes go with --dispose.")
    now = utc_now()
    today = on or local_day(now, settings.zone)
    with database.looking(settings.state.folder) as connection:
        every = kept(connection, settings, now)
        gone = disposals.one(connection, reference) if reference else None
    if reference is None:
        return _list(every, settings, today)
    found = next((one for one in every if one.line.reference == reference), None)
    if gone is not None:
        return _gone(gone, settings)
    if found is None:
        return _unknown(reference)
    return _one(found, settings, today)


def _unknown(reference: str) -> int:
    say(f"There is no case {reference}. “formflow status” lists those that are waiting.")
    return ExitCode.USAGE


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
    say("FormFlow deletes none of this by itself. See “Retention” in docs/dsl.md.")
    return ExitCode.USAGE if against else ExitCode.WAITING


def _dispose(settings: Settings, reference: str, wanted: Wanted, *, asks: bool) -> int:
    """Dispose of a case. What stands against it is said, and nothing is changed then."""
    with service.alone(settings), at_the_ledger(settings, "retention") as (engine, trail):
        disposal.refuse_at_work(settings)
        with damage.told(settings):
            damage.refuse(settings.state.folder, engine)
        now = utc_now()
        with database.reading(engine) as connection:
            every = kept(connection, settings, now)
            plan = disposal.planned(connection, settings, reference)
        one = next((one for one in every if one.line.reference == reference), None)
        if one is None or plan is None:
            gone = _tombstone(engine, reference)
            return _gone(gone, settings) if gone else _unknown(reference)
        found = list(disposal.against(one, plan, wanted, settings, local_day(now, settings.zone)))
        if found:
            for why in found:
                say(f"{reference} is not disposed of: {why}.")
            say("Nothing has been changed.")
            return ExitCode.USAGE
        for line in _in_words(plan):
            say(line)
        if asks and not click.confirm(f"Dispose of {reference}?", err=True):
            say("Nothing has been changed.")
            return ExitCode.USAGE
        disposal.dispose(settings, engine, trail, plan, wanted, now)
        log.info(Event("disposed of", reference=reference))
        _draw(settings, engine)
        gone = _tombstone(engine, reference)
    assert gone is not None  # noqa: S101 - it was written just now
    for destination, where in plan.left.places:
        click.echo(f"Delete this yourself: {destination}, {where}")
    held = _gone(gone, settings)
    return ExitCode.WAITING if plan.left.places else held


def _tombstone(engine: Engine, reference: str) -> Tombstone | None:
    with database.reading(engine) as connection:
        return disposals.one(connection, reference)


def _in_words(plan: Plan) -> Iterator[str]:
    """Yield what goes, and what stays."""
    reference, contents = plan.reference, plan.contents
    yield f"What goes of {reference}, for good:"
    yield f"  in the ledger: {', '.join(one.name for one in contents.papers)}, and all that was made of them"
    yield f"  among the originals: {len(contents.kept)} files, but those that another record uses"
    for path in plan.pages:
        yield f"  {path}"
    if plan.left.children:
        yield f"  children in no other case: {', '.join(plan.left.children)}"
    yield "  its pages in the register, and copies of the ledger from before an update of FormFlow"
    yield "What stays: its number, and in the audit trail who disposed of it, when, why, and the fingerprint of each paper."
    for destination, where in plan.left.places:
        yield f"  yours to delete: {destination}, {where}"


def _draw(settings: Settings, engine: Engine) -> None:
    """Draw the register without the case. Where that cannot be done now, it is done when FormFlow starts."""
    pupils = PupilList(settings.roster, settings.state.folder)
    pupils.look()
    Register(settings, engine, pupils).draw(utc_now())


def _gone(gone: Tombstone, settings: Settings) -> int:
    """Say of a case that was disposed of who did it, and which backups still hold it."""
    at = moment_in_words(gone.at, settings.zone)
    click.echo(
        f"{gone.reference} was disposed of on {at} by {gone.who} and {gone.and_who}: {gone.reason}"
    )
    click.echo(table([(one.name, one.sha256 or "no file") for one in gone.papers]))
    held = list(disposal.backups_with(settings.state.folder, gone))
    for path, what in held:
        click.echo(f"Still in a backup: {path} ({what})")
    if held:
        say(
            "Remove these backups when you can do without them, then the originals beside them that are listed."
        )
    return ExitCode.WAITING if held else ExitCode.DONE
