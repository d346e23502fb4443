"""How the ledger is opened, and what lends a connection to it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import OperationalError
from sqlmodel import SQLModel

from formflow.core.errors import StorageProblem
from formflow.storage.migrations import EPOCH
from formflow.storage.migrations import STEPS as STEPS
from formflow.storage.schema import SCHEMA_VERSION as SCHEMA_VERSION

BUSY_SECONDS = 30


def open_ledger(folder: Path) -> Engine:
    """Open the ledger in a private folder on a local disk, making it when new.

    Raise StorageProblem when it cannot be used or was written by a newer FormFlow.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _back_up(folder)
        (folder / "ledger.sqlite").touch(
            mode=0o600
        )  # also in a folder that IT has opened to others
        engine = create_engine(
            f"sqlite:///{folder / 'ledger.sqlite'}",
            hide_parameters=True,  # a failing statement must not print a child's answers
            connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False},
        )
        event.listen(engine, "connect", _configure)
        _bring_up_to_date(engine)
    except (OSError, OperationalError, sqlite3.Error) as problem:
        raise StorageProblem(
            "The ledger cannot be opened.",
            "Check that the state folder is on a local disk and that this account may write there.",
        ) from problem
    return engine


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """Lend a connection inside BEGIN IMMEDIATE; commit at the end, roll back on any exception.

    IMMEDIATE because a read that becomes a write fails at once with "busy", whatever the time-out.
    """
    with engine.connect() as connection, _transaction(connection):
        yield connection


@contextmanager
def _transaction(connection: Connection) -> Iterator[None]:
    connection.exec_driver_sql("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        with suppress(OperationalError):  # on a full disk SQLite has rolled back by itself
            connection.exec_driver_sql("ROLLBACK")
        raise
    connection.exec_driver_sql("COMMIT")


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """Lend a connection that only looks."""
    with engine.connect() as connection:
        yield connection


def _configure(connection: sqlite3.Connection, _record: Any) -> None:
    connection.isolation_level = None  # transactions are begun by hand, see writing()
    cursor = connection.cursor()
    # WAL loses or corrupts data in SQLite before 3.51.3 (3.50.7 and 3.44.6 are mended too): the
    # rollback journal with EXTRA survives a power cut everywhere.
    if _wal_is_safe(sqlite3.sqlite_version_info):
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=FULL")
    else:
        cursor.execute("PRAGMA synchronous=EXTRA")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute("PRAGMA secure_delete=ON")
    cursor.close()


def _wal_is_safe(version: tuple[int, ...]) -> bool:
    mended = {(3, 44): (3, 44, 6), (3, 50): (3, 50, 7)}.get((version[0], version[1]), (3, 51, 3))
    return version[:3] >= mended


def _back_up(folder: Path) -> None:
    """Copy a ledger of an older version aside before its tables are changed."""
    ledger = folder / "ledger.sqlite"
    if not ledger.exists():
        return
    with closing(sqlite3.connect(ledger, timeout=BUSY_SECONDS)) as old:
        version = old.execute("PRAGMA user_version").fetchone()[0]
        if 0 < version < SCHEMA_VERSION:
            with closing(sqlite3.connect(folder / f"ledger-version-{version}.sqlite")) as copy:
                old.backup(copy)


def _bring_up_to_date(engine: Engine) -> None:
    with engine.connect() as connection:
        # A table that others refer to may be made again; this holds outside a transaction only.
        connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
        with _transaction(connection):
            _prepare_schema(connection)
            broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
            if broken is not None:
                raise StorageProblem(
                    "The ledger refers to something that is not in it.",
                    "Restore the state folder from a backup. Nothing has been changed.",
                )
        connection.exec_driver_sql("PRAGMA foreign_keys=ON")


def _prepare_schema(connection: Connection) -> None:
    found = connection.exec_driver_sql("PRAGMA user_version").scalar_one()
    if found > SCHEMA_VERSION:
        raise StorageProblem(
            "The ledger was written by a newer FormFlow.",
            "Install that version or a later one. Nothing has been changed.",
        )
    if found == 0:
        SQLModel.metadata.create_all(connection)
        connection.exec_driver_sql(EPOCH)
    for version in range(found + 1, SCHEMA_VERSION + 1) if found else ():
        for step in STEPS[version]:
            connection.exec_driver_sql(step)
    if found != SCHEMA_VERSION:
        connection.exec_driver_sql(f"PRAGMA user_version={SCHEMA_VERSION}")
