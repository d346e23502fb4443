"""What a blank PDF holds: its boxes, where they stand, what they can say. Built from the blank itself.

A paper is compared with it: a box that is missing, new, moved or of another kind holds the paper. The
flat and the scanned paper, which have no boxes left, are read in its places.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import pikepdf

EDITION = 3  # of what is told of pages: another one says nothing about them
Rectangle = tuple[
    float, float, float, float
]  # points from the lower left corner: left, bottom, right, top


def rectangle(corners: object) -> Rectangle:
    """Return a /Rect as left, bottom, right, top; zeros where there is none."""
    if not isinstance(corners, pikepdf.Array) or len(corners) != 4:
        return (0.0, 0.0, 0.0, 0.0)
    # Faster than asking for the four numbers, and put in order by qpdf.
    found = pikepdf.Rectangle(corners)
    return (round(found.llx, 2), round(found.lly, 2), round(found.urx, 2), round(found.ury, 2))


class Place(NamedTuple):
    """Where one box, or one circle of a group, is on the paper."""

    page: int  # counted from 1; 0: on no page
    rectangle: Rectangle
    state: str | None = None  # of a circle or tick box: what it says when it is on


@dataclass(frozen=True, slots=True)
class BlankBox:
    """One box of the blank."""

    kind: str  # "text", "choice" (a list that opens), "list" or "button"
    places: tuple[Place, ...]
    labels: Mapping[str, str] = dataclasses.field(
        default_factory=dict
    )  # of a choice: stored value -> shown
    value: str = ""  # what the blank itself has in it, such as a hidden form number
    cells: int = 0  # of a box divided into cells, a letter in each

    @property
    def states(self) -> tuple[str, ...]:
        """What a button can say besides off, in the order of its places."""
        return tuple(dict.fromkeys(place.state for place in self.places if place.state))


class Looks(NamedTuple):
    """Fingerprints of how circles and tick boxes are drawn when they are on, and when off."""

    on: frozenset[str] = frozenset()
    off: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Manifest:
    """Everything that a blank holds."""

    sizes: tuple[tuple[float, float], ...]  # width and height of each page, in points
    boxes: Mapping[str, BlankBox]  # by full name, in the order of the file
    carries: frozenset[str] = frozenset()  # active content of the blank itself, as marks
    prints: tuple[str, ...] = ()  # of each page: a fingerprint of what is printed on it
    looks: Looks = dataclasses.field(default_factory=Looks)
    notes: frozenset[tuple[int, str]] = frozenset()  # page, and kind and place of what is no box
    words: tuple[tuple[str, ...], ...] = ()  # that are printed on each page
    edition: int = EDITION  # of `prints`, `looks`, `notes` and `words`


def dumped(manifest: Manifest) -> bytes:
    """Return a manifest as JSON, one box a line: a change can be read in a comparison."""
    head = {
        "edition": manifest.edition,
        "sizes": [list(size) for size in manifest.sizes],
        "carries": sorted(manifest.carries),
        "prints": list(manifest.prints),
        "looks": [sorted(states) for states in manifest.looks],
        "notes": [list(note) for note in sorted(manifest.notes)],
        "words": [" ".join(page) for page in manifest.words],
    }
    lines = [
        f"  {json.dumps(name)}: {json.dumps(_plain(box))}" for name, box in manifest.boxes.items()
    ]
    opening = json.dumps(head)[:-1]
    return (opening + ', "boxes": {\n' + ",\n".join(lines) + "\n}}\n").encode()


def load(path: Path) -> Manifest:
    """Return the manifest in a file. Raise OSError, or ValueError when it is none."""
    content = path.read_text("utf-8")
    try:
        table = json.loads(content)
        return Manifest(
            sizes=tuple((float(width), float(height)) for width, height in table["sizes"]),
            boxes={name: _box(box) for name, box in table["boxes"].items()},
            carries=frozenset(map(str, table["carries"])),
            prints=tuple(map(str, table["prints"])),
            looks=Looks(*(frozenset(map(str, states)) for states in table["looks"])),
            notes=frozenset((int(page), str(what)) for page, what in table["notes"]),
            words=tuple(tuple(str(page).split()) for page in table.get("words", ())),
            edition=int(table.get("edition", 1)),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as problem:
        raise ValueError("this is not the manifest of a form") from problem


def _plain(box: BlankBox) -> dict[str, Any]:
    places = [[place.page, place.state, list(place.rectangle)] for place in box.places]
    shown: dict[str, Any] = {"kind": box.kind, "places": places}
    if box.labels:
        shown["labels"] = dict(box.labels)
    if box.value:
        shown["value"] = box.value
    if box.cells:
        shown["cells"] = box.cells
    return shown


def _box(table: dict[str, Any]) -> BlankBox:
    places = tuple(
        Place(int(page), (float(a), float(b), float(c), float(d)), state)
        for page, state, (a, b, c, d) in table["places"]
    )
    labels, value = table.get("labels", {}), table.get("value", "")
    return BlankBox(table["kind"], places, labels, value, table.get("cells", 0))
