"""The words that destinations share are the words of the pages, on every system."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from formflow.sdk import wording


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
