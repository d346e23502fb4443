"""Our own trouble judges no form: it waits, that is said, and it is read when the trouble is over."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from formflow.admin import status
from formflow.cli import run as command
from formflow.core.clock import clock
from formflow.core.errors import ExitCode
from formflow.core.model import Light, Outcome
from formflow.core.settings import Settings
from formflow.pipeline import walk
from formflow.reading.sandbox import parent
from formflow.storage import claims, database, sqlite, tasks
from formflow.storage.failures import trouble_of
from tests.pipeline.test_walk import entries
from tests.support import disks, worker
from tests.support.disks import fill, locked
from tests.support.offices import drop, files, formflow, formflow_apart, sample
from tests.support.systems import KILLED

RED, GREEN = "red-planned-secrecy-pdfjs", "green-free-play-pdfjs"
JUDGED = {"FF-112", "FF-120"}
CHILD = Path(__file__).parents[1] / "support" / "reading_child.py"
needs_posix = pytest.mark.skipif(sys.platform == "win32", reason="signals are a thing of POSIX")


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a command end at once when a form has to wait."""
    monkeypatch.setattr(walk, "SOON_SECONDS", -1.0)


@contextmanager
def mounted(folder: Path, megabytes: int) -> Iterator[None]:
    """Put a small disk of its own in the place of a folder; the worker closes before it is taken away."""
    with disks.mounted(folder, megabytes):
        try:
            yield
        finally:
            worker.close()


def hand_over(office: Settings, case: str = RED) -> None:
    assert worker.hand_over(office, [sample(case)]).new == 1


def put_back(office: Settings) -> list[tuple[str, int]]:
    view = status.overview(office)
    assert view.waits_for_a_person == bool(view.put_back or view.waiting)
    return [(row.code, row.papers) for row in view.put_back]


def make_due(office: Settings) -> None:
    """Let the time of waiting be over."""
    with database.writing(worker.context_of(office).engine) as connection:
        connection.exec_driver_sql("UPDATE task SET due = 0 WHERE kind = 'read'")


def assert_read_in_the_end(office: Settings, light: Light = Light.RED) -> None:
    """Say that the trouble is over: the form is read, with its light, and nothing judges it."""
    worker.drain(office)  # puts back what could not even be put back
    make_due(office)
    worker.settle(office)
    found = entries(office)
    assert [entry.outcome for entry in found] == [Outcome.RECORDED]
    assert found[0].proposal is not None
    assert found[0].proposal.light is light
    assert put_back(office) == []
    said = {told.code for entry in found for told in entry.notices}
    assert said & JUDGED == set()


def test_a_full_disk_while_forms_are_read_costs_none(office: Settings) -> None:
    with mounted(office.state.folder, 8):
        hand_over(office)
        filler = fill(office.state.folder)
        with suppress(OperationalError):  # not even that it waits can be written
            worker.drain(office)
        assert entries(office) == []
        assert command(["--settings", settings_of(office), "run", "--once"]) == ExitCode.STORAGE
        filler.unlink()
        assert_read_in_the_end(office)


def settings_of(office: Settings) -> str:
    return str(office.state.folder.parent / "formflow.toml")


