"""Runs the reading in one warm child process that can be killed: with limits on time and memory.

The parser is assumed to be breakable, so it holds nothing: no ledger, no secrets, no open files of
ours. Only bounded JSON comes back, and its shape is checked here. Parent and child speak in frames
over the child's standard input and output: four bytes of length, then JSON.
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
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil
from pydantic import TypeAdapter, ValidationError

from formflow.forms import Form
from formflow.frames import LARGEST_ANSWER, receive, send
from formflow.limits import Limits
from formflow.model import Reading, Unread
from formflow.notices import MESSAGES
from formflow.picture import Picture, unpacked
from formflow.reader import KINDS, Reader

PAPERS_UNTIL_REPLACED = 500
ATTEMPTS = 2  # a paper that ends the child twice is set aside
FOR_READING = 2 / 3  # of the deadline; the rest is for pictures, where they are wanted
TAKES_OVER_SECONDS = 0.5  # what a new child needs until it reads
WATCH_SECONDS = 0.05  # between two looks at the child's memory, where the system sets no limit
# What Python and its libraries need to start; the rest may hold secrets.
ENVIRONMENT = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMP", "TEMP", "TMPDIR", "SYSTEMROOT")
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
        """Read a paper; whatever happens to the child, return a Reading or say why there is none.

        The file's name is its sha256, as in the vault. Raise OSError when the file is not there.
        """
        size = path.stat().st_size
        if size > self._limits.file_mb << 20:
            return Unread(path.stem, "FF-111", size, {"limit_mb": str(self._limits.file_mb)})
        result = self._result("paper", path, self._limits.deadline_seconds * FOR_READING)
        if isinstance(result, Unread) and result.is_picture:
            result = self._result("scan", path, self._limits.scan_seconds)
        return result

    def pictures(self, path: Path) -> list[Picture]:
        """Return what the first pages of a paper look like, [] where they cannot be drawn.

        Only dots come back from the child: whatever else the paper held stays behind.
        """
        answer = self._ask("pictures", path, self._limits.deadline_seconds * (1 - FOR_READING))
        return unpacked(answer or b"")

    def _result(self, wanted: str, path: Path, seconds: float) -> Reading | Unread:
        result = _parsed(self._ask(wanted, path, seconds))
        if result is None or not self._is_sound(result, path):
            self.close()
            return Unread(path.stem, "FF-112", path.stat().st_size)
        return result

    def _ask(self, wanted: str, path: Path, seconds: float) -> bytes | None:
        """Ask the child; once more where it died: it may have been killed by somebody else.

        Both attempts, and the child that takes over, together get `seconds`: a paper delays the next
        one by no more than that.
        """
        until = time.monotonic() + max(seconds - TAKES_OVER_SECONDS, seconds / 2)
        for _ in range(ATTEMPTS):
            child = self._ready_child()
            answer = child.ask(wanted, path, until - time.monotonic())
            if answer is not None or not child.has_died() or time.monotonic() >= until:
                break
        if answer is None:
            self.close()
        return answer

    def close(self) -> None:
        """End the child, if there is one."""
        if self._child is not None:
            self._child.kill()
            self._child = None

    def pid(self) -> int | None:
        """Return the child's process number, or None when none runs."""
        return self._child.process.pid if self._child else None

    def _ready_child(self) -> _Child:
        if self._child is not None and self._child.is_worn_out():
            self.close()
        if self._child is None:
            self._child = _Child(self._reader, self._watch_memory)
        return self._child

    def _is_sound(self, result: Reading | Unread, path: Path) -> bool:
        """Return whether an answer is about this paper and within what we know and allow."""
        if result.sha256 != path.stem:
            return False
        if not set(result.carries) <= KINDS:
            return False
        if isinstance(result, Unread):
            return result.reason in MESSAGES
        if not all(map(FINGERPRINT.fullmatch, result.further)):
            return False
        form = self._forms.get((result.form_id, result.form_version))
        return (
            form is not None
            and list(result.answers) == list(form.fields)
            and all(hold.code in MESSAGES for hold in result.held)
            and all(hold.field is None or hold.field in form.fields for hold in result.held)
        )


def _parsed(answer: bytes | None) -> Reading | Unread | None:
    if answer is None:
        return None
    try:
        return _RESULT.validate_json(answer, strict=True)
    except ValidationError:
        return None


class _Child:
    """A running child and the thread that listens to it."""

    def __init__(self, reader: Reader, watch_memory: bool) -> None:
        self._limits, self._watch_memory, self._papers = reader.limits, watch_memory, 0
        self.process = subprocess.Popen(
            # -P: a file that lies about here must not be taken for a part of Python.
            [sys.executable, "-P", "-m", "formflow.caged"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # a library's warning may quote a child's answers
            env={name: value for name, value in os.environ.items() if _is_needed(name)},
            start_new_session=sys.platform != "win32",
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
        self._answers: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._ended = False
        # A thread instead of select(): Windows cannot wait for a pipe.
        threading.Thread(target=self._listen, daemon=True).start()
        self._tell(pickle.dumps((reader, watch_memory)))

    def is_worn_out(self) -> bool:
        """Return whether the next paper needs a new child: this one is gone, or has read enough."""
        return self._papers >= PAPERS_UNTIL_REPLACED or self.process.poll() is not None

    def has_died(self) -> bool:
        """Return whether the child ended by itself."""
        return self._ended

    def ask(self, wanted: str, path: Path, seconds: float) -> bytes | None:
        """Ask for something; return the child's answer, or None when it died or took too much."""
        self._papers += 1
        until = time.monotonic() + seconds
        if not self._tell(json.dumps([wanted, str(path), seconds]).encode()):
            return None
        while (seconds := until - time.monotonic()) > 0:
            patience = min(seconds, WATCH_SECONDS) if self._watch_memory else seconds
            with contextlib.suppress(queue.Empty):
                answer = self._answers.get(timeout=patience)
                self._ended = answer is None
                return answer
            if self._watch_memory and self._memory() > self._limits.memory_mb << 20:
                return None
        return None

    def _tell(self, content: bytes) -> bool:
        try:
            assert self.process.stdin is not None  # noqa: S101 - opened as a pipe above
            send(self.process.stdin, content)
        except OSError:
            self._ended = True
            return False
        return True

    def kill(self) -> None:
        """End the child, and whatever it may have started, and wait until it is gone."""
        if sys.platform == "win32":
            self.process.kill()
        elif self.process.poll() is None:  # else its number may belong to another process by now
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        self.process.wait()

    def _memory(self) -> int:
        """Return the bytes that the child and whatever it started take together."""
        try:
            child = psutil.Process(self.process.pid)
            return sum(one.memory_info().rss for one in (child, *child.children(recursive=True)))
        except psutil.Error:
            return 0  # gone: the listener says so

    def _listen(self) -> None:
        stream = self.process.stdout
        assert stream is not None  # noqa: S101 - opened as a pipe above
        with contextlib.suppress(OSError, ValueError):
            while (answer := receive(stream, LARGEST_ANSWER)) is not None:
                self._answers.put(answer)
        self._answers.put(None)


def _is_needed(name: str) -> bool:
    return name.upper() in ENVIRONMENT or name.upper().startswith("PYTHON")
