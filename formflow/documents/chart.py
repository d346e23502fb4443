"""The profile of an assessment as a drawing: four domains, concerns beside strengths, a dot for each mark.

Nothing is added up: the dots show what was noted and how heavy its evidence is, not how much it counts.
"""

from __future__ import annotations

from collections.abc import Sequence

from reportlab.pdfgen.canvas import Canvas

from formflow.core.text_wrap import wrapped
from formflow.documents.layout import BODY, BOLD
from formflow.rules.assessment.profile import DOMAINS, KINDS, NATURES, SIGNS, Mark

NAMES_WIDTH = 130.0  # points, for the names of the domains
HEAD, FOOT = 34.0, 22.0
RADIUS, PITCH = 5.0, 14.0
LEGEND = (
    ("strong", "strong evidence"),
    ("some", "some"),
    ("little", "little"),
    ("none", "none"),
    ("", "not said"),
)


def profile_chart(canvas: Canvas, marks: Sequence[Mark], width: float, height: float) -> None:
    """Draw the profile into a box of a size in points, from its lower left corner."""
    column = (width - NAMES_WIDTH) / 4
    row = (height - HEAD - FOOT) / len(DOMAINS)
    _draw_heads(canvas, column, width, height)
    for line, (domain, title) in enumerate(DOMAINS.items()):
        top = height - HEAD - line * row
        canvas.setStrokeGray(0.7)
        canvas.line(0, top, width, top)
        canvas.setFont(BODY, 8.5)
        for number, words in enumerate(wrapped(title, BODY, 8.5, NAMES_WIDTH - 8)):
            canvas.drawString(4, top - 14 - number * 10, words)
        cells = [(kind, nature) for kind in KINDS for nature in NATURES]
        for place, (kind, nature) in enumerate(cells):
            there = [m for m in marks if (m.domain, m.kind, m.nature) == (domain, kind, nature)]
            _draw_dots(canvas, there, NAMES_WIDTH + place * column, top - 14, column)
    _draw_legend(canvas)


def _draw_heads(canvas: Canvas, column: float, width: float, height: float) -> None:
    canvas.setFont(BOLD, 9.5)
    for place, kind in enumerate(KINDS):
        canvas.drawString(NAMES_WIDTH + 2 * place * column + 4, height - 13, f"{kind.title()}s")
    canvas.setFont(BODY, 8.5)
    for place, nature in enumerate(NATURES * len(KINDS)):
        canvas.drawString(NAMES_WIDTH + place * column + 4, height - 27, nature)
    canvas.setStrokeGray(0.4)
    for place in range(5):
        if place % 2 == 0:
            x = NAMES_WIDTH + place * column
            canvas.line(min(x, width), FOOT, min(x, width), height)
    canvas.line(0, FOOT, width, FOOT)


def _draw_dots(canvas: Canvas, there: Sequence[Mark], left: float, y: float, wide: float) -> None:
    order = list(SIGNS)
    in_a_row = max(1, int((wide - 8) // PITCH))
    for number, mark in enumerate(sorted(there, key=lambda one: order.index(one.weight))):
        down, along = divmod(number, in_a_row)
        _draw_dot(canvas, left + 10 + along * PITCH, y + 2 - down * PITCH, mark.weight)


def _draw_dot(canvas: Canvas, x: float, y: float, weight: str) -> None:
    """Draw one mark: full, half, hollow, struck out, or a question mark. Never by colour alone."""
    canvas.setStrokeGray(0)
    canvas.setFillGray(0)
    if not weight:
        canvas.setFont(BOLD, 10)
        canvas.drawCentredString(x, y - 3.5, "?")
        return
    canvas.circle(x, y, RADIUS, stroke=1, fill=int(weight == "strong"))
    if weight == "some":
        canvas.wedge(x - RADIUS, y - RADIUS, x + RADIUS, y + RADIUS, 90, 180, stroke=0, fill=1)
    if weight == "none":
        canvas.line(x - RADIUS, y - RADIUS, x + RADIUS, y + RADIUS)


def _draw_legend(canvas: Canvas) -> None:
    x = 10.0
    for weight, words in LEGEND:
        _draw_dot(canvas, x, 9, weight)
        canvas.setFont(BODY, 8)
        canvas.drawString(x + 9, 6, words)
        x += 26 + len(words) * 4.4
