"""What the pages of a paper look like, drawn by PDFium. What a paper could do is left out of it."""

from __future__ import annotations

from pathlib import Path

from formflow.reading import raster
from formflow.reading.page_images import DOTS_PER_INCH, MOST_DOTS, Picture, packed

POINTS_PER_INCH = 72


def pictures(path: Path, password: str, most_bytes: int) -> bytes:
    """Return the first pages of a paper as packed pictures of together at most so many bytes.

    Raise ValueError when PDFium cannot open the file.
    """
    drawn: list[Picture] = []
    with raster.opened(path.read_bytes(), password) as document:
        document.init_forms()
        for number in range(1, len(document) + 1):
            picture = raster.drawn(document, number, DOTS_PER_INCH / POINTS_PER_INCH, forms=True)
            if picture.width * picture.height > MOST_DOTS:
                break
            drawn.append(Picture(picture.width, picture.height, picture.tobytes()))
            if len(packed(drawn)) > most_bytes:
                drawn.pop()
                break
    return packed(drawn)
