"""A part of a page is drawn as the same part of the whole page is."""

from __future__ import annotations

import pytest

from formflow.forms.manifest import Rectangle
from formflow.reading import raster
from tests.support.papers import BLANK

PARTS = [(30.0, 500.0, 300.0, 640.0), (100.3, 200.7, 101.2, 650.1), (0.0, 0.0, 595.0, 842.0)]


@pytest.mark.parametrize("scale", [2.0, 200 / 72])
@pytest.mark.parametrize("part", PARTS, ids=str)
def test_a_part_is_the_same_dot_by_dot(part: Rectangle, scale: float) -> None:
    left, bottom, right, top = (side * scale for side in part)
    with raster.opened(BLANK.read_bytes()) as document:
        whole = raster.drawn(document, 1, scale)
        drawn = raster.drawn(document, 1, scale, only=part)
    assert drawn.size == whole.size
    inside = (int(left) + 1, whole.height - int(top), int(right), whole.height - int(bottom) - 1)
    assert drawn.crop(inside).tobytes() == whole.crop(inside).tobytes()


@pytest.mark.parametrize("nowhere", [(-50.0, -50.0, -10.0, -10.0), (9e3, 9e3, 9e4, 9e4)], ids=str)
def test_where_there_is_no_such_part_the_whole_page_is_drawn(nowhere: Rectangle) -> None:
    with raster.opened(BLANK.read_bytes()) as document:
        whole = raster.drawn(document, 1, 2.0)
        assert raster.drawn(document, 1, 2.0, only=nowhere).tobytes() == whole.tobytes()
