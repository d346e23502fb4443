"""Runs the reading in one warm child process that can be killed: with limits on time and memory.

The parser is assumed to be breakable, so it holds nothing: no ledger, no secrets, no open files of
ours. Only bounded JSON comes back, and its shape is checked here. Parent and child speak in frames
over the child's standard input and output: four bytes of length, then JSON.

What the child did with a paper counts against the paper. That it could not start, that somebody else
killed it, or that the computer gave it no time does not: that is Trouble, and the paper is read later.
"""

from __future__ import annotations

import contextlib
import json
import os
import pickle
import queue
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil
from pydantic import TypeAdapter, ValidationError

from formflow.core.limits import Limits
from formflow.core.messages import MESSAGES
from formflow.core.model import Reading, Unread
from formflow.core.processes import ALWAYS_THERE
from formflow.core.trouble import INTERRUPTED, SLOW, START, Trouble
from formflow.forms.catalogue import Form
from formflow.reading.page_images import Picture, unpacked
from formflow.reading.reader import KINDS, TOO_MUCH, Reader
from formflow.reading.sandbox.frames import LARGEST_ANSWER, READY, receive, send

PAPERS_UNTIL_REPLACED = 500
ATTEMPTS = 2  # a paper that ends the child twice, or takes too much of it, is set aside
FOR_READING = 2 / 3  # of the deadline; the rest is for pictures, where they are wanted
START_SECONDS = 120.0  # a cold start on a busy computer; it is nobody's time but ours
# What is limited is the child's processor time. The clock is a net for a child that does nothing.
TIMES_ON_THE_CLOCK, LEAST_ON_THE_CLOCK = 20, 300.0
LAST_BY_ITSELF = 60.0  # after the clock's limit, a child whose parent is gone ends by itself
WATCH_SECONDS = 0.05  # between two looks at the child's memory, where the system sets no limit
LEAST_LOOK_SECONDS = 0.05  # between two looks at its processor time
ENDS_SECONDS = 5.0  # a child that has closed its output, or is killed, ends soon
COMMAND: tuple[str, ...] = (
    "-P",
    "-m",
    "formflow.reading.sandbox.child",
)  # -P: a file that lies about here is no part of Python
# How a child ends that somebody else has killed. Windows knows exit codes only; the last is that of a
# program that is told to stop because the user logs off.
BY_OTHERS = (
    {1, 15, 0xC000013A}
    if sys.platform == "win32"
    else {-signal.SIGKILL, -signal.SIGTERM, -signal.SIGHUP}
)
# What Python and its libraries need to start, also where a user has installed them for that account alone; the
# rest may hold secrets.
ENVIRONMENT = (
    "PATH",
    "HOME",
    "LANG",
    "LC_ALL",
    "TZ",
    "TMP",
    "TEMP",
    "TMPDIR",
    "SYSTEMROOT",
    "APPDATA",
)
FINGERPRINT = re.compile("[0-9a-f]{32}")  # of a page
_RESULT: TypeAdapter[Reading | Unread] = TypeAdapter(Reading | Unread)


