"""What is proposed: the cases of rules/cases/proposals.toml, and what must hold whatever is said."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from itertools import combinations
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from formflow.core.model import (
    LOWEST_FIRST,
    Ages,
    EarlierIncident,
    Facts,
    History,
    Light,
    Moment,
    Proposal,
    Tri,
    Weighs,
)
from formflow.rules.light.book import Fact, asked_on_review, rules, rules_in_force, rules_version
from formflow.rules.light.establish import age_at_incident, findings
from formflow.rules.light.propose import decide, decide_by
from tests.support.facts import (
    AMBER_ALONE,
    ANSWERED_OTHERWISE,
    BACKGROUND,
    DENIALS,
    HALVES,
    HARMLESS,
    RED_ANSWERS,
    TICKS,
    TODAY,
    earlier,
    facts,
    green,
    said,
    table,
    with_answer,
)

# The harmless answer of the one takes the weight of the other.
EITHER = {"context_frequent", "context_happened_before"}
CASES: list[dict[str, Any]] = table("proposals.toml")["case"]
GREEN = green()
BALANCING = {
    "context_spontaneous": Tri.YES,
    "child_meant_harm": Tri.NO,
    "child_understood": Tri.NO,
    "child_responsible": Tri.YES,
    "child_regretful": Tri.YES,
    "parents_willing": Tri.YES,
}


def propose(known: Facts, history: History | None = None) -> Proposal:
    return decide(known, history or History(), TODAY)


def rank(known: Facts, history: History | None = None) -> int:
    return LOWEST_FIRST.index(propose(known, history).light)


def by_weight(proposal: Proposal, weighs: Weighs) -> list[str]:
    return [one.rule for one in proposal.findings if one.weighs is weighs]


@pytest.fixture(params=CASES, ids=lambda case: case["name"])
def case(request: pytest.FixtureRequest) -> dict[str, Any]:
    found: dict[str, Any] = request.param
    return found


def test_it_is_proposed_as_the_case_tells(case: dict[str, Any]) -> None:
    known = said(case["given"])
    if case.get("harmless"):
        answered = {name: tri for name, tri in known.ticks.items() if tri is not Tri.BLANK}
        ticks, dates = {**known.ticks, **HARMLESS, **answered}, {**GREEN.moments, **known.moments}
        dates["child_b_dob"] = dates["child_a_dob"]
        dates |= dict.fromkeys(case.get("without", ()))
        known = replace(GREEN, ticks=ticks, moments=dates)
    proposal = propose(known, earlier(*case.get("earlier", ())))

    assert proposal.light == case["light"]
    for weighs in Weighs:
        assert by_weight(proposal, weighs) == case.get(weighs.value, [])
    assert [one.code for one in proposal.contradictions] == case.get("notices", [])
    assert set(case.get("missing", ())) <= set(proposal.missing)
    assert case.get("says", "") in " | ".join(one.text for one in proposal.findings)
    if "by_analogy" in case:
        assert [one.rule for one in proposal.findings if one.by_analogy] == case["by_analogy"]


def test_nothing_is_missing_for_red_and_only_red_questions_are_for_at_least_amber() -> None:
    assert propose(said("context_force=yes")).missing == ()
    overlap = propose(said("type_age_appropriate=no")).missing
    assert "context_force" in overlap
    assert "context_peer_pressure" not in overlap
    assert "type_pornography" not in overlap, "a yes there would not raise it further"
    assert "type_pornography" in propose(said("type_low_key=yes")).missing


def test_a_half_that_cannot_raise_any_more_is_not_missing() -> None:
    over = propose(said("type_low_key=yes, context_takes_over=no")).missing
    assert not {"context_frequent", "context_happened_before"} & set(over)
    assert "context_takes_over" in propose(said("type_low_key=yes, context_frequent=no")).missing


def test_nothing_is_missing_for_green() -> None:
    assert (propose(GREEN).light, propose(GREEN).missing) == (Light.GREEN, ())


def test_what_could_support_green_is_missing_and_what_only_balances_or_tells_of_the_child_is_not() -> (
    None
):
    """2.1: "fun and light-hearted" speaks for healthy; "regretful" only softens what is amber."""
    missing = propose(facts(dict.fromkeys(BACKGROUND, Tri.BLANK))).missing
    assert "others_fun" in missing
    of_the_child = {"background_anxiety", "background_disruption"}
    assert not {"child_regretful", "parents_willing", *of_the_child} & set(missing)
    assert "others_fun" not in propose(said("context_peer_pressure=yes")).missing


def test_what_is_missing_stands_in_the_order_of_the_form() -> None:
    missing = propose(facts()).missing
    of_ticks = [name for name in TICKS if name in missing]
    assert list(missing) == [*of_ticks, "child_b_kind", "incident_at", "child_a_dob", "child_b_dob"]
    assert len(missing) == len(set(missing))


def test_what_the_recording_form_does_not_ask_is_listed() -> None:
    assert propose(facts()).not_asked == ("R9a", "R9b", "R9c", "RX")


@pytest.mark.parametrize("name", sorted(HARMLESS.keys() - EITHER))
@pytest.mark.parametrize("answer", [Tri.BLANK, Tri.UNKNOWN, Tri.UNREADABLE])
def test_one_red_question_without_an_answer_is_enough_to_keep_from_green(
    name: str, answer: Tri
) -> None:
    proposal = propose(with_answer(GREEN, name, answer))
    assert proposal.light is Light.UNDETERMINED
    assert name in proposal.missing


@pytest.mark.parametrize("name", RED_ANSWERS)
def test_one_red_answer_is_enough_to_raise(name: str) -> None:
    raised = rank(with_answer(GREEN, name, RED_ANSWERS[name]))
    assert raised >= LOWEST_FIRST.index(Light.AMBER_OR_RED)


@pytest.mark.parametrize("name", AMBER_ALONE)
def test_one_amber_answer_is_enough_for_amber(name: str) -> None:
    assert propose(with_answer(GREEN, name, Tri.YES)).light is Light.AMBER


@pytest.mark.parametrize("name", DENIALS)
def test_what_denies_a_key_feature_of_healthy_behaviour_is_never_green(name: str) -> None:
    proposal = propose(with_answer(GREEN, name, ANSWERED_OTHERWISE[name]))
    assert proposal.light is Light.UNDETERMINED


@pytest.mark.parametrize(("name", "others"), HALVES.items())
def test_half_a_line_is_shown_and_is_neither_red_nor_green(
    name: str, others: tuple[str, ...]
) -> None:
    half = with_answer(GREEN, name, ANSWERED_OTHERWISE[name])
    unsaid = replace(half, ticks={**half.ticks, **dict.fromkeys(others, Tri.BLANK)})
    for known, words in ((half, "is no."), (unsaid, "has not been answered")):
        if name == "context_happened_before":
            if known is half:
                continue  # on no list where the form says that it is not often
            known = with_answer(known, "context_frequent", Tri.BLANK)
        proposal = propose(known)
        assert proposal.light is Light.UNDETERMINED
        (shown,) = (one for one in proposal.findings if one.weighs is Weighs.CONTEXT)
        assert name in shown.fields
        assert words in shown.text
    assert set(others) & set(propose(unsaid).missing)


@pytest.mark.parametrize(("name", "others"), HALVES.items())
def test_both_halves_of_a_line_are_red(name: str, others: tuple[str, ...]) -> None:
    half = with_answer(GREEN, name, ANSWERED_OTHERWISE[name])
    for other in others:
        both = with_answer(half, other, ANSWERED_OTHERWISE[other])
        if {name, other} == {"context_happened_before", "context_takes_over"}:
            assert propose(both).light is Light.UNDETERMINED, "the form says that it is not often"
            both = with_answer(both, "context_frequent", Tri.BLANK)
        assert propose(both).light is Light.RED


def test_what_happened_before_and_is_not_frequent_is_on_no_list() -> None:
    before = with_answer(GREEN, "context_happened_before", Tri.YES)
    assert propose(before).light is Light.GREEN
    assert propose(with_answer(before, "context_frequent", Tri.BLANK)).light is Light.UNDETERMINED
    never = with_answer(GREEN, "context_frequent", Tri.BLANK)
    assert propose(never).light is Light.GREEN, "what never happened before is not frequent"
    unread = with_answer(GREEN, "context_frequent", Tri.UNREADABLE)
    assert propose(unread).light is Light.UNDETERMINED


def test_what_is_directed_at_oneself_waits_for_whether_it_is_excessive() -> None:
    own = with_answer(GREEN, "type_self_directed", Tri.YES)
    assert propose(own).light is Light.UNDETERMINED
    assert "type_excessive" in propose(own).missing
    assert propose(with_answer(own, "type_excessive", Tri.NO)).light is Light.GREEN
    assert propose(with_answer(own, "type_excessive", Tri.YES)).light is Light.AMBER


def test_where_nobody_else_was_involved_green_waits_for_nothing_about_others() -> None:
    about = ("relationship_", "others_")
    ticks = {n: Tri.BLANK if n.startswith(about) else a for n, a in GREEN.ticks.items()}
    dates = {n: day for n, day in GREEN.moments.items() if n != "child_b_dob"}
    alone = replace(GREEN, ticks=ticks, moments=dates, choices={"child_b_kind": "nobody"})
    assert (propose(alone).light, propose(alone).missing) == (Light.GREEN, ())
    for who in ("child", "unknown", "adult", None):
        known = replace(alone, choices={"child_b_kind": who})
        assert propose(known).light is Light.UNDETERMINED
        assert {"others_fearful", "child_b_dob"} <= set(propose(known).missing)
    frightened = with_answer(alone, "others_fearful", Tri.YES)
    assert propose(frightened).light is Light.RED
    for name in (
        "others_freely",
        "others_mutual",
    ):  # somebody was there, and did not take part freely
        assert propose(with_answer(alone, name, Tri.NO)).light is Light.UNDETERMINED
        assert propose(with_answer(alone, name, Tri.YES)).light is Light.GREEN
    touched = with_answer(alone, "type_touching", Tri.YES)
    assert [one.code for one in propose(touched).contradictions] == ["FF-331"]
    assert propose(touched).light is Light.UNDETERMINED


@pytest.mark.parametrize("who", ["adult", "unknown", None])
def test_green_waits_for_who_the_other_was_and_is_never_suggested_with_an_adult(
    who: str | None,
) -> None:
    assert propose(replace(GREEN, choices={"child_b_kind": who})).light is Light.UNDETERMINED


@pytest.mark.parametrize("name", ["child_a_dob", "child_b_dob", "incident_at"])
def test_green_waits_for_the_dates_that_tell_the_ages(name: str) -> None:
    proposal = propose(replace(GREEN, moments={**GREEN.moments, name: None}))
    assert proposal.light is Light.UNDETERMINED
    assert name in proposal.missing


def test_the_ages_are_the_agencys() -> None:
    known = aged(14, 14)
    assert propose(known).light is Light.GREEN
    ages = Ages(can_consent=15, consent=17, adult=18)
    younger = decide(aged(15, 14), History(), TODAY, ages)
    assert younger.light is Light.UNDETERMINED
    assert "under 15" in younger.cautions[0].text
    assert younger.ages == ages
    assert [one.code for one in decide(aged(16, 16), History(), TODAY, ages).cautions] == ["FF-318"]
    grown = decide(aged(17, 17), History(), TODAY, Ages(adult=17))
    assert (grown.light, {one.code for one in grown.urgent}) == (
        Light.UNDETERMINED,
        {"FF-323", "FF-324", "FF-220"},
    )


def test_often_and_never_before_contradict_each_other() -> None:
    proposal = propose(with_answer(GREEN, "context_frequent", Tri.YES))
    assert [one.code for one in proposal.contradictions] == ["FF-332"]


@pytest.mark.parametrize("name", ["relationship_size", "relationship_strength"])
def test_a_difference_without_control_is_told_as_a_contradiction(name: str) -> None:
    proposal = propose(with_answer(GREEN, name, Tri.YES))
    assert [(one.code, one.field) for one in proposal.contradictions] == [
        ("FF-330", "relationship_more_in_control")
    ]


@pytest.mark.parametrize("name", ["others_fearful", "attempt_boundaries"])
def test_a_harmless_answer_that_a_person_has_yet_to_confirm_supports_no_green(name: str) -> None:
    assert propose(replace(GREEN, doubtful=frozenset([name]))).light is Light.UNDETERMINED


def test_a_red_answer_that_a_person_has_yet_to_confirm_stays_red() -> None:
    known = replace(said("others_fearful=yes"), doubtful=frozenset(["others_fearful"]))
    assert propose(known).light is Light.RED


def test_fun_alone_does_not_make_green() -> None:
    only_fun = with_answer(GREEN, "others_fun", Tri.YES)
    others = ("G1", "G2", "G3", "G4", "G6")
    without = tuple(rule for rule in rules_in_force(TODAY) if rule.id not in others)
    fun = decide_by(without, only_fun, History())
    assert by_weight(fun, Weighs.SUPPORTS) == ["G5"]
    assert fun.light is Light.UNDETERMINED
    mutual = tuple(rule for rule in rules_in_force(TODAY) if rule.id not in others[1:])
    assert decide_by(mutual, only_fun, History()).light is Light.GREEN


@pytest.mark.parametrize("name", sorted(HARMLESS.keys() - EITHER))
def test_a_question_that_the_form_does_not_ask_keeps_it_from_green(name: str) -> None:
    ticks = {field: answer for field, answer in GREEN.ticks.items() if field != name}
    assert propose(replace(GREEN, ticks=ticks)).light is Light.UNDETERMINED


def test_the_form_of_the_guidance_with_two_ticks_is_never_green() -> None:
    two = {"others_freely": Tri.YES, "type_age_appropriate": Tri.YES}
    proposal = propose(Facts(two, {}, {"type_text": "He held her down and threatened her."}, {}))
    assert proposal.light is Light.UNDETERMINED
    assert {"R2c", "R2f", "R6a", "R9a"} <= set(proposal.not_asked)
    asked = {one.field: one.code for one in proposal.please_check}
    assert asked["context_force"] == asked["context_threat"] == "FF-314"


def test_a_rule_of_which_the_form_asks_only_a_part_is_listed_as_not_asked() -> None:
    denial = Facts({"child_denying": Tri.NO}, {}, {}, {})
    defensive_too = Facts({"child_denying": Tri.NO, "child_defensive": Tri.NO}, {}, {}, {})
    assert "R6a" in propose(denial).not_asked
    assert "R6a" not in propose(defensive_too).not_asked


@pytest.mark.parametrize("name", sorted(asked_on_review()))
def test_what_the_review_sheet_asks_in_every_case_keeps_only_a_form_that_asks_it_from_green(
    name: str,
) -> None:
    assert propose(GREEN).light is Light.GREEN
    for answer in (Tri.BLANK, Tri.UNKNOWN, Tri.UNREADABLE):
        assert propose(with_answer(GREEN, name, answer)).light is Light.UNDETERMINED
    assert propose(with_answer(GREEN, name, Tri.NO)).light is Light.GREEN
    assert propose(with_answer(GREEN, name, Tri.YES)).light is Light.RED


@pytest.mark.parametrize(("answer", "is_green"), [("no", True), ("", False), ("unknown", False)])
def test_nobody_suggests_green_where_it_is_not_known_whether_it_was_online(
    answer: str, is_green: bool
) -> None:
    proposal = propose(with_answer(GREEN, "type_online", Tri(answer or "blank")))
    assert (proposal.light is Light.GREEN) is is_green
    assert ("type_online" in proposal.missing) is not is_green


def test_a_form_that_says_not_known_to_every_question_is_not_enough_information() -> None:
    nobody_knows = propose(facts(dict.fromkeys(TICKS, Tri.UNKNOWN)))
    assert nobody_knows.light is Light.UNDETERMINED
    assert nobody_knows.findings == ()
    assert HARMLESS.keys() - EITHER <= set(nobody_knows.missing)


def codes(known: Facts) -> list[str]:
    return [one.code for one in propose(known).cautions]


@pytest.mark.parametrize(
    "words",
    [
        "He sent her a nude on Snapchat.",
        "there were PHOTOS on his phone",
        "She filmed it",
        "a snap-chat group",
        "messaged each other online",
    ],
)
@pytest.mark.parametrize("box", ["type_text", "more_text", "incident_place"])
def test_words_about_images_or_online_contact_are_never_green_whatever_is_ticked(
    words: str, box: str
) -> None:
    known = replace(GREEN, texts={box: words})
    proposal = propose(known)
    assert proposal.light is Light.UNDETERMINED
    assert (proposal.cautions[0].code, proposal.cautions[0].field) == ("FF-316", "type_online")
    assert "Do not view, copy, print or forward any image" in proposal.cautions[0].text
    red = with_answer(known, "context_force", Tri.YES)
    assert propose(red).light is Light.RED


def test_where_everything_is_harmless_words_against_an_answer_are_told_and_it_stays_green() -> None:
    speaks = replace(GREEN, texts={"type_text": "He held her down."})
    proposal = propose(speaks)
    assert proposal.light is Light.GREEN
    told_of = [one.field for one in proposal.please_check if one.code == "FF-340"]
    assert "context_force" in told_of
    red = propose(with_answer(speaks, "context_planned", Tri.YES))
    assert "FF-340" not in {one.code for one in red.please_check}


def test_a_form_that_says_online_or_how_social_media_was_used_is_never_green() -> None:
    online = with_answer(GREEN, "type_online", Tri.YES)
    used = replace(GREEN, choices={"context_social_media_how": "entice"})
    for known in (online, used):
        assert propose(known).light is Light.UNDETERMINED
        assert "FF-315" in codes(known)
    assert codes(replace(GREEN, choices={"context_social_media_how": None})) == []
    with_words = replace(online, texts={"type_text": "a photo"})
    assert "FF-316" not in codes(with_words), "said once"


def test_the_name_of_somebody_is_no_word_about_images() -> None:
    named = {"child_a_name": "Vid Snap", "completed_by": "Mr Film", "own_box": "Insta Pic"}
    known = replace(GREEN, texts=named, names=frozenset(["own_box"]))
    assert propose(known).light is Light.GREEN
    assert propose(replace(known, names=frozenset())).light is Light.UNDETERMINED


def test_below_18_the_law_about_images_is_told() -> None:
    online = with_answer(GREEN, "type_online", Tri.YES)
    assert codes(online) == ["FF-315", "FF-335"]
    assert codes(aged(18, 18, online)) == codes(replace(online, moments={})) == ["FF-315"]
    (_, told) = propose(online).cautions
    assert "under 18" in told.text


def aged(first: int | None, second: int | None, known: Facts = GREEN) -> Facts:
    """Return facts where the two were so many years old on the day of the incident."""
    born = {"child_a_dob": first, "child_b_dob": second}
    days = {n: Moment(date(2026 - y, 11, 10)) for n, y in born.items() if y is not None}
    return replace(known, moments={**days, "incident_at": Moment(date(2026, 11, 10))})


@pytest.mark.parametrize(
    ("first", "second", "code", "light"),
    [
        (4, 4, ["FF-317"], Light.GREEN),
        (12, 12, ["FF-317"], Light.GREEN),
        (13, 13, ["FF-318"], Light.GREEN),
        (15, 15, ["FF-318"], Light.GREEN),
        (16, 15, ["FF-318"], Light.GREEN),
        (16, 16, [], Light.GREEN),
        (12, 13, ["FF-317"], Light.UNDETERMINED),
        (14, 12, ["FF-317"], Light.UNDETERMINED),
        (13, None, ["FF-318"], Light.UNDETERMINED),
        (None, 12, ["FF-317"], Light.UNDETERMINED),
        (None, None, [], Light.UNDETERMINED),
    ],
)
def test_mutual_or_consensual_below_13_or_16_is_said_in_plain_words(
    first: int | None, second: int | None, code: list[str], light: Light
) -> None:
    known = aged(first, second)
    assert (codes(known), propose(known).light) == (code, light)


def test_under_13_with_somebody_older_is_said_also_where_nobody_called_it_mutual() -> None:
    silent = with_answer(with_answer(GREEN, "others_freely", Tri.BLANK), "others_mutual", Tri.BLANK)
    assert codes(aged(14, 12, silent)) == ["FF-317"]
    assert codes(aged(12, 12, silent)) == codes(aged(15, 15, silent)) == []
    touched = with_answer(silent, "type_touching", Tri.YES)
    assert (codes(aged(12, 12, touched)), codes(aged(15, 15, touched))) == (["FF-317"], ["FF-318"])


def test_answers_that_contradict_each_other_are_never_green() -> None:
    """All of today's contradictions hold a red answer; a rule that is taken back must not make them green."""
    known = with_answer(
        with_answer(GREEN, "context_planned", Tri.YES), "context_spontaneous", Tri.YES
    )
    harmless = tuple(rule for rule in rules_in_force(TODAY) if rule.id != "R2a")
    proposal = decide_by(harmless, known, History())
    assert [one.code for one in proposal.contradictions] == ["FF-301"]
    assert proposal.light is Light.UNDETERMINED


