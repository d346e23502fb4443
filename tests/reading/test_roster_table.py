"""Pupil lists as they are found: headings, dates, encodings; and what is no list."""

from __future__ import annotations

import io
import zipfile
from datetime import date, datetime

import openpyxl
import pytest

from formflow.core.settings_roster import Roster
from formflow.reading import table_file
from formflow.reading.roster_table import Listed, is_cut_off, listed
from formflow.reading.table_file import NoTable

PLAIN = Roster()


def read(text: str, settings: Roster = PLAIN, encoding: str = "utf-8") -> Listed:
    return listed(text.encode(encoding), ".csv", settings)


def book(*rows: list[object], title: str = "Pupils") -> bytes:
    made = openpyxl.Workbook()
    assert made.active is not None
    made.active.title = title
    for row in rows:
        made.active.append(row)
    content = io.BytesIO()
    made.save(content)
    return content.getvalue()


@pytest.mark.parametrize(
    "head",
    [
        "Last Name,First Name,Date of Birth,Admission Number,UPN,Gender,Year Group,Tutor Group",
        "Surname,Forename,DOB,Preferred Name,UPN,Gender,NC Year,Form",
        "Surname,Forename,Date of birth,Pupil ID,UPN,Sex,Year Group,Registration Group",
        "legal_surname,legal_forename,date_of_birth,admission_number,upn,gender,current_nc_year,mis_id",
    ],
)
def test_the_headings_of_known_systems_are_known(head: str) -> None:
    found = read(f"{head}\nAshby,Rowan,2013-03-01,004711,H1,F,8,8B\n")
    assert found.is_usable
    assert found.unclear == ("1 UPNs are not valid by their check letter, and are not used",)
    (pupil,) = found.roster.pupils
    assert (pupil.name, pupil.dob, pupil.year_group) == ("Rowan Ashby", date(2013, 3, 1), "8")
    assert "004711" in (pupil.admission_no, pupil.preferred_forename, pupil.mis_id)


def test_an_unknown_heading_is_asked_about_and_never_guessed() -> None:
    text = "Surname,Forename,DOB,House\nAshby,Rowan,2013-03-01,Red\n"
    assert "“House” is not known" in read(text).unclear[0]
    said = Roster(columns={"house": "reg_group"})
    assert read(text, said).roster.pupils[0].reg_group == "Red"
    assert read(text, Roster(columns={"House": "ignore"})).unclear == ()
    assert "“Team”, which is not there" in read(text, Roster(columns={"Team": "ignore"})).unclear[1]


def test_two_headings_of_one_meaning_are_asked_about() -> None:
    found = read("Surname,Legal Surname,Forename,DOB\nMoor,Ashby,Rowan,2013-03-01\n")
    assert not found.is_usable
    assert "“Surname” and “Legal Surname” may each be legal_surname" in found.unclear[0]


def test_a_list_without_headings_is_told_without_its_names() -> None:
    found = read("Ashby,Rowan,2013-03-01\nMoor,Kit,2012-02-02\n")
    assert not found.is_usable
    assert "Rowan" not in str(found.unclear)


@pytest.mark.parametrize(
    ("dates", "settings", "first"),
    [
        ("13/04/2013 01/02/2014", PLAIN, date(2013, 4, 13)),
        ("04/13/2013 01/02/2014", PLAIN, date(2013, 4, 13)),
        ("01/02/2014 03/04/2013", Roster(dates="day first"), date(2014, 2, 1)),
        ("01/02/2014 03/04/2013", Roster(dates="month first"), date(2014, 1, 2)),
        ("2014-02-01 2013-04-03", PLAIN, date(2014, 2, 1)),
        ("1-Feb-2014 13-Apr-2013", PLAIN, date(2014, 2, 1)),
    ],
)
def test_the_whole_column_says_the_order_of_day_and_month(
    dates: str, settings: Roster, first: date
) -> None:
    one, other = dates.split()
    found = read(f"Surname,Forename,DOB\nAshby,Rowan,{one}\nMoor,Kit,{other}\n", settings)
    assert found.roster.pupils[0].dob == first


@pytest.mark.parametrize("dates", ["01/02/2014 03/04/2013", "13/02/2014 02/13/2014"])
def test_an_order_that_is_not_clear_is_asked_about(dates: str) -> None:
    one, other = dates.split()
    found = read(f"Surname,Forename,DOB\nAshby,Rowan,{one}\nMoor,Kit,{other}\n")
    assert not found.is_usable
    assert "day or the month" in found.unclear[0]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_every_usual_encoding_and_separator_is_read(encoding: str, separator: str) -> None:
    text = separator.join(("Surname", "Forename", "DOB")) + "\r\n"
    text += separator.join(("O’Ashby", "Zoë", "2013-03-01")) + "\r\n"
    assert read(text, encoding=encoding).roster.pupils[0].name == "Zoë O’Ashby"


def test_a_workbook_is_read_with_its_dates_and_numbers() -> None:
    head: list[object] = ["Surname", "Forename", "DOB", "Admission No"]
    content = book(head, ["Ashby", "Rowan", datetime(2013, 3, 1), 4711.0], title="List")  # noqa: DTZ001
    (pupil,) = listed(content, ".xlsx", Roster(sheet="List")).roster.pupils
    assert (pupil.dob, pupil.admission_no) == (date(2013, 3, 1), "4711")
    with pytest.raises(NoTable, match="no sheet"):
        listed(content, ".xlsx", Roster(sheet="Other"))


def test_what_two_pupils_share_is_told_in_numbers() -> None:
    line = "Ashby,Rowan,2013-03-01"
    found = read(f"Surname,Forename,DOB,UPN\n{line},1\n{line},2\nMoor,Kit,,3\n")
    assert len(found.roster.pupils) == 2
    assert "2 pupils share name and date of birth" in " ".join(found.unclear)
    assert "1 lines have no name, or no date of birth" in " ".join(found.unclear)


def bomb() -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as parts:
        parts.writestr("xl/worksheets/sheet1.xml", b"0" * 2_000_000)
    return content.getvalue()


def test_what_is_no_table_or_too_large_is_refused_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table_file, "MOST_UNPACKED", 1_000_000)
    monkeypatch.setattr(table_file, "MOST_ROWS", 10)
    monkeypatch.setattr(table_file, "MOST_BYTES", 1_000_000)
    long = "Surname\n" + "Ashby\n" * 11
    for content, suffix, words in (
        (b"PK\x03\x04 damaged", ".xlsx", "cannot be read as a workbook"),
        (b"\xd0\xcf\x11\xe0 a password", ".xlsx", "have a password"),
        (bomb(), ".xlsx", "too large when it is unpacked"),
        (b"PK\x03\x04\0", ".csv", "not text"),
        (b'Surname\n"Ashby', ".csv", "lines cannot be read"),
        (long.encode(), ".csv", "more than 10 rows"),
        (b"x" * 1_000_001, ".csv", "larger than"),
    ):
        with pytest.raises(NoTable, match=words):
            listed(content, suffix, PLAIN)


def test_a_list_that_is_half_written_is_seen() -> None:
    whole = b"Surname,Forename,DOB\nAshby,Rowan,2013-03-01\nMoor,Kit,2012-02-02"
    assert not is_cut_off(whole, ".csv")
    assert not is_cut_off(b"", ".csv")
    assert is_cut_off(whole[:-12], ".csv")
