"""The task table: claim -> handle -> commit, with lease, fencing and a reaper.

A task is a number, never a form. The claim commits before anything happens; that a task was claimed
says nothing about its paper. Whoever finishes a task must still hold its lease: a worker that slept too
long changes nothing.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, and_, bindparam, case, func, literal, or_, select, update

from formflow.core.clock import clock
from formflow.core.trouble import INTERRUPTED, OF_THE_COMPUTER, WORKER_GONE
from formflow.storage.database import reading, writing
from formflow.storage.owners import is_dead, take_away
from formflow.storage.schema import Cause, Parcel, Task, TaskKind, TaskState, table_of, task_is
from formflow.storage.sqlite import upsert

_FIRST_MOMENT = datetime(1970, 1, 1, tzinfo=UTC)
LONGEST_PATIENCE_SECONDS = 300.0  # before what was put back is tried again
LONGEST_BACK_OFF_SECONDS = 86_400.0  # before a delivery is: a destination may ask for a day
# What a dead worker left comes back soon, and later each time: one paper that takes its worker along
# must not keep the others from their turn.
MOST_DOUBLINGS_AFTER_A_DEATH = 5
LEASE_SECONDS = 300.0  # the slowest step is a lane's round and the call that ends it, see lanes.py
READY, LEASED, DONE, SET_ASIDE = TaskState

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
    unclear: bool = False  # a delivery that may have arrived although nobody noted it

    @property
    def patience_seconds(self) -> float:
        """How long it waits when it is put back: twice as long each time, up to a limit."""
        return float(min(LONGEST_PATIENCE_SECONDS, 2 ** min(self.attempts - 1, 10)))


@dataclass(frozen=True, slots=True)
class Undelivered:
    """Parcels that one destination does not hold yet, and why."""

    destination: str
    parcels: int
    set_aside: int  # refused for good: a person must look
    code: str
    next_try: datetime | None  # None: at the next turn, or when a person asks for it
    text: str  # what was said, in one line without names; "" where nothing may be shown


class LeaseLost(Exception):
    """Another worker has taken the task over; what we did must not be recorded."""


def add(
    connection: Connection,
    kind: TaskKind,
    ref_id: int,
    *,
    priority: int,
    lane: str = "",
    due: float = 0,
) -> None:
    """Put a task on the list, in the caller's transaction. Doing so twice changes nothing."""
    connection.execute(
        _ADD, {"kind": kind, "ref_id": ref_id, "priority": priority, "lane": lane, "due": due}
    )


def finish(connection: Connection, task: Claimed, owner: str) -> None:
    """Mark a task done in the caller's transaction. Raise LeaseLost when it is no longer ours."""
    _close(connection, task, owner, DONE, "")


def set_aside(
    connection: Connection,
    task: Claimed,
    owner: str,
    code: str,
    *,
    text: str = "",
    unclear: bool = False,
) -> None:
    """Put a task aside for a person, with the reason. Raise LeaseLost."""
    _close(connection, task, owner, SET_ASIDE, code, text=text, unclear=unclear)


def put_back(
    connection: Connection,
    task: Claimed,
    owner: str,
    *,
    after_seconds: float,
    code: str,
    weight: int = 0,
    text: str = "",
    unclear: bool = True,
) -> None:
    """Make a task ready again at a later time, with the reason and its weight. Raise LeaseLost.

    `unclear` says whether what it was to do may be done anyway, as after trouble of our own.
    """
    changed = connection.execute(
        _PUT_BACK,
        {
            **held(task, owner),
            "again": clock.seconds() + after_seconds,
            "code": code,
            "heavier": weight,
            "said": text,
            "is_unclear": unclear,
        },
    )
    if changed.rowcount != 1:
        raise LeaseLost


def release(connection: Connection, task: Claimed, owner: str) -> None:
    """Give back a task that nobody tried, as it was. Raise LeaseLost."""
    changed = connection.execute(_RELEASE, held(task, owner))
    if changed.rowcount != 1:
        raise LeaseLost


def finish_late(connection: Connection, task: Claimed) -> bool:
    """Mark a task done that was put back meanwhile, unless somebody has tried it since."""
    return connection.execute(_FINISH_LATE, {"ours": task.id, "tried": task.attempts}).rowcount == 1


def hold_lane(
    connection: Connection, lane: str, after_seconds: float, code: str, text: str = ""
) -> None:
    """Keep every waiting delivery of one destination back: the whole of it is out of reach."""
    again = clock.seconds() + after_seconds
    values = {"held": lane, "again": again, "code": code, "said": text}
    connection.execute(_HOLD_LANE, values)


