"""Papers that could not be read, read again because a person asks for it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Engine, Row, text

from formflow.core.errors import IntegrityProblem
from formflow.pipeline import intake
from formflow.pipeline.gate import tail_gate
from formflow.storage import entries
from formflow.storage.database import writing
from formflow.storage.originals import Vault


class Became(StrEnum):
    """What became of an unread paper, in words for the person who asked."""

    AGAIN = "will be read again."
    ALREADY = "waits to be read again already."
    NOTHING_KEPT = "was not a file that could be copied, so there is nothing to read."
    LOST = "its original is missing from the state folder. Restore that from a backup."


def read_again(
    engine: Engine,
    vault: Vault,
    now: datetime,
    largest: int,
    references: Collection[str],
    code: str | None,
) -> dict[str, Became]:
    """Put unread papers on the list again; return what became of each, by reference.

    Those of these references, or, where none is named, all with this reason, or all.
    """
    found = {}
    with writing(engine) as connection:
        for row in connection.execute(_UNREAD).all():
            codes = {told.code for told in entries.entry(connection, row.entry_id).notices}
            if row.reference in references if references else code is None or code in codes:
                found[row.reference] = _again(connection, vault, row, now, largest)
    return found


def _again(
    connection: Connection, vault: Vault, row: Row[Any], now: datetime, largest: int
) -> Became:
    if row.is_waiting:
        return Became.ALREADY
    if row.sha256 is None:
        return Became.NOTHING_KEPT
    try:
        gate = tail_gate(vault.original(row.sha256), largest=largest)
    except IntegrityProblem:
        return Became.LOST
    received_at = datetime.fromisoformat(row.received_at)
    intake.again(
        connection, row.id, row.file_name, received_at, now, code=gate.code, words=gate.words
    )
    return Became.AGAIN


# The latest reading of each paper that its record still waits for.
_UNREAD = text(
    "SELECT entry.id AS entry_id, entry.reference, paper.id, paper.sha256, paper.file_name,"
    " paper.received_at, paper.entry_id IS NULL AS is_waiting FROM entry"
    " JOIN paper AS first ON first.id = entry.paper_id"
    " JOIN paper ON paper.id = first.id OR (paper.sha256 = first.sha256 AND paper.role = first.role)"
    " WHERE entry.outcome = 'unreadable' AND entry.revision = (SELECT max(revision) FROM entry AS later"
    " WHERE later.reference = entry.reference) AND paper.reading = (SELECT max(reading) FROM paper"
    " AS other WHERE other.id = first.id OR (other.sha256 = first.sha256 AND other.role = first.role))"
    " ORDER BY entry.id"
)
