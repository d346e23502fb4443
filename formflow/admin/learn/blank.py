"""All that is read of a blank before anybody thinks about it: its boxes, the print at them, pictures of its pages."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import pikepdf
from pydantic import TypeAdapter

from formflow.admin.learn.emptied import emptied, filled
from formflow.admin.learn.labels import Near, near, straightened
from formflow.forms.manifest import Manifest
from formflow.reading import identify, raster
from formflow.reading.manifest_builder import manifest_of
from formflow.reading.page_images import Picture, packed, unpacked

DOTS_PER_POINT = 1.2


@dataclass(frozen=True, slots=True)
class Blank:
    """What a blank holds and shows."""

    content: bytes
    manifest: Manifest
    boxes: tuple[Near, ...]  # in the order of the paper
    information: Mapping[str, str]  # of the document
    was_filled: tuple[str, ...]  # boxes that had something in them: it is not kept
    pictures: tuple[Picture, ...]  # of the pages as they are read: the places of boxes are on these


_WORDS: TypeAdapter[tuple[Manifest, tuple[Near, ...], dict[str, str], tuple[str, ...]]] = (
    TypeAdapter(tuple[Manifest, tuple[Near, ...], dict[str, str], tuple[str, ...]])
)


class Why(StrEnum):
    """Why a file is no blank to learn from."""

    NO_BOXES = "no boxes"
    XFA = "for Adobe Reader alone"  # pages that are made when the form is opened (dynamic XFA)
    PORTFOLIO = "a portfolio"
    LOCKED = "locked"
    DAMAGED = "damaged"


class NotABlank(ValueError):
    """There is nothing to learn from. The first argument says why."""

    def __init__(self, why: Why) -> None:
        super().__init__(why)
        self.why = why


def read(path: Path) -> Blank:
    """Read a fillable PDF. Raise pikepdf.PdfError, TooMuch, or NotABlank for one without boxes on its pages."""
    content = path.read_bytes()
    manifest = manifest_of(content)
    if not any(place.page for box in manifest.boxes.values() for place in box.places):
        raise NotABlank(why_none(content))
    was_filled = filled(manifest, content)
    if was_filled:
        content = emptied(content, was_filled)
        manifest = manifest_of(content)
    with pikepdf.open(io.BytesIO(content)) as pdf:
        information = identify.information(pdf)
    boxes = tuple(near(content, manifest))
    return Blank(
        content, manifest, boxes, information, tuple(was_filled), tuple(_pictures(content))
    )


def why_none(content: bytes) -> Why:
    """Return why a PDF has no boxes on its pages."""
    with pikepdf.open(io.BytesIO(content)) as pdf:
        form = pdf.Root.get("/AcroForm")
        if "/Collection" in pdf.Root:
            return Why.PORTFOLIO
        is_xfa = isinstance(form, pikepdf.Dictionary) and "/XFA" in form
        return Why.XFA if is_xfa else Why.NO_BOXES


def _pictures(content: bytes) -> Iterator[Picture]:
    with raster.opened(straightened(content)) as document:
        for page in range(1, len(document) + 1):
            picture = raster.drawn(document, page, DOTS_PER_POINT)
            yield Picture(picture.width, picture.height, picture.tobytes())


def dumped(blank: Blank) -> bytes:
    """Return a blank as JSON."""
    words = (blank.manifest, blank.boxes, dict(blank.information), blank.was_filled)
    table = {
        "content": base64.b64encode(blank.content).decode(),
        "pictures": base64.b64encode(packed(blank.pictures)).decode(),
        "words": _WORDS.dump_python(words, mode="json"),
    }
    return json.dumps(table).encode()


def loaded(answer: bytes) -> Blank:
    """Return the blank in JSON. Raise ValueError where it is none."""
    try:
        table = json.loads(answer)
        manifest, boxes, information, was_filled = _WORDS.validate_python(table["words"])
        content, pictures = (base64.b64decode(table[name]) for name in ("content", "pictures"))
    except (KeyError, TypeError) as problem:
        raise ValueError("this is not what was read of a blank") from problem
    return Blank(content, manifest, boxes, information, was_filled, tuple(unpacked(pictures)))
