"""The task table: claim -> handle -> commit, with lease, fencing and a reaper.

A task is a number, never a form. The claim commits before anything happens; that a task was claimed
says nothing about its paper. Whoever finishes a task must still hold its lease: a worker that slept too
long changes nothing.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from filelock import FileLock, Timeout
from sqlalchemy import Connection, Engine, bindparam, text

from formflow.core.trouble import INTERRUPTED, OF_THE_COMPUTER, WORKER_GONE
from formflow.storage.database import reading, writing

LONGEST_PATIENCE_SECONDS = 300.0  # before what was put back is tried again
# What a dead worker left comes back soon, and later each time: one paper that takes its worker along
# must not keep the others from their turn.
MOST_DOUBLINGS_AFTER_A_DEATH = 5
LEASE_SECONDS = 300.0  # the slowest step is a lane's round and the call that ends it, see lanes.py
READY, LEASED, DONE, SET_ASIDE = range(4)

# Alerts before everything else, what cannot wait before the others, then papers not yet read, then the rest.
PRIORITY_NOW, PRIORITY_ALERT, PRIORITY_READ, PRIORITY_RECEIPT, PRIORITY_RECORD = range(-1, 4)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A task that is ours until the lease ends."""

    id: int
    kind: str
    ref_id: int
    lane: str
    attempts: int  # this one included
    weight: int = 0  # of what has gone wrong with it so far, see trouble.py

    @property
    def patience_seconds(self) -> float:
        """How long it waits when it is put back: twice as long each time, up to a limit."""
        return float(min(LONGEST_PATIENCE_SECONDS, 2 ** min(self.attempts - 1, 10)))


class LeaseLost(Exception):
    """Another worker has taken the task over; what we did must not be recorded."""


class Owner:
    """One worker's name, held by an operating-system lock: a free lock is a dead worker."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.name = uuid.uuid4().hex
        self._path = folder / f"{self.name}.lock"
        self._lock = FileLock(self._path)

    def __enter__(self) -> Self:
        self._lock.acquire(timeout=0)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._lock.release()
        self._path.unlink(missing_ok=True)


def add(
    connection: Connection, kind: str, ref_id: int, *, priority: int, lane: str = "", due: float = 0
) -> None:
    """Put a task on the list, in the caller's transaction. Doing so twice changes nothing."""
    connection.execute(_ADD, {"kind": kind, "ref": ref_id, "p": priority, "lane": lane, "due": due})


def claim(
    engine: Engine,
    owner: str,
    most: Callable[[str, str], int],
    busy: Collection[str] = frozenset(),
) -> list[Claimed]:
    """Take the most urgent ready task, and with it up to `most(kind, lane)` of its kind and lane.

    A task that was tried before comes alone, so that a poisonous one cannot take others along. Lanes that
    are busy get nothing.
    """
    now = time.time()
    wanted = {"now": now, "busy": list(busy)}
    with reading(engine) as connection:
        if connection.execute(_FIRST, wanted).first() is None:
            return []
    with writing(engine) as connection:
        first = connection.execute(_FIRST, wanted).first()
        if first is None:
            return []
        claim_many = first.attempts == 0
        rows = connection.execute(
            _CLAIM_ALIKE if claim_many else _CLAIM_ONE,
            {
                "id": first.id,
                "kind": first.kind,
                "lane": first.lane,
                "priority": first.priority,
                "now": now,
                "most": most(first.kind, first.lane),
                "owner": owner,
                "until": now + LEASE_SECONDS,
            },
        ).all()
    claimed = [Claimed(*row) for row in rows]
    return sorted(claimed, key=lambda task: task.id)


def finish(connection: Connection, task: Claimed, owner: str) -> None:
    """Mark a task done in the caller's transaction. Raise LeaseLost when it is no longer ours."""
    _close(connection, task, owner, DONE, "")


def set_aside(connection: Connection, task: Claimed, owner: str, code: str) -> None:
    """Put a task aside for a person, with the reason. Raise LeaseLost."""
    _close(connection, task, owner, SET_ASIDE, code)


def put_back(
    connection: Connection,
    task: Claimed,
    owner: str,
    *,
    after_seconds: float,
    code: str,
    weight: int = 0,
) -> None:
    """Make a task ready again at a later time, with the reason and its weight. Raise LeaseLost."""
    changed = connection.execute(
        _PUT_BACK,
        {
            "id": task.id,
            "owner": owner,
            "n": task.attempts,
            "due": time.time() + after_seconds,
            "code": code,
            "weight": weight,
        },
    )
    if changed.rowcount != 1:
        raise LeaseLost


def release(connection: Connection, task: Claimed, owner: str) -> None:
    """Give back a task that nobody tried, as it was. Raise LeaseLost."""
    changed = connection.execute(_RELEASE, {"id": task.id, "owner": owner, "n": task.attempts})
    if changed.rowcount != 1:
        raise LeaseLost


def finish_late(connection: Connection, task: Claimed) -> bool:
    """Mark a task done that was put back meanwhile, unless somebody has tried it since."""
    return connection.execute(_FINISH_LATE, {"id": task.id, "n": task.attempts}).rowcount == 1


def hold_lane(connection: Connection, lane: str, after_seconds: float, code: str) -> None:
    """Keep every waiting delivery of one destination back: the whole of it is out of reach."""
    connection.execute(_HOLD_LANE, {"lane": lane, "due": time.time() + after_seconds, "code": code})


