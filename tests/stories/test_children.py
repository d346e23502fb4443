"""The same child on several papers: what joins, what is offered, and what only she joins and takes back."""

from __future__ import annotations

import re
from pathlib import Path

import pikepdf
import pytest

from formflow.core.model import Entry
from formflow.core.settings import Settings
from formflow.storage import database
from tests.pipeline.test_walk import entries
from tests.rules.test_matching import upn_of
from tests.stories.test_assessment import stored
from tests.stories.test_decisions import HER_NAME
from tests.stories.test_sheets_that_do_not_count import held_for
from tests.stories.test_vectors import gets
from tests.support import worker
from tests.support.desk import Desk, lying

UPN, OTHER_UPN = upn_of("801200001001"), upn_of("801200001002")
DECIDED = {"level": "concerning", "level_reason": "x", "lower_reason": "x", **HER_NAME}


@pytest.fixture
def desk(office: Settings) -> Desk:
    return Desk(office)


def f2(desk: Desk, reference: str) -> Path:
    """Return the newest review sheet of a record."""
    found = lying(desk.office, f"{reference} r* F2 *.pdf")
    return max(found, key=lambda path: path.stat().st_mtime_ns)


def second(desk: Desk, **answers: str) -> Entry:
    return gets(desk, context_planned="yes", incident_at="13/11/2026 at 9am", **answers)


def test_a_valid_upn_joins_papers_on_which_the_name_is_written_otherwise(desk: Desk) -> None:
    first = gets(desk, context_planned="yes", child_a_number=UPN)
    again = second(desk, child_a_name="Rowen Ashbie", child_a_number=UPN)
    assert again.child_reference == first.child_reference
    assert "FF-2026-000001" in stored(f2(desk, "FF-2026-000002"), "history_text")


def test_a_number_that_is_no_upn_joins_nobody(desk: Desk) -> None:
    first = gets(desk, context_planned="yes", child_a_number="7")
    again = second(desk, child_a_name="Rowen Ashbie", child_a_number="7")
    assert again.child_reference != first.child_reference


def test_a_upn_on_the_form_of_another_child_joins_nobody_and_is_said(desk: Desk) -> None:
    first = gets(desk, context_planned="yes", child_a_number=UPN)
    other = second(desk, born="9/9/2011", child_a_name="Kit Moor", child_a_number=UPN)
    assert other.child_reference != first.child_reference
    assert "FF-228" in {notice.code for notice in other.notices}
    once_more = gets(desk, context_planned="yes", child_a_number=OTHER_UPN)
    assert "FF-228" in {notice.code for notice in once_more.notices}


def test_who_is_near_is_offered_with_the_reason_and_joined_by_nobody(desk: Desk) -> None:
    first = gets(desk, context_planned="yes")
    gets(desk, child_a_name="Robin Ashby")  # the twin
    again = second(desk, child_a_name="Rowan Ashbey")
    assert again.child_reference != first.child_reference
    told = stored(f2(desk, again.reference), "near_text")
    assert f"{first.child_reference}: the same date of birth, and a name that is almost" in told
    assert "may be a twin" in stored(f2(desk, "FF-2026-000002"), "near_text")
    assert "No earlier records under exactly" in stored(f2(desk, again.reference), "history_text")


def test_she_joins_and_takes_it_back_and_both_stay_on_record(desk: Desk) -> None:
    first = gets(desk, context_planned="yes")
    again = second(desk, child_a_name="Rowan Ashbey")
    number = first.child_reference or ""
    desk.fills_in("F2", f2(desk, again.reference), same_child=number, **DECIDED)
    assert f"the same child as {number}" in desk.page(again.reference)
    third = second(desk, child_a_name="Rowan Ashbey", completed_by="Q. Helper")
    assert "FF-2026-000001" in stored(f2(desk, third.reference), "history_text")
    assert number not in stored(f2(desk, third.reference), "near_text").partition("Linked")[0]
    assert third.proposal is not None
    (frequent,) = [one for one in third.proposal.findings if one.rule == "R7"]
    assert "2 earlier papers" in frequent.text

    cleared = f2(desk, again.reference)
    assert stored(cleared, "same_child") == number
    desk.fills_in("F2", cleared, same_child="")
    assert "the same child as" not in desk.page(again.reference)
    fourth = second(desk, child_a_name="Rowan Ashbey", completed_by="R. Helper")
    assert "FF-2026-000001" not in stored(f2(desk, fourth.reference), "history_text")


@pytest.mark.parametrize(
    "words", ["C-000999", "not {first}", "{first} or {second}", "the twin", "C-{epoch}-1"]
)
def test_only_the_number_of_a_child_on_record_joins(desk: Desk, words: str) -> None:
    first = gets(desk, context_planned="yes").child_reference or ""
    second = gets(desk, child_a_name="Robin Ashby", context_planned="yes").child_reference
    same = words.format(first=first, second=second, epoch=first.split("-")[1])
    desk.fills_in("F2", f2(desk, "FF-2026-000002"), same_child=same, **DECIDED)
    assert held_for(desk, "FF-2026-000002-F2") == ["FF-229"]
    desk.fills_in("F2", f2(desk, "FF-2026-000002"), same_child=f" {first.lower()} ")
    assert held_for(desk, "FF-2026-000002-F2") == []
    assert f"the same child as {first}" in desk.page("FF-2026-000002")


