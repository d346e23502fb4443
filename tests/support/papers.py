"""Papers made for one test: our blank form filled in, or a small form of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pikepdf
from pikepdf import Array, Dictionary, Name, Pdf, Stream, String

from formflow.core.limits import Limits
from formflow.core.model import Reading, Unread
from formflow.forms.catalogue import known, shipped
from formflow.reading.ladder import read_paper
from formflow.reading.reader import Reader

SAMPLES = sorted((Path(__file__).parents[1] / "samples").glob("*/form.pdf"))
FORMS = shipped()
BLANK = FORMS[0].blank
LIMITS = Limits()
ANSWERS = {
    "child_a_name": "Zoë Świątek-O’Connor",
    "incident_at": "14/11/2026 at 1.45pm",
    "type_text": "Behind the shed.\nShe said: “stop”.",
    "context_planned": "yes",
    "context_force": "no",
    "others_freely": "unknown",
}
Change = Callable[[Pdf], None]


def read(path: Path, second_reading: str = "always", password: str = "") -> Reading | Unread:
    """Read a paper as the child of the cage does."""
    return read_paper(path, Reader(known(), LIMITS, second_reading, password))


def held(path: Path, second_reading: str = "always") -> set[tuple[str, str | None]]:
    """Return what holds a paper that can be read."""
    reading = read(path, second_reading)
    assert isinstance(reading, Reading), reading
    return {(hold.code, hold.field) for hold in reading.held}


def field(pdf: Pdf, name: str) -> Any:
    """Return one field of our form."""
    return next(entry for entry in pdf.Root.AcroForm.Fields if entry.get("/T") == name)


def fill(pdf: Pdf, answers: Mapping[str, str]) -> None:
    """Fill in our form without drawing the texts: viewers then draw what is stored."""
    for name, value in answers.items():
        box = field(pdf, name)
        if "/Kids" not in box:
            box.V = String(value)
            continue
        box.V = Name("/" + value)
        for circle in box.Kids:
            circle.AS = Name("/" + value) if "/" + value in circle.AP.N else Name.Off


def paper(
    path: Path,
    answers: Mapping[str, str] = ANSWERS,
    change: Change = lambda _: None,
    **how: Any,
) -> Path:
    """Write our form, filled in and then changed: the same bytes each time, but for one under a password."""
    with pikepdf.open(BLANK) as pdf:
        fill(pdf, answers)
        change(pdf)
        pdf.save(path, deterministic_id="encryption" not in how, **how)
    return path


def draw(pdf: Pdf, name: str, text: bytes, **font: Any) -> None:
    """Draw codes in a box of our form, in Helvetica unless the font is described."""
    letters = {"Subtype": Name.Type1, "BaseFont": Name.Helvetica} | font
    box = field(pdf, name)
    drawing = Stream(pdf, b"/Tx BMC q BT /Own 9 Tf 2 4 Td <%s> Tj ET Q EMC" % text.hex().encode())
    drawing.Type, drawing.Subtype, drawing.BBox = Name.XObject, Name.Form, Array([0, 0, 300, 20])
    drawing.Resources = Dictionary(Font=Dictionary(Own=Dictionary(Type=Name.Font, **letters)))
    box.AP = Dictionary(N=pdf.make_indirect(drawing))


def small_form(*fields: Dictionary) -> Pdf:
    """Return a PDF of one page with these fields."""
    pdf = pikepdf.new()
    pdf.add_blank_page()
    entries = Array([pdf.make_indirect(entry) for entry in fields])
    pdf.Root.AcroForm = Dictionary(Fields=entries)
    return pdf
