"""All cases of one child as the ledger holds them, for packs of papers that leave the house. Looks only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from string import ascii_uppercase

from formflow.core.dates import local_day
from formflow.core.errors import ExitCode, FormFlowError
from formflow.core.model import CaseState, Entry, Light
from formflow.core.settings import Settings
from formflow.documents.register.children import Incident
from formflow.documents.register.children import incidents as by_child
from formflow.documents.register.lines import CaseLine, Part, line_of
from formflow.documents.register.words import day
from formflow.pipeline.register_cases import about
from formflow.rules.case.asked import asked_steps
from formflow.rules.case.case import A_NAME, B_NAME, OF_CHILD_B, Case
from formflow.rules.case.levels import Level
from formflow.rules.case.masking import Mask
from formflow.rules.case.named_child import given
from formflow.rules.matching import BETWEEN, name_key
from formflow.storage import cases, children
from formflow.storage.cases import Whole
from formflow.storage.database import Connection

STAFF = (  # questions that staff and other professionals answer with their own names
    *("completed_by", "signed_name", "sender_name", "owner", "council_screened_by", "advice_from"),
    *("lead_name", "second_name", "supervisor", "authors", "authors_second", "parents_informed_by"),
    *(
        "contact1_person",
        "contact2_person",
        "contact3_person",
        "urgent_contact_who",
        "report_author",
    ),
)


class NoSuchChild(FormFlowError):
    """There is no child of this reference or name, or there are several."""

    exit_code = ExitCode.USAGE


@dataclass(frozen=True, slots=True)
class OwnCase:
    """A case of the child."""

    whole: Whole
    incident: Incident

    @property
    def case(self) -> Case:
        """The case itself."""
        return self.whole.case

    @property
    def line(self) -> CaseLine:
        """The case in one line."""
        return self.incident.line

    @property
    def is_own(self) -> bool:
        """Whether the child displayed the behaviour: the form and most sheets are then about this child."""
        return self.incident.person.part is Part.DISPLAYED

    @property
    def papers(self) -> Iterator[Entry]:
        """The latest of each paper that is about this child: the form first, then the sheets that count."""
        if self.is_own:
            yield self.case.record
        theirs = (self._number, 0) if self._number == 1 else (self._number,)
        for key, sheet in self.case.sheets.items():
            is_of_b = key.form_id in OF_CHILD_B
            if is_of_b is not self.is_own and (self.is_own or key.child in theirs):
                yield sheet

    @property
    def is_open_and_red(self) -> bool:
        """Whether something is still to be done in a case that is harmful, or may be."""
        may_be_red = self.line.suggested in (Light.RED, Light.AMBER_OR_RED, None)
        is_red = self.line.level == Level.HARMFUL or (self.line.is_undecided and may_be_red)
        is_open = self.line.state is CaseState.OPEN
        return is_red and is_open and bool(self.line.open_steps or self.line.is_undecided)

    @property
    def own_names(self) -> tuple[str, ...]:
        """The names that papers of the case give the child, the latest first: whole, whatever their length."""
        if self.is_own:
            told = [given(paper, A_NAME) for paper in (*self.case.reviews[::-1], self.case.record)]
        else:
            told = list(self.case.children_b[self._number - 1 : self._number])
        told += [given(paper, "child_name") for paper in self.papers]
        return tuple(dict.fromkeys(filter(None, told)))

    @property
    def names_of_others(self) -> Iterator[str]:
        """The names of other children, as the papers of the case give them."""
        first = (self.case.record, *self.case.reviews)
        told = [given(paper, B_NAME) for paper in first]
        told += [] if self.is_own else [given(paper, A_NAME) for paper in first]
        own = list(self.papers)
        told += [given(one, "child_name") for one in self.case.sheets.values() if one not in own]
        mine = set(map(name_key, self.own_names))
        for name in (part.strip() for names in told for part in names.split(BETWEEN)):
            if name and name_key(name) not in mine:
                yield name

    @property
    def _number(self) -> int:
        """Which of those who were targeted the child is, from 1; 0 for the one who displayed the behaviour."""
        return 0 if self.is_own else int(self.incident.whose.removeprefix("b") or 1)


@dataclass(frozen=True, slots=True)
class ChildPapers:
    """A child, and all its cases, oldest first."""

    reference: str
    also: tuple[str, ...]  # references of those the safeguarding lead has linked with it
    cases: tuple[OwnCase, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The child's names as the cases give them, each once however it is written, the oldest first."""
        told = [name for one in self.cases for name in one.own_names]
        return tuple({name_key(name): name for name in told}.values())

    def mask(self) -> Mask:
        """Return who is called what in these papers: the other children Child B, Child C and so on."""
        named = dict[str, str]()
        for name in (name for one in self.cases for name in one.names_of_others):
            if name_key(name) not in map(name_key, self.names):
                named.setdefault(name_key(name), name)
        labels = {name: _label(number) for number, name in enumerate(named.values())}
        papers = [paper for one in self.cases for paper in one.papers]
        staff = [given(paper, name) for paper in papers for name in STAFF]
        return Mask.of(labels, self.names, filter(None, staff))


