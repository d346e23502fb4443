"""Where the letters of a drawing are: what its orders say about letters, and the pen that writes them.

PDF 32000-1, 9.3 and 9.4.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import pikepdf
from pikepdf import Matrix

from formflow.forms.manifest import Rectangle
from formflow.reading.font_decoding import CannotTell
from formflow.reading.font_widths import Measure, Sign

FILLED = 0  # how letters are drawn
BLACK = 0.0
PILED = 0.1  # of a letter's size: letters that move on by less lie on top of each other
MOVES_LETTERS = frozenset(("BT", "Tm", "Td", "TD", "T*"))
SAYS_HOW = frozenset(("TL", "Tr", "Tz", "Ts", "Tc", "Tw"))


@dataclass(slots=True)
class Here:
    """What holds at one point of a drawing, and is kept and restored by it."""

    where: Matrix  # from the drawing to the box
    clip: Rectangle  # what of the box can be seen
    colour: float | None = BLACK  # None: nobody can tell
    measured: bool = True  # whether the numbers of its colour space say how light a colour is
    solid: float = 1.0  # 0: see-through
    mode: int = FILLED
    font: Measure | None = None
    size: float = 0.0
    across: float = 1.0  # how wide letters are drawn
    rise: float = 0.0
    leading: float = 0.0
    between_letters: float = 0.0
    between_words: float = 0.0

    def placed(self, where: Matrix, clip: Rectangle) -> Here:
        """Return what holds here at another place. Several times as fast as dataclasses.replace()."""
        return Here(
            where, clip, self.colour, self.measured, self.solid, self.mode, self.font, self.size,
            self.across, self.rise, self.leading, self.between_letters, self.between_words,
        )  # fmt: skip

    def take(self, order: str, number: float) -> None:
        """Follow an order that says how letters are drawn."""
        match order:
            case "TL":
                self.leading = number
            case "Tr":
                self.mode = int(number)
            case "Tz":
                self.across = number / 100
            case "Ts":
                self.rise = number
            case "Tc":
                self.between_letters = number
            case _:
                self.between_words = number


class Piece(NamedTuple):
    """Letters that are written without a gap: from where to where on their line, before it is placed."""

    signs: list[Sign]
    begins: float
    ends: float

    @property
    def text(self) -> str:
        """The letters themselves."""
        return "".join([letters for letters, _ in self.signs])

    def letters(self) -> Iterator[Piece]:
        """Yield every letter by itself. No piece of several has spaces of other widths in it."""
        own = sum([width for _, width in self.signs])
        scale, at = (self.ends - self.begins) / own if own else 0.0, self.begins
        for sign in self.signs:
            ends = at + scale * sign[1]
            yield Piece([sign], at, ends)
            at = ends


@dataclass(slots=True)
class Line:
    """Where the next letters are written."""

    at: Matrix = field(default_factory=Matrix)
    begins: Matrix = field(default_factory=Matrix)

    def take(self, order: str, given: Any, here: Here) -> None:
        """Follow an order that moves letters."""
        match order:
            case "BT":
                self._set(Matrix())
            case "Tm":
                self._set(Matrix(*map(float, given)))
            case "Td" | "TD":
                x, y = map(float, given)
                self._set(Matrix(1, 0, 0, 1, x, y) @ self.begins)
                if order == "TD":
                    here.leading = -y
            case _:
                self.go_on(here)

    def go_on(self, here: Here) -> None:
        """Begin the next line."""
        self._set(Matrix(1, 0, 0, 1, 0, -here.leading) @ self.begins)

    def written(self, operand: Any, here: Here) -> tuple[Matrix, list[Piece]]:
        """Return where some letters begin, in which pieces, and move on. Raise CannotTell."""
        begins = self.at
        pieces = list(_pieces(operand, here))
        end = pieces[-1].ends if pieces else 0.0
        self.at = Matrix(1, 0, 0, 1, end, 0) @ begins
        return begins, pieces

    def _set(self, where: Matrix) -> None:
        self.at = self.begins = where


def _pieces(operand: Any, here: Here) -> Iterator[Piece]:
    """Yield letters in pieces, and the last with nothing in it where the pen stops."""
    pen = 0.0
    is_spaced = bool(here.between_letters or here.between_words)
    for part in operand if isinstance(operand, pikepdf.Array) else (operand,):
        if not isinstance(part, pikepdf.String):
            pen -= float(part) / 1000 * here.size * here.across
            continue
        if here.font is None:
            raise CannotTell
        signs = here.font(bytes(part))
        for piece in [[sign] for sign in signs] if is_spaced else [signs]:
            if piece:
                ends = pen + _length(piece, here)
                yield Piece(piece, pen, ends)
                pen = ends
    yield Piece([], pen, pen)


def _length(signs: list[Sign], here: Here) -> float:
    """Return how far some letters move the pen on. Raise CannotTell where they pile up."""
    spaces = sum([letters == " " for letters, _ in signs])
    own = here.size * sum([width for _, width in signs])
    found = own + len(signs) * here.between_letters + spaces * here.between_words
    letters = sum([bool(letters.strip()) for letters, _ in signs])
    if here.size > 0 and found < PILED * here.size * letters:
        raise CannotTell
    return found * here.across
