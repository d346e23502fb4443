"""The clock follows what a computer does that sleeps or is put right, and nothing else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from formflow.core.clock import Clock

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


class Computer:
    """A computer whose clock can be moved."""

    def __init__(self) -> None:
        self.shift = timedelta()
        self.up = 0.0  # seconds
        self.clock = Clock(lambda: (NOON + self.shift).timestamp() + self.up, lambda: self.up)

    def after(self, seconds: float) -> datetime:
        """Return what the clock says after some time."""
        self.up += seconds
        return self.clock.now()


@pytest.mark.parametrize(
    "moved", [timedelta(days=2), timedelta(days=-400), datetime(1970, 1, 1, tzinfo=UTC) - NOON]
)
def test_a_clock_that_is_moved_far_is_not_followed_and_told_once(moved: timedelta) -> None:
    computer = Computer()
    assert computer.after(10) == NOON + timedelta(seconds=10)
    computer.shift = moved
    assert computer.after(10) == NOON + timedelta(seconds=20)
    assert computer.clock.seconds() == NOON.timestamp() + 20
    assert computer.clock.jump() == moved
    assert computer.clock.jump() == moved  # nobody has been told yet
    computer.clock.note_told()
    assert computer.clock.jump() is None
    computer.shift = timedelta()
    assert computer.clock.jump() is None
    assert computer.after(10) == NOON + timedelta(seconds=30)
    computer.shift = moved
    assert computer.clock.jump() == moved  # once more, so it is told once more


@pytest.mark.parametrize("moved", [timedelta(hours=14), timedelta(minutes=-40), timedelta(0)])
def test_a_clock_that_is_put_right_or_wakes_up_is_followed(moved: timedelta) -> None:
    computer = Computer()
    computer.shift = moved
    assert computer.after(1) == NOON + moved + timedelta(seconds=1)
    assert computer.clock.jump() is None
    assert computer.clock.seconds() == NOON.timestamp() + 1 + max(0.0, moved.total_seconds())


def test_a_clock_that_goes_wrong_slowly_is_followed_for_ever() -> None:
    computer = Computer()
    for _ in range(100):
        computer.shift -= timedelta(minutes=30)
        assert computer.after(1) == NOON + computer.shift + timedelta(seconds=computer.up)
