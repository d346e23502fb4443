"""A flat PDF -> the same with boxes, each with what is printed at it as its tooltip."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pikepdf
from pydantic import TypeAdapter

from formflow.admin.fillable.boxes import Named, named, with_boxes
from formflow.admin.fillable.choices import Gap, choices
from formflow.admin.fillable.page import Page, pages
from formflow.admin.fillable.writing import writing
from formflow.admin.learn.labels import Certainty, near, straightened
from formflow.admin.learn.ticks import grouped
from formflow.core.limits import BLANK
from formflow.reading.acroform import TooMuch
from formflow.reading.manifest_builder import manifest_of

HAS_BOXES, XFA, NO_PRINT, NO_GAPS = "has boxes", "XFA", "no print", "no gaps"


class NotMade(Exception):
    """There is no fillable form. The message is one of the words above."""


@dataclass(frozen=True, slots=True)
class Row:
    """One box that was made."""

    page: int
    kind: str
    label: str  # printed at it, "" for nothing certain


@dataclass(frozen=True, slots=True)
class Made:
    """A fillable form."""

    content: bytes
    rows: tuple[Row, ...]  # in the order of the paper; circles of one question are one


_ROWS: TypeAdapter[tuple[Row, ...]] = TypeAdapter(tuple[Row, ...])


def read(path: Path) -> Made:
    """Return the fillable form. Raise NotMade, TooMuch, pikepdf.PdfError, or ValueError where it cannot be read."""
    content = path.read_bytes()
    with pikepdf.open(io.BytesIO(content)) as pdf:
        if "/AcroForm" in pdf.Root and len(pdf.Root.AcroForm.get("/Fields", ())):
            raise NotMade(HAS_BOXES)
        if "/AcroForm" in pdf.Root and "/XFA" in pdf.Root.AcroForm:
            raise NotMade(XFA)
        if len(pdf.pages) > BLANK.pages:
            raise TooMuch(f"{BLANK.pages} pages")
    found = pages(straightened(content))
    if not any(page.prints for page in found):
        raise NotMade(NO_PRINT)
    boxes = named([gaps(page) for page in found])
    if not boxes:
        raise NotMade(NO_GAPS)
    if len(boxes) > BLANK.fields:
        raise TooMuch(f"{BLANK.fields} boxes")
    labels = _labels(with_boxes(content, boxes, {}))
    made = with_boxes(content, boxes, labels)
    return Made(made, tuple(_rows(boxes, labels)))


def gaps(page: Page) -> list[Gap]:
    """Return every place of a page that is left free for a person."""
    found = choices(page)
    return [*found, *writing(page, found)]


def _labels(content: bytes) -> dict[str, str]:
    """Return what is printed at each box, by its name, as far as that is certain."""
    boxes = grouped(near(content, manifest_of(content)))
    return {
        part.name: box.label
        for box in boxes
        if box.label and box.certainty is not Certainty.UNSURE
        for part in (box.parts or (box,))
    }


def _rows(boxes: Sequence[Named], labels: dict[str, str]) -> list[Row]:
    seen: dict[str, Row] = {}
    for box in boxes:
        seen.setdefault(box.name, Row(box.page, box.gap.kind, labels.get(box.name, "")))
    return list(seen.values())


def dumped(made: Made) -> bytes:
    """Return a fillable form as JSON."""
    rows = _ROWS.dump_python(made.rows, mode="json")
    return json.dumps({"content": base64.b64encode(made.content).decode(), "rows": rows}).encode()


def loaded(answer: bytes) -> Made:
    """Return the fillable form in JSON. Raise ValueError where it is none."""
    try:
        table = json.loads(answer)
        return Made(base64.b64decode(table["content"]), _ROWS.validate_python(table["rows"]))
    except (KeyError, TypeError) as problem:
        raise ValueError("this is no fillable form") from problem
