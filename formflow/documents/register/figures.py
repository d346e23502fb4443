"""Figures for heads and governors: counts of a school year without names, with small numbers left out. Pure.

A small number could be recognised as a child. It is left out, and so is as much more as is needed that nobody
works it out from a total.
"""

from __future__ import annotations

import statistics
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from formflow.core.dates import local_day
from formflow.documents.page_parts import template
from formflow.documents.register import words
from formflow.documents.register.lines import CaseLine
from formflow.documents.register.rows import Moment, level_of

FIRST_MONTH = 9  # of a school year
MOST_PLACES = 8
NOT_KNOWN, OTHER_PLACES = "Not known", "Other places"


@dataclass(frozen=True, slots=True)
class Count:
    """One count of a table, None where it is left out."""

    words: str
    number: int | None


@dataclass(frozen=True, slots=True)
class Table:
    """Counts under a heading. `is_whole` says whether they add up to all cases."""

    title: str
    counts: tuple[Count, ...]
    is_whole: bool = True


def school_year(day: date) -> int:
    """Return the year in which the school year of a day began."""
    return day.year if day.month >= FIRST_MONTH else day.year - 1


def figure_pages(
    lines: Iterable[CaseLine], smallest: int, at: Moment, head: Mapping[str, Any]
) -> Iterator[tuple[str, str]]:
    """Yield file name and HTML of the figures of each school year: the present one is the first page."""
    by_year: dict[int, list[CaseLine]] = defaultdict(list)
    present = school_year(at.today)
    by_year[present] = []
    for line in lines:
        if not line.counts:
            continue
        by_year[school_year(line.day)].append(line)
    links = [
        {"file": _file(one, present), "words": _called(one)}
        for one in sorted(by_year, reverse=True)
    ]
    for year, of_it in by_year.items():
        yield (
            _file(year, present),
            template("register/figures.html").render(
                **head,
                here="Figures" if year == present else "",
                root="",
                file=_file(year, present),
                years=links,
                title=f"Figures for {_called(year)}",
                total=_shown(len(of_it), smallest),
                smallest=smallest,
                tables=[_drawn(table) for table in _tables(of_it, smallest)],
                times=list(_times(of_it, smallest, at)),
            ),
        )


def _called(year: int) -> str:
    return f"{year} to {year + 1}"


def _file(year: int, present: int) -> str:
    return "Figures.html" if year == present else f"Figures {_called(year)}.html"


def _shown(number: int, smallest: int) -> str:
    return f"fewer than {smallest}" if 0 < number < smallest else str(number)


def _tables(lines: Sequence[CaseLine], smallest: int) -> Iterator[Table]:
    """Yield each table with its small numbers left out."""
    terms = Counter(words.term(line.day) for line in lines)
    by_term = {words.term_words(one): terms[one] for one in sorted(terms)}
    levels = Counter(level_of(line)[2] for line in lines)
    years = Counter(words.year(line.child.year) or NOT_KNOWN for line in lines)
    kinds = Counter(words.KINDS[one] for line in lines for one in line.kinds)
    sent = Counter(each.code[:3] for line in lines for each in line.referrals if each.sent)
    for title, counts in (
        ("Cases by term", by_term),
        ("Cases by level", dict(levels.most_common())),
        ("Cases by year group", dict(sorted(years.items(), key=lambda one: _as_counted(one[0])))),
        ("Cases by place", _places(lines, smallest)),
    ):
        yield Table(title, without_small(counts, smallest))
    yield Table(
        "Kinds of behaviour", _only_small(dict(kinds.most_common()), smallest), is_whole=False
    )
    named = {
        "F3a": "For children who displayed the behaviour",
        "F3b": "For children who were targeted",
    }
    of_kind = {told: sent[code] for code, told in named.items()}
    yield Table("Referrals sent", _only_small(of_kind, smallest), is_whole=False)


def _as_counted(words_of_year: str) -> tuple[int, str]:
    digits = "".join(filter(str.isdecimal, words_of_year))
    return int(digits or 99), words_of_year


def _places(lines: Sequence[CaseLine], smallest: int) -> dict[str, int]:
    """Return how often each place is named. One that is named seldom may say who it was, and is not printed."""
    said = Counter(line.place.casefold().strip(" .") for line in lines)
    spelt = {line.place.casefold().strip(" ."): line.place for line in lines}
    known = [(one, n) for one, n in said.most_common(MOST_PLACES + 1) if one and n >= smallest]
    found = {spelt[one]: n for one, n in known[:MOST_PLACES]}
    if said[""]:
        found[NOT_KNOWN] = said[""]
    if rest := len(lines) - sum(found.values()):
        found[OTHER_PLACES] = rest
    return found


def without_small(counts: Mapping[str, int], smallest: int) -> tuple[Count, ...]:
    """Return counts that add up to a total, without small ones, and without what would give these away."""
    hidden = {name for name, n in counts.items() if 0 < n < smallest}
    rest = sorted((n, name) for name, n in counts.items() if n and name not in hidden)
    for _, name in rest:
        left_out = sum(counts[one] for one in hidden)
        if not hidden or (len(hidden) > 1 and left_out >= smallest):
            break
        hidden.add(name)
    return tuple(Count(name, None if name in hidden else n) for name, n in counts.items())


def _only_small(counts: Mapping[str, int], smallest: int) -> tuple[Count, ...]:
    """Return counts that add up to nothing that is shown, without small ones."""
    return tuple(Count(name, None if 0 < n < smallest else n) for name, n in counts.items())


def _times(lines: Sequence[CaseLine], smallest: int, at: Moment) -> Iterator[tuple[str, str]]:
    """Yield how long decisions and referrals took, in days, where there are enough of them."""
    decided = [
        (local_day(line.decided_at, at.zone) - local_day(line.received_at, at.zone)).days
        for line in lines
        if line.decided_at
    ]
    sent = [
        (each.sent - each.decided).days
        for line in lines
        for each in line.referrals
        if each.sent and each.decided
    ]
    for title, days in (
        ("From the form to the decision", decided),
        ("From the decision to the referral", sent),
    ):
        if len(days) < smallest:
            yield title, "too few to say"
        else:
            middle = statistics.median(max(0, one) for one in days)
            yield title, f"{middle:g} {'day' if middle == 1 else 'days'} (half took no longer)"


def _drawn(table: Table) -> dict[str, Any]:
    """Return a table with the length of each bar, in hundredths of the longest."""
    most = max((one.number or 0 for one in table.counts), default=0) or 1
    bars = [
        {"words": one.words, "number": one.number, "width": round((one.number or 0) * 100 / most)}
        for one in table.counts
    ]
    return {
        "id": table.title.casefold().replace(" ", "-"),
        "title": table.title,
        "bars": bars,
        "is_whole": table.is_whole,
    }
