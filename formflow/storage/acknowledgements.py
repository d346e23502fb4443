"""Who has seen which revision, and which alerts still wait for that."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Connection,
    Select,
    bindparam,
    exists,
    literal,
    or_,
    select,
    union_all,
    update,
)

from formflow.core.model import Outcome
from formflow.core.references import at_revision
from formflow.sdk.contract import Operation
from formflow.storage.audit_trail import AuditEvent, Happened, Trail
from formflow.storage.schema import Cause, Entry, OwnAlert, Parcel, table_of

BY_HAND = "moved to Seen"  # how an alert was acknowledged whose page somebody moved


def acknowledge(
    connection: Connection, trail: Trail, reference: str, by: str, now: datetime
) -> int:
    """Note that every revision of a record, or an alert about FormFlow itself, has been seen.

    Return how many were waiting for it.
    """
    seen = {"that": reference, "by": by, "at": now.isoformat()}
    changed = connection.execute(_ACKNOWLEDGE, seen).rowcount
    changed += connection.execute(_ACKNOWLEDGE_OWN, seen).rowcount
    if changed:  # who it was is said by the account: `by` is what somebody typed
        trail.note(connection, now, Happened(AuditEvent.ACKNOWLEDGED, reference))
    return int(changed)


def acknowledge_up_to(
    connection: Connection, trail: Trail, reference: str, revision: int, by: str, now: datetime
) -> int:
    """Note that a revision has been seen, and with it those before; a later one is news.

    `by` are words of ours that say how. Return how many were waiting for it.
    """
    seen = {"that": reference, "by": by, "at": now.isoformat()}
    changed = connection.execute(_ACKNOWLEDGE_UP_TO, {**seen, "newest": revision}).rowcount
    changed += connection.execute(_ACKNOWLEDGE_OWN, seen).rowcount
    if changed:
        name = at_revision(reference, revision)
        trail.note(connection, now, Happened(AuditEvent.ACKNOWLEDGED, name, detail=by))
    return int(changed)


def is_acknowledged(connection: Connection, entry_id: int) -> bool:
    """Return whether somebody has seen a revision."""
    return connection.execute(_WHEN, {"id": entry_id}).scalar_one() is not None


def unseen_alerts(connection: Connection, destination: str) -> dict[str, tuple[str, int]]:
    """Return the alerts of a destination that nobody has seen: key -> reference and revision.

    By key: a page of the same name may tell of another record, from before a backup was put back.
    """
    rows = connection.execute(_UNSEEN, {"destination": destination})
    return {row.key: (row.reference, row.revision) for row in rows}


def ended_alerts(
    connection: Connection, destination: str, lying: Collection[tuple[str, int]]
) -> dict[str, tuple[str, int]]:
    """Return which alerts of a destination somebody has ended, of those that lie there: key -> reference and revision.

    One that says that something came again counts only where that was ended after it was told, and not by the page
    of what came first, which somebody moved: who did that may not have seen it. A reminder ends with what it reminds
    of, and is none of them.
    """
    return _of_those(_ENDED, connection, destination, lying)


def replaced_alerts(
    connection: Connection, destination: str, lying: Collection[tuple[str, int]]
) -> dict[str, tuple[str, int]]:
    """Return which alerts of a destination a later one there replaces, about a corrected form.

    That one says no less: its form was read, a level never falls, and what could not wait and nobody has seen is said
    again. What is said of a sheet is said of that one alone.
    """
    return _of_those(_REPLACED, connection, destination, lying)


def _of_those(
    wanted: Select[Any],
    connection: Connection,
    destination: str,
    lying: Collection[tuple[str, int]],
) -> dict[str, tuple[str, int]]:
    asked = {"destination": destination, "references": [reference for reference, _ in lying]}
    rows = connection.execute(wanted, asked)
    found = {row.key: (row.reference, row.revision) for row in rows}
    return {key: one for key, one in found.items() if one in lying}


_ENTRY, _PARCEL, _OWN = table_of(Entry), table_of(Parcel), table_of(OwnAlert)
_WAITING = _ENTRY.alias("waiting").c
_LATER, _NEWER = _PARCEL.alias("later").c, _ENTRY.alias("newer").c
_OF_A_FORM = (Cause.ENTRY, Cause.ESCALATION)
_ALERTS = (
    select(_PARCEL.c.key, _ENTRY.c.reference, _ENTRY.c.revision)
    .join_from(_PARCEL, _ENTRY, _PARCEL.c.entry_id == _ENTRY.c.id)
    .where(
        _ENTRY.c.reference.in_(bindparam("references", expanding=True)),
        _PARCEL.c.destination == bindparam("destination"),
        _PARCEL.c.operation == Operation.ALERT,
    )
)
_ENDED = _ALERTS.where(
    _ENTRY.c.acknowledged_at.is_not(None),
    or_(
        _PARCEL.c.cause.in_(_OF_A_FORM),
        (_PARCEL.c.cause == Cause.AGAIN)
        & (_PARCEL.c.delivered_at <= _ENTRY.c.acknowledged_at)
        & _ENTRY.c.acknowledged_by.not_like(f"{BY_HAND}%"),
    ),
)
_REPLACED = _ALERTS.where(
    _PARCEL.c.cause.in_(_OF_A_FORM),
    _ENTRY.c.about.is_(None),
    exists().where(
        _NEWER.reference == _ENTRY.c.reference,
        _NEWER.revision > _ENTRY.c.revision,
        _NEWER.outcome.in_((Outcome.RECORDED, Outcome.RETURNED)),
        _LATER.entry_id == _NEWER.id,
        _LATER.destination == _PARCEL.c.destination,
        _LATER.operation == Operation.ALERT,
        _LATER.cause.in_(_OF_A_FORM),
        _LATER.delivered_at.is_not(None),
    ),
)
_SEEN: dict[str, Any] = {"acknowledged_at": bindparam("at"), "acknowledged_by": bindparam("by")}
_ACKNOWLEDGE = (
    update(_ENTRY)
    .where(_ENTRY.c.reference == bindparam("that"), _ENTRY.c.acknowledged_at.is_(None))
    .values(_SEEN)
)
_ACKNOWLEDGE_UP_TO = _ACKNOWLEDGE.where(_ENTRY.c.revision <= bindparam("newest"))
_ACKNOWLEDGE_OWN = (
    update(_OWN)
    .where(_OWN.c.reference == bindparam("that"), _OWN.c.acknowledged_at.is_(None))
    .values(_SEEN)
)
_WHEN = select(_ENTRY.c.acknowledged_at).where(_ENTRY.c.id == bindparam("id"))
# Found from those that are not seen: joined, all parcels would be read.
_UNSEEN = union_all(
    select(_PARCEL.c.key, _ENTRY.c.reference, _ENTRY.c.revision)
    .join_from(_PARCEL, _ENTRY, _PARCEL.c.entry_id == _ENTRY.c.id)
    .where(
        _PARCEL.c.entry_id.in_(select(_WAITING.id).where(_WAITING.acknowledged_at.is_(None))),
        _PARCEL.c.destination == bindparam("destination"),
        _PARCEL.c.operation == Operation.ALERT,
    ),
    select(_PARCEL.c.key, _PARCEL.c.own_alert, literal(1)).where(
        _PARCEL.c.own_alert.in_(select(_OWN.c.reference).where(_OWN.c.acknowledged_at.is_(None))),
        _PARCEL.c.destination == bindparam("destination"),
    ),
)
