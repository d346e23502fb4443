"""The audit trail: who did what, when and from where, written in the transaction that does it.

Lines are only ever added. Each carries an HMAC-SHA256 over itself and the line before, by a key of its own in
the state folder, and the head says how many there are: a line that was changed, exchanged, taken out or cut
off is noticed. Whoever holds the key can write another trail; the heads on the safeguarding lead's pages
tell that from this one. No names of children, no answers.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, insert, literal_column, select, update

from formflow.core.crash_points import crash_at
from formflow.core.errors import StorageProblem
from formflow.core.references import at_revision
from formflow.storage import counters, secret_file
from formflow.storage.database import Engine, reading, writing
from formflow.storage.schema import AuditEvent as AuditEvent
from formflow.storage.schema import AuditHead, AuditLine, Entry, table_of

FILE = "audit.key"
KEY_BYTES = 32
KEY_LOST = "FF-453"  # notice
SERVICE = "service"
SHORT = 12  # hex digits of a line's seal, as they are printed
_SEALED = ("id", "at", "event", "who", "place", "reference", "detail", "digest")


@dataclass(frozen=True, slots=True)
class Happened:
    """What is to be written down; who did it is known to the trail."""

    event: AuditEvent
    reference: str = ""
    place: str = ""
    detail: str = ""
    digest: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One line as it is in the ledger."""

    number: int
    at: datetime
    event: AuditEvent
    who: str
    place: str
    reference: str
    detail: str


@dataclass(frozen=True, slots=True)
class Trail:
    """Writes to the audit trail for one worker or command."""

    key: bytes
    who: str

    def note(self, connection: Connection, now: datetime, *happened: Happened) -> int:
        """Add lines in the caller's transaction; return the number of the last, 0 for none."""
        return self.note_of(connection, [(now, self.who, one) for one in happened])

    def note_of(
        self, connection: Connection, happened: list[tuple[datetime, str, Happened]]
    ) -> int:
        """Add lines, each with its moment and who did it; return the number of the last, 0 for none."""
        if not happened:
            return 0
        head = connection.execute(_HEAD).one()
        number, mac, rows = head.number, head.mac, []
        for at, who, one in happened:
            number += 1
            row = {
                "id": number,
                "at": at.astimezone(UTC).isoformat(),
                "event": one.event,
                "who": who,
                "place": one.place,
                "reference": one.reference,
                "detail": one.detail,
                "digest": one.digest,
            }
            mac = mac_of(self.key, mac, row)
            rows.append(row | {"mac": mac})
        connection.execute(_ADD, rows)
        seal = seal_of(self.key, number, mac)
        connection.execute(_MOVE, {"last": number, "its_mac": mac, "sealed": seal})
        return int(number)


def mac_of(key: bytes, before: str, row: Mapping[Any, Any]) -> str:
    """Return the HMAC of a line, as 64 hex digits, over itself and that of the line before."""
    words = json.dumps([before, *(row[name] for name in _SEALED)]).encode()
    return hmac.digest(key, words, "sha256").hex()


def seal_of(key: bytes, number: int, mac: str) -> str:
    """Return the seal of the head: that the line of this number is the last."""
    return hmac.digest(key, f"head {number} {mac}".encode(), "sha256").hex()


def open_trail(
    folder: Path, engine: Engine, who: str, now: datetime, *, makes_key: bool = True
) -> Trail:
    """Return the trail of a state folder, going on under a new key where it was lost.

    Begin it where there is none. Raise StorageProblem, also for a lost key that is not to be made anew.
    """
    with reading(engine) as connection:
        is_begun = connection.execute(_HEAD).first() is not None
    if is_begun and not makes_key and not secret_file.is_there(folder / FILE, KEY_BYTES):
        raise StorageProblem(
            f"The key of the audit trail, {FILE} in the state folder, is missing or damaged.",
            "Put it back from a backup, or restart “formflow run”: it makes a new one and tells everybody.",
        )
    key, is_new = secret_file.kept(folder / FILE, KEY_BYTES, engine)
    trail = Trail(key, who)
    if not is_begun or is_new:
        _begin(engine, trail, now, is_new=is_new)
        crash_at("audit-key.begun")
    return trail


