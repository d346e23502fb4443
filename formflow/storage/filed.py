"""What destinations hold by the ledger: what was delivered to each and should still be there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, or_, select

from formflow.core.references import at_revision
from formflow.sdk.contract import Operation
from formflow.storage import waiting
from formflow.storage.parcels import Cause
from formflow.storage.schema import Entry, OwnAlert, Parcel, table_of

RECENT = (
    10_000  # parcels: what was filed last is looked for in them, and the whole table is not read
)


@dataclass(frozen=True, slots=True)
class Filed:
    """Something that a destination should hold."""

    key: str  # by which it is found there
    subject: str  # "FF-2026-000123 r2", or the reference of an alert about FormFlow
    parcels: tuple[int, ...]  # the numbers of those that bring it back, in their order


def newest(connection: Connection, destination: str, most: int) -> list[str]:
    """Return where the last deliveries to a destination are, the newest first; [] where it got none of late."""
    return list(connection.execute(_NEWEST, {"destination": destination, "most": most}).scalars())


def is_in(connection: Connection, destination: str, where: str) -> bool:
    """Return whether anything was delivered to just this place of a destination of late."""
    row = connection.execute(_IN, {"destination": destination, "where": where}).first()
    return row is not None


def last_recorded(connection: Connection, destination: str, reference: str) -> datetime | None:
    """Return when the newest that a destination holds of a record, or of a sheet about it, was recorded."""
    wanted = {"destination": destination, "first": reference, "end": f"{reference}."}
    last = connection.execute(_LAST_RECORDED, wanted).scalar()
    return datetime.fromisoformat(last) if last else None


def kept(connection: Connection, destination: str) -> list[Filed]:
    """Return what was delivered to a destination and is still to be there."""
    rows = connection.execute(_KEPT, {"destination": destination}).all()
    return [*_each(rows), *_pages(rows, set(waiting.undecided(connection)))]


def _each(rows: Sequence[Any]) -> Iterator[Filed]:
    """Yield records and alerts: each stays, whatever comes later."""
    for row in rows:
        if row.operation != Operation.DECIDE:
            yield Filed(row.key, _subject(row), (row.id,))


def _pages(rows: Sequence[Any], undecided: set[str]) -> Iterator[Filed]:
    """Yield the page of each case that is undecided. The newest has replaced those before, but not their sheets."""
    cases: dict[str, list[Any]] = {}
    for row in rows:
        if row.operation == Operation.DECIDE and (case := row.about or row.reference) in undecided:
            cases.setdefault(case, []).append(row)
    for case, of_it in cases.items():
        yield Filed(of_it[-1].key, case, tuple(row.id for row in of_it))


def _subject(row: Row[*tuple[Any, ...]]) -> str:
    return at_revision(row.reference, row.revision) if row.reference else str(row.own_alert)


_PARCEL, _ENTRY, _OWN = table_of(Parcel), table_of(Entry), table_of(OwnAlert)
_P, _E, _ANY = _PARCEL.c, _ENTRY.c, _PARCEL.alias("any").c
_DELIVERED = (_P.destination == bindparam("destination"), _P.delivered_at.is_not(None))
_IS_RECENT = _P.id > select(func.max(_ANY.id)).scalar_subquery() - RECENT
_NEWEST = (
    select(_P.delivered_where)
    .where(*_DELIVERED, _IS_RECENT)
    .order_by(_P.id.desc())
    .limit(bindparam("most"))
)
_IN = (
    select(_P.id).where(*_DELIVERED, _IS_RECENT, _P.delivered_where == bindparam("where")).limit(1)
)
# “-”, with which the reference of a sheet goes on, comes just before “.”.
_LAST_RECORDED = (
    select(func.max(_E.recorded_at))
    .join_from(_PARCEL, _ENTRY, _E.id == _P.entry_id)
    .where(
        *_DELIVERED,
        _P.operation == Operation.RECORD,
        _E.reference >= bindparam("first"),
        _E.reference < bindparam("end"),
    )
)
_IS_UNSEEN = or_(
    _E.acknowledged_at.is_(None) & _P.entry_id.is_not(None),
    _OWN.c.acknowledged_at.is_(None) & _P.own_alert.is_not(None),
)
_KEPT = (
    select(_P.id, _P.key, _P.operation, _P.own_alert, _E.reference, _E.revision, _E.about)
    .outerjoin(_ENTRY, _E.id == _P.entry_id)
    .outerjoin(_OWN, _OWN.c.reference == _P.own_alert)
    .where(
        *_DELIVERED,
        or_(
            _P.operation.in_((Operation.RECORD, Operation.DECIDE)),
            # Whoever has seen an alert may put its page away; a reminder comes again by itself.
            (_P.operation == Operation.ALERT) & (_P.cause != Cause.REMINDER) & _IS_UNSEEN,
        ),
    )
    .order_by(_P.id)
)
