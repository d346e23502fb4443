"""The agency's pupil list, and its own folders for children: what is found, what is offered, what waits."""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from formflow.admin.settings_file import load_settings
from formflow.core.errors import SettingsProblem
from formflow.core.model import Role
from formflow.core.settings import Settings
from formflow.pipeline import looks
from formflow.sdk.field_map import known_of
from tests.delivery.test_named import Mapped
from tests.pipeline.test_walk import entries
from tests.rules.test_matching import upn_of
from tests.stories.test_assessment import stored
from tests.stories.test_children import DECIDED, f2
from tests.stories.test_vectors import gets
from tests.support import worker
from tests.support.desk import Desk
from tests.support.offices import files, formflow, settled_at_once

UPN, OTHER, THIRD = (upn_of(f"80120000100{n}") for n in (1, 2, 3))
HEAD = "UPN,Legal Surname,Legal Forename,Preferred Name,Date of Birth,NC Year,Address,Parents"
ROWAN = f"{UPN},Ashby,Rowan,Ro,2013-03-01,8,1 Mill Lane,J. Ashby 01632 960001"
ROBIN = f"{OTHER},Ashby,Robin,,2013-03-01,8,,"
PATTERN = "{legal_surname}, {legal_forename} {dob:%Y-%m-%d}"
ROWANS = "Ashby, Rowan 2013-03-01"


def with_list(office: Settings, *lines: str, folder: str = PATTERN, own: str = "") -> Settings:
    """Return an agency with a pupil list, and a place for folders of its own."""
    base = office.state.folder.parent
    (base / "Pupils.csv").write_text("\n".join((HEAD, *lines, "")), "utf-8")
    (base / "Pupils").mkdir()
    settings = base / "formflow.toml"
    text = settings.read_text("utf-8").replace('# file = "Pupils.csv"', 'file = "Pupils.csv"')
    text = text.replace('\nfolder = ""', f'\nfolder = "{folder}"')
    text = text[: text.index("\n[[destination]]")]  # the registers of the pretend agency
    there = f'[[destination]]\nname = "Pupils"\nkind = "child_files"\nfolder = "Pupils"\nexisting = true\n{own}\n'
    settings.write_text(f"{text}\n{there}", "utf-8")
    return settled_at_once(load_settings(settings))


def own_folder(desk: Desk, name: str = ROWANS) -> Path:
    home: Path = desk.office.destination[-1].own_settings["folder"] / name
    home.mkdir(parents=True, exist_ok=True)
    return home


def folders(desk: Desk) -> Path:
    where: Path = desk.office.destination[-1].own_settings["folder"]
    return where


def alert(desk: Desk, reference: str = "FF-2026-000001") -> str:
    (page,) = desk.office.folders.alerts.glob(f"*{reference}*.html")
    return page.read_text("utf-8")


def told(desk: Desk) -> list[str]:
    return [one.code for one in entries(desk.office)[-1].notices if one.code.startswith("FF-51")]


@pytest.fixture
def desk(office: Settings) -> Desk:
    return Desk(with_list(office, ROWAN, ROBIN))


def test_papers_are_filed_in_the_folder_that_the_agency_has(desk: Desk) -> None:
    home = own_folder(desk)
    (home / "letter.txt").write_text("not ours")
    gets(desk, context_planned="yes")
    stem = "FF-2026-000001 r1"
    assert files(home) == [f"{stem} as read.pdf", f"{stem} original.pdf", "letter.txt"]
    assert not (folders(desk) / "Not yet matched").exists()
    assert told(desk) == []
    assert formflow(desk.office, "reconcile").returncode == 0


def test_the_alert_says_the_year_group_and_who_is_not_on_the_list(desk: Desk) -> None:
    gets(desk, context_planned="yes")
    assert "8 (from the pupil list)" in alert(desk)
    gets(desk, born="2/2/2012", child_a_name="Kit Moor")
    assert told(desk) == ["FF-510"]
    assert "is not on your pupil list" in alert(desk, "FF-2026-000002")
    receipts = "".join(one.read_text("utf-8") for one in desk.office.folders.receipts.glob("*"))
    assert "pupil list" not in receipts


