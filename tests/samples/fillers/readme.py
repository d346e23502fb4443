"""Write the table of samples into the README beside this script."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from pathlib import Path

from tests.samples.fillers import cases, not_ours

BEGIN, END = "<!-- table: written by make.py -->\n", "<!-- end of table -->"


def write(path: Path, samples: Path, every: Sequence[cases.Case]) -> None:
    """Put one row per sample between the two marks."""
    text = path.read_text("utf-8")
    before, after = text.split(BEGIN)[0], text.split(END)[1]
    rows = ["| case | program, version | what for |", "|---|---|---|"]
    rows += [
        f"| {case.name} | {_program(samples / case.name)} | {case.purpose} |" for case in every
    ]
    rows += [
        f"| not-ours/{odd.name} | {odd.program} | {odd.purpose}: {odd.code} |"
        for odd in not_ours.ODDS
    ]
    path.write_text(before + BEGIN + "\n".join(rows) + "\n" + END + after, "utf-8")


def _program(folder: Path) -> str:
    return str(tomllib.loads((folder / "expected.toml").read_text("utf-8"))["paper"]["program"])
