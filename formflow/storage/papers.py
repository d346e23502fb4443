"""Papers and their arrivals: what was dropped, how often it came, and which entry it became."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Connection,
    Row,
    Select,
    and_,
    bindparam,
    func,
    insert,
    or_,
    select,
    update,
)

from formflow.core.model import Outcome, Role
from formflow.storage.database import inserted
from formflow.storage.schema import Arrival as ArrivalRow
from formflow.storage.schema import Entry, Task, TaskKind, TaskState, table_of
from formflow.storage.schema import Paper as PaperRow


@dataclass(frozen=True, slots=True)
class Paper:
    """Something that arrived and is new by its bytes and role."""

    id: int
    sha256: str  # "" for what is not a file: nothing kept
    size: int  # bytes
    file_name: str  # as dropped; may hold a name: never in a log or a path we make
    received_at: datetime
    code: str  # what the gate already knows, such as "FF-102"
    words: Mapping[str, str]  # what fills the braces of the code's message
    continues: int | None  # the paper whose bytes it begins with, from the same path
    role: Role  # of the folder it came from


@dataclass(frozen=True, slots=True)
class Arrival:
    """One time that a paper came."""

    id: int
    arrived_at: datetime
    role: Role
    entry_id: int | None  # what the paper became; None while it has not been read
    file_name: str  # as dropped; may hold a name: never in a log or a path we make
    size: int  # bytes


@dataclass(frozen=True, slots=True)
class Known:
    """The latest reading of some bytes, and how the record that it belongs to stands now."""

    id: int
    outcome: Outcome | None  # None while it has not been read


@dataclass(frozen=True, slots=True)
class Unreadable:
    """The latest reading of a paper that its record still waits for."""

    id: int
    reference: str
    entry_id: int
    sha256: str
    file_name: str
    received_at: datetime
    role: Role
    is_waiting: bool  # to be read again


@dataclass(frozen=True, slots=True)
class PutBack:
    """Papers that could not be read yet for one reason of ours, and since when the oldest waits."""

    code: str
    papers: int
    since: datetime


def add(
    connection: Connection,
    *,
    sha256: str | None,
    size: int,
    file_name: str,
    received_at: datetime,
    code: str,
    words: Mapping[str, str],
    continues: int | None,
    role: Role,
) -> int:
    """Write a paper; return its number."""
    row = {
        "sha256": sha256,
        "size": size,
        "file_name": file_name,
        "received_at": received_at.isoformat(),
        "code": code,
        "words": json.dumps(dict(words)),
        "continues": continues,
        "role": role,
    }
    return inserted(connection, _ADD, row)


def add_reading(
    connection: Connection,
    paper_id: int,
    file_name: str,
    received_at: datetime,
    code: str,
    words: Mapping[str, str],
) -> int:
    """Write the bytes of a paper as a paper of their own that continues it; return its number."""
    said = {
        "of": paper_id,
        "name": file_name,
        "at": received_at.isoformat(),
        "why": code,
        "filled": json.dumps(dict(words)),
    }
    return int(connection.execute(_ADD_READING, said).scalar_one())


def add_arrival(
    connection: Connection,
    paper_id: int,
    folder: str,
    file_name: str,
    now: datetime,
    *,
    duplicate: bool,
    role: Role,
) -> int:
    """Write that a paper came; return the number of the arrival."""
    row = {
        "paper_id": paper_id,
        "folder": folder,
        "file_name": file_name,
        "arrived_at": now.isoformat(),
        "duplicate": duplicate,
        "role": role,
    }
    return inserted(connection, _ADD_ARRIVAL, row)


def become(connection: Connection, paper_id: int, entry_id: int) -> None:
    """Note which entry a paper became, or repeats."""
    connection.execute(_BECOME, {"paper": paper_id, "entry": entry_id})


def paper(connection: Connection, paper_id: int) -> Paper:
    """Return a paper by its number. Raise NoResultFound."""
    row = connection.execute(_BY_ID, {"id": paper_id}).one()
    return Paper(
        row.id,
        row.sha256 or "",
        row.size,
        row.file_name,
        datetime.fromisoformat(row.received_at),
        row.code,
        json.loads(row.words),
        row.continues,
        Role(row.role),
    )


def known(connection: Connection, sha256: str, role: Role) -> Known | None:
    """Return what is known of some bytes from a kind of folder, None where they are new."""
    row = connection.execute(_KNOWN, {"sha256": sha256, "role": role}).first()
    if row is None:
        return None
    return Known(row.id, Outcome(row.outcome) if row.outcome else None)


def on_path(
    connection: Connection,
    folder: str,
    file_name: str,
    role: Role,
    *,
    below_size: int,
    since: datetime,
) -> list[tuple[int, str, int]]:
    """Return the smaller papers that came from a path since then, newest first: number, sha256, size in bytes."""
    asked = {
        "folder": folder,
        "name": file_name,
        "role": role,
        "size": below_size,
        "since": since.isoformat(),
    }
    return [(row.id, row.sha256, row.size) for row in connection.execute(_ON_PATH, asked)]


def arrival(connection: Connection, arrival_id: int) -> Arrival:
    """Return one arrival by its number. Raise NoResultFound."""
    return _arrival(connection.execute(_ARRIVAL, {"id": arrival_id}).one())


def first_arrival(connection: Connection, paper_id: int) -> Arrival:
    """Return the first time that a paper came. Raise NoResultFound."""
    return _arrival(connection.execute(_FIRST_ARRIVAL, {"paper": paper_id}).one())


def arrival_of_entry(connection: Connection, entry_id: int) -> Arrival | None:
    """Return the first time that the paper of an entry came; None where nothing is known of that."""
    row = connection.execute(_ARRIVAL_OF_ENTRY, {"entry": entry_id}).first()
    return None if row is None else _arrival(row)


def came_from(connection: Connection, paper_id: int) -> str:
    """Return the watched folder in which the bytes of a paper were dropped last in its role; "" for none."""
    return connection.execute(_CAME_FROM, {"paper": paper_id}).scalar() or ""


def unreadable(connection: Connection) -> list[Unreadable]:
    """Return the papers that could not be read and have not been since, by entry."""
    return [
        Unreadable(
            row.id,
            row.reference,
            row.entry_id,
            row.sha256 or "",
            row.file_name,
            datetime.fromisoformat(row.received_at),
            Role(row.role),
            row.is_waiting,
        )
        for row in connection.execute(_UNREADABLE)
    ]


def put_back(connection: Connection) -> Iterator[PutBack]:
    """Yield why papers could not be read yet, the oldest first."""
    for row in connection.execute(_PUT_BACK):
        yield PutBack(row.code, row.papers, datetime.fromisoformat(row.since))


def _arrival(row: Row[*tuple[Any, ...]]) -> Arrival:
    at, role = datetime.fromisoformat(row.arrived_at), Role(row.role)
    return Arrival(row.id, at, role, row.entry_id, row.file_name, row.size)


_PAPER, _ARRIVED, _ENTRY = table_of(PaperRow), table_of(ArrivalRow), table_of(Entry)
_P, _A, _E, _T = _PAPER.c, _ARRIVED.c, _ENTRY.c, table_of(Task).c
_ADD = insert(_PAPER)
_COPIED = (
    "sha256",
    "size",
    "file_name",
    "received_at",
    "code",
    "words",
    "continues",
    "role",
    "reading",
)
_ADD_READING = (
    insert(_PAPER)
    .from_select(
        _COPIED,
        select(
            _P.sha256,
            _P.size,
            bindparam("name"),
            bindparam("at"),
            bindparam("why"),
            bindparam("filled"),
            _P.id,
            _P.role,
            _P.reading + 1,
        ).where(_P.id == bindparam("of")),
    )
    .returning(_P.id)
)
_ADD_ARRIVAL = insert(_ARRIVED)
_BECOME = update(_PAPER).where(_P.id == bindparam("paper")).values(entry_id=bindparam("entry"))
_BY_ID = select(
    _P.id,
    _P.sha256,
    _P.size,
    _P.file_name,
    _P.received_at,
    _P.code,
    _P.words,
    _P.continues,
    _P.role,
).where(_P.id == bindparam("id"))
_LATEST = _ENTRY.alias("latest").c
_OUTCOME_NOW = (
    select(_LATEST.outcome)
    .where(_LATEST.reference == _E.reference)
    .order_by(_LATEST.revision.desc())
    .limit(1)
    .scalar_subquery()
)
_KNOWN = (
    select(_P.id, _OUTCOME_NOW.label("outcome"))
    .outerjoin_from(_PAPER, _ENTRY, _E.id == _P.entry_id)
    .where(_P.sha256 == bindparam("sha256"), _P.role == bindparam("role"))
    .order_by(_P.reading.desc())
    .limit(1)
)
_ON_PATH = (
    select(_P.id, _P.sha256, _P.size)
    .join_from(_ARRIVED, _PAPER, _P.id == _A.paper_id)
    .where(
        _A.folder == bindparam("folder"),
        _A.file_name == bindparam("name"),
        _A.arrived_at > bindparam("since"),
        _A.role == bindparam("role"),
        _P.size < bindparam("size"),
        _P.sha256.is_not(None),
    )
    .order_by(_A.id.desc())
)
_ARRIVALS: Select[Any] = select(
    _A.id, _A.arrived_at, _A.role, _P.entry_id, _A.file_name, _P.size
).join_from(_ARRIVED, _PAPER, _P.id == _A.paper_id)
_ARRIVAL = _ARRIVALS.where(_A.id == bindparam("id"))
_FIRST_ARRIVAL = _ARRIVALS.where(_P.id == bindparam("paper")).order_by(_A.id).limit(1)
_ARRIVAL_OF_ENTRY = (
    _ARRIVALS.join(_ENTRY, _E.paper_id == _P.id)
    .where(_E.id == bindparam("entry"))
    .order_by(_A.id)
    .limit(1)
)
_SAME_PAPER = _PAPER.alias("same")
_SAME = _SAME_PAPER.c
_CAME_FROM = (
    select(_A.folder)
    .join_from(_ARRIVED, _PAPER, _P.id == _A.paper_id)
    .join(_SAME_PAPER, _SAME.id == bindparam("paper"))
    .where(
        or_(_P.id == _SAME.id, and_(_P.sha256 == _SAME.sha256, _P.role == _SAME.role)),
        _A.folder != "",
    )
    .order_by(_A.id.desc())
    .limit(1)
)
_FIRST, _OTHER, _LATER = _PAPER.alias("first"), _PAPER.alias("other").c, _ENTRY.alias("later").c
_UNREADABLE = (
    select(
        _E.id.label("entry_id"),
        _E.reference,
        _P.id,
        _P.sha256,
        _P.file_name,
        _P.received_at,
        _P.role,
        _P.entry_id.is_(None).label("is_waiting"),
    )
    .join_from(_ENTRY, _FIRST, _FIRST.c.id == _E.paper_id)
    .join(
        _PAPER,
        or_(_P.id == _FIRST.c.id, and_(_P.sha256 == _FIRST.c.sha256, _P.role == _FIRST.c.role)),
    )
    .where(
        _E.outcome == Outcome.UNREADABLE,
        _E.revision
        == select(func.max(_LATER.revision))
        .where(_LATER.reference == _E.reference)
        .scalar_subquery(),
        _P.reading
        == select(func.max(_OTHER.reading))
        .where(
            or_(
                _OTHER.id == _FIRST.c.id,
                and_(_OTHER.sha256 == _FIRST.c.sha256, _OTHER.role == _FIRST.c.role),
            )
        )
        .scalar_subquery(),
    )
    .order_by(_E.id)
)
_SINCE = func.min(_P.received_at).label("since")
_PUT_BACK = (
    select(_T.last_code.label("code"), func.count().label("papers"), _SINCE)
    .join_from(table_of(Task), _PAPER, _P.id == _T.ref_id)
    .where(_T.kind == TaskKind.READ, _T.state != TaskState.DONE, _T.last_code != "")
    .group_by(_T.last_code)
    .order_by(_SINCE)
)
