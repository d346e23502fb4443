"""Letters that our fonts can draw: those of the standard fonts where they do, else of a wide one. All are embedded.

The standard fonts are drawn with letters of Arimo that are as wide as Helvetica's: what is laid out by the one fits
the other, and a file looks the same on every computer. Of the wide font a file holds the letters that it
uses, and no others.
"""

from __future__ import annotations

import io
import re
import struct
import unicodedata
from collections.abc import Callable
from functools import cache, lru_cache
from importlib import resources
from threading import Lock

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont, TTFontFace

from formflow.core import right_to_left
from formflow.core.pdf_drawings import in_standard_letters
from formflow.core.pdf_syntax import Entries, array, dictionary, reference, stream

WIDE = "FormFlowWide"

# Letters without a look of their own: line ends of other kinds end the line, the rest is left out.
_PLAIN: dict[int, str | None] = {
    **dict.fromkeys((*range(32), *range(0x7F, 0xA0), 0xAD, 0xFEFF)),
    **dict.fromkeys((*range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070))),
    **dict.fromkeys(range(0xFE00, 0xFE10)),  # "draw this as an emoji"
    **dict.fromkeys((0x0A, 0x0B, 0x0C, 0x85, 0x2028, 0x2029), "\n"),
    0x09: "    ",
}
_ODD = re.compile(f"[{re.escape(''.join(chr(one) for one in _PLAIN if chr(one) != _PLAIN[one]))}]")


def font_for(text: str, standard: str) -> str:
    """Return the standard font where it has every letter, else the wide one that is embedded."""
    try:
        text.encode("cp1252")
    except UnicodeEncodeError:
        _wide()
        return WIDE
    return standard


def drawable(text: str, lost: str | None = None) -> str:
    """Return text that our fonts can draw, without a single empty box.

    A letter that none of them has is written out by its name, or is `lost` where that is given.
    """
    if _ODD.search(text):  # much quicker than to ask for each letter
        text = text.translate(_PLAIN)
    try:
        text.encode("cp1252")
    except UnicodeEncodeError:
        has = _wide().face.charToGlyph
        return "".join(c if ord(c) in has or c == "\n" else _instead(c, lost) for c in text)
    return text


def _instead(character: str, lost: str | None) -> str:
    if unicodedata.category(character) == "Cf":
        return ""  # what only steers how its neighbours are drawn
    if lost is not None:
        return lost
    return f"[{unicodedata.name(character, f'U+{ord(character):04X}').lower()}]"


def in_order_of_the_eye(line: str) -> str:
    """Return a line as the wide font draws it: what is written from right to left is turned, and joined."""
    return right_to_left.as_drawn(line, _wide().face.charToGlyph)


class Letters:
    """The letters of the wide font that one file uses, each with its code: counted from 1."""

    def __init__(self) -> None:
        self._codes: dict[str, int] = {}

    def encode(self, text: str, font: str) -> bytes:
        """Return the operand that shows a text. What is not `drawable` shows nothing, or "?"."""
        if font != WIDE:
            return in_standard_letters(text, font)
        codes = self._codes
        drawn = (f"{codes.setdefault(c, len(codes) + 1):04X}" for c in in_order_of_the_eye(text))
        return b"<%b>" % "".join(drawn).encode()

    def __str__(self) -> str:
        """Return them in the order of their codes."""
        return "".join(self._codes)


def described(name: str, letters: Letters, add: Callable[[bytes], int]) -> Entries:
    """Return the dictionary of a font. `add` writes an object and returns its number."""
    if name != WIDE:
        about = dictionary(standard(name) | {b"/FontFile2": reference(add(_packed(name)))})
        return simple(name) | {b"/FontDescriptor": reference(add(about))}
    used = str(letters)
    return {
        b"/Type": b"/Font",
        b"/Subtype": b"/Type0",
        b"/BaseFont": _SUBSET,
        b"/Encoding": b"/Identity-H",
        b"/DescendantFonts": b"[ %b ]" % reference(add(dictionary(_glyphs(used, add)))),
        b"/ToUnicode": reference(add(stream({}, _meanings(used)))),
    }


@cache
def simple(name: str) -> dict[bytes, bytes]:
    """Return the dictionary of a standard font, but for what describes its letters."""
    face = _face(name)
    widths = array(face.charWidths.get(_unicode(code), face.defaultWidth) for code in _CODES)
    return {
        b"/Type": b"/Font",
        b"/Subtype": b"/TrueType",
        b"/BaseFont": b"/" + _FILES[name].encode(),
        b"/Encoding": b"/WinAnsiEncoding",
        b"/FirstChar": b"%d" % _CODES[0],
        b"/LastChar": b"%d" % _CODES[-1],
        b"/Widths": widths,
    }


