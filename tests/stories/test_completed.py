"""She completes on her review sheet what the form left open: both suggestions are shown, and both count."""

from __future__ import annotations

import pypdf
import pytest

from formflow.core.model import Light
from formflow.core.settings import Settings
from tests.pipeline.test_walk import entries
from tests.stories.test_cannot_wait import GREEN, form
from tests.stories.test_decisions import HER_NAME
from tests.support.desk import Desk
from tests.support.offices import formflow

LEFT_BLANK = ("context_secrecy", "attempt_difficult")
OPEN = {name: said for name, said in GREEN.items() if name not in LEFT_BLANK}
OPEN["others_freely"] = "unknown"
COMPLETED = {"context_secrecy": "no", "others_freely": "yes", "attempt_difficult": "no"}
HEALTHY = {"level": "healthy", "level_reason": "I asked all of them.", **HER_NAME}


@pytest.fixture
def desk(office: Settings) -> Desk:
    found = Desk(office)
    found.takes(form(**OPEN), "form.pdf")
    return found


def test_what_the_form_answers_is_on_her_sheet_and_what_it_leaves_open_is_blank(desk: Desk) -> None:
    boxes = pypdf.PdfReader(desk.sheet("F2")).get_fields() or {}
    assert boxes["context_force"]["/V"] == "/no"
    assert boxes["others_mutual"]["/V"] == "/yes"
    for name in COMPLETED:
        assert boxes[name].get("/V") in (None, "/Off")


def test_completed_harmlessly_the_second_suggestion_is_green_and_healthy_counts(desk: Desk) -> None:
    desk.fills_in("F2", **HEALTHY, **COMPLETED)
    page = desk.page()
    assert "Decided: healthy" in page
    assert "FormFlow suggested More information needed" in page
    assert "With your review sheet Green (healthy)" in page
    told = formflow(desk.office, "show", "FF-2026-000001").stdout
    assert "With the review sheet: Green (healthy)" in told
    explained = formflow(desk.office, "explain", "FF-2026-000001").stdout
    assert "FF-2026-000001 with the review sheet\nSuggested level: green (healthy)" in explained


def test_healthy_with_one_question_open_waits_for_a_reason_and_the_page_names_it(
    desk: Desk,
) -> None:
    desk.fills_in("F2", **HEALTHY, **{**COMPLETED, "context_secrecy": "unknown"})
    assert "Decided: healthy" not in desk.page()
    desk.fills_in("F2", lower_reason="Nobody can know.")
    page = desk.page()
    assert "Decided: healthy" in page
    assert "With your review sheet More information needed" in page
    assert "Was it kept secret" in page


def test_what_she_finds_out_is_shown_with_its_line_and_where_papers_differ_it_is_said(
    desk: Desk,
) -> None:
    desk.fills_in("F2", **{**HEALTHY, "level": "harmful"}, **{**COMPLETED, "context_force": "yes"})
    page = desk.page()
    assert "With your review sheet Red (harmful)" in page
    assert "There was force. R2c · guidance 2.3 · red" in page
    assert "the recording form and the review sheet say different things. What" in page.replace(
        "Both answers", "What"
    )
    boxes = pypdf.PdfReader(desk.sheet("F2")).get_fields() or {}
    shown = str(boxes["proposal_text"]["/V"])
    assert "With what your review sheet says: suggested level: red (harmful)." in shown
    assert "There was force. – R2c, guidance 2.3, red" in shown
    (record, _) = entries(desk.office)
    assert record.highest_light is Light.UNDETERMINED
