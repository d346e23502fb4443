"""The test vectors of the guidance, T1 to T19, through the whole product. T20 to T22 are in test_walk.py.

Each form is filled in by pypdf from the blank and dropped; sheets likewise.
"""

from __future__ import annotations

from itertools import count

import pytest

from formflow.core.model import Entry, Finding, Light, Weighs
from formflow.core.settings import Settings
from formflow.forms import catalogue
from tests.pipeline.test_walk import entries
from tests.stories.test_assessment import ELIGIBLE, SCORED, has
from tests.stories.test_decisions import HER_NAME
from tests.support.desk import Desk, filled
from tests.support.facts import HARMLESS

BLANK = next(form for form in catalogue.shipped() if form.form_id == "recording").blank
WHO = {
    "child_a_name": "Rowan Ashby",
    "incident_at": "12/11/2026 at 10.15am",
    "completed_by": "P. Teacher",
    "signed_name": "P. Teacher",
    "signed_date": "12/11/2026",
}
HARMLESSLY = {
    **{name: answer.value for name, answer in HARMLESS.items()},
    "child_b_kind": "child",
    "child_b_dob": "4/4/2013",
}
_numbers = count(1)


@pytest.fixture
def desk(office: Settings) -> Desk:
    return Desk(office)


def gets(desk: Desk, born: str = "1/3/2013", **answers: str) -> Entry:
    """Somebody drops a form with these answers; return what is recorded of it."""
    content = filled(BLANK, {**WHO, "child_a_dob": born, **answers})
    desk.takes(content, f"form {next(_numbers)}.pdf")
    return entries(desk.office)[-1]


def found(entry: Entry) -> dict[str, Finding]:
    assert entry.proposal is not None
    return {one.rule: one for one in entry.proposal.findings}


def light(entry: Entry) -> Light | None:
    return entry.proposal.light if entry.proposal else None


@pytest.mark.rule("FM1", "FM2")
def test_t1_age_three_shedding_clothes_and_nothing_else_is_green_and_filed(desk: Desk) -> None:
    alone = {"child_b_kind": "nobody", "child_b_dob": "", "type_disinhibition": "yes"}
    entry = gets(desk, born="21/6/2023", **{**HARMLESSLY, **alone})
    assert light(entry) is Light.GREEN
    assert "AGE1" in found(entry)
    filed = list((desk.office.folders.alerts.parent / "Child files").rglob("*original.pdf"))
    assert [path.relative_to(path.parents[1]).parts[0] for path in filed] == [entry.child_reference]
    assert not {"H1", "N1"} & set(desk.open_steps())


def test_t2_age_six_shedding_clothes_is_amber(desk: Desk) -> None:
    entry = gets(desk, born="9/2/2020", type_disinhibition="yes")
    assert (light(entry), "AGE2" in found(entry)) == (Light.AMBER, True)


def test_t3_age_nine_shedding_clothes_is_amber_and_the_guidance_is_silent(desk: Desk) -> None:
    entry = gets(desk, born="1/4/2017", type_disinhibition="yes")
    assert light(entry) is Light.AMBER
    assert "The guidance is silent" in found(entry)["AGE3"].text


def test_t4_engaged_freely_similar_age_every_red_question_answered_harmlessly_is_green(
    desk: Desk,
) -> None:
    entry = gets(desk, **HARMLESSLY)
    assert light(entry) is Light.GREEN
    assert {"G1", "G2", "G6"} <= found(entry).keys()


def test_t5_the_same_with_the_red_questions_open_is_not_known_and_says_what_is_missing(
    desk: Desk,
) -> None:
    entry = gets(desk, others_freely="yes", relationship_similar_age="yes")
    assert light(entry) is Light.UNDETERMINED
    assert entry.proposal is not None
    assert {"context_planned", "others_fearful"} <= set(entry.proposal.missing)


def test_t6_pornography_alone_is_at_least_amber(desk: Desk) -> None:
    entry = gets(desk, type_pornography="yes")
    assert light(entry) is Light.AMBER_OR_RED
    assert {"A6", "R9d"} <= found(entry).keys()


def test_t7_uncomfortable_is_red_with_the_balancing_factors_beside_it(desk: Desk) -> None:
    entry = gets(
        desk,
        context_spontaneous="yes",
        child_regretful="yes",
        parents_willing="yes",
        others_uncomfortable="yes",
    )
    assert light(entry) is Light.RED
    assert "R4c" in found(entry)
    balancing = {r for r, one in found(entry).items() if one.weighs is Weighs.BALANCES}
    assert balancing == {"A4", "A7d", "A8"}


