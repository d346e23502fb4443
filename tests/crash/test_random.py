"""kill -9 at random moments, again and again: at the end every form is everywhere once, judged right and told.

Whoever works is killed: the service, the child that reads, a worker of `formflow ingest`, the process of a
connector from another package. A few kills run in `make test`; `make crash KILLS=500` runs a campaign.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import psutil
import pytest

from formflow.admin import setup, status
from formflow.core.errors import ExitCode
from formflow.core.settings import Settings
from tests.support import boards
from tests.support.inbox import Inbox, inbox, open_office
from tests.support.offices import COMMAND, files, strays
from tests.support.outcomes import KnownForm, Places, make, tally

if sys.platform == "win32":
    pytest.skip("kill -9 is a thing of POSIX systems", allow_module_level=True)

__all__ = ["inbox"]  # a mail server, as a fixture

KILLS = int(os.environ.get("FORMFLOW_KILLS", "5"))
FORMS_FOR_EACH_KILL = 2
SEED = 20261123
# By what a process that works for another is known.
HELPERS = {
    "child": "formflow.reading.sandbox.child",
    "connector": "formflow.delivery.plugin_process",
    "worker": "multiprocessing.spawn",
}
TURNS = ("service", "child", "connector", "service", "worker", "service")
LONGEST_LOOK_SECONDS = 180.0  # for a helper that rests after a kill
LOOK_SECONDS, LEAST_SECONDS = (
    5.0,
    0.05,
)  # who has less of the processor between two looks has nothing to do


class Killed:
    """An agency at work whose processes are killed while forms flow."""

    def __init__(self, office: Settings, environment: Mapping[str, str]) -> None:
        self.office = office
        self.kills: Counter[str] = Counter()
        self._chance = random.Random(SEED)  # noqa: S311 - spreads moments, guards nothing
        self._environment = os.environ | environment
        self._service: subprocess.Popen[bytes] | None = None

    def command(self, *arguments: str) -> list[str]:
        file = self.office.state.folder.parent / setup.SETTINGS_FILE
        return [sys.executable, "-c", COMMAND, "--settings", str(file), *arguments]

    def starts(self, *arguments: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            self.command(*arguments), env=self._environment, stderr=subprocess.DEVNULL
        )

    def is_hit(self, victim: str, forms: Sequence[KnownForm]) -> None:
        """Let some forms come, and kill somebody while they are worked on."""
        if self._service is None or self._service.poll() is not None:
            self._service = self.starts("run")
        if victim == "worker":
            self._kill_a_worker(forms)
            return
        for form in forms:
            shutil.copyfile(form.path, self.office.watch[0].folder / form.path.name)
        helper = self._helper(self._service.pid, victim) if victim in HELPERS else None
        if helper is None:
            _has_worked(psutil.Process(self._service.pid), self._chance.uniform(0.4, 3.0))
            self._service.send_signal(signal.SIGKILL)
            self.kills["service"] += self._service.wait() == -signal.SIGKILL
            return
        self._kill(helper, victim)

    def ends(self) -> subprocess.CompletedProcess[str]:
        """Kill the service a last time; let FormFlow do what is left."""
        if self._service is not None:
            self._service.kill()
            self._service.wait()
        return subprocess.run(
            self.command("run", "--once"),
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def _kill_a_worker(self, forms: Sequence[KnownForm]) -> None:
        """Let a person hand the forms over beside the service; kill one of those who work at them."""
        paths = [str(form.path) for form in forms]
        ingest = self.starts("ingest", "--quiet", "--jobs", "2", *paths)
        if worker := self._helper(ingest.pid, "worker"):
            self._kill(worker, "worker")
        ingest.wait()

    def _helper(self, pid: int, name: str) -> psutil.Process | None:
        """Return a process that works for another, once there is one; None where none comes."""
        until = time.monotonic() + LONGEST_LOOK_SECONDS
        while time.monotonic() < until:
            try:
                helpers = psutil.Process(pid).children(recursive=True)
                found = [one for one in helpers if HELPERS[name] in " ".join(one.cmdline())]
            except psutil.Error:  # one has just ended
                if not psutil.pid_exists(pid):
                    return None
                continue
            if found:
                return self._chance.choice(found)
            time.sleep(0.02)
        return None

    def _kill(self, helper: psutil.Process, name: str) -> None:
        _has_worked(helper, self._chance.uniform(0.0, 0.5))
        try:
            helper.kill()
        except psutil.NoSuchProcess:  # it was done
            return
        self.kills[name] += 1


def _has_worked(process: psutil.Process, seconds: float) -> None:
    """Wait until a process has had so many seconds more of the processor: on a busy computer it comes as far as on another.

    One that has ended, or rests, is not waited for.
    """
    try:
        begun = seen = sum(process.cpu_times()[:2])
        looked_at = time.monotonic()
        while (now := sum(process.cpu_times()[:2])) - begun < seconds:
            time.sleep(0.02)
            if time.monotonic() - looked_at > LOOK_SECONDS:
                if now - seen < LEAST_SECONDS:
                    return
                seen, looked_at = now, time.monotonic()
    except psutil.Error:
        return


@pytest.mark.timeout(36_000)
def test_after_random_kills_every_form_is_everywhere_once_judged_right_and_told(
    tmp_path: Path, inbox: tuple[Inbox, int]
) -> None:
    office = open_office(tmp_path / "an agency", inbox[1])
    environment = boards.install(tmp_path / "packages")
    boards.add(office, tmp_path / "board")
    forms = make(tmp_path / "made", KILLS * FORMS_FOR_EACH_KILL)
    agency = Killed(office, environment)
    for number in range(KILLS):
        at = number * FORMS_FOR_EACH_KILL
        agency.is_hit(TURNS[number % len(TURNS)], forms[at : at + FORMS_FOR_EACH_KILL])
    last = agency.ends()

    found = tally(Places(office, inbox[0], tmp_path / "board"), forms)
    print(
        f"killed {agency.kills.total()} times ({dict(agency.kills)})\n{found}\n"
        f"{found.mails_repeated} mails came twice, each under its own Message-ID"
    )
    assert last.returncode == ExitCode.DONE, last.stderr
    assert found.is_clean, str(found)
    assert found.mails_repeated <= agency.kills["service"] + agency.kills["worker"]
    assert files(office.watch[0].folder) == []
    assert strays(tmp_path) == []
    assert status.overview(office).own_alerts == ()
