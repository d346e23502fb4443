"""Dates and times as people in the UK write them, strictly: what is not certain is a question.

No guessing library: the common ones read 04/13/2015 as 13 April, "Friday" as next Friday, and dates
of birth into the future.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime, time, tzinfo
from functools import lru_cache

from formflow.core.model import Moment

EARLIEST_YEAR = 1900
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_MONTH = (
    "jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?"
    "|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?"
)
_WEEKDAY = (
    "mon(?:day)?|tue(?:s(?:day)?)?|wed(?:s|nesday)?|thu(?:r(?:s(?:day)?)?)?|fri(?:day)?"
    "|sat(?:urday)?|sun(?:day)?"
)
_ORDINAL = r"(?:\s?(?:st|nd|rd|th))?"
_YEAR = r"(?P<year>\d{4}|\d{2})"
_DATES = tuple(
    re.compile(
        rf"(?:(?P<before>{_WEEKDAY})\.?\s)?(?:the\s)?{written}"
        rf"(?:\s(?P<after>{_WEEKDAY}))?(?:(?:\s|t(?=\d))(?P<rest>.+)|$)",
        re.ASCII,
    )
    for written in (
        r"(?P<day>\d{1,2})\s?(?P<gap>[/.\-]|\s)\s?(?P<month>\d{1,2})\s?(?P=gap)\s?" + _YEAR,
        rf"(?P<day>\d{{1,2}}){_ORDINAL}[\s/.\-]*(?:of\s)?(?P<month>{_MONTH})[\s/.\-]*{_YEAR}",
        r"(?P<year>\d{4})-(?P<month>\d{2})-(?P<day>\d{2})",
    )
)
_CLOCK = (
    r"(?:(?P<hour>\d{1,2})[.:](?P<minute>\d{2})|(?P<hour_4>\d{2})(?P<minute_4>\d{2})"
    r"|(?P<hour_only>\d{1,2})(?=\s?[ap]))\s?(?P<half>[ap]\.?m)?\.?(?:\s?(?:hrs?|hours|h))?"
)
_TIME = re.compile(rf"(?:at\s|@\s?|-\s)?(?:(?P<noon>(?:12\s?)?(?:noon|midday))|{_CLOCK})", re.ASCII)
_TIME_FIRST = re.compile(rf"(?P<time>{_TIME.pattern})\s(?:on\s)?(?P<date>.+)", re.ASCII)
_LIKE_A_TIME = re.compile(
    r"\d{1,2}(?:[.:]\d{2}\s?(?:[ap]\.?m\b)?|\s?[ap]\.?m\b|\s?o'?clock)|\b\d{3,4}\b", re.ASCII
)
_MONTH_FIRST = re.compile(rf"(?:(?:{_WEEKDAY})\.?\s)?(?:{_MONTH})[\s.]*\d{{1,2}}{_ORDINAL}\s\d+")
_IN_WORDS = re.compile(
    rf"\b(?:yesterday|today|tonight|tomorrow|last|this|next|ago|earlier)\b|^(?:on\s)?(?:{_WEEKDAY})$"
)
_NOT_KNOWN = re.compile(r"(?:date |dob )?(?:not known|unknown|n/?k|n/?a|none|not sure|\?+|-+)")
# Words that say when on a day something was, and leave no doubt which day it was.
_WORD_OF_THE_DAY = re.compile(
    "about|after|afternoon|and|approx|approximately|around|at|before|between|break|breaktime|by|during"
    "|early|evening|first|from|home|hometime|hours?|hrs|in|just|last|late|lesson|lunch|lunchtime"
    "|midday|midnight|morning|night|noon|period|playtime|registration|school|the|this|till|time|to"
    "|until"
)
_ANOTHER_DAY = re.compile(r"\b(?:night|evening) before\b|\bmorning after\b|\b(?:before|after)$")
_SAME_CHARACTERS = str.maketrans("‐‑‒–—−’(),;", "------'    ")


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why words could not be taken as they stand: a notice code, and the day if that is certain."""

    code: str
    day: date | None = None


NOT_UNDERSTOOD, NO_SUCH_DAY, IN_WORDS, OTHER_WEEKDAY, TOO_EARLY, MONTH_FIRST, NOT_KNOWN = (
    Doubt(code) for code in ("FF-202", "FF-203", "FF-204", "FF-205", "FF-211", "FF-215", "FF-216")
)
TIME_UNCLEAR = "FF-214"


def parse_day(text: str, today: date, *, of_birth: bool = False) -> date | Doubt:
    """Return the day that a person wrote, such as "14/11/2026" or "3 March 2014"."""
    moment = parse_moment(text, today, of_birth=of_birth)
    if isinstance(moment, Moment):
        return moment.day
    return moment.day or moment


