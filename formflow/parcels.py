"""What each destination gets of an entry: already stripped to what it may carry. Pure.

The core strips, not the connector: a connector cannot leak what it never received.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from formflow import pages, plugins
from formflow.casework import ToDecide
from formflow.contract import Capabilities, DataClass, NamedAnswer, Operation, Parcel
from formflow.enclose import Enclosed
from formflow.forms import Form
from formflow.model import AnswerState, Entry, Light, Notice, Outcome
from formflow.settings import Settings
from formflow.sheets import REVIEW
from formflow.words import LEVEL_WORDS


@dataclass(frozen=True, slots=True)
class Occasion:
    """One entry, the form it is on, and the settings of the day: all that a parcel is made from."""

    entry: Entry
    form: Form | None
    settings: Settings
    enclosed: Enclosed | None = None  # None for a receipt alone
    to_decide: ToDecide | None = None  # what lies in “To decide” after it
    climbs_to: str = ""  # the destination that is told because nobody has acknowledged the alert

    @property
    def filed(self) -> str | None:
        """What is filed of the paper, by its sha256: the paper itself, or a copy without its dangers."""
        return self.enclosed.filed if self.enclosed else None

    @property
    def filed_suffix(self) -> str:
        """What the filed paper is called after its reference."""
        return ".pdf" if self.only_pictures else self.entry.original_suffix

    @property
    def only_pictures(self) -> bool:
        """Whether pictures of the pages are filed instead of a paper that could start something."""
        return self.filed is not None and self.filed != self.entry.sha256

    @property
    def beside(self) -> Mapping[str, str]:
        """What lies beside the note of a paper that comes back: name and sha256."""
        return self.enclosed.beside if self.enclosed else {}

    @property
    def respond_by(self) -> datetime:
        """When the DSL should have looked. What could not be read counts as red."""
        within = self.settings.alerts
        urgent = self.entry.highest_light in (None, Light.RED, Light.AMBER_OR_RED)
        urgent = urgent or self.entry.outcome in (Outcome.HELD, Outcome.UNREADABLE)
        hours = within.red_within_hours if urgent else within.other_within_hours
        recorded_at = self.entry.recorded_at.astimezone(self.settings.zone)
        return recorded_at + timedelta(hours=hours)

    @property
    def where_to_look(self) -> str:
        """Where the record is, without a name."""
        entry = self.entry
        folder = entry.child_reference or f"Not yet matched/{entry.reference}"
        return (
            f"the folder “{folder}” in the children’s files, or “formflow show {entry.reference}”"
        )

    @property
    def where_the_alert_is(self) -> str:
        """Where the alert's page is: all that a notice may say."""
        return (
            f"the page {self.entry.reference} in the folder “{self.settings.folders.alerts.name}”"
        )

    @property
    def told_how(self) -> str:
        """How the DSL is told, without a name."""
        names = [d.name for d in self.settings.destinations() if d.kind != "receipt_folder"]
        later = self.settings.told_later
        alerting = [n for n in names if n in _alerting(self.settings) and n not in later]
        return "by " + " and ".join(f"“{name}”" for name in alerting)


def parcel_key(identity: str, destination: str, operation: str) -> str:
    """Return the key that is the same for every repeat of one delivery, as 64 hex digits.

    `identity` says of what: reference and revision alone come again when a backup is put back.
    """
    return _digest("|".join((identity, destination, operation)))


def _digest(words: str) -> str:
    return hashlib.sha256(words.encode()).hexdigest()


def operations(occasion: Occasion, capabilities: Capabilities) -> Iterator[Operation]:
    """Yield what a destination is asked to do for an entry, alerts first."""
    entry = occasion.entry
    # A receipt lies where the office reads it: that there is a referral is not for the office.
    wanted = [Operation.RECORD] if entry.about else [Operation.RECEIPT, Operation.RECORD]
    # The safeguarding lead need not be told of her own sheet, unless it does not count.
    if entry.about is None or entry.outcome is not Outcome.RECORDED:
        wanted.insert(0, Operation.ALERT)
    if any(notice.returns for notice in entry.notices) and entry.sha256:
        wanted.append(Operation.RETURN)
    if occasion.to_decide is not None:
        wanted.append(Operation.DECIDE)
    yield from (operation for operation in wanted if operation in capabilities.operations)


def parcel(
    occasion: Occasion,
    destination: str,
    operation: Operation,
    capabilities: Capabilities,
    as_read: bytes,
) -> Parcel:
    """Return what one destination gets of an entry for one operation."""
    entry, form = occasion.entry, occasion.form
    notice_only = Parcel(
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
        where_to_look=occasion.where_the_alert_is,
        page=_page(occasion, operation) if _may_carry_page(capabilities, operation) else "",
        original_sha256=occasion.filed if operation is Operation.RETURN else None,
        original_suffix=occasion.filed_suffix,
        only_pictures=occasion.only_pictures,
        enclosed=_enclosed(occasion, operation),
        about=entry.about or "",
        case_key=_case_key(occasion.to_decide),
    )
    if capabilities.carries is not DataClass.FULL:
        # The light says what kind of behaviour it was: a notice says only that someone must look.
        return replace(notice_only, light=None)
    return replace(
        notice_only,
        child_reference=entry.child_reference,
        where_to_look=occasion.where_to_look,
        incident_day=entry.incident_day,
        answers=named_answers(entry, form),
        findings=entry.proposal.findings if entry.proposal else (),
        notices=entry.notices,
        decided=_decided(occasion),
        original_sha256=occasion.filed,
        as_read=as_read if capabilities.wants_as_read else b"",
    )


