"""What the ledger holds of one case, and how it goes when two people dispose of it: whole rows, in one transaction.

Rows go whole, so that nobody who reads the ledger has to know of blanks.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    and_,
    bindparam,
    delete,
    func,
    or_,
    select,
    update,
)

from formflow.core.references import at_revision
from formflow.storage import children, disposals, sightings
from formflow.storage.audit_trail import Trail
from formflow.storage.disposals import Gone, Left, Tombstone
from formflow.storage.schema import (
    Arrival,
    CaseChange,
    Child,
    Entry,
    Joined,
    Paper,
    Parcel,
    Task,
    TaskKind,
    TaskState,
    table_of,
)


@dataclass(frozen=True, slots=True)
class Contents:
    """All that the ledger holds of one case."""

    papers: tuple[Gone, ...]
    kept: tuple[str, ...]
    children: tuple[str, ...]  # references of those who are in no other case
    places: tuple[tuple[str, str, str], ...]  # destination, where, and the names of the files there
    undelivered: int  # of the tasks that are still to be done
    first_at: datetime  # when its first paper came
    files: tuple[tuple[str, str], ...]  # watched folder and name of what was dropped


def contents(connection: Connection, reference: str) -> Contents | None:
    """Return what the ledger holds of a case, None where there is no such case."""
    rows = _rows(connection, reference)
    if not rows.entries:
        return None
    undelivered = connection.execute(_WAITING, rows.tasks).scalar_one()
    delivered = connection.execute(_PLACES, {"parcels": rows.parcels})
    dropped = connection.execute(_DROPPED, {"papers": rows.papers})
    return Contents(
        tuple(_gone(row) for row in rows.entries),
        tuple(sorted(rows.kept)),
        tuple(filter(None, map(children.child_reference, _only_here(connection, rows)))),
        tuple((row.destination, row.delivered_where or "", name) for row in delivered for name in _names(row)),
        int(undelivered),
        min(datetime.fromisoformat(row.received_at) for row in rows.entries),
        tuple((row.folder, row.file_name) for row in dropped if row.folder),
    )  # fmt: skip


def dispose(
    connection: Connection, trail: Trail, tombstone: Tombstone, left: Left, now: datetime
) -> None:
    """Take a case out of the ledger and leave its tombstone, in the caller's transaction.

    Where the ledger does not hold the case, its number is never given out all the same.
    """
    rows = _rows(connection, tombstone.reference)
    gone = _only_here(connection, rows)
    for folder, name in connection.execute(_DROPPED, {"papers": rows.papers}):
        sightings.forget_called(connection, folder, name)
    connection.execute(_FORGET_BODIES, {"pattern": tombstone.reference.encode()})
    connection.execute(_PARTED, {"ids": rows.papers})
    connection.execute(_NO_JOINS, {"sheets": [row.reference for row in rows.entries]})
    connection.execute(_NO_TASKS, rows.tasks)
    connection.execute(_NO_PARCELS, {"ids": rows.parcels})
    connection.execute(_NO_ENTRIES, {"ids": rows.ids})
    connection.execute(_NO_ARRIVALS, {"ids": rows.arrivals})
    connection.execute(_NO_PAPERS, {"ids": rows.papers})
    connection.execute(_NO_CHANGES, {"ids": rows.changes})
    connection.execute(_NO_CHILDREN, {"ids": gone})
    disposals.add(connection, trail, tombstone, left, now)


@dataclass(frozen=True, slots=True)
class _Rows:
    """The rows of one case, by their numbers."""

    entries: list[Row[*tuple[Any, ...]]]
    papers: list[int]
    arrivals: list[int]
    parcels: list[int]
    changes: list[int]
    kept: set[str]

    @property
    def ids(self) -> list[int]:
        """The numbers of the entries."""
        return [row.id for row in self.entries]

    @property
    def tasks(self) -> dict[str, list[int]]:
        """The numbers that tasks of the case may have, by what they are of."""
        return {
            "entries": self.ids,
            "papers": self.papers,
            "arrivals": self.arrivals,
            "parcels": self.parcels,
            "changes": self.changes,
        }


def _rows(connection: Connection, reference: str) -> _Rows:
    entries = list(connection.execute(_ENTRIES, {"of": reference, "sheets": f"{reference}-F%"}))
    ids = [row.id for row in entries]
    papers = connection.execute(_PAPERS, {"ids": ids}).all()
    numbers = [row.id for row in papers]
    parcels = connection.execute(_PARCELS, {"ids": ids}).all()
    kept = {one for row in papers for one in (row.sha256,) if one}
    kept |= {one for row in entries for one in (row.filed, row.pictures) if one}
    kept |= {sha256 for row in parcels for _, sha256 in json.loads(row.attachments)}
    arrivals = connection.execute(_ARRIVALS, {"papers": numbers}).scalars()
    changes = connection.execute(_CHANGES, {"of": reference}).scalars()
    return _Rows(entries, numbers, list(arrivals), [row.id for row in parcels], list(changes), kept)


def _only_here(connection: Connection, rows: _Rows) -> list[int]:
    """Return the children of a case who are in no other, and joined with nobody by the sheet of another."""
    these = {one for row in rows.entries for one in (row.child_id, row.child_b_id) if one}
    asked = {"children": list(these), "ids": rows.ids}
    elsewhere = {one for row in connection.execute(_ELSEWHERE, asked) for one in row}
    asked = {"children": list(these), "sheets": [row.reference for row in rows.entries]}
    elsewhere |= {one for row in connection.execute(_JOINED_ELSEWHERE, asked) for one in row}
    return sorted(these - elsewhere)


def _gone(row: Row[*tuple[Any, ...]]) -> Gone:
    return Gone(at_revision(row.reference, row.revision), row.seal, row.sha256 or "")


def _names(row: Row[*tuple[Any, ...]]) -> list[str]:
    """Return what a parcel's files are called at the destination, or "" where it is a row or a message."""
    names = [name for name, _ in json.loads(row.attachments)]
    as_read = json.loads(row.headers).get("as_read")
    return [*names, *([as_read] if as_read else [])] or [""]


