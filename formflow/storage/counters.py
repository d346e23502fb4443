"""The numbers that this ledger gives out: a record's within its year, a child's within the epoch.

The epoch is a random number of the ledger. A copy of the ledger that is put back goes on under another
one, so that what it gives out from then on is never taken for what was given out before.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from sqlalchemy import Connection, bindparam, case, or_, select, update

from formflow.core.references import parse_record
from formflow.storage.schema import Counter, table_of
from formflow.storage.sqlite import upsert

EPOCHS = range(1000, 10_000)
IN_ONE_EPOCH = 1_000_000  # children; older ledgers numbered theirs below it
# Everything recorded is counted: a correction or a sheet has no number of its own.
ENTRIES = "entries"


def begin(connection: Connection) -> None:
    """Give a new ledger its first epoch."""
    connection.execute(_ADDED, {"name": "epoch", "last": secrets.choice(EPOCHS)})


def epoch(connection: Connection) -> int:
    """Return the epoch under which children and deliveries get their numbers now."""
    return int(connection.execute(_EPOCH).scalar_one())


def has_epoch(connection: Connection) -> bool:
    """Return whether there is one, as in every ledger that nothing has damaged."""
    return connection.execute(_EPOCH).first() is not None


def of_year(year: int) -> str:
    """Return what the counter of a year's records is called."""
    return f"reference-{year}"


def of_revisions(reference: str) -> str:
    """Return what the counter of a record's revisions is called, where some are lost: see since_backup.py."""
    return f"revision-{reference}"


def year_of(name: str) -> int | None:
    """Return the year whose records a counter counts, None for another counter."""
    year = name.removeprefix("reference-")
    return int(year) if year != name else None


def of_epoch(epoch: int) -> str:
    """Return what the counter of an epoch's children is called."""
    return f"child-{epoch}"


def next_reference(connection: Connection, year: int) -> int:
    """Return the next number of a record in a year."""
    return next_of(connection, of_year(year))


def next_child(connection: Connection) -> int:
    """Return the next number of a child: the epoch, and the child's number within it."""
    now = epoch(connection)
    return now * IN_ONE_EPOCH + next_of(connection, of_epoch(now))


def next_of(connection: Connection, name: str) -> int:
    """Return the next number of a kind, counted from 1."""
    return int(connection.execute(_COUNT, {"name": name}).scalar_one())


def last_of(connection: Connection, name: str) -> int:
    """Return the last number of a kind, 0 for none."""
    return int(connection.execute(_LAST_OF, {"name": name}).scalar() or 0)


def given(connection: Connection) -> dict[str, int]:
    """Return the last number that was given out of each year and each epoch, and of entries."""
    return {row.name: int(row.last) for row in connection.execute(_GIVEN)}


def move_past(connection: Connection, others: Mapping[str, int]) -> None:
    """Give out no number that was given out elsewhere."""
    for name, last in others.items():
        connection.execute(_MOVE_PAST, {"name": name, "last": last})


def move_past_record(connection: Connection, reference: str) -> None:
    """Never give out the number of a record again."""
    if numbered := parse_record(reference):
        year, number = numbered
        move_past(connection, {of_year(year): number})


def renew_epoch(connection: Connection) -> None:
    """Go on under an epoch in which no child has a number yet."""
    used = given(connection)
    while of_epoch(fresh := secrets.choice(EPOCHS)) in used:
        pass
    connection.execute(_RENEW, {"epoch": fresh})


@contextmanager
def numbered_as(connection: Connection, epoch: int, before: Mapping[str, int]) -> Iterator[None]:
    """Give out numbers under an epoch as if these were the last; then go on behind the highest of all."""
    ours = given(connection)
    connection.execute(_RENEW, {"epoch": epoch})
    for name, last in before.items():
        connection.execute(_SET, {"name": name, "last": last})
    yield
    move_past(connection, ours)


_COUNTER = table_of(Counter)
_NAME, _LAST = _COUNTER.c.name, _COUNTER.c.last
_ADDED = upsert(_COUNTER)
_LAST_OF = select(_LAST).where(bindparam("name") == _NAME)
_EPOCH = select(_LAST).where(_NAME == "epoch")
_RENEW = update(_COUNTER).where(_NAME == "epoch").values(last=bindparam("epoch"))
_COUNT = (
    _ADDED.values(name=bindparam("name"), last=1)
    .on_conflict_do_update(index_elements=[_NAME], set_={"last": _LAST + 1})
    .returning(_LAST)
)
_GIVEN = (
    select(_NAME, _LAST)
    .where(or_(_NAME == ENTRIES, _NAME.like("reference-%"), _NAME.like("child-%")))
    .order_by(_NAME)
)
_SET = _ADDED.on_conflict_do_update(index_elements=[_NAME], set_={"last": _ADDED.excluded.last})
_MOVE_PAST = _ADDED.on_conflict_do_update(
    index_elements=[_NAME],
    set_={"last": case((_ADDED.excluded.last > _LAST, _ADDED.excluded.last), else_=_LAST)},
)