def test_a_preferred_name_is_a_name_and_both_lie_in_one_folder(desk: Desk) -> None:
    home = own_folder(desk)
    first = gets(desk, context_planned="yes", child_a_name="Ro Ashby")
    again = gets(desk, incident_at="13/11/2026 at 9am", child_a_name="Ashby, Rowan")
    assert again.child_reference == first.child_reference
    assert len(files(home)) == 4


def test_a_twin_whose_name_is_misspelt_waits_and_is_offered_and_filed_when_she_says_so(
    desk: Desk,
) -> None:
    home, twins = own_folder(desk), own_folder(desk, "Ashby, Robin 2013-03-01")
    gets(desk, context_planned="yes", child_a_name="Robyn Ashby")
    assert told(desk) == ["FF-510"]
    assert files(folders(desk)) == [
        f"Not yet matched/FF-2026-000001/FF-2026-000001 r1 {what}.pdf"
        for what in ("as read", "original")
    ]
    offered = stored(f2(desk, "FF-2026-000001"), "near_text")
    assert "Robin Ashby, Year 8" in offered
    assert f"write {OTHER} below" in offered
    desk.fills_in("F2", f2(desk, "FF-2026-000001"), same_child=OTHER, **DECIDED)
    assert files(home) == []
    assert len(files(twins)) == 4  # the form and her sheet, each with what was read
    assert len(files(folders(desk))) == 4
    gets(desk, incident_at="14/11/2026 at 9am", child_a_name="Robyn Ashby")
    assert len(files(twins)) == 6  # what she said is remembered
    assert formflow(desk.office, "reconcile").returncode == 0


def test_namesakes_of_one_birthday_wait_unless_a_upn_tells_them_apart(office: Settings) -> None:
    namesake = f"{THIRD},Ashby,Rowan,,2013-03-01,9,,"
    desk = Desk(with_list(office, ROWAN, namesake, folder="{upn}"))
    first, other = own_folder(desk, UPN), own_folder(desk, THIRD)
    gets(desk, context_planned="yes")
    assert told(desk) == ["FF-511"]
    assert files(first) == files(other) == []
    offered = stored(f2(desk, "FF-2026-000001"), "near_text")
    assert UPN in offered
    assert THIRD in offered
    gets(desk, incident_at="13/11/2026 at 9am", child_a_number=THIRD)
    assert len(files(other)) == 2


def test_a_form_with_the_number_of_a_twin_waits_until_she_says_who_it_is(desk: Desk) -> None:
    homes = own_folder(desk), own_folder(desk, "Ashby, Robin 2013-03-01")
    gets(desk, context_planned="yes", child_a_name="Robin Ashby", child_a_number=OTHER)
    assert len(files(homes[1])) == 2
    second = gets(desk, incident_at="13/11/2026 at 9am", child_a_number=OTHER)
    assert told(desk) == ["FF-512"]
    assert [len(files(home)) for home in homes] == [0, 2]
    offered = stored(f2(desk, second.reference), "near_text")
    assert f"write {UPN} below" in offered
    assert f"write {OTHER} below" in offered
    desk.fills_in("F2", f2(desk, second.reference), same_child=UPN, **DECIDED)
    assert [len(files(home)) for home in homes] == [4, 2]


def test_a_folder_without_birthday_or_number_is_confirmed_once_by_a_person(
    office: Settings,
) -> None:
    desk = Desk(with_list(office, ROWAN, folder="{legal_surname} {legal_forename}"))
    home = own_folder(desk, "Ashby Rowan")
    gets(desk, context_planned="yes")
    assert files(home) == []
    offered = stored(f2(desk, "FF-2026-000001"), "near_text")
    assert "to be filed in the folder “Ashby Rowan”" in offered
    desk.fills_in("F2", f2(desk, "FF-2026-000001"), same_child=UPN, **DECIDED)
    assert len(files(home)) == 4
    gets(desk, incident_at="13/11/2026 at 9am")
    assert len(files(home)) == 6


