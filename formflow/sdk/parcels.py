"""What a destination gets: a type for each operation, and for each a smaller one that holds no names.

    Operation   DataClass.NOTICE    DataClass.FULL
    RECORD      RecordNotice        RecordParcel
    ALERT       AlertNotice         AlertParcel
    RECEIPT     ReceiptParcel       ReceiptParcel
    RETURN      ReturnNotice        ReturnParcel
    DECIDE      DecisionNotice      DecisionParcel

A destination cannot give away what its type has no place for. Each full type is its notice and more, so
`prepare(self, parcel: AlertNotice)` can be given either.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from typing import ClassVar

from formflow.core.model import Finding, Light, Notice, Outcome
from formflow.sdk.contract import DataClass, Operation

Value = str | int | date | datetime | None


@dataclass(frozen=True, slots=True)
class NamedAnswer:
    """One answer as a person reads it: the printed label, and the words that were given."""

    field: str  # "child_a_name"; docs of each form list the names
    label: str
    text: str  # "" where blank; yes / no / not known in words
    # What a program takes it for: a date, a moment in the agency's time zone, a number, or the name of one of
    # the answers that can be chosen, such as "unknown". None: nothing but the words.
    value: Value = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """What every destination may know of an entry: no name, no answer, no light."""

    operation: ClassVar[Operation]

    key: str  # 64 hex digits: what is delivered, where and what for; the same for every repeat
    reference: str  # "FF-2026-000123"
    revision: int  # 1 for the first; a corrected form is the next revision of the same reference
    outcome: Outcome
    recorded_at: datetime  # aware, in the agency's time zone
    form_title: str  # "Sexual Behaviour Recording Form", or "Unknown form"
    headline: str  # one sentence without names, such as "New form to review"
    where_to_look: str  # folder, page or command, without names


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordNotice(Parcel):
    """A record, to a destination that may not hold names."""

    operation = Operation.RECORD


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordParcel(RecordNotice):
    """A record with all that was read, and the paper itself."""

    light: Light | None  # None where nothing could be proposed
    where_filed: str  # the child's folder, or a command
    about: str = ""  # of a sheet: the reference of the record that it belongs to
    decided: str = ""  # of a review sheet: what was decided, in words
    child_reference: str | None = None  # "C-4821-000045"
    # The agency's own folder for the child, as its pupil list gives it; "" where that is not sure. Holds a name.
    child_folder: str = ""
    incident_day: date | None = None
    answers: tuple[NamedAnswer, ...] = ()
    findings: tuple[Finding, ...] = ()
    notices: tuple[Notice, ...] = ()
    original_sha256: str | None = None  # the paper; send it along as an Attachment
    original_suffix: str = ".pdf"
    only_pictures: bool = False  # the paper could start something: these are pictures of its pages
    as_read: bytes = b""  # the "as read" sheet as PDF, for connectors that want it
    # What the destination's field map names, of the case as it stood with this entry: see field_map.py.
    named: tuple[NamedAnswer, ...] = ()


@dataclass(frozen=True, slots=True)
class Overdue:
    """One case in which something is overdue: no name, no answer."""

    reference: str  # of the record
    level: str  # in words: decided or, until then, suggested
    due: datetime  # when the first of it was to be done, aware; a review comes up on the very day


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertNotice(Parcel):
    """An alert, to a destination that may not hold names: that somebody must look, by when, and where."""

    operation = Operation.ALERT

    respond_by: datetime | None  # aware; when the DSL should have looked
    urgent: bool = False  # it cannot wait; why is on the page alone
    is_reminder: bool = False  # something in the case is overdue
    # All cases in which something is overdue, the gravest first: one message a day, which belongs to no case.
    overdue: tuple[Overdue, ...] = ()
    is_own: bool = False  # about FormFlow itself, not about a form


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertParcel(AlertNotice):
    """An alert with its page and what it rests on."""

    light: Light | None  # the highest of all revisions; None where nothing could be proposed
    page: str  # the finished page for people, as HTML
    case_key: str = ""  # 64 hex digits: a page may replace pages of its own case only
    about: str = ""
    child_reference: str | None = None
    incident_day: date | None = None
    answers: tuple[NamedAnswer, ...] = ()
    findings: tuple[Finding, ...] = ()
    notices: tuple[Notice, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptParcel(Parcel):
    """A receipt. Its page is made without names, so every destination for receipts gets it."""

    operation = Operation.RECEIPT

    page: str  # HTML
    repeat: int | None = None  # number of the arrival, where a paper came again


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnNotice(Parcel):
    """That a paper goes back, to a destination that may not hold names."""

    operation = Operation.RETURN


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnParcel(ReturnNotice):
    """The office's own paper with a note, and nothing of what FormFlow made of it."""

    page: str  # the note, as text
    enclosed: Mapping[str, str] = field(default_factory=dict)  # what goes along: name -> sha256
    original_sha256: str | None = None
    original_suffix: str = ".pdf"
    only_pictures: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionNotice(Parcel):
    """That there is something to decide, to a destination that may not hold names."""

    operation = Operation.DECIDE


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionParcel(DecisionNotice):
    """The page that says what is open in a case, and the sheets to fill in."""

    page: str  # HTML
    enclosed: Mapping[str, str] = field(default_factory=dict)  # the sheets: name -> sha256
    series: Mapping[str, str] = field(
        default_factory=dict
    )  # name -> the same for all copies of a sheet, of which the newest counts
    original_sha256: str | None = None  # of a form: the paper
    original_suffix: str = ".pdf"
    only_pictures: bool = False
    taken_sha256: str = ""  # of the sheet that was dropped: what she wrote in it is known
    case_key: str = ""
    case_folder: str = ""  # "1 RED Amara Example FF-2026-000012". Holds a name.
    is_closed: bool = False  # or entered in error, or a duplicate
    about: str = ""
    decided: str = ""
    light: Light | None = None
    child_reference: str | None = None
    incident_day: date | None = None


_NOTICE_OF: Mapping[type[Parcel], type[Parcel]] = {
    RecordParcel: RecordNotice,
    AlertParcel: AlertNotice,
    ReturnParcel: ReturnNotice,
    DecisionParcel: DecisionNotice,
}


def stripped(parcel: Parcel, carries: DataClass) -> Parcel:
    """Return a parcel as the type that its destination may hold: a copy of the fields this type has."""
    kind = type(parcel) if carries is DataClass.FULL else _NOTICE_OF.get(type(parcel), type(parcel))
    return kind(**{one.name: getattr(parcel, one.name) for one in fields(kind)})


def lent(parcel: Parcel) -> frozenset[str]:
    """Return the sha256 of everything that may be sent along with a parcel."""
    beside: Mapping[str, str] = getattr(parcel, "enclosed", {})
    original: str | None = getattr(parcel, "original_sha256", None)
    return frozenset(beside.values()) | ({original} if original else frozenset())
