"""Whether a page prints exactly what a page of the blank prints, for papers whose fingerprint differs.

Three things must agree: the letters, one by one at their places; what an eye sees of the page, drawn at
200 dots an inch; and the kinds of drawing, because viewers differ in how they draw layers or inks.
"""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from functools import cached_property
from typing import Any, NamedTuple

import pikepdf
import pypdfium2
from PIL import Image, ImageChops, ImageFilter
from pypdfium2 import raw

from formflow.forms import stamp
from formflow.forms.catalogue import Form
from formflow.reading import page_fingerprint, raster

DOTS_PER_POINT = 200 / 72
SAME_SPOT = 0.5  # points: programs round the places of letters
SAME_SIZE = 0.1  # of a letter's size
SAME_COLOUR = 16  # of 255
STRAY_DOTS = 2  # of a page: no stroke that an eye sees has so few
FAINTEST = 10  # of 255: dots that differ by less look the same
ROUNDED = 0.3  # of the contrast around a dot: what is drawn a fraction of a dot beside its place
NEIGHBOURS = 3  # dots: one to each side
DEEPEST = 4  # drawings within drawings
MOST_LETTERS = 50_000  # of one page
# What not every viewer draws alike. A page may use it where its blank does.
_BY_ORDER = {"gs": "state", "sh": "shading", "INLINE IMAGE": "picture"}
_PLAIN_COLOURS = frozenset(("/DeviceGray", "/DeviceRGB", "/DeviceCMYK"))


def without_copies(
    form: Form, lines: Iterable[str], own: Sequence[str], pages: Sequence[int]
) -> list[int]:
    """Return those of some pages that are not, by their fingerprints, the blank's with one of our lines."""
    left = list(pages)
    for line in lines:
        if not left:
            break
        with pikepdf.open(form.blank) as blank:
            stamp.put_on(blank, line)
            made = page_fingerprint.prints(blank)
        left = [number for number in left if own[number - 1 : number] != made[number - 1 : number]]
    return left


def differing(
    form: Form, lines: Iterable[str], pages: Sequence[int], content: Callable[[], bytes]
) -> list[int]:
    """Return those of some pages, counted from 1, that print something else than the blank does.

    One of our lines may be at the top. `content` gives the paper as PDFium can open it. What cannot
    be compared differs.
    """
    with closing(Pages(content())) as paper:
        left = list(pages)
        for blank in _blanks(form, [line for line in lines if _shows(paper, pages, line)]):
            with closing(Pages(blank)) as empty:
                left = [number for number in left if not _is_same(paper, empty, number)]
            if not left:
                break
        return left


def _shows(paper: Pages, pages: Sequence[int], line: str) -> bool:
    """Return whether a line may be the one that is on some pages: most are not worth comparing."""
    try:
        shown = "".join(letter.text for letter in paper.letters(pages[0]))
    except (pypdfium2.PdfiumError, ValueError, LookupError):
        return False
    return "".join(unicodedata.normalize("NFKC", line).split()) in shown


def _blanks(form: Form, lines: Iterable[str]) -> Iterator[bytes]:
    """Yield a form's blank, bare and with each of some lines. None where it is not what was learned."""
    content = form.blank.read_bytes()
    with pikepdf.open(io.BytesIO(content)) as blank:
        if page_fingerprint.prints(blank) != form.manifest.prints:
            return
    yield content
    yield from (stamp.blank_with(form.blank, line) for line in lines)


class Letter(NamedTuple):
    """A letter as it is drawn: where it begins on its line, how large, and in which colour."""

    text: str
    x: float  # points
    y: float
    size: float
    colour: tuple[int, ...]  # red, green, blue, and how solid


