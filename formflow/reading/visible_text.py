"""The letters of a drawing that an eye can see, followed order by order as a viewer does.

Letters beyond the edge, in the colour of their ground, see-through, tiny or drawn as nothing are not
seen. Where it takes more than simple drawing to say so, nobody can tell. PDF 32000-1, 8 and 9.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pikepdf
from pikepdf import Matrix

from formflow.forms.manifest import Rectangle, rectangle
from formflow.reading.font_decoding import CannotTell, Decode

DEEPEST = 4  # drawings within drawings
MOST_ORDERS = 50_000  # of one box: 3,000 letters, each placed by itself, take 9,000
LEAST_CONTRAST = 0.2  # between letters and ground; 1 is black on white
SMALLEST = 2.0  # points
NARROW, TALL = 0.25, 0.7  # the least that a letter takes of its size, across and upwards
FILLED, FILLED_AND_OUTLINED, NOT_DRAWN = 0, 2, frozenset((3, 7))  # how letters are drawn
PLAIN_COLOURS = frozenset(("/DeviceGray", "/DeviceRGB", "/DeviceCMYK"))
MEASURED_COLOURS = frozenset(("/ICCBased", "/CalRGB", "/CalGray"))
BLACK, WHITE = 0.0, 1.0
EVERYWHERE, NOWHERE = (-math.inf, -math.inf, math.inf, math.inf), (0.0, 0.0, 0.0, 0.0)

_DRAWS = frozenset(("m", "l", "c", "v", "y", "re", "W", "W*"))
_MOVES_LETTERS = frozenset(("BT", "Tm", "Td", "TD", "T*", "TL", "Tr", "Tz", "Ts"))
_SHOWS = re.compile(rb"T[jJ]|['\"]|Do|BI|sh")  # the orders that can show anything at all

Point = tuple[float, float]
Fonts = Callable[[str, Any], Decode]  # from the name of a font and the font, None if not there


def letters(drawing: pikepdf.Object, place: Rectangle, fonts: Fonts) -> str:
    """Return what a box's drawing shows, in the order drawn, when it is in this place.

    Raise CannotTell.
    """
    if _SHOWS.search(drawing.read_bytes()) is None:
        return ""  # an empty box, as most are: quickly settled
    width, height = place[2] - place[0], place[3] - place[1]
    here = _Here(Matrix(), (0.0, 0.0, width, height))
    return "".join(_Eye(fonts).follow(drawing, _fitted(drawing, here, width, height), 0))


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
class _Here:
    """What holds at one point of a drawing, and is kept and restored by it."""

    where: Matrix  # from the drawing to the box
    clip: Rectangle  # what of the box can be seen
    colour: float | None = BLACK  # None: nobody can tell
    measured: bool = True  # whether the numbers of its colour space say how light a colour is
    solid: float = 1.0  # 0: see-through
    mode: int = FILLED
    font: Decode | None = None
    size: float = 0.0
    across: float = 1.0  # how wide letters are drawn
    rise: float = 0.0
    leading: float = 0.0

    def placed(self, where: Matrix, clip: Rectangle) -> _Here:
        """Return what holds here at another place. Several times as fast as dataclasses.replace()."""
        return _Here(
            where, clip, self.colour, self.measured, self.solid, self.mode,
            self.font, self.size, self.across, self.rise, self.leading,
        )  # fmt: skip


@dataclass(slots=True)
class _Outline:
    """The path that is being drawn, until it is painted or cuts."""

    paths: list[list[Point]] = field(default_factory=list)
    cuts: bool = False

    def take(self, order: str, given: Any, here: _Here) -> None:
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
class _Line:
    """Where the next letters stand."""

    at: Matrix = field(default_factory=Matrix)
    begins: Matrix = field(default_factory=Matrix)

    def take(self, order: str, given: Any, here: _Here) -> None:
        """Follow an order that moves letters or says how they are drawn."""
        match order:
            case "BT":
                self._set(Matrix())
            case "Tm":
                self._set(_matrix(given))
            case "Td" | "TD":
                x, y = _floats(given)
                self._set(Matrix(1, 0, 0, 1, x, y) @ self.begins)
                if order == "TD":
                    here.leading = -y
            case "T*":
                self.go_on(here)
            case "TL":
                here.leading = float(given[0])
            case "Tr":
                here.mode = int(given[0])
            case "Tz":
                here.across = float(given[0]) / 100
            case "Ts":
                here.rise = float(given[0])

    def go_on(self, here: _Here) -> None:
        """Begin the next line."""
        self._set(Matrix(1, 0, 0, 1, 0, -here.leading) @ self.begins)

    def _set(self, where: Matrix) -> None:
        self.at = self.begins = where


@dataclass(slots=True)
class _Eye:
    """Follows the orders of a drawing."""

    fonts: Fonts
    painted: list[tuple[Rectangle, float | None]] = field(default_factory=list)
    written: list[Rectangle] = field(default_factory=list)
    orders: int = 0

    def follow(self, drawing: pikepdf.Object, here: _Here, depth: int) -> Iterator[str]:
        """Yield the letters that can be seen."""
        if "/OC" in drawing:  # a layer, which viewers show or not
            raise CannotTell
        kept: list[_Here] = []
        outline, line = _Outline(), _Line()
        for step in pikepdf.parse_content_stream(drawing):
            self.orders += 1
            if self.orders > MOST_ORDERS:
                raise CannotTell
            given: Any = step.operands
            order = str(step.operator)
            if order in _DRAWS:
                outline.take(order, given, here)
                continue
            if order in _MOVES_LETTERS:
                line.take(order, given, here)
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
                    yield self._seen(given[-1], line.at, here)
                case "'" | '"':
                    line.go_on(here)
                    yield self._seen(given[-1], line.at, here)
                case "Do":
                    yield from self._inside(drawing, given[0], here, depth)
                case _:
                    self._change(order, given, here, drawing)

    def _inside(self, drawing: pikepdf.Object, name: Any, here: _Here, depth: int) -> Iterator[str]:
        inner = _named(drawing, "/XObject", name)
        if depth > DEEPEST or inner is None or inner.get("/Subtype") != "/Form":
            raise CannotTell
        yield from self.follow(inner, _within(inner, here), depth + 1)

    def _change(self, order: str, given: Any, here: _Here, drawing: pikepdf.Object) -> None:
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

    def _finish(self, outline: _Outline, here: _Here, *, fills: bool) -> None:
        """Paint a path, or cut by it."""
        if fills:
            around = _around([point for path in outline.paths for point in path])
            self._paint(_common(around, here.clip), here.colour)
        if outline.cuts:
            here.clip = _common(_cut(outline.paths), here.clip)

    def _paint(self, there: Rectangle, colour: float | None) -> None:
        if any(_is_seen(_common(there, text)) for text in self.written):
            raise CannotTell  # painted over: how much of a letter is left is for an eye to say
        self.painted.append((there, colour))

    def _seen(self, operand: Any, text: Matrix, here: _Here) -> str:
        """Return some letters if they can be seen, or ""."""
        if here.font is None:
            raise CannotTell
        shown = "".join(map(here.font, _strings(operand)))
        if not shown.strip():
            return shown
        if here.mode not in (FILLED, FILLED_AND_OUTLINED, *NOT_DRAWN):
            raise CannotTell
        on = text @ here.where
        end = NARROW * len(shown) * here.size * here.across
        corners = [
            on.transform((x, y + here.rise)) for x in (0, end) for y in (0, TALL * here.size)
        ]
        there = _common(_around(corners), here.clip)
        # The side of a square that has the area of a letter: none of its sides can be next to nothing.
        side = here.size * math.sqrt(abs(here.across * (on.a * on.d - on.b * on.c)))
        if here.mode in NOT_DRAWN or abs(side) < SMALLEST or not _is_seen(there):
            return ""
        if not self._stands_out(corners[0], here):
            return ""
        self.written.append(there)
        return shown

    def _stands_out(self, start: Point, here: _Here) -> bool:
        x, y = start
        under = [
            colour
            for (left, bottom, right, top), colour in self.painted
            if left <= x <= right and bottom <= y <= top
        ]
        ground = under[-1] if under else WHITE
        if ground is None or here.colour is None:
            raise CannotTell
        return here.solid * abs(here.colour - ground) >= LEAST_CONTRAST


def _fitted(drawing: pikepdf.Object, here: _Here, width: float, height: float) -> _Here:
    """Return where a drawing lies in its box: its edge, turned by its matrix, fills the box."""
    if "/BBox" not in drawing:
        return here
    turned = _within(drawing, here.placed(here.where, EVERYWHERE))
    left, bottom, right, top = turned.clip
    if not _is_seen(turned.clip):
        return here.placed(here.where, NOWHERE)
    wide, high = width / (right - left), height / (top - bottom)
    fit = Matrix(wide, 0, 0, high, -left * wide, -bottom * high)
    return here.placed(turned.where @ fit, here.clip)


def _within(drawing: pikepdf.Object, here: _Here) -> _Here:
    """Return where a drawing inside another begins, and what of it can be seen."""
    where = _matrix(drawing.Matrix) @ here.where if "/Matrix" in drawing else here.where
    if "/BBox" not in drawing:
        return here.placed(where, here.clip)
    left, bottom, right, top = rectangle(drawing.BBox)
    corners = [where.transform((x, y)) for x in (left, right) for y in (bottom, top)]
    return here.placed(where, _common(_around(corners), here.clip))


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


def _points(operands: Any, here: _Here) -> list[Point]:
    numbers = _floats(operands)
    return [here.where.transform(point) for point in zip(numbers[::2], numbers[1::2], strict=True)]


def _around(points: Sequence[Point]) -> Rectangle:
    across, up = [x for x, _ in points], [y for _, y in points]
    return (min(across), min(up), max(across), max(up)) if points else NOWHERE


def _cut(paths: Sequence[Sequence[Point]]) -> Rectangle:
    """Return what is left after a drawing is cut to some rectangles: one inside the other, as a rule.

    Raise CannotTell for other shapes.
    """
    shapes = [(_around(path), set(path)) for path in paths]
    for (left, bottom, right, top), points in shapes:
        if points != {(x, y) for x in (left, right) for y in (bottom, top)}:
            raise CannotTell
    return min((around for around, _ in shapes), key=_area, default=NOWHERE)


def _area(there: Rectangle) -> float:
    left, bottom, right, top = there
    return (right - left) * (top - bottom)


def _common(one: Rectangle, other: Rectangle) -> Rectangle:
    return (
        max(one[0], other[0]),
        max(one[1], other[1]),
        min(one[2], other[2]),
        min(one[3], other[3]),
    )


def _is_seen(there: Rectangle) -> bool:
    left, bottom, right, top = there
    return left < right and bottom < top


def _strings(operand: Any) -> Iterator[bytes]:
    if isinstance(operand, pikepdf.Array):
        yield from (bytes(part) for part in operand if isinstance(part, pikepdf.String))
    elif isinstance(operand, pikepdf.String):
        yield bytes(operand)
