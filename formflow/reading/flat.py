"""A form that was flattened or printed to PDF: its boxes are print now, read at the blank's places.

Words by pdfplumber, marks by ink, list labels back to what they stand for by the definition. What an
answer's own drawing holds belongs to it, also beyond the edge of its box. A person confirms it all.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from formflow.forms.catalogue import Form
from formflow.forms.manifest import BlankBox, Place, Rectangle
from formflow.reading import alignment, identify, page_compare, print_layout, raster
from formflow.reading.acroform import Box
from formflow.reading.alignment import Fit
from formflow.reading.page_compare import Circle
from formflow.reading.print_layout import Letter, Line, Sheet
from formflow.reading.text import normalised

ALIKE = 0.75  # share of a form's printed words that a paper must have
CLOSE = 0.08  # of that share: the referrals of two children have most of their words in common
SAME_PLACE = 4.0  # points between a drawing's outline and the box it was made for
EDGE = 1.0  # points: a text so near the lower edge of its box may go on unseen
NEXT_LINE = 1.7  # times the letters' size: the furthest that the next line of a text lies below
NO_LETTER = "\N{REPLACEMENT CHARACTER}"
_LINE_END = re.compile(
    r"(?:\(cid:1[03]\))+"
)  # pdf.js draws its line ends as letters without a look
_NO_LETTER = re.compile(r"\(cid:\d+\)|[\ue000-\uf8ff\ufffd]")


class Doubt(NamedTuple):
    """Something in one box that a person must look at with special care."""

    code: str  # notice
    box: str


@dataclass(frozen=True, slots=True)
class Found:
    """What a paper without boxes says, as if it had them."""

    form: Form
    boxes: Mapping[str, Box]
    doubts: tuple[Doubt, ...]


@dataclass(frozen=True, slots=True)
class _Laid:
    """One page of the paper over its page of the blank."""

    number: int  # of the paper's page, counted from 1
    height: float  # of the paper's page, in points
    fit: Fit
    letters: tuple[Letter, ...]  # what the blank does not have, in the order drawn
    boxes: tuple[Rectangle, ...]  # where the boxes of the blank's page are on the paper

    def text_at(self, there: Rectangle) -> str:
        """Return the text in a box that is there on the blank."""
        text = print_layout.as_text(self.lines_at(there), self.fit.rectangle(there)[2])
        return _NO_LETTER.sub(NO_LETTER, _LINE_END.sub("\n", text))

    def lines_at(self, there: Rectangle) -> list[Line]:
        """Return the lines in a box that is there on the blank."""
        moved = self.fit.rectangle(there)
        return print_layout.lines(self._own_drawing(moved) or self._inside(moved))

    def runs_off(self, there: Rectangle) -> bool:
        """Return whether a text goes down to the edge of its box, and may go on where nobody sees it."""
        moved = self.fit.rectangle(there)
        if self._own_drawing(moved):
            return False
        inside = self._inside(moved)
        lines = {round(letter.drawn["y0"]) for letter in inside}
        return len(lines) > 1 and min(letter.drawn["y0"] for letter in inside) < moved[1] + EDGE

    def _own_drawing(self, box: Rectangle) -> list[Letter]:
        return [
            letter
            for letter in self.letters
            if any(_is_same_place(outline, box) for outline in letter.around)
        ]

    def _inside(self, box: Rectangle) -> list[Letter]:
        """Return the letters in a box, with those drawn after them that go on below it."""
        bottom = box[1]
        within = [at for at, letter in enumerate(self.letters) if _is_inside(letter.middle, box)]
        if not within:
            return []
        chosen, last = [self.letters[at] for at in within], within[-1]
        margin = min(letter.drawn["x0"] for letter in chosen)
        for letter in self.letters[last + 1 :]:
            if letter.middle[1] > bottom or not _goes_on(chosen[-1], letter, margin):
                break
            if any(_is_inside(letter.middle, other) for other in self.boxes if other != box):
                break  # the answer of another box
            chosen.append(letter)
        return chosen


def _is_inside(point: tuple[float, float], box: Rectangle) -> bool:
    left, bottom, right, top = box
    return left <= point[0] <= right and bottom <= point[1] <= top


def _is_same_place(outline: Rectangle, box: Rectangle) -> bool:
    return all(abs(a - b) <= SAME_PLACE for a, b in zip(outline, box, strict=True))


def _goes_on(before: Letter, after: Letter, margin: float) -> bool:
    """Return whether a letter is the next of the same text: on its line, or first on the next."""
    one, other = before.drawn, after.drawn
    if abs(one["size"] - other["size"]) > 0.1:
        return False
    lower = one["y0"] - other["y0"]
    if abs(lower) < 1:
        return bool(-1 <= other["x0"] - one["x1"] < one["size"])
    return bool(0 < lower <= NEXT_LINE * one["size"] and abs(other["x0"] - margin) < 2)


def read(
    sheets: Sequence[Sheet], content: bytes, document: Mapping[str, str], forms: Sequence[Form]
) -> Found | str:
    """Return what is at the places of the form's boxes, or the code of the notice why not.

    `sheets` are the printed pages of `content`, `document` is its document information.
    """
    form = which_form([sheet.words for sheet in sheets], document, forms)
    if isinstance(form, str):
        return form
    laid = _laid(form, sheets)
    boxes = {box.name: box for box in _boxes(form, laid, content)}
    return Found(form, boxes, tuple(_doubts(form, boxes, laid)))


def shows_more(one: Found | str, other: Found | str) -> bool:
    """Return whether one reading of a paper finds more boxes of a form than another."""
    found = [0 if isinstance(each, str) else len(each.boxes) for each in (one, other)]
    return found[0] > found[1]


def which_form(
    pages: Sequence[Sequence[alignment.Word]], document: Mapping[str, str], forms: Sequence[Form]
) -> Form | str:
    """Return the form whose printed words a paper has. A claim in its information must agree."""
    alike = most_alike(pages, forms, ALIKE)
    claimed = identify.claimed({}, document, forms)
    if isinstance(claimed, Form):
        return claimed if claimed in alike else identify.TWO if alike else identify.NONE
    return claimed or identify.only(alike)


def most_alike(
    pages: Sequence[Sequence[alignment.Word]], forms: Sequence[Form], least: float
) -> list[Form]:
    """Return the forms whose print a paper has: the one that is clearly ahead, or all that are close."""
    found = [(likeness(pages, form), form) for form in forms]
    best = max((share for share, _ in found), default=0.0)
    close = [(share, form) for share, form in found if share >= max(least, best - CLOSE)]
    return identify.one_edition(close)


def likeness(pages: Sequence[Sequence[alignment.Word]], form: Form) -> float:
    """Return how much of the blank's print is on the pages of a paper, page by page, from 0 to 1.

    Some pages of the form may be missing; each page that is there must be one of it.
    """
    blank = form.manifest.words
    shares = [max((alignment.share(own, words) for own in blank), default=0.0) for words in pages]
    return sum(shares) / len(shares) if shares else 0.0


@lru_cache(maxsize=16)
def printed(blank: Path) -> tuple[Sheet, ...]:
    """Return the printed pages of a blank, read once."""
    return tuple(print_layout.sheets(blank.read_bytes()))


def _laid(form: Form, sheets: Sequence[Sheet]) -> dict[int, _Laid]:
    """Return the page of the paper that lies over each page of the blank, by the blank's number."""
    found = {}
    own = zip(printed(form.blank), form.manifest.words, strict=True)
    for number, (blank, words) in enumerate(own, start=1):
        shares = [alignment.share(words, sheet.words) for sheet in sheets]
        best = max(range(len(sheets)), key=shares.__getitem__)
        fit = alignment.fit(blank.words, sheets[best].words) if shares[best] >= ALIKE else None
        if fit is not None:
            letters = print_layout.without_print(sheets[best].letters, blank.letters, fit)
            boxes = tuple(fit.rectangle(there) for there in _places(form, number))
            found[number] = _Laid(best + 1, sheets[best].height, fit, tuple(letters), boxes)
    return found


