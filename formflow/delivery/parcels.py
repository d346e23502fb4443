"""What each destination gets of an entry, as the type of its operation. Pure.

What a destination may not hold is taken away where connectors are asked (calls.py): a connector cannot
leak what it never received.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from formflow.core.dates import local_day
from formflow.core.model import (
    AnswerState,
    CaseState,
    Entry,
    Notice,
    Outcome,
    Role,
    StateChange,
)
from formflow.core.settings import Settings
from formflow.core.wording import LEVEL_WORDS
from formflow.delivery.occasion import Occasion as Occasion
from formflow.documents import case_page, html_pages
from formflow.documents.case_folder import folder_name
from formflow.documents.decision_pack import ToDecide, is_for_her
from formflow.documents.overdue_page import headline, overdue_page
from formflow.forms.catalogue import Form
from formflow.rules.case.case import REVIEW, Case
from formflow.rules.case.levels import Level
from formflow.rules.case.named_child import given
from formflow.rules.case.overdue import OverdueCase
from formflow.rules.case.sheet_checks import TOLD
from formflow.sdk.contract import Operation
from formflow.sdk.parcels import (
    AlertParcel,
    DecisionParcel,
    NamedAnswer,
    Overdue,
    Parcel,
    ReceiptParcel,
    RecordParcel,
    ReturnParcel,
)

TOLD_TOGETHER = "FF-461"  # notice: one of many files of one fault, see flood.py


def parcel_key(identity: str, destination: str, operation: str) -> str:
    """Return the key that is the same for every repeat of one delivery, as 64 hex digits.

    `identity` says of what: reference and revision alone come again when a backup is put back.
    """
    return _digest("|".join((identity, destination, operation)))


def key_again(entry: Entry, destination: str, arrival_id: int, at: datetime) -> str:
    """Return the key of what says that the paper of an entry came again."""
    # With the moment: another copy of the ledger counts its arrivals with the same numbers.
    moment = at.astimezone(UTC).isoformat()
    return parcel_key(entry.identity, destination, f"again {arrival_id} {moment}")


def change_key(entry: Entry, destination: str, operation: Operation, change: StateChange) -> str:
    """Return the key of what says by one operation that a case was closed or reopened."""
    moment = change.at.astimezone(UTC).isoformat()
    return parcel_key(entry.identity, destination, f"{operation} {change.state} {moment}")


def reminder_key(case: Case, destination: str, settings: Settings, now: datetime) -> str:
    """Return the key of a reminder: the same all day."""
    day = local_day(now, settings.zone).isoformat()
    return parcel_key(case.origin, destination, f"reminder {day}")


def overdue_key(destination: str, day: date) -> str:
    """Return the key of the message that says what is overdue on a day."""
    return parcel_key(f"overdue {day.isoformat()}", destination, Operation.ALERT)


def own_key(reference: str, destination: str, now: datetime) -> str:
    """Return the key of an alert about FormFlow itself."""
    identity = f"{reference}|{now.astimezone(UTC).isoformat()}"
    return parcel_key(identity, destination, "own alert")


def _digest(words: str) -> str:
    return hashlib.sha256(words.encode()).hexdigest()


def operations(entry: Entry, form: Form | None) -> Iterator[Operation]:
    """Yield what destinations are asked to do for an entry, alerts first."""
    # Receipts lie where the office reads them: what the safeguarding lead drops is not for the office.
    hers = entry.role is Role.DECISIONS
    wanted = [Operation.RECORD] if hers else [Operation.RECEIPT, Operation.RECORD]
    if any(notice.code == TOLD_TOGETHER for notice in entry.notices):
        yield from wanted
        return
    # She need not be told of her own sheet, unless it does not count, or does what only she may do.
    is_told = any(notice.code in TOLD for notice in entry.notices)
    if entry.about is None or entry.outcome is not Outcome.RECORDED or is_told:
        wanted.insert(0, Operation.ALERT)
    if not hers and any(notice.returns for notice in entry.notices) and entry.sha256:
        wanted.append(Operation.RETURN)
    if is_for_her(entry, is_sheet=form is not None and form.is_sheet):
        wanted.append(Operation.DECIDE)
    yield from wanted


def parcel(occasion: Occasion, destination: str, operation: Operation, as_read: bytes) -> Parcel:
    """Return what is to be told of an entry for one operation."""
    match operation:
        case Operation.RECORD:
            return record(occasion, destination, as_read)
        case Operation.ALERT:
            return alert(occasion, destination)
        case Operation.RECEIPT:
            return receipt(occasion, destination)
        case Operation.RETURN:
            return returned(occasion, destination)
        case Operation.DECIDE:
            to_decide, at = occasion.to_decide, occasion.entry.recorded_at
            if to_decide is None:
                raise LookupError(occasion.entry.reference)
            return decision(occasion, to_decide, destination, at)


def record(occasion: Occasion, destination: str, as_read: bytes) -> RecordParcel:
    """Return the record with all that was read."""
    entry = occasion.entry
    return RecordParcel(
        **_known(occasion, destination, Operation.RECORD),
        light=entry.proposal.light if entry.proposal else None,
        where_filed=occasion.where_to_look,
        about=entry.about or "",
        decided=_decided(occasion),
        child_reference=entry.child_reference,
        child_folder=occasion.child_folder,
        incident_day=entry.incident_day,
        answers=named_answers(entry, occasion.form),
        findings=entry.proposal.findings if entry.proposal else (),
        notices=_notices(entry),
        original_sha256=occasion.filed,
        original_suffix=occasion.filed_suffix,
        only_pictures=occasion.only_pictures,
        as_read=as_read,
    )


def alert(occasion: Occasion, destination: str) -> AlertParcel:
    """Return the alert with its page. It is as urgent as the highest of all revisions."""
    entry, settings = occasion.entry, occasion.settings
    lead = settings.agency.safeguarding_lead if occasion.escalated_to else ""
    says = html_pages.alert_headline(entry, occasion.form, lead)
    respond_by, where = occasion.respond_by, occasion.where_to_look
    return AlertParcel(
        **_known(occasion, destination, Operation.ALERT) | {"headline": says},
        respond_by=respond_by,
        urgent=entry.urgent,
        light=entry.highest_light,
        page=html_pages.alert(
            entry,
            occasion.form,
            settings,
            respond_by,
            where,
            says,
            occasion.glance,
            occasion.year_group,
        ),
        case_key=_case_key(occasion.to_decide),
        about=entry.about or "",
        child_reference=entry.child_reference,
        incident_day=entry.incident_day,
        answers=named_answers(entry, occasion.form),
        findings=entry.proposal.findings if entry.proposal else (),
        notices=_notices(entry),
    )


def receipt(occasion: Occasion, destination: str) -> ReceiptParcel:
    """Return the receipt for the office."""
    entry, form, settings = occasion.entry, occasion.form, occasion.settings
    page = html_pages.receipt(entry, form, settings, occasion.told_how, occasion.sent)
    return ReceiptParcel(**_known(occasion, destination, Operation.RECEIPT), page=page)


def returned(occasion: Occasion, destination: str) -> ReturnParcel:
    """Return the office's own paper with the note."""
    entry, form, settings = occasion.entry, occasion.form, occasion.settings
    return ReturnParcel(
        **_known(occasion, destination, Operation.RETURN),
        page=html_pages.note(entry, form, settings, occasion.told_how, occasion.enclosed),
        enclosed=occasion.beside,
        original_sha256=occasion.filed,
        original_suffix=occasion.filed_suffix,
        only_pictures=occasion.only_pictures,
    )


