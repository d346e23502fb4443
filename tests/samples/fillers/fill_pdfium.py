"""Fill a form with PDFium, the engine of Chrome and Edge, through its form API.

Text goes in as if it were pasted into the box that has the focus; circles are clicked.
Usage: python fill_pdfium.py BLANK.pdf ANSWERS.json OUT.pdf
"""

from __future__ import annotations

import ctypes
import io
import json
import sys
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path

import pypdfium2
import pypdfium2.raw as pdfium

Ask = Callable[..., int]
WIDGET_NAME: Ask = pdfium.FPDFAnnot_GetFormFieldName
EXPORT_VALUE: Ask = pdfium.FPDFAnnot_GetFormFieldExportValue


def main(blank: str, answers_file: str, out: str) -> None:
    """Fill every page and save."""
    answers = json.loads(Path(answers_file).read_text("utf-8"))
    content = Path(blank).read_bytes()
    Path(out).write_bytes(filled(content, answers["text"] | answers["buttons"]))


def filled(blank: bytes, answers: Mapping[str, str]) -> bytes:
    """Return a form filled in: what is typed into a box, or the state of the circle that is clicked, by its name.

    Raise ValueError for what the form does not ask or offer.
    """
    with closing(pypdfium2.PdfDocument(blank)) as document:
        document.init_forms()
        done: set[str] = set()
        for page in document:
            for index in range(pdfium.FPDFPage_GetAnnotCount(page)):
                done |= _fill(document.formenv, page, index, answers)
            pdfium.FORM_ForceToKillFocus(document.formenv)
        if left := answers.keys() - done:
            raise ValueError(f"no such box or circle: {sorted(left)}")
        out = io.BytesIO()
        document.save(out)
        return out.getvalue()


def _fill(
    form: pypdfium2.PdfFormEnv,
    page: pypdfium2.PdfPage,
    index: int,
    answers: Mapping[str, str],
) -> set[str]:
    widget = pdfium.FPDFPage_GetAnnot(page, index)
    name = _words(WIDGET_NAME, form, widget)
    is_text = pdfium.FPDFAnnot_GetFormFieldType(form, widget) == pdfium.FPDF_FORMFIELD_TEXTFIELD
    done = name in answers and (is_text or _words(EXPORT_VALUE, form, widget) == answers[name])
    if done and is_text:
        pdfium.FORM_SetFocusedAnnot(form, widget)
        pdfium.FORM_SelectAllText(form, page)
        pdfium.FORM_ReplaceSelection(form, page, _wide(answers[name]))
        pdfium.FORM_ForceToKillFocus(form)
    elif done and not pdfium.FPDFAnnot_IsChecked(form, widget):
        _click(form, page, widget)
    pdfium.FPDFPage_CloseAnnot(widget)
    return {name} if done else set()


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
