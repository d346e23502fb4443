"""Tasks are claimed once, finished by their owner only, and never lost with a worker."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from formflow.delivery import lanes
from formflow.storage import claims, database, tasks
from formflow.storage.database import open_ledger, reading, writing
from formflow.storage.owners import Owner
from formflow.storage.schema import TaskKind
from formflow.storage.tasks import LeaseLost


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = open_ledger(tmp_path / "state")
    yield engine
    engine.dispose()


def add(engine: Engine, kind: str, ref_id: int, priority: int = 3, lane: str = "") -> None:
    with writing(engine) as connection:
        tasks.add(connection, TaskKind(kind), ref_id, priority=priority, lane=lane)


def states(engine: Engine) -> list[tuple[int, int, str]]:
    with reading(engine) as connection:
        rows = connection.exec_driver_sql("SELECT ref_id, state, last_code FROM task ORDER BY id")
        return [(row.ref_id, row.state, row.last_code) for row in rows]


def do_and_finish(engine: Engine, task: tasks.Claimed, owner: str) -> None:
    with writing(engine) as connection:
        connection.exec_driver_sql("INSERT INTO counter VALUES ('what was done', 1)")
        tasks.finish(connection, task, owner)


def one(_kind: str, _lane: str) -> int:
    return 1


def many(_kind: str, _lane: str) -> int:
    return 10


def test_a_task_put_on_the_list_twice_is_there_once(engine: Engine) -> None:
    add(engine, "read", 1)
    add(engine, "read", 1)
    assert states(engine) == [(1, tasks.READY, "")]


def test_alerts_are_claimed_before_papers_and_papers_before_records(engine: Engine) -> None:
    add(engine, "deliver", 1, tasks.PRIORITY_RECORD, "csv")
    add(engine, "read", 2, tasks.PRIORITY_READ)
    add(engine, "deliver", 3, tasks.PRIORITY_ALERT, "alerts")
    claimed = [claims.claim(engine, "me", many)[0].ref_id for _ in range(3)]
    assert claimed == [3, 2, 1]


def test_what_makes_a_full_round_goes_before_papers_and_after_alerts(engine: Engine) -> None:
    for number in range(10):
        add(engine, "deliver", number, tasks.PRIORITY_RECORD, "csv")
        add(engine, "deliver", 20 + number, tasks.PRIORITY_RECEIPT, "receipts")
    add(engine, "deliver", 40, tasks.PRIORITY_RECORD, "workbook")
    add(engine, "read", 50, tasks.PRIORITY_READ)
    add(engine, "deliver", 60, tasks.PRIORITY_ALERT, "alerts")
    busy: set[str] = set()
    claimed = []
    while found := claims.claim(engine, "me", many, busy):
        claimed.append((found[0].lane, len(found)))
        busy.add(found[0].lane)
    assert claimed == [("alerts", 1), ("receipts", 10), ("csv", 10), ("", 1), ("workbook", 1)]


def test_tasks_of_the_same_kind_and_lane_are_claimed_together(engine: Engine) -> None:
    for number in range(4):
        add(engine, "deliver", number, lane="csv" if number < 3 else "workbook")
    assert [task.ref_id for task in claims.claim(engine, "me", many)] == [0, 1, 2]
    assert [task.ref_id for task in claims.claim(engine, "me", many)] == [3]
    assert claims.claim(engine, "me", many) == []


def test_a_task_tried_before_is_claimed_alone(engine: Engine) -> None:
    for number in range(3):
        add(engine, "read", number)
    first, *_ = claims.claim(engine, "me", one)
    with writing(engine) as connection:
        tasks.put_back(connection, first, "me", after_seconds=0, code="again")
    taken = [claims.claim(engine, "me", many) for _ in range(2)]
    assert sorted(len(claim) for claim in taken) == [1, 2]


def test_a_worker_whose_lease_was_taken_over_changes_nothing(
    engine: Engine, tmp_path: Path
) -> None:
    add(engine, "read", 1)
    (slow,) = claims.claim(engine, "slow", one)
    assert tasks.reap(engine, tmp_path / "locks") == 1  # nobody holds a lock named "slow"
    with writing(engine) as connection:  # what a dead worker left waits a moment
        connection.exec_driver_sql("UPDATE task SET due = 0")
    (quick,) = claims.claim(engine, "quick", one)
    with pytest.raises(LeaseLost):
        do_and_finish(engine, slow, "slow")
    with writing(engine) as connection:
        tasks.finish(connection, quick, "quick")
    with reading(engine) as connection:
        assert (
            connection.exec_driver_sql(
                "SELECT count(*) FROM counter WHERE name = 'what was done'"
            ).scalar_one()
            == 0
        )
    assert states(engine) == [(1, tasks.DONE, "")]


def test_the_tasks_of_a_living_worker_are_left_alone(engine: Engine, tmp_path: Path) -> None:
    add(engine, "read", 1)
    with Owner(tmp_path / "locks") as owner:
        claims.claim(engine, owner.name, one)
        assert tasks.reap(engine, tmp_path / "locks") == 0
    assert tasks.reap(engine, tmp_path / "locks") == 1


def test_a_destination_out_of_reach_holds_back_its_own_lane_alone(engine: Engine) -> None:
    add(engine, "deliver", 1, lane="workbook")
    add(engine, "deliver", 2, lane="csv")
    with writing(engine) as connection:
        tasks.hold_lane(connection, "workbook", 600, "open-in-excel")
    assert [task.ref_id for task in claims.claim(engine, "me", many)] == [2]
    assert states(engine)[0] == (1, tasks.READY, "open-in-excel")


def test_a_task_set_aside_is_not_claimed_again(engine: Engine) -> None:
    add(engine, "deliver", 1)
    (task,) = claims.claim(engine, "me", one)
    with writing(engine) as connection:
        tasks.set_aside(connection, task, "me", "refused")
    assert claims.claim(engine, "me", many) == []
    assert states(engine) == [(1, tasks.SET_ASIDE, "refused")]


def test_a_lane_that_is_busy_gets_nothing_and_holds_up_nobody(engine: Engine) -> None:
    add(engine, "deliver", 1, tasks.PRIORITY_ALERT, "hangs")
    add(engine, "deliver", 2, tasks.PRIORITY_RECORD, "csv")
    assert [task.ref_id for task in claims.claim(engine, "me", many, {"hangs"})] == [2]
    assert claims.claim(engine, "me", many, {"hangs"}) == []
    assert tasks.next_due(engine, {"hangs"}) is None
    assert tasks.next_due(engine) == 0


def test_what_was_not_tried_goes_back_as_it_was(engine: Engine) -> None:
    add(engine, "deliver", 1, lane="csv")
    (task,) = claims.claim(engine, "me", many)
    with writing(engine) as connection:
        tasks.release(connection, task, "me")
    (again,) = claims.claim(engine, "me", many)
    assert again.attempts == task.attempts == 1
    with writing(engine) as connection, pytest.raises(LeaseLost):
        tasks.release(connection, task, "another")


def test_what_ended_late_is_done_unless_somebody_has_tried_it_since(engine: Engine) -> None:
    add(engine, "deliver", 1, lane="csv")
    (first,) = claims.claim(engine, "me", many)
    with writing(engine) as connection:
        tasks.put_back(connection, first, "me", after_seconds=0, code="FF-425")
    (second,) = claims.claim(engine, "me", many)
    with writing(engine) as connection:
        assert not tasks.finish_late(connection, first)
        tasks.put_back(connection, second, "me", after_seconds=0, code="FF-425")
        assert tasks.finish_late(connection, second)
    assert states(engine) == [(1, tasks.DONE, "")]


def test_a_lease_outlasts_the_longest_round_of_a_lane() -> None:
    longest = lanes.ROUND_SECONDS + lanes.CALL_SECONDS + lanes.GRACE_SECONDS
    assert longest + database.BUSY_SECONDS < tasks.LEASE_SECONDS


def test_a_lock_file_that_another_program_has_open_holds_up_no_ending(tmp_path: Path) -> None:
    """Windows removes no file that is open: a scanner may be looking at it."""
    with Owner(tmp_path) as owner:
        scanned = (tmp_path / f"{owner.name}.lock").open("rb")
    scanned.close()


def test_a_dead_workers_lock_file_that_is_open_holds_up_no_task(
    engine: Engine, tmp_path: Path
) -> None:
    add(engine, "read", 1)
    claims.claim(engine, "gone", one)
    lock = tmp_path / "gone.lock"
    lock.touch()
    with lock.open("rb"):
        assert tasks.reap(engine, tmp_path) == 1
    assert states(engine)[0][1] == tasks.READY
