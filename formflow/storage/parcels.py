"""The parcels of the ledger: who gets what and why, the bytes once they are prepared, and who holds them."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, insert, or_, select, update

from formflow.core.references import at_revision
from formflow.sdk.contract import Attachment, Operation, Prepared
from formflow.storage import seals
from formflow.storage.database import inserted
from formflow.storage.schema import Cause as Cause
from formflow.storage.schema import Entry, Parcel, Task, TaskState, table_of
from formflow.storage.tasks import Claimed, LeaseLost, held


@dataclass(frozen=True, slots=True)
class Posted:
    """One parcel that a destination gets: numbers and moments, and nothing confidential."""

    key: str
    destination: str
    operation: Operation
    cause: Cause
    entry_id: int | None = None  # None for an alert about FormFlow itself
    own_alert: str | None = None  # its reference
    arrival_id: int | None = None  # of a paper that came again
    moment: datetime | None = None  # of what is overdue: of which it tells


def add(connection: Connection, posted: Posted) -> int:
    """Write a parcel that is not prepared yet; return its number."""
    row = {
        "key": posted.key,
        "entry_id": posted.entry_id,
        "own_alert": posted.own_alert,
        "destination": posted.destination,
        "operation": posted.operation,
        "cause": posted.cause,
        "arrival_id": posted.arrival_id,
        "moment": posted.moment.isoformat() if posted.moment else None,
        "headers": "{}",
    }
    return inserted(connection, _ADD, row)


def is_there(connection: Connection, key: str) -> bool:
    """Return whether there is a parcel with this key, delivered or not."""
    return connection.execute(_BY_KEY, {"key": key}).first() is not None


def to_deliver(
    connection: Connection, numbers: Collection[int]
) -> dict[int, tuple[Posted, Prepared | None]]:
    """Return parcels by their numbers, each with what is to be sent: None where it is not prepared yet."""
    rows = connection.execute(_PARCELS, {"numbers": list(numbers)})
    return {row.id: (_posted(row), _prepared(row)) for row in rows}


def store(connection: Connection, task: Claimed, owner: str, prepared: Prepared) -> None:
    """Store the bytes of a parcel, in the caller's transaction. Raise LeaseLost when it is no longer ours."""
    words = json.dumps(dict(prepared.headers))
    along = json.dumps([(one.name, one.sha256) for one in prepared.attachments])
    row = {
        "number": task.ref_id,
        "bytes": prepared.body,
        "words": words,
        "along": along,
        "sealed": seals.of_parcel(prepared.body, words, along),
    }
    if connection.execute(_STORE, row | held(task, owner)).rowcount != 1:
        raise LeaseLost


def answers(connection: Connection, ids: Collection[int]) -> list[str]:
    """Return every answer of the papers that some parcels tell of, and of their cases, as it was given."""
    told = connection.execute(_TOLD, {"ids": list(ids)}).all()
    references = {name for row in told for name in (row.reference, row.about) if name}
    rows = connection.execute(_ANSWERS, {"references": list(references)}).scalars()
    stored = [one for row in rows for one in json.loads(row).values()]
    return [text for one in stored for text in {one["value"], one["raw"]} if text]


def note_delivered(
    connection: Connection, number: int, how: str, where: str, now: datetime
) -> None:
    """Note that a destination holds a parcel."""
    said = {"number": number, "at": now.isoformat(), "how": how, "where": where}
    connection.execute(_DELIVERED, said)


def forget_delivered(connection: Connection, numbers: Collection[int]) -> None:
    """Note that a destination no longer holds some parcels: they are to be delivered again."""
    for number in numbers:
        connection.execute(_FORGET, {"number": number})


def told_of(connection: Connection, number: int) -> tuple[str, str] | None:
    """Return the reference of the entry that a parcel tells of, and its destination; None where it has none."""
    row = connection.execute(_TOLD_OF, {"number": number}).first()
    return None if row is None else (row.reference, row.destination)


def _posted(row: Row[*tuple[Any, ...]]) -> Posted:
    return Posted(
        row.key,
        row.destination,
        Operation(row.operation),
        Cause(row.cause),
        row.entry_id,
        row.own_alert,
        row.arrival_id,
        datetime.fromisoformat(row.moment) if row.moment else None,
    )


def _prepared(row: Row[*tuple[Any, ...]]) -> Prepared | None:
    if row.body is None:
        return None
    seals.compare(row.seal, seals.of_parcel(row.body, row.headers, row.attachments))
    attachments = tuple(Attachment(*one) for one in json.loads(row.attachments))
    return Prepared(row.key, row.body, json.loads(row.headers), attachments)


def subjects(connection: Connection, numbers: Collection[int]) -> dict[int, str]:
    """Return what parcels tell of, by their numbers: "FF-2026-000123 r2", or an alert about FormFlow."""
    rows = connection.execute(_SUBJECTS, {"numbers": list(numbers)})
    return {
        row.id: at_revision(row.reference, row.revision) if row.reference else row.own_alert or ""
        for row in rows
    }


_PARCEL, _ENTRY, _TASK = table_of(Parcel), table_of(Entry), table_of(Task)
_P, _T = _PARCEL.c, _TASK.c
_ADD = insert(_PARCEL)
_BY_KEY = select(_P.id).where(_P.key == bindparam("key"))
_PARCELS = select(_PARCEL).where(_P.id.in_(bindparam("numbers", expanding=True)))
_IS_OURS = (
    select(_T.id)
    .where(
        _T.id == bindparam("held"),
        _T.state == TaskState.LEASED,
        _T.owner == bindparam("holder"),
        _T.attempts == bindparam("tried"),
    )
    .exists()
)
_STORE = (
    update(_PARCEL)
    .where(_P.id == bindparam("number"), _IS_OURS)
    .values(
        body=bindparam("bytes"),
        headers=bindparam("words"),
        attachments=bindparam("along"),
        seal=bindparam("sealed"),
    )
)
_TOLD = (
    select(_ENTRY.c.reference, _ENTRY.c.about)
    .join_from(_PARCEL, _ENTRY, _ENTRY.c.id == _P.entry_id)
    .where(_P.id.in_(bindparam("ids", expanding=True)))
)
_ANSWERS = select(_ENTRY.c.answers).where(
    or_(
        _ENTRY.c.reference.in_(bindparam("references", expanding=True)),
        _ENTRY.c.about.in_(bindparam("references", expanding=True)),
    )
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
_FORGET = (
    update(_PARCEL)
    .where(_P.id == bindparam("number"))
    .values(delivered_at=None, delivered_how=None, delivered_where=None)
)
_TOLD_OF = (
    select(_ENTRY.c.reference, _P.destination)
    .join_from(_PARCEL, _ENTRY, _ENTRY.c.id == _P.entry_id)
    .where(_P.id == bindparam("number"))
)
