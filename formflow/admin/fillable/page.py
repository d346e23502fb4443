"""A flat page as a person sees it: rows of print, rules, cells, and what is drawn to be ticked.

Points, from the lower left corner of what is shown.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

import pdfplumber

from formflow.admin.learn.letters import on_their_lines
from formflow.admin.learn.sheet import BOX_SIGN, Rule, is_white, rules
from formflow.forms.manifest import Rectangle

TO_WRITE = re.compile(
    r"_{2,}(?:\s*[/.-]\s*_{2,})*|[.…·]{4,}|…{2,}|_{2,}"
)  # a line drawn with letters
SPACE, GAP = 0.2, 0.95  # of the size of the letters: between words, and between pieces of print
SMALLEST, LARGEST = 5.0, 20.0  # points: the sides of something to be ticked
SQUARE = 1.35  # one side to the other
BASE = 2.5  # points between the lines that letters of one row are on
SIDES = 3.0  # points: rules and cells that far apart touch


@dataclass(frozen=True, slots=True)
class Row:
    """Letters on one line, each with where it is; between words and pieces of print there are spaces."""

    text: str
    sides: tuple[tuple[float, float], ...]  # of each letter of the text
    bottom: float
    top: float

    def place(self, start: int, end: int) -> Rectangle:
        """Return where some of its letters are."""
        return (self.sides[start][0], self.bottom, self.sides[end - 1][1], self.top)


@dataclass(frozen=True, slots=True)
class Print:
    """Words in one go, as people read them."""

    text: str
    place: Rectangle


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a form without boxes."""

    width: float
    height: float
    rows: tuple[Row, ...]
    prints: tuple[
        Print, ...
    ]  # without lines that are drawn with letters, and without signs to tick
    lines: tuple[Rule, ...]  # to write on, or only to part what is over and under them
    leaders: tuple[Rule, ...]  # drawn with letters: always to write on
    marks: tuple[Rectangle, ...]  # drawn to be ticked
    cells: tuple[Rectangle, ...]
    size: float  # usual, of its letters


def pages(content: bytes) -> list[Page]:
    """Return every page of a straightened PDF. Raise ValueError when pdfplumber cannot read it."""
    try:
        with pdfplumber.open(io.BytesIO(content)) as pdf:
            return [_page(page) for page in pdf.pages]
    except (MemoryError, RecursionError):
        raise
    except Exception as problem:  # it raises many kinds on damaged files: all mean "it cannot"
        raise ValueError("pdfplumber cannot read the file") from problem


def _page(page: Any) -> Page:
    height = float(page.height)
    letters = [one for one in on_their_lines(page.chars, height) if one["upright"]]
    rows = tuple(_rows(letters, height))
    across, _ = rules(page, height)
    drawn = [
        Rule(place[1] + 1.0, place[0], place[2])
        for row in rows
        for found in TO_WRITE.finditer(row.text)
        for place in [row.place(*found.span())]
    ]
    cells = tuple(sorted(_cells(page, height), key=lambda one: (-one[3], one[0])))
    marks = tuple(_marks(page, rows, height))
    made = Page(
        float(page.width),
        height,
        rows,
        tuple(print_ for row in rows for print_ in _prints(row)),
        tuple(rule for rule in across if not _is_side(rule, cells)),
        tuple(drawn),
        marks,
        tuple(cell for cell in cells if not any(_is_in(mark, cell, SIDES) for mark in marks)),
        median([float(one["size"]) for one in letters]) if letters else 10.0,
    )
    page.close()  # else it keeps every object of the page
    return made


def _rows(letters: Sequence[Mapping[str, Any]], height: float) -> Iterator[Row]:
    """Yield the letters by the line they are on, from the top of the page down."""
    run: list[Mapping[str, Any]] = []
    for letter in sorted(letters, key=lambda one: float(one["bottom"])):
        if run and float(letter["bottom"]) - float(run[0]["bottom"]) > BASE:
            yield _row(run, height)
            run = []
        run.append(letter)
    if run:
        yield _row(run, height)


