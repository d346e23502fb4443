"""Pages that somebody turned in a viewer: laid straight again in memory, and told. The file stays as it is."""

from __future__ import annotations

from collections.abc import Collection

import pikepdf

TURNED = "FF-153"  # notice


def pages(pdf: pikepdf.Pdf) -> list[int]:
    """Return the pages that are shown turned, counted from 1."""
    return [number for number, page in enumerate(pdf.pages, start=1) if page.rotation]


def straighten(pdf: pikepdf.Pdf, numbers: Collection[int]) -> None:
    """Lay pages straight, counted from 1."""
    for number in numbers:
        pdf.pages[number - 1].rotate(0, relative=False)
