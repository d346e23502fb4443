"""Working days of England, and the two clocks of a referral: ours to send, the council's to answer. Pure.

Ours runs on days on which the setting is open. The council's runs on working days: school holidays are
none of its days off (guidance 7: "within one working day", which binds the council, not the setting).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from formflow.core.bank_holidays import bank_holidays
from formflow.core.dates import local_day

SATURDAY = 5
DAY = timedelta(days=1)
LONGEST_BREAK = 366  # days: settings that leave no day open are a mistake, not a clock


@dataclass(frozen=True, slots=True)
class WorkingDays:
    """Which days count, in one time zone."""

    zone: ZoneInfo
    added: frozenset[date] = frozenset()  # days off that the calendar of England does not know
    worked: frozenset[date] = frozenset()  # bank holidays that are worked anyway
    closed: frozenset[date] = frozenset()  # days on which the setting is closed
    send_within: int = 0  # open days after the decision within which a referral should be sent
    decide_within: int = (
        0  # open days after it was recorded within which a form should be decided on
    )
    review_after: int = 0  # days after which a plan without a review date should be reviewed

    def is_working(self, day: date) -> bool:
        """Return whether the council works on a day."""
        if day in self.worked:
            return True
        return (
            day.weekday() < SATURDAY
            and day not in self.added
            and day not in bank_holidays(day.year)
        )

    def is_open(self, day: date) -> bool:
        """Return whether the setting works on a day."""
        return self.is_working(day) and day not in self.closed

    def end_of(self, day: date) -> datetime:
        """Return the midnight that ends a day, aware."""
        return datetime.combine(day + DAY, time(), self.zone)

    def send_by(self, decided_at: datetime) -> datetime:
        """Return until when a referral should be sent: on the day of the decision, or so many days after."""
        return self.end_of(self._later(decided_at, self.send_within))

    def overdue_at(self, decided_at: datetime) -> datetime:
        """Return when a referral is overdue: at the end of the next open day after it should be sent."""
        return self.end_of(self._later(decided_at, self.send_within + 1))

    def next_day_ends(self, moment: datetime) -> datetime:
        """Return the end of the next day that the setting is open."""
        return self.end_of(self._later(moment, 1))

    def next_day_begins(self, moment: datetime) -> datetime:
        """Return the midnight that begins the next day that the setting is open."""
        return self.end_of(self._later(moment, 1) - DAY)

    def hours_later(self, moment: datetime, hours: float) -> datetime:
        """Return the end of so many hours, of which only those on days that the setting is open count."""
        left, since, day = timedelta(hours=hours), moment.astimezone(UTC), self._day(moment)
        while True:
            ends = self.end_of(day).astimezone(UTC)
            if self.is_open(day):
                if left <= ends - since:
                    return (since + left).astimezone(self.zone)
                left -= ends - since
            following = _next(day, self.is_open)
            since, day = self.end_of(following - DAY).astimezone(UTC), following

    def decide_by(self, recorded_at: datetime) -> datetime | None:
        """Return until when a form should be decided on, None where the agency sets no such time."""
        days = self.decide_within
        return self.end_of(self._later(recorded_at, days)) if days else None

    def council_answers_by(self, sent_at: datetime) -> datetime:
        """Return until when the council should have answered: the end of its next working day."""
        return self.end_of(_next(self._day(sent_at), self.is_working))

    def _later(self, moment: datetime, open_days: int) -> date:
        day = self._day(moment)
        for _ in range(open_days):
            day = _next(day, self.is_open)
        return day

    def _day(self, moment: datetime) -> date:
        return local_day(moment, self.zone)


def _next(day: date, counts: Callable[[date], bool]) -> date:
    """Return the first day after a day that counts. Raise ValueError where there is none in a year."""
    for later in (day + n * DAY for n in range(1, LONGEST_BREAK + 1)):
        if counts(later):
            return later
    raise ValueError("the calendar of the settings leaves no working day in a year")