@pytest.mark.slow
def test_two_facts_together_propose_no_less_than_each_alone() -> None:
    alone = [said(words) for case in table("rules.toml").values() for words in case["fires"]]
    answers = [
        {name: tri for name, tri in known.ticks.items() if tri is not Tri.BLANK}
        for known in alone
        if not known.moments
    ]
    for one, other in combinations(answers, 2):
        both = {**one, **other}
        if both == {**other, **one}:
            assert rank(facts(both)) >= max(rank(facts(one)), rank(facts(other))), both


def test_before_the_rules_were_in_force_nothing_is_established() -> None:
    first = min(rule.since for rule in rules_in_force(TODAY))
    the_day_before = date.fromordinal(first.toordinal() - 1)
    proposal = decide(said("context_force=yes"), History(), the_day_before)
    assert (proposal.light, proposal.findings) == (Light.UNDETERMINED, ())
    assert decide(said("context_force=yes"), History(), first).light is Light.RED


def test_every_finding_is_cited() -> None:
    for one in propose(facts({**RED_ANSWERS, **BALANCING})).findings:
        assert one.section in ("2.1", "2.2", "2.3")
        assert one.quote
        assert one.fields
        assert one.text.endswith(".")


# Whatever is said

TRI = st.sampled_from(Tri)
TICK = st.sampled_from(TICKS)
RED = st.sampled_from(sorted(RED_ANSWERS))
DAY = st.dates(date(2005, 1, 1), TODAY)
HISTORY = st.lists(DAY, max_size=3).map(lambda days: earlier(*sorted(days)))