@pytest.mark.slow
@needs_posix
def test_a_disk_that_takes_no_more_of_a_file_costs_no_form(office: Settings) -> None:
    """Without a disk of its own: no file may grow beyond a size. That is where SQLite stops, too."""
    hand_over(office)
    size = (office.state.folder / "ledger.sqlite").stat().st_size
    worker.close()
    limited = (
        f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({size}, {size}));"
        " from formflow.pipeline import walk; walk.SOON_SECONDS = -1;"
        " import sys; from formflow.cli import main; main(sys.argv[1:])"
    )
    ended = subprocess.run(
        [sys.executable, "-c", limited, "--settings", settings_of(office), "run", "--once"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == ExitCode.STORAGE, ended.stderr
    assert "the disk may be full" in ended.stderr
    assert_read_in_the_end(office)


def test_a_state_folder_that_cannot_be_written_costs_no_form(office: Settings) -> None:
    hand_over(office)
    worker.close()
    state = str(office.state.folder)
    with mounted(
        office.state.folder.with_name("other"), 1
    ):  # where nothing can be mounted: skipped
        subprocess.run(["mount", "--bind", state, state], check=True)
        subprocess.run(["mount", "-o", "remount,ro,bind", state], check=True)
        assert command(["--settings", settings_of(office), "run", "--once"]) == ExitCode.STORAGE
        worker.close()
        subprocess.run(["umount", state], check=True)
    assert_read_in_the_end(office)


def test_a_ledger_that_another_program_holds_too_long_costs_no_form(
    office: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sqlite, "BUSY_SECONDS", 0.2)
    hand_over(office)
    read = walk.walk
    done = threading.Event()

    def locked_while_it_reads(*arguments: Any) -> Any:
        result = read(*arguments)
        holding.__enter__()
        done.set()
        return result

    holding = locked(office)
    monkeypatch.setattr(walk, "walk", locked_while_it_reads)
    with pytest.raises(OperationalError):
        worker.drain(office)
    assert done.is_set()
    assert command(["--settings", settings_of(office), "run", "--once"]) == ExitCode.STORAGE
    assert "in use by another program" in capsys.readouterr().err
    holding.__exit__(None, None, None)
    monkeypatch.setattr(walk, "walk", read)
    assert_read_in_the_end(office)


@pytest.mark.parametrize("looks", ["status", "health", "doctor"])
def test_whoever_looks_at_a_ledger_that_another_program_holds_is_told_so(
    office: Settings, monkeypatch: pytest.MonkeyPatch, looks: str
) -> None:
    monkeypatch.setattr(sqlite, "BUSY_SECONDS", 0.2)
    worker.turn(office)
    worker.close()
    with locked(office):
        told = formflow(office, looks)
    assert told.returncode in (ExitCode.STORAGE, ExitCode.WAITING)
    assert "in use by another program" in told.stdout + told.stderr
    assert "Check that this account" not in told.stdout + told.stderr


def test_an_interpreter_that_is_away_for_a_moment_costs_no_form(
    office: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    drop(office, RED)
    with monkeypatch.context() as away:
        away.setattr(sys, "executable", str(office.state.folder / "python"))
        assert command(["--settings", settings_of(office), "run", "--once"]) == ExitCode.STORAGE
        assert put_back(office) == [("FF-142", 1)]
        assert "could not start" in capsys.readouterr().err
        assert command(["--settings", settings_of(office), "status"]) == ExitCode.WAITING
        assert "1 wait to be read since" in capsys.readouterr().out
    worker.context_of(office).cage._rests_until = 0.0
    assert_read_in_the_end(office)


def test_a_package_that_is_away_for_a_moment_costs_no_form(
    office: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "pikepdf.py").write_text("raise ImportError('being updated')")
    drop(office, RED)
    with monkeypatch.context() as away:
        away.setenv("PYTHONPATH", str(tmp_path))
        worker.settle(office)
        assert put_back(office) == [("FF-142", 1)]
    with suppress(OSError):
        (tmp_path / "pikepdf.py").unlink()
    worker.context_of(office).cage._rests_until = 0.0
    assert_read_in_the_end(office)


def test_a_child_that_never_gets_ready_costs_no_form(
    office: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    drop(office, RED)
    with monkeypatch.context() as hanging:
        hanging.setattr(parent, "COMMAND", ("-c", "import time; time.sleep(3600)"))
        hanging.setattr(parent, "START_SECONDS", 0.5)
        worker.settle(office)
        assert put_back(office) == [("FF-142", 1)]
    worker.context_of(office).cage._rests_until = 0.0
    assert_read_in_the_end(office)


@pytest.mark.slow
def test_killing_the_service_five_times_with_a_red_form_in_hand_costs_nothing(
    office: Settings,
) -> None:
    drop(office, RED)
    points = ["read.begun", "record.before-commit"] * 2 + ["read.begun"]
    for point in points:
        killed = formflow(office, "run", "--once", crash_at=point)
        assert killed.returncode == KILLED, (point, killed.stderr)
        make_due(office)
    context = worker.context_of(office)
    tasks.reap(context.engine, context.locks)
    make_due(office)  # it would come up again by itself, later each time
    worker.close()
    again = formflow_apart(office, "run", "--once")
    assert again.returncode == ExitCode.DONE, again.stderr
    assert_read_in_the_end(office)


@needs_posix
def test_after_one_kill_a_red_form_is_read_within_seconds(office: Settings) -> None:
    drop(office, RED)
    formflow(office, "run", "--once", crash_at="read.begun")
    context = worker.context_of(office)
    tasks.reap(context.engine, context.locks)
    reaped_by = clock.seconds()
    assert put_back(office) == [("FF-143", 1)]
    due = tasks.next_due(context.engine)
    assert due is not None
    assert due <= reaped_by + 1.0
    assert_read_in_the_end(office)


def test_a_form_that_takes_its_worker_along_lets_the_others_go_first(office: Settings) -> None:
    context = worker.context_of(office)
    hand_over(office, RED)
    for number in range(4):
        (task,) = claims.claim(context.engine, f"killed {number}", lambda *_: 8)
        before = clock.seconds()
        tasks.reap(context.engine, context.locks)
        after, due = clock.seconds(), tasks.next_due(context.engine)
        assert due is not None
        assert before + 2**number <= due <= after + 2**number
        make_due(office)
    hand_over(office, GREEN)
    with database.writing(context.engine) as connection:
        connection.exec_driver_sql("UPDATE task SET due = 1 WHERE attempts > 0")
    (task,) = claims.claim(context.engine, "the next", lambda *_: 1)
    assert task.attempts == 1


def ordered(monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    """Let the cage start a child that does something with every form it gets."""
    monkeypatch.setattr(parent, "COMMAND", (str(CHILD), what))


def kill_the_child(office: Settings, number: int) -> None:
    """Kill the reading child as soon as it has a form in hand."""
    context = worker.context_of(office)
    while True:
        with database.reading(context.engine) as connection:
            in_hand = "SELECT count(*) FROM task WHERE kind = 'read' AND state = 1"
            if connection.exec_driver_sql(in_hand).scalar_one() and context.cage.pid():
                break
        time.sleep(0.02)
    time.sleep(0.2)
    os.kill(context.cage.pid() or 0, number)


@needs_posix
def test_a_child_that_somebody_kills_costs_no_form_and_is_said(
    office: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    ordered(monkeypatch, "wait")
    drop(office, RED)
    worker.context_of(office)  # opened here: two threads would open two
    killer = threading.Thread(target=kill_the_child, args=(office, signal.SIGKILL))
    killer.start()
    worker.settle(office)
    killer.join()
    assert put_back(office) == [("FF-143", 1)]
    assert "put back: FF-143, 1 tasks" in caplog.text
    monkeypatch.setattr(parent, "COMMAND", ("-P", "-m", "formflow.reading.sandbox.child"))
    worker.context_of(office).cage.close()
    assert_read_in_the_end(office)


@needs_posix
def test_a_child_that_gets_no_turn_for_a_while_still_reads_the_form(office: Settings) -> None:
    drop(office, GREEN)
    worker.settle(office)
    child = worker.context_of(office).cage.pid()
    assert child is not None
    os.kill(child, signal.SIGSTOP)
    threading.Timer(1, os.kill, (child, signal.SIGCONT)).start()
    drop(office, RED)
    worker.settle(office)
    assert worker.context_of(office).cage.pid() == child
    assert [entry.outcome for entry in entries(office)] == [Outcome.RECORDED] * 2


@needs_posix
def test_a_computer_too_busy_to_read_costs_no_form(
    office: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    hand_over(office)
    worker.context_of(office).cage._ready_child()
    child = worker.context_of(office).cage.pid()
    assert child is not None
    os.kill(child, signal.SIGSTOP)
    with monkeypatch.context() as busy:
        busy.setattr(parent, "LEAST_ON_THE_CLOCK", 0.5)
        busy.setattr(parent, "TIMES_ON_THE_CLOCK", 0)
        worker.drain(office)
    assert put_back(office) == [("FF-144", 1)]
    assert_read_in_the_end(office)


def test_an_original_that_is_away_for_a_moment_costs_no_form(office: Settings) -> None:
    hand_over(office)
    originals = office.state.folder / "originals"
    originals.rename(office.state.folder / "away")
    worker.drain(office)
    assert put_back(office) == [("FF-451", 1)]
    shutil.rmtree(originals, ignore_errors=True)
    (office.state.folder / "away").rename(originals)
    assert_read_in_the_end(office)


def test_a_full_temporary_folder_costs_no_form(
    office: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with mounted(tmp_path / "tmp", 1):
        fill(tmp_path / "tmp")
        monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
        drop(office, RED)
        worker.settle(office)
        assert_read_in_the_end(office)


def test_too_little_memory_here_costs_no_form(
    office: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none_left(*_arguments: Any, **_more: Any) -> Any:
        raise MemoryError

    with monkeypatch.context() as full:
        full.setattr(walk, "record", none_left)
        drop(office, RED)
        worker.settle(office)
        assert put_back(office) == [("FF-142", 1)]
    assert_read_in_the_end(office)


def turns(office: Settings, most: int, make: Callable[[], None] = lambda: None) -> int:
    """Try a form again until it goes to a person; return how many turns that took."""
    for number in range(1, most + 1):
        make()
        worker.settle(office)
        if entries(office):
            return number
        make_due(office)
    return 0


def test_a_mistake_of_ours_goes_to_a_person_at_the_third_time(
    office: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    ordered(monkeypatch, "stumble")
    drop(office, RED)
    assert turns(office, 9) == 3
    (entry,) = entries(office)
    assert [told.code for told in entry.notices] == ["FF-120"]
    assert any(entry.reference in name for name in files(office.folders.alerts))


def test_what_is_refused_again_and_again_goes_to_a_person_at_last(
    office: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    ordered(monkeypatch, "refused")
    drop(office, RED)
    assert turns(office, 20) == 8
    (entry,) = entries(office)
    assert [told.code for told in entry.notices] == ["FF-112"]


def test_a_form_for_which_the_clock_always_runs_out_goes_to_a_person_at_last(
    office: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parent, "LEAST_ON_THE_CLOCK", 0.2)
    monkeypatch.setattr(parent, "TIMES_ON_THE_CLOCK", 0)
    ordered(monkeypatch, "wait")
    drop(office, RED)
    assert turns(office, 9) == 4
    (entry,) = entries(office)
    assert [told.code for told in entry.notices] == ["FF-112"]


def test_waiting_grows_and_never_beyond_five_minutes() -> None:
    waits = [tasks.Claimed(1, "read", 1, "", n).patience_seconds for n in (1, 2, 3, 9, 10, 10**6)]
    assert waits == [1, 2, 4, 256, 300, 300]


def test_the_next_form_is_read_though_one_before_it_meets_trouble(office: Settings) -> None:
    hand_over(office, RED)
    hand_over(office, GREEN)
    context = worker.context_of(office)
    lost = context.vault.path(sha_of(RED))
    lost.rename(lost.with_suffix(".away"))
    for _ in range(2):
        worker.drain(office)
        make_due(office)
    assert [entry.sha256 for entry in entries(office)] == [sha_of(GREEN)]
    assert put_back(office) == [("FF-451", 1)]


def sha_of(case: str) -> str:
    return hashlib.sha256(sample(case).read_bytes()).hexdigest()


def test_what_kind_of_failure_is_whose(tmp_path: Path) -> None:
    def failure(action: Callable[[], Any]) -> BaseException:
        try:
            action()
        except Exception as problem:  # noqa: BLE001 - whatever it is
            return problem
        raise AssertionError("nothing failed")

    engine = database.open_ledger(tmp_path)
    with closing(sqlite3.connect(tmp_path / "ledger.sqlite")) as other:
        other.execute("PRAGMA user_version")

    def wrong_row() -> None:
        with database.writing(engine) as connection:
            for _ in range(2):
                connection.exec_driver_sql("INSERT INTO counter VALUES ('a', 1)")

    assert trouble_of(failure(wrong_row)).code == "FF-120"
    assert trouble_of(failure((tmp_path / "nowhere").read_bytes)).code == "FF-140"
    assert trouble_of(ModuleNotFoundError("pikepdf")).code == "FF-142"
    assert trouble_of(ValueError("Alex Example")).code == "FF-120"
    assert trouble_of(OSError("broken picture")).code == "FF-120"
    engine.dispose()
