"""Where a block of print stands to a box, and what it costs to take it for the box's caption. Pure.

A caption stands inside its box or cell, to the left, above, below the line or, at a tick box, to the right. Costs are
about points of distance; what is between the two, and the looks of the print, cost more or less.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from formflow.admin.learn.blocks import Block, cell
from formflow.admin.learn.sheet import Line, Sheet
from formflow.admin.learn.words import HINT, PLACEHOLDER, is_yes_or_no, letters
from formflow.forms.manifest import Rectangle

PART_WORDS = re.compile(
    r"(?:\W*(?:days?|months?|years?|hours?|min(?:ute)?s?|[dmyh]{1,4})\b\W*)+", re.IGNORECASE
)
BY = 14.0  # points from the boxes for parts of an answer to what each of them is called
NONE = 32.0  # of the costs: what costs more is no caption
TAIL = 10.0  # what it costs that print goes on with a sentence after another box
WRAPPED = 10.0  # what it costs that a sentence goes on in a box on the next line
SLACK = 3.5  # points that print reaches into a box
BESIDE = 0.35  # of the height of a line, or of the box: so much of it is beside the other


class Place(StrEnum):
    """Where a caption stands."""

    INSIDE = "inside"  # in the box itself
    LEFT = "left"
    ABOVE = "above"
    BELOW = "below"
    RIGHT = "right"


CLOSE = {  # what the distance alone costs where a caption and its box touch, or nearly
    Place.INSIDE: 1.0,
    Place.LEFT: 6.0,
    Place.RIGHT: 8.0,
    Place.ABOVE: 10.0,
    Place.BELOW: 12.0,
}


@dataclass(frozen=True, slots=True)
class Spot:
    """One place of a box on the page."""

    key: tuple[str, int]  # name of the box, and which of its places
    rectangle: Rectangle
    is_tick: bool
    of_parts: bool = False  # around the boxes for the parts of one answer


@dataclass(frozen=True, slots=True)
class Offer:
    spot: Spot
    block: Block
    place: Place
    cost: float
    is_alone: bool = False
    is_close: bool = False
    is_next_cell: bool = False


class Page:
    """A page with what is looked up again and again."""

    def __init__(self, sheet: Sheet, found: tuple[Block, ...], spots: tuple[Spot, ...]) -> None:
        self.sheet, self.blocks, self.spots = sheet, found, spots
        self.cell_of = {spot.key: cell(*_middle(spot.rectangle), sheet) for spot in spots}
        self.in_cell: dict[Rectangle, list[Block]] = defaultdict(list)
        for block in found:
            self.in_cell[self.cell_at(block)].append(block)
        self.boxes_in = Counter(self.cell_of.values())
        self.size = sheet.size
        self.of_ticks: set[int] = set()  # blocks that are captions of tick boxes
        parts = [spot for spot in spots if spot.of_parts]
        self.of_parts = {id(one) for one in found if any(_names_a_part(one, at) for at in parts)}

    def is_cell(self, own: Rectangle) -> bool:
        """Return whether a cell is closed on all sides, and small enough to be one."""
        left, bottom, right, top = own
        area = (right - left) * (top - bottom)
        return left > 0 and bottom > 0 and area < 0.2 * self.sheet.width * self.sheet.height

    def is_in_next_cell(self, spot: Spot, block: Block) -> bool:
        """Return whether a block is all that is in the cell left of a box's own, in which nothing else is."""
        own, other = self.cell_of[spot.key], self.cell_at(block)
        return (
            self.is_cell(own)
            and self.is_cell(other)
            and abs(other[2] - own[0]) <= SLACK
            and self.boxes_in[own] == 1
            and not self.in_cell.get(own)
            and self.boxes_in[other] == 0
            and len(self.in_cell[other]) == 1
        )

    def belongs_to_another(self, spot: Spot, block: Block, place: Place) -> float:
        """Return what it costs that a block goes on from another box, or is the caption below another line."""
        cost = 0.0
        if place in (Place.ABOVE, Place.BELOW, Place.LEFT) and self._is_tail(spot, block):
            cost += TAIL / 3 if place is Place.LEFT else TAIL
        if place is Place.ABOVE and not spot.is_tick and self._hangs(block):
            cost += 8
        if place in (Place.ABOVE, Place.BELOW) and self._leads(spot, block):
            cost += 14
        if (
            not spot.is_tick
            and id(block) in self.of_ticks
            and not (place is Place.LEFT and spot.rectangle[0] - block.right <= 14)
        ):
            cost += 12
        return cost

    def runs_into(self, spot: Spot, block: Block) -> bool:
        """Return whether a sentence at the end of a line goes on in a box that the next line begins with."""
        last, (left, _, _, top) = block.lines[-1], spot.rectangle
        beside = [one.rectangle for one in self.spots if is_level(one, last)]
        return (
            bool(beside)
            and self._is_tail(spot, block)
            and not last.text.endswith((".", ":"))
            and -SLACK <= last.bottom - top <= 1.5 * last.size
            and left < block.left
            and all(box[0] < last.left for box in beside)
        )

    def _leads(self, spot: Spot, block: Block) -> bool:
        """Return whether a block leads to another box, right after it on its line."""
        return any(
            other.key != spot.key
            and not other.is_tick
            and any(
                is_level(other, line) and -SLACK <= other.rectangle[0] - line.right <= 14
                for line in block.lines
            )
            for other in self.spots
        )

    def _is_tail(self, spot: Spot, block: Block) -> bool:
        """Return whether a block goes on with a sentence after another box."""
        first = block.lines[0]
        return not first.text[:1].isupper() and any(
            other.key != spot.key
            and not other.is_tick
            and is_level(other, first)
            and -SLACK <= first.left - other.rectangle[2] <= 14
            for other in self.spots
        )

    def _hangs(self, block: Block) -> bool:
        """Return whether a block stands right under a line to write on."""
        return any(
            block.top <= rule.at <= block.top + 6
            and rule.start <= block.left + SLACK
            and block.right <= rule.end + 6
            for rule in self.sheet.across
            if not rule.is_closed
        )

    def cell_at(self, block: Block) -> Rectangle:
        """Return the cell in which a block begins."""
        return cell(block.lines[0].left + 1, block.lines[0].middle, self.sheet)


