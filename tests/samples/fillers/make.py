"""Make the sample forms: hand each case of cases.toml to the program that fills it.

Usage: python tests/samples/fillers/make.py [CASE ...]     (all cases, when none is named)

It needs programs that `make test` does not install; the README beside this file lists them. Tools and
half-finished files lie under build/fillers.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from formflow import forms

HERE = Path(__file__).resolve().parent
SAMPLES = HERE.parent
ROOT = SAMPLES.parent.parent
WORK = ROOT / "build" / "fillers"
FORM = forms.load(ROOT / "forms" / "recording" / "form.toml")
BLANK = ROOT / "forms" / "recording" / f"recording-v{FORM.version}.pdf"
FONT = "/usr/share/fonts/truetype/liberation/LiberationSans-Regular.ttf"
JARS = ("itext5", "bcprov", "pdfbox2", "fontbox2", "commons-logging")

sys.path.insert(0, str(HERE))
import cases  # noqa: E402 - stands beside this script
import expected  # noqa: E402


def main(names: list[str]) -> None:
    """Fill the named cases, or all of them and the files that are not ours."""
    _set_up()
    for case in cases.load(HERE / "cases.toml", FORM):
        if not names or case.name in names:
            print(case.name, flush=True)
            _make(case)


def _make(case: cases.Case) -> None:
    folder = SAMPLES / case.name
    folder.mkdir(exist_ok=True)
    source = SAMPLES / case.opens / "form.pdf" if case.opens else BLANK
    answers = WORK / f"{case.name}.json"
    out = WORK / f"{case.name}.pdf"
    out.unlink(missing_ok=True)
    columns = {name: FORM.fields[name].states.index(state) for name, state in case.buttons.items()}
    words = {"text": case.text, "buttons": case.buttons, "columns": columns}
    answers.write_text(json.dumps(words, ensure_ascii=False, indent=1), "utf-8")
    PROGRAMS[case.program](source, answers, out, case.how)
    shutil.copyfile(out, folder / "form.pdf")
    expected.write(folder / "expected.toml", case, FORM, VERSIONS[case.program]())


def _set_up() -> None:
    WORK.mkdir(parents=True, exist_ok=True)
    for name in (
        "package.json",
        "package-lock.json",
        ".npmrc",
        *(p.name for p in HERE.glob("*.mjs")),
    ):
        shutil.copyfile(HERE / name, WORK / name)
    if not (WORK / "node_modules").exists():
        _run("npm", "ci", "--no-audit", "--no-fund")
    for source in HERE.glob("*.java"):
        if not (WORK / f"{source.stem}.class").exists():
            _run("javac", "-cp", _class_path(), "-d", str(WORK), str(source))


def _run(*command: str) -> None:
    subprocess.run(command, cwd=WORK, check=True)


def _class_path() -> str:
    return ":".join([str(WORK), *(f"/usr/share/java/{name}.jar" for name in JARS)])


def _java_answers(answers: Path) -> Path:
    """Write the answers one per line, for the Java programs."""
    words = json.loads(answers.read_text("utf-8"))
    # What JSON escapes inside its quotes, Java's translateEscapes takes back.
    lines = [
        f"{name}\t{json.dumps(value, ensure_ascii=False)[1:-1]}\n"
        for name, value in {**words["text"], **words["buttons"]}.items()
    ]
    listing = answers.with_suffix(".txt")
    listing.write_text("".join(lines), "utf-8")
    return listing


def _pdfjs(source: Path, answers: Path, out: Path, how: str) -> None:
    _run("node", "fill_pdfjs.mjs", str(source), str(answers), str(out))


def _pdflib(source: Path, answers: Path, out: Path, how: str) -> None:
    _run("node", "fill_pdflib.mjs", str(source), str(answers), str(out), FONT)


def _pdftk(source: Path, answers: Path, out: Path, how: str) -> None:
    _run(
        sys.executable, str(HERE / "fill_pdftk.py"), str(source), str(answers), str(out), FONT, how
    )


def _pdfium(source: Path, answers: Path, out: Path, how: str) -> None:
    _run(sys.executable, str(HERE / "fill_pdfium.py"), str(source), str(answers), str(out))


def _pypdf(source: Path, answers: Path, out: Path, how: str) -> None:
    _run(sys.executable, str(HERE / "fill_pypdf.py"), str(source), str(answers), str(out))


def _poppler(source: Path, answers: Path, out: Path, how: str) -> None:
    _run("/usr/bin/python3", str(HERE / "fill_poppler.py"), str(source), str(answers), str(out))


def _itext5(source: Path, answers: Path, out: Path, how: str) -> None:
    listing = str(_java_answers(answers))
    filled = out.with_suffix(".filled.pdf") if how == "linearize" else out
    way = "append" if how == "append" else "whole"
    _run("java", "-cp", _class_path(), "FillIText5", str(source), listing, str(filled), FONT, way)
    if how == "linearize":
        _run("qpdf", "--linearize", str(filled), str(out))


def _pdfbox2(source: Path, answers: Path, out: Path, how: str) -> None:
    listing = str(_java_answers(answers))
    font = "-" if how == "need_appearances" else FONT
    _run("java", "-cp", _class_path(), "FillPdfBox2", str(source), listing, str(out), font)


def _chromium(source: Path, answers: Path, out: Path, how: str) -> None:
    _run("node", "fill_chromium.mjs", str(source), str(answers), str(out))


def _first_line(*command: str) -> str:
    done = subprocess.run(command, cwd=WORK, capture_output=True, text=True, check=False)
    return (done.stdout + done.stderr).strip().splitlines()[0]


def _from_npm(name: str) -> str:
    return str(json.loads((WORK / "node_modules" / name / "package.json").read_text())["version"])


def _debian(package: str) -> str:
    return _first_line("dpkg-query", "-W", "-f", "${Version}", package)


def _from_pypi(name: str) -> str:
    from importlib.metadata import version

    return version(name)


PROGRAMS: dict[str, Callable[[Path, Path, Path, str], None]] = {
    "pdfjs": _pdfjs,
    "pdflib": _pdflib,
    "pdftk": _pdftk,
    "pdfium": _pdfium,
    "itext5": _itext5,
    "pdfbox2": _pdfbox2,
    "pypdf": _pypdf,
    "poppler": _poppler,
    "chromium": _chromium,
}
VERSIONS: dict[str, Callable[[], str]] = {
    "pdfjs": lambda: f"pdf.js {_from_npm('pdfjs-dist')}",
    "pdflib": lambda: f"pdf-lib {_from_npm('pdf-lib')}",
    "pdftk": lambda: f"pdftk-java {_debian('pdftk-java')}",
    "pdfium": lambda: f"PDFium by pypdfium2 {_from_pypi('pypdfium2')}",
    "itext5": lambda: f"iText {_debian('libitext5-java')}",
    "pdfbox2": lambda: f"Apache PDFBox {_debian('libpdfbox2-java')}",
    "pypdf": lambda: f"pypdf {_from_pypi('pypdf')}",
    "poppler": lambda: f"poppler {_debian('gir1.2-poppler-0.18')}",
    "chromium": lambda: f"Chromium {_debian('chromium')}",
}

if __name__ == "__main__":
    main(sys.argv[1:])
