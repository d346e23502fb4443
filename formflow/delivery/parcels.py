"""What each destination gets of an entry: already stripped to what it may carry. Pure.

The core strips, not the connector: a connector cannot leak what it never received.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from formflow.core.dates import local_day
from formflow.core.model import AnswerState, Entry, Light, Notice, Outcome, Role
from formflow.core.settings import Settings
from formflow.core.wording import LEVEL_WORDS
from formflow.delivery.occasion import Occasion as Occasion
from formflow.documents import html_pages
from formflow.documents.decision_pack import ToDecide, is_for_her
from formflow.forms.catalogue import Form
from formflow.rules.case.case import REVIEW, TOLD, Case
from formflow.rules.case.levels import Level
from formflow.rules.case.named_child import given
from formflow.sdk.contract import Capabilities, DataClass, NamedAnswer, Operation, Parcel


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


def reminder_key(case: Case, destination: str, settings: Settings, now: datetime) -> str:
    """Return the key of a reminder: the same all day."""
    day = local_day(now, settings.zone).isoformat()
    return parcel_key(case.origin, destination, f"reminder {day}")


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
    # She need not be told of her own sheet, unless it does not count, or does what only she may do.
    is_told = any(notice.code in TOLD for notice in entry.notices)
    if entry.about is None or entry.outcome is not Outcome.RECORDED or is_told:
        wanted.insert(0, Operation.ALERT)
    if not hers and any(notice.returns for notice in entry.notices) and entry.sha256:
        wanted.append(Operation.RETURN)
    if is_for_her(entry, is_sheet=form is not None and form.is_sheet):
        wanted.append(Operation.DECIDE)
    yield from wanted


def parcel(
    occasion: Occasion,
    destination: str,
    operation: Operation,
    capabilities: Capabilities,
    as_read: bytes,
) -> Parcel:
    """Return what one destination gets of an entry for one operation."""
    entry, form = occasion.entry, occasion.form
    is_full = _may_hold_names(operation, capabilities.carries)
    made = Parcel(
        key=parcel_key(entry.identity, destination, operation),
        operation=operation,
        reference=entry.reference,
        revision=entry.revision,
        outcome=entry.outcome,
        light=_light(entry, operation),
        recorded_at=entry.recorded_at.astimezone(occasion.settings.zone),
        respond_by=occasion.respond_by if operation is Operation.ALERT else None,
        form_title=form.title if form else "Form not known",
        headline=_headline(occasion, operation),
        where_to_look=occasion.where_to_look if is_full else occasion.where_the_alert_is,
        page=_page(occasion, operation),
        urgent=entry.urgent and operation is Operation.ALERT,
        enclosed=_enclosed(occasion, operation),
        about=entry.about or "",
        case_key=_case_key(occasion.to_decide),
        decided=_decided(occasion),
        child_reference=entry.child_reference,
        incident_day=entry.incident_day,
        answers=named_answers(entry, form) if is_full else (),
        findings=entry.proposal.findings if entry.proposal else (),
        notices=(*(entry.proposal.urgent if entry.proposal else ()), *entry.notices),
        original_sha256=occasion.filed,
        original_suffix=occasion.filed_suffix,
        only_pictures=occasion.only_pictures,
        as_read=as_read if capabilities.wants_as_read else b"",
    )
    return stripped(made, capabilities.carries)


def stripped(made: Parcel, carries: DataClass) -> Parcel:
    """Return a parcel without anything that its destination may not hold. Every parcel ends here.

    What stays is listed, not what goes: a new field of Parcel reaches nobody by accident.
    """
    if _may_hold_names(made.operation, carries):
        return made
    # The light says what kind of behaviour it was: a notice says only that someone must look.
    notice_only = Parcel(
        key=made.key,
        operation=made.operation,
        reference=made.reference,
        revision=made.revision,
        outcome=made.outcome,
        light=None,
        recorded_at=made.recorded_at,
        respond_by=made.respond_by,
        form_title=made.form_title,
        headline=made.headline,
        where_to_look=made.where_to_look,
        repeat=made.repeat,
        urgent=made.urgent and made.operation is Operation.ALERT,
        is_reminder=made.is_reminder,
        is_own=made.is_own,
    )
    if made.operation is Operation.RECEIPT:  # its page is made without names
        return replace(notice_only, page=made.page)
    if made.operation is Operation.RETURN and carries is DataClass.FULL:
        # The office gets its paper back with a note, and nothing of what FormFlow made of it.
        return replace(
            notice_only,
            page=made.page,
            enclosed=made.enclosed,
            original_sha256=made.original_sha256,
            original_suffix=made.original_suffix,
            only_pictures=made.only_pictures,
        )
    return notice_only


def _may_hold_names(operation: Operation, carries: DataClass) -> bool:
    """Return whether everything known may go along: the office's folders are read by many."""
    return carries is DataClass.FULL and operation not in (Operation.RECEIPT, Operation.RETURN)


def _decided(occasion: Occasion) -> str:
    """Return what a review sheet decides, in words; "" for other papers and where it does not count."""
    entry = occasion.entry
    counts = entry.form_id == REVIEW and entry.outcome is Outcome.RECORDED
    return LEVEL_WORDS[Level(given(entry, "level"))] if counts else ""


def _case_key(to_decide: ToDecide | None) -> str:
    return _digest(to_decide.case.origin) if to_decide and to_decide.case.origin else ""


