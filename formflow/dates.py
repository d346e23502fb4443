"""Dates and times as people in the UK write them, strictly: what is not certain is a question.

No guessing library: the common ones read 04/13/2015 as 13 April, "Friday" as next Friday, and dates
of birth into the future.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date

from formflow.model import Moment

EARLIEST_YEAR = 1900
MONTHS = (
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
)
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
RELATIVE = re.compile(r"\b(yesterday|today|tomorrow|last|this|next|ago|morning|week)\b")

_TIME = re.compile(
    r"""(?:^|[\s,]+)(?:at\s+|@\s*)?
        (?: (?P<hour>\d{1,2}) [.:] (?P<minute>\d{2}) \s* (?P<half>[ap]\.?m\.?)?
          | (?P<hour_only>\d{1,2}) \s* (?P<half_only>[ap]\.?m\.?)
          | (?P<word>noon|midday) ) \s*$""",
    re.VERBOSE,
)
_NUMBERS = re.compile(r"^(\d{1,2})\s*[/.\-]\s*(\d{1,2})\s*[/.\-]\s*(\d{4}|\d{2})$")
_ISO = re.compile(r"^(\d{4})-(\d{2})-(\d{2})(?:t(?=\d)|$)")
_WORDS = re.compile(
    r"^(?:([a-z]+)\s+)?(\d{1,2})(?:st|nd|rd|th)?\s+(?:of\s+)?([a-z]+)\s+(\d{4}|\d{2})$"
)


@dataclass(frozen=True, slots=True)
class NotADate:
    """Why words could not be taken for a date: the code of the notice that says so."""

    code: str


NOT_UNDERSTOOD, NO_SUCH_DAY, NOT_A_DAY, OTHER_WEEKDAY, TOO_EARLY = (
    NotADate(code) for code in ("FF-202", "FF-203", "FF-204", "FF-205", "FF-211")
)


def parse_day(text: str, today: date) -> date | NotADate:
    """Return the day that a person wrote, such as "14/11/2026" or "3 March 2014"."""
    moment = parse_moment(text, today)
    return moment if isinstance(moment, NotADate) else moment.day


def parse_moment(text: str, today: date) -> Moment | NotADate:
    """Return the day, and the time if one was written, such as "14/11/2026 at 1.45pm".

    A year of two digits is the latest one that is not in the future.
    """
    plain = " ".join(unicodedata.normalize("NFKC", text).casefold().replace(",", " ").split())
    if RELATIVE.search(plain):
        return NOT_A_DAY
    time = _TIME.search(plain)
    # "14.11.26" ends like a time; a time needs a day before it.
    if time and time.start() > 0 and not _NUMBERS.match(plain):
        clock = _clock(time)
        day = _day(plain[: time.start()].removesuffix(" at").strip(" t"), today)
        if clock is None:
            return NOT_UNDERSTOOD
        return day if isinstance(day, NotADate) else Moment(day, *clock)
    day = _day(plain, today)
    return day if isinstance(day, NotADate) else Moment(day)


def age_on(born: date, on: date) -> int:
    """Return an age in whole years; who is born on 29 February has a birthday on 1 March."""
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))


def _day(text: str, today: date) -> date | NotADate:
    if found := _ISO.match(text):
        return _made(int(found[1]), int(found[2]), int(found[3]))
    if found := _NUMBERS.match(text):
        return _made(_year(found[3], today), int(found[2]), int(found[1]))
    found = _WORDS.match(text)
    month = _month(found[3]) if found else None
    if found is None or month is None:
        return NOT_UNDERSTOOD
    day = _made(_year(found[4], today), month, int(found[2]))
    if isinstance(day, NotADate) or found[1] is None:
        return day
    weekday = _weekday(found[1])
    if weekday is None:
        return NOT_UNDERSTOOD
    return day if day.weekday() == weekday else OTHER_WEEKDAY


def _made(year: int, month: int, day: int) -> date | NotADate:
    if year < EARLIEST_YEAR:
        return TOO_EARLY
    try:
        return date(year, month, day)
    except ValueError:
        return NO_SUCH_DAY


def _year(digits: str, today: date) -> int:
    if len(digits) == 4:
        return int(digits)
    century = today.year - today.year % 100
    year = century + int(digits)
    return year if year <= today.year else year - 100


def _month(word: str) -> int | None:
    fits = [n for n, name in enumerate(MONTHS, 1) if len(word) >= 3 and name.startswith(word)]
    if word == "sept":
        return 9
    return fits[0] if len(fits) == 1 else None


def _weekday(word: str) -> int | None:
    fits = [n for n, name in enumerate(WEEKDAYS) if len(word) >= 3 and name.startswith(word)]
    return fits[0] if len(fits) == 1 else None


def _clock(found: re.Match[str]) -> tuple[int, int] | None:
    if found["word"]:
        return 12, 0
    hour = int(found["hour"] or found["hour_only"])
    minute = int(found["minute"] or 0)
    half = (found["half"] or found["half_only"] or "").replace(".", "")
    if half:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half == "pm" else 0)
    return (hour, minute) if hour < 24 and minute < 60 else None
