"""Tests that change an entry by hand, as if it had been written so: its seal has to fit."""

from __future__ import annotations

from sqlalchemy import Connection, update

from formflow.storage import seals, soundness
from formflow.storage.schema import Entry, table_of


def seal_again(connection: Connection) -> None:
    """Give every entry the seal of what it holds now."""
    entry = table_of(Entry)
    for row in connection.execute(soundness._ENTRIES, {"after": 0}).all():
        seal = seals.of_entry(row._mapping)
        connection.execute(update(entry).where(entry.c.id == row.id).values(seal=seal))
