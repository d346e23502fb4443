"""The log for IT: every step with its time, reference and destination, and never a name."""

from __future__ import annotations

import json
import logging
import os
import re
import shutil
import stat
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from formflow import __version__
from formflow.cli import log_file, logs
from formflow.core.events import Event
from formflow.core.settings import Log, Settings
from formflow.forms import catalogue
from formflow.storage import entries
from formflow.storage.database import looking
from tests.support.offices import drop, formflow, sample

RED, BLANK = "red-planned-secrecy-pdfjs", "blank-saved-pdflib"
LINE = re.compile(r"(\S+) (DEBUG|INFO|WARNING|ERROR) (\S.*)")
REFERENCE = "FF-2026-000001"
KEYS = {
    "time", "level", "command", "event", "reference", "revision", "destination", "code", "paper", "seconds", "text",
}  # fmt: skip


def lines(office: Settings) -> list[dict[str, Any]]:
    """Return what the log says, line by line, when its moments have been looked at."""
    text = (office.state.folder / log_file.LOG_FILE).read_text("utf-8")
    begun, *told, ended = [json.loads(line) for line in text.splitlines()]
    assert (begun["event"], ended["event"]) == ("started", "stopped")
    times = [datetime.fromisoformat(line["time"]) for line in told]
    # Not sorted: of two lanes that speak at once, the second may be written first.
    assert {time.utcoffset() for time in times} == {timedelta(0)}
    assert all(abs(time - datetime.now(UTC)) < timedelta(hours=1) for time in times)
    assert all(line.keys() <= KEYS for line in told)
    assert {line["command"] for line in told} == {"run"}
    return told


def test_a_form_is_followed_from_its_coming_to_its_last_destination(office: Settings) -> None:
    drop(office, RED, "Alex Example.pdf")
    done = formflow(office, "run", "--once")
    assert done.returncode == 0, done.stderr
    came, read, recorded, *after = lines(office)
    assert (came["event"], came["level"]) == ("came", "info")
    assert re.fullmatch(r"\d+ bytes, staff", came["text"])
    assert (read["event"], read["text"]) == ("read", "recording version 2, acroform")
    assert read["seconds"] > 0
    assert (recorded["event"], recorded["reference"]) == ("recorded", REFERENCE)
    assert (recorded["revision"], recorded["text"]) == (1, "recorded")
    assert came["paper"] == read["paper"] == recorded["paper"]
    delivered = [line for line in after if line["event"] == "delivered"]
    assert {line["destination"] for line in delivered} == {
        one.name for one in office.destinations() if one.name != "Needs attention"
    }
    assert {line["reference"] for line in delivered} == {REFERENCE}
    assert all(line["seconds"] >= 0 for line in delivered)


def test_standard_error_has_the_same_steps_for_people(office: Settings) -> None:
    drop(office, RED)
    done = formflow(office, "run", "--once")
    matches = [match for match in map(LINE.fullmatch, done.stderr.splitlines()) if match]
    begun, *told, ended = [match[3] for match in matches]
    assert (begun, ended) == (f"started: FormFlow {__version__}", "stopped")
    assert len(told) == len(lines(office))
    assert re.fullmatch(r"came: paper [0-9a-f]{12}, \d+ bytes, staff", told[0])
    assert re.fullmatch(r"read: paper \w+, recording version 2, acroform, \d+\.\d\d s", told[1])
    assert re.fullmatch(rf"recorded: {REFERENCE} r1, paper \w+, recorded", told[2])
    assert any(
        re.fullmatch(rf"delivered: {REFERENCE} r1, “Receipts”, [0-9.]+ s", one) for one in told
    )


def named(office: Settings) -> Iterator[str]:
    """Yield every word with a capital, or with figures, of every answer: names, places, days, numbers."""
    with looking(office.state.folder) as connection:
        for number in range(1, 5):
            for entry in entries.revisions(connection, f"FF-2026-{number:06}"):
                for answer in entry.answers.values():
                    yield from re.findall(r"\b[A-Z]\w{2,}|\S*\d\S{3,}", answer.raw or "")


def without_time(line: str) -> str:
    """Return a line of the log file less the moment it was written."""
    told = json.loads(line)
    del told["time"]
    return json.dumps(told, ensure_ascii=False)


