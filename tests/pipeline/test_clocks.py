"""The clock of the computer jumps: that is told once, and nothing comes earlier, later or more often for it."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest

from formflow.admin import status
from formflow.core import clock as clocks
from formflow.core.clock import Clock, clock
from formflow.core.errors import ExitCode
from formflow.core.settings import Settings
from formflow.pipeline import service
from formflow.storage import acknowledgements, database, sightings
from formflow.storage.sightings import Sighting
from tests.stories.test_decisions import HER_NAME
from tests.support import worker
from tests.support.desk import Desk
from tests.support.offices import drop, formflow

RED, GREEN = "red-planned-secrecy-pdfjs", "green-free-play-pdfjs"
JUMPS = {
    "two days on": timedelta(days=2),
    "400 days back": timedelta(days=-400),
    "1970": datetime(1970, 1, 1, tzinfo=UTC) - datetime.now(UTC),
}
any_jump = pytest.mark.parametrize("by", JUMPS.values(), ids=JUMPS)


class Computer:
    """A computer whose clock can be put. Its time stands still, however slow the machine is, but for what is added."""

    def __init__(self) -> None:
        self.shift = self.longer = 0.0  # seconds
        self._began = time.time(), time.monotonic()

    def wall(self) -> float:
        return self._began[0] + self.shift + self.longer

    def elapsed(self) -> float:
        return self._began[1] + self.longer

    def jumps(self, by: timedelta) -> None:
        self.shift += by.total_seconds()


@pytest.fixture
def computer(monkeypatch: pytest.MonkeyPatch) -> Computer:
    it = Computer()
    fresh = Clock(it.wall, it.elapsed)
    for name, value in vars(fresh).items():
        monkeypatch.setattr(clock, name, value)
    return it


def told(office: Settings) -> list[str]:
    """Return what of FormFlow itself nobody has seen yet."""
    return [own.code for own in status.overview(office).own_alerts]


def alerts(office: Settings, reference: str) -> int:
    return len(list(office.folders.alerts.glob(f"*{reference}*.html")))


@any_jump
def test_what_was_settling_settles_as_it_would_have(
    office: Settings, computer: Computer, by: timedelta
) -> None:
    watch = office.watch[0].model_copy(update={"settle_seconds": 60.0})
    slow = office.model_copy(update={"watch": (watch, office.watch[1])})
    drop(slow, RED)
    worker.turn(slow)
    computer.longer += 50
    computer.jumps(by)
    [swept, _] = worker.turn(slow).swept
    assert swept.is_settling
    assert swept.next_look_seconds is not None
    assert 0 < swept.next_look_seconds <= 10
    computer.longer += 10
    worker.turn(slow)
    assert alerts(slow, "FF-2026-000001") == 1
    assert told(slow) == ["FF-476"]


@any_jump
def test_what_waits_for_a_destination_goes_when_its_time_has_come(
    office: Settings, computer: Computer, by: timedelta
) -> None:
    receipts = office.folders.receipts
    receipts.rename(receipts.with_name("away"))
    drop(office, RED)
    worker.turn(office)
    computer.jumps(by)
    receipts.with_name("away").rename(receipts)
    worker.turn(office)
    assert not list(receipts.glob("*.html"))  # five seconds have not passed
    computer.longer += 8
    worker.turn(office)
    assert len(list(receipts.glob("*.html"))) == 1


@any_jump
def test_it_is_told_once_and_again_only_when_it_happens_again(
    office: Settings, computer: Computer, by: timedelta
) -> None:
    worker.turn(office)
    computer.jumps(by)
    for _ in range(3):
        worker.turn(office)
    assert told(office) == ["FF-476"]
    context = worker.context_of(office)
    with database.writing(context.engine) as connection:
        for own in status.overview(office).own_alerts:
            acknowledgements.acknowledge(
                connection, context.trail, own.reference, "IT", clock.now()
            )
    for _ in range(3):
        worker.turn(office)
    assert told(office) == []
    computer.jumps(-by)
    worker.turn(office)
    computer.jumps(by)
    worker.turn(office)
    assert told(office) == ["FF-476"]


@any_jump
def test_nothing_is_overdue_for_days_that_never_were(
    office: Settings, computer: Computer, by: timedelta
) -> None:
    desk = Desk(office)
    desk.gets(RED)
    desk.fills_in("F2", level="harmful", level_reason="Planned.", **HER_NAME)
    before = clock.now()
    computer.jumps(by)
    for _ in range(3):
        worker.turn(office)
    assert not list(office.folders.alerts.glob("*OVERDUE*.html"))
    drop(office, GREEN)
    worker.turn(office)
    waiting = {one.reference: one for one in status.overview(office).waiting}
    assert abs(waiting["FF-2026-000002"].since - before) < timedelta(hours=1)


def test_whoever_asks_whether_the_service_is_alive_sees_that_it_is(
    office: Settings, computer: Computer
) -> None:
    worker.turn(office)
    computer.jumps(timedelta(days=2))
    worker.turn(office)
    asked_by = datetime.fromtimestamp(
        computer.wall(), UTC
    )  # another program, by the clock as it is
    view = status.overview(office)
    assert status.exit_code(view, office, asked_by) == ExitCode.WAITING


def test_what_a_wrong_clock_put_off_is_not_waited_for(office: Settings) -> None:
    receipts = office.folders.receipts
    receipts.rename(receipts.with_name("away"))
    drop(office, RED)
    worker.turn(office)
    receipts.with_name("away").rename(receipts)
    context, ahead = worker.context_of(office), clock.seconds() + 30 * 86_400
    with database.writing(context.engine) as connection:
        connection.exec_driver_sql(
            "UPDATE task SET due = ? WHERE lane != '' AND state = 0", (ahead,)
        )
    worker.turn(office)
    assert len(list(receipts.glob("*.html"))) == 1


def test_what_a_wrong_clock_saw_settles_by_the_right_one(
    office: Settings,
) -> None:
    path = drop(office, RED)
    seen, watch = path.stat(), office.watch[0]
    ahead = Sighting(seen.st_size, seen.st_mtime_ns, clock.now() + timedelta(days=400), "settling")
    with database.writing(worker.context_of(office).engine) as connection:
        sightings.observe(connection, str(watch.folder), path.name.encode(), ahead)
    worker.turn(office)
    assert alerts(office, "FF-2026-000001") == 1


def test_a_clock_that_is_behind_at_the_start_is_told_and_forms_are_taken(
    office: Settings, computer: Computer
) -> None:
    drop(office, RED)
    worker.settle(office)
    worker.close()
    computer.jumps(timedelta(days=-400))
    fresh = Clock(computer.wall, computer.elapsed)  # FormFlow starts again
    vars(clock).update(vars(fresh))
    service.try_everything_again(worker.context_of(office))
    drop(office, GREEN)
    worker.settle(office)
    assert told(office) == ["FF-477"]
    assert len(list(office.folders.receipts.glob("*.html"))) == 2
    assert "LOOK clock: The clock of this computer is wrong" in formflow(office, "doctor").stdout


def test_a_clock_that_was_never_set_is_told(office: Settings, computer: Computer) -> None:
    computer.jumps(JUMPS["1970"])
    vars(clock).update(vars(Clock(computer.wall, computer.elapsed)))
    service.try_everything_again(worker.context_of(office))
    assert told(office) == ["FF-477"]
    assert clocks.utc_now().year == 1970
