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
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

import psutil

from formflow.core.messages import notice
from formflow.delivery.calls import DIED, NO_ANSWER, BadAnswer, Died, NoAnswer
from formflow.delivery.lanes import CALL_SECONDS
from formflow.delivery.plugin_protocol import Mistake, understood
from formflow.reading.sandbox.frames import receive, send
from formflow.sdk.contract import (
    CheckLine,
    CheckReport,
    Connector,
    ConnectorSettings,
    Delivered,
    Ending,
    Parcel,
    Prepared,
)

log = logging.getLogger("formflow")

START_SECONDS = 20.0  # until a process is ready: a slow machine is no mistake of the connector's
ASK_SECONDS = 5.0  # for `prepare`, `look_up` and `acknowledged`
CHECK_SECONDS = 30.0
IDLE_SECONDS = 60.0  # then a process with nothing to do ends
MEMORY_MB = 1024
RESTS_SECONDS = (5.0, 15.0, 60.0, 300.0, 900.0, 1800.0)  # of a question that was not answered
WATCH_SECONDS = 0.05  # between two looks at the memory, where the system sets no limit
LARGEST_ANSWER = 64 << 20  # bytes


class Guest:
    """Speaks for one destination's connector, which runs elsewhere."""

    def __init__(
        self,
        connector: type[Connector],
        settings: ConnectorSettings,
        destination: str,
        originals: Path,
    ) -> None:
        self.kind, self.api_version = connector.kind, connector.api_version
        self.Settings, self.capabilities = connector.Settings, connector.capabilities
        hello = pickle.dumps((connector.kind, settings, destination, originals, MEMORY_MB))
        self._preparing, self._delivering = _Process(hello), _Process(hello)
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
        return self._delivering.ask("deliver", (prepared,), CALL_SECONDS)  # type: ignore[return-value]

    def look_up(self, key: str) -> Delivered | None:
        """Return what the connector says. Raise what it raised, NoAnswer or Died."""
        return self._delivering.ask("look_up", (key,), ASK_SECONDS)  # type: ignore[return-value]

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
    def deliver_batch(self, prepared: Sequence[Prepared]) -> list[Delivered]:
        """Return what the connector says. Raise what it raised, NoAnswer or Died."""
        words = (list(prepared),)
        return self._delivering.ask("deliver_batch", words, CALL_SECONDS)  # type: ignore[return-value]


class _Acknowledges(Guest):
    def acknowledged(self, waiting: Mapping[str, tuple[str, int]]) -> set[str]:
        """Return what the connector says. Raise what it raised, NoAnswer or Died."""
        return self._rested(self._delivering, "acknowledged", (dict(waiting),))  # type: ignore[return-value]


class _BatchesAndAcknowledges(_Batches, _Acknowledges):
    pass


def guest(
    connector: type[Connector], settings: ConnectorSettings, destination: str, originals: Path
) -> Connector:
    """Return what speaks for a connector, with the optional members that the connector has."""
    kinds = {
        (False, False): Guest,
        (True, False): _Batches,
        (False, True): _Acknowledges,
        (True, True): _BatchesAndAcknowledges,
    }
    kind = kinds[hasattr(connector, "deliver_batch"), hasattr(connector, "acknowledged")]
    return kind(connector, settings, destination, originals)  # type: ignore[return-value]


class _Process:
    """One process that answers one question after the other. Used by one thread at a time."""

    def __init__(self, hello: bytes) -> None:
        self._hello = hello
        self._lock = threading.Lock()
        self._running: subprocess.Popen[bytes] | None = None
        self._is_ready = False
        self._idle: threading.Timer | None = None

    @property
    def pid(self) -> int | None:
        """The number of the process, None where none runs."""
        running = self._running
        return running.pid if running is not None else None

    def ask(self, question: str, words: tuple[object, ...], seconds: float) -> object:
        """Ask something; return the answer or raise what it raised.

        Raise NoAnswer when it takes too long and Died when the process ended; then it is started anew for
        the next question. Raise BadAnswer for what cannot be understood.
        """
        if not self._lock.acquire(timeout=seconds):
            raise NoAnswer
        try:
            running = self._started()
            if not self._is_ready:
                understood(self._frame(running, b"", START_SECONDS))
                self._is_ready = True
            return understood(self._frame(running, pickle.dumps((question, words)), seconds))
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

    def _frame(self, running: subprocess.Popen[bytes], request: bytes, seconds: float) -> bytes:
        """Send a request, b"" for none, and return the frame that answers it."""
        answer: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        # A thread, because neither writing to a pipe nor reading from it can be given a time.
        exchange = threading.Thread(target=_exchange, args=(running, request, answer), daemon=True)
        exchange.start()
        frame: bytes | None = None
        why: type[Exception] = NoAnswer
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            with contextlib.suppress(queue.Empty):
                frame, why = (
                    answer.get(timeout=min(left, WATCH_SECONDS) if _WATCHES else left),
                    Died,
                )
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


def _exchange(
    running: subprocess.Popen[bytes], request: bytes, answer: queue.SimpleQueue[bytes | None]
) -> None:
    frame = None
    with contextlib.suppress(OSError, ValueError):
        if request:
            send(_pipe(running.stdin), request)
        frame = receive(_pipe(running.stdout), LARGEST_ANSWER)
    if frame is None:
        _close_pipes(running)
    answer.put(frame)


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