def _row(run: Sequence[Mapping[str, Any]], height: float) -> Row:
    text, sides = "", list[tuple[float, float]]()
    for letter in sorted(run, key=lambda one: float(one["x0"])):
        left, right = float(letter["x0"]), float(letter["x1"])
        gap = (left - sides[-1][1]) / float(letter["size"]) if sides else 0.0
        spaces = 2 if gap > GAP else 1 if gap > SPACE else 0
        text += " " * spaces
        sides += [(sides[-1][1], left)] * spaces if spaces else []
        said = str(letter["text"])
        text += said
        sides += [(left, right)] * len(said)
    bottom = min(height - float(one["bottom"]) for one in run)
    return Row(text, tuple(sides), bottom, max(height - float(one["top"]) for one in run))


def _prints(row: Row) -> Iterator[Print]:
    """Yield what is printed in a row, piece by piece: gaps, lines to write on and signs to tick part them."""
    plain = TO_WRITE.sub(lambda found: "_" * len(found[0]), BOX_SIGN.sub("_", row.text))
    for found in re.finditer(r"[^\s_]+(?: [^\s_]+)*", plain):
        if re.search(r"\w", found[0]):
            yield Print(found[0], row.place(*found.span()))


def _marks(page: Any, rows: Sequence[Row], height: float) -> Iterator[Rectangle]:
    """Yield what is drawn to be ticked: small squares and circles, and letters that look like them."""
    seen: list[Rectangle] = []
    for one in (*page.rects, *page.curves):
        place = (
            float(one["x0"]), height - float(one["bottom"]), float(one["x1"]), height - float(one["top"])
        )  # fmt: skip
        is_free = not one.get("fill") or is_white(one.get("non_stroking_color"))
        if (
            is_free
            and _is_small_square(place)
            and not any(_is_in(other, place, 2.0) for other in seen)
        ):
            seen.append(place)
    yield from (one for one in seen if not any(_are_a_comb(one, other) for other in seen))
    for row in rows:
        for found in BOX_SIGN.finditer(row.text):
            left, _, right, top = row.place(*found.span())
            side = max(SMALLEST, min(right - left, LARGEST))
            yield (left, top - side, left + side, top)


def _are_a_comb(one: Rectangle, other: Rectangle) -> bool:
    """Return whether two squares touch side by side: each takes a letter, and neither is ticked."""
    return (
        abs(one[1] - other[1]) < 1.0 and min(abs(one[2] - other[0]), abs(other[2] - one[0])) < SIDES
    )


def _is_small_square(place: Rectangle) -> bool:
    wide, high = place[2] - place[0], place[3] - place[1]
    return (
        min(wide, high) >= SMALLEST
        and max(wide, high) <= LARGEST
        and max(wide, high) <= SQUARE * min(wide, high)
    )


def _cells(page: Any, height: float) -> Iterator[Rectangle]:
    """Yield the cells that rules and shading make; what is as large as half the page is its frame."""
    for left, top, right, bottom in page.debug_tablefinder().cells:
        if (right - left) * (bottom - top) < 0.5 * float(page.width) * height:
            yield (float(left), height - float(bottom), float(right), height - float(top))


def _is_side(rule: Rule, cells: Sequence[Rectangle]) -> bool:
    """Return whether a rule is the side of a cell."""
    return any(
        min(abs(rule.at - left_out) for left_out in (bottom, top)) <= SIDES
        and min(rule.end, right) - max(rule.start, left) > SIDES
        for left, bottom, right, top in cells
    )


def _is_in(outer: Rectangle, inner: Rectangle, slack: float) -> bool:
    return (
        outer[0] - slack <= inner[0]
        and outer[1] - slack <= inner[1]
        and inner[2] <= outer[2] + slack
        and inner[3] <= outer[3] + slack
    )


def overlap(one: Rectangle, other: Rectangle, slack: float = 1.0) -> bool:
    """Return whether two places share more than `slack` points across and up."""
    return (
        min(one[2], other[2]) - max(one[0], other[0]) > slack
        and min(one[3], other[3]) - max(one[1], other[1]) > slack
    )


def holds(outer: Rectangle, inner: Rectangle) -> bool:
    """Return whether the middle of a place is in another one."""
    x, y = (inner[0] + inner[2]) / 2, (inner[1] + inner[3]) / 2
    return outer[0] <= x <= outer[2] and outer[1] <= y <= outer[3]
