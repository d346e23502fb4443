"""Form -> blank PDF: drawn by reportlab, boxes and structure by pikepdf, the same bytes every time.

Empty text boxes carry no appearance: a program that stores an answer without drawing it then leaves
nothing false behind, and every viewer draws the answer itself. Font size 0 lets viewers shrink long
text instead of cutting it off.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass

import pikepdf
from pikepdf import Array, Dictionary, Name, Pdf, String

from formflow.documents import layout
from formflow.documents.drawing import drawn, paragraphs
from formflow.documents.embedding import describe, embed_fonts
from formflow.documents.layout import Box, Placed, Words
from formflow.forms import stamp
from formflow.forms.catalogue import FieldKind, Form

READ_ONLY = 1 << 0
REQUIRED = 1 << 1
MULTILINE = 1 << 12
RADIO = 1 << 15  # without NoToggleToOff: a circle chosen by mistake can be cleared again
PRINT, HIDDEN = 1 << 2, 1 << 1
# Nobody sees it, but a box without a size keeps Firefox from drawing the page.
HIDDEN_PLACE = (0, 0, 20, 10)
TEXT_LOOK = "/Helv 0 Tf 0 g"
TEXT_INSET = 2.5  # so that what is typed does not touch the frame
KAPPA = 0.5523  # of a circle drawn with four curves


def build_blank(form: Form, pages: list[list[Placed]] | None = None) -> bytes:
    """Return the fillable blank of a form as PDF. `pages`: laid out in another way than our own forms are."""
    pages = pages or layout.lay_out(form)
    pdf = Pdf.open(io.BytesIO(drawn(form, pages)))
    builder = _Builder(pdf, form)
    for number, placed in enumerate(pages):
        builder.add_page(number, placed)
    builder.finish()
    out = io.BytesIO()
    # 1.7: the tab order by structure is younger than what reportlab writes.
    pdf.save(
        out,
        min_version="1.7",
        deterministic_id=True,
        object_stream_mode=pikepdf.ObjectStreamMode.disable,
    )
    return out.getvalue()


def pages_of(form: Form) -> Mapping[str, int]:
    """Return on which page, counted from 1, each field stands."""
    return {
        thing.field.name: number
        for number, placed in enumerate(layout.lay_out(form), start=1)
        for thing in placed
        if isinstance(thing, Box)
    }


@dataclass
class _Parent:
    """An entry of the parent tree: the structure element(s) that a page or a widget belongs to."""

    key: int
    value: pikepdf.Object


class _Builder:
    """Puts boxes, tooltips, tab order and the structure tree into a drawn PDF."""

    def __init__(self, pdf: Pdf, form: Form) -> None:
        self._pdf, self._form = pdf, form
        self._fields: list[pikepdf.Object] = []
        self._groups: dict[str, pikepdf.Object] = {}
        self._parents: list[_Parent] = []
        self._next_widget = len(pdf.pages)  # the pages come first in the parent tree
        self._document = pdf.make_indirect(Dictionary(Type=Name.StructElem, S=Name.Document))
        self._elements: list[pikepdf.Object] = []
        # All circles are of one size, so they share two drawings.
        self._chosen, self._not_chosen = self._look(chosen=True), self._look(chosen=False)

    def add_page(self, number: int, placed: list[Placed]) -> None:
        """Add the widgets and structure elements of one page, in form order."""
        page = self._pdf.pages[number]
        annots: list[pikepdf.Object] = self._hidden(page) if number == 0 else []
        marks = self._text_elements(page, placed)
        for thing in placed:
            if isinstance(thing, Words) and (words := marks.pop(thing, None)) is not None:
                self._elements.append(words)
            if isinstance(thing, Box):
                annots.append(self._widget(page, thing))
        page.obj.Annots = self._pdf.make_indirect(Array(annots))
        page.obj.Tabs = Name.S
        page.obj.StructParents = number

    def finish(self) -> None:
        """Write the form, the structure tree, the language, the title and the form's identity."""
        pdf, form = self._pdf, self._form
        root = pdf.make_indirect(Dictionary(Type=Name.StructTreeRoot, K=self._document))
        self._document.P = root
        self._document.K = Array(self._elements)
        numbers = Array()
        for parent in sorted(self._parents, key=lambda entry: entry.key):
            numbers.append(parent.key)
            numbers.append(parent.value)
        root.ParentTree = pdf.make_indirect(Dictionary(Nums=numbers))
        root.ParentTreeNextKey = self._next_widget
        pdf.Root.StructTreeRoot = root
        letters = embed_fonts(pdf)
        # Under the first viewers write what is typed, with the second the line at the top of a copy is drawn.
        here = Dictionary({"/Helv": letters[layout.BODY], stamp.ITS_LETTERS: letters[layout.BOLD]})
        pdf.Root.AcroForm = pdf.make_indirect(
            Dictionary(
                Fields=Array(self._fields),
                DA=String(TEXT_LOOK),
                DR=Dictionary(Font=here),
            )
        )
        describe(pdf, f"{form.code} {form.title}")
        pdf.docinfo["/Author"] = "FormFlow"
        pdf.docinfo["/FormFlowFormId"] = form.form_id
        pdf.docinfo["/FormFlowFormVersion"] = str(form.version)

    def _hidden(self, page: pikepdf.Page) -> list[pikepdf.Object]:
        values = {
            "form_id": self._form.form_id,
            "form_version": str(self._form.version),
            "case_ref": "",
        }
        widgets: list[pikepdf.Object] = [
            self._pdf.make_indirect(
                Dictionary(
                    Type=Name.Annot,
                    Subtype=Name.Widget,
                    FT=Name.Tx,
                    T=String(name),
                    TU=String("For FormFlow: which form this is"),
                    V=String(value),
                    Ff=READ_ONLY,
                    F=HIDDEN,
                    Rect=Array(HIDDEN_PLACE),
                    DA=String(TEXT_LOOK),
                    P=page.obj,
                )
            )
            for name, value in values.items()
        ]
        self._fields += widgets
        return widgets

    def _text_elements(
        self, page: pikepdf.Page, placed: list[Placed]
    ) -> dict[Words, pikepdf.Object]:
        """Return a structure element for each paragraph, by its first line."""
        elements: dict[Words, pikepdf.Object] = {
            lines[0]: self._pdf.make_indirect(
                Dictionary(
                    Type=Name.StructElem,
                    S=Name("/" + lines[0].tag),
                    P=self._document,
                    Pg=page.obj,
                    K=mark,
                )
            )
            for mark, lines in enumerate(paragraphs(placed))
        }
        number = page.index
        self._parents.append(
            _Parent(number, self._pdf.make_indirect(Array(list(elements.values()))))
        )
        return elements

    def _widget(self, page: pikepdf.Page, box: Box) -> pikepdf.Object:
        widget = self._pdf.make_indirect(
            Dictionary(
                Type=Name.Annot,
                Subtype=Name.Widget,
                F=PRINT,
                P=page.obj,
                Rect=Array(_corners(box)),
                StructParent=self._next_widget,
            )
        )
        if box.state is None:
            self._make_text(widget, box)
        else:
            self._make_circle(widget, box)
        self._tag(page, widget)
        return widget

    def _make_text(self, widget: pikepdf.Object, box: Box) -> None:
        widget.FT = Name.Tx
        widget.T = String(box.name)
        widget.TU = String(_tooltip(box))
        widget.DA = String(TEXT_LOOK)
        flags = MULTILINE if box.field.kind is FieldKind.LONG_TEXT else 0
        flags |= READ_ONLY if box.field.for_reading else 0
        widget.Ff = flags | (REQUIRED if box.field.required else 0)
        self._fields.append(widget)

    def _make_circle(self, widget: pikepdf.Object, box: Box) -> None:
        group = self._groups.get(box.field.name)
        if group is None:
            group = self._pdf.make_indirect(
                Dictionary(
                    FT=Name.Btn,
                    Ff=RADIO,
                    T=String(box.field.name),
                    TU=String(box.field.label),
                    V=Name.Off,
                    Kids=Array(),
                )
            )
            self._groups[box.field.name] = group
            self._fields.append(group)
        widget.Parent = group
        widget.TU = String(_tooltip(box))
        widget.AS = Name.Off
        widget.MK = Dictionary(CA=String("l"))  # a dot, for viewers that draw it themselves
        widget.DA = String("/ZaDb 0 Tf 0 g")
        looks = Dictionary()
        looks[f"/{box.state}"] = self._chosen
        looks["/Off"] = self._not_chosen
        widget.AP = Dictionary(N=looks)
        group.Kids.append(widget)

    def _look(self, *, chosen: bool) -> pikepdf.Object:
        middle = layout.CIRCLE_RADIUS
        ring = f"0.2 G 0.8 w {_circle(middle, middle - 0.5)} S"
        dot = f" 0 g {_circle(middle, middle * 0.55)} f" if chosen else ""
        return self._pdf.make_stream(
            f"q {ring}{dot} Q".encode(),
            Type=Name.XObject,
            Subtype=Name.Form,
            BBox=Array([0, 0, 2 * middle, 2 * middle]),
            Resources=Dictionary(),
        )

    def _tag(self, page: pikepdf.Page, widget: pikepdf.Object) -> None:
        element = self._pdf.make_indirect(
            Dictionary(
                Type=Name.StructElem,
                S=Name.Form,
                P=self._document,
                Pg=page.obj,
                K=Dictionary(Type=Name.OBJR, Obj=widget, Pg=page.obj),
            )
        )
        self._elements.append(element)
        self._parents.append(_Parent(self._next_widget, element))
        self._next_widget += 1


def _corners(box: Box) -> list[float]:
    """Return where a widget lies: on its circle, or a little inside the frame of its text box."""
    inset = 0.0 if box.state else TEXT_INSET
    left, low = box.x + inset, box.y + inset
    right, high = box.x + box.width - inset, box.y + box.height - inset
    return [round(v, 2) for v in (left, low, right, high)]


def _tooltip(box: Box) -> str:
    words = [box.field.label, box.field.hint]
    if len(box.field.sources) > 1:
        words[1] = "Time" if box.name != box.field.sources[0] else "Date"
    if box.state is not None:
        words.append(box.field.in_words(box.state))
    return " – ".join(word for word in words if word)


def _circle(middle: float, radius: float) -> str:
    """Return a circle around (middle, middle) as four PDF curves."""
    low, high, bend = middle - radius, middle + radius, radius * KAPPA
    near, far = middle - bend, middle + bend
    corners = (
        (high, far, far, high, middle, high),
        (near, high, low, far, low, middle),
        (low, near, near, low, middle, low),
        (far, low, high, near, high, middle),
    )
    curves = " ".join(" ".join(f"{v:.2f}" for v in corner) + " c" for corner in corners)
    return f"{high:.2f} {middle:.2f} m {curves}"
