"""SQL table: a row for every record in a table of the agency's own database, whichever SQLAlchemy speaks to.

Rows are found by our reference: a repeat changes nothing, a corrected form changes its row. All rows of a save are in
one transaction, and values are always bound, never part of a statement.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, Self

import sqlalchemy as sa
from pydantic import Field, SecretStr, model_validator

from formflow.sdk import (
    Ambiguous,
    BaseConnector,
    Capabilities,
    CheckLine,
    CheckReport,
    ConnectorSettings,
    Context,
    DataClass,
    Delivered,
    DeliveredAs,
    Ending,
    FieldMap,
    Operation,
    Prepared,
    RecordParcel,
    RepeatSafe,
    Revisions,
    ending,
    row_reference,
    same_heading,
)
from formflow_connectors import mapped_rows
from formflow_connectors.sql import sql_engine, sql_errors
from formflow_connectors.sql.sql_columns import Target, target

ASKED_AT_ONCE = 500  # references in one question
_WHICH = "formflow row"  # the reference by which an UPDATE finds its row: no column is called so
TRIES = 3  # where another has just written the same row


class _WrittenMeanwhile(Exception):
    """Another has just written the same row: the same goes well in a new transaction."""


class SqlTableSettings(ConnectorSettings):
    """Which table of which database, and how its columns are filled."""

    url: SecretStr = Field(
        description="The database, such as postgresql://user:password@server/name, as env:NAME or file:PATH."
    )
    table: str = Field(
        min_length=1,
        description="The table. It must be there; “safeguarding.incidents” is one in a schema.",
    )
    columns: FieldMap = Field(
        description="The columns of the table, and how each is filled. All others are left alone.",
        examples=[{"happened_on": "{incident_day}", "level": "{level}"}],
    )
    reference_column: str = Field(
        min_length=1,
        description="The column that holds FormFlow’s reference. It needs a unique index.",
    )
    revisions: Revisions = Field(
        "update",
        description="A corrected form changes the row of its record (“update”) or adds one (“append”).",
    )
    timeout_seconds: float = Field(
        20, ge=1, le=50, description="For connecting, for each statement and for locks."
    )

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if same_heading(self.reference_column) in map(same_heading, self.columns.headings):
            raise ValueError("reference_column is filled by FormFlow; leave it out of columns")
        return self


class SqlTable(BaseConnector[SqlTableSettings]):
    """Puts a row for every record into a table of a database."""

    kind = "sql_table"
    api_version = 2
    Settings = SqlTableSettings
    capabilities = Capabilities(
        repeat_safe=RepeatSafe.NATURAL,
        operations=frozenset({Operation.RECORD}),
        carries=DataClass.FULL,
        batch=200,
    )

    def __init__(self, settings: SqlTableSettings, context: Context) -> None:
        super().__init__(settings, context)
        self._engine: sa.Engine | None = None
        self._target: Target | None = None

    def check(self) -> CheckReport:
        """Say whether the database lets us in, and the table is as the settings say."""
        try:
            with self._connected() as connection:
                found = self._known(connection).table
        except Ending as problem:
            return CheckReport((CheckLine(False, problem.text),))
        told = f"The table “{found.name}” is there, with the {len(found.columns)} columns that FormFlow fills."
        return CheckReport((CheckLine(True, told),))

    def prepare(self, parcel: RecordParcel) -> Prepared:
        """Return the values of one row, and the reference by which it is found."""
        return mapped_rows.prepared(
            parcel, self.settings.columns, self.settings.reference_column, self.settings.revisions
        )

    def deliver(self, prepared: Prepared) -> Delivered:
        """Put one row into the table."""
        (came,) = self.deliver_batch([prepared])
        if isinstance(came, Ending):
            raise came
        return came

    def deliver_batch(self, prepared: Sequence[Prepared]) -> list[Delivered | Ending]:
        """Put rows into the table in one transaction. What stops one stops all: the core then tries halves."""
        for _ in range(TRIES - 1):
            with contextlib.suppress(_WrittenMeanwhile):
                return self._put(prepared)
        return self._put(prepared, is_last=True)

    def look_up_by_reference(self, wanted: Mapping[str, tuple[str, int]]) -> list[Delivered]:
        """Return the table for each row that is there."""
        revisions = self.settings.revisions
        named = {key: row_reference(*one, revisions) for key, one in wanted.items()}
        with self._connected() as connection:
            found = self._rows(connection, self._known(connection), [*named.values()])
        return [
            self._delivered(key, DeliveredAs.ALREADY_THERE)
            for key, name in named.items()
            if name in found
        ]

    def take_back(self, prepared: Prepared) -> bool:
        """Remove the row of a test; return whether there was one."""
        with self._connected() as connection:
            there = self._known(connection)
            column = there.table.columns[there.reference]
            name = mapped_rows.name(prepared)
            gone = connection.execute(sa.delete(there.table).where(column == name)).rowcount
            self._commit(connection)
        return gone == 1

    def close(self) -> None:
        """Close every connection."""
        if self._engine is not None:
            self._engine.dispose()

    def _put(
        self, prepared: Sequence[Prepared], *, is_last: bool = False
    ) -> list[Delivered | Ending]:
        with self._connected(may_repeat=not is_last) as connection:
            there = self._known(connection)
            found = self._rows(connection, there, [mapped_rows.name(one) for one in prepared])
            told = mapped_rows.sort_out(
                prepared,
                dict.fromkeys(found, 1),
                self.context,
                self.settings.table,
                must_be_there=self.settings.revisions == "update",
            )
            fitted = {name: there.fitted(row) for name, row in told.rows.items()}
            fresh = {name: row for name, row in fitted.items() if name not in found}
            changed = {
                name: row
                for name, row in fitted.items()
                if name in found and not row.items() <= found[name].items()
            }
            self._insert(connection, there, fresh)
            self._update(connection, there, changed)
            self._commit(connection)
        return [
            told.held_back.get(one.key)
            or self._delivered(one.key, _how(mapped_rows.name(one), fresh, changed))
            for one in prepared
        ]

    def _rows(
        self, connection: sa.Connection, there: Target, names: Sequence[str]
    ) -> dict[str, dict[str, Any]]:
        """Return the rows that have one of these references."""
        column = there.table.columns[there.reference]
        found: dict[str, dict[str, Any]] = {}
        for start in range(0, len(names), ASKED_AT_ONCE):
            wanted = names[start : start + ASKED_AT_ONCE]
            rows = connection.execute(sa.select(there.table).where(column.in_(wanted)))
            found |= {row[there.reference]: dict(row) for row in rows.mappings()}
        return found

    def _insert(
        self, connection: sa.Connection, there: Target, fresh: Mapping[str, Mapping[str, object]]
    ) -> None:
        # What is not known is left out, so that the column takes what is usual there.
        for _, alike in groupby(sorted(fresh.values(), key=_columns), key=_columns):
            connection.execute(sa.insert(there.table), [*alike])

    def _update(
        self, connection: sa.Connection, there: Target, changed: Mapping[str, Mapping[str, object]]
    ) -> None:
        which = sa.update(there.table).where(
            there.table.columns[there.reference] == sa.bindparam(_WHICH)
        )
        rows = [{_WHICH: name, **row} for name, row in changed.items()]
        for columns, alike in groupby(sorted(rows, key=_columns), key=_columns):
            values: dict[str, sa.BindParameter[Any]] = {
                name: sa.bindparam(name)
                for name in columns
                if name not in (_WHICH, there.reference)
            }
            connection.execute(which.values(values), [*alike])

    def _commit(self, connection: sa.Connection) -> None:
        """Make the rows durable. Raise Ambiguous where the connection breaks just then."""
        try:
            connection.commit()
        except sa.exc.SQLAlchemyError as problem:
            if sql_errors.is_lost(problem):
                raise ending(Ambiguous, "FF-539") from None
            raise

    @contextlib.contextmanager
    def _connected(self, *, may_repeat: bool = False) -> Iterator[sa.Connection]:
        """Yield a connection; what is not committed is undone. Raise one of the endings."""
        try:
            with self._opened().connect() as connection:
                yield connection
        except sa.exc.SQLAlchemyError as problem:
            self._target = None  # somebody may have changed the table
            if may_repeat and sql_errors.may_go_now(problem):
                raise _WrittenMeanwhile from None
            # From nothing: a database quotes the row that it was given.
            raise sql_errors.ending_of(problem) from None

    def _known(self, connection: sa.Connection) -> Target:
        """Return the table as the database knows it, asked once."""
        if self._target is None:
            own = self.settings
            self._target = target(connection, own.table, own.reference_column, own.columns.headings)
        return self._target

    def _opened(self) -> sa.Engine:
        if self._engine is None:
            self._engine = sql_engine.engine(self.settings.url, self.settings.timeout_seconds)
        return self._engine

    def _delivered(self, key: str, how: DeliveredAs) -> Delivered:
        return Delivered(key, how, self.settings.table)


def _columns(row: Mapping[str, object]) -> list[str]:
    return sorted(row)


def _how(name: str, fresh: Collection[str], changed: Collection[str]) -> DeliveredAs:
    if name in fresh:
        return DeliveredAs.CREATED
    return DeliveredAs.UPDATED if name in changed else DeliveredAs.ALREADY_THERE
