"""Which print is the caption of which box: weighed over the whole page, each caption given once. Pure.

What is usual in the row, else on the page, decides: the costs are weighed again after each round by where captions were
found. Captions are given so that the page as a whole costs least; how clear a caption is says what the page would cost without it.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from formflow.admin.learn.assignment import Assignment
from formflow.admin.learn.blocks import EDGE, Block
from formflow.admin.learn.placing import (
    CLOSE,
    NONE,
    SLACK,
    Offer,
    Page,
    Place,
    Spot,
    in_the_way,
    is_level,
    offered,
    overlap,
    place_of,
)
from formflow.admin.learn.sheet import Sheet
from formflow.admin.learn.words import HINT, NUMBER, PLACEHOLDER, is_yes_or_no, letters

HINTS = re.compile(r"\(|[ei]\.? ?[eg]\b|[a-z]|.*\.$")  # a sentence or bracket: how to answer
MOST_LINES = 3  # of a question: more are a paragraph
AT_LEAST = 10.0  # added to all costs: what is taken off for good looks leaves none below zero
CLEARLY = 7.0  # of the costs: any other way to give the captions of the page costs so much more
ROUNDS = 3
LIST, TABLE = 1.2, 4.0  # times the height of a box: from it to the one above that it goes on from
USUAL, USUALLY = 0.6, 4  # of the captions of a page stand in one place, and at least so many
HEADS = (Place.ABOVE, Place.BELOW)  # a row has all its captions over or all under its boxes
ROW = 6.0  # points between the feet of boxes in one row
SENTENCE = 14.0  # points from a box to the print that goes on with the sentence before it
UNUSUAL = 6.0  # the most that a place costs more because it is unusual on the page


@dataclass(frozen=True, slots=True)
class Caption:
    """The print that is the caption of a box, and how clear that is."""

    block: Block
    place: Place
    cost: float
    margin: float  # how much more the next best one costs
    is_alone_in_cell: bool = False  # the one print in the cell of the one box
    is_usual: bool = False  # most boxes of the page have theirs there
    is_close: bool = False  # both touch, or nearly
    is_inherited: bool = (
        False  # from the row above: the head of a column, or a question that goes on
    )
    row: str = ""  # of a table: what its row is called
    is_in_next_cell: bool = False  # alone in the cell left of the box's
    is_sentence: bool = False  # it begins a sentence that goes on right behind the box

    @property
    def text(self) -> str:
        """The words of the caption."""
        more = f" – {self.row}" if self.row else " …" if self.is_sentence else ""
        return f"{self.block.text}{more}"


def captions(
    sheet: Sheet, found: Sequence[Block], spots: Sequence[Spot]
) -> dict[tuple[str, int], Caption]:
    """Return the caption of each place of a box that has one."""
    page = Page(sheet, tuple(found), tuple(spots))
    said: dict[tuple[str, int], Caption] = {}
    for ticks in (True, False):
        some = [spot for spot in spots if spot.is_tick == ticks]
        above = {} if ticks else _goes_on(some, page)
        offers = [offer for spot in some if spot.key not in above for offer in offered(spot, page)]
        given = _weighed(offers)
        page.of_ticks |= {id(one.block) for one in given.values() if ticks}
        said |= given
        for spot in sorted(some, key=lambda one: -one.rectangle[3]):
            head = said.get(above[spot.key].key) if spot.key in above else None
            if head is not None:
                said[spot.key] = Caption(
                    head.block,
                    head.place,
                    head.cost,
                    head.margin,
                    is_usual=head.is_usual,
                    is_inherited=True,
                )
    return _with_rows(_completed(said, page), page)


def _completed(
    said: Mapping[tuple[str, int], Caption], page: Page
) -> dict[tuple[str, int], Caption]:
    """Return the captions, those that say too little by themselves with what else is printed at their box.

    That is the small print below the line, the rest of the sentence behind the box, the question over a hint, or, where
    the boxes of a row have all a word over the line and the same one under it, that one.
    """
    used = {id(one.block) for one in said.values()}
    spots = {spot.key: spot for spot in page.spots}
    below = {key: _below(spots[key], used, page) for key in said if not spots[key].is_tick}
    rows = _rows(spots[key] for key in below)
    found = dict(said)
    for key, under in below.items():
        caption = said[key]
        is_little = caption.place is Place.LEFT and _says_little(caption.block.text)
        if is_little and under and under.size < 0.95 * caption.block.size:
            found[key] = _with(caption, under)
        elif is_little and letters(caption.block.text) < 3 and _goes_on_behind(spots[key], page):
            found[key] = replace(caption, is_sentence=True)
        elif question := _hinted(caption.block, used, page):
            found[key] = replace(caption, block=Block((*question.lines, *caption.block.lines)))
        elif under and caption.place is Place.ABOVE:
            row = [one for one in below if rows[one] == rows[key]]
            if len(row) > 2 and all(_is_split(said[one], below[one], under) for one in row):
                found[key] = _with(caption, under)
    return found


def _with(caption: Caption, below: Block) -> Caption:
    whole = Block((*caption.block.lines, *below.lines))
    return replace(caption, block=whole, margin=max(caption.margin, CLEARLY))


def _hinted(hint: Block, used: set[int], page: Page) -> Block | None:
    """Return the question right over a caption in smaller print that only says how to answer it; None for none."""
    if hint.text.endswith((":", "?")):
        return None  # it asks something itself
    over = [
        block
        for block in page.blocks
        if id(block) not in used
        and block is not hint
        and len(block.lines) <= MOST_LINES
        and abs(block.left - hint.left) <= EDGE
        and -SLACK <= block.bottom - hint.top <= hint.size
        and 1.08 * hint.size < block.size <= 1.25 * page.size
        and (block.text.endswith((":", "?")) or HINTS.match(hint.text))
    ]
    return over[0] if len(over) == 1 else None


def _is_split(caption: Caption, below: Block | None, word: Block) -> bool:
    """Return whether a caption goes on under its box with the same word as those beside it."""
    return below is not None and caption.place is Place.ABOVE and below.text == word.text


def _below(spot: Spot, used: set[int], page: Page) -> Block | None:
    """Return the print right below a box that is no other one's caption, None for none or for several."""
    below = [
        block
        for block in page.blocks
        if id(block) not in used
        and not HINT.fullmatch(block.text)
        and letters(block.text) > 2
        and (there := place_of(spot, block)) is not None
        and there[0] is Place.BELOW
        and there[1] < CLOSE[Place.BELOW]
    ]
    return below[0] if len(below) == 1 else None


