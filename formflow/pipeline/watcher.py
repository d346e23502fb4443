"""Wakes the service when something moves in a watched folder (watchdog). Only a hint.

watchdog can lose events and go blind while it looks alive, so nothing depends on it: the sweep comes
in any case. The handler does nothing but wake; an exception in it would end the watch for good.
"""

from __future__ import annotations

import logging
import queue
import time
from collections.abc import Iterable
from pathlib import Path

from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer

log = logging.getLogger("formflow")

# The handler of a signal runs only between two steps of the main thread, and one wait is one step on
# Windows, and wherever another thread gets the signal.
LONGEST_WAIT_SECONDS = 0.5


class FolderWatcher(FileSystemEventHandler):
    """Wakes whoever waits when something moves in one of the folders."""

    def __init__(self, folders: Iterable[Path]) -> None:
        self._folders = tuple(folders)
        # Not an Event: the handler of a signal may interrupt one that is being set, and wait for it for ever.
        self._calls: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._observer = Observer()

    def start(self) -> None:
        """Begin to listen. A folder that cannot be listened to is left to the sweep."""
        for folder in self._folders:
            try:
                self._observer.schedule(self, str(folder), recursive=False)
            except OSError as problem:
                log.info("no events from one watched folder: %s", type(problem).__name__)
        self._observer.start()

    def stop(self) -> None:
        """Stop listening."""
        self._observer.stop()
        self._observer.join(timeout=5)

    def on_any_event(self, event: FileSystemEvent) -> None:
        """Ring. Opening or closing a file that was only read is not worth a sweep."""
        if event.event_type not in ("opened", "closed_no_write"):
            self.wake()

    def wake(self) -> None:
        """Wake whoever waits. May be called by the handler of a signal."""
        if self._calls.empty():
            self._calls.put(None)

    def wait(self, seconds: float) -> bool:
        """Wait until something moves or the time is over; return whether something moved."""
        until = time.monotonic() + seconds
        was_called = self._called_within(0)
        while not was_called and (left := until - time.monotonic()) > 0:
            was_called = self._called_within(min(left, LONGEST_WAIT_SECONDS))
        return was_called

    def _called_within(self, seconds: float) -> bool:
        try:
            self._calls.get(timeout=seconds)
        except queue.Empty:
            return False
        return True
