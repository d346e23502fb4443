"""The Makefile runs on Windows, where there is no shell of POSIX and none of its programs."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ONLY_POSIX = {"mutants", "windows"}  # docs/developers.md says so


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
@pytest.mark.parametrize(
    "target",
    ["demo", "test", "check", "docs", "crash", "faults", "burst", "fuzz", "fillpdf", "clean"],
)
def test_on_windows_each_recipe_needs_python_and_nothing_else(target: str) -> None:
    shown = subprocess.run(
        ["make", "--always-make", "--dry-run", "OS=Windows_NT", target],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    commands = [line for line in shown.stdout.splitlines() if not line.startswith("make")]
    assert commands != []
    for command in commands:
        begins = command.split()[0]
        assert begins == "python" or begins.startswith(
            ('".venv/Scripts/', '"build/with-fillpdf/Scripts/')
        )
        assert not set(command) & set("&|;<>`$") - set(";" if " -c " in command else "")
