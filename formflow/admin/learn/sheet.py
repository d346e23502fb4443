"""A page of a blank as a person sees it: turned and cut as it is shown; its lines of print, rules and shading.

Points, from the lower left corner of what is shown.
"""

from __future__ import annotations

import io
import logging
import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

import pdfplumber
import pikepdf
import pypdfium2

from formflow.admin.learn.letters import LEADER, is_within, on_their_lines, words_of
from formflow.forms.manifest import Place, Rectangle
from formflow.reading import raster

logging.getLogger("pdfminer").setLevel(logging.CRITICAL)  # its warnings quote the file
UNREADABLE = "(cid:"  # pdfminer's way to write a letter that the font gives no name
BOX_SIGN = re.compile("[☐☑☒□▢❏❑❒■◯○⃝]")
THIN = 2.5  # points: a rectangle as thin as that is a rule
SHORTEST = 8.0  # points of a rule
TICK = 20.0  # points: a smaller rectangle is the frame of a tick box
WHITE = 0.985  # of 1: lighter is paper
APART = 0.95  # of the size of the letters: a wider gap ends a line of print
MOST_LETTERS = 400  # of a page: so many say which way it is written
TOUCH = 3.0  # points between the end of a rule and the one that it meets
Matrix = tuple[float, float, float, float, float, float]


@dataclass(frozen=True, slots=True)
class Line:
    """Words that are printed in one go, without a gap, a rule or a box between them."""

    text: str
    left: float
    bottom: float
    right: float
    top: float
    size: float
    is_bold: bool = False

    @property
    def middle(self) -> float:
        """How high it is."""
        return (self.bottom + self.top) / 2


@dataclass(frozen=True, slots=True)
class Rule:
    """A straight line, across or down."""

    at: float  # how high one across is, or how far from the left one down is
    start: float
    end: float
    is_closed: bool = False  # it meets another rule at both ends: the side of a cell


@dataclass(frozen=True, slots=True)
class Sheet:
    """One page as it is shown."""

    width: float
    height: float
    lines: tuple[Line, ...]
    across: tuple[Rule, ...]
    down: tuple[Rule, ...]

    @property
    def size(self) -> float:
        """The usual size of its letters."""
        return median([line.size for line in self.lines]) if self.lines else 10.0


class View:
    """How the pages of a PDF are read: cut as they are shown, and turned until the print is upright."""

    def __init__(self, pdf: pikepdf.Pdf, content: bytes) -> None:
        turns = _turns(content)
        self._matrices = [
            _matrix(page, turn if turn is not None else int(page.rotation))
            for page, turn in zip(pdf.pages, turns, strict=True)
        ]

    def seen(self, place: Place) -> Place:
        """Return a place as it is on the page that is shown."""
        if not 0 < place.page <= len(self._matrices):
            return place
        matrix = self._matrices[place.page - 1][0]
        left, bottom, right, top = place.rectangle
        one, other = _moved(matrix, left, bottom), _moved(matrix, right, top)
        (x, x2), (y, y2) = sorted((one[0], other[0])), sorted((one[1], other[1]))
        return place._replace(rectangle=(x, y, x2, y2))

    def placed(self, page: int, rectangle: Rectangle) -> tuple[Rectangle, int]:
        """Return a place of the page that is shown as it is in the PDF, and by how much the page is turned, clockwise."""
        matrix = self._matrices[page - 1][0]
        a, b, c, d, e, f = matrix
        back = (
            a,
            c,
            b,
            d,
            -(a * e + b * f),
            -(c * e + d * f),
        )  # it turns and moves, and does not scale
        left, bottom, right, top = rectangle
        one, other = _moved(back, left, bottom), _moved(back, right, top)
        (x, x2), (y, y2) = sorted((one[0], other[0])), sorted((one[1], other[1]))
        return (x, y, x2, y2), round(math.degrees(math.atan2(-b, a))) % 360

    def straighten(self, pdf: pikepdf.Pdf) -> bytes:
        """Return the PDF with every page drawn as it is shown, its corner at zero and nothing turned."""
        for page, (matrix, width, height) in zip(pdf.pages, self._matrices, strict=True):
            page.contents_add(
                f"q {' '.join(f'{one:.4f}' for one in matrix)} cm\n".encode(), prepend=True
            )
            page.contents_add(b"\nQ")
            page.obj.Rotate = 0
            for name in ("/MediaBox", "/CropBox"):
                page.obj[name] = pikepdf.Array([0, 0, round(width, 4), round(height, 4)])
            if "/Annots" in page.obj:
                del page.obj["/Annots"]  # boxes are no print
        out = io.BytesIO()
        pdf.save(out)
        return out.getvalue()


