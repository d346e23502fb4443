"""What is proposed: the cases of rules/cases/proposals.toml, and what must hold whatever is said."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from formflow.core.model import (
    LOWEST_FIRST,
    Answer,
    AnswerState,
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
from formflow.rules.light.establish import findings
from formflow.rules.light.propose import decide, decide_by, established, raised_to
from tests.support.facts import (
    HARMLESS,
    RED_ANSWERS,
    TICKS,
    TODAY,
    earlier,
    facts,
    said,
    table,
    with_answer,
)

CASES: list[dict[str, Any]] = table("proposals.toml")["case"]
GREEN = facts({**HARMLESS, "others_freely": Tri.YES})
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
        known = replace(known, ticks={**known.ticks, **HARMLESS, **answered})
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
    overlap = propose(said("type_language=yes")).missing
    assert "context_force" in overlap
    assert "context_peer_pressure" not in overlap
    assert "type_pornography" not in overlap, "a yes there would not raise it further"
    assert "type_pornography" in propose(said("type_low_key=yes")).missing


def test_green_lists_the_amber_questions_that_are_open() -> None:
    proposal = propose(GREEN)
    assert proposal.light is Light.GREEN
    assert set(proposal.missing) == {
        "type_low_key",
        "type_disinhibition",
        "type_self_directed",
        "context_peer_pressure",
    }


def test_what_is_missing_stands_in_the_order_of_the_form() -> None:
    missing = propose(facts()).missing
    assert list(missing) == [name for name in TICKS if name in missing]
    assert len(missing) == len(set(missing))


def test_what_the_recording_form_does_not_ask_is_listed() -> None:
    assert propose(facts()).not_asked == ("R9a", "R9b", "R9c", "RX")


@pytest.mark.parametrize("name", HARMLESS)
@pytest.mark.parametrize("answer", [Tri.BLANK, Tri.UNKNOWN, Tri.UNREADABLE])
def test_one_red_question_without_an_answer_is_enough_to_keep_from_green(
    name: str, answer: Tri
) -> None:
    proposal = propose(with_answer(GREEN, name, answer))
    assert proposal.light is Light.UNDETERMINED
    assert name in proposal.missing


@pytest.mark.parametrize("name", HARMLESS)
def test_one_red_answer_is_enough_to_raise(name: str) -> None:
    assert rank(with_answer(GREEN, name, RED_ANSWERS[name])) >= LOWEST_FIRST.index(Light.AMBER)


@pytest.mark.parametrize("name", ["others_fearful", "attempt_boundaries"])
def test_a_harmless_answer_that_a_person_has_yet_to_confirm_supports_no_green(name: str) -> None:
    assert propose(replace(GREEN, doubtful=frozenset([name]))).light is Light.UNDETERMINED


def test_a_red_answer_that_a_person_has_yet_to_confirm_stays_red() -> None:
    known = replace(said("others_fearful=yes"), doubtful=frozenset(["others_fearful"]))
    assert propose(known).light is Light.RED


def test_fun_alone_does_not_make_green() -> None:
    only_fun = {**HARMLESS, "others_fun": Tri.YES}
    supports = [rule for rule in rules_in_force(TODAY) if rule.id not in ("G3", "G6")]
    fun = decide_by(supports, facts(only_fun), History())
    assert by_weight(fun, Weighs.SUPPORTS) == ["G5"]
    assert fun.light is Light.UNDETERMINED
    mutual_too = decide_by(supports, facts({**only_fun, "others_mutual": Tri.YES}), History())
    assert mutual_too.light is Light.GREEN


@pytest.mark.parametrize("name", HARMLESS)
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


@pytest.mark.parametrize(("answer", "is_green"), [("no", True), ("", True), ("unknown", False)])
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
    assert set(HARMLESS) <= set(nobody_knows.missing)


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
    assert [(one.code, one.field) for one in proposal.cautions] == [("FF-316", "type_online")]
    assert "Do not view, copy, print or forward any image" in proposal.cautions[0].text
    red = with_answer(known, "context_force", Tri.YES)
    assert propose(red).light is Light.RED


def test_a_form_that_says_online_or_how_social_media_was_used_is_never_green() -> None:
    online = with_answer(GREEN, "type_online", Tri.YES)
    used = replace(GREEN, choices={"context_social_media_how": "entice"})
    for known in (online, used):
        assert propose(known).light is Light.UNDETERMINED
        assert codes(known) == ["FF-315"]
    assert codes(replace(GREEN, choices={"context_social_media_how": None})) == []
    assert codes(replace(online, texts={"type_text": "a photo"})) == ["FF-315"], "said once"


def test_the_name_of_somebody_is_no_word_about_images() -> None:
    named = {"child_a_name": "Vid Snap", "completed_by": "Mr Film", "own_box": "Insta Pic"}
    known = replace(GREEN, texts=named, names=frozenset(["own_box"]))
    assert propose(known).light is Light.GREEN
    assert propose(replace(known, names=frozenset())).light is Light.UNDETERMINED


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
        (13, None, ["FF-318"], Light.GREEN),
        (None, 12, ["FF-317"], Light.GREEN),
        (None, None, [], Light.GREEN),
    ],
)
def test_mutual_or_consensual_below_13_or_16_is_said_in_plain_words(
    first: int | None, second: int | None, code: list[str], light: Light
) -> None:
    known = aged(first, second)
    assert (codes(known), propose(known).light) == (code, light)


def test_under_13_with_somebody_older_is_said_also_where_nobody_called_it_mutual() -> None:
    silent = with_answer(GREEN, "others_freely", Tri.BLANK)
    assert codes(aged(14, 12, silent)) == ["FF-317"]
    assert codes(aged(12, 12, silent)) == codes(aged(15, 15, silent)) == []


def test_answers_that_contradict_each_other_are_never_green() -> None:
    """All of today's contradictions hold a red answer; a rule that is taken back must not make them green."""
    known = with_answer(
        with_answer(GREEN, "context_planned", Tri.YES), "context_spontaneous", Tri.YES
    )
    harmless = [rule for rule in rules_in_force(TODAY) if rule.id != "R2a"]
    proposal = decide_by(harmless, known, History())
    assert [one.code for one in proposal.contradictions] == ["FF-301"]
    assert proposal.light is Light.UNDETERMINED


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
    ticks = dict(GREEN.ticks) if draw(st.booleans()) else dict(facts().ticks)
    ticks |= draw(st.dictionaries(TICK, TRI, max_size=12))
    days = draw(st.fixed_dictionaries({}, optional={"child_a_dob": DAY, "incident_at": DAY}))
    return Facts(ticks, {}, {}, {name: Moment(day) for name, day in days.items()})


