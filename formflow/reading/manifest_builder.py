"""A blank PDF -> its manifest; and where the boxes of any paper stand, to be compared with it."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import zip_longest
from pathlib import Path

import pikepdf

from formflow.core.errors import FormDefinitionProblem
from formflow.core.limits import BLANK
from formflow.forms import catalogue
from formflow.forms.catalogue import Form
from formflow.forms.manifest import EDITION, BlankBox, Manifest, Place, rectangle
from formflow.reading import acroform, active_content, page_fingerprint
from formflow.reading.acroform import Box

COMB = 1 << 24
SLACK = 1.5  # points: programs round, and write the corners of a rectangle in any order


def known_forms(folder: Path | None = None) -> tuple[Form, ...]:
    """Return every form that can be read, as `forms.known` does, each with fingerprints as they are made now."""
    return tuple(_up_to_date(form) for form in catalogue.known(folder))


def _up_to_date(form: Form) -> Form:
    """Return a form; one that an older FormFlow learned with a manifest that is made again."""
    if form.is_ours or form.manifest.edition == EDITION:
        return form
    try:
        now = manifest_of(form.blank.read_bytes())
    except (OSError, pikepdf.PdfError) as problem:
        raise FormDefinitionProblem(
            f"The blank of the form “{form.form_id}” cannot be read. Run “formflow forms learn” for it again."
        ) from problem
    fingerprints = {
        name: getattr(now, name) for name in ("prints", "looks", "notes", "words", "edition")
    }
    return replace(form, learned=replace(form.manifest, **fingerprints))


def manifest_of(content: bytes) -> Manifest:
    """Return what a blank holds. Raise pikepdf.PdfError, or TooMuch beyond the limits of a blank."""
    with pikepdf.open(io.BytesIO(content)) as pdf:
        found = acroform.boxes(pdf, BLANK.fields, BLANK.characters, BLANK.pages)
        where = places(pdf, found.values())
        return Manifest(
            sizes=tuple(_size(page) for page in pdf.pages),
            boxes={name: _blank_box(box, where[name]) for name, box in found.items()},
            carries=active_content.marks(pdf, content),
            prints=page_fingerprint.prints(pdf),
            looks=page_fingerprint.looks(found.values()),
            notes=page_fingerprint.notes(pdf, found),
            words=_words(content),
        )


def _words(content: bytes) -> tuple[tuple[str, ...], ...]:
    """Return the words printed on each page; none of a blank whose print cannot be read."""
    # Here, because the service loads this module and never needs it: pdfplumber takes tens of megabytes.
    from formflow.reading import print_layout

    try:
        return tuple(
            tuple(word.text for word in sheet.words) for sheet in print_layout.sheets(content)
        )
    except ValueError:
        return ()


def places(pdf: pikepdf.Pdf, boxes: Iterable[Box]) -> dict[str, tuple[Place, ...]]:
    """Return where each box stands, place by place."""
    page_of = _page_of(pdf)
    return {box.name: tuple(_places(box, page_of)) for box in boxes}


def _places(box: Box, page_of: Mapping[tuple[int, int], int]) -> Iterator[Place]:
    """Yield where a box stands; the page is 0 where nobody sees it."""
    for widget, offer in zip_longest(box.widgets, box.offers):
        page = 0 if page_fingerprint.is_hidden(widget) else page_of.get(widget.objgen, 0)
        yield Place(page, rectangle(widget.get("/Rect")), offer or None)


def moved(found: Mapping[str, tuple[Place, ...]], blank: Manifest) -> list[str]:
    """Return the names of boxes that are not where they are on the blank.

    Where a box lies that nobody sees does not matter: blanks in use have it in other places.
    """
    return [
        name
        for name, there in found.items()
        if name in blank.boxes and not _same_places(there, blank.boxes[name].places)
    ]


def _same_places(found: tuple[Place, ...], blank: tuple[Place, ...]) -> bool:
    if found == blank:
        return True  # to the last digit, as most programs leave them
    return len(found) == len(blank) and all(
        one.page == other.page
        and one.state == other.state
        and (
            one.page == 0
            or all(abs(a - b) <= SLACK for a, b in zip(one.rectangle, other.rectangle, strict=True))
        )
        for one, other in zip(found, blank, strict=True)
    )


def _blank_box(box: Box, where: tuple[Place, ...]) -> BlankBox:
    value = "" if box.is_button else box.value
    return BlankBox(box.kind, where, box.labels, value, _cells(box) if box.kind == "text" else 0)


def _cells(box: Box) -> int:
    """Return into how many cells a box is divided. Such boxes hold both keys themselves."""
    for widget in box.widgets:
        holder = widget if "/MaxLen" in widget else widget.get("/Parent")
        if isinstance(holder, pikepdf.Dictionary) and int(holder.get("/Ff", 0)) & COMB:
            return int(holder.get("/MaxLen", 0))
    return 0


def _page_of(pdf: pikepdf.Pdf) -> dict[tuple[int, int], int]:
    found: dict[tuple[int, int], int] = {}
    for number, page in enumerate(pdf.pages, start=1):
        shown = page.obj.get("/Annots")
        if isinstance(shown, pikepdf.Array):
            found |= dict.fromkeys((one.objgen for one in shown if hasattr(one, "objgen")), number)
    return found


def _size(page: pikepdf.Page) -> tuple[float, float]:
    left, bottom, right, top = rectangle(page.mediabox)
    return round(right - left, 2), round(top - bottom, 2)
