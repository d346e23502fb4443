"""Closing: cases are closed, reopened, entered in error or duplicates, by a command, by a sheet or by what comes later."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from formflow.core.dates import local_day
from formflow.core.model import CaseState, Entry, Outcome, StateChange
from formflow.core.settings import Settings
from formflow.core.wording import CASE_STATE_WORDS
from formflow.delivery import outbox
from formflow.pipeline.context import WorkContext
from formflow.rules.case import closing
from formflow.rules.case.case import Case
from formflow.rules.case.closing import Wanted
from formflow.storage import acknowledgements, again, case_states, entries, tasks
from formflow.storage.audit_trail import Trail
from formflow.storage.database import Connection, writing
from formflow.storage.schema import TaskKind
from formflow.storage.tasks import Claimed


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a case stays as it is: in words, and the steps that want a reason."""

    reference: str
    why: str
    steps: Mapping[str, str] = field(default_factory=dict)  # what each is called, and its words


def case_of(connection: Connection, settings: Settings, reference: str) -> Case | None:
    """Return a case as it is now, None where there is no such record. Raise LedgerDamaged."""
    ages = settings.services.assessment_ages
    return entries.case(connection, reference, settings.zone, ages=ages)


def refused(
    connection: Connection, settings: Settings, reference: str, wanted: Wanted, now: datetime
) -> Iterator[Refused]:
    """Yield why a case cannot become what is wanted; nothing where it can. Raise LedgerDamaged."""
    case = case_of(connection, settings, reference)
    if case is None:
        yield Refused(reference, f"There is no record {reference}.")
        return
    if closing.is_so_already(case, wanted):
        words = CASE_STATE_WORDS[case.state].lower()
        yield Refused(reference, f"{reference} is {words} already.")
        return
    if wanted.state is CaseState.DUPLICATE and (why := _other(connection, reference, wanted)):
        yield Refused(reference, why)
    still_open = closing.left_open(case, local_day(now, case.zone), settings.services.words)
    if steps := closing.unanswered(still_open, wanted):
        why = f"{reference} still has {len(steps)} steps open. Give a reason for each:"
        yield Refused(reference, why, steps)


def _other(connection: Connection, reference: str, wanted: Wanted) -> str:
    """Return what is wrong with the record that another is said to be a duplicate of, "" where nothing is."""
    other = wanted.duplicate_of
    if other == reference:
        return f"{reference} cannot be a duplicate of itself."
    if not case_states.is_record(connection, other):
        return f"There is no record {other} that {reference} could be a duplicate of."
    if case_states.state(connection, other) is CaseState.DUPLICATE:
        return f"{other} is a duplicate itself. Name the record that it is a duplicate of."
    return ""


def put(
    connection: Connection, trail: Trail, reference: str, wanted: Wanted, who: str, now: datetime
) -> None:
    """Write what becomes of a case, in the caller's transaction. Destinations that keep a row of it are told later.

    Its record counts as seen: somebody has said what becomes of it. Reopened, its clocks run again.
    """
    newest = case_states.newest_entry(connection, reference)
    change = StateChange(
        wanted.state,
        now,
        who,
        wanted.reason,
        wanted.reasons,
        wanted.duplicate_of or None,
        newest,
    )
    number = case_states.add(connection, trail, reference, change)
    tasks.add(connection, TaskKind.CHANGE, number, priority=tasks.PRIORITY_RECORD)
    if wanted.state is CaseState.OPEN:
        again.do(connection, TaskKind.REMIND, newest, priority=tasks.PRIORITY_RECORD)
    else:
        words = CASE_STATE_WORDS[wanted.state].lower()
        acknowledgements.acknowledge(connection, trail, reference, words, now)


def noticed(
    connection: Connection, settings: Settings, about: Case | None, entry: Entry
) -> tuple[Entry, Wanted | None]:
    """Return a new entry with what it does to its case, and what is to become of that; None for nothing.

    What comes for a case that was closed opens it again, unless it is a review sheet that says what becomes of it.
    """
    reference = entry.about or entry.reference
    is_of_the_case = entry.outcome is Outcome.RECORDED if entry.about else entry.revision > 1
    if not is_of_the_case:
        return entry, None
    state = case_states.state(connection, reference)
    wanted, still_open = None, dict[str, str]()
    if about:
        about = replace(about, ages=settings.services.assessment_ages).with_sheet(entry)
        on = local_day(entry.recorded_at, about.zone)
        still_open = closing.left_open(about, on, settings.services.words)
        wanted = closing.said_on(entry, still_open)
    if about and wanted:
        if closing.is_so_already(about, wanted):
            return entry, None
        is_known = not _other(connection, reference, wanted)
        found = tuple(closing.about_the_state(wanted, still_open, is_other_known=is_known))
        told = found or (closing.changed(wanted.state),)
        entry = replace(entry, notices=(*entry.notices, *told))
        if not found:
            return entry, wanted
    if state is CaseState.OPEN:
        return entry, None
    reason = f"It came when the case was marked “{CASE_STATE_WORDS[state]}”."
    told = (closing.reopened(state),)
    return replace(entry, notices=(*entry.notices, *told)), Wanted(CaseState.OPEN, reason, {})


def tell(context: WorkContext, task: Claimed) -> None:
    """Send what has become of a case to where it is decided, and to destinations that keep a row of it."""
    with writing(context.engine) as connection:
        change = case_states.one(connection, task.ref_id)
        entry = entries.entry(connection, change.after_entry)
        names = [name for name in context.destinations if context.keeps_state(name)]
        outbox.change(connection, context.destinations, context.settings, names, entry, change)
        tasks.finish(connection, task, context.owner.name)
