"""Whether a stranger's package can be imported, tried in a process of its own before it comes into FormFlow's.

An import runs whatever the package holds: it may end its process, never return, or take all memory.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import signal
import subprocess
import sys
import time
from functools import cache

from formflow.core.processes import (
    ALWAYS_THERE,
    WATCH_SECONDS,
    WATCHES_MEMORY,
    kill,
    limit_memory,
    memory,
)

IMPORT_SECONDS = 30.0  # a slow machine is no mistake of the package's
MEMORY_MB = 1024


@cache
def why_not(module: str) -> str | None:
    """Return why a module cannot be imported, in words that follow the package's name; None when it can."""
    trial = subprocess.Popen(
        # -P: a file that lies about here must not be taken for a part of Python.
        [sys.executable, "-P", "-m", "formflow.sdk.trial_import", json.dumps([module, sys.path])],
        cwd=ALWAYS_THERE,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=sys.platform != "win32",
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
    )
    try:
        said = _said(trial)
    finally:
        kill(trial)
        if trial.stdout is not None:
            trial.stdout.close()
    if said is None:
        return f"was not loaded within {IMPORT_SECONDS:.0f} seconds"
    if not said:
        return "ends the program that loads it"
    raised = json.loads(said)
    return f"could not be loaded ({raised})" if raised else None


def _said(trial: subprocess.Popen[bytes]) -> bytes | None:
    """Return what the trial says, nothing where it ended or takes too much memory, None where time ran out."""
    until = time.monotonic() + IMPORT_SECONDS
    while (left := until - time.monotonic()) > 0:
        with contextlib.suppress(subprocess.TimeoutExpired):
            a_while = min(left, WATCH_SECONDS) if WATCHES_MEMORY else left
            return trial.communicate(timeout=a_while)[0]
        if WATCHES_MEMORY and memory(trial.pid) > MEMORY_MB << 20:
            return b""
    return None


def main() -> None:
    """Import what is asked for, and say the class of what that raised; an empty text where it raised nothing."""
    answers, nowhere = os.fdopen(os.dup(1), "wb"), os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):  # what a package prints is no answer
        os.dup2(nowhere, stream)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for FormFlow, which then ends us
    module, sys.path[:] = json.loads(sys.argv[1])
    limit_memory(MEMORY_MB)
    raised = ""
    try:
        importlib.import_module(module)
    except BaseException as problem:  # noqa: BLE001 - a stranger's code may fail in any way at import
        # The class alone: a message may hold anything.
        raised = type(problem).__name__
    answers.write(json.dumps(raised).encode())
    answers.flush()
    os._exit(0)  # and no thread of the package's keeps us


if __name__ == "__main__":
    main()
