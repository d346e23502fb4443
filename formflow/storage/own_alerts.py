"""Alerts about FormFlow itself as the ledger keeps them: what was told, and whether somebody has seen it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, bindparam, insert, or_, select, update

from formflow.core.clock import clock
from formflow.core.errors import LedgerDamaged
from formflow.core.messages import MESSAGES
from formflow.core.references import own_alert_reference
from formflow.storage import counters
from formflow.storage.schema import OwnAlert, Parcel, Task, TaskKind, TaskState, table_of, task_is


@dataclass(frozen=True, slots=True)
class Told:
    """One alert."""

    reference: str
    code: str
    words: Mapping[str, str]  # what fills the braces of the code's message
    since: datetime


def add(connection: Connection, code: str, words: Mapping[str, str], now: datetime) -> str | None:
    """Write an alert; return its reference, None where just this waits already."""
    said = json.dumps(dict(words), sort_keys=True)
    if connection.execute(_WAITS, {"code": code, "words": said}).first() is not None:
        return None
    return write(connection, code, words, now)


def was_told(connection: Connection, code: str, words: Mapping[str, str]) -> bool:
    """Return whether just this has been told, also where somebody has seen it."""
    said = json.dumps(dict(words), sort_keys=True)
    return connection.execute(_TOLD_BEFORE, {"code": code, "words": said}).first() is not None


def write(connection: Connection, code: str, words: Mapping[str, str], now: datetime) -> str:
    """Write an alert; return its reference."""
    number = counters.next_of(connection, "own-alert")
    reference = own_alert_reference(counters.epoch(connection), number)
    said = json.dumps(dict(words), sort_keys=True)
    row = {"reference": reference, "code": code, "words": said, "told_at": now.isoformat()}
    connection.execute(_ADD, row)
    return reference


def change(connection: Connection, reference: str, words: Mapping[str, str], due: float) -> None:
    """Change the words of an alert that has not gone out, and when it does, in seconds since 1970."""
    said = json.dumps(dict(words), sort_keys=True)
    connection.execute(_CHANGE, {"that": reference, "said": said})
    connection.execute(_POSTPONE, {"that": reference, "at": due})


def is_waiting_to_go(connection: Connection, reference: str) -> bool:
    """Return whether nobody has begun to send an alert: what is changed now will be told."""
    return connection.execute(_BEGUN, {"that": reference}).first() is None


def hurry(connection: Connection, code: str) -> bool:
    """Make due at once the alerts of a code that nobody has tried to send; return whether there were any."""
    return connection.execute(_HURRY, {"of_code": code, "now": clock.seconds()}).rowcount > 0


def told_since(connection: Connection, code: str, since: datetime) -> Iterator[Told]:
    """Yield the alerts of a code that were told since a moment, seen or not, oldest first."""
    wanted = {"code": code, "since": since.isoformat()}
    yield from map(_told, connection.execute(_SINCE, wanted))


def told(connection: Connection, reference: str) -> Told:
    """Return one alert. Raise NoResultFound."""
    return _told(connection.execute(_BY_REFERENCE, {"reference": reference}).one())


def unseen(connection: Connection) -> Iterator[Told]:
    """Yield what nobody has seen yet, oldest first."""
    yield from map(_told, connection.execute(_UNSEEN))


def _told(row: Row[*tuple[Any, ...]]) -> Told:
    if row.code not in MESSAGES:  # none is ever taken out of them
        raise LedgerDamaged
    since = datetime.fromisoformat(row.told_at)
    return Told(row.reference, row.code, json.loads(row.words), since)


_ALERT = table_of(OwnAlert)
_A = _ALERT.c
_ADD = insert(_ALERT)
_TOLD_BEFORE = select(_A.reference).where(
    _A.code == bindparam("code"), _A.words == bindparam("words")
)
_WAITS = _TOLD_BEFORE.where(_A.acknowledged_at.is_(None))
_TOLD = select(_A.reference, _A.code, _A.words, _A.told_at)
_BY_REFERENCE = _TOLD.where(_A.reference == bindparam("reference"))
_SINCE = _TOLD.where(_A.code == bindparam("code"), _A.told_at >= bindparam("since")).order_by(
    _A.told_at
)
# Parameters are not called like columns: in an update those would be set.
_CHANGE = update(_ALERT).where(_A.reference == bindparam("that")).values(words=bindparam("said"))
_TASK, _PARCEL = table_of(Task), table_of(Parcel)
_T, _P = _TASK.c, _PARCEL.c
_ITS_PARCELS = select(_P.id).where(_P.own_alert == bindparam("that"))
_BEGUN = (
    select(_P.id)
    .join_from(_PARCEL, _TASK, and_(_T.ref_id == _P.id, _T.kind == TaskKind.DELIVER))
    .where(
        _P.own_alert == bindparam("that"),
        or_(_P.body.is_not(None), ~task_is(TaskState.READY)),
    )
)
_IS_DELIVERY = and_(_T.kind == TaskKind.DELIVER, task_is(TaskState.READY))
_POSTPONE = (
    update(_TASK).where(_IS_DELIVERY, _T.ref_id.in_(_ITS_PARCELS)).values(due=bindparam("at"))
)
_HURRY = (
    update(_TASK)
    .where(
        _IS_DELIVERY,
        _T.attempts == 0,
        _T.due > bindparam("now"),
        _T.ref_id.in_(
            select(_P.id)
            .join_from(_PARCEL, _ALERT, _A.reference == _P.own_alert)
            .where(_A.code == bindparam("of_code"), _A.acknowledged_at.is_(None))
        ),
    )
    .values(due=0)
)
_UNSEEN = _TOLD.where(_A.acknowledged_at.is_(None)).order_by(_A.told_at)
