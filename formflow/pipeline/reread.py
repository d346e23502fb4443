"""Papers that could not be read, read again because a person asks for it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from enum import StrEnum

from formflow.core.errors import OriginalChanged
from formflow.pipeline import intake
from formflow.pipeline.gate import Gate, tail_gate
from formflow.storage import entries, papers
from formflow.storage.audit_trail import AuditEvent, Happened, Trail
from formflow.storage.database import Connection, Engine, reading, writing
from formflow.storage.originals import Vault
from formflow.storage.papers import Unreadable


class Became(StrEnum):
    """What became of an unread paper, in words for the person who asked."""

    AGAIN = "will be read again."
    ALREADY = "waits to be read again already."
    NOTHING_KEPT = "was not a file that could be copied, so there is nothing to read."
    LOST = "its original is missing or has been changed. Put it back from a backup of the state folder."


def read_again(
    engine: Engine,
    vault: Vault,
    trail: Trail,
    now: datetime,
    largest: int,
    references: Collection[str],
    code: str | None,
) -> dict[str, Became]:
    """Put unread papers on the list again; return what became of each, by reference.

    Those of these references, or, where none is named, all with this reason, or all.
    """
    with reading(engine) as connection:
        asked = [
            paper
            for paper in papers.unreadable(connection)
            if _is_asked(connection, paper, references, code)
        ]
    # The gate reads whole files, so nothing is locked here.
    gates = {paper.reference: _gate(vault, paper, largest) for paper in asked}
    with writing(engine) as connection:
        return {
            paper.reference: _again(connection, trail, paper, gates[paper.reference], now)
            for paper in papers.unreadable(connection)
            if paper.reference in gates
        }


def _is_asked(
    connection: Connection, paper: Unreadable, references: Collection[str], code: str | None
) -> bool:
    if references:
        return paper.reference in references
    told = entries.entry(connection, paper.entry_id).notices
    return code is None or code in {one.code for one in told}


def _gate(vault: Vault, paper: Unreadable, largest: int) -> Gate | Became:
    """Return what the gate has against a paper, or why there is nothing to look at."""
    if not paper.sha256:
        return Became.NOTHING_KEPT
    try:
        return tail_gate(vault.original(paper.sha256), largest=largest)
    except OriginalChanged:
        return Became.LOST


def _again(
    connection: Connection, trail: Trail, paper: Unreadable, gate: Gate | Became, now: datetime
) -> Became:
    if paper.is_waiting:
        return Became.ALREADY
    if isinstance(gate, Became):
        return gate
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
    trail.note(connection, now, Happened(AuditEvent.REREAD, paper.reference))
    return Became.AGAIN
