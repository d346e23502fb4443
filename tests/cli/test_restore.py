"""`formflow restore`: into an empty state folder only, whole or not at all, and only from what is sound."""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from formflow.core.errors import ExitCode
from formflow.core.settings import Settings
from formflow.pipeline import service
from formflow.storage import backups, database, entries
from tests.storage.test_database import as_version_1
from tests.support import worker
from tests.support.offices import drop, formflow, strays
from tests.support.systems import KILLED, no_room

RED = "red-planned-secrecy-pdfjs"


class Office:
    """An agency with a form on record, a backup, and no computer."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.state = settings.state.folder
        self.backups = self.state.with_name("backups")
        self.backups.mkdir()
        drop(settings, RED)
        worker.settle(settings)
        assert formflow(settings, "backup", str(self.backups)).returncode == ExitCode.DONE
        (self.name,) = backups.names(self.backups)
        self.ledger = self.backups / self.name / "ledger.sqlite"
        worker.close()

    def is_lost(self) -> None:
        shutil.rmtree(self.state)

    def restored(self, *options: str, crash_at: str | None = None) -> tuple[int, str]:
        ended = formflow(self.settings, "restore", str(self.backups), *options, crash_at=crash_at)
        return ended.returncode, ended.stderr

    def lies_there(self) -> set[str]:
        """Everything beside and in the state folder."""
        beside = {one.name for one in self.state.parent.iterdir()}
        return beside | {one.as_posix() for one in self.state.rglob("*")}

    def is_refused(self, code: ExitCode, words: str, *options: str) -> None:
        before = self.lies_there()
        assert self.restored(*options)[0] == code
        assert words in self.restored(*options)[1]
        assert self.lies_there() == before


@pytest.fixture
def it(office: Settings) -> Office:
    return Office(office)


@pytest.mark.parametrize("point", ["restore.copied", "restore.before-place", "restore.after-place"])
def test_a_kill_leaves_all_or_nothing_and_the_next_try_ends_well(it: Office, point: str) -> None:
    it.is_lost()
    assert it.restored(crash_at=point)[0] == KILLED
    assert it.state.exists() is (point == "restore.after-place")
    if not it.state.exists():
        code, told = it.restored()
        assert (code, f"Backup {it.name} is restored" in told) == (ExitCode.DONE, True)
    beside = {one.name for one in it.state.parent.iterdir()}
    left = {one for one in beside if "restoring" in one}
    assert left <= {".state.restoring.lock"}
    assert strays(it.state.parent) == []
    assert formflow(it.settings, "run", "--once").returncode == 0
    assert formflow(it.settings, "status").stdout.startswith("Records: 1.")


@pytest.mark.parametrize("point", ["backup.ledger-copied", "backup.before-manifest"])
def test_a_backup_that_is_killed_is_none(it: Office, point: str) -> None:
    killed = formflow(it.settings, "backup", str(it.backups), crash_at=point)
    assert killed.returncode == KILLED
    it.is_lost()
    code, told = it.restored()
    assert code == ExitCode.DONE
    assert "was cut short" in told
    assert f"Backup {it.name} is restored" in told


def test_a_state_folder_as_init_leaves_it_is_empty(it: Office) -> None:
    it.is_lost()
    it.state.mkdir()
    (it.state / "formflow.log").write_text("{}\n", "utf-8")
    (it.state / "locks").mkdir()
    with service.alone(it.settings):
        pass
    assert it.restored()[0] == ExitCode.DONE
    first, *own = (it.state / "formflow.log").read_text("utf-8").splitlines()
    assert first == "{}"
    assert [json.loads(line)["command"] for line in own] == ["restore"]
    assert (it.state / "ledger.sqlite").is_file()


def test_it_is_refused_over_any_ledger(it: Office) -> None:
    it.is_refused(ExitCode.STORAGE, "There is a ledger in the state folder already")


def test_it_is_refused_while_formflow_runs(it: Office) -> None:
    with service.alone(it.settings):
        it.is_refused(ExitCode.ALREADY_RUNNING, "FormFlow is running here")


def test_it_is_refused_over_anything_else(it: Office) -> None:
    it.is_lost()
    it.state.mkdir()
    (it.state / "somebody's.txt").write_text("x", "utf-8")
    it.is_refused(ExitCode.STORAGE, "The state folder is not empty")


def flipped(it: Office) -> None:
    content = bytearray(it.ledger.read_bytes())
    content[len(content) // 2] ^= 1
    it.ledger.write_bytes(content)


def cut_short(it: Office) -> None:
    (it.ledger.parent / "manifest.json").unlink()


def without_an_original(it: Office) -> None:
    next(it.backups.glob("originals/??/*.pdf")).unlink()


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (flipped, "its file “ledger.sqlite” is missing or was changed"),
        (cut_short, "was cut short: it has no manifest"),
        (without_an_original, "originals are missing or were changed"),
    ],
)
@pytest.mark.parametrize("is_named", [True, False])
def test_a_backup_that_is_not_sound_is_refused(
    it: Office, damage: Callable[[Office], None], words: str, is_named: bool
) -> None:
    it.is_lost()
    damage(it)
    it.is_refused(ExitCode.INTEGRITY, words, *(("--backup", it.name) if is_named else ()))


def test_a_backup_of_a_newer_formflow_is_refused_and_no_older_one_taken(it: Office) -> None:
    it.is_lost()
    newer = it.backups / "2099-01-01T000000Z"
    shutil.copytree(it.ledger.parent, newer)
    said = json.loads((newer / "manifest.json").read_text("utf-8"))["backup"]
    said |= {"schema": 999, "name": newer.name}
    whole = {"backup": said, "sha256": backups._checksum(said)}
    (newer / "manifest.json").write_text(json.dumps(whole), "utf-8")
    it.is_refused(ExitCode.STORAGE, "was made by a newer FormFlow")
    assert it.restored("--backup", it.name)[0] == ExitCode.DONE


def test_a_backup_of_an_older_formflow_is_brought_up_to_date(it: Office, tmp_path: Path) -> None:
    it.is_lost()
    as_version_1(tmp_path / "older")
    shutil.copyfile(tmp_path / "older" / "ledger.sqlite", it.ledger)
    sha256 = hashlib.sha256(it.ledger.read_bytes()).hexdigest()
    said = json.loads((it.ledger.parent / "manifest.json").read_text("utf-8"))["backup"]
    said |= {"schema": 1, "formflow": "0.0.1", "files": said["files"] | {"ledger.sqlite": sha256}}
    whole = {"backup": said, "sha256": backups._checksum(said)}
    (it.ledger.parent / "manifest.json").write_text(json.dumps(whole), "utf-8")
    assert it.restored()[0] == ExitCode.DONE
    with database.looking(it.state) as connection:
        assert entries.known(connection) == {("FF-2026-000001", 1)}  # from the child files


def test_a_backup_that_is_not_there_is_said_with_those_that_are(it: Office) -> None:
    it.is_lost()
    it.is_refused(ExitCode.STORAGE, f"There are: {it.name}", "--backup", "yesterday")
    shutil.rmtree(it.backups)
    it.is_refused(ExitCode.STORAGE, "There is no folder")
    it.backups.mkdir()
    it.is_refused(ExitCode.STORAGE, "There is no backup in")


def test_a_backup_in_a_watched_folder_is_refused(it: Office) -> None:
    it.is_lost()
    inside = it.settings.watch[0].folder / "backups"
    shutil.move(it.backups, inside)
    it.backups = inside
    it.is_refused(ExitCode.STORAGE, "lies inside watch[0].folder")


@pytest.mark.skipif(sys.platform == "win32", reason="there is no limit on files there")
def test_a_full_disk_is_one_sentence_and_leaves_nothing(it: Office) -> None:
    it.is_lost()
    with no_room():
        it.is_refused(ExitCode.STORAGE, "The backup could not be put back")
    assert it.restored()[0] == ExitCode.DONE


def test_without_settings_it_says_where_the_backup_has_them(it: Office) -> None:
    it.is_lost()
    settings = it.state.parent / "formflow.toml"
    settings.unlink()
    there = it.backups / it.name / "formflow.toml"
    it.is_refused(ExitCode.SETTINGS, f"Copy {there} to {settings}")
    shutil.copyfile(there, settings)
    assert it.restored()[0] == ExitCode.DONE


def test_forms_of_the_agency_come_back_and_those_that_differ_stay(it: Office) -> None:
    forms = it.settings.folders.forms
    (forms / "notes").mkdir()
    for name in ("gone", "changed", "same"):
        (forms / "notes" / f"{name}.txt").write_text("as it was", "utf-8")
    shutil.rmtree(it.backups / it.name)
    assert formflow(it.settings, "backup", str(it.backups)).returncode == ExitCode.DONE
    it.is_lost()
    (forms / "notes" / "gone.txt").unlink()
    (forms / "notes" / "changed.txt").write_text("as it is", "utf-8")
    code, told = it.restored()
    assert code == ExitCode.WAITING
    assert "“notes/changed.txt” in the folder of your own forms differs" in told
    assert (forms / "notes" / "gone.txt").read_text("utf-8") == "as it was"
    assert (forms / "notes" / "changed.txt").read_text("utf-8") == "as it is"
