"""The letters of a drawing that an eye can see, followed order by order as a viewer does.

Letters beyond the edge, in the colour of their ground, see-through, mirrored, tiny or drawn as nothing
are not seen. Where it takes more than simple drawing to say so, nobody can tell. PDF 32000-1, 8 and 9.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import pikepdf
from pikepdf import Matrix

from formflow.forms.manifest import Rectangle, rectangle
from formflow.reading.areas import EVERYWHERE, NOWHERE, Point, area, around, common, cut, is_seen
from formflow.reading.font_decoding import CannotTell
from formflow.reading.font_widths import Measure
from formflow.reading.text_state import BLACK, FILLED, MOVES_LETTERS, SAYS_HOW, Here, Line, Piece

DEEPEST = 4  # drawings within drawings
# How much orders are given. Viewers make different things of an order with less or more.
TAKES = {
    **dict.fromkeys(("cm", "Tm", "c"), 6),
    **dict.fromkeys(("re", "v", "y", "k"), 4),
    **dict.fromkeys(("rg", '"'), 3),
    **dict.fromkeys(("m", "l", "Td", "TD", "Tf"), 2),
    **dict.fromkeys(("g", "gs", "cs", "Do", "Tj", "TJ", "'"), 1),
    **dict.fromkeys(SAYS_HOW, 1),
}
MOST_ORDERS = 50_000  # of one box: 3,000 letters, each placed by itself, take 9,000
LEAST_CONTRAST = 0.2  # between letters and ground; 1 is black on white
SMALLEST = 2.0  # points
TALL = 0.7  # the least that a letter takes of its size upwards
MOSTLY_GONE = 0.25  # of a letter: where less of it can be seen, nobody can read it
ON_TOP = 0.4  # of the smaller of two: letters that share more are written over each other
NEXT_LINE = 2.0  # of a letter's size: a box with less than that below its text has no room for more
LINES_APART = 1.7  # of a letter's size: lines of a full box are nearer to each other
FULL = 0.6, 0.75  # of a box that a text fills, by its lines and by its one line
FILLED_AND_OUTLINED, NOT_DRAWN = 2, frozenset((3, 7))  # how letters are drawn
PLAIN_COLOURS = frozenset(("/DeviceGray", "/DeviceRGB", "/DeviceCMYK"))
MEASURED_COLOURS = frozenset(("/ICCBased", "/CalRGB", "/CalGray"))
WHITE = 1.0

_DRAWS = frozenset(("m", "l", "c", "v", "y", "re", "W", "W*"))
_SHOWS = re.compile(rb"T[jJ]|['\"]|Do|BI|sh")  # the orders that can show anything at all

Fonts = Callable[[str, Any], Measure]  # from the name of a font and the font, None if not there


class Shown(NamedTuple):
    """What a drawing shows, in the order drawn."""

    text: str
    has_room: bool  # whether more would have had room in its box


def shown(drawing: pikepdf.Object, place: Rectangle, fonts: Fonts, *, lines: bool) -> Shown:
    """Return what a box's drawing shows when it is in this place; `lines`: the box takes several.

    Raise CannotTell.
    """
    if _SHOWS.search(drawing.read_bytes()) is None:
        return Shown("", True)  # an empty box, as most are: quickly settled
    width, height = place[2] - place[0], place[3] - place[1]
    here = Here(Matrix(), (0.0, 0.0, width, height))
    eye = _Eye(fonts)
    text = "".join(eye.follow(drawing, _fitted(drawing, here, width, height), 0))
    fills = eye.fills_lines(height) if lines else eye.fills_one(width)
    return Shown(text, not (fills or eye.runs_off))


def shade(numbers: Sequence[float]) -> float:
    """Return how light a colour of grey, red-green-blue or CMYK is, from 0 to 1. Raise CannotTell."""
    match [min(1.0, max(0.0, number)) for number in numbers]:
        case [grey]:
            return grey
        case [red, green, blue]:
            return 0.3 * red + 0.59 * green + 0.11 * blue
        case [cyan, magenta, yellow, black]:
            return 1 - min(1.0, 0.3 * cyan + 0.59 * magenta + 0.11 * yellow + black)
        case _:
            raise CannotTell


@dataclass(slots=True)
class _Outline:
    """The path that is being drawn, until it is painted or cuts."""

    paths: list[list[Point]] = field(default_factory=list)
    cuts: bool = False

    def take(self, order: str, given: Any, here: Here) -> None:
        """Follow an order that draws on the path."""
        match order:
            case "m":
                self.paths.append(_points(given, here))
            case "l" | "c" | "v" | "y" if self.paths:
                self.paths[-1] += _points(given, here)
            case "re":
                x, y, w, h = _floats(given)
                corners = [(a, b) for a in (x, x + w) for b in (y, y + h)]
                self.paths.append([here.where.transform(corner) for corner in corners])
            case "W" | "W*":
                self.cuts = True
            case _:  # a line from nowhere, or the end of a shape
                pass


@dataclass(slots=True)
class _Eye:
    """Follows the orders of a drawing."""

    fonts: Fonts
    painted: list[tuple[Rectangle, float | None]] = field(default_factory=list)
    written: dict[int, list[Rectangle]] = field(default_factory=dict)  # by their rows
    size: float = 0.0  # of the letters seen last, in points of the box
    least: float = 0.0  # of the same: where they are thinnest
    runs_off: bool = False  # whether the letters drawn last end beyond the right edge
    orders: int = 0

    def follow(self, drawing: pikepdf.Object, here: Here, depth: int) -> Iterator[str]:
        """Yield the letters that can be seen."""
        if "/OC" in drawing:  # a layer, which viewers show or not
            raise CannotTell
        kept: list[Here] = []
        outline, line = _Outline(), Line()
        for step in pikepdf.parse_content_stream(drawing):
            self.orders += 1
            if self.orders > MOST_ORDERS:
                raise CannotTell
            given: Any = step.operands
            order = str(step.operator)
            if len(given) != TAKES.get(order, len(given)):
                raise CannotTell
            if order in _DRAWS:
                outline.take(order, given, here)
                continue
            if order in MOVES_LETTERS:
                line.take(order, given, here)
                continue
            if order in SAYS_HOW:
                here.take(order, float(given[0]))
                continue
            match order:
                case "q":
                    kept.append(here.placed(here.where, here.clip))
                case "Q":
                    here = kept.pop() if kept else here
                case "cm":
                    here.where = _matrix(given) @ here.where
                case "f" | "F" | "f*" | "B" | "B*" | "b" | "b*" | "S" | "s" | "n":
                    self._finish(outline, here, fills=order not in "Ssn")
                    outline = _Outline()
                case "Tj" | "TJ":
                    yield from self._written(given[0], line, here)
                case "'" | '"':
                    if order == '"':
                        here.between_words, here.between_letters = _floats(given[:2])
                    line.go_on(here)
                    yield from self._written(given[-1], line, here)
                case "Do":
                    yield from self._inside(drawing, given[0], here, depth)
                case _:
                    self._change(order, given, here, drawing)

    def _inside(self, drawing: pikepdf.Object, name: Any, here: Here, depth: int) -> Iterator[str]:
        inner = _named(drawing, "/XObject", name)
        if depth > DEEPEST or inner is None or inner.get("/Subtype") != "/Form":
            raise CannotTell
        yield from self.follow(inner, _within(inner, here), depth + 1)

    def _change(self, order: str, given: Any, here: Here, drawing: pikepdf.Object) -> None:
        """Change colour, font or what letters look like. Raise CannotTell for what is not simple."""
        match order:
            case "g" | "rg" | "k":
                here.colour, here.measured = shade(_floats(given)), True
            case "cs":
                here.measured = _is_measured(drawing, str(given[0]))
                here.colour = BLACK if here.measured else None
            case "sc" | "scn":
                here.colour = shade(_floats(given)) if here.measured else None
            case "gs":
                here.solid = _solid(_named(drawing, "/ExtGState", given[0]))
            case "Tf":
                here.font = self.fonts(str(given[0]), _named(drawing, "/Font", given[0]))
                here.size = float(given[1])
            case "BDC" if given[0] == "/OC":
                raise CannotTell
            case "sh" | "INLINE IMAGE":
                raise CannotTell
            case _:
                pass

    def _finish(self, outline: _Outline, here: Here, *, fills: bool) -> None:
        """Paint a path, or cut by it."""
        if fills:
            shape = around([point for path in outline.paths for point in path])
            self._paint(common(shape, here.clip), here.colour)
        if outline.cuts:
            here.clip = common(cut(outline.paths), here.clip)

    def _paint(self, there: Rectangle, colour: float | None) -> None:
        texts = (text for row in self.written.values() for text in row)
        if any(is_seen(common(there, text)) for text in texts):
            raise CannotTell  # painted over: how much of a letter is left is for an eye to say
        self.painted.append((there, colour))

    def _written(self, operand: Any, line: Line, here: Here) -> Iterator[str]:
        """Yield those of some letters that can be seen."""
        begins, pieces = line.written(operand, here)
        on = begins @ here.where
        # The side of a square that has the area of a letter, and how much room it takes where it has least: what is
        # flattened, or slanted to a line, nobody can read.
        turned = max(0.0, here.across * (on.a * on.d - on.b * on.c))  # none of what is mirrored
        longest = max(here.across * math.hypot(on.a, on.b), math.hypot(on.c, on.d))
        self.size = abs(here.size) * math.sqrt(turned)
        self.least = abs(here.size) * turned / longest if longest else 0.0
        for piece in pieces:
            yield self._seen(piece, on, here) if piece.text.strip() else piece.text

    def _seen(self, piece: Piece, on: Matrix, here: Here) -> str:
        """Return the letters of a piece that can be seen."""
        if here.mode not in (FILLED, FILLED_AND_OUTLINED, *NOT_DRAWN):
            raise CannotTell
        if here.mode in NOT_DRAWN or self.least < SMALLEST:
            return ""
        low, high = here.rise, here.rise + TALL * here.size
        corners = [on.transform((x, y)) for x in (piece.begins, piece.ends) for y in (low, high)]
        there = around(corners)
        if len(piece.signs) > 1 and not self._is_alike(there, here.clip):
            letters = "".join([self._seen(one, on, here) for one in piece.letters()])
            # A program that breaks no lines lets a long one run off the edge, where everybody sees it end.
            self.runs_off = bool(letters) and there[2] > here.clip[2]
            return letters
        left = common(there, here.clip)
        if area(left) < MOSTLY_GONE * area(there) or not self._stands_out(there, here):
            return ""
        self._note(there)
        return piece.text

    def _is_alike(self, there: Rectangle, clip: Rectangle) -> bool:
        """Return whether all letters of a place can be seen alike: on one ground, and none cut off."""
        shared = (common(there, ground) for ground, _ in self.painted)
        return common(there, clip) == there and all(
            one == there or not is_seen(one) for one in shared
        )

    def _note(self, there: Rectangle) -> None:
        """Keep where letters are. Raise CannotTell for those written over others."""
        row = int(there[1] / (ON_TOP * self.size))
        for near in (row - 1, row, row + 1):
            for other in self.written.get(near, ()):
                smaller = min(area(there), area(other))
                if area(common(there, other)) > ON_TOP * smaller:
                    raise CannotTell
        self.written.setdefault(row, []).append(there)

    def fills_lines(self, height: float) -> bool:
        """Return whether the lines seen fill a box that is so high, so that another had no room."""
        bottoms = [text[1] for row in self.written.values() for text in row]
        if not bottoms or min(bottoms) > NEXT_LINE * self.size:
            return False
        return len(self.written) * LINES_APART * self.size >= FULL[0] * height

    def fills_one(self, width: float) -> bool:
        """Return whether the one line seen fills a box that is so wide."""
        ends = [text[2] for row in self.written.values() for text in row]
        return max(ends, default=0.0) >= FULL[1] * width

    def _stands_out(self, there: Rectangle, here: Here) -> bool:
        x, y = (there[0] + there[2]) / 2, (there[1] + there[3]) / 2
        under = [
            colour
            for (left, bottom, right, top), colour in self.painted
            if left <= x <= right and bottom <= y <= top
        ]
        ground = under[-1] if under else WHITE
        if ground is None or here.colour is None:
            raise CannotTell
        return here.solid * abs(here.colour - ground) >= LEAST_CONTRAST


def _fitted(drawing: pikepdf.Object, here: Here, width: float, height: float) -> Here:
    """Return where a drawing lies in its box: its edge, turned by its matrix, fills the box."""
    if "/BBox" not in drawing:
        return here
    turned = _within(drawing, here.placed(here.where, EVERYWHERE))
    left, bottom, right, top = turned.clip
    if not is_seen(turned.clip):
        return here.placed(here.where, NOWHERE)
    wide, high = width / (right - left), height / (top - bottom)
    fit = Matrix(wide, 0, 0, high, -left * wide, -bottom * high)
    return here.placed(turned.where @ fit, here.clip)


def _within(drawing: pikepdf.Object, here: Here) -> Here:
    """Return where a drawing inside another begins, and what of it can be seen."""
    where = _matrix(drawing.Matrix) @ here.where if "/Matrix" in drawing else here.where
    if "/BBox" not in drawing:
        return here.placed(where, here.clip)
    left, bottom, right, top = rectangle(drawing.BBox)
    corners = [where.transform((x, y)) for x in (left, right) for y in (bottom, top)]
    return here.placed(where, common(around(corners), here.clip))


def _named(drawing: pikepdf.Object, kind: str, name: Any) -> Any:
    """Return an entry of a drawing's resources, None where it is missing."""
    resources = drawing.get("/Resources")
    found = resources.get(kind) if isinstance(resources, pikepdf.Dictionary) else None
    return found.get(str(name)) if isinstance(found, pikepdf.Dictionary) else None


def _is_measured(drawing: pikepdf.Object, name: str) -> bool:
    """Return whether the numbers of a colour space say how light its colours are."""
    described = _named(drawing, "/ColorSpace", name)
    kind = str(described[0]) if isinstance(described, pikepdf.Array) and described else name
    return kind in PLAIN_COLOURS | MEASURED_COLOURS


def _solid(state: Any) -> float:
    """Return how solid letters become, from 0 to 1. Raise CannotTell for more than that."""
    if not isinstance(state, pikepdf.Dictionary) or "/Font" in state:
        raise CannotTell
    if str(state.get("/SMask", "/None")) != "/None":
        raise CannotTell
    return float(state.get("/ca", 1))


def _matrix(numbers: Any) -> Matrix:
    return Matrix(*_floats(numbers))


def _floats(operands: Any) -> list[float]:
    return [float(number) for number in operands]


def _points(operands: Any, here: Here) -> list[Point]:
    numbers = _floats(operands)
    return [here.where.transform(point) for point in zip(numbers[::2], numbers[1::2], strict=True)]
