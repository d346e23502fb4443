"""What an alert says of its case at a glance: who, what happened, what comes first, who the child may be. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from formflow.core.settings import Settings
from formflow.core.wording import LEVEL_WORDS
from formflow.documents.register import rows
from formflow.documents.register.lines import About, CaseLine, Part, Person, line_of
from formflow.documents.register.rows import Moment
from formflow.rules.case.asked import asked_steps
from formflow.rules.case.case import Case
from formflow.rules.matching import NearChild, NearRecord

WHO = {Part.DISPLAYED: "Child the form is about", Part.TARGETED: "Other child"}


@dataclass(frozen=True, slots=True)
class Link:
    """A file that a page leads to."""

    words: str
    href: str


@dataclass(frozen=True, slots=True)
class MayBe:
    """A child on record who may be the same as the one whom a form is about: for a person to say."""

    who: str  # name and reference
    why: str
    records: tuple[tuple[str, str], ...]  # each reference, and what is decided of it in words


@dataclass(frozen=True, slots=True)
class Glance:
    """What stands at the head of an alert."""

    has_case: bool = False  # False: a sheet that belongs to no record
    people: tuple[tuple[str, str], ...] = ()  # who it is to the case; name and age
    story: str = ""
    first: tuple[tuple[str, str], ...] = ()  # what to do, and by when
    may_be: tuple[MayBe, ...] = ()
    papers: tuple[Link, ...] = ()  # the original and its copy as read
    case_page: str = ""  # link to the register's page of the case, "" where there is none


NOTHING = Glance()


def glance(case: Case, settings: Settings, at: datetime, may_be: tuple[MayBe, ...]) -> Glance:
    """Return what an alert says of a case as it was at a moment, without its links."""
    moment = Moment(at, settings.zone)
    asked = list(asked_steps(case, moment.today))
    line = line_of(case, asked, About(("", ""), is_seen=False), settings.working_days)
    people = tuple(_people(line, moment)) if line.was_read else ()
    return Glance(True, people, line.story, tuple(_first(line, moment)), may_be)


def may_be(one: NearChild, records: Sequence[NearRecord]) -> MayBe:
    """Return whom a child may be, with what is decided in each of the other's records."""
    names = (record.name for record in records if record.child_reference == one.child_reference)
    name = next(filter(None, names), "")
    who = f"{name} ({one.child_reference})" if name else one.child_reference
    decided = [(record.reference, _decided(record.level)) for record in records]
    return MayBe(who, one.why, tuple(decided))


def _decided(level: str | None) -> str:
    words = LEVEL_WORDS[level]
    return f"{words[0].lower()}{words[1:]}"


def _people(line: CaseLine, at: Moment) -> Iterator[tuple[str, str]]:
    for one in line.people:
        yield WHO[one.part], _named(one, at)


def _named(one: Person, at: Moment) -> str:
    age = rows.age_of(one, at.today)
    return f"{rows.name_of(one)}, age {age}" if age else f"{rows.name_of(one)}, age not known"


def _first(line: CaseLine, at: Moment) -> Iterator[tuple[str, str]]:
    """Yield all that cannot wait; where nothing is like that, what is most pressing."""
    now = [one for one in line.waits if one.is_now]
    for one in now or line.waits[:1]:
        end = rows.ends_in_words(one, at)
        yield one.what, f"by the end of {end}" if end[:1].isdigit() else end.lower()
