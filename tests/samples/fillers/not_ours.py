"""Make the files that must not become records: not ours, printed, locked, or not whole.

Each is made from a finished sample, or by another program from nothing.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pypdfium2
import pypdfium2.raw as pdfium
from reportlab.pdfgen.canvas import Canvas

from tests.samples.fillers import expected

LETTER = """<!doctype html><html lang="en"><title>Trip</title><body style="font: 12pt serif">
<p>16 November 2026</p><p>Dear parents and carers,</p>
<p>Year 4 goes to the mining museum on 3 December. Please send £8.50 and a packed lunch.</p>
<p>Yours sincerely,<br>Office</p></body></html>"""


@dataclass(frozen=True)
class Odd:
    """One file, how it is made, and what must be said of it."""

    name: str
    program: str
    purpose: str
    code: str
    stopped_at: str  # "gate", "reading", or "held" where it is read and waits for a person
    make: Callable[[Path, Path], None]  # samples, out


def make(samples: Path) -> None:
    """Make all of them under `samples`/not-ours."""
    for odd in ODDS:
        print(f"not-ours/{odd.name}", flush=True)
        folder = samples / "not-ours" / odd.name
        folder.mkdir(parents=True, exist_ok=True)
        odd.make(samples, folder / "form.pdf")
        expected.write_odd(folder / "expected.toml", odd.program, odd.code, odd.stopped_at)


def _letter(_samples: Path, out: Path) -> None:
    page = out.with_suffix(".html")
    page.write_text(LETTER, "utf-8")
    quiet = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    command = ["chromium", *quiet, "--no-pdf-header-footer", f"--print-to-pdf={out}", str(page)]
    subprocess.run(command, check=True, capture_output=True)
    page.unlink()


def _another_form(_samples: Path, out: Path) -> None:
    canvas = Canvas(str(out), invariant=True)
    canvas.drawString(72, 740, "School trip consent form")
    for number, name in enumerate(("child_name", "child_dob", "signed_name")):
        canvas.drawString(72, 700 - 40 * number, name.replace("_", " "))
        canvas.acroForm.textfield(name=name, value="Nia", x=200, y=690 - 40 * number, width=200)
    canvas.save()


def _printed(samples: Path, out: Path) -> None:
    document = pypdfium2.PdfDocument(samples / "red-balancing-factors-pdflib" / "form.pdf")
    document.init_forms()
    for page in document:
        pdfium.FPDFPage_Flatten(page, pdfium.FLAT_PRINT)
    document.save(out)


def _flattened(samples: Path, out: Path) -> None:
    source = samples / "red-planned-and-spontaneous-pdftk-xfdf" / "form.pdf"
    subprocess.run(["pdftk", str(source), "output", str(out), "flatten"], check=True)


def _locked(samples: Path, out: Path) -> None:
    source = samples / "red-only-ticks-pypdf" / "form.pdf"
    lock = ["--encrypt", "open", "own", "256", "--"]
    subprocess.run(["qpdf", *lock, str(source), str(out)], check=True)


def _cut(case: str, keep: Callable[[bytes], int]) -> Callable[[Path, Path], None]:
    def cut(samples: Path, out: Path) -> None:
        whole = (samples / case / "form.pdf").read_bytes()
        out.write_bytes(whole[: keep(whole)])

    return cut


def _after_first_end(content: bytes) -> int:
    return content.index(b"%%EOF") + len(b"%%EOF\n")


ODDS = (
    Odd(
        "letter-chromium",
        "Chromium, print to PDF",
        "a letter that has nothing to do with it",
        "FF-105",
        "reading",
        _letter,
    ),
    Odd(
        "another-form-reportlab",
        "ReportLab",
        "a form of somebody else, with three field names like ours",
        "FF-101",
        "reading",
        _another_form,
    ),
    Odd(
        "printed-pdfium",
        "PDFium, flattened as for print",
        "what “Print to PDF” leaves of a form",
        "FF-124",
        "held",
        _printed,
    ),
    Odd(
        "flattened-pdftk",
        "pdftk-java, flatten",
        "flattened by a forms service",
        "FF-124",
        "held",
        _flattened,
    ),
    Odd(
        "locked-qpdf",
        "qpdf, AES-256",
        "wants a password to open",
        "FF-104",
        "reading",
        _locked,
    ),
    Odd(
        "half-copied-pdflib",
        "pdf-lib",
        "the first half of a form, as a broken copy leaves it",
        "FF-103",
        "gate",
        _cut("red-balancing-factors-pdflib", lambda content: len(content) // 2),
    ),
    Odd(
        "second-save-cut-pdfjs",
        "pdf.js",
        "the last 600 bytes of the second save are missing: readers fall back to the older answers",
        "FF-103",
        "gate",
        _cut("red-planned-secrecy-amended-pdfjs", lambda content: len(content) - 600),
    ),
    Odd(
        "second-save-missing-itext5",
        "iText",
        "cut exactly where the blank form ended: a whole file, and an empty form",
        "FF-115",
        "held",
        _cut("red-second-incident-itext5-append", _after_first_end),
    ),
)
