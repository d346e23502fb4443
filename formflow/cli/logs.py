"""The log, for IT: when, what, which reference, which destination. No names, no answers, no file names.

Every command shows warnings on standard error. `formflow run` shows each step there, and keeps the same as
JSON lines in the state folder: it alone, so that no two processes write and move aside one file.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from typing import TYPE_CHECKING, Any, cast

from formflow import __version__
from formflow.core.events import Event

if TYPE_CHECKING:  # `formflow --help` must not wait for what reads settings
    from formflow.core.settings import Settings

LOG_FILE = "formflow.log"
LARGEST_BYTES, KEPT = 1 << 20, 5  # and so many older ones
_log = logging.getLogger("formflow")


class Timed(logging.Formatter):
    """A line for people that begins with the moment, as ISO 8601 in UTC."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(message)s")

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: ARG002, N802
        """Return the moment of a record."""
        return _moment(record)


class JsonLine(logging.Formatter):
    """A line for programs: one JSON object with time, level, event and what else is known of it."""

    def format(self, record: logging.LogRecord) -> str:
        """Return a record as one line."""
        line = {"time": _moment(record), "level": record.levelname.lower(), **_known(record)}
        return json.dumps({key: value for key, value in line.items() if value not in ("", None)})


def _known(record: logging.LogRecord) -> dict[str, Any]:
    """Return what is known of a record by name. What has no parts is told in words."""
    told = record.msg
    if not isinstance(told, Event):
        return {"event": "note", "text": record.getMessage()}
    reference, _, revision = told.reference.partition(" r")
    return {
        "event": told.name,
        "reference": reference,
        "revision": int(revision) if revision else None,
        "destination": told.destination,
        "code": told.code,
        "paper": told.paper,
        "seconds": None if told.seconds is None else round(told.seconds, 3),
        "text": told.said,
    }


class PrivateFile(RotatingFileHandler):
    """A log file that nobody else may read. What keeps it from being written stops no work, and is told once."""

    is_in_trouble = False

    def _open(self) -> TextIOWrapper:
        # No backslashes for what UTF-8 cannot hold: nothing of a dropped file stands here.
        return cast(
            "TextIOWrapper", open(self.baseFilename, self.mode, encoding="utf-8", opener=_private)
        )

    def doRollover(self) -> None:  # noqa: N802
        """Move a full file aside. Where a viewer on Windows holds an older one, it grows until that is closed."""
        with contextlib.suppress(OSError):
            super().doRollover()

    def close(self) -> None:
        """Close the file. A full disk has no room for what is left to write."""
        with contextlib.suppress(OSError, ValueError):
            super().close()

    def emit(self, record: logging.LogRecord) -> None:
        """Write a line. Once that works again, the next trouble is told again."""
        self._failed = False
        super().emit(record)
        self.is_in_trouble = self._failed

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: ARG002, N802
        """Let a line go that cannot be written, and say so once; standard error has all lines."""
        why, self._failed = sys.exc_info()[0], True
        self.close()  # with what of the line is in it; the next one opens the file again
        if not self.is_in_trouble and sys.stderr is not None:
            name = why.__name__ if why else "unknown"
            sys.stderr.write(
                f"The log in the state folder cannot be written ({name}). FormFlow works on without it.\n"
            )


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
    """Keep the log in the state folder, unless the settings say otherwise. For the one service of a ledger."""
    if not settings.log.file:
        yield
        return
    handler = PrivateFile(
        settings.state.folder / LOG_FILE, maxBytes=LARGEST_BYTES, backupCount=KEPT, delay=True
    )
    handler.setLevel(logging.INFO)
    handler.setFormatter(JsonLine())
    with _added(handler), contextlib.closing(handler):
        _log.info(Event("started", said=f"FormFlow {__version__}"))
        yield
        _log.info(Event("stopped"))


def _moment(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")


@contextmanager
def _added(handler: logging.Handler) -> Iterator[None]:
    _log.addHandler(handler)
    try:
        yield
    finally:
        _log.removeHandler(handler)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
