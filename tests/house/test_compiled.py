"""What is shared between the ledgers of a test run changes nothing in them."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import MetaData, create_engine
from sqlalchemy.sql.compiler import SQLCompiler
from sqlmodel import SQLModel

from formflow.storage import counters, database

DEFINED = "SELECT type, name, sql FROM sqlite_master ORDER BY name"


def test_a_new_ledger_has_the_tables_and_indexes_that_sqlalchemy_makes(tmp_path: Path) -> None:
    plain = create_engine("sqlite://")
    with plain.connect() as connection:
        MetaData.create_all(SQLModel.metadata, connection)
        made = connection.exec_driver_sql(DEFINED).all()
    ledger = database.open_ledger(tmp_path)
    with database.reading(ledger) as connection:
        assert connection.exec_driver_sql(DEFINED).all() == made
    ledger.dispose()


def test_what_one_ledger_was_asked_is_not_compiled_again_for_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = (database.open_ledger(tmp_path / name) for name in ("first", "second"))
    with database.writing(first) as connection:
        counters.next_reference(connection, 2026)
    monkeypatch.setattr(SQLCompiler, "__init__", None)  # whatever is compiled now fails
    with database.writing(second) as connection:
        assert counters.next_reference(connection, 2026) == 1
    for ledger in (first, second):
        ledger.dispose()
