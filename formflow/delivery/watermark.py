"""How far the numbers have come that destinations hold: a small hidden file in the DSL's own folders.

It is raised before anything with a new number is delivered. Where it is higher than the ledger, the ledger
is older than its destinations (a backup was put back) or was begun again: its numbers are moved past
theirs, it goes on under another epoch, and people are told. Nothing waits for a file that is out of reach.
"""

from __future__ import annotations

import contextlib
import json
import logging
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from formflow.core import files
from formflow.core.markers import is_marked
from formflow.core.settings import Settings
from formflow.core.wording import moment_in_words
from formflow.delivery import own_alerts
from formflow.delivery.context import DeliveryContext
from formflow.storage import counters, entries
from formflow.storage.database import Connection, reading, writing

log = logging.getLogger("formflow")

MARKER = ".formflow-ledger"
LONGEST_BYTES = 1 << 16
_COUNTED = re.compile(r"entries|reference-\d{4}|child-\d{4}")


@dataclass(frozen=True, slots=True)
class Mark:
    """What one folder says of the ledger that delivered to it."""

    given: Mapping[str, int]  # the last number of each kind
    at: datetime | None  # when that was noted


def begin(context: DeliveryContext) -> None:
    """Go on under a fresh epoch unless a folder can be asked how far the numbers have come."""
    # Otherwise a copy that was put back while the share is away would number new children like others.
    if not any(mark.given for mark in marks(context.settings).values()):
        with writing(context.engine) as connection:
            counters.renew_epoch(connection)


def keep(context: DeliveryContext, now: datetime) -> None:
    """Raise the marks to what the ledger has given out; where they are higher, move the ledger past them."""
    # The marks first: what another worker raises meanwhile is in the ledger by the time we look there.
    found = marks(context.settings)
    with reading(context.engine) as connection:
        ours = counters.given(connection)
    if _is_higher(_highest(found), ours):
        ours = _catch_up(context, found, now)
    for folder, mark in found.items():
        if mark.given != ours:
            _write(folder, ours, now, context)


def is_behind(settings: Settings, connection: Connection) -> bool:
    """Return whether the folders hold numbers that this ledger has not given out."""
    return _is_higher(_highest(marks(settings)), counters.given(connection))


def marks(settings: Settings) -> dict[Path, Mark]:
    """Return what each folder says that can be asked just now."""
    return dict(_marks(settings))


def highest(settings: Settings) -> dict[str, int]:
    """Return the highest number of each kind that a folder says was given out."""
    return _highest(marks(settings))


def _marks(settings: Settings) -> Iterator[tuple[Path, Mark]]:
    for folder in (settings.folders.alerts, settings.folders.to_decide):
        with contextlib.suppress(OSError):  # a share that is away is asked again later
            if is_marked(folder) or (folder / MARKER).is_file():
                yield folder, _read(folder / MARKER)


def _read(path: Path) -> Mark:
    """Return what a file says; nothing where it is not there or damaged. Raise OSError."""
    try:
        with files.opened(path) as file:
            content = file.read(LONGEST_BYTES)
    except (FileNotFoundError, files.NotAFile):
        return Mark({}, None)
    try:
        said = json.loads(content)
        counts = {str(name): _number(name, last) for name, last in said["given"].items()}
        return Mark(counts, datetime.fromisoformat(said["at"]).astimezone(UTC))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, OverflowError):
        log.warning("a file %s is damaged and is written again", MARKER)
        return Mark({}, None)


def _number(name: str, last: Any) -> int:
    if not _COUNTED.fullmatch(name) or type(last) is not int or not 0 <= last < 10**9:
        raise ValueError(name)
    return last


def _write(folder: Path, given: Mapping[str, int], now: datetime, context: DeliveryContext) -> None:
    with reading(context.engine) as connection:
        epoch = counters.epoch(connection)
    words = {
        "what": "FormFlow notes here which numbers it has given out. Leave this file here.",
        "epoch": epoch,
        "given": given,
        "at": now.isoformat(),
    }
    with contextlib.suppress(OSError):  # out of reach: raised at the next turn
        files.write(folder / MARKER, json.dumps(words, indent=1).encode())


def _highest(found: Mapping[Path, Mark]) -> dict[str, int]:
    highest: dict[str, int] = {}
    for mark in found.values():
        for name, last in mark.given.items():
            highest[name] = max(last, highest.get(name, 0))
    return highest


def _is_higher(theirs: Mapping[str, int], ours: Mapping[str, int]) -> bool:
    return any(last > ours.get(name, 0) for name, last in theirs.items())


def _catch_up(
    context: DeliveryContext, found: Mapping[Path, Mark], now: datetime
) -> dict[str, int]:
    """Move the ledger past the marks, go on under another epoch, and tell; return its numbers."""
    theirs = _highest(found)
    with writing(context.engine) as connection:
        if not _is_higher(theirs, counters.given(connection)):
            return counters.given(connection)  # another worker has just done it
        newest = entries.newest(connection)
        counters.move_past(connection, theirs)
        counters.renew_epoch(connection)
        words = _when(context.settings, newest, [mark.at for mark in found.values() if mark.at])
        own_alerts.tell(connection, context, "FF-422", words, now)
        ours = counters.given(connection)
    log.warning("the ledger is older than what its destinations hold, or was begun again (FF-422)")
    return ours


def _when(settings: Settings, newest: datetime | None, noted: list[datetime]) -> dict[str, str]:
    return {
        "newest": f"Its newest record is from {moment_in_words(newest, settings.zone)}"
        if newest
        else "It holds no record at all",
        "until": moment_in_words(max(noted), settings.zone),
    }
