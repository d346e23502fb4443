"""Lines of print -> blocks: a caption of several lines is one, and the cell of the page that a thing is in. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from formflow.admin.learn.sheet import Line, Rule, Sheet
from formflow.forms.manifest import Rectangle

LEADING = 1.5  # times the size of the letters: from line to line of one block
EDGE = 3.0  # points that lines of a block may begin apart
NEXT = 60.0  # points: a box as near as that is on the line of a label
ENDS = (":", "?")
NUMBERED = re.compile(r"(?:\(?(?:\d{1,2}(?:\.\d{1,2})*|[a-zA-Z]|[ivx]+)[.)]|[•▪●–-])\s")


@dataclass(frozen=True, slots=True)
class Block:
    """Lines of print that are one caption."""

    lines: tuple[Line, ...]

    @property
    def text(self) -> str:
        """The words."""
        return " ".join(line.text for line in self.lines)

    @property
    def left(self) -> float:
        """Where it begins."""
        return min(line.left for line in self.lines)

    @property
    def right(self) -> float:
        """Where it ends."""
        return max(line.right for line in self.lines)

    @property
    def top(self) -> float:
        """The upper edge of its first line."""
        return self.lines[0].top

    @property
    def bottom(self) -> float:
        """The lower edge of its last line."""
        return self.lines[-1].bottom

    @property
    def middle(self) -> float:
        """How high it is."""
        return (self.bottom + self.top) / 2

    @property
    def size(self) -> float:
        """The size of its letters."""
        return self.lines[0].size


def blocks(sheet: Sheet, boxes: Sequence[Rectangle]) -> list[Block]:
    """Return the lines of a page put together; `boxes` are those to fill in or tick."""
    found: list[list[Line]] = []
    for line in sorted(sheet.lines, key=lambda one: (-one.top, one.left)):
        above = min(
            (run for run in found if _goes_on(run, line, sheet, boxes)),
            key=lambda run: run[-1].bottom,
            default=None,
        )
        if above is None:
            found.append([line])
        else:
            above.append(line)
    return [Block(tuple(run)) for run in found]


def _goes_on(run: Sequence[Line], line: Line, sheet: Sheet, boxes: Sequence[Rectangle]) -> bool:
    """Return whether a line is the next one of a block."""
    last = run[-1]
    return (
        0 < last.middle - line.middle <= LEADING * line.size
        and abs(last.size - line.size) <= 0.12 * line.size
        and _is_aligned(run, line)
        and not last.text.endswith(ENDS)
        and not (NUMBERED.match(line.text) and abs(last.left - line.left) <= EDGE)
        and not _is_ruled_off(last, line, sheet.across)
        and not _has_boxes_of_its_own(last, line, boxes)
    )


def _is_aligned(run: Sequence[Line], line: Line) -> bool:
    last = run[-1]
    same_left = abs(last.left - line.left) <= EDGE
    hangs = len(run) == 1 and bool(NUMBERED.match(last.text)) and 0 < line.left - last.left <= 30
    centred = abs((last.left + last.right) - (line.left + line.right)) <= 2 * EDGE
    return same_left or hangs or centred or abs(last.right - line.right) <= 1.0


def _is_ruled_off(one: Line, other: Line, across: Sequence[Rule]) -> bool:
    left, right = max(one.left, other.left), min(one.right, other.right)
    return any(
        other.middle < rule.at < one.middle
        and rule.start < right
        and left < rule.end
        # A rule under single words, such as a heading, parts nothing.
        and rule.end - rule.start > 1.2 * (one.right - one.left)
        for rule in across
    )


def _has_boxes_of_its_own(one: Line, other: Line, boxes: Sequence[Rectangle]) -> bool:
    """Return whether a box beside either line is not also beside the other one.

    The box right of the first line of a caption in a column of its own may be less tall than the caption.
    """
    before, after = _at_its_ends(one, boxes), _at_its_ends(other, boxes)
    if after[0] and after[0] != before[0]:
        return True
    if before[1] and after[1] is None:
        return other.right > before[1][0] + EDGE
    return before[1] is not None and before[1] != after[1]


def _at_its_ends(
    line: Line, boxes: Sequence[Rectangle]
) -> tuple[Rectangle | None, Rectangle | None]:
    """Return the box right before and the one right after a line."""
    there = [box for box in boxes if box[1] - 2 <= line.middle <= box[3] + 2]
    before = [box for box in there if 0 <= line.left - box[2] + 2 <= NEXT / 3]
    after = [box for box in there if 0 <= box[0] - line.right + 2 <= NEXT]
    return (
        max(before, key=lambda box: box[2], default=None),
        min(after, key=lambda box: box[0], default=None),
    )


def cell(x: float, y: float, sheet: Sheet) -> Rectangle:
    """Return the cell that a point is in: as far as the next closed rules on its four sides."""
    left = [rule.at for rule in sheet.down if rule.start <= y <= rule.end and rule.at <= x]
    right = [rule.at for rule in sheet.down if rule.start <= y <= rule.end and rule.at > x]
    closed = [rule for rule in sheet.across if rule.is_closed and rule.start <= x <= rule.end]
    return (
        max(left, default=0.0),
        max((rule.at for rule in closed if rule.at <= y), default=0.0),
        min(right, default=sheet.width),
        min((rule.at for rule in closed if rule.at > y), default=sheet.height),
    )
