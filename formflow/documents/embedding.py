"""Into a PDF that pikepdf has open: our letters, and what the file says of itself, so that it can be read aloud."""

from __future__ import annotations

import pikepdf
from pikepdf import Dictionary, Name, Pdf, String

from formflow.core.pdf_syntax import dictionary
from formflow.documents import fonts
from formflow.documents.structure import LANGUAGE, metadata


def font(pdf: Pdf, name: str) -> pikepdf.Object:
    """Put a standard font into a PDF, with its letters; return it."""
    program = fonts.program(name)
    about = pdf.make_indirect(pikepdf.Object.parse(dictionary(fonts.standard(name))))
    about.FontFile2 = pdf.make_stream(program, Length1=len(program))
    made = pdf.make_indirect(pikepdf.Object.parse(dictionary(fonts.simple(name))))
    made.FontDescriptor = about
    return made


def embed_fonts(pdf: Pdf) -> dict[str, pikepdf.Object]:
    """Give the standard fonts of all pages their letters; return these fonts by name."""
    there: dict[str, pikepdf.Object] = {}
    for page in pdf.pages:
        used = page.resources.Font
        # Pages may share their fonts: what has its letters already is left alone.
        for key, one in [(key, one) for key, one in used.items() if "/FontDescriptor" not in one]:
            name = str(one.BaseFont)[1:]
            if name not in there:
                there[name] = font(pdf, name)
            used[key] = there[name]
    return there


def describe(pdf: Pdf, title: str) -> None:
    """Let a tagged PDF say what it is called, in which language it is, and that it can be read aloud."""
    pdf.docinfo["/Title"] = title
    pdf.Root.MarkInfo = Dictionary(Marked=True)
    pdf.Root.Lang = String(LANGUAGE)
    pdf.Root.ViewerPreferences = Dictionary(DisplayDocTitle=True)
    pdf.Root.Metadata = pdf.make_stream(metadata(title), Type=Name.Metadata, Subtype=Name.XML)
