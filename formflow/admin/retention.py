"""`formflow retention`: whose papers somebody should look at again, and what stands against disposing of them. Looks only."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from formflow.admin.child_papers import line_in
from formflow.core.dates import local_day
from formflow.core.model import CaseState
from formflow.core.settings import Retention, Settings
from formflow.documents.register.lines import CaseLine
from formflow.documents.register.words import day
from formflow.rules.case.levels import Level
from formflow.storage import cases
from formflow.storage.cases import Filing
from formflow.storage.database import Connection

AT_ONCE = 50  # cases that are read together
SOONER = (Level.HEALTHY, Level.CONCERNING)  # what else there is may be child sexual abuse


@dataclass(frozen=True, slots=True)
class Kept:
    """A case, and from when on somebody should look whether it is still kept."""

    line: CaseLine
    last_at: datetime  # when its last paper came
    last_paper: date  # the agency's day of that
    review: date  # not before the papers about the same children that are kept longest
    later: tuple[str, ...]  # references of cases of the same children with a later paper
    filings: tuple[Filing, ...]  # where its papers lie, by what was delivered

    @property
    def children(self) -> tuple[str, ...]:
        """The references of its children, as far as they are known."""
        return tuple(one.reference for one in self.line.people if one.reference)

    def against(self, rules: Retention, today: date) -> Iterator[str]:
        """Yield why its papers must not be disposed of today."""
        if self.line.reference in rules.hold:
            yield "it is on hold ([retention] hold)"
        if self.line.is_undecided:
            yield "its level is not decided"
        elif self.line.open_steps:
            yield f"steps of the guidance are open: {self.line.open_steps}"
        elif self.line.state is CaseState.OPEN:
            yield "it is not closed (formflow case close)"
        if self.review > today:
            yield f"it is kept until {day(self.review)}"
        if self.later:
            yield f"there is a later paper about the same child ({', '.join(self.later)})"


def kept(connection: Connection, settings: Settings, now: datetime) -> list[Kept]:
    """Return every case with its day of review, the earliest first."""
    together = cases.together(connection)
    ages, zone = settings.services.assessment_ages, settings.zone
    found = list[Kept]()
    every = cases.every(connection)
    for first in range(0, len(every), AT_ONCE):
        for whole in cases.whole(connection, every[first : first + AT_ONCE], zone, ages):
            line = line_in(whole, settings, together, now)
            last_at = max(one.received_at for one in whole.changes)
            last = local_day(last_at, zone)
            review = review_day(line, last, settings.retention)
            found.append(Kept(line, last_at, last, review, (), whole.filings))
    return sorted(_with_their_files(found), key=lambda one: (one.review, one.line.reference))


def review_day(line: CaseLine, last_paper: date, rules: Retention) -> date:
    """Return from when on a case by itself is looked at: by its youngest child, or by its last paper where a birth date is not known."""
    years = rules.years if line.level in SOONER and not line.is_undecided else rules.harmful_years
    days = [one.born for one in line.people]
    return max(_after(born or last_paper, years) for born in days)


def _after(start: date, years: int) -> date:
    """Return the day so many years later; of 29 February, 1 March."""
    try:
        return start.replace(year=start.year + years)
    except ValueError:
        return date(start.year + years, 3, 1)


def _with_their_files(found: Sequence[Kept]) -> Iterator[Kept]:
    """Yield each case with what is known of the other cases of its children: a child's file is kept or goes as a whole."""
    of_child: Mapping[str, list[Kept]] = defaultdict(list)
    for one in found:
        for child in one.children:
            of_child[child].append(one)
    for one in found:
        theirs = [other for child in one.children for other in of_child[child]]
        later = {other.line.reference: None for other in theirs if other.last_at > one.last_at}
        review = max((other.review for other in theirs), default=one.review)
        yield replace(one, review=review, later=tuple(later))


def places(filings: Iterable[Filing]) -> list[tuple[str, str]]:
    """Return each destination and file that holds a paper of a case, by what was delivered."""
    found = dict[tuple[str, str], None]()
    for filing in filings:
        # In “To decide” lies the page of what is open, with the sheets beside it. A row has no files.
        names = (
            (filing.where, *filing.names)
            if filing.is_to_decide or not filing.names
            else (f"{filing.where}/{name}" for name in filing.names)
        )
        found |= dict.fromkeys((filing.destination, name) for name in names)
    return list(found)
