"""A process that does not listen, or that the system cannot end, takes no longer than its deadline."""

from __future__ import annotations

import io
import os
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from formflow.delivery import plugin_host
from formflow.delivery.calls import NoAnswer
from formflow.sdk import Operation, conformance, registry
from tests.support import strangers

SECONDS = 0.5
MINUTES = 600.0  # no machine needs them
MORE_THAN_A_PIPE_HOLDS = "x" * (256 << 10)
DEAF = "import time\nwhile True:\n    time.sleep(3600)\n"


@pytest.fixture
def good(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The connector of a stranger who keeps the contract; what fails here is its process."""
    strangers.install(tmp_path / "site")
    monkeypatch.syspath_prepend(tmp_path / "site")
    strangers.forget()
    connector = registry.load("good")
    settings = connector.Settings(folder=tmp_path / MORE_THAN_A_PIPE_HOLDS)
    made: Any = plugin_host.guest(connector, settings, "Bad place", lambda _: io.BytesIO())
    yield made
    made.close()
    strangers.forget()


@pytest.fixture
def deaf(good: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Its process, as every Python that starts now, never comes to reading its input."""
    (tmp_path / "deaf").mkdir()
    (tmp_path / "deaf" / "sitecustomize.py").write_text(DEAF)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "deaf"))
    monkeypatch.setattr(plugin_host, "START_SECONDS", SECONDS)
    return good


def asked(guest: Any) -> NoAnswer | None:
    """Return that there was no answer to a question, or None for one, asked in a thread that a test need not wait for."""
    parcel = conformance.sample(guest, Operation.RECORD)
    came: list[NoAnswer | None] = []

    def ask() -> None:
        try:
            guest.prepare(parcel)
            came.append(None)
        except NoAnswer as problem:
            came.append(problem)

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(MINUTES)  # and what hangs here hangs for an hour
    assert came, "the lane is held"
    return came[0]


def test_a_process_that_never_reads_is_ended_at_its_deadline(deaf: Any) -> None:
    assert asked(deaf) is not None
    assert deaf.pids() == []


def test_a_process_that_cannot_be_ended_holds_nobody_and_gets_no_second_beside_it(
    deaf: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[subprocess.Popen[bytes]] = []
    start = subprocess.Popen

    def noted(*how: object, **besides: object) -> subprocess.Popen[bytes]:
        started.append(start(*how, **besides))  # type: ignore[call-overload]
        return started[-1]

    monkeypatch.setattr(subprocess, "Popen", noted)
    with monkeypatch.context() as patch:
        # As it is while a system call holds the process that it cannot be taken out of: nothing happens yet.
        patch.setattr(os, "killpg", lambda *_: None, raising=False)
        patch.setattr(start, "kill", lambda _: None)
        assert asked(deaf) is not None
        assert asked(deaf) is not None
        assert len(started) == 1
        assert started[0].poll() is None
    started[0].kill()
    started[0].wait()
    monkeypatch.delenv("PYTHONPATH")
    monkeypatch.setattr(plugin_host, "START_SECONDS", MINUTES)
    assert asked(deaf) is None