def decision(
    occasion: Occasion, to_decide: ToDecide, destination: str, at: datetime
) -> DecisionParcel:
    """Return the page that says what is open at a moment, and the sheets to fill in."""
    entry = occasion.entry
    return DecisionParcel(
        **_known(occasion, destination, Operation.DECIDE)
        | {"recorded_at": at.astimezone(occasion.settings.zone)},
        page=case_page.what_is_open(to_decide, occasion.settings, at),
        enclosed=to_decide.sheets,
        series=to_decide.series,
        original_sha256=None if entry.about else occasion.filed,
        original_suffix=occasion.filed_suffix,
        only_pictures=occasion.only_pictures,
        taken_sha256=entry.sha256 if entry.about else "",
        case_key=_case_key(to_decide),
        case_folder=folder_name(to_decide.case),
        is_closed=to_decide.case.state is not CaseState.OPEN,
        about=entry.about or "",
        decided=_decided(occasion),
        light=entry.proposal.light if entry.proposal else None,
        child_reference=entry.child_reference,
        incident_day=entry.incident_day,
    )


def _known(occasion: Occasion, destination: str, operation: Operation) -> dict[str, Any]:
    """Return what every parcel says of an entry, and every destination may know."""
    entry = occasion.entry
    return {
        "key": parcel_key(entry.identity, destination, operation),
        "reference": entry.reference,
        "revision": entry.revision,
        "outcome": entry.outcome,
        "recorded_at": entry.recorded_at.astimezone(occasion.settings.zone),
        "form_title": occasion.form.title if occasion.form else "Form not known",
        "headline": html_pages.HEADLINES[entry.outcome],
        "where_to_look": occasion.where_the_alert_is,
    }


def _notices(entry: Entry) -> tuple[Notice, ...]:
    return (*(entry.proposal.urgent if entry.proposal else ()), *entry.notices)


