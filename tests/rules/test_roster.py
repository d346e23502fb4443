"""Who on the pupil list a form means, and whose folder is whose: exact, or nobody."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from formflow.rules.matching import ChildKey, Named, name_key
from formflow.rules.roster import ChildFolder, Pupil, Roster, twice
from tests.rules.test_matching import upn_of

BORN, OTHER_DAY = date(2013, 3, 1), date(2013, 1, 3)
UPN, SECOND, THIRD = (upn_of(f"80120000100{n}") for n in (1, 2, 3))
ROWAN = Pupil("Ashby", "Rowan", BORN, UPN, preferred_forename="Ro", middle_names="Lee")
ROBIN = Pupil("Ashby", "Robin", BORN, SECOND, former_upn=THIRD)


def the_list() -> Roster:
    return Roster((ROWAN, ROBIN))


def key(name: str, born: date = BORN) -> ChildKey:
    return ChildKey(name_key(name), born)


@pytest.mark.parametrize(
    "name", ["Rowan Ashby", "RO  ASHBY", "Ashby, Rowan", "Rowan Lee Ashby", "ashby, ro"]
)
def test_each_name_of_the_list_is_the_child(name: str) -> None:
    assert the_list().match(key(name), "").pupil is ROWAN


@pytest.mark.parametrize(
    ("said", "upn", "pupil", "code"),
    [
        (key("Rowen Ashby"), "", None, "FF-510"),
        (key("Rowan Ashby", OTHER_DAY), "", None, "FF-510"),
        (key("Rowen Ashby"), UPN, ROWAN, ""),  # number and birthday
        (key("Rowan Ashby", OTHER_DAY), UPN, ROWAN, ""),  # number and name
        (key("Kit Moor", OTHER_DAY), UPN, None, "FF-512"),
        (key("Robyn Ashby"), THIRD, ROBIN, ""),  # a former number, and the birthday
        (key("Rowan Ashby"), SECOND, None, "FF-512"),  # the twin's number
        (key("Rowan Ashby"), upn_of("801200001009"), None, "FF-512"),
        (None, UPN, ROWAN, ""),
        (None, "", None, ""),
    ],
)
def test_a_number_counts_with_name_or_birthday(
    said: ChildKey | None, upn: str, pupil: Pupil | None, code: str
) -> None:
    found = the_list().match(said, upn)
    assert (found.pupil, found.code) == (pupil, code)


def test_of_namesakes_and_of_a_number_given_twice_nobody_is_meant() -> None:
    namesake = replace(ROWAN, upn=SECOND, middle_names="")
    of_both = Roster((ROWAN, namesake))
    assert of_both.match(key("Rowan Ashby"), "").code == "FF-511"
    assert of_both.match(key("Rowan Ashby"), SECOND).pupil is namesake
    assert of_both.match(key("Rowan Lee Ashby"), "").pupil is ROWAN
    one_number = Roster((ROWAN, replace(ROBIN, upn=UPN)))
    assert one_number.match(key("Kim Ashby"), UPN).code == "FF-510"
    assert one_number.match(key("Robin Ashby"), UPN).pupil is not None
    assert one_number.numbered(UPN) is None
    assert twice((*of_both.pupils, replace(ROBIN, upn=UPN))) == (2, 2)


def test_who_comes_near_is_offered_with_the_reason() -> None:
    near = the_list().near(Named(name_key("Robyn Ashby"), BORN), "")
    assert [one.pupil for one in near] == [ROWAN, ROBIN]
    assert "twin" in near[0].why
    assert "almost the same" in near[1].why
    turned = the_list().near(Named(name_key("Rowan Ashby"), OTHER_DAY), "")
    assert "day and month of birth changed round" in turned[0].why
    (without,) = the_list().near(Named(name_key("Rowan Ashby"), None), "")
    assert (without.pupil, "no date of birth" in without.why) == (ROWAN, True)
    assert the_list().near(Named(name_key("Kit Moor"), date(2010, 1, 1)), "") == ()
    assert the_list().near(Named("", None), "") == ()


def test_who_comes_near_is_found_by_number_name_or_day_each_for_itself() -> None:
    def near(name: str, born: date, upn: str = "") -> list[tuple[Pupil, str]]:
        return [(one.pupil, one.why) for one in the_list().near(Named(name_key(name), born), upn)]

    assert near("Kit Moor", date(2010, 1, 1), THIRD) == [(ROBIN, "the same UPN")]
    assert near("Rowan Ashby", BORN)[0] == (ROWAN, "the same name and date of birth")
    another = "the same name, with another date of birth"
    assert near("Rowan Ashby", date(2010, 1, 1)) == [(ROWAN, another)]
    turned = "a name that is almost the same, with day and month of birth changed round"
    assert near("Rowen Ashby", OTHER_DAY) == [(ROWAN, turned)]
    foreign = replace(ROWAN, legal_surname="李", legal_forename="明")
    assert Roster((foreign,)).near(Named("", BORN), "") == ()


def test_no_more_are_offered_than_fit_on_a_sheet() -> None:
    many = tuple(replace(ROWAN, legal_forename=f"Rowan{n}", upn="") for n in range(20))
    offered = Roster(many).near(Named("rowan1 ashby", BORN), "")
    assert (offered[0].pupil, len(offered)) == (many[1], 8)


@pytest.mark.parametrize(
    ("pattern", "folder", "is_sure"),
    [
        ("{legal_surname}, {legal_forename} {dob:%d-%m-%Y}", "Ashby, Rowan 01-03-2013", True),
        ("Year {year_group}/{upn}", f"Year 8/{UPN}", True),
        ("{legal_surname} {legal_forename} {dob:%Y}", "Ashby Rowan 2013", False),
        ("{legal_surname} {legal_forename}", "Ashby Rowan", False),
        ("{admission_no} {legal_surname}", None, False),  # she has none
        ("../{legal_surname}", None, False),
        ("", None, False),
    ],
)
def test_a_pattern_names_a_folder_or_none(pattern: str, folder: str | None, is_sure: bool) -> None:
    rowan = replace(ROWAN, year_group="8")
    found = Roster((rowan, replace(ROBIN, year_group="8")), pattern).folder_of(rowan)
    assert (found and found.name, bool(found and found.is_sure)) == (folder, is_sure)


def test_a_folder_of_two_children_is_nobodys_and_none_leads_elsewhere() -> None:
    one, other = replace(ROWAN, folder="Both"), replace(ROBIN, folder="bOTH ")
    assert Roster((one, other)).folder_of(one) is None
    for folder in ("..\\elsewhere", "/etc/../..", ".."):
        astray = replace(ROWAN, folder=folder)
        assert Roster((astray,)).folder_of(astray) is None
    slash = replace(ROWAN, legal_surname="Ash/by")
    assert Roster((slash,), "{legal_surname} {dob}").folder_of(slash) is None
    alike = Roster((ROWAN, replace(ROWAN, upn=SECOND)), "{legal_surname} {dob}")
    assert alike.folder_of(ROWAN) is None
    slash = replace(ROWAN, legal_surname="Ash\\by")
    assert Roster((slash,), "{legal_surname} {dob}").folder_of(slash) is None


def test_a_folder_that_the_list_names_is_the_childs_without_slashes_around_it() -> None:
    hers = replace(ROWAN, folder="\\Year 8\\Xander X\\")
    found = Roster((hers, ROBIN)).folder_of(hers)
    assert found == ChildFolder("Year 8/Xander X", is_sure=True)


def test_namesakes_are_two_or_more_with_one_name_and_birthday() -> None:
    two = Roster((ROWAN, ROBIN, replace(ROWAN, preferred_forename="Wan")))
    assert two.has_namesakes(key("Rowan Ashby"))
    assert not two.has_namesakes(key("Robin Ashby"))
    assert not two.has_namesakes(key("Kit Moor"))
    assert twice(two.pupils) == (2, 2)
    assert twice((ROBIN, replace(ROWAN, upn=THIRD))) == (0, 0)  # his former number is hers now


def test_a_child_is_told_by_any_of_its_numbers_however_it_is_written() -> None:
    one = replace(ROWAN, upn="", admission_no="AB 12", mis_id="77")
    known = Roster((one, ROBIN, replace(ROBIN, upn="", mis_id="9")))
    for words, meant in (
        (f" {SECOND[:4]} {SECOND[4:].lower()}", ROBIN),
        ("ab1 2", one),
        ("77", one),
    ):
        assert known.numbered(words) is meant
    assert [known.numbered(words) for words in ("", " ", "12")] == [None] * 3
    assert replace(one, upn=UPN).number == UPN
    assert one.number == "AB 12"
    assert replace(one, admission_no="").number == "77"
    assert replace(one, admission_no="", mis_id="").number == ""


@pytest.mark.parametrize(
    ("group", "words"),
    [
        ("8", "Rowan Ashby, Year 8"),
        ("Reception", "Rowan Ashby, Reception"),
        ("", "Rowan Ashby"),
    ],
)
def test_a_child_is_told_by_the_legal_name_and_the_year(group: str, words: str) -> None:
    assert replace(ROWAN, year_group=group).in_words == words
