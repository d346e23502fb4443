"""The parcels of the ledger: what was rendered for one destination, and whether that holds it."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, insert, select, update

from formflow.core.references import at_revision
from formflow.storage.database import inserted
from formflow.storage.schema import Entry, Parcel, table_of


@dataclass(frozen=True, slots=True)
class Rendered:
    """What one destination is to get. `body` is None where it could not be rendered."""

    key: str
    body: bytes | None
    headers: Mapping[str, str]
    original_sha256: str | None


def add(
    connection: Connection,
    rendered: Rendered,
    *,
    destination: str,
    operation: str,
    entry_id: int | None,
    own_alert: str | None,
) -> int:
    """Write a parcel; return its number. It belongs to an entry, or to an alert about FormFlow itself."""
    row = {
        "key": rendered.key,
        "entry_id": entry_id,
        "own_alert": own_alert,
        "destination": destination,
        "operation": operation,
        "body": rendered.body,
        "headers": json.dumps(dict(rendered.headers)),
        "original_sha256": rendered.original_sha256,
    }
    return inserted(connection, _ADD, row)


def is_there(connection: Connection, key: str) -> bool:
    """Return whether there is a parcel with this key, delivered or not."""
    return connection.execute(_BY_KEY, {"key": key}).first() is not None


def rendered(connection: Connection, numbers: Collection[int]) -> dict[int, Rendered]:
    """Return parcels by their numbers."""
    rows = connection.execute(_RENDERED, {"numbers": list(numbers)})
    return {
        row.id: Rendered(row.key, row.body, json.loads(row.headers), row.original_sha256)
        for row in rows
    }


def note_delivered(
    connection: Connection, number: int, how: str, where: str, now: datetime
) -> None:
    """Note that a destination holds a parcel."""
    said = {"number": number, "at": now.isoformat(), "how": how, "where": where}
    connection.execute(_DELIVERED, said)


def told_of(connection: Connection, number: int) -> tuple[str, str]:
    """Return the reference of the entry that a parcel tells of, and its destination. Raise NoResultFound."""
    row = connection.execute(_TOLD_OF, {"number": number}).one()
    return row.reference, row.destination


def subjects(connection: Connection, numbers: Collection[int]) -> dict[int, str]:
    """Return what parcels tell of, by their numbers: "FF-2026-000123 r2", or an alert about FormFlow."""
    rows = connection.execute(_SUBJECTS, {"numbers": list(numbers)})
    return {
        row.id: at_revision(row.reference, row.revision) if row.reference else row.own_alert or ""
        for row in rows
    }


_PARCEL, _ENTRY = table_of(Parcel), table_of(Entry)
_P = _PARCEL.c
_ADD = insert(_PARCEL)
_BY_KEY = select(_P.id).where(_P.key == bindparam("key"))
_RENDERED = select(_P.id, _P.key, _P.body, _P.headers, _P.original_sha256).where(
    _P.id.in_(bindparam("numbers", expanding=True))
)
_SUBJECTS = (
    select(_P.id, _P.own_alert, _ENTRY.c.reference, _ENTRY.c.revision)
    .outerjoin(_ENTRY, _ENTRY.c.id == _P.entry_id)
    .where(_P.id.in_(bindparam("numbers", expanding=True)))
)
_DELIVERED = (
    update(_PARCEL)
    .where(_P.id == bindparam("number"))
    .values(
        delivered_at=bindparam("at"),
        delivered_how=bindparam("how"),
        delivered_where=bindparam("where"),
    )
)
_TOLD_OF = (
    select(_ENTRY.c.reference, _P.destination)
    .join_from(_PARCEL, _ENTRY, _ENTRY.c.id == _P.entry_id)
    .where(_P.id == bindparam("number"))
)
