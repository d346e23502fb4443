"""What only SQLite knows: how its file is opened, locked, versioned and copied, and its words in statements."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, create_engine, event, func
from sqlalchemy.dialects.sqlite import insert as upsert
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

__all__ = ["upsert"]  # INSERT with ON CONFLICT

Error = sqlite3.Error  # what sqlite3 itself raises, outside SQLAlchemy
NAME = f"SQLite {sqlite3.sqlite_version}"
BUSY_SECONDS = 30
NO_TEXT = "Could not decode"  # in its messages: we write UTF-8 alone
LOCKED = "locked"  # in its messages: another program writes, or holds the file
OF_THE_DISK = ("disk is full", "disk I/O", "readonly", "unable to open")  # in SQLite's messages


def engine(file: Path) -> Engine:
    """Return an engine for a database file."""
    made = create_engine(
        f"sqlite:///{file}",
        hide_parameters=True,  # a failing statement must not print a child's answers
        connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False},
    )
    event.listen(made, "connect", _configure)
    return made


def engine_for_looking(file: Path) -> Engine:
    """Return an engine that can only look at a database file."""
    return create_engine(
        "sqlite://", creator=lambda: _looking(file), poolclass=NullPool, hide_parameters=True
    )


def advice(problem: Exception) -> str:
    """Return what to do when a database cannot be looked at."""
    error = getattr(problem, "orig", problem)
    if getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_READONLY_ROLLBACK:
        return "FormFlow was ended while it wrote. Start “formflow run”: it tidies up by itself."
    return "Check that this account may read the state folder."


def is_damage(problem: BaseException) -> bool:
    """Return whether a failure says that a file is not as SQLite wrote it, or none of its files."""
    error = getattr(problem, "orig", problem)
    said = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the rest says where
    is_no_text = isinstance(error, Error) and NO_TEXT in str(error)
    return is_no_text or said in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def begin(connection: Connection) -> None:
    """Begin a transaction that writes.

    IMMEDIATE because a read that becomes a write fails at once with "busy", whatever the time-out.
    """
    connection.exec_driver_sql("BEGIN IMMEDIATE")


@contextmanager
def references_unchecked(connection: Connection) -> Iterator[None]:
    """Let a table that others refer to be made again. Holds for transactions begun inside."""
    connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
    yield
    connection.exec_driver_sql("PRAGMA foreign_keys=ON")


def has_broken_references(connection: Connection) -> bool:
    """Return whether a row refers to one that is not there."""
    return connection.exec_driver_sql("PRAGMA foreign_key_check").first() is not None


def version(connection: Connection) -> int:
    """Return the version of the schema that the file says it has; 0 for a new file."""
    return int(connection.exec_driver_sql("PRAGMA user_version").scalar_one())


def set_version(connection: Connection, number: int) -> None:
    """Note the version of the schema in the file."""
    connection.exec_driver_sql(f"PRAGMA user_version={number:d}")


def is_sound(connection: Connection) -> bool:
    """Return whether the whole file is as SQLite wrote it, and every row refers to one that is there."""
    said = connection.exec_driver_sql("PRAGMA integrity_check").scalars().all()
    return said == ["ok"] and not has_broken_references(connection)


def scrub(connection: Connection) -> None:
    """Leave nothing in the file of what was deleted, nor in the log beside it. Raise OperationalError where others read."""
    connection.exec_driver_sql("VACUUM")
    is_busy, *_ = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()
    if is_busy:
        raise OperationalError("PRAGMA wal_checkpoint", None, sqlite3.OperationalError(LOCKED))


def lend(connection: Connection, name: str, function: Callable[[bytes], bool]) -> None:
    """Let statements on a connection call a function of one argument. It raises nothing."""
    lent = connection.connection.dbapi_connection
    assert isinstance(lent, sqlite3.Connection)  # noqa: S101 - the engines above make no other
    lent.create_function(name, 1, function, deterministic=True)


def columns(connection: Connection, table: str) -> set[str]:
    """Return the names of the columns that a table has in the file, none where there is no such table."""
    found = connection.exec_driver_sql("SELECT name FROM pragma_table_info(?)", (table,))
    return set(found.scalars())


def back_up(file: Path, below: int) -> None:
    """Copy a database of a version below this one aside, as "ledger-version-4.sqlite". Raise Error."""
    with closing(sqlite3.connect(file, timeout=BUSY_SECONDS)) as old:
        found = old.execute("PRAGMA user_version").fetchone()[0]
        if 0 < found < below:
            copied = file.with_stem(f"{file.stem}-version-{found}")
            with closing(sqlite3.connect(copied)) as copy:
                old.backup(copy)


def copy(file: Path, target: Path) -> None:
    """Copy a database as it is at one moment, also while others write to it. Raise Error."""
    until = time.monotonic() + BUSY_SECONDS

    def look(status: int, _remaining: int, _total: int) -> None:
        if status in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED) and time.monotonic() > until:
            raise sqlite3.OperationalError(f"database is {LOCKED}")

    live = sqlite3.connect(f"{file.absolute().as_uri()}?mode=rw", uri=True, timeout=BUSY_SECONDS)
    with closing(live), closing(sqlite3.connect(target)) as copied:
        live.backup(copied, progress=look)
        copied.execute("PRAGMA journal_mode=DELETE")  # one file, whatever the ledger has beside it


def only_where(condition: ColumnElement[bool]) -> dict[str, Any]:
    """Return what makes an index hold the rows alone of which a condition is true."""
    return {"sqlite_where": condition}


def json_text(column: ColumnElement[Any], *path: str) -> ColumnElement[str | None]:
    """Return the text at a path of a column that holds JSON."""
    found: ColumnElement[str | None] = func.json_extract(column, ".".join(("$", *path)))
    return found


def _looking(file: Path) -> sqlite3.Connection:
    # A WAL database at rest would get two files beside it that only a writer takes away again. It is at
    # rest where it has no log: whoever has it open keeps one.
    at_rest = _is_wal(file) and not file.with_name(f"{file.name}-wal").exists()
    uri = f"{file.absolute().as_uri()}?mode=ro{'&immutable=1' if at_rest else ''}"
    return sqlite3.connect(uri, uri=True, timeout=BUSY_SECONDS, isolation_level=None)


def _is_wal(file: Path) -> bool:
    with file.open("rb") as opened:
        return opened.read(20)[18:] == b"\2\2"  # the header's versions for writing and reading


def _configure(connection: sqlite3.Connection, _record: Any) -> None:
    connection.isolation_level = None  # transactions are begun by hand, see begin()
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
