"""A small ledger in which every table has a row, damaged again and again: a cell that holds anything, a bit that flips."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from formflow.core.settings import Settings
from formflow.pipeline import damage
from tests.support import worker
from tests.support.offices import agency, drop, formflow

REFERENCE = "FF-2026-000001"
CASES = ("red-planned-secrecy-pdfjs", "green-free-play-pdfjs")
MOMENT = "2026-11-20T12:00:00+00:00"
BESIDES: tuple[tuple[str, tuple[object, ...]], ...] = (  # of tables that two forms leave empty
    ("INSERT INTO silence VALUES (?, ?)", ("Receipts", MOMENT)),
    ("INSERT INTO own_page VALUES (?)", ("00",)),
    ("INSERT INTO joined VALUES (?, ?, ?)", ("FF-2026-000002", 1, 2)),
    ("INSERT INTO own_alert VALUES (?, ?, ?, ?, NULL, NULL)", ("A-1", "FF-453", "{}", MOMENT)),
)


class Ledger:
    """The ledger of an agency: two forms are delivered, a third is not."""

    def __init__(self, folder: Path) -> None:
        self.office = agency(folder / "agency")
        self.file = self.office.state.folder / "ledger.sqlite"
        _fill(self.office)
        with closing(sqlite3.connect(self.file)) as ledger:
            for statement, row in BESIDES:
                ledger.execute(statement, row)
            ledger.commit()
        self.sound = self.file.read_bytes()

    def columns(self) -> list[tuple[str, str]]:
        """Return every table and column."""
        with closing(sqlite3.connect(self.file)) as ledger:
            return [
                (table, column[1])
                for (table,) in ledger.execute(
                    "SELECT name FROM sqlite_master WHERE type = 'table'"
                )
                for column in ledger.execute(f"PRAGMA table_info({table})")
            ]

    def with_cell(self, table: str, column: str, value: object) -> bool:
        """Let a column of a sound ledger hold a value, whatever the table allows; return whether that could be done."""
        self.file.write_bytes(self.sound)
        all_rows = f"UPDATE {table} SET {column} = ?"  # noqa: S608 - names of our own tables
        # Where it is unique, one row can hold it.
        one_row = f"{all_rows} WHERE rowid = (SELECT min(rowid) FROM {table})"  # noqa: S608
        with closing(sqlite3.connect(self.file)) as ledger, _allowing_all(ledger, table):
            return any(_changes(ledger, statement, value) for statement in (all_rows, one_row))

    def with_flip(self, place: int) -> None:
        """Flip one bit of a sound ledger."""
        content = bytearray(self.sound)
        content[place] ^= 1 << place % 8
        self.file.write_bytes(content)

    def asked(self, *command: str) -> tuple[int, str]:
        """Return how a command ends, and what it says."""
        (self.office.state.folder / damage.NOTE).unlink(missing_ok=True)
        ended = formflow(self.office, *command)
        return ended.returncode, ended.stderr


def _fill(office: Settings) -> None:
    for case in CASES:
        drop(office, case)
    worker.settle(office)
    receipts = office.folders.receipts
    receipts.rename(receipts.with_name("away"))
    drop(office, "amber-letters-firefox")
    worker.settle(office)
    receipts.with_name("away").rename(receipts)
    worker.close()


def _changes(ledger: sqlite3.Connection, statement: str, value: object) -> bool:
    try:
        return ledger.execute(statement, (value,)).rowcount > 0
    except sqlite3.Error:
        return False


@contextmanager
def _allowing_all(ledger: sqlite3.Connection, table: str) -> Iterator[None]:
    """Let a table take what its definition forbids, as a byte that flips does."""
    (sql,) = ledger.execute("SELECT sql FROM sqlite_master WHERE name = ?", (table,)).fetchone()
    ledger.execute("PRAGMA writable_schema=ON")
    _define(ledger, table, sql.replace(" NOT NULL", ""))
    yield
    _define(ledger, table, sql)
    ledger.commit()


def _define(ledger: sqlite3.Connection, table: str, sql: str) -> None:
    ledger.execute("UPDATE sqlite_master SET sql = ? WHERE name = ?", (sql, table))
    (version,) = ledger.execute("PRAGMA schema_version").fetchone()
    ledger.execute(f"PRAGMA schema_version = {version + 1}")  # so that it is read again