def test_no_name_no_answer_and_no_name_of_a_file_stands_in_any_log(
    office: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_file, "LARGEST_BYTES", 1000)
    drop(office, RED, "Alex Example.pdf")
    drop(office, "green-free-play-pdfjs", "Robin Named.pdf")
    drop(office, BLANK, "Jo Sample form.pdf")
    (office.watch[0].folder / "Kim Example.pdf").write_bytes(b"%PDF-1.7 not a form %%EOF")
    (office.watch[0].folder / "Sam Sample.pdf").mkdir()
    said = formflow(office, "run", "--once").stderr
    said += formflow(office, "ingest", "--quiet", str(sample("red-planned-secrecy-pypdf"))).stderr
    kept = sorted(office.state.folder.glob(f"{log_file.LOG_FILE}*"))
    assert len(kept) > 1
    # Each line begins with when it was written, which may be the very minute of an answer.
    told = "\n".join(
        [without_time(line) for file in kept for line in file.read_text("utf-8").splitlines()]
        + [match[3] if (match := LINE.fullmatch(line)) else line for line in said.splitlines()]
    )
    words = {*named(office), *["Alex", "Example", "Robin", "Named", "Jo", "Sample", "Kim", "Sam"]}
    assert len(words) > 30
    found = {word for word in words if re.search(rf"(?<!\w){re.escape(word)}(?!\w)", told)}
    assert found == set()


def test_what_a_destination_does_not_take_is_told_with_code_and_patience(office: Settings) -> None:
    office.folders.receipts.rename(office.folders.receipts.with_name("elsewhere"))
    drop(office, RED)
    formflow(office, "run", "--once")
    (waits,) = [line for line in lines(office) if line["event"] == "put back"]
    assert (waits["reference"], waits["destination"]) == (REFERENCE, "Receipts")
    assert waits["code"] == "FF-401"
    assert re.fullmatch(r"again in \d+ s", waits["text"])


def told_by(office: Settings, *arguments: str) -> list[tuple[str, str, str, str]]:
    """Run a command; return command, event, reference and destination of each line that it adds to the log."""
    file = office.state.folder / log_file.LOG_FILE
    before = len(file.read_text("utf-8").splitlines()) if file.exists() else 0
    formflow(office, *arguments)
    added = [json.loads(line) for line in file.read_text("utf-8").splitlines()[before:]]
    keys = ("command", "event", "reference", "destination")
    return [tuple(line.get(key, "") for key in keys) for line in added]


def test_files_that_are_handed_over_are_followed_as_well(office: Settings) -> None:
    told = told_by(office, "ingest", "--quiet", str(sample(RED)))
    assert told[:3] == [
        ("ingest", "came", "", ""),
        ("ingest", "read", "", ""),
        ("ingest", "recorded", REFERENCE, ""),
    ]
    assert ("ingest", "delivered", REFERENCE, "Receipts") in told


def test_each_command_that_changes_something_leaves_its_line(
    office: Settings, tmp_path: Path
) -> None:
    unread, damaged = "FF-2026-000002", tmp_path / "no form.pdf"
    damaged.write_bytes(b"%PDF-1.7 not a form %%EOF")
    formflow(office, "ingest", "--quiet", str(sample(RED)), str(damaged))
    for folder in (office.folders.alerts.parent / "Child files").glob("C-*"):
        shutil.rmtree(folder)
    backups, own = tmp_path / "backups", tmp_path / "Alex Example.pdf"
    backups.mkdir()
    own.write_bytes(catalogue.shipped()[0].blank.read_bytes())
    expected = {
        ("ack", REFERENCE, "--by", "Alex Example"): [("ack", "acknowledged", REFERENCE, "")],
        ("retry", "Alerts"): [("retry", "to be tried again", "", "Alerts")],
        ("reread", unread): [("reread", "asked to be read again", unread, "")],
        ("reconcile", "--repair"): [
            ("reconcile", "to be delivered again", "", "Child files"),
        ],
        ("backup", str(backups)): [("backup", "backed up", "", "")],
        ("connectors", "mark", "Alerts"): [("connectors", "marked", "", "Alerts")],
        ("connectors", "send-test", "Record lines"): [("connectors", "tested", "", "Record lines")],
        ("forms", "learn", str(own), "--folder", str(tmp_path / "own")): [
            ("forms", "form learnt", "", "")
        ],
        ("status",): [],
    }
    assert {command: told_by(office, *command) for command in expected} == expected
    office.state.folder.rename(office.state.folder.with_name("lost"))
    assert told_by(office, "restore", str(backups))[-1] == ("restore", "restored", "", "")
    text = (office.state.folder / log_file.LOG_FILE).read_text("utf-8")
    text += (office.state.folder.with_name("lost") / log_file.LOG_FILE).read_text("utf-8")
    assert "Alex" not in text


