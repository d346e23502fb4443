"""Connectors that did not come with FormFlow: each runs in processes of its own, with deadlines.

Whatever such a connector does (hang, end its process, take all memory) ends that process and nothing
else. There are two for each destination: one that prepares, so that no recording waits for a delivery,
and one that delivers. Both start when they are needed, and end when they have had nothing to do.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import pickle
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import IO, BinaryIO

import psutil

from formflow.core.messages import notice
from formflow.delivery.calls import (
    ASK_SECONDS,
    CALL_SECONDS,
    DIED,
    NO_ANSWER,
    BadAnswer,
    Died,
    NoAnswer,
)
from formflow.delivery.plugin_protocol import LENT, REFUSED, Mistake, understood, what_is_wanted
from formflow.reading.sandbox.frames import receive, send
from formflow.sdk import base
from formflow.sdk.contract import (
    CheckLine,
    CheckReport,
    Connector,
    ConnectorSettings,
    Delivered,
    Ending,
    LooksUpMany,
    Prepared,
)
from formflow.sdk.parcels import Parcel

log = logging.getLogger("formflow")

START_SECONDS = 20.0  # until a process is ready: a slow machine is no mistake of the connector's
CHECK_SECONDS = 30.0
IDLE_SECONDS = 60.0  # then a process with nothing to do ends
MEMORY_MB = 1024
KEYS_AT_ONCE = 200  # that are looked up within the time of one call
RESTS_SECONDS = (5.0, 15.0, 60.0, 300.0, 900.0, 1800.0)  # of a question that was not answered
END_SECONDS = 1.0  # in which a process that says no more is seen to have ended
WATCH_SECONDS = 0.05  # between two looks at the memory, where the system sets no limit
LARGEST_PREPARED = 96 << 20  # bytes of an answer that holds what is to be sent, written as text
LARGEST_ANSWER = 1 << 20  # bytes of every other answer

Lend = Callable[[str], BinaryIO]  # sha256 -> the bytes of an original


class Guest:
    """Speaks for one destination's connector, which runs elsewhere."""

    def __init__(
        self,
        connector: type[Connector],
        settings: ConnectorSettings,
        destination: str,
        lend: Lend,
    ) -> None:
        self.kind, self.api_version = connector.kind, connector.api_version
        self.Settings, self.capabilities = connector.Settings, connector.capabilities
        hello = pickle.dumps((connector.kind, settings, destination, MEMORY_MB))
        self._preparing, self._delivering = _Process(hello, lend), _Process(hello, lend)
        self.can_look_up = base.can_look_up(connector)
        self._looks_up_many = issubclass(connector, LooksUpMany)
        self._rests: dict[str, tuple[int, float]] = {}  # question: how often it failed, until when

    def check(self) -> CheckReport:
        """Say whether the destination can be delivered to, or that its connector does not say."""
        try:
            answer = self._preparing.ask("check", (), CHECK_SECONDS)
        except NoAnswer:
            return CheckReport((CheckLine(False, notice(NO_ANSWER).text),))
        except (Died, BadAnswer, Mistake, Ending):
            return CheckReport((CheckLine(False, notice(DIED).text),))
        if not isinstance(answer, CheckReport) or not _is_report(answer):
            return CheckReport((CheckLine(False, "It does not say what it found."),))
        return answer

    def prepare(self, parcel: Parcel) -> Prepared:
        """Return what the connector prepared. Raise what it raised, NoAnswer or Died."""
        return self._preparing.ask("prepare", (parcel,), ASK_SECONDS)  # type: ignore[return-value]

    def deliver(self, prepared: Prepared) -> Delivered:
        """Return what the connector says. Raise what it raised, NoAnswer or Died."""
        # What comes is looked at in calls.py, here and below.
        lent = _attached([prepared])
        return self._delivering.ask("deliver", (prepared,), CALL_SECONDS, lent)  # type: ignore[return-value]

    def look_up(self, key: str) -> Delivered | None:
        """Return what the connector says. Raise what it raised, NoAnswer or Died."""
        return self._delivering.ask("look_up", (key,), ASK_SECONDS)  # type: ignore[return-value]

    def look_up_many(self, keys: Collection[str]) -> list[Delivered]:
        """Return what the connector says, asked for some at a time. Raise what it raised, NoAnswer or Died."""
        if not self._looks_up_many:
            return [one for key in keys if (one := self.look_up(key)) is not None]
        every, there = list(keys), list[Delivered]()
        for at in range(0, len(every), KEYS_AT_ONCE):
            words = (every[at : at + KEYS_AT_ONCE],)
            there += self._delivering.ask("look_up_many", words, CALL_SECONDS)  # type: ignore[arg-type]
        return there

    def close(self) -> None:
        """End both processes."""
        self._preparing.end()
        self._delivering.end()

    def pids(self) -> list[int]:
        """Return the numbers of the processes that run now."""
        return [one.pid for one in (self._preparing, self._delivering) if one.pid is not None]

    def _rested(self, process: _Process, question: str, words: tuple[object, ...]) -> object:
        """Ask what others wait for. A question that was not answered is not asked again for a while."""
        failed, until = self._rests.get(question, (0, 0.0))
        if time.monotonic() < until:
            raise NoAnswer
        try:
            answer = process.ask(question, words, ASK_SECONDS)
        except (NoAnswer, Died):
            rest = RESTS_SECONDS[min(failed, len(RESTS_SECONDS) - 1)]
            self._rests[question] = (failed + 1, time.monotonic() + rest)
            raise
        self._rests.pop(question, None)
        return answer


