"""Backups: consistent while others write, originals once for all, and nothing that was cut short or altered counts."""

from __future__ import annotations

import json
import sqlite3
import sys
import threading
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from formflow.admin.rights import make_private
from formflow.core.errors import IntegrityProblem, StorageProblem
from formflow.storage import backups, counters, database
from formflow.storage.backups import LEDGER, MANIFEST, Made
from formflow.storage.originals import Vault

AT = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
NAME = "2026-11-20T120000Z"
FORM = {"ours/form.toml": b"id = 1\n", "ours/a.key": b"no key of ours"}
TEXTS = {"formflow.toml": b"[agency]\n", **{f"forms/{path}": said for path, said in FORM.items()}}


class State:
    """A state folder and a folder for its backups."""

    def __init__(self, root: Path) -> None:
        self.folder, self.backups = root / "state", root / "backups"
        self.backups.mkdir()
        database.open_ledger(self.folder).dispose()
        (self.folder / "copies.key").write_bytes(b"k" * 32)
        self.originals = [self.kept(b"one"), self.kept(b"two")]

    def kept(self, content: bytes) -> str:
        return Vault(self.folder / "originals").keep_bytes(content)

    def backed_up(self, after: timedelta = timedelta()) -> Made:
        return backups.make(self.folder, self.backups, TEXTS, "1.0", AT + after, make_private)


@pytest.fixture
def state(tmp_path: Path) -> State:
    return State(tmp_path)


def test_a_backup_holds_the_ledger_the_key_the_originals_and_the_settings(
    state: State, tmp_path: Path
) -> None:
    made = state.backed_up()
    assert (made.copied, made.damaged) == (2, 0)
    manifest = backups.verified(state.backups, NAME)
    assert manifest == made.manifest
    assert set(manifest.files) == {LEDGER, "copies.key", *TEXTS}
    assert set(manifest.originals) == set(state.originals)
    again = tmp_path / "again"
    again.mkdir()
    backups.put(state.backups, manifest, again)
    with database.looking(state.folder) as before, database.looking(again) as after:
        assert counters.epoch(after) == counters.epoch(before) == manifest.epoch
    assert (again / "copies.key").read_bytes() == b"k" * 32
    assert Vault(again / "originals").original(state.originals[0]).read_bytes() == b"one"
    assert dict(backups.texts(state.backups, manifest, "forms")) == FORM
    assert {one.name for one in again.iterdir()} == {LEDGER, "copies.key", "originals"}


def test_the_next_backup_copies_only_what_is_new_or_no_longer_sound(state: State) -> None:
    state.backed_up()
    kept = Vault(state.backups / "originals")
    kept.path(state.originals[0]).write_bytes(b"changed")
    state.kept(b"three")
    made = state.backed_up(timedelta(days=1))
    assert made.copied == 2
    assert kept.path(state.originals[0]).read_bytes() == b"one"
    assert backups.names(state.backups) == ["2026-11-21T120000Z", NAME]
    assert len(backups.verified(state.backups, NAME).originals) == 2


def test_two_backups_of_one_second_are_two(state: State) -> None:
    state.backed_up()
    state.backed_up()
    assert backups.names(state.backups) == [f"{NAME}-2", NAME]
    assert backups.verified(state.backups, f"{NAME}-2").name == f"{NAME}-2"


def test_an_original_that_is_damaged_is_left_out_and_counted(state: State) -> None:
    Vault(state.folder / "originals").path(state.originals[0]).write_bytes(b"changed")
    made = state.backed_up()
    assert (made.copied, made.damaged) == (1, 1)
    assert backups.verified(state.backups, NAME).originals == (state.originals[1],)