@st.composite
def anything(draw: st.DrawFn) -> Facts:
    """Facts of any recording form; half of them near green, where most can go wrong."""
    known = GREEN if draw(st.booleans()) else facts()
    ticks = {**known.ticks, **draw(st.dictionaries(TICK, TRI, max_size=12))}
    births = {"child_a_dob": DAY, "child_b_dob": DAY}
    days = draw(st.fixed_dictionaries({}, optional={**births, "incident_at": DAY}))
    who = draw(st.sampled_from(["child", "nobody", "adult", "unknown", None]))
    dates = {**known.moments, **{name: Moment(day) for name, day in days.items()}}
    return replace(known, ticks=ticks, moments=dates, choices={"child_b_kind": who})


@given(anything(), HISTORY, RED)
def test_one_more_red_fact_never_lowers(known: Facts, history: History, name: str) -> None:
    more = with_answer(known, name, RED_ANSWERS[name])
    assert rank(more, history) >= rank(known, history)


def is_red(known: Facts, name: str) -> bool:
    alone = known.choices.get("child_b_kind") == "nobody"
    return not (alone and name.startswith(("relationship_", "others_")))


@given(anything(), HISTORY, RED, st.sampled_from([Tri.BLANK, Tri.UNKNOWN, Tri.UNREADABLE]))
def test_a_red_question_without_an_answer_is_never_green(
    known: Facts, history: History, name: str, answer: Tri
) -> None:
    assume(is_red(known, name))
    assert propose(with_answer(known, name, answer), history).light is not Light.GREEN


