"""A ledger that was put back is brought behind what its destinations were given since: numbers, papers, alert."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from formflow.core.events import Event
from formflow.core.model import Role
from formflow.core.references import (
    at_revision,
    is_own_alert,
    is_record,
    is_test,
    parse_child,
    parse_record,
    record_of,
    record_reference,
)
from formflow.core.wording import moment_in_words
from formflow.delivery import own_alerts, watermark
from formflow.pipeline.context import WorkContext
from formflow.pipeline.taking_back import FiledPaper, take_back
from formflow.sdk.contract import Filed, Operation, TellsWhatIsFiled
from formflow.storage import counters, disposals, entries, tasks
from formflow.storage.audit_trail import AuditEvent, Happened
from formflow.storage.database import writing

log = logging.getLogger("formflow")

MOST_NAMED = 30  # references in one alert
MOST_LOOKED_FOR = 10_000  # numbers of a year: a mark may be damaged
Revision = tuple[str, int]  # reference and revision


@dataclass(frozen=True, slots=True)
class Since:
    """What happened after the backup, as far as it can be told."""

    taken_back: tuple[
        str, ...
    ]  # "FF-2026-000123 r1": recorded again from the paper at a destination
    lost: Mapping[str, tuple[str, ...]]  # not in the ledger now -> the destinations that hold it
    unasked: tuple[str, ...]  # destinations that cannot tell what they hold
    away: tuple[str, ...]  # destinations that are out of reach, or whose files cannot be read


def catch_up(context: WorkContext, name: str, backed_up: datetime, now: datetime) -> Since:
    """Bring a ledger that was put back from a backup behind what was filed since, and tell what stays lost."""
    marks = watermark.highest(context.settings)
    with writing(context.engine) as connection:
        tasks.begin_elsewhere(connection)
        known, ours = entries.known(connection), counters.given(connection)
        gone = {one.reference for one in disposals.every(connection)}
    held, unasked, away = _inventory(context, gone)
    filed = _papers(held, known, _receipted(context, held))
    papers = sorted(filed, key=lambda one: (one.recorded_at, one.reference))
    taken_back = [one for one in papers if take_back(context, one)]
    with writing(context.engine) as connection:
        known |= entries.known(connection)
        lost = _lost(held, known) | _nowhere(context, held, known, gone, ours, marks)
        counters.move_past(connection, marks)
        counters.move_past(connection, _numbers(held))
        counters.move_past(connection, _revisions(held, known))
        counters.renew_epoch(connection)
        context.trail.note(connection, now, Happened(AuditEvent.RESTORED, detail=name))
        if lost:
            words = {
                "moment": moment_in_words(backed_up, context.settings.zone),
                "lost": _named(tuple(lost)),
            }
            own_alerts.tell(connection, context, "FF-440", words, now)
    names = tuple(at_revision(one.reference, one.revision) for one in taken_back)
    return Since(names, lost, unasked, away)


def _inventory(
    context: WorkContext, gone: Collection[str]
) -> tuple[dict[str, list[Filed]], tuple[str, ...], tuple[str, ...]]:
    """Return what each destination holds, and which cannot tell, and which are out of reach.

    What is still there of cases that are gone, since two people disposed of them, is left out.
    """
    held: dict[str, list[Filed]] = {}
    unasked, away = [], []
    for name, connector in context.destinations.items():
        if not isinstance(connector, TellsWhatIsFiled):
            unasked.append(name)
            continue
        try:
            held[name] = [one for one in connector.filed() if _counts(one.reference, gone)]
        except Exception as problem:  # noqa: BLE001 - one that cannot tell must not keep the others from it
            log.warning(Event("cannot be asked", destination=name, said=type(problem).__name__))
            away.append(name)
    return held, tuple(unasked), tuple(away)


def _counts(reference: str, gone: Collection[str]) -> bool:
    """Return whether something filed is about a form that is not gone, and not about FormFlow itself or a test that was left there."""
    return not (is_own_alert(reference) or is_test(reference) or record_of(reference) in gone)


def _papers(
    held: Mapping[str, list[Filed]], known: set[Revision], receipted: set[Revision]
) -> Iterator[FiledPaper]:
    """Yield the papers that are filed somewhere as they came, and are not in the ledger."""
    for name, filed in held.items():
        for one in filed:
            revision = one.reference, one.revision
            if one.original is None or one.recorded_at is None or revision in known:
                continue
            # The role decides what a paper may do: a sheet of a case counts from her folder alone, and only
            # what came from the office has a receipt.
            is_sheet = not is_record(one.reference)
            if is_sheet or revision in receipted:
                role = Role.DECISIONS if is_sheet else Role.STAFF
                yield FiledPaper(
                    name,
                    *revision,
                    one.key,
                    one.recorded_at,
                    one.child_reference,
                    one.original,
                    role,
                )


def _receipted(context: WorkContext, held: Mapping[str, list[Filed]]) -> set[Revision]:
    """Return what the office has a receipt for."""
    return {
        (one.reference, one.revision)
        for name, filed in held.items()
        if Operation.RECEIPT in context.destinations[name].capabilities.operations
        for one in filed
    }


def _lost(held: Mapping[str, list[Filed]], known: set[Revision]) -> dict[str, tuple[str, ...]]:
    """Return what destinations hold and the ledger does not, with these destinations."""
    where: dict[Revision, list[str]] = {}
    for name, filed in held.items():
        for revision in {(one.reference, one.revision) for one in filed} - known:
            where.setdefault(revision, []).append(name)
    return {at_revision(*revision): tuple(names) for revision, names in sorted(where.items())}


def _nowhere(
    context: WorkContext,
    held: Mapping[str, list[Filed]],
    known: set[Revision],
    gone: set[str],
    ours: Mapping[str, int],
    marks: Mapping[str, int],
) -> dict[str, tuple[str, ...]]:
    """Return the references that were given out after the backup and that no destination holds."""
    found = gone | {reference for reference, _ in known}
    found |= {one.reference for filed in held.values() for one in filed}
    prefix = context.settings.agency.reference_prefix
    years = {name: counters.year_of(name) for name in marks}
    given = (
        record_reference(prefix, year, number)
        for name, year in sorted(years.items())
        if year is not None
        for number in range(
            max(ours.get(name, 0), marks[name] - MOST_LOOKED_FOR) + 1, marks[name] + 1
        )
    )
    return {reference: () for reference in given if reference not in found}


def _numbers(held: Mapping[str, list[Filed]]) -> dict[str, int]:
    """Return the highest numbers that destinations hold, by counter."""
    highest: dict[str, int] = {}
    for one in (one for filed in held.values() for one in filed):
        numbered = []
        if record := parse_record(one.reference):
            numbered.append((counters.of_year(record[0]), record[1]))
        child = parse_child(one.child_reference or "")
        if child and child[0]:
            numbered.append((counters.of_epoch(child[0]), child[1]))
        for name, number in numbered:
            highest[name] = max(number, highest.get(name, 0))
    return highest


def _revisions(held: Mapping[str, list[Filed]], known: set[Revision]) -> dict[str, int]:
    """Return the highest revision of each record that destinations hold and the ledger does not, by counter."""
    lost = sorted(
        {(one.reference, one.revision) for filed in held.values() for one in filed} - known
    )
    return {counters.of_revisions(reference): revision for reference, revision in lost}


def _named(lost: tuple[str, ...]) -> str:
    more = len(lost) - MOST_NAMED
    return ", ".join(lost[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
