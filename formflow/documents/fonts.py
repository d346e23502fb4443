"""Letters that our fonts can draw: the standard ones where they do, else a wide one that is embedded."""

from __future__ import annotations

import unicodedata
from functools import cache
from importlib import resources

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

WIDE = "FormFlowWide"

# Letters without a look of their own: line ends of other kinds end the line, the rest is left out.
_PLAIN: dict[int, str | None] = {
    **dict.fromkeys((*range(32), *range(0x7F, 0xA0), 0xAD, 0xFEFF)),
    **dict.fromkeys((*range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070))),
    **dict.fromkeys(range(0xFE00, 0xFE10)),  # "draw this as an emoji"
    **dict.fromkeys((0x0A, 0x0B, 0x0C, 0x85, 0x2028, 0x2029), "\n"),
    0x09: "    ",
}


def font_for(text: str, standard: str) -> str:
    """Return the standard font where it has every letter, else the wide one that is embedded."""
    try:
        text.encode("cp1252")
    except UnicodeEncodeError:
        _wide()
        return WIDE
    return standard


def drawable(text: str) -> str:
    """Return text in which what no font of ours can draw stands as its name, never as an empty box."""
    text = text.translate(_PLAIN)
    try:
        text.encode("cp1252")
    except UnicodeEncodeError:
        letters = _wide()
        return "".join(c if ord(c) in letters or c == "\n" else _named(c) for c in text)
    return text


def _named(character: str) -> str:
    if unicodedata.category(character) == "Cf":
        return ""  # what only steers how its neighbours are drawn
    return f"[{unicodedata.name(character, f'U+{ord(character):04X}').lower()}]"


@cache
def _wide() -> frozenset[int]:
    """Load the wide font once; return the letters it has."""
    with resources.as_file(resources.files(__package__) / "typefaces" / "DejaVuSans.ttf") as path:
        font = TTFont(WIDE, str(path))
    pdfmetrics.registerFont(font)
    return frozenset(font.face.charToGlyph)
