"""A case in one line, as every list of the register needs it: who, how grave, what waits, what was done. Pure.

Made once for each change of a case and kept: ten thousand cases are listed without reading one of them again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from formflow.core.dates import local_day, parse_day
from formflow.core.model import CaseState, Entry, Light, Outcome
from formflow.core.references import SheetKey
from formflow.core.working_days import WorkingDays
from formflow.documents.register import words
from formflow.rules.case.case import OF_CHILD_B, RECORDING, REVIEW, Case
from formflow.rules.case.clocks import NOW, deadline
from formflow.rules.case.named_child import given
from formflow.rules.case.next_steps import NEXT_STEPS
from formflow.rules.case.steps import Step

STORY = ("type_text", "context_text", "more_text")  # questions of the recording form
LONGEST_LINE = 200  # letters of what happened, in a line
LONGEST_NAME = 60
Asked = tuple[Step, bool]  # a step that is asked for, and whether it is done


class Part(StrEnum):
    """What a child is to a case."""

    DISPLAYED = "displayed"
    TARGETED = "targeted"


@dataclass(frozen=True, slots=True)
class Person:
    """A child as a case names it."""

    name: str  # "" where no paper says it
    part: Part
    reference: str = ""  # of the child in the ledger, "" where it is not known which child it is
    born: date | None = None
    number: str = ""
    year: str = ""  # by the agency's pupil list


@dataclass(frozen=True, slots=True)
class Waits:
    """Something that is still to be done in a case."""

    what: str
    who: str
    by: datetime | None = None  # aware
    overdue_at: datetime | None = None
    is_now: bool = False  # it cannot wait


@dataclass(frozen=True, slots=True)
class Referral:
    """A referral of a case and what came of it. Days are the agency's."""

    code: str  # "F3a"
    decided: date | None
    sent: date | None
    answered: date | None


@dataclass(frozen=True, slots=True)
class Done:
    """Something that was done in a case, in the past tense, with its day."""

    what: str
    whose: str  # "": everybody's, "a": of who displayed the behaviour, "b" or "b2": of one who was targeted


@dataclass(frozen=True, slots=True)
class CaseLine:
    """What the lists of the register show of a case."""

    reference: str
    people: tuple[Person, ...]  # who displayed the behaviour first
    received_at: datetime
    incident: date | None
    day: date  # of the incident; where that is not known, the agency's on which the form came
    suggested: Light | None
    level: str  # what is decided, "" where nothing
    decided_at: datetime | None
    is_undecided: bool
    is_urgent: bool  # it cannot wait, and nothing is decided
    was_read: bool
    is_returned: bool  # the office is to correct the form
    is_seen: bool  # somebody has acknowledged what came last
    has_allegation: bool
    open_steps: int
    waits: tuple[Waits, ...] = ()  # the most pressing first
    story: str = ""
    place: str = ""
    author: str = ""
    kinds: tuple[str, ...] = ()  # questions about the kind of behaviour that are answered with yes
    referrals: tuple[Referral, ...] = ()
    done: tuple[Done, ...] = ()
    state: CaseState = CaseState.OPEN
    other: str = ""  # of a duplicate: the record that counts

    @property
    def counts(self) -> bool:
        """Whether it belongs into a child's chronology and into figures."""
        return self.state in (CaseState.OPEN, CaseState.CLOSED)

    @property
    def child(self) -> Person:
        """The child who displayed the behaviour, by what the form says."""
        return self.people[0]

    def changes_between(self, before: datetime, now: datetime) -> bool:
        """Return whether a page of the case says something else since then, although nothing came."""
        ends = (end for one in self.waits for end in (one.by, one.overdue_at) if end)
        return any(before < end <= now for end in ends)


@dataclass(frozen=True, slots=True)
class About:
    """What a line needs besides the case itself."""

    people: tuple[str, str]  # references of the two children in the ledger, "" where not known
    is_seen: bool


def line_of(case: Case, asked: Sequence[Asked], about: About, days: WorkingDays) -> CaseLine:
    """Return a case in one line. `asked` is what asked_steps() says of it on that day."""
    record = case.record
    is_open, last = case.state is CaseState.OPEN, case.changes[-1] if case.changes else None
    still_open = [step for step, is_done in asked if is_open and not is_done]
    return CaseLine(
        reference=record.reference,
        people=tuple(_people(case, about)),
        received_at=record.received_at,
        incident=record.incident_day,
        day=record.incident_day or local_day(record.received_at, case.zone),
        suggested=case.suggested,
        level=case.level or "",
        decided_at=case.decided_at if case.level else None,
        is_undecided=case.is_undecided,
        is_urgent=case.cannot_wait and case.is_undecided and is_open,
        was_read=bool(record.answers),
        is_returned=record.outcome is Outcome.RETURNED,
        is_seen=about.is_seen,
        has_allegation=case.has_allegation,
        open_steps=len(still_open),
        waits=tuple(_waits(case, still_open, about, days)) if is_open else (),
        story=one_line(_story(record)),
        place=one_line(case.says(RECORDING, "incident_place")),
        author=one_line(
            case.says(RECORDING, "completed_by") or case.says(RECORDING, "signed_name")
        ),
        kinds=tuple(
            name
            for name, answer in record.answers.items()
            if name in words.KINDS and answer.value == "yes"
        ),
        referrals=tuple(_referrals(case)),
        done=tuple(_done(case)),
        state=case.state,
        other=(last.duplicate_of or "") if last else "",
    )