@given(anything(), st.data())
def test_taking_an_answer_away_never_turns_a_suggestion_into_green(
    known: Facts, data: st.DataObject
) -> None:
    """But for one side of a contradiction: where that is taken away, nothing is left that contradicts."""
    before = propose(known)
    assume(before.light is not Light.GREEN and not before.contradictions)
    name = data.draw(st.sampled_from([*known.ticks, *known.moments, "child_b_kind"]))
    asked = {n: a for n, a in known.ticks.items() if n != name}
    blank = {**known.ticks, **({name: Tri.BLANK} if name in known.ticks else {})}
    dates = {n: None if n == name else day for n, day in known.moments.items()}
    choices = {} if name == "child_b_kind" else known.choices
    for ticks in (asked, blank):
        less = replace(known, ticks=ticks, moments=dates, choices=choices)
        assert propose(less).light is not Light.GREEN


@given(anything(), HISTORY, st.sampled_from(sorted(BALANCING)))
def test_a_balancing_factor_never_lowers_what_is_raised(
    known: Facts, history: History, name: str
) -> None:
    more = with_answer(known, name, BALANCING[name])
    raised = propose(known, history).light not in (Light.GREEN, Light.UNDETERMINED)
    assert not raised or rank(more, history) == rank(known, history)


@given(anything(), HISTORY, DAY)
def test_one_more_earlier_paper_never_lowers(known: Facts, history: History, day: date) -> None:
    more = History((*history.earlier, *earlier(day).earlier))
    assert rank(known, more) >= rank(known, history)


