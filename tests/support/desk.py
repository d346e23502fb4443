"""A safeguarding lead at her desk, who only ever touches PDFs in folders."""

from __future__ import annotations

import html
import io
import re
import subprocess
from codecs import BOM_UTF16_BE
from collections.abc import Iterator, Mapping
from pathlib import Path

import pypdf

from formflow.admin import status
from formflow.core.settings import Settings
from formflow.sdk.case_folders import folders_of_cases
from formflow.sdk.wording import is_paper_itself
from tests.samples.fillers import fill_pdfium
from tests.support import worker
from tests.support.offices import drop


class Desk:
    """What she sees in “To decide”, and what she does with it."""

    def __init__(self, office: Settings) -> None:
        self.office = office

    def gets(self, case: str) -> None:
        """A member of staff drops a form, and FormFlow takes it."""
        drop(self.office, case)
        self.waits()

    def takes(self, content: bytes, name: str) -> None:
        """FormFlow takes a file that a member of staff drops."""
        (self.office.watch[0].folder / name).write_bytes(content)
        self.waits()

    def sheets(self) -> list[str]:
        """What lies to be filled in, by name."""
        return sorted(path.name for path in lying(self.office))

    def sheet(self, code: str) -> Path:
        """The newest sheet with a code, such as "F2"."""
        found = lying(self.office, f"* {code} *.pdf")
        return max(found, key=lambda path: path.stat().st_mtime_ns)

    def folder(self, reference: str = "FF-2026-000001") -> Path:
        """The folder of a case."""
        return folders_of_cases(self.office.folders.to_decide)[reference]

    def fills_in(
        self, code: str, takes: Path | None = None, folder: Path | None = None, /, **answers: str
    ) -> None:
        """She fills in a sheet with her own program, and drops it."""
        target = (folder or self.office.watch[1].folder) / f"my {code}.pdf"
        target.write_bytes(filled(takes or self.sheet(code), answers))
        self.waits()

    def waits(self) -> None:
        """She waits until FormFlow has taken everything and told everybody."""
        worker.settle(self.office)
        assert status.overview(self.office).undelivered == ()

    def page(self, reference: str = "FF-2026-000001") -> str:
        """The words of the page that says what is open."""
        content = (self.folder(reference) / f"{reference} what is open.html").read_text("utf-8")
        body = re.sub(r"<style.*?</style>|<!--.*?-->", "", content, flags=re.DOTALL)
        return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).split())

    def open_steps(self) -> list[str]:
        """The rules of what is still open, in their order."""
        still = self.page().partition(" Done ")[0]
        return re.findall(r"([A-Z]+\d+[a-z]?) · guidance", still)


def lying(office: Settings, pattern: str = "*.pdf") -> Iterator[Path]:
    """Yield the sheets that lie in the folders of cases, those that are closed too. Earlier copies are left out."""
    for folder in folders_of_cases(office.folders.to_decide).values():
        yield from (one for one in folder.glob(pattern) if not is_paper_itself(one.name))


def filled(sheet: Path | io.BytesIO, answers: Mapping[str, str]) -> bytes:
    """Return a sheet filled in with PDFium, as in Chrome or Edge."""
    content = sheet.read_bytes() if isinstance(sheet, Path) else sheet.getvalue()
    return fill_pdfium.filled(content, answers)


def filled_by_pypdf(sheet: Path, answers: dict[str, str], _folder: Path) -> bytes:
    """Return a sheet filled in by pypdf, which has a way of its own to draw texts."""
    writer = pypdf.PdfWriter(clone_from=sheet)
    fields = writer.get_fields() or {}
    values = {
        name: f"/{value}" if fields[name].get("/FT") == "/Btn" else value
        for name, value in answers.items()
    }
    for page in writer.pages:
        writer.update_page_form_field_values(page, values, auto_regenerate=False)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def filled_by_pdftk(sheet: Path, answers: dict[str, str], folder: Path) -> bytes:
    """Return a sheet filled in by pdftk, from an FDF file."""
    kinds = {
        name: field.get("/FT")
        for name, field in (pypdf.PdfReader(sheet).get_fields() or {}).items()
    }
    fields = [
        f"<< /T ({name}) /V /{value} >>"
        if kinds[name] == "/Btn"
        else f"<< /T ({name}) /V <{(BOM_UTF16_BE + value.encode('utf-16-be')).hex()}> >>"
        for name, value in answers.items()
    ]
    fdf, out = folder / "answers.fdf", folder / "filled.pdf"
    body = "\n".join(fields)
    fdf.write_text(
        f"%FDF-1.2\n1 0 obj\n<< /FDF << /Fields [\n{body}\n] >> >>\nendobj\ntrailer\n<< /Root 1 0 R >>\n%%EOF\n",
        "ascii",
    )
    subprocess.run(["pdftk", sheet, "fill_form", fdf, "output", out], check=True)
    return out.read_bytes()
