"""The columns of a table in a database as it tells them: whether the settings fit them, and each value made to fit its column."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from difflib import get_close_matches
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine.interfaces import ReflectedColumn

from formflow.sdk import Ending, Rejected, SettingsError, Value, ending, in_words, printable
from formflow_connectors.sql.sql_errors import NO_FIT, TOO_LONG

_YES, _NO = ("yes", "true", "1"), ("no", "false", "0")


@dataclass(frozen=True, slots=True)
class Target:
    """The table, with the columns that are filled."""

    table: sa.Table
    reference: str

    def fitted(self, row: Mapping[str, Value]) -> dict[str, object]:
        """Return a row as its columns take it, without what is not known. Raise Rejected."""
        known = ((name, value) for name, value in row.items() if value is not None)
        return {name: _fitted(self.table.columns[name], value) for name, value in known}


def target(connection: sa.Connection, name: str, reference: str, filled: Collection[str]) -> Target:
    """Return the table of the settings, as the database knows it. Raise SettingsError where they do not fit."""
    schema, _, table = name.rpartition(".")
    inspector = sa.inspect(connection)
    try:
        told = inspector.get_columns(table, schema=schema or None)
    except sa.exc.NoSuchTableError:
        raise _wrong(f"there is no table “{name}”{_near_tables(inspector, name)}") from None
    _must_fit(told, [reference, *filled])
    if (reference,) not in _unique(inspector, table, schema or None):
        raise _wrong(
            f"the column “{reference}” needs a unique index, or a repeat could be there twice"
        )
    columns = [sa.Column(one["name"], one["type"], nullable=one["nullable"]) for one in told]
    wanted = [one for one in columns if one.name in {reference, *filled}]
    return Target(sa.Table(table, sa.MetaData(), *wanted, schema=schema or None), reference)


def _must_fit(told: Sequence[ReflectedColumn], filled: Sequence[str]) -> None:
    """Hold the settings against the columns. Raise SettingsError."""
    names = [one["name"] for one in told]
    for name in filled:
        if name not in names:
            raise _wrong(f"the table has no column “{name}”{_near(name, names)}")
    for one in told:
        if one["name"] not in filled and not _fills_itself(one):
            raise _wrong(
                f"the column “{one['name']}” must be filled, and the settings do not name it"
            )


def _fills_itself(column: ReflectedColumn) -> bool:
    is_counted = column.get("autoincrement") is True or isinstance(column["type"], sa.Integer)
    return bool(
        column["nullable"]
        or column.get("default") is not None
        or column.get("identity")
        or column.get("computed")
        or (is_counted and column.get("autoincrement") in (True, "auto"))
    )


def _unique(inspector: sa.Inspector, table: str, schema: str | None) -> set[tuple[str, ...]]:
    """Return the columns of which no two rows have the same."""
    key = inspector.get_pk_constraint(table, schema=schema)["constrained_columns"]
    named = [one["column_names"] for one in inspector.get_unique_constraints(table, schema=schema)]
    # SQLite tells of indexes that it made for a constraint only when asked; the others know no such word.
    indexes = inspector.get_indexes(table, schema=schema, include_auto_indexes=True)
    # An index over some of the rows alone forbids nothing in the others.
    whole = [
        one for one in indexes if one["unique"] and not _is_partial(one.get("dialect_options"))
    ]
    every: list[Sequence[str | None]] = [key, *named, *(one["column_names"] for one in whole)]
    return {tuple(name or "" for name in columns) for columns in every}


def _is_partial(options: Mapping[str, object] | None) -> bool:
    return any(name.endswith("_where") and told for name, told in (options or {}).items())


def _near_tables(inspector: sa.Inspector, name: str) -> str:
    schema, _, table = name.rpartition(".")
    with contextlib.suppress(
        sa.exc.SQLAlchemyError
    ):  # no such schema: some raise, some say nothing
        return _near(table, inspector.get_table_names(schema=schema or None))
    return ""


def _near(name: str, names: Sequence[str]) -> str:
    folded = {one.casefold(): one for one in names}
    found = get_close_matches(name.casefold(), folded, 2)
    return f"; near to it: {', '.join(f'“{folded[one]}”' for one in found)}" if found else ""


def _fitted(column: sa.Column[object], value: Value) -> object:
    """Return a value as its column takes it. Raise Rejected where it does not: nothing is cut off or guessed."""
    for kind, fit in _FITS:
        if isinstance(column.type, kind):
            made = fit(value)
            break
    else:
        made = _as_text(value)
    if made is None:
        raise _no_fit(column, NO_FIT)
    length = getattr(column.type, "length", None)
    if isinstance(made, str) and isinstance(length, int) and len(made) > length:
        raise _no_fit(column, TOO_LONG)
    allowed = getattr(column.type, "enums", None)
    if allowed and made not in allowed:
        raise _no_fit(column, NO_FIT)
    return made


def _as_text(value: Value) -> str:
    return printable(in_words(value))


def _as_moment(value: Value) -> datetime | None:
    if isinstance(value, datetime):
        return value
    return datetime.combine(value, time()) if isinstance(value, date) else None


def _as_day(value: Value) -> date | None:
    if isinstance(value, date):  # a moment too: as the agency's clock shows it
        return date(value.year, value.month, value.day)
    return None


def _as_yes_or_no(value: Value) -> bool | None:
    said = in_words(value).casefold()
    return True if said in _YES else False if said in _NO else None


def _as_number(value: Value) -> int | None:
    if isinstance(value, str):
        return int(value) if value.isascii() and value.isdecimal() else None
    return value if isinstance(value, int) else None


_FITS: Sequence[tuple[type[Any], Callable[[Value], object]]] = (
    (sa.DateTime, _as_moment),
    (sa.Date, _as_day),
    (sa.Boolean, _as_yes_or_no),
    (sa.Integer, _as_number),
    (sa.Numeric, _as_number),
)


def _wrong(why: str) -> Ending:
    return ending(SettingsError, "FF-536", why=why)


def _no_fit(column: sa.Column[object], why: str) -> Ending:
    return ending(Rejected, "FF-537", why=f"{why} (“{column.name}”)")
