"""What a connector promises: what it is asked, the five endings, what it is lent.

A connector is one kind of destination. It prepares a parcel (pure: the same parcel gives the same
bytes, anywhere, at any time), and later delivers what it prepared. The core stores the prepared
bytes before it sends any, so a retry sends the same bytes. Delivery happens at least once; the connector
makes the repeat invisible by looking for the key, every time, under a lock.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, BinaryIO, ClassVar, Protocol, runtime_checkable

from pydantic import BaseModel, ConfigDict

from formflow.sdk import deadline

API_VERSION = 2  # of this contract; what changed is in CHANGELOG.md


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
    wants_original: bool = False  # True: it files the paper itself, also where it has a field map
    wants_child_folder: bool = False  # True: it files by child, where the pupil list says


class ConnectorSettings(BaseModel):
    """Base of every connector's Settings: unknown keys are refused, values stay out of messages."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file to send along, which FormFlow keeps: read it with `Context.open_original`."""

    name: str  # the file name it gets, without names of people
    sha256: str  # of the parcel's original, or of what is enclosed in it


@dataclass(frozen=True, slots=True)
class Prepared:
    """The bytes that will be sent, and nothing else. Stored before it is sent, sent unchanged."""

    key: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)  # small facts such as a file name
    attachments: tuple[Attachment, ...] = ()  # what is sent along, in this order


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


def _keep_nothing(_name: str, _content: bytes) -> None:
    """Keep no version."""


def _know_nothing(_reference: str) -> datetime | None:
    """Know of nothing that was delivered."""


@dataclass(frozen=True, slots=True)
class Context:
    """What the core lends to a connector. There is no database in it, and no path."""

    destination: str  # the name in the settings
    # sha256 of an attachment -> its bytes, for reading; close it. Raises LookupError for anything that
    # the parcel in hand does not name.
    open_original: Callable[[str], BinaryIO]
    log: logging.Logger  # for IT: no names, no answers
    # Whether FormFlow keeps a marker in the destination's folder: without it nothing is written there.
    is_marked: bool = False
    # Keeps what a file of the agency's held before it is replaced: its name and its bytes.
    keep_version: Callable[[str, bytes], None] = _keep_nothing
    # Of a record: when the newest of it that was delivered here, also of a sheet about it, was recorded.
    filed_last: Callable[[str], datetime | None] = _know_nothing

    @property
    def seconds_left(self) -> float:
        """How long the call in hand may still take before it is given up."""
        return deadline.seconds_left()


@runtime_checkable
class Connector(Protocol):
    """One kind of destination."""

    kind: ClassVar[str]  # equals the entry-point name
    # Any, because a class that says a narrower type would be no Connector to a type checker.
    api_version: ClassVar[Any]  # int, or the first and the last: for which versions it was written
    Settings: ClassVar[Any]  # a type of ConnectorSettings
    capabilities: ClassVar[Capabilities]

    def __init__(self, settings: ConnectorSettings, context: Context) -> None:
        """Keep settings and context. No disk, no network."""

    def check(self) -> CheckReport:
        """Say whether the destination can be delivered to. Change nothing, raise nothing."""

    def prepare(self, parcel: Any) -> Prepared:
        """Render the bytes to send. Pure and deterministic.

        `parcel` is of the types that `capabilities` ask for, see parcels.py.
        """

    def deliver(self, prepared: Prepared) -> Delivered:
        """Return only when the parcel is durable at the destination, exactly once."""

    def look_up(self, key: str) -> Delivered | None:
        """Return how the destination holds the key, or None."""

    def close(self) -> None:
        """Release all resources. May be called twice."""


@runtime_checkable
class BatchConnector(Connector, Protocol):
    """A destination that is much cheaper to write to many parcels at a time, such as a workbook."""

    def deliver_batch(self, prepared: Sequence[Prepared]) -> list[Delivered | Ending]:
        """Deliver each of them; return what came of each, in their order: delivered, or an ending.

        An ending that is raised holds for all of them.
        """


