"""What differs between the systems that tests run on."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from formflow.admin import windows_rights
from formflow.reading.sandbox import parent

# How a process ends that dies at a crash point: Windows knows exit codes only.
KILLED = signal.SIGTERM.value if sys.platform == "win32" else -signal.SIGKILL.value

needs_links = pytest.mark.skipif(
    sys.platform == "win32", reason="Windows lets few accounts make links"
)

ON_WINE = sys.platform == "win32" and hasattr(ctypes.WinDLL("ntdll"), "wine_get_version")


def take_no_times_from_wine(patch: pytest.MonkeyPatch) -> None:
    """Let no form be given up for its processor time where Wine counts what the tests have taken for it."""
    if ON_WINE:
        costs = parent._Child._costs
        patch.setattr(parent._Child, "_costs", lambda child: (0.0, costs(child)[1]))


def inherit_rights(folder: Path) -> None:
    """Give everything in a folder the closed list of it: under Wine nothing takes that list by itself."""
    if sys.platform == "win32" and ON_WINE:
        for made in folder.rglob("*"):
            windows_rights.close(made)


def killed_in_a_fork(action: Callable[[], object]) -> bool:
    """Do something in a copy of this process; return whether it was killed. Not on Windows."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # the copy starts no thread
        child = os.fork()
    if not child:
        try:
            action()
        finally:
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == KILLED


@contextmanager
def no_room(largest: int = 8192) -> Iterator[None]:
    """Let no file of this process grow beyond some bytes, as on a full disk. Not on Windows."""
    import resource

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    heard = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (largest, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, heard)
