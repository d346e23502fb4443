"""What is printed near each box of a blank, and what the box says of itself."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pdfplumber
import pikepdf

from formflow.core.limits import Limits
from formflow.forms.manifest import Manifest, Place, Rectangle
from formflow.reading import acroform
from formflow.reading.acroform import LONGEST_NAME, as_text

MULTILINE = 1 << 12
NEAR = 40.0  # points between the words of one label, and between a label and its box
ABOVE = 20.0  # points from the top of a box to the label over it
SIDE = 3.0  # points that a label may reach into its box
SAYS = {
    **dict.fromkeys(("yes", "y", "true"), "yes"),
    **dict.fromkeys(("no", "n", "false"), "no"),
    **dict.fromkeys(("not known", "unknown", "n k", "nk", "don t know", "dont know"), "unknown"),
    **dict.fromkeys(("unsure", "not sure"), "unknown"),
    **dict.fromkeys(("not applicable", "n a", "na", "none"), "neither"),
}
_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")


def plain(label: str) -> str:
    """Return the words of a label in small letters, apostrophes and signs left out."""
    return " ".join(re.findall(r"[a-z0-9]+", label.casefold()))


@dataclass(frozen=True, slots=True)
class Near:
    """One box of the blank and everything that says what it is for."""

    name: str
    kind: str  # "text", "choice", "list" or "button"
    places: tuple[Place, ...]
    label: str  # printed beside or above it, "" for none
    tooltip: str
    several_lines: bool = False
    beside: tuple[str, ...] = ()  # of a button: what is printed to the right of each of its places
    shown: Mapping[str, str] | None = None  # of a choice: stored value -> what it shows
    before: tuple[str, ...] = ()  # of a button: what is printed to the left of each of its places
    heading: str = ""  # of a button: "Yes" or the like, over its column
    means: Mapping[str, str] | None = None  # of a tick: stored -> yes, no or unknown
    is_unclear: bool = False  # of a tick: nobody can tell yet what it means
    parts: tuple[Near, ...] = ()  # the boxes that are joined in this one

    @property
    def own_words(self) -> str:
        """The words in the box's name, such as "incident date" for "incident.date"."""
        return " ".join(_WORDS.findall(self.name)).lower()


@dataclass(frozen=True, slots=True)
class _Word:
    text: str
    left: float
    bottom: float
    right: float
    top: float


def near(content: bytes, manifest: Manifest) -> list[Near]:
    """Return every box of a blank with the print near it, in the order of the paper.

    A hidden box, and one that is on no page, has none.
    """
    tooltips, several = _of_themselves(content)
    with pdfplumber.open(io.BytesIO(content)) as pdf:
        words = {number: _words(page) for number, page in enumerate(pdf.pages, start=1)}
    every = [
        (place.page, place.rectangle) for box in manifest.boxes.values() for place in box.places
    ]
    found = []
    for name, box in manifest.boxes.items():
        others = [
            rectangle for page, rectangle in every if box.places and page == box.places[0].page
        ]
        first = box.places[0] if box.places else Place(0, (0.0, 0.0, 0.0, 0.0))
        printed = words.get(first.page, [])
        beside: tuple[str, ...] = ()
        before: tuple[str, ...] = ()
        if box.kind == "button":
            beside = tuple(_right_of(place.rectangle, printed, others) for place in box.places)
            before = tuple(_left_of(place.rectangle, printed, others) for place in box.places)
        label = _left_of(first.rectangle, printed, others) or _above(first.rectangle, printed)
        if box.kind == "button" and len(box.places) == 1:
            label = beside[0] or label
        found.append(
            Near(
                name,
                box.kind,
                box.places,
                label,
                tooltips.get(name, ""),
                name in several,
                beside,
                box.labels,
                before,
                _heading(first.rectangle, printed) if box.kind == "button" else "",
            )
        )
    return sorted(found, key=_order)


