"""The children in the register: an index, and for each child a chronology that is fit for a conference. Pure.

What one child's chronology says of an incident tells nothing in confidence of another: names of others are left
out of what happened, and a child who was targeted gets no words of the form, which are about somebody else.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Any

from formflow.core.dates import local_day
from formflow.core.model import CaseState
from formflow.core.wording import day_in_words
from formflow.documents.page_parts import template
from formflow.documents.register import rows, words
from formflow.documents.register.lines import CaseLine, Part, Person
from formflow.documents.register.rows import Moment

ON_ONE_PAGE = 1500  # children: with long names still under 300 KB
SHORTEST_NAME = 3  # letters of a part of a name that is left out of a text
ANOTHER = "[another child]"
NO_LETTER = "no-letter"  # under which children are whose name has no letter A to Z at its end
ROLES = {Part.DISPLAYED: "Displayed the behaviour", Part.TARGETED: "Was targeted"}
NO_BLAME = {Part.DISPLAYED: "Named on the form", Part.TARGETED: "Was also involved"}


@dataclass(frozen=True, slots=True)
class Incident:
    """One incident of a child: the case, and the child as that case names it."""

    line: CaseLine
    person: Person

    @property
    def whose(self) -> str:
        """Which of what was done in the case is this child's."""
        if self.person.part is Part.DISPLAYED:
            return "a"
        number = [one for one in self.line.people if one.part is Part.TARGETED].index(self.person)
        return f"b{number + 1}" if number else "b"


def incidents(lines: Iterable[CaseLine]) -> dict[str, list[Incident]]:
    """Return the incidents of every child that is known, by the child's reference, oldest first."""
    found: dict[str, list[Incident]] = defaultdict(list)
    for line in lines:
        for person in line.people:
            if person.reference and line.counts:
                found[person.reference].append(Incident(line, person))
    for of_it in found.values():
        of_it.sort(key=lambda one: (one.line.day, one.line.reference))
    return found


def child_page(
    reference: str, of_it: Sequence[Incident], at: Moment, head: Mapping[str, Any]
) -> str:
    """Return a child's chronology as HTML, to be printed on A4 landscape."""
    latest = of_it[-1].person
    names = dict.fromkeys(one.person.name for one in of_it if one.person.name)
    numbers = dict.fromkeys(one.person.number for one in of_it if one.person.number)
    return template("register/child.html").render(
        **head,
        here="",
        root="../",
        reference=reference,
        name=rows.name_of(latest),
        names=list(names),
        born=day_in_words(latest.born) if latest.born else "",
        numbers=", ".join(numbers),
        year=words.year(latest.year),
        incidents=[_incident(one, at) for one in of_it],
    )


def _incident(one: Incident, at: Moment) -> dict[str, Any]:
    line, person = one.line, one.person
    is_own = person.part is Part.DISPLAYED
    outcome = words.DECIDED[line.level][2] if line.level else ""
    on = f", {words.day(local_day(line.decided_at, at.zone))}" if line.decided_at else ""
    told = f"Decided: {outcome.lower()}{on}" if outcome else "Awaiting decision"
    return {
        "reference": line.reference,
        "incident": words.day(line.incident) if line.incident else "Not known",
        "entered": words.day(local_day(line.received_at, at.zone)),
        "role": (NO_BLAME if line.has_allegation else ROLES)[person.part],
        "what": without_names(line.story, _others(line, person)) if is_own else in_general(line),
        "level": rows.level_of(line),
        "done": [each.what for each in line.done if each.whose in ("", one.whose)],
        "outcome": told + (". Case closed" if line.state is CaseState.CLOSED else ""),
        "author": line.author,
    }


def in_general(line: CaseLine) -> str:
    """Return what happened as far as it may be told of a child who was targeted: no words of the form."""
    kinds = ", ".join(words.KINDS[name] for name in line.kinds)
    return kinds or "Kind of behaviour not recorded"


def _others(line: CaseLine, person: Person) -> list[str]:
    return [one.name for one in line.people if one is not person]


def without_names(text: str, names: Iterable[str]) -> str:
    """Return a text in which the names of others are left out, whole and by their parts."""
    parts = [part for name in names for part in (name, *name.split()) if len(part) >= SHORTEST_NAME]
    longest_first = sorted(set(parts), key=len, reverse=True)
    if not longest_first:
        return text
    found = "|".join(re.escape(part) for part in longest_first)
    return re.sub(rf"\b(?:{found})\b", ANOTHER, text, flags=re.IGNORECASE)


def index_pages(
    known: Mapping[str, Sequence[Incident]],
    lines: Iterable[CaseLine],
    at: Moment,
    head: Mapping[str, Any],
) -> Iterator[tuple[str, str]]:
    """Yield file name and HTML of the index of children: one page, or one for each letter where they are many."""
    every = [_child(reference, of_it, at) for reference, of_it in known.items()]
    every += [_unknown(line, one, at) for line in lines if line.counts for one in _unfiled(line)]
    every.sort(key=lambda child: (child["letter"], child["surname"], child["name"]))
    by_letter = {letter: list(of_it) for letter, of_it in groupby(every, itemgetter("letter"))}
    if len(every) <= ON_ONE_PAGE:
        links = [{"file": f"#letter-{one}", "words": one} for one in by_letter]
        yield "Children.html", _index("Children.html", every, links, len(every), head)
        return
    parts = {
        f"{letter} {number}" if number > 1 else letter: of_it[first : first + ON_ONE_PAGE]
        for letter, of_it in by_letter.items()
        for number, first in enumerate(range(0, len(of_it), ON_ONE_PAGE), start=1)
    }
    links = [{"file": f"Children {one}.html", "words": one} for one in parts]
    yield "Children.html", _index("Children.html", [], links, len(every), head)
    for name, part in parts.items():
        file = f"Children {name}.html"
        yield file, _index(file, part, links, len(every), head)


def _index(
    file: str, children: Sequence[Any], pages: Sequence[Any], count: int, head: Mapping[str, Any]
) -> str:
    return template("register/children.html").render(
        **head, here="Children", root="", file=file, children=children, pages=pages, count=count
    )


def _child(reference: str, of_it: Sequence[Incident], at: Moment) -> dict[str, Any]:
    latest = of_it[-1].person
    return {
        **_named(latest, at),
        "href": f"children/{reference}.html",
        "reference": reference,
        "count": len(of_it),
    }


def _unfiled(line: CaseLine) -> Iterator[Person]:
    """Yield the children of a case who have no file: the one the form is about, and others who are named."""
    for one in line.people:
        if not one.reference and (one is line.child or one.name):
            yield one


def _unknown(line: CaseLine, person: Person, at: Moment) -> dict[str, Any]:
    """Return a child of whom it is not known which child it is: the case has to do."""
    return {
        **_named(person, at),
        "href": f"cases/{line.reference}.html",
        "reference": f"{line.reference}: not known which child",
        "count": 1,
    }


def _named(person: Person, at: Moment) -> dict[str, Any]:
    surname = person.name.split()[-1].casefold() if person.name else ""
    letter = surname[:1].upper()
    return {
        "name": rows.name_of(person),
        "surname": surname,
        "letter": letter if letter.isascii() and letter.isalpha() else NO_LETTER,
        "born": words.day(person.born) if person.born else "",
        "sort": person.born.isoformat() if person.born else "",
        "age": rows.age_of(person, at.today),
        "year": words.year(person.year),
        "number": person.number,
    }
