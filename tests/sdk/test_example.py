"""The connector of examples/connector keeps the contract, and FormFlow runs it as a stranger's."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from formflow.admin import settings_file, status
from formflow.core.settings import Settings
from formflow.delivery import plugin_host
from tests.support import strangers, worker
from tests.support.offices import drop

EXAMPLE = Path(__file__).parents[2] / "examples" / "connector"


def test_its_own_tests_pass() -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", "."]
    ran = subprocess.run(
        [*command, "tests"],
        cwd=EXAMPLE,
        env=os.environ | {"PYTHONPATH": str(EXAMPLE), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout
    assert "11 passed" in ran.stdout


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
