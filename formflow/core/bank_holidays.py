"""Bank holidays of England: by the Act of 1971, and those moved or added by proclamation. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from functools import cache

MONDAY, SATURDAY = 0, 5
DAY = timedelta(days=1)
# What a proclamation laid down instead of a Monday in May, or besides. From 2020, when the first of our
# papers can have been written; an agency adds a new one in its settings on the day that it is announced.
MOVED = {
    date(2020, 5, 4): date(2020, 5, 8),  # 75 years since the war ended
    date(2022, 5, 30): date(2022, 6, 2),  # the Queen's Platinum Jubilee
}
ADDED = (date(2022, 6, 3), date(2022, 9, 19), date(2023, 5, 8))  # Jubilee, funeral, coronation


@cache
def bank_holidays(year: int) -> frozenset[date]:
    """Return the bank holidays of a year that are no Saturday or Sunday."""
    days = [MOVED.get(day, day) for day in _yearly(year)]
    for day in (date(year, 1, 1), date(year, 12, 25), date(year, 12, 26)):
        while day.weekday() >= SATURDAY or day in days:
            day += DAY  # the next day that is neither, instead
        days.append(day)
    return frozenset((*days, *(day for day in ADDED if day.year == year)))


def _yearly(year: int) -> Iterator[date]:
    """Yield those that never fall on a weekend: at Easter, and on three Mondays."""
    sunday = _easter(year)
    yield from (sunday - 2 * DAY, sunday + DAY)
    yield _monday_from(date(year, 5, 1))
    yield from (_monday_from(date(year, month, 31) - 6 * DAY) for month in (5, 8))


def _monday_from(day: date) -> date:
    return day + ((MONDAY - day.weekday()) % 7) * DAY


def _easter(year: int) -> date:
    """Return Easter Sunday, by the rule of the Gregorian calendar (Meeus, Astronomical Algorithms, 8)."""
    century, rest = divmod(year, 100)
    leap_centuries = century // 4
    moon = (
        19 * (year % 19) + century - leap_centuries - (century - (century + 8) // 25 + 1) // 3 + 15
    ) % 30
    weekday = (32 + 2 * (century % 4) + 2 * (rest // 4) - moon - rest % 4) % 7
    late = (year % 19 + 11 * moon + 22 * weekday) // 451
    month, day = divmod(moon + weekday - 7 * late + 114, 31)
    return date(year, month, day + 1)
