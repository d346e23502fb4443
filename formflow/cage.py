"""Runs the reading in one warm child process that can be killed: with limits on time and memory.

The parser is assumed to be breakable, so it holds nothing: no ledger, no secrets, no open files of
ours. Only bounded JSON comes back, and its shape is checked here. Parent and child speak in frames
over the child's standard input and output: four bytes of length, then JSON.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import asdict
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

PAPERS_UNTIL_REPLACED = 500
WATCH_SECONDS = 0.05  # between two looks at the child's memory, where the system sets no limit
# What Python and its libraries need to start; the rest may hold secrets.
ENVIRONMENT = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMP", "TEMP", "TMPDIR", "SYSTEMROOT")
_RESULT: TypeAdapter[Reading | Unread] = TypeAdapter(Reading | Unread)


class Cage:
    """One warm child that reads papers one after the other. Used by one thread."""

    def __init__(
        self,
        forms: Sequence[Form],
        limits: Limits,
        second_reading: str,
        *,
        watch_memory: bool = sys.platform != "linux",  # macOS does not keep its limit
    ) -> None:
        self._forms = {(form.form_id, form.version): form for form in forms}
        self._limits, self._second_reading = limits, second_reading
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
        answer = self._ready_child().ask(path)
        result = _parsed(answer)
        if result is None or not self._is_sound(result, path):
            self.close()
            return Unread(path.stem, "FF-112", size)
        return result

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
            self._child = _Child(self._limits, self._second_reading, self._watch_memory)
        return self._child

    def _is_sound(self, result: Reading | Unread, path: Path) -> bool:
        """Return whether an answer is about this paper and within what we know and allow."""
        if result.sha256 != path.stem:
            return False
        if isinstance(result, Unread):
            return result.reason in MESSAGES
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

    def __init__(self, limits: Limits, second_reading: str, watch_memory: bool) -> None:
        settings = {
            "limits": asdict(limits),
            "second_reading": second_reading,
            "watch_memory": watch_memory,  # by the parent; else the child limits itself
        }
        self._limits, self._watch_memory, self._papers = limits, watch_memory, 0
        self.process = subprocess.Popen(
            # -P: a file that lies about here must not be taken for a part of Python.
            [sys.executable, "-P", "-m", "formflow.caged", json.dumps(settings)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # a library's warning may quote a child's answers
            env={name: value for name, value in os.environ.items() if _is_needed(name)},
            start_new_session=sys.platform != "win32",
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
        self._answers: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        # A thread instead of select(): Windows cannot wait for a pipe.
        threading.Thread(target=self._listen, daemon=True).start()

    def is_worn_out(self) -> bool:
        """Return whether the next paper needs a new child: this one is gone, or has read enough."""
        return self._papers >= PAPERS_UNTIL_REPLACED or self.process.poll() is not None

    def ask(self, path: Path) -> bytes | None:
        """Hand over a path; return the child's answer, or None when it died or took too much."""
        self._papers += 1
        try:
            assert self.process.stdin is not None  # noqa: S101 - opened as a pipe above
            send(self.process.stdin, json.dumps(str(path)).encode())
        except OSError:
            return None
        until = time.monotonic() + self._limits.deadline_seconds
        while (seconds := until - time.monotonic()) > 0:
            patience = min(seconds, WATCH_SECONDS) if self._watch_memory else seconds
            with contextlib.suppress(queue.Empty):
                return self._answers.get(timeout=patience)
            if self._watch_memory and self._memory() > self._limits.memory_mb << 20:
                return None
        return None

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
        try:
            return psutil.Process(self.process.pid).memory_info().rss
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