def _places(form: Form, number: int) -> Iterator[Rectangle]:
    """Yield where the boxes of one page of the blank are, its circles left out."""
    for box in form.manifest.boxes.values():
        if box.kind != "button":
            yield from (place.rectangle for place in box.places if place.page == number)


def _boxes(form: Form, laid: Mapping[int, _Laid], content: bytes) -> Iterator[Box]:
    """Yield a box for every one of the blank whose page is there."""
    marks = _marks(form, laid, content)
    for name, box in form.manifest.boxes.items():
        places = [place for place in box.places if place.page in laid]
        if not places:
            continue
        if box.kind == "button":
            yield button(name, [(place.state, marks.get((name, place))) for place in box.places])
        elif box.kind == "list":
            yield _list(name, box, laid[places[0].page], places[0].rectangle, content)
        else:
            shown = [laid[p.page].text_at(p.rectangle) for p in places]
            inked = [marks.get((name, place)) is not False for place in places]
            is_lost = not any(shown) and any(inked)  # ink without letters is no blank box
            yield _text(name, box, [NO_LETTER] if is_lost else shown)


def button(name: str, marks: Sequence[tuple[str | None, bool | None]]) -> Box:
    on = [state for state, marked in marks if marked]
    certain = len(on) <= 1 and all(marked is not None for _, marked in marks)
    raw = ", ".join(state for state in on if state)
    return Box(name, "button", raw if certain else "", raw, legible=certain)


