"""A destination that hangs, crashes or lies harms nobody else, whoever wrote its connector."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from formflow.admin import doctor, settings_file, status
from formflow.core.clock import utc_now
from formflow.core.errors import ExitCode
from formflow.core.settings import Settings
from formflow.delivery import destinations, plugin_host
from formflow.sdk import registry
from formflow.storage import database, tasks
from tests.delivery.test_dispatcher import make_due
from tests.support import services, strangers, worker
from tests.support.offices import (
    csv_rows,
    drop,
    dsl_folder,
    files,
    formflow,
    register_rows,
)
from tests.support.waiting import eventually

RED, GREEN = "red-planned-secrecy-pdfjs", "green-free-play-pdfjs"
BAD = "Bad place"
SECONDS = 1.5  # what a call may take here, so that the tests need not wait a minute

Opens = Callable[[str], Settings]


@pytest.fixture
def opens(office: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Opens]:
    """Return how a destination of a stranger's kind is added to the office."""
    strangers.install(tmp_path / "site")
    monkeypatch.syspath_prepend(tmp_path / "site")
    strangers.forget()
    keys = tmp_path / "keys"
    keys.mkdir()

    def add(kind: str) -> Settings:
        if kind.startswith("hangs"):  # the others have all the time of a busy machine
            for name in ("CALL_SECONDS", "ASK_SECONDS", "CHECK_SECONDS"):
                monkeypatch.setattr(plugin_host, name, SECONDS)
        file = office.state.folder.parent / "formflow.toml"
        with file.open("a", encoding="utf-8") as stream:
            stream.write(f'\n[[destination]]\nname = "{BAD}"\nkind = "{kind}"\n')
            stream.write(f"folder = {json.dumps(str(keys))}\n")
        return settings_file.load_settings(file)

    yield add
    worker.close()
    strangers.forget()


def standing(office: Settings) -> list[tuple[int, str]]:
    with database.reading(worker.context_of(office).engine) as connection:
        rows = connection.exec_driver_sql(
            "SELECT state, last_code FROM task WHERE lane = 'Bad place' AND state != 2"
        )
        return [(row.state, row.last_code) for row in rows]


def everybody_else_has_it(office: Settings) -> None:
    """Say that a red form is where it belongs, whatever one destination does."""
    assert [name[:5] for name in files(office.folders.alerts)] == ["1 RED"]
    assert len(files(office.folders.receipts)) == 1
    assert sum(register_rows(office).values()) == 1
    assert len(csv_rows(office)) == 1
    assert [path for path in files(dsl_folder(office) / "Child files") if "original" in path]
    assert files(office.watch[0].folder) == []


def test_a_stranger_who_keeps_the_contract_delivers_from_a_process_of_its_own(
    opens: Opens, tmp_path: Path
) -> None:
    office = opens("good")
    drop(office, RED)
    worker.settle(office)
    everybody_else_has_it(office)
    assert standing(office) == []
    assert len(list((tmp_path / "keys").iterdir())) == 1
    there = worker.context_of(office).destinations[BAD]
    assert isinstance(there, plugin_host.Guest)
    assert os.getpid() not in there.pids()
    assert len(there.pids()) == 2


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("hangs", "FF-425"),
        ("dies", "FF-426"),
        ("crashes", "FF-426"),
        ("eats", "FF-426"),
        ("exits", "bug:SystemExit"),
        ("interrupts", "bug:KeyboardInterrupt"),
        ("nameless", "FF-427"),
        ("lies", "FF-427"),
        ("silent", "FF-427"),
        ("miscounts", "FF-427"),
    ],
)
def test_a_bad_destination_waits_alone_and_status_names_it(
    opens: Opens, kind: str, code: str, caplog: pytest.LogCaptureFixture
) -> None:
    office = opens(kind)
    drop(office, RED)
    worker.settle(office)
    everybody_else_has_it(office)
    assert standing(office) == [(tasks.READY, code)]
    view = status.overview(office)
    (waiting,) = view.undelivered
    assert (waiting.destination, waiting.code) == (BAD, code)
    assert [one.destination for one in view.silent] == ([BAD] if kind == "hangs" else [])
    assert BAD in status.as_text(view, office)
    assert "Alex Example" not in caplog.text


@pytest.mark.parametrize("kind", ["dies", "lies", "exits"])
def test_what_fails_five_times_is_set_aside_for_a_person(opens: Opens, kind: str) -> None:
    office = opens(kind)
    drop(office, RED)
    worker.settle(office)
    for _ in range(5):
        make_due(office)
    assert [state for state, _ in standing(office)] == [tasks.SET_ASIDE]


def test_what_hangs_is_ended_with_everything_it_started(opens: Opens, tmp_path: Path) -> None:
    office = opens("hangs")
    drop(office, RED)
    worker.settle(office)
    pids = [int(pid) for pid in (tmp_path / "keys" / "pids").read_text().split()]
    eventually(
        lambda: not [pid for pid in pids if is_running(pid)]
    )  # killed, it may need a turn to end


def is_running(pid: int) -> bool:
    with contextlib.suppress(psutil.NoSuchProcess):
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    return False


def test_a_destination_that_hung_and_answers_again_is_no_longer_called_silent(
    opens: Opens, monkeypatch: pytest.MonkeyPatch
) -> None:
    office = opens("hangs")
    drop(office, RED)
    worker.settle(office)
    assert status.overview(office).silent
    there = worker.context_of(office).destinations[BAD]
    # As if the package had been mended: what is asked is answered.
    good = plugin_host.guest(
        registry.load("good"),
        destinations.connector_settings(office.destination[-1]),
        BAD,
        worker.context_of(office).vault.lend,
    )
    there.close()
    monkeypatch.setitem(worker.context_of(office).destinations, BAD, good)
    make_due(office)
    assert standing(office) == []
    assert status.overview(office).silent == ()