def _goes_on_behind(spot: Spot, page: Page) -> bool:
    """Return whether a sentence goes on right behind a box, in small letters."""
    return any(
        block.text.lstrip("(")[:1].islower()
        and is_level(spot, block.lines[0])
        and -SLACK <= block.left - spot.rectangle[2] <= SENTENCE
        for block in page.blocks
    )


def _says_little(label: str) -> bool:
    """Return whether a label is a letter or two ("1. I,"), or the middle of a sentence ("resides at")."""
    return letters(NUMBER.sub("", label)) <= 2 or (
        label[:1].islower() and not label.endswith((":", "?"))
    )


def _with_rows(
    said: Mapping[tuple[str, int], Caption], page: Page
) -> dict[tuple[str, int], Caption]:
    """Return the captions, those that are the head of a column with what its row is called."""
    columns: dict[int, list[tuple[str, int]]] = defaultdict(list)
    for key, caption in said.items():
        columns[id(caption.block)].append(key)
    spots = {spot.key: spot for spot in page.spots}
    found = dict(said)
    for keys in columns.values():
        if len(keys) < 2 or spots[keys[0]].is_tick:
            continue
        heads = {key: _row_head(spots[key], said[key].block, page) for key in keys}
        if all(heads.values()) and len(set(heads.values())) == len(keys):
            found |= {key: replace(said[key], row=heads[key]) for key in keys}
    return found


def _row_head(spot: Spot, head: Block, page: Page) -> str:
    """Return the first print of the row that a box is in, "" for none."""
    level = [
        block
        for block in page.blocks
        if block is not head
        and block.right < spot.rectangle[0] + SLACK
        and len(block.lines) == 1
        and is_level(spot, block.lines[0])
    ]
    return min(level, key=lambda block: block.left).text if level else ""


def _goes_on(spots: Sequence[Spot], page: Page) -> dict[tuple[str, int], Spot]:
    """Return the boxes that have no caption of their own, each with the box right above that it goes on from."""
    over = {spot.key: _over(spot, spots) for spot in spots}
    gaps = {
        spot.key: above.rectangle[1] - spot.rectangle[3]
        for spot in spots
        if (above := over[spot.key]) is not None
    }
    found: dict[tuple[str, int], Spot] = {}
    for spot in spots:
        above = over[spot.key]
        if above is None or _has_its_own(spot, above, page):
            continue
        gap, height = gaps[spot.key], spot.rectangle[3] - spot.rectangle[1]
        is_row = any(
            other.key != spot.key
            and abs(other.rectangle[1] - spot.rectangle[1]) < ROW
            and abs(gaps.get(other.key, -99.0) - gap) < 6
            for other in spots
        )
        if gap <= (TABLE if is_row else LIST) * height:
            found[spot.key] = above
    return found


