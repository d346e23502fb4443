"""`formflow verify` finds what was changed, removed or added behind FormFlow's back, and changes nothing."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from formflow.core.errors import ExitCode
from formflow.core.settings import Settings
from formflow.storage import audit_trail, database, seals, soundness
from tests.cli.test_looking import seen
from tests.storage.test_database import as_version_5
from tests.support import worker
from tests.support.offices import drop, dsl_folder, formflow

RED, GREEN = "red-planned-secrecy-pdfjs", "green-free-play-pdfjs"


@pytest.fixture
def recorded(office: Settings) -> Settings:
    """An agency with two forms on record and no service."""
    for case in (RED, GREEN):
        drop(office, case)
    worker.settle(office)
    worker.close()
    return office


def parts(office: Settings, *options: str) -> dict[str, list[str]]:
    """Return what is wrong with each thing that was looked at."""
    ended = formflow(office, "verify", "--json", *options)
    found: list[dict[str, Any]] = json.loads(ended.stdout)
    wrong = any(part["wrong"] for part in found)
    assert ended.returncode == (ExitCode.INTEGRITY if wrong else ExitCode.DONE)
    return {part["part"]: part["wrong"] for part in found}


def change(office: Settings, *statements: str) -> None:
    with closing(sqlite3.connect(office.state.folder / "ledger.sqlite")) as opened:
        for statement in statements:
            opened.execute(statement)
        opened.commit()


def test_what_nobody_has_touched_is_sound_and_stays_as_it_is(recorded: Settings) -> None:
    before = seen(recorded.state.folder)
    ended = formflow(recorded, "verify")
    assert ended.returncode == ExitCode.DONE, ended.stdout
    assert ended.stdout.count("ok ") == 4
    assert "records: 2 looked at" in ended.stdout
    assert seen(recorded.state.folder) == before


def test_it_can_look_while_a_service_works(office: Settings) -> None:
    drop(office, RED)
    worker.settle(office)
    assert set(parts(office)) == {"ledger", "records", "audit trail", "originals"}


COLUMNS = "(reference, revision, outcome, received_at, recorded_at, paper_id, answers, notices)"
NEW_ENTRY = (
    "INSERT INTO paper (sha256, size, file_name, received_at, code, words) VALUES (NULL, 1, 'x', '', '', '{}')",
    f"INSERT INTO entry {COLUMNS} SELECT 'FF-2026-000099', 1, '', '', '', max(id), '{{}}', '[]' FROM paper",  # noqa: S608
)
TAMPERING = {
    "an answer": (
        "records",
        ("UPDATE entry SET answers = replace(answers, 'yes', 'no') WHERE id = 1",),
    ),
    "a level": ("records", ("UPDATE entry SET light = 'green' WHERE id = 1",)),
    "a child": ("records", ("UPDATE entry SET child_id = NULL WHERE id = 1",)),
    "a record taken out": (
        "records",
        ("DELETE FROM parcel WHERE entry_id = 1", "DELETE FROM entry WHERE id = 1"),
    ),
    "a record put in": ("records", NEW_ENTRY),
    "a line taken out": ("audit trail", ("DELETE FROM audit_line WHERE id = 5",)),
    "a reference to nothing": ("ledger", ("DELETE FROM child",)),
}


@pytest.mark.parametrize("done", TAMPERING)
def test_what_was_changed_in_the_ledger_is_found(recorded: Settings, done: str) -> None:
    where, statements = TAMPERING[done]
    change(recorded, *statements)
    assert parts(recorded)[where]
    ended = formflow(recorded, "verify")
    assert "WRONG" in ended.stdout
    assert "copy of the state folder" in ended.stdout or "backup" in ended.stdout


def test_a_record_that_was_changed_together_with_its_seal_is_found(recorded: Settings) -> None:
    with database.looking(recorded.state.folder) as connection:
        row = next(iter(soundness._in_pieces(connection, soundness._ENTRIES, lambda _rows: None)))
    seal = seals.of_entry({**row._mapping, "light": "green"})
    change(recorded, f"UPDATE entry SET light = 'green', seal = '{seal}' WHERE id = {row.id}")  # noqa: S608
    found = parts(recorded)["records"]
    assert found == ["FF-2026-000001 r1 is not what the audit trail says was written."]
    number = row.audit_line
    change(recorded, f"UPDATE audit_line SET digest = '{seal}' WHERE id = {number}")  # noqa: S608
    assert parts(recorded)["records"] == []
    assert parts(recorded)["audit trail"] == [
        f"Line {number} of the audit trail has been changed, or the line before it exchanged."
    ]


def test_originals_that_were_changed_or_removed_are_named(recorded: Settings) -> None:
    first, second = sorted((recorded.state.folder / "originals").glob("*/*.pdf"))[:2]
    first.write_bytes(b"another")
    second.unlink()
    found = parts(recorded)["originals"]
    assert [words.partition(":")[0] for words in found] == [first.stem, second.stem]
    assert "has been changed" in found[0]
    assert "is missing" in found[1]
    assert "under “originals”" in formflow(recorded, "verify").stdout


def test_records_that_are_gone_from_a_destination_are_found_when_asked_for(
    recorded: Settings,
) -> None:
    assert not any(parts(recorded, "--delivered").values())
    (file, *_) = (dsl_folder(recorded) / "Child files").glob("C-*")
    shutil.rmtree(file)
    assert len(parts(recorded, "--delivered")["delivered to “Child files”"]) == 1
    assert "delivered to “Child files”" not in parts(recorded)


@pytest.mark.parametrize("damage", [Path.unlink, lambda path: path.write_bytes(b"short")])
def test_a_trail_without_its_key_is_not_called_sound(
    recorded: Settings, damage: Callable[[Path], object]
) -> None:
    damage(recorded.state.folder / audit_trail.FILE)
    (words,) = parts(recorded)["audit trail"]
    assert "audit.key" in words


def test_a_ledger_that_cannot_be_read_ends_with_7(recorded: Settings) -> None:
    ledger = recorded.state.folder / "ledger.sqlite"
    ledger.write_bytes(ledger.read_bytes()[:4096] + b"\x5a" * 40_960)
    ended = formflow(recorded, "verify")
    assert ended.returncode == ExitCode.INTEGRITY
    assert "damaged" in ended.stderr or "WRONG" in ended.stdout


def test_records_from_before_the_trail_are_taken_over_into_it(office: Settings) -> None:
    office.state.folder.mkdir(mode=0o700, exist_ok=True)
    as_version_5(office.state.folder)
    change(
        office,
        "INSERT INTO paper (sha256, size, file_name, received_at, code, words)"
        " VALUES (NULL, 1, 'x', '2026-11-20T12:00:00+00:00', '', '{}')",
        "INSERT INTO counter VALUES ('entries', 1), ('epoch', 1234)",
        "INSERT INTO entry (reference, revision, outcome, received_at, recorded_at, paper_id, answers, notices, urgent)"
        " VALUES ('FF-2026-000001', 1, 'unreadable', '2026-11-20T12:00:00+00:00', '2026-11-20T12:00:00+00:00', 1,"
        " '{}', '[]', 1)",
    )
    worker.turn(office)
    assert not any(parts(office).values())
    assert formflow(office, "show", "FF-2026-000001").returncode == ExitCode.DONE
    lines = json.loads(formflow(office, "audit", "--json", "FF-2026-000001").stdout)
    assert "taken over" in [line["event"] for line in lines]
