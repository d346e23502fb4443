"""What the guidance asks for in each incident (cases/vignettes_guidance.toml), before and after a decision."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest

from formflow.core.model import STANDARD_AGES
from formflow.rules.case.asked import open_steps
from formflow.rules.case.case import Case
from formflow.rules.case.steps import Step
from tests.rules.test_vignettes_guidance import VIGNETTES, as_given, on_record, said_in
from tests.support.facts import TODAY, table

DUTIES: dict[str, list[str]] = table("vignettes_guidance.toml")["duties"]
LATER = ("HARMFUL", "HARMFUL_OTHER", "CONCERNING", "CONCERNING_OTHER", "ASSESSMENT")
AFTER = {
    "healthy": (("EVERY",), ("DX1", "RESPONSE", "OTHER", *LATER)),
    "concerning": (
        ("EVERY", "RESPONSE", "CONCERNING"),
        ("DX1", "HARMFUL", "HARMFUL_OTHER", "ASSESSMENT"),
    ),
    "harmful": (
        ("EVERY", "RESPONSE", "HARMFUL"),
        ("DX1", "CONCERNING", "CONCERNING_OTHER", "ASSESSMENT"),
    ),
}
OTHER_CHILD = {"concerning": ("OTHER", "CONCERNING_OTHER"), "harmful": ("OTHER", "HARMFUL_OTHER")}
WITH_DUTIES = [one for one in VIGNETTES if "must" in one]


def asked(vignette: Mapping[str, Any], decides: Mapping[str, str]) -> set[str]:
    """Return what stands open: "H1", "H1:referral_b", and "IR6:medical_text" by each of its questions."""
    record = on_record(vignette)
    case = Case(record)
    if decides:
        sheet = replace(record, form_id="review", answers=as_given(decides, iter(decides)))
        case = case.with_sheet(replace(sheet, proposal=None))
    return {name for step in open_steps(case, TODAY) for name in _names(step)}


def _names(step: Step) -> Iterator[str]:
    sheet = f"{step.sheet}-{step.child}" if step.child else step.sheet
    wanted = {one.name for parts in step.answers for one in parts}
    yield step.id
    yield from (f"{step.id}:{part}" for part in (sheet, *wanted))


def spelt_out(names: Iterable[str]) -> set[str]:
    return {one for name in names for one in DUTIES.get(name, [name])}


def ids(one: Any) -> str:
    return str(one["name"])


@pytest.mark.parametrize("vignette", WITH_DUTIES, ids=ids)
def test_what_the_guidance_asks_for_is_asked_and_nothing_that_it_does_not(
    vignette: dict[str, Any],
) -> None:
    found = asked(vignette, vignette.get("decides", {}))
    assert spelt_out(vignette["must"]) - found == set()
    assert spelt_out(vignette.get("must_not", ())) & found == set()


@pytest.mark.parametrize("vignette", VIGNETTES, ids=ids)
def test_before_a_decision_she_is_asked_for_it_and_for_nothing_that_depends_on_it(
    vignette: dict[str, Any],
) -> None:
    found = asked(vignette, {})
    assert spelt_out(["EVERY", "DX1"]) - found == set()
    assert spelt_out(LATER) & found == set()


@pytest.mark.parametrize("level", AFTER)
@pytest.mark.parametrize("vignette", VIGNETTES, ids=ids)
def test_after_a_decision_the_duties_of_that_level_are_asked_for_and_of_no_other(
    vignette: dict[str, Any], level: str
) -> None:
    must, must_not = AFTER[level]
    # By the date of birth on the form an adult is no child, whatever the circle says.
    is_child = vignette.get("b", 0) < STANDARD_AGES.adult
    with_child = is_child and said_in(vignette).get("child_b_kind") == "child"
    found = asked(vignette, {"level": level})
    others = OTHER_CHILD.get(level, ())
    assert spelt_out((*must, *(others if with_child else ()))) - found == set()
    assert spelt_out(must_not) & found == set()


def test_the_duties_are_of_every_kind() -> None:
    assert len(WITH_DUTIES) >= 48
    decided = {one["decides"].get("level") for one in WITH_DUTIES if "decides" in one}
    assert decided >= {"healthy", "concerning", "harmful", "doubt"}
