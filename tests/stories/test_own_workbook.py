"""A school keeps its log as a workbook: each case has its row there, and the row follows what is decided."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openpyxl
import pytest

from formflow.admin import settings_file
from formflow.core.settings import Settings
from formflow.delivery import reconcile
from formflow.storage import tasks
from formflow.storage.database import writing
from tests.stories.test_decisions import HER_NAME
from tests.support import worker
from tests.support.agency_books import log_book
from tests.support.desk import Desk
from tests.support.offices import drop, formflow, settled_at_once

RED = "red-planned-secrecy-pdfjs"
DECIDED = {"level": "concerning", "level_reason": "Seen once.", "lower_reason": "Seen once."}
DESTINATION = """
[[destination]]
name = "Behaviour log"
kind = "workbook"
file = "Log/Behaviour log.xlsx"
sheet = "Behaviour log"
reference_column = "Our reference"
[destination.columns]
"Date" = "{incident_at}"
"Pupil" = "{child_a_name:surname}, {child_a_name:forename}"
"Level" = { field = "level", values = { red = "Level 3", amber = "Level 2", green = "Level 1" } }
"""


@pytest.fixture
def school(office: Settings) -> Settings:
    """The agency with such a log, three entries in it."""
    root = office.folders.alerts.parents[2]
    file = root / "formflow.toml"
    file.write_text(file.read_text("utf-8") + DESTINATION, "utf-8")
    (root / "Log").mkdir()
    log_of(office).write_bytes(log_book())
    return settled_at_once(settings_file.load_settings(file))


def log_of(office: Settings) -> Path:
    return office.folders.alerts.parents[2] / "Log" / "Behaviour log.xlsx"


def rows(office: Settings) -> list[list[Any]]:
    sheet = openpyxl.load_workbook(log_of(office))["Behaviour log"]
    return [[cell.value for cell in row] for row in sheet.iter_rows(min_row=7)]


def test_a_case_has_one_row_and_it_follows_the_case(school: Settings) -> None:
    desk, before = Desk(school), log_of(school).read_bytes()
    desk.gets(RED)
    ((_, pupil, level, _, _, reference, _),) = rows(school)
    assert (level, reference, pupil.count(",")) == ("Level 3", "FF-2026-000001", 1)
    desk.fills_in("F2", None, None, **DECIDED, **HER_NAME)
    assert [row[2] for row in rows(school)] == ["Level 2"]
    kept = sorted((school.state.folder / "versions").rglob("* Behaviour log.xlsx"))
    assert kept[0].read_bytes() == before
    assert len(kept) == 2


def test_a_row_that_somebody_deleted_is_told_and_comes_back_when_it_is_asked_for(
    school: Settings,
) -> None:
    desk = Desk(school)
    desk.gets(RED)
    log_of(school).write_bytes(log_book())
    context = worker.context_of(school)
    found = {c.destination: c for c in reconcile.compare(school, context.engine, context.destinations)}  # fmt: skip
    assert len(found["Behaviour log"].missing) == 1
    with pytest.raises(AssertionError):  # something waits for a person
        desk.fills_in("F2", None, None, **DECIDED, **HER_NAME)
    assert rows(school) == []
    assert "FF-2026-000001 is no longer in the workbook" in formflow(school, "status").stdout
    formflow(school, "reconcile", "Behaviour log", "--repair")
    worker.settle(school)
    formflow(school, "retry", "Behaviour log")
    worker.settle(school)
    assert [(row[2], row[5]) for row in rows(school)] == [("Level 2", "FF-2026-000001")]


def test_a_workbook_that_cannot_be_used_waits_in_words_and_goes_on(school: Settings) -> None:
    def renamed(book: Any) -> None:
        book["Behaviour log"]["C3"] = "Stage"

    log_of(school).write_bytes(log_book(change=renamed))
    drop(school, RED)
    worker.settle(school)
    assert "has no heading “Level”" in formflow(school, "status").stdout
    log_of(school).write_bytes(log_book())
    with writing(worker.context_of(school).engine) as connection:
        tasks.retry(connection, "Behaviour log", set_aside_too=False)
    worker.settle(school)
    assert [row[5] for row in rows(school)] == ["FF-2026-000001"]


def test_it_can_be_looked_at_and_tried_before_a_form_comes(school: Settings) -> None:
    worker.settle(school)  # the folder is marked
    before = log_of(school).read_bytes()
    shown = formflow(school, "connectors", "preview", "Behaviour log")
    assert "Our reference" in shown.stdout
    said = formflow(school, "connectors", "send-test", "Behaviour log")
    assert "taken away again" in said.stdout + said.stderr
    assert log_of(school).read_bytes() == before
    assert "FormFlow fills F3 “Our reference”, A3 “Date”" in formflow(school, "doctor").stdout
