"""How a font's codes become letters, so that what a page shows can be compared with what is stored.

By its /Encoding with /Differences, by the letters that an embedded font says its shapes are, by what
the file says beside the font (/ToUnicode), or by the named tables of Chinese, Japanese and Korean fonts,
of which PDFium takes one for curly quotes. Viewers draw by the first two: where /ToUnicode says something
else, or nothing says what a code means, that is said, not guessed.
"""

from __future__ import annotations

import re
import struct
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any

import pikepdf

from formflow.reading import letter_table

Decode = Callable[[bytes], str]

SIMPLE_TABLES = {
    "/WinAnsiEncoding": "cp1252",
    "/MacRomanEncoding": "mac_roman",
    "/PDFDocEncoding": "pdfdoc_pikepdf",
}
NAMED_TABLES = {  # the ones that PDFium writes (PDF 32000-1, table 118)
    "GBK-EUC": "gbk",
    "ETenms-B5": "cp950",
    "90ms-RKSJ": "cp932",
    "KSCms-UHC": "cp949",
}
MOST_CODES = 1 << 16  # of one font: as many as two bytes can say
LAST_LETTER = 0x10FFFF
_HEX = rb"<([0-9A-Fa-f\s]*)>"
_BLOCK = re.compile(rb"begin(bfchar|bfrange)(.*?)end\1", re.DOTALL)
_CHAR = re.compile(_HEX + rb"\s*" + _HEX)
_RANGE = re.compile(_HEX + rb"\s*" + _HEX + rb"\s*(?:" + _HEX + rb"|\[([^]]*)\])")
# Fonts of every computer that draw signs for letters.
_OF_SIGNS = re.compile(r"symbol|dingbat|webding|wingding|marlett", re.IGNORECASE)
_UNICODE_NAME = re.compile(r"u(?:ni)?([0-9A-F]{4,6})")


class CannotTell(Exception):
    """Nothing in the file says which letters these codes are."""


def decoder(font: pikepdf.Object) -> Decode:
    """Return what turns the codes of one font into letters. It, and this, raise CannotTell."""
    if font.get("/Subtype") == "/Type3":  # its letters are drawings, of anything
        raise CannotTell
    told = font.get("/ToUnicode")
    codes = _to_unicode(told.read_bytes()) if isinstance(told, pikepdf.Stream) else {}
    if font.get("/Subtype") != "/Type0":
        return _by_code(_agreed(codes, _simple(font)), 1)
    if str(font.get("/Encoding")) == "/Identity-H":
        shapes = _embedded(font)  # of a shape of several letters, the file tells which
        shared = {code: letter for code, letter in codes.items() if letter in shapes.get(code, "")}
        codes = _agreed(codes, {code: of[0] for code, of in shapes.items()} | shared)
    if codes:
        return _by_code({0: ""} | codes, 2)
    return _wide(font)


def _agreed(told: Mapping[int, str], drawn: Mapping[int, str]) -> dict[int, str]:
    """Return what codes mean: what is drawn for them, else what the file tells. What differs is left out."""
    both = told.keys() & drawn.keys()
    differ = {code for code in both if _plain(told[code]) != _plain(drawn[code])}
    return {code: letters for code, letters in {**told, **drawn}.items() if code not in differ}


def _plain(letters: str) -> str:
    return "".join(unicodedata.normalize("NFKC", letters).split())


def shapes_of(font: pikepdf.Object) -> pikepdf.Object:
    """Return the font that a wide one takes its shapes from; an empty one where there is none."""
    listed = font.get("/DescendantFonts")
    found = listed[0] if isinstance(listed, pikepdf.Array) and len(listed) else None
    return found if isinstance(found, pikepdf.Dictionary) else pikepdf.Dictionary()


