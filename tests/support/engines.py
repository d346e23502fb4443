"""What other programs find in a PDF, and how they draw it: pypdf, PDFium, poppler."""

from __future__ import annotations

import ctypes
import io
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pypdf
import pypdfium2
from PIL import Image
from pypdfium2 import raw

POPPLER = shutil.which("pdftoppm")  # Debian: poppler-utils
_NO_FONT = "couldn't find a font for character"
_DOTS = 72  # an inch: a dot for each point


def by_pypdf(content: bytes) -> dict[str, str]:
    """Return what is stored in each box that is not empty, by its name; of a circle, its state."""
    fields = pypdf.PdfReader(io.BytesIO(content), strict=True).get_fields() or {}
    values = {name: str(field.get("/V", "")) for name, field in fields.items()}
    buttons = {name for name, field in fields.items() if field.get("/FT") == "/Btn"}
    return {
        name: value.removeprefix("/") if name in buttons else value
        for name, value in values.items()
        if value and not (name in buttons and value == "/Off")
    }


def by_pdfium(content: bytes) -> dict[str, str]:
    """Return the same as PDFium's form functions say."""
    with closing(pypdfium2.PdfDocument(content)) as pdf:
        pdf.init_forms()
        form, found = pdf.formenv, dict[str, str]()
        for page in pdf:
            for at in range(raw.FPDFPage_GetAnnotCount(page)):
                box = raw.FPDFPage_GetAnnot(page, at)
                found |= _of_box(form, box)
                raw.FPDFPage_CloseAnnot(box)
        return found


def _of_box(form: object, box: object) -> dict[str, str]:
    name = _text(raw.FPDFAnnot_GetFormFieldName, form, box)
    if raw.FPDFAnnot_GetFormFieldType(form, box) == raw.FPDF_FORMFIELD_TEXTFIELD:
        value = _text(raw.FPDFAnnot_GetFormFieldValue, form, box)
    elif raw.FPDFAnnot_IsChecked(form, box):
        value = _text(raw.FPDFAnnot_GetFormFieldExportValue, form, box)
    else:
        value = ""
    return {name: value} if value else {}


def _text(ask: Callable[..., int], form: object, box: object) -> str:
    size = ask(form, box, None, 0)
    room = ctypes.create_string_buffer(size)
    ask(form, box, ctypes.cast(room, ctypes.POINTER(raw.FPDF_WCHAR)), size)
    return room.raw[:-2].decode("utf-16-le", "surrogatepass")


def drawn_by_pdfium(content: bytes) -> list[Image.Image]:
    """Return the pages with their boxes, in grey, a dot for each point."""
    with closing(pypdfium2.PdfDocument(content)) as pdf:
        pdf.init_forms()
        return [page.render(scale=1, may_draw_forms=True).to_pil().convert("L") for page in pdf]


def drawn_by_poppler(content: bytes, folder: Path) -> list[Image.Image]:
    """Return the same, drawn by poppler. Raise AssertionError where it complains of the file.

    Not of what the file leaves to it: letters that no font of this computer has.
    """
    assert POPPLER is not None
    (folder / "drawn.pdf").write_bytes(content)
    files = str(folder / "drawn.pdf"), str(folder / "drawn")
    command = [POPPLER, "-gray", "-r", str(_DOTS), *files]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    complaints = [line for line in done.stderr.splitlines() if _NO_FONT not in line]
    assert not complaints, complaints[:3]
    return list(_pictures(folder))


def is_blank(page: Image.Image) -> bool:
    """Return whether a page has no ink."""
    return not any(page.histogram()[:128])


def _pictures(folder: Path) -> Iterator[Image.Image]:
    for path in sorted(folder.glob("drawn-*.pgm")):
        with Image.open(path) as picture:
            yield picture.copy()
        path.unlink()
