"""Deadlines as the guidance and the settings want them, over weekends, bank holidays and summer time."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from formflow.core.working_days import WorkingDays

LONDON = ZoneInfo("Europe/London")
PLAIN = WorkingDays(LONDON)
MOMENTS = st.dates(date(2020, 1, 1), date(2035, 12, 31)).flatmap(
    lambda day: st.times().map(lambda hour: datetime.combine(day, hour, LONDON))
)


def at(day: str, hour: str = "12:00") -> datetime:
    return datetime.fromisoformat(f"{day}T{hour}").replace(tzinfo=LONDON)


def end(day: str) -> datetime:
    return datetime.combine(date.fromisoformat(day) + timedelta(days=1), time(), LONDON)


@pytest.mark.parametrize(
    ("sent", "answer"),
    [
        (at("2026-11-23", "09:00"), end("2026-11-24")),  # Monday -> Tuesday
        (at("2026-11-23", "00:00"), end("2026-11-24")),
        (at("2026-11-22", "23:59"), end("2026-11-23")),  # Sunday night is Sunday
        (at("2026-05-22", "16:00"), end("2026-05-26")),  # T13: Friday before a bank holiday Monday
        (at("2026-04-02", "16:00"), end("2026-04-07")),  # Maundy Thursday -> Easter Tuesday
        (at("2027-03-25", "16:00"), end("2027-03-30")),  # Easter 2027
        (at("2026-08-28", "16:00"), end("2026-09-01")),  # late summer bank holiday
        (at("2026-12-24", "16:00"), end("2026-12-29")),  # Boxing Day on a Saturday: Monday is off
        (at("2027-12-24", "16:00"), end("2027-12-29")),  # both on the weekend: two substitute days
        (at("2028-02-28", "16:00"), end("2028-02-29")),  # a leap day works
        (at("2026-12-31", "16:00"), end("2027-01-04")),  # over New Year
        (at("2025-05-02"), end("2025-05-06")),  # early May bank holiday
        (at("2025-04-17"), end("2025-04-22")),  # Easter 2025
        (at("2025-12-24"), end("2025-12-29")),
        (at("2022-09-16"), end("2022-09-20")),  # the Queen's funeral
        (at("2022-06-01"), end("2022-06-06")),  # two days of jubilee
        (at("2023-05-05"), end("2023-05-09")),  # the coronation
        (at("2020-05-07"), end("2020-05-11")),  # the holiday that was moved to VE Day
        (at("2026-11-28"), end("2026-11-30")),
        (at("2026-11-29"), end("2026-11-30")),
    ],
)
def test_the_council_has_one_working_day(sent: datetime, answer: datetime) -> None:
    assert PLAIN.council_answers_by(sent) == answer


@pytest.mark.parametrize(
    ("decided", "send_by", "overdue"),
    [
        (at("2026-11-23"), end("2026-11-23"), end("2026-11-24")),
        (at("2026-11-27", "17:30"), end("2026-11-27"), end("2026-11-30")),
        (at("2026-05-22"), end("2026-05-22"), end("2026-05-26")),
        (at("2026-11-28"), end("2026-11-28"), end("2026-11-30")),
    ],
)
def test_ours_is_the_same_day_and_overdue_after_the_next_open_one(
    decided: datetime, send_by: datetime, overdue: datetime
) -> None:
    assert PLAIN.send_by(decided) == send_by
    assert PLAIN.overdue_at(decided) == overdue


def test_days_on_which_the_school_is_closed_stop_our_clock_and_not_the_councils() -> None:
    half_term = frozenset(date(2026, 10, 26) + timedelta(days=n) for n in range(5))
    days = WorkingDays(LONDON, closed=half_term)
    friday = at("2026-10-23", "16:00")
    assert days.overdue_at(friday) == end("2026-11-02")
    assert days.council_answers_by(friday) == end("2026-10-26")


def test_settings_add_days_off_and_take_them_away() -> None:
    friday, monday = at("2026-05-22", "16:00"), date(2026, 5, 25)
    assert WorkingDays(LONDON, worked=frozenset({monday})).council_answers_by(friday) == end(
        "2026-05-25"
    )
    tuesday = frozenset({date(2026, 5, 26)})
    assert WorkingDays(LONDON, added=tuesday).council_answers_by(friday) == end("2026-05-27")


def test_a_deadline_is_local_midnight_on_both_nights_when_the_clocks_change() -> None:
    spring, autumn = PLAIN.end_of(date(2026, 3, 29)), PLAIN.end_of(date(2026, 10, 25))
    assert spring.astimezone(UTC) == datetime(2026, 3, 29, 23, tzinfo=UTC)
    assert autumn.astimezone(UTC) == datetime(2026, 10, 26, 0, tzinfo=UTC)


def test_the_day_is_the_one_in_london_whatever_zone_a_moment_comes_in() -> None:
    late = datetime(2026, 6, 1, 23, 30, tzinfo=UTC)  # half past midnight on the 2nd in London
    assert PLAIN.send_by(late) == end("2026-06-02")


def test_a_moment_without_a_zone_is_refused() -> None:
    for clock in (PLAIN.send_by, PLAIN.overdue_at, PLAIN.council_answers_by):
        with pytest.raises(
            ValueError, match=r"^a moment without a time zone says nothing about a day$"
        ):
            clock(at("2026-11-23").replace(tzinfo=None))


def test_settings_that_leave_no_day_open_are_refused() -> None:
    never = frozenset(date(2026, 1, 1) + timedelta(days=n) for n in range(800))
    with pytest.raises(
        ValueError, match=r"^the calendar of the settings leaves no working day in a year$"
    ):
        WorkingDays(LONDON, closed=never).overdue_at(at("2026-02-02"))


@pytest.mark.parametrize(
    ("day", "working"),
    [
        (date(2026, 4, 6), False),  # Easter Monday: not a holiday in all of the United Kingdom
        (date(2026, 8, 31), False),
        (date(2026, 3, 17), True),  # St Patrick's Day is Northern Ireland's
        (date(2026, 11, 28), False),
        (date(2026, 11, 29), False),
        (date(2026, 11, 30), True),  # St Andrew's Day is Scotland's
    ],
)
def test_the_holidays_are_those_of_england(day: date, working: bool) -> None:
    assert PLAIN.is_working(day) is working
    assert PLAIN.is_open(day) is working


@given(MOMENTS)
def test_a_deadline_lies_ahead_and_ends_a_day_that_counts(moment: datetime) -> None:
    for deadline in (PLAIN.overdue_at(moment), PLAIN.council_answers_by(moment)):
        assert deadline > moment
        assert PLAIN.is_working((deadline - timedelta(seconds=1)).date())
        assert deadline.time() == time()
    assert moment < PLAIN.send_by(moment) <= PLAIN.overdue_at(moment)


@given(MOMENTS, st.timedeltas(timedelta(0), timedelta(days=40)))
def test_what_was_sent_later_is_never_due_earlier(moment: datetime, later: timedelta) -> None:
    assert PLAIN.council_answers_by(moment + later) >= PLAIN.council_answers_by(moment)
    assert PLAIN.overdue_at(moment + later) >= PLAIN.overdue_at(moment)


@pytest.mark.parametrize(("closed_days", "finds"), [(365, True), (366, False)])
def test_a_break_of_a_year_is_waited_for_and_a_longer_one_is_a_mistake(
    closed_days: int, finds: bool
) -> None:
    day = date(2026, 11, 23)
    closed = frozenset(day + timedelta(days=n) for n in range(1, closed_days + 1))
    days = WorkingDays(LONDON, worked=frozenset({day + timedelta(days=366)}), closed=closed)
    if finds:
        assert days.overdue_at(at("2026-11-23")) == end((day + timedelta(days=366)).isoformat())
    else:
        with pytest.raises(ValueError, match="leaves no working day"):
            days.overdue_at(at("2026-11-23"))


@pytest.mark.parametrize(
    ("within", "send_by", "overdue"),
    [
        (0, end("2026-11-20"), end("2026-11-23")),  # decided on a Friday
        (1, end("2026-11-23"), end("2026-11-24")),
        (2, end("2026-11-24"), end("2026-11-25")),
    ],
)
def test_an_agency_may_give_itself_open_days_to_send(
    within: int, send_by: datetime, overdue: datetime
) -> None:
    days = WorkingDays(LONDON, send_within=within)
    assert days.send_by(at("2026-11-20")) == send_by
    assert days.overdue_at(at("2026-11-20")) == overdue
    assert days.next_day_ends(at("2026-11-20")) == end("2026-11-23")
    assert days.council_answers_by(at("2026-11-20")) == end("2026-11-23")


@pytest.mark.parametrize(
    ("within", "decide_by"),
    [(0, None), (1, end("2026-11-23")), (2, end("2026-11-24"))],
)
def test_a_form_should_be_decided_on_within_open_days_where_the_agency_says_so(
    within: int, decide_by: datetime | None
) -> None:
    assert WorkingDays(LONDON, decide_within=within).decide_by(at("2026-11-20")) == decide_by


@pytest.mark.parametrize(
    ("began", "hours", "ends"),
    [
        (at("2026-11-23"), 0, at("2026-11-23")),
        (at("2026-11-23"), 12, at("2026-11-24", "00:00")),
        (at("2026-11-23"), 24, at("2026-11-24")),
        (at("2026-11-27"), 48, at("2026-12-01")),  # Friday -> Tuesday
        (at("2026-11-28"), 1, at("2026-11-30", "01:00")),  # Saturday: from Monday on
        (at("2026-04-02"), 13, at("2026-04-07", "01:00")),  # over Easter
        (at("2026-10-23"), 24, at("2026-10-26")),  # the night of 25 hours is on a Sunday
    ],
)
def test_hours_count_on_open_days_alone(began: datetime, hours: float, ends: datetime) -> None:
    assert PLAIN.hours_later(began, hours) == ends