def reap(engine: Engine, locks: Path) -> int:
    """Give back the tasks of workers that died. Return how many.

    A worker of this computer is dead when nobody holds its lock; on any computer, when its lease
    has ended.
    """
    with reading(engine) as connection:
        owners = {row.owner for row in connection.execute(_LEASED_OWNERS)}
    if not owners:
        return 0
    dead = [owner for owner in owners if is_dead(locks / f"{owner}.lock")]
    with writing(engine) as connection:
        freed = connection.execute(
            _FREE,
            {
                "dead": dead,
                "now": clock.seconds(),
            },
        )
    for owner in dead:
        take_away(locks / f"{owner}.lock")
    return int(freed.rowcount)


def next_due(engine: Engine, busy: Collection[str] = frozenset()) -> float | None:
    """Return when the next ready task is due, in seconds since 1970, or None. Busy lanes do not count."""
    with reading(engine) as connection:
        due: float | None = connection.execute(_NEXT_DUE, {"busy": list(busy)}).scalar()
    return due


def next_paper_due(connection: Connection) -> float | None:
    """Return when the next paper is due to be read, in seconds since 1970, or None."""
    due: float | None = connection.execute(_NEXT_PAPER).scalar_one()
    return due


def count_read(connection: Connection) -> int:
    """Return how many papers have been read and recorded so far."""
    return int(connection.execute(_COUNT.where(_IS_READING, _IS_DONE)).scalar_one())


def count_unread(connection: Connection) -> int:
    """Return how many papers are still to be read."""
    return int(connection.execute(_COUNT.where(_IS_READING, ~_IS_DONE)).scalar_one())


def undelivered(connection: Connection) -> list[Undelivered]:
    """Return what each destination does not hold yet, by name of destination and by reason."""
    rows = connection.execute(_UNDELIVERED)
    return [
        Undelivered(
            row.lane,
            row.parcels,
            row.aside,
            row.code,
            _moment(row.due) if row.due else None,
            row.said,
        )
        for row in rows
    ]


def _moment(seconds: float) -> datetime:
    """Return a moment of so many seconds since 1970. Raise OverflowError where there is none.

    `datetime.fromtimestamp` would raise OSError, as if a disk were in trouble.
    """
    return _FIRST_MOMENT + timedelta(seconds=seconds)


def waits_because(connection: Connection, lane: str, code: str) -> bool:
    """Return whether a delivery to a destination waits for a reason that was met before."""
    return connection.execute(_WAITS, {"of_lane": lane, "code": code}).first() is not None


def bring_forward(connection: Connection) -> None:
    """Make due at once the papers that wait because of this computer."""
    connection.execute(_BRING_FORWARD, {"codes": list(OF_THE_COMPUTER)})


def retry(connection: Connection, lane: str | None, *, set_aside_too: bool) -> int:
    """Make waiting deliveries due at once, of one destination or of all; return how many.

    What was set aside for a person comes back only when that person asks for it.
    """
    states = [READY, SET_ASIDE] if set_aside_too else [READY]
    changed = connection.execute(_RETRY, {"of_lane": lane, "states": states})
    return int(changed.rowcount)


def begin_elsewhere(connection: Connection) -> None:
    """Free what the workers of another computer held, in a ledger that was put back here.

    What was waiting to be delivered may have arrived since: it is looked up before it is sent.
    """
    connection.execute(_FREE_ALL)
    connection.execute(_DOUBT_ALL)


def close_unclaimed(connection: Connection, kind: TaskKind, ref_id: int) -> None:
    """Mark a task done that nobody holds, in the caller's transaction."""
    connection.execute(_DONE_AT_ONCE, {"of_kind": kind, "ref": ref_id})


def _close(
    connection: Connection,
    task: Claimed,
    owner: str,
    state: int,
    code: str,
    *,
    text: str = "",
    unclear: bool = False,
) -> None:
    how = {"ended": state, "code": code, "said": text, "is_unclear": unclear}
    changed = connection.execute(_CLOSE, {**held(task, owner), **how})
    if changed.rowcount != 1:
        raise LeaseLost


def held(task: Claimed, owner: str) -> dict[str, Any]:
    """Return what tells a task that is still ours from one that was taken over."""
    return {"held": task.id, "holder": owner, "tried": task.attempts}


