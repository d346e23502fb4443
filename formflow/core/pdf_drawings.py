"""Small drawings for boxes and edges of a page, all made in one document.

A document for each would cost more than everything else about a prefilled sheet.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from dataclasses import field as made_by

import pikepdf
from reportlab.pdfgen.canvas import Canvas

Draw = Callable[[Canvas, float, float], None]  # into a room of this width and height, in points


@dataclass
class Sketches:
    """Drawings that wait for their PDF."""

    _wanted: list[tuple[float, float, Draw]] = made_by(default_factory=list)

    def add(self, width: float, height: float, draw: Draw) -> int:
        """Put a drawing on the list; return its place in what `drawn_into` gives."""
        self._wanted.append((width, height, draw))
        return len(self._wanted) - 1

    def drawn_into(self, pdf: pikepdf.Pdf) -> list[pikepdf.Object]:
        """Return every drawing as a form XObject of a PDF, in the order in which they were added."""
        out = io.BytesIO()
        canvas = Canvas(out, invariant=True)
        for width, height, draw in self._wanted:
            canvas.setPageSize((width, height))
            draw(canvas, width, height)
            canvas.showPage()
        canvas.save()
        with pikepdf.open(out) as drawn:
            return [
                pdf.make_indirect(pdf.copy_foreign(page.as_form_xobject())) for page in drawn.pages
            ]
