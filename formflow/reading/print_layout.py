"""The pages of a PDF as they are printed: words with their places, and letters in the order drawn.

By pdfplumber. A letter also remembers the drawings it is in: programs that turn boxes into print
draw each answer as a drawing of its own, of the size of the box.
"""

from __future__ import annotations

import io
import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import pdfplumber
from pdfminer.layout import LTChar, LTContainer, LTFigure
from pdfplumber.utils.clustering import cluster_objects
from pdfplumber.utils.text import extract_words

from formflow.forms.manifest import Rectangle
from formflow.reading.alignment import Fit, Word

logging.getLogger("pdfminer").setLevel(logging.CRITICAL)  # its warnings quote the file
MOST_OF_A_PAGE = 0.5
SAME_SPOT = 1.5  # points
SAME_LINE = 3.0  # points
EDGE_OF_LINES = 1.5  # times their height: programs keep away from the edge of a box by that much
WORD_GOES_ON = ("-", "’", "/")  # programs break lines after these, too


class Letter(NamedTuple):
    """One letter as drawn, and the outlines of the drawings around it, from outside to inside."""

    drawn: dict[str, Any]  # as pdfplumber gives it
    around: tuple[Rectangle, ...]

    @property
    def text(self) -> str:
        """The letter itself; sometimes more than one, such as "ffi"."""
        return str(self.drawn["text"])

    @property
    def middle(self) -> tuple[float, float]:
        """Its middle, in points from the lower left corner."""
        drawn = self.drawn
        return (drawn["x0"] + drawn["x1"]) / 2, (drawn["y0"] + drawn["y1"]) / 2


@dataclass(frozen=True, slots=True)
class Sheet:
    """One printed page."""

    width: float  # points
    height: float
    words: tuple[Word, ...]
    letters: tuple[Letter, ...]  # in the order drawn
    is_picture: bool  # a picture fills it, as on a scanned page


def sheets(content: bytes) -> list[Sheet]:
    """Return every page of a PDF. Raise ValueError when pdfplumber cannot read it."""
    try:
        return list(_sheets(content))
    except (MemoryError, RecursionError):
        raise
    except Exception as problem:  # it raises many kinds on damaged files: all mean "it cannot"
        raise ValueError("pdfplumber cannot read the file") from problem


def _sheets(content: bytes) -> Iterator[Sheet]:
    with pdfplumber.open(io.BytesIO(content)) as pdf:
        for page in pdf.pages:
            yield Sheet(
                float(page.width),
                float(page.height),
                tuple(_words(page)),
                tuple(_letters(page)),
                any(_fills(image, page) for image in page.images),
            )
            page.close()  # else it keeps every object of the page


class Line(NamedTuple):
    """Words on one line, from left to right."""

    words: tuple[str, ...]
    right: float  # points from the left
    top: float  # points from the top of the page
    bottom: float
    first: float  # width of the first word


def lines(letters: Sequence[Letter]) -> list[Line]:
    """Return letters as they are read: in lines from the top, with the spaces between words."""
    words = extract_words([letter.drawn for letter in letters], x_tolerance_ratio=0.2)
    rows = cluster_objects(words, "doctop", SAME_LINE)
    return [
        Line(
            tuple(word["text"] for word in row),
            row[-1]["x1"],
            min(word["top"] for word in row),
            max(word["bottom"] for word in row),
            row[0]["width"],
        )
        for row in (sorted(found, key=lambda word: float(word["x0"])) for found in rows)
    ]


def as_text(found: Sequence[Line], right_edge: float) -> str:
    """Return lines as text. A line that ends because the next word had no room goes on."""
    text = ""
    for number, line in enumerate(found):
        own = " ".join(line.words)
        before = found[number - 1] if number else None
        if before is None:
            text = own
        elif before.right + line.first + EDGE_OF_LINES * (line.bottom - line.top) < right_edge:
            text += f"\n{own}"
        else:
            broken = text.endswith(WORD_GOES_ON) or (own[:1] == "-" and own[1:2].isalnum())
            text += own if broken else f" {own}"
    return text


def without_print(letters: Iterable[Letter], printed: Iterable[Letter], fit: Fit) -> list[Letter]:
    """Return the letters of a paper that its blank does not have at that spot."""
    known = {
        (letter.text, *spot) for letter in printed for spot in _spots(*fit.point(*letter.middle))
    }
    return [letter for letter in letters if (letter.text, *_spot(*letter.middle)) not in known]


def _spot(x: float, y: float) -> tuple[int, int]:
    return round(x / SAME_SPOT), round(y / SAME_SPOT)


def _spots(x: float, y: float) -> Iterator[tuple[int, int]]:
    across, up = _spot(x, y)
    yield from ((across + dx, up + dy) for dx in (-1, 0, 1) for dy in (-1, 0, 1))


def _fills(image: dict[str, Any], page: Any) -> bool:
    covered = float(image["width"]) * float(image["height"])
    return bool(covered > MOST_OF_A_PAGE * float(page.width * page.height))


def _words(page: Any) -> Iterator[Word]:
    for word in page.extract_words(x_tolerance_ratio=0.2, return_chars=True):
        yield Word(word["text"], (word["x0"] + word["x1"]) / 2, word["chars"][0]["matrix"][5])


def _letters(page: Any) -> Iterator[Letter]:
    around = list(_around(page.layout, ()))
    drawn = page.chars
    if len(around) != len(drawn):
        around = [()] * len(drawn)
    yield from map(Letter, drawn, around)


def _around(
    container: LTContainer[Any], chain: tuple[Rectangle, ...]
) -> Iterator[tuple[Rectangle, ...]]:
    for thing in container:
        if isinstance(thing, LTChar):
            yield chain
        elif isinstance(thing, LTFigure):
            yield from _around(thing, (*chain, thing.bbox))
        elif isinstance(thing, LTContainer):
            yield from _around(thing, chain)
