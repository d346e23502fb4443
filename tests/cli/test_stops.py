"""The service stops cleanly for each signal that tells it to, whichever thread the system gives it to."""

from __future__ import annotations

import signal
import subprocess
import time

import pytest

from formflow.cli.stopping import SIGNALS
from formflow.core.errors import ExitCode
from formflow.core.settings import Settings
from tests.support import services


def test_windows_says_with_a_signal_of_its_own_that_the_window_is_closed() -> None:
    assert {signal.SIGINT, signal.SIGTERM, getattr(signal, "SIGBREAK", signal.SIGINT)} == set(
        SIGNALS
    )


@pytest.mark.parametrize("number", SIGNALS)
def test_the_service_stops_when_told(office: Settings, number: int) -> None:
    file, heartbeat = (
        office.state.folder.parent / "formflow.toml",
        office.state.folder / "heartbeat",
    )
    command = ("--settings", str(file), "run")
    with services.start(command, number, stderr=subprocess.PIPE) as service:
        while not heartbeat.exists() and service.poll() is None:
            time.sleep(0.05)
        _, said = service.communicate()
    assert service.returncode == ExitCode.DONE, said
    assert b"has stopped" in said