def _turns(content: bytes) -> list[int | None]:
    """Return by how many degrees, clockwise, each page must be turned for its print to be upright.

    What a page says of its own rotation may be wrong, as of a form that was scanned askew or turned in a viewer.
    """
    found: list[int | None] = []
    with raster.opened(content) as document:
        for page in document:
            text = page.get_textpage()
            letters = range(min(text.count_chars(), MOST_LETTERS))
            angles = [pypdfium2.raw.FPDFText_GetCharAngle(text, one) for one in letters]
            counts = Counter(
                round(-math.degrees(angle) / 90) % 4 * 90 for angle in angles if angle >= 0
            )
            found.append(counts.most_common(1)[0][0] if counts else None)
            text.close()
            page.close()
    return found


def _matrix(page: pikepdf.Page, turn: int) -> tuple[Matrix, float, float]:
    """Return what moves a point of a page to where it is shown, and how wide and high the page is."""
    media, crop = pikepdf.Rectangle(page.mediabox), pikepdf.Rectangle(page.cropbox)
    left, bottom = max(media.llx, crop.llx), max(media.lly, crop.lly)
    right, top = min(media.urx, crop.urx), min(media.ury, crop.ury)
    if left >= right or bottom >= top:
        left, bottom, right, top = media.llx, media.lly, media.urx, media.ury
    width, height = float(right - left), float(top - bottom)
    x, y, x2, y2 = float(left), float(bottom), float(right), float(top)
    match turn % 360:
        case 90:
            return (0, -1, 1, 0, -y, x2), height, width
        case 180:
            return (-1, 0, 0, -1, x2, y2), width, height
        case 270:
            return (0, 1, -1, 0, y2, -x), height, width
        case _:
            return (1, 0, 0, 1, -x, -y), width, height


def _moved(matrix: Matrix, x: float, y: float) -> tuple[float, float]:
    a, b, c, d, e, f = matrix
    return a * x + c * y + e, b * x + d * y + f


def sheets(
    content: bytes,
    boxes: Mapping[int, Sequence[Rectangle]],
    ticks: Mapping[int, Sequence[Rectangle]],
) -> list[Sheet]:
    """Return every page of a straightened PDF; `boxes` are those of each page, counted from 1, `ticks` those to tick.

    Raise ValueError when pdfplumber cannot read it.
    """
    try:
        with pdfplumber.open(io.BytesIO(content)) as pdf:
            return [
                _sheet(page, boxes.get(number, ()), ticks.get(number, ()))
                for number, page in enumerate(pdf.pages, start=1)
            ]
    except (MemoryError, RecursionError):
        raise
    except Exception as problem:  # it raises many kinds on damaged files: all mean "it cannot"
        raise ValueError("pdfplumber cannot read the file") from problem


def _sheet(page: Any, boxes: Sequence[Rectangle], ticks: Sequence[Rectangle]) -> Sheet:
    height = float(page.height)
    letters = on_their_lines(page.chars, height)
    rings = [tick for tick in ticks if any(is_within(one, tick, height) for one in letters)]
    words = list(words_of(letters, rings, height))
    across, down = rules(page, height)
    leaders = [
        Rule(height - word["bottom"], word["x0"], word["x1"])
        for word in words
        if LEADER.search(word["text"])
    ]
    lines = tuple(_lines(words, height, down, boxes, rings))
    page.close()  # else it keeps every object of the page
    return Sheet(
        float(page.width),
        height,
        lines,
        (*_closed(across, down), *leaders),
        tuple(_closed(down, across)),
    )


def rules(page: Any, height: float) -> tuple[list[Rule], list[Rule]]:
    """Return the rules across and down: lines, thin rectangles, the sides of drawn and shaded ones."""
    across: list[Rule] = []
    down: list[Rule] = []
    for one in (*page.lines, *page.rects, *page.curves):
        left, right = float(one["x0"]), float(one["x1"])
        bottom, top = height - float(one["bottom"]), height - float(one["top"])
        if one["object_type"] == "curve" and min(right - left, top - bottom) > THIN:
            continue
        if not _is_seen(one):
            continue
        if top - bottom <= THIN:
            across.append(Rule((top + bottom) / 2, left, right))
        elif right - left <= THIN:
            down.append(Rule((left + right) / 2, bottom, top))
        elif one["object_type"] == "rect" and max(right - left, top - bottom) > TICK:
            across += [Rule(bottom, left, right), Rule(top, left, right)]
            down += [Rule(left, bottom, top), Rule(right, bottom, top)]
    return (
        [rule for rule in across if rule.end - rule.start >= SHORTEST],
        [rule for rule in down if rule.end - rule.start >= SHORTEST],
    )