_E, _P, _A, _T = (table_of(one).c for one in (Entry, Paper, Arrival, Task))
_PARCEL, _JOIN, _CHILD = table_of(Parcel).c, table_of(Joined).c, table_of(Child).c
_CHANGE = table_of(CaseChange).c
_IDS: ColumnElement[Any] = bindparam("ids", expanding=True)
_SHEETS: ColumnElement[Any] = bindparam("sheets", expanding=True)
_ENTRIES = (
    select(
        _E.id,
        _E.reference,
        _E.revision,
        _E.received_at,
        _E.child_id,
        _E.child_b_id,
        _E.filed,
        _E.pictures,
        _E.seal,
        _E.paper_id,
        _P.sha256,
    )
    .outerjoin_from(table_of(Entry), table_of(Paper), _P.id == _E.paper_id)
    .where(
        or_(
            _E.reference == bindparam("of"),
            _E.about == bindparam("of"),
            _E.reference.like(bindparam("sheets")),  # a sheet that counts for nothing
        )
    )
    .order_by(_E.id)
)
_OWN_PAPER = select(_E.paper_id).where(_E.id.in_(_IDS))
_SAME = table_of(Paper).alias("same")
_WAITS_TO_BE_READ = (
    select(_SAME.c.id)
    .where(
        _P.entry_id.is_(None),
        _SAME.c.sha256 == _P.sha256,
        _SAME.c.role == _P.role,
        _SAME.c.id.in_(_OWN_PAPER),
    )
    .exists()
)
_PAPERS = select(_P.id, _P.sha256).where(
    or_(_P.entry_id.in_(_IDS), _P.id.in_(_OWN_PAPER), _WAITS_TO_BE_READ)
)
_ARRIVALS = select(_A.id).where(_A.paper_id.in_(bindparam("papers", expanding=True)))
_DROPPED = (
    select(_A.folder, _A.file_name)
    .distinct()
    .where(_A.paper_id.in_(bindparam("papers", expanding=True)))
)
_PARCELS = select(_PARCEL.id, _PARCEL.attachments).where(_PARCEL.entry_id.in_(_IDS))
_PLACES = (
    select(_PARCEL.destination, _PARCEL.delivered_where, _PARCEL.headers, _PARCEL.attachments)
    .where(_PARCEL.id.in_(bindparam("parcels", expanding=True)), _PARCEL.delivered_at.is_not(None))
    .order_by(_PARCEL.id)
)
_CHANGES = select(_CHANGE.id).where(_CHANGE.reference == bindparam("of"))
_TASKS_OF = {
    "entries": (TaskKind.REMIND, TaskKind.ESCALATE, TaskKind.AGAIN),
    "papers": (TaskKind.READ,),
    "arrivals": (TaskKind.REPEAT,),
    "parcels": (TaskKind.DELIVER, TaskKind.FILE),
    "changes": (TaskKind.CHANGE,),
}
_OF_THE_CASE = or_(
    *(
        and_(_T.kind.in_(list(kinds)), _T.ref_id.in_(bindparam(of, expanding=True)))
        for of, kinds in _TASKS_OF.items()
    )
)
# What only keeps a clock is no work: a case that is closed has nothing to be reminded of.
_WAITING = select(func.count()).where(
    _OF_THE_CASE,
    _T.state != TaskState.DONE,
    _T.kind.not_in([TaskKind.REMIND, TaskKind.ESCALATE]),
)
_ELSEWHERE = select(_E.child_id, _E.child_b_id).where(
    or_(
        _E.child_id.in_(bindparam("children", expanding=True)),
        _E.child_b_id.in_(bindparam("children", expanding=True)),
    ),
    _E.id.not_in(_IDS),
)
_JOINED_ELSEWHERE = select(_JOIN.child_id, _JOIN.other_id).where(
    or_(
        _JOIN.child_id.in_(bindparam("children", expanding=True)),
        _JOIN.other_id.in_(bindparam("children", expanding=True)),
    ),
    _JOIN.sheet.not_in(_SHEETS),
)
# What was sent about other cases may tell of this one, too. It is prepared again where it has to be sent again.
_FORGET_BODIES = (
    update(table_of(Parcel))
    .where(
        func.instr(_PARCEL.body, bindparam("pattern")) > 0,
        _PARCEL.delivered_at.is_not(None),
    )
    .values(body=None, seal="")
)
_PARTED = (
    update(table_of(Paper)).where(_P.continues.in_(_IDS), _P.id.not_in(_IDS)).values(continues=None)
)
_NO_JOINS = delete(table_of(Joined)).where(_JOIN.sheet.in_(_SHEETS))
_NO_TASKS = delete(table_of(Task)).where(_OF_THE_CASE)
_NO_PARCELS = delete(table_of(Parcel)).where(_PARCEL.id.in_(_IDS))
_NO_ENTRIES = delete(table_of(Entry)).where(_E.id.in_(_IDS))
_NO_ARRIVALS = delete(table_of(Arrival)).where(_A.id.in_(_IDS))
_NO_PAPERS = delete(table_of(Paper)).where(_P.id.in_(_IDS))
_NO_CHANGES = delete(table_of(CaseChange)).where(_CHANGE.id.in_(_IDS))
_NO_CHILDREN = delete(table_of(Child)).where(_CHILD.id.in_(_IDS))
