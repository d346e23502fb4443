"""Fill a form with PDFium, the engine of Chrome and Edge, through its form API.

Text goes in as if it were pasted into the box that has the focus; circles are clicked.
Usage: python fill_pdfium.py BLANK.pdf ANSWERS.json OUT.pdf
"""

from __future__ import annotations

import ctypes
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pypdfium2
import pypdfium2.raw as pdfium

Ask = Callable[..., int]
WIDGET_NAME: Ask = pdfium.FPDFAnnot_GetFormFieldName
EXPORT_VALUE: Ask = pdfium.FPDFAnnot_GetFormFieldExportValue


def main(blank: str, answers_file: str, out: str) -> None:
    """Fill every page and save."""
    answers = json.loads(Path(answers_file).read_text("utf-8"))
    document = pypdfium2.PdfDocument(blank)
    document.init_forms()
    form = document.formenv
    for page in document:
        for index in range(pdfium.FPDFPage_GetAnnotCount(page)):
            _fill(form, page, index, answers)
        pdfium.FORM_ForceToKillFocus(form)
    document.save(out)


def _fill(
    form: pypdfium2.PdfFormEnv,
    page: pypdfium2.PdfPage,
    index: int,
    answers: dict[str, dict[str, str]],
) -> None:
    widget = pdfium.FPDFPage_GetAnnot(page, index)
    if pdfium.FPDFAnnot_GetSubtype(widget) == pdfium.FPDF_ANNOT_WIDGET:
        name = _words(WIDGET_NAME, form, widget)
        if name in answers["text"]:
            pdfium.FORM_SetFocusedAnnot(form, widget)
            pdfium.FORM_SelectAllText(form, page)
            pdfium.FORM_ReplaceSelection(form, page, _wide(answers["text"][name]))
            pdfium.FORM_ForceToKillFocus(form)
        elif (
            name in answers["buttons"]
            and _words(EXPORT_VALUE, form, widget) == answers["buttons"][name]
        ):
            _click(form, page, widget)
    pdfium.FPDFPage_CloseAnnot(widget)


def _click(form: pypdfium2.PdfFormEnv, page: pypdfium2.PdfPage, widget: object) -> None:
    box = pdfium.FS_RECTF()
    pdfium.FPDFAnnot_GetRect(widget, ctypes.byref(box))
    where = ((box.left + box.right) / 2, (box.top + box.bottom) / 2)
    pdfium.FORM_OnMouseMove(form, page, 0, *where)
    pdfium.FORM_OnLButtonDown(form, page, 0, *where)
    pdfium.FORM_OnLButtonUp(form, page, 0, *where)


def _words(ask: Ask, form: pypdfium2.PdfFormEnv, widget: object) -> str:
    size = ask(form, widget, None, 0)  # bytes, with the closing zero
    room = (pdfium.FPDF_WCHAR * (size // 2))()
    ask(form, widget, room, size)
    return bytes(room).decode("utf-16-le").rstrip("\0")


def _wide(text: str) -> ctypes.Array[ctypes.c_ushort]:
    stored = text.encode("utf-16-le") + b"\0\0"
    return (ctypes.c_ushort * (len(stored) // 2)).from_buffer_copy(stored)


if __name__ == "__main__":
    main(*sys.argv[1:4])
