"""Entry, parcels and tasks in ONE transaction: from here on the paper can be neither lost nor duplicated.

Rows only: what the parcels hold is drawn and prepared by their deliveries, from what is committed here. Which revision a paper is, what is known of the child, and the proposal are worked out inside the
transaction, so that two workers with two papers about one child see each other's.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime

from formflow.core.dates import local_day
from formflow.core.events import Event
from formflow.core.messages import not_for_the_office, notice
from formflow.core.model import (
    Ages,
    Checked,
    Entry,
    History,
    Light,
    Notice,
    Outcome,
    Proposal,
    Reading,
    Role,
    Unread,
    highest,
)
from formflow.core.references import at_revision, record_reference, short
from formflow.core.settings import Settings
from formflow.core.wording import day_in_words
from formflow.delivery import flood
from formflow.delivery.context import DeliveryContext
from formflow.delivery.outbox import send
from formflow.forms.catalogue import Form
from formflow.pipeline import addenda, closing
from formflow.pipeline.linking import (
    Identity,
    identify,
    identify_misplaced,
    identify_sheet,
    incident_day,
)
from formflow.pipeline.reread import read_once_more
from formflow.reading.reader import TOO_MUCH
from formflow.rules.case.case import REVIEW, SAME_CHILD, sheet_key
from formflow.rules.case.sheet_checks import about_the_sheet
from formflow.rules.checks import about_active_content
from formflow.rules.light import urgency
from formflow.rules.light.propose import decide
from formflow.storage import children, counters, disposals, entries, papers, revisions, tasks
from formflow.storage.acknowledgements import acknowledge_up_to
from formflow.storage.audit_trail import AuditEvent, Happened, Trail
from formflow.storage.database import Connection
from formflow.storage.revisions import Revision
from formflow.storage.schema import TaskKind


@dataclass(frozen=True, slots=True)
class Arrived:
    """A paper as the ledger knows it, before it is recorded."""

    paper_id: int
    sha256: str  # "" for what is not a file
    received_at: datetime
    suffix: str  # ".pdf" as a rule
    pictures: str | None = None  # sha256 of its pages as pictures, where they are needed
    continues: int | None = None  # the paper whose bytes this one begins with, from the same path
    role: Role = Role.STAFF  # of the folder it came from


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What can be known of a paper before the lock is taken, so that it is held for as little as possible."""

    proposal: Proposal | None  # where there is no earlier paper about the child
    decide_by: datetime | None  # until when it should be decided


@dataclass(frozen=True, slots=True)
class Recorded:
    """The entry that a paper became, or the one that it repeats without a change."""

    entry_id: int
    repeats: bool
    told: Event  # for the log


def foresee(
    settings: Settings, result: Checked | Unread, form: Form | None, now: datetime
) -> Foreseen:
    """Work out what does not hang on other papers."""
    proposal = None
    if isinstance(result, Checked) and not (form and form.is_sheet):
        on = local_day(now, settings.zone)
        proposal = decide(result.facts, History(), on, settings.rules.ages)
    return Foreseen(proposal, settings.working_days.decide_by(now))


def record(
    connection: Connection,
    context: DeliveryContext,
    arrived: Arrived,
    result: Checked | Unread,
    form: Form | None,
    foreseen: Foreseen,
    now: datetime,
) -> Recorded:
    """Record a paper in the caller's transaction; return the entry it belongs to.

    A paper with the same answers as the revision before is no new entry: it is a repeat of that one.
    """
    whole = addenda.whole(connection, context, result, form, arrived.continues, now)
    if whole.result is not result:
        foreseen = replace(foreseen, proposal=None)  # of the paper by itself
    result, form, trail = whole.result, whole.form, context.trail
    identity = _identity(connection, context, arrived, result, form)
    if whole.before is not None:
        identity = replace(identity, previous=whole.before, possible_duplicate_of=None)
    if identity.previous is not None and identity.is_unchanged:
        recorded = Recorded(
            identity.previous.id, repeats=True, told=_told("repeats", identity.previous)
        )
        trail.note(connection, now, _repeated(identity.previous, arrived))
    else:
        entry = _entry(connection, context, arrived, result, identity, form, foreseen, now)
        entry, wanted = closing.noticed(connection, context.settings, identity.about, entry)
        entry_id = entries.add(connection, trail, entry, arrived.paper_id, identity.keys)
        recorded = Recorded(entry_id, repeats=False, told=_told("recorded", entry))
        _note_decided(connection, context, identity, entry)
        if wanted is not None:
            case = entry.about or entry.reference
            by = at_revision(entry.reference, entry.revision)
            closing.put(connection, trail, case, wanted, by, now)
        came_from = papers.came_from(connection, arrived.paper_id)
        send(connection, context.destinations, context.settings, entry, form, entry_id, came_from)
        if isinstance(result, Unread) and flood.is_one_of(entry):
            flood.tell(connection, context, entry, result.reason, now)
        else:
            _start_clock(connection, context.settings, entry, foreseen, recorded.entry_id)
        if isinstance(result, Unread) and result.reason == TOO_MUCH:
            read_once_more(connection, recorded.entry_id)
    papers.become(connection, arrived.paper_id, recorded.entry_id)
    if isinstance(result, Checked) and arrived.continues is not None:
        _end_waiting_of_the_unread(connection, trail, arrived.continues, now)
    return recorded


