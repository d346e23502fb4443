"""What is printed near each box of a blank, how clear that is, and what the box says of itself."""

from __future__ import annotations

import io
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import pikepdf

from formflow.admin.learn.blocks import blocks
from formflow.admin.learn.captions import CLEARLY, Caption, captions
from formflow.admin.learn.groups import Of, Part, groups, joined
from formflow.admin.learn.placing import Place as Side
from formflow.admin.learn.placing import Spot
from formflow.admin.learn.sheet import UNREADABLE, Line, Sheet, View, sheets
from formflow.admin.learn.words import SAYS, is_automatic, letters, of_name, plain, say_the_same
from formflow.core.limits import BLANK
from formflow.forms.manifest import Manifest, Place, Rectangle
from formflow.reading import acroform
from formflow.reading.acroform import LONGEST_NAME, as_text

MADE_HERE = "/FormFlowMadeFillable"  # in the information of a document: `forms make-fillable` gave it its boxes
MULTILINE = 1 << 12
BESIDE = 22.0  # points from a tick box to what is printed after it
BEFORE = 400.0  # points from the question to its first tick box
OVER = 36.0  # points from the question to the tick boxes under it
SLACK = 3.0  # points that print may reach into a box
ENOUGH = 2.0  # of the weights of signs


class Certainty(StrEnum):
    """How sure it is that a label is the one that a person sees at the box."""

    SURE = "sure"  # the place is clear, and a second sign agrees
    LIKELY = "likely"
    UNSURE = "unsure"


@dataclass(frozen=True, slots=True)
class Near:
    """One box of the blank and everything that says what it is for."""

    name: str
    kind: str  # "text", "choice", "list" or "button"
    places: tuple[Place, ...]  # as they are on the page that is shown
    label: str  # printed at it, "" for none
    tooltip: str
    several_lines: bool = False
    beside: tuple[str, ...] = ()  # of a button: what is printed to the right of each of its places
    shown: Mapping[str, str] | None = None  # of a choice: stored value -> what it shows
    before: tuple[str, ...] = ()  # of a button: what is printed to the left of each of its places
    heading: str = ""  # of a button: "Yes" or the like, over its column
    over: str = ""  # of a button: what is printed over it, such as the question
    certainty: Certainty = Certainty.UNSURE  # of the label
    why: str = ""  # in words
    means: Mapping[str, str] | None = None  # of a tick: stored -> yes, no or unknown
    is_unclear: bool = False  # of a tick: nobody can tell yet what it means
    parts: tuple[Near, ...] = ()  # the boxes that are joined in this one
    parts_of: Of | None = None  # what the parts are, of boxes for writing

    @property
    def own_words(self) -> str:
        """The words in the box's name, such as "incident date" for "incident.date"."""
        return of_name(self.name)


def straightened(content: bytes) -> bytes:
    """Return a blank with its pages as they are read: the places of `near` are places on these."""
    with pikepdf.open(io.BytesIO(content)) as pdf:
        return View(pdf, content).straighten(pdf)


def near(content: bytes, manifest: Manifest) -> list[Near]:
    """Return every box of a blank with the print near it, in the order of the paper; parts of one answer as one.

    A hidden box, and one that is on no page, has no print.
    """
    tooltips, several = _of_themselves(content)
    with pikepdf.open(io.BytesIO(content)) as pdf:
        view = View(pdf, content)
        straight = view.straighten(pdf)
    found = {}
    for name, held in manifest.boxes.items():
        seen = tuple(sorted(map(view.seen, held.places), key=lambda place: place.page == 0))
        none = ("",) * len(seen) if held.kind == "button" else ()
        found[name] = Near(
            name,
            held.kind,
            seen,
            "",
            tooltips.get(name, ""),
            name in several,
            none,
            held.labels,
            none,
        )
    where: dict[int, list[Rectangle]] = defaultdict(list)
    ticks: dict[int, list[Rectangle]] = defaultdict(list)
    for box in found.values():
        for place in box.places:
            where[place.page].append(place.rectangle)
            if box.kind == "button":
                ticks[place.page].append(place.rectangle)
    for number, sheet in enumerate(sheets(straight, where, ticks), start=1):
        here = {
            name: box for name, box in found.items() if box.places and box.places[0].page == number
        }
        here = _with_parts_joined(here, sheet)
        page = _Page(sheet, _spots(found.values(), here, number))
        for name, box in here.items():
            found[name] = page.described(box)
            for part in box.parts[1:]:
                del found[part.name]
    return sorted(found.values(), key=_order)


