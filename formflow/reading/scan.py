"""A picture of a form: laid over its blank by the printed words, then read box by box.

Marks by ink, text by tesseract. Nothing of it is certain: a person confirms it all.
"""

from __future__ import annotations

import errno
import math
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pikepdf
from PIL import Image, ImageChops
from rapidfuzz import fuzz, process

from formflow.core.model import Hold, Reading, Unread
from formflow.forms.catalogue import Form
from formflow.forms.manifest import BlankBox, Place, Rectangle
from formflow.reading import acroform, alignment, discrepancies, flat, identify, joined, ocr, raster
from formflow.reading.acroform import Box
from formflow.reading.alignment import Fit, Word
from formflow.reading.answers import answers
from formflow.reading.reader import JOINED, NO_BOXES, Reader
from formflow.reading.text import normalised

DOTS_PER_INCH = 200
DOTS_PER_POINT = DOTS_PER_INCH / 72
ALIKE = 0.5  # share of the printed words of a form that must be made out
HANGING = frozenset("gjpqy,;()[]Q/|_$@{}")  # letters that reach below the line they are on
INSET = 1.2  # points: a crop keeps away from the frame of its box
LIGHT = 170  # of 255: ruled lines and the grain of paper are lighter than ink
LEAST_INK = 0.0008  # share of dark dots: below that nobody has written anything
EDGE = 1.5  # points: letters so near the lower edge of a box may go on unseen
TALL = 30.0  # points: a box that is taller has room for lines
LARGER = 2  # times: tesseract reads small print better when it is blown up
LIKE_A_LABEL, CLEARLY_NEAREST = 60.0, 20.0  # of 100: of a list's labels, and before the next one


def read_scan(path: Path, reader: Reader) -> Reading | Unread:
    """Read a paper whose pages are pictures; "FF-105" where that cannot be done.

    `path`'s name without suffix is its sha256.
    """
    unread = Unread(path.stem, NO_BOXES, path.stat().st_size)
    if ocr.program() is None:
        return unread
    try:
        pages = _pages(path, reader)
        # The first page tells: a book that somebody scanned is not read to its end.
        first = _words(pages[0])
        form = identify.only(flat.most_alike([first], reader.forms, ALIKE))
        if isinstance(form, str):
            return unread
        found = [first, *map(_words, pages[1:])]
        if joined.is_joined(found, form, reader.forms, ALIKE):
            return replace(unread, reason=JOINED)
        return _reading(path, form, _laid(form, pages, found))
    except OSError as problem:
        if problem.errno is not None:  # the system refused something: that is not the paper's fault
            raise
        return unread
    except subprocess.CalledProcessError as problem:
        if -problem.returncode in (signal.SIGTERM, getattr(signal, "SIGKILL", 0)):
            raise InterruptedError(errno.EINTR, "tesseract was ended by another program") from None
        return unread
    except (acroform.TooMuch, ValueError, LookupError, pikepdf.PdfError):
        return unread


def _pages(path: Path, reader: Reader) -> list[Image.Image]:
    with raster.opened(path.read_bytes(), reader.password) as document:
        count = len(document)
        if count > reader.limits.pages:
            raise acroform.TooMuch(f"{reader.limits.pages} pages")
        return [raster.drawn(document, number, DOTS_PER_POINT) for number in range(1, count + 1)]


def _words(page: Image.Image) -> list[Word]:
    """Return the words on a page by their middle and baseline, where that can be told."""
    return [
        Word(
            word.text,
            (word.left + word.right) / 2 / DOTS_PER_POINT,
            (page.height - word.bottom) / DOTS_PER_POINT,
        )
        for word in ocr.words([page], ocr.PAGE, DOTS_PER_INCH)[0]
    ]


@dataclass(frozen=True, slots=True)
class _Laid:
    """A page of the paper and its blank, dot for dot the same."""

    paper: Image.Image
    blank: Image.Image

    def added(self, there: Rectangle) -> float:
        """Return the share of dark dots that the paper has there and the blank has not."""
        return raster.ink(self.paper, there, DOTS_PER_POINT) - raster.ink(
            self.blank, there, DOTS_PER_POINT
        )

    def written(self, there: Rectangle, last: float = math.inf) -> Image.Image:
        """Return what is in a box, or in its last points, without what is printed there."""
        left, bottom, right, top = there
        top = min(top, bottom + 2 * INSET + last)
        box = (
            round((left + INSET) * DOTS_PER_POINT),
            self.paper.height - round((top - INSET) * DOTS_PER_POINT),
            round((right - INSET) * DOTS_PER_POINT),
            self.paper.height - round((bottom + INSET) * DOTS_PER_POINT),
        )
        printed = self.blank.crop(box).point(lambda dot: 255 if dot < LIGHT else 0)
        shown = ImageChops.lighter(self.paper.crop(box), printed)
        return shown.point(lambda dot: 255 if dot > LIGHT + 40 else dot)