def _decided(occasion: Occasion) -> str:
    """Return what a review sheet decides, in words; "" for other papers and where it does not count."""
    case, entry = occasion.to_decide.case if occasion.to_decide else None, occasion.entry
    counts = entry.form_id == REVIEW and entry.outcome is Outcome.RECORDED
    return LEVEL_WORDS[case.level] if case and counts else ""


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
    day = now.astimezone(occasion.settings.zone).date().isoformat()
    made = parcel(occasion, destination, Operation.ALERT, capabilities, b"")
    page = ""
    if capabilities.carries is DataClass.FULL:
        page = pages.what_is_open(to_decide, occasion.settings, now)
    return replace(
        made,
        key=parcel_key(to_decide.case.origin, destination, f"reminder {day}"),
        case_key=_case_key(to_decide),
        reference=record.reference,
        revision=record.revision,
        is_reminder=True,
        respond_by=None,
        where_to_look=f"the page of {record.reference} in the folder “{folder}” that says what is overdue",
        headline=pages.REMINDER,
        page=page,
        recorded_at=now.astimezone(occasion.settings.zone),
    )


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
    return replace(
        made,
        key=_key_again(occasion, destination, arrival_id, now),
        case_key=_case_key(to_decide),
        page=pages.what_is_open(to_decide, occasion.settings, now),
        recorded_at=now.astimezone(occasion.settings.zone),
    )


def _key_again(occasion: Occasion, destination: str, arrival_id: int, at: datetime) -> str:
    # With the moment: another copy of the ledger counts its arrivals with the same numbers.
    moment = at.astimezone(UTC).isoformat()
    return parcel_key(occasion.entry.identity, destination, f"again {arrival_id} {moment}")


def repeat_parcel(
    occasion: Occasion, destination: str, arrival_id: int, at: datetime, page: str
) -> Parcel:
    """Return the receipt for a paper that came again: its own key, nothing but the page in it."""
    entry = occasion.entry
    return Parcel(
        key=_key_again(occasion, destination, arrival_id, at),
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
    carries_page = _may_carry_page(capabilities, Operation.ALERT)
    page = pages.own_alert(reference, about, settings, respond_by) if carries_page else ""
    return Parcel(
        key=parcel_key(f"{reference}|{now.astimezone(UTC).isoformat()}", destination, "own alert"),
        operation=Operation.ALERT,
        reference=reference,
        revision=1,
        outcome=Outcome.HELD,
        light=None,
        recorded_at=here,
        respond_by=respond_by,
        form_title="",
        headline=pages.OWN_ALERT,
        where_to_look=f"the page {reference} in the folder “{settings.folders.alerts.name}”",
        is_own=True,
        page=page,
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


def _light(entry: Entry, operation: Operation) -> Light | None:
    """Return a revision's own light; an alert is as urgent as the highest of all revisions."""
    if operation is Operation.ALERT:
        return entry.highest_light
    return entry.proposal.light if entry.proposal else None


def _headline(occasion: Occasion, operation: Operation) -> str:
    entry, lead = occasion.entry, occasion.settings.agency.safeguarding_lead
    if operation is Operation.ALERT:
        return pages.alert_headline(entry, occasion.form, lead if occasion.climbs_to else "")
    return pages.HEADLINES[entry.outcome]


def _may_carry_page(capabilities: Capabilities, operation: Operation) -> bool:
    # Receipts and notes hold no names. The alert page holds reasons: for full destinations only.
    return operation is not Operation.ALERT or capabilities.carries is DataClass.FULL


def _page(occasion: Occasion, operation: Operation) -> str:
    entry, form, settings = occasion.entry, occasion.form, occasion.settings
    match operation:
        case Operation.RECEIPT:
            return pages.receipt(entry, form, settings, occasion.told_how)
        case Operation.RETURN:
            return pages.note(entry, form, settings, occasion.told_how, occasion.enclosed)
        case Operation.ALERT:
            where, says = occasion.where_to_look, _headline(occasion, operation)
            return pages.alert(entry, form, settings, occasion.respond_by, where, says)
        case Operation.DECIDE:
            to_decide, at = occasion.to_decide, entry.recorded_at
            return pages.what_is_open(to_decide, settings, at) if to_decide else ""
        case Operation.RECORD:
            return ""


def _alerting(settings: Settings) -> set[str]:
    return {
        d.name
        for d in settings.destinations()
        if Operation.ALERT in plugins.load(d.kind).capabilities.operations
    }
