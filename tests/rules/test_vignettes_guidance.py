"""Incidents whose level was written from the guidance (cases/vignettes_guidance.toml): never too low, hardly ever too high."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest

from formflow.core.model import (
    LOWEST_FIRST,
    Answer,
    AnswerState,
    Checked,
    Entry,
    Light,
    Proposal,
    Reading,
)
from formflow.forms.catalogue import Field, FieldKind, Form
from formflow.rules.case.case import Case
from formflow.rules.checks import check
from formflow.rules.light.propose import decide
from formflow.rules.light.urgency import cannot_wait
from tests.rules.test_vignettes import SOUND
from tests.support.facts import EVERY_QUESTION, FORM, HARMLESS, TODAY, earlier, recorded, table

VIGNETTES: list[dict[str, Any]] = table("vignettes_guidance.toml")["vignette"]
MOST_TOO_HIGH = 3
CALM = {name: str(answer) for name, answer in HARMLESS.items()} | {
    "urgent_referral": "no",
    "child_b_kind": "child",
}
ALONE = {n: a for n, a in CALM.items() if not n.startswith(("relationship_", "others_"))}
BASES = {
    "calm": CALM,
    "alone": {**ALONE, "child_b_kind": "nobody"},
    "blank": {"urgent_referral": "no"},
}
BIRTHDAYS = {"a": (3, 8), "b": (20, 9)}  # month after day: both before the incident in November


def form_of(vignette: Mapping[str, Any]) -> Form:
    """Return our form with every question of the rules, or an agency's own that asks fewer."""
    asked = vignette.get("asks")
    left_out = vignette.get("leaves_out", ())
    (section, *sections) = FORM.sections
    there = {field.name for one in FORM.sections for field in one.fields}
    states = ("yes", "no", "unknown")
    more = [name for name in EVERY_QUESTION if name not in there and name in said_in(vignette)]
    ticks = (Field(name, FieldKind.TICK, name, states=states) for name in more)
    every = (replace(section, fields=(*section.fields, *ticks)), *sections)

    def is_asked(field: Field) -> bool:
        is_question = field.kind in (FieldKind.TICK, FieldKind.CHOICE)
        return field.name not in left_out and (
            not is_question or asked is None or field.name in asked
        )

    kept = (replace(one, fields=tuple(filter(is_asked, one.fields))) for one in every)
    return replace(FORM, sections=tuple(one for one in kept if one.fields))


def said_in(vignette: Mapping[str, Any]) -> dict[str, str]:
    says = dict(vignette.get("says", {}))
    everything = dict.fromkeys(EVERY_QUESTION, says.pop("ALL")) if "ALL" in says else {}
    return {**BASES[vignette.get("base", "blank")], **everything, **says}


def _words(vignette: Mapping[str, Any]) -> dict[str, str]:
    born = {
        f"child_{who}_dob": f"{day}/{month}/{2026 - vignette[who]}"
        for who, (day, month) in BIRTHDAYS.items()
        if who in vignette
    }
    story = {"type_text": vignette.get("text", "Seen in passing.")}
    return {**SOUND, **born, **story, **said_in(vignette)}


def as_given(words: Mapping[str, str], names: Iterator[str]) -> dict[str, Answer]:
    return {
        name: Answer(words[name], words[name], AnswerState.GIVEN)
        if words.get(name)
        else Answer(None, "", AnswerState.BLANK)
        for name in names
    }


def suggested(vignette: Mapping[str, Any]) -> tuple[Checked, Proposal]:
    form = form_of(vignette)
    answers = as_given(_words(vignette), iter(form.fields))
    paper = check(Reading("0" * 64, form.form_id, 1, "acroform", False, (), answers), form, TODAY)
    return paper, decide(paper.facts, earlier(*vignette.get("earlier", ())), TODAY)


def on_record(vignette: Mapping[str, Any]) -> Entry:
    paper, proposal = suggested(vignette)
    return recorded(paper.reading.answers, proposal, notices=paper.notices)


def together(vignette: Mapping[str, Any]) -> Proposal:
    """Return what form and review sheet suggest: the sheet is filled in from the form, but for what the DSL says."""
    record = on_record(vignette)
    hers = dict(vignette["review"])
    everything = CALM if hers.pop("ALL", "") else {}
    sheet = {n: a for n, a in record.answers.items() if n in EVERY_QUESTION or n == "child_b_kind"}
    words = {n: a.value or "" for n, a in sheet.items()}
    for name, answer in everything.items():
        words[name] = words.get(name) or answer
    words |= hers
    review = replace(record, form_id="review", answers=as_given(words, iter(words)), proposal=None)
    found = Case(record).with_sheet(review).together
    assert found is not None
    return found


def heights() -> Iterator[tuple[str, Light, Light]]:
    """Yield each level as the guidance has it and as it is suggested, with the name of the vignette."""
    for one in VIGNETTES:
        yield one["name"], Light(one["light"]), suggested(one)[1].light
        if "after" in one:
            yield f"{one['name']}, with the review sheet", Light(one["after"]), together(one).light


def test_no_level_is_too_low_and_at_most_three_are_too_high() -> None:
    assert len(VIGNETTES) >= 180
    low = [n for n, right, got in heights() if LOWEST_FIRST.index(got) < LOWEST_FIRST.index(right)]
    high = [n for n, right, got in heights() if LOWEST_FIRST.index(got) > LOWEST_FIRST.index(right)]
    assert low == []
    assert len(high) <= MOST_TOO_HIGH, high


@pytest.fixture(params=VIGNETTES, ids=lambda one: one["name"])
def vignette(request: pytest.FixtureRequest) -> dict[str, Any]:
    found: dict[str, Any] = request.param
    return found


def test_what_cannot_wait_comes_first_and_nothing_else(vignette: dict[str, Any]) -> None:
    paper, proposal = suggested(vignette)
    assert cannot_wait(on_record(vignette)) is vignette.get("now", False)
    told = (
        *paper.notices,
        *proposal.cautions,
        *proposal.contradictions,
        *proposal.urgent,
        *proposal.please_check,
    )
    assert set(vignette.get("told", ())) <= {one.code for one in told}
    if "told_after" in vignette:
        codes = {one.code for one in together(vignette).contradictions}
        assert set(vignette["told_after"]) <= codes


def test_every_raising_finding_quotes_the_list_that_the_level_comes_from(
    vignette: dict[str, Any],
) -> None:
    proposal = suggested(vignette)[1]
    assert not proposal.findings or all(one.quote and one.section for one in proposal.findings)
    assert vignette["why"]


def test_the_vignettes_reach_from_three_to_seventeen() -> None:
    assert {one["a"] for one in VIGNETTES if "a" in one} >= set(range(3, 18))
