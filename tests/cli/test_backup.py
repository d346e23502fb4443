"""`formflow backup`: what it says, and where it refuses to write."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import pytest

from formflow.admin import backup
from formflow.core.errors import ExitCode
from formflow.core.settings import Settings
from formflow.storage import backups
from tests.support import worker
from tests.support.offices import drop, formflow
from tests.support.systems import no_room

RED = "red-planned-secrecy-pdfjs"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder for backups."""
    made = tmp_path / "backups"
    made.mkdir()
    return made


@pytest.fixture
def at_work(office: Settings) -> Settings:
    """An agency with one form on record."""
    drop(office, RED)
    worker.settle(office)
    return office


def test_it_says_what_it_holds_and_that_it_is_to_be_kept_safe(
    at_work: Settings, folder: Path
) -> None:
    forms = at_work.folders.forms
    (forms / "ours").mkdir()
    (forms / "ours" / "form.toml").write_text("id = 1", "utf-8")
    told = formflow(at_work, "backup", str(folder))
    assert told.returncode == ExitCode.DONE, told.stderr
    (name,) = backups.names(folder)
    assert f"Backup {name} is complete. Originals: " in told.stderr
    assert "keep it as safe as the state folder" in told.stderr
    assert "on the same disk as FormFlow" in told.stderr
    manifest = backups.verified(folder, name)
    assert {"formflow.toml", "forms/ours/form.toml", "copies.key"} <= set(manifest.files)
    for words in re.findall(r"[A-Z]\w+", "Alex Example"):
        assert words not in told.stderr


def test_a_damaged_original_is_said_with_the_code_of_what_is_damaged(
    at_work: Settings, folder: Path
) -> None:
    original = next((at_work.state.folder / "originals").glob("??/*.pdf"))
    original.write_bytes(b"changed")
    told = formflow(at_work, "backup", str(folder))
    assert told.returncode == ExitCode.INTEGRITY
    assert "Damaged originals in the state folder: 1." in told.stderr
    assert len(backups.names(folder)) == 1


@pytest.mark.parametrize("place", ["watched", "alerts", "state", "above"])
def test_a_folder_that_formflow_uses_is_refused_with_both_names(
    at_work: Settings, place: str
) -> None:
    inside = {
        "watched": (at_work.watch[0].folder / "backups", "lies inside watch[0].folder"),
        "alerts": (at_work.folders.alerts / "backups", "lies inside folders.alerts"),
        "state": (at_work.state.folder, "and state.folder are the same folder"),
        "above": (at_work.state.folder.parent, "lies inside the backup folder"),
    }
    where, words = inside[place]
    where.mkdir(exist_ok=True)
    before = sorted(where.iterdir())
    told = formflow(at_work, "backup", str(where))
    assert told.returncode == ExitCode.STORAGE
    assert words in told.stderr
    assert str(where) in told.stderr
    assert sorted(where.iterdir()) == before


def test_a_folder_that_is_away_is_not_made(at_work: Settings, tmp_path: Path) -> None:
    told = formflow(at_work, "backup", str(tmp_path / "away"))
    assert told.returncode == ExitCode.STORAGE
    assert "There is no folder" in told.stderr
    assert not (tmp_path / "away").exists()


def test_before_the_first_run_there_is_nothing_to_back_up(office: Settings, folder: Path) -> None:
    told = formflow(office, "backup", str(folder))
    assert told.returncode == ExitCode.STORAGE
    assert "FormFlow has not worked here" in told.stderr
    assert backups.names(folder) == []


@pytest.mark.skipif(sys.platform == "win32", reason="there is no limit on files there")
def test_a_full_disk_is_one_sentence_and_leaves_no_backup(at_work: Settings, folder: Path) -> None:
    worker.close()
    with no_room():
        told = formflow(at_work, "backup", str(folder))
    assert told.returncode == ExitCode.STORAGE, told.stderr
    assert "No backup was made" in told.stderr
    assert backups.names(folder) == []


@pytest.mark.skipif(
    sys.platform == "win32" or os.geteuid() == 0, reason="this account may write everywhere"
)
def test_a_folder_without_rights_is_one_sentence(at_work: Settings, folder: Path) -> None:
    folder.chmod(0o500)
    told = formflow(at_work, "backup", str(folder))
    folder.chmod(0o700)
    assert told.returncode == ExitCode.STORAGE
    assert "No backup was made" in told.stderr


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        ('password = "env:MAIL"', 'password = "env:MAIL"'),
        ('client_secret = "file:/run/x"', 'client_secret = "file:/run/x"'),
        ('password = "hunter2"', f'password = "{backup.LEFT_OUT}"'),
        ("  api_token='hunter2'  # old", f'  api_token="{backup.LEFT_OUT}"  # old'),
        ('password = """\nhunter2"\n"""', f'password = "{backup.LEFT_OUT}"'),
        (
            'own = { user = "a", password = "h,}2" }',
            f'own = {{ user = "a", password = "{backup.LEFT_OUT}" }}',
        ),
        ('"smtp-password" = 12345', f'"smtp-password" = "{backup.LEFT_OUT}"'),
        ('keyword = "monkey"', 'keyword = "monkey"'),
        ('name = "Mail"', 'name = "Mail"'),
        ('# password = "env:X" says where', '# password = "env:X" says where'),
    ],
)
def test_a_secret_that_is_in_the_settings_is_left_out(line: str, kept: str) -> None:
    assert backup.without_secrets(f"a = 1\n{line}\nb = 2\n") == f"a = 1\n{kept}\nb = 2\n"
