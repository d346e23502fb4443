"""Which deliveries wait for a person to file them by hand in another system. Each is a task, done once it is filed."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, and_, bindparam, or_, select, update

from formflow.core.references import at_revision, record_of
from formflow.storage.audit_trail import AuditEvent, Happened, Trail
from formflow.storage.schema import Entry, Parcel, Task, TaskKind, TaskState, table_of


def waiting(connection: Connection, destination: str) -> dict[str, tuple[str, int]]:
    """Return what is still to be filed from a destination: key -> reference and revision, oldest first."""
    rows = connection.execute(_WAITING, {"destination": destination})
    return {row.key: (row.reference, row.revision) for row in rows}


def all_waiting(connection: Connection) -> dict[str, tuple[str, ...]]:
    """Return what is still to be filed, by destination: "FF-2026-000123 r2", oldest first."""
    found: dict[str, tuple[str, ...]] = {}
    for row in connection.execute(_ALL_WAITING):
        name = at_revision(row.reference, row.revision)
        found[row.destination] = (*found.get(row.destination, ()), name)
    return found


def end(connection: Connection, trail: Trail, key: str, destination: str, now: datetime) -> int:
    """Note that a delivery has been filed, and with it what was recorded of the same case before.

    Return how many were waiting for it.
    """
    row = connection.execute(_BY_KEY, {"key": key}).first()
    if row is None:
        return 0
    case = {"record": row.about or row.reference, "newest": row.entry_id}
    count = connection.execute(_END, {"destination": destination, **case}).rowcount
    if count:
        subject = at_revision(row.reference, row.revision)
        trail.note(connection, now, Happened(AuditEvent.FILED_BY_HAND, subject, destination))
    return int(count)


def end_all(
    connection: Connection, trail: Trail, reference: str, destination: str, now: datetime
) -> int:
    """Note that all that was delivered of a case so far has been filed; return how many were waiting for it."""
    case = {"record": record_of(reference), "newest": _ANY}
    count = connection.execute(_END, {"destination": destination, **case}).rowcount
    if count:
        trail.note(connection, now, Happened(AuditEvent.FILED_BY_HAND, reference, destination))
    return int(count)


_ANY = (1 << 63) - 1  # no entry has a higher number
_PARCEL, _ENTRY, _TASK = table_of(Parcel), table_of(Entry), table_of(Task)
_P, _E, _T = _PARCEL.c, _ENTRY.c, _TASK.c
_IS_WAITING = and_(_T.kind == TaskKind.FILE, _T.state != TaskState.DONE)
_ALL_WAITING = (
    select(_P.key, _P.destination, _E.reference, _E.revision)
    .join_from(_TASK, _PARCEL, _P.id == _T.ref_id)
    .join(_ENTRY, _E.id == _P.entry_id)
    .where(_IS_WAITING)
    .order_by(_P.id)
)
_WAITING = _ALL_WAITING.where(_P.destination == bindparam("destination"))
_BY_KEY = (
    select(_P.entry_id, _E.reference, _E.revision, _E.about)
    .join_from(_PARCEL, _ENTRY, _E.id == _P.entry_id)
    .where(_P.key == bindparam("key"))
)
_OF_THE_CASE = (
    select(_P.id)
    .join_from(_PARCEL, _ENTRY, _E.id == _P.entry_id)
    .where(
        or_(_E.reference == bindparam("record"), _E.about == bindparam("record")),
        _E.id <= bindparam("newest"),
        _P.destination == bindparam("destination"),
    )
)
# Parameters are not called like columns: in an update those would be set.
_END = (
    update(_TASK)
    .where(_IS_WAITING, _T.ref_id.in_(_OF_THE_CASE))
    .values(state=TaskState.DONE, last_code="", last_text="", owner=None)
)
