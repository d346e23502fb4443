"""Which tasks are next: the most urgent, and those like it; papers from both ends of a heap, full rounds in between."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from sqlalchemy import (
    Connection,
    Engine,
    Row,
    bindparam,
    case,
    false,
    func,
    literal,
    select,
    update,
)

from formflow.core.clock import clock
from formflow.storage.database import reading, writing
from formflow.storage.schema import Task, TaskKind, TaskState, table_of, task_is
from formflow.storage.tasks import IS_IN_A_FREE_LANE, LEASE_SECONDS, Claimed


def claim(
    engine: Engine,
    owner: str,
    most: Callable[[str, str], int],
    busy: Collection[str] = frozenset(),
    *,
    newest_papers: bool = False,
) -> list[Claimed]:
    """Take the most urgent ready task, and with it up to `most(kind, lane)` of its kind and lane.

    `newest_papers` says that papers are taken from the other end of the heap: nobody knows which is urgent
    before it is read, and what came last must not wait for all that came before.

    Papers are more urgent than records and receipts, but let those of a lane go first that make a full round:
    whoever drops a heap hears of its first forms while the others are read.

    A task that was tried before comes alone, so that a poisonous one cannot take others along. Lanes that
    are busy get nothing.
    """
    now = clock.seconds()
    wanted = {"now": now, "busy": list(busy)}
    with reading(engine) as connection:
        if connection.execute(_FIRST, wanted).first() is None:
            return []
    with writing(engine) as connection:
        first = connection.execute(_FIRST, wanted).first()
        if first is None:
            return []
        if first.kind == TaskKind.READ:
            first = _full_round(connection, wanted, most) or first
        claim_many = first.attempts == 0 and not first.unclear
        is_newest = newest_papers and first.kind == TaskKind.READ
        alike = _CLAIM_NEWEST if is_newest else _CLAIM_ALIKE
        rows = connection.execute(
            alike if claim_many else _CLAIM_ONE,
            {
                "first": first.id,
                "of_kind": first.kind,
                "of_lane": first.lane,
                "as_urgent": first.priority,
                "now": now,
                "most": most(first.kind, first.lane),
                "ours": owner,
                "until": now + LEASE_SECONDS,
            },
        ).all()
    claimed = [Claimed(*row) for row in rows]
    return sorted(claimed, key=lambda task: task.id)


def _full_round(
    connection: Connection, wanted: dict[str, Any], most: Callable[[str, str], int]
) -> Row[*tuple[Any, ...]] | None:
    """Return the first of a free lane's deliveries where as many wait as go at once, None where nowhere so many do."""
    rounds = connection.execute(_ROUNDS, wanted)
    return next((one for one in rounds if one.waiting >= most(one.kind, one.lane)), None)


_TASK = table_of(Task)
_T = _TASK.c
_IS_READY = task_is(TaskState.READY)
_FIRST = (
    select(_T.id, _T.kind, _T.lane, _T.priority, _T.attempts, _T.unclear)
    .where(_IS_READY, _T.due <= bindparam("now"), IS_IN_A_FREE_LANE)
    .order_by(_T.priority, _T.due, _T.id)
    .limit(1)
)
_LEASE = (
    update(_TASK)
    .values(
        state=TaskState.LEASED,
        owner=bindparam("ours"),
        lease_until=bindparam("until"),
        attempts=_T.attempts + 1,
    )
    .returning(_T.id, _T.kind, _T.ref_id, _T.lane, _T.attempts, _T.weight, _T.unclear)
)
_CLAIM_ONE = _LEASE.where(_T.id == bindparam("first"), _IS_READY)
_ALIKE = select(_T.id).where(
    _IS_READY,
    _T.priority == bindparam("as_urgent"),
    _T.due <= bindparam("now"),
    _T.kind == bindparam("of_kind"),
    _T.lane == bindparam("of_lane"),
    _T.attempts == 0,
    ~_T.unclear,
)
_CLAIM_ALIKE = _LEASE.where(_T.id.in_(_ALIKE.order_by(_T.due, _T.id).limit(bindparam("most"))))
# A plain condition on the kind would be looked up among all parcels that were ever delivered.
_IS_DELIVERY = case((_T.kind == TaskKind.DELIVER, 1), else_=0)
_ROUNDS = (
    select(
        func.min(_T.id).label("id"),
        literal(TaskKind.DELIVER).label("kind"),
        _T.lane,
        _T.priority,
        literal(0).label("attempts"),
        false().label("unclear"),
        func.count().label("waiting"),
    )
    .where(
        _IS_READY,
        _IS_DELIVERY == 1,
        _T.due <= bindparam("now"),
        IS_IN_A_FREE_LANE,
        _T.attempts == 0,
        ~_T.unclear,
    )
    .group_by(_T.lane, _T.priority)
    .order_by(_T.priority, _T.lane)
)
_CLAIM_NEWEST = _LEASE.where(
    _T.id.in_(_ALIKE.order_by(_T.due, _T.id.desc()).limit(bindparam("most")))
)
