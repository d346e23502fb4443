"""One harmful case from form to closed: a short form and five sheets, through the folders that everybody has."""

from __future__ import annotations

import pytest

from formflow.core.model import Outcome
from formflow.core.settings import Settings
from tests.pipeline.test_walk import entries
from tests.support.desk import Desk

SIGNED = {"signed_name": "M. Head", "signed_date": "20/11/2026"}
DECISION = {
    "level": "harmful",
    "level_reason": "A threat, kept secret, and she is afraid.",
    "urgent_text": "Not warranted: both are at home with their parents.",
    "police": "yes",
    "police_reason": "A threat.",
    "police_at": "16/11/2026 at 9am",
    "police_contact": "PC Hill, 1234",
    "tonight_text": "Each at home; the brothers live elsewhere. Safe.",
    "parents_a_at": "16/11/2026",
    "parents_b_at": "16/11/2026",
    "a_views": "“A joke.”",
    "a_responsibility": "He says that she asked for it.",
    "a_willingness": "Not yet.",
    "b_views": "“I said stop.”",
    "b_impact": "She does not sleep.",
    "b_position": "He waited until the others had left.",
    "b_feelings": "Afraid of him.",
    "b_may_talk": "yes",
    "b_support": "A person to go to.",
    "background_considered": "yes",
    "information_complete": "yes",
    "brook_used": "yes",
    "background_agencies": "no",
    "stopped_text": "Nobody saw it.",
    "described_text": "He was spoken to on the next day.",
    "impact_text": "As above.",
    "reminded_text": "As above.",
    "medical_considered_text": "Not needed.",
    "words_a_text": "“It was a joke.”",
    "words_b_text": "“I said stop, and he laughed.”",
    **SIGNED,
}
REFERRED = {
    "a_sent_date": "16/11/2026",
    "a_sent_time": "11am",
    "a_parents_told": "yes",
    "b_sent_date": "16/11/2026",
    "b_sent_time": "11.10am",
    "b_parents_told": "yes",
    "parents_a_text": "Told by M. Head. Shocked; they will talk to him.",
    "parents_b_text": "Told by M. Head. They want him out of the club.",
    "plan_a_actions": "Not in the changing room with others. From 17/11, Mr Day.",
    "plan_a_protects": "They never meet alone.",
    "plan_a_supervision": "In every break, by Mr Day.",
    "plan_b_actions": "Ms Oak is there for her every morning.",
    "plan_b_agreed": "yes",
    "plan_s_actions": "A second person at the changing rooms.",
    "a_consulted": "He was told, and says that it is unfair.",
    "a_also_harmed": "no",
    "assessment_text": "Social care decide.",
    "background_complex": "yes",
    "complex_text": "None.",
    **SIGNED,
}
ANSWERED = {
    "a_reference": "CS-1",
    "a_screened_by": "A. Manager",
    "a_assessment": "yes",
    "b_reference": "CS-2",
    "b_screened_by": "A. Manager",
    "b_answer_text": "Early help instead.",
}
REVIEWED = {
    "plan_a_outcome": "Kept. It ends.",
    "plan_b_outcome": "She is well. It ends.",
    "plan_s_outcome": "It stays as a rule.",
}


@pytest.fixture
def desk(office: Settings) -> Desk:
    return Desk(office)


@pytest.mark.rule("H1", "H8", "RP1")
def test_a_harmful_case_goes_from_form_to_closed_in_six_drops(desk: Desk) -> None:
    desk.gets("short-red-threat-pdfium")  # 1: the form, from staff
    assert "Awaiting your decision" in desk.page()

    desk.fills_in("F2", **DECISION)  # 2: decided
    assert "Decided: harmful" in desk.page()
    assert [name for name in desk.sheets() if " F8 " in name]

    desk.fills_in("F8", **REFERRED)  # 3: both referred, and planned
    assert {"H1", "H3", "H4", "H8"}.isdisjoint(desk.open_steps())
    assert desk.open_steps().count("RP1") == 2

    desk.fills_in("F8", **ANSWERED)  # 4: what they answered
    assert set(desk.open_steps()) == {"RV1"}

    desk.fills_in("F8", **REVIEWED)  # 5: how the plans went
    assert desk.open_steps() == []
    assert "No actions outstanding. You can close this case." in desk.page()

    desk.fills_in("F2", case_state="close", case_state_reason="All done.")  # 6: closed
    papers = entries(desk.office)
    assert len(papers) == 6
    assert {paper.outcome for paper in papers} == {Outcome.RECORDED}
    told = [paper.answers["case_state"].value for paper in papers if paper.form_id == "review"]
    assert told == [None, "close"]


def test_a_review_sheet_that_is_half_filled_in_is_taken_without_an_alarm(desk: Desk) -> None:
    desk.gets("short-red-threat-pdfium")
    before = sorted(path.name for path in desk.office.folders.alerts.rglob("*.html"))
    desk.fills_in("F2", police="yes", police_reason="A threat.")
    assert sorted(path.name for path in desk.office.folders.alerts.rglob("*.html")) == before
    assert "Awaiting your decision" in desk.page()
    assert "Report it to" in desk.page()
    (sheet,) = [paper for paper in entries(desk.office) if paper.form_id == "review"]
    assert sheet.outcome is Outcome.RECORDED
