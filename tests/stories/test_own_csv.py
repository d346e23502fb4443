"""A school keeps its log as a CSV file: each case has its row there, and the row follows what is decided."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from formflow.admin import settings_file
from formflow.core.settings import Settings
from formflow.delivery import reconcile
from formflow.storage import tasks
from formflow.storage.database import writing
from tests.stories.test_decisions import HER_NAME
from tests.support import worker
from tests.support.desk import Desk, lying
from tests.support.offices import drop, formflow, settled_at_once

RED, AMBER = "red-planned-secrecy-pdfjs", "amber-peer-pressure-pdftk-fdf"
HEAD = "Ref;Date;Pupil;Level;By whom;Decide by\r\n"
DESTINATION = """
[[destination]]
name = "Log"
kind = "csv_file"
file = "Log/safeguarding log.csv"
reference_column = "Ref"
encoding = "utf-8"
[destination.columns]
"Date" = "{incident_at:%d/%m/%Y}"
"Pupil" = "{child_a_name:surname}, {child_a_name:forename}"
"Level" = { field = "level", values = { red = "Level 3", amber = "Level 2", green = "Level 1" }, blank = "To be decided" }
"Decide by" = { field = "decide_by", blank = "decided" }
"""


@pytest.fixture
def school(office: Settings) -> Settings:
    """The agency with such a log."""
    root = office.folders.alerts.parents[2]
    file = root / "formflow.toml"
    file.write_text(file.read_text("utf-8") + DESTINATION, "utf-8")
    (root / "Log").mkdir()
    log_of(office).write_bytes(HEAD.encode())
    return settled_at_once(settings_file.load_settings(file))


def log_of(office: Settings) -> Path:
    return office.folders.alerts.parents[2] / "Log" / "safeguarding log.csv"


def rows(office: Settings) -> dict[str, dict[str, str]]:
    lines = log_of(office).read_text("utf-8").splitlines()
    return {row["Ref"]: row for row in csv.DictReader(lines, delimiter=";")}


def test_a_case_has_one_row_and_it_follows_the_case(school: Settings) -> None:
    desk = Desk(school)
    desk.gets(RED)
    drop(school, AMBER)
    desk.waits()
    log_of(school).write_bytes(log_of(school).read_bytes().replace(b";Level 2;;", b";Level 2;Kim;"))
    answers = {"level": "concerning", "level_reason": "Seen once.", "lower_reason": "Seen once."}
    sheet = next(lying(school, "FF-2026-000001*F2*.pdf"))
    desk.fills_in("F2", sheet, None, **answers, **HER_NAME)
    one, other = rows(school).values()
    assert one["Ref"] == "FF-2026-000001"
    assert (one["Level"], one["Decide by"], one["By whom"]) == ("Level 2", "decided", "")
    assert one["Pupil"].count(",") == 1
    assert (other["Level"], other["By whom"]) == ("Level 2", "Kim")
    kept = list((school.state.folder / "versions").rglob("* safeguarding log.csv"))
    assert len(kept) == 3
    assert HEAD.encode() in [path.read_bytes() for path in kept]


def test_a_row_that_somebody_deleted_is_missed_and_comes_back_whole(school: Settings) -> None:
    desk = Desk(school)
    desk.gets(RED)
    answers = {"level": "concerning", "level_reason": "Seen once.", "lower_reason": "Seen once."}
    desk.fills_in("F2", None, None, **answers, **HER_NAME)
    before = log_of(school).read_bytes()
    log_of(school).write_bytes(HEAD.encode())
    context = worker.context_of(school)
    found = {c.destination: c for c in reconcile.compare(school, context.engine, context.destinations)}  # fmt: skip
    assert len(found["Log"].missing) == 2
    assert not found["Record lines"].missing
    done = formflow(school, "reconcile", "Log", "--repair")
    assert "2 " in done.stdout
    worker.settle(school)
    assert log_of(school).read_bytes() == before


def test_what_waits_is_drawn_again_when_the_settings_name_other_columns(school: Settings) -> None:
    log_of(school).write_bytes(HEAD.replace("Level", "Stage").encode())
    drop(school, RED)
    worker.settle(school)
    file = school.state.folder.parent / "formflow.toml"
    file.write_text(file.read_text("utf-8").replace('"Level" =', '"Stage" ='), "utf-8")
    corrected = settled_at_once(settings_file.load_settings(file))
    with writing(worker.context_of(corrected).engine) as connection:
        tasks.retry(connection, "Log", set_aside_too=False)
    worker.settle(corrected)
    (row,) = rows(corrected).values()
    assert row["Stage"] == "Level 3"


def test_a_file_that_cannot_be_used_waits_in_words_and_goes_on(school: Settings) -> None:
    log_of(school).write_bytes(HEAD.replace("Level", "Stage").encode())
    drop(school, RED)
    worker.settle(school)
    said = formflow(school, "status").stdout
    assert "The CSV file has no column “Level”." in said
    log_of(school).write_bytes(HEAD.encode())
    with writing(worker.context_of(school).engine) as connection:
        tasks.retry(connection, "Log", set_aside_too=False)
    worker.settle(school)
    assert list(rows(school)) == ["FF-2026-000001"]
