"""No hostile file hangs, swells or ends the reading, passes for a sound form, or stops the next one."""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import socketserver
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from formflow.admin import status
from formflow.core.limits import Limits
from formflow.core.messages import MESSAGES
from formflow.core.model import Entry, Light, Outcome, Reading, Unread
from formflow.core.settings import Settings
from formflow.pipeline import context
from formflow.reading.sandbox.parent import ATTEMPTS, Cage
from formflow.storage import database, entries
from tests.pipeline.test_walk import run
from tests.support import worker
from tests.support.hostile import HOSTILE, fifty_megabytes_in_a_value, write
from tests.support.hostile_files import HOSTILE_FILES, bomb_in_the_objects, told_about
from tests.support.hostile_forms import ACTIVE, CHANGED, XFA, Change, asking, write_form, xfa
from tests.support.offices import agency, files
from tests.support.papers import ANSWERS, FORMS, paper
from tests.support.readings import KeptReadings

LIMITS = Limits(deadline_seconds=0.9, scan_seconds=0.6, file_mb=100)  # a sound form takes 0.12
FREE_STANDING = (*HOSTILE, *HOSTILE_FILES)
SWELLING = tuple(
    make for make in FREE_STANDING if make.__name__.startswith(("bomb", "fifty", "a_name_of_ten"))
)
GREEDY = (fifty_megabytes_in_a_value, bomb_in_the_objects)  # they want over 300 MB
STARTS_SECONDS = 20  # for three starts, on a slow processor
CAP_MB = 150
FEWEST = 34
LOOK_SECONDS = 0.005  # between two looks at the child's memory


@pytest.fixture(scope="session")
def kept(tmp_path_factory: pytest.TempPathFactory) -> KeptReadings:
    """What all processes of this run keep of the files that they have read."""
    own = tmp_path_factory.getbasetemp()
    shared = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
    (folder := shared / "hostile readings").mkdir(exist_ok=True)
    return KeptReadings(folder)


@pytest.fixture(scope="module")
def cage() -> Iterator[Cage]:
    """A cage that limits memory as this system does it."""
    with Cage(FORMS, LIMITS, "always") as opened:
        yield opened


@pytest.fixture(scope="module")
def watched() -> Iterator[Cage]:
    """A cage whose memory is limited by the parent's own watch."""
    with Cage(FORMS, LIMITS, "always", watch_memory=True) as opened:
        yield opened


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return paper(tmp_path_factory.mktemp("good") / "good.pdf")


@pytest.fixture
def office_in_a_hurry(tmp_path: Path) -> Iterator[Settings]:
    """An agency that opens large files and gives each of them little time."""
    yield agency(
        tmp_path / "an agency",
        changes=(
            ("settle_seconds = 5", "settle_seconds = 0.2"),
            ("incomplete_minutes = 30", "incomplete_minutes = 0"),
            ("deadline_seconds = 15", "deadline_seconds = 0.9"),
            ("scan_seconds = 120", "scan_seconds = 0.6"),
            ("file_mb = 20", "file_mb = 100"),
        ),
    )
    worker.close()


def read_in_time(cage: Cage, path: Path) -> Reading | Unread:
    """Read a paper; one that may be a scan has a time of its own after the others' time.

    Two children may have all that time; each new child needs some for its start.
    """
    before = processor_seconds(cage)
    result = cage.read(path)
    most = ATTEMPTS * (LIMITS.deadline_seconds + LIMITS.scan_seconds) + STARTS_SECONDS
    assert processor_seconds(cage) - before < most
    return result


def processor_seconds(cage: Cage) -> float:
    """Return what all children of ours have taken, those that have ended and the one that reads."""
    times, pid = os.times(), cage.pid()
    living = sum(psutil.Process(pid).cpu_times()[:2]) if pid else 0.0
    return times.children_user + times.children_system + living


def assert_reads(cage: Cage, good: Path) -> None:
    reading = cage.read(good)
    assert isinstance(reading, Reading), reading
    assert {n: a.value for n, a in reading.answers.items() if a.value} == ANSWERS
    assert (reading.held, reading.sha256) == ((), "good")


@pytest.mark.parametrize("make", FREE_STANDING, ids=lambda make: make.__name__)
def test_a_hostile_file_ends_in_time_and_the_next_is_read(
    cage: Cage, good: Path, tmp_path: Path, kept: KeptReadings, make: Callable[[], bytes]
) -> None:
    path = write(make, tmp_path)
    result = read_in_time(cage, path)
    kept.keep(path, result)
    assert isinstance(result, Unread)
    assert result.reason in MESSAGES
    assert result.reason != "FF-120", "it went wrong in a way that nobody foresaw"
    assert_reads(cage, good)


@pytest.mark.parametrize("make", SWELLING, ids=lambda make: make.__name__)
def test_a_file_that_swells_ends_in_time_where_the_parent_watches(
    watched: Cage, good: Path, tmp_path: Path, make: Callable[[], bytes]
) -> None:
    assert isinstance(read_in_time(watched, write(make, tmp_path)), Unread)
    assert_reads(watched, good)


@pytest.mark.parametrize("change", [*CHANGED, *XFA], ids=lambda change: change.__name__)
def test_a_changed_form_is_held_or_unread_and_the_next_is_read(
    cage: Cage, good: Path, tmp_path: Path, kept: KeptReadings, change: Change
) -> None:
    path = write_form(change, tmp_path)
    result = read_in_time(cage, path)
    kept.keep(path, result)
    if isinstance(result, Unread):
        assert result.reason in MESSAGES
        assert result.reason != "FF-120", "it went wrong in a way that nobody foresaw"
    else:
        assert result.held
        assert {hold.code for hold in result.held} <= MESSAGES.keys()
    assert_reads(cage, good)