class Cage:
    """One warm child that reads papers one after the other. Used by one thread."""

    def __init__(
        self,
        forms: Sequence[Form],
        limits: Limits,
        second_reading: str,
        password: str = "",
        *,
        watch_memory: bool = sys.platform != "linux",  # macOS does not keep its limit
    ) -> None:
        self._reader, self._limits = Reader(forms, limits, second_reading, password), limits
        self._forms = {(form.form_id, form.version): form for form in forms}
        self._watch_memory = watch_memory
        self._child: _Child | None = None
        self._is_interrupted = False
        self._rests_until = 0.0  # on the monotonic clock: after a start that failed

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def read(self, path: Path) -> Reading | Unread:
        """Read a paper; return a Reading, or why there is none where that lies with the paper.

        The file's name is its sha256, as in the vault. Raise OSError when the file cannot be opened,
        Trouble when the reading failed for a reason that says nothing about the paper.
        """
        with path.open("rb") as stream:
            size = os.fstat(stream.fileno()).st_size
        if size > self._limits.file_mb << 20:
            return Unread(path.stem, "FF-111", size, {"limit_mb": str(self._limits.file_mb)})
        result = self._result("paper", path, self._limits.deadline_seconds * FOR_READING)
        if isinstance(result, Unread) and result.is_picture:
            result = self._result("scan", path, self._limits.scan_seconds)
        return result

    def pictures(self, path: Path) -> list[Picture]:
        """Return what the first pages of a paper look like, [] where they cannot be drawn.

        Only dots come back from the child: whatever else the paper held stays behind. Raise Trouble.
        """
        seconds = self._limits.deadline_seconds * (1 - FOR_READING)
        return unpacked(next(self._answers("pictures", path, seconds), b""))

    def _result(self, wanted: str, path: Path, seconds: float) -> Reading | Unread:
        for answer in self._answers(wanted, path, seconds):
            result = _parsed(answer)
            if result is not None and self._is_sound(result, path):
                return result
            self.close()
        return Unread(path.stem, TOO_MUCH, path.stat().st_size)

    def _answers(self, wanted: str, path: Path, seconds: float) -> Iterator[bytes]:
        """Yield the answers of one child after the other, as long as there is patience for the paper."""
        for _ in range(ATTEMPTS):
            child = self._ready_child()
            try:
                answer = child.ask(wanted, path, seconds)
            except Trouble:
                self.close()
                raise
            if answer is None:
                self.close()
            else:
                yield answer

    def close(self) -> None:
        """End the child, if there is one."""
        if self._child is not None:
            self._child.kill()
            self._child = None

    def interrupt(self) -> None:
        """End what the child reads, for good: whoever waits for it, or asks later, gets Trouble.

        May be called by a signal. Nothing is waited for here: it may have come in the middle of a wait for
        this child.
        """
        self._is_interrupted = True
        if self._child is not None:
            self._child.end()

    def pid(self) -> int | None:
        """Return the child's process number, or None when none runs."""
        return self._child.process.pid if self._child else None

    def _ready_child(self) -> _Child:
        if self._is_interrupted:
            raise Trouble(INTERRUPTED)
        if self._child is not None and self._child.is_worn_out():
            self.close()
        if self._child is None:
            self._child = self._started()
        return self._child

    def _started(self) -> _Child:
        """Return a new child. A start that failed is not tried again for as long as it took."""
        begun = time.monotonic()
        if begun < self._rests_until:
            raise Trouble(START)
        try:
            return _Child(self._reader, self._watch_memory)
        except Trouble:
            now = time.monotonic()
            self._rests_until = now + (now - begun)
            raise

    def _is_sound(self, result: Reading | Unread, path: Path) -> bool:
        """Return whether an answer is about this paper and within what we know and allow.

        That a paper took too much is believed only when two children say so.
        """
        if result.sha256 != path.stem:
            return False
        if not set(result.carries) <= KINDS:
            return False
        if isinstance(result, Unread):
            return result.reason in MESSAGES and result.reason != TOO_MUCH
        if not all(map(FINGERPRINT.fullmatch, result.further)):
            return False
        form = self._forms.get((result.form_id, result.form_version))
        return (
            form is not None
            and list(result.answers) == list(form.fields)
            and all(hold.code in MESSAGES for hold in result.held)
            and all(hold.field is None or hold.field in form.fields for hold in result.held)
        )


def _parsed(answer: bytes) -> Reading | Unread | None:
    try:
        return _RESULT.validate_json(answer, strict=True)
    except ValidationError:
        return None


