"""The tombstones of cases that two people disposed of: who, when and why, and which entries these were. Nothing of a form.

Where an entry is gone or changed and no tombstone says so, `formflow verify` finds it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, and_, bindparam, func, insert, or_, select, update

from formflow.core.references import at_revision
from formflow.storage import counters, seals
from formflow.storage.audit_trail import AuditEvent, Happened, Trail
from formflow.storage.schema import AuditLine, Disposal, Entry, table_of


class Gone(NamedTuple):
    """An entry that went."""

    name: str  # "FF-2026-000123 r2"
    seal: str
    sha256: str  # of its paper; "" for what was not a file


@dataclass(frozen=True, slots=True)
class Tombstone:
    """What stays of a case: who disposed of it, when and why, and what its papers were."""

    reference: str
    at: datetime
    reason: str  # names no child
    who: str
    and_who: str
    papers: tuple[Gone, ...]
    kept: tuple[str, ...]  # sha256 of all that the vault held of the case


@dataclass(frozen=True, slots=True)
class Left:
    """What is still to be done outside the ledger. Forgotten once it is done: it may hold names of folders."""

    children: tuple[str, ...] = ()  # references of those of whom nothing is on record any more
    places: tuple[tuple[str, str], ...] = ()  # destinations, and where in them the papers lie


def add(
    connection: Connection, trail: Trail, tombstone: Tombstone, left: Left, now: datetime
) -> None:
    """Write a tombstone and its line of the audit trail, in the caller's transaction. Its number is never given out again."""
    counters.move_past_record(connection, tombstone.reference)
    row = _row(tombstone)
    seal = seals.of_disposal(row)
    said = json.dumps({"children": [[one] for one in left.children], "places": left.places})
    connection.execute(_ADD, row | {"seal": seal, "undone": said})
    words = f"{len(tombstone.papers)} papers, by {tombstone.who} and {tombstone.and_who}: {tombstone.reason}"
    happened = Happened(AuditEvent.DISPOSED, tombstone.reference, detail=words, digest=seal)
    trail.note(connection, now, happened)


def every(connection: Connection) -> list[Tombstone]:
    """Return all tombstones, the first first."""
    return [_tombstone(row) for row in connection.execute(_EVERY)]


def one(connection: Connection, reference: str) -> Tombstone | None:
    """Return the tombstone of a case, None where it was not disposed of."""
    row = connection.execute(_ONE, {"reference": reference}).first()
    return _tombstone(row) if row else None


def of_bytes(connection: Connection, sha256: str) -> Tombstone | None:
    """Return the last case that held just these bytes and was disposed of, None for none."""
    row = connection.execute(_OF_BYTES, {"part": f'"{sha256}"'}).first() if sha256 else None
    return _tombstone(row) if row else None


def unfinished(connection: Connection) -> list[tuple[Tombstone, Left]]:
    """Return the disposals of which something outside the ledger is still to be done."""
    return [(_tombstone(row), _left(row.undone)) for row in connection.execute(_UNFINISHED)]


def finish(connection: Connection, reference: str) -> None:
    """Note that nothing is left to be done of a disposal."""
    connection.execute(_FINISH, {"of": reference})


def excused(connection: Connection) -> tuple[Mapping[str, int], frozenset[tuple[str, str]]]:
    """Return whose rows are gone by a tombstone that the audit trail knows, with its line; and which entries, by name and seal."""
    lines, gone = dict[str, int](), set[tuple[str, str]]()
    for row in connection.execute(_KNOWN):
        if row.seal == seals.of_disposal(row._mapping):
            lines[row.reference] = row.line
            gone.update((name, seal) for name, seal, _ in json.loads(row.papers))
    return lines, frozenset(gone)


def wrong(connection: Connection) -> Iterator[str]:
    """Yield in words which tombstones are not as they were written, and what is there again in spite of one."""
    known, gone = excused(connection)
    for reference in connection.execute(_REFERENCES).scalars():
        if reference not in known:
            yield f"That {reference} was disposed of is not as it was written, or FormFlow has not written it."
    for line in connection.execute(_TOLD):
        if line.reference not in known:
            yield f"{line.reference} was disposed of by the audit trail, line {line.id}, and the ledger has no tombstone of it."
    for row in connection.execute(_AGAIN):
        if (at_revision(row.reference, row.revision), row.seal) in gone:
            yield f"{at_revision(row.reference, row.revision)} was disposed of and is in the ledger again."


def as_json(tombstone: Tombstone) -> dict[str, str]:
    """Return a tombstone for a file beside the backups: its columns as the ledger has them."""
    return {name: str(value) for name, value in _row(tombstone).items()}


def of_json(said: Mapping[str, Any]) -> Tombstone:
    """Return a tombstone as it was written. Raise ValueError, TypeError or KeyError for anything else."""
    papers = tuple(Gone(*map(str, one)) for one in json.loads(said["papers"]))
    kept = tuple(map(str, json.loads(said["kept"])))
    at = datetime.fromisoformat(said["at"]).astimezone(UTC)
    reason, who, and_who = (str(said[name]) for name in ("reason", "who", "and_who"))
    return Tombstone(str(said["reference"]), at, reason, who, and_who, papers, kept)


def _row(tombstone: Tombstone) -> dict[str, Any]:
    return {
        "reference": tombstone.reference,
        "at": tombstone.at.astimezone(UTC).isoformat(),
        "reason": tombstone.reason,
        "who": tombstone.who,
        "and_who": tombstone.and_who,
        "papers": json.dumps(tombstone.papers),
        "kept": json.dumps(tombstone.kept),
    }


def _tombstone(row: Row[*tuple[Any, ...]]) -> Tombstone:
    return of_json(dict(row._mapping))


def _left(words: str) -> Left:
    said = json.loads(words)
    places = tuple((str(where), str(name)) for where, name in said["places"])
    return Left(tuple(str(one) for (one,) in said["children"]), places)


_E, _D, _LINE = table_of(Entry).c, table_of(Disposal).c, table_of(AuditLine).c
_ADD = insert(table_of(Disposal))
_EVERY = select(table_of(Disposal)).order_by(_D.at, _D.reference)
_REFERENCES = select(_D.reference).order_by(_D.reference)
_ONE = select(table_of(Disposal)).where(_D.reference == bindparam("reference"))
_OF_BYTES = (
    select(table_of(Disposal))
    .where(func.instr(_D.kept, bindparam("part")) > 0)
    .order_by(_D.at.desc())
    .limit(1)
)
_UNFINISHED = select(table_of(Disposal)).where(_D.undone.is_not(None)).order_by(_D.at)
_FINISH = update(table_of(Disposal)).where(_D.reference == bindparam("of")).values(undone=None)
_TOLD = select(_LINE.id, _LINE.reference).where(_LINE.event == AuditEvent.DISPOSED)
_KNOWN = select(table_of(Disposal), _LINE.id.label("line")).join(
    table_of(AuditLine),
    and_(
        _LINE.event == AuditEvent.DISPOSED,
        _LINE.reference == _D.reference,
        _LINE.digest == _D.seal,
    ),
)
_AGAIN = select(_E.reference, _E.revision, _E.seal).join_from(
    table_of(Entry),
    table_of(Disposal),
    or_(_D.reference == _E.reference, _D.reference == _E.about),
)
