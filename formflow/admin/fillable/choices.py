"""Where something is to be ticked: drawn tick boxes, "Yes / No" in words, columns headed "Yes" and "No". Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from formflow.admin.fillable.page import Page, Print, holds, overlap
from formflow.admin.learn.words import SAYS, plain
from formflow.forms.manifest import Rectangle

IN_WORDS = re.compile(
    r"\b(?P<yes>yes|y)(?:\s*[/|]\s*|\s{2,})(?P<no>no|n)\b"
    r"(?:\s*[/|]\s*(?P<other>not known|unknown|don.?t know|not sure|unsure)\b)?",
    re.IGNORECASE,
)
AT_THE_END = re.compile(r"[.?*]?(?:\s{2,}|\s*$|\s*\()")  # of a piece of print, but for a remark
STATES = {"yes": "Yes", "no": "No", "unknown": "Not known", "neither": "Not applicable"}
RING = (1.8, 1.0)  # points around a word: across, and up
LEVEL = 5.0  # points between the middles of marks in one row
NEAR = 30.0  # points from a mark to its word
CIRCLE = 12.0  # points across, in a cell
UNDER = 30.0  # points from a mark to the one under it


class Kind(StrEnum):
    """What a person does in a place."""

    LINE = "line"  # writes one line
    LINES = "lines"  # writes several
    CELLS = "cells"  # writes a letter into each cell
    TICK = "tick"  # ticks a printed tick box, or not
    CIRCLE = "circle"  # chooses one of several, for which nothing is printed
    RING = "ring"  # the same, with a ring around a printed word


@dataclass(frozen=True, slots=True)
class Gap:
    """A place that is left free for a person."""

    kind: Kind
    place: Rectangle
    state: str = ""  # what it says, of one of several
    group: int = 0  # those of one question have one number, from 1
    cells: int = 0  # how many


def choices(page: Page) -> list[Gap]:
    """Return where something is to be ticked; places of one question have a number in common."""
    rings = list(_rings(page))
    marks = [one for group in _marked(page) for one in group]
    columns = list(_columns(page))
    found: list[Gap] = []
    last = 0
    for some in (rings, marks, columns):
        found += [replace(one, group=one.group + last) if one.group else one for one in some]
        last = max([last, *(one.group for one in found)])
    return found


def _rings(page: Page) -> Iterator[Gap]:
    """Yield the words "Yes / No" where they are to be circled, and not a tick box beside them."""
    group = 0
    for row in page.rows:
        for found in IN_WORDS.finditer(row.text):
            words = [name for name, said in found.groupdict().items() if said]
            places = {name: row.place(*found.span(name)) for name in words}
            whole = row.place(*found.span())
            if _has_marks(whole, page) or _are_heads(list(places.values()), page):
                continue
            before, behind = row.text[: found.start()], row.text[found.end() :]
            if not AT_THE_END.match(behind) or before.count("(") > before.count(")"):
                continue  # the middle of a sentence, or a hint: the answer is written
            group += 1
            for name, place in places.items():
                says = "unknown" if name == "other" else name
                yield Gap(Kind.RING, _around(place), STATES[says], group)


def _around(word: Rectangle) -> Rectangle:
    across, up = RING
    return (word[0] - across, word[1] - up, word[2] + across, word[3] + up)


def _has_marks(words: Rectangle, page: Page) -> bool:
    left, bottom, right, top = words
    near = (left - NEAR, bottom, right + NEAR, top)
    return any(overlap(near, mark) for mark in page.marks)


def _are_heads(words: Sequence[Rectangle], page: Page) -> bool:
    """Return whether words are in cells of their own: they head columns."""
    cells = {next((cell for cell in page.cells if holds(cell, word)), None) for word in words}
    return len(cells) > 1


def _marked(page: Page) -> Iterator[list[Gap]]:
    """Yield what is drawn to be ticked: the yes and the no of one question together, others alone."""
    group = 0
    for run in _runs([mark for mark in page.marks if _has_words(mark, page)]):
        says = _says(run, page)
        start = 0
        for end in range(1, len(run) + 1):
            if end < len(run) and says[end] and says[start] and says[end] not in says[start:end]:
                continue
            some = says[start:end]
            if {"yes", "no"} <= set(some):
                group += 1
                yield [
                    Gap(Kind.TICK, mark, STATES[said], group)
                    for mark, said in zip(run[start:end], some, strict=True)
                ]
            else:
                yield [Gap(Kind.TICK, mark) for mark in run[start:end]]
            start = end


def _has_words(mark: Rectangle, page: Page) -> bool:
    """Return whether words are beside a mark, or it is in a cell; else it is part of a drawing."""
    return any(holds(cell, mark) for cell in page.cells) or any(
        _beside(mark, page, is_behind=is_behind) for is_behind in (True, False)
    )


def _runs(marks: Sequence[Rectangle]) -> Iterator[list[Rectangle]]:
    """Yield marks in one row, or one right under the other, together."""
    run: list[Rectangle] = []
    for mark in sorted(marks, key=lambda one: (-round(_middle(one) / LEVEL), one[0])):
        if run and not _belongs(run[-1], mark):
            yield run
            run = []
        run.append(mark)
    if run:
        yield run


def _belongs(one: Rectangle, other: Rectangle) -> bool:
    is_row = abs(_middle(one) - _middle(other)) <= LEVEL
    return is_row or (abs(one[0] - other[0]) <= LEVEL and 0 < one[1] - other[1] <= UNDER)


def _says(run: Sequence[Rectangle], page: Page) -> list[str]:
    """Return what each mark of a run says: "yes", "no" and the like; "" for anything else, or for a doubt."""
    behind = [_said(_beside(mark, page, is_behind=True), is_end=False) for mark in run]
    ahead = [_said(_beside(mark, page, is_behind=False), is_end=True) for mark in run]
    if sum(map(bool, behind)) == sum(map(bool, ahead)):
        return [""] * len(run)  # nobody can tell which word is of which mark
    return max(behind, ahead, key=lambda says: sum(map(bool, says)))


def _said(words: Print | None, *, is_end: bool) -> str:
    if words is None:
        return ""
    found = plain(words.text)
    return SAYS.get(found, "") or (SAYS.get(found.split()[-1], "") if is_end and found else "")


def _beside(mark: Rectangle, page: Page, *, is_behind: bool) -> Print | None:
    """Return the nearest print right or left of a mark, with no other mark between."""
    edge = mark[2] if is_behind else mark[0]
    near: list[tuple[float, Print]] = []
    for one in page.prints:
        gap = one.place[0] - edge if is_behind else edge - one.place[2]
        is_level = one.place[1] - 2 <= _middle(mark) <= one.place[3] + 2
        between = sorted((edge, edge + gap if is_behind else edge - gap))
        if (
            is_level
            and -2 <= gap <= NEAR
            and not any(
                other != mark
                and abs(_middle(other) - _middle(mark)) <= LEVEL
                and between[0] - 1 <= other[0]
                and other[2] <= between[1] + 1
                for other in page.marks
            )
        ):
            near.append((gap, one))
    return min(near, key=lambda found: found[0])[1] if near else None


def _columns(page: Page) -> Iterator[Gap]:
    """Yield a circle in each empty cell of a row under heads that say yes and no."""
    group = 0
    empty = [cell for cell in page.cells if not any(holds(cell, one.place) for one in page.prints)]
    rows: dict[tuple[int, int], list[tuple[Rectangle, str]]] = {}
    for cell in empty:
        head = _head(cell, page)
        if head:
            rows.setdefault((round(cell[1] / 2), round(cell[3] / 2)), []).append((cell, head))
    for some in rows.values():
        if {"yes", "no"} <= {head for _, head in some} and len({head for _, head in some}) == len(
            some
        ):
            group += 1
            for cell, head in some:
                yield Gap(Kind.CIRCLE, _in_the_middle(cell), STATES[head], group)


def _head(cell: Rectangle, page: Page) -> str:
    """Return what the nearest print over a cell says, "" for no yes or no."""
    middle = (cell[0] + cell[2]) / 2
    over = [
        one
        for one in page.prints
        if one.place[1] >= cell[3] - 2 and one.place[0] - 4 <= middle <= one.place[2] + 4
    ]
    nearest = min(over, key=lambda one: one.place[1], default=None)
    return SAYS.get(plain(nearest.text), "") if nearest else ""


def _in_the_middle(cell: Rectangle) -> Rectangle:
    x, y = (cell[0] + cell[2]) / 2, (cell[1] + cell[3]) / 2
    half = min(CIRCLE, cell[3] - cell[1] - 2, cell[2] - cell[0] - 2) / 2
    return (x - half, y - half, x + half, y + half)


def _middle(place: Rectangle) -> float:
    return (place[1] + place[3]) / 2