def _label(number: int) -> str:
    """Return what the next other child is called: Child B to Child Z, then Child 27 and so on."""
    letters = ascii_uppercase[1:]
    return f"Child {letters[number] if number < len(letters) else number + 2}"


def find(connection: Connection, said: str) -> int:
    """Return the child of a reference or of a name that only one child has. Raise NoSuchChild."""
    child = children.named(connection, said)
    if child is not None:
        return child
    found = children.called(connection, said)
    if not found:
        raise NoSuchChild(
            "No child of this reference or name is on record.",
            "Use the child’s reference (C-…) from the register under Children, or the whole name as a form gives it. A"
            " child without a reference there gets one once the office has dropped the corrected form.",
        )
    if len(found) > 1:
        listed = [f"{children.child_reference(one)}, born {day(born)}" for one, born in found]
        raise NoSuchChild(
            "Several children have this name:\n  " + "\n  ".join(listed),
            "Give the reference of the one you mean.",
        )
    return found[0][0]


def papers_of(connection: Connection, child: int, settings: Settings, now: datetime) -> ChildPapers:
    """Return all cases of a child and of those linked with it. Raise NoSuchChild where there is none."""
    together = cases.together(connection)
    first = together.get(child, child)
    same = [children.child_reference(one) or "" for one in children.joined(connection, first)]
    references = cases.of_child(connection, first)
    ages = settings.services.assessment_ages
    found = {
        one.case.record.reference: one
        for one in cases.whole(connection, references, settings.zone, ages)
    }
    lines = (line_in(one, settings, together, now) for one in found.values())
    own = _incidents(by_child(lines), same)
    if not own:
        raise NoSuchChild(
            "No case about this child is on record.", "Look in the register under Children."
        )
    reference = children.child_reference(first) or ""
    ordered = tuple(OwnCase(found[one.line.reference], one) for one in own)
    return ChildPapers(reference, tuple(one for one in same if one != reference), ordered)


def line_in(one: Whole, settings: Settings, together: Mapping[int, int], now: datetime) -> CaseLine:
    """Return a case in one line. `together`: of children who are linked the first."""
    asked = list(asked_steps(one.case, local_day(now, settings.zone)))
    return line_of(one.case, asked, about(one, together), settings.working_days)


def _incidents(known: Mapping[str, list[Incident]], same: Iterable[str]) -> list[Incident]:
    """Return the incidents of a child and of those linked with it, oldest first, each case once."""
    every = [one for reference in same for one in known.get(reference, ())]
    once = {one.line.reference: one for one in reversed(every)}
    return sorted(once.values(), key=lambda one: (one.line.day, one.line.reference))
