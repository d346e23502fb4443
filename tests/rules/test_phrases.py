"""The language of hints.toml and alarm.toml, and what it finds in text as people write it."""

from __future__ import annotations

import re
import tomllib
from importlib import resources
from typing import Any

import pytest

from formflow.core.model import Facts
from formflow.rules.light import phrases
from formflow.rules.light.hints import hints, please_check
from formflow.rules.light.phrases import lexicon
from formflow.rules.light.urgency import urgent
from tests.support.facts import TODAY


def table(name: str) -> dict[str, Any]:
    return tomllib.loads(
        (resources.files("formflow.rules.light") / f"{name}.toml").read_text("utf-8")
    )


def every_phrase() -> list[str]:
    alarm = table("alarm")
    of_hints = [phrase for hint in hints() for phrase in hint.phrases]
    return [*of_hints, *alarm["alarm"], *alarm["allegation"], *table("phrases")["harmless"]]


def found(phrase: str, text: str, names: frozenset[str] = frozenset()) -> list[str]:
    return lexicon({"some": [phrase]}).found(text, names).get("some", [])


@pytest.mark.parametrize(
    ("phrase", "text", "quoted"),
    [
        ("grab~ her", "He GRABBED her.", ["GRABBED her"]),
        ("grab~ her", "grabing her", ["grabing her"]),
        ("tease~", "teasing, teased, teases", ["teasing", "teased", "teases"]),
        ("bully~", "He bullies and bullied.", ["bullies", "bullied"]),
        ("bully~", "bully, bullys, bullying", ["bully", "bullys", "bullying"]),
        ("grab~", "grab, grabs, grabbing, grabbin", ["grab", "grabs", "grabbing", "grabbin"]),
        ("grab~", "grabring, grabrin, grabaing, grabain", []),
        ("touch~", "touch, touches, touched", ["touch", "touches", "touched"]),
        ("kiss~", "kiss, kisses, kissed, kissing", ["kiss", "kisses", "kissed", "kissing"]),
        ("toss~", "tosses, tossed", ["tosses", "tossed"]),
        ("vex~", "vexes, vexed", ["vexes", "vexed"]),
        ("buzz~", "buzzes, buzzed", ["buzzes", "buzzed"]),
        ("wouldn't stop", "He wouldnt stop. He wouldn’t stop", ["wouldnt stop", "wouldn’t stop"]),
        ("wouldn't stop", "He wouldn‘t stop", ["wouldn’t stop"]),
        ("held {child}", "He held Amelia", ["held"]),
        ("held {child}", "HE HELD AMELIA", []),  # in capitals nobody can tell a name
        ("{child} hit", "then Amelia hit", ["hit"]),
        ("xxx film", "XXX film", ["XXX film"]),
        ("threatened", "he thraetned", ["thraetned"]),  # of nine letters two may be wrong
        ("threatened", "he threetenned", ["threetenned"]),
        ("threatened", "he thraeteennd", []),
        ("touched", "he tuoched", ["tuoched"]),
        ("touched", "he tuochd", []),
        ("bleeding", "breeding rabbits", []),  # a word of its own
        ("{child} hit", "Table hit", []),  # a capital letter that begins a sentence
        ("{child} hit", "No. Table hit", []),
        ("held {child}", "He held X's hand", ["held"]),
        ("held {child}", "He held hands", []),
        ("{child} hit", "J's hit", ["hit"]),  # a letter alone stands for a name wherever it is
        ("{child} hit", "A's hit", []),
        ("a|b c", "b c", ["b c"]),
        ("ran away !from", "ran away from it", []),
        ("ran away !from", "ran away to it", ["ran away"]),
        ("told ... secret", "told Zoë the big secret", ["told … secret"]),
        ("told ... secret", "told us. A secret", []),
        ("told ... secret", "told her and him and us a secret", []),
        ("so what .", "so what.", ["so what"]),
        ("so what .", "so what", ["so what"]),
        ("so what .", "so what happened", []),
        ("touched a? boy", "touched boy", ["touched boy"]),
        ("touched the boy", "Touchd the boy", ["Touchd the boy"]),
    ],
)
def test_a_phrase_finds(phrase: str, text: str, quoted: list[str]) -> None:
    assert [one.replace("'", "’") for one in found(phrase, text)] == quoted


