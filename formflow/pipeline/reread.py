"""Papers that could not be read, read again: because a person asks for it, or once by themselves."""

from __future__ import annotations

import logging
from collections.abc import Collection
from datetime import datetime
from enum import StrEnum

from formflow.core.clock import clock
from formflow.core.errors import OriginalChanged
from formflow.core.events import Event
from formflow.delivery.context import DeliveryContext
from formflow.pipeline import intake
from formflow.pipeline.gate import Gate, tail_gate
from formflow.storage import again, entries, papers, tasks
from formflow.storage.audit_trail import AuditEvent, Happened, Trail
from formflow.storage.database import Connection, Engine, reading, writing
from formflow.storage.originals import Vault
from formflow.storage.papers import Unreadable
from formflow.storage.schema import TaskKind
from formflow.storage.tasks import Claimed

log = logging.getLogger("formflow")


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


def read_once_more(connection: Connection, entry_id: int) -> None:
    """Have a paper that took too long read once more, later and behind all else, in the caller's transaction.

    Once only: what takes too long again is a repeat of this entry, and no other. A person may ask meanwhile.
    """
    due = clock.seconds() + again.QUIETER_AFTER_SECONDS
    tasks.add(connection, TaskKind.AGAIN, entry_id, priority=again.PRIORITY_QUIET, due=due)


def when_quieter(context: DeliveryContext, task: Claimed, now: datetime) -> None:
    """Read a paper once more that took too long, unless it was read meanwhile or is about to be."""
    with reading(context.engine) as connection:
        waiting = [one for one in papers.unreadable(connection) if one.entry_id == task.ref_id]
    largest = context.settings.reading.file_mb << 20
    gates = [(paper, _gate(context.vault, paper, largest)) for paper in waiting]
    with writing(context.engine) as connection:
        for paper, gate in gates:
            if not paper.is_waiting:
                _again(connection, context.trail, paper, gate, now)
                log.info(Event("read once more", reference=paper.reference))
        tasks.finish(connection, task, context.owner.name)


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
