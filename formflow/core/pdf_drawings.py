"""Drawings for pages and boxes, written as the operators of a PDF: letters, lines, circles.

A library between would cost more than everything else about a prefilled sheet. PDF 32000-1, 8 and 9.
"""

from __future__ import annotations

from collections.abc import Callable

from formflow.core.pdf_syntax import literal, number
from formflow.core.text_wrap import width_of

BEND = 0.5523  # of a circle drawn with four curves

Encode = Callable[[str, str], bytes]  # from a text and its font to the operand that shows it
Draw = Callable[["Drawing", float, float], None]  # into a room of this width and height, in points


def in_standard_letters(text: str, _font: str) -> bytes:
    """Return the operand that shows a text in a standard font; what that lacks as "?"."""
    return literal(text.encode("cp1252", "replace"))


class Drawing:
    """Operators in the order in which they are drawn, and the fonts that they name.

    Places and sizes are in points from the lower left corner. A font is called as in `width_of`, and
    has the same name in the resources of what is drawn.
    """

    def __init__(self, encode: Encode = in_standard_letters) -> None:
        self.fonts: dict[str, None] = {}  # the names of the fonts in use, in order
        self._encode = encode
        self._written: list[bytes] = []
        self._font: tuple[str, float] | None = None
        self._shade = (0.0, 0.0)

    @property
    def content(self) -> bytes:
        """The operators, as they are in a content stream."""
        return b"\n".join(self._written)

    def begin(self, kind: str, mark: int) -> None:
        """Let what is drawn next be part of the structure: of this kind, under this number on its page."""
        self._written.append(b"/%b <</MCID %d>> BDC" % (kind.encode(), mark))

    def begin_artifact(self) -> None:
        """Let what is drawn next be no part of what is read aloud: a line, a page number."""
        self._written.append(b"/Artifact BMC")

    def end(self) -> None:
        """End what was begun last."""
        self._written.append(b"EMC")

    def text(self, x: float, y: float, text: str, font: str, size: float) -> None:
        """Write one line, from its left end on its base line."""
        if self._font != (font, size):
            self._font = font, size
            self.fonts[font] = None
            self._written.append(b"/%b %b Tf" % (font.encode(), number(size)))
        self._written.append(b"BT %.3f %.3f Td %b Tj ET" % (x, y, self._encode(text, font)))

    def centred(self, x: float, y: float, text: str, font: str, size: float) -> None:
        """Write one line around the middle `x`."""
        self.text(x - width_of(text, font) * size / 2, y, text, font, size)

    def shade(self, filled: float, drawn: float = 0.0) -> None:
        """Take a grey for letters and areas, and one for lines: 0 is black, 1 white."""
        if self._shade != (filled, drawn):
            self._shade = filled, drawn
            self._written.append(b"%b g %b G" % (number(filled), number(drawn)))

    def line(self, x: float, y: float, to_x: float, to_y: float) -> None:
        """Draw a line of one point."""
        self._path(b"m", x, y)
        self._path(b"l S", to_x, to_y)

    def bar(self, x: float, y: float, width: float, height: float) -> None:
        """Fill a rectangle."""
        self._path(b"re f", x, y, width, height)

    def circle(self, x: float, y: float, radius: float, *, filled: bool) -> None:
        """Draw a circle around a middle."""
        self._arcs(x, y, radius, 4)
        self._path(b"b" if filled else b"s")

    def left_half(self, x: float, y: float, radius: float) -> None:
        """Fill the left half of a disc around a middle."""
        self._arcs(x, y, radius, 2)
        self._path(b"f")

    def _arcs(self, x: float, y: float, radius: float, quarters: int) -> None:
        """Go round a middle from the top, by the left, for so many quarters."""
        bend, left, right, low, high = BEND * radius, x - radius, x + radius, y - radius, y + radius
        corners = (
            (x - bend, high, left, y + bend, left, y),
            (left, y - bend, x - bend, low, x, low),
            (x + bend, low, right, y - bend, right, y),
            (right, y + bend, x + bend, high, x, high),
        )
        self._path(b"m", x, high)
        for corner in corners[:quarters]:
            self._path(b"c", *corner)

    def _path(self, order: bytes, *numbers: float) -> None:
        self._written.append(b" ".join((*map(number, numbers), order)))
