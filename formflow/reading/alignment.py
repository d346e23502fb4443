"""Laying a paper over its blank: printed words that both have say how it was moved, scaled or turned.

Pure. Words that stand once on either page are the anchors; a few that were misread are left out.
"""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from formflow.forms.manifest import Rectangle

SHORTEST_ANCHOR = 3  # letters: shorter words are misread too easily
FEWEST_ANCHORS = 6
WORST_ANCHOR = 4.0  # points: an anchor further off than this was another word


class Word(NamedTuple):
    """A word on a page: its middle and its baseline, in points from the lower left corner.

    The baseline, because every program gives a word another height.
    """

    text: str
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Fit:
    """From the blank to the paper: x' = a x + b y + c, y' = d x + e y + f."""

    a: float = 1.0
    b: float = 0.0
    c: float = 0.0
    d: float = 0.0
    e: float = 1.0
    f: float = 0.0

    def point(self, x: float, y: float) -> tuple[float, float]:
        """Return where a point of the blank lies on the paper."""
        return self.a * x + self.b * y + self.c, self.d * x + self.e * y + self.f

    def rectangle(self, there: Rectangle) -> Rectangle:
        """Return the upright rectangle around where a rectangle of the blank lies on the paper."""
        left, bottom, right, top = there
        corners = [self.point(x, y) for x in (left, right) for y in (bottom, top)]
        across, up = zip(*corners, strict=True)
        return min(across), min(up), max(across), max(up)


def share(blank: Sequence[str], paper: Sequence[Word]) -> float:
    """Return which part of the words printed on a blank the paper has, from 0 to 1."""
    if not blank:
        return 0.0
    return (Counter(blank) & Counter(word.text for word in paper)).total() / len(blank)


def fit(blank: Sequence[Word], paper: Sequence[Word]) -> Fit | None:
    """Return how the paper lies over its blank, None where too few words agree."""
    pairs = _anchors(blank, paper)
    while len(pairs) >= FEWEST_ANCHORS:
        found = _least_squares(pairs)
        if found is None:
            return None
        off = [_distance(found, pair) for pair in pairs]
        limit = max(WORST_ANCHOR, 3 * statistics.median(off))
        kept = [pair for pair, distance in zip(pairs, off, strict=True) if distance <= limit]
        if len(kept) == len(pairs):
            return found if max(off) <= 2 * WORST_ANCHOR else None
        pairs = kept
    return None


_Pair = tuple[Word, Word]


def _anchors(blank: Sequence[Word], paper: Sequence[Word]) -> list[_Pair]:
    printed, seen = _once(blank), _once(paper)
    return [(printed[text], seen[text]) for text in printed.keys() & seen.keys()]


def _once(words: Sequence[Word]) -> dict[str, Word]:
    times = Counter(word.text for word in words)
    return {
        word.text: word
        for word in words
        if times[word.text] == 1 and len(word.text) >= SHORTEST_ANCHOR
    }


def _distance(found: Fit, pair: _Pair) -> float:
    x, y = found.point(pair[0].x, pair[0].y)
    return float(((x - pair[1].x) ** 2 + (y - pair[1].y) ** 2) ** 0.5)


def _least_squares(pairs: Sequence[_Pair]) -> Fit | None:
    """Return the affine map with the smallest sum of squared distances, by its normal equations."""
    # Counted from their own middle, the anchors' sums leave a system of two by two.
    mid_x = statistics.fmean(word.x for word, _ in pairs)
    mid_y = statistics.fmean(word.y for word, _ in pairs)
    sides = [(word.x - mid_x, word.y - mid_y, seen) for word, seen in pairs]
    xx = sum(x * x for x, _, _ in sides)
    xy = sum(x * y for x, y, _ in sides)
    yy = sum(y * y for _, y, _ in sides)
    whole = xx * yy - xy * xy
    if whole < 1.0:  # all anchors on one line
        return None

    def solved(values: list[float]) -> tuple[float, float, float]:
        mean = statistics.fmean(values)
        xv = sum(x * v for (x, _, _), v in zip(sides, values, strict=True))
        yv = sum(y * v for (_, y, _), v in zip(sides, values, strict=True))
        along, up = (xv * yy - yv * xy) / whole, (yv * xx - xv * xy) / whole
        return along, up, mean - along * mid_x - up * mid_y

    return Fit(*solved([seen.x for _, _, seen in sides]), *solved([seen.y for _, _, seen in sides]))