def test_a_folder_that_somebody_renamed_is_told_and_no_other_is_made(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = own_folder(desk)
    away = home.rename(home.with_name("Ashby Rowan (old)"))
    gets(desk, context_planned="yes")
    assert not home.exists()
    assert files(away) == []
    (own,) = desk.office.folders.alerts.glob("*LEDGER*")
    page = own.read_text("utf-8")
    assert "FF-516" in page
    assert "Ashby" not in page
    told = formflow(desk.office, "status")
    assert "wait in “Not yet matched” of “Pupils”: 1, the oldest since" in told.stdout
    assert "(FF-481)" in told.stdout
    assert "Ashby" not in told.stdout
    (row,) = json.loads(formflow(desk.office, "status", "--json").stdout)["unmatched"]
    assert (row["destination"], row["records"], row["seconds"] >= 0) == ("Pupils", 1, True)
    assert "not certain: 1." in formflow(desk.office, "health").stdout
    monkeypatch.setattr(looks, "LOOK_SECONDS", 0.0)  # minutes have passed
    own.rename(own.parent / "Seen" / own.name)
    desk.waits()
    desk.waits()
    assert list(desk.office.folders.alerts.glob("*LEDGER*")) == []  # once a day
    away.rename(home)
    desk.waits()
    assert len(files(home)) == 2
    assert files(folders(desk)) == [f"{ROWANS}/{name}" for name in files(home)]
    assert "FF-481" not in formflow(desk.office, "status").stdout


def test_a_folder_of_the_list_counts_and_two_children_of_one_folder_wait(office: Settings) -> None:
    desk = Desk(with_list(office))
    pupils = desk.office.roster.file
    assert pupils is not None
    head = "Surname,Forename,DOB,Folder\n"
    pupils.write_text(
        f"{head}Ashby,Rowan,01/03/2013,Year 8/Rowan A\nMoor,Kit,02/02/2012,Both\nMoor,Kim,28/02/2013,both\n"
    )
    home = own_folder(desk, "Year 8/Rowan A")
    own_folder(desk, "Both")
    gets(desk, context_planned="yes")
    assert len(files(home)) == 2
    gets(desk, born="2/2/2012", child_a_name="Kit Moor")
    assert files(own_folder(desk, "Both")) == []


def test_a_child_who_comes_on_the_list_later_gets_what_waits(desk: Desk) -> None:
    home = own_folder(desk, "Moor, Kit 2012-02-02")
    gets(desk, born="2/2/2012", child_a_name="Kit Moor")
    assert files(home) == []
    pupils = desk.office.roster.file
    assert pupils is not None
    with pupils.open("a") as file:
        file.write(f"{THIRD},Moor,Kit,,2012-02-02,9,,\n")
    desk.waits()
    desk.waits()  # a list that has just changed is read when it has stayed as it is
    assert len(files(home)) == 2


def test_referrals_are_filled_in_from_the_list_which_they_say(desk: Desk) -> None:
    gets(desk, context_planned="yes", child_b_name="Robin Ashby", child_b_dob="1/3/2013")
    desk.fills_in("F2", f2(desk, "FF-2026-000001"), **{**DECIDED, "level": "harmful"})
    referral = desk.sheet("F3a")
    assert stored(referral, "child_number") == UPN
    assert stored(referral, "child_lives") == "From the pupil list, please check:\n1 Mill Lane"
    assert "J. Ashby 01632 960001" in stored(referral, "family")
    of_b = desk.sheet("F3b")
    assert stored(of_b, "child_number") == OTHER
    assert stored(of_b, "family") == ""


def test_a_list_that_is_away_or_damaged_stops_nothing_and_the_last_good_one_counts(
    desk: Desk,
) -> None:
    home = own_folder(desk)
    desk.waits()
    pupils = desk.office.roster.file
    assert pupils is not None
    for number, damage in enumerate((b"PK\x03\x04\0not a workbook", b"Ada;King\n", None), start=2):
        pupils.unlink() if damage is None else pupils.write_bytes(damage)
        desk.waits()
        desk.waits()
        gets(desk, incident_at=f"{number}/11/2026 at 9am")
        assert len(files(home)) == 2 * (number - 1)
    assert worker.context_of(desk.office).pupils.code == "FF-513"
    worker.close()  # and after a restart
    gets(desk, incident_at="9/11/2026 at 9am")
    assert len(files(home)) == 8


def test_no_name_of_the_list_is_in_the_log_or_in_what_the_office_sees(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(0)
    own_folder(desk)
    gets(desk, context_planned="yes")
    gets(desk, child_a_name="Rowan Ashbey")
    seen = [
        path.read_bytes()
        for folder in (desk.office.folders.receipts, desk.office.folders.needs_attention)
        for path in folder.rglob("*")
        if path.is_file() and path.suffix != ".pdf"
    ]
    words = caplog.text + "".join(one.decode("utf-8", "replace") for one in seen)
    assert not re.search("ashby|rowan|robin|mill lane", words, re.IGNORECASE)
    assert all(one.role is Role.STAFF for one in entries(desk.office))


def test_what_is_asked_and_what_is_wrong_is_told_without_names(office: Settings) -> None:
    settings = with_list(office, ROWAN, ROBIN)
    desk = Desk(settings)
    own_folder(desk)
    checked = formflow(settings, "roster", "check")
    assert checked.returncode == 0
    assert "2 pupils; “UPN” is upn" in checked.stdout
    assert "of 2 pupils what their folder is called; 1 of these are there" in checked.stdout
    assert settings.roster.file is not None
    settings.roster.file.write_text("Surname,Forename,DOB,House\nAshby,Rowan,01/02/2013,Red\n")
    asked = formflow(settings, "roster", "check")
    assert asked.returncode == 1
    assert "“House” is not known" in asked.stdout
    assert "day or the month" in asked.stdout
    settings.roster.file.unlink()
    desk.waits()
    for command in ("status", "doctor"):
        said = formflow(settings, command).stdout
        assert "The pupil list is not there" in said
        assert "Ashby" not in said + checked.stdout + asked.stdout


def test_what_the_settings_say_of_the_list_is_looked_at(office: Settings) -> None:
    settings = with_list(office, ROWAN)
    file = settings.state.folder.parent / "formflow.toml"
    text = file.read_text("utf-8")
    for before, after, words in (
        ('file = "Pupils.csv"', "", "a child’s own folder is found through"),
        ("Pupils.csv", "Pupils.xls", "is neither .csv nor .xlsx"),
        ("{dob:%Y-%m-%d}", "{address}", "a folder’s name can hold"),
        ('sheet = ""', 'columns = { "House" = "colour" }', "“House” can be upn"),
        ('file = "Pupils.csv"', 'file = "Safeguarding forms/Drop here/Pupils.csv"', "lies inside"),
    ):
        file.write_text(text.replace(before, after, 1), "utf-8")
        with pytest.raises(SettingsProblem) as problem:
            load_settings(file)
        assert words in " ".join(problem.value.problems)


def test_a_field_map_can_name_what_the_list_says(desk: Desk) -> None:
    mapped: Any = Mapped()
    worker.context_of(desk.office).destinations["Mapped"] = mapped  # type: ignore[index]
    gets(desk, context_planned="yes", child_b_name="Robin Ashby", child_b_dob="1/3/2013")
    told = known_of(mapped.got[0])
    assert told["roster_year_group"].text == "8"
    assert told["roster_dob"].value == date(2013, 3, 1)
    assert (told["roster_upn"].text, told["roster_b_upn"].text) == (UPN, OTHER)
    assert "roster_reg_group" not in told
    assert mapped.got[0].child_folder == ""
