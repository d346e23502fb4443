"""Dates and times as staff write them: what is clear is read, what is not is asked about."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from formflow.core.dates import Doubt, age_on, parse_day, parse_moment
from formflow.core.messages import MESSAGES
from formflow.core.model import Moment

TODAY = date(2026, 11, 24)
DAYS = st.dates(date(1900, 1, 1), date(2099, 12, 31))
SATURDAY = date(2026, 11, 14)


def code_of(text: str) -> str:
    found = parse_moment(text, TODAY)
    assert isinstance(found, Doubt), f"read as {found}"
    return found.code


@pytest.mark.parametrize(
    "text",
    [
        "14/11/2026",
        "14.11.26",
        "14-11-2026",
        "14 11 2026",
        "14 / 11 / 2026",
        "14–11–2026",
        "14.11.2026.",
        "１４／１１／２０２６",
        "2026-11-14",
        "14 November 2026",
        "14th Nov 2026",
        "14 Nov. 2026",
        "14-Nov-26",
        "14 NOVEMBER 2026",
        "  14   november\u00a02026 ",
        "the 14th of November 2026",
        "Saturday 14 November 2026",
        "Sat 14/11/26",
        "Sat. 14th Nov 2026",
        "Saturday, 14 November 2026",
        "14/11/2026 (Saturday)",
    ],
)
def test_a_day_is_read_however_it_is_usually_written(text: str) -> None:
    assert parse_day(text, TODAY) == SATURDAY


@pytest.mark.parametrize(
    ("text", "hour", "minute"),
    [
        ("14/11/2026 at 1.45pm", 13, 45),
        ("14/11/2026 at 1:45 p.m.", 13, 45),
        ("14/11/2026 1.45PM", 13, 45),
        ("14/11/2026, 1pm", 13, 0),
        ("14/11/2026 @ 9am", 9, 0),
        ("14/11/2026 - 9am", 9, 0),
        ("14/11/2026 13:45", 13, 45),
        ("14/11/2026 13.45", 13, 45),
        ("14/11/2026 13:45 hrs", 13, 45),
        ("14/11/2026 1345", 13, 45),
        ("14/11/2026 0905", 9, 5),
        ("14/11/2026 09:05", 9, 5),
        ("14/11/2026 00:01", 0, 1),
        ("14/11/2026 12.50", 12, 50),
        ("14/11/2026 at 12.20pm", 12, 20),
        ("14/11/2026 at 12.20am", 0, 20),
        ("14/11/2026 noon", 12, 0),
        ("14/11/2026 12 noon", 12, 0),
        ("14.11.26 at 1.45pm", 13, 45),
        ("14 November 2026 at 1.45pm", 13, 45),
        ("Saturday 14 November 2026, 1.45pm", 13, 45),
        ("14/11/2026, Saturday, 1.45pm", 13, 45),
        ("2026-11-14T13:45", 13, 45),
        ("1.45pm on 14/11/2026", 13, 45),
        ("at 1.45pm on Saturday 14 November 2026", 13, 45),
    ],
)
def test_a_time_is_read_where_it_is_clear(text: str, hour: int, minute: int) -> None:
    assert parse_moment(text, TODAY) == Moment(SATURDAY, hour, minute)


@pytest.mark.parametrize(
    "text",
    [
        "14/11/2026 1.45",  # morning or afternoon?
        "14/11/2026 at 9.10",
        "14/11/2026 10.55",
        "14/11/2026 midnight",
        "14/11/2026 at 2 o’clock",
        "14/11/2026 25:10",
        "14/11/2026 13:75",
        "14/11/2026 13.45pm",
        "14/11/2026 0pm",
        "14/11/2026 945",
        "14/11/2026 about 2pm",
        "14/11/2026 between 1pm and 2pm",
        "14/11/2026 12.30-1.15pm",
        "14/11/2026 in the morning",
        "14/11/2026, after lunch",
        "14/11/2026 before school",
    ],
)
def test_an_unclear_time_leaves_the_day_and_is_asked_about(text: str) -> None:
    assert parse_moment(text, TODAY) == Doubt("FF-214", SATURDAY)
    assert parse_day(text, TODAY) == SATURDAY


@pytest.mark.parametrize(
    "text",
    [
        "14/11/2026 or 15/11/2026",
        "14/11/2026 - 16/11/2026",
        "14/11/2026 1.45pm and 15/11",
        "14/11/2026 the night before",
        "14/11/2026 the morning after",
        "14/11/2026 or before",
        "14/11/2026?",
        "14/11-2026",
        "14/11/202",
        "14/11",
        "3 March",
        "March 2014",
        "2014",
        "14112026",
        "3 Marhc 2014",
        "Year 5",
        "five years old",
        "5 11.26",
        "١٤/١١/٢٠٢٦",
        "14²/11/2026",
        "",
        " ",
    ],
)
def test_what_leaves_a_doubt_about_the_day_is_not_guessed(text: str) -> None:
    assert code_of(text) == "FF-202"


@pytest.mark.parametrize(
    "text", ["31/02/2015", "31/04/2015", "29/02/2023", "0/0/2014", "32/1/2015"]
)
def test_a_day_that_does_not_exist_has_words_of_its_own(text: str) -> None:
    assert code_of(text) == "FF-203"


@pytest.mark.parametrize(
    "text",
    [
        "yesterday",
        "Yesterday at 2pm",
        "today",
        "this morning",
        "last Tuesday",
        "Tuesday",
        "on Tuesday",
        "2 days ago",
        "earlier",
    ],
)
def test_a_day_told_in_words_has_words_of_its_own(text: str) -> None:
    assert code_of(text) == "FF-204"


@pytest.mark.parametrize("text", ["Tuesday 14 November 2026", "Fri 14/11/26", "14/11/2026 Sunday"])
def test_another_day_of_the_week_is_asked_about(text: str) -> None:
    assert code_of(text) == "FF-205"


@pytest.mark.parametrize(
    "text", ["04/13/2015", "12/31/2015", "March 3, 2014", "Mon March 3rd 2014"]
)
def test_the_month_before_the_day_has_words_of_its_own(text: str) -> None:
    assert code_of(text) == "FF-215"


@pytest.mark.parametrize("text", ["14/11/1899", "3 March 1066", "1014-11-26"])
def test_a_year_before_1900_has_words_of_its_own(text: str) -> None:
    assert code_of(text) == "FF-211"


@pytest.mark.parametrize(
    "text", ["Not known", "unknown", "DOB unknown", "N/A", "nk", "?", "–", "none"]
)
def test_not_known_is_no_mistake(text: str) -> None:
    assert code_of(text) == "FF-216"
    assert not MESSAGES["FF-216"].returns


def test_day_and_month_are_never_swapped() -> None:
    assert parse_day("03/04/2015", TODAY) == date(2015, 4, 3)


def test_a_birth_year_of_two_digits_is_the_latest_that_is_not_in_the_future() -> None:
    for written, year in (("14", 2014), ("26", 2026), ("27", 1927), ("99", 1999), ("00", 2000)):
        assert parse_day(f"3.3.{written}", TODAY, of_birth=True) == date(year, 3, 3)


def test_another_year_of_two_digits_is_of_this_century_so_that_a_slip_is_asked_about() -> None:
    assert parse_day("3/3/26", TODAY) == date(2026, 3, 3)
    assert parse_day("3/3/27", TODAY) == date(2027, 3, 3), "in the future: checks.py asks"


@given(DAYS)
def test_every_day_is_read_back_in_every_usual_form(day: date) -> None:
    for form in ("%d/%m/%Y", "%d.%m.%Y", "%Y-%m-%d", "%d %B %Y", "%A %d %b %Y", "%a %d/%m/%Y"):
        assert parse_day(day.strftime(form), TODAY) == day


@given(DAYS, st.integers(0, 23), st.integers(0, 59))
def test_every_time_of_the_24_hour_clock_is_read_back(day: date, hour: int, minute: int) -> None:
    forms = ["{:02d}{:02d}", "{:02d}{:02d} hrs"]
    if hour not in (10, 11):  # "10:30" may be morning or evening
        forms += ["{:02d}:{:02d}", "{:02d}.{:02d}", "at {:02d}:{:02d}"]
    for form in forms:
        text = f"{day:%d/%m/%Y} {form.format(hour, minute)}"
        assert parse_moment(text, TODAY) == Moment(day, hour, minute)


@given(st.text(max_size=40) | st.from_regex(r"[0-9 /.:\-apmtn]{1,30}", fullmatch=True))
def test_whatever_is_written_is_a_moment_or_a_doubt_with_words(text: str) -> None:
    found = parse_moment(text, TODAY)
    assert isinstance(found, Moment) or found.code in MESSAGES


@pytest.mark.parametrize(
    ("born", "on", "age"),
    [
        ("2020-03-10", "2025-03-09", 4),
        ("2020-03-10", "2025-03-10", 5),
        ("2020-03-10", "2020-03-10", 0),
        ("2018-03-10", "2026-03-09", 7),
        ("2018-03-10", "2026-03-10", 8),
        ("2020-02-29", "2025-02-28", 4),
        ("2020-02-29", "2025-03-01", 5),
        ("2020-02-29", "2028-02-28", 7),
        ("2020-02-29", "2028-02-29", 8),
    ],
)
def test_an_age_changes_on_the_birthday(born: str, on: str, age: int) -> None:
    assert age_on(date.fromisoformat(born), date.fromisoformat(on)) == age


@given(DAYS, st.integers(0, 20000))
def test_an_age_never_falls_as_days_go_by(born: date, days: int) -> None:
    assert age_on(born, born + timedelta(days + 1)) >= age_on(born, born + timedelta(days)) >= 0
