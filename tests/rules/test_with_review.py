"""The form and the review sheets together: what she adds counts, and nothing she leaves out lowers anything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from formflow.core.messages import notice
from formflow.core.model import (
    LOWEST_FIRST,
    Ages,
    Answer,
    AnswerState,
    Entry,
    History,
    Light,
    Proposal,
)
from formflow.rules.case.case import Case
from formflow.rules.case.levels import Level, is_below
from formflow.rules.light.with_review import suggested_together
from tests.support.facts import (
    ANSWERED_OTHERWISE,
    BACKGROUND,
    EVERY_QUESTION,
    HARMLESS,
    RED_ANSWERS,
    earlier,
    recorded,
)

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
DATES = {"child_a_dob": "1/2/2010", "child_b_dob": "1/4/2010", "incident_at": "10/11/2026 at 9am"}
CALM = {**{n: str(a) for n, a in HARMLESS.items()}, **DATES, "child_b_kind": "child"}
UNREADABLE = Answer(None, "?", AnswerState.UNREADABLE)


def paper(said: Mapping[str, str], *unreadable: str, asks: tuple[str, ...] = ()) -> Entry:
    """Return a paper that asks what it answers, and more; "" is blank."""
    words = {**dict.fromkeys(asks, ""), **said}
    answers = {
        name: Answer(word, word, AnswerState.GIVEN) if word else Answer(None, "", AnswerState.BLANK)
        for name, word in words.items()
    }
    return recorded(
        answers | dict.fromkeys(unreadable, UNREADABLE),
        Proposal(Light.UNDETERMINED, (), (), (), (), ()),
        highest_light=None,
    )


def together(
    record: Entry, *reviews: Mapping[str, str], history: History | None = None
) -> Proposal:
    sheets = [paper(one) for one in reviews]
    return suggested_together(record, sheets, history or History(), UTC)


def light(record: Entry, *reviews: Mapping[str, str]) -> Light:
    return together(record, *reviews).light


def codes(proposal: Proposal) -> list[tuple[str, str | None]]:
    return [(one.code, one.field) for one in proposal.contradictions]


def told(proposal: Proposal, code: str) -> dict[str | None, str]:
    """Return by question of what it is told that papers differ, as far as it is quoted."""
    mine = (one for one in proposal.contradictions if one.code == code)
    return {one.field: one.text.partition("”")[0] for one in mine}


@pytest.mark.parametrize(
    "name", sorted(set(HARMLESS) - {"context_frequent", "context_happened_before"})
)
@pytest.mark.parametrize("how", ["blank", "unknown", "unreadable", "not asked"])
def test_what_the_form_leaves_open_her_sheet_completes(name: str, how: str) -> None:
    rest = {n: said for n, said in CALM.items() if n != name}
    record = {
        "blank": paper({**rest, name: ""}),
        "unknown": paper({**rest, name: "unknown"}),
        "unreadable": paper(rest, name),
        "not asked": paper(rest),
    }[how]
    harmless, other = str(HARMLESS[name]), str(ANSWERED_OTHERWISE[name])
    assert light(record, {name: ""}) is light(record, {name: "unknown"}) is Light.UNDETERMINED
    assert light(record, {name: harmless}) is Light.GREEN
    assert light(record, {name: other}) is not Light.GREEN
    if name in RED_ANSWERS:
        assert light(record, {name: other}) in (Light.RED, Light.AMBER_OR_RED)


@pytest.mark.parametrize("name", sorted(RED_ANSWERS))
def test_where_both_answer_and_differ_what_raises_counts_and_it_is_told(name: str) -> None:
    red, harmless = str(RED_ANSWERS[name]), str(HARMLESS[name])
    by_her = together(paper(CALM), {name: red})
    by_form = together(paper({**CALM, name: red}), {name: harmless})
    assert by_her.light is by_form.light
    assert by_her.light in (Light.RED, Light.AMBER_OR_RED)
    for proposal in (by_her, by_form):
        assert ("FF-336", name) in codes(proposal)


def test_her_sheet_filled_in_from_the_form_adds_nothing() -> None:
    record = paper({**CALM, "context_secrecy": "", "others_freely": "unknown"})
    alone, repeated = together(record, {}), together(record, CALM | {"context_secrecy": ""})
    assert codes(repeated) == []
    assert alone.findings == together(record, {"type_age_appropriate": "yes"}).findings
    assert light(paper(CALM), CALM) is light(paper(CALM), {}) is Light.GREEN


def test_what_an_earlier_sheet_said_that_raises_stays_and_what_it_said_harmlessly_does_not() -> (
    None
):
    blank = paper({**CALM, "context_force": ""})
    assert light(blank, {"context_force": "no"}) is Light.GREEN
    assert light(blank, {"context_force": "no"}, {}) is Light.UNDETERMINED
    for latest in ("no", "unknown", ""):
        taken_back = together(blank, {"context_force": "yes"}, {"context_force": latest})
        assert taken_back.light is Light.RED
        assert ("FF-337", "context_force") in codes(taken_back)
    repeated = together(blank, *[{"context_force": "yes"}] * 3)
    assert (repeated.light, codes(repeated)) == (Light.RED, [])


@pytest.mark.parametrize(
    ("by_form", "by_her", "is_green"),
    [
        ("child", "child", True),
        ("", "child", True),
        ("unknown", "child", True),
        ("child", "", True),
        ("child", "unknown", True),
        ("nobody", "child", False),
        ("child", "nobody", False),
        ("adult", "child", False),
        ("child", "adult", False),
        ("", "adult", False),
        ("", "", False),
    ],
)
def test_who_the_other_was(by_form: str, by_her: str, is_green: bool) -> None:
    proposal = together(paper({**CALM, "child_b_kind": by_form}), {"child_b_kind": by_her})
    assert (proposal.light is Light.GREEN) is is_green
    differ = {by_form, by_her} - {"", "unknown"}
    assert (("FF-336", "child_b_kind") in codes(proposal)) is (len(differ) == 2)


def test_nobody_on_one_paper_does_not_excuse_questions_about_others() -> None:
    alone = {n: a for n, a in CALM.items() if not n.startswith(("relationship_", "others_"))}
    record = paper({**alone, "child_b_kind": "nobody", "child_b_dob": ""})
    assert light(record, {}) is Light.GREEN
    assert "others_fearful" not in together(record, {}).missing
    her = {"child_b_kind": "child", "others_fearful": ""}
    assert light(record, her) is Light.UNDETERMINED
    assert "child_b_dob" in together(record, her).missing


def test_a_date_that_the_form_lacks_is_taken_from_her_sheet_unless_it_lies_ahead() -> None:
    record = paper({**CALM, "child_b_dob": ""})
    assert light(record, {}) is Light.UNDETERMINED
    assert light(record, {"child_b_dob": "1/4/2010"}) is Light.GREEN
    assert light(record, {"child_b_dob": "1/4/10"}) is Light.GREEN
    for wrong in ("1/4/2027", "soon", "1/4/2015"):
        assert light(record, {"child_b_dob": wrong}) is Light.UNDETERMINED
    born = {"child_a_dob": "1/2/2023", "child_b_dob": "1/4/2023", "type_disinhibition": "yes"}
    assert light(paper({**CALM, **born}), {}) is Light.GREEN
    assert light(paper({**CALM, **born, "child_a_dob": "1/2/2020"}), {}) is Light.AMBER


@pytest.mark.parametrize(
    ("told", "is_green"),
    [("FF-305", False), ("FF-134", False), ("FF-207", True), ("FF-301", True)],
)
def test_what_a_person_must_look_at_on_the_form_keeps_it_from_green(
    told: str, is_green: bool
) -> None:
    about = replace(
        notice(told, field="incident_place", words={"years": 2}), holds=told == "FF-134"
    )
    record = replace(paper(CALM), notices=(about,))
    assert (light(record, {}) is Light.GREEN) is is_green


def test_an_unreadable_box_that_her_sheet_answers_is_no_doubt_any_more() -> None:
    held = replace(notice("FF-134", field="others_fearful"), holds=True)
    record = replace(paper(CALM, "others_fearful"), notices=(held,))
    assert light(record, {"others_fearful": "no"}) is Light.GREEN
    assert light(record, {}) is light(record, {"others_fearful": "unknown"}) is Light.UNDETERMINED
    assert light(paper(CALM, "incident_place"), {"incident_place": "yes"}) is Light.UNDETERMINED
    of_no_weight = paper(CALM, "child_regretful")
    assert light(of_no_weight, {"child_regretful": "yes"}) is Light.GREEN
    assert light(of_no_weight, {"child_regretful": "unknown"}) is Light.UNDETERMINED
    whole = replace(record, notices=(replace(held, field=None),))
    assert light(whole, {"others_fearful": "no"}) is Light.UNDETERMINED


def test_what_contradicts_an_answer_of_the_form_stays_when_her_sheet_carries_the_answer() -> None:
    ages = notice("FF-305", field="relationship_similar_age", words={"years": 2})
    record = replace(paper(CALM), notices=(ages,))
    assert light(record, {"relationship_similar_age": "yes"}) is Light.UNDETERMINED


def test_words_about_images_on_the_form_and_its_ages_still_count() -> None:
    said = notice("FF-316", field="type_online", words={"word": "nude"})
    consent = notice("FF-318", words={"age": 16})
    proposal = Proposal(Light.UNDETERMINED, (), (), (), (), (), cautions=(said, consent))
    told = together(replace(paper(CALM), proposal=proposal), {})
    assert told.light is Light.UNDETERMINED
    assert [one.code for one in told.cautions] == ["FF-316"]
    strict = replace(proposal, cautions=(), ages=Ages(can_consent=17, consent=18, adult=19))
    assert [one.code for one in together(replace(paper(CALM), proposal=strict), {}).cautions] == [
        "FF-317"
    ]
    assert light(replace(paper(CALM), proposal=None), {}) is Light.GREEN
    used = paper({**CALM, "context_social_media_how": "entice"})
    assert light(used, {}) is Light.UNDETERMINED


def test_background_counts_once_she_answers_and_a_blank_says_nothing() -> None:
    record = paper(CALM)
    assert light(record, dict.fromkeys(BACKGROUND, "")) is Light.GREEN
    assert light(record, dict.fromkeys(BACKGROUND, "no")) is Light.GREEN
    assert light(record, {"background_violence": "unknown"}) is Light.UNDETERMINED
    assert light(record, {"background_violence": "yes"}) is Light.RED


def test_half_a_line_on_each_paper_makes_the_whole() -> None:
    record = paper({**CALM, "attempt_difficult": "yes", "attempt_boundaries": ""})
    assert light(record, {}) is Light.UNDETERMINED
    assert light(record, {"attempt_boundaries": "no"}) is Light.RED


def test_an_earlier_form_about_the_child_counts_here_too() -> None:
    assert together(paper(CALM), {}, history=earlier("2026-09-01")).light is Light.UNDETERMINED


ANSWER = st.sampled_from(["yes", "no", "unknown", ""])
SHEET = st.dictionaries(st.sampled_from(EVERY_QUESTION), ANSWER, max_size=10)


def height(proposal: Proposal) -> int:
    return LOWEST_FIRST.index(proposal.light)


@given(SHEET, st.lists(SHEET, min_size=1, max_size=3))
def test_no_sheet_lowers_what_the_form_raises(
    by_form: dict[str, str], sheets: list[dict[str, str]]
) -> None:
    record = paper({**CALM, **by_form})
    alone = together(record, {})
    if alone.light in (Light.RED, Light.AMBER, Light.AMBER_OR_RED):
        halves = {"context_frequent": ""}  # “not often” from her answers half a line
        assert height(together(record, *({**one, **halves} for one in sheets))) >= height(alone)


@given(SHEET, st.permutations([0, 1, 2]), st.lists(SHEET, min_size=3, max_size=3))
def test_in_whatever_order_sheets_come_what_raises_stays(
    by_form: dict[str, str], order: list[int], sheets: list[dict[str, str]]
) -> None:
    record = paper({**CALM, **by_form})
    raising = [
        one
        for sheet in sheets
        for one in together(record, sheet).findings
        if one.weighs == "raises" and one.rule not in ("R7", "R8", "R3b", "R3d", "A5")
    ]
    last = together(record, *(sheets[number] for number in order))
    assert {one.rule for one in raising} <= {one.rule for one in last.findings}
    if raising:
        assert last.light not in (Light.GREEN, Light.UNDETERMINED)


@given(SHEET, st.sampled_from(sorted(set(EVERY_QUESTION) - set(BACKGROUND))))
def test_taking_an_answer_off_her_sheet_never_turns_it_into_green(
    said: dict[str, str], name: str
) -> None:
    record = paper({n: a for n, a in CALM.items() if n not in said})
    before = together(record, said)
    if before.light is not Light.GREEN and not before.contradictions:
        assert light(record, {n: a for n, a in said.items() if n != name}) is not Light.GREEN


@given(
    st.sampled_from(Level),
    st.lists(st.sampled_from(Light), max_size=4).flatmap(st.permutations),
    SHEET,
)
def test_no_later_form_lowers_what_is_decided_and_one_above_it_opens_it_again(
    level: Level, later: list[Light], left_out: dict[str, str]
) -> None:
    review = replace(paper({"level": level}), form_id="review")
    decided = Case(paper(CALM)).with_sheet(review)
    less = paper({n: a for n, a in CALM.items() if n not in left_out})
    after = decided
    for light in later:
        after = after.with_revision(
            replace(less, proposal=Proposal(light, (), (), (), (), ()), highest_light=light)
        )
        assert after.level is level
    assert after.is_reopened is any(is_below(level, light) for light in later)


def test_the_day_on_which_ages_count_is_the_agencys_own() -> None:
    late = replace(paper({}), recorded_at=datetime(2026, 11, 24, 23, 30, tzinfo=UTC))
    record = replace(late, answers=paper({"child_a_dob": "25/11/2008"}).answers)
    east = timezone(timedelta(hours=1))
    urgent = suggested_together(record, [late], History(), east).urgent
    assert [one.code for one in urgent] == ["FF-323"]
    assert suggested_together(record, [late], History(), UTC).urgent == ()
    of_19 = Proposal(Light.UNDETERMINED, (), (), (), (), (), ages=Ages(adult=19))
    assert suggested_together(replace(record, proposal=of_19), [late], History(), east).urgent == ()


@pytest.mark.parametrize("on_the_form", [True, False])
def test_a_day_has_come_by_the_agencys_own_clock(on_the_form: bool) -> None:
    said = paper({"incident_at": "25/11/2026"})
    late = datetime(2026, 11, 24, 23, 30, tzinfo=UTC)
    one, other = replace(said, recorded_at=late), replace(paper({}), recorded_at=late)
    record, sheet = (one, other) if on_the_form else (other, one)
    east = timezone(timedelta(hours=1))
    assert "incident_at" not in suggested_together(record, [sheet], History(), east).missing
    assert "incident_at" in suggested_together(record, [sheet], History(), UTC).missing


def test_a_year_of_two_digits_is_that_of_a_birth_and_no_incident_lay_so_far_back() -> None:
    said = {"child_a_dob": "9/9/98", "child_b_dob": "8/8/98", "incident_at": "10/11/98"}
    dates = [name for name in together(paper({**CALM, **said}), {}).missing if name in said]
    assert dates == ["incident_at"]


def test_what_papers_say_differently_is_told_in_words_and_by_no_name_of_a_box() -> None:
    no = {"context_force": "no", "medical_needed": "no", "type_touching": "no"}
    yes = dict.fromkeys(no, "yes")
    record = paper({**CALM, **no, "child_b_kind": "nobody"})
    by_her = told(together(record, {**yes, "child_b_kind": "adult"}), "FF-336")
    taken_back = told(together(record, yes, no), "FF-337")
    assert by_her == {**taken_back, "child_b_kind": "“Who the other person was."}
    assert taken_back == {
        "context_force": "“There was force.",
        "medical_needed": "“Is a medical assessment needed?",
        "type_touching": "“Did anyone touch another person sexually, or get them to touch?",
    }


def test_what_raises_nothing_is_no_difference_between_two_sheets() -> None:
    first, then = {"others_fun": "yes"}, {"others_fun": "no"}
    assert codes(together(paper(CALM), first, then)) == []


def test_often_or_not_is_open_only_where_nobody_could_tell() -> None:
    rest = {name: said for name, said in CALM.items() if name != "context_frequent"}
    assert light(paper(rest), {"context_frequent": "unknown"}) is Light.GREEN
    assert light(paper({**rest, "context_frequent": "maybe"}), {}) is Light.UNDETERMINED
