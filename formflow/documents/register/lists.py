"""The lists of cases: open ones, those in which nothing is outstanding, and all by term and by year group. Pure."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from formflow.core.model import CaseState
from formflow.documents.page_parts import template
from formflow.documents.register import rows, words
from formflow.documents.register.lines import CaseLine
from formflow.documents.register.rows import Moment, Row

ON_ONE_PAGE = 800  # rows: with long names still under 300 KB
OPEN, NOTHING = "Cases", "Cases with nothing outstanding"
ENDED = {
    CaseState.CLOSED: "Closed cases",
    CaseState.ENTERED_IN_ERROR: "Cases entered in error",
    CaseState.DUPLICATE: "Duplicates",
}
NO_YEAR = "No year group"
Link = Mapping[str, str]


def lists_of(line: CaseLine) -> tuple[str, ...]:
    """Return the lists that a case is on, by what they are called. What does not count is on one of its own alone."""
    if not line.counts:
        return (ENDED[line.state],)
    standing = OPEN if line.waits or line.open_steps else NOTHING
    standing = ENDED.get(line.state, standing)
    year = words.year(line.child.year) or NO_YEAR
    return standing, f"Cases {words.term_words(words.term(line.day))}", f"Cases {year}"


def list_pages(
    lines: Iterable[CaseLine], only: frozenset[str] | None, at: Moment, head: Mapping[str, Any]
) -> Iterator[tuple[str, str]]:
    """Yield file name and HTML of the pages of some lists, of all without `only`."""
    found: dict[str, list[CaseLine]] = defaultdict(list)
    for name in (OPEN, NOTHING, *ENDED.values()):  # pages that are there also while they are empty
        found[name] = []
    for line in lines:
        for name in lists_of(line):
            found[name].append(line)
    links = _links(found)
    for name, of_it in found.items():
        if only is None or name in only:
            yield from _pages(name, of_it, at, {**head, "lists": links})


def _pages(
    name: str, lines: Sequence[CaseLine], at: Moment, head: Mapping[str, Any]
) -> Iterator[tuple[str, str]]:
    every = sorted((rows.row_of(line, at) for line in lines), key=_gravest)
    parts = [every[n : n + ON_ONE_PAGE] for n in range(0, len(every), ON_ONE_PAGE)] or [[]]
    pages = [{"file": _file(name, n), "words": str(n + 1)} for n in range(len(parts))]
    for number, part in enumerate(parts):
        yield (
            _file(name, number),
            template("register/cases.html").render(
                **head,
                here="Cases" if name == OPEN else "",
                root="",
                file=_file(name, number),
                title="Open cases" if name == OPEN else name,
                count=len(every),
                levels=_by_level(part),
                pages=pages,
            ),
        )


def _gravest(row: Row) -> tuple[int, str, str, str]:
    return words.GRAVEST_FIRST.index(row.level[1]), row.level[2], row.sort, row.reference


def _by_level(part: Sequence[Row]) -> list[dict[str, Any]]:
    """Return rows by level, in their order: each level with a name that a link can lead to."""
    found: dict[str, list[Row]] = defaultdict(list)
    for row in part:
        found[row.level[2]].append(row)
    return [
        {
            "id": name.casefold().replace(" ", "-"),
            "words": f"{of_it[0].level[1]} {name}",
            "count": len(of_it),
            "rows": of_it,
        }
        for name, of_it in found.items()
    ]


def _file(name: str, page: int) -> str:
    plain = re.sub(r"[^\w -]", "-", name)  # a year group is whatever the pupil list says
    return f"{plain}{f' {page + 1}' if page else ''}.html"


def _links(found: Mapping[str, Sequence[CaseLine]]) -> list[tuple[str, list[Link]]]:
    """Return the links to all lists: by whether they are open, by term, the newest first, and by year group."""
    terms = {words.term(line.day) for of_it in found.values() for line in of_it if line.counts}
    ordered = [words.term_words(one) for one in sorted(terms, reverse=True)]
    of_terms = [f"Cases {one}" for one in ordered]
    of_years = sorted(set(found) - {OPEN, NOTHING, *ENDED.values(), *of_terms}, key=_as_counted)
    return [
        (
            "Show",
            [
                _link(OPEN, "open cases"),
                _link(NOTHING, "nothing outstanding"),
                *(_link(one, one.removeprefix("Cases ").lower()) for one in ENDED.values()),
            ],
        ),
        ("By term", [_link(one, one.removeprefix("Cases ")) for one in of_terms]),
        ("By year group", [_link(one, one.removeprefix("Cases ")) for one in of_years]),
    ]


def _as_counted(name: str) -> tuple[int, str]:
    digits = "".join(filter(str.isdecimal, name))
    return int(digits or 99), name


def _link(name: str, told: str) -> Link:
    return {"file": _file(name, 0), "words": told}