def reap(engine: Engine, locks: Path) -> int:
    """Give back the tasks of workers that died. Return how many.

    A worker of this computer is dead when nobody holds its lock; on any computer, when its lease
    has ended.
    """
    with reading(engine) as connection:
        owners = {row.owner for row in connection.execute(_LEASED_OWNERS)}
    if not owners:
        return 0
    dead = [owner for owner in owners if _is_dead(locks / f"{owner}.lock")]
    with writing(engine) as connection:
        freed = connection.execute(
            _FREE,
            {
                "dead": dead,
                "now": time.time(),
                "doublings": MOST_DOUBLINGS_AFTER_A_DEATH,
                "code": INTERRUPTED,
                "weight": WORKER_GONE,
            },
        )
    for owner in dead:
        (locks / f"{owner}.lock").unlink(missing_ok=True)
    return int(freed.rowcount)


def next_due(engine: Engine, busy: Collection[str] = frozenset()) -> float | None:
    """Return when the next ready task is due, in seconds since 1970, or None. Busy lanes do not count."""
    with reading(engine) as connection:
        due: float | None = connection.execute(_NEXT_DUE, {"busy": list(busy)}).scalar()
    return due


def bring_forward(connection: Connection) -> None:
    """Make due at once the papers that wait because of this computer."""
    connection.execute(_BRING_FORWARD, {"codes": list(OF_THE_COMPUTER)})


def retry(connection: Connection, lane: str | None, *, set_aside_too: bool) -> int:
    """Make waiting deliveries due at once, of one destination or of all; return how many.

    What was set aside for a person comes back only when that person asks for it.
    """
    states = [READY, SET_ASIDE] if set_aside_too else [READY]
    changed = connection.execute(_RETRY, {"lane": lane, "states": states})
    return int(changed.rowcount)


def _close(connection: Connection, task: Claimed, owner: str, state: int, code: str) -> None:
    changed = connection.execute(
        _CLOSE, {"id": task.id, "owner": owner, "n": task.attempts, "state": state, "code": code}
    )
    if changed.rowcount != 1:
        raise LeaseLost


def _is_dead(path: Path) -> bool:
    if not path.exists():
        return True
    lock = FileLock(path)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return False
    lock.release()
    return True


_ADD = text(
    "INSERT INTO task (kind, ref_id, lane, priority, state, attempts, lease_until, due, last_code)"
    " VALUES (:kind, :ref, :lane, :p, 0, 0, 0, :due, '') ON CONFLICT (kind, ref_id) DO NOTHING"
)
_FIRST = text(
    "SELECT id, kind, lane, priority, attempts FROM task WHERE state = 0 AND due <= :now"
    " AND (kind != 'deliver' OR lane NOT IN :busy) ORDER BY priority, due, id LIMIT 1"
).bindparams(bindparam("busy", expanding=True))
_SET_LEASE = (
    "UPDATE task SET state = 1, owner = :owner, lease_until = :until, attempts = attempts + 1"
)
_RETURNING = " RETURNING id, kind, ref_id, lane, attempts, weight"
_CLAIM_ONE = text(f"{_SET_LEASE} WHERE id = :id AND state = 0{_RETURNING}")
_CLAIM_ALIKE = text(
    f"{_SET_LEASE} WHERE id IN (SELECT id FROM task WHERE state = 0"  # noqa: S608 - constants
    " AND priority = :priority"
    " AND due <= :now AND kind = :kind AND lane = :lane AND attempts = 0"
    f" ORDER BY due, id LIMIT :most){_RETURNING}"
)
_CLOSE = text(
    "UPDATE task SET state = :state, last_code = :code, owner = NULL"
    " WHERE id = :id AND state = 1 AND owner = :owner AND attempts = :n"
)
_PUT_BACK = text(
    "UPDATE task SET state = 0, due = :due, last_code = :code, weight = weight + :weight, owner = NULL"
    " WHERE id = :id AND state = 1 AND owner = :owner AND attempts = :n"
)
_RELEASE = text(
    "UPDATE task SET state = 0, attempts = attempts - 1, owner = NULL"
    " WHERE id = :id AND state = 1 AND owner = :owner AND attempts = :n"
)
_FINISH_LATE = text(
    "UPDATE task SET state = 2, last_code = '' WHERE id = :id AND state = 0 AND attempts = :n"
)
_HOLD_LANE = text(
    "UPDATE task SET due = max(due, :due), last_code = :code"
    " WHERE state = 0 AND kind = 'deliver' AND lane = :lane"
)
_LEASED_OWNERS = text("SELECT DISTINCT owner FROM task WHERE state = 1")
_FREE = text(
    "UPDATE task SET state = 0, owner = NULL, due = CASE kind WHEN 'read'"
    " THEN :now + (1 << min(attempts - 1, :doublings)) ELSE 0 END,"
    " last_code = CASE kind WHEN 'read' THEN :code ELSE last_code END,"
    " weight = weight + CASE kind WHEN 'read' THEN :weight ELSE 0 END"
    " WHERE state = 1 AND (owner IN :dead OR lease_until < :now)"
).bindparams(bindparam("dead", expanding=True))
_NEXT_DUE = text(
    "SELECT min(due) FROM task WHERE state = 0 AND (kind != 'deliver' OR lane NOT IN :busy)"
).bindparams(bindparam("busy", expanding=True))
_BRING_FORWARD = text(
    "UPDATE task SET due = 0 WHERE kind = 'read' AND state = 0 AND last_code IN :codes"
).bindparams(bindparam("codes", expanding=True))
_RETRY = text(
    "UPDATE task SET state = 0, due = 0, attempts = 0 WHERE kind = 'deliver' AND state IN :states"
    " AND (:lane IS NULL OR lane = :lane)"
).bindparams(bindparam("states", expanding=True))