def _told(what: str, entry: Entry | Revision) -> Event:
    return Event(what, reference=at_revision(entry.reference, entry.revision), said=entry.outcome)


def _repeated(previous: Revision, arrived: Arrived) -> Happened:
    name = at_revision(previous.reference, previous.revision)
    return Happened(AuditEvent.REPEATED, name, detail=f"paper {short(arrived.sha256)}")


def _end_waiting_of_the_unread(
    connection: Connection, trail: Trail, paper_id: int, now: datetime
) -> None:
    """Note that nobody has to look at what could not be read: it has been read since.

    What was read has an alert of its own.
    """
    before = revisions.unreadable(connection, paper_id)
    if before is not None:
        acknowledge_up_to(connection, trail, before.reference, before.revision, "read again", now)


def _identity(
    connection: Connection,
    context: DeliveryContext,
    arrived: Arrived,
    result: Checked | Unread,
    form: Form | None,
) -> Identity:
    zone, tokens, roster = context.settings.zone, context.tokens, context.pupils.roster
    if isinstance(result, Checked) and form is not None and form.is_sheet:
        if arrived.role is Role.STAFF:
            return identify_misplaced(result)
        return identify_sheet(connection, result, form, tokens, zone, roster)
    return identify(connection, result, arrived.continues, tokens, zone, roster)


def _note_decided(
    connection: Connection, context: DeliveryContext, identity: Identity, entry: Entry
) -> None:
    """Note what a review sheet that counts does besides deciding.

    The safeguarding lead has seen the record, and may have joined its child with another.
    """
    about, trail = identity.about, context.trail
    if about is None or entry.form_id != REVIEW or entry.outcome is not Outcome.RECORDED:
        return
    record, now = about.record, entry.recorded_at
    sheet = at_revision(entry.reference, entry.revision)
    trail.note(
        connection, now, Happened(AuditEvent.DECIDED, record.reference, detail=f"sheet {sheet}")
    )
    acknowledge_up_to(connection, trail, record.reference, record.revision, "decided on F2", now)
    same = entry.answers.get(SAME_CHILD)
    said = (same.value if same else "") or ""
    other = children.named(connection, said)
    if other is None and (pupil := context.pupils.roster.numbered(said)):
        other = children.of_pupil(connection, pupil)
    children.join(connection, trail, entry.reference, identity.child_id, other, now)


def _start_clock(
    connection: Connection, settings: Settings, entry: Entry, foreseen: Foreseen, entry_id: int
) -> None:
    """Come back to what counts for its reminders, and to an alert for those who are told later.

    Whether there is anything to say is looked up when the time comes. Green alone is not escalated, nor is a
    decision on it chased: what is not known may be red.
    """
    is_green = entry.highest_light is Light.GREEN and not entry.urgent
    is_sheet = entry.about is not None
    priority = tasks.PRIORITY_RECORD
    if is_sheet and entry.outcome is Outcome.RECORDED:
        tasks.add(connection, TaskKind.REMIND, entry_id, priority=priority)
        return
    if settings.told_later and not is_green:
        tasks.add(connection, TaskKind.ESCALATE, entry_id, priority=tasks.PRIORITY_ALERT)
    if not is_sheet and (entry.revision > 1 or entry.urgent):
        # A later revision keeps the clocks of the case from now on: they may have begun with a sheet. What cannot
        # wait has clocks that end earlier than the one to decide.
        tasks.add(connection, TaskKind.REMIND, entry_id, priority=priority)
    elif not is_sheet and entry.answers and foreseen.decide_by and not is_green:
        due = foreseen.decide_by.timestamp()
        tasks.add(connection, TaskKind.REMIND, entry_id, priority=priority, due=due)


def _paper(result: Checked | Unread) -> Reading | Unread:
    return result.reading if isinstance(result, Checked) else result


