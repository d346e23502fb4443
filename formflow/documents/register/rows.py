"""A line of a case as a row of a list, in words and as it is on a day. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from formflow.core.dates import age_on, local_day
from formflow.core.model import CaseState
from formflow.core.wording import CASE_STATE_WORDS
from formflow.documents.register import words
from formflow.documents.register.lines import CaseLine, Person, Waits

NOT_NAMED = "Name not given"
SOON = timedelta(days=7)
AN_INSTANT = timedelta(seconds=1)  # before the midnight at which a day ends
Level = tuple[str, str, str]  # class of the page, shape, words


@dataclass(frozen=True, slots=True)
class Moment:
    """When a page is drawn: the day is the agency's."""

    now: datetime
    zone: ZoneInfo

    @property
    def today(self) -> date:
        """The day at the agency."""
        return local_day(self.now, self.zone)

    def last_day(self, end: datetime) -> date:
        """Return the day that ends with a midnight, or on which any other moment is."""
        return local_day(end - AN_INSTANT, self.zone)


@dataclass(frozen=True, slots=True)
class Row:
    """What a row shows."""

    reference: str
    name: str
    age: str
    year: str
    level: Level
    what: str
    more: str  # what else waits, in words
    who: str
    ends: str
    sort: str  # the day of `ends`, for sorting
    is_late: bool
    is_soon: bool
    term: str
    came: str
    story: str
    is_seen: bool


def row_of(line: CaseLine, at: Moment) -> Row:
    """Return a line as a row, with what is most pressing in it."""
    first, person = (line.waits or (None,))[0], line.child
    others = len(line.waits) - 1
    return Row(
        reference=line.reference,
        name=name_of(person),
        age=age_of(person, at.today),
        year=words.year(person.year),
        level=level_of(line),
        what=first.what if first else state_in_words(line) or "Nothing outstanding",
        more=f"and {others} more with a date" if others > 0 and line.waits[1].by else "",
        who=first.who if first else "",
        ends=ends_in_words(first, at) if first else "",
        sort=_sort(first, at),
        is_late=first is not None and is_late(first, at),
        is_soon=first is not None and is_soon(first, at),
        term=words.term_words(words.term(line.day)),
        came=words.day(local_day(line.received_at, at.zone)),
        story=line.story,
        is_seen=line.is_seen,
    )


def state_in_words(line: CaseLine) -> str:
    """Return that a case is closed, entered in error or a duplicate, and of what; "" for one that is open."""
    if line.state is CaseState.OPEN:
        return ""
    return CASE_STATE_WORDS[line.state] + (f" of {line.other}" if line.other else "")


def name_of(person: Person) -> str:
    """Return a child's name as a form gives it."""
    return person.name or NOT_NAMED


def age_of(person: Person, on: date) -> str:
    """Return how old a child is on a day in whole years, "" where that is not known."""
    return str(age_on(person.born, on)) if person.born and person.born <= on else ""


def level_of(line: CaseLine) -> Level:
    """Return what is decided; where that is open, or open again, what is suggested."""
    if line.level and not line.is_undecided:
        return words.DECIDED[line.level]
    return words.SUGGESTED[line.suggested]


def is_late(one: Waits, at: Moment) -> bool:
    """Return whether something is overdue."""
    return one.overdue_at is not None and one.overdue_at <= at.now


def is_today(one: Waits, at: Moment) -> bool:
    """Return whether something should be done today, or should have been and is not overdue yet."""
    return one.by is not None and (one.is_now or at.last_day(one.by) <= at.today)


def is_soon(one: Waits, at: Moment) -> bool:
    """Return whether something is due in the next days."""
    return one.is_now or (one.by is not None and at.last_day(one.by) <= at.today + SOON)


def ends_in_words(one: Waits, at: Moment) -> str:
    """Return by when something is to be done, as a list shows it."""
    if is_late(one, at) and one.overdue_at:
        return f"Overdue since {words.day(at.last_day(one.overdue_at))}"
    if one.is_now:
        return "Now"
    if one.by is None:
        return ""
    return "Today" if is_today(one, at) else words.day(at.last_day(one.by))


def _sort(one: Waits | None, at: Moment) -> str:
    """Return what sorts rows by their end; what has none comes last."""
    end = (one.overdue_at or one.by) if one else None
    return at.last_day(end).isoformat() if end else "9999"
