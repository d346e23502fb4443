"""Deliver one parcel in a process of its own, which can die at a named point as if the power went.

Where the system can, that process is forked: nothing is loaded again. Else this module is a program that gets
what to deliver on standard input, and as arguments the point and at which pass of it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from formflow.core import crash_points
from formflow.sdk import folder, registry
from formflow.sdk.conformance import pretend_context
from formflow.sdk.contract import Attachment, Prepared

Ended = Callable[[], tuple[int, str]]  # waits; returns the exit code, and how it was delivered


def elsewhere(told: str, point: str = "nowhere", at_pass: int = 1) -> Ended:
    """Begin to deliver what is told as JSON; return what waits for the end of it."""
    start = _forked if hasattr(os, "fork") else _started
    return start(told, point, at_pass)


def _forked(told: str, point: str, at_pass: int) -> Ended:
    reads, writes = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # the child starts no thread
        child = os.fork()
    if not child:
        code = 1
        try:
            os.write(writes, _deliver(json.loads(told), point, at_pass).encode())
            code = 0
        finally:
            os._exit(code)
    os.close(writes)

    def ended() -> tuple[int, str]:
        with os.fdopen(reads) as said:
            how = said.read()
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), how

    return ended


def _started(told: str, point: str, at_pass: int) -> Ended:
    with tempfile.TemporaryFile() as stream:  # more than a command line of Windows holds
        stream.write(told.encode())
        stream.seek(0)
        command = [sys.executable, __file__, point, str(at_pass)]
        process = subprocess.Popen(command, stdin=stream, stdout=subprocess.PIPE, text=True)

    def ended() -> tuple[int, str]:
        how = process.communicate()[0].strip()
        return process.returncode, how

    return ended


def _deliver(told: dict[str, Any], point: str, at_pass: int) -> str:
    """Deliver; return whether it was there."""
    folder.LOCK_SECONDS = 600.0  # several of us may want one folder, on a busy machine
    os.environ[crash_points.VARIABLE] = f"{point}:{at_pass}"
    kind = registry.load(told["kind"])
    connector = kind(
        kind.Settings.model_validate(told["settings"]),
        pretend_context([Path(told["paper"]).read_bytes()]),
    )
    attachments = tuple(Attachment(*one) for one in told["attachments"])
    body = bytes.fromhex(told["body"])
    prepared = Prepared(told["key"], body, told["headers"], attachments)
    return connector.deliver(prepared).how


if __name__ == "__main__":
    print(_deliver(json.load(sys.stdin), sys.argv[1], int(sys.argv[2])))
