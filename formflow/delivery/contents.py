"""What one destination gets, drawn from what was committed: the entry, and its case as it was then.

An entry never changes, and what came after it is left out: whoever draws later, or again after a crash,
draws the same. A reminder, the page of a case whose paper came again, and what says that a case was closed
or reopened tell of the case as it is when they are drawn.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from formflow.core.dates import local_day
from formflow.core.events import Event
from formflow.core.messages import notice
from formflow.core.model import Entry, Role
from formflow.core.references import record_of
from formflow.delivery import calls, links, parcels
from formflow.delivery.context import DeliveryContext
from formflow.delivery.named import Known, named
from formflow.delivery.occasion import Occasion
from formflow.delivery.overdue import overdue_cases
from formflow.documents import html_pages
from formflow.documents.as_read import as_read
from formflow.documents.decision_pack import (
    Maker,
    ToDecide,
    after_record,
    after_sheet,
    with_copies,
)
from formflow.documents.enclosures import Copies, Enclosed, Keep, enclose
from formflow.documents.html_pages import Sent
from formflow.documents.register.at_a_glance import NOTHING, MayBe, glance, may_be
from formflow.rules.case.case import Case
from formflow.rules.case.named_child import child_said, given
from formflow.rules.matching import valid_upn
from formflow.rules.roster import Offered, OnTheList, Roster
from formflow.sdk.contract import Capabilities, DataClass, Operation, Retryable
from formflow.sdk.parcels import NamedAnswer, Parcel, RecordParcel
from formflow.storage import cases, entries, own_alerts, papers, pupils
from formflow.storage.database import Connection, reading
from formflow.storage.parcels import Cause, Posted

log = logging.getLogger("formflow")

FOR_THE_OFFICE = (Operation.RECEIPT, Operation.RETURN)
AN_INSTANT = timedelta(microseconds=1)
TOLD_IN_ANY_CASE = (Operation.ALERT, Operation.RECEIPT)  # they say what matters without the form


class NothingToTell(Exception):
    """What was to be told is no longer so."""


@dataclass(frozen=True, slots=True)
class _Wanted:
    """One parcel to be drawn, and for whom."""

    context: DeliveryContext
    posted: Posted
    able: Capabilities
    keep: Keep  # keeps sheets in the vault

    @property
    def entry_id(self) -> int:
        """The number of the entry that it tells of. Raise LookupError for an alert about FormFlow itself."""
        if self.posted.entry_id is None:
            raise LookupError(self.posted.key)
        return self.posted.entry_id


def parcel_of(context: DeliveryContext, posted: Posted, able: Capabilities, keep: Keep) -> Parcel:
    """Return what one destination gets, with its pages; its sheets are kept. Nobody may hold the lock."""
    wanted = _Wanted(context, posted, able, keep)
    made = _DRAWN_FOR[posted.cause](wanted)
    if isinstance(made, RecordParcel) and (fields := context.named_by(posted.destination)):
        made = replace(made, named=_named(wanted, fields))
    return replace(made, key=posted.key)  # also where settings have changed since


def _named(wanted: _Wanted, fields: frozenset[str]) -> tuple[NamedAnswer, ...]:
    """Return what a destination's field map names, of the case as it stood with an entry. Raise Retryable."""
    context = wanted.context
    with reading(context.engine) as connection:
        occasion = _occasion(connection, wanted)
        reference = record_of(occasion.entry.reference)
        is_change = wanted.posted.cause is Cause.CHANGE
        last = entries.LAST if is_change else wanted.entry_id
        case = _case_if_any(connection, wanted, reference, last)
    at = wanted.posted.moment or occasion.entry.recorded_at
    if case is not None:
        form = context.form_of(case.record.form_id, case.record.form_version)
        occasion = replace(occasion, entry=case.record, form=form, enclosed=None)
    try:
        return named(Known(occasion, case, context.form_of, at), fields)
    except LookupError:
        raise Retryable("FF-424", notice("FF-424").text) from None


def _of_entry(wanted: _Wanted) -> Parcel:
    """Draw what follows from an entry: for the record, the safeguarding lead or the office.

    Raise Retryable where the definition of its form is gone: without it nothing may be filed, for the
    answers would be missing from it.
    """
    context, posted, sheet = wanted.context, wanted.posted, b""
    with reading(context.engine) as connection:
        occasion = _occasion(connection, wanted)
        if posted.operation is Operation.RECEIPT:
            came = papers.arrival_of_entry(connection, wanted.entry_id)
            occasion = replace(occasion, sent=Sent(came.file_name, came.size) if came else None)
        is_for_her = posted.operation is Operation.DECIDE
        case = _case_then(connection, wanted, occasion.entry) if is_for_her else None
    is_form_gone = occasion.form is None and occasion.entry.form_id is not None
    if is_form_gone and posted.operation not in TOLD_IN_ANY_CASE:
        raise Retryable("FF-424", notice("FF-424").text)
    if case is not None:
        occasion = replace(occasion, to_decide=_to_decide(wanted, occasion, case))
    if posted.operation is Operation.RETURN and not occasion.is_misplaced:
        occasion = replace(occasion, enclosed=_enclosed(wanted, occasion))
    if posted.operation is Operation.ALERT:
        occasion = _at_a_glance(wanted, occasion)
    if posted.operation in FOR_THE_OFFICE:
        occasion = occasion.for_the_office
    elif wanted.able.wants_as_read and wanted.able.carries is DataClass.FULL:
        sheet = as_read(occasion.form, occasion.entry, context.settings.zone)
    return parcels.parcel(occasion, posted.destination, posted.operation, sheet)


