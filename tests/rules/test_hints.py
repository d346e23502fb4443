"""Words in the free text that speak of an unanswered question ask for a check, and nothing more."""

from __future__ import annotations

from dataclasses import replace

import pytest

from formflow.core.model import Facts, Tri
from formflow.forms.catalogue import FieldKind
from formflow.rules.light.hints import against_the_answers, hints, please_check, word_for
from formflow.rules.light.phrases import boxes_with_names
from tests.support.facts import FORM, facts


def asked(known: Facts) -> dict[str | None, str]:
    return {one.field: one.text for one in please_check(known)}


def text(words: str, box: str = "type_text", **ticks: Tri) -> Facts:
    return facts(ticks, texts={box: words})


@pytest.mark.parametrize(
    ("words", "question"),
    [
        ("He threatened her.", "context_threat"),
        ("She said it was a SECRET!", "context_secrecy"),
        ("“Don’t tell anyone”", "context_secrecy"),
        ("It looked planned", "context_planned"),
        ("(blackmail)", "context_blackmail"),
        ("She was forced, he said", "context_force"),
        ("He held her\ndown", "context_force"),
        ("He had porn on his phone", "type_pornography"),
        ("and then again.", "context_happened_before"),
        ("the other boy was scared", "others_fearful"),
        ("She was SCARED", "others_fearful"),
        ("He is two years older", "relationship_similar_age"),
    ],
)
def test_a_word_asks_for_a_check_of_the_question_it_speaks_of(words: str, question: str) -> None:
    assert question in asked(text(words))


def test_not_threatened_asks_for_a_check_as_well() -> None:
    assert "context_threat" in asked(text("She was not threatened."))


@pytest.mark.parametrize("answer", [Tri.BLANK, Tri.UNKNOWN, Tri.UNREADABLE])
def test_a_question_answered_neither_yes_nor_no_is_checked(answer: Tri) -> None:
    assert "context_threat" in asked(text("threatened", context_threat=answer))


@pytest.mark.parametrize("answer", [Tri.YES, Tri.NO])
def test_a_question_that_is_answered_is_not(answer: Tri) -> None:
    assert "context_threat" not in asked(text("threatened", context_threat=answer))


@pytest.mark.parametrize(
    "words", ["the secretary came", "reinforced glass", "a planner", "dreaded"]
)
def test_part_of_a_longer_word_asks_nothing(words: str) -> None:
    assert asked(text(words)) == {}


def test_words_are_looked_for_also_where_the_form_does_not_ask_the_question() -> None:
    (found,) = please_check(Facts({}, {}, {"type_text": "threatened"}, {}))
    assert (found.code, found.field) == ("FF-314", "context_threat")
    assert found.text.startswith(
        "The free text says “threatened”. This form does not ask “Was there a threat?”."
    )


def test_words_are_looked_for_in_the_free_text_of_an_agencys_own_form_and_not_in_names() -> None:
    own = {"what_happened": "She was scared.", "pupil_name": "Tom Secret"}
    found = asked(Facts({}, {}, own, {}, names=frozenset(["pupil_name"])))
    assert set(found) == {"others_fearful", "child_fearful"}


def test_a_name_asks_nothing() -> None:
    assert asked(text("Tom Secret", box="child_a_name")) == {}
    assert asked(text("Mrs Porn", box="completed_by")) == {}


def test_every_text_box_of_the_form_is_looked_in_or_holds_a_name_and_none_is_both() -> None:
    kinds = (FieldKind.TEXT, FieldKind.LONG_TEXT)
    boxes = {name for name, field in FORM.fields.items() if field.kind in kinds}
    looked_in = {box for hint in hints() for box in hint.boxes}
    assert looked_in | boxes_with_names() == boxes
    assert not looked_in & boxes_with_names()


def test_a_word_is_found_for_one_question_whatever_is_answered() -> None:
    answered = text("He threatened her.", context_threat=Tri.NO)
    assert word_for("context_threat", answered) == "threatened"
    assert word_for("context_secrecy", answered) is None


