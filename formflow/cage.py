"""Runs the reading in one warm child process that can be killed: with limits on time and memory.

The parser is assumed to be breakable, so it holds nothing: no ledger, no network need, no secrets.
Only bounded JSON comes back, and its shape is checked here. Parent and child speak in frames over the
child's standard input and output: four bytes of length, then JSON.
"""

from __future__ import annotations

import contextlib
import json
import queue
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
from formflow.frames import receive, send
from formflow.limits import Limits
from formflow.model import Reading, Unread

LARGEST_ANSWER = 4 << 20  # bytes
PAPERS_UNTIL_REPLACED = 500
WATCH_SECONDS = 0.05  # between two looks at the child's memory, where the system sets no limit
_RESULT: TypeAdapter[Reading | Unread] = TypeAdapter(Reading | Unread)


class Cage:
    """One warm child that reads papers one after the other. Used by one thread."""

    def __init__(
        self,
        forms: Sequence[Form],
        limits: Limits,
        second_reading: str,
        *,
        watch_memory: bool = sys.platform != "linux",
    ) -> None:
        self._forms = {(form.form_id, form.version) for form in forms}
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

        The file's name is its sha256, as in the vault.
        """
        size = path.stat().st_size
        if size > self._limits.file_mb << 20:
            return Unread(path.stem, "FF-111", size, {"limit_mb": str(self._limits.file_mb)})
        if self._child is None or self._child.papers >= PAPERS_UNTIL_REPLACED:
            self.close()
            self._child = _Child(self._limits, self._second_reading)
        answer = self._child.ask(path, self._limits, self._watch_memory)
        result = _checked(answer)
        if result is None or not self._is_about(result, path):
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

    def _is_about(self, result: Reading | Unread, path: Path) -> bool:
        if result.sha256 != path.stem:
            return False
        return isinstance(result, Unread) or (
            (result.form_id, result.form_version) in self._forms
            and len(result.answers) <= self._limits.fields
        )


def _checked(answer: bytes | None) -> Reading | Unread | None:
    if answer is None:
        return None
    try:
        return _RESULT.validate_json(answer)
    except ValidationError:
        return None


class _Child:
    """A running child and the thread that listens to it."""

    def __init__(self, limits: Limits, second_reading: str) -> None:
        settings = json.dumps({"limits": asdict(limits), "second_reading": second_reading})
        self.papers = 0
        self.process = subprocess.Popen(
            [sys.executable, "-m", "formflow.caged", settings],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # a library's warning may quote a child's answers
            start_new_session=sys.platform != "win32",
        )
        self._answers: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        # A thread instead of select(): Windows cannot wait for a pipe.
        threading.Thread(target=self._listen, daemon=True).start()

    def ask(self, path: Path, limits: Limits, watch_memory: bool) -> bytes | None:
        """Hand over a path; return the child's answer, or None when it died or took too long."""
        self.papers += 1
        request = json.dumps(str(path)).encode()
        try:
            assert self.process.stdin is not None  # noqa: S101 - opened as a pipe above
            send(self.process.stdin, request)
        except OSError:
            return None
        if watch_memory:
            return self._watched_answer(limits)
        with contextlib.suppress(queue.Empty):
            return self._answers.get(timeout=limits.deadline_seconds)
        return None

    def kill(self) -> None:
        """End the child at once and wait until it is gone."""
        self.process.kill()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        self.process.wait()

    def _watched_answer(self, limits: Limits) -> bytes | None:
        until = time.monotonic() + limits.deadline_seconds
        while time.monotonic() < until:
            with contextlib.suppress(queue.Empty):
                return self._answers.get(timeout=WATCH_SECONDS)
            try:
                used = psutil.Process(self.process.pid).memory_info().rss
            except psutil.Error:
                return None
            if used > limits.memory_mb << 20:
                return None
        return None

    def _listen(self) -> None:
        stream = self.process.stdout
        assert stream is not None  # noqa: S101 - opened as a pipe above
        with contextlib.suppress(OSError, ValueError):
            while (answer := receive(stream, LARGEST_ANSWER)) is not None:
                self._answers.put(answer)
        self._answers.put(None)
