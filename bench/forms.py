"""A thousand different filled forms, made from the samples that real programs filled."""

from __future__ import annotations

from itertools import cycle, islice
from pathlib import Path

import pikepdf

SAMPLES = Path(__file__).parent.parent / "tests" / "samples"
# One ordinary form of each program; the odd ones are for the tests.
CASES = (
    "red-planned-secrecy-pdfjs",
    "red-balancing-factors-pdflib",
    "amber-peer-pressure-pdftk-fdf",
    "amber-or-red-pornography-pdfium",
    "green-free-play-pdfjs",
    "undetermined-red-unanswered-pdfium",
    "amber-undressing-at-six-itext5",
)


def make(folder: Path, count: int) -> list[Path]:
    """Write `count` filled forms, each about another child, and return their paths.

    The child's name is changed in the stored value and its drawing is left to the viewer, as several
    programs do; everything else stays as the program wrote it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for number, case in enumerate(islice(cycle(CASES), count), start=1):
        path = folder / f"form {number:05}.pdf"
        with pikepdf.open(SAMPLES / case / "form.pdf") as pdf:
            field = next(f for f in pdf.Root.AcroForm.Fields if f.get("/T") == "child_a_name")
            field.V = pikepdf.String(f"Child Number {number}")
            if "/AP" in field:
                del field.AP
            pdf.save(path)
        paths.append(path)
    return paths
