"""Deliveries that are stopped at each of their lines: by a power cut, or to look at what a person sees meanwhile."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import warnings
from collections.abc import Callable, Iterator
from itertools import count
from types import FrameType
from typing import Any

from formflow.sdk import folder
from formflow.sdk.conformance.trial import Trial
from formflow.sdk.contract import Prepared


def lines_of(trial: Trial, prepared: Prepared) -> int:
    """Deliver, and return how many lines of the connector that takes."""
    lines = count(1)
    last = 0

    def each() -> None:
        nonlocal last
        last = next(lines)

    with at_each_line(trial, each):
        trial.connector().deliver(prepared)
    return last


def killed_at(trial: Trial, prepared: Prepared, line: int) -> None:
    """Deliver in a process that is killed at a line, as by a power cut."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # the child starts no thread
        child = os.fork()
    if child:
        os.waitpid(child, 0)
        return
    lines = count(1)

    def each() -> None:
        if next(lines) == line:
            os.kill(os.getpid(), signal.SIGKILL)

    try:
        with at_each_line(trial, each):
            trial.connector().deliver(prepared)
    finally:
        os._exit(0)


@contextlib.contextmanager
def at_each_line(trial: Trial, each: Callable[[], None]) -> Iterator[None]:
    """Call something before each line of the connector's package, and of the folder helpers of FormFlow."""
    package, _, rest = type(trial.connector()).__module__.partition(".")
    inside = {
        getattr(module, "__file__", None)
        for name, module in list(sys.modules.items())
        if name == package or (rest and name.startswith(f"{package}."))
    } | {folder.__file__}

    def local(_frame: FrameType, event: str, _argument: object) -> Any:
        if event == "line":
            each()
        return local

    def enter(frame: FrameType, _event: str, _argument: object) -> Any:
        return local if frame.f_code.co_filename in inside else None

    before = sys.gettrace()
    sys.settrace(enter)
    try:
        yield
    finally:
        sys.settrace(before)