@runtime_checkable
class AcknowledgedByHand(Connector, Protocol):
    """A destination where a person can acknowledge an alert, such as a folder named "Seen"."""

    def acknowledged(self, waiting: Mapping[str, tuple[str, int]]) -> set[str]:
        """Return the keys of the alerts that a person has acknowledged there.

        `waiting` holds key, reference and revision of those that nobody has acknowledged yet.
        """


@runtime_checkable
class PutsAway(Connector, Protocol):
    """A destination that keeps the alerts which nobody has seen apart from the others."""

    def alerts_there(self) -> set[tuple[str, int]]:
        """Return reference and revision of the alerts that lie there as if nobody had seen them."""

    def put_away(self, ended: Mapping[str, tuple[str, int]]) -> None:
        """Put alerts to those that have been seen: key, reference and revision. What cannot be moved now stays."""


@runtime_checkable
class FiledByHand(AcknowledgedByHand, Protocol):
    """A destination from which a person files records in another system, and acknowledges each there once it is filed."""

    @property
    def file_within_hours(self) -> float:
        """Hours on open days until a person should have filed what was delivered; 0: nobody is ever reminded."""


@dataclass(frozen=True, slots=True)
class Filed:
    """One revision that a destination holds, as far as it can tell by itself."""

    reference: str  # "FF-2026-000123"
    revision: int
    key: str = ""  # of its delivery as a record
    recorded_at: datetime | None = None  # aware, to the microsecond
    child_reference: str | None = None
    original: Path | None = None  # the paper as it came


@runtime_checkable
class TellsWhatIsFiled(Protocol):
    """A destination that can tell which revisions it holds: it is asked when a backup is restored."""

    def filed(self) -> Iterator[Filed]:
        """Yield what it holds, some of it perhaps twice. Raise an ending or OSError where it is out of reach."""


@runtime_checkable
class LooksUpMany(Protocol):
    """A destination that can say of many parcels at once which it holds. The others are asked for each."""

    def look_up_many(self, keys: Collection[str]) -> list[Delivered]:
        """Return how the destination holds each of these keys that it holds, in any order."""


@runtime_checkable
class LooksUpByReference(Protocol):
    """A destination that does not hold our keys, such as an agency's own file with a column for our reference.

    Where its settings have a field map, it is asked in this way and in no other.
    """

    def look_up_by_reference(self, wanted: Mapping[str, tuple[str, int]]) -> list[Delivered]:
        """Return how the destination holds each of these that it holds, in any order.

        `wanted` holds key, reference and revision: those of a sheet where it was one. `row_reference` in
        field_map.py says what is in the column for it.
        """


@runtime_checkable
class TakesBack(Protocol):
    """A destination from which a test can be taken away again: `formflow connectors send-test` asks for that."""

    def take_back(self, prepared: Prepared) -> bool:
        """Remove what was delivered just now; return whether nothing of it is left. Raise an ending."""


@runtime_checkable
class ShowsFirstRows(Protocol):
    """A kind that can say what is at the head of an existing file: `formflow connectors map` drafts its map from that."""

    @staticmethod
    def first_rows(file: Path) -> Mapping[str, list[list[str]]]:
        """Return the first rows of a file, by the name of the sheet; "" where it has none. Raise an ending or OSError."""


@runtime_checkable
class FilesByChild(Protocol):
    """A destination in the agency's own folders for children: papers may wait there until it is clear whose they are."""

    def unmatched(self) -> list[str]:
        """Return the references of records and sheets whose papers wait. Raise an ending or OSError."""

    def has_folder(self, name: str) -> bool:
        """Return whether just one folder is called so."""


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
    """It may have landed: the core looks it up now, and before it sends again."""


class SettingsError(Ending):
    """The destination's settings are wrong: its queue is kept until they are put right."""
