"""The words that destinations share are the words of the pages, on every system."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from formflow.contract import Parcel
from formflow.words import day_in_words
from formflow_connectors import wording


@pytest.mark.parametrize("day", [date(2026, month, 1 + 2 * month) for month in range(1, 13)])
def test_the_day_of_the_incident_is_read_back_from_its_words(
    make_parcel: Callable[..., Parcel], day: date
) -> None:
    assert wording.incident_date(make_parcel(incident_day=day_in_words(day))) == day


def test_a_day_that_is_not_known_stays_so(make_parcel: Callable[..., Parcel]) -> None:
    assert wording.incident_date(make_parcel(incident_day="")) is None


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        (datetime(2026, 11, 23, 0, 5, tzinfo=UTC), "23 November 2026 at 12:05am (UTC)"),
        (
            datetime(2026, 7, 1, 12, 0, tzinfo=ZoneInfo("Europe/London")),
            "1 July 2026 at 12:00pm (BST)",
        ),
    ],
)
def test_a_moment_says_its_time_zone(moment: datetime, words: str) -> None:
    assert wording.moment_in_words(moment) == words
