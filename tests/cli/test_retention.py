"""Whose papers are looked at again, what stands against disposing of a case, and that nothing is ever deleted."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from formflow.admin.retention import review_day
from formflow.core.clock import utc_now
from formflow.core.errors import ExitCode
from formflow.core.model import Light
from formflow.core.settings import Retention, Settings
from formflow.documents.register.lines import CaseLine, Part, Person
from tests.support import worker
from tests.support.desk import Desk, filled
from tests.support.offices import agency, formflow
from tests.support.papers import BLANK

ONE, TWO, HELD = "FF-2026-000001", "FF-2026-000002", "FF-2026-000003"
CHILD = {"child_a_name": "Sam Stone", "child_a_dob": "29/02/2016", "type_text": "Ran."}
RULES = Retention(years=25, harmful_years=75)


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    settings = agency(tmp_path_factory.mktemp("school"))
    file = settings.state.folder.parent / "formflow.toml"
    text = file.read_text("utf-8").replace("hold = []", f'hold = ["{HELD}"]')
    file.write_text(text, "utf-8")
    desk = Desk(settings)
    desk.takes(filled(BLANK, CHILD | {"incident_at": "2/11/2026"}), "one.pdf")
    desk.takes(filled(BLANK, CHILD | {"incident_at": "9/11/2026"}), "two.pdf")
    other = {"child_a_name": "Kim Lee", "child_a_dob": "01/01/2015", "type_text": "Ran."}
    desk.takes(filled(BLANK, other), "three.pdf")
    yield settings
    worker.close()


def line(level: str, *born: date | None, is_undecided: bool = False) -> CaseLine:
    people = tuple(Person("", Part.DISPLAYED, "", one) for one in born)
    now = utc_now()
    return CaseLine(
        ONE, people, now, None, now.date(), Light.GREEN, level, now, is_undecided,
        is_urgent=False, was_read=True, is_returned=False, is_seen=True, has_allegation=False, open_steps=0,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("found", "review"),
    [
        (line("healthy", date(2015, 5, 11)), date(2040, 5, 11)),
        (line("concerning", date(2015, 5, 11), date(2019, 2, 3)), date(2044, 2, 3)),
        (line("harmful", date(2015, 5, 11)), date(2090, 5, 11)),
        (line("doubt", date(2015, 5, 11)), date(2090, 5, 11)),
        (line("", date(2015, 5, 11), is_undecided=True), date(2090, 5, 11)),
        (line("healthy", date(2015, 5, 11), is_undecided=True), date(2090, 5, 11)),
        (line("healthy", date(2016, 2, 29)), date(2041, 3, 1)),
        (line("healthy", date(2015, 5, 11), None), date(2051, 11, 27)),
        (line("healthy", None), date(2051, 11, 27)),
    ],
)
def test_the_day_of_review_is_the_youngest_childs(found: CaseLine, review: date) -> None:
    assert review_day(found, date(2026, 11, 27), RULES) == review


def test_nothing_is_due_today_and_the_list_says_from_when(school: Settings) -> None:
    done = formflow(school, "retention")
    assert done.returncode == ExitCode.DONE
    assert done.stdout == ""
    assert "Cases to look at on" in done.stderr
    assert "Kept: 3" in done.stderr
    assert "1 Jan 2090" in done.stderr


def test_what_is_due_is_listed_with_what_stands_against_it(school: Settings) -> None:
    done = formflow(school, "retention", "--on", "2120-01-01")
    assert done.returncode == ExitCode.WAITING
    first, second = done.stdout.splitlines()
    assert first.startswith(ONE)
    assert "its level is not decided; there is a later paper" in first
    assert second.startswith(TWO)
    assert "Cases to look at on 1 Jan 2120: 2. Kept: 1." in done.stderr


def test_an_open_case_a_hold_and_a_later_paper_are_refused_and_nothing_is_deleted(
    school: Settings,
) -> None:
    before = contents(school.state.folder.parent)
    first = formflow(school, "retention", ONE, "--on", "2120-01-01")
    assert first.returncode == ExitCode.USAGE
    assert "its level is not decided" in first.stdout
    assert f"there is a later paper about the same child ({TWO})" in first.stdout
    held = formflow(school, "retention", HELD, "--on", "2120-01-01").stdout
    assert "it is on hold" in held
    assert "it is kept until" in formflow(school, "retention", TWO).stdout
    assert "Child files" in first.stdout
    assert "FormFlow register.xlsx" in first.stdout
    assert f"{ONE} r1" in first.stdout
    assert "Stone" not in first.stdout
    assert contents(school.state.folder.parent) == before


def contents(folder: Path) -> set[str]:
    return {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if ".sqlite-" not in path.name and "logs" not in path.parts
    }


def test_a_case_that_is_not_there_is_said(school: Settings) -> None:
    assert formflow(school, "retention", "FF-2026-000099").returncode == ExitCode.USAGE
