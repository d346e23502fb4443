"""Since when a destination has not answered. The row goes when it answers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, select

from formflow.storage.schema import Silence, table_of
from formflow.storage.sqlite import upsert


@dataclass(frozen=True, slots=True)
class Silent:
    """A destination that does not answer, and since when."""

    destination: str
    since: datetime


def begin(connection: Connection, destination: str, since: datetime) -> None:
    """Note that a destination does not answer, unless that is noted already."""
    connection.execute(_BEGIN, {"destination": destination, "since": since.isoformat()})


def end(connection: Connection, destination: str) -> None:
    """Note that a destination answers."""
    connection.execute(_END, {"that": destination})


def all_of_them(connection: Connection) -> Iterator[Silent]:
    """Yield every destination that does not answer, the longest silence first."""
    for row in connection.execute(_ALL):
        yield Silent(row.destination, datetime.fromisoformat(row.since))


_SILENCE = table_of(Silence)
_BEGIN = upsert(_SILENCE).on_conflict_do_nothing()
_END = delete(_SILENCE).where(_SILENCE.c.destination == bindparam("that"))
_ALL = select(_SILENCE.c.destination, _SILENCE.c.since).order_by(_SILENCE.c.since)