@given(anything(), HISTORY, st.permutations(rules_in_force(TODAY)))
def test_the_order_of_the_rules_makes_no_difference(
    known: Facts, history: History, order: list[Any]
) -> None:
    one, other = propose(known, history), decide_by(tuple(order), known, history)
    assert other.light is one.light
    assert set(other.findings) == set(one.findings)
    assert other.missing == one.missing
    assert set(other.not_asked) == set(one.not_asked)


@given(anything(), HISTORY, st.text(max_size=60))
def test_no_word_in_the_free_text_changes_the_light(
    known: Facts, history: History, words: str
) -> None:
    texts = {"type_text": f"He threatened her again, by force. {words}"}
    assert propose(replace(known, texts=texts), history).light is propose(known, history).light


@pytest.mark.parametrize("name", ["completed_by", "child_a_name", "type_low_key", "incident_place"])
def test_one_box_that_a_person_must_check_keeps_a_paper_from_green(name: str) -> None:
    assert propose(GREEN).light is Light.GREEN
    assert propose(replace(GREEN, doubtful=frozenset([name]))).light is Light.UNDETERMINED


def test_a_proposal_says_by_which_rules_and_what_to_check_in_the_text() -> None:
    proposal = decide(facts(texts={"type_text": "He threatened her."}), History(), TODAY)
    assert proposal.rules_version == rules_version()
    assert [found.code for found in proposal.please_check] == ["FF-310"]


