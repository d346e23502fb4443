"""How far each letter of a font moves the pen on, so that what is pushed away or piled up is noticed.

By the font's own /Widths or /W, as viewers do; else by the tables of the fonts that every viewer has.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pikepdf

from formflow.reading.font_decoding import CannotTell, Decode, shapes_of

USUAL = 0.4  # of a letter's size, where nothing says how wide it is
LIKE = 0.8  # of the width in Helvetica: other fonts that do not say their widths may be narrower
WIDEST = 4.0  # of its size: no letter is wider
# What the tables do not list, and is as wide as another sign.
AS_WIDE_AS = str.maketrans("\N{NO-BREAK SPACE}\N{SOFT HYPHEN}", " -")
Sign = tuple[str, float]  # the letters of one code, and how far it moves on, as a share of the size
Measure = Callable[[bytes], list[Sign]]  # from codes of a font to its signs. Raises CannotTell
_Widths = Callable[[int], float | None]  # from a code; None where the font does not say


def measured(font: pikepdf.Object, decode: Decode) -> Measure:
    """Return what turns the codes of one font into letters with their widths. Raise CannotTell."""
    is_wide = font.get("/Subtype") == "/Type0"
    if is_wide and not str(font.get("/Encoding")).startswith("/Identity"):
        return lambda content: [(letter, USUAL) for letter in decode(content)]
    length, widths = (2, _wide(font)) if is_wide else (1, _simple(font))
    known: dict[bytes, Sign] = {}

    def sign(code: bytes) -> Sign:
        width = widths(int.from_bytes(code))
        if width is not None and not 0 <= width <= WIDEST:
            raise CannotTell
        letters = decode(code)
        return letters, _usual(font, letters) if width is None else width

    def signs(content: bytes) -> list[Sign]:
        codes = [content[at : at + length] for at in range(0, len(content) - length + 1, length)]
        for code in set(codes) - known.keys():
            known[code] = sign(code)
        return [known[code] for code in codes]

    return signs


def _usual(font: pikepdf.Object, letters: str) -> float:
    """Return how wide letters are in a font that does not say it."""
    # Imported here: it is read once, when the first drawing has letters.
    from pdfminer.fontmetrics import FONT_METRICS

    name = str(font.get("/BaseFont"))[1:]
    about = FONT_METRICS.get(name)
    widths, scale = (about or FONT_METRICS["Helvetica"])[1], 1.0 if about else LIKE
    signs = letters.translate(AS_WIDE_AS)
    return scale * sum(widths.get(sign, 1000 * USUAL) for sign in signs) / 1000


def _simple(font: pikepdf.Object) -> _Widths:
    listed, first = font.get("/Widths"), font.get("/FirstChar", 0)

    def width(code: int) -> float | None:
        if not isinstance(listed, pikepdf.Array):
            return None
        at = code - int(first)
        if not 0 <= at < len(listed):
            raise CannotTell  # viewers take nought, or the width of the font that they draw with
        return float(listed[at]) / 1000

    return width


def _wide(font: pikepdf.Object) -> _Widths:
    below = shapes_of(font)
    parts: list[Any] = list(below.get("/W", ()))
    usual = below.get("/DW")

    def width(code: int) -> float | None:
        at = 0
        while at + 1 < len(parts):
            first, then = int(parts[at]), parts[at + 1]
            if isinstance(then, pikepdf.Array):  # first [width width ...]
                if first <= code < first + len(then):
                    return float(then[code - first]) / 1000
                at += 2
            elif first <= code <= int(then):  # first last width
                return float(parts[at + 2]) / 1000
            else:
                at += 3
        return None if usual is None else float(usual) / 1000

    return width
