"""Others' names in a text that leaves the house: masked, and what cannot be masked surely is told."""

from __future__ import annotations

import pytest

from formflow.rules.case.masking import Mask, Why

OTHERS = {"Tom O’Brien": "Child B", "Lily-Mae Stone": "Child C", "Will Ash": "Child D"}
MASK = Mask.of(OTHERS, ["Sam Stone"], ["Mrs J. Oak", "Priya Nair"])


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("Sam hit Tom.", "Sam hit [Child B]."),
        ("Then Tom O'Brien’s coat was gone.", "Then [Child B]’s coat was gone."),
        ("sam and TOM; tom cried", "sam and [Child B]; [Child B] cried"),
        ("Lily-Mae Stone and Lily Mae", "[Child C] and [Child C]"),
        ("It was lily mae.", "It was lily [Child C]."),
        ("He will tell Mrs Oak and Priya.", "He will tell Mrs Oak and Priya."),
        ("Will told them.", "[Child D] told them."),
        ("", ""),
    ],
)
def test_names_of_others_are_masked_and_all_else_stays(text: str, masked: str) -> None:
    assert MASK.over(text).text == masked


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("Sam hit Tom.", set()),
        ("The other children saw it in the hall on Monday.", set()),
        ("He ran to Mrs Oak.", set()),
        ("He hit Kofi.", {Why.UNKNOWN}),
        ("Kofi was there.", {Why.UNKNOWN}),
        ("It hurt. Kofi’s arm was red.", {Why.UNKNOWN}),
        ("Running away upset her.", set()),
        ("He will come.", {Why.ORDINARY}),
        ("The Stone twins", {Why.SHARED}),
        ("ذهب محمد", {Why.UNKNOWN}),
    ],
)
def test_what_cannot_be_masked_surely_is_told(text: str, why: set[Why]) -> None:
    assert MASK.over(text).why == why


def test_a_name_that_two_others_share_names_neither() -> None:
    mask = Mask.of({"Tom Ash": "Child B", "Tom Birch": "Child C"}, ["Sam"], [])
    assert mask.over("Tom, Tom Ash, Birch").text == "[another child], [Child B], [Child C]"


@pytest.mark.parametrize(
    "name",
    [
        "محمد عبد الله",
        "שרה כהן",
        "Ngũgĩ Wafula",
        "Zoe\u0301 D’Arcy-Müller",
        "李 小龙",
        "Wolfeschlegelsteinhausenbergerdorff-Fotheringay Cholmondeley",
        "<b>Smith</b> & Sons",
    ],
)
def test_a_name_of_any_letters_is_masked(name: str) -> None:
    masked = Mask.of({name: "Child B"}, ["Sam"], []).over(f"Sam saw {name} there.").text
    assert "[Child B]" in masked
    assert not any(part in masked for part in name.split() if len(part) > 2)


def test_twins_of_one_name_are_told_and_not_masked_away() -> None:
    masked = Mask.of({"Sam Stone": "Child B"}, ["Sam Stone"], []).over("Sam Stone cried.")
    assert masked.text == "Sam Stone cried."
    assert masked.why == {Why.SHARED}


def test_a_surname_that_is_an_ordinary_word_is_masked_with_a_capital_letter() -> None:
    mask = Mask.of({"Ben Hall": "Child B", "a boy in Year 3": "Child C"}, ["Sam"], [])
    assert mask.over("Hall ran.").text == "[Child B] ran."
    masked = mask.over("A boy of Year 3 ran down the hall.")
    assert masked.text == "A boy of Year 3 ran down the hall."
    assert masked.why == {Why.ORDINARY}
