"""The service: sweep, drain, collect acknowledgements, wait for the watcher. One per ledger."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from filelock import FileLock, Timeout

from formflow.core import files
from formflow.core.clock import clock as system_clock
from formflow.core.clock import utc_now
from formflow.core.errors import AlreadyRunning
from formflow.core.settings import Settings, Watch
from formflow.delivery import acknowledgements, handoffs, own_alerts, put_away
from formflow.pipeline import child_folders, clocks, damage, walk
from formflow.pipeline.context import WorkContext
from formflow.pipeline.pen import drawing
from formflow.pipeline.sweep import Swept, sweep
from formflow.pipeline.watcher import FolderWatcher
from formflow.storage import again, tasks, views
from formflow.storage.database import misread_is_damage, writing
from formflow.storage.owners import is_dead

log = logging.getLogger("formflow")

HEARTBEAT, SERVICE_LOCK = "heartbeat", "service.lock"
LOOKED_AT_SECONDS = 0.5  # whoever asks whether a service is at work holds the lock for a moment
SHORTEST_WAIT_SECONDS = 0.05
HEAP_SECONDS = 2.0  # so long a turn works at a heap before the folders are looked through again
AFTER_TROUBLE_SECONDS = 30.0
DAY_SECONDS = 86_400.0  # how often the whole ledger is looked at


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
    lock = FileLock(settings.state.folder / SERVICE_LOCK)
    try:
        lock.acquire(timeout=LOOKED_AT_SECONDS)
    except Timeout:
        raise AlreadyRunning(
            "FormFlow is already running here.",
            "Stop the other one first, or leave it to its work.",
        ) from None
    try:
        yield
    finally:
        lock.release()


def is_at_work(settings: Settings) -> bool:
    """Return whether a service works on this ledger just now, whatever it is busy with."""
    return not is_dead(settings.state.folder / SERVICE_LOCK)


def try_everything_again(context: WorkContext) -> None:
    """Make due what waits: whoever starts FormFlow again has often just put right what was wrong."""
    clocks.tell_if_behind(context)
    with writing(context.engine) as connection:
        tasks.retry(connection, None, set_aside_too=False)
        tasks.bring_forward(connection)


def turn(
    context: WorkContext,
    clock: Callable[[], datetime] = utc_now,
    *,
    waits: bool = True,
) -> Turn:
    """Sweep every watched folder, do what is ready, look after the blanks, ask what has been acknowledged.

    `waits` says whether to wait for deliveries; without, a lane that is done asks for the next turn.
    """
    settings = context.settings
    clocks.tell(context)
    again.bring_near(context.engine)
    tasks.reap(context.engine, context.locks)
    swept = tuple(_sweep(context, watch, clock()) for watch in settings.watch)
    handled, began = 0, time.monotonic()
    while count := walk.drain(context, clock=clock, waits=waits):
        handled += count
        if not waits and time.monotonic() - began > HEAP_SECONDS:
            break  # what has been dropped meanwhile may be urgent
    # After the forms: a share that is slow to answer here holds none of them up.
    context.blanks.compare(partial(_tell_of_blank, context), clock())
    context.pupils.look()
    if child_folders.file_waiting(context, clock(), has_news=handled > 0):
        handled += walk.drain(context, clock=clock, waits=waits)
    acknowledged = acknowledgements.collect(context, clock()) + handoffs.collect(context, clock())
    put_away.put_away(context)
    views.collect(settings.state.folder, context.engine, context.trail)
    # By the system's clock: whoever asks whether the service is alive has no other.
    files.write(settings.state.folder / HEARTBEAT, system_clock.wall().isoformat().encode())
    return Turn(swept, handled, acknowledged)


def _tell_of_blank(context: WorkContext, code: str, name: str, now: datetime) -> None:
    with writing(context.engine) as connection:
        own_alerts.tell(connection, context, code, {"name": name}, now)


def serve(context: WorkContext, watcher: FolderWatcher) -> None:
    """Take turns until the worker is told to stop. Between turns it sleeps: idle costs next to nothing.

    Raise LedgerDamaged where a turn has met that, or the daily look at the whole ledger.
    """
    watcher.start()
    # A lane that is done may have more to do, or the service may have waited for it.
    context.lanes.when_done = lambda: watcher.wake()
    looked_at = time.monotonic()
    try:
        with drawing(context) as pen:
            while not context.stopping.is_set():
                if time.monotonic() - looked_at > DAY_SECONDS:
                    damage.refuse(context.settings.state.folder, context.engine)
                    looked_at = time.monotonic()
                with pen.waits():
                    pause = _turn_safely(context)
                watcher.wait(pause)
        context.refuse_damage()
    finally:
        watcher.stop()


def _turn_safely(context: WorkContext) -> float:
    """Take a turn; return the seconds until the next is due. Nothing ends the service but a stop."""
    try:
        with misread_is_damage(context.settings.state.folder):
            return _pause(context, turn(context, waits=False))
    except Exception as problem:  # noqa: BLE001 - a full disk at three in the morning may pass
        if context.stop_if_damaged(problem):
            return 0.0
        # The class name only: a message may hold a path or an answer. Status shows the silence.
        log.error("a turn was given up: %s", type(problem).__name__)  # noqa: TRY400
        return AFTER_TROUBLE_SECONDS


def settle(context: WorkContext) -> Turn:
    """Take turns until no file is settling and no paper due again soon: what `run --once` does."""
    last = turn(context)
    while _is_settling(last) or walk.goes_on(context):
        if context.stopping.is_set():
            break
        if _is_settling(last):
            context.rest(_pause(context, last))
        last = turn(context)
    return last


def _is_settling(last: Turn) -> bool:
    return any(swept.is_settling for swept in last.swept)


def _sweep(context: WorkContext, watch: Watch, now: datetime) -> Swept:
    try:
        return sweep(context, watch, now)
    except OSError as problem:
        # A share that went away in the middle: the folder counts as offline until the next turn.
        log.warning("a watched folder could not be looked through: %s", type(problem).__name__)
        return Swept(watch.folder, online=False)


def _pause(context: WorkContext, last: Turn) -> float:
    """Return the seconds until the next turn is due: a file settles, a task is due, or a sweep is."""
    scan = min(watch.scan_seconds for watch in context.settings.watch)
    looks = [s.next_look_seconds for s in last.swept if s.next_look_seconds is not None]
    due, left = tasks.next_due(context.engine, context.lanes.busy()), context.lanes.seconds_left()
    waits = [scan, *looks, *([due - system_clock.seconds()] if due is not None else [])]
    waits += [left] if left is not None else []
    return max(SHORTEST_WAIT_SECONDS, min(waits))
