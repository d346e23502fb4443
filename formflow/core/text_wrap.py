"""Text -> lines that fit a width. A word that is too long by itself, such as an address, is broken."""

from __future__ import annotations

from functools import lru_cache

from reportlab.pdfbase.pdfmetrics import stringWidth

_STANDARD = ("Helvetica", "Helvetica-Bold")
_WIDEST = 1.1  # no letter of a standard font is as wide, at size 1


def wrapped(text: str, font: str, size: float, width: float) -> list[str]:
    """Return a text as lines, at least one; `size` and `width` are in points."""
    if (len(text) + 1) * _WIDEST * size <= width and font in _STANDARD and "\n" not in text:
        return [text.lstrip(" ")]  # most answers are a word: none is measured
    lines = []
    space = width_of(" ", font) * size
    for paragraph in text.split("\n"):
        line: list[str] = []
        used = 0.0
        for word in paragraph.split(" "):
            wide = width_of(word, font) * size
            if line and used + space + wide > width:
                lines.append(" ".join(line))
                line, used = [], 0.0
            if space + wide > width:
                *full, word = _broken(word, font, width / size)
                lines += full
                wide = width_of(word, font) * size
            used += space + wide if line else wide
            if line or word:  # spaces before the first word of a line are left out
                line.append(word)
        lines.append(" ".join(line))
    return lines


def _broken(word: str, font: str, width: float) -> list[str]:
    """Return a word in pieces that fit, at least a letter each. `width` is at size 1."""
    pieces, piece, used = [], "", 0.0
    for letter in word:
        wide = width_of(letter, font)
        if piece and used + wide > width:
            pieces.append(piece)
            piece, used = "", 0.0
        piece, used = piece + letter, used + wide
    return [*pieces, piece]


@lru_cache(maxsize=8192)
def width_of(word: str, font: str) -> float:
    """Return the width of a word at size 1. The words of a form come again and again."""
    return float(stringWidth(word, font, 1))
