"""One question to a connector in a process of its own, and what comes back over the pipes. May take for ever.

Neither writing to a pipe nor reading from it can be given a time: `make` runs in a thread of its own, and who waits for
the answer ends the process when it takes too long.
"""

from __future__ import annotations

import contextlib
import queue
import subprocess
from collections.abc import Callable, Sequence
from typing import IO, BinaryIO

from formflow.core.errors import OriginalChanged
from formflow.core.processes import END_SECONDS
from formflow.delivery.plugin_protocol import LENT, REFUSED, what_is_wanted
from formflow.reading.sandbox.frames import receive, send

LARGEST_ANSWER = 1 << 20  # bytes of every other answer

Lend = Callable[[str], BinaryIO]  # sha256 -> the bytes of an original


def _nothing(sha256: str) -> BinaryIO:
    raise KeyError(sha256)


class Exchange:
    """What is asked and the frame that answers it; in between, pieces of attachments that are asked for."""

    def __init__(
        self,
        running: subprocess.Popen[bytes],
        requests: Sequence[bytes],  # one frame each
        largest: int = LARGEST_ANSWER,
        lent: frozenset[str] = frozenset(),
        lend: Lend = _nothing,
    ) -> None:
        self.running = running
        self.answer: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self.problem: OriginalChanged | None = None  # why an original was not lent
        self.is_nonsense = False  # no frame, or one that is too large, from a process that lives on
        self._requests, self._largest, self._lent, self._lend = requests, largest, lent, lend

    def make(self) -> None:
        """Send the requests, lend what is asked for, and hand on the answer: None where there is none."""
        frame = None
        try:
            frame = self._made()
        except OriginalChanged as problem:
            self.problem = problem
        except (OSError, ValueError, TypeError, KeyError):
            pass
        if frame is None and self.problem is None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.running.wait(END_SECONDS)
            self.is_nonsense = self.running.poll() is None
            close_pipes(self.running)
        self.answer.put(frame)

    def _made(self) -> bytes | None:
        for request in self._requests:
            send(_pipe(self.running.stdin), request)
        frame = receive(_pipe(self.running.stdout), self._largest)
        with contextlib.ExitStack() as stack:
            streams: dict[str, BinaryIO] = {}
            while frame is not None and (piece := what_is_wanted(frame)) is not None:
                sha256, start, size = piece
                if sha256 in self._lent and sha256 not in streams:
                    streams[sha256] = stack.enter_context(self._lend(sha256))
                send(_pipe(self.running.stdin), _read(streams.get(sha256), start, size))
                frame = receive(_pipe(self.running.stdout), self._largest)
        return frame


def _read(stream: BinaryIO | None, start: int, size: int) -> bytes:
    """Return some bytes of what is lent, or that it is not."""
    if stream is None:
        return REFUSED
    stream.seek(start)
    return LENT + stream.read(size)


def close_pipes(running: subprocess.Popen[bytes]) -> None:
    """Close both pipes to a process that is no longer asked anything."""
    for pipe in (running.stdin, running.stdout):
        with contextlib.suppress(OSError):
            _pipe(pipe).close()


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    assert pipe is not None  # noqa: S101 - opened as a pipe in plugin_host.py
    return pipe
