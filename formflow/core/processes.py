"""Processes of our own: where they stand, how much memory they get, and how they are ended."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil

END_SECONDS = 1.0  # in which a process that was ended, or says no more, is seen to be gone
# Where a process of ours stands that outlives a command. The folder it was started in may be a share that goes
# away, and then libraries fail that ask where they are; on Windows, nobody could rename it.
ALWAYS_THERE = Path(sys.executable).anchor
WATCHES_MEMORY = sys.platform != "linux"  # macOS does not keep its limit, Windows has none
WATCH_SECONDS = 0.05  # between two looks at the memory


def kill(running: subprocess.Popen[bytes]) -> None:
    """End a process that leads a session and whatever it started; wait until it is gone, but not for long.

    One that the system holds, in a call to a disk or a share that does not answer, goes when it is let go.
    """
    if running.poll() is not None:  # its number may belong to another process by now
        return
    started: list[psutil.Process] = []
    with contextlib.suppress(psutil.Error):
        started = psutil.Process(running.pid).children(recursive=True)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if sys.platform == "win32":
            running.kill()
        else:
            os.killpg(running.pid, signal.SIGKILL)
    for child in started:
        with contextlib.suppress(psutil.Error):
            child.kill()
    with contextlib.suppress(subprocess.TimeoutExpired):
        running.wait(END_SECONDS)


def memory(pid: int) -> int:
    """Return the bytes that a process and whatever it started take together."""
    try:
        process = psutil.Process(pid)
        return sum(one.memory_info().rss for one in (process, *process.children(recursive=True)))
    except psutil.Error:
        return 0  # gone: whoever waits for its answer hears so


def limit_memory(memory_mb: int) -> None:
    """Let this process take so much more memory than it has now, and leave no dump. On Linux only."""
    if sys.platform == "linux":
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        most = used + (memory_mb << 20)
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