class Pages:
    """A PDF whose pages are compared. Each look at a page is taken once."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._letters: dict[int, list[Letter]] = {}

    @cached_property
    def _drawn(self) -> pypdfium2.PdfDocument:
        return pypdfium2.PdfDocument(self._content)

    @cached_property
    def _orders(self) -> pikepdf.Pdf:
        return pikepdf.open(io.BytesIO(self._content), suppress_warnings=True)

    def __len__(self) -> int:
        return len(self._drawn)

    def letters(self, number: int) -> list[Letter]:
        """Return the letters of a page, counted from 1. Raise ValueError where there are too many."""
        if number not in self._letters:
            self._letters[number] = list(_letters(self._drawn[number - 1]))
        return self._letters[number]

    def picture(self, number: int) -> Image.Image:
        """Return a page as it is drawn, without its boxes. Raise ValueError when it cannot be."""
        return raster.drawn(self._drawn, number, DOTS_PER_POINT, notes=False, mode="RGB")

    def kinds(self, number: int) -> frozenset[str]:
        """Return which kinds of drawing a page uses that not every viewer draws alike."""
        page = self._orders.pages[number - 1]
        frame = page_fingerprint.frame(self._orders, page)
        return frozenset((f"frame {frame}", *_kinds(page.obj, page.resources, 0)))

    def close(self) -> None:
        """Release what is open."""
        for name in ("_drawn", "_orders"):
            if name in self.__dict__:
                self.__dict__[name].close()


def _is_same(paper: Pages, blank: Pages, number: int) -> bool:
    try:
        return (
            number <= min(len(paper), len(blank))
            and _same_letters(paper.letters(number), blank.letters(number))
            and paper.kinds(number) <= blank.kinds(number)
            and _looks_alike(paper.picture(number), blank.picture(number))
        )
    except (pikepdf.PdfError, pypdfium2.PdfiumError, ValueError, TypeError, LookupError):
        return False


def _letters(page: pypdfium2.PdfPage) -> Iterator[Letter]:
    text = page.get_textpage()
    count = text.count_chars()
    if count > MOST_LETTERS:
        raise ValueError("the page has more letters than a form has")
    for at in range(count):
        # A space is seen by where the next letter stands, and PDFium makes up some.
        sign = chr(raw.FPDFText_GetUnicode(text, at))
        if raw.FPDFText_IsGenerated(text, at) != 1 and not sign.isspace():
            yield _letter(text, at, sign)
    text.close()
    page.close()


def _letter(text: pypdfium2.PdfTextPage, at: int, sign: str) -> Letter:
    x, y, parts = raw.c_double(), raw.c_double(), [raw.c_uint() for _ in range(4)]
    raw.FPDFText_GetCharOrigin(text, at, x, y)
    raw.FPDFText_GetFillColor(text, at, *parts)
    colour = tuple(part.value for part in parts)
    # "ﬁ" and "fi" are the same letters, whatever the font calls them.
    plain = unicodedata.normalize("NFKC", sign)
    return Letter(plain, x.value, y.value, raw.FPDFText_GetFontSize(text, at), colour)


def _same_letters(one: Sequence[Letter], other: Sequence[Letter]) -> bool:
    """Return whether each letter of one page has a letter of the other at its place, and none is left."""
    if len(one) != len(other):
        return False
    if all(map(_is_same_letter, one, other)):
        return True  # also drawn in the same order, as a rule
    there: dict[tuple[int, int], list[Letter]] = {}
    for letter in other:
        there.setdefault(_cell(letter), []).append(letter)
    return all(_taken(letter, there) for letter in one)


def _taken(letter: Letter, there: dict[tuple[int, int], list[Letter]]) -> bool:
    across, up = _cell(letter)
    for cell in ((across + dx, up + dy) for dx in (-1, 0, 1) for dy in (-1, 0, 1)):
        for candidate in there.get(cell, ()):
            if _is_same_letter(letter, candidate):
                there[cell].remove(candidate)
                return True
    return False


def _cell(letter: Letter) -> tuple[int, int]:
    return int(letter.x // 1), int(letter.y // 1)


def _is_same_letter(one: Letter, other: Letter) -> bool:
    return (
        one.text == other.text
        and abs(one.x - other.x) <= SAME_SPOT
        and abs(one.y - other.y) <= SAME_SPOT
        and abs(one.size - other.size) <= SAME_SIZE * other.size
        and all(abs(a - b) <= SAME_COLOUR for a, b in zip(one.colour, other.colour, strict=True))
    )


def _looks_alike(one: Image.Image, other: Image.Image) -> bool:
    """Return whether an eye sees no difference: a dot may differ as much as dots around it do."""
    if one.size != other.size:
        return False
    differs = ImageChops.difference(one, other).point(lambda dot: 255 * (dot > FAINTEST))
    area = differs.getbbox()
    if area is None:
        return True
    left, upper, right, lower = area
    area = (max(0, left - 2), max(0, upper - 2), right + 2, lower + 2)
    one, other = one.crop(area), other.crop(area)
    return not _stands_out(one, other) and not _stands_out(other, one)


def _stands_out(one: Image.Image, other: Image.Image) -> bool:
    """Return whether a picture has dots darker or lighter than the other has there and around it."""
    darkest = other.filter(ImageFilter.MinFilter(NEIGHBOURS))
    lightest = other.filter(ImageFilter.MaxFilter(NEIGHBOURS))
    slack = ImageChops.subtract(lightest, darkest).point(lambda dot: FAINTEST + ROUNDED * dot)
    too_dark = ImageChops.subtract(ImageChops.subtract(darkest, one), slack)
    too_light = ImageChops.subtract(ImageChops.subtract(one, lightest), slack)
    seen = ImageChops.add(too_dark, too_light).point(lambda dot: 255 * (dot > 0))
    return any(part.histogram()[255] > STRAY_DOTS for part in seen.split())


def _kinds(drawing: pikepdf.Object, resources: Any, depth: int) -> Iterator[str]:
    """Yield the kinds of drawing in a page, or in a drawing on it. Raise ValueError where it is endless."""
    if depth > DEEPEST:
        raise ValueError("drawings stand within drawings without end")
    if "/OC" in drawing:
        yield "layer"
    for font in _entries(resources, "/Font"):
        if font.get("/Subtype") == "/Type3":
            yield "letters that are drawings"
    for step in pikepdf.parse_content_stream(drawing):
        order, given = str(step.operator), list(step.operands)
        if order in _BY_ORDER:
            yield _BY_ORDER[order]
        elif order in ("cs", "CS") and str(given[0]) not in _PLAIN_COLOURS:
            yield "colours"
        elif order in ("BDC", "DP") and given[0] == "/OC":
            yield "layer"
        elif order == "Do":
            yield from _inside(_entry(resources, "/XObject", given[0]), resources, depth)


def _inside(drawing: Any, outer: Any, depth: int) -> Iterator[str]:
    if not isinstance(drawing, pikepdf.Stream):
        return
    if drawing.get("/Subtype") != "/Form":
        yield "layer" if "/OC" in drawing else "picture"
        return
    if "/Group" in drawing:
        yield "group"
    yield from _kinds(drawing, drawing.get("/Resources", outer), depth + 1)


def _entries(resources: Any, kind: str) -> Iterable[pikepdf.Object]:
    found = resources.get(kind) if isinstance(resources, pikepdf.Dictionary) else None
    values = found.values() if isinstance(found, pikepdf.Dictionary) else ()
    return [one for one in values if isinstance(one, pikepdf.Dictionary)]


def _entry(resources: Any, kind: str, name: Any) -> Any:
    found = resources.get(kind) if isinstance(resources, pikepdf.Dictionary) else None
    return found.get(str(name)) if isinstance(found, pikepdf.Dictionary) else None
