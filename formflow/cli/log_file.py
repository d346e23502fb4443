"""The log file: JSON lines in the state folder, written by the service and by commands beside it, and moved aside when full."""

from __future__ import annotations

import contextlib
import errno
import json
import logging
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from formflow.core.events import Event

if sys.platform == "win32":
    from formflow.core import windows_files

LOG_FILE = "formflow.log"
LOCK_FILE = "log.lock"  # whoever holds it may move the log aside
LARGEST_BYTES, KEPT = 1 << 20, 5  # and so many older ones


class JsonLine(logging.Formatter):
    """A line for programs: one JSON object with time, level, command, event and what else is known of it."""

    def __init__(self, command: str) -> None:
        super().__init__()
        self._command = command

    def format(self, record: logging.LogRecord) -> str:
        """Return a record as one line."""
        level = record.levelname.lower()
        when = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line = {"time": when, "level": level, "command": self._command, **_known(record)}
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


class SharedFile(logging.Handler):
    """A log file that several processes write at the same time, and that nobody else may read.

    Each line is one write at the end, which the system does not mix with another's. Whoever finds the file full
    moves it aside, while it is open elsewhere too; the others notice at their next line. What keeps the file
    from being written stops no work, and is told once.
    """

    def __init__(self, folder: Path, command: str) -> None:
        super().__init__(logging.INFO)
        self.setFormatter(JsonLine(command))
        self.folder = folder
        self._file = folder / LOG_FILE
        self._handle: int | None = None
        self._is_in_trouble = False

    def emit(self, record: logging.LogRecord) -> None:
        """Write a line. Once that works again, the next trouble is told again."""
        line = f"{self.format(record)}\n".encode()
        try:
            if os.write(self._opened(len(line)), line) < len(line):
                raise OSError(errno.ENOSPC, "no room for the line")  # noqa: TRY301 - told as every other
        except OSError as problem:
            self._tell(problem)
            self._is_in_trouble = True
            self.close()
        else:
            self._is_in_trouble = False

    def close(self) -> None:
        """Close the file."""
        if self._handle is not None:
            with contextlib.suppress(OSError):
                os.close(self._handle)
            self._handle = None
        super().close()

    def _opened(self, more: int) -> int:
        """Return the file of the moment, moved aside first where so many bytes more would not fit."""
        handle = self._current()
        if 0 < os.fstat(handle).st_size <= LARGEST_BYTES - more:
            return handle
        lock = self.folder / LOCK_FILE
        os.close(_appending(lock))  # made by root, nobody else could lock it
        with contextlib.suppress(Timeout), FileLock(lock, timeout=0):
            handle = self._current()  # another process may just have done it
            if os.fstat(handle).st_size > LARGEST_BYTES - more:
                self._move_aside()
        return self._current()

    def _current(self) -> int:
        """Return the file that has the name now, opened anew where another one was moved aside."""
        if self._handle is not None:
            with contextlib.suppress(FileNotFoundError):
                if os.path.samestat(os.fstat(self._handle), self._file.stat()):
                    return self._handle
            self.close()
        self._handle = _appending(self._file)
        return self._handle

    def _move_aside(self) -> None:
        """Number the older files on. Where a viewer on Windows holds one, this one grows until that is closed."""
        older = [self._file.with_name(f"{LOG_FILE}.{number}") for number in range(1, KEPT + 1)]
        with contextlib.suppress(OSError):
            for name, before in reversed(list(zip(older, [self._file, *older], strict=False))):
                if before.exists():
                    before.replace(name)

    def _tell(self, problem: OSError) -> None:
        """Say once that lines are lost; standard error has them all."""
        if not self._is_in_trouble and sys.stderr is not None:
            name = type(problem).__name__
            sys.stderr.write(
                f"The log in the state folder cannot be written ({name}). FormFlow works on without it.\n"
            )


def _appending(path: Path) -> int:
    """Open a file of the owner's alone, to write at its end. What root makes belongs to whom the folder does."""
    if sys.platform == "win32":
        return windows_files.append(str(path))
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    if os.geteuid() == 0:
        above = path.parent.stat()
        os.fchown(handle, above.st_uid, above.st_gid)
    return handle
