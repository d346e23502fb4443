"""What an administrator should know of a form as a whole, before the boxes are looked at one by one. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence

from formflow.admin.learn.labels import Near
from formflow.forms.manifest import Manifest, Rectangle

FROM_RIGHT = ("R", "AL")  # directions of letters, such as Hebrew and Arabic
AGAIN = 2  # places of one box: a name and address may well be printed twice
COVERED = 0.6  # of the smaller of two boxes: so much of it lies under the other


def remarks(boxes: Sequence[Near], manifest: Manifest) -> Iterator[str]:
    """Yield a sentence for everything odd about a form: what it is, and what to do."""
    for name, box in manifest.boxes.items():
        count = sum(place.page > 0 for place in box.places)
        if box.kind == "text" and count > AGAIN:
            yield (
                f"“{name}” is the name of {count} boxes: what is written in one appears in all of them. If they ask different things,"
                " give each a name of its own in the program that made the form."
            )
    covered = list(_covered(boxes))
    if covered:
        yield (
            f"{len(covered)} boxes lie on top of another one, among them “{covered[0]}”. Nobody can tell which is filled in: move or"
            " remove them in the program that made the form."
        )
    letters = (one for page in manifest.words for word in page for one in word)
    if any(unicodedata.bidirectional(one) in FROM_RIGHT for one in letters):
        yield (
            "Some of the form is written from right to left. FormFlow finds labels left of their boxes, over or under them, and not"
            " right of them: type these into the workbook."
        )
    elif boxes and not any(box.label or any(box.beside) for box in boxes):
        yield (
            "No print could be read at any box: the pages may be pictures. Type the labels into the workbook, or make the PDF from the"
            " document that was printed."
        )


def _covered(boxes: Sequence[Near]) -> Iterator[str]:
    """Yield the boxes most of which lies on one that comes before."""
    seen: list[tuple[int, Rectangle]] = []
    for box in boxes:
        here = [(place.page, place.rectangle) for place in box.places if place.page]
        if any(_cover(one, other) for one in here for other in seen):
            yield box.name
        seen += here


def _cover(one: tuple[int, Rectangle], other: tuple[int, Rectangle]) -> bool:
    (page, (x, y, x2, y2)), (other_page, (left, bottom, right, top)) = one, other
    wide, high = min(x2, right) - max(x, left), min(y2, top) - max(y, bottom)
    if page != other_page or wide <= 0 or high <= 0:
        return False
    smaller = min((x2 - x) * (y2 - y), (right - left) * (top - bottom))
    return smaller > 0 and wide * high > COVERED * smaller
