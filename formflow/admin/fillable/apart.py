"""A flat PDF or Word form -> a fillable PDF, in processes of their own, within limits of time and memory."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from pathlib import Path

from formflow.admin.fillable import make
from formflow.admin.fillable.child import NOT_MADE
from formflow.admin.fillable.make import Made, NotMade
from formflow.admin.learn import apart

CHILD = "formflow.admin.fillable.child"
WORD = (".docx", ".doc", ".odt", ".rtf")
ON_THE_CLOCK = 300.0  # seconds for LibreOffice, which takes longest to start
NO_OFFICE, NOT_PRINTED = "no LibreOffice", "not printed"


def made_fillable(path: Path) -> Made:
    """Return a form with boxes. Raise NotMade, TooMuch, or ValueError where it cannot be read."""
    if path.suffix.casefold() not in WORD:
        return _made(path)
    with tempfile.TemporaryDirectory() as folder:
        return _made(_printed(path, Path(folder)))


def _made(path: Path) -> Made:
    answer = apart.answer(CHILD, path)
    told = json.loads(answer)
    if NOT_MADE in told:
        raise NotMade(told[NOT_MADE])
    return make.loaded(answer)


def _printed(path: Path, folder: Path) -> Path:
    """Return a document as a PDF, as LibreOffice prints it. Raise NotMade."""
    office = shutil.which("soffice") or shutil.which("libreoffice")
    if office is None:
        raise NotMade(NO_OFFICE)
    command = (
        office, f"-env:UserInstallation={(folder / 'profile').as_uri()}", "--headless", "--norestore",
        "--convert-to", "pdf", "--outdir", str(folder), str(path.resolve()),
    )  # fmt: skip
    try:
        subprocess.run(command, check=True, capture_output=True, timeout=ON_THE_CLOCK)
    except (OSError, subprocess.SubprocessError) as problem:
        raise NotMade(NOT_PRINTED) from problem
    printed = folder / f"{path.stem}.pdf"
    if not printed.is_file():
        raise NotMade(NOT_PRINTED)
    return printed
