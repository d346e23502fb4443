"""What a database said, as one of the five endings: by its numbers alone, for its words may hold values of the row."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sqlalchemy.exc import (
    DataError,
    DBAPIError,
    IntegrityError,
    ProgrammingError,
    SQLAlchemyError,
    StatementError,
)

from formflow.sdk import Ending, Rejected, SettingsError, Unavailable, ending

RETRY_SECONDS = 60.0
TOO_LONG = "a text is too long for its column"
NO_FIT = "a value does not fit its column"
EMPTY = "a column that must be filled would be empty"
NO_OTHER = "a row that it refers to is not there"
TWICE = "another row has a value that may be there only once"
FORBIDDEN = "a rule of the table forbids it"
_NOT_ALLOWED = "the user may not do that there, or the password is wrong"
_NOT_THERE = "the database, the table or a column is not there"
_READ_ONLY = "the database is read-only"
_AWAY, _LOCKED = "away", "locked"

# Beginnings of SQLSTATE (PostgreSQL), numbers (MariaDB, MySQL) and names (SQLite), the longer before the shorter.
_MEANS = {
    # PostgreSQL
    "08": _AWAY, "53": _AWAY, "57": _AWAY, "58": _AWAY, "28": _NOT_ALLOWED, "42501": _NOT_ALLOWED,
    "3D": _NOT_THERE, "3F": _NOT_THERE, "42P01": _NOT_THERE, "42703": _NOT_THERE, "25006": _READ_ONLY,
    "55P03": _LOCKED, "40": _LOCKED, "22001": TOO_LONG, "22": NO_FIT, "42804": NO_FIT, "23502": EMPTY,
    "23503": NO_OTHER, "23505": TWICE, "23514": FORBIDDEN, "23": FORBIDDEN,
    # MariaDB and MySQL
    "1040": _AWAY, "1053": _AWAY, "1021": _AWAY, "1114": _AWAY, "1969": _AWAY, "3024": _AWAY,
    "2002": _AWAY, "2003": _AWAY, "2006": _AWAY, "2013": _AWAY, "2055": _AWAY,
    "1044": _NOT_ALLOWED, "1045": _NOT_ALLOWED, "1142": _NOT_ALLOWED, "1143": _NOT_ALLOWED,
    "1698": _NOT_ALLOWED, "1049": _NOT_THERE, "1054": _NOT_THERE, "1146": _NOT_THERE,
    "1290": _READ_ONLY, "1792": _READ_ONLY, "1205": _LOCKED, "1213": _LOCKED, "1222": _LOCKED,
    "1406": TOO_LONG, "1264": NO_FIT, "1265": NO_FIT, "1292": NO_FIT, "1366": NO_FIT, "1411": NO_FIT,
    "1048": EMPTY, "1364": EMPTY, "1452": NO_OTHER, "1216": NO_OTHER, "1062": TWICE, "4025": FORBIDDEN,
    "3819": FORBIDDEN,
    # SQLite
    "SQLITE_BUSY": _LOCKED, "SQLITE_LOCKED": _LOCKED, "SQLITE_CANTOPEN": _AWAY, "SQLITE_FULL": _AWAY,
    "SQLITE_IOERR": _AWAY, "SQLITE_READONLY": _READ_ONLY, "SQLITE_PERM": _NOT_ALLOWED,
    "SQLITE_AUTH": _NOT_ALLOWED, "SQLITE_CORRUPT": "the file is damaged, or no database",
    "SQLITE_NOTADB": "the file is damaged, or no database", "SQLITE_ERROR": _NOT_THERE,
    "SQLITE_MISMATCH": NO_FIT, "SQLITE_TOOBIG": TOO_LONG, "SQLITE_CONSTRAINT_NOTNULL": EMPTY,
    "SQLITE_CONSTRAINT_UNIQUE": TWICE, "SQLITE_CONSTRAINT_PRIMARYKEY": TWICE,
    "SQLITE_CONSTRAINT_FOREIGNKEY": NO_OTHER, "SQLITE_CONSTRAINT": FORBIDDEN,
}  # fmt: skip
_IN_THE_WAY = (TOO_LONG, NO_FIT, EMPTY, NO_OTHER, TWICE, FORBIDDEN)
# A server that lets nobody in says so in words alone to psycopg.
_LETS_NOBODY_IN = re.compile(
    r"authentication failed|no password supplied|role .* (does not exist|is not permitted)"
)
_HAS_NO_DATABASE = re.compile(r'database ".*" does not exist')


def ending_of(problem: SQLAlchemyError) -> Ending:
    """Return what to raise where a database, its driver or SQLAlchemy did not do as it was told."""
    means = _meaning(problem)
    if means in _IN_THE_WAY:
        return ending(Rejected, "FF-537", why=means + _column(problem))
    if means == _LOCKED:
        return ending(Unavailable, "FF-538", after_seconds=RETRY_SECONDS)
    if means == _AWAY:
        return ending(Unavailable, "FF-535")
    return ending(SettingsError, "FF-536", why=means)


def may_go_now(problem: SQLAlchemyError) -> bool:
    """Return whether the same may go at once in a new transaction: another has just written the row, or a deadlock."""
    return _meaning(problem) in (TWICE, _LOCKED) and not _waited(problem)


def is_lost(problem: SQLAlchemyError) -> bool:
    """Return whether the connection broke, so that nobody knows whether the last word was heard."""
    return isinstance(problem, DBAPIError) and (
        problem.connection_invalidated or _meaning(problem) == _AWAY
    )


def _meaning(problem: SQLAlchemyError) -> str:
    if isinstance(problem, DBAPIError):
        if problem.connection_invalidated:
            return _AWAY
        for code in _codes(problem.orig):
            for length in range(len(code), 1, -1):
                if code[:length] in _MEANS:
                    return _MEANS[code[:length]]
        return _by_words(problem)
    return NO_FIT if isinstance(problem, StatementError) else _NOT_THERE


def _by_words(problem: DBAPIError) -> str:
    said = str(problem.orig)
    if _LETS_NOBODY_IN.search(said):
        return _NOT_ALLOWED
    if _HAS_NO_DATABASE.search(said) or isinstance(problem, ProgrammingError):
        return _NOT_THERE
    return NO_FIT if isinstance(problem, DataError | IntegrityError) else _AWAY


def _codes(raised: object) -> Iterator[str]:
    """Yield the numbers that a driver gives to what it raises."""
    arguments = getattr(raised, "args", ())
    if arguments and isinstance(arguments[0], int):
        yield str(arguments[0])  # MariaDB's number says more than its SQLSTATE
    for name in ("sqlstate", "sqlite_errorname"):
        if isinstance(code := getattr(raised, name, None), str):
            yield code


def _waited(problem: SQLAlchemyError) -> bool:
    """Return whether a lock was waited for in vain: to try again at once would only wait again."""
    raised = problem.orig if isinstance(problem, DBAPIError) else None
    return any(code.startswith(("55P03", "1205", "SQLITE_BUSY")) for code in _codes(raised))


def _column(problem: SQLAlchemyError) -> str:
    """Return the column that the database names, where it does so apart from its words."""
    raised = problem.orig if isinstance(problem, DBAPIError) else None
    name = getattr(getattr(raised, "diag", None), "column_name", None)
    return f" (“{name}”)" if isinstance(name, str) else ""
