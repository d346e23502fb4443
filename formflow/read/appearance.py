"""What the eye sees against what is stored: a file can show "Bob" and read "Alice".

Texts are compared with the letters that their drawing shows, circles with the state that each shows.
A box without a drawing shows what is stored, because every viewer then draws it. This tells honest
accidents and simple tricks; a font that draws other letters than it says, or a page painted over, is
for the person who compares the paper with the sheet of what was read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import pikepdf

from formflow.read.acroform import Box
from formflow.read.alike import says_the_same
from formflow.read.lettering import CannotTell, Decode, decoder

TEXT_OPERATORS = "Tf Tj TJ ' \" Do EI"
HIDDEN = 2 | 32  # annotation flags: hidden, not for the screen
DEEPEST = 4  # drawings within drawings


@dataclass(frozen=True, slots=True)
class Seen:
    """The names of boxes that show something else than they store, and of those nobody can tell."""

    differ: tuple[str, ...]
    not_compared: tuple[str, ...]


def differences(pdf: pikepdf.Pdf, boxes: Iterable[Box]) -> Seen:
    """Compare every box's value with its drawing."""
    form = pdf.Root.AcroForm
    # The form asks viewers to draw all values anew: an empty drawing then says nothing.
    drawings = _Drawings(form.get("/DR"), redrawn=bool(form.get("/NeedAppearances", False)))
    differ, unknown = [], []
    for box in boxes:
        try:
            same = _button_agrees(box) if box.is_button else drawings.agree(box)
        except (CannotTell, pikepdf.PdfError, ValueError, TypeError, LookupError):
            unknown.append(box.name)
            continue
        if not same:
            differ.append(box.name)
    return Seen(tuple(differ), tuple(unknown))


def _button_agrees(box: Box) -> bool:
    shown, may_show = set(), False
    for widget, state, offer in zip(box.widgets, box.shown, box.offers, strict=True):
        if state == "" or _is_hidden(widget):
            continue
        if state is None:  # nothing is shown until a viewer draws it, from the value
            may_show = may_show or box.value == offer
        elif state == offer:
            shown.add(state)
    if may_show and not shown:
        return True
    return shown == ({box.value} if box.value else set())


class _Drawings:
    """Reads the text out of drawings; a font is looked at once."""

    def __init__(self, resources: Any, *, redrawn: bool) -> None:
        self._form_fonts = _named(resources, "/Font")
        self._redrawn = redrawn
        self._decoders: dict[tuple[int, int], Decode] = {}

    def agree(self, box: Box) -> bool:
        """Return whether every place of a text box shows its value. Raise CannotTell."""
        # A list that stays open shows what was not chosen, too: every program marks the rest its way.
        shown_as = box.labels.get(box.value, box.value)
        return box.kind == "list" or all(
            self._agrees(widget, box.value, shown_as) for widget in box.widgets
        )

    def _agrees(self, widget: pikepdf.Object, value: str, shown_as: str) -> bool:
        if value and _is_hidden(widget):
            return False
        drawing = _drawing(widget)
        if drawing is None:
            return True
        shown = "".join(self._text(drawing, 0))
        if self._redrawn and not shown.strip():
            return True
        return says_the_same(shown, value) or says_the_same(shown, shown_as)

    def _text(self, drawing: pikepdf.Object, depth: int) -> Iterator[str]:
        resources = drawing.get("/Resources")
        fonts = self._form_fonts | _named(resources, "/Font")
        decode: Decode | None = None
        for step in pikepdf.parse_content_stream(drawing, TEXT_OPERATORS):
            operands: Any = step.operands
            match str(step.operator):
                case "Tf":
                    decode = self._decoder(fonts.get(str(operands[0])))
                case "Do":
                    yield from self._inner(_named(resources, "/XObject"), str(operands[0]), depth)
                case "EI":  # an image in the drawing
                    raise CannotTell
                case _:
                    yield from (_decoded(piece, decode) for piece in _strings(operands[-1]))

    def _inner(self, inner: dict[str, Any], name: str, depth: int) -> Iterator[str]:
        drawing = inner.get(name)
        if depth > DEEPEST or drawing is None or drawing.get("/Subtype") != "/Form":
            raise CannotTell
        yield from self._text(drawing, depth + 1)

    def _decoder(self, font: Any) -> Decode:
        if not isinstance(font, pikepdf.Dictionary):
            raise CannotTell
        if font.objgen == (0, 0):
            return decoder(font)
        if font.objgen not in self._decoders:
            self._decoders[font.objgen] = decoder(font)
        return self._decoders[font.objgen]


def _is_hidden(widget: pikepdf.Object) -> bool:
    return bool(int(widget.get("/F", 0)) & HIDDEN)


def _drawing(widget: pikepdf.Object) -> pikepdf.Object | None:
    looks = widget["/AP"].get("/N") if "/AP" in widget else None
    if isinstance(looks, pikepdf.Dictionary):
        looks = looks.get(str(widget.get("/AS")))
    return looks if isinstance(looks, pikepdf.Stream) else None


def _named(resources: Any, kind: str) -> dict[str, Any]:
    found = resources.get(kind) if isinstance(resources, pikepdf.Dictionary) else None
    return dict(found.items()) if isinstance(found, pikepdf.Dictionary) else {}


def _strings(operand: Any) -> Iterator[bytes]:
    if isinstance(operand, pikepdf.Array):
        yield from (bytes(part) for part in operand if isinstance(part, pikepdf.String))
    elif isinstance(operand, pikepdf.String):
        yield bytes(operand)


def _decoded(content: bytes, decode: Decode | None) -> str:
    if decode is None:
        raise CannotTell
    return decode(content)
