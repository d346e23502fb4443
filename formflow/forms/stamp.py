"""The line at the top of every page of a copy: put on it here, and here alone."""

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


def draw(drawing: Drawing, line: str, width: float, height: float) -> None:
    """Draw a line at the top of a page of this size in points; the same line gives the same bytes."""
    room = (width - 2 * LINE_AT_TOP) / width_of(line, FONT)
    drawing.centred(width / 2, height - LINE_AT_TOP, line, FONT, min(LARGEST, room))


def put_on(pdf: Pdf, line: str) -> None:
    """Put a line on every page, drawn once for each size of page."""
    drawn = dict[tuple[float, float], pikepdf.Object]()
    for page in pdf.pages:
        width, height = rectangle(page.mediabox)[2:]
        if (width, height) not in drawn:
            drawn[width, height] = _drawn(pdf, line, width, height)
        name = page.add_resource(drawn[width, height], Name.XObject, NAME)
        page.contents_add(b"q", prepend=True)  # whatever the page leaves behind ends here
        page.contents_add(b"Q q %b Do Q" % str(name).encode())


def _drawn(pdf: Pdf, line: str, width: float, height: float) -> pikepdf.Object:
    drawing = Drawing()
    draw(drawing, line, width, height)
    bold = Dictionary(
        Type=Name.Font,
        Subtype=Name.Type1,
        BaseFont=Name("/" + FONT),
        Encoding=Name.WinAnsiEncoding,
    )
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