@pytest.mark.parametrize("change", ACTIVE, ids=lambda change: change.__name__)
def test_a_form_that_could_start_something_is_read_and_that_is_said(
    cage: Cage, good: Path, tmp_path: Path, kept: KeptReadings, change: Change
) -> None:
    path = write_form(change, tmp_path)
    result = read_in_time(cage, path)
    kept.keep(path, result)
    assert isinstance(result, Reading)
    assert len(result.carries) == 1
    assert_reads(cage, good)


@contextmanager
def peak_memory(pid: int) -> Iterator[list[int]]:
    """Watch a process; the list holds the most bytes of memory that it has taken."""
    most, done = [0], threading.Event()

    def look() -> None:
        with contextlib.suppress(psutil.Error):
            most[0] = max(most[0], psutil.Process(pid).memory_info().rss)

    def watch() -> None:
        while not done.wait(LOOK_SECONDS):
            look()

    look()  # the child may give up before the first pause is over
    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield most
    finally:
        done.set()
        watcher.join()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux keeps a memory limit of its own")
@pytest.mark.parametrize("make", GREEDY, ids=lambda make: make.__name__)
def test_no_file_gets_more_memory_than_the_cap(
    good: Path, tmp_path: Path, make: Callable[[], bytes]
) -> None:
    path = write(make, tmp_path)
    with Cage(FORMS, replace(LIMITS, memory_mb=CAP_MB), "always", watch_memory=False) as tight:
        assert_reads(tight, good)
        child = tight.pid()
        assert child is not None
        warm = psutil.Process(child).memory_info().rss
        with peak_memory(child) as most:
            assert isinstance(tight.read(path), Unread)
    assert warm <= most[0] <= warm + (CAP_MB << 20)


class Ear(socketserver.BaseRequestHandler):
    """Notes that somebody has called."""

    def handle(self) -> None:
        """Count the call."""
        assert isinstance(self.server, Canary)
        self.server.calls += 1


class Canary(socketserver.TCPServer):
    """Sings when a file makes us call somebody."""

    calls = 0


@pytest.fixture
def canary() -> Iterator[Canary]:
    with Canary(("127.0.0.1", 0), Ear) as server:
        listening = threading.Thread(target=server.serve_forever, args=(0.05,))
        listening.start()
        yield server
        server.shutdown()
        listening.join()


@pytest.mark.parametrize("where", ["in the answers", "about the document"])
def test_nothing_is_fetched_for_a_file_from_here_or_from_elsewhere(
    cage: Cage, canary: Canary, tmp_path: Path, where: str
) -> None:
    (tmp_path / "secret.txt").write_text("Whispered")
    port = int(canary.server_address[1])
    address = f"http://127.0.0.1:{port}/"
    words, path = asking((tmp_path / "secret.txt").as_uri(), address), tmp_path / "a.pdf"
    if where == "in the answers":
        paper(path, {}, lambda pdf: xfa(pdf, words))
    else:
        path.write_bytes(told_about(words))
    assert "Whispered" not in repr(cage.read(path))
    assert canary.calls == 0
    with socket.create_connection(("127.0.0.1", port)) as call:
        call.settimeout(10)
        assert call.recv(1) == b"", "the canary answers by hanging up"
    assert canary.calls == 1, "the canary is deaf"


def drop_everything(office: Settings) -> dict[str, Change | Callable[[], bytes]]:
    """Drop every hostile file at once; return what made each, by its name in the drop folder."""
    folder = office.watch[0].folder
    made: dict[str, Change | Callable[[], bytes]] = {
        write(make, folder).name: make for make in FREE_STANDING
    }
    return made | {write_form(change, folder).name: change for change in (*CHANGED, *XFA, *ACTIVE)}


def entries_by_file(office: Settings) -> dict[str, Entry]:
    """Return the entry that each dropped file has become, by its name in the drop folder."""
    with database.reading(worker.context_of(office).engine) as connection:
        rows = connection.exec_driver_sql(
            "SELECT arrival.file_name, entry_id FROM arrival JOIN paper ON paper.id = paper_id"
        ).all()
        return {name: entries.entry(connection, number) for name, number in rows if number}


@pytest.mark.timeout(3600)  # nearly eighty files; what the tests above have read is not read again
def test_an_office_under_attack_hears_of_every_file_and_records_none(
    office_in_a_hurry: Settings,
    kept: KeptReadings,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(context, "Cage", kept.cage)
    office = office_in_a_hurry
    made = drop_everything(office)
    assert len(made) >= FEWEST
    with caplog.at_level(logging.WARNING):
        run(office)
    assert "could not be" not in caplog.text
    found = entries_by_file(office)
    assert found.keys() == made.keys()
    receipts = files(office.folders.receipts)
    for name, entry in found.items():
        codes = {notice.code for notice in entry.notices}
        assert "FF-120" not in codes, name
        if made[name] in ACTIVE:
            assert "FF-129" in codes, name
        else:
            assert entry.outcome in (Outcome.HELD, Outcome.UNREADABLE), name
        assert entry.highest_light is not Light.GREEN, name
        assert len([one for one in receipts if entry.reference in one]) == 1, name
    assert files(office.watch[0].folder) == []
    assert status.overview(office).undelivered == ()
