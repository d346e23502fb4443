"""The line at the top of every page of a copy: put on it here, and here alone.

A blank that brings the letters of the line along can be read aloud: on it the line is no part of what is read, and has
these letters. Every other blank has the line as its copies always had it: papers are compared with it, print by print.
"""

from __future__ import annotations

import io
from pathlib import Path

import pikepdf
from pikepdf import Array, Dictionary, Name, Pdf

from formflow.core.pdf_drawings import Drawing
from formflow.core.text_wrap import width_of
from formflow.forms.manifest import rectangle

FONT, LARGEST = "Helvetica-Bold", 8.0
LINE_AT_TOP = 14.0  # points below the upper edge
NAME = Name.FormFlowLine  # of its drawing, in the resources of a page
ITS_LETTERS = "/FormFlowLine"  # of the font, in the resources of the boxes


def draw(drawing: Drawing, line: str, width: float, height: float) -> None:
    """Draw a line at the top of a page of this size in points; the same line gives the same bytes."""
    room = (width - 2 * LINE_AT_TOP) / width_of(line, FONT)
    drawing.centred(width / 2, height - LINE_AT_TOP, line, FONT, min(LARGEST, room))


def put_on(pdf: Pdf, line: str) -> None:
    """Put a line on every page, drawn once for each size of page."""
    bold = _letters(pdf)
    order = b"Q q %b Do Q" if bold is None else b"Q /Artifact BMC q %b Do Q EMC"
    bold = bold or Dictionary(
        Type=Name.Font,
        Subtype=Name.Type1,
        BaseFont=Name("/" + FONT),
        Encoding=Name.WinAnsiEncoding,
    )
    drawn = dict[tuple[float, float], pikepdf.Object]()
    for page in pdf.pages:
        width, height = rectangle(page.mediabox)[2:]
        if (width, height) not in drawn:
            drawn[width, height] = _drawn(pdf, line, bold, width, height)
        name = page.add_resource(drawn[width, height], Name.XObject, NAME)
        page.contents_add(b"q", prepend=True)  # whatever the page leaves behind ends here
        page.contents_add(order % str(name).encode())


def brings_letters(pdf: Pdf) -> bool:
    """Return whether a blank brings letters for the line along: then it is tagged, and read aloud."""
    return _letters(pdf) is not None


def _letters(pdf: Pdf) -> pikepdf.Object | None:
    """Return the letters for the line that a blank brings along, None where it brings none."""
    form = pdf.Root.get("/AcroForm", Dictionary())
    return form.get("/DR", Dictionary()).get("/Font", Dictionary()).get(ITS_LETTERS)


def _drawn(
    pdf: Pdf, line: str, bold: pikepdf.Object, width: float, height: float
) -> pikepdf.Object:
    drawing = Drawing()
    draw(drawing, line, width, height)
    return pdf.make_stream(
        drawing.content,
        Type=Name.XObject,
        Subtype=Name.Form,
        BBox=Array([0, 0, width, height]),
        Resources=Dictionary(Font=Dictionary({f"/{FONT}": bold})),
    )


def blank_with(blank: Path, line: str) -> bytes:
    """Return a blank with a line on every page, as it is in every copy that has this line."""
    with pikepdf.open(blank) as pdf:
        put_on(pdf, line)
        out = io.BytesIO()
        pdf.save(out)
        return out.getvalue()
