"""Further pages of a sheet: answers that are longer than their box shows, whole, at a size to read."""

from __future__ import annotations

import io
from collections.abc import Sequence

from reportlab.pdfgen.canvas import Canvas

from formflow.core.text_wrap import wrapped
from formflow.documents.fonts import drawable, font_for
from formflow.documents.layout import BODY, BOLD, BOTTOM, LEFT, PAGE_HEIGHT, PAGE_WIDTH, RIGHT, TOP

SIZE, LEADING, GAP = 10.0, 13.0, 12.0  # points
TITLE = "Longer answers, in full"
EXPLAINED = "As they stood when this copy was made. What counts is what stands in the boxes."


def further_pages(answers: Sequence[tuple[str, str]]) -> bytes:
    """Return pages with labels and answers as PDF; what is long goes on, nothing is cut."""
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=(PAGE_WIDTH, PAGE_HEIGHT), invariant=1)
    canvas.setFont(BOLD, 14)
    canvas.drawString(LEFT, TOP - 14, TITLE)
    canvas.setFont(BODY, 9)
    canvas.drawString(LEFT, TOP - 28, EXPLAINED)
    y = TOP - 28 - GAP
    for label, answer in answers:
        y = _lines(canvas, [label], BOLD, y - GAP)
        shown = drawable(answer)
        font = font_for(shown, BODY)
        y = _lines(canvas, wrapped(shown, font, SIZE, RIGHT - LEFT), font, y)
    canvas.showPage()
    canvas.save()
    return out.getvalue()


def _lines(canvas: Canvas, lines: Sequence[str], font: str, y: float) -> float:
    """Draw lines downwards from `y`, on as many pages as they need; return where they end."""
    for line in lines:
        y -= LEADING
        if y < BOTTOM:
            canvas.showPage()
            y = TOP - LEADING
        canvas.setFont(font, SIZE)
        canvas.drawString(LEFT, y, line)
    return y
