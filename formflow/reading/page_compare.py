"""Pages of a paper drawn and laid over its blank: which circles are marked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from formflow.forms.catalogue import Form
from formflow.forms.manifest import Place, Rectangle
from formflow.reading import raster


class Circle(NamedTuple):
    """A circle or tick box: its box and place on the blank, and where it lies on the paper."""

    box: str
    place: Place
    page: int  # of the paper, counted from 1
    there: Rectangle  # points, on the paper


def marks(
    paper: bytes, form: Form, circles: Sequence[Circle], *, in_boxes: bool = False
) -> dict[tuple[str, Place], bool | None]:
    """Return for every circle whether it is marked on the paper, None where nobody can tell.

    Marks are print, or they are in boxes still. Raise ValueError when the paper cannot be drawn.
    """
    scale, found = raster.DOTS_PER_POINT, {}
    with raster.opened(paper) as written:
        for number in sorted({circle.place.page for circle in circles}):
            here = [circle for circle in circles if circle.place.page == number]
            if in_boxes:
                raster.flatten(written, here[0].page)
            before = _blank_ink(form, number)
            after = raster.drawn(written, here[0].page, scale, only=_around(here))
            for circle in here:
                added = raster.ink(after, circle.there, scale) - before[circle.place.rectangle]
                found[circle.box, circle.place] = raster.is_marked(added)
    return found


def _around(circles: Sequence[Circle]) -> Rectangle:
    left, bottom, right, top = zip(*(circle.there for circle in circles), strict=True)
    return min(left), min(bottom), max(right), max(top)


def _blank_ink(form: Form, number: int) -> Mapping[Rectangle, float]:
    """Return how much ink a page of the blank has in each of its boxes."""
    places = (place for box in form.manifest.boxes.values() for place in box.places)
    return _ink_of(form.blank, number, tuple(p.rectangle for p in places if p.page == number))


@lru_cache(maxsize=256)
def _ink_of(blank: Path, number: int, there: Sequence[Rectangle]) -> Mapping[Rectangle, float]:
    scale = raster.DOTS_PER_POINT
    with raster.opened(blank.read_bytes()) as document:
        picture = raster.drawn(document, number, scale)
    return {rectangle: raster.ink(picture, rectangle, scale) for rectangle in there}
