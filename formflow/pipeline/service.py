"""The service: sweep, drain, collect acknowledgements, wait for the doorbell. One per ledger."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from filelock import FileLock, Timeout

from formflow.core import files
from formflow.core.clock import utc_now
from formflow.core.errors import AlreadyRunning
from formflow.core.settings import Settings, Watch
from formflow.delivery import acknowledgements
from formflow.pipeline import walk
from formflow.pipeline.context import Workbench
from formflow.pipeline.sweep import Swept, sweep
from formflow.pipeline.watcher import Doorbell
from formflow.storage import tasks
from formflow.storage.database import writing

log = logging.getLogger("formflow")

HEARTBEAT = "heartbeat"
SHORTEST_WAIT_SECONDS = 0.05
HEAP_SECONDS = 2.0  # so long a turn works at a heap before the folders are looked through again
AFTER_TROUBLE_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Turn:
    """What one turn of the service did."""

    swept: tuple[Swept, ...]
    handled: int
    acknowledged: int


@contextmanager
def alone(settings: Settings) -> Iterator[None]:
    """Be the only service on this ledger. Raise AlreadyRunning."""
    settings.state.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = FileLock(settings.state.folder / "service.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise AlreadyRunning(
            "FormFlow is already running here.",
            "Stop the other one first, or leave it to its work.",
        ) from None
    try:
        _try_everything_again(settings)
        yield
    finally:
        lock.release()


def _try_everything_again(settings: Settings) -> None:
    """Who starts FormFlow anew has often just put right what was wrong."""
    with writing(walk.workbench(settings).engine) as connection:
        tasks.retry(connection, None, set_aside_too=False)
        tasks.bring_forward(connection)


def turn(
    settings: Settings,
    clock: Callable[[], datetime] = utc_now,
    *,
    waits: bool = True,
) -> Turn:
    """Sweep every watched folder, do everything that is ready, ask what has been acknowledged.

    `waits` says whether to wait for deliveries; without, a lane that is done asks for the next turn.
    """
    bench = walk.workbench(settings)
    tasks.reap(bench.engine, bench.locks)
    swept = tuple(_sweep(bench, watch, clock()) for watch in settings.watch)
    handled, began = 0, time.monotonic()
    while count := walk.drain(settings, clock=clock, waits=waits):
        handled += count
        if not waits and time.monotonic() - began > HEAP_SECONDS:
            break  # what has been dropped meanwhile may be urgent
    acknowledged = acknowledgements.collect(bench, clock())
    files.write(settings.state.folder / HEARTBEAT, clock().isoformat().encode())
    return Turn(swept, handled, acknowledged)


def serve(settings: Settings, stopping: Callable[[], bool], doorbell: Doorbell) -> None:
    """Take turns until told to stop. Between turns it sleeps: idle costs next to nothing."""
    doorbell.start()
    # A lane that is done may have more to do, or the service may have waited for it.
    walk.workbench(settings).lanes.when_done = lambda: doorbell.ring()
    try:
        while not stopping():
            doorbell.wait(_turn_safely(settings))
    finally:
        doorbell.stop()


def _turn_safely(settings: Settings) -> float:
    """Take a turn; return the seconds until the next is due. Nothing ends the service but a stop."""
    try:
        return _pause(settings, turn(settings, waits=False))
    except Exception as problem:  # noqa: BLE001 - a full disk at three in the morning may pass
        # The class name only: a message may hold a path or an answer. Status shows the silence.
        log.error("a turn was given up: %s", type(problem).__name__)  # noqa: TRY400
        return AFTER_TROUBLE_SECONDS


def settle(settings: Settings) -> Turn:
    """Take turns until no file is settling and no paper due again soon: what `run --once` does."""
    last = turn(settings)
    while (settling := any(swept.is_settling for swept in last.swept)) or walk.waited(settings):
        if settling:
            time.sleep(_pause(settings, last))
        last = turn(settings)
    return last


def _sweep(bench: Workbench, watch: Watch, now: datetime) -> Swept:
    try:
        return sweep(bench, watch, now)
    except OSError as problem:
        # A share that went away in the middle: the folder counts as offline until the next turn.
        log.warning("a watched folder could not be looked through: %s", type(problem).__name__)
        return Swept(watch.folder, online=False)


def _pause(settings: Settings, last: Turn) -> float:
    """Return the seconds until the next turn is due: a file settles, a task is due, or a sweep is."""
    scan = min(watch.scan_seconds for watch in settings.watch)
    looks = [s.next_look_seconds for s in last.swept if s.next_look_seconds is not None]
    bench = walk.workbench(settings)
    due, left = tasks.next_due(bench.engine, bench.lanes.busy()), bench.lanes.seconds_left()
    waits = [scan, *looks, *([due - time.time()] if due is not None else [])]
    waits += [left] if left is not None else []
    return max(SHORTEST_WAIT_SECONDS, min(waits))