class _Child:
    """A running child and the thread that speaks with it. Raise Trouble when it does not get ready.

    Only that thread touches the pipes: to write, to read and to close can each take for ever, whatever has
    become of the child, where another process still holds its end.
    """

    def __init__(self, reader: Reader, watch_memory: bool) -> None:
        self._limits, self._watch_memory, self._papers = reader.limits, watch_memory, 0
        self._requests: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._answers: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        try:
            self.process = subprocess.Popen(
                [sys.executable, *COMMAND],
                cwd=ALWAYS_THERE,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,  # a library's warning may quote a child's answers
                env={name: value for name, value in os.environ.items() if _is_needed(name)},
                start_new_session=sys.platform != "win32",
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
        except OSError as problem:
            raise Trouble(START) from problem
        if not self._gets_ready(reader):
            self.kill()
            raise Trouble(START)
        self._itself = psutil.Process(self.process.pid)

    def _gets_ready(self, reader: Reader) -> bool:
        # How to read is more than a pipe holds, and a child that hangs takes nothing out of it.
        self._requests.put(pickle.dumps((reader, self._watch_memory)))
        try:
            # A thread instead of select(): Windows cannot wait for a pipe.
            threading.Thread(target=self._converse, daemon=True).start()
            return self._answers.get(timeout=START_SECONDS) == READY
        except (RuntimeError, queue.Empty):  # RuntimeError: the system has no further thread
            return False

    def is_worn_out(self) -> bool:
        """Return whether the next paper needs a new child: this one is gone, or has read enough."""
        return self._papers >= PAPERS_UNTIL_REPLACED or self.process.poll() is not None

    def ask(self, wanted: str, path: Path, seconds: float) -> bytes | None:
        """Ask for something that may take so many seconds of the processor; return the answer.

        None when the child died of it or took too much. Raise Trouble when somebody else killed the
        child, or when the clock ran out although the child had hardly had a turn.
        """
        self._papers += 1
        on_the_clock = max(TIMES_ON_THE_CLOCK * seconds, LEAST_ON_THE_CLOCK)
        until = time.monotonic() + on_the_clock
        used_up_at = seconds + self._costs()[0]
        where = str(path.absolute())  # the child stands elsewhere
        self._requests.put(json.dumps([wanted, where, on_the_clock + LAST_BY_ITSELF]).encode())
        left = seconds  # no child of one thread can have used that up before so much time is over
        while (patience := until - time.monotonic()) > 0:
            patience = min(patience, WATCH_SECONDS if self._watch_memory else left)
            with contextlib.suppress(queue.Empty):
                answer = self._answers.get(timeout=patience)
                if answer is None:
                    self._blame()
                return answer
            used, memory = self._costs()
            too_large = self._watch_memory and memory > self._limits.memory_mb << 20
            if used >= used_up_at or too_large:
                return None
            left = max(used_up_at - used, LEAST_LOOK_SECONDS)
        raise Trouble(SLOW)

    def _blame(self) -> None:
        """Raise Trouble when the child did not die by itself: somebody else has killed it."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            if self.process.wait(ENDS_SECONDS) in BY_OTHERS:
                raise Trouble(INTERRUPTED)

    def kill(self) -> None:
        """End the child, and whatever it may have started, and wait until it is gone, but not for ever."""
        self.process.poll()
        self.end()
        self._requests.put(None)
        with contextlib.suppress(subprocess.TimeoutExpired):  # a share that hangs keeps it
            self.process.wait(ENDS_SECONDS)

    def end(self) -> None:
        """End the child, and whatever it may have started."""
        if self.process.returncode is not None:  # its number may belong to another process by now
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if sys.platform == "win32":
                self.process.kill()
            else:
                os.killpg(self.process.pid, signal.SIGKILL)

    def _costs(self) -> tuple[float, int]:
        """Return what the child and whatever it started have taken: processor seconds, memory bytes."""
        seconds, memory = 0.0, 0
        with contextlib.suppress(psutil.Error):  # gone: the listener says so
            for one in (self._itself, *self._itself.children(recursive=True)):
                seconds += sum(one.cpu_times()[:4])  # its own, and what its ended children took
                memory += one.memory_info().rss
        return seconds, memory

    def _converse(self) -> None:
        """Hand on each request, and its answer: None when there will be no further one."""
        to_child, from_child = self.process.stdin, self.process.stdout
        assert to_child is not None and from_child is not None  # noqa: S101, PT018 - pipes, see above
        with contextlib.suppress(OSError, ValueError):
            while (request := self._requests.get()) is not None:
                send(to_child, request)
                if (answer := receive(from_child, LARGEST_ANSWER)) is None:
                    break
                self._answers.put(answer)
        self._answers.put(None)
        for pipe in (to_child, from_child):
            with contextlib.suppress(OSError):
                pipe.close()


def _is_needed(name: str) -> bool:
    return name.upper() in ENVIRONMENT or name.upper().startswith("PYTHON")
