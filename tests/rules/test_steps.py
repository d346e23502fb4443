"""The steps after the recording form: true short quotes, dated, asked for when the guidance asks."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from formflow.forms import FieldKind, shipped
from formflow.model import Moment
from formflow.rules.steps import CONDITIONS, Step, steps, steps_in_force

GUIDANCE = Path(__file__).parents[3] / "shared" / "guidance" / "guidance.txt"
FORMS = {form.form_id: form for form in shipped()}
HEADINGS = {
    "1": ("", "]2. Identifying"),
    "3.2": ("]3.2 ", "]4. When"),
    "4": ("]4. When", "]5. Education"),
    "7": ("]7. Referral", "]9. Appendix"),
}


@dataclass(frozen=True)
class Case:
    """A case as a step sees it."""

    level: str | None = None
    has_child_b: bool = True
    was_harmful_before: bool = False
    said: dict[tuple[str, str], str] = field(default_factory=dict)

    def says(self, form_id: str, name: str) -> str:
        return self.said.get((form_id, name), "")

    def moment(self, form_id: str, name: str) -> Moment | None:
        words = self.says(form_id, name)
        return Moment(date.fromisoformat(words)) if words[:1].isdigit() else None


def one_line(text: str) -> str:
    return " ".join(text.split())


def asked(case: Case) -> list[str]:
    return [step.id for step in steps() if step.applies(case)]


@pytest.mark.parametrize("step", steps(), ids=lambda step: f"{step.id} {step.sheet}")
def test_a_quote_is_short_and_what_the_guidance_says_under_that_heading(step: Step) -> None:
    assert 1 <= len(step.quote.split()) <= 25
    if not GUIDANCE.is_file():
        pytest.skip("the guidance is a third party's text and does not come with FormFlow")
    text = one_line(GUIDANCE.read_text("utf-8"))
    first, after = HEADINGS[step.section]
    assert one_line(step.quote) in text[text.index(first) : text.index(after)]


@pytest.mark.parametrize("step", steps(), ids=lambda step: f"{step.id} {step.sheet}")
def test_a_step_is_answered_by_a_question_of_its_sheet(step: Step) -> None:
    assert step.when in CONDITIONS
    assert step.text.endswith(".")
    for answer in step.answers:
        name, _, wanted = answer.partition("=")
        words = {"day": "2026-11-20", "": "something"}.get(wanted, wanted)
        assert step.is_done(Case(said={(step.sheet, name): words}))
        assert not step.is_done(Case(said={("recording", name): words}))
    assert not step.is_done(Case())


@pytest.mark.parametrize("step", steps(), ids=lambda step: f"{step.id} {step.sheet}")
def test_not_known_answers_nothing_and_no_only_a_decision(step: Step) -> None:
    for answer in step.answers:
        name, _, wanted = answer.partition("=")
        question = FORMS[step.sheet].fields[name]
        if question.kind is FieldKind.TICK:
            assert wanted in ("yes", "no")
            assert not step.is_done(Case(said={(step.sheet, name): "unknown"}))
        elif question.kind is FieldKind.MOMENT:
            assert wanted == "day"
            assert not step.is_done(Case(said={(step.sheet, name): "not yet"}))
        else:
            assert wanted == ""
    decided = {"DX2", "DX4", "PR7", "N1"}
    says_no = [answer for answer in step.answers if answer.endswith("=no")]
    assert bool(says_no) == (step.id in decided)


def test_a_step_counts_from_its_first_day_to_the_day_before_its_last() -> None:
    step = replace(steps()[0], since=date(2026, 9, 1), until=date(2027, 9, 1))
    day = timedelta(days=1)
    assert [step.in_force(step.since + offset) for offset in (-day, 0 * day)] == [False, True]
    assert [step.in_force(date(2027, 9, 1) + offset) for offset in (-day, 0 * day)] == [True, False]
    assert steps_in_force(date(2026, 11, 20)) == steps()
    assert steps_in_force(date(1999, 12, 31)) == ()


def test_before_a_decision_the_facts_of_the_guidance_are_asked_for_and_a_level() -> None:
    ids = asked(Case())
    assert {"DA1", "DA2", "DA3", "DB1", "DB6", "DH1", "DX1", "DX2", "DX4"} <= set(ids)
    assert ids.count("DX3") == 2
    assert not {one for one in ids if one[0] in "HNR" or one == "PR7"}


def test_without_a_child_who_was_targeted_nothing_is_asked_about_one() -> None:
    ids = asked(Case(has_child_b=False))
    assert not {one for one in ids if one.startswith("DB")}
    assert ids.count("DX3") == 1


def test_harmful_asks_for_two_referrals_and_the_plans_and_nothing_of_the_other_branch() -> None:
    ids = asked(Case(level="harmful"))
    assert ids.count("H1") == 2
    assert ids.count("RP1") == 2
    assert {"H2", "H3", "H4", "PR7"} <= set(ids)
    assert not {one for one in ids if one.startswith("N") or one in ("DX1", "DX5")}


@pytest.mark.parametrize(
    ("waiver", "sheet"), [("no_referral_a", "referral_b"), ("no_referral_b", "referral_a")]
)
def test_a_reason_against_one_referral_leaves_the_other(waiver: str, sheet: str) -> None:
    case = Case(level="harmful", said={("review", waiver): "not to be found"})
    wanted = {step.sheet for step in steps() if step.applies(case) and step.id in ("H1", "RP1")}
    assert wanted == {sheet}


def test_a_child_or_an_adult_makes_no_difference_to_whether_a_reason_is_wanted() -> None:
    assert asked(Case(level="harmful", has_child_b=False)).count("H1") == 2


def test_concerning_asks_for_consent_advice_and_plans_and_for_no_referral() -> None:
    ids = asked(Case(level="concerning"))
    assert {"N1", "N2", "N4", "N5"} <= set(ids)
    assert not {one for one in ids if one[0] in "HR" and one != "RP"} - {"DH1"}
    assert "N5" not in asked(Case(level="concerning", has_child_b=False))


def test_consent_is_asked_for_only_where_the_guidance_asks_for_it() -> None:
    for level in (None, "harmful", "healthy", "doubt"):
        assert "N1" not in asked(Case(level=level))


def test_healthy_asks_for_nothing_more_than_the_facts() -> None:
    assert set(asked(Case(level="healthy"))) == set(asked(Case())) - {"DX1"}


def test_a_more_complex_assessment_is_asked_about_only_when_it_was_harmful_before() -> None:
    assert set(asked(Case(was_harmful_before=True))) - set(asked(Case())) == {"CX2"}


def test_doubt_asks_for_advice_and_leaves_the_level_open() -> None:
    assert set(asked(Case(level="doubt"))) - set(asked(Case())) == {"DX5"}
    assert "DX1" in asked(Case(level="doubt"))