def test_j_and_mr_with_a_full_stop_end_no_sentence() -> None:
    assert found("told ... secret", "told Mr. Oak a secret") == ["told … secret"]
    assert found("told ... secret", "told J. a secret") == ["told … secret"]


def test_of_phrases_that_overlap_the_longest_is_quoted() -> None:
    some = lexicon({"some": ["grab~ her arm", "her arm", "grab~", "her", "arm hard"]})
    assert some.found("He grabbed her arm.") == {"some": ["grabbed her arm"]}
    assert some.found("He grabbed her arm hard.") == {"some": ["grabbed her arm", "arm hard"]}
    assert some.found("Her arm hurt. He grabs.") == {"some": ["Her arm", "grabs"]}


def test_a_word_that_may_not_follow_is_not_quoted() -> None:
    some = lexicon({"some": ["ran away !home", "told ... secret"]})
    assert some.found("He told home secrets, told home secret") == {"some": ["told … secret"]}


def test_words_and_phrases_of_a_group_may_stand_in_one_place() -> None:
    some = lexicon({"some": ["{relative} grab~"]}, spares_harmless=False)
    for said, quoted in (("dad", "dad"), ("auntie Jo", "auntie …"), ("auntie", "auntie")):
        assert some.found(f"His {said} grabbed him.") == {"some": [f"{quoted} grabbed"]}
    assert some.found("His auntie there now grabbed him.") == {}


def test_a_phrase_is_compiled_when_a_text_has_every_word_that_it_needs() -> None:
    some = lexicon({"some": ["held her ... down|back hard? !now"]}, spares_harmless=False)
    compiled = phrases._pattern
    compiled.cache_clear()
    assert some.found("He held on and sat down.") == {}
    assert some.found("He held her there.") == {}
    assert compiled.cache_info().misses == 0
    assert some.found("He held her and she lay down.") == {"some": ["held her … down"]}
    assert compiled.cache_info().misses == 1


def test_what_is_harmless_is_taken_out_first() -> None:
    assert found("goal", "He shot a goal") == []


def test_a_word_that_the_form_gives_as_a_name_is_not_quoted() -> None:
    assert found("force hit", "Force hit", frozenset(["force"])) == ["hit"]
    assert found("force", "Force", frozenset(["force"])) == ["…"]
    assert found("force", "by force", frozenset(["force"])) == ["force"]


def test_a_word_that_is_a_name_as_well_is_not_quoted_with_a_capital_letter() -> None:
    assert found("will hit", "Will hit") == ["hit"]
    assert found("will hit", "he will hit") == ["will hit"]


def test_every_phrase_is_written_in_the_language() -> None:
    groups = table("phrases")["groups"]
    for phrase in every_phrase():
        assert phrase.split()[0] not in ("...", "_", "."), phrase
        for part in phrase.split():
            for word in part.strip("!?*").split("|") if part not in ("...", "_", ".") else ():
                assert re.fullmatch(r"@|\.|[\w']+~?|{\w+}", word), phrase
                assert word[0] != "{" or word[1:-1] in groups, phrase


def test_no_pattern_can_take_long_for_a_hostile_text() -> None:
    all_phrases = lexicon({"some": every_phrase()})
    for phrase in every_phrase():
        pattern = phrases._pattern(all_phrases, phrase).pattern
        assert not re.search(r"[+*]|{\d*,}", pattern), phrase


@pytest.mark.parametrize(
    "hostile",
    ["a" * 30_000, "he said he would not " * 1_500, "touch@'’.!" * 3_000, "Ⓐ\u200d" * 9_000],
)
def test_a_hostile_text_of_30_000_letters_is_read_to_its_end(hostile: str) -> None:
    known = Facts({}, {}, {"type_text": hostile}, {})
    assert all(one.code for one in (*please_check(known), *urgent(known, TODAY)))
