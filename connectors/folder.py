"""What every destination that is a folder shares: the lock, durable files, the words for trouble."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from formflow import places
from formflow.contract import (
    CheckLine,
    CheckReport,
    Context,
    Delivered,
    DeliveredAs,
    Retryable,
    Unavailable,
)
from formflow.notices import notice
from formflow_connectors.wording import ending

LOCK_NAME = ".formflow.lock"
LOCK_SECONDS = 30.0


class DestinationFolder:
    """A folder that people see and FormFlow writes to, one writer at a time."""

    def __init__(self, root: Path, kind: str, context: Context) -> None:
        self.root = root
        self._kind = kind
        self._context = context
        self._swept = False

    def check(self) -> CheckReport:
        """Say whether the folder is there and, as far as can be told, may be written to."""
        if not self.root.is_dir():
            return CheckReport((CheckLine(False, notice("FF-401").text),))
        if not os.access(self.root, os.W_OK | os.X_OK):
            return CheckReport((CheckLine(False, notice("FF-402").text),))
        return CheckReport((CheckLine(True, "The folder is there and may be written to."),))

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Hold the folder's lock. Raise Unavailable or Retryable when it cannot be had or used.

        A folder that is missing is never made: it may be a drive that is not connected.
        """
        if not self.root.is_dir():
            raise ending(Unavailable, "FF-401")
        try:
            with FileLock(self.root / LOCK_NAME, timeout=LOCK_SECONDS):
                self._sweep_once()
                yield
        except Timeout:
            raise ending(Retryable, "FF-403") from None
        except OSError:
            # The path in an OSError is our own, but a traceback is no place for it.
            raise ending(Unavailable, "FF-402") from None

    def put(self, final: Path, content: bytes | Path) -> None:
        """Write a whole file durably, from bytes or from another file. Raise OSError."""
        places.make_folder(final.parent)
        with places.temporary(self.root) as fresh:
            if isinstance(content, bytes):
                fresh.file.write(content)
            else:
                with content.open("rb") as stream:
                    shutil.copyfileobj(stream, fresh.file)
            self._context.crash_at(f"{self._kind}.before-rename")
            fresh.become(final)
        self._context.crash_at(f"{self._kind}.after-rename")

    def where(self, path: Path) -> str:
        """Return where something lies, told from the folder."""
        return path.relative_to(self.root).as_posix()

    def find(self, key: str, paths: Iterable[Path]) -> Delivered | None:
        """Return which of some files holds a key, or None."""
        for path in paths:
            with contextlib.suppress(FileNotFoundError):  # dragged away just now
                if key.encode() in path.read_bytes():
                    return Delivered(key, DeliveredAs.ALREADY_THERE, self.where(path))
        return None

    def _sweep_once(self) -> None:
        if not self._swept:
            places.sweep(self.root)
            self._swept = True


def marked(page: str, key: str) -> bytes:
    """Return a page with the key of its delivery as a comment at its end."""
    return f"{page.rstrip()}\n<!-- {key} -->\n".encode()
