"""The statements of a test run are compiled once, though every agency of it has a ledger and an engine of its own.

SQLAlchemy keeps what it has compiled for each dialect, makes a dialect for each engine, and never keeps what
makes tables.
"""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Connection, Engine, create_engine, create_mock_engine
from sqlalchemy.schema import ExecutableDDLElement
from sqlmodel import SQLModel

from formflow.storage import sqlite


def share(patch: pytest.MonkeyPatch) -> None:
    """Let all engines that are made from now on share a dialect, and what was compiled for it."""
    first = create_engine("sqlite://")
    first.connect().close()  # only then does its dialect know which SQLite it speaks to
    compiled: dict[Any, Any] = {}

    def sharing(*arguments: Any, **options: Any) -> Engine:
        made = create_engine(*arguments, **options)
        made.dialect = first.dialect
        made.update_execution_options(compiled_cache=compiled)
        return made

    schema = _schema(first)

    def create_all(connection: Connection) -> None:
        for statement in schema:
            connection.exec_driver_sql(statement)

    patch.setattr(sqlite, "create_engine", sharing)
    patch.setattr(SQLModel.metadata, "create_all", create_all)


def _schema(engine: Engine) -> list[str]:
    """Return the statements that make the tables and indexes of a new ledger."""
    statements: list[str] = []

    def note(statement: ExecutableDDLElement, *_: Any, **__: Any) -> None:
        statements.append(str(statement.compile(dialect=engine.dialect)))

    SQLModel.metadata.create_all(create_mock_engine("sqlite://", note), checkfirst=False)
    return statements
