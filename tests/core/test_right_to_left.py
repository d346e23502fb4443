"""Arabic, Urdu and Hebrew are drawn joined and in the order of the eye; everything else as it is."""

from __future__ import annotations

import unicodedata

import pytest

from formflow.core.right_to_left import as_drawn, as_written, in_order_of_the_eye

ALL = range(0x110000)
NONE = range(0)


def named(line: str) -> list[str]:
    """The forms of the letters that are drawn, from left to right."""
    return [unicodedata.name(letter).rpartition("LETTER ")[2] for letter in line]


@pytest.mark.parametrize("line", ["", "Zoë Błaszczyk", "Nguyễn Thị Ánh", "12 (34)"])
def test_what_is_written_from_left_to_right_stays(line: str) -> None:
    assert as_drawn(line, ALL) == line


def test_letters_are_joined_within_a_word() -> None:
    drawn = as_drawn("محمد", ALL)
    assert named(drawn) == [
        "DAL FINAL FORM",
        "MEEM MEDIAL FORM",
        "HAH MEDIAL FORM",
        "MEEM INITIAL FORM",
    ]
    assert "".join(map(as_written, reversed(drawn))) == "محمد"


def test_a_letter_that_joins_on_one_side_begins_a_new_group() -> None:
    assert named(as_drawn("دار", ALL)) == [
        "REH ISOLATED FORM",
        "ALEF ISOLATED FORM",
        "DAL ISOLATED FORM",
    ]


def test_lam_and_alef_are_one_sign_and_are_still_two_letters() -> None:
    drawn = as_drawn("لا", ALL)
    assert unicodedata.name(drawn) == "ARABIC LIGATURE LAM WITH ALEF ISOLATED FORM"
    assert as_written(drawn) == "لا"


def test_urdu_letters_are_joined_where_the_font_has_their_forms() -> None:
    assert named(as_drawn("گپ", ALL)) == ["PEH FINAL FORM", "GAF INITIAL FORM"]
    assert as_drawn("گپ", NONE) == "پگ"


def test_marks_stay_with_their_letters() -> None:
    assert in_order_of_the_eye("מָה") == "המָ"


@pytest.mark.parametrize(
    ("line", "drawn"),
    [
        ("שרה כהן", "ןהכ הרש"),
        ("Sara שרה כהן said", "Sara ןהכ הרש said"),
        ("שרה, 14/11/2026", "14/11/2026 ,הרש"),
        ("שרה 12 ילדה", "הדלי 12 הרש"),
        ("שרה (Sara) כהן", "ןהכ (Sara) הרש"),
        ("כהן (שרה)", "(הרש) ןהכ"),
        ("Class 3b: שרה", "Class 3b: הרש"),
        ("שרה 50%", "50% הרש"),
        ("رقم ١٢", "١٢ مقر"),
    ],
)
def test_numbers_and_latin_words_keep_their_own_order(line: str, drawn: str) -> None:
    assert in_order_of_the_eye(line) == drawn
