"""Alerts about FormFlow itself as the ledger keeps them: what was told, and whether somebody has seen it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, insert, select

from formflow.core.references import own_alert_reference
from formflow.storage import counters
from formflow.storage.schema import OwnAlert, table_of


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
    number = counters.next_of(connection, "own-alert")
    reference = own_alert_reference(counters.epoch(connection), number)
    row = {"reference": reference, "code": code, "words": said, "told_at": now.isoformat()}
    connection.execute(_ADD, row)
    return reference


def told(connection: Connection, reference: str) -> Told:
    """Return one alert. Raise NoResultFound."""
    return _told(connection.execute(_BY_REFERENCE, {"reference": reference}).one())


def unseen(connection: Connection) -> Iterator[Told]:
    """Yield what nobody has seen yet, oldest first."""
    yield from map(_told, connection.execute(_UNSEEN))


def _told(row: Row[*tuple[Any, ...]]) -> Told:
    since = datetime.fromisoformat(row.told_at)
    return Told(row.reference, row.code, json.loads(row.words), since)


_ALERT = table_of(OwnAlert)
_A = _ALERT.c
_ADD = insert(_ALERT)
_WAITS = select(_A.reference).where(
    _A.code == bindparam("code"),
    _A.words == bindparam("words"),
    _A.acknowledged_at.is_(None),
)
_TOLD = select(_A.reference, _A.code, _A.words, _A.told_at)
_BY_REFERENCE = _TOLD.where(_A.reference == bindparam("reference"))
_UNSEEN = _TOLD.where(_A.acknowledged_at.is_(None)).order_by(_A.told_at)
