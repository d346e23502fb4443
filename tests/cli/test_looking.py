"""Commands that look change nothing: before and after them the state folder is the same, byte for byte.

That a record was looked at is noted for the audit trail, in a folder of its own, and nowhere else.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from formflow import cli
from formflow.admin import status
from formflow.core.clock import utc_now
from formflow.core.errors import ExitCode
from formflow.core.settings import Settings
from formflow.pipeline.service import HEARTBEAT
from formflow.storage import views
from formflow.storage.database import writing
from tests.support import worker
from tests.support.offices import drop, sample

RED, GREEN = "red-planned-secrecy-pdfjs", "green-free-play-pdfjs"
REFERENCE = "FF-2026-000001"
COMMANDS = (
    ("status",),
    ("status", "--json"),
    ("health",),
    ("show", REFERENCE),
    ("explain", REFERENCE),
    ("doctor",),
    ("connectors", "list"),
    ("connectors", "check"),
    ("connectors", "preview", "Record lines"),
    ("connectors", "preview", "Child files", str(sample(GREEN))),
    ("forms", "list"),
    ("forms", "check"),
    ("read", str(sample(RED))),
    ("service", "install", "--print"),
    ("service", "status"),
)
Seen = dict[str, tuple[int, int, bytes]]


def run(office: Settings, *arguments: str) -> int:
    file = office.state.folder.parent / "formflow.toml"
    return cli.run(["--settings", str(file), *arguments])


def seen(folder: Path) -> Seen:
    """Return all that lies under a folder, itself too: names, modes, moments of change, contents."""
    if not folder.exists():
        return {}
    return {
        path.relative_to(folder).as_posix(): (
            path.stat().st_mode,
            path.stat().st_mtime_ns,
            path.read_bytes() if path.is_file() else b"",
        )
        for path in (folder, *folder.rglob("*"))
        if views.FOLDER not in path.relative_to(folder).parts
    }


def new(_office: Settings) -> None:
    """`formflow init` has just been run."""


def not_even_made(office: Settings) -> None:
    """There is no state folder."""
    shutil.rmtree(office.state.folder)


def worked(office: Settings) -> None:
    """A form was recorded, and the service has ended."""
    drop(office, RED)
    worker.settle(office)
    worker.close()


def at_work(office: Settings) -> None:
    """A service is running."""
    drop(office, RED)
    worker.settle(office)


def older(office: Settings) -> None:
    """The ledger was written by an older FormFlow."""
    worked(office)
    with writing(worker.context_of(office).engine) as connection:
        connection.exec_driver_sql("PRAGMA user_version=4")
    worker.close()


def newer(office: Settings) -> None:
    """The ledger was written by a newer FormFlow."""
    worked(office)
    with writing(worker.context_of(office).engine) as connection:
        connection.exec_driver_sql("PRAGMA user_version=99")
    worker.close()


@pytest.mark.parametrize("made", [new, not_even_made, worked, at_work, older, newer])
def test_looking_changes_nothing(
    office: Settings, made: Callable[[Settings], None], capsys: pytest.CaptureFixture[str]
) -> None:
    made(office)
    folder = office.state.folder
    before, notes = seen(folder), 0
    for command in COMMANDS:
        code = run(office, *command)
        said = capsys.readouterr()
        assert code not in (ExitCode.OUR_BUG, ExitCode.USAGE), (command, said)
        assert seen(folder) == before, command
        noted = len(views.waiting(folder))
        is_view = command[0] in ("show", "explain") and code == ExitCode.DONE
        assert noted == notes + is_view, command
        notes = noted
        if made in (new, not_even_made) and command[0] in ("status", "show", "explain", "health"):
            assert code == ExitCode.STORAGE
            assert "no ledger yet" in said.err + said.out or made is not_even_made


@contextmanager
def written_to(office: Settings) -> Iterator[None]:
    """Hold the write lock of the ledger, as a service does while it records."""
    with writing(worker.context_of(office).engine) as connection:
        connection.exec_driver_sql("UPDATE counter SET last = last")
        yield


def test_looking_waits_for_no_write_lock(office: Settings) -> None:
    drop(office, RED)
    worker.settle(office)
    with written_to(office):
        assert run(office, "status") == ExitCode.WAITING
        assert run(office, "show", REFERENCE) == ExitCode.DONE


def test_status_ends_with_8_when_nobody_has_looked_for_too_long(
    office: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(office, "ingest", "--quiet", str(sample(GREEN))) == ExitCode.DONE
    assert run(office, "status") == ExitCode.NOT_RUNNING
    assert "last looked at its folders: never" in capsys.readouterr().out
    worker.turn(office)
    assert run(office, "status") == ExitCode.WAITING
    long_ago = utc_now() - status.ALIVE_WITHIN - timedelta(seconds=1)
    (office.state.folder / HEARTBEAT).write_text(long_ago.isoformat(), "ascii")
    assert run(office, "status") == ExitCode.NOT_RUNNING
    assert run(office, "doctor") == ExitCode.WAITING


def test_a_service_that_sweeps_rarely_is_not_missed_after_a_quarter_of_an_hour(
    office: Settings,
) -> None:
    worker.turn(office)
    view, now = status.overview(office), utc_now() + timedelta(minutes=40)
    rare = [watch.model_copy(update={"scan_seconds": 1800.0}) for watch in office.watch]
    assert view.is_overdue(office, now)
    assert not view.is_overdue(office.model_copy(update={"watch": tuple(rare)}), now)


def test_what_a_destination_does_not_get_is_said_and_no_success(
    office: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    receipts = office.folders.receipts
    receipts.rename(receipts.with_name("elsewhere"))
    drop(office, GREEN)
    assert run(office, "run", "--once") == ExitCode.DESTINATION
    said = capsys.readouterr().err
    assert re.search(r"1 wait for “Receipts” \(FF-401\), tried again on \d+ \w+ \d{4} at \d", said)
    assert run(office, "status") == ExitCode.DESTINATION
    assert run(office, "doctor") == ExitCode.WAITING
    assert "LOOK waiting: 1 wait for “Receipts” (FF-401)" in capsys.readouterr().out
    receipts.with_name("elsewhere").rename(receipts)
    assert run(office, "run", "--once") == ExitCode.DONE
    assert run(office, "status") == ExitCode.WAITING