# Parameters are not called like columns: in an update those would be set.
_TASK = table_of(Task)
_T, _P = _TASK.c, table_of(Parcel).c
_IS_READY, _IS_LEASED = task_is(TaskState.READY), task_is(TaskState.LEASED)
IS_IN_A_FREE_LANE = or_(
    _T.kind != TaskKind.DELIVER, _T.lane.not_in(bindparam("busy", expanding=True))
)
_ADD = upsert(_TASK).on_conflict_do_nothing(index_elements=[_T.kind, _T.ref_id])
_OURS = update(_TASK).where(
    _T.id == bindparam("held"),
    _IS_LEASED,
    _T.owner == bindparam("holder"),
    _T.attempts == bindparam("tried"),
)
_HOW: dict[str, Any] = {
    "last_code": bindparam("code"),
    "last_text": bindparam("said"),
    "unclear": bindparam("is_unclear"),
    "owner": None,
}
_CLOSE = _OURS.values(state=bindparam("ended"), **_HOW)
_PUT_BACK = _OURS.values(
    state=TaskState.READY,
    due=bindparam("again"),
    weight=_T.weight + bindparam("heavier"),
    **_HOW,
)
_RELEASE = _OURS.values(state=TaskState.READY, attempts=_T.attempts - 1, owner=None)
_FINISH_LATE = (
    update(_TASK)
    .where(_T.id == bindparam("ours"), _IS_READY, _T.attempts == bindparam("tried"))
    .values(state=TaskState.DONE, last_code="", last_text="")
)
# Only deliveries have a lane. Their kind would be looked up among all that were ever made.
_HOLD_LANE = (
    update(_TASK)
    .where(_IS_READY, _T.lane == bindparam("held"))
    .values(
        due=case((_T.due < bindparam("again"), bindparam("again")), else_=_T.due),
        last_code=bindparam("code"),
        last_text=bindparam("said"),
    )
)
_LEASED_OWNERS = select(_T.owner).distinct().where(_IS_LEASED)
_IS_READING = _T.kind == TaskKind.READ
_DOUBLINGS = case(
    (_T.attempts > MOST_DOUBLINGS_AFTER_A_DEATH, MOST_DOUBLINGS_AFTER_A_DEATH),
    else_=_T.attempts - 1,
)
_FREE = (
    update(_TASK)
    .where(
        _IS_LEASED,
        or_(_T.owner.in_(bindparam("dead", expanding=True)), _T.lease_until < bindparam("now")),
    )
    .values(
        state=TaskState.READY,
        owner=None,
        unclear=_T.kind == TaskKind.DELIVER,  # what was begun and not ended may have arrived
        due=case(
            (_IS_READING, bindparam("now") + literal(1).bitwise_lshift(_DOUBLINGS)), else_=0.0
        ),
        last_code=case((_IS_READING, INTERRUPTED), else_=_T.last_code),
        weight=_T.weight + WORKER_GONE,
    )
)
_FREE_ALL = update(_TASK).where(_IS_LEASED).values(state=TaskState.READY, owner=None, due=0.0)
_DOUBT_ALL = (
    update(_TASK).where(_T.kind == TaskKind.DELIVER, ~task_is(TaskState.DONE)).values(unclear=True)
)
_DONE_AT_ONCE = (
    update(_TASK)
    .where(_T.kind == bindparam("of_kind"), _T.ref_id == bindparam("ref"))
    .values(state=TaskState.DONE, owner=None)
)
_NEXT_DUE = select(func.min(_T.due)).where(_IS_READY, IS_IN_A_FREE_LANE)
# A condition on the kind would be looked up among all papers that were ever read.
_NEXT_PAPER = select(func.min(case((_IS_READING, _T.due)))).where(_IS_READY)
_IS_DONE = task_is(TaskState.DONE)
_COUNT = select(func.count()).select_from(_TASK)
_UNDELIVERED = (
    select(
        _T.lane,
        func.count().label("parcels"),
        func.sum(case((task_is(TaskState.SET_ASIDE), 1), else_=0)).label("aside"),
        _T.last_code.label("code"),
        func.min(case((_IS_READY, _T.due))).label("due"),
        func.max(_T.last_text).label("said"),
    )
    .where(_T.kind == TaskKind.DELIVER, ~_IS_DONE)
    .group_by(_T.lane, _T.last_code)
    .order_by(_T.lane, _T.last_code)
)
_WAITS = (
    select(_T.id)
    .where(
        ~task_is(TaskState.DONE),
        _T.kind == TaskKind.DELIVER,
        _T.lane == bindparam("of_lane"),
        _T.last_code == bindparam("code"),
    )
    .limit(1)
)
_BRING_FORWARD = (
    update(_TASK)
    .where(_IS_READING, _IS_READY, _T.last_code.in_(bindparam("codes", expanding=True)))
    .values(due=0)
)
_IS_OF_A_DAY = select(_P.id).where(_P.id == _T.ref_id, _P.cause == Cause.OVERDUE).exists()
_RETRY = (
    update(_TASK)
    .where(
        _T.kind == TaskKind.DELIVER,
        _T.state.in_(bindparam("states", expanding=True)),
        ~and_(_T.attempts == 0, _IS_OF_A_DAY),  # it waits for its time, and for nothing else
        or_(bindparam("of_lane", type_=_T.lane.type).is_(None), _T.lane == bindparam("of_lane")),
    )
    .values(state=TaskState.READY, due=0, attempts=0, weight=0)
)
