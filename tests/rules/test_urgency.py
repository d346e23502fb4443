"""What cannot wait comes first, whatever the level: said by answers, by dates, by words."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from formflow.core.model import Ages, Facts, History, Moment, Notice, Tri
from formflow.rules.case.steps import steps
from formflow.rules.light.phrases import boxes_with_names
from formflow.rules.light.propose import decide
from formflow.rules.light.urgency import (
    CITED,
    CODES,
    REFERRAL,
    cannot_wait,
    carried,
    reasons,
    urgent,
)
from tests.support.facts import HARMLESS, TODAY, facts, recorded, table, with_answer

CASES: dict[str, list[str]] = table("urgency.toml")
CALM = facts({"urgent_referral": Tri.NO})


def told(known: Facts) -> list[Notice]:
    return list(urgent(known, TODAY))


def codes(known: Facts) -> list[str]:
    return [one.code for one in told(known)]


def words(text: str, box: str = "type_text") -> Facts:
    return replace(CALM, texts={box: text})


@pytest.mark.parametrize(
    ("referral", "contact", "code"),
    [
        (Tri.YES, Tri.BLANK, "FF-212"),
        (Tri.YES, Tri.NO, "FF-212"),
        (Tri.YES, Tri.YES, "FF-213"),
        (Tri.NO, Tri.YES, "FF-213"),
        (Tri.BLANK, Tri.YES, "FF-213"),
        (Tri.UNKNOWN, Tri.BLANK, "FF-217"),
        (Tri.BLANK, Tri.NO, "FF-220"),
        (Tri.UNREADABLE, Tri.BLANK, "FF-320"),
    ],
)
def test_immediate_referral_yes_not_known_blank_or_unreadable_cannot_wait(
    referral: Tri, contact: Tri, code: str
) -> None:
    answers = {"urgent_referral": referral, "urgent_contact_made": contact}
    assert codes(facts(answers)) == [code]


def test_only_a_no_says_that_no_immediate_referral_is_needed() -> None:
    assert codes(CALM) == []


def test_a_form_that_does_not_ask_about_it_can_wait() -> None:
    assert codes(Facts({}, {}, {"type_text": "He giggled."}, {})) == []


def test_an_adult_as_the_other_person_may_be_an_allegation() -> None:
    assert codes(replace(CALM, choices={"child_b_kind": "adult"})) == ["FF-322"]
    assert codes(replace(CALM, choices={"child_b_kind": "child"})) == []


@pytest.mark.parametrize(
    ("box", "born", "code"),
    [
        ("child_a_dob", date(1981, 5, 2), ["FF-323"]),
        ("child_a_dob", date(2008, 11, 14), ["FF-323"]),  # 18 on the day
        ("child_a_dob", date(2008, 11, 15), []),
        ("child_b_dob", date(1990, 1, 1), ["FF-324"]),
        ("child_b_dob", date(2012, 1, 1), []),
        ("child_a_dob", date(2026, 11, 20), []),  # born after it: a mistake, and no adult
    ],
)
def test_an_adult_by_the_dates_may_be_an_allegation(box: str, born: date, code: list[str]) -> None:
    moments = {box: Moment(born), "incident_at": Moment(date(2026, 11, 14))}
    assert codes(replace(CALM, moments=moments)) == code


def test_without_the_day_of_the_incident_the_day_of_signing_or_of_reading_counts() -> None:
    grown = {"child_a_dob": Moment(date(1981, 5, 2))}
    assert codes(replace(CALM, moments=grown)) == ["FF-323"]
    young = {"child_a_dob": Moment(date(2008, 11, 20))}
    signed = {**young, "signed_date": Moment(date(2026, 11, 19))}
    assert codes(replace(CALM, moments=signed)) == []


@pytest.mark.parametrize("sentence", CASES["allegation"])
def test_words_about_an_adult_cannot_wait(sentence: str) -> None:
    assert "FF-325" in codes(words(sentence))


@pytest.mark.parametrize("sentence", CASES["alarm"])
def test_alarm_words_cannot_wait_also_misspelt(sentence: str) -> None:
    assert "FF-326" in codes(words(sentence))


@pytest.mark.parametrize("sentence", CASES["harmless"])
def test_words_that_only_look_alike_can_wait(sentence: str) -> None:
    assert codes(words(sentence)) == []


@pytest.mark.parametrize(
    ("kind", "found_at_least", "right_at_least"), [("round", 0.98, 0.95), ("fresh", 0.8, 1.0)]
)
def test_sentences_that_were_written_after_the_list_are_told_apart(
    kind: str, found_at_least: float, right_at_least: float
) -> None:
    found = sum(bool(codes(words(sentence))) for sentence in CASES[f"{kind}_urgent"])
    false = sum(bool(codes(words(sentence))) for sentence in CASES[f"{kind}_harmless"])
    assert found / len(CASES[f"{kind}_urgent"]) >= found_at_least
    assert found / (found + false) >= right_at_least


def test_the_words_are_quoted_as_they_are_written_and_what_they_skip_is_not() -> None:
    (one,) = told(words("Mr Oakley touched her chest. Zoë saw it."))
    assert "“Mr … touched her chest”" in one.text
    assert not {"Oakley", "Zoë"} & set(one.text.replace("”", " ").split())
    (two,) = told(words("She was RAPED, he says. There was blood."))
    assert "“RAPED”, “blood”" in two.text


def test_a_word_that_is_somebody_s_name_on_the_form_is_not_quoted() -> None:
    named = {"context_text": "He had a Knife.", "child_b_name": "Sam Knife"}
    (one,) = told(replace(CALM, texts=named))
    assert (one.code, "Knife" in one.text) == ("FF-326", False)


def test_every_box_with_free_text_is_looked_at_and_no_name() -> None:
    assert [one.field for one in told(words("He had a knife", "own_box"))] == ["own_box"]
    for box in boxes_with_names():
        assert codes(words("Raped Knife", box)) == []


def test_words_of_two_sentences_make_no_phrase() -> None:
    assert codes(words("I told the teacher. Touched him on the way out.")) == []


def test_the_level_is_the_same_with_and_without_what_cannot_wait() -> None:
    calm = {**HARMLESS, "others_freely": Tri.YES, "urgent_referral": Tri.NO}
    for ticks in (calm, {**calm, "context_peer_pressure": Tri.YES}, {}):
        known = facts(ticks)
        loud = replace(
            known,
            texts={"type_text": "The teacher raped her with a knife."},
            choices={"child_b_kind": "adult"},
            ticks={**known.ticks, "urgent_referral": Tri.YES},
        )
        before, after = (decide(one, History(), TODAY) for one in (known, loud))
        assert (before.light, before.findings) == (after.light, after.findings)
        assert [one.code for one in after.urgent] == ["FF-212", "FF-322", "FF-325", "FF-326"]


def test_an_adult_is_never_called_the_child_who_displayed_the_behaviour() -> None:
    loud = replace(
        CALM,
        choices={"child_b_kind": "adult"},
        texts={"type_text": "The teacher touched him."},
        moments={"child_a_dob": Moment(date(1980, 1, 1)), "child_b_dob": Moment(date(1980, 1, 1))},
    )
    reasons = told(loud)
    assert [one.code for one in reasons] == ["FF-322", "FF-323", "FF-324", "FF-325"]
    assert not [one.code for one in reasons if "displayed" in one.text]
    assert all("LADO" in one.text for one in reasons)


def test_what_rests_on_the_guidance_cites_its_line() -> None:
    assert CITED < CODES
    assert "immediate referral" in next(one.quote for one in steps() if one.id == REFERRAL)


@pytest.mark.parametrize(
    ("known", "code", "field"),
    [
        (facts({"urgent_referral": Tri.YES}), "FF-212", "urgent_referral"),
        (facts({"urgent_contact_made": Tri.YES}), "FF-213", "urgent_contact_made"),
        (facts({"urgent_referral": Tri.UNKNOWN}), "FF-217", "urgent_referral"),
        (facts({"urgent_referral": Tri.UNREADABLE}), "FF-320", "urgent_referral"),
        (facts(), "FF-220", "urgent_referral"),
        (replace(CALM, choices={"child_b_kind": "adult"}), "FF-322", "child_b_kind"),
        (replace(CALM, moments={"child_a_dob": Moment(date(1990, 1, 1))}), "FF-323", "child_a_dob"),
        (replace(CALM, moments={"child_b_dob": Moment(date(1990, 1, 1))}), "FF-324", "child_b_dob"),
        (with_answer(CALM, "medical_needed", Tri.YES), "FF-333", "medical_needed"),
        (with_answer(CALM, "type_online", Tri.YES), "FF-334", "type_online"),
        (words("The teacher touched her.", "context_text"), "FF-325", "context_text"),
        (words("He had a knife.", "context_text"), "FF-326", "context_text"),
        (words("He sent a nude of her.", "context_text"), "FF-339", "context_text"),
    ],
)
def test_every_reason_names_the_box_that_it_is_about(known: Facts, code: str, field: str) -> None:
    assert [(one.code, one.field) for one in told(known)] == [(code, field)]


@pytest.mark.parametrize(("age", "too_young"), [(12, True), (13, False)])
@pytest.mark.parametrize("child", ["child_a_dob", "child_b_dob"])
def test_sexual_touching_of_a_child_under_13_says_the_age(
    age: int, too_young: bool, child: str
) -> None:
    day = date(2026, 11, 10)
    moments = {child: Moment(day.replace(year=day.year - age)), "incident_at": Moment(day)}
    touched = replace(with_answer(CALM, "type_touching", Tri.YES), moments=moments)
    in_words = replace(words("He touched her vagina.", "context_text"), moments=moments)
    found = [*told(touched), *told(in_words)]
    wanted = [("FF-338", "type_touching"), ("FF-344", "context_text")] if too_young else []
    assert [(one.code, one.field) for one in found] == wanted
    assert all("under 13" in one.text for one in found)


def test_without_dates_nobody_is_taken_for_too_young() -> None:
    assert codes(with_answer(CALM, "type_touching", Tri.YES)) == []


def test_the_ages_that_cannot_wait_are_the_agencys() -> None:
    day = date(2026, 11, 10)
    moments = {"child_a_dob": Moment(date(2012, 11, 10)), "incident_at": Moment(day)}  # 14
    touched = replace(with_answer(CALM, "type_touching", Tri.YES), moments=moments)
    in_words = replace(touched, texts={"context_text": "He touched her vagina."})
    (one, other) = urgent(in_words, TODAY, Ages(can_consent=15))
    assert ("under 15" in one.text, "under 15" in other.text) == (True, True)
    grown = replace(CALM, moments=moments)
    assert [found.code for found in urgent(grown, TODAY, Ages(adult=14))] == ["FF-323"]


def test_a_box_without_words_ends_no_search() -> None:
    texts = {"type_text": "", "child_a_name": "Max", "context_text": "He had a knife."}
    assert codes(replace(CALM, texts=texts)) == ["FF-326"]


def test_words_about_an_image_are_no_alarm_besides_and_other_alarm_words_are() -> None:
    found = told(words("He sent a nude of her. He had a knife."))
    assert [one.code for one in found] == ["FF-326", "FF-339"]
    assert "nude" not in found[0].text


def test_a_blank_question_alone_lets_a_paper_wait_and_any_reason_does_not() -> None:
    blank = recorded({}, decide(facts(), History(), TODAY))
    loud = recorded({}, decide(facts({"medical_needed": Tri.YES}), History(), TODAY))
    assert [one.code for one in reasons(blank)] == ["FF-220"]
    assert not cannot_wait(blank)
    assert cannot_wait(loud)
    assert reasons(recorded({})) == ()


def test_a_later_revision_takes_over_what_nobody_has_acknowledged_each_once() -> None:
    first = recorded({}, decide(with_answer(facts(), "medical_needed", Tri.YES), History(), TODAY))
    assert [one.code for one in carried(first, ())] == ["FF-328", "FF-333"]
    said = told(with_answer(CALM, "medical_needed", Tri.YES))
    assert carried(first, said) == ()
    assert carried(recorded({}, decide(facts(), History(), TODAY)), ()) == ()
    second = recorded({}, None, notices=carried(first, ()))
    assert [one.code for one in carried(second, ())] == ["FF-328", "FF-333"]
