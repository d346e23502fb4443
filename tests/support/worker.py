"""The worker of a test: what it holds open, opened when it is first asked for, and what it is told to do."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path

from formflow.core.clock import utc_now
from formflow.core.model import Role
from formflow.core.settings import Settings
from formflow.pipeline import ingest, service, walk
from formflow.pipeline.context import WorkContext, open_context
from formflow.pipeline.ingest import HandedOver
from formflow.pipeline.service import Turn

_open: dict[Path, tuple[WorkContext, ExitStack]] = {}


def context_of(settings: Settings) -> WorkContext:
    """Return what the worker of an agency holds open. Settings that changed give another."""
    folder = settings.state.folder
    if folder in _open and _open[folder][0].settings != settings:
        _open.pop(folder)[1].close()
    if folder not in _open:
        stack = ExitStack()
        _open[folder] = stack.enter_context(open_context(settings)), stack
    return _open[folder][0]


def close() -> None:
    """Release everything, as a worker does that ends."""
    while _open:
        _open.popitem()[1][1].close()


def drain(
    settings: Settings,
    most: int = 20,
    clock: Callable[[], datetime] = utc_now,
    *,
    waits: bool = True,
) -> int:
    """Drain once; see `walk.drain`."""
    return walk.drain(context_of(settings), most, clock, waits=waits)


def turn(
    settings: Settings, clock: Callable[[], datetime] = utc_now, *, waits: bool = True
) -> Turn:
    """Take a turn of the service."""
    return service.turn(context_of(settings), clock, waits=waits)


def settle(settings: Settings) -> Turn:
    """Do what `formflow run --once` does."""
    return service.settle(context_of(settings))


def hand_over(settings: Settings, paths: Iterable[Path], role: Role = Role.STAFF) -> HandedOver:
    """Hand files over, as `formflow ingest` does."""
    return ingest.hand_over(context_of(settings), paths, role)