def _text(name: str, box: BlankBox, shown: Sequence[str]) -> Box:
    """Return what a box shows. One that is on several pages must show the same on each."""
    raw = shown[0]
    text = "".join(raw.split()) if box.cells else normalised(raw)
    if box.kind == "choice" and text:
        stored = {label: value for value, label in box.labels.items()}
        text = stored.get(text, text if text in box.labels else "")
        return Box(name, box.kind, text, raw, legible=bool(text), labels=box.labels)
    if raw == NO_LETTER:
        return Box(name, box.kind, "", raw, legible=False)
    return Box(name, box.kind, text, raw, legible=len(set(shown)) == 1)


def _list(name: str, box: BlankBox, laid: _Laid, there: Rectangle, content: bytes) -> Box:
    """Return what is chosen in a list that shows everything it offers: the shaded lines."""
    with raster.opened(content) as paper:
        picture = raster.drawn(paper, laid.number, raster.DOTS_PER_POINT)
    stored = {label: value for value, label in box.labels.items()}
    left, bottom, right, top = laid.fit.rectangle(there)
    chosen = []
    for line in laid.lines_at(there):
        upper, lower = laid.height - line.top, max(laid.height - line.bottom, bottom + EDGE)
        if upper > lower and raster.is_shaded(picture, (left, lower, right, min(upper, top))):
            text = " ".join(line.words)
            chosen.append(stored.get(text, text))
    text = "\n".join(chosen)
    return Box(name, box.kind, text, text, labels=box.labels)


def _marks(
    form: Form, laid: Mapping[int, _Laid], content: bytes
) -> dict[tuple[str, Place], bool | None]:
    """Return for every box but lists whether ink was added to it, None where nobody can tell."""
    circles = [
        Circle(name, place, on.number, on.fit.rectangle(place.rectangle))
        for name, box in form.manifest.boxes.items()
        for place in box.places
        if box.kind != "list" and (on := laid.get(place.page)) is not None
    ]
    return page_compare.marks(content, form, circles)


def _doubts(form: Form, boxes: Mapping[str, Box], laid: Mapping[int, _Laid]) -> Iterator[Doubt]:
    """Yield what a person must look at with special care."""
    for name, box in boxes.items():
        if NO_LETTER in box.value:
            yield Doubt("FF-126", name)
        places = [p for p in form.manifest.boxes[name].places if p.page in laid]
        if not box.is_button and any(laid[p.page].runs_off(p.rectangle) for p in places):
            yield Doubt("FF-127", name)