def test_a_backup_is_of_one_moment_while_others_write(state: State) -> None:
    engine = database.open_ledger(state.folder)
    stop = threading.Event()

    def work() -> None:
        while not stop.is_set():
            with database.writing(engine) as connection:
                for name in ("one", "other"):
                    counters.next_of(connection, name)

    worker = threading.Thread(target=work)
    worker.start()
    try:
        for turn in range(5):
            state.backed_up(timedelta(seconds=turn))
    finally:
        stop.set()
        worker.join()
        engine.dispose()
    for name in backups.names(state.backups):
        with closing(sqlite3.connect(state.backups / name / LEDGER)) as copy:
            said = copy.execute(
                "SELECT last FROM counter WHERE name IN ('one', 'other')"
            ).fetchall()
        assert len(set(said)) <= 1
    assert list(state.backups.glob("*/*-journal")) == list(state.backups.glob("*/*-wal")) == []


@pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps lists of accounts instead")
def test_nobody_else_can_read_a_backup(state: State) -> None:
    state.backups.chmod(0o755)
    state.backed_up()
    inside = [one for one in state.backups.rglob("*") if one.name != ".formflow.lock"]
    assert [one.name for one in inside if one.stat().st_mode & 0o077] == []


def test_a_backup_that_failed_or_was_cut_short_is_none_and_is_taken_away(
    state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_name: str) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(backups, "crash_at", full)
    with pytest.raises(OSError, match="No space"):
        state.backed_up()
    assert backups.names(state.backups) == []
    monkeypatch.undo()
    (state.backups / NAME).mkdir()
    (state.backups / NAME / LEDGER).write_bytes(b"half")
    with pytest.raises(IntegrityProblem, match="cut short"):
        backups.verified(state.backups, NAME)
    state.backed_up(timedelta(days=1))
    assert backups.names(state.backups) == ["2026-11-21T120000Z"]


def test_a_damaged_ledger_gives_no_backup_and_the_earlier_ones_stay(state: State) -> None:
    state.backed_up()
    ledger = state.folder / LEDGER
    content = bytearray(ledger.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    ledger.write_bytes(content)
    with pytest.raises(IntegrityProblem, match="damaged"):
        state.backed_up(timedelta(days=1))
    assert backups.names(state.backups) == [NAME]


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-1])


def flip(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


@pytest.mark.parametrize("damage", [cut, flip, Path.unlink])
@pytest.mark.parametrize("what", [LEDGER, "copies.key", "formflow.toml", MANIFEST, "original"])
def test_a_backup_that_was_altered_is_refused(
    state: State, what: str, damage: Callable[[Path], None]
) -> None:
    state.backed_up()
    kept = Vault(state.backups / "originals").path(state.originals[0])
    damage(kept if what == "original" else state.backups / NAME / what)
    with pytest.raises(IntegrityProblem, match=NAME):
        backups.verified(state.backups, NAME)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"schema": 999, "formflow": "9.9"}, "newer FormFlow (9.9)"),
        ({"format": 2}, "newer FormFlow"),
        ({"files": {"../outside": "0" * 64}}, "its manifest was changed"),
        ({"files": {"a/../../outside": "0" * 64}}, "its manifest was changed"),
        ({"originals": ["../../x"]}, "its manifest was changed"),
        ({"name": "other"}, "its manifest was changed"),
        ({"moment": "yesterday"}, "its manifest was changed"),
    ],
)
def test_a_manifest_that_says_what_none_of_ours_says_is_refused(
    state: State, changes: dict[str, object], problem: str
) -> None:
    state.backed_up()
    file = state.backups / NAME / MANIFEST
    holds = json.loads(file.read_text("utf-8"))["backup"] | changes
    said = {"backup": holds, "sha256": backups._checksum(holds)}
    file.write_text(json.dumps(said), "utf-8")
    with pytest.raises((IntegrityProblem, StorageProblem)) as refused:
        backups.verified(state.backups, NAME)
    assert problem in refused.value.found


def test_two_backups_at_once_do_not_mix(state: State) -> None:
    with backups._alone(state.backups), pytest.raises(StorageProblem, match="Another backup"):
        state.backed_up()
