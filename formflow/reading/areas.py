"""Upright rectangles on a page or in a drawing: what is around points, and what rectangles share. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence

from formflow.forms.manifest import Rectangle
from formflow.reading.font_decoding import CannotTell

Point = tuple[float, float]
EVERYWHERE, NOWHERE = (-math.inf, -math.inf, math.inf, math.inf), (0.0, 0.0, 0.0, 0.0)


def around(points: Sequence[Point]) -> Rectangle:
    """Return the smallest rectangle around some points, NOWHERE for none."""
    across, up = [x for x, _ in points], [y for _, y in points]
    return (min(across), min(up), max(across), max(up)) if points else NOWHERE


def common(one: Rectangle, other: Rectangle) -> Rectangle:
    """Return what two rectangles share; its sides are in the wrong order where they share nothing."""
    return (
        max(one[0], other[0]),
        max(one[1], other[1]),
        min(one[2], other[2]),
        min(one[3], other[3]),
    )


def is_seen(there: Rectangle) -> bool:
    """Return whether a rectangle has any area."""
    left, bottom, right, top = there
    return left < right and bottom < top


def area(there: Rectangle) -> float:
    """Return the area of a rectangle, 0 where it has none."""
    left, bottom, right, top = there
    return (right - left) * (top - bottom) if is_seen(there) else 0.0


def cut(paths: Sequence[Sequence[Point]]) -> Rectangle:
    """Return what is left after a drawing is cut to some rectangles: one inside the other, as a rule.

    Raise CannotTell for other shapes.
    """
    shapes = [(around(path), set(path)) for path in paths]
    for (left, bottom, right, top), points in shapes:
        if points != {(x, y) for x in (left, right) for y in (bottom, top)}:
            raise CannotTell
    return min((shape for shape, _ in shapes), key=area, default=NOWHERE)
