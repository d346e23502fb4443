"""What the eye sees against what is stored: a file can show "Bob" and read "Alice".

Programs draw the same value in many ways: other fonts, other line breaks, a question mark for a
letter their font lacks, only the part that fits. So only letters and digits of ASCII are compared,
in their order, and a long text may show its beginning alone. What cannot be decoded is said, not
guessed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pikepdf

from formflow.read.acroform import Box, on_states

SHORTEST_BEGINNING = 40  # letters that must be seen before the rest may be cut off
TEXT_OPERATORS = "Tf Tj TJ ' \""
_LETTERS = re.compile(r"[^0-9A-Za-z]+")
_DIGIT_NAMES = "zero one two three four five six seven eight nine".split()  # noqa: SIM905 - reads as said
_HEX = rb"<([0-9A-Fa-f\s]*)>"
_BLOCK = re.compile(rb"begin(bfchar|bfrange)(.*?)end\1", re.DOTALL)
_CHAR = re.compile(_HEX + rb"\s*" + _HEX)
_RANGE = re.compile(_HEX + rb"\s*" + _HEX + rb"\s*(?:" + _HEX + rb"|\[(.*?)\])", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Seen:
    """The names of boxes that show something else than they store, and of those nobody can tell."""

    differ: tuple[str, ...]
    not_compared: tuple[str, ...]


class _CannotTell(Exception):
    """The drawing uses codes that nothing in the file explains."""


@dataclass(frozen=True, slots=True)
class _Letters:
    """How one font's codes become letters."""

    bytes_per_code: int
    codes: Mapping[int, str]
    ascii_else: bool  # codes that are not listed are ASCII


def differences(pdf: pikepdf.Pdf, boxes: Mapping[str, Box]) -> Seen:
    """Compare every box's value with its drawing."""
    form = pdf.Root.AcroForm
    viewer_draws = bool(form.get("/NeedAppearances", False))
    reader = _Drawings(form.get("/DR"))
    differ, unknown = [], []
    for box in boxes.values():
        try:
            if box.is_button:
                same = _button_agrees(box)
            else:
                same = all(reader.agrees(w, box.value, viewer_draws) for w in box.widgets)
        except (_CannotTell, pikepdf.PdfError):
            unknown.append(box.name)
            continue
        if not same:
            differ.append(box.name)
    return Seen(tuple(differ), tuple(unknown))


def _button_agrees(box: Box) -> bool:
    shown = set()
    for widget in box.widgets:
        state = widget.get("/AS")
        if state is None:
            return True  # nothing is shown until a viewer draws it, from the value
        states = set(on_states(widget))
        if str(state).removeprefix("/") in states:
            shown.add(str(state).removeprefix("/"))
    return shown == ({box.value} if box.value else set())


class _Drawings:
    """Reads the text out of drawings; a font is looked at once."""

    def __init__(self, resources: Any) -> None:
        self._form_fonts = _fonts(resources)
        self._letters: dict[tuple[int, int], _Letters] = {}

    def agrees(self, widget: pikepdf.Object, value: str, viewer_draws: bool) -> bool:
        """Return whether one widget shows the value. Raise _CannotTell."""
        drawings = widget.get("/AP")
        drawing = drawings.get("/N") if isinstance(drawings, pikepdf.Dictionary) else None
        if not isinstance(drawing, pikepdf.Stream):
            return True  # no drawing: every viewer draws the stored value
        seen, stored = _letters_of("".join(self._text(drawing))), _letters_of(value)
        if seen == stored or (viewer_draws and not seen):
            return True
        return len(seen) >= SHORTEST_BEGINNING and stored.startswith(seen)

    def _text(self, drawing: pikepdf.Object) -> Iterator[str]:
        fonts = self._form_fonts | _fonts(drawing.get("/Resources"))
        font: _Letters | None = None
        for step in pikepdf.parse_content_stream(drawing, TEXT_OPERATORS):
            if str(step.operator) == "Tf":
                font = self._font(fonts.get(str(step.operands[0])))
                continue
            for piece in _strings(step.operands[-1]):
                yield _decoded(piece, font)

    def _font(self, font: Any) -> _Letters:
        if font is None:
            return _Letters(1, {}, ascii_else=True)
        key = font.objgen
        if key == (0, 0):
            return _letters_in(font)
        if key not in self._letters:
            self._letters[key] = _letters_in(font)
        return self._letters[key]


