"""The connector of examples/connector keeps the contract, and FormFlow runs it as a stranger's."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from formflow.admin import settings_file, status
from formflow.core.settings import Settings
from formflow.delivery import plugin_host
from formflow.sdk.conformance import CHECKS
from formflow.sdk.conformance.suite import ConnectorTests
from tests.support import strangers, worker
from tests.support.offices import drop

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "connector"


def tried(example: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run the example's own tests."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", "."]
    return subprocess.run(
        [*command, *options, "tests"],
        cwd=example,
        env=os.environ | {"PYTHONPATH": str(example), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


def copied(folder: Path, old: str, new: str, file: str = "noticeboard.py") -> Path:
    """Return a copy of the example with something changed in it."""
    copy = shutil.copytree(EXAMPLE, folder / "connector")
    text = (copy / file).read_text("utf-8")
    assert old in text
    (copy / file).write_text(text.replace(old, new), "utf-8")
    return copy


def test_its_own_tests_pass_and_say_what_was_passed(tmp_path: Path) -> None:
    told = tmp_path / "conformance.json"
    ran = tried(EXAMPLE, "--conformance-json", str(told))
    assert ran.returncode == 0, ran.stdout
    (row,) = json.loads(told.read_text("utf-8"))
    assert row["kind"] == "noticeboard"
    assert len(row["passed"]) == len(CHECKS)
    assert (row["failed"], row["bypassed"]) == ([], {})


def test_without_its_look_for_the_key_its_tests_fail(tmp_path: Path) -> None:
    example = copied(tmp_path, "if there is not None:", "if False:")
    ran = tried(example, "-k", "delivers_once")
    assert ran.returncode == 1, ran.stdout
    assert "test_delivers_once" in ran.stdout


TESTS = "tests/test_noticeboard.py"
DOCS = '    """What every connector must do, on a notice board."""\n'


def test_what_is_bypassed_is_printed_with_its_reason(tmp_path: Path) -> None:
    reason = "Somebody else takes the cards down."
    bypass = f'{DOCS}    bypass = {{"test_delivers_once": "{reason}"}}\n'
    told = tmp_path / "conformance.json"
    ran = tried(
        copied(tmp_path, DOCS, bypass, TESTS), "-k", "once", "--conformance-json", str(told)
    )
    assert ran.returncode == 0, ran.stdout
    assert f"noticeboard: test_delivers_once: {reason}" in ran.stdout
    (row,) = json.loads(told.read_text("utf-8"))
    assert row["bypassed"] == {"test_delivers_once": reason}
    assert "test_delivers_once" not in row["passed"]


@pytest.mark.parametrize(
    ("bypass", "says"),
    [
        ({"test_delivers_once": " "}, "without a reason"),
        ({"test_delivers_twice": "It does."}, "no such test"),
    ],
)
def test_a_bypass_names_a_test_and_gives_a_reason(bypass: dict[str, str], says: str) -> None:
    with pytest.raises(TypeError, match=says):
        type("TestMine", (ConnectorTests,), {"bypass": bypass})


def without_indents(text: str) -> str:
    return "".join(line.strip() for line in text.splitlines())


def test_the_walk_through_shows_the_example_as_it_is() -> None:
    page = (ROOT / "docs" / "connectors" / "write-your-own.md").read_text("utf-8")
    files = [without_indents(path.read_text("utf-8")) for path in sorted(EXAMPLE.rglob("*.py"))]
    blocks = [without_indents(one) for one in re.findall(r"```python\n(.*?)```", page, re.DOTALL)]
    assert [block for block in blocks if not any(block in file for file in files)] == []
    assert len(blocks) == 7
    assert (EXAMPLE / "pyproject.toml").read_text("utf-8") in page
    assert f"runs {len(CHECKS)} tests" in page


def test_an_alert_is_pinned_to_the_board(
    office: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    about = tmp_path / "formflow_noticeboard-1.0.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: formflow-noticeboard\nVersion: 1.0.0\n"
    )
    (about / "entry_points.txt").write_text(
        "[formflow.connectors]\nnoticeboard = noticeboard:Noticeboard\n"
    )
    for folder in (tmp_path, EXAMPLE):
        monkeypatch.syspath_prepend(folder)
    strangers.forget()
    board = tmp_path / "board"
    board.mkdir()
    file = office.state.folder.parent / "formflow.toml"
    with file.open("a", encoding="utf-8") as stream:
        stream.write(
            f"\n[[destination]]\nname = 'Board'\nkind = 'noticeboard'\nboard = '{board}'\n"
        )
    settings = settings_file.load_settings(file)
    try:
        drop(settings, "red-planned-secrecy-pdfjs")
        worker.settle(settings)
        assert isinstance(worker.context_of(settings).destinations["Board"], plugin_host.Guest)
        (card,) = board.glob("*.txt")
        assert "FF-2026-000001" in card.read_text("utf-8")
        assert status.overview(settings).undelivered == ()
    finally:
        worker.close()
        strangers.forget()
        sys.modules.pop("noticeboard", None)
