"""Named crash points: the places in the code where the crash tests kill the process.

FORMFLOW_CRASH_AT names one point, optionally with a count: "record.after-commit:3" kills at the
third pass. Without the variable a crash point does nothing. kill -9 and nothing gentler: no `finally`
runs, no buffer is flushed, which is what a power switch does to a process.
"""

from __future__ import annotations

import os
import signal

VARIABLE = "FORMFLOW_CRASH_AT"
_passes: dict[str, int] = {}


def crash_at(point: str) -> None:
    """Kill this process at once if the environment names this point."""
    wanted = os.environ.get(VARIABLE)
    if wanted is None:
        return
    name, _, count = wanted.partition(":")
    if name != point:
        return
    _passes[point] = _passes.get(point, 0) + 1
    if _passes[point] >= int(count or 1):
        os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))
