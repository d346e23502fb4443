"""The other side of plugin_host.py: one connector, asked over standard input, answering in frames.

It starts as `python -P -m formflow.delivery.plugin_process`, and ends when nobody speaks to it any more.
"""

from __future__ import annotations

import io
import json
import logging
import os
import pickle
import queue
import signal
import sys
import threading
from typing import IO, Any, BinaryIO, cast

from formflow.core.processes import limit_memory
from formflow.delivery.plugin_protocol import LARGEST_PIECE, REFUSED, answered, raised, wanted
from formflow.reading.sandbox.frames import receive, send
from formflow.sdk import deadline
from formflow.sdk.contract import Connector, Context

LARGEST_REQUEST = 1 << 30  # bytes; our own side speaks, and a batch may hold many papers


def main() -> None:
    """Make the connector, say so, then answer each question with one frame."""
    requests, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):  # what a connector prints is no answer, and may quote a child's answers
        os.dup2(nowhere, stream)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for FormFlow, which then ends us
    # Where the connector's package is found: before anything of it is unpacked.
    sys.path[:] = json.loads(receive(requests, LARGEST_REQUEST) or b"[]")
    hello = receive(requests, LARGEST_REQUEST)
    heard: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(requests, heard), daemon=True).start()
    try:
        connector = _connector(hello or b"", _Lender(heard, answers))
    except BaseException as problem:  # noqa: BLE001 - whatever it is, it is said
        send(answers, raised(problem))
        return
    send(answers, answered(None))
    while True:
        send(answers, _answer(connector, heard.get()))


class _Lender:
    """Asks FormFlow for pieces of what the parcel in hand names. No path comes here."""

    def __init__(self, heard: queue.SimpleQueue[bytes], answers: IO[bytes]) -> None:
        self._heard, self._answers = heard, answers
        self._lock = threading.Lock()  # a connector may read two attachments in two threads

    def lend(self, sha256: str) -> BinaryIO:
        """Return an attachment, to be read. Raise LookupError for one that the parcel does not name."""
        self.piece(sha256, 0, 0)
        return cast("BinaryIO", io.BufferedReader(_Lent(self, sha256), LARGEST_PIECE))

    def piece(self, sha256: str, start: int, size: int) -> bytes:
        """Return some bytes of an attachment, b"" at its end. Raise LookupError."""
        with self._lock:
            send(self._answers, wanted(sha256, start, size))
            came = self._heard.get()
        if came == REFUSED:
            raise LookupError("the parcel in hand names no such attachment")
        return came[1:]


class _Lent(io.RawIOBase):
    """One attachment, read piece by piece."""

    def __init__(self, lender: _Lender, sha256: str) -> None:
        self._lender, self._sha256, self._at = lender, sha256, 0

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read the next bytes."""
        came = self._lender.piece(self._sha256, self._at, min(len(buffer), LARGEST_PIECE))
        buffer[: len(came)] = came
        self._at += len(came)
        return len(came)


def _connector(hello: bytes, lender: _Lender) -> Connector:
    # Imported here: it looks for packages, and sys.path is ours only now.
    from formflow.sdk import registry

    # Pickled by FormFlow and by nobody else.
    kind, settings, destination, memory_mb = pickle.loads(hello)  # noqa: S301
    connector = registry.load_untried(kind)
    limit_memory(memory_mb)
    log = logging.getLogger("formflow.destination")
    log.addHandler(logging.NullHandler())  # what it says goes nowhere: it may hold an answer
    log.propagate = False
    return connector(settings, Context(destination, lender.lend, log))


def _answer(connector: Connector, request: bytes) -> bytes:
    question, words, seconds = pickle.loads(request)  # noqa: S301 - as above
    try:
        with deadline.of(seconds):
            return answered(getattr(connector, question)(*words))
    except MemoryError:
        os._exit(1)  # what it holds would be missing for the next question
    except BaseException as problem:  # noqa: BLE001 - whatever it is, it is said
        return raised(problem)


def _listen(requests: IO[bytes], heard: queue.SimpleQueue[bytes]) -> None:
    """Hand on what is asked; end the process when nobody is there to hear an answer."""
    while (request := receive(requests, LARGEST_REQUEST)) is not None:
        heard.put(request)
    os._exit(0)


if __name__ == "__main__":
    main()
