"""`formflow audit` and `verify`: who did what, and whether everything is as it was written."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import click

from formflow.admin.settings_file import load_settings
from formflow.admin.verify import MOST_SHOWN, Part, extent
from formflow.admin.verify import verify as verified
from formflow.cli.output import emit, say, table
from formflow.core.clock import utc_now
from formflow.core.dates import local_day
from formflow.core.errors import ExitCode
from formflow.core.references import typed
from formflow.core.settings import Settings
from formflow.core.wording import moment_in_words
from formflow.storage import audit_lines, audit_trail, database, views
from formflow.storage.audit_trail import AuditEvent, Line
from formflow.storage.database import Connection

as_json = click.option("--json", "as_json", is_flag=True, help="For another program to read.")

EVENTS: Mapping[AuditEvent, str] = {
    AuditEvent.BEGUN: "The trail begins here",
    AuditEvent.TAKEN_OVER: "Was on record before there was a trail",
    AuditEvent.SETTINGS: "Started with new settings",
    AuditEvent.ARRIVED: "Arrived",
    AuditEvent.RECORDED: "Recorded",
    AuditEvent.REPEATED: "Came again with the same answers",
    AuditEvent.DECIDED: "Decided",
    AuditEvent.CASE_STATE: "Case closed, reopened or set aside",
    AuditEvent.JOINED: "Two children linked",
    AuditEvent.PARTED: "Link between two children removed",
    AuditEvent.ACKNOWLEDGED: "Alert acknowledged",
    AuditEvent.FILED_BY_HAND: "Filed by hand",
    AuditEvent.TOLD: "Alert about FormFlow itself",
    AuditEvent.DELIVERED: "Delivered",
    AuditEvent.RETRIED: "Deliveries tried again",
    AuditEvent.TESTED: "Destination tested",
    AuditEvent.REREAD: "To be read again",
    AuditEvent.VIEWED: "Looked at",
    AuditEvent.HANDED_OVER: "Put into a pack for people outside",
    AuditEvent.DISPOSED: "Disposed of",
    AuditEvent.BACKED_UP: "Backed up",
    AuditEvent.RESTORED: "Restored from a backup",
}


def _day(_context: click.Context, _option: click.Parameter, words: str | None) -> date | None:
    """Return the day that was typed. Raise BadParameter."""
    try:
        return date.fromisoformat(words) if words else None
    except ValueError:
        raise click.BadParameter("Write a day as 2026-11-27.") from None


@click.command()
@click.argument("reference", type=typed, required=False)
@click.option("--day", callback=_day, help="Everything that happened on a day, such as 2026-11-27.")
@click.option("--check", "head", help="Is this line, as a page has it, still in the trail?")
@as_json
@click.pass_obj
def audit(
    settings_file: Path,
    reference: str | None,
    day: date | None,
    head: str | None,
    as_json: bool,
) -> int:
    """Show who did what, when and from where: of the record REFERENCE, of a day, or of today."""
    if sum(one is not None for one in (reference, day, head)) > 1:
        raise click.UsageError("Give a reference, a --day, or a line to --check.")
    settings = load_settings(settings_file)
    with database.looking(settings.state.folder) as connection:
        if head is not None:
            return _check(connection, head)
        if reference is not None:
            found = list(audit_lines.of_record(connection, reference))
        else:
            found = list(audit_lines.between(connection, *_bounds(settings, day)))
        last = audit_trail.head(connection)
    if reference is not None and not found:
        say(
            f"The audit trail has nothing about {reference}. Check the reference with “formflow status”."
        )
        return ExitCode.USAGE
    if as_json:
        emit([_json(line) for line in found])
    else:
        with database.misread_is_damage(settings.state.folder):
            lines = table([_row(line, settings) for line in found])
        click.echo(lines)
        say(f"{len(found)} lines. The trail ends with line {last}.")
        if views_left := len(views.waiting(settings.state.folder)):
            say(f"{views_left} views are added at the next turn of the service.")
    return ExitCode.DONE


def _bounds(settings: Settings, day: date | None) -> tuple[datetime, datetime]:
    """Return when a day begins and ends, in the agency's time zone."""
    on = day or local_day(utc_now(), settings.zone)
    first = datetime.combine(on, time(), settings.zone)
    return first, datetime.combine(on + timedelta(days=1), time(), settings.zone)


def _check(connection: Connection, head: str) -> int:
    match audit_lines.holds(connection, head):
        case None:
            raise click.UsageError(
                "A line is printed as its number and 12 digits: 1234-1a2b3c4d5e6f."
            )
        case True:
            say(f"Line {head} is in the audit trail as it was printed.")
            return ExitCode.DONE
    say(
        f"Line {head} is not in the audit trail as it was printed. If no backup has been put back since that page was"
        " made, someone has changed the ledger: keep a copy of the state folder, and find out who has access to it."
    )
    return ExitCode.INTEGRITY


def _row(line: Line, settings: Settings) -> tuple[str, ...]:
    when = moment_in_words(line.at, settings.zone)
    what = EVENTS[line.event] + (f" ({line.detail})" if line.detail else "")
    return (str(line.number), when, line.reference or "-", what, line.place or "-", line.who)


def _json(line: Line) -> dict[str, Any]:
    return {
        "number": line.number,
        "at": line.at.isoformat(),
        "event": line.event,
        "reference": line.reference,
        "detail": line.detail,
        "place": line.place,
        "who": line.who,
    }


@click.command()
@click.option(
    "--delivered", is_flag=True, help="Also compare what was delivered with what is there."
)
@as_json
@click.pass_obj
def verify(settings_file: Path, delivered: bool, as_json: bool) -> int:
    """Look whether records, originals and the audit trail are as they were written. Changes nothing."""
    settings = load_settings(settings_file)
    parts = list(_with_progress(settings, delivered))
    if as_json:
        emit([_part_json(part) for part in parts])
    else:
        for part in parts:
            click.echo("\n".join(_part_lines(part)))
    return ExitCode.INTEGRITY if any(part.wrong for part in parts) else ExitCode.DONE


def _with_progress(settings: Settings, delivered: bool) -> Iterator[Part]:
    """Yield what was looked at; show meanwhile how far it has come, where somebody watches."""
    hidden = not sys.stderr.isatty()
    length = extent(settings).steps
    with click.progressbar(length=length, label="Looking", file=sys.stderr, hidden=hidden) as bar:
        yield from verified(settings, bar.update, delivered=delivered)


def _part_lines(part: Part) -> Iterator[str]:
    looked_at = f"{part.looked_at} looked at" if part.looked_at != 1 else "looked at"
    yield f"{'WRONG' if part.wrong else 'ok   '} {part.name}: {looked_at}" + (
        f", {len(part.wrong)} wrong" if part.wrong else ""
    )
    yield from (f"      {words}" for words in part.wrong[:MOST_SHOWN])
    if len(part.wrong) > MOST_SHOWN:
        yield f"      … and {len(part.wrong) - MOST_SHOWN} more (--json lists all)"
    if part.wrong:
        yield f"      {part.advice}"
    if part.note:
        yield f"      {part.note}"


def _part_json(part: Part) -> dict[str, Any]:
    return {
        "part": part.name,
        "looked_at": part.looked_at,
        "wrong": list(part.wrong),
        "note": part.note,
    }
