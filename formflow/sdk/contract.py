"""Everything a connector may import: the parcel it gets, the five endings, what it must promise.

A connector is one kind of destination. It prepares a parcel (pure: the same parcel gives the same
bytes, anywhere, at any time), and later delivers what it prepared. The core stores the prepared
bytes before it sends any, so a retry sends the same bytes. Delivery happens at
least once; the connector makes the repeat invisible by looking for the key, every time, under a lock.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import ClassVar, Protocol, runtime_checkable

from pydantic import BaseModel, ConfigDict

from formflow.core.model import Finding, Light, Notice, Outcome

API_VERSION = 1


class Operation(StrEnum):
    """What a parcel asks a destination to do."""

    RECORD = "record"  # file the record
    ALERT = "alert"  # tell the DSL
    RECEIPT = "receipt"  # tell the office what happened; never a name in it
    RETURN = "return"  # give the paper back to the office with a note
    DECIDE = "decide"  # give the safeguarding lead the sheets to decide on


class DataClass(StrEnum):
    """The most confidential class of data that a destination may carry."""

    NOTICE = "notice"  # reference, deadline, where to look; of the pages, receipts alone
    FULL = "full"  # names and answers; in what goes to the office, its own form and the note


class RepeatSafe(StrEnum):
    """What makes a repeated delivery invisible at the destination."""

    KEY = "key"  # the destination holds the key and refuses the second
    NATURAL = "natural"  # writing it again changes nothing
    LOOK_UP = "look-up"  # we can ask whether it has landed
    NONE = "none"  # a repeat shows: such a destination may carry notices only


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a connector can do. The core refuses what is not claimed here."""

    repeat_safe: RepeatSafe
    operations: frozenset[Operation]
    carries: DataClass
    batch: int = 1  # above 1: the connector is a BatchConnector and takes so many at once
    wants_as_read: bool = False  # True: the core renders the "as read" sheet into the parcel


class ConnectorSettings(BaseModel):
    """Base of every connector's Settings: unknown keys are refused, values stay out of messages."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


@dataclass(frozen=True, slots=True)
class NamedAnswer:
    """One answer as a person reads it: the printed label, and the words that were given."""

    field: str
    label: str
    text: str  # "" where blank; yes / no / not known in words


@dataclass(frozen=True, slots=True)
class Parcel:
    """What one destination gets of one entry, already stripped to what it may carry."""

    key: str  # 64 hex digits: what is delivered, where and what for; the same for every repeat
    operation: Operation
    reference: str  # "FF-2026-000123"
    revision: int
    outcome: Outcome
    light: Light | None  # None where nothing could be proposed
    recorded_at: datetime  # aware, in the agency's time zone
    respond_by: datetime | None  # likewise; when the DSL should have looked, for alerts
    form_title: str  # "Sexual Behaviour Recording Form", or "Unknown form"
    headline: str  # one sentence without names, such as "A form needs to be looked at today."
    where_to_look: str  # folder, page or command, without names
    repeat: int | None = None  # number of the arrival, for the receipt of a paper that came again
    urgent: bool = False  # of an alert: it cannot wait; why stands on the page alone
    is_reminder: bool = False  # of an alert: something in the case is overdue
    is_own: bool = False  # of an alert: about FormFlow itself, not about a form
    # The finished page for people: HTML, text for notes. For DataClass.NOTICE on receipts alone.
    page: str = ""
    # From here on only for DataClass.FULL, and for a paper that goes back only what the office may see:
    enclosed: Mapping[str, str] = field(default_factory=dict)  # beside the page: name -> sha256
    about: str = ""  # of a sheet: the reference of the record that it belongs to
    case_key: str = ""  # 64 hex digits: a page may replace pages of its own case only
    decided: str = ""  # of a review sheet: what was decided, in words
    child_reference: str | None = None  # "C-4821-000045"
    incident_day: date | None = None
    answers: tuple[NamedAnswer, ...] = ()
    findings: tuple[Finding, ...] = ()
    notices: tuple[Notice, ...] = ()
    original_sha256: str | None = None  # the paper itself; fetch it with Context.original
    original_suffix: str = ".pdf"
    only_pictures: bool = False  # the paper could start something: these are pictures of its pages
    as_read: bytes = b""  # the "as read" sheet as PDF, for connectors that want it


@dataclass(frozen=True, slots=True)
class Prepared:
    """The bytes that will be sent, and nothing else. Stored before it is sent, sent unchanged."""

    key: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)  # small facts such as a file name
    original_sha256: str | None = None  # the paper to send along, kept in the vault


class DeliveredAs(StrEnum):
    """How the destination holds the parcel now."""

    CREATED = "created"
    UPDATED = "updated"
    ALREADY_THERE = "already_there"


@dataclass(frozen=True, slots=True)
class Delivered:
    """The destination holds the parcel durably."""

    key: str
    how: DeliveredAs
    where: str  # path or identifier at the destination, without names


@dataclass(frozen=True, slots=True)
class CheckLine:
    """One thing `check` looked at."""

    ok: bool
    text: str  # what we found; where not ok, also what to do


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What a destination says of itself without having been changed."""

    lines: tuple[CheckLine, ...]

    @property
    def ok(self) -> bool:
        """Return whether everything looked at is as it should be."""
        return all(line.ok for line in self.lines)


