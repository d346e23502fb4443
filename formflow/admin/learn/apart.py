"""A PDF of an agency's own is read in a process of its own, within a limit of time and memory: it is a stranger's file."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import time
from pathlib import Path

import psutil

from formflow.admin.learn import blank
from formflow.admin.learn.blank import Blank, NotABlank, Why
from formflow.admin.learn.child import MUCH, NOT_READ
from formflow.core import processes
from formflow.core.limits import BLANK
from formflow.reading.acroform import TooMuch

COMMAND, CHILD = ("-P", "-m"), "formflow.admin.learn.child"
CPU_SECONDS = 30.0
LOOK_SECONDS = 0.2  # between two looks at what the process has taken
ON_THE_CLOCK = 600.0  # seconds: whatever it waits for, nobody waits longer


def read(path: Path) -> Blank:
    """Read a fillable PDF. Raise TooMuch, or NotABlank for one without boxes or that cannot be opened."""
    return blank.loaded(answer(CHILD, path))


def answer(child: str, path: Path) -> bytes:
    """Return what a process that runs the module `child` says of a PDF. Raise TooMuch, NotABlank."""
    with subprocess.Popen(
        [sys.executable, *COMMAND, child, str(path.resolve())],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=sys.platform != "win32",
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
    ) as process:
        try:
            said = _answer(process)
        finally:
            processes.kill(process)
    if not said:
        raise TooMuch(f"{BLANK.memory_mb} MB of memory to read")
    told = json.loads(said)
    if MUCH in told:
        raise TooMuch(str(told[MUCH]))
    if NOT_READ in told:
        raise NotABlank(Why(told[NOT_READ]))
    return said


def _answer(process: subprocess.Popen[bytes]) -> bytes:
    """Return what the process says, b"" where it died. Raise TooMuch when it takes too much."""
    until = time.monotonic() + ON_THE_CLOCK
    while time.monotonic() < until:
        with contextlib.suppress(subprocess.TimeoutExpired):
            return process.communicate(timeout=LOOK_SECONDS)[0]
        if _seconds(process.pid) > CPU_SECONDS:
            break
        if processes.WATCHES_MEMORY and processes.memory(process.pid) > BLANK.memory_mb << 20:
            return b""
    raise TooMuch(f"{CPU_SECONDS:.0f} seconds to read")


def _seconds(pid: int) -> float:
    try:
        times = psutil.Process(pid).cpu_times()
    except psutil.Error:
        return 0.0  # gone: whoever waits for its answer hears so
    return float(times.user + times.system)
