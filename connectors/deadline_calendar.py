"""Calendar: the deadlines of each case as events, in a calendar on a CalDAV server or as files in a folder. No names.

A row of its field map is a duty, and the date by which it is to be done. Where there is none any more, the event goes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import Protocol, Self
from urllib.parse import quote

from pydantic import Field, SecretStr, field_validator, model_validator

from formflow.sdk import (
    Ambiguous,
    BaseConnector,
    Capabilities,
    CheckLine,
    CheckReport,
    ConnectorSettings,
    DataClass,
    Delivered,
    DeliveredAs,
    DestinationFolder,
    Ending,
    FieldMap,
    Operation,
    Prepared,
    RecordParcel,
    RepeatSafe,
    Retryable,
    Unavailable,
    decode_row,
    encode_row,
    ending,
    files,
    row_reference,
)
from formflow_connectors.deadline_events import Event, Known, uid
from formflow_connectors.remote.dav_calendar import CHANGED, DavCalendar
from formflow_connectors.remote.web_server import WebServer, WebServerSettings, basic
from formflow_connectors.webhook_post import Address

DEADLINES = {
    "Decide the level": "{decide_by}",
    "Send the referral (child A)": "{referral_a_by}",
    "Send the referral (child B)": "{referral_b_by}",
    "Answer of social care (child A)": "{council_a_by}",
    "Answer of social care (child B)": "{council_b_by}",
}
TRIES = 5  # where others change the same event at the same time
_NOT_IN_NAMES = re.compile(r'[<>:"/\\|?*\x00-\x1f]')
_LONGEST_DUTY = 60  # letters


class CalendarSettings(ConnectorSettings):
    """Deadlines as events, without names: on a CalDAV server, or as files in a folder."""

    url: str | None = Field(None, description="The calendar on a CalDAV server, https://…")
    username: str = Field("", description="FormFlow’s user there.")
    password: SecretStr | None = Field(None, description="As env:NAME or file:PATH.")
    ca_file: Path | None = Field(
        None, description="Certificates to trust instead of those of this computer."
    )
    timeout_seconds: float = Field(45, gt=0, le=55, description="For one delivery as a whole.")
    folder: Path | None = Field(
        None, description="Instead of a server: a folder for “.ics” files. It must be there."
    )
    deadlines: FieldMap = Field(
        DEADLINES,
        validate_default=True,
        description="What is in the calendar: each duty, and the field with its date.",
    )

    @field_validator("deadlines")
    @classmethod
    def _are_dates(cls, told: FieldMap) -> FieldMap:
        for duty, column in told.columns:
            if _NOT_IN_NAMES.search(duty) or len(duty) > _LONGEST_DUTY:
                raise ValueError(f"“{duty}” is too long for a title, or has letters such as / or :")
            if not column.format.single or column.values or column.blank:
                raise ValueError(f"“{duty}” takes one field with a date, such as “{{decide_by}}”")
        return told

    @model_validator(mode="after")
    def _is_one_place(self) -> Self:
        if (self.url is None) is (self.folder is None):
            raise ValueError("either url or folder must be given, and not both")
        if self.url is not None:
            Address.parse(self.url)
            if not self.username or self.password is None:
                raise ValueError("url needs username and password")
        return self


class _Shelf(Protocol):
    """Where events are: as files, or on a server."""

    def read(self, name: str) -> tuple[bytes, str] | None: ...

    def write(self, name: str, content: bytes, tag: str | None) -> None: ...

    def remove(self, name: str, tag: str) -> None: ...


class DeadlineCalendar(BaseConnector[CalendarSettings]):
    """Keeps the deadlines of each case in a calendar."""

    kind = "calendar"
    api_version = 2
    Settings = CalendarSettings
    capabilities = Capabilities(
        repeat_safe=RepeatSafe.NATURAL,
        operations=frozenset({Operation.RECORD}),
        carries=DataClass.FULL,
    )

    def check(self) -> CheckReport:
        """Say whether the calendar or folder can be reached. Nothing is left there."""
        if self.settings.folder is not None:
            return self._folder(self.settings.folder).check()
        try:
            self._server().look()
        except Ending as problem:
            return CheckReport((CheckLine(False, problem.text),))
        return CheckReport((CheckLine(True, "The calendar can be reached."),))

    def prepare(self, parcel: RecordParcel) -> Prepared:
        """Return the deadlines of the case as it then is. What is no date is none."""
        row = self.settings.deadlines.row(parcel)
        dates = {duty: due if isinstance(due, date) else None for duty, due in row.items()}
        told = {"record": row_reference(parcel.reference, parcel.revision, "update")}
        told["recorded_at"] = parcel.recorded_at.isoformat()
        return Prepared(parcel.key, encode_row(dates), told)

    def deliver(self, prepared: Prepared) -> Delivered:
        """Put, move and remove the events of a case, unless something newer has been told of it."""
        record = prepared.headers["record"]
        told_at = datetime.fromisoformat(prepared.headers["recorded_at"])
        newest = self.context.filed_last(record)
        if newest is not None and newest > told_at:
            return Delivered(prepared.key, DeliveredAs.ALREADY_THERE, "later deadlines are there")
        changed = False
        with self._opened() as shelf:
            for duty, due in decode_row(prepared.body).items():
                event = Event(record, duty, due, told_at) if isinstance(due, date) else None
                try:
                    changed |= _brought_up_to_date(shelf, self._name(record, duty), event)
                except (Retryable, Unavailable):
                    if changed:  # a part of it is there
                        raise ending(Ambiguous, "FF-565") from None
                    raise
        how = DeliveredAs.UPDATED if changed else DeliveredAs.ALREADY_THERE
        return Delivered(prepared.key, how, record)

    def take_back(self, prepared: Prepared) -> bool:
        """Remove the events of a test."""
        record = prepared.headers["record"]
        with self._opened() as shelf:
            for duty in decode_row(prepared.body):
                _brought_up_to_date(shelf, self._name(record, duty), None)
        return True

    def _name(self, record: str, duty: str) -> str:
        if self.settings.folder is not None:
            return f"{record} {duty}.ics"
        return quote(f"{uid(record, duty)}.ics")

    @contextmanager
    def _opened(self) -> Iterator[_Shelf]:
        if self.settings.folder is None:
            yield self._server()
            return
        folder = self._folder(self.settings.folder)
        with folder.held():
            yield _Files(folder)

    def _folder(self, root: Path) -> DestinationFolder:
        return DestinationFolder(root, self.kind, self.context)

    def _server(self) -> DavCalendar:
        own = self.settings
        password = own.password.get_secret_value() if own.password else ""
        place = WebServerSettings(
            url=own.url or "", ca_file=own.ca_file, timeout_seconds=own.timeout_seconds
        )
        return DavCalendar(WebServer(place, self.context, basic(own.username, password)))


class _Files:
    """Events as files in a folder that is held."""

    def __init__(self, folder: DestinationFolder) -> None:
        self._folder = folder

    def read(self, name: str) -> tuple[bytes, str] | None:
        """Return a file, None where there is none. Raise Rejected where it is none of ours."""
        path = self._folder.inside(name)
        try:
            content = files.read(path)
        except FileNotFoundError:
            return None
        record, _, duty = path.stem.partition(" ")
        if Known.parse(content).uid != uid(record, duty):
            raise self._folder.in_the_way(path)
        return content, ""

    def write(self, name: str, content: bytes, tag: str | None) -> None:  # noqa: ARG002 - held, so as it was read
        """Put a file."""
        self._folder.put({self._folder.inside(name): content})

    def remove(self, name: str, tag: str) -> None:  # noqa: ARG002
        """Remove a file."""
        files.patiently(partial(self._folder.inside(name).unlink, missing_ok=True))


def _brought_up_to_date(shelf: _Shelf, name: str, event: Event | None) -> bool:
    """Make one event what it should be, or remove it; return whether anything changed. Raise Retryable."""
    for _ in range(TRIES - 1):
        try:
            return _changed(shelf, name, event)
        except Retryable as problem:
            if problem.code != CHANGED:
                raise
            # Somebody was faster: it may be as it should be now.
    return _changed(shelf, name, event)


def _changed(shelf: _Shelf, name: str, event: Event | None) -> bool:
    there = shelf.read(name)
    if event is None:
        if there is not None:
            shelf.remove(name, there[1])
        return there is not None
    if there is None:
        shelf.write(name, event.as_bytes(0), None)
    else:
        content, tag = there
        known = Known.parse(content)
        if _is_as_it_should_be(known, event):
            return False
        shelf.write(name, event.as_bytes(known.sequence + 1), tag)
    try:
        kept = shelf.read(name)  # some servers say yes to everything
    except (Retryable, Unavailable):
        raise ending(Ambiguous, "FF-565") from None
    if kept is None or not _is_as_it_should_be(Known.parse(kept[0]), event):
        raise ending(Unavailable, "FF-584")
    return True


def _is_as_it_should_be(known: Known, event: Event) -> bool:
    return (known.uid, known.start) == (event.uid, event.start)
