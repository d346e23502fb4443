"""What the commands print can be read by other programs, whatever the system calls its own letters."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from formflow.core.settings import Settings
from tests.support.offices import COMMAND, drop, formflow_apart, sample

RED = "red-planned-secrecy-pdfjs"


def piped(office: Settings, letters: dict[str, str], *arguments: str) -> tuple[int, str]:
    """Run the real command into a pipe; return its exit code and what it printed, read as UTF-8."""
    file = office.state.folder.parent / "formflow.toml"
    plain = {name: value for name, value in os.environ.items() if name[:3] not in ("LC_", "LAN")}
    done = subprocess.run(
        [sys.executable, "-c", COMMAND, "--settings", str(file), *arguments],
        env=plain | letters,
        capture_output=True,
        check=False,
    )
    assert b"UnicodeEncodeError" not in done.stderr
    done.stderr.decode("utf-8")
    return done.returncode, done.stdout.decode("utf-8")


@pytest.mark.parametrize(
    "letters",
    [
        {"PYTHONIOENCODING": "ascii"},
        {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
    ],
    ids=["ascii", "C"],
)
def test_what_a_command_says_can_be_piped_whatever_letters_the_system_has(
    office: Settings, letters: dict[str, str]
) -> None:
    assert "“" in piped(office, letters, "doctor")[1]


def test_every_command_can_be_piped_where_the_system_has_few_letters(office: Settings) -> None:
    file = office.state.folder.parent / "formflow.toml"
    slow = file.read_text("utf-8").replace("deadline_seconds = 15", "deadline_seconds = 600")
    file.write_text(slow, encoding="utf-8")  # a busy machine reads the form, too
    drop(office, RED)
    assert with_few_letters(office, "run", "--once")[0] == 0
    code, said = with_few_letters(office, "status")
    assert (code, "▲" in said) == (1, True)
    view = json.loads(with_few_letters(office, "status", "--json")[1])
    assert view["records"] == 1
    [waiting] = view["waiting"]
    assert with_few_letters(office, "show", waiting["reference"])[0] == 0
    assert "“" in with_few_letters(office, "explain", waiting["reference"])[1]
    assert with_few_letters(office, "doctor")[0] in (0, 1)
    assert with_few_letters(office, "forms", "check")[0] == 0
    read = json.loads(with_few_letters(office, "read", "--json", str(sample(RED)))[1])
    assert read["proposal"]["findings"]


def with_few_letters(office: Settings, *arguments: str) -> tuple[int, str]:
    """Run a command in a process whose output has the letters of a pipe on an English Windows."""
    done = formflow_apart(office, *arguments, environment={"PYTHONIOENCODING": "cp1252"})
    assert "UnicodeEncodeError" not in done.stderr
    return done.returncode, done.stdout


def test_a_file_name_of_other_bytes_ends_no_command(office: Settings) -> None:
    name = "caf\udce9.pdf"  # on Linux the byte E9, on Windows half of a letter
    code, _ = piped(office, {"PYTHONIOENCODING": "utf-8"}, "read", "--json", name)
    assert code not in (0, 70)
