"""The line at the top of every page of a copy: put on it here, and here alone."""

from __future__ import annotations

import io
from pathlib import Path

import pikepdf
from pikepdf import Name, Pdf
from reportlab.pdfgen.canvas import Canvas

from formflow.core.pdf_drawings import Sketches
from formflow.core.text_wrap import width_of
from formflow.forms.manifest import rectangle

FONT, LARGEST = "Helvetica-Bold", 8.0
LINE_AT_TOP = 14.0  # points below the upper edge


def put_on(pdf: Pdf, line: str) -> None:
    """Put a line on every page, drawn once for each size of page; the same line gives the same bytes."""

    def draw(canvas: Canvas, width: float, height: float) -> None:
        room = (width - 2 * LINE_AT_TOP) / width_of(line, FONT)
        canvas.setFont(FONT, min(LARGEST, room))
        canvas.drawCentredString(width / 2, height - LINE_AT_TOP, line)

    # In a document of their own: a font used elsewhere would be named in these drawings, too.
    sketches, places = Sketches(), dict[tuple[float, float], int]()
    for page in pdf.pages:
        if (size := rectangle(page.mediabox)[2:]) not in places:
            places[size] = sketches.add(*size, draw)
    drawn = sketches.drawn_into(pdf)
    for page in pdf.pages:
        drawing = drawn[places[rectangle(page.mediabox)[2:]]]
        name = page.add_resource(drawing, Name.XObject, Name.FormFlowLine)
        page.contents_add(b"q", prepend=True)  # whatever the page leaves behind ends here
        page.contents_add(b"Q q %b Do Q" % str(name).encode())


def blank_with(blank: Path, line: str) -> bytes:
    """Return a blank with a line on every page, as it is in every copy that has this line."""
    with pikepdf.open(blank) as pdf:
        put_on(pdf, line)
        out = io.BytesIO()
        pdf.save(out)
        return out.getvalue()
