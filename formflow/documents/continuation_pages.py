"""Further pages of a sheet: answers that are longer than their box shows, whole, at a size to read."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from formflow.core.pdf_drawings import Drawing
from formflow.core.text_wrap import wrapped
from formflow.documents.fonts import drawable, font_for
from formflow.documents.layout import BODY, BOLD, BOTTOM, LEFT, RIGHT, TOP

SIZE, LEADING, GAP = 10.0, 13.0, 12.0  # points
TITLE = "Longer answers, in full"
EXPLAINED = "As they were when this copy was made. What counts is what is in the boxes."


def further_pages(
    answers: Sequence[tuple[str, str]], new_page: Callable[[], Drawing]
) -> list[Drawing]:
    """Return pages with labels and answers; what is long goes on, nothing is cut."""
    pages = [new_page()]
    pages[0].text(LEFT, TOP - 14, TITLE, BOLD, 14)
    pages[0].text(LEFT, TOP - 28, EXPLAINED, BODY, 9)
    y = TOP - 28 - GAP
    for label, answer in answers:
        shown = drawable(answer)
        font = font_for(shown, BODY)
        lines = [
            (label, BOLD),
            *((line, font) for line in wrapped(shown, font, SIZE, RIGHT - LEFT)),
        ]
        y -= GAP
        for line, its_font in lines:
            y -= LEADING
            if y < BOTTOM:
                pages.append(new_page())
                y = TOP - LEADING
            pages[-1].text(LEFT, y, line, its_font, SIZE)
    return pages
