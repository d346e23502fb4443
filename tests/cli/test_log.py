"""The log for IT: every step with its time, reference and destination, and never a name."""

from __future__ import annotations

import logging
import re
import stat
import sys
from datetime import UTC, datetime, timedelta

import pytest

from formflow.admin.settings_file import load_settings
from formflow.cli import logs
from formflow.core.settings import Settings
from tests.support.offices import drop, formflow

RED, BLANK = "red-planned-secrecy-pdfjs", "blank-saved-pdflib"
LINE = re.compile(r"(\S+) (DEBUG|INFO|WARNING|ERROR) (\S.*)")


@pytest.fixture
def kept(office: Settings) -> Settings:
    """An agency that keeps the log."""
    file = office.state.folder.parent / "formflow.toml"
    file.write_text(
        file.read_text("utf-8").replace("[log]\nfile = false", "[log]\nfile = true"), "utf-8"
    )
    return load_settings(file)


def lines(office: Settings) -> list[str]:
    """Return what the log says, without the times, which are checked."""
    told = (office.state.folder / logs.LOG_FILE).read_text("utf-8").splitlines()
    parts = [LINE.fullmatch(line) for line in told]
    assert all(parts), told
    times = [datetime.fromisoformat(part[1]) for part in parts if part]
    # Not sorted: of two lanes that speak at once, the second may be written first.
    assert {time.utcoffset() for time in times} == {timedelta(0)}
    assert all(abs(time - datetime.now(UTC)) < timedelta(hours=1) for time in times)
    return [part[3] for part in parts if part]


def test_a_form_is_followed_from_its_coming_to_its_last_destination(kept: Settings) -> None:
    drop(kept, RED, "Alex Example.pdf")
    done = formflow(kept, "run", "--once")
    assert done.returncode == 0, done.stderr
    told = lines(kept)
    came, read, recorded, *delivered = told
    assert re.fullmatch(r"came: paper [0-9a-f]{12}, \d+ bytes, staff", came)
    paper = came.split()[2].rstrip(",")
    assert read == f"read: paper {paper}, recording version 2, acroform"
    assert recorded == f"recorded: FF-2026-000001 r1, recorded, paper {paper}"
    places = {
        line.split("“")[1].rstrip("”") for line in delivered if line.startswith("delivered: ")
    }
    assert places == {one.name for one in kept.destinations() if one.name != "Needs attention"}
    assert all("FF-2026-000001 r1" in line for line in delivered)
    # Standard error has the same, for a service manager's journal.
    matches = map(LINE.fullmatch, done.stderr.splitlines())
    assert [match[3] for match in matches if match] == told


def test_no_name_no_answer_and_no_name_of_a_file_stands_in_it(kept: Settings) -> None:
    drop(kept, RED, "Alex Example.pdf")
    drop(kept, BLANK, "Jo Sample form.pdf")
    (kept.watch[0].folder / "Kim Example.pdf").write_bytes(b"%PDF-1.7 not a form %%EOF")
    (kept.watch[0].folder / "Sam Sample.pdf").mkdir()
    said = formflow(kept, "run", "--once")
    told = "\n".join(lines(kept)) + said.stderr
    for word in ("Alex", "Example", "Jo", "Sample", "Kim", "Sam"):
        assert not re.search(rf"\b{word}\b", told), word


def test_what_a_destination_does_not_take_is_told_with_code_and_patience(kept: Settings) -> None:
    kept.folders.receipts.rename(kept.folders.receipts.with_name("elsewhere"))
    drop(kept, RED)
    formflow(kept, "run", "--once")
    waits = [line for line in lines(kept) if line.startswith("put back: ")]
    assert any(
        re.fullmatch(r"put back: FF-2026-000001 r1, “Receipts”, FF-401, for \d+ s", one)
        for one in waits
    )


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no modes")
def test_the_file_is_private_and_moved_aside_when_it_is_full(
    kept: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs, "LARGEST_BYTES", 1000)
    log = logging.getLogger("formflow")
    monkeypatch.setattr(log, "level", logging.INFO)
    with logs.kept(kept):
        for number in range(100):
            log.info("came: paper %012d, 1 bytes, staff", number)
    files = sorted(kept.state.folder.glob("formflow.log*"))
    assert len(files) == logs.KEPT + 1
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


def test_a_log_that_cannot_be_written_stops_nothing(kept: Settings) -> None:
    (kept.state.folder / logs.LOG_FILE).mkdir()
    drop(kept, RED)
    assert formflow(kept, "run", "--once").returncode == 0
