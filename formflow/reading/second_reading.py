"""The second reading, by another library: PDFium, as Chrome and Edge have it, reads the boxes on the pages.

It sees a box where a page shows it: its full name, the text stored in it, or the state that its circle
shows (/AS). What it cannot say is for the third reading: boxes on no page, and what a group of circles
stores (/V). Nothing of a file is run: this PDFium has no JavaScript, and none of the calls is made that
start what a document wants done when it, or a page of it, is opened.
"""

from __future__ import annotations

import ctypes
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pypdfium2 import raw

from formflow.reading.acroform import Box
from formflow.reading.text import normalised

LONGEST = 1 << 18  # bytes of UTF-16: twice what a box of ours may hold
MOST_OPTIONS = 500  # of a list
NO_BOXES = frozenset(
    (raw.FPDF_FORMFIELD_UNKNOWN, raw.FPDF_FORMFIELD_PUSHBUTTON, raw.FPDF_FORMFIELD_SIGNATURE)
)
CIRCLES = frozenset((raw.FPDF_FORMFIELD_CHECKBOX, raw.FPDF_FORMFIELD_RADIOBUTTON))
OFF = "Off"
# What a page prints is no box, and PDFium reads all of it when it opens a page: a quarter of the time, and
# open to whatever a file puts there. So it gets the file with that key renamed, byte for byte as long. An
# answer with such words in it differs then, and the paper is held.
_PRINT = re.compile(rb"/Contents(?=\s*(?:\[|\d+\s+\d+\s+R))")

Call = Callable[..., int]  # of PDFium: fills a buffer, returns how many bytes the text takes


def values(path: Path, password: str = "") -> dict[str, str] | None:
    """Return the value of every box on a page by its full name, None when PDFium cannot read them."""
    try:
        with _opened(_PRINT.sub(b"/-ontents", path.read_bytes()), password) as (document, form):
            return _Reader(form).values(document)
    except ValueError:
        return None


def agrees(box: Box, value: str) -> bool:
    """Return whether PDFium found in a box what the first reading did.

    Of circles it sees what they show, which is compared with what they store elsewhere; of a list the
    words of what is chosen, in the order of the list. A box that stands twice and says two things has
    no value at all.
    """
    shown = next((state for state in box.shown if state), "") if box.is_button else box.value
    if value in (box.value, box.raw, shown):
        return True
    if box.kind == "list":
        chosen = (box.labels.get(one, one) for one in box.value.split("\n"))
        return sorted(value.split("\n")) == sorted(chosen)
    return not box.legible


@contextmanager
def _opened(content: bytes, password: str) -> Iterator[tuple[Any, Any]]:
    """Lend a document and its form. Raise ValueError when PDFium cannot open it."""
    document = raw.FPDF_LoadMemDocument64(content, len(content), None)
    if not document and password:
        document = raw.FPDF_LoadMemDocument64(content, len(content), password.encode() + b"\0")
    if not document:
        raise ValueError("PDFium cannot open the file")
    # pypdfium2's own PdfDocument would tell the document that its pages are opened.
    callbacks = raw.FPDF_FORMFILLINFO(version=2)  # none: nothing can be asked of us
    form = raw.FPDFDOC_InitFormFillEnvironment(document, callbacks)
    try:
        if not form:
            raise ValueError("PDFium finds no form in the file")
        yield document, form
    finally:
        if form:
            raw.FPDFDOC_ExitFormFillEnvironment(form)
        raw.FPDF_CloseDocument(document)


class _Reader:
    """Reads the boxes of one form, page by page."""

    def __init__(self, form: Any) -> None:
        self._form = form
        self._found: dict[str, str] = {}
        self._buffer = ctypes.create_string_buffer(LONGEST)
        self._letters = ctypes.cast(self._buffer, ctypes.POINTER(raw.FPDF_WCHAR))

    def values(self, document: Any) -> dict[str, str]:
        """Return every box's value. Raise ValueError where a page or a text cannot be had."""
        for number in range(raw.FPDF_GetPageCount(document)):
            page = raw.FPDF_LoadPage(document, number)
            if not page:
                raise ValueError("PDFium cannot open a page of the file")
            try:
                for place in range(raw.FPDFPage_GetAnnotCount(page)):
                    self._visit(page, place)
            finally:
                raw.FPDF_ClosePage(page)
        return self._found

    def _visit(self, page: Any, place: int) -> None:
        widget = raw.FPDFPage_GetAnnot(page, place)
        if not widget:
            return
        try:
            kind = raw.FPDFAnnot_GetFormFieldType(self._form, widget)
            if kind > 0 and kind not in NO_BOXES:
                name = self._text(raw.FPDFAnnot_GetFormFieldName, self._form, widget)
                value = self._value(kind, widget)
                self._found[name] = self._found.get(name) or value
        finally:
            raw.FPDFPage_CloseAnnot(widget)

    def _value(self, kind: int, widget: Any) -> str:
        if kind in CIRCLES:
            state = self._text(raw.FPDFAnnot_GetStringValue, widget, b"AS")
            return "" if state == OFF else normalised(state)
        chosen = self._chosen(widget) if kind == raw.FPDF_FORMFIELD_LISTBOX else []
        if len(chosen) > 1:  # else the text is what is stored, not how the list words it
            return normalised("\n".join(chosen))
        return normalised(self._text(raw.FPDFAnnot_GetFormFieldValue, self._form, widget))

    def _chosen(self, widget: Any) -> list[str]:
        count = raw.FPDFAnnot_GetOptionCount(self._form, widget)
        return [
            self._text(raw.FPDFAnnot_GetOptionLabel, self._form, widget, number)
            for number in range(min(count, MOST_OPTIONS))
            if raw.FPDFAnnot_IsOptionSelected(self._form, widget, number)
        ]

    def _text(self, call: Call, *about: Any) -> str:
        """Return the text that a call of PDFium gives. Raise ValueError where it is too long."""
        length = call(*about, self._letters, LONGEST)
        if length > LONGEST:
            raise ValueError("a text is longer than any box of a form")
        # The last letter is a zero. Half an emoji becomes the replacement character, as in decoded().
        return ctypes.string_at(self._buffer, max(0, length - 2)).decode("utf-16-le", "replace")