def test_dates_are_missing_beside_the_questions_where_an_age_would_decide() -> None:
    wants = decide(said("type_disinhibition=yes"), History(), TODAY).missing
    assert wants[-3:] == ("incident_at", "child_a_dob", "child_b_dob")
    assert "context_planned" in wants
    one = decide(said("type_disinhibition=yes, born=2020-02-09"), History(), TODAY).missing
    assert "incident_at" in one
    assert "child_a_dob" not in one


def test_no_date_is_missing_where_the_light_is_amber_already() -> None:
    known = said("type_disinhibition=yes, context_peer_pressure=yes")
    proposal = decide(known, History(), TODAY)
    assert proposal.light is Light.AMBER
    assert not {"child_a_dob", "incident_at"} & set(proposal.missing)


def test_a_contradiction_names_the_question_it_is_about() -> None:
    both = decide(said("context_spontaneous=yes, context_planned=yes"), History(), TODAY)
    assert [(one.code, one.field) for one in both.contradictions] == [
        ("FF-301", "context_spontaneous")
    ]
    before = decide(said("context_happened_before=no"), earlier("2026-09-01"), TODAY)
    assert [(one.code, one.field) for one in before.contradictions] == [
        ("FF-306", "context_happened_before")
    ]
    alone = replace(said("type_touching=yes"), choices={"child_b_kind": "nobody"})
    (nobody,) = propose(alone).contradictions
    assert (nobody.code, nobody.field) == ("FF-331", "child_b_kind")