def _people(case: Case, about: About) -> Iterator[Person]:
    """Yield the children of a case. One who was targeted and is no child is nobody's entry here."""
    record = case.record
    # What the form leaves out, the safeguarding lead may have written on a review sheet.
    births = (_born(case, one, "child_a_dob") for one in (record, *reversed(case.reviews)))
    yield Person(
        one_line(case.child_a, LONGEST_NAME),
        Part.DISPLAYED,
        about.people[0],
        next(filter(None, births), None),
        given(record, "child_a_number"),
    )
    if not case.has_child_b:
        return
    names = case.children_b or (("",) if about.people[1] else ())
    for number, name in enumerate(names):
        sheet = _own_sheet(case, number + 1)
        reference = sheet.child_reference if sheet and sheet.child_reference else ""
        born = _born(case, sheet, "child_dob") if sheet else None
        if number == 0:
            reference = about.people[1] or reference
            born = born or _born(case, record, "child_b_dob")
        yield Person(one_line(name, LONGEST_NAME), Part.TARGETED, reference, born)


def _own_sheet(case: Case, number: int) -> Entry | None:
    """Return a sheet that is about one of the children who were targeted, None where there is none yet."""
    several = len(case.children_b) > 1
    keys = (key for key in case.sheets if key.form_id in OF_CHILD_B)
    wanted = number if several and number > 1 else 0
    return next((case.sheets[key] for key in keys if key.child == wanted), None)


def _born(case: Case, paper: Entry, name: str) -> date | None:
    found = parse_day(given(paper, name), local_day(paper.recorded_at, case.zone))
    return found if isinstance(found, date) else None


def _story(record: Entry) -> str:
    return next(filter(None, (given(record, name) for name in STORY)), "")


def one_line(text: str, longest: int = LONGEST_LINE) -> str:
    """Return a text in one line, cut at a word where it is long."""
    plain = " ".join(text.split())
    if len(plain) <= longest:
        return plain
    cut, space, _ = plain[:longest].rpartition(" ")
    return f"{cut if space else plain[: longest - 1]}…"


def _waits(case: Case, steps: list[Step], about: About, days: WorkingDays) -> list[Waits]:
    """Return what waits in a case, the most pressing first: all that has a clock, else whatever comes next."""
    record, found = case.record, []
    if not record.answers and not about.is_seen:
        found.append(Waits("Read the original form", words.YOU, is_now=True))
    if _was_reopened(case) and not about.is_seen:
        found.append(Waits(words.REOPENED, words.YOU))
    for step in steps:
        if step.clock and (end := deadline(step, case, days)):
            is_now = step.clock == NOW
            who = words.who_does(step)
            found.append(Waits(words.short(step), who, end.by, end.overdue_at, is_now))
    if record.outcome is Outcome.RETURNED:
        found.append(Waits("Correct the form", words.OFFICE))
    if record.outcome is Outcome.HELD:
        found.append(Waits("Check what was read", words.YOU))
    if case.is_undecided and record.answers and not any(one.by for one in found):
        found.append(Waits(words.DECIDE, words.YOU))
    if steps and not any(one.who == words.YOU for one in found):
        found.append(Waits(words.short(steps[0]), words.YOU))
    return sorted(found, key=_press)


def _was_reopened(case: Case) -> bool:
    """Return whether it is the last revision of the form that opened a case again."""
    last = case.changes[-1] if case.changes else None
    return bool(last and last.state is CaseState.OPEN and last.at >= case.record.recorded_at)


def _press(one: Waits) -> tuple[bool, bool, float]:
    end = one.overdue_at or one.by
    return not one.is_now, end is None, end.timestamp() if end else 0.0


def answered(case: Case, forms: Iterable[str], question: str) -> Iterator[tuple[SheetKey, Case]]:
    """Yield each sheet of some forms that the case has, and the case as that sheet looks at it.

    One that has no paper of its own is there too, where the sheet of the next steps answers its question.
    """
    for form_id in forms:
        own = [key for key in case.sheets if key.form_id == form_id]
        if not own and case.says(form_id, question):
            own = [SheetKey(form_id)]
        yield from ((key, case.view(key)) for key in own)


def _referrals(case: Case) -> Iterator[Referral]:
    for key, view in answered(case, words.REFERRALS, words.SENT):
        sent, came = (view.moment(key.form_id, name) for name in (words.SENT, "council_at"))
        decided = local_day(case.decided_at, case.zone) if case.decided_at else None
        yield Referral(
            words.code_of(key.form_id, key.child),
            decided,
            sent.day if sent else None,
            came.day if came else None,
        )


def _done(case: Case) -> Iterator[Done]:
    """Yield what was done, with its day where a paper gives it."""
    for form_id, question, whose, told in words.DONE:
        for view in case.views(form_id):
            if moment := view.moment(form_id, question):
                further = str(view.child) if view.child > 1 else ""
                yield Done(f"{told}: {words.day(moment.day)}", whose + further)
    for key, sheet in case.sheets.items():
        if key.form_id in words.WHOSE_PLAN:
            further = str(key.child) if key.child > 1 else ""
            on = words.day(local_day(sheet.recorded_at, case.zone))
            code = words.code_of(key.form_id, key.child)
            yield Done(f"Plan {code} made: {on}", words.WHOSE_PLAN[key.form_id] + further)
    for form_id, whose in words.WHOSE_PLAN.items():
        paper, _ = case.answering(form_id, "actions")
        if paper and paper.form_id == NEXT_STEPS and case.says(form_id, "actions"):
            on = words.day(local_day(paper.recorded_at, case.zone))
            yield Done(f"Plan for {words.code_of(form_id)} made on F8: {on}", whose)
    if advice := case.says(REVIEW, "advice_from"):
        yield Done(f"Advice taken: {one_line(advice, LONGEST_NAME)}", "a")
