"""Connectors that did not come with FormFlow: each runs in processes of its own, with deadlines.

Whatever such a connector does (hang, end its process, take all memory) ends that process and nothing
else. There are two for each destination: one that prepares, so that no recording waits for a delivery,
and one that delivers. Both start when they are needed, and end when they have had nothing to do.
"""

from __future__ import annotations

import contextlib
import json
import logging
import pickle
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Collection, Mapping, Sequence

from formflow.core.messages import notice
from formflow.core.processes import ALWAYS_THERE, WATCH_SECONDS, WATCHES_MEMORY, kill, memory
from formflow.delivery.calls import (
    ASK_SECONDS,
    CALL_SECONDS,
    DIED,
    NO_ANSWER,
    BadAnswer,
    Died,
    NoAnswer,
)
from formflow.delivery.plugin_exchange import (
    LARGEST_ANSWER,
    Exchange,
    Lend,
    close_pipes,
)
from formflow.delivery.plugin_protocol import Mistake, understood
from formflow.sdk import base
from formflow.sdk.contract import (
    CheckLine,
    CheckReport,
    Connector,
    ConnectorSettings,
    Delivered,
    Ending,
    LooksUpByReference,
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
LARGEST_PREPARED = 96 << 20  # bytes of an answer that holds what is to be sent, written as text


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
        self.settings = settings
        hello = pickle.dumps((connector.kind, settings, destination, MEMORY_MB))
        self._preparing, self._delivering = _Process(hello, lend), _Process(hello, lend)
        self.can_look_up = base.can_look_up(connector)
        self._looks_up_many = issubclass(connector, LooksUpMany)
        self._looks_up_by_reference = issubclass(connector, LooksUpByReference)
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

    def look_up_by_reference(self, wanted: Mapping[str, tuple[str, int]]) -> list[Delivered]:
        """Return what the connector says, asked for some at a time. Raise what it raised, NoAnswer or Died."""
        if not self._looks_up_by_reference:
            return self.look_up_many(wanted)
        every, there = list(wanted.items()), list[Delivered]()
        for at in range(0, len(every), KEYS_AT_ONCE):
            words = (dict(every[at : at + KEYS_AT_ONCE]),)
            there += self._delivering.ask("look_up_by_reference", words, CALL_SECONDS)  # type: ignore[arg-type]
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
        self._ended: subprocess.Popen[bytes] | None = None  # the last that was, gone or not yet
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
        # A start counts, too: a lane is given up after the time of one call. What is short has time for both.
        until = time.monotonic() + max(seconds, START_SECONDS + ASK_SECONDS)
        if not self._lock.acquire(timeout=seconds):
            raise NoAnswer
        try:
            running = self._started()
            seconds = min(seconds, until - time.monotonic())
            largest = LARGEST_PREPARED if question == "prepare" else LARGEST_ANSWER
            request = pickle.dumps((question, words, seconds))
            exchange = Exchange(running, (request,), largest, lent, self._lend)
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
            kill(running)  # whoever asks it hears of that, and clears up

    def _end(self) -> None:
        """End the process. The lock is held."""
        if self._idle is not None:
            self._idle.cancel()
        if (running := self._kill_running()) is not None:
            close_pipes(running)

    def _kill_running(self) -> subprocess.Popen[bytes] | None:
        running, self._running = self._running, None
        if running is not None:
            self._ended = running
            kill(running)
        return running

    def _started(self) -> subprocess.Popen[bytes]:
        """Return the process that runs, or one that has just said that it is ready.

        Raise NoAnswer where the system could not end the last one yet: a second beside it would come to the same
        end, and a third. Raise whatever the connector raised when it was made.
        """
        if self._running is not None and self._running.poll() is None:
            return self._running
        self._end()
        if self._ended is not None and self._ended.poll() is None:
            raise NoAnswer
        running = self._running = subprocess.Popen(
            # -P: a file that lies about here must not be taken for a part of Python.
            [sys.executable, "-P", "-m", "formflow.delivery.plugin_process"],
            cwd=ALWAYS_THERE,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # a library's warning may quote a child's answers
            start_new_session=sys.platform != "win32",
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
        hello = (json.dumps(sys.path).encode(), self._hello)
        try:
            understood(self._frame(Exchange(running, hello), START_SECONDS))
        except BaseException:
            self._end()  # it is of no use, whether it has ended already or not
            raise
        return running

    def _frame(self, exchange: Exchange, seconds: float) -> bytes:
        """Send what is asked and return the frame that answers it. Raise NoAnswer, Died or BadAnswer."""
        threading.Thread(target=exchange.make, daemon=True).start()
        running = exchange.running
        frame: bytes | None = None
        why: type[Exception] = NoAnswer
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            with contextlib.suppress(queue.Empty):
                frame = exchange.answer.get(
                    timeout=min(left, WATCH_SECONDS) if WATCHES_MEMORY else left
                )
                why = BadAnswer if exchange.is_nonsense else Died
                break
            if WATCHES_MEMORY and memory(running.pid) > MEMORY_MB << 20:
                why = Died
                break
        if frame is not None:
            return frame
        self._kill_running()  # its pipes are closed by the exchange, which may still be at work
        raise exchange.problem or why

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


def _attached(prepared: Sequence[Prepared]) -> frozenset[str]:
    return frozenset(one.sha256 for parcel in prepared for one in parcel.attachments)


def _is_report(report: CheckReport) -> bool:
    lines = report.lines
    return isinstance(lines, list | tuple) and all(
        isinstance(one, CheckLine) and isinstance(one.ok, bool) and isinstance(one.text, str)
        for one in lines
    )
