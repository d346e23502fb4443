"""The log, for IT: when, what, which reference, which destination. No names, no answers, no file names.

Every command shows warnings. `formflow run` tells of each step, with the time in UTC, and where the settings
say so it is kept in the state folder as well.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:  # `formflow --help` must not wait for what reads settings
    from formflow.core.settings import Settings

LOG_FILE = "formflow.log"
LARGEST_BYTES, KEPT = 1 << 20, 5  # and so many older ones
_log = logging.getLogger("formflow")


class Timed(logging.Formatter):
    """A line that begins with the moment, as ISO 8601 in UTC."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(message)s")

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: ARG002, N802
        """Return the moment of a record."""
        return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")


class PrivateFile(RotatingFileHandler):
    """A log file that nobody else may read. What keeps it from being written stops no work."""

    def _open(self) -> TextIOWrapper:
        # No backslashes for what UTF-8 cannot hold: nothing of a dropped file stands here.
        return cast(
            "TextIOWrapper", open(self.baseFilename, self.mode, encoding="utf-8", opener=_private)
        )

    def rotate(self, source: str, dest: str) -> None:
        """Move a full file aside. Windows refuses while another FormFlow writes to it: it grows on."""
        with contextlib.suppress(OSError):
            super().rotate(source, dest)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802
        """Let a line go that a full disk has no room for; standard error has it, too."""


@contextmanager
def shown(*, each_step: bool) -> Iterator[None]:
    """Show the log on standard error: each step with its time, or warnings alone."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setLevel(os.environ.get("FORMFLOW_LOG", "INFO" if each_step else "WARNING"))
    if each_step:
        handler.setFormatter(Timed())
    with _added(handler):
        yield


@contextmanager
def kept(settings: Settings) -> Iterator[None]:
    """Keep the log in the state folder, where the settings say so."""
    if not settings.log.file:
        yield
        return
    settings.state.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    handler = PrivateFile(
        settings.state.folder / LOG_FILE, maxBytes=LARGEST_BYTES, backupCount=KEPT, delay=True
    )
    handler.setFormatter(Timed())
    with _added(handler), contextlib.closing(handler):
        yield


@contextmanager
def _added(handler: logging.Handler) -> Iterator[None]:
    _log.addHandler(handler)
    try:
        yield
    finally:
        _log.removeHandler(handler)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
