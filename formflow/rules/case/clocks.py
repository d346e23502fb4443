"""The clocks of a case: by when a step should be done, and from when its case comes up again. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from formflow.core.dates import local_day
from formflow.core.model import Light
from formflow.core.working_days import WorkingDays
from formflow.rules.case.case import Case
from formflow.rules.case.levels import Level
from formflow.rules.case.steps import Step

NOW = "now"  # clock
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Deadline:
    """By when a step should be done, and from when its case comes up again each working day. Both aware."""

    by: datetime
    reminds_at: datetime

    @property
    def overdue_at(self) -> datetime:
        """When the step is overdue: a case may come up on the very day."""
        return max(self.by, self.reminds_at)


def deadline(step: Step, case: Case, days: WorkingDays) -> Deadline | None:
    """Return the deadline of a step of a case, None for steps without a clock, or whose clock does not run."""
    return CLOCKS[step.clock](step, case, days) if step.clock else None


def _at(end: datetime | None) -> Deadline | None:
    """Return the deadline of a step that comes up as soon as it is overdue, None for no end."""
    return Deadline(end, end) if end else None


def _at_once(step: Step, case: Case, days: WorkingDays) -> Deadline:
    """What cannot wait is due since it was known, and comes up when that day is over."""
    since = case.since(step)
    return Deadline(since, days.end_of(local_day(since, days.zone)))


def _to_decide(_step: Step, case: Case, days: WorkingDays) -> Deadline | None:
    """Since it was recorded, reopened or left in doubt.

    What is in doubt always has an end, also where the agency sets no time to decide. Green that can wait is
    not chased.
    """
    is_green = case.record.highest_light is Light.GREEN and not case.record.urgent
    if case.reopened_at is not None:
        return _at(days.decide_by(case.reopened_at))
    if case.level is Level.DOUBT and case.decided_at is not None:
        return _at(days.decide_by(case.decided_at) or days.next_day_ends(case.decided_at))
    if case.level is None and not is_green:
        return _at(days.decide_by(case.record.recorded_at))
    return None


def _to_take_advice(_step: Step, case: Case, days: WorkingDays) -> Deadline | None:
    """Until the end of the next open day after it was left in doubt."""
    return _at(days.next_day_ends(case.decided_at)) if case.decided_at else None


def _to_send(step: Step, case: Case, days: WorkingDays) -> Deadline:
    """A referral should be sent on the day on which it is decided, or so many days after; later it is overdue."""
    since = case.since(step)
    return Deadline(days.send_by(since), days.overdue_at(since))


def _to_answer(step: Step, case: Case, days: WorkingDays) -> Deadline | None:
    """The council's clock counts from the day on which the referral was sent."""
    sent = case.view(step.key).moment(step.sheet, "sent_at")
    if sent is None:
        return None
    return _at(days.council_answers_by(datetime.combine(sent.day, time(), days.zone)))


def _to_review(step: Step, case: Case, days: WorkingDays) -> Deadline | None:
    """On its review date, else so many days after it was dropped, None where the agency sets no such time."""
    view = case.view(step.key)
    said = view.moment(step.sheet, "review_on")
    paper = view.answering(step.sheet, "actions")[0]
    day = said.day if said else None
    if day is None and paper is not None and days.review_after:
        day = local_day(paper.recorded_at, days.zone) + days.review_after * DAY
    return Deadline(days.end_of(day), days.end_of(day - DAY)) if day else None


CLOCKS: Mapping[str, Callable[[Step, Case, WorkingDays], Deadline | None]] = {
    NOW: _at_once,
    "decision": _to_decide,
    "advice": _to_take_advice,
    "referral": _to_send,
    "council": _to_answer,
    "review": _to_review,
}