def test_what_was_found_is_told_as_it_stands() -> None:
    def told(words: str, rule: str, history: History) -> str:
        found = decide(said(words), history, TODAY).findings
        return next(one.text for one in found if one.rule == rule)

    assert told("context_planned=yes", "R2a", History()) == "It was planned."
    both = told("child_blames_others=yes, others_fearful=yes", "R6b", History())
    assert "both lists" not in both
    assert told("type_pornography=yes", "A6", History()).endswith(
        "On both lists, so at least amber; you decide."
    )
    at_six = told("type_disinhibition=yes, born=2020-02-09, incident=2026-11-10", "AGE2", History())
    assert "age 6" in at_six
    two = told("child_denying=yes, child_defensive=yes", "R6a", History())
    assert two == "The child was defensive. The child denied it."
    low = next(rule for rule in rules() if rule.id == "A2")
    quiet = Fact("type_quiet", Tri.YES, "It was quiet.")
    (found,) = findings(
        [replace(low, parts=((*low.facts, quiet),))], said("type_low_key=yes"), History()
    )
    assert found.text.startswith("It was low key. It was quiet. It is not known whether it was")
    undated = History((EarlierIncident("FF-2026-000009", None, Light.GREEN),))
    assert "on record: day not known (FF-2026-000009)." in told(
        "context_happened_before=yes", "R7", undated
    )


