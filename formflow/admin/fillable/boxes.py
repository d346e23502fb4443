"""Gaps -> boxes in the PDF. Nothing that is printed is changed: only boxes are added."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pikepdf
from pikepdf import Array, Dictionary, Name, String

from formflow.admin.fillable.choices import Gap, Kind
from formflow.admin.learn.labels import MADE_HERE
from formflow.admin.learn.sheet import View
from formflow.core.pdf_drawings import BEND

PRINT = 1 << 2
MULTILINE, RADIO, COMB = 1 << 12, 1 << 15, 1 << 24
TEXT_LOOK = "/Helv 0 Tf 0 g"  # letters as large as fits
LARGE = 10  # points: of letters in a box of several lines


@dataclass(frozen=True, slots=True)
class Named:
    """A gap with the name of its box."""

    page: int  # from 1
    gap: Gap
    name: str


def named(gaps: Sequence[Sequence[Gap]]) -> list[Named]:
    """Return the gaps of all pages with names of no meaning, in the order of the paper; circles of one question share one."""
    found: list[Named] = []
    groups: dict[tuple[int, int], str] = {}
    number = 0
    for page, some in enumerate(gaps, start=1):
        for gap in sorted(some, key=lambda one: (-round(one.place[3] / 6), one.place[0])):
            name = groups.get((page, gap.group)) if gap.group else None
            if name is None:
                number += 1
                name = f"Box {number}"
            if gap.group:
                groups[page, gap.group] = name
            found.append(Named(page, gap, name))
    return found


def with_boxes(content: bytes, boxes: Sequence[Named], tooltips: Mapping[str, str]) -> bytes:
    """Return the PDF with boxes; `tooltips` are by name, and one without has none."""
    with pikepdf.open(io.BytesIO(content)) as pdf:
        view = View(pdf, content)
        maker = _Maker(pdf, tooltips)
        for box in boxes:
            rectangle, turn = view.placed(box.page, box.gap.place)
            maker.add(pdf.pages[box.page - 1], box, rectangle, turn)
        helvetica = Dictionary(
            Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica, Encoding=Name.WinAnsiEncoding
        )  # fmt: skip
        pdf.Root.AcroForm = pdf.make_indirect(
            Dictionary(
                Fields=Array(maker.fields),
                DA=String(TEXT_LOOK),
                DR=Dictionary(Font=Dictionary(Helv=pdf.make_indirect(helvetica))),
            )
        )
        pdf.docinfo[MADE_HERE] = "1"
        out = io.BytesIO()
        pdf.save(out, deterministic_id=True)
        return out.getvalue()


class _Maker:
    """Makes widgets, and keeps the circles of each question together."""

    def __init__(self, pdf: pikepdf.Pdf, tooltips: Mapping[str, str]) -> None:
        self._pdf, self._tooltips = pdf, tooltips
        self._groups: dict[str, pikepdf.Object] = {}
        self.fields: list[pikepdf.Object] = []

    def add(self, page: pikepdf.Page, box: Named, rectangle: tuple[float, ...], turn: int) -> None:
        """Add one box to a page. `turn`: in degrees, clockwise, so that letters are upright."""
        widget = self._pdf.make_indirect(
            Dictionary(
                Type=Name.Annot,
                Subtype=Name.Widget,
                F=PRINT,
                P=page.obj,
                Rect=Array([round(side, 2) for side in rectangle]),
            )
        )
        if turn:
            widget.MK = Dictionary(R=turn)
        if box.gap.kind in (Kind.LINE, Kind.LINES, Kind.CELLS):
            self._make_text(widget, box)
        else:
            self._make_button(widget, box)
        if "/Annots" not in page.obj:
            page.obj.Annots = self._pdf.make_indirect(Array())
        page.obj.Annots.append(widget)
        if "/Tabs" not in page.obj:
            page.obj.Tabs = Name.R  # row by row

    def _make_text(self, widget: pikepdf.Object, box: Named) -> None:
        widget.FT = Name.Tx
        self._name(widget, box)
        several = box.gap.kind is Kind.LINES
        widget.DA = String(f"/Helv {LARGE} Tf 0 g" if several else TEXT_LOOK)
        if several:
            widget.Ff = MULTILINE
        if box.gap.cells:
            widget.Ff = COMB
            widget.MaxLen = box.gap.cells
        self.fields.append(widget)

    def _make_button(self, widget: pikepdf.Object, box: Named) -> None:
        state = box.gap.state.replace(" ", "_") or "Yes"
        left, bottom, right, top = box.gap.place
        size = right - left, top - bottom
        looks = Dictionary({"/" + state: self._look(box.gap.kind, *size, is_on=True)})
        looks["/Off"] = self._look(box.gap.kind, *size, is_on=False)
        widget.AP = Dictionary(N=looks)
        widget.AS = Name.Off
        if not box.gap.group:
            widget.FT = Name.Btn
            self._name(widget, box)
            self.fields.append(widget)
            return
        group = self._groups.get(box.name)
        if group is None:
            group = self._pdf.make_indirect(
                Dictionary(FT=Name.Btn, Ff=RADIO, V=Name.Off, Kids=Array())
            )
            self._name(group, box)
            self._groups[box.name] = group
            self.fields.append(group)
        widget.Parent = group
        words = self._tooltips.get(box.name, "")
        widget.TU = String(f"{words} – {box.gap.state}" if words else box.gap.state)
        group.Kids.append(widget)

    def _name(self, holder: pikepdf.Object, box: Named) -> None:
        holder.T = String(box.name)
        if words := self._tooltips.get(box.name):
            holder.TU = String(words)

    def _look(self, kind: Kind, wide: float, high: float, *, is_on: bool) -> pikepdf.Object:
        return self._pdf.make_stream(
            f"q {_operators(kind, wide, high, is_on=is_on)} Q".encode(),
            Type=Name.XObject,
            Subtype=Name.Form,
            BBox=Array([0, 0, round(wide, 2), round(high, 2)]),
            Resources=Dictionary(),
        )


def _ellipse(x: float, y: float, wide: float, high: float) -> str:
    """Return an ellipse around (x, y) as four curves; `wide` and `high` are from its middle."""
    bend, rise = BEND * wide, BEND * high
    corners = (
        (x + wide, y + rise, x + bend, y + high, x, y + high),
        (x - bend, y + high, x - wide, y + rise, x - wide, y),
        (x - wide, y - rise, x - bend, y - high, x, y - high),
        (x + bend, y - high, x + wide, y - rise, x + wide, y),
    )
    curves = " ".join(" ".join(f"{v:.2f}" for v in corner) + " c" for corner in corners)
    return f"{x + wide:.2f} {y:.2f} m {curves}"


def _operators(kind: Kind, wide: float, high: float, *, is_on: bool) -> str:
    """Return how a tick box, a circle or a ring looks; what is printed under it stays to be seen."""
    x, y = wide / 2, high / 2
    if kind is Kind.RING:
        line = "0 G 1.4 w" if is_on else "0.6 G 0.5 w"
        return f"{line} {_ellipse(x, y, x - 0.8, y - 0.8)} S"
    if kind is Kind.CIRCLE:
        edge = f"0.2 G 0.7 w {_ellipse(x, y, x - 0.5, y - 0.5)} S"
        return f"{edge} 0 g {_ellipse(x, y, x * 0.55, y * 0.55)} f" if is_on else edge
    cross = (
        f"0 G 1.2 w 2 2 m {wide - 2:.2f} {high - 2:.2f} l S 2 {high - 2:.2f} m {wide - 2:.2f} 2 l S"
    )
    return cross if is_on else ""
