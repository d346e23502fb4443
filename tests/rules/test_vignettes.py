"""Incidents as staff write them (cases/vignettes.toml), through the form, the checks, the rules and F2."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from formflow.core.model import (
    Answer,
    AnswerState,
    Checked,
    Light,
    Proposal,
    Reading,
)
from formflow.forms.catalogue import Form, shipped
from formflow.rules.case.case import Case
from formflow.rules.case.sheet_checks import about_the_sheet
from formflow.rules.checks import check
from formflow.rules.light.propose import decide
from tests.support.facts import FORM, TICKS, TODAY, earlier, recorded, table
from tests.support.facts import HARMLESS as ANSWERS

VIGNETTES: list[dict[str, Any]] = table("vignettes.toml")["vignette"]
REVIEW = next(form for form in shipped() if form.form_id == "review")
SOUND = {
    "child_a_name": "Robin Example",
    "incident_at": "12/11/2026 at 10.15am",
    "completed_by": "Sam Sample",
    "signed_name": "Sam Sample",
    "signed_date": "12/11/2026",
}
HARMLESS = {**{name: str(answer) for name, answer in ANSWERS.items()}, "child_b_kind": "child"}
TWO_TICKS = ("others_freely", "type_age_appropriate")
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def short() -> Form:
    """The form as the guidance prints it, without our questions but for two ticks."""
    sections = (
        replace(
            section, fields=tuple(f for f in section.fields if f.printed or f.name in TWO_TICKS)
        )
        for section in FORM.sections
    )
    return replace(FORM, sections=tuple(section for section in sections if section.fields))


def given(words: Mapping[str, str], form: Form) -> dict[str, Answer]:
    return {
        name: Answer(words[name], words[name], AnswerState.GIVEN)
        if words.get(name)
        else Answer(None, "", AnswerState.BLANK)
        for name in form.fields
    }


def checked(vignette: dict[str, Any]) -> Checked:
    form = short() if vignette.get("form") == "short" else FORM
    says = dict(vignette["says"])
    everything = dict.fromkeys(TICKS, says.pop("ALL")) if "ALL" in says else {}
    harmless = HARMLESS if vignette.get("harmless") else {}
    words = {**SOUND, **everything, **harmless, **says, **vignette["text"]}
    if vignette.get("harmless"):  # and the other child is as old
        words.setdefault("child_b_dob", words["child_a_dob"])
    answers = given(words, form)
    return check(Reading("0" * 64, form.form_id, 1, "acroform", False, (), answers), form, TODAY)


def proposed(vignette: dict[str, Any], paper: Checked) -> Proposal:
    return decide(paper.facts, earlier(*vignette.get("earlier", ())), TODAY)


@pytest.fixture(params=VIGNETTES, ids=lambda one: one["name"])
def vignette(request: pytest.FixtureRequest) -> dict[str, Any]:
    found: dict[str, Any] = request.param
    return found


def test_it_is_suggested_and_told_as_the_vignette_says(vignette: dict[str, Any]) -> None:
    paper = checked(vignette)
    proposal = proposed(vignette, paper)
    assert proposal.light == vignette["light"]
    told = (*paper.notices, *proposal.cautions, *proposal.please_check)
    assert set(vignette.get("told", ())) <= {one.code for one in told}
    assert set(vignette.get("asks", ())) <= {one.field for one in proposal.please_check}


def test_no_word_of_the_story_raises_the_level(vignette: dict[str, Any]) -> None:
    silent = proposed(vignette, checked({**vignette, "text": {}}))
    light = proposed(vignette, checked(vignette)).light
    assert light in (silent.light, Light.UNDETERMINED)


@pytest.mark.parametrize(
    "vignette", [v for v in VIGNETTES if "review" in v], ids=lambda one: one["name"]
)
def test_her_sheet_counts_or_waits_for_a_reason(vignette: dict[str, Any]) -> None:
    paper = checked(vignette)
    proposal = proposed(vignette, paper)
    record = recorded(paper.reading.answers, proposal)
    said = {**vignette["review"], "signed_name": "M. Head"}
    said |= {"child_a_name": paper.facts.texts["child_a_name"]}
    sheet = replace(record, form_id="review", answers=given(said, REVIEW), proposal=None)
    found = about_the_sheet(REVIEW, sheet, Case(record))
    held = [one.code for one in found if one.holds]
    assert held == vignette["held"]
