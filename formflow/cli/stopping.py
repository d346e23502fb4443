"""How a command that works ends when it is told to: soon, and with nothing lost."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from formflow.cli.output import say
from formflow.core.errors import ExitCode
from formflow.pipeline.context import WorkContext

# Ctrl-C, the service manager, and on Windows the console that is closed.
SIGNALS = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGBREAK") if hasattr(signal, name)
)
PATIENCE_SECONDS = (
    4.0  # then the process ends where it stands, as if the power went: that is safe, too
)


@contextmanager
def stoppable(context: WorkContext, wake: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Let signals stop the worker: nothing more is begun, and `wake` is called.

    Whatever cannot be broken off, such as a share that does not answer, is left to the next start.
    """
    net = threading.Timer(PATIENCE_SECONDS, _end_here)
    net.daemon = True
    nets = [net]

    def stop(_number: int, _frame: object) -> None:
        with suppress(IndexError):  # a second signal, perhaps while the first is being followed
            nets.pop().start()
        context.stop()
        wake()

    before = {number: signal.signal(number, stop) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _end_here() -> None:
    say("FormFlow was stopped while something did not answer. The next start goes on from there.")
    os._exit(ExitCode.STOPPED)
