"""Deadlines as events of a calendar (RFC 5545): a reference, a duty and a date, and nothing else. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Self

_LONGEST = 75  # bytes of a line
_TEXT = re.compile(r"([\\;,])")
_PROPERTY = re.compile(r"^(UID|DTSTART|SEQUENCE)(?:;[^:]*)?:(.*)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Event:
    """One deadline."""

    record: str  # "FF-2026-000123"
    duty: str  # "Decide the level"
    due: date | datetime  # a time is as the agency's clock shows it
    told_at: datetime  # when what says so was recorded, aware

    @property
    def uid(self) -> str:
        """By which every calendar knows it again: the same whenever its date is."""
        return uid(self.record, self.duty)

    @property
    def start(self) -> str:
        """The date or time as calendars write it."""
        form = "%Y%m%dT%H%M%S" if isinstance(self.due, datetime) else "%Y%m%d"
        return self.due.strftime(form)

    def as_bytes(self, sequence: int) -> bytes:
        """Return the event as a calendar of its own; `sequence` counts how often its date was changed."""
        stamp = self.told_at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
        kind = "" if isinstance(self.due, datetime) else ";VALUE=DATE"
        lines = [
            "BEGIN:VCALENDAR",
            "VERSION:2.0",
            "PRODID:-//FormFlow//FormFlow//EN",
            "BEGIN:VEVENT",
            f"UID:{self.uid}",
            f"DTSTAMP:{stamp}",
            f"SEQUENCE:{sequence}",
            f"DTSTART{kind}:{self.start}",
            *self._end(),
            f"SUMMARY:{_escaped(f'{self.record}: {self.duty}')}",
            "CLASS:CONFIDENTIAL",
            "TRANSP:TRANSPARENT",
            "END:VEVENT",
            "END:VCALENDAR",
        ]
        return "".join(f"{part}\r\n" for line in lines for part in _folded(line)).encode()

    def _end(self) -> list[str]:
        if isinstance(self.due, datetime):
            return []  # it ends when it begins
        return [f"DTEND;VALUE=DATE:{self.due + timedelta(days=1):%Y%m%d}"]


@dataclass(frozen=True, slots=True)
class Known:
    """What a calendar holds of an event."""

    uid: str
    start: str
    sequence: int

    @classmethod
    def parse(cls, content: bytes) -> Self:
        """Return what an event says of itself; what it does not say is blank."""
        unfolded = content.decode("utf-8", "replace").replace("\r\n", "\n")
        unfolded = unfolded.replace("\n ", "").replace("\n\t", "")
        event = unfolded.partition("BEGIN:VEVENT")[2]  # a time zone before it has dates of its own
        said = {name: value.strip() for name, value in reversed(_PROPERTY.findall(event))}
        number = said.get("SEQUENCE", "")
        count = int(number[:9]) if number.isascii() and number.isdigit() else 0
        return cls(said.get("UID", ""), said.get("DTSTART", ""), count)


def uid(record: str, duty: str) -> str:
    """Return by which every calendar knows a deadline again."""
    return hashlib.sha256(f"{record}|{duty}".encode()).hexdigest()


def _escaped(text: str) -> str:
    return _TEXT.sub(r"\\\1", text)


def _folded(line: str) -> Iterator[str]:
    """Yield a line in parts that are short enough, each but the first after a space; no letter is cut."""
    part = ""
    for letter in line:
        if len((part + letter).encode()) > _LONGEST:
            yield part
            part = " "
        part += letter
    yield part
