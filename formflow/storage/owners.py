"""The workers of this computer, each known by a lock that the system frees when the worker dies."""

from __future__ import annotations

import uuid
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from filelock import FileLock, Timeout


class Owner:
    """One worker's name, held by an operating-system lock: a free lock is a dead worker."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.name = uuid.uuid4().hex
        self._path = folder / f"{self.name}.lock"
        self._lock = FileLock(self._path)

    def __enter__(self) -> Self:
        self._lock.acquire(timeout=0)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._lock.release()
        take_away(self._path)


def take_away(lock: Path) -> None:
    """Remove the lock file of a worker that is gone. One that stays is free, and says so to everybody."""
    with suppress(OSError):  # Windows removes no file that a virus scanner, say, has open
        lock.unlink(missing_ok=True)


def is_dead(path: Path) -> bool:
    """Return whether nobody holds a worker's lock file any more."""
    if not path.exists():
        return True
    lock = FileLock(path)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return False
    lock.release()
    return True