def _with_parts_joined(here: Mapping[str, Near], sheet: Sheet) -> dict[str, Near]:
    """Return the boxes of a page, those that are parts of one answer as the first of them."""
    parts = [
        Part(name, box.places[0].rectangle, box.tooltip)
        for name, box in here.items()
        if box.kind == "text" and len(box.places) == 1 and not box.several_lines
    ]
    found = dict(here)
    for names, kind in groups(parts, sheet).items():
        some = tuple(here[name] for name in names)
        around = joined([box.places[0].rectangle for box in some])
        place = some[0].places[0]._replace(rectangle=around)
        found[names[0]] = replace(some[0], places=(place,), parts=some, parts_of=kind)
        for name in names[1:]:
            del found[name]
    return found


def _spots(every: Iterable[Near], here: Mapping[str, Near], page: int) -> list[Spot]:
    """Return the places of boxes on one page, parts of one answer as one place."""
    joined_away = {part.name for box in here.values() for part in box.parts}
    boxes = [
        here.get(box.name, box) for box in every if box.name in here or box.name not in joined_away
    ]
    return [
        Spot((box.name, number), place.rectangle, box.kind == "button", bool(box.parts))
        for box in boxes
        for number, place in enumerate(box.places)
        if place.page == page
        and place.rectangle[2] - place.rectangle[0] > 1
        and place.rectangle[3] - place.rectangle[1] > 1
    ]


class _Page:
    """One page with its captions found."""

    def __init__(self, sheet: Sheet, spots: Sequence[Spot]) -> None:
        self._sheet, self._spots = sheet, spots
        self._blocks = blocks(sheet, [spot.rectangle for spot in spots])
        self._captions = captions(sheet, self._blocks, spots)
        # What stands over or in a box for writing is no question of a tick box in the next column.
        ticks = {spot.key for spot in spots if spot.is_tick}
        self._taken = {
            id(one.block)
            for key, one in self._captions.items()
            if key not in ticks and one.place in (Side.ABOVE, Side.INSIDE)
        }

    def described(self, base: Near) -> Near:
        """Return a box with what is printed at it."""
        caption = self._captions.get((base.name, 0))
        if base.kind != "button":
            label = caption.text if caption else ""
            certainty, why = certain(label, caption, base)
            return replace(base, label=label, certainty=certainty, why=why)
        first, page = base.places[0].rectangle, base.places[0].page
        here = [place.rectangle if place.page == page else None for place in base.places]
        beside = tuple(self._after(one) if one else "" for one in here)
        before = tuple(self._before(one, here) if one else "" for one in here)
        over = self._over(first)
        if len(here) == 1:
            label = caption.text if caption else ""
            certainty, why = certain(label, caption, base)
        else:
            label = before[0] or over
            certainty, why = certain_of_group(label, base, is_whole=all(beside))
        return replace(
            base,
            label=label,
            beside=beside,
            before=before,
            heading=self._heading(first),
            over=over,
            certainty=certainty,
            why=why,
        )

    def _after(self, box: Rectangle) -> str:
        """Return the caption to the right of a tick box; the print in it, of a ring around a word."""
        if inside := [line for line in self._sheet.lines if _is_around(box, line)]:
            return inside[0].text
        after = [
            block
            for block in self._blocks
            if _is_level(block.lines[0], box)
            and -SLACK <= block.left - box[2] <= BESIDE
            and not self._is_between(box[2], block.left, box)
        ]
        return min(after, key=lambda block: block.left).text if after else ""

    def _before(self, box: Rectangle, own: Sequence[Rectangle | None]) -> str:
        """Return what is printed to the left of a tick box, and the question before it where that is an answer.

        `own`: the places of the box; of several circles the question is not what another box says, in the next column.
        """
        edge, found = box[0], ""
        while not found or plain(found) in SAYS:
            ahead = [
                (line, block)
                for block in self._blocks
                for line in block.lines
                if _is_level(line, box)
                and id(block) not in self._taken
                and -SLACK <= edge - line.right <= BEFORE
                and not self._is_between(line.right, edge, box)
            ]
            if not ahead:
                break
            line, block = max(ahead, key=lambda one: one[0].right)
            if len(own) > 1 and self._is_said_by_another(line, own):
                break
            found, edge = f"{block.text} {found}".strip(), line.left
        return found

    def _is_said_by_another(self, line: Line, own: Sequence[Rectangle | None]) -> bool:
        """Return whether print is right behind a tick box that is not one of `own`."""
        return any(
            spot.is_tick
            and spot.rectangle not in own
            and _is_level(line, spot.rectangle)
            and -SLACK <= line.left - spot.rectangle[2] <= BESIDE
            for spot in self._spots
        )

    def _over(self, box: Rectangle) -> str:
        """Return the print over a tick box that begins about where it begins, such as the question."""
        over = [
            block
            for block in self._blocks
            if -SLACK <= block.bottom - box[3] <= OVER
            and block.left - 12 <= box[0] <= block.right
            and plain(block.text) not in SAYS
        ]
        return min(over, key=lambda block: block.bottom).text if over else ""

    def _heading(self, box: Rectangle) -> str:
        """Return the nearest print over a box, however far: it may head the column of a table."""
        over = [
            line
            for line in self._sheet.lines
            if line.bottom >= box[3] - SLACK and line.left < box[2] and line.right > box[0]
        ]
        return min(over, key=lambda line: line.bottom).text if over else ""

    def _is_between(self, left: float, right: float, box: Rectangle) -> bool:
        """Return whether another box stands between two points on the line of a box."""
        return any(
            spot.rectangle != box
            and left - SLACK <= spot.rectangle[0]
            and spot.rectangle[2] <= right + SLACK
            and spot.rectangle[1] < box[3]
            and box[1] < spot.rectangle[3]
            for spot in self._spots
        )