WRITER = """
import logging, sys
from formflow.cli import log_file, logs
from formflow.core.events import Event
from formflow.core.settings import Settings, State
log_file.LARGEST_BYTES = 10_000
logs.listen()
settings = Settings(state=State(folder=sys.argv[1]))
with logs.kept(lambda: settings, sys.argv[2]):
    for number in range(150):
        logging.getLogger("formflow").info(Event("came", paper=str(number)))
"""


def test_no_line_is_lost_when_two_processes_write_and_move_the_file_aside(tmp_path: Path) -> None:
    names = ("ingest", "run")
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path), name]) for name in names
    ]
    assert [writer.wait() for writer in writers] == [0, 0]
    kept = sorted(tmp_path.glob("formflow.log*"))
    assert len(kept) > 2
    told = [json.loads(line) for file in kept for line in file.read_text("utf-8").splitlines()]
    found = Counter((line["command"], line["paper"]) for line in told)
    assert found == Counter((name, str(number)) for name in names for number in range(150))


def test_a_process_that_was_stopped_while_it_moved_the_file_aside_holds_up_nobody(
    office: Settings, log: logging.Logger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_file, "LARGEST_BYTES", 500)
    turn = FileLock(office.state.folder / log_file.LOCK_FILE)
    with turn, logs.kept(lambda: office, "run"), logs.started_and_stopped():
        for number in range(20):
            log.info(Event("came", paper=f"{number:012}"))
    assert [line["paper"] for line in lines(office)] == [f"{number:012}" for number in range(20)]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only as root")
def test_what_root_writes_stays_the_services(office: Settings) -> None:
    os.chown(office.state.folder, 4321, 4321)
    formflow(office, "retry")
    assert (office.state.folder / log_file.LOG_FILE).stat().st_uid == 4321


def test_it_can_be_switched_off(office: Settings) -> None:
    without = office.model_copy(update={"log": Log(file=False)})
    with logs.kept(lambda: without, "run"):
        logging.getLogger("formflow").warning("a step")
    assert not (office.state.folder / log_file.LOG_FILE).exists()


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> logging.Logger:
    """Return the log, heard from INFO on."""
    logger = logging.getLogger("formflow")
    monkeypatch.setattr(logger, "level", logging.INFO)
    return logger


def test_the_files_are_few_small_and_moved_aside_when_they_are_full(
    office: Settings, log: logging.Logger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_file, "LARGEST_BYTES", 1000)
    with logs.kept(lambda: office, "run"):
        for number in range(100):
            log.info(Event("came", paper=f"{number:012}", said="1 bytes, staff"))
    files = sorted(office.state.folder.glob("formflow.log*"))
    assert len(files) == log_file.KEPT + 1
    assert all(file.stat().st_size <= 1000 for file in files)
    assert "000000000099" in (office.state.folder / log_file.LOG_FILE).read_text("utf-8")
    if sys.platform != "win32":  # which has no modes
        assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


def test_no_line_is_lost_while_a_full_file_cannot_be_moved_aside(
    office: Settings, log: logging.Logger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on Windows, where a viewer has an older one open."""
    monkeypatch.setattr(log_file, "LARGEST_BYTES", 500)
    for number in range(1, log_file.KEPT + 1):
        held = office.state.folder / f"formflow.log.{number}"
        held.mkdir()
        (held / "open").touch()
    with logs.kept(lambda: office, "run"), logs.started_and_stopped():
        for number in range(20):
            log.info(Event("came", paper=f"{number:012}"))
    assert [line["paper"] for line in lines(office)] == [f"{number:012}" for number in range(20)]


def test_a_log_that_cannot_be_written_stops_nothing_and_is_told_once(office: Settings) -> None:
    (office.state.folder / log_file.LOG_FILE).mkdir()
    drop(office, RED)
    done = formflow(office, "run", "--once")
    assert done.returncode == 0
    assert done.stderr.count("The log in the state folder cannot be written") == 1
    assert "delivered: " in done.stderr


@pytest.mark.skipif(
    not Path("/dev/full").exists(), reason="this system has no disk that is always full"
)
def test_a_full_disk_is_told_once_and_once_more_when_it_comes_back(
    office: Settings, log: logging.Logger, capsys: pytest.CaptureFixture[str]
) -> None:
    full = office.state.folder / log_file.LOG_FILE
    full.symlink_to("/dev/full")
    with logs.kept(lambda: office, "run"):
        for _ in range(3):
            log.info(Event("came"))
        assert capsys.readouterr().err.count("cannot be written (OSError)") == 1