def offered(spot: Spot, page: Page) -> Iterator[Offer]:
    own = page.cell_of[spot.key]
    ours = page.in_cell.get(own, [])
    is_alone_there = len(ours) == 1 and page.boxes_in[own] == 1 and page.is_cell(own)
    for block in page.blocks:
        is_ours = block in ours
        there = _tick_place(spot, block) if spot.is_tick else place_of(spot, block)
        if there is None and is_ours and is_alone_there:
            there = Place.ABOVE, 2.0  # aslant in the cell of the two
        if there is None or not re.search(r"[^\W\d_]", block.text) or id(block) in page.of_parts:
            continue
        if not spot.is_tick and (is_yes_or_no(block.text) or PLACEHOLDER.fullmatch(block.text)):
            continue
        place, cost = there
        is_close = cost < CLOSE[place]
        if place is Place.ABOVE and page.runs_into(spot, block):
            cost = min(cost, WRAPPED) - TAIL
        cost += in_the_way(spot, block, place, page) + _words_cost(block, page)
        cost += page.belongs_to_another(spot, block, place)
        if not is_ours and ours:
            cost += 12
        is_alone = is_ours and is_alone_there
        is_next = place is Place.LEFT and not spot.is_tick and page.is_in_next_cell(spot, block)
        if is_alone or is_next or (place is Place.INSIDE and not spot.is_tick):
            cost = min(cost, 2.0)
        if cost <= NONE:
            yield Offer(spot, block, place, cost, is_alone, is_close, is_next)


def _names_a_part(block: Block, spot: Spot) -> bool:
    """Return whether a block only says which part of an answer belongs in one of its boxes: "Day", "Month"."""
    left, bottom, right, top = spot.rectangle
    is_at = left - BY <= block.left and block.right <= right + BY
    return (
        is_at and bottom - BY <= block.middle <= top + BY and bool(PART_WORDS.fullmatch(block.text))
    )


def place_of(spot: Spot, block: Block) -> tuple[Place, float] | None:
    """Return where a block stands to a box for writing, and what its distance costs."""
    left, bottom, right, top = spot.rectangle
    if is_level(spot, block.lines[0]) and 0 <= block.left - right + SLACK <= 14:
        return Place.RIGHT, 9 + 0.6 * max(0.0, block.left - right)
    across = min(right, block.right) - max(left, block.left)
    up = min(top, block.top) - max(bottom, block.bottom)
    if (
        across > 0.5 * (block.right - block.left)
        and block.bottom > bottom - SLACK
        and (block.top < top + SLACK and up > 0)
    ):
        return Place.INSIDE, 0.0
    if block.right <= left + SLACK and _on_its_line(spot, block):
        gap = max(0.0, left - block.right)
        return Place.LEFT, min(0.3 * gap, 10) + 0.03 * gap + 0.5 * _off_its_line(spot, block)
    if across <= 0:
        return None
    aside = min(
        abs(block.left - left),
        abs(block.right - right),
        abs(block.left + block.right - left - right) / 2,
    )
    if block.bottom >= top - SLACK:
        return Place.ABOVE, 4 + 0.9 * max(0.0, block.bottom - top) + min(0.35 * aside, 12)
    if block.top <= bottom + SLACK:
        return Place.BELOW, 6 + 0.9 * max(0.0, bottom - block.top) + 0.35 * aside
    return None


def _on_its_line(spot: Spot, block: Block) -> bool:
    return any(is_level(spot, line) for line in block.lines)


