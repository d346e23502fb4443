"""The numbers that this ledger gives out: a record's within its year, a child's within the epoch.

The epoch is a random number of the ledger.
"""

from __future__ import annotations

from sqlalchemy import Connection, text

IN_ONE_EPOCH = 1_000_000  # children; older ledgers numbered theirs below it


def epoch(connection: Connection) -> int:
    """Return the epoch under which children and deliveries get their numbers now."""
    return int(connection.execute(_EPOCH).scalar_one())


def next_reference(connection: Connection, year: int) -> int:
    """Return the next number of a record in a year."""
    return next_of(connection, f"reference-{year}")


def next_child(connection: Connection) -> int:
    """Return the next number of a child: the epoch, and the child's number within it."""
    now = epoch(connection)
    return now * IN_ONE_EPOCH + next_of(connection, f"child-{now}")


def next_of(connection: Connection, name: str) -> int:
    """Return the next number of a kind, counted from 1."""
    return int(connection.execute(_COUNT, {"name": name}).scalar_one())


_EPOCH = text("SELECT last FROM counter WHERE name = 'epoch'")
_COUNT = text(
    "INSERT INTO counter (name, last) VALUES (:name, 1)"
    " ON CONFLICT (name) DO UPDATE SET last = last + 1 RETURNING last"
)
