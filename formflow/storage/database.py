"""How the ledger is opened, and what lends a connection to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import Connection as Connection
from sqlalchemy import Engine as Engine
from sqlalchemy import Insert
from sqlalchemy.exc import DatabaseError, OperationalError
from sqlmodel import SQLModel

from formflow.core.errors import IntegrityProblem, LedgerDamaged, StorageProblem
from formflow.core.messages import MESSAGES
from formflow.core.trouble import LEDGER
from formflow.storage import cells, counters, migrations, sqlite
from formflow.storage.failures import damage_of
from formflow.storage.schema import SCHEMA_VERSION as SCHEMA_VERSION
from formflow.storage.sqlite import BUSY_SECONDS as BUSY_SECONDS
from formflow.storage.sqlite import NAME as NAME


def open_ledger(folder: Path) -> Engine:
    """Open the ledger in a private folder on a local disk, making it when new.

    Raise StorageProblem when it cannot be used or was written by a newer FormFlow, IntegrityProblem when
    it is damaged.
    """
    file = folder / "ledger.sqlite"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if file.exists():
            sqlite.back_up(file, below=SCHEMA_VERSION)
        file.touch(mode=0o600)  # also in a folder that IT has opened to others
        engine = sqlite.engine(file)
        _bring_up_to_date(engine)
    except (OSError, DatabaseError, sqlite.Error) as problem:
        raise damage_of(problem) or _cannot_be_opened(problem) from problem
    return engine


def _cannot_be_opened(problem: Exception) -> StorageProblem:
    return _is_in_use(problem) or StorageProblem(
        "The ledger cannot be opened.",
        "Check that the state folder is on a local disk and that this account may write there.",
    )


def _is_in_use(problem: Exception) -> StorageProblem | None:
    """Return what to say where another program holds the ledger, None where it does not."""
    words = MESSAGES[LEDGER]
    return StorageProblem(words.found, words.do_now) if sqlite.LOCKED in str(problem) else None


def open_for_looking(folder: Path) -> Engine:
    """Open the ledger to look at, also beside a service: nothing is made, brought up to date, locked or written.

    Raise StorageProblem when there is none, or when only a worker that may write can make it readable, and
    IntegrityProblem when it is damaged.
    """
    file = folder / "ledger.sqlite"
    try:
        engine = sqlite.engine_for_looking(file) if file.is_file() else None
        found = _version(engine) if engine else 0
    except (OSError, DatabaseError, sqlite.Error) as problem:
        cannot = StorageProblem("The ledger cannot be read.", sqlite.advice(problem))
        raise damage_of(problem) or _is_in_use(problem) or cannot from problem
    _refuse_newer(found)
    if engine is None or found == 0:
        raise StorageProblem(
            "There is no ledger yet: FormFlow has not worked here.", "Start “formflow run”."
        )
    if found < SCHEMA_VERSION:
        raise StorageProblem(
            "The ledger was written by an older FormFlow.",
            "Start “formflow run”: it keeps a copy and brings the ledger up to date.",
        )
    return engine


@contextmanager
def looking(folder: Path) -> Iterator[Connection]:
    """Lend a connection to the ledger in a folder that can do nothing but look.

    Raise StorageProblem, or LedgerDamaged where a row made no sense because the ledger is damaged.
    """
    engine = open_for_looking(folder)
    try:
        with misread_is_damage(folder), reading(engine) as connection:
            yield connection
    finally:
        engine.dispose()


@contextmanager
def misread_is_damage(folder: Path) -> Iterator[None]:
    """Say that the ledger is damaged where what was read of it made no sense, and it is. All else is a mistake of ours."""
    try:
        yield
    except cells.MISREAD as problem:
        with suppress(StorageProblem, DatabaseError):  # in use, or away: what has happened is told
            if not _is_in_use(problem) and not _is_readable(folder):
                raise LedgerDamaged from problem
        raise


def _is_readable(folder: Path) -> bool:
    engine = open_for_looking(folder)
    try:
        with reading(engine) as connection:
            return cells.is_readable(connection)
    finally:
        engine.dispose()


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """Lend a connection inside a transaction; commit at the end, roll back on any exception."""
    with engine.connect() as connection, _transaction(connection):
        yield connection


@contextmanager
def _transaction(connection: Connection) -> Iterator[None]:
    sqlite.begin(connection)
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


def scrub(engine: Engine) -> None:
    """Leave nothing in the ledger's files of what was deleted. Raise StorageProblem where that cannot be done now."""
    try:
        with engine.connect() as connection:
            sqlite.scrub(connection)
    except DatabaseError as problem:
        cannot = StorageProblem(
            "The ledger’s file could not be built anew without what was deleted: another program holds it, or the disk is full.",
            "Make as much room as the ledger takes, then start FormFlow again: it goes on by itself.",
        )
        raise damage_of(problem) or cannot from problem


def inserted(connection: Connection, statement: Insert, row: Mapping[str, Any]) -> int:
    """Insert one row; return its number."""
    key = connection.execute(statement, row).inserted_primary_key
    assert key is not None  # noqa: S101 - every table of ours has a key
    return int(key[0])


def _bring_up_to_date(engine: Engine) -> None:
    if _version(engine) == SCHEMA_VERSION:
        return
    with (
        engine.connect() as connection,
        sqlite.references_unchecked(connection),
        _transaction(connection),
    ):
        _prepare_schema(connection)
        if sqlite.has_broken_references(connection):
            raise IntegrityProblem(
                "The ledger refers to something that is not in it.",
                "Restore the state folder from a backup. Nothing has been changed.",
            )


def _prepare_schema(connection: Connection) -> None:
    found = sqlite.version(connection)
    _refuse_newer(found)
    if found == 0:
        SQLModel.metadata.create_all(connection)
        counters.begin(connection)
    elif found < SCHEMA_VERSION:
        migrations.upgrade(connection, found)
    sqlite.set_version(connection, SCHEMA_VERSION)


def _version(engine: Engine) -> int:
    with reading(engine) as connection:
        return sqlite.version(connection)


def _refuse_newer(found: int) -> None:
    if found > SCHEMA_VERSION:
        raise StorageProblem(
            "The ledger was written by a newer FormFlow.",
            "Install that version or a later one. Nothing has been changed.",
        )