def is_level(spot: Spot, line: Line) -> bool:
    """Return whether a line of print is beside a box; what only reaches into its height from over or under it is not."""
    _, bottom, _, top = spot.rectangle
    shared = min(top, line.top) - max(bottom, line.bottom)
    return shared >= BESIDE * min(top - bottom, line.top - line.bottom)


def _off_its_line(spot: Spot, block: Block) -> float:
    """Return how far a block is from where one begins to write: the foot of a line, the top or middle of a tall box."""
    _, bottom, _, top = spot.rectangle
    wanted = (
        [bottom + block.size / 2] if top - bottom < 2.2 * block.size else [top - block.size / 2]
    )
    wanted += [(top + bottom) / 2]
    middles = [*(line.middle for line in block.lines), (block.top + block.bottom) / 2]
    return min(abs(middle - one) for one in wanted for middle in middles)


def _tick_place(spot: Spot, block: Block) -> tuple[Place, float] | None:
    """Return where a block stands to a tick box or circle, and what its distance costs."""
    left, bottom, right, top = spot.rectangle
    first, last = block.lines[0], block.lines[-1]
    if block.left >= right - SLACK and _on_its_line(spot, block):
        return Place.RIGHT, 0.6 * max(0.0, block.left - right) + (0 if is_level(spot, first) else 4)
    if block.right <= left + SLACK and _on_its_line(spot, block):
        gap = max(0.0, left - (last.right if is_level(spot, last) else block.right))
        return Place.LEFT, 4 + 0.6 * gap + (0 if is_level(spot, last) else 4)
    middle = (left + right) / 2
    if abs(middle - (block.left + block.right) / 2) > 12:
        return None
    if block.bottom >= top - SLACK:
        return Place.ABOVE, 12 + 0.8 * (block.bottom - top)
    if block.top <= bottom + SLACK:
        return Place.BELOW, 12 + 0.8 * (bottom - block.top)
    return None


def _words_cost(block: Block, page: Page) -> float:
    """Return what the looks of a block cost: headings and bare hints are seldom captions, "Name:" mostly is one."""
    cost = 0.0
    if block.size > 1.25 * page.size:
        cost += 8
    if HINT.fullmatch(block.text):
        cost += 8
    if letters(block.text) < 3:
        cost += 5
    if block.text.endswith(".") and len(block.text.split()) > 4:
        cost += 4
    if len(block.lines) > 3:
        cost += 4
    if block.text.endswith((":", "?")):
        cost -= 3
    return cost


def in_the_way(spot: Spot, block: Block, place: Place, page: Page) -> float:
    """Return what stands between a box and a block costs: rules, other boxes, other print."""
    gap = _gap(spot.rectangle, block, place)
    if gap is None:
        return 0.0
    left, bottom, right, top = gap
    cost = 0.0
    is_across = place in (Place.LEFT, Place.RIGHT)
    own = spot.rectangle
    if is_across:
        rules = [
            r
            for r in page.sheet.down
            if left < r.at < right and r.start <= (top + bottom) / 2 <= r.end
        ]
        rules = [r for r in rules if min(abs(r.at - own[0]), abs(r.at - own[2])) > SLACK]
        cost += 5 * len(rules)
    else:
        rules = [
            r
            for r in page.sheet.across
            if bottom < r.at < top and r.start < right and left < r.end and r.end - r.start > 12
        ]
        slack = 6 if place is Place.BELOW else SLACK
        rules = [r for r in rules if min(abs(r.at - own[1]), abs(r.at - own[3])) > slack]
        cost += 12 * len(rules)
    for other in page.spots:
        if other.key != spot.key and overlap(gap, other.rectangle):
            cost += 40
    for other_block in page.blocks:
        if other_block is not block and any(
            overlap(gap, (line.left, line.bottom, line.right, line.top))
            for line in other_block.lines
        ):
            cost += 15
    return cost


def _gap(box: Rectangle, block: Block, place: Place) -> Rectangle | None:
    """Return what is between a box and a block; None where they touch."""
    left, bottom, right, top = box
    low, high = max(bottom, block.bottom), min(top, block.top)
    if low >= high:
        low, high = bottom, top
    across = max(left, block.left), min(right, block.right)
    found = {
        Place.LEFT: (block.right, low + 1, left, high - 1),
        Place.RIGHT: (right, low + 1, block.left, high - 1),
        Place.ABOVE: (across[0] + 1, top, across[1] - 1, block.bottom),
        Place.BELOW: (across[0] + 1, block.top, across[1] - 1, bottom),
    }.get(place)
    return found if found and found[0] < found[2] and found[1] < found[3] else None


def overlap(one: Rectangle, other: Rectangle) -> bool:
    return (
        min(one[2], other[2]) - max(one[0], other[0]) > 1
        and min(one[3], other[3]) - max(one[1], other[1]) > 1
    )


def _middle(box: Rectangle) -> tuple[float, float]:
    return (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