def _order(box: Near) -> tuple[int, float, float]:
    if not box.places:
        return (0, 0.0, 0.0)
    left, _, _, top = box.places[0].rectangle
    return (box.places[0].page, -round(top / 6), left)


def _of_themselves(content: bytes) -> tuple[dict[str, str], set[str]]:
    """Return the boxes' tooltips, and the names of those that take several lines."""
    limits = Limits()
    tooltips: dict[str, str] = {}
    several: set[str] = set()
    with pikepdf.open(io.BytesIO(content)) as pdf:
        boxes = acroform.boxes(pdf, limits.fields, limits.characters, limits.pages)
        for name, box in boxes.items():
            for holder in _holders(box.widgets):
                if "/TU" in holder:
                    tooltips.setdefault(name, as_text(holder["/TU"], LONGEST_NAME))
                if int(holder.get("/Ff", 0)) & MULTILINE and box.kind == "text":
                    several.add(name)
    return tooltips, several


def _holders(widgets: Sequence[pikepdf.Object]) -> Iterator[pikepdf.Object]:
    for widget in widgets[:1]:
        yield widget
        above = widget.get("/Parent")
        if isinstance(above, pikepdf.Dictionary):
            yield above


def _words(page: Any) -> list[_Word]:
    return [
        _Word(
            word["text"],
            word["x0"],
            float(page.height) - word["bottom"],
            word["x1"],
            float(page.height) - word["top"],
        )
        for word in page.extract_words(x_tolerance_ratio=0.2)
    ]


def _beside(box: Rectangle, words: Sequence[_Word]) -> list[_Word]:
    """Return the words on the line of a box, or on the first line of a tall one."""
    _, bottom, _, top = box
    line = max(bottom, top - ABOVE)
    return [word for word in words if line - SIDE <= (word.bottom + word.top) / 2 <= top + SIDE]


def _left_of(box: Rectangle, words: Sequence[_Word], others: Sequence[Rectangle]) -> str:
    label: list[str] = []
    edge = box[0]
    for word in sorted(_beside(box, words), key=lambda word: -word.right):
        if word.right > edge + SIDE:
            continue
        # "Was it planned?      Yes []": the question stands before the answer, far from it.
        reach = 6 * NEAR if not label or plain(" ".join(label)) in SAYS else NEAR
        if edge - word.right > reach or _between(word.right, edge, box, others):
            break
        label.insert(0, word.text)
        edge = word.left
    return " ".join(label)


def _right_of(box: Rectangle, words: Sequence[_Word], others: Sequence[Rectangle]) -> str:
    label: list[str] = []
    edge = box[2]
    for word in sorted(_beside(box, words), key=lambda word: word.left):
        if word.left < edge - SIDE:
            continue
        if word.left - edge > NEAR / 2 or _between(edge, word.left, box, others):
            break
        label.append(word.text)
        edge = word.right
    return " ".join(label)


def _between(left: float, right: float, box: Rectangle, others: Sequence[Rectangle]) -> bool:
    """Return whether another box stands between two points on the line of a box."""
    return any(
        other != box
        and left - SIDE <= other[0]
        and other[2] <= right + SIDE
        and other[1] < box[3]
        and box[1] < other[3]
        for other in others
    )


def _heading(box: Rectangle, words: Sequence[_Word]) -> str:
    """Return the nearest word over a box, however far: it may head the column of a table."""
    over = [
        word
        for word in words
        if word.bottom >= box[3] - SIDE and word.left < box[2] and word.right > box[0]
    ]
    return min(over, key=lambda word: word.bottom).text if over else ""


def _above(box: Rectangle, words: Sequence[_Word]) -> str:
    over = [
        word
        for word in words
        if -SIDE <= word.bottom - box[3] <= ABOVE
        and word.left < box[2]
        and word.right > box[0] - SIDE
    ]
    if not over:
        return ""
    lowest = min(word.bottom for word in over)
    line = [word for word in over if word.bottom - lowest < SIDE]
    return " ".join(word.text for word in sorted(line, key=lambda word: word.left))
