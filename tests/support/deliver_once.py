"""Deliver one parcel in a process of its own, and die at a named point as if the power went.

Started by the tests: arguments are what to deliver as JSON, the point, and at which pass of it.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path

from formflow.sdk import registry
from formflow.sdk.contract import Context, Prepared

told = json.loads(sys.argv[1])
left = {sys.argv[2]: int(sys.argv[3])}


def _die_at(point: str) -> None:
    left[point] = left.get(point, 0) - 1
    if left[point] == 0:
        os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))


kind = registry.load(told["kind"])
connector = kind(
    kind.Settings.model_validate(told["settings"]),
    Context("a place", lambda _: Path(told["paper"]), _die_at),
)
prepared = Prepared(told["key"], bytes.fromhex(told["body"]), told["headers"], told["sha256"])
print(connector.deliver(prepared).how)