def questions(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return a list of what strangers are asked from now on."""
    asked: list[str] = []
    ask = plugin_host._Process.ask

    def noted(self: plugin_host._Process, question: str, *about: object) -> object:
        asked.append(question)
        return ask(self, question, *about)  # type: ignore[arg-type]

    monkeypatch.setattr(plugin_host._Process, "ask", noted)
    return asked


def test_a_stranger_that_does_not_prepare_costs_its_own_parcels_and_its_time_once(
    opens: Opens, monkeypatch: pytest.MonkeyPatch
) -> None:
    office = opens("hangs_in_prepare")
    asked = questions(monkeypatch)
    drop(office, RED)
    drop(office, GREEN)
    worker.settle(office)
    assert asked == ["prepare"]
    assert standing(office) == [(tasks.READY, "FF-425")] * 2
    assert [silent.destination for silent in status.overview(office).silent] == [BAD]
    assert status.overview(office).records == 2
    assert len(files(office.folders.alerts)) == 2


def test_a_stranger_that_does_not_say_what_was_acknowledged_delays_no_turn_twice(
    opens: Opens, monkeypatch: pytest.MonkeyPatch
) -> None:
    office = opens("hangs_when_asked")
    monkeypatch.setattr(plugin_host, "RESTS_SECONDS", (3600.0,))
    asked = questions(monkeypatch)
    drop(office, RED)
    worker.settle(office)
    everybody_else_has_it(office)
    assert standing(office) == []
    assert asked.count("acknowledged") == 1
    worker.turn(office)
    assert asked.count("acknowledged") == 1


@pytest.mark.parametrize(("kind", "is_well"), [("good", True), ("hangs_when_checked", False)])
def test_doctor_says_whether_a_destination_answers(opens: Opens, kind: str, is_well: bool) -> None:
    office = opens(kind)
    lines = dict(doctor.checkup(office, utc_now()))
    assert lines[f"destination “{BAD}”"].ok is is_well


def test_a_process_with_nothing_to_do_ends(opens: Opens, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plugin_host, "IDLE_SECONDS", 0.2)
    office = opens("good")
    drop(office, RED)
    worker.settle(office)
    there = worker.context_of(office).destinations[BAD]
    assert isinstance(there, plugin_host.Guest)
    eventually(lambda: there.pids() == [])


# The real service, beside those that could keep it from its work; the others: see above.

RUN = f"from formflow.delivery import plugin_host as host; host.CALL_SECONDS = host.ASK_SECONDS = {SECONDS}; "


@pytest.mark.parametrize("kind", ["hangs", "dies", "hangs_in_prepare"])
def test_the_service_goes_on_beside_a_bad_destination_and_stops_when_told(
    opens: Opens, tmp_path: Path, kind: str
) -> None:
    office = opens(kind)
    file = office.state.folder.parent / "formflow.toml"
    with services.start(
        ("--settings", str(file), "run"),
        first=RUN * kind.startswith("hangs"),
        env=os.environ | {"PYTHONPATH": str(tmp_path / "site")},
        stderr=subprocess.DEVNULL,
    ) as running:
        try:
            drop(office, RED)
            eventually(lambda: len(files(office.folders.alerts)) == 1)
            eventually(lambda: sum(register_rows(office).values()) == 1)
            drop(office, GREEN)  # sweep and reading go on while the first hangs
            eventually(lambda: len(files(office.folders.alerts)) == 2)
            eventually(lambda: len(files(office.folders.receipts)) == 2)
            eventually(lambda: sum(register_rows(office).values()) == 2)
            eventually(lambda: BAD in status.as_text(status.overview(office), office))
            started = psutil.Process(running.pid).children(recursive=True)
            services.stop(running)
            assert running.wait() == 0
        finally:
            running.kill()
    eventually(lambda: not [child for child in started if is_running(child.pid)])


@pytest.mark.parametrize("kind", ["good", "looks_up_many"])
def test_what_is_missing_at_a_strangers_destination_is_found_and_comes_back(
    opens: Opens, tmp_path: Path, kind: str
) -> None:
    office = opens(kind)
    for case in (RED, GREEN):
        drop(office, case)
        worker.settle(office)
    kept = sorted((tmp_path / "keys").iterdir())
    kept[0].unlink()
    ended = formflow(office, "reconcile", BAD)
    assert ended.returncode == ExitCode.DESTINATION
    assert f"LOOK {BAD}: 1 of 2 are missing: FF-2026-00000" in ended.stdout
    formflow(office, "reconcile", BAD, "--repair")
    worker.settle(office)
    assert sorted((tmp_path / "keys").iterdir()) == kept


def test_a_strangers_destination_that_does_not_answer_is_not_taken_for_an_empty_one(
    opens: Opens,
) -> None:
    office = opens("good")
    drop(office, RED)
    worker.settle(office)
    worker.close()
    file = office.state.folder.parent / "formflow.toml"
    file.write_text(file.read_text("utf-8").replace('"good"', '"missing"'), "utf-8")
    ended = formflow(office, "reconcile", BAD, "--repair")
    assert ended.returncode == ExitCode.DESTINATION
    assert f"LOOK {BAD}: " in ended.stdout
    assert "missing:" not in ended.stdout
