"""The clocks of a case: what is due when, and from when it comes up again."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from formflow.core.messages import notice
from formflow.core.model import Light
from formflow.core.working_days import WorkingDays
from formflow.rules.case.asked import open_steps
from formflow.rules.case.case import Case
from formflow.rules.case.clocks import Deadline, deadline
from formflow.rules.case.steps import Step, steps
from tests.rules.test_case import NOW, TODAY, case, entry

DAYS = WorkingDays(ZoneInfo("Europe/London"), decide_within=2, review_after=30)
DAY = timedelta(days=1)
ENDS = DAYS.end_of(TODAY)
AT_ONCE = {  # what she answers, and the step that is then due at once
    "IR1": {"urgent_referral": "yes"},
    "AL1": {"child_b_kind": "adult"},
    "DX2": {"police": "yes"},
    "IR6": {"medical_needed": "yes"},
}


def step(rule: str, sheet: str = "review") -> Step:
    return next(one for one in steps() if (one.id, one.sheet) == (rule, sheet) and one.clock)


def dropped(before: Case, at: datetime, form_id: str = "review", /, **answers: str) -> Case:
    return before.with_sheet(replace(entry(form_id, answers), recorded_at=at))


@pytest.mark.parametrize("rule", AT_ONCE)
def test_what_cannot_wait_is_due_since_it_was_known_and_comes_up_at_the_end_of_that_day(
    rule: str,
) -> None:
    later = dropped(case(Light.GREEN), NOW + DAY, **AT_ONCE[rule])
    assert step(rule) in open_steps(later, TODAY)
    assert deadline(step(rule), later, DAYS) == Deadline(NOW + DAY, ENDS + DAY)
    # Dropped again, it does not begin again.
    again = dropped(later, NOW + 5 * DAY, **AT_ONCE[rule], a_views="A game.")
    assert deadline(step(rule), again, DAYS) == Deadline(NOW + DAY, ENDS + DAY)
    # Taken back and said once more, it does.
    taken_back = dropped(again, NOW + 6 * DAY)
    assert step(rule) not in open_steps(taken_back, TODAY)
    anew = dropped(taken_back, NOW + 7 * DAY, **AT_ONCE[rule])
    assert deadline(step(rule), anew, DAYS) == Deadline(NOW + 7 * DAY, ENDS + 7 * DAY)


def test_what_the_form_itself_says_counts_from_when_it_was_recorded() -> None:
    found = case()
    record = entry("recording", {"urgent_referral": "yes", "medical_needed": "yes"}, Light.RED)
    found = replace(found, record=record)
    expected = Deadline(NOW, ENDS)
    for rule in ("IR1", "IR6"):
        assert deadline(step(rule), found, DAYS) == expected
        later = found.with_revision(replace(record, revision=2, recorded_at=NOW + DAY))
        assert deadline(step(rule), later, DAYS) == expected
        decided = dropped(later, NOW + 2 * DAY, level="harmful")
        assert deadline(step(rule), decided, DAYS) == expected


def test_what_a_later_revision_says_counts_from_that_revision() -> None:
    told = notice("FF-323")
    record = replace(case().record, revision=2, recorded_at=NOW + DAY, notices=(told,))
    later = case().with_revision(record)
    assert deadline(step("AL1"), later, DAYS) == Deadline(NOW + DAY, ENDS + DAY)


def test_a_referral_counts_from_when_it_is_asked_for_also_of_a_child_who_is_named_later() -> None:
    two = {"level": "harmful", "child_b_name": "Ben Sample; Cat Other"}
    first = dropped(case(), NOW, level="harmful", child_b_name="Ben Sample")
    later = dropped(first, NOW + 3 * DAY, **two)
    send = [one for one in open_steps(later, TODAY) if (one.id, one.sheet) == ("H1", "referral_b")]
    assert [deadline(one, later, DAYS) for one in send] == [
        Deadline(DAYS.send_by(at), DAYS.overdue_at(at)) for at in (NOW, NOW + 3 * DAY)
    ]


def test_a_referral_is_overdue_an_open_day_after_it_should_be_sent() -> None:
    decided = dropped(case(), NOW, level="harmful")
    found = deadline(step("H1", "referral_a"), decided, DAYS)
    assert found == Deadline(ENDS, DAYS.end_of(date(2026, 11, 23)))
    assert found.overdue_at == DAYS.end_of(date(2026, 11, 23))


@pytest.mark.parametrize("plan", ["plan_a", "plan_b", "plan_setting"])
def test_a_plan_comes_up_on_its_review_date_and_until_it_says_how_it_went(plan: str) -> None:
    review = step("RV1", plan)
    made = dropped(case(), NOW, plan, actions="Seat apart.", review_on="4 December 2026")
    day = date(2026, 12, 4)
    assert review in open_steps(made, TODAY)
    found = deadline(review, made, DAYS)
    assert found == Deadline(DAYS.end_of(day), DAYS.end_of(day - DAY))
    assert found.overdue_at == found.by
    said = {"actions": "Seat apart.", "review_on": "4 December 2026"}
    on_the_day = NOW + 14 * DAY
    unsaid = dropped(made, on_the_day, plan, **said)
    assert review in open_steps(unsaid, day)
    over = dropped(unsaid, on_the_day, plan, **said, outcome="It has not happened again.")
    assert review not in open_steps(over, day)
    goes_on = {**said, "review_on": "8/1/2027", "outcome": "Better."}
    again = dropped(unsaid, on_the_day, plan, **goes_on)
    assert review in open_steps(again, day)
    found = deadline(review, again, DAYS)
    assert found is not None
    assert found.by == DAYS.end_of(date(2027, 1, 8))


def test_each_plan_of_several_children_has_a_review_of_its_own() -> None:
    two = case(review={"level": "harmful", "child_b_name": "Ben Sample; Cat Other"})
    first = entry("plan_b", {"child_name": "Ben Sample", "actions": "x", "review_on": "1/12/2026"})
    second = replace(
        entry("plan_b", {"child_name": "Cat Other", "actions": "x", "review_on": "2/12/2026"}),
        reference="FF-2026-000001-F7b2",
    )
    both = two.with_sheet(first).with_sheet(second)
    ends = [
        (one.child, deadline(one, both, DAYS))
        for one in open_steps(both, TODAY)
        if (one.id, one.sheet) == ("RV1", "plan_b")
    ]
    assert [(n, end.by) for n, end in ends if end] == [
        (0, DAYS.end_of(date(2026, 12, 1))),
        (2, DAYS.end_of(date(2026, 12, 2))),
    ]


@pytest.mark.parametrize("words", ["", "after half term"])
def test_a_plan_without_a_clear_review_date_comes_up_after_the_days_of_the_settings(
    words: str,
) -> None:
    said = {"actions": "Seat apart.", **({"review_on": words} if words else {})}
    made = dropped(case(), NOW, "plan_a", **said)
    day = TODAY + 30 * DAY
    expected = Deadline(DAYS.end_of(day), DAYS.end_of(day - DAY))
    assert deadline(step("RV1", "plan_a"), made, DAYS) == expected
    assert deadline(step("RV1", "plan_a"), made, replace(DAYS, review_after=0)) is None
    assert deadline(step("RV1", "plan_a"), made, replace(DAYS, review_after=1)) == Deadline(
        DAYS.end_of(TODAY + DAY), DAYS.end_of(TODAY)
    )


def test_a_case_comes_up_on_the_review_date_of_the_review_sheet() -> None:
    look = step("RV2")
    said = {"level": "healthy", "review_on": "4/12/2026"}
    decided = dropped(case(Light.GREEN), NOW, **said)
    day = date(2026, 12, 4)
    assert look in open_steps(decided, TODAY)
    assert deadline(look, decided, DAYS) == Deadline(DAYS.end_of(day), DAYS.end_of(day - DAY))
    looked = dropped(decided, NOW + 14 * DAY, **said)
    assert look not in open_steps(looked, day)


def test_the_days_of_clocks_are_the_agency_s_own() -> None:
    # Half past eleven at night by UTC is half past midnight of the next day, all summer long.
    late, next_day = datetime(2026, 6, 1, 23, 30, tzinfo=UTC), date(2026, 6, 2)
    london = replace(case(Light.GREEN), zone=DAYS.zone)
    police = dropped(london, late, police="yes")
    assert deadline(step("DX2"), police, DAYS) == Deadline(late, DAYS.end_of(next_day))
    planned = dropped(london, late, "plan_a", actions="Seat apart.")
    found = deadline(step("RV1", "plan_a"), planned, DAYS)
    assert found is not None
    assert found.by == DAYS.end_of(next_day + 30 * DAY)
    on_that_day = dropped(london, late, review_on="2/6/2026")
    assert not on_that_day.is_ahead("review", "review_on")
    assert dropped(london, late, review_on="3/6/2026").is_ahead("review", "review_on")


def test_a_sent_referral_counts_from_its_day() -> None:
    answer = step("RP1", "referral_a")
    decided = dropped(case(), NOW, level="harmful")
    assert deadline(answer, decided, DAYS) is None
    for words in ("20/11/2026", "20/11/2026 at 11pm", "20/11/2026 at 00:00"):
        sent = dropped(decided, NOW, "referral_a", sent_at=words)
        end = DAYS.end_of(date(2026, 11, 23))
        assert deadline(answer, sent, DAYS) == Deadline(end, end)


def test_most_steps_have_no_clock_and_a_clock_that_does_not_run_has_no_end() -> None:
    plain = next(one for one in steps() if one.id == "DA1")
    assert deadline(plain, case(), DAYS) is None
    assert deadline(step("DX5"), case(), DAYS) is None
    assert deadline(step("DX1"), case(Light.GREEN), DAYS) is None
