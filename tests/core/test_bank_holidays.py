"""The bank holidays of England that we work out are those that the library of all countries knows."""

from __future__ import annotations

from datetime import date

import pytest
from holidays import country_holidays

from formflow.core.bank_holidays import bank_holidays


@pytest.mark.parametrize("year", range(2020, 2100))
def test_every_bank_holiday_of_a_year_is_known(year: int) -> None:
    known = country_holidays("GB", subdiv="ENG", years=year)
    assert bank_holidays(year) == {day for day in known if day.weekday() < 5}


@pytest.mark.parametrize(
    "day",
    [
        date(2026, 4, 3),  # Good Friday
        date(2026, 4, 6),  # Easter Monday
        date(2026, 8, 31),  # the last Monday in August
        date(2026, 12, 28),  # for Boxing Day, a Saturday
        date(2028, 1, 3),  # for New Year's Day, a Saturday
        date(2022, 6, 2),
        date(2023, 5, 8),
    ],
    ids=str,
)
def test_a_holiday_is_no_working_day(day: date) -> None:
    assert day in bank_holidays(day.year)
