"""The doorbell wakes the service: by what moves in a folder, by hand, and by a signal."""

from __future__ import annotations

import signal
import threading
from pathlib import Path

from formflow.pipeline.watcher import Doorbell


def test_it_rings_once_for_what_moved(tmp_path: Path) -> None:
    doorbell = Doorbell([tmp_path])
    doorbell.ring()
    doorbell.ring()
    assert doorbell.wait(0)
    assert not doorbell.wait(0)


def test_a_file_that_is_dropped_rings(tmp_path: Path) -> None:
    doorbell = Doorbell([tmp_path])
    doorbell.start()
    try:
        (tmp_path / "form.pdf").write_bytes(b"%PDF")
        assert doorbell.wait(100)
    finally:
        doorbell.stop()


def test_a_signal_ends_a_long_wait_although_another_thread_got_it(tmp_path: Path) -> None:
    """On Windows a signal always comes to another thread than the one that waits."""
    doorbell = Doorbell([tmp_path])
    before = signal.signal(signal.SIGINT, lambda *_: doorbell.ring())
    elsewhere = threading.Timer(0.2, signal.raise_signal, (signal.SIGINT,))
    elsewhere.start()
    try:
        assert doorbell.wait(15)
    finally:
        elsewhere.join()
        signal.signal(signal.SIGINT, before)