def _is_seen(one: Mapping[str, Any]) -> bool:
    """Return whether something is drawn in another colour than paper."""
    if one.get("stroke") and not is_white(one.get("stroking_color")):
        return True
    return bool(one.get("fill")) and not is_white(one.get("non_stroking_color"))


def is_white(colour: object) -> bool:
    """Return whether a colour is that of paper."""
    values = colour if isinstance(colour, (tuple, list)) else (colour,)
    numbers = [float(one) for one in values if isinstance(one, (int, float))]
    if len(numbers) == 4:  # of inks: none of them is paper
        return max(numbers) <= 1 - WHITE
    return bool(numbers) and min(numbers) >= WHITE


def _closed(rules: Sequence[Rule], others: Sequence[Rule]) -> Iterator[Rule]:
    """Yield the rules, those that meet one of the others at both ends as closed."""
    for rule in _joined(rules):
        ends = [
            any(
                abs(other.at - end) <= TOUCH and other.start - TOUCH <= rule.at <= other.end + TOUCH
                for other in others
            )
            for end in (rule.start, rule.end)
        ]
        yield Rule(rule.at, rule.start, rule.end, all(ends))


def _joined(rules: Sequence[Rule]) -> list[Rule]:
    """Return rules with the pieces of each put together."""
    found: list[Rule] = []
    for rule in sorted(rules, key=lambda one: (round(one.at), one.start)):
        last = found[-1] if found else None
        if last and abs(last.at - rule.at) <= 1.0 and rule.start <= last.end + 1.0:
            found[-1] = Rule(last.at, last.start, max(last.end, rule.end))
        else:
            found.append(rule)
    return found


def _lines(
    words: Sequence[Mapping[str, Any]],
    height: float,
    down: Sequence[Rule],
    boxes: Sequence[Rectangle],
    rings: Sequence[Rectangle],
) -> Iterator[Line]:
    """Yield the lines of print: words side by side, parted by gaps, rules, boxes and lines to write on."""
    for row in _rows(words):
        run: list[Mapping[str, Any]] = []
        for word in sorted(row, key=lambda one: float(one["x0"])):
            if run and (
                _parts(run[-1], word, height, down, boxes)
                or any(
                    is_within(run[-1], one, height) != is_within(word, one, height) for one in rings
                )
            ):
                yield from _line(run, height)
                run = []
            run.append(word)
        yield from _line(run, height)


def _rows(words: Sequence[Mapping[str, Any]]) -> list[list[Mapping[str, Any]]]:
    """Return the words by the foot of their letters, from the top of the page down."""
    rows: list[list[Mapping[str, Any]]] = []
    for word in sorted(words, key=lambda one: float(one["bottom"])):
        if rows and float(word["bottom"]) - float(rows[-1][0]["bottom"]) <= 2.5:
            rows[-1].append(word)
        else:
            rows.append([word])
    return rows


def _parts(
    one: Mapping[str, Any],
    other: Mapping[str, Any],
    height: float,
    down: Sequence[Rule],
    boxes: Sequence[Rectangle],
) -> bool:
    left, right = float(one["x1"]), float(other["x0"])
    if LEADER.search(one["text"]) or LEADER.search(other["text"]):
        return True
    if BOX_SIGN.match(other["text"]) or right - left > APART * float(other["size"]):
        return True
    middle = height - (float(other["top"]) + float(other["bottom"])) / 2
    if any(left - 1 <= rule.at <= right + 1 and rule.start <= middle <= rule.end for rule in down):
        return True
    return any(
        box[1] <= middle <= box[3] and left - TOUCH <= (box[0] + box[2]) / 2 <= right + TOUCH
        for box in boxes
    )


def _line(run: Sequence[Mapping[str, Any]], height: float) -> Iterator[Line]:
    said = [
        (" ".join(BOX_SIGN.sub("", LEADER.sub("", word["text"])).split()), word) for word in run
    ]
    kept = [
        (text, word) for text, word in said if text.strip(",;:()$£. ") or (len(run) > 1 and text)
    ]
    while kept and not re.search(r"\w", kept[0][0]) and len(kept) > 1:
        kept = kept[1:]
    text = " ".join(text for text, _ in kept)
    if not re.search(r"\w", text):
        return
    words = [word for _, word in kept]
    yield Line(
        text,
        min(float(word["x0"]) for word in words),
        min(height - float(word["bottom"]) for word in words),
        max(float(word["x1"]) for word in words),
        max(height - float(word["top"]) for word in words),
        median([float(word["size"]) for word in words]),
        all("bold" in str(word["fontname"]).casefold() for word in words),
    )
