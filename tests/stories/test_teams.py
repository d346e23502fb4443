"""A form comes back to the team that dropped it, where its watched folder names a folder of its own for that."""

from __future__ import annotations

from pathlib import Path

import pytest

from formflow.admin import settings_file, setup
from formflow.core import markers
from formflow.core.errors import SettingsProblem
from formflow.core.settings import Settings
from tests.support import worker
from tests.support.offices import files, formflow, sample, settled_at_once

RETURNED = "red-impossible-dates-pdftk-need-appearances"
TEAMS = """
[[watch]]
folder = "Early years/Drop here"
needs_attention = "Early years/Needs attention"

[[watch]]
folder = "Early years/Scanner"
needs_attention = "Early years/Needs attention"
"""
APART = """
[[watch]]
folder = "A"
needs_attention = "1/T/Back"

[[watch]]
folder = "B"
needs_attention = "2/T/Back"
"""


def with_watch(root: Path, text: str) -> Settings:
    """Return the settings of an agency with further watched folders. Raise SettingsProblem."""
    file = root / "formflow.toml"
    file.write_text(f"{file.read_text('utf-8')}\n{text}", "utf-8")
    return settled_at_once(settings_file.load_settings(file))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "an agency"
    setup.set_up(root)
    return root


def test_a_form_comes_back_to_its_own_team_alone(root: Path) -> None:
    for name in ("Drop here", "Scanner", "Needs attention"):
        (root / "Early years" / name).mkdir(parents=True)
    for name in ("Drop here", "Scanner"):
        markers.mark(root / "Early years" / name, "watched")
    office = with_watch(root, TEAMS)
    own = root / "Early years" / "Needs attention"
    content = sample(RETURNED).read_bytes()
    (root / "Early years" / "Scanner" / "a.pdf").write_bytes(content)
    worker.settle(office)
    assert [name for name in files(own) if name.endswith(".txt")] == ["FF-2026-000001.txt"]
    assert files(office.folders.needs_attention) == []
    other = content.replace(b"%%EOF", b"%%EOF\n", 1)
    (office.watch[0].folder / "b.pdf").write_bytes(other + b"\n")
    worker.settle(office)
    assert len([name for name in files(office.folders.needs_attention) if "txt" in name]) == 1
    assert len([name for name in files(own) if "txt" in name]) == 1
    shown = formflow(office, "connectors", "check").stdout
    assert "Needs attention (Early years/Needs attention)" in shown
    worker.close()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            '[[watch]]\nfolder = "A"\nneeds_attention = "A"\n',
            "watch[2].folder and watch[2].needs_attention are the same folder",
        ),
        (
            '[[watch]]\nfolder = "A"\nneeds_attention = "Safeguarding forms/Needs attention"\n',
            "watch[2].needs_attention and folders.needs_attention are the same folder",
        ),
        (
            '[[watch]]\nfolder = "A"\nneeds_attention = "Safeguarding forms/DSL only/Alerts/A"\n',
            "watch[2].needs_attention lies inside folders.alerts",
        ),
        (
            '[[watch]]\nfolder = "A"\nrole = "decisions"\nneeds_attention = "B"\n',
            "watch[2].needs_attention: nothing from a folder for decisions comes back",
        ),
        (
            APART,
            "two folders end in the same two names",
        ),
    ],
)
def test_what_cannot_be_is_said_when_the_settings_are_read(
    root: Path, text: str, told: str
) -> None:
    with pytest.raises(SettingsProblem) as problem:
        with_watch(root, text)
    assert any(told in one for one in problem.value.problems)