def _laid(
    form: Form, pages: Sequence[Image.Image], found: Sequence[Sequence[Word]]
) -> dict[int, _Laid]:
    """Return the pages of the form that the paper has, each straightened onto its blank."""
    laid = {}
    with raster.opened(form.blank.read_bytes()) as document:
        own = zip(flat.printed(form.blank), form.manifest.words, strict=True)
        for number, (sheet, printed) in enumerate(own, start=1):
            shares = [alignment.share(printed, words) for words in found]
            best = max(range(len(pages)), key=shares.__getitem__)
            anchors = [word for word in found[best] if not HANGING & set(word.text)]
            fit = alignment.fit(sheet.words, anchors) if shares[best] >= ALIKE else None
            if fit is not None:
                blank = raster.drawn(document, number, DOTS_PER_POINT)
                laid[number] = _Laid(_straightened(pages[best], blank.size, fit), blank)
    return laid


def _straightened(page: Image.Image, size: tuple[int, int], fit: Fit) -> Image.Image:
    """Return the page as it would lie exactly over its blank of this size, in dots."""
    # From dots of the blank, counted from the top, to dots of the page, too.
    high, tall, scale = size[1], page.height, DOTS_PER_POINT
    back = (
        fit.a,
        -fit.b,
        fit.b * high + fit.c * scale,
        -fit.d,
        fit.e,
        tall - fit.e * high - fit.f * scale,
    )
    return page.transform(
        size, Image.Transform.AFFINE, back, Image.Resampling.BICUBIC, fillcolor=255
    )


def _reading(path: Path, form: Form, laid: Mapping[int, _Laid]) -> Reading:
    boxes = {box.name: box for box in _boxes(form, laid)}
    given = answers(form, boxes)
    held = [Hold("FF-125"), *discrepancies.printed(form, boxes, given)]
    cut = [name for name in boxes if _runs_off(form.manifest.boxes[name], laid)]
    held += [Hold("FF-127", name) for name in discrepancies.questions(form, cut)]
    return Reading(path.stem, form.form_id, form.version, "scan", True, tuple(held), given)


def _boxes(form: Form, laid: Mapping[int, _Laid]) -> Iterator[Box]:
    """Yield a box for every one of the blank whose page is there."""
    read = _texts(form, laid)
    for name, box in form.manifest.boxes.items():
        places = [place for place in box.places if place.page in laid]
        if not places:
            continue
        if box.kind == "button":
            yield flat.button(
                name, [(place.state, _is_marked(place, laid)) for place in box.places]
            )
        elif name in read:
            yield _text(name, box, read[name])
        elif name in form.asked_boxes:
            # Which lines of a list are chosen is a shade, and paper has shades of its own.
            has_ink = _has_ink(_written(places[0], laid))
            yield Box(name, box.kind, "", "", legible=not has_ink)
        else:
            yield Box(name, box.kind, "", "")  # hidden: nothing of it was ever on the paper


def _is_marked(place: Place, laid: Mapping[int, _Laid]) -> bool | None:
    return raster.is_marked(laid[place.page].added(place.rectangle)) if place.page in laid else None


def _written(place: Place, laid: Mapping[int, _Laid]) -> Image.Image:
    return laid[place.page].written(place.rectangle)


def _texts(form: Form, laid: Mapping[int, _Laid]) -> dict[str, str]:
    """Return what is made out in every box in which something is written, but for lists: those of a height at once."""
    read: dict[str, str] = {}
    written: dict[str, dict[str, Image.Image]] = {ocr.LINES: {}, ocr.LINE: {}}
    for name, box in form.manifest.boxes.items():
        place = next((place for place in box.places if place.page in laid), None)
        is_text = name in form.asked_boxes and box.kind not in ("button", "list")
        if place is not None and is_text and _has_ink(shown := _written(place, laid)):
            larger = (shown.width * LARGER, shown.height * LARGER)
            lies = ocr.LINES if _is_tall(place) else ocr.LINE
            written[lies][name] = shown.resize(larger, Image.Resampling.LANCZOS)
    for lies, pictures in written.items():
        texts = ocr.texts(list(pictures.values()), lies, DOTS_PER_INCH * LARGER)
        read |= dict(zip(pictures, texts, strict=True))
    return read


def _text(name: str, box: BlankBox, raw: str) -> Box:
    value = "".join(raw.split()) if box.cells else normalised(raw)
    if box.kind == "choice":
        value = _nearest(value, box.labels)
    return Box(name, box.kind, value, raw, legible=bool(value), labels=box.labels)


def _runs_off(box: BlankBox, laid: Mapping[int, _Laid]) -> bool:
    """Return whether a text goes down to the edge of its box, and may go on where nobody sees it."""
    return box.kind == "text" and any(
        _has_ink(laid[place.page].written(place.rectangle, last=EDGE))
        for place in box.places
        if place.page in laid and _is_tall(place)
    )


def _is_tall(place: Place) -> bool:
    return place.rectangle[3] - place.rectangle[1] > TALL


def _has_ink(picture: Image.Image) -> bool:
    counts = picture.histogram()
    return sum(counts[:LIGHT]) >= LEAST_INK * sum(counts)


def _nearest(shown: str, labels: Mapping[str, str]) -> str:
    """Return what a list stores for the label that was clearly meant, "" where none is."""
    stored = {label: value for value, label in labels.items()} | {value: value for value in labels}
    found = process.extract(shown, list(stored), scorer=fuzz.ratio, limit=len(stored))
    best = [label for label, score, _ in found if score >= LIKE_A_LABEL]
    others = [score for label, score, _ in found if best and stored[label] != stored[best[0]]]
    clear = bool(best) and found[0][1] - max(others, default=0.0) >= CLEARLY_NEAREST
    return stored[best[0]] if clear else ""