def first_checkable(connection: Connection) -> int:
    """Return the first line that the present key can vouch for: the earlier ones had a key that was lost."""
    return int(connection.execute(_BEGUN).scalar() or 1)


def is_loss_untold(connection: Connection) -> bool:
    """Return whether the trail goes on under a new key of which nobody has been told yet."""
    begun = first_checkable(connection)
    return begun > 1 and (connection.execute(_LOSS_TOLD).scalar() or 0) < begun


def _begin(engine: Engine, trail: Trail, now: datetime, *, is_new: bool) -> None:
    """Begin the trail, or go on with it under a new key."""
    with writing(engine) as connection:
        is_begun = connection.execute(_HEAD).first() is not None
        if is_begun and not is_new:
            return  # another worker has just begun it
        if not is_begun:
            connection.execute(_BEGIN)
        trail.note(connection, now, Happened(AuditEvent.BEGUN))
        if counters.ENTRIES in counters.given(connection):
            _take_over(connection, trail, now)


def note_settings(engine: Engine, trail: Trail, digest: str, now: datetime) -> None:
    """Note the settings that a worker starts with, unless they are those of the last one."""
    with reading(engine) as connection:  # as a rule they are, and nothing needs the lock
        before = connection.execute(_SETTINGS).scalar()
    if before != digest:
        with writing(engine) as connection:
            trail.note(connection, now, Happened(AuditEvent.SETTINGS, digest=digest))


def printed(number: int, mac: str) -> str:
    """Return how a line is called on paper: its number and the beginning of its seal."""
    return f"{number}-{mac[:SHORT]}"


def head(connection: Connection) -> str:
    """Return how the last line is called; "" where there is no trail yet."""
    found = connection.execute(_HEAD).first()
    return printed(found.number, found.mac) if found else ""


def _take_over(connection: Connection, trail: Trail, now: datetime) -> None:
    """Write down the entries from before there was a trail, with their seals."""
    for row in connection.execute(_WITHOUT_A_LINE).all():
        name = at_revision(row.reference, row.revision)
        line = trail.note(connection, now, Happened(AuditEvent.TAKEN_OVER, name, digest=row.seal))
        connection.execute(_GIVE_LINE, {"entry": row.id, "line": line})


def line_of(row: Row[*tuple[Any, ...]]) -> Line:
    """Return a row as a line."""
    at, event = datetime.fromisoformat(row.at), AuditEvent(row.event)
    return Line(row.id, at, event, row.who, row.place, row.reference, row.detail)


_LINE, _HEADS, _ENTRY = table_of(AuditLine), table_of(AuditHead), table_of(Entry)
_ADD = insert(_LINE)
_HEAD = select(_HEADS.c.number, _HEADS.c.mac)
_BEGIN = insert(_HEADS).values(id=1, number=0, mac="", seal="")
_MOVE = update(_HEADS).values(
    number=bindparam("last"), mac=bindparam("its_mac"), seal=bindparam("sealed")
)
_SETTINGS = (
    select(_LINE.c.digest)
    .where(_LINE.c.event == literal_column("'settings'"))
    .order_by(_LINE.c.id.desc())
    .limit(1)
)
_BEGUN = select(func.max(_LINE.c.id)).where(_LINE.c.event == AuditEvent.BEGUN)
_LOSS_TOLD = select(func.max(_LINE.c.id)).where(
    _LINE.c.event == AuditEvent.TOLD, _LINE.c.detail == KEY_LOST
)
_WITHOUT_A_LINE = (
    select(_ENTRY.c.id, _ENTRY.c.reference, _ENTRY.c.revision, _ENTRY.c.seal)
    .where(_ENTRY.c.audit_line.is_(None))
    .order_by(_ENTRY.c.id)
)
_GIVE_LINE = (
    update(_ENTRY).where(_ENTRY.c.id == bindparam("entry")).values(audit_line=bindparam("line"))
)
