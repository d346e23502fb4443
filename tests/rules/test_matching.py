"""Who is the same child, who may be, and what never joins by itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from formflow.core.model import Answer, AnswerState, Facts, Moment
from formflow.rules.matching import (
    ChildKey,
    Named,
    agree,
    business_key,
    child_key,
    holds_several_names,
    is_put_right,
    is_same,
    looks_like_another,
    name_key,
    swapped,
    valid_upn,
    values_sha256,
    why_misread,
    why_near,
)

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
    same = "the same date of birth, and a name that is almost the same or sounds alike"
    assert near(one, other) == same


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ada Hill", "Tom Hill"),
        ("Ann Hill", "Bea Hill"),
        ("Ada Mary Hill", "Tom Hill"),
        ("Tom Hill", "Ada Mary Hill"),
    ],
)
def test_born_on_one_day_with_one_family_name_may_be_twins(one: str, other: str) -> None:
    assert near(one, other) == "the same date of birth and family name: this may be a twin"


def test_day_and_month_changed_round_is_said() -> None:
    turned = "with day and month of birth changed round"
    assert near("Ada Hill", "Ada Hill", BORN, date(2013, 4, 3)) == f"the same name, {turned}"
    alike = near("Ada Hill", "Ada Hil", BORN, date(2013, 4, 3))
    assert alike == f"a name that is almost the same, {turned}"
    assert near("Ada Hill", "Tom Young", BORN, date(2013, 4, 3)) == ""


def test_one_name_with_another_date_of_birth_is_said() -> None:
    assert "another date of birth" in near("Ada Hill", "Ada Hill", BORN, date(2011, 9, 9))


def test_either_apostrophe_makes_the_same_name() -> None:
    assert name_key("Kim O’Brien") == name_key("kim O'BRIEN") == "kim o'brien"


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


@pytest.mark.parametrize(
    "unseen", ["\u200b", "\u200d", "\u00ad", "\u202e", "\ufeff", "\ufe0f", "\u3164"]
)
def test_what_nobody_can_see_makes_no_other_name(unseen: str) -> None:
    assert name_key(f"Ada{unseen} Hill") == name_key("Ada Hill")
    assert looks_like_another(f"Ada{unseen} Hill") == "characters that cannot be seen"


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("\N{CYRILLIC CAPITAL LETTER A}da Hill", True),
        ("\N{GREEK CAPITAL LETTER ALPHA}da Hill", True),
        (
            "\N{CYRILLIC CAPITAL LETTER ES}\N{CYRILLIC SMALL LETTER A}",
            True,
        ),  # whole, and it reads like ours
        ("Zoë Błaszczyk-O’Brien", False),
        ("Ad\N{CYRILLIC SMALL LETTER A} Hill", True),
        ("\N{MODIFIER LETTER TURNED COMMA}Iolana Hill", False),
        ("Ada 李", True),
        ("\U00017000", False),  # a letter of which Python knows no name
        ("Nguyễn Thị Ánh", False),
        ("李明", False),
        ("Ada (Ádám) Hill 2", False),
    ],
)
def test_letters_of_another_alphabet_that_look_like_ours_are_told(name: str, told: bool) -> None:
    words = "letters of another alphabet, which may look like ours"
    assert looks_like_another(name) == (words if told else "")


@pytest.mark.parametrize(
    ("earlier", "later", "follows"),
    [
        (("Ada Hill", BORN), ("Ada Hill", BORN), True),
        (("", None), ("Ada Hill", BORN), True),
        (("Ada Hill", None), ("Ada Hill", BORN), True),
        (("Ada Hill", BORN), ("Ada Hill", None), False),
        (("Ada Hill", BORN), ("", BORN), False),
        (("Ada Hill", BORN), ("Ada Hall", BORN), False),
        (("", BORN), ("Ada Hill", date(2012, 1, 2)), False),
    ],
)
def test_a_form_follows_by_all_that_the_earlier_one_says(
    earlier: tuple[str, date | None], later: tuple[str, date | None], follows: bool
) -> None:
    one, other = (Named(name_key(name), born) for name, born in (earlier, later))
    assert is_same(one, other) is follows


@pytest.mark.parametrize(
    ("later", "misread"),
    [
        (("Ada Hil", BORN), "a name that is almost the same"),
        (("Ada Hill", date(2013, 3, 9)), "another date of birth"),
        # Day and month changed round, too:
        (("Ada Hil", date(2013, 4, 3)), "a name that is almost the same"),
        (("Ida Hill", BORN), ""),  # a twin
        (("Ada Hil", date(2011, 9, 9)), ""),
        (("Tom Young", BORN), ""),
        (("", BORN), ""),
    ],
)
def test_a_print_may_have_been_misread_by_a_letter_or_a_date_and_by_no_more(
    later: tuple[str, date], misread: str
) -> None:
    name, born = later
    assert why_misread(Named("ada hill", BORN), Named(name_key(name), born)) == misread


def test_where_no_name_was_read_day_and_month_may_have_been_changed_round() -> None:
    nameless, turned = Named("", BORN), "day and month of birth changed round"
    assert why_misread(nameless, Named("ada hill", date(2013, 4, 3))) == turned
    assert why_misread(nameless, Named("ada hill", date(2011, 9, 9))) == ""
    assert why_misread(Named("", None), Named("ada hill", BORN)) == ""


@pytest.mark.parametrize(
    ("said", "several"),
    [
        *(("Daniel Hill", False), ("Hill, Daniel", False), ("Hill, Daniel J.", False), ("", False)),
        *(("Mary-Ann O’Connor", False), ("Daniel Hill;", False), ("Daniel Hill\n", False)),
        *(("Andy Band", False), ("Alexander Sandford", False), ("Daniel Hill (Danny)", False)),
        *(("Daniel Hill; Lee Hart", True), ("Daniel Hill and Lee Hart", True)),
        *(("Daniel & Lee Hart", True), ("Daniel Hill, Lee Hart", True), ("Daniel/Lee", True)),
        *(("Daniel Hill\nLee Hart", True), ("Daniel, Lee, Kit", True), ("Dan + Lee Hart", True)),
        ("Daniel Hill AND Lee Hart", True),
        *(("Daniel Hill;,", False), ("X; Daniel Hill", True)),
        ("Zoë Hill, Year 6", False),
        ("not known to me, Year 6", False),
    ],
)
def test_two_names_in_one_box_are_seen(said: str, several: bool) -> None:
    assert holds_several_names(said) is several


def test_twins_who_sound_alike_are_two() -> None:
    assert not is_put_right("tim hill", "tom hill")
    assert not is_put_right("tim james hill", "tom james hill")
    assert is_put_right("lena hill", "lina hill")  # one letter of four
    assert is_put_right("lena", "lina")
    assert is_put_right("zoë young", "zoe young")
    assert is_put_right("ashby rowan", "rowan ashby")


@pytest.mark.parametrize(
    ("known", "said", "agreed"),
    [
        (("ada hill", BORN), ("ada hill", BORN), True),
        (("ada hill", BORN), ("ada hill", None), True),
        (("ada hill", None), ("ada hill", BORN), True),
        (("ada hill", None), ("ada hill", None), True),
        (("ada hill", BORN), ("ada hill", date(2013, 3, 5)), False),
        (("", None), ("ada hill", BORN), True),
        (("", BORN), ("ada hill", BORN), True),
        (("", BORN), ("ada hill", date(2013, 3, 5)), False),
        (("ada hill", BORN), ("ada hil", BORN), True),
        (("ada hill", BORN), ("ada hil", None), False),
        (("ada hill", None), ("ada hil", BORN), False),
        (("ada hill", None), ("ada hil", None), False),
        (("ada hill", BORN), ("ada hil", date(2013, 3, 5)), False),
        (("ada hill", BORN), ("tom young", BORN), False),
    ],
)
def test_a_sheet_names_the_child_of_its_record_or_leaves_open_what_the_record_does(
    known: tuple[str, date | None], said: tuple[str, date | None], agreed: bool
) -> None:
    assert agree(Named(*known), Named(*said)) is agreed


def paper(**other: str | Moment | None) -> Facts:
    """Return the facts of a form by which its incident is known, with some of them changed."""
    said = {
        "child_a_name": "Ada Hill",
        "completed_by": "S. Sample",
        "child_a_dob": Moment(BORN),
        "incident_at": Moment(date(2026, 11, 14), 13, 45),
        **other,
    }
    texts = {name: words for name, words in said.items() if isinstance(words, str)}
    return Facts({}, {}, texts, {n: at for n, at in said.items() if not isinstance(at, str)})


def test_a_child_is_known_by_one_name_and_a_date_of_birth() -> None:
    known = paper(child_b_name="Ben  SAMPLE", child_b_dob=Moment(date(2013, 5, 6)))
    assert child_key(known, "child_a") == ChildKey("ada hill", BORN)
    assert child_key(known, "child_b") == ChildKey("ben sample", date(2013, 5, 6))
    assert child_key(known, "child") is None
    assert child_key(Facts({}, {}, {}, {"child_a_dob": Moment(BORN)}), "child_a") is None
    for less in ({"child_a_name": ""}, {"child_a_dob": None}, {"child_a_name": "Ada, Bea and Kim"}):
        assert child_key(paper(**less), "child_a") is None


def test_the_key_of_an_incident_is_the_same_in_every_version_for_it_finds_what_is_on_record() -> (
    None
):
    key = business_key("recording", paper())
    assert key == "849a836dd4692423bed8db5c4844ac185eb51c18ab8544af8e7ae558637319f0"
    assert business_key("recording", paper(child_a_name="ada HILL")) == key
    assert business_key("recording", paper(type_text="Other words.")) == key


@pytest.mark.parametrize(
    "other",
    [
        {"child_a_name": "Ida Hill"},
        {"child_a_dob": Moment(date(2013, 3, 5))},
        {"completed_by": "T. Sample"},
        {"incident_at": Moment(date(2026, 11, 15), 13, 45)},
        {"incident_at": Moment(date(2026, 11, 14), 12, 45)},
        {"incident_at": Moment(date(2026, 11, 14), 13, 46)},
        {"incident_at": Moment(date(2026, 11, 14))},
    ],
)
def test_another_child_day_time_or_author_is_another_incident(
    other: dict[str, str | Moment],
) -> None:
    assert business_key("recording", paper(**other)) != business_key("recording", paper())
    assert business_key("agency", paper()) != business_key("recording", paper())


@pytest.mark.parametrize(
    "less", [{"child_a_name": ""}, {"child_a_dob": None}, {"completed_by": "\u200b"}, {"incident_at": None}]
)  # fmt: skip
def test_without_child_day_or_author_a_person_compares(less: dict[str, str | None]) -> None:
    assert business_key("recording", paper(**less)) is None
    unsigned = replace(paper(), texts={"child_a_name": "Ada Hill"})
    assert business_key("recording", unsigned) is None


def answers(**said: str | None) -> dict[str, Answer]:
    return {name: Answer(word, word or "", AnswerState.GIVEN) for name, word in said.items()}


def test_what_is_saved_again_unchanged_has_the_same_print_in_every_version() -> None:
    said = answers(one="yes", other="Zoë", blank=None)
    first = values_sha256("recording", 2, said)
    assert first == "e6f2ecc0b75a7884e71cb1b11628446db35424e77c2161dfb5cadb6c16335858"
    assert values_sha256("recording", 2, dict(reversed(said.items()))) == first
    assert values_sha256("recording", 2, answers(one="yes", other="Zoë", blank="")) == first
    assert values_sha256("recording", 3, said) != first
    assert values_sha256("review", 2, said) != first
    assert values_sha256("recording", 2, answers(one="no", other="Zoë", blank=None)) != first
    assert len(values_sha256("recording", 2, answers(one="\ud800"))) == 64