def _embedded(font: pikepdf.Object) -> dict[int, str]:
    """Return the letters of each code of an embedded TrueType font, as far as its own table says them."""
    below = shapes_of(font)
    about = below.get("/FontDescriptor")
    content = about.get("/FontFile2") if isinstance(about, pikepdf.Dictionary) else None
    if not isinstance(content, pikepdf.Stream):
        return {}
    shapes = letter_table.letters_of_shapes(content.read_bytes())
    chosen = below.get("/CIDToGIDMap")
    if not isinstance(chosen, pikepdf.Stream):
        return shapes
    table = chosen.read_bytes()
    numbers = enumerate(struct.unpack(f">{len(table) // 2}H", table[: len(table) // 2 * 2]))
    return {code: shapes[shape] for code, shape in numbers if shape in shapes}


def _by_code(codes: Mapping[int, str], width: int) -> Decode:
    def decode(content: bytes) -> str:
        starts = range(0, len(content) - width + 1, width)
        try:
            return "".join([codes[int.from_bytes(content[at : at + width])] for at in starts])
        except KeyError:
            raise CannotTell from None

    return decode


def _simple(font: pikepdf.Object) -> dict[int, str]:
    """Return the letters of a font of one byte a code, as far as the file says."""
    if not _is_embedded(font) and _OF_SIGNS.search(str(font.get("/BaseFont"))):
        raise CannotTell
    encoding: Any = font.get("/Encoding")
    listed = None
    if isinstance(encoding, pikepdf.Dictionary):
        encoding, listed = encoding.get("/BaseEncoding"), encoding.get("/Differences")
    table = SIMPLE_TABLES.get(str(encoding))
    # An embedded font without a table has codes of its own: to take them for ASCII would be a guess.
    usual: Mapping[int, str] = (
        {} if table is None and _is_embedded(font) else _table(table or "ascii")
    )
    codes: dict[int, str | None] = {**usual, **_differences(listed)}
    return {code: letter for code, letter in codes.items() if letter is not None}


def _is_embedded(font: pikepdf.Object) -> bool:
    about = font.get("/FontDescriptor")
    return isinstance(about, pikepdf.Dictionary) and any(
        key in about for key in ("/FontFile", "/FontFile2", "/FontFile3")
    )


@cache
def _table(name: str) -> Mapping[int, str]:
    letters = ((code, bytes([code]).decode(name, "ignore")) for code in range(256))
    return {code: letter for code, letter in letters if letter}


def _differences(listed: Any) -> dict[int, str | None]:
    codes, code = {}, 0
    for entry in listed if isinstance(listed, pikepdf.Array) else ():
        if isinstance(entry, pikepdf.Name):
            codes[code] = _named(str(entry)[1:])
            code += 1
        else:
            code = int(entry)
    return codes


def _named(glyph: str) -> str | None:
    """Return the letter of a glyph's name, "" for a gap, None for a name that says nothing."""
    if glyph == ".notdef":
        return ""
    if len(glyph) == 1:
        return glyph
    by_number = _UNICODE_NAME.fullmatch(glyph)
    if by_number is not None:
        return chr(min(int(by_number[1], 16), LAST_LETTER))
    # Imported here: most files never need it. The list of Adobe's 4,281 glyph names.
    from pypdf._codecs.adobe_glyphs import adobe_glyphs

    return adobe_glyphs.get("/" + glyph.partition(".")[0])


def _wide(font: pikepdf.Object) -> Decode:
    """Return the letters of a font of several bytes a code that brings no table of its own."""
    table = str(font.get("/Encoding")).removeprefix("/").rpartition("-")[0]
    codec = "utf-16-be" if table.startswith("Uni") else NAMED_TABLES.get(table)
    if codec is None:
        raise CannotTell
    return lambda content: content.decode(codec, "replace")


def _to_unicode(content: bytes) -> dict[int, str]:
    codes: dict[int, str] = {}
    for number, (code, letters) in enumerate(_pairs(content)):
        if number >= MOST_CODES:
            raise CannotTell
        codes[code] = letters
    return codes


def _pairs(content: bytes) -> Iterator[tuple[int, str]]:
    for kind, block in _BLOCK.findall(content):
        if kind == b"bfchar":
            yield from ((_number(code), _letters(text)) for code, text in _CHAR.findall(block))
        else:
            for first, last, start, listed in _RANGE.findall(block):
                yield from _range(_number(first), _number(last), start, listed)


def _range(first: int, last: int, start: bytes, listed: bytes) -> Iterator[tuple[int, str]]:
    if listed:
        texts = (_letters(text) for text in re.findall(_HEX, listed))
        yield from zip(range(first, last + 1), texts, strict=False)
        return
    text = _letters(start)
    for code in range(first, last + 1):
        yield code, text[:-1] + chr(min(ord(text[-1]) + code - first, LAST_LETTER)) if text else ""


def _number(digits: bytes) -> int:
    return int(b"".join(digits.split()) or b"0", 16)


def _letters(digits: bytes) -> str:
    plain = b"".join(digits.split())
    if len(plain) % 4:  # some programs write a plain number instead of UTF-16
        return chr(min(_number(plain), LAST_LETTER))
    return bytes.fromhex(plain.decode()).decode("utf-16-be", "replace")