def _entry(
    connection: Connection,
    context: DeliveryContext,
    arrived: Arrived,
    result: Checked | Unread,
    identity: Identity,
    form: Form | None,
    foreseen: Foreseen,
    now: datetime,
) -> Entry:
    reference, revision = _number(connection, context, identity, now)
    is_sheet = form is not None and form.is_sheet
    is_misplaced = is_sheet and arrived.role is Role.STAFF
    if is_sheet:
        assessed, proposal = _of_a_sheet(result, is_misplaced=is_misplaced), None
    else:
        earlier = entries.history(connection, identity.child_id, apart_from=reference)
        on = local_day(now, context.settings.zone)
        assessed, proposal = _assess(result, earlier, foreseen, on, context.settings.rules.ages)
    notices = (*_carried(connection, identity, proposal), *identity.problems, *assessed)
    if isinstance(result, Unread) and identity.previous is None:
        # What follows an earlier paper belongs to a record that somebody may wait for.
        notices += flood.noticed(connection, result.reason, arrived.role, now)
    notices += _disposed_of_before(connection, context.settings, arrived)
    if arrived.role is Role.DECISIONS:
        notices = _for_her_alone(result, notices)
    checked = result if isinstance(result, Checked) else None
    entry = Entry(
        reference=reference,
        revision=revision,
        outcome=_outcome(result, notices),
        received_at=arrived.received_at,
        recorded_at=now,
        sha256=arrived.sha256,
        original_suffix=arrived.suffix,
        form_id=checked.reading.form_id if checked else None,
        form_version=checked.reading.form_version if checked else None,
        child_reference=children.child_reference(identity.child_id),
        supersedes=identity.previous.revision if identity.previous else None,
        incident_day=None if is_misplaced else incident_day(checked),
        highest_light=highest(proposal.light if proposal else None, identity.light_before),
        answers=checked.reading.answers if checked else {},
        notices=notices,
        proposal=proposal,
        possible_duplicate_of=identity.possible_duplicate_of,
        about=identity.about.record.reference if identity.about else None,
        role=arrived.role,
        epoch=counters.epoch(connection),
        filed=arrived.pictures if _paper(result).carries else arrived.sha256 or None,
        pictures=arrived.pictures,
    )
    entry = replace(entry, urgent=urgency.cannot_wait(entry))
    if form is None or identity.about is None:
        return entry
    said = tuple(about_the_sheet(form, entry, identity.about.view(sheet_key(entry))))
    held = entry.outcome if not any(found.holds for found in said) else Outcome.HELD
    return replace(entry, notices=(*notices, *said), outcome=held)


def _of_a_sheet(result: Checked | Unread, *, is_misplaced: bool) -> tuple[Notice, ...]:
    """Return what is said of a sheet. One in the wrong folder counts for nothing, whatever else is wrong with it."""
    if is_misplaced or not isinstance(result, Checked):
        return tuple(about_active_content(_paper(result).carries))
    return result.notices


def _carried(
    connection: Connection, identity: Identity, proposal: Proposal | None
) -> tuple[Notice, ...]:
    """Return why the revision before could not wait, where nobody has acknowledged it."""
    if identity.previous is None:
        return ()
    before = entries.cannot_wait(connection, identity.previous.id)
    return urgency.carried(before, proposal.urgent if proposal else ()) if before else ()


def _disposed_of_before(
    connection: Connection, settings: Settings, arrived: Arrived
) -> tuple[Notice, ...]:
    """Return what is said of a paper that was on record before and was disposed of: for the safeguarding lead alone."""
    gone = disposals.of_bytes(connection, arrived.sha256)
    if gone is None:
        return ()
    day = day_in_words(local_day(gone.at, settings.zone))
    return (notice("FF-613", words={"reference": gone.reference, "day": day}),)


def _for_her_alone(result: Checked | Unread, notices: tuple[Notice, ...]) -> tuple[Notice, ...]:
    """Return what is said of a paper from the safeguarding lead's own folder: the office never hears of it."""
    unusable = (notice("FF-236"),) if isinstance(result, Unread) else ()
    return (*(not_for_the_office(found) for found in notices), *unusable)


def _assess(
    result: Checked | Unread, earlier: History, foreseen: Foreseen, on: date, ages: Ages
) -> tuple[tuple[Notice, ...], Proposal | None]:
    if isinstance(result, Unread):
        why = notice(result.reason, words=result.words)
        return (*about_active_content(result.carries), why), None
    alone = foreseen.proposal if earlier == History() else None
    return result.notices, alone or decide(result.facts, earlier, on, ages)


def _outcome(result: Checked | Unread, notices: tuple[Notice, ...]) -> Outcome:
    if isinstance(result, Unread):
        return Outcome.UNREADABLE
    if result.reading.confirm or any(found.holds for found in notices):
        return Outcome.HELD
    if any(found.returns for found in notices):
        return Outcome.RETURNED
    return Outcome.RECORDED


def _number(
    connection: Connection,
    context: DeliveryContext,
    identity: Identity,
    now: datetime,
) -> tuple[str, int]:
    before = identity.previous.revision if identity.previous is not None else 0
    reference = identity.previous.reference if identity.previous is not None else identity.sheet
    if not reference:
        agency = context.settings.agency
        year = now.astimezone(context.settings.zone).year
        last = counters.next_reference(connection, year)
        reference = record_reference(agency.reference_prefix, year, last)
    # Revisions that destinations hold and a restored ledger does not: their numbers are not given again.
    lost = counters.last_of(connection, counters.of_revisions(reference))
    return reference, max(before, lost) + 1