BOTH = "The guidance asks for both parts of this, and "
OTHER_NO, OTHER_UNSAID = (
    f"{BOTH}the answer to the other part is no.",
    f"{BOTH}the other part has not been answered.",
)
OFTEN, OVER = (
    "It happens often, or more often than before.",
    "It takes up the child’s attention out of proportion to the rest of life.",
)
JUDGE = "Whether that is frequent or increasing is for the DSL to judge."
ONE = "1 earlier paper on record: 1 September 2026 (FF-2026-000001)."
TWO = "2 earlier papers on record: 1 September 2026 (FF-2026-000001), 2 October 2026 (FF-2026-000002)."


def test_what_rests_on_earlier_papers_is_told_in_whole_with_the_questions_and_its_weight() -> None:
    """2.2 "one-off", 2.3 "frequent or increasing" and "taking over": both halves, the papers, and who judges."""
    before, over, often = "context_happened_before", "context_takes_over", "context_frequent"
    one, two = earlier("2026-09-01"), earlier("2026-09-01", "2026-10-02")
    for words, rule, history, weighs, fields, text in (
        ("type_low_key=yes", "A2", one, "raises", ("type_low_key", before), "It was low key. There are earlier forms about this child."),
        (f"type_low_key=yes, {before}=yes", "A2", one, "raises", ("type_low_key", before), "It was low key. It was not a one-off: it has happened before."),
        (f"type_low_key=yes, {before}=no", "A2", None, "raises", ("type_low_key", before), "It was low key. No earlier incident is known."),
        (f"{often}=yes", "R7", None, "context", (often, before), f"{OFTEN} {OTHER_UNSAID} {JUDGE}"),
        (f"{over}=yes", "R7", None, "context", (over, before), f"{OVER} {OTHER_UNSAID}"),
        (f"{over}=yes, {often}=no", "R7", None, "context", (over, before), f"{OVER} {OTHER_NO}"),
        (f"{over}=yes, {often}=no", "R7", two, "context", (over, before), f"{OVER} {OTHER_NO} {TWO} {JUDGE}"),
        (f"{often}=yes, {over}=no", "R7", one, "context", (often, before), f"{OFTEN} {OTHER_NO} {ONE} {JUDGE}"),
        (f"{often}=yes, {over}=yes", "R7", None, "raises", (often, over, before), f"{OFTEN} {OVER} {JUDGE}"),
        (f"{over}=yes", "R7", one, "raises", (over, before), f"{OVER} {ONE} {JUDGE}"),
        (f"{often}=no", "R7", two, "context", (before,), f"{TWO} {JUDGE}"),
    ):  # fmt: skip
        (found,) = (f for f in propose(said(words), history).findings if f.rule == rule)
        assert (found.weighs, found.fields, found.text) == (weighs, fields, text), words
    assert not [f for f in propose(said(f"{often}=no")).findings if f.rule == "R7"]


def test_half_a_line_is_told_with_what_is_known_of_the_other_half() -> None:
    """2.3 "size or strength" only with control; "difficult to distract" only with "returns" or "boundaries"."""
    size, hard = "relationship_size", "attempt_difficult"
    in_size, distract = "There is a difference in size.", "The child was difficult to distract."
    for words, field, text in (
        (f"{size}=yes", size, f"{in_size} {OTHER_UNSAID}"),
        (f"{size}=yes, relationship_more_in_control=no", size, f"{in_size} {OTHER_NO}"),
        (f"{hard}=yes", hard, f"{distract} {OTHER_UNSAID}"),
        (f"{hard}=yes, attempt_returning=no", hard, f"{distract} {OTHER_UNSAID}"),
        (f"{hard}=yes, attempt_returning=no, attempt_boundaries=yes", hard, f"{distract} {OTHER_NO}"),
    ):  # fmt: skip
        found = [f for f in propose(said(words)).findings if f.fields == (field,)]
        assert [(f.weighs, f.text) for f in found] == [("context", text)], words


def test_an_age_is_that_on_the_day_of_the_incident_and_none_without_both_dates() -> None:
    for born, incident, age in (
        ("2020-11-10", "2026-11-10", 6),
        ("2020-11-11", "2026-11-10", 5),
        ("2026-11-10", "2026-11-10", 0),
        ("2026-11-11", "2026-11-10", None),
    ):
        known = said(f"type_low_key=yes, born={born}, incident={incident}")
        assert age_at_incident(known) == age
        assert age_at_incident(known, "child_b_dob") is None
    assert age_at_incident(said("born=2020-11-10, type_low_key=yes")) is None
    assert age_at_incident(said("incident=2020-11-10, type_low_key=yes")) is None
