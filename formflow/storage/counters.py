"""The numbers that this ledger gives out: a record's within its year, a child's within the epoch.

The epoch is a random number of the ledger. A copy of the ledger that is put back goes on under another
one, so that what it gives out from then on is never taken for what was given out before.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping

from sqlalchemy import Connection, text

EPOCHS = range(1000, 10_000)
IN_ONE_EPOCH = 1_000_000  # children; older ledgers numbered theirs below it
# Everything recorded is counted: a correction or a sheet has no number of its own.
ENTRIES = "entries"


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


def given(connection: Connection) -> dict[str, int]:
    """Return the last number that was given out of each year and each epoch, and of entries."""
    return {row.name: int(row.last) for row in connection.execute(_GIVEN)}


def move_past(connection: Connection, others: Mapping[str, int]) -> None:
    """Give out no number that was given out elsewhere."""
    for name, last in others.items():
        connection.execute(_MOVE_PAST, {"name": name, "last": last})


def renew_epoch(connection: Connection) -> None:
    """Go on under an epoch in which no child has a number yet."""
    used = given(connection)
    fresh = secrets.choice([one for one in EPOCHS if f"child-{one}" not in used])
    connection.execute(_RENEW, {"epoch": fresh})


_EPOCH = text("SELECT last FROM counter WHERE name = 'epoch'")
_RENEW = text("UPDATE counter SET last = :epoch WHERE name = 'epoch'")
_COUNT = text(
    "INSERT INTO counter (name, last) VALUES (:name, 1)"
    " ON CONFLICT (name) DO UPDATE SET last = last + 1 RETURNING last"
)
_GIVEN = text(
    "SELECT name, last FROM counter WHERE name = 'entries' OR name LIKE 'reference-%'"
    " OR name LIKE 'child-%' ORDER BY name"
)
_MOVE_PAST = text(
    "INSERT INTO counter (name, last) VALUES (:name, :last)"
    " ON CONFLICT (name) DO UPDATE SET last = max(last, excluded.last)"
)