def _is_level(line: Line, box: Rectangle) -> bool:
    return box[1] - SLACK <= line.middle <= box[3] + SLACK


def _is_around(box: Rectangle, line: Line) -> bool:
    left, bottom, right, top = box
    return left <= (line.left + line.right) / 2 <= right and bottom <= line.middle <= top


def certain(label: str, caption: Caption | None, box: Near) -> tuple[Certainty, str]:
    """Return how sure a label is, and why, in words."""
    signs = dict(_signs(label, caption, box))
    words = "; ".join(signs)
    if UNREADABLE in label:
        return Certainty.UNSURE, "what is printed at it cannot be read as letters"
    if letters(label) < 3 and not (caption and caption.is_sentence):
        return Certainty.UNSURE, "nothing is printed at it, or next to nothing"
    agrees = any(sign.startswith("its own") for sign in signs)
    if caption is None or caption.margin < CLEARLY:
        if agrees:
            return Certainty.LIKELY, words
        return Certainty.UNSURE, "other print, or another box, is nearly as near"
    is_odd = caption.is_sentence or (caption.place is Side.RIGHT and box.kind != "button")
    if (
        sum(signs.values()) >= ENOUGH
        and not (_contradicts(label, box) and not agrees)
        and not is_odd
    ):
        return Certainty.SURE, words
    return Certainty.LIKELY, words or f"it is {caption.place} it"


def certain_of_group(label: str, box: Near, *, is_whole: bool) -> tuple[Certainty, str]:
    """Return how sure the question of several circles or tick boxes is; `is_whole`: each says what it stands for."""
    signs = dict(_signs(label, None, box))
    if is_whole:
        signs["the answers beside it fit together"] = 1.0
    if label.endswith((":", "?")):
        signs["it is a question"] = 1.0
    if letters(label) < 3 or not signs:
        return Certainty.UNSURE, "it is not clear what the circles or boxes ask"
    return (
        Certainty.SURE if sum(signs.values()) >= ENOUGH else Certainty.LIKELY,
        "; ".join(signs),
    )


def _signs(label: str, caption: Caption | None, box: Near) -> Iterator[tuple[str, float]]:
    """Yield each sign that a label is right besides its being the nearest, and how much it counts."""
    if say_the_same(label, box.tooltip):
        yield "its own tooltip agrees", 2.0
    if not is_automatic(box.own_words) and say_the_same(label, box.own_words):
        yield "its own name agrees", 2.0
    if caption is None:
        return
    if caption.place is Side.INSIDE:
        yield "it is in the box", 1.0
    if caption.is_alone_in_cell:
        yield "both are alone in their cell", 2.0
    if caption.is_in_next_cell:
        yield "each is alone in its cell, side by side", 1.0
    if caption.is_usual:
        yield "most captions of the page are there", 0.7
    if caption.is_close:
        yield "they touch", 0.7
    if caption.margin >= 2 * CLEARLY:
        yield "no other print is near", 0.7
    if label.endswith((":", "?")):
        yield "it leads to the box", 1.0
    if caption.is_sentence:
        yield "the sentence goes on behind the box", 0.0
    if caption.is_inherited:
        yield "it goes on from above", 0.0


def _contradicts(label: str, box: Near) -> bool:
    """Return whether a tooltip of several words has none in common with the label."""
    tooltip = set(plain(box.tooltip).split())
    return len(tooltip) > 1 and not tooltip & set(plain(label).split())


def _order(box: Near) -> tuple[int, float, float]:
    if not box.places:
        return (0, 0.0, 0.0)
    left, _, _, top = box.places[0].rectangle
    return (box.places[0].page, -round(top / 6), left)


def _of_themselves(content: bytes) -> tuple[dict[str, str], set[str]]:
    """Return the boxes' tooltips, and the names of those that take several lines.

    Tooltips of a form that was made fillable here were taken from the print: they are no second sign.
    """
    tooltips: dict[str, str] = {}
    several: set[str] = set()
    with pikepdf.open(io.BytesIO(content)) as pdf:
        is_ours = MADE_HERE in pdf.docinfo
        boxes = acroform.boxes(pdf, BLANK.fields, BLANK.characters, BLANK.pages)
        for name, box in boxes.items():
            for holder in _holders(box.widgets):
                if "/TU" in holder and not is_ours:
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
