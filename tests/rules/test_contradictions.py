"""Where the guidance contradicts itself or leaves something open: what FormFlow does, one test for each.

The 28 places are numbered as in the analysis of the guidance, in its order.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from formflow.core.model import History, Light, Weighs
from formflow.core.services import Services
from formflow.core.settings import Agency
from formflow.core.working_days import WorkingDays
from formflow.forms.catalogue import shipped
from formflow.rules.assessment.profile import DOMAINS
from formflow.rules.case.case import ROLES
from formflow.rules.case.standing import standing
from formflow.rules.case.steps import Kind, steps
from formflow.rules.light.book import rules
from formflow.rules.light.propose import decide
from tests.rules.test_steps import asked, case
from tests.support.facts import TODAY, said

ROOT = Path(__file__).parents[2]
FORMS = {form.form_id: form for form in shipped()}
SECTIONS = {
    *(step.section for step in steps()),
    *(line.section for line in standing()),
    *(rule.section for rule in rules()),
}


def row(rule: str, sheet: str | None = None) -> str:
    """Return what a step says to do."""
    found = next(s for s in steps() if s.id == rule and sheet in (None, s.sheet))
    return found.text.format_map({**Services().words, **ROLES})


def proposed(words: str) -> Light:
    return decide(said(words), History(), TODAY).light


def weighs(words: str, rule: str) -> Weighs:
    found = decide(said(words), History(), TODAY).findings
    return next(one.weighs for one in found if one.rule == rule)


def test_01_dsl_or_dsp_is_one_role_with_the_agencys_own_name() -> None:
    assert Agency().safeguarding_lead == "DSL"
    assert Agency(safeguarding_lead="DSP").safeguarding_lead == "DSP"
    assert not any(re.search(r"\bDS[LP]\b", step.text) for step in steps())


def test_02_no_rule_cites_the_section_8_that_is_not_there() -> None:
    assert "8" not in SECTIONS


def test_03_no_rule_rests_on_the_flowchart_that_is_a_heading_only() -> None:
    assert "11" not in SECTIONS


@pytest.mark.parametrize("words", ["type_age_appropriate=no", "type_pornography=yes"])
def test_04_what_stands_on_both_lists_is_at_least_amber_and_hers_to_decide(words: str) -> None:
    assert proposed(words) is Light.AMBER_OR_RED


@pytest.mark.parametrize(
    ("words", "rule"),
    [
        ("context_spontaneous=yes", "A4"),
        ("child_regretful=yes", "A7d"),
        ("parents_willing=yes", "A8"),
    ],
)
def test_05_mitigating_lines_of_the_amber_list_balance_and_never_raise(
    words: str, rule: str
) -> None:
    assert weighs(words, rule) is Weighs.BALANCES
    assert proposed(words) is Light.UNDETERMINED


def test_06_any_line_of_the_red_list_is_enough_and_half_a_line_is_shown_and_raises_nothing() -> (
    None
):
    both = "context_takes_over=yes, context_frequent=yes"
    assert proposed(both) is proposed("attempt_difficult=yes, attempt_returning=yes") is Light.RED
    assert proposed("attempt_difficult=yes") is Light.UNDETERMINED
    assert weighs("attempt_difficult=yes", "R8") is Weighs.CONTEXT
    assert proposed("context_takes_over=yes") is Light.UNDETERMINED
    assert weighs("context_takes_over=yes", "R7") is Weighs.CONTEXT


def test_07_an_immediate_referral_is_a_persons_tick_and_nothing_else() -> None:
    assert "IR1" in asked("recording.urgent_referral=yes")
    assert "IR1" not in asked(
        "level=harmful, recording.context_force=yes, recording.context_threat=yes"
    )


def test_08_the_police_are_for_her_to_decide_at_every_level() -> None:
    for level in ("harmful", "concerning", "healthy", "doubt"):
        assert "DX2" in asked(f"level={level}")
    assert "police_reason" in FORMS["review"].fields


def test_09_must_and_should_are_one_must_with_a_recorded_exception() -> None:
    assert "H1" in asked("level=harmful")
    waived = "level=harmful, review.no_referral_a=moved away, review.no_referral_b=an adult"
    assert "H1" not in asked(waived)
    assert "H7" in asked(f"{waived}, review.youth_justice=yes")


def test_10_children_have_neutral_names_outside_quotations() -> None:
    words = re.compile(r"victim|perpetrator|offender", re.IGNORECASE)
    assert not [step.id for step in steps() if words.search(step.text)]
    for form_id in ("recording", "review", "referral_a", "referral_b", "plan_a", "plan_b"):
        labels = [field.label for field in FORMS[form_id].fields.values()]
        assert not [label for label in labels if words.search(label)]


def test_11_the_working_day_is_the_councils_and_its_calendar_is_a_setting() -> None:
    clock = next(step for step in steps() if step.id == "RP1")
    assert clock.kind is Kind.CLOCK
    assert "They have one working day" in clock.text
    assert {"added", "worked", "closed"} <= set(WorkingDays.__dataclass_fields__)


def test_12_the_front_door_has_the_name_that_the_agency_gives_it() -> None:
    words = {**Services(front_door="MAST").words, **ROLES}
    told = next(step for step in steps() if step.id == "H1").text.format_map(words)
    assert "to MAST" in told
    names = ("Customer Resolution", "Children and Families", "CSC")
    assert not [step.id for step in steps() if any(name in step.text for name in names)]


def test_13_consent_is_asked_for_only_in_the_concerning_branch() -> None:
    assert "N1" in asked("level=concerning")
    for level in ("harmful", "healthy", "doubt"):
        assert "N1" not in asked(f"level={level}")
    assert "parents_risk" in FORMS["referral_a"].fields


def test_14_one_trained_assessor_is_the_least_and_an_untrained_lead_wants_a_reason() -> None:
    gate = next(step for step in steps() if step.id == "AS1")
    second = "aim2.second_name=S, aim2.second_trained=yes"
    assert gate.is_done(case("aim2.lead_name=L, aim2.lead_trained=yes"))
    assert not gate.is_done(case("aim2.lead_name=L, aim2.lead_trained=no"))
    assert not gate.is_done(case(second))
    assert gate.is_done(case(f"{second}, aim2.untrained_reason=ill"))


def test_15_stages_have_names_and_the_outcome_sheet_comes_after_the_interviews() -> None:
    order = [step.id for step in steps()]
    assert order.index("ST1a") < order.index("ST2a") < order.index("ST2d") < order.index("ST4")


def test_16_how_many_interviews_is_not_counted() -> None:
    assert "interviews_text" in FORMS["aim2"].fields
    assert not [name for name in FORMS["aim2"].fields if "number_of" in name or "count" in name]


def test_17_interviews_with_the_family_fall_under_the_same_must() -> None:
    gates = {step.id: step.kind for step in steps() if step.id in ("DN1", "DN2")}
    assert gates == {"DN1": Kind.GATE, "DN2": Kind.GATE}


def test_18_both_readings_of_the_social_workers_line_are_asked_about() -> None:
    both = [step for step in steps() if step.id == "AS6" and step.when == "victim_worker"]
    names = [{part.name for parts in step.answers for part in parts} for step in both]
    assert names == [{"victim_involved", "worker_reading"}, {"worker_assesses", "worker_reading"}]


def test_19_limits_are_for_a_named_person_and_only_what_is_not_established_stops() -> None:
    limits = next(step for step in steps() if step.id == "EL6")
    assert [{part.name for part in parts} for parts in limits.answers] == [
        {"limits_name", "limits_reason"}
    ]
    stops = next(step for step in steps() if step.id == "EL5")
    assert not stops.is_done(
        case("aim2.established=neither, aim2.limits_name=L, aim2.limits_reason=x")
    )


def test_20_eighteen_is_asked_about_older_is_not_for_the_model() -> None:
    by_age = {
        age: [s.when for s in steps() if s.id == "EL2" and s.applies(case(f"WANTED, age={age}"))]
        for age in (11, 12, 17, 18, 19)
    }
    assert by_age == {11: [], 12: [], 17: [], 18: ["age_oldest"], 19: ["age_over"]}


def test_21_the_first_domain_has_one_key_under_its_three_names() -> None:
    assert list(DOMAINS) == ["behaviour", "development", "family", "environment"]
    assert FORMS["report"].fields["domain_behaviour"].label == "Offence specific issues"
    assert "harmful behaviours" in DOMAINS["behaviour"]


def test_22_for_an_adult_there_is_no_sheet_of_a_child_and_an_allegation_is_asked_about() -> None:
    assert "adult" in FORMS["recording"].fields["child_b_kind"].states
    adult = case("level=harmful, b=no, allegation=yes")
    sheets = {step.sheet for step in steps() if step.applies(adult)}
    assert sheets == {"review", "next_steps", "referral_a", "plan_a", "plan_setting"}
    assert "AL1" in asked("level=harmful, b=no, allegation=yes")
    assert not {one for one in asked("b=no") if one.startswith("DB")}


def test_23_the_file_is_that_of_the_child_who_displayed_the_behaviour() -> None:
    assert "the child who displayed the behaviour" in FORMS["review"].filing
    assert "the child who was targeted" in FORMS["referral_b"].filing


def test_24_both_childrens_own_words_have_a_box_of_their_own() -> None:
    assert {"child_words", "others_words"} <= set(FORMS["recording"].fields)


def test_25_nothing_is_quoted_from_the_section_on_lessons() -> None:
    assert "5" not in SECTIONS


def test_26_the_tool_has_the_agencys_name_and_no_link_to_a_withdrawn_paper() -> None:
    assert "{behaviour_tool}" in next(step for step in steps() if step.id == "DX4").text
    assert "{behaviour_tool}" not in row("DX4")
    shipped_text = "".join(path.read_text("utf-8") for path in (ROOT / "formflow").rglob("*.toml"))
    assert "brook_tools" not in shipped_text


def test_27_superseded_names_stand_in_quotations_or_settings_only() -> None:
    old = re.compile(r"\bCAF\b|\bAsset\b|\bDoH\b|CAMHS|YJS")
    assert not [step.id for step in steps() if old.search(step.text)]
    for form in FORMS.values():
        assert not [one.label for one in form.fields.values() if old.search(one.label)]


def test_28_a_disorder_is_asked_for_as_known_to_the_setting_or_not() -> None:
    field = FORMS["review"].fields["background_mental"]
    assert "known to your setting" in field.label
    assert field.states == ("yes", "no", "unknown")
