"""Told to stop, FormFlow begins nothing more, whatever waits, and the next start does the rest.

How long that takes depends on the machine; that nothing is begun after the signal does not.
"""

from __future__ import annotations

import signal
import sys
import threading

import pytest

from formflow.admin import status
from formflow.cli import stopping
from formflow.core.errors import ExitCode
from formflow.core.settings import Settings
from formflow.storage.database import reading
from tests.support import forked, worker
from tests.support.offices import SAMPLES, sample

if sys.platform == "win32":
    pytest.skip("Windows has no SIGTERM to send", allow_module_level=True)

MANY = 2000


def stopped(office: Settings, place: str, *arguments: str) -> tuple[int, int]:
    """Return how the command ended, and how often it came past the place at which it was told to stop."""
    file = office.state.folder.parent / "formflow.toml"
    told = [place, "--settings", str(file), *arguments]
    done = forked.run(told, {}, program="tests.support.stopped")
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, int(done.stdout.splitlines()[-1]) if done.stdout else 0


def unread(office: Settings) -> list[tuple[int, int]]:
    """Return attempts and weight of the forms that wait to be read."""
    with reading(worker.context_of(office).engine) as connection:
        rows = connection.exec_driver_sql(
            "SELECT attempts, weight FROM task WHERE kind = 'read' AND state != 2"
        )
        return [(row.attempts, row.weight) for row in rows]


def lying(office: Settings) -> int:
    """Return how many forms the service had not taken yet: one that settles late waits in the folder."""
    return len(list(office.watch[0].folder.glob("*.pdf")))


def drop_samples(office: Settings) -> int:
    for name in (cases := sorted(path.parent.name for path in SAMPLES.glob("*/form.pdf"))[:6]):
        (office.watch[0].folder / f"{name}.pdf").write_bytes(sample(name).read_bytes())
    return len(cases)


def test_a_second_signal_while_the_first_is_followed_changes_nothing(
    office: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Signalled(threading.Timer):
        def start(self) -> None:
            super().start()
            self.cancel()  # it would end the tests
            signal.raise_signal(signal.SIGTERM)

    monkeypatch.setattr(threading, "Timer", Signalled)
    woken: list[None] = []
    context = worker.context_of(office)
    with stopping.stoppable(context, lambda: woken.append(None)):
        signal.raise_signal(signal.SIGTERM)
    assert context.stopping.is_set()
    assert woken


@pytest.mark.parametrize(
    ("arguments", "code"),
    [(["run"], ExitCode.DONE), (["run", "--once"], ExitCode.STOPPED)],
    ids=["service", "once"],
)
def test_in_the_middle_of_a_sweep_no_further_file_is_taken(
    office: Settings, arguments: list[str], code: ExitCode
) -> None:
    for number in range(MANY):
        (office.watch[0].folder / f"{number:04}.pdf").write_bytes(
            f"%PDF-1.7 {number} %%EOF".encode()
        )
    assert stopped(office, "intake.after-commit:20", *arguments) == (code, 1)
    assert len(list(office.watch[0].folder.glob("*.pdf"))) == MANY - 20


@pytest.mark.parametrize("arguments", [["run"], ["run", "--once"]], ids=["service", "once"])
def test_in_the_middle_of_a_heap_no_form_is_read_any_more(
    office: Settings, arguments: list[str]
) -> None:
    dropped = drop_samples(office)
    _, passes = stopped(office, "read.begun:3", *arguments)
    assert passes == 1
    assert unread(office) == [(0, 0)] * (dropped - 2 - lying(office))


def test_in_the_middle_of_an_ingest_no_form_is_read_any_more(office: Settings) -> None:
    papers = [str(sample(path.parent.name)) for path in sorted(SAMPLES.glob("*/form.pdf"))[:6]]
    assert stopped(office, "read.begun:3", "ingest", *papers) == (ExitCode.STOPPED, 1)
    assert unread(office) == [(0, 0)] * (len(papers) - 2)


def test_what_is_being_read_is_broken_off_and_nothing_is_held_against_it(office: Settings) -> None:
    dropped = drop_samples(office)
    assert stopped(office, "reading", "run") == (ExitCode.DONE, 1)
    assert unread(office) == [(0, 0)] * (dropped - lying(office))
    worker.settle(office)
    assert status.overview(office).records == dropped


def test_a_destination_that_hangs_does_not_keep_it_from_ending(office: Settings) -> None:
    drop_samples(office)
    code, _ = stopped(office, "hanging", "run")
    # On a machine that is busy enough, the net ends it.
    assert code in (ExitCode.DONE, ExitCode.STOPPED)
