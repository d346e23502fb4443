"""Since when each destination lacks something: how old the oldest news is that it does not hold yet."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, func, select

from formflow.storage.schema import (
    Arrival,
    Entry,
    OwnAlert,
    Parcel,
    Task,
    TaskKind,
    TaskState,
    table_of,
    task_is,
)


def lacking_since(connection: Connection) -> dict[str, datetime]:
    """Return of each destination that lacks something the moment of the oldest entry, arrival or alert of it."""
    rows = connection.execute(_LACKING)
    return {row.lane: datetime.fromisoformat(row.since) for row in rows if row.since}


_T, _PARCEL = table_of(Task).c, table_of(Parcel)
_P, _E, _A = _PARCEL.c, table_of(Entry).c, table_of(Arrival).c
_OWN = table_of(OwnAlert).c
_LACKING = (
    select(
        _T.lane,
        func.min(func.coalesce(_P.moment, _A.arrived_at, _E.recorded_at, _OWN.told_at)).label(
            "since"
        ),
    )
    .join_from(table_of(Task), _PARCEL, _P.id == _T.ref_id)
    .outerjoin(table_of(Entry), _E.id == _P.entry_id)
    .outerjoin(table_of(Arrival), _A.id == _P.arrival_id)
    .outerjoin(table_of(OwnAlert), _OWN.reference == _P.own_alert)
    .where(_T.kind == TaskKind.DELIVER, ~task_is(TaskState.DONE))
    .group_by(_T.lane)
)