def _case_then(connection: Connection, wanted: _Wanted, entry: Entry) -> Case:
    """Return the case as it was when an entry was recorded."""
    return _case(connection, wanted, entry, _last(wanted, entry))


def _last(wanted: _Wanted, entry: Entry) -> int:
    """Return the last entry of the case as it was when an entry was recorded: of a sheet, before it."""
    return wanted.entry_id if entry.about is None else wanted.entry_id - 1


def _to_decide(wanted: _Wanted, occasion: Occasion, case: Case) -> ToDecide:
    """Return what the safeguarding lead finds in “To decide” after an entry."""
    entry, context = occasion.entry, wanted.context
    maker = Maker(context.desk, context.tokens, wanted.keep)
    if entry.about is not None:
        return after_sheet(case, entry, maker, local_day(entry.recorded_at, case.zone))
    to_decide = after_record(case, maker) if entry.answers else ToDecide(case, {})
    if entry.role is Role.STAFF:
        return to_decide
    # A form that she dropped herself: the office must not get the copies to check or fill in.
    return with_copies(to_decide, entry, _enclosed(wanted, occasion))


def _at_a_glance(wanted: _Wanted, occasion: Occasion) -> Occasion:
    """Return the occasion with what an alert says of its case, where the destination may hold names."""
    context, entry = wanted.context, occasion.entry
    if wanted.able.carries is not DataClass.FULL:
        return occasion
    last, near = _last(wanted, entry), tuple[MayBe, ...]()
    with reading(context.engine) as connection:
        case = _case_if_any(connection, wanted, entry.about or entry.reference, last)
        if case is not None:
            near = _may_be(connection, context, case, last)
    folder = getattr(
        calls.settings_of(context.destinations[wanted.posted.destination]), "folder", None
    )
    try:
        told = glance(case, context.settings, entry.recorded_at, near) if case else NOTHING
        if isinstance(folder, Path):
            told = links.led(told, context, occasion, folder)
    except Exception as problem:  # noqa: BLE001 - the alert gets out, with less on it
        # The class name only: a message may hold an answer.
        said = type(problem).__name__
        log.warning(Event("alert without its case", reference=entry.reference, said=said))
        told = NOTHING
    return replace(occasion, glance=told)


def _may_be(
    connection: Connection, context: DeliveryContext, case: Case, last: int
) -> tuple[MayBe, ...]:
    found = cases.of_near(connection, case.near, context.settings.zone, until=last)
    return tuple(may_be(one, records) for one, records in found)


def _enclosed(wanted: _Wanted, occasion: Occasion) -> Enclosed:
    context, entry = wanted.context, occasion.entry
    with reading(context.engine) as connection:
        origin = entries.origin(connection, entry.reference)
    form = occasion.form or context.ours
    return enclose(entry, Copies(form, origin, context.tokens, wanted.keep))


def _changed(wanted: _Wanted) -> Parcel:
    """Draw what says that a case was closed or reopened: its newest entry, or its page, as it stands with that."""
    posted, at = wanted.posted, wanted.posted.moment
    if at is None:
        raise LookupError(posted.key)
    if posted.operation is Operation.DECIDE:
        with reading(wanted.context.engine) as connection:
            occasion = replace(_occasion(connection, wanted), enclosed=None)
            case = _case(connection, wanted, occasion.entry)
        after = at + AN_INSTANT  # a sheet that says so was recorded at this very moment
        return parcels.decision(occasion, ToDecide(case, {}), posted.destination, after)
    made = _of_entry(wanted)
    return replace(made, recorded_at=at.astimezone(wanted.context.settings.zone))


