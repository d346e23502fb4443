"""`formflow` in a process of its own that a test can tell to stop, on every system."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

from tests.support.offices import COMMAND

# As Windows does it when the window is closed: the signal comes to a thread of its own.
STOPS_ITSELF = """
import signal, sys, threading

def stop():
    sys.stdin.read()
    signal.raise_signal({number})

threading.Thread(target=stop, daemon=True).start()

from formflow.cli import stopping
stopping.PATIENCE_SECONDS = 600.0  # however busy the machine is
"""


def start(
    arguments: Sequence[str], number: int = signal.SIGTERM, first: str = "", **how: Any
) -> subprocess.Popen[bytes]:
    """Start `formflow`; it sends itself a signal when its standard input ends. `first` is code that runs before it."""
    program = STOPS_ITSELF.format(number=int(number)) + first + COMMAND
    return subprocess.Popen(
        [sys.executable, "-c", program, *arguments], stdin=subprocess.PIPE, **how
    )


def stop(service: subprocess.Popen[bytes]) -> None:
    """Tell a service to stop: Windows has no signal that others can send to it."""
    if sys.platform == "win32":
        assert service.stdin is not None
        service.stdin.close()
    else:
        service.send_signal(signal.SIGTERM)
