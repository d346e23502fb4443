"""The steps after the recording form: true short quotes, dated, asked for when the guidance asks."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field, replace
from datetime import UTC, date, timedelta, tzinfo
from itertools import combinations
from pathlib import Path

import pytest

from formflow.core.model import Moment
from formflow.core.services import Services
from formflow.forms.catalogue import FieldKind, shipped
from formflow.rules.case.case import ROLES, WHICH_SERVICE
from formflow.rules.case.clocks import CLOCKS
from formflow.rules.case.standing import Standing, standing
from formflow.rules.case.steps import CONDITIONS, Kind, Step, Wanted, steps, steps_in_force

GUIDANCE = Path(__file__).parents[3] / "shared" / "guidance" / "guidance.txt"
FORMS = {form.form_id: form for form in shipped()}
HEADINGS = {
    "1": ("", "]2. Identifying"),
    "2": ("]2. Identifying", "]2.1 "),
    "3.1": ("]3.1 ", "]3.2 "),
    "3.2": ("]3.2 ", "]4. When"),
    "4": ("]4. When", "]5. Education"),
    "6": ("]6. The Models", "]7. Referral"),
    "7": ("]7. Referral", "]9. Appendix"),
    "9": ("]9. Appendix", "]10. Appendix"),
    "10": ("]10. Appendix", "]11. Appendix"),
}
CASES = tomllib.loads((Path(__file__).parent / "cases" / "steps.toml").read_text("utf-8"))
SHORT = {
    "WANTED": "level=harmful, review.aim2=yes",
    "DONE": "level=harmful, review.aim2=yes, age=14, weighed=yes, aim2.sex=male, aim2.ability=mainstream,"
    " aim2.harmful_known=yes, aim2.established=established, aim2.lead_name=L. Lead, aim2.lead_trained=yes,"
    " aim2.second_name=S. Second, aim2.was_adult=no, aim2.victim_worker=no, aim2.denies=no,"
    " aim2.signed_name=L. Lead",
}
ALL = [pytest.param(step, id=f"{step.id} {step.sheet} {step.when}") for step in steps()]


@dataclass(frozen=True)
class Case:
    """A case as a step sees it."""

    level: str | None = None
    is_reopened: bool = False
    has_child_b: bool = True
    has_allegation: bool = False
    cannot_wait: bool = False
    may_be_harmful: bool = False
    was_harmful_before: bool = False
    age: int | None = None
    ages: tuple[int, int] = (12, 18)
    is_weighed: bool = False
    said: dict[tuple[str, str], str] = field(default_factory=dict)
    zone: tzinfo = UTC

    def says(self, form_id: str, name: str) -> str:
        return self.said.get((form_id, name), "")

    def moment(self, form_id: str, name: str) -> Moment | None:
        words = self.says(form_id, name)
        return Moment(date.fromisoformat(words)) if words[:1].isdigit() else None

    def is_ahead(self, form_id: str, name: str) -> bool:
        found = self.moment(form_id, name)
        return found is not None and found.day > date(2026, 11, 20)


def case(words: str) -> Case:
    """Return the case that a line of cases/steps.toml tells of."""
    for short, long in SHORT.items():
        words = words.replace(short, long)
    pairs = dict(pair.split("=", 1) for pair in words.split(", ") if pair)
    youngest, oldest = pairs.get("ages", "12-18").split("-")
    return Case(
        level=pairs.get("level"),
        is_reopened=pairs.get("reopened") == "yes",
        has_child_b=pairs.get("b") != "no",
        has_allegation=pairs.get("allegation") == "yes",
        cannot_wait=pairs.get("urgent") == "yes",
        may_be_harmful=pairs.get("grave") == "yes",
        was_harmful_before=pairs.get("before") == "harmful",
        age=int(pairs["age"]) if "age" in pairs else None,
        ages=(int(youngest), int(oldest)),
        is_weighed=pairs.get("weighed") == "yes",
        said={
            (key.partition(".")[0], key.partition(".")[2]): value
            for key, value in pairs.items()
            if "." in key
        },
    )


def one_line(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize("line", [*steps(), *standing()], ids=lambda line: line.id)
def test_a_quote_is_short_and_what_the_guidance_says_under_that_heading(
    line: Step | Standing,
) -> None:
    assert 1 <= len(line.quote.split()) <= 25
    if not GUIDANCE.is_file():
        pytest.skip("the guidance is a third party's text and does not come with FormFlow")
    text = one_line(GUIDANCE.read_text("utf-8"))
    first, after = HEADINGS[line.section]
    assert one_line(line.quote) in text[text.index(first) : text.index(after)]


def test_every_step_stands_in_the_cases_under_its_condition() -> None:
    there = {
        when: [f"{step.id} {step.sheet}" for step in steps() if step.when == when]
        for when in CONDITIONS
    }
    assert there == {when: rows["rules"].split(", ") for when, rows in CASES.items()}


@pytest.mark.parametrize(
    ("when", "words"), [(when, words) for when in CASES for words in CASES[when]["asked"]]
)
def test_it_is_asked_for(when: str, words: str) -> None:
    assert CONDITIONS[when](case(words))


@pytest.mark.parametrize(
    ("when", "words"), [(when, words) for when in CASES for words in CASES[when]["silent"]]
)
def test_it_is_not_asked_for(when: str, words: str) -> None:
    assert not CONDITIONS[when](case(words))


def given(parts: tuple[Wanted, ...], but: Wanted | None = None) -> Case:
    """Return a case in which these answers stand, all but one."""
    examples = {"day": "2026-11-20", "": "something"}
    return Case(
        said={
            (one.form_id, one.name): examples.get(one.as_said, one.as_said)
            for one in parts
            if one is not but
        }
    )


@pytest.mark.parametrize("step", ALL)
def test_a_step_is_answered_by_all_parts_of_an_answer_and_by_nothing_less(step: Step) -> None:
    assert step.text.endswith((".", "?"))
    assert step.text.format_map({**Services().words, **ROLES, "referred_to": WHICH_SERVICE})
    assert not step.is_done(Case())
    for parts in step.answers:
        assert step.is_done(given(parts))
        for part in parts:
            assert part.name in FORMS[part.form_id].fields
            assert not step.is_done(given(parts, but=part))


@pytest.mark.parametrize("step", ALL)
def test_not_known_answers_nothing(step: Step) -> None:
    for parts in step.answers:
        for part in parts:
            question = FORMS[part.form_id].fields[part.name]
            match question.kind:
                case FieldKind.TICK | FieldKind.CHOICE:
                    assert part.as_said in question.states
                    assert part.as_said != "unknown"
                case FieldKind.MOMENT | FieldKind.DATE:
                    assert part.as_said == "day"
                    late = Case(said={(part.form_id, part.name): "not yet"})
                    assert not part.is_there(late)
                case _:
                    assert part.as_said == ""


def test_no_is_an_answer_only_where_the_guidance_asks_for_a_decision_or_a_fact() -> None:
    says_no = {
        step.id
        for step in steps()
        if any(part.as_said == "no" for parts in step.answers for part in parts)
    }
    assert says_no == {"IR1", "PR7", "DX2", "DX4", "H2", "H6", "N1", "N3", "AS4", "AS6", "DN3"}


def test_a_step_that_nothing_answers_is_open_as_long_as_it_is_asked_for() -> None:
    without = {f"{step.id} {step.when}" for step in steps() if not step.answers}
    assert without == {
        "DX1 undecided",
        "RV1 plan_a_review",
        "RV1 plan_b_review",
        "RV1 plan_setting_review",
        "RV2 next_look",
        "EL2 age_unknown",
        "EL2 age_over",
        "AS5 charged_elsewhere",
        "DN1 interviewed_unagreed",
        "ST1b unweighed",
        "ST2a too_early",
    }


def test_a_step_counts_from_its_first_day_to_the_day_before_its_last() -> None:
    step = replace(steps()[0], since=date(2026, 9, 1), until=date(2027, 9, 1))
    day = timedelta(days=1)
    assert [step.in_force(step.since + offset) for offset in (-day, 0 * day)] == [False, True]
    assert [step.in_force(date(2027, 9, 1) + offset) for offset in (-day, 0 * day)] == [True, False]
    assert steps_in_force(date(2026, 11, 20)) == steps()
    assert steps_in_force(date(1999, 12, 31)) == ()


def asked(words: str) -> set[str]:
    return {step.id for step in steps() if step.applies(case(words))}


def test_healthy_asks_only_for_what_the_guidance_asks_in_every_case() -> None:
    assert asked("level=healthy") == {"DX2", "DX3", "IR8", "FM3", "FM4", "DSL0", "DH1", "DX4"}
    assert asked("level=healthy, reopened=yes") == asked("")


def test_no_level_asks_for_steps_of_another_branch() -> None:
    more = {level: asked(f"level={level}") - asked("") for level in ("harmful", "concerning")}
    both = {"PR3", "PR4", "RT11"}
    assert more["harmful"] == both | {"PR7", "H1", "H2", "H3", "H4", "H8", "CX1", "CX2"}
    assert more["concerning"] == both | {"N1", "N2", "N3", "N4", "N5", "N6"}


def test_what_one_duty_needs_closes_no_other() -> None:
    """Ten duties of the first response, and what each needs: no box does for two of them."""
    ids = {
        "IR1",
        "IR2",
        "IR3",
        "IR4",
        "IR5",
        "IR6",
        "IR7",
        "IR8",
        "FM3",
        "FM4",
        "AL1",
        "DX2",
        "AC2",
    }
    response = [step for step in steps() if step.id in ids and step.sheet == "review"]
    boxes = [
        {(part.form_id, part.name) for parts in step.answers for part in parts} for step in response
    ]
    shared = [one & other for one, other in combinations(boxes, 2) if one & other]
    assert shared == []


def test_safety_police_and_social_care_come_before_the_parents_and_they_before_the_children() -> (
    None
):
    order = [step.id for step in steps() if step.sheet in ("review", "next_steps")]
    first, parents, children, decision = (
        [order.index(one) for one in ids]
        for ids in (
            ("IR1", "AL1", "DX2", "IR6", "AC2"),
            ("DX3", "PR5", "N1"),
            ("DA1", "DA2", "DA3", "DB1", "DB5"),
            ("DX1",),
        )
    )
    assert max(first) < min(parents)
    assert max(parents) < min(children)
    assert max(children) < min(decision)


def test_children_are_asked_where_appropriate_with_open_questions_and_not_before_the_police() -> (
    None
):
    for step in (one for one in steps() if one.id in ("DA1", "DB1")):
        assert step.text.startswith("Where appropriate, ask ")
        assert "open questions only" in step.text
        assert "speak to the police or {front_door} first" in step.text


def test_steps_call_the_children_as_the_case_does() -> None:
    names = ("displayed the behaviour", "was targeted")
    assert not [step.id for step in steps() if any(name in step.text for name in names)]


def test_every_clock_of_a_step_is_there_and_every_clock_is_of_a_step() -> None:
    assert {step.clock for step in steps()} == {"", *CLOCKS}


def test_a_gate_stands_before_every_sheet_of_an_assessment() -> None:
    gated = {step.sheet for step in steps() if step.kind is Kind.GATE}
    assert {"aim2", "outcome", "report"} <= gated