def _decided(occasion: Occasion) -> str:
    """Return what a review sheet decides, in words; "" for other papers and where it does not count."""
    entry = occasion.entry
    counts = entry.form_id == REVIEW and entry.outcome is Outcome.RECORDED
    level = given(entry, "level") if counts else ""
    return LEVEL_WORDS[Level(level)] if level else ""


def _case_key(to_decide: ToDecide | None) -> str:
    return _digest(to_decide.case.origin) if to_decide and to_decide.case.origin else ""


def reminder(
    occasion: Occasion, to_decide: ToDecide, destination: str, now: datetime
) -> AlertParcel:
    """Return an alert that something in a case is overdue: one for the case and the day."""
    record = to_decide.case.record
    folder = occasion.settings.folders.alerts.name
    return replace(
        alert(occasion, destination),
        key=reminder_key(to_decide.case, destination, occasion.settings, now),
        case_key=_case_key(to_decide),
        reference=record.reference,
        revision=record.revision,
        is_reminder=True,
        urgent=record.urgent and to_decide.case.is_undecided,
        respond_by=None,
        where_to_look=f"the page of {record.reference} in the folder “{folder}” that says what is overdue",
        headline=html_pages.REMINDER,
        page=case_page.what_is_open(to_decide, occasion.settings, now),
        recorded_at=now.astimezone(occasion.settings.zone),
    )


def overdue(
    cases: Sequence[OverdueCase], settings: Settings, destination: str, at: datetime
) -> AlertParcel:
    """Return the message of a day: all cases in which something is overdue, the gravest first."""
    here, day = at.astimezone(settings.zone), local_day(at, settings.zone)
    return AlertParcel(
        key=overdue_key(destination, day),
        reference=f"OVERDUE-{day.isoformat()}",
        revision=1,
        outcome=Outcome.RECORDED,
        light=cases[0].light,
        recorded_at=here,
        respond_by=None,
        form_title="",
        headline=headline(len(cases)),
        where_to_look=f"the page “0 OVERDUE” of this day in the folder “{settings.folders.alerts.name}”",
        is_reminder=True,
        overdue=tuple(
            Overdue(one.case.record.reference, one.level, one.due.astimezone(settings.zone))
            for one in cases
        ),
        case_key=_digest("overdue"),
        page=overdue_page(cases, settings, at),
    )


def alert_again(occasion: Occasion, destination: str, arrival_id: int, at: datetime) -> AlertParcel:
    """Return the alert again for what came again and cannot be used: she must not wait in vain."""
    key = key_again(occasion.entry, destination, arrival_id, at)
    return replace(alert(occasion, destination), key=key)


def repeat_parcel(
    occasion: Occasion, destination: str, arrival_id: int, at: datetime, page: str
) -> ReceiptParcel:
    """Return the receipt for a paper that came again: its own key, nothing but the page in it."""
    known = _known(occasion, destination, Operation.RECEIPT) | {
        "key": key_again(occasion.entry, destination, arrival_id, at),
        "headline": "We have this form already.",
        "where_to_look": "",
    }
    return ReceiptParcel(**known, page=page, repeat=arrival_id)


def own_alert(
    reference: str,
    about: Notice,
    settings: Settings,
    destination: str,
    now: datetime,
) -> AlertParcel:
    """Return an alert about FormFlow itself. There is no form and no child in it."""
    here = now.astimezone(settings.zone)
    respond_by = here + timedelta(hours=settings.alerts.red_within_hours)
    return AlertParcel(
        key=own_key(reference, destination, now),
        reference=reference,
        revision=1,
        outcome=Outcome.HELD,
        light=None,
        recorded_at=here,
        respond_by=respond_by,
        form_title="",
        headline=html_pages.own_headline(about),
        where_to_look=f"the page {reference} in the folder “{settings.folders.alerts.name}”",
        is_own=True,
        page=html_pages.own_alert(reference, about, settings, respond_by),
    )


def named_answers(entry: Entry, form: Form | None) -> tuple[NamedAnswer, ...]:
    """Return every answer with its printed label, in the words of the form."""
    if form is None:
        return ()
    return tuple(
        NamedAnswer(name, field.label, _in_words(entry, name, form))
        for name, field in form.fields.items()
        # What FormFlow wrote for reading is no answer, and licensed items stay on their sheet.
        if not field.for_reading and not field.licensed
    )


def _in_words(entry: Entry, name: str, form: Form) -> str:
    answer = entry.answers.get(name)
    if answer is None or answer.state is AnswerState.BLANK:
        return ""
    if answer.state is AnswerState.UNREADABLE or answer.value is None:
        return "(could not be read)"
    field = form.fields[name]
    return field.in_words(answer.value) if field.states else answer.value
