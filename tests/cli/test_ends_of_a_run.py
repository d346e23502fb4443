"""How `run --once` and `ingest` end: never with success while something waits that they were to do."""

from __future__ import annotations

import errno
import shutil
from pathlib import Path

import pytest

from formflow.core.clock import utc_now
from formflow.core.errors import ExitCode
from formflow.core.settings import Settings
from formflow.pipeline import walk
from formflow.pipeline.sweep import sweep
from formflow.storage import claims
from formflow.storage.schema import TaskKind
from tests.support import worker
from tests.support.offices import QUICK, agency, drop, files, formflow, sample

GREEN = "green-free-play-pdfjs"


def test_a_file_that_is_not_complete_yet_is_no_success(tmp_path: Path) -> None:
    patient = agency(tmp_path / "an agency", [one for one in QUICK if "settle" in one[0]])
    drop(patient, GREEN)
    half = sample(GREEN).read_bytes()[:-2000]
    (patient.watch[0].folder / "Alex Example.pdf").write_bytes(half)
    done = formflow(patient, "run", "--once")
    assert done.returncode == ExitCode.STORAGE
    told = (
        f"Files in {patient.watch[0].folder} that are incomplete or in use, and not taken yet: 1."
    )
    assert told in done.stderr
    assert "Alex" not in done.stderr
    assert files(patient.watch[0].folder) == ["Alex Example.pdf"]
    # What was handed over by command is done, whatever lies in the folders.
    given = formflow(
        patient, "ingest", "--quiet", str(sample("amber-emoji-pdfbox2-need-appearances"))
    )
    assert given.returncode == ExitCode.DONE, given.stderr
    worker.close()


@pytest.fixture
def full(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the disk be full when it is to be said that a form came again."""

    def no_room(*_: object) -> None:
        raise OSError(errno.ENOSPC, "no room")

    monkeypatch.setattr(walk, "_repeat", no_room)


@pytest.mark.usefixtures("full")
@pytest.mark.parametrize("command", ["run", "ingest"])
def test_what_met_trouble_and_is_neither_a_reading_nor_a_delivery_is_no_success(
    office: Settings, tmp_path: Path, command: str
) -> None:
    assert formflow(office, "ingest", "--quiet", str(sample(GREEN))).returncode == ExitCode.DONE
    again = tmp_path / "again.pdf"
    shutil.copyfile(sample(GREEN), again)
    if command == "run":
        drop(office, GREEN)
        done = formflow(office, "run", "--once")
    else:
        done = formflow(office, "ingest", "--quiet", str(again))
    assert done.returncode == ExitCode.STORAGE
    assert "Repeats, reminders or later alerts held up: 1." in done.stderr
    assert "(FF-140)" in done.stderr
    worker.turn(office)
    status = formflow(office, "status")
    assert status.returncode == ExitCode.WAITING
    assert "Repeats, reminders or later alerts held up: 1." in status.stdout


def test_a_form_that_another_worker_has_in_hand_is_no_success(office: Settings) -> None:
    drop(office, GREEN)
    context = worker.context_of(office)
    worker.drain(office)
    sweep(context, office.watch[0], utc_now())
    claimed = claims.claim(context.engine, context.owner.name, lambda _kind, _lane: 1)
    assert [task.kind for task in claimed] == [TaskKind.READ]
    done = formflow(office, "run", "--once")
    assert done.returncode == ExitCode.STORAGE
    assert "Forms still to be read: 1." in done.stderr
