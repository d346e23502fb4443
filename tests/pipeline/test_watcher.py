"""The watcher wakes the service: by what moves in a folder, by hand, and by a signal."""

from __future__ import annotations

import signal
import threading
from pathlib import Path

from formflow.pipeline.watcher import FolderWatcher


def test_it_rings_once_for_what_moved(tmp_path: Path) -> None:
    watcher = FolderWatcher([tmp_path])
    watcher.wake()
    watcher.wake()
    assert watcher.wait(0)
    assert not watcher.wait(0)


def test_a_file_that_is_dropped_rings(tmp_path: Path) -> None:
    watcher = FolderWatcher([tmp_path])
    watcher.start()
    try:
        (tmp_path / "form.pdf").write_bytes(b"%PDF")
        assert watcher.wait(100)
    finally:
        watcher.stop()


def test_a_signal_ends_a_long_wait_although_another_thread_got_it(tmp_path: Path) -> None:
    """On Windows a signal always comes to another thread than the one that waits."""
    watcher = FolderWatcher([tmp_path])
    before = signal.signal(signal.SIGINT, lambda *_: watcher.wake())
    elsewhere = threading.Timer(0.2, signal.raise_signal, (signal.SIGINT,))
    elsewhere.start()
    try:
        assert watcher.wait(15)
    finally:
        elsewhere.join()
        signal.signal(signal.SIGINT, before)
