"""What closing a case needs a reason for, and how the reasons on a review sheet are read."""

from __future__ import annotations

from dataclasses import replace

import pytest

from formflow.core.messages import notice
from formflow.core.model import CaseState, Light
from formflow.core.services import Services
from formflow.rules.case.case import Case
from formflow.rules.case.closing import (
    Wanted,
    left_open,
    lines_for_reasons,
    reasons_in,
    said_on,
    unanswered,
)
from formflow.rules.case.prefill_values import known
from tests.rules.test_case import DESK, FORMS, NOW, TODAY, case, entry

PARENTS = {
    "DX3": "Decide when the parents are contacted, and by whom",
    "DX3-2": "Decide when the other parents are contacted",
    "H5": "Other agencies are involved: share this with them",
    "DA1/2": "Ask the second child",
}
AS_MADE = lines_for_reasons("", PARENTS)
WORDS = Services().words


def test_each_step_has_a_name_of_its_own_and_its_words() -> None:
    found = left_open(case(Light.RED, review={"level": "harmful"}), TODAY, WORDS)
    assert "who displayed" in found["PR5"]
    assert "who was targeted" in found["PR5-2"]
    assert not [words for words in found.values() if "{" in words]


@pytest.mark.rule("H1")
def test_a_referral_that_was_not_made_is_left_only_with_a_reason() -> None:
    found = left_open(case(Light.RED, review={"level": "harmful"}), TODAY, WORDS)
    assert {"H1", "H1-2"} <= found.keys()


def test_a_line_as_it_was_made_gives_no_reason() -> None:
    assert AS_MADE.splitlines()[0] == (
        "DX3 Decide when the parents are contacted, and by whom. Reason:"
    )
    assert reasons_in(AS_MADE, PARENTS) == {}


@pytest.mark.parametrize(
    ("told", "reasons"),
    [
        ("", {}),
        ("They have all moved abroad.", {}),
        ("DX3", {}),
        ("DX3:", {}),
        ("DX3 Decide when the parents are contacted", {}),
        ("DX3 Words of an older copy. Reason:", {}),
        ("DX3 Words of an older copy. Reason: Abroad.", {"DX3": "Abroad."}),
        ("DX3: Abroad.", {"DX3": "Abroad."}),
        ("  dx3 - abroad", {"DX3": "abroad"}),
        ("• DX3 – abroad", {"DX3": "abroad"}),
        (
            "DX3 Decide when the parents are contacted, and by whom. Abroad: both",
            {"DX3": "Abroad: both"},
        ),
        (
            "DX3-2 Reason: No\nparents.\nDX3 Reason: Abroad.",
            {"DX3": "Abroad.", "DX3-2": "No parents."},
        ),
        (
            "DA1/2 Reason: Too young.\nH5 Reason: None are.",
            {"DA1/2": "Too young.", "H5": "None are."},
        ),
        ("DX3 Reason: Abroad.\nDX2 Reason: Done since.", {"DX3": "Abroad."}),
        (
            "H5 Reason: See CS-1, H12 and\nPC1234 of the police.",
            {"H5": "See CS-1, H12 and PC1234 of the police."},
        ),
    ],
)
def test_reasons_are_read_in_any_order_and_a_code_without_one_has_none(
    told: str, reasons: dict[str, str]
) -> None:
    assert reasons_in(told, PARENTS) == reasons


def test_what_she_wrote_is_on_the_next_lines_again() -> None:
    told = "All have moved.\nDX3-2 Reason: No parents.\nDX2 Reason: Done since."
    lines = lines_for_reasons(told, PARENTS)
    assert lines.splitlines()[0] == "All have moved."
    assert reasons_in(lines, PARENTS) == {"DX3-2": "No parents."}
    assert lines_for_reasons(lines, PARENTS) == lines


def test_only_closing_needs_reasons() -> None:
    assert unanswered(PARENTS, Wanted(CaseState.ENTERED_IN_ERROR, "Ours.", {})) == {}
    assert list(
        unanswered(PARENTS, Wanted(CaseState.CLOSED, "Done.", {"H5": "None.", "DX3": " "}))
    ) == [
        "DX3",
        "DX3-2",
        "DA1/2",
    ]
    sheet = entry("review", {"case_state": "reopen", "open_reasons": "DX3: Abroad."})
    wanted = said_on(sheet, PARENTS)
    assert wanted is not None
    assert wanted.reasons == {}


def reviewed(*codes: str, **answers: str) -> Case:
    """A case with a review sheet about which some notices were given."""
    told = (notice(code, words={"steps": "", "state": ""}) for code in codes)
    sheet = replace(entry("review", answers), notices=tuple(told))
    return case(Light.RED).with_sheet(sheet)


def filled(found: Case) -> dict[str, str]:
    answers = known(FORMS["review"], found, DESK)
    names = ("case_state", "case_state_reason", "open_reasons")
    return {name: answers[name].value or "" for name in names}


CLOSES = {"case_state": "close", "case_state_reason": "All done.", "open_reasons": "H1: Adults."}
DECIDED = {"level": "harmful"}


def test_there_are_lines_for_reasons_once_the_level_is_decided() -> None:
    assert filled(reviewed())["open_reasons"] == ""
    assert filled(reviewed(open_reasons="H1: Adults."))["open_reasons"] == "H1: Adults."
    assert "\nPR5-2 Record" in filled(reviewed(**DECIDED))["open_reasons"]


def test_a_sheet_that_closed_nothing_comes_back_with_what_she_wrote() -> None:
    again = filled(reviewed("FF-661", **DECIDED, **CLOSES))
    assert (again["case_state"], again["case_state_reason"]) == ("close", "All done.")
    assert [line for line in again["open_reasons"].splitlines() if line.endswith("Reason: Adults.")]
    later = replace(reviewed("FF-661", **DECIDED, **CLOSES), reopened_at=NOW, reopened_by=Light.RED)
    assert filled(later)["case_state"] == ""


def test_a_sheet_that_closed_its_case_comes_back_without_it() -> None:
    again = filled(reviewed("FF-664", **DECIDED, **CLOSES))
    assert set(again.values()) == {""}
