"""What tests need to see of a pretend agency: what lies where, and nothing about how it came there."""

from __future__ import annotations

import csv
import io
import os
import re
import shutil
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from types import MappingProxyType

import openpyxl

from formflow import cli
from formflow.admin import setup
from formflow.core import crash_points
from formflow.core.settings import Settings
from tests.support import forked

COMMAND = "import sys; from formflow.cli import main; main(sys.argv[1:])"
SAMPLES = Path(__file__).parents[1] / "samples"
REFERENCE = re.compile(r"FF-\d{4}-\d{6}")
# Settings of a pretend agency that is quick to settle: the second of each is the second folder's.
QUICK = (
    ("settle_seconds = 5", "settle_seconds = 0.2"),
    ("settle_seconds = 5", "settle_seconds = 0.2"),
    ("incomplete_minutes = 30", "incomplete_minutes = 0"),
    ("incomplete_minutes = 30", "incomplete_minutes = 0"),
)


def agency(folder: Path, changes: Sequence[tuple[str, str]] = QUICK) -> Settings:
    """Set up a pretend agency in which no test waits for a file to settle."""
    return settled_at_once(setup.set_up(folder, changes=changes))


def settled_at_once(settings: Settings) -> Settings:
    """Return settings by which a file counts as settled when it is first seen.

    A settings file allows no less than 0.2 s. That a file has to hold still is looked at in
    tests/pipeline/test_sweep.py, by a clock of its own.
    """
    watched = [watch.model_copy(update={"settle_seconds": 0.0}) for watch in settings.watch]
    return settings.model_copy(update={"watch": tuple(watched)})


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
    """Run a command here, or one that is to be killed in a process of its own; return how it ended."""
    if crash_at:
        return formflow_apart(office, *arguments, environment={crash_points.VARIABLE: crash_at})
    given = _with_settings(office, arguments)
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = cli.run(given)
    return subprocess.CompletedProcess(given, code, out.getvalue(), err.getvalue())


def formflow_apart(
    office: Settings, *arguments: str, environment: Mapping[str, str] = MappingProxyType({})
) -> subprocess.CompletedProcess[str]:
    """Run the real command in a process of its own."""
    given = _with_settings(office, arguments)
    if hasattr(os, "fork"):
        return forked.run(given, environment)
    return subprocess.run(
        [sys.executable, "-c", COMMAND, *given],
        env=os.environ | environment,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


def _with_settings(office: Settings, arguments: Sequence[str]) -> list[str]:
    return ["--settings", str(office.state.folder.parent / "formflow.toml"), *arguments]


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
    """Return how often each reference and revision is in the register workbook."""
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
