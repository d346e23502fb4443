"""Lanes: each destination has a thread of its own, so that one that hangs holds up nobody else.

Whoever claims deliveries gives them to their lane and goes on. A thread cannot be ended: a lane whose
call takes too long is left to itself, its parcels go back, and it gets nothing until it has answered.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import TypeVar

from formflow.delivery.calls import CALL_SECONDS as CALL_SECONDS
from formflow.delivery.calls import NO_ANSWER, NoAnswer, Result, Undelivered
from formflow.storage.tasks import Claimed

log = logging.getLogger("formflow")
Answer = TypeVar("Answer")

GRACE_SECONDS = 5.0  # in which a guest's process is ended, before its lane is given up
ROUND_SECONDS = 120.0  # then no further call begins: a lease outlasts this and one call
LONGEST_WAIT_SECONDS = 0.5  # then whoever waits looks whether the program is to end
STOP_SECONDS = 3.0  # how long a stop waits for lanes that are at work


class Round:
    """What one lane was given at once: the call that is being made, and what came of those before."""

    def __init__(self) -> None:
        self.tasks: Sequence[Claimed] = ()
        self._lock = threading.Lock()
        self._began = time.monotonic()
        self._results: list[Result] = []
        self._parcels = 0  # what the present call is about
        self._called_at: float | None = None  # when the present call began
        self._last_called_at = self._began
        self._is_over = False

    def may_go_on(self) -> bool:
        """Return whether another call may be made."""
        return not self._is_over and time.monotonic() - self._began < ROUND_SECONDS

    def begin(self, parcels: int) -> None:
        """Note that a call about so many parcels begins."""
        with self._lock:
            self._parcels = parcels
            self._called_at = self._last_called_at = time.monotonic()

    def note(self, results: Sequence[Result]) -> None:
        """Note what came of the next parcels."""
        with self._lock:
            self._results += results
            self._parcels, self._called_at = 0, None
            if any(isinstance(one, Undelivered) and one.is_broken_off for one in results):
                self._is_over = True

    def end(self) -> None:
        """Let no further call begin."""
        self._is_over = True

    def results(self, *, given_up: bool) -> list[Result]:
        """Return what came of the parcels so far; given up, the present call counts as not answered."""
        with self._lock:
            unanswered = self._parcels if given_up else 0
            return [*self._results, *[Undelivered(NO_ANSWER)] * unanswered]

    @property
    def seconds(self) -> float:
        """How long ago it began."""
        return time.monotonic() - self._began

    @property
    def seconds_left(self) -> float:
        """How long the present call may still take."""
        called_at = self._called_at
        return (
            CALL_SECONDS
            + GRACE_SECONDS
            - (time.monotonic() - called_at if called_at is not None else 0.0)
        )

    @property
    def seconds_since_last_call(self) -> float:
        """How long ago the present or the last call began."""
        return time.monotonic() - self._last_called_at


class _Lane:
    """One destination's thread, and what it is doing."""

    def __init__(self) -> None:
        self.jobs: queue.SimpleQueue[Callable[[Round], object] | None] = queue.SimpleQueue()
        self.round: Round | None = None  # None: idle
        self.is_stuck = False
        self.tells = False  # whether somebody is told when the round has ended

    @property
    def is_at_work(self) -> bool:
        return self.round is not None and not self.is_stuck


class Lanes:
    """Every destination's lane. Lanes come into being when they are needed."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._lanes: dict[str, _Lane] = {}
        self.is_closed = False  # True: nothing may be recorded any more, the tasks are given back
        self.troubles: dict[str, int] = {}  # how often in a row a destination broke off
        self.finished = 0  # rounds, so that nobody waits for one that has just ended
        self.when_done: Callable[[], None] = lambda: None

    def hand(self, name: str, job: Callable[[Round], object]) -> None:
        """Give an idle lane something to do; `when_done` is told when that has ended."""
        self._start(name, job, tells=True)

    def ask(self, name: str, question: Callable[[], Answer], seconds: float) -> Answer:
        """Ask a destination something in its lane. Raise NoAnswer when it is busy or takes too long."""
        answer: Future[Answer] = Future()

        def job(now: Round) -> None:
            now.begin(1)
            try:
                answer.set_result(question())
            except BaseException as problem:  # noqa: BLE001 - the one who asked gets it
                answer.set_exception(problem)

        if name in self.busy():
            raise NoAnswer
        self._start(name, job, tells=False)
        try:
            return answer.result(seconds)
        except TimeoutError:
            raise NoAnswer from None

    def busy(self) -> frozenset[str]:
        """Return the lanes that can be given nothing now."""
        with self._changed:
            return frozenset(name for name, lane in self._lanes.items() if lane.round is not None)

    def is_stuck(self, name: str) -> bool:
        """Return whether a lane has been given up until its call ends."""
        with self._changed:
            return name in self._lanes and self._lanes[name].is_stuck

    def wait(self, seen: int) -> bool:
        """Wait until a round has ended since `seen` of them had, or a call takes too long, or for a moment.

        Return False when no lane is at work, so that there is nothing to wait for.
        """
        with self._changed:
            if self.finished != seen:
                return True
            left = self._seconds_left()
            if left is None:
                return False
            self._changed.wait(max(0.0, min(left, LONGEST_WAIT_SECONDS)))
            return True

    def seconds_left(self) -> float | None:
        """Return how soon a lane that is at work is overdue, None where none is at work."""
        with self._changed:
            return self._seconds_left()

    def overdue(self) -> list[tuple[str, Round]]:
        """Return the lanes whose call takes too long, each once. They are stuck until it ends."""
        with self._changed:
            late = [
                (name, lane.round)
                for name, lane in self._lanes.items()
                if lane.round is not None and not lane.is_stuck and lane.round.seconds_left <= 0
            ]
            for name, now in late:
                now.end()
                self._lanes[name].is_stuck = True
            return late

    def close(self) -> None:
        """Let no further call begin, and wait a little for those that are being made."""
        until = time.monotonic() + STOP_SECONDS
        with self._changed:
            for lane in self._lanes.values():
                lane.jobs.put(None)
                if lane.round is not None:
                    lane.round.end()
            while any(lane.is_at_work for lane in self._lanes.values()):
                if (left := until - time.monotonic()) <= 0:
                    break
                self._changed.wait(left)
            self.is_closed = True

    def _start(self, name: str, job: Callable[[Round], object], *, tells: bool) -> None:
        with self._changed:
            lane = self._lanes.get(name)
            if lane is None:
                lane = self._lanes[name] = _Lane()
                # A daemon: a connector that hangs must not keep the program from ending.
                threading.Thread(target=self._work, args=(lane,), name=name, daemon=True).start()
            lane.round, lane.tells = Round(), tells
            lane.jobs.put(job)

    def _seconds_left(self) -> float | None:
        lefts = [
            lane.round.seconds_left
            for lane in self._lanes.values()
            if lane.round is not None and not lane.is_stuck
        ]
        return min(lefts, default=None)

    def _work(self, lane: _Lane) -> None:
        while (job := lane.jobs.get()) is not None:
            now = lane.round
            assert now is not None  # noqa: S101 - set before the job was put
            try:
                job(now)
            except BaseException as problem:  # noqa: BLE001 - the lane must live on
                log.error("a lane stumbled: %s", type(problem).__name__)  # noqa: TRY400
            with self._changed:
                tells = lane.tells or lane.is_stuck
                lane.round, lane.is_stuck = None, False
                self.finished += 1
                self._changed.notify_all()
            if tells:  # a question that was answered in time is no reason for another turn
                self.when_done()
