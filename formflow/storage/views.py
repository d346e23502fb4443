"""What was looked at or copied with commands: each view is a small file of its own until a worker adds it to the audit trail.

Commands that look take no lock of the ledger, and no lock may keep anybody from looking. So a view waits here.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import sys
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from formflow.core import files
from formflow.core.clock import utc_now
from formflow.storage.audit_trail import AuditEvent, Happened, Trail
from formflow.storage.database import Engine, writing

FOLDER = "views"
MOST_AT_ONCE = 500
LONGEST_BYTES = 4096


def make_folder(state: Path) -> None:
    """Make the folder in which views wait, for FormFlow's account alone, and take away what a killed command left."""
    (state / FOLDER).mkdir(mode=0o700, exist_ok=True)
    files.sweep(state / FOLDER)


def put(state: Path, who: str, happened: Happened, now: datetime) -> None:
    """Note what was shown or copied. Raise OSError where that cannot be written."""
    folder = state / FOLDER
    words = {"at": now.isoformat(), "who": who, **asdict(happened)}
    file = folder / f"{now:%Y%m%dT%H%M%S.%f}-{secrets.token_hex(4)}.json"
    files.write(file, json.dumps(words).encode())
    if sys.platform != "win32" and os.geteuid() == 0:
        owner = folder.stat()  # the service could not read what root keeps to itself
        os.chown(file, owner.st_uid, owner.st_gid)


def waiting(state: Path) -> list[Path]:
    """Return the views that are not in the trail yet, oldest first."""
    return sorted((state / FOLDER).glob("*.json"))


def collect(state: Path, engine: Engine, trail: Trail) -> int:
    """Add to the trail what was looked at meanwhile; return how many views.

    After a crash in between a view stands there twice. That is better than not at all.
    """
    found = [(path, view) for path in waiting(state)[:MOST_AT_ONCE] for view in _read(path)]
    if not found:
        return 0
    with writing(engine) as connection:
        trail.note_of(connection, [view for _, view in found])
    for path, _ in found:
        with contextlib.suppress(OSError):  # Windows: a virus scanner has it open
            path.unlink()
    return len(found)


def _storable(words: str) -> str:
    """Return words of ours. Raise ValueError for half a letter and other things that are none."""
    if not words.isprintable():
        raise ValueError(words)
    return words


def _read(path: Path) -> Iterator[tuple[datetime, str, Happened]]:
    """Yield the view in a file. What is no view is still a line: somebody has been at it."""
    try:
        with files.opened(path) as file:
            said = json.loads(file.read(LONGEST_BYTES))
        at = datetime.fromisoformat(said["at"]).astimezone(UTC)
        event, reference = AuditEvent(said["event"]), _storable(said["reference"])
        happened = Happened(event, reference, detail=_storable(said["detail"]))
        yield at, _storable(said["who"]), happened
    except OSError:
        return  # another account's, or gone: looked at again at the next turn
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        yield utc_now(), "?", Happened(AuditEvent.VIEWED, detail="note damaged")