@cache
def standard(name: str) -> dict[bytes, bytes]:
    """Return what describes the letters of a standard font, but for its program."""
    face = _face(name)
    return {
        b"/Type": b"/FontDescriptor",
        b"/FontName": b"/" + _FILES[name].encode(),
        b"/Flags": _WITH_ITS_LETTERS,
        b"/FontBBox": array(face.bbox),
        b"/ItalicAngle": b"%d" % face.italicAngle,
        b"/Ascent": b"%d" % face.ascent,
        b"/Descent": b"%d" % face.descent,
        b"/CapHeight": b"%d" % face.capHeight,
        b"/StemV": b"%d" % face.stemV,
    }


_FILES = {
    "Helvetica": "FormFlowSans-Regular",
    "Helvetica-Bold": "FormFlowSans-Bold",
    "Helvetica-Oblique": "FormFlowSans-Italic",
}
# Also those that no letter has: programs write nought for a letter that they lack.
_CODES = range(256)
_WITH_ITS_LETTERS = b"32"  # font flag: every code is the letter that its encoding says


def _unicode(code: int) -> int:
    return ord(bytes((code,)).decode("cp1252", "replace"))


@cache
def program(name: str) -> bytes:
    """Return the letters of a standard font, as a TrueType file."""
    return (resources.files(__package__) / "typefaces" / f"{_FILES[name]}.ttf").read_bytes()


@cache
def _packed(name: str) -> bytes:
    return stream({b"/Length1": b"%d" % len(program(name))}, program(name))


@cache
def _face(name: str) -> TTFontFace:
    return TTFontFace(io.BytesIO(program(name)))


_SUBSET = b"/AAAAAA+DejaVuSans"
_FROM_ADOBE = b"<< /Registry (Adobe) /Ordering (Identity) /Supplement 0 >>"
_SYMBOLIC = b"4"  # font flag: codes of its own
_MOST_IN_A_BLOCK = 100  # letters of a table, as PDF has it
_TABLE = b"""/CIDInit /ProcSet findresource begin
12 dict begin
begincmap
/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def
/CMapName /Adobe-Identity-UCS def
/CMapType 2 def
1 begincodespacerange
<0000> <FFFF>
endcodespacerange
%b
endcmap
CMapName currentdict /CMap defineresource pop
end
end"""


def _glyphs(used: str, add: Callable[[bytes], int]) -> Entries:
    """Return the font that holds the glyphs of some letters, and says how wide they are."""
    face = _wide().face
    font, glyph_numbers = _subset(used)
    about = {
        b"/Type": b"/FontDescriptor",
        b"/FontName": _SUBSET,
        b"/Flags": _SYMBOLIC,
        b"/FontBBox": array(face.bbox),
        b"/ItalicAngle": b"0",
        b"/Ascent": b"%d" % face.ascent,
        b"/Descent": b"%d" % face.descent,
        b"/CapHeight": b"%d" % face.capHeight,
        b"/StemV": b"%d" % face.stemV,
        b"/FontFile2": reference(add(stream({b"/Length1": b"%d" % len(font)}, font))),
    }
    widths = array(face.charWidths.get(ord(letter), face.defaultWidth) for letter in used)
    return {
        b"/Type": b"/Font",
        b"/Subtype": b"/CIDFontType2",
        b"/BaseFont": _SUBSET,
        b"/CIDSystemInfo": _FROM_ADOBE,
        b"/FontDescriptor": reference(add(dictionary(about))),
        b"/W": b"[ 1 %b ]" % widths,
        b"/CIDToGIDMap": reference(add(stream({}, glyph_numbers))),
    }


def _meanings(used: str) -> bytes:
    """Return the table from codes to letters: what is drawn can be searched and copied."""
    pairs = [
        b"<%04X> <%b>" % (code, right_to_left.as_written(letter).encode("utf-16-be").hex().encode())
        for code, letter in enumerate(used, start=1)
    ]
    blocks = (pairs[at : at + _MOST_IN_A_BLOCK] for at in range(0, len(pairs), _MOST_IN_A_BLOCK))
    written = (b"%d beginbfchar\n%b\nendbfchar" % (len(one), b"\n".join(one)) for one in blocks)
    return _TABLE % b"\n".join(written)


_alone = Lock()  # the font is one open file, read to and fro


@lru_cache(maxsize=64)
def _subset(used: str) -> tuple[bytes, bytes]:
    """Return a font that has these letters alone, and the number of the glyph for each code from 0."""
    face = _wide().face
    glyphs, numbers = {0: 0}, [0]
    for letter in used:  # in this order, and two letters of one look share a glyph
        glyph = face.charToGlyph.get(ord(letter), 0)
        numbers.append(glyphs.setdefault(glyph, len(glyphs)))
    with _alone:
        font = face.makeSubset([ord(letter) for letter in used])
    return font, struct.pack(f">{len(numbers)}H", *numbers)


def _wide() -> TTFont:
    """Return the wide font, loaded once: several lanes may be the first to ask for it."""
    with _loading:
        return _loaded()


_loading = Lock()


@cache
def _loaded() -> TTFont:
    with resources.as_file(resources.files(__package__) / "typefaces" / "DejaVuSans.ttf") as path:
        font = TTFont(WIDE, str(path))
    pdfmetrics.registerFont(font)
    return font
