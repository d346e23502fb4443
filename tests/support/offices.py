"""What tests need to see of a pretend agency: what lies where, and nothing about how it came there."""

from __future__ import annotations

import csv
import os
import re
import shutil
import socket
import subprocess
import sys
from collections import Counter
from pathlib import Path

import openpyxl

from formflow.core.settings import Settings

COMMAND = "import sys; from formflow.cli import main; main(sys.argv[1:])"
SAMPLES = Path(__file__).parents[1] / "samples"
REFERENCE = re.compile(r"FF-\d{4}-\d{6}")


def sample(case: str) -> Path:
    """Return the PDF of a sample."""
    return SAMPLES / case / "form.pdf"


def drop(office: Settings, case: str, name: str | None = None) -> Path:
    """Drop a sample as staff would, under a name of their own."""
    target = office.watch[0].folder / (name or f"{case}.pdf")
    shutil.copyfile(sample(case), target)
    return target


def formflow(
    office: Settings, *arguments: str, crash_at: str | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the real command in a process of its own."""
    environment = dict(os.environ)
    if crash_at:
        environment["FORMFLOW_CRASH_AT"] = crash_at
    file = office.state.folder.parent / "formflow.toml"
    return subprocess.run(
        [sys.executable, "-c", COMMAND, "--settings", str(file), *arguments],
        env=environment,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def free_port() -> int:
    """Return a port on the loopback that nobody uses just now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def files(folder: Path) -> list[str]:
    """Return every file under a folder that a person would see, as relative paths."""
    found = (path for path in folder.rglob("*") if path.is_file())
    return sorted(
        path.relative_to(folder).as_posix() for path in found if not path.name.startswith(".")
    )


def strays(root: Path) -> list[str]:
    """Return temporary files of ours that lie about anywhere."""
    return sorted(path.as_posix() for path in root.rglob(".formflow-*.tmp"))


def dsl_folder(office: Settings) -> Path:
    """Return the folder for the DSL alone."""
    return office.folders.alerts.parent


def register_rows(office: Settings) -> Counter[str]:
    """Return how often each reference and revision stands in the register workbook."""
    book = openpyxl.load_workbook(dsl_folder(office) / "FormFlow register.xlsx", read_only=True)
    counts: Counter[str] = Counter()
    for row in book.worksheets[0].iter_rows(values_only=True):
        cells = [str(cell) for cell in row if cell is not None]
        reference = next((cell for cell in cells if REFERENCE.fullmatch(cell)), None)
        if reference:
            counts[f"{reference} r{cells[cells.index(reference) + 1]}"] += 1
    book.close()
    return counts


def csv_rows(office: Settings) -> list[dict[str, str]]:
    """Return every line of the CSV files."""
    rows = []
    for path in sorted((dsl_folder(office) / "Record lines").glob("*.csv")):
        with path.open(encoding="utf-8-sig", newline="") as stream:
            rows += list(csv.DictReader(stream))
    return rows
