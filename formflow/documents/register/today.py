"""Today: the start page of the register. Whatever cannot wait or is overdue comes first. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from formflow.core.dates import local_day
from formflow.core.references import record_of
from formflow.core.wording import day_in_words, moment_in_words
from formflow.documents.page_parts import template
from formflow.documents.register import rows, words
from formflow.documents.register.health import Health
from formflow.documents.register.lines import CaseLine, Waits
from formflow.documents.register.rows import Moment, Row

MOST_ROWS = 60  # of one group: the page has to be taken in at a glance
NEW_FOR = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Group:
    """Cases that are as pressing as each other."""

    id: str
    words: str
    is_red: bool
    rows: Sequence[Row]
    count: int


def today_page(
    lines: Iterable[CaseLine], health: Health, at: Moment, head: Mapping[str, Any]
) -> str:
    """Return the start page as HTML."""
    known = list(lines)
    groups = _groups(known, at)
    since = at.today - NEW_FOR
    came = [line for line in known if local_day(line.received_at, at.zone) > since]
    came.sort(key=lambda line: line.received_at, reverse=True)
    return template("register/today.html").render(
        **head,
        here="Today",
        root="",
        today=day_in_words(at.today),
        drawn=at.now.isoformat(timespec="seconds"),
        at=moment_in_words(at.now, at.zone),
        own=health.troubles,
        sheets=[_sheet(one, known) for one in health.sheets],
        groups=groups,
        tallies=[
            {"id": one.id, "words": one.words, "count": one.count, "is_red": one.is_red}
            for one in groups
        ],
        came=[rows.row_of(line, at) for line in came[:MOST_ROWS]],
        came_count=len(came),
    )


def _sheet(reference: str, lines: Sequence[CaseLine]) -> dict[str, str]:
    """Return a sheet with an alert that nobody has seen, and the case that it is about, where there is one."""
    case = next((line for line in lines if line.reference == record_of(reference)), None)
    return {
        "reference": reference,
        "name": rows.name_of(case.child) if case else "",
        "href": f"cases/{case.reference}.html" if case else "",
    }


def _groups(lines: Sequence[CaseLine], at: Moment) -> list[Group]:
    """Return the cases in which something waits, each once, in the first group that it belongs to."""
    found: dict[str, list[CaseLine]] = {one: [] for one, *_ in GROUPS}
    for line in lines:
        if line.waits:
            found[_group_of(line, at)].append(line)
    return [
        Group(
            name,
            title,
            is_red,
            [rows.row_of(line, at) for line in sorted(found[name], key=_gravest)[:MOST_ROWS]],
            len(found[name]),
        )
        for name, title, is_red, _ in GROUPS
        if found[name]
    ]


def _group_of(line: CaseLine, at: Moment) -> str:
    return next(
        name for name, _, _, belongs in GROUPS if any(belongs(one, at) for one in line.waits)
    )


def _gravest(line: CaseLine) -> tuple[float, int, str]:
    """Return what sorts the cases of a group: what ends first, then the graver level."""
    first = line.waits[0]
    end = first.overdue_at or first.by
    grave = words.GRAVEST_FIRST.index(rows.level_of(line)[1])
    return end.timestamp() if end else float("inf"), grave, line.reference


def _is_to_be_decided(one: Waits, _at: Moment) -> bool:
    return one.what in (words.DECIDE, words.REOPENED) and one.by is None


Belongs = Callable[[Waits, Moment], bool]
# Name, heading, whether it must not be overlooked, and what belongs to it: the first that fits counts.
GROUPS: tuple[tuple[str, str, bool, Belongs], ...] = (
    ("now", "Do now", True, lambda one, _: one.is_now),
    ("overdue", "Overdue", True, rows.is_late),
    ("due-today", "Due today", False, rows.is_today),
    ("due-soon", "Due in the next 7 days", False, rows.is_soon),
    ("to-decide", "To decide, no date set", False, _is_to_be_decided),
    ("later", "Later", False, lambda *_: True),
)
