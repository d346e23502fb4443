"""Further pages of a sheet: answers that are longer than their box shows, whole, at a size to read."""

from __future__ import annotations

from collections.abc import Sequence

from formflow.core.text_wrap import wrapped
from formflow.documents.fonts import drawable, font_for
from formflow.documents.layout import BODY, BOLD, BOTTOM, LEFT, RIGHT, TOP
from formflow.documents.structure import Leaf, Structure

SIZE, LEADING, GAP = 10.0, 13.0, 12.0  # points
TITLE = "Longer answers, in full"
EXPLAINED = "As they were when this copy was made. What counts is what is in the boxes."


def further_pages(answers: Sequence[tuple[str, str]], structure: Structure) -> list[Leaf]:
    """Return pages with labels and answers; what is long goes on, nothing is cut."""
    pages = [structure.leaf()]
    for kind, below, text, font, size in (
        ("H2", 14, TITLE, BOLD, 14.0),
        ("P", 28, EXPLAINED, BODY, 9.0),
    ):
        structure.begin(pages[0], structure.element(kind))
        pages[0].drawing.text(LEFT, TOP - below, text, font, size)
        structure.end(pages[0])
    y = TOP - 28 - GAP
    for label, answer in answers:
        y -= GAP
        shown = drawable(answer)
        font = font_for(shown, BODY)
        y = _written([label], "H3", BOLD, y, pages, structure)
        y = _written(wrapped(shown, font, SIZE, RIGHT - LEFT), "P", font, y, pages, structure)
    return pages


def _written(
    lines: Sequence[str], kind: str, font: str, y: float, pages: list[Leaf], structure: Structure
) -> float:
    """Write lines below `y` on the last page, and on new ones; return how far down they come."""
    element = structure.element(kind)
    begun = False
    for line in lines:
        y -= LEADING
        if y < BOTTOM:
            if begun:
                structure.end(pages[-1])
            pages.append(structure.leaf())
            y, begun = TOP - LEADING, False
        if not begun:
            structure.begin(pages[-1], element)
            begun = True
        pages[-1].drawing.text(LEFT, y, line, font, SIZE)
    structure.end(pages[-1])
    return y
