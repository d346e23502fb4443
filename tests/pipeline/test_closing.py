"""What a review sheet does that says what becomes of its case: made-up answers on a sheet that counted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from formflow.core.model import Answer, AnswerState, CaseState, Entry
from formflow.core.settings import Settings
from formflow.pipeline import closing
from formflow.rules.case.closing import Wanted
from formflow.storage import case_states, entries
from formflow.storage.database import reading, writing
from tests.stories.test_decisions import HER_NAME
from tests.support import worker
from tests.support.desk import Desk
from tests.support.offices import agency

ONE = "FF-2026-000001"
Said = Callable[..., tuple[Entry, Wanted | None]]


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """An agency with one case, decided as healthy."""
    office: Settings = agency(tmp_path_factory.mktemp("closing") / "an agency")
    desk = Desk(office)
    desk.gets("green-free-play-pdfjs")
    answers = {"level": "healthy", "level_reason": "Play.", "lower_reason": "Play."}
    desk.fills_in("F2", **answers, **HER_NAME)
    yield office
    worker.close()


@pytest.fixture
def said(office: Settings) -> Said:
    """What comes of a sheet that gives some answers more."""
    engine = worker.context_of(office).engine

    def noticed(**more: str) -> tuple[Entry, Wanted | None]:
        with reading(engine) as connection:
            case = closing.case_of(connection, office, ONE)
            sheet = entries.revisions(connection, f"{ONE}-F2")[-1]
            given = {name: Answer(said, said, AnswerState.GIVEN) for name, said in more.items()}
            sheet = replace(sheet, answers={**sheet.answers, **given})
            return closing.noticed(connection, office, case, sheet)

    return noticed


def codes(entry: Entry) -> set[str]:
    return {one.code for one in entry.notices if one.code.startswith("FF-66")}


def test_a_sheet_without_these_boxes_changes_nothing(said: Said) -> None:
    sheet, wanted = said()
    assert (codes(sheet), wanted) == (set(), None)


@pytest.mark.parametrize(
    ("answers", "code"),
    [
        ({"case_state": "close", "case_state_reason": "All done."}, "FF-661"),
        ({"case_state": "entered_in_error"}, "FF-663"),
        ({"case_state": "duplicate_of", "case_state_reason": "Twice."}, "FF-662"),
        (
            {
                "case_state": "duplicate_of",
                "case_state_reason": "Twice.",
                "duplicate_of": "FF-2026-000001",
            },
            "FF-662",
        ),
    ],
)
def test_a_sheet_that_does_not_say_enough_leaves_the_case_as_it_is(
    said: Said, answers: dict[str, str], code: str
) -> None:
    sheet, wanted = said(**answers)
    assert codes(sheet) == {code}
    assert wanted is None


def test_a_sheet_sets_its_case_apart_and_opens_it_again(said: Said, office: Settings) -> None:
    sheet, wanted = said(case_state="entered_in_error", case_state_reason="Another school’s.")
    assert codes(sheet) == {"FF-664"}
    assert wanted == Wanted(CaseState.ENTERED_IN_ERROR, "Another school’s.", {})
    context = worker.context_of(office)
    with writing(context.engine) as connection:
        closing.put(connection, context.trail, ONE, wanted, "service", sheet.recorded_at)
        assert case_states.state(connection, ONE) is CaseState.ENTERED_IN_ERROR
    sheet, wanted = said()
    assert codes(sheet) == {"FF-660"}
    assert wanted is not None
    assert wanted.state is CaseState.OPEN
    sheet, wanted = said(case_state="entered_in_error", case_state_reason="Another school’s.")
    assert (codes(sheet), wanted) == (set(), None)
    sheet, wanted = said(case_state="reopen", case_state_reason="It is ours.")
    assert codes(sheet) == {"FF-664"}
    assert wanted == Wanted(CaseState.OPEN, "It is ours.", {})
