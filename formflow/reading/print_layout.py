"""The pages of a PDF as they are printed: words with their places, and letters in the order drawn.

By pdfplumber, which is asked for letters and pictures alone: to describe all that is drawn takes it as long as
to read it. A letter also remembers the drawings it is in: programs that turn boxes into print draw each answer
as a drawing of its own, of the size of the box.
"""

from __future__ import annotations

import io
import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import pdfplumber
from pdfminer.converter import PDFPageAggregator
from pdfminer.layout import LTChar, LTContainer, LTFigure, LTImage, LTPage
from pdfminer.pdfinterp import PDFPageInterpreter
from pdfplumber.utils.clustering import cluster_objects
from pdfplumber.utils.exceptions import PdfminerException
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

    drawn: dict[str, Any]  # as pdfplumber describes it
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
            letters, pictures = [], []
            for thing, around in _things(_laid_out(page), ()):
                if isinstance(thing, LTChar):
                    letters.append(Letter(_described(thing, page), around))
                else:
                    pictures.append(thing)
            yield Sheet(
                float(page.width),
                float(page.height),
                tuple(_words(letters)),
                tuple(letters),
                any(_fills(picture, page) for picture in pictures),
            )
            page.close()  # else it keeps every object of the page


class _Print(PDFPageAggregator):
    """Gathers what a page prints, but for lines and areas: nobody asks for them, and a form has thousands."""

    def paint_path(self, *_: Any) -> None:
        """Leave them out."""


def _laid_out(page: Any) -> LTPage:
    """Return a page as it is printed. Raise PdfminerException, also where its content unpacks to more than memory holds."""
    resources = page.pdf.rsrcmgr
    device = _Print(resources, pageno=page.page_number)
    try:
        PDFPageInterpreter(resources, device).process_page(page.page_obj)
    except Exception as problem:
        raise PdfminerException(problem) from problem
    return device.get_result()


def _things(
    container: LTContainer[Any], around: tuple[Rectangle, ...]
) -> Iterator[tuple[LTChar | LTImage, tuple[Rectangle, ...]]]:
    """Yield the letters and pictures of a page in the order drawn, with the outlines of the drawings around them."""
    for thing in container:
        if isinstance(thing, LTChar | LTImage):
            yield thing, around
        elif isinstance(thing, LTFigure):
            yield from _things(thing, (*around, thing.bbox))
        elif isinstance(thing, LTContainer):
            yield from _things(thing, around)


def _described(letter: LTChar, page: Any) -> dict[str, Any]:
    """Return a letter as pdfplumber describes it: what its own search for words, and ours for answers, look at."""
    left, above = page.mediabox[:2]
    top = page.height - letter.y1 + above
    return {
        "text": letter.get_text(),
        "x0": letter.x0 + left,
        "x1": letter.x1 + left,
        "y0": letter.y0,
        "y1": letter.y1,
        "top": top,
        "bottom": page.height - letter.y0 + above,
        "doctop": page.initial_doctop + top,
        "width": letter.width,
        "height": letter.height,
        "size": letter.size,
        "upright": letter.upright,
        "matrix": letter.matrix,
    }


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


def _fills(picture: LTImage, page: Any) -> bool:
    covered = float(picture.width) * float(picture.height)
    return bool(covered > MOST_OF_A_PAGE * float(page.width * page.height))


def _words(letters: Iterable[Letter]) -> Iterator[Word]:
    drawn = [letter.drawn for letter in letters]
    for word in extract_words(drawn, x_tolerance_ratio=0.2, return_chars=True):
        yield Word(word["text"], (word["x0"] + word["x1"]) / 2, word["chars"][0]["matrix"][5])