def test_t8_planned_and_spontaneous_do_not_fit_together_and_lower_nothing(desk: Desk) -> None:
    entry = gets(desk, context_spontaneous="yes", context_planned="yes")
    assert light(entry) is Light.RED
    assert entry.proposal is not None
    assert "FF-301" in {one.code for one in entry.proposal.contradictions}


def test_t9_blackmail_by_social_media_is_red_by_analogy(desk: Desk) -> None:
    entry = gets(desk, context_blackmail="yes", context_social_media="yes")
    assert light(entry) is Light.RED
    assert found(entry)["R2h"].by_analogy
    assert found(entry)["R2g"].by_analogy


def harmful(desk: Desk, born: str = "1/3/2013", **answers: str) -> None:
    gets(desk, born, context_planned="yes")
    desk.fills_in("F2", level="harmful", level_reason="Planned.", **answers, **HER_NAME)


def test_t10_harmful_with_one_referral_cannot_be_closed(desk: Desk) -> None:
    harmful(desk)
    desk.fills_in("F3a", sender_name="M. Head", sent_at="13/11/2026 at 9am")
    assert desk.open_steps().count("H1") == 1


def test_t11_nobody_was_targeted_and_no_second_referral_is_asked_for(desk: Desk) -> None:
    harmful(desk, child_b_kind="nobody")
    assert desk.open_steps().count("H1") == 1
    desk.fills_in("F3a", sender_name="M. Head", sent_at="13/11/2026 at 9am")
    assert "H1" not in desk.open_steps()


def test_t12_concerning_below_red_is_allowed_with_a_reason_and_both_are_kept(desk: Desk) -> None:
    entry = gets(desk, context_planned="yes")
    reason = {"level_reason": "A dare.", "lower_reason": "I spoke to both children."}
    desk.fills_in("F2", level="concerning", **reason, **HER_NAME)
    assert "Decided: concerning" in desk.page()
    assert "FormFlow suggested Red (harmful)" in desk.page()
    assert light(entries(desk.office)[0]) is light(entry) is Light.RED


@pytest.mark.rule("RP4")
def test_t13_sent_on_a_friday_before_a_bank_holiday_the_chase_is_due_on_tuesday(
    desk: Desk,
) -> None:
    harmful(desk)
    desk.fills_in("F3a", sender_name="M. Head", sent_at="28/8/2026 at 4pm")
    assert "Overdue since the end of 1 September 2026." in desk.page()


def assessed(desk: Desk, born: str = "1/3/2013", **different: str) -> set[str]:
    """The score sheets come with these answers; return what is open then."""
    harmful(desk, born, aim2="yes")
    desk.fills_in("F4", **{**ELIGIBLE, **SCORED, **different})
    return set(desk.open_steps())


def test_t14_female_is_a_limit_that_a_named_person_may_decide_about(desk: Desk) -> None:
    assert "EL6" in assessed(desk, "1/3/2011", sex="female")
    desk.fills_in("F4", limits_name="L. Lead", limits_reason="Adapted.")
    assert "EL6" not in desk.open_steps()


def test_t15_eleven_years_is_a_limit(desk: Desk) -> None:
    assert "EL6" in assessed(desk, "1/3/2015")


def test_t16_nothing_established_stops_the_assessment(desk: Desk) -> None:
    assert "EL5" in assessed(desk, established="neither")
    assert not has(desk, "F5")


def test_t17_one_trained_assessor_alone_is_one_too_few(desk: Desk) -> None:
    still = assessed(desk, second_name="", second_trained="no")
    assert "AS2" in still
    assert "AS1" not in still


def test_t18_denied_before_a_likely_prosecution_stops_interviews_and_offers_papers_alone(
    desk: Desk,
) -> None:
    denied = {"prosecution": "yes", "denies": "yes", "may_plead": "yes"}
    still = assessed(desk, **denied, first_interview_at="16/11/2026", stage_one_at="15/11/2026")
    assert {"DN1", "DN3"} <= still
    assert "papers alone" in desk.page()
    assert not has(desk, "F5")


def test_t19_a_report_goes_to_nobody_before_the_young_person_and_the_parents(desk: Desk) -> None:
    assessed(desk)
    desk.fills_in("F5", signed_name="L. Lead", signed_date="20/11/2026")
    desk.fills_in("F6", purpose="To plan.", sent_to="The panel", **HER_NAME)
    assert "FF-227" in {notice.code for notice in entries(desk.office)[-1].notices}
    assert "SH1" in desk.open_steps()
