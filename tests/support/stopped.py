"""`formflow` in a process of its own, told to stop in the middle of its work, each time at the same place.

Started by the tests: arguments are where (a crash point with a count, "reading" or "hanging"), then those
of the command. The last line that it prints is how often it came past that place.
"""

from __future__ import annotations

import atexit
import os
import signal
import sys
import threading
from types import SimpleNamespace
from typing import IO, Any

from formflow import cli
from formflow.core import crash_points
from formflow.reading.sandbox import parent
from formflow.reading.sandbox.frames import receive, send
from formflow_connectors.receipt_folder import ReceiptFolder

place, *arguments = sys.argv[1:]
passes: list[int] = []


def _stop(*_: Any) -> None:
    """Tell this process to stop, as a service manager does; the signals after the first change nothing."""
    passes.append(1)
    os.kill(os.getpid(), signal.SIGTERM)


def _hang(*_: Any) -> None:
    _stop()
    threading.Event().wait()


def _stop_while_the_child_reads(stream: IO[bytes], content: bytes) -> None:
    send(stream, content)
    if content.startswith(b'["paper"'):
        _stop()


def _receive_until_it_ends(stream: IO[bytes], largest: int) -> bytes | None:
    """However fast the child is, it has not answered when the stop comes."""
    if not passes:
        return receive(stream, largest)
    stream.read()
    return None


atexit.register(lambda: print(len(passes)))
match place:
    case "hanging":
        ReceiptFolder.deliver = _hang  # type: ignore[method-assign, assignment]
    case "reading":
        # In the place of the real ones.
        setattr(parent, "send", _stop_while_the_child_reads)  # noqa: B010
        setattr(parent, "receive", _receive_until_it_ends)  # noqa: B010
    case _:
        os.environ[crash_points.VARIABLE] = place
        crash_points.os = SimpleNamespace(environ=os.environ, getpid=os.getpid, kill=_stop)  # type: ignore[assignment, attr-defined]
cli.main(arguments)
