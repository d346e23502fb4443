"""Papers that were filed after a backup was made, recorded again as they were: reference, moment and keys.

So what their destinations hold already is known to be theirs, and no form is there twice. A paper that would
become anything else than what was filed is left to a person.
"""

from __future__ import annotations

import io
import logging
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from formflow.core import files
from formflow.core.events import Event
from formflow.core.model import Role, identity_of
from formflow.core.references import at_revision, parse_child, parse_record
from formflow.core.trouble import OF_THE_COMPUTER
from formflow.delivery.parcels import parcel_key
from formflow.pipeline.context import WorkContext
from formflow.pipeline.gate import tail_gate
from formflow.pipeline.recording import Arrived, foresee, record
from formflow.pipeline.walk import form_of, pictures_of, walk
from formflow.sdk.contract import Operation
from formflow.storage import counters, entries, papers, tasks
from formflow.storage.database import Connection, reading, writing
from formflow.storage.failures import trouble_of
from formflow.storage.originals import safe_suffix
from formflow.storage.papers import Paper
from formflow.storage.schema import TaskKind

log = logging.getLogger("formflow")


@dataclass(frozen=True, slots=True)
class FiledPaper:
    """A paper as a destination for records holds it."""

    destination: str
    reference: str
    revision: int
    key: str  # of its delivery there
    recorded_at: datetime
    child_reference: str | None
    original: Path
    role: Role


class _Different(Exception):
    """The paper would become something else than what was filed."""


def take_back(context: WorkContext, filed: FiledPaper) -> bool:
    """Record a filed paper again, as it was; return whether it became just that. Else nothing is recorded.

    Raise Trouble where it is this computer that fails: that says nothing about the paper.
    """
    try:
        _take_back(context, filed)
    except _Different:
        return False
    except Exception as problem:
        trouble = trouble_of(problem)
        if trouble.code in OF_THE_COMPUTER:
            raise trouble from problem
        # The class name only: a message may hold an answer.
        why = type(problem).__name__
        log.info(Event("not taken back", _named(filed), filed.destination, said=why))
        return False
    log.info(Event("taken back", _named(filed), filed.destination))
    return True


def _take_back(context: WorkContext, filed: FiledPaper) -> None:
    sha256, size = context.vault.keep(io.BytesIO(_original(context, filed)))
    epoch = _epoch(filed, sha256)
    paper = _paper(context, filed, sha256, size)
    result = walk(context, paper, filed.recorded_at)
    pictures, form = pictures_of(context, paper, result), form_of(context, result)
    foreseen = foresee(context.settings, result, form, filed.recorded_at)
    with writing(context.engine) as connection:
        number = paper.id or _arrived(connection, paper)
        arrived = Arrived(
            number,
            sha256,
            paper.received_at,
            safe_suffix(paper.file_name),
            pictures,
            continues=paper.continues,
            role=paper.role,
        )
        with counters.numbered_as(connection, epoch, _numbers_before(filed)):
            recorded = record(
                connection, context, arrived, result, form, foreseen, filed.recorded_at
            )
        if recorded.repeats or not _is_what_was_filed(connection, recorded.entry_id, filed):
            raise _Different
        tasks.close_unclaimed(connection, TaskKind.READ, number)


def _original(context: WorkContext, filed: FiledPaper) -> bytes:
    """Return a filed paper. Raise _Different for what is no longer there, or is larger than any form was."""
    try:
        with files.opened(filed.original) as stream:
            content = stream.read((context.settings.reading.file_mb << 20) + 1)
    except OSError as problem:
        raise _Different from problem
    if len(content) > context.settings.reading.file_mb << 20:
        raise _Different
    return content


def _epoch(filed: FiledPaper, sha256: str) -> int:
    """Return the epoch under which this paper was recorded. Raise _Different where it was another paper.

    The key of its delivery holds the epoch and the paper's hash, so only one epoch can be right.
    """
    about = filed.reference, filed.revision, filed.recorded_at, sha256
    for epoch in counters.EPOCHS:
        if _key(identity_of(epoch, *about), filed) == filed.key:
            return epoch
    raise _Different


def _paper(context: WorkContext, filed: FiledPaper, sha256: str, size: int) -> Paper:
    """Return the paper as the backup has it, not read yet; else as one that has just come, with number 0."""
    with reading(context.engine) as connection:
        known = papers.known(connection, sha256, filed.role)
        if known is not None and known.outcome is None:
            return papers.paper(connection, known.id)
    if known is not None:
        raise _Different  # these bytes are on record already
    gate = tail_gate(filed.original, largest=context.settings.reading.file_mb << 20)
    name, at = filed.original.name, filed.recorded_at
    return Paper(0, sha256, size, name, at, gate.code, gate.words, None, filed.role)


def _arrived(connection: Connection, paper: Paper) -> int:
    """Write a paper and its arrival, as if it had been handed over by command; return its number."""
    at = paper.received_at
    number = papers.add(
        connection,
        sha256=paper.sha256,
        size=paper.size,
        file_name=paper.file_name,
        received_at=at,
        code=paper.code,
        words=paper.words,
        continues=None,
        role=paper.role,
    )
    papers.add_arrival(
        connection, number, "", paper.file_name, at, duplicate=False, role=paper.role
    )
    tasks.add(connection, TaskKind.READ, number, priority=tasks.PRIORITY_READ)
    return number


def _numbers_before(filed: FiledPaper) -> dict[str, int]:
    """Return the counters as they were before this paper was recorded, as far as it had new numbers."""
    before = {counters.of_revisions(filed.reference): filed.revision - 1}
    if record_number := parse_record(filed.reference):
        year, number = record_number
        before[counters.of_year(year)] = number - 1
    epoch, number = parse_child(filed.child_reference or "") or (0, 0)
    if epoch:  # older children have none, and are in the backup
        before[counters.of_epoch(epoch)] = number - 1
    return before


def _is_what_was_filed(connection: Connection, entry_id: int, filed: FiledPaper) -> bool:
    entry = entries.entry(connection, entry_id)
    is_in_its_file = entry.child_reference == filed.child_reference
    return is_in_its_file and _key(entry.identity, filed) == filed.key


def _key(identity: str, filed: FiledPaper) -> str:
    return parcel_key(identity, filed.destination, Operation.RECORD)


def _named(filed: FiledPaper) -> str:
    return at_revision(filed.reference, filed.revision)
