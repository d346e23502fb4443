"""A ledger that is only looked at: nothing beside it or in it changes, and what cannot be looked at says why."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from formflow.core.errors import StorageProblem
from formflow.storage import counters
from formflow.storage.database import SCHEMA_VERSION, looking, open_ledger, writing

ENDED_WHILE_WRITING = """
import os, signal, sqlite3, sys
ledger = sqlite3.connect(sys.argv[1])
ledger.execute("PRAGMA cache_size=5")
ledger.executemany("INSERT INTO own_page VALUES (?)", [(f"{number:01000d}",) for number in range(2000)])
os._exit(9)
"""


def seen(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Return what lies in a folder: moments of change and contents."""
    return {path.name: (path.stat().st_mtime_ns, path.read_bytes()) for path in folder.iterdir()}


def epoch(folder: Path) -> int:
    with looking(folder) as connection:
        return counters.epoch(connection)


@contextmanager
def at_work(folder: Path) -> Iterator[int]:
    """Keep a ledger open as a service does; lend its epoch."""
    engine = open_ledger(folder)
    with writing(engine) as connection:
        lent = counters.epoch(connection)
    yield lent
    engine.dispose()


def as_it_is(_ledger: Path) -> None:
    """A ledger with a rollback journal, or as this SQLite has it."""


def with_a_log(ledger: Path) -> None:
    """A ledger with a log that is written ahead, as a newer SQLite has it."""
    with closing(sqlite3.connect(ledger)) as opened:
        assert opened.execute("PRAGMA journal_mode=WAL").fetchone() == ("wal",)


@pytest.mark.parametrize("made", [as_it_is, with_a_log])
def test_looking_leaves_all_as_it_was(tmp_path: Path, made: Callable[[Path], None]) -> None:
    with at_work(tmp_path) as known:
        pass
    made(tmp_path / "ledger.sqlite")
    before = seen(tmp_path)
    assert epoch(tmp_path) == known
    assert seen(tmp_path) == before


@pytest.mark.parametrize("made", [as_it_is, with_a_log])
def test_looking_shows_what_a_service_has_committed(
    tmp_path: Path, made: Callable[[Path], None]
) -> None:
    open_ledger(tmp_path).dispose()
    made(tmp_path / "ledger.sqlite")
    with closing(sqlite3.connect(tmp_path / "ledger.sqlite", isolation_level=None)) as service:
        service.execute("UPDATE counter SET last = 4821 WHERE name = 'epoch'")
        service.execute("BEGIN IMMEDIATE")
        service.execute("UPDATE counter SET last = 1 WHERE name = 'epoch'")
        assert epoch(tmp_path) == 4821
        service.execute("ROLLBACK")


def test_who_looks_cannot_write(tmp_path: Path) -> None:
    open_ledger(tmp_path).dispose()
    with looking(tmp_path) as connection, pytest.raises(OperationalError, match="readonly"):
        connection.exec_driver_sql("DELETE FROM counter")


def test_a_folder_may_be_called_anything(tmp_path: Path) -> None:
    folder = tmp_path / "50 % of #1 ü"
    with at_work(folder) as known:
        assert epoch(folder) == known


def test_where_there_is_no_ledger_none_is_made(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "none"):
        with pytest.raises(StorageProblem, match="no ledger yet"):
            epoch(folder)
    assert not list(tmp_path.iterdir())
    (tmp_path / "ledger.sqlite").touch()
    with pytest.raises(StorageProblem, match="no ledger yet"):
        epoch(tmp_path)


@pytest.mark.parametrize(
    ("version", "said", "advice"),
    [(SCHEMA_VERSION - 1, "older", "formflow run"), (SCHEMA_VERSION + 1, "newer", "Install")],
)
def test_a_ledger_of_another_version_is_refused_and_left_alone(
    tmp_path: Path, version: int, said: str, advice: str
) -> None:
    open_ledger(tmp_path).dispose()
    with closing(sqlite3.connect(tmp_path / "ledger.sqlite")) as ledger:
        ledger.execute(f"PRAGMA user_version={version}")
    before = seen(tmp_path)
    with pytest.raises(StorageProblem, match=said) as refused:
        epoch(tmp_path)
    assert advice in refused.value.advice
    assert seen(tmp_path) == before


def test_what_a_worker_left_half_written_is_said_and_left_to_a_worker(tmp_path: Path) -> None:
    with at_work(tmp_path) as known:
        pass
    file = tmp_path / "ledger.sqlite"
    with closing(sqlite3.connect(file)) as ledger:
        ledger.execute("PRAGMA journal_mode=DELETE")
    ended = subprocess.run([sys.executable, "-c", ENDED_WHILE_WRITING, str(file)], check=False)
    assert ended.returncode == 9
    assert file.with_name("ledger.sqlite-journal").exists()
    with pytest.raises(StorageProblem) as refused:
        epoch(tmp_path)
    assert "formflow run" in refused.value.advice
    open_ledger(tmp_path).dispose()
    assert epoch(tmp_path) == known
