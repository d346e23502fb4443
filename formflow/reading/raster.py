"""Marks on circles and tick boxes, by the ink that the paper has there and the blank has not."""

from __future__ import annotations

import io
import math
from collections.abc import Iterator
from contextlib import contextmanager

import pypdfium2
from PIL import Image

from formflow.forms.manifest import Rectangle

DOTS_PER_POINT = 2.0  # 144 dots an inch
MOST_DOTS = 16_000_000  # of one page: A3 with room to spare
DARK = 128  # of 255
INNER = 0.6  # of a circle's width: well within its outline
SHADED = 245  # of 255: the ground of a line that is chosen in a list is darker than paper
MARKED, UNMARKED = 0.12, 0.05  # share of dark dots; between them nobody can tell
FLATTENED_FOR_PRINT = 1  # FLAT_PRINT of PDFium
Dots = tuple[
    int, int, int, int
]  # from the upper left corner of a picture: left, upper, right, lower


@contextmanager
def opened(content: bytes, password: str = "") -> Iterator[pypdfium2.PdfDocument]:
    """Lend a PDF, opened for drawing. Raise ValueError when PDFium cannot open or draw it."""
    try:
        document = pypdfium2.PdfDocument(content, password=password or None)
        try:
            yield document
        finally:
            document.close()
    except pypdfium2.PdfiumError as problem:
        raise ValueError("PDFium cannot open the file, or a page of it") from problem


def drawn(
    document: pypdfium2.PdfDocument,
    number: int,
    dots_per_point: float,
    *,
    forms: bool = False,
    notes: bool = True,
    mode: str = "L",
    only: Rectangle | None = None,
) -> Image.Image:
    """Return a page, counted from 1, as a picture, grey or "RGB"; with what is in boxes, if wanted.

    Without notes it is what the page prints by itself. Where `only` a part of it is wanted, in points,
    the rest stays white: that takes a tenth of the time, and the part is the same, dot by dot.

    Raise ValueError for a page that is too large to be drawn.
    """
    page = document[number - 1]
    try:
        width, height = page.get_size()
        if width * height * dots_per_point**2 > MOST_DOTS:
            raise ValueError("the page is too large to be drawn")
        size = math.ceil(width * dots_per_point), math.ceil(height * dots_per_point)
        left, upper, right, lower = area = _area(only, size, dots_per_point)
        cut = (left, size[1] - lower, size[0] - right, upper)
        drawing = page.render(
            scale=dots_per_point,
            # Whole dots, whatever rounding does: PDFium's wrapper takes points and rounds up.
            crop=tuple(max(0.0, dots - 0.5) / dots_per_point for dots in cut),
            grayscale=mode == "L",
            may_draw_forms=forms,
            draw_annots=notes,
        )
        picture: Image.Image = drawing.to_pil().convert(mode)
        if picture.size == size:
            return picture
        whole = Image.new(mode, size, "white")
        whole.paste(picture, area)
        return whole
    finally:
        page.close()


def _area(only: Rectangle | None, size: tuple[int, int], dots_per_point: float) -> Dots:
    """Return a part of a page in dots from its upper left corner; all of it where there is no such part."""
    if only is not None:
        across, up = (
            (math.floor(low * dots_per_point), math.ceil(high * dots_per_point))
            for low, high in ((only[0], only[2]), (only[1], only[3]))
        )
        left, right = max(0, across[0]), min(size[0], across[1])
        upper, lower = max(0, size[1] - up[1]), min(size[1], size[1] - up[0])
        if left < right and upper < lower:
            return left, upper, right, lower
    return 0, 0, *size


def flattened(content: bytes) -> bytes:
    """Return a PDF whose boxes have become print, drawn again where a drawing is missing."""
    with opened(content) as document:
        for number in range(1, len(document) + 1):
            flatten(document, number)
        out = io.BytesIO()
        document.save(out)
        return out.getvalue()


def flatten(document: pypdfium2.PdfDocument, number: int) -> None:
    """Turn the boxes of one page, counted from 1, into print."""
    if document.formenv is None:
        document.init_forms()
    page = document[number - 1]
    pypdfium2.raw.FPDFPage_Flatten(page, FLATTENED_FOR_PRINT)
    page.close()


def ink(picture: Image.Image, there: Rectangle, dots_per_point: float) -> float:
    """Return the share of dark dots well within a rectangle of the page, from 0 to 1."""
    left, bottom, right, top = there
    side_x, side_y = (right - left) * (1 - INNER) / 2, (top - bottom) * (1 - INNER) / 2
    box = (
        round((left + side_x) * dots_per_point),
        picture.height - round((top - side_y) * dots_per_point),
        round((right - side_x) * dots_per_point),
        picture.height - round((bottom + side_y) * dots_per_point),
    )
    counts = picture.crop(box).histogram()
    return sum(counts[:DARK]) / max(1, sum(counts))


def is_shaded(picture: Image.Image, there: Rectangle) -> bool:
    """Return whether most of a rectangle of the page is not white."""
    left, bottom, right, top = (round(side * DOTS_PER_POINT) for side in there)
    counts = picture.crop((left, picture.height - top, right, picture.height - bottom)).histogram()
    return 2 * sum(counts[:SHADED]) > sum(counts)


def is_marked(added: float) -> bool | None:
    """Return whether so much added ink is a mark, None where nobody can tell."""
    if added >= MARKED:
        return True
    return False if added <= UNMARKED else None