def _fonts(resources: Any) -> dict[str, Any]:
    fonts = resources.get("/Font") if isinstance(resources, pikepdf.Dictionary) else None
    return dict(fonts.items()) if isinstance(fonts, pikepdf.Dictionary) else {}


def _strings(operand: Any) -> Iterator[bytes]:
    if isinstance(operand, pikepdf.Array):
        yield from (bytes(part) for part in operand if isinstance(part, pikepdf.String))
    elif isinstance(operand, pikepdf.String):
        yield bytes(operand)


def _decoded(content: bytes, font: _Letters | None) -> str:
    if font is None:
        return content.decode("ascii", "ignore")
    width = font.bytes_per_code
    pieces = []
    for start in range(0, len(content) - width + 1, width):
        code = int.from_bytes(content[start : start + width])
        if code in font.codes:
            pieces.append(font.codes[code])
        elif font.ascii_else:
            pieces.append(chr(code) if code < 128 else "")
        else:
            raise _CannotTell
    return "".join(pieces)


def _letters_in(font: pikepdf.Object) -> _Letters:
    is_wide = font.get("/Subtype") == "/Type0"
    mapping = font.get("/ToUnicode")
    if isinstance(mapping, pikepdf.Stream):
        codes = _mapped(mapping.read_bytes())
        return _Letters(2 if is_wide else 1, codes, ascii_else=not is_wide)
    if is_wide:
        raise _CannotTell
    return _Letters(1, _differing(font.get("/Encoding")), ascii_else=True)


def _differing(encoding: Any) -> dict[int, str]:
    """Return the codes that a font redefines. Raise _CannotTell for names that say nothing."""
    listed = encoding.get("/Differences") if isinstance(encoding, pikepdf.Dictionary) else None
    codes: dict[int, str] = {}
    code = 0
    for entry in listed or ():
        if isinstance(entry, pikepdf.Name):
            codes[code] = _glyph(str(entry)[1:])
            code += 1
        else:
            code = int(entry)
    return codes


def _glyph(name: str) -> str:
    if len(name) == 1:
        return name
    if name in _DIGIT_NAMES:
        return str(_DIGIT_NAMES.index(name))
    if re.fullmatch(r"(g|glyph|cid|c|G|index)\d+", name):
        raise _CannotTell
    return ""  # a sign or an accented letter: neither is compared


def _mapped(content: bytes) -> dict[int, str]:
    codes: dict[int, str] = {}
    for kind, block in _BLOCK.findall(content):
        if kind == b"bfchar":
            codes |= {_number(code): _unicode(text) for code, text in _CHAR.findall(block)}
            continue
        for first, last, start, listed in _RANGE.findall(block):
            low, high = _number(first), min(_number(last), _number(first) + 0xFFFF)
            if listed:
                texts = [_unicode(text) for text in re.findall(_HEX, listed)]
                codes |= dict(zip(range(low, high + 1), texts, strict=False))
            elif start:
                codes |= {low + step: _next(start, step) for step in range(high - low + 1)}
    return codes


def _number(digits: bytes) -> int:
    return int(b"".join(digits.split()) or b"0", 16)


def _unicode(digits: bytes) -> str:
    return bytes.fromhex(b"".join(digits.split()).decode()).decode("utf-16-be", "replace")


def _next(digits: bytes, step: int) -> str:
    text = _unicode(digits)
    return text[:-1] + chr(min(ord(text[-1]) + step, 0x10FFFF)) if text else ""


def _letters_of(text: str) -> str:
    return _LETTERS.sub("", text)
