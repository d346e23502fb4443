"""The profile of an assessment as a drawing: four domains, concerns beside strengths, a dot for each mark.

Nothing is added up: the dots show what was noted and how heavy its evidence is, not how much it counts.
"""

from __future__ import annotations

from collections.abc import Sequence

from formflow.core.pdf_drawings import Drawing
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


def profile_chart(drawing: Drawing, marks: Sequence[Mark], width: float, height: float) -> None:
    """Draw the profile into a box of a size in points, from its lower left corner."""
    column = (width - NAMES_WIDTH) / 4
    row = (height - HEAD - FOOT) / len(DOMAINS)
    _draw_heads(drawing, column, width, height)
    for line, (domain, title) in enumerate(DOMAINS.items()):
        top = height - HEAD - line * row
        drawing.shade(0, 0.7)
        drawing.line(0, top, width, top)
        for number, words in enumerate(wrapped(title, BODY, 8.5, NAMES_WIDTH - 8)):
            drawing.text(4, top - 14 - number * 10, words, BODY, 8.5)
        cells = [(kind, nature) for kind in KINDS for nature in NATURES]
        for place, (kind, nature) in enumerate(cells):
            there = [m for m in marks if (m.domain, m.kind, m.nature) == (domain, kind, nature)]
            _draw_dots(drawing, there, NAMES_WIDTH + place * column, top - 14, column)
    _draw_legend(drawing)


def _draw_heads(drawing: Drawing, column: float, width: float, height: float) -> None:
    for place, kind in enumerate(KINDS):
        left = NAMES_WIDTH + 2 * place * column
        drawing.text(left + 4, height - 13, f"{kind.title()}s", BOLD, 9.5)
    for place, nature in enumerate(NATURES * len(KINDS)):
        drawing.text(NAMES_WIDTH + place * column + 4, height - 27, nature, BODY, 8.5)
    drawing.shade(0, 0.4)
    for place in (0, 2, 4):
        x = min(NAMES_WIDTH + place * column, width)
        drawing.line(x, FOOT, x, height)
    drawing.line(0, FOOT, width, FOOT)


def _draw_dots(drawing: Drawing, there: Sequence[Mark], left: float, y: float, wide: float) -> None:
    order = list(SIGNS)
    in_a_row = max(1, int((wide - 8) // PITCH))
    for number, mark in enumerate(sorted(there, key=lambda one: order.index(one.weight))):
        down, along = divmod(number, in_a_row)
        _draw_dot(drawing, left + 10 + along * PITCH, y + 2 - down * PITCH, mark.weight)


def _draw_dot(drawing: Drawing, x: float, y: float, weight: str) -> None:
    """Draw one mark: full, half, hollow, struck out, or a question mark. Never by colour alone."""
    drawing.shade(0)
    if not weight:
        drawing.centred(x, y - 3.5, "?", BOLD, 10)
        return
    drawing.circle(x, y, RADIUS, filled=weight == "strong")
    if weight == "some":
        drawing.left_half(x, y, RADIUS)
    if weight == "none":
        drawing.line(x - RADIUS, y - RADIUS, x + RADIUS, y + RADIUS)


def _draw_legend(drawing: Drawing) -> None:
    x = 10.0
    for weight, words in LEGEND:
        _draw_dot(drawing, x, 9, weight)
        drawing.text(x + 9, 6, words, BODY, 8)
        x += 26 + len(words) * 4.4
