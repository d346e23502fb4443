"""Papers that could not be read, read again because a person asks for it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from enum import StrEnum

from formflow.core.errors import IntegrityProblem
from formflow.pipeline import intake
from formflow.pipeline.gate import tail_gate
from formflow.storage import entries, papers
from formflow.storage.database import Connection, Engine, writing
from formflow.storage.originals import Vault
from formflow.storage.papers import Unreadable


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
        for paper in papers.unreadable(connection):
            codes = {told.code for told in entries.entry(connection, paper.entry_id).notices}
            if paper.reference in references if references else code is None or code in codes:
                found[paper.reference] = _again(connection, vault, paper, now, largest)
    return found


def _again(
    connection: Connection, vault: Vault, paper: Unreadable, now: datetime, largest: int
) -> Became:
    if paper.is_waiting:
        return Became.ALREADY
    if not paper.sha256:
        return Became.NOTHING_KEPT
    try:
        gate = tail_gate(vault.original(paper.sha256), largest=largest)
    except IntegrityProblem:
        return Became.LOST
    intake.again(
        connection,
        paper.id,
        paper.file_name,
        paper.received_at,
        now,
        paper.role,
        code=gate.code,
        words=gate.words,
    )
    return Became.AGAIN
