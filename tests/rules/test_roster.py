"""Who on the pupil list a form means, and whose folder is whose: exact, or nobody."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from formflow.rules.matching import ChildKey, Named, name_key
from formflow.rules.roster import Pupil, Roster, twice
from tests.rules.test_matching import upn_of

BORN, OTHER_DAY = date(2013, 3, 1), date(2013, 1, 3)
UPN, SECOND, THIRD = (upn_of(f"80120000100{n}") for n in (1, 2, 3))
ROWAN = Pupil("Ashby", "Rowan", BORN, UPN, preferred_forename="Ro", middle_names="Lee")
ROBIN = Pupil("Ashby", "Robin", BORN, SECOND, former_upn=THIRD)
LIST = Roster((ROWAN, ROBIN))


def key(name: str, born: date = BORN) -> ChildKey:
    return ChildKey(name_key(name), born)


@pytest.mark.parametrize(
    "name", ["Rowan Ashby", "RO  ASHBY", "Ashby, Rowan", "Rowan Lee Ashby", "ashby, ro"]
)
def test_each_name_of_the_list_is_the_child(name: str) -> None:
    assert LIST.match(key(name), "").pupil is ROWAN


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
    found = LIST.match(said, upn)
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
    near = LIST.near(Named(name_key("Robyn Ashby"), BORN))
    assert [one.pupil for one in near] == [ROWAN, ROBIN]
    assert "twin" in near[0].why
    assert "almost the same" in near[1].why
    turned = LIST.near(Named(name_key("Rowan Ashby"), OTHER_DAY))
    assert "day and month of birth changed round" in turned[0].why
    (without,) = LIST.near(Named(name_key("Rowan Ashby"), None))
    assert "no date of birth" in without.why
    assert LIST.near(Named(name_key("Kit Moor"), date(2010, 1, 1))) == ()
    assert LIST.near(Named("", None)) == ()


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