def _enclosed(occasion: Occasion, operation: Operation) -> Mapping[str, str]:
    if operation is Operation.DECIDE and occasion.to_decide:
        return occasion.to_decide.sheets
    return occasion.beside if operation is Operation.RETURN else {}


def reminder(
    occasion: Occasion,
    to_decide: ToDecide,
    destination: str,
    capabilities: Capabilities,
    now: datetime,
) -> Parcel:
    """Return an alert that something in a case is overdue: one for the case and the day."""
    record = to_decide.case.record
    folder = occasion.settings.folders.alerts.name
    made = parcel(occasion, destination, Operation.ALERT, capabilities, b"")
    reminding = replace(
        made,
        key=reminder_key(to_decide.case, destination, occasion.settings, now),
        case_key=_case_key(to_decide),
        reference=record.reference,
        revision=record.revision,
        is_reminder=True,
        urgent=record.urgent and to_decide.case.is_undecided,
        respond_by=None,
        where_to_look=f"the page of {record.reference} in the folder “{folder}” that says what is overdue",
        headline=html_pages.REMINDER,
        page=html_pages.what_is_open(to_decide, occasion.settings, now),
        recorded_at=now.astimezone(occasion.settings.zone),
    )
    return stripped(reminding, capabilities.carries)


def repeat_page(
    occasion: Occasion,
    to_decide: ToDecide,
    destination: str,
    capabilities: Capabilities,
    arrival_id: int,
    now: datetime,
) -> Parcel:
    """Return the page of a case again: what the safeguarding lead gets instead of a receipt."""
    made = parcel(occasion, destination, Operation.DECIDE, capabilities, b"")
    again = replace(
        made,
        key=key_again(occasion.entry, destination, arrival_id, now),
        case_key=_case_key(to_decide),
        page=html_pages.what_is_open(to_decide, occasion.settings, now),
        recorded_at=now.astimezone(occasion.settings.zone),
    )
    return stripped(again, capabilities.carries)


def alert_again(
    occasion: Occasion,
    destination: str,
    capabilities: Capabilities,
    arrival_id: int,
    at: datetime,
) -> Parcel:
    """Return the alert again for what came again and cannot be used: she must not wait in vain."""
    made = parcel(occasion, destination, Operation.ALERT, capabilities, b"")
    key = key_again(occasion.entry, destination, arrival_id, at)
    return stripped(replace(made, key=key), capabilities.carries)


def repeat_parcel(
    occasion: Occasion, destination: str, arrival_id: int, at: datetime, page: str
) -> Parcel:
    """Return the receipt for a paper that came again: its own key, nothing but the page in it."""
    entry = occasion.entry
    made = Parcel(
        key=key_again(entry, destination, arrival_id, at),
        operation=Operation.RECEIPT,
        reference=entry.reference,
        revision=entry.revision,
        outcome=entry.outcome,
        light=None,
        recorded_at=entry.recorded_at.astimezone(occasion.settings.zone),
        respond_by=None,
        form_title=occasion.form.title if occasion.form else "Form not known",
        headline="We have this form already.",
        where_to_look="",
        page=page,
        repeat=arrival_id,
    )
    return stripped(made, DataClass.NOTICE)


def own_alert(
    reference: str,
    about: Notice,
    settings: Settings,
    destination: str,
    capabilities: Capabilities,
    now: datetime,
) -> Parcel:
    """Return an alert about FormFlow itself. There is no form and no child in it."""
    here = now.astimezone(settings.zone)
    respond_by = here + timedelta(hours=settings.alerts.red_within_hours)
    made = Parcel(
        key=own_key(reference, destination, now),
        operation=Operation.ALERT,
        reference=reference,
        revision=1,
        outcome=Outcome.HELD,
        light=None,
        recorded_at=here,
        respond_by=respond_by,
        form_title="",
        headline=html_pages.OWN_ALERT,
        where_to_look=f"the page {reference} in the folder “{settings.folders.alerts.name}”",
        is_own=True,
        page=html_pages.own_alert(reference, about, settings, respond_by),
    )
    return stripped(made, capabilities.carries)


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


def _light(entry: Entry, operation: Operation) -> Light | None:
    """Return a revision's own light; an alert is as urgent as the highest of all revisions."""
    if operation is Operation.ALERT:
        return entry.highest_light
    return entry.proposal.light if entry.proposal else None


def _headline(occasion: Occasion, operation: Operation) -> str:
    entry, lead = occasion.entry, occasion.settings.agency.safeguarding_lead
    if operation is Operation.ALERT:
        return html_pages.alert_headline(entry, occasion.form, lead if occasion.climbs_to else "")
    return html_pages.HEADLINES[entry.outcome]


def _page(occasion: Occasion, operation: Operation) -> str:
    entry, form, settings = occasion.entry, occasion.form, occasion.settings
    match operation:
        case Operation.RECEIPT:
            return html_pages.receipt(entry, form, settings, occasion.told_how)
        case Operation.RETURN:
            return html_pages.note(entry, form, settings, occasion.told_how, occasion.enclosed)
        case Operation.ALERT:
            where, says = occasion.where_to_look, _headline(occasion, operation)
            return html_pages.alert(entry, form, settings, occasion.respond_by, where, says)
        case Operation.DECIDE:
            to_decide, at = occasion.to_decide, entry.recorded_at
            return html_pages.what_is_open(to_decide, settings, at) if to_decide else ""
        case Operation.RECORD:
            return ""