def _again(wanted: _Wanted) -> Parcel:
    """Draw what says that a paper came again: a receipt, or for the safeguarding lead a page."""
    posted, name = wanted.posted, wanted.posted.destination
    arrival_id = posted.arrival_id or 0
    with reading(wanted.context.engine) as connection:
        occasion = replace(_occasion(connection, wanted), enclosed=None)
        came = papers.arrival(connection, arrival_id)
        at = came.arrived_at
        is_for_her = posted.operation is Operation.DECIDE
        case = _case(connection, wanted, occasion.entry) if is_for_her else None
    if case is not None:
        return parcels.decision(occasion, ToDecide(case, {}), name, at)
    if posted.operation is Operation.ALERT:
        return parcels.alert_again(_at_a_glance(wanted, occasion), name, arrival_id, at)
    seen = occasion.for_the_office
    sent, settings = Sent(came.file_name, came.size), wanted.context.settings
    page = html_pages.repeat_receipt(seen.entry, seen.form, settings, at, sent)
    return parcels.repeat_parcel(seen, name, arrival_id, at, page)


def _reminder(wanted: _Wanted) -> Parcel:
    """Draw what says that something in a case is overdue."""
    posted = wanted.posted
    with reading(wanted.context.engine) as connection:
        occasion = replace(_occasion(connection, wanted), enclosed=None)
        case = _case(connection, wanted, occasion.entry)
    at = posted.moment or occasion.entry.recorded_at
    return parcels.reminder(occasion, ToDecide(case, {}), posted.destination, at)


def _overdue(wanted: _Wanted) -> Parcel:
    """Draw the message of a day. Raise NothingToTell where everything has been done meanwhile."""
    context, posted = wanted.context, wanted.posted
    if posted.moment is None:
        raise LookupError(posted.key)
    with reading(context.engine) as connection:
        cases = overdue_cases(connection, context.settings, posted.moment)
    if not cases:
        raise NothingToTell
    return parcels.overdue(cases, context.settings, posted.destination, posted.moment)


def _escalation(wanted: _Wanted) -> Parcel:
    """Draw the alert for somebody who is told because nobody has acknowledged it."""
    name = wanted.posted.destination
    with reading(wanted.context.engine) as connection:
        occasion = replace(_occasion(connection, wanted), enclosed=None, escalated_to=name)
    return parcels.alert(_at_a_glance(wanted, occasion), name)


def _own(wanted: _Wanted) -> Parcel:
    """Draw an alert about FormFlow itself."""
    context, reference = wanted.context, wanted.posted.own_alert or ""
    with reading(context.engine) as connection:
        told = own_alerts.told(connection, reference)
    about, name = notice(told.code, words=told.words), wanted.posted.destination
    return parcels.own_alert(reference, about, context.settings, name, told.since)


def _occasion(connection: Connection, wanted: _Wanted) -> Occasion:
    entry = entries.entry(connection, wanted.entry_id)
    form = wanted.context.form_of(entry.form_id, entry.form_version)
    is_for_names = wanted.posted.operation in (Operation.ALERT, Operation.RECORD)
    roster = wanted.context.pupils.roster if is_for_names else Roster()
    known = pupils.of_entry(connection, roster, entry)
    return Occasion(
        entry,
        form,
        wanted.context.settings,
        Enclosed(entry.filed),
        pupil=known.pupil,
        child_folder=known.sure_folder if wanted.able.wants_child_folder else "",
    )


def _case(connection: Connection, wanted: _Wanted, entry: Entry, last: int = entries.LAST) -> Case:
    """Return the case that an entry belongs to, up to an entry. Raise LookupError when there is none."""
    case = _case_if_any(connection, wanted, entry.about or entry.reference, last)
    if case is None:
        raise LookupError(entry.reference)
    return case


def _on_list(connection: Connection, wanted: _Wanted, case: Case) -> OnTheList:
    """Return what the pupil list says of the children of a case, and whom it offers for the first."""
    roster, record = wanted.context.pupils.roster, case.record
    if not roster.pupils:
        return OnTheList()
    child, child_b = entries.children_of(connection, record.reference)
    known = pupils.of_child(connection, roster, child, record.reference)
    known_b = pupils.of_child(connection, roster, child_b)
    offered: tuple[Offered, ...] = ()
    if known.pupil is None:
        upn = valid_upn(given(record, "child_a_number"))
        offered = roster.near(child_said(record, case.zone), upn)
    elif known.folder and not known.sure_folder:
        offered = (Offered(known.pupil, f"to be filed in the folder “{known.folder.name}”"),)
    return OnTheList(known.pupil, known_b.pupil, offered)


def _case_if_any(connection: Connection, wanted: _Wanted, reference: str, last: int) -> Case | None:
    zone, ages = wanted.context.settings.zone, wanted.context.settings.services.assessment_ages
    case = entries.case(connection, reference, zone, ages=ages, until=last)
    return replace(case, on_list=_on_list(connection, wanted, case)) if case else None


_DRAWN_FOR: Mapping[Cause, Callable[[_Wanted], Parcel]] = {
    Cause.ENTRY: _of_entry,
    Cause.AGAIN: _again,
    Cause.CHANGE: _changed,
    Cause.REMINDER: _reminder,
    Cause.OVERDUE: _overdue,
    Cause.ESCALATION: _escalation,
    Cause.OWN: _own,
}