@lru_cache(maxsize=1024)  # a case asks for the same few again and again
def parse_moment(text: str, today: date, *, of_birth: bool = False) -> Moment | Doubt:
    """Return the day, and the time if one was written, such as "14/11/2026 at 1.45pm".

    A year of two digits is one of this century, and for a birth the latest that is not in the future.
    """
    plain = _plain(text)
    if _NOT_KNOWN.fullmatch(plain):
        return NOT_KNOWN
    found = _date(plain)
    rest = (found["rest"] or "") if found else ""
    turned = None if found else _TIME_FIRST.fullmatch(plain)
    if turned is not None:
        found, rest = _date(turned["date"]), turned["time"]
    if found is None or (turned and found["rest"]):
        return _not_a_date(plain)
    day = _day(found, today, of_birth=of_birth)
    if isinstance(day, Doubt):
        return day
    return _at(day, rest) if rest else Moment(day)


def local_day(moment: datetime, zone: tzinfo) -> date:
    """Return the day on which a moment falls where the agency is. Raise ValueError for a naive moment."""
    if moment.tzinfo is None:
        raise ValueError("a moment without a time zone says nothing about a day")
    return moment.astimezone(zone).date()


def local_time(moment: datetime, zone: tzinfo) -> time:
    """Return the time of day that a moment is where the agency is."""
    return moment.astimezone(zone).time()


def age_on(born: date, on: date) -> int:
    """Return an age in whole years; who is born on 29 February has a birthday on 1 March."""
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))


def _plain(text: str) -> str:
    plain = unicodedata.normalize("NFKC", text).casefold().translate(_SAME_CHARACTERS)
    return " ".join(plain.split()).rstrip(" .")


def _date(plain: str) -> re.Match[str] | None:
    return next((found for pattern in _DATES if (found := pattern.fullmatch(plain))), None)


def _day(found: re.Match[str], today: date, *, of_birth: bool) -> date | Doubt:
    month = found["month"]
    number = int(month) if month.isdigit() else MONTHS.index(month[:3]) + 1
    year = _year(found["year"], today, of_birth=of_birth)
    if year < EARLIEST_YEAR:
        return TOO_EARLY
    if number > len(MONTHS) >= int(found["day"]):
        return MONTH_FIRST
    try:
        day = date(year, number, int(found["day"]))
    except ValueError:
        return NO_SUCH_DAY
    said = {WEEKDAYS.index(word[:3]) for word in (found["before"], found["after"]) if word}
    return day if said <= {day.weekday()} else OTHER_WEEKDAY


def _year(digits: str, today: date, *, of_birth: bool) -> int:
    if len(digits) == 4:
        return int(digits)
    year = today.year - today.year % 100 + int(digits)
    return year - 100 if of_birth and year > today.year else year


def _at(day: date, rest: str) -> Moment | Doubt:
    time = _TIME.fullmatch(rest)
    clock = _clock(time) if time else None
    if clock is not None:
        return Moment(day, *clock)
    # "14/11/2026 after lunch" leaves no doubt which day it was; "14/11/2026 or 15/11/2026" does.
    words = re.split(r"[\s\-]+", _LIKE_A_TIME.sub(" ", rest).strip())
    certain = all(_WORD_OF_THE_DAY.fullmatch(word) for word in words if word)
    certain = certain and not _ANOTHER_DAY.search(rest)
    return Doubt(TIME_UNCLEAR, day) if certain else NOT_UNDERSTOOD


def _clock(time: re.Match[str]) -> tuple[int, int] | None:
    """Return hour and minute, or None for a time that may be morning or afternoon, or is none."""
    if time["noon"]:
        return 12, 0
    written = time["hour"] or time["hour_4"] or time["hour_only"]
    hour, minute = int(written), int(time["minute"] or time["minute_4"] or 0)
    half = time["half"]
    if half:
        sound = 1 <= hour <= 12
        hour = hour % 12 + (12 if half.startswith("p") else 0)
    else:
        # "1.45" may be either; "01:45", "0145" and 13.45 are of the 24-hour clock.
        sound = hour == 0 or 12 <= hour < 24 or written.startswith("0") or bool(time["hour_4"])
    return (hour, minute) if sound and minute < 60 and hour < 24 else None


def _not_a_date(plain: str) -> Doubt:
    if _MONTH_FIRST.match(plain):
        return MONTH_FIRST
    return IN_WORDS if _IN_WORDS.search(plain) else NOT_UNDERSTOOD