@given(anything(), HISTORY, RED)
def test_one_more_red_fact_never_lowers(known: Facts, history: History, name: str) -> None:
    more = with_answer(known, name, RED_ANSWERS[name])
    assert rank(more, history) >= rank(known, history)


@given(anything(), HISTORY, RED, st.sampled_from([Tri.BLANK, Tri.UNKNOWN, Tri.UNREADABLE]))
def test_a_red_question_without_an_answer_is_never_green(
    known: Facts, history: History, name: str, answer: Tri
) -> None:
    assert propose(with_answer(known, name, answer), history).light is not Light.GREEN


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
    one, other = propose(known, history), decide_by(order, known, history)
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


def test_both_dates_are_missing_beside_the_questions_where_an_age_would_decide() -> None:
    wants = decide(said("type_disinhibition=yes"), History(), TODAY).missing
    assert wants[-2:] == ("child_a_dob", "incident_at")
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
        [replace(low, facts=(*low.facts, quiet))], said("type_low_key=yes"), History()
    )
    assert found.text.startswith("It was low key. It was quiet. Whether it was a one-off is not")
    undated = History((EarlierIncident("FF-2026-000009", None, Light.GREEN),))
    assert "on record: day not known (FF-2026-000009)." in told(
        "context_happened_before=yes", "R7a", undated
    )


def answer(value: str | None) -> Answer:
    return Answer(value, value or "", AnswerState.GIVEN if value else AnswerState.BLANK)


def test_what_a_review_sheet_establishes_is_concern_and_context_by_the_same_rules() -> None:
    said = {
        "context_force": answer("yes"),
        "context_threat": answer("no"),
        "context_secrecy": answer("unknown"),
        "context_coercion": answer(None),
        "child_meant_harm": answer("no"),  # balances and supports: no sheet lowers anything
        "background_anxiety": answer("yes"),
        "child_denying": answer("perhaps"),
        "level": answer("healthy"),
    }
    found = established(said, TODAY)
    assert [(one.rule, one.weighs) for one in found] == [
        ("R2c", Weighs.RAISES),
        ("RX", Weighs.CONTEXT),
    ]
    assert raised_to(found) is Light.RED
    assert raised_to(found[1:]) is None
    assert established(said, date(1999, 12, 31)) == ()