class _Batches(Guest):
    def deliver_batch(self, prepared: Sequence[Prepared]) -> list[Delivered | Ending]:
        """Return what the connector says. Raise what it raised, NoAnswer or Died."""
        words, lent = (list(prepared),), _attached(prepared)
        return self._delivering.ask("deliver_batch", words, CALL_SECONDS, lent)  # type: ignore[return-value]


class _Acknowledges(Guest):
    def acknowledged(self, waiting: Mapping[str, tuple[str, int]]) -> set[str]:
        """Return what the connector says. Raise what it raised, NoAnswer or Died."""
        return self._rested(self._delivering, "acknowledged", (dict(waiting),))  # type: ignore[return-value]


class _BatchesAndAcknowledges(_Batches, _Acknowledges):
    pass


def guest(
    connector: type[Connector], settings: ConnectorSettings, destination: str, lend: Lend
) -> Connector:
    """Return what speaks for a connector, with the optional members that the connector has."""
    kinds = {
        (False, False): Guest,
        (True, False): _Batches,
        (False, True): _Acknowledges,
        (True, True): _BatchesAndAcknowledges,
    }
    kind = kinds[hasattr(connector, "deliver_batch"), hasattr(connector, "acknowledged")]
    return kind(connector, settings, destination, lend)  # type: ignore[return-value]


