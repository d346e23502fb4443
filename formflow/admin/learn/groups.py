"""Which boxes are parts of one answer: a date, a time, a post code or a number in several boxes. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from formflow.admin.learn.sheet import Sheet
from formflow.admin.learn.words import PLACEHOLDER, letters, of_name, plain
from formflow.forms.manifest import Rectangle

LEVEL = 4.0  # points between the lines that the parts are written on
NEXT = 18.0  # points from one part to the next
WIDEST = 90.0  # points: a wider box is an answer of its own
LETTER = 24.0  # points: a box no wider holds one letter or two
PARTS = {
    "day": ("day", "days", "d", "dd", "tag"),
    "month": ("month", "months", "m", "mm", "mmm", "mon"),
    "year": ("year", "years", "y", "yy", "yyyy", "yr"),
    "hour": ("hour", "hours", "h", "hh", "hr"),
    "minute": ("minute", "minutes", "min", "mins", "mm", "m"),
}
DATE = ("day", "month", "year")
NUMBERS = re.compile(r"\b(?:post ?code|zip|phone|telephone|tel|mobile|fax|number|no|code)\b")


class Of(StrEnum):
    """What the parts are parts of."""

    DATE = "date"
    TIME = "time"
    LIST = "list"  # of tick boxes, several of which may be ticked
    NUMBER = "number"  # or a post code: letters and digits side by side


@dataclass(frozen=True, slots=True)
class Part:
    """One box for writing that may be a part."""

    name: str
    rectangle: Rectangle
    tooltip: str


def groups(parts: Sequence[Part], sheet: Sheet) -> dict[tuple[str, ...], Of]:
    """Return the boxes of one page that are one answer together, from left to right, and what it is."""
    found = {}
    for run in _runs(parts, sheet):
        for some in _fitting(run):
            if kind := _kind(some):
                found[tuple(part.name for part in some)] = kind
    return found


def _runs(parts: Sequence[Part], sheet: Sheet) -> Iterator[list[Part]]:
    """Yield narrow boxes that are side by side, with nothing but strokes between them."""
    run: list[Part] = []
    for part in sorted(parts, key=lambda one: (-round(one.rectangle[1] / LEVEL), one.rectangle[0])):
        if run and not _is_next(run[-1].rectangle, part.rectangle, sheet):
            yield run
            run = []
        if part.rectangle[2] - part.rectangle[0] <= WIDEST:
            run.append(part)
        elif run:
            yield run
            run = []
    if run:
        yield run


def _is_next(one: Rectangle, other: Rectangle, sheet: Sheet) -> bool:
    if abs(one[1] - other[1]) > LEVEL or not -2 <= other[0] - one[2] <= NEXT:
        return False
    return not any(
        one[2] - 3 <= (line.left + line.right) / 2 <= other[0] + 3
        and one[1] - 2 <= line.middle <= one[3] + 2
        and not PLACEHOLDER.fullmatch(line.text)
        for line in sheet.lines
    )


def _fitting(run: Sequence[Part]) -> Iterator[Sequence[Part]]:
    """Yield the parts of a run that fit together: a date and a time after it are two answers."""
    roles = [_role(part) for part in run]
    start = 0
    for end in range(1, len(run) + 1):
        is_again = end < len(run) and roles[end] is not None and roles[end] in roles[start:end]
        is_other = end < len(run) and roles[end] == "hour"
        if end == len(run) or is_again or is_other:
            if end - start > 1:
                yield run[start:end]
            start = end


def _role(part: Part) -> str | None:
    """Return which part of a date or time a box is by its own name or tooltip, None if they do not say."""
    words = of_name(part.name).split()
    told = set(plain(part.tooltip).split())
    for role, said in PARTS.items():
        if words and words[-1] in said:
            return role
        if told & {role} and len(told & set(PARTS)) == 1:
            return role
    return None


def _kind(some: Sequence[Part]) -> Of | None:
    roles = [_role(part) for part in some]
    if set(roles) == set(DATE) or (len(some) == 3 and roles[0] == "day" and roles[1] == "month"):
        return Of.DATE
    if len(some) == 3 and _ends(some) == "dmy":
        return Of.DATE
    if len(some) == 2 and roles[0] == "hour" and roles[1] in ("minute", "month"):  # both are "mm"
        return Of.TIME
    if all(part.rectangle[2] - part.rectangle[0] <= LETTER for part in some) and len(some) > 3:
        if len(some) in (6, 8) and _says(some, "date", "dob", "birth"):
            return Of.DATE
        return (
            Of.NUMBER
            if NUMBERS.search(f"{of_name(some[0].name)} {plain(some[0].tooltip)}")
            else None
        )
    if len(some) in (2, 3) and _counts(some):
        return Of.NUMBER
    return None


def _ends(some: Sequence[Part]) -> str:
    """Return the last letters of names that are the same before them, such as "dmy" of bornD, bornM, bornY."""
    names = [part.name.casefold() for part in some]
    return "".join(name[-1:] for name in names) if len({name[:-1] for name in names}) == 1 else ""


def _says(some: Sequence[Part], *words: str) -> bool:
    said = set(plain(f"{some[0].tooltip} {of_name(some[0].name)}").split())
    return bool(said & set(words))


def _counts(some: Sequence[Part]) -> bool:
    """Return whether boxes for a number or post code have one name but for a count: "postcode 1", "postcode 2"."""
    names = [of_name(part.name) for part in some]
    stems = {
        re.sub(
            r"(?:\b|(?<=[a-z]))(?:\d+|[a-c]|part|first|second|third|1st|2nd)\b", "", name
        ).strip()
        for name in names
    }
    return (
        len(stems) == 1
        and letters(next(iter(stems))) > 2
        and bool(NUMBERS.search(next(iter(stems))))
    )


def joined(rectangles: Sequence[Rectangle]) -> Rectangle:
    """Return the rectangle around others."""
    return (
        min(one[0] for one in rectangles),
        min(one[1] for one in rectangles),
        max(one[2] for one in rectangles),
        max(one[3] for one in rectangles),
    )
