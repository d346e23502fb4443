"""What differs between the systems that tests run on."""

from __future__ import annotations

import signal
import sys

import pytest

# How a process ends that dies at a crash point: Windows knows exit codes only.
KILLED = signal.SIGTERM.value if sys.platform == "win32" else -signal.SIGKILL.value

needs_links = pytest.mark.skipif(
    sys.platform == "win32", reason="Windows lets few accounts make links"
)
