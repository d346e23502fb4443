"""What is dropped last does not wait for the heap before it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from formflow.core.settings import Settings
from formflow.delivery import dispatcher
from formflow.pipeline import service, sweep
from formflow.storage import database
from tests.support import worker
from tests.support.offices import drop, files
from tests.support.waiting import eventually

RED, GREEN = "red-planned-secrecy-pdfjs", "green-free-play-pdfjs"


@pytest.fixture
def patient(office: Settings) -> Settings:
    """The agency with folders in which a file has to settle."""
    watched = (one.model_copy(update={"settle_seconds": 5}) for one in office.watch)
    return office.model_copy(update={"watch": tuple(watched)})


def heap(office: Settings, count: int) -> None:
    """Drop so many forms that differ in their bytes alone."""
    for number in range(count):
        target = drop(office, GREEN, f"form {number:03}.pdf")
        with target.open("ab") as file:
            file.write(b"\n" * (number + 1))


def in_one_turn(office: Settings, monkeypatch: pytest.MonkeyPatch, at: datetime) -> None:
    """Take a turn of the service that works at the heap no longer than one drain."""
    monkeypatch.setattr(service, "HEAP_SECONDS", 0.0)
    worker.turn(office, lambda: at, waits=False)


def read_so_far(office: Settings) -> set[int]:
    """Return the numbers of the papers that have been read, in the order in which they were taken."""
    with database.reading(worker.context_of(office).engine) as connection:
        read = connection.exec_driver_sql(
            "SELECT ref_id FROM task WHERE kind = 'read' AND state = 2"
        )
        return set(read.scalars())


def test_a_red_form_dropped_behind_a_heap_is_read_next(
    patient: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = datetime.now(UTC)
    heap(patient, 60)
    in_one_turn(patient, monkeypatch, now)
    in_one_turn(patient, monkeypatch, now + timedelta(seconds=60))
    drop(patient, RED, "a red form.pdf")
    in_one_turn(patient, monkeypatch, now + timedelta(seconds=61))
    before = read_so_far(patient)
    in_one_turn(patient, monkeypatch, now + timedelta(seconds=120))
    assert len(before) < 50, "the heap is still there"
    with database.reading(worker.context_of(patient).engine) as connection:
        lights = connection.exec_driver_sql("SELECT light FROM entry").scalars().all()
    assert "red" in lights
    assert len(read_so_far(patient)) < 61


def test_the_first_of_a_heap_is_not_the_last(
    patient: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = datetime.now(UTC)
    heap(patient, 40)
    in_one_turn(patient, monkeypatch, now)
    in_one_turn(patient, monkeypatch, now + timedelta(seconds=60))
    assert {1, 40} <= read_so_far(patient)
    assert len(read_so_far(patient)) < 40


def test_the_first_receipts_of_a_heap_come_while_the_others_are_read(
    patient: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatcher, "AT_ONCE", 5)
    now = datetime.now(UTC)
    heap(patient, 40)
    in_one_turn(patient, monkeypatch, now)
    in_one_turn(patient, monkeypatch, now + timedelta(seconds=60))
    eventually(lambda: len(files(patient.folders.receipts)) >= 5)
    assert len(read_so_far(patient)) < 40


def test_a_sweep_takes_so_many_of_a_heap_the_newest_first(
    patient: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    del tmp_path
    monkeypatch.setattr(sweep, "AT_ONCE", 3)
    now, bench, watch = datetime.now(UTC), worker.context_of(patient), patient.watch[0]
    heap(patient, 7)
    sweep.sweep(bench, watch, now)
    drop(patient, RED, "a red form.pdf")
    sweep.sweep(bench, watch, now + timedelta(seconds=10))
    left = [len(files(watch.folder))]
    while left[-1]:
        swept = sweep.sweep(bench, watch, now + timedelta(seconds=60))
        left.append(len(files(watch.folder)))
        assert swept.is_settling == bool(left[-1])
        assert "a red form.pdf" not in files(watch.folder)
    assert left == [5, 2, 0]


def test_the_alert_of_a_red_form_goes_before_the_alerts_of_others(office: Settings) -> None:
    for name in (GREEN, RED):
        drop(office, name)
    office.folders.alerts.rename(office.folders.alerts.with_name("away"))
    worker.settle(office)
    with database.reading(worker.context_of(office).engine) as connection:
        waiting = connection.exec_driver_sql(
            "SELECT entry.light, task.priority FROM task JOIN parcel ON parcel.id = task.ref_id"
            " JOIN entry ON entry.id = parcel.entry_id"
            " WHERE task.kind = 'deliver' AND parcel.operation = 'alert'"
        )
        priorities: dict[str, int] = {row[0]: row[1] for row in waiting}
    office.folders.alerts.with_name("away").rename(office.folders.alerts)
    assert set(priorities) >= {"red"}
    assert all(priorities["red"] < one for light, one in priorities.items() if light != "red")
    assert len(priorities) == 2