def _over(spot: Spot, spots: Sequence[Spot]) -> Spot | None:
    """Return the nearest box over another one that is as wide and in the same place."""
    left, _, right, top = spot.rectangle
    over = [
        other
        for other in spots
        if other.key != spot.key
        and abs(other.rectangle[0] - left) < 6
        and abs(other.rectangle[2] - right) < 6
        and other.rectangle[1] - top >= -SLACK
    ]
    return min(over, key=lambda one: one.rectangle[1], default=None)


def _has_its_own(spot: Spot, over: Spot, page: Page) -> bool:
    """Return whether print stands in a box or its cell, left of it, or between it and the one above."""
    own = page.cell_of[spot.key]
    if page.is_cell(own) and page.boxes_in[own] == 1 and len(page.in_cell.get(own, ())) == 1:
        return True
    left, _, right, top = spot.rectangle
    between = (left, min(top, over.rectangle[1]) - 1, right, over.rectangle[1] + 4)
    for block in page.blocks:
        there = place_of(spot, block)
        if there is None or PLACEHOLDER.fullmatch(block.text) or is_yes_or_no(block.text):
            continue
        if there[0] is Place.INSIDE or any(
            overlap(between, (line.left, line.bottom, line.right, line.top)) for line in block.lines
        ):
            return True
        if there[0] is Place.LEFT and in_the_way(spot, block, Place.LEFT, page) < 15:
            return True
    return False


def _weighed(offers: Sequence[Offer]) -> dict[tuple[str, int], Caption]:
    """Return each box's caption, weighed by where captions usually stand in its row and on the page."""
    more: dict[Place, float] = {}
    taken: dict[tuple[str, int], Offer] = {}
    for _ in range(ROUNDS):
        taken = {key: one for key, (one, _) in _matched(_reweighed(offers, more, taken)).items()}
        counts = Counter(offer.place for offer in taken.values())
        share = {place: (counts[place] + 1) / (len(taken) + len(Place)) for place in Place}
        more = {place: min(UNUSUAL, -2 * math.log(share[place])) for place in Place}
    found = {}
    for key, (offer, margin) in _matched(
        _reweighed(offers, more, taken), with_margins=True
    ).items():
        is_usual = counts[offer.place] >= max(USUALLY, USUAL * len(taken))
        found[key] = Caption(
            offer.block,
            offer.place,
            offer.cost,
            margin,
            offer.is_alone,
            is_usual,
            offer.is_close,
            is_in_next_cell=offer.is_next_cell,
        )
    return found


def _reweighed(
    offers: Sequence[Offer],
    more: Mapping[Place, float],
    taken: Mapping[tuple[str, int], Offer],
) -> Iterator[tuple[Offer, float]]:
    """Yield each offer with what it costs now: a place is not unusual that another box of the row has its caption in."""
    row = _rows({offer.spot.key: offer.spot for offer in offers}.values())
    there = Counter((row[key], offer.place) for key, offer in taken.items())
    for offer in offers:
        own = taken.get(offer.spot.key)
        is_own = own is not None and own.place is offer.place
        is_in_row = offer.place in HEADS and there[row[offer.spot.key], offer.place] > is_own
        unusual = 0.0 if is_in_row else more.get(offer.place, 0.0)
        yield offer, max(0.0, offer.cost + unusual + AT_LEAST)


def _rows(spots: Iterable[Spot]) -> dict[tuple[str, int], int]:
    """Return in which row of the page each box is, counted from its foot."""
    found: dict[tuple[str, int], int] = {}
    row, foot = 0, -math.inf
    for spot in sorted(spots, key=lambda one: one.rectangle[1]):
        if spot.rectangle[1] - foot > ROW:
            row, foot = row + 1, spot.rectangle[1]
        found[spot.key] = row
    return found


def _matched(
    weighed: Iterable[tuple[Offer, float]], *, with_margins: bool = False
) -> dict[tuple[str, int], tuple[Offer, float]]:
    """Return which box gets which caption, and how clear that is: the whole page at its cheapest."""
    offers = list(weighed)
    boxes = {
        key: number for number, key in enumerate(dict.fromkeys(one.spot.key for one, _ in offers))
    }
    prints = {
        block: number
        for number, block in enumerate(dict.fromkeys(id(one.block) for one, _ in offers))
    }
    costs: dict[int, dict[int, float]] = {number: {} for number in boxes.values()}
    by_pair: dict[tuple[int, int], Offer] = {}
    for offer, cost in offers:
        box, block = boxes[offer.spot.key], prints[id(offer.block)]
        costs[box][block] = cost
        by_pair[box, block] = offer
    made = Assignment(costs, NONE + AT_LEAST)
    margins = made.margins() if with_margins else {}
    return {
        by_pair[pair].spot.key: (by_pair[pair], margins.get(pair[0], 0.0))
        for pair in made.given.items()
        if pair in by_pair
    }
