"""Pages of placed words and boxes -> the printed paper, by reportlab. Marks link it to its structure."""

from __future__ import annotations

import io

from reportlab.pdfgen.canvas import Canvas

from formflow.documents import layout
from formflow.documents.layout import Box, Line, Placed, Words
from formflow.forms.catalogue import Form


def drawn(form: Form, pages: list[list[Placed]]) -> bytes:
    """Return the pages as PDF without boxes; every paragraph is marked for the structure tree."""
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=(layout.PAGE_WIDTH, layout.PAGE_HEIGHT), invariant=1)
    for number, placed in enumerate(pages, start=1):
        canvas.addLiteral("/Artifact BMC")
        _draw_edges(canvas, form, number, len(pages))
        for thing in placed:
            _draw_shape(canvas, thing)
        canvas.addLiteral("EMC")
        for mark, words in enumerate(paragraphs(placed)):
            _draw_words(canvas, mark, words)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def _draw_edges(canvas: Canvas, form: Form, number: int, count: int) -> None:
    canvas.setFillGray(0)
    for x in (18, layout.PAGE_WIDTH - 26):  # corner marks, for papers that come back as scans
        for y in (18, layout.PAGE_HEIGHT - 26):
            canvas.rect(x, y, 8, 8, stroke=0, fill=1)
    canvas.setFillGray(0.25)
    canvas.setFont(layout.BODY, 8)
    canvas.drawString(
        layout.LEFT, 30, f"{form.code}  {form.title} · version {form.version} · {form.form_id}"
    )
    canvas.drawRightString(layout.RIGHT, 30, f"page {number} of {count}")


def _draw_shape(canvas: Canvas, thing: Placed) -> None:
    match thing:
        case Line(height=0):
            canvas.setStrokeGray(thing.grey)
            canvas.setLineWidth(0.5)
            canvas.line(thing.x, thing.y, thing.x + thing.width, thing.y)
        case Line():
            canvas.setFillGray(thing.grey)
            canvas.rect(thing.x, thing.y, thing.width, thing.height, stroke=0, fill=1)
        case Box(state=None):
            canvas.setStrokeGray(0.35)
            canvas.setLineWidth(0.7)
            canvas.rect(thing.x, thing.y, thing.width, thing.height)
        case Box():
            canvas.setStrokeGray(0.2)
            canvas.setLineWidth(0.8)
            radius = thing.width / 2
            canvas.circle(thing.x + radius, thing.y + radius, radius - 0.5)
        case Words():
            pass  # drawn as marked content, see _draw_words


def paragraphs(placed: list[Placed]) -> list[list[Words]]:
    """Group the lines that follow each other in one paragraph, in reading order."""
    groups: list[list[Words]] = []
    before: Placed | None = None
    for thing in placed:
        if isinstance(thing, Words):
            goes_on = isinstance(before, Words) and _looks_alike(before, thing)
            if goes_on:
                groups[-1].append(thing)
            else:
                groups.append([thing])
        before = thing
    return groups


def _looks_alike(one: Words, other: Words) -> bool:
    same = (one.x, one.font, one.size, one.tag) == (other.x, other.font, other.size, other.tag)
    return same and 0 < one.y - other.y < 1.35 * one.size


def _draw_words(canvas: Canvas, mark: int, lines: list[Words]) -> None:
    canvas.addLiteral(f"/{lines[0].tag} <</MCID {mark}>> BDC")
    for words in lines:
        canvas.setFillGray(words.grey)
        canvas.setFont(words.font, words.size)
        canvas.drawString(words.x, words.y, words.text)
    canvas.addLiteral("EMC")
