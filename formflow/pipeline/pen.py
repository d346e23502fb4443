"""Who draws the register while the service runs: a thread of its own, which waits while a turn is at work."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from formflow.pipeline import register
from formflow.pipeline.context import WorkContext
from formflow.pipeline.register import Register

GIVES_WAY_SECONDS = 5.0  # so long it waits for a turn to end, and draws a little all the same
STOP_SECONDS = 3.0  # how long a stop waits for a page that is being written


class Pen:
    """Draws when it is told that a turn is over."""

    def __init__(self, context: WorkContext) -> None:
        self._context = context
        self._register = Register(context.settings, context.engine, context.pupils, self._may_go_on)
        self._is_asked, self._is_free = threading.Event(), threading.Event()
        self._is_over = False
        # A daemon: a share that does not answer must not keep the program from ending.
        self._thread = threading.Thread(target=self._work, name="register", daemon=True)

    @contextmanager
    def waits(self) -> Iterator[None]:
        """Let it wait while a turn is at work, and draw after that."""
        self._is_free.clear()
        try:
            yield
        finally:
            self._is_free.set()
            self._is_asked.set()

    def start(self) -> None:
        """Begin to listen."""
        self._thread.start()

    def stop(self) -> None:
        """Let no further page be drawn, and wait a little for the one in hand."""
        self._is_over = True
        self._is_free.set()
        self._is_asked.set()
        self._thread.join(STOP_SECONDS)

    def _may_go_on(self) -> bool:
        self._is_free.wait(GIVES_WAY_SECONDS)
        return not (self._is_over or self._context.stopping.is_set())

    def _work(self) -> None:
        while self._is_asked.wait() and not self._is_over:
            self._is_asked.clear()
            try:
                register.draw(self._context, self._register)
            except Exception:  # noqa: BLE001 - damage: the service is told to end, and says why
                return


@contextmanager
def drawing(context: WorkContext) -> Iterator[Pen]:
    """Lend a pen that draws the register after each turn."""
    pen = Pen(context)
    pen.start()
    try:
        yield pen
    finally:
        pen.stop()
