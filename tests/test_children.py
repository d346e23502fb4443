"""Who is the same child, who may be, and what never joins by itself."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from formflow.children import ChildKey, name_key, swapped, valid_upn, why_near

BORN = date(2013, 3, 4)


def near(one: str, other: str, born: date = BORN, theirs: date = BORN) -> str:
    return why_near(ChildKey(name_key(one), born), ChildKey(name_key(other), theirs))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Rowan Ashby", "Rowan Ashbey"),
        ("Rowan Ashby", "Ashby Rowan"),
        ("Zoe Young", "Zoë Young"),
        ("Catherine Hill", "Kathryn Hill"),
        ("Stephen Hill", "Steven Hill"),
    ],
)
def test_born_on_one_day_with_names_that_look_or_sound_alike_may_be_one(
    one: str, other: str
) -> None:
    assert "almost the same or sounds alike" in near(one, other)


@pytest.mark.parametrize(("one", "other"), [("Ada Hill", "Tom Hill"), ("Ann Hill", "Bea Hill")])
def test_born_on_one_day_with_one_family_name_may_be_twins(one: str, other: str) -> None:
    assert "may be a twin" in near(one, other)


def test_day_and_month_changed_round_is_said() -> None:
    assert "changed round" in near("Ada Hill", "Ada Hill", BORN, date(2013, 4, 3))
    assert "changed round" in near("Ada Hill", "Ada Hil", BORN, date(2013, 4, 3))
    assert near("Ada Hill", "Tom Young", BORN, date(2013, 4, 3)) == ""


def test_one_name_with_another_date_of_birth_is_said() -> None:
    assert "another date of birth" in near("Ada Hill", "Ada Hill", BORN, date(2011, 9, 9))


def test_others_are_not_near() -> None:
    assert near("Ada Hill", "Tom Young") == ""
    assert near("Ada Hill", "Ada Hills", BORN, date(2011, 9, 9)) == ""


@pytest.mark.parametrize(
    ("day", "other"),
    [
        (date(2013, 3, 4), date(2013, 4, 3)),
        (date(2013, 3, 3), None),  # the same day
        (date(2013, 3, 14), None),  # there is no fourteenth month
        (date(2013, 2, 1), date(2013, 1, 2)),
    ],
)
def test_swapped_is_a_day_that_is_there_and_another(day: date, other: date | None) -> None:
    assert swapped(day) == other


def upn_of(digits: str) -> str:
    """Return a UPN with its check letter: the sum of position times digit, modulo 23."""
    total = sum(place * int(digit) for place, digit in enumerate(digits, start=2))
    return "ABCDEFGHJKLMNPQRTUVWXYZ"[total % 23] + digits


def test_a_upn_is_taken_by_its_check_letter_and_nothing_else_is_one() -> None:
    good = upn_of("801200001001")
    assert valid_upn(good) == good
    assert valid_upn(f" {good[:4].lower()} {good[4:]} ") == good
    wrong = ("A" if good[0] != "A" else "B") + good[1:]
    assert [valid_upn(words) for words in (wrong, "", "12345", "our number 7")] == [""] * 4


@given(one=st.text(max_size=40), other=st.text(max_size=40))
def test_no_name_is_too_strange_to_be_compared(one: str, other: str) -> None:
    assert isinstance(near(one, other), str)
    assert near(one, one) == ""  # the same name on the same day is the same child