@dataclass(frozen=True, slots=True)
class Context:
    """What the core lends to a connector. There is no database in it."""

    destination: str  # the name in the settings
    original: Callable[[str], Path]  # sha256 -> a file in the vault, to read only
    crash_at: Callable[[str], None]  # named crash point; does nothing outside the crash tests


@runtime_checkable
class Connector(Protocol):
    """One kind of destination."""

    kind: ClassVar[str]  # equals the entry-point name
    api_version: ClassVar[int]
    Settings: ClassVar[type[ConnectorSettings]]
    capabilities: ClassVar[Capabilities]

    def __init__(self, settings: ConnectorSettings, context: Context) -> None:
        """Keep settings and context. No disk, no network."""

    def check(self) -> CheckReport:
        """Say whether the destination can be delivered to. Change nothing, raise nothing."""

    def prepare(self, parcel: Parcel) -> Prepared:
        """Render the bytes to send. Pure and deterministic."""

    def deliver(self, prepared: Prepared) -> Delivered:
        """Return only when the parcel is durable at the destination, exactly once."""

    def look_up(self, key: str) -> Delivered | None:
        """Return how the destination holds the key, or None."""

    def close(self) -> None:
        """Let go of everything. May be called twice."""


@runtime_checkable
class BatchConnector(Connector, Protocol):
    """A destination that is much cheaper to write to many parcels at a time, such as a workbook."""

    def deliver_batch(self, prepared: Sequence[Prepared]) -> list[Delivered]:
        """Deliver all of them, or raise one ending that holds for all of them."""


@runtime_checkable
class AcknowledgedByHand(Connector, Protocol):
    """A destination where a person can acknowledge an alert, such as a folder named "Seen"."""

    def acknowledged(self, waiting: Mapping[str, tuple[str, int]]) -> set[str]:
        """Return the keys of the alerts that a person has acknowledged there.

        `waiting` holds key, reference and revision of those that nobody has acknowledged yet.
        """


class Ending(Exception):
    """Base of the five endings. `code` is stable, `text` is for people and holds no names."""

    def __init__(self, code: str, text: str = "", after_seconds: float | None = None) -> None:
        super().__init__(f"{code}: {text}" if text else code)
        self.code = code
        self.text = text
        self.after_seconds = after_seconds  # when to try again; None leaves it to the core


class Retryable(Ending):
    """This parcel did not go; it may go later."""


class Unavailable(Ending):
    """The whole destination is out of reach or busy, such as a workbook that is open in Excel."""


class Rejected(Ending):
    """The destination said no to this parcel for good."""


class Ambiguous(Ending):
    """It may have landed: the core looks it up before it sends again."""


class SettingsError(Ending):
    """The destination's settings are wrong: its queue is kept until they are put right."""
