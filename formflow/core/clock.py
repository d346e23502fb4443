"""The only clock of the program. A system clock that is put forward or back is noticed, and not followed.

How long something takes is told by a clock that nobody can put, and that goes on while the computer sleeps.
It also tells by how much the system's clock was moved. A computer that sleeps or is paused may wake up to a
later hour, and a clock that goes wrong is put right by minutes: that is followed.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

MOST_FORWARD, MOST_BACK = timedelta(days=1), timedelta(hours=1)  # that are followed
FIRST_YEAR = 2026  # a clock before it has never been set


def _elapsed() -> float:
    """Return seconds since some moment before the program began, sleep included."""
    # Windows and macOS count sleep in their monotonic clock; Linux has another one that does.
    which = getattr(time, "CLOCK_BOOTTIME", getattr(time, "CLOCK_MONOTONIC", None))
    return time.monotonic() if which is None else time.clock_gettime(which)


class Clock:
    """Tells the time by the system's clock, as long as that was not moved."""

    def __init__(
        self, wall: Callable[[], float] = time.time, elapsed: Callable[[], float] = _elapsed
    ) -> None:
        self._wall, self._elapsed = wall, elapsed
        self._followed = self._latest = (
            wall() - elapsed()
        )  # of the system's clock against the other
        self._is_told = False

    def seconds(self) -> float:
        """Return seconds since 1970 for what waits: they never go back."""
        self._follow(self._wall())
        return self._latest + self._elapsed()

    def now(self) -> datetime:
        """Return this moment, aware."""
        wall = self._wall()
        is_right = _is_followed(self._follow(wall))
        return datetime.fromtimestamp(wall if is_right else self._followed + self._elapsed(), UTC)

    def wall(self) -> datetime:
        """Return what the system's clock says."""
        return datetime.fromtimestamp(self._wall(), UTC)

    def jump(self) -> timedelta | None:
        """Return by how much the system's clock was moved, None where it was not or that has been told."""
        moved = self._follow(self._wall())
        if _is_followed(moved):
            self._is_told = False
            return None
        return None if self._is_told else moved

    def note_told(self) -> None:
        """Note that people know by how much the clock was moved."""
        self._is_told = True

    def _follow(self, wall: float) -> timedelta:
        """Follow the system's clock where it was moved by little; return by how much it was."""
        # Read after it: a thread that has to wait in between sees a lower number, which changes no wait.
        offset = wall - self._elapsed()
        moved = timedelta(seconds=offset - self._followed)
        if _is_followed(moved):
            self._followed, self._latest = offset, max(offset, self._latest)
        return moved


def _is_followed(moved: timedelta) -> bool:
    return -MOST_BACK <= moved <= MOST_FORWARD


clock = Clock()


def utc_now() -> datetime:
    """Return this moment, aware."""
    return clock.now()
