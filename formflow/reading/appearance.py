"""What the eye sees against what is stored: a file can show "Bob" and read "Alice".

Texts are compared with the letters that their drawing shows, circles with the state that each shows.
A box without a drawing shows what is stored, because every viewer then draws it. This tells honest
accidents and simple tricks; a font that draws other letters than it says, or a page painted over, is
for the person who compares the paper with the sheet of what was read.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pikepdf

from formflow.forms.manifest import rectangle
from formflow.reading import default_appearance, visible_text
from formflow.reading.acroform import Box
from formflow.reading.default_appearance import Holder, holders
from formflow.reading.font_decoding import CannotTell, decoder
from formflow.reading.font_widths import Measure, measured
from formflow.reading.page_fingerprint import is_hidden
from formflow.reading.text_match import says_the_same


@dataclass(frozen=True, slots=True)
class Seen:
    """The names of boxes that show something else than they store, and of those nobody can tell."""

    differ: tuple[str, ...]
    not_compared: tuple[str, ...]


def differences(pdf: pikepdf.Pdf, boxes: Iterable[Box]) -> Seen:
    """Compare every box's value with its drawing."""
    drawings = _Drawings(pdf.Root.AcroForm)
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
        if state == "" or is_hidden(widget):
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

    def __init__(self, form: pikepdf.Object) -> None:
        self._form = Holder(form, form.keys())
        resources = form.get("/DR")
        fonts = resources.get("/Font") if isinstance(resources, pikepdf.Dictionary) else None
        self._usual_fonts = dict(fonts.items()) if isinstance(fonts, pikepdf.Dictionary) else {}
        # The form asks viewers to draw all values again: an empty drawing then says nothing.
        self._redrawn = bool(form.get("/NeedAppearances", False))
        self._fonts: dict[tuple[int, int], Measure] = {}

    def agree(self, box: Box) -> bool:
        """Return whether every place of a text box shows its value. Raise CannotTell."""
        # A list that stays open shows what was not chosen, too: every program marks the rest its way.
        shown_as = box.labels.get(box.value, box.value)
        return box.kind == "list" or all(
            self._agrees(widget, box.value, shown_as) for widget in box.widgets
        )

    def _agrees(self, widget: pikepdf.Object, value: str, shown_as: str) -> bool:
        keys = widget.keys()
        if "/OC" in keys:  # a layer, which viewers show or not
            raise CannotTell
        if value and is_hidden(widget):
            return False
        box = holders(Holder(widget, keys), self._form)
        if not default_appearance.says(box, value):
            return False
        if value and not default_appearance.is_seen(box, value):
            return False  # some viewers always draw boxes their way
        drawing = _drawing(widget) if "/AP" in keys else None
        if drawing is None:
            return True
        place, lines = rectangle(widget.get("/Rect")), default_appearance.takes_lines(box)
        seen = visible_text.shown(drawing, place, self._font, lines=lines)
        if not seen.text.strip() and self._redrawn:
            return True
        return any(
            says_the_same(seen.text, text, has_room=seen.has_room) for text in {value, shown_as}
        )

    def _font(self, name: str, font: Any) -> Measure:
        font = self._usual_fonts.get(name) if font is None else font
        if not isinstance(font, pikepdf.Dictionary):
            raise CannotTell
        if font.objgen == (0, 0):
            return measured(font, decoder(font))
        if font.objgen not in self._fonts:
            self._fonts[font.objgen] = measured(font, decoder(font))
        return self._fonts[font.objgen]


def _drawing(widget: pikepdf.Object) -> pikepdf.Object | None:
    looks = widget["/AP"].get("/N")
    if isinstance(looks, pikepdf.Dictionary):
        looks = looks.get(str(widget.get("/AS")))
    return looks if isinstance(looks, pikepdf.Stream) else None
