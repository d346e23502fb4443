"""Does each cell of the ledger hold something that FormFlow writes? A seal covers what never changes; this covers the rest.

SQLite takes any value in any column, and a byte that flips in the head of a row makes a text a number. So
whoever reads a row takes it for what it is meant to be, and this is asked where that fails.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime
from enum import Enum
from functools import cache
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Float,
    Integer,
    LargeBinary,
    Select,
    Table,
    and_,
    case,
    cast,
    func,
    or_,
    select,
)
from sqlalchemy.exc import DatabaseError, SQLAlchemyError
from sqlmodel import SQLModel

from formflow.core.model import CaseState, Light, Outcome, Role
from formflow.sdk.contract import Operation
from formflow.storage import counters, sqlite
from formflow.storage.schema import AuditEvent, Cause, TaskKind, TaskState

# In every time zone what lies between is a day of the calendar.
EARLIEST, LATEST = datetime(2, 1, 1, tzinfo=UTC), datetime(9998, 1, 1, tzinfo=UTC)
# What rows fail with that are read as if they were sound.
MISREAD = (
    ArithmeticError,
    AttributeError,
    LookupError,
    MemoryError,
    RecursionError,
    TypeError,
    ValueError,
    SQLAlchemyError,
)


def is_readable(connection: Connection) -> bool:
    """Return whether the ledger is as SQLite wrote it, and each cell holds something that FormFlow writes."""
    try:
        return sqlite.is_sound(connection) and next(wrong_cells(connection), None) is None
    except DatabaseError as problem:
        if sqlite.is_damage(problem):
            return False
        raise


def wrong_cells(connection: Connection) -> Iterator[str]:
    """Yield in words which columns hold what FormFlow does not write, or are not there."""
    for name, parse in _PARSED.items():
        sqlite.lend(connection, name, _parses(parse))
    for table in SQLModel.metadata.sorted_tables:
        missing = {column.name for column in table.c} - sqlite.columns(connection, table.name)
        if missing:
            yield f"The table “{table.name}” is not as FormFlow made it."
            continue
        for column, count in connection.execute(_count(table)).one()._mapping.items():
            if count:
                yield f"In the table “{table.name}”, “{column}” holds what FormFlow does not write: rows {count}."
    if not counters.has_epoch(connection):
        yield "The epoch of the ledger is missing."


@cache
def _count(table: Table) -> Select[Any]:
    """Return the statement that counts the wrong cells in each column of a table."""
    asked = (func.sum(case((_is_wrong(one), 1), else_=0)).label(one.name) for one in table.c)
    return select(*asked).select_from(table)


def _moment(content: bytes) -> None:
    """Raise ValueError or TypeError for what is no moment, or one without its time zone."""
    if not EARLIEST < datetime.fromisoformat(content.decode()) < LATEST:
        raise ValueError(content)


def _day(content: bytes) -> None:
    """Raise ValueError for what is no day."""
    date.fromisoformat(content.decode())


def _parses(parse: Callable[[bytes], object]) -> Callable[[bytes], bool]:
    """Return what says whether the bytes of a text can be parsed."""

    def check(content: bytes) -> bool:
        try:
            parse(content)
        except (TypeError, ValueError):
            return False
        return True

    return check


def _is_wrong(column: Column[object]) -> ColumnElement[bool]:
    """Return the condition that a cell holds what FormFlow does not write."""
    kind = next(name for types, name in _STORED_AS if isinstance(column.type, types))
    is_other = func.typeof(column).not_in([kind, *(["null"] if column.nullable else [])])
    match _KINDS.get(f"{column.table}.{column.name}"):
        case None:
            return is_other
        case str() as name:
            is_so = getattr(func, name)(cast(column, LargeBinary)) == 1
        case (earliest, latest):
            is_so = column.between(earliest, latest)
        case words:
            is_so = column.in_(list(words))
    return or_(is_other, and_(func.typeof(column) == kind, ~is_so))


_STORED_AS: tuple[tuple[type[object], str], ...] = (
    (Boolean, "integer"),
    (Integer, "integer"),
    (Float, "real"),
    (LargeBinary, "blob"),
    (object, "text"),
)
MOMENT, DAY, WORDS, PAIRS = "is_moment", "is_day", "is_words", "is_pairs"
TRIPLES, TEXTS, UNDONE = "is_triples", "is_texts", "is_undone"
_PARSED: Mapping[str, Callable[[bytes], object]] = {
    MOMENT: _moment,
    DAY: _day,
    WORDS: TypeAdapter(dict[str, str]).validate_json,
    PAIRS: TypeAdapter(tuple[tuple[str, str], ...]).validate_json,
    TRIPLES: TypeAdapter(tuple[tuple[str, str, str], ...]).validate_json,
    TEXTS: TypeAdapter(tuple[str, ...]).validate_json,
    UNDONE: TypeAdapter(dict[str, tuple[tuple[str, ...], ...]]).validate_json,
}
_SECONDS = (0.0, LATEST.timestamp())
# What is parsed of that which no seal covers before it is.
_KINDS: Mapping[str, str | tuple[float, float] | type[Enum]] = {
    "sighting.changed_at": MOMENT,
    "paper.received_at": MOMENT,
    "paper.words": WORDS,
    "paper.role": Role,
    "arrival.arrived_at": MOMENT,
    "arrival.duplicate": (0, 1),
    "arrival.role": Role,
    "child.born": DAY,
    "entry.outcome": Outcome,
    "entry.received_at": MOMENT,
    "entry.recorded_at": MOMENT,
    "entry.incident_day": DAY,
    "entry.light": Light,
    "entry.highest_light": Light,
    "entry.acknowledged_at": MOMENT,
    "entry.role": Role,
    "entry.urgent": (0, 1),
    "case_change.state": CaseState,
    "case_change.at": MOMENT,
    "case_change.reasons": WORDS,
    "disposal.at": MOMENT,
    "disposal.papers": TRIPLES,
    "disposal.kept": TEXTS,
    "disposal.undone": UNDONE,
    "parcel.operation": Operation,
    "parcel.cause": Cause,
    "parcel.moment": MOMENT,
    "parcel.headers": WORDS,
    "parcel.attachments": PAIRS,
    "parcel.delivered_at": MOMENT,
    "task.kind": TaskKind,
    "task.state": TaskState,
    "task.lease_until": _SECONDS,
    "task.due": _SECONDS,
    "task.unclear": (0, 1),
    "silence.since": MOMENT,
    "own_alert.words": WORDS,
    "own_alert.told_at": MOMENT,
    "own_alert.acknowledged_at": MOMENT,
    "audit_line.at": MOMENT,
    "audit_line.event": AuditEvent,
}
