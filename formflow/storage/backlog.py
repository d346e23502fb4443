"""What is held up: since when each destination lacks something, and what met trouble apart from deliveries."""

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


def held_up(connection: Connection) -> dict[str, int]:
    """Return how many tasks that neither read nor deliver met trouble and are not done, by its code."""
    return {row.code: row.tasks for row in connection.execute(_HELD_UP)}


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
_HELD_UP = (
    select(_T.last_code.label("code"), func.count().label("tasks"))
    .where(
        task_is(TaskState.READY),
        _T.kind.not_in((TaskKind.READ, TaskKind.DELIVER)),
        _T.last_code.startswith(
            "FF-"
        ),  # other words say until when it waits, and that is no trouble
    )
    .group_by(_T.last_code)
)
