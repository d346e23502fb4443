"""The log, for IT: when, what, which reference, which destination. No names, no answers, no file names.

Every command shows warnings on standard error, and `formflow run` each step. Every command that may change
something keeps its steps as JSON lines in the state folder, beside a service that does the same.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from formflow import __version__
from formflow.core.events import Event

if TYPE_CHECKING:  # `formflow --help` must not wait for what reads settings and writes files
    from formflow.cli.log_file import SharedFile
    from formflow.core.settings import Settings

_log = logging.getLogger("formflow")


class Timed(logging.Formatter):
    """A line for people that begins with the moment, as ISO 8601 in UTC."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(message)s")

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: ARG002, N802
        """Return the moment of a record."""
        return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")


class Kept(logging.Handler):
    """Keeps what a command tells in the state folder. The settings are loaded when there is something to write."""

    def __init__(self, settings: Callable[[], Settings | None], command: str) -> None:
        super().__init__(logging.INFO)
        self._settings, self._command = settings, command
        self._file: SharedFile | None = None
        self._is_asked = False
        self._early: list[logging.LogRecord] = []  # told before there was a state folder

    def emit(self, record: logging.LogRecord) -> None:
        """Write a line, where the settings say that there is a log."""
        if not self._is_asked:
            self._is_asked = True
            self._file = self._opened()
        if self._file is None:
            return
        self._early.append(record)
        if self._file.folder.is_dir():
            for one in self._early:
                self._file.emit(one)
            self._early.clear()

    def _opened(self) -> SharedFile | None:
        settings = self._settings()
        if settings is None or not settings.log.file:
            return None
        from formflow.cli.log_file import SharedFile

        return SharedFile(settings.state.folder, self._command)


@contextmanager
def shown(*, each_step: bool) -> Iterator[None]:
    """Show the log on standard error: each step with its time, or warnings alone."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setLevel(os.environ.get("FORMFLOW_LOG", "INFO" if each_step else "WARNING"))
    if each_step:
        handler.setFormatter(Timed())
    with _added(handler):
        yield


def listen() -> None:
    """Hear what FormFlow tells, and nobody else: pypdf and others warn with pieces of the file in their words."""
    logging.getLogger().setLevel(logging.CRITICAL)
    _log.setLevel(logging.DEBUG)


@contextmanager
def kept(settings: Callable[[], Settings | None], command: str) -> Iterator[None]:
    """Keep the log of a command in the state folder, unless the settings say otherwise, or there are none."""
    with _added(Kept(settings, command)):
        yield


@contextmanager
def started_and_stopped() -> Iterator[None]:
    """Tell when the service starts and stops, and which FormFlow it is."""
    _log.info(Event("started", said=f"FormFlow {__version__}"))
    yield
    _log.info(Event("stopped"))


@contextmanager
def _added(handler: logging.Handler) -> Iterator[None]:
    _log.addHandler(handler)
    try:
        yield
    finally:
        _log.removeHandler(handler)