def test_a_child_of_an_older_ledger_keeps_its_number_and_can_be_joined(desk: Desk) -> None:
    with database.writing(worker.context_of(desk.office).engine) as connection:
        connection.exec_driver_sql(
            "INSERT INTO child (id, name_key, born) VALUES (1, 'kit moor', '2011-09-09')"
        )
    new = gets(desk, context_planned="yes")
    assert re.fullmatch(r"C-\d{4}-000001", new.child_reference or "")
    desk.fills_in("F2", f2(desk, new.reference), same_child="C-000001", **DECIDED)
    assert held_for(desk, f"{new.reference}-F2") == []
    assert "the same child as C-000001" in desk.page(new.reference)


def test_the_sheet_tells_what_is_known_of_the_child_who_was_targeted(desk: Desk) -> None:
    b = {"child_b_name": "Kit Moor", "child_b_dob": "9/9/2014", "child_b_kind": "child"}
    gets(desk, context_planned="yes", **b)
    other = gets(desk, born="9/9/2014", child_a_name="Kit Moor", context_planned="yes")
    history = stored(f2(desk, other.reference), "history_text")
    assert "FF-2026-000001" in history
    assert "in which this child was targeted" in history
    third = second(desk, **b)
    assert other.reference in stored(f2(desk, third.reference), "history_b_text")


def test_a_paper_about_an_earlier_day_takes_its_place(desk: Desk) -> None:
    gets(desk, context_planned="yes", incident_at="12/11/2026 at 9am")
    gets(desk, context_planned="yes", incident_at="2/9/2026 at 9am")
    last = second(desk)
    told = stored(f2(desk, last.reference), "history_text")
    assert told.index("2 September 2026") < told.index("12 November 2026")


def test_near_names_stand_nowhere_but_on_the_sheet_by_number(desk: Desk) -> None:
    gets(desk, context_planned="yes")
    again = second(desk, child_a_name="Rowan Ashbey")
    with pikepdf.open(f2(desk, again.reference)) as pdf:
        (box,) = [one for one in pdf.Root.AcroForm.Fields if one.get("/T") == "near_text"]
        assert "Ashby" not in str(box.V)


def test_several_who_were_targeted_are_each_referred_on_a_sheet_of_their_own(desk: Desk) -> None:
    b = {"child_b_name": "Kit Moor; Lee Hart", "child_b_kind": "child"}
    gets(desk, context_planned="yes", **b)
    views = {"b_views": "Kit says that it hurt."}
    desk.fills_in("F2", level="harmful", level_reason="Planned.", **views, **HER_NAME)
    assert desk.open_steps().count("H1") == 3
    assert "F3b Referral – Child Who Was Targeted, child 2" in desk.page()
    sheets = [name.partition(" r1 ")[2] for name in desk.sheets() if "F3b" in name]
    assert sheets == [
        "F3b Referral – Child Who Was Targeted child 2.pdf",
        "F3b Referral – Child Who Was Targeted.pdf",
    ]
    second_sheet, first_sheet = sorted(lying(desk.office, "*F3b*"))
    assert stored(first_sheet, "child_name") == "Kit Moor"
    assert stored(first_sheet, "worries") == ""  # nobody can tell whose words these are
    assert stored(second_sheet, "child_name") == "Lee Hart"
    assert stored(second_sheet, "worries") == ""  # nothing about one child is on the other’s

    sent = {"sender_name": "M. Head", "sent_at": "13/11/2026 at 9am"}
    desk.fills_in("F3b", second_sheet, **sent, child_dob="5/5/2014", worries="Saw it.")
    assert desk.open_steps().count("H1") == 2
    desk.fills_in("F3b", first_sheet, **sent, child_dob="6/6/2014")
    assert desk.open_steps().count("H1") == 1
    kept = {e.reference: e.child_reference for e in entries(desk.office) if "F3b" in e.reference}
    assert set(kept) == {"FF-2026-000001-F3b", "FF-2026-000001-F3b2"}
    assert len(set(kept.values())) == 2
    again = max(lying(desk.office, "*F3b*child 2 2.pdf"))
    assert stored(again, "worries") == "Saw it."
    wrong = {"child_name": "Kit Moor", "council_reference": "C-1"}
    desk.fills_in("F3b", again, **wrong)
    assert held_for(desk, "FF-2026-000001-F3b2") == ["FF-223"]


def test_names_that_she_adds_on_the_review_sheet_bring_a_referral_each(desk: Desk) -> None:
    gets(desk, context_planned="yes", child_b_name="Kit Moor", child_b_kind="child")
    desk.fills_in("F2", level="harmful", level_reason="x", **HER_NAME)
    assert desk.open_steps().count("H1") == 2
    desk.fills_in("F2", child_b_name="Kit Moor; Lee Hart; Sam West")
    assert desk.open_steps().count("H1") == 4


def test_a_referral_counts_for_the_child_it_names_also_when_names_are_taken_away(
    desk: Desk,
) -> None:
    gets(desk, context_planned="yes", child_b_name="Kit Moor; Lee Hart", child_b_kind="child")
    desk.fills_in("F2", level="harmful", level_reason="x", **HER_NAME)
    second_sheet, first_sheet = sorted(lying(desk.office, "*F3b*"))
    assert stored(first_sheet, "child_name") == "Kit Moor"
    desk.fills_in("F3b", first_sheet, sender_name="M. Head", sent_at="13/11/2026 at 9am")
    assert desk.open_steps().count("H1") == 2
    desk.fills_in("F2", child_b_name="Lee Hart")
    assert desk.open_steps().count("H1") == 2  # Kit’s referral is not Lee’s
    assert stored(second_sheet, "child_name") == "Lee Hart"