class _Process:
    """One process that answers one question after the other. Used by one thread at a time."""

    def __init__(self, hello: bytes, lend: Lend) -> None:
        self._hello = hello
        self._lend = lend
        self._lock = threading.Lock()
        self._running: subprocess.Popen[bytes] | None = None
        self._is_ready = False
        self._idle: threading.Timer | None = None

    @property
    def pid(self) -> int | None:
        """The number of the process, None where none runs."""
        running = self._running
        return running.pid if running is not None else None

    def ask(
        self,
        question: str,
        words: tuple[object, ...],
        seconds: float,
        lent: frozenset[str] = frozenset(),
    ) -> object:
        """Ask something; return the answer or raise what it raised. Only what is `lent` may be read meanwhile.

        Raise NoAnswer when it takes too long and Died when the process ended; then it is started again for
        the next question. Raise BadAnswer for what cannot be understood.
        """
        if not self._lock.acquire(timeout=seconds):
            raise NoAnswer
        try:
            running = self._started()
            if not self._is_ready:
                understood(self._frame(_Exchange(running), START_SECONDS))
                self._is_ready = True
            largest = LARGEST_PREPARED if question == "prepare" else LARGEST_ANSWER
            request = pickle.dumps((question, words, seconds))
            exchange = _Exchange(running, request, largest, lent, self._lend)
            return understood(self._frame(exchange, seconds))
        except (KeyError, TypeError, ValueError) as problem:
            raise BadAnswer from problem
        finally:
            self._end_when_idle()
            self._lock.release()

    def end(self) -> None:
        """End the process and whatever it started. May be called while it is being asked something."""
        if self._lock.acquire(blocking=False):
            try:
                self._end()
            finally:
                self._lock.release()
        elif (running := self._running) is not None:
            _kill(running)  # whoever asks it hears of that, and clears up

    def _end(self) -> None:
        """End the process. The lock is held."""
        if self._idle is not None:
            self._idle.cancel()
        running, self._running = self._running, None
        if running is not None:
            _kill(running)
            _close_pipes(running)

    def _started(self) -> subprocess.Popen[bytes]:
        running = self._running
        if running is None or running.poll() is not None:
            self._end()
            running = self._running = subprocess.Popen(
                # -P: a file that lies about here must not be taken for a part of Python.
                [sys.executable, "-P", "-m", "formflow.delivery.plugin_process"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,  # a library's warning may quote a child's answers
                start_new_session=sys.platform != "win32",
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
            self._is_ready = False
            with contextlib.suppress(OSError):  # it died already: the next question says so
                send(_pipe(running.stdin), json.dumps(sys.path).encode())
                send(_pipe(running.stdin), self._hello)
        return running

    def _frame(self, exchange: _Exchange, seconds: float) -> bytes:
        """Send a request and return the frame that answers it."""
        # A thread, because neither writing to a pipe nor reading from it can be given a time.
        threading.Thread(target=exchange.make, daemon=True).start()
        running = exchange.running
        frame: bytes | None = None
        why: type[Exception] = NoAnswer
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            with contextlib.suppress(queue.Empty):
                frame = exchange.answer.get(timeout=min(left, WATCH_SECONDS) if _WATCHES else left)
                why = BadAnswer if exchange.is_nonsense else Died
                break
            if _WATCHES and _memory(running.pid) > MEMORY_MB << 20:
                why = Died
                break
        if frame is not None:
            return frame
        self._running = None
        _kill(running)  # its pipes are closed by the exchange, which may still be at work
        raise why

    def _end_when_idle(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
        self._idle = threading.Timer(IDLE_SECONDS, self._end_if_idle)
        self._idle.daemon = True
        self._idle.start()

    def _end_if_idle(self) -> None:
        if self._lock.acquire(blocking=False):
            try:
                self._end()
            finally:
                self._lock.release()


_WATCHES = sys.platform != "linux"  # macOS does not keep its limit, Windows has none


def _nothing(sha256: str) -> BinaryIO:
    raise KeyError(sha256)


class _Exchange:
    """One request and the frame that answers it; in between, pieces of attachments that are asked for."""

    def __init__(
        self,
        running: subprocess.Popen[bytes],
        request: bytes = b"",  # none: the process speaks first
        largest: int = LARGEST_ANSWER,
        lent: frozenset[str] = frozenset(),
        lend: Lend = _nothing,
    ) -> None:
        self.running = running
        self.answer: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self.is_nonsense = False  # no frame, or one that is too large, from a process that lives on
        self._request, self._largest, self._lent, self._lend = request, largest, lent, lend

    def make(self) -> None:
        """Send the request, lend what is asked for, and hand on the answer: None where there is none."""
        frame = None
        with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
            frame = self._made()
        if frame is None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.running.wait(END_SECONDS)
            self.is_nonsense = self.running.poll() is None
            _close_pipes(self.running)
        self.answer.put(frame)

    def _made(self) -> bytes | None:
        if self._request:
            send(_pipe(self.running.stdin), self._request)
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


def _attached(prepared: Sequence[Prepared]) -> frozenset[str]:
    return frozenset(one.sha256 for parcel in prepared for one in parcel.attachments)


def _kill(running: subprocess.Popen[bytes]) -> None:
    """End a process and whatever it started, and wait until it is gone."""
    started: list[psutil.Process] = []
    with contextlib.suppress(psutil.Error):
        started = psutil.Process(running.pid).children(recursive=True)
    if sys.platform == "win32":
        running.kill()
    elif running.poll() is None:  # else its number may belong to another process by now
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(running.pid, signal.SIGKILL)
    for child in started:
        with contextlib.suppress(psutil.Error):
            child.kill()
    running.wait()


def _close_pipes(running: subprocess.Popen[bytes]) -> None:
    for pipe in (running.stdin, running.stdout):
        with contextlib.suppress(OSError):
            _pipe(pipe).close()


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    assert pipe is not None  # noqa: S101 - opened as a pipe in _started
    return pipe


def _memory(pid: int) -> int:
    """Return the bytes that a process and whatever it started take together."""
    try:
        process = psutil.Process(pid)
        return sum(one.memory_info().rss for one in (process, *process.children(recursive=True)))
    except psutil.Error:
        return 0  # gone: whoever waits for its answer hears so


def _is_report(report: CheckReport) -> bool:
    lines = report.lines
    return isinstance(lines, list | tuple) and all(
        isinstance(one, CheckLine) and isinstance(one.ok, bool) and isinstance(one.text, str)
        for one in lines
    )
