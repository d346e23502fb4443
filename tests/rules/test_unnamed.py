"""A text without the names of others: who is named, what stays, and what is put in their place."""

from __future__ import annotations

import pytest

from formflow.rules.case.unnamed import names_somebody, without_names, words_of_names

BEN = words_of_names("Ben Sample; Zoë O’Brien-Hart", but="Ada Sample")


def test_words_of_names_are_those_of_others_alone() -> None:
    assert {"ben", "zoë", "o'brien", "hart"} == BEN
    assert words_of_names("a boy in Year 3", but="") == {"in"}
    assert words_of_names("Mr Oak; not known", but="") == {"oak"}
    assert words_of_names("", but="Ada") == frozenset()


@pytest.mark.parametrize(
    ("text", "without"),
    [
        ("Ada touched Ben.", "Ada touched [the other person]."),
        ("Ben's arm, BEN’S leg", "[the other person]'s arm, [the other person]’S leg"),
        ("Zoë O'Brien-Hart cried", "[the other person] cried"),
        ("Zoe\u0308 cried", "[the other person] cried"),
        ("Ben Hart  Zoë\nran", "[the other person]\nran"),
        ("Benjamin and McBen stayed.", "Benjamin and McBen stayed."),
        ("Ada Sample was bent on it, ben nevis", "Ada Sample was bent on it, ben nevis"),
        ("Ben1 and Ben_2", "Ben1 and [the other person]_2"),
        ("ada pulled ben away", "ada pulled [the other person] away"),  # all in small letters
        ("", ""),
        ("Nobody: e\u0301", "Nobody: e\u0301"),  # left exactly as it is written
    ],
)
def test_who_is_meant_stands_in_the_place_of_a_name(text: str, without: str) -> None:
    assert without_names(text, BEN) == without


def test_a_text_names_somebody_where_it_would_be_changed() -> None:
    assert names_somebody("then Hart ran", BEN)
    assert names_somebody("ZOË", BEN)
    assert not names_somebody("from the heart, Ada", BEN)
    assert not names_somebody("Ben", frozenset())
