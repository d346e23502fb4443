"""Tasks that become due again: what is to be done once more, and what a wrong clock has put off."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, Engine, bindparam, case, select, update

from formflow.core.clock import clock
from formflow.storage import tasks
from formflow.storage.database import reading, writing
from formflow.storage.schema import Task, TaskKind, TaskState, table_of, task_is
from formflow.storage.tasks import (
    LONGEST_BACK_OFF_SECONDS,
    LONGEST_PATIENCE_SECONDS,
    PRIORITY_RECORD,
)

QUIETER_AFTER_SECONDS = 1_800.0  # before what took too long is read once more
PRIORITY_QUIET = PRIORITY_RECORD + 1  # that is, when nothing else is ready
AT_ONCE = 500  # numbers in one statement
SPREAD = 1.25  # times what a task waits at most: retries are spread


def do(connection: Connection, kind: TaskKind, ref_id: int, *, priority: int) -> None:
    """Put a task on the list, in the caller's transaction, also where it was done before."""
    tasks.add(connection, kind, ref_id, priority=priority)
    connection.execute(_DO, {"of_kind": kind, "ref": ref_id})


def deliver(connection: Connection, numbers: Collection[int], *, unclear: bool) -> list[int]:
    """Make deliveries that are done due again; return the numbers of their parcels.

    `unclear` says whether each is looked up at its destination first.
    """
    again: list[int] = []
    every = list(numbers)
    for start in range(0, len(every), AT_ONCE):
        some = {"numbers": every[start : start + AT_ONCE], "is_unclear": unclear}
        again += connection.execute(_DELIVER, some).scalars()
    return again


def bring_near(engine: Engine) -> None:
    """Make due what a clock that was wrong has put off for longer than anything of its kind waits."""
    now = clock.seconds()
    bounds = {
        "paper_by": now + SPREAD * LONGEST_PATIENCE_SECONDS,
        "quieter_by": now + SPREAD * QUIETER_AFTER_SECONDS,
        "delivery_by": now + SPREAD * LONGEST_BACK_OFF_SECONDS,
    }
    with reading(engine) as connection:
        is_far = connection.execute(_FAR, bounds).first() is not None
    if is_far:
        with writing(engine) as connection:
            connection.execute(_BRING_NEAR, bounds)


_TASK = table_of(Task)
_T = _TASK.c
_DO = (
    update(_TASK)
    .where(
        _T.kind == bindparam("of_kind"),
        _T.ref_id == bindparam("ref"),
        task_is(TaskState.DONE),
    )
    .values(state=TaskState.READY, due=0, attempts=0, weight=0)
)
_DELIVER = (
    update(_TASK)
    .where(
        _T.kind == TaskKind.DELIVER,
        _T.ref_id.in_(bindparam("numbers", expanding=True)),
        task_is(TaskState.DONE),
    )
    .values(
        state=TaskState.READY,
        due=0,
        attempts=0,
        weight=0,
        last_code="",
        last_text="",
        unclear=bindparam("is_unclear"),
    )
    .returning(_T.ref_id)
)
# Reminders and what escalates are due when they are due, however far that is. Conditions on the kind would be
# looked up among all tasks that there ever were.
_LATEST = case(
    (_T.kind == TaskKind.DELIVER, bindparam("delivery_by")),
    (_T.kind.in_((TaskKind.READ, TaskKind.REPEAT)), bindparam("paper_by")),
    (_T.kind == TaskKind.AGAIN, bindparam("quieter_by")),
    else_=_T.due,
)
_IS_FAR = (task_is(TaskState.READY), _T.due > _LATEST)
_FAR = select(_T.id).where(*_IS_FAR).limit(1)
_BRING_NEAR = update(_TASK).where(*_IS_FAR).values(due=0)
