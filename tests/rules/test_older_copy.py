"""Sheets that wait for the safeguarding lead's word: which do, what a copy would change, and what of it is kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from formflow.core.messages import notice
from formflow.core.model import Answer, AnswerState, Entry
from formflow.forms.catalogue import shipped
from formflow.rules.case.older_copy import NOT_ASKED, merged, waits, would_change
from tests.support.facts import recorded

REVIEW = next(form for form in shipped() if form.form_id == "review")
BLANK = Answer(None, "", AnswerState.BLANK)
UNREADABLE = Answer("healthy", "?", AnswerState.UNREADABLE)


def given(words: Mapping[str, str]) -> dict[str, Answer]:
    return {n: Answer(w, w, AnswerState.GIVEN) if w else BLANK for n, w in words.items()}


def sheet(**words: str) -> Entry:
    return recorded(given(words), form_id="review")


def changed(counts: Mapping[str, str], copy: Mapping[str, str]) -> list[str]:
    return list(would_change(REVIEW, sheet(**counts), given(copy)))


@pytest.mark.parametrize(
    ("codes", "waiting"),
    [
        ((), False),
        (("FF-221",), False),
        (("FF-250",), True),
        (("FF-251",), True),
        (("FF-221", "FF-251"), True),
    ],
)
def test_a_sheet_that_is_not_ours_or_older_waits_and_no_other(
    codes: tuple[str, ...], waiting: bool
) -> None:
    told = tuple(notice(code, words={"sheet": "FF-1", "which": "Level"}) for code in codes)
    assert waits(replace(sheet(level="doubt"), notices=told)) is waiting


def test_what_a_copy_changes_or_takes_away_is_told_and_what_it_adds_is_not() -> None:
    level, reason = (REVIEW.fields[name].label for name in ("level", "lower_reason"))
    counts = {"level": "harmful", "lower_reason": "I asked them."}
    assert changed(counts, counts) == []
    assert changed(counts, {**counts, "advice_from": "CAMHS"}) == []
    assert changed(counts, {**counts, "level": "healthy"}) == [level]
    assert changed(counts, {"level": "harmful", "lower_reason": ""}) == [reason]
    assert changed(counts, {}) == [level, reason]
    assert changed({}, counts) == []
    assert changed({"level": ""}, counts) == []


def test_a_signature_and_what_stands_for_reading_are_always_new() -> None:
    for name in ("signed_name", "signed_date", "proposal_text"):
        assert changed({name: "Once"}, {name: "Now"}) == []


def test_an_answer_to_what_the_copy_does_not_ask_would_be_lost_and_that_is_told() -> None:
    assert changed({"asked_since": "yes"}, {}) == [NOT_ASKED]
    assert changed({"asked_since": ""}, {}) == []
    assert changed({"level": "doubt"}, {"level": "doubt"}) == []


def test_her_answers_go_on_top_of_those_that_count_unsigned_and_her_blanks_change_nothing() -> None:
    counts = sheet(level="harmful", advice_from="CAMHS", signed_name="M. Head")
    hers = sheet(level="concerning", advice_from="", signed_name="M. Head", signed_date="3/11/2026")
    hers = replace(hers, answers={**hers.answers, "lower_reason": UNREADABLE})
    both = merged(counts, hers)
    said = {name: one.value for name, one in both.answers.items()}
    assert said == {
        "level": "concerning",
        "advice_from": "CAMHS",
        "signed_name": None,
        "signed_date": None,
    }
    assert {both.answers[n].state for n in ("signed_name", "signed_date")} == {AnswerState.BLANK}
    assert replace(both, answers={}) == replace(hers, answers={})
    assert merged(None, sheet(level="doubt")).answers["level"].value == "doubt"
