"""What is overdue in a case at a moment, and how grave the case is. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from formflow.core.dates import local_day
from formflow.core.model import CaseState, Light
from formflow.core.wording import LEVEL_WORDS, LIGHT_WORDS, REOPENED_WORDS, suggested
from formflow.core.working_days import WorkingDays
from formflow.rules.case.asked import open_steps
from formflow.rules.case.case import Case
from formflow.rules.case.clocks import Deadline, deadline
from formflow.rules.case.levels import Level
from formflow.rules.case.steps import Step

COLOUR: Mapping[Level | None, Light] = {
    Level.HARMFUL: Light.RED,
    Level.CONCERNING: Light.AMBER,
    Level.HEALTHY: Light.GREEN,
}
# The gravest first. What nobody could read may be red.
_GRAVITY = (Light.RED, None, Light.AMBER_OR_RED, Light.AMBER, Light.UNDETERMINED, Light.GREEN)


@dataclass(frozen=True, slots=True)
class OverdueCase:
    """One case in which something is overdue."""

    case: Case
    steps: tuple[tuple[Step, Deadline], ...]  # what comes up, the first of it first

    @property
    def due(self) -> datetime:
        """When the first of it was to be done. What comes up on the very day ends later."""
        return min(end.overdue_at for _, end in self.steps)

    @property
    def light(self) -> Light | None:
        """The decided level as a colour; until it is decided, the suggested one."""
        settled = None if self.case.is_reopened else self.case.level
        return COLOUR.get(settled, self.case.suggested)

    @property
    def level(self) -> str:
        """The level in words, so that nobody takes what is suggested for what is decided."""
        if self.case.level is not None:
            again = self.case.reopened_by
            reopened = f"; {REOPENED_WORDS[again]}" if again else ""
            return LEVEL_WORDS[self.case.level] + reopened
        light = self.case.suggested
        return suggested(light) if light else LIGHT_WORDS[Light.UNDETERMINED][1]


def is_told_alone(case: Case) -> bool:
    """Return whether what is overdue in a case is told at once and by itself: it cannot wait, and is undecided."""
    return case.record.urgent and case.is_undecided


def with_deadlines(case: Case, days: WorkingDays, at: datetime) -> list[tuple[Step, Deadline]]:
    """Return the open steps of a case that have a deadline, the one that comes up first before the others.

    A case that is closed, entered in error or a duplicate has none.
    """
    if case.state is not CaseState.OPEN:
        return []
    steps = open_steps(case, local_day(at, days.zone))
    found = [(step, end) for step in steps if (end := deadline(step, case, days)) is not None]
    return sorted(found, key=lambda one: one[1].reminds_at)


def overdue(case: Case, days: WorkingDays, at: datetime) -> OverdueCase | None:
    """Return what of a case comes up at a moment, None where nothing does."""
    steps = tuple(one for one in with_deadlines(case, days, at) if one[1].reminds_at <= at)
    return OverdueCase(case, steps) if steps else None


def gravest_first(cases: list[OverdueCase]) -> list[OverdueCase]:
    """Return cases by their level, and of one level those first that have waited longest."""
    return sorted(cases, key=lambda one: (_GRAVITY.index(one.light), one.due))