def test_the_notice_says_the_words_as_written_and_the_printed_question_and_no_name() -> None:
    found = asked(text("Zoë was THREATENED by Jack in the boiler room"))["context_threat"]
    assert found.startswith(
        "The free text says “THREATENED”, and “Was there a threat?” has not been answered yes or no."
    )
    assert not {"Zoë", "Jack", "boiler"} & set(found.split())


def test_each_question_is_asked_once_however_many_words_speak_of_it() -> None:
    found = list(please_check(text("threat threats threatened threatening")))
    assert [one.field for one in found] == ["context_threat"]


def test_saying_how_social_media_was_used_without_saying_that_it_was_is_checked() -> None:
    said_how = replace(facts(), choices={"context_social_media_how": "threaten"})
    assert [one.code for one in please_check(said_how)] == ["FF-311"]
    answered = replace(said_how, ticks={**said_how.ticks, "context_social_media": Tri.YES})
    assert list(please_check(answered)) == []


def test_a_question_that_is_answered_does_not_hide_the_next() -> None:
    known = text("He threatened her, and it was planned.", context_planned=Tri.YES)
    assert "context_threat" in asked(known)
    assert "context_planned" not in asked(known)


def test_words_of_two_boxes_do_not_make_a_phrase() -> None:
    apart = facts(texts={"type_text": "He held her", "context_text": "down the hall"})
    assert "context_force" not in asked(apart)


def test_a_choice_about_social_media_speaks_of_its_question_by_its_printed_name() -> None:
    known = replace(facts(), choices={"context_social_media_how": "bully"})
    (found,) = please_check(known)
    assert (found.code, found.field) == ("FF-311", "context_social_media")
    assert found.label == next(h.label for h in hints() if h.question == "context_social_media")


def test_the_question_is_shown_as_the_form_in_hand_prints_it() -> None:
    known = replace(text("He threatened her."), labels={"context_threat": "Any threats made?"})
    assert "“Any threats made?” has not been answered" in asked(known)["context_threat"]


def test_a_word_that_is_also_somebodys_name_on_the_form_is_not_quoted() -> None:
    known = facts(texts={"type_text": "She was Scared of him.", "child_b_name": "Amy Scared"})
    assert "Scared" not in asked(known)["others_fearful"]


def test_words_against_an_answer_are_told_where_the_question_is_answered_with_no() -> None:
    told = list(against_the_answers(text("He held her down.", context_force=Tri.NO)))
    assert [(one.code, one.field) for one in told] == [("FF-340", "context_force")]
    assert "“held her down”" in told[0].text
    for answer in (Tri.YES, Tri.BLANK, Tri.UNKNOWN):
        assert not list(against_the_answers(text("He held her down.", context_force=answer)))
    laughed = text("He laughed. She sent him a nude.", child_defensive=Tri.NO, type_online=Tri.NO)
    assert not list(against_the_answers(laughed))


def test_words_against_an_answer_are_told_with_the_label_of_the_form_in_hand() -> None:
    known = replace(
        text("He held her down.", context_force=Tri.NO), labels={"context_force": "Force?"}
    )
    (told,) = against_the_answers(known)
    assert "“Force?”" in told.text


def test_a_question_that_nothing_speaks_against_does_not_hide_the_next() -> None:
    words = "He held her down and said he would beat her up. She was scared."
    known = text(words, context_force=Tri.YES, context_threat=Tri.NO, others_fearful=Tri.NO)
    told = [one.field for one in against_the_answers(known)]
    assert told == ["context_threat", "others_fearful"]


def test_harmless_words_ask_nothing_but_words_about_images_are_told_wherever_they_stand() -> None:
    assert asked(text("They kick a ball past the oilseed rape.")) == {}
    assert asked(text("They kick her.")) != {}
    harmless = text("The school photo is online.")
    assert word_for("type_online", harmless) == "photo"
    assert asked(harmless) == {}
