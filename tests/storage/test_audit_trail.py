"""The audit trail: whatever is done to its lines afterwards is noticed."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from formflow.storage import audit_lines, audit_trail, database, soundness
from formflow.storage.audit_trail import AuditEvent, Happened, Trail
from formflow.storage.database import Engine

NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Engine]:
    """A ledger whose trail has ten lines."""
    engine = database.open_ledger(tmp_path)
    trail = audit_trail.open_trail(tmp_path, engine, "service", NOON)
    for number in range(1, 10):
        note(engine, trail, f"FF-2026-00000{number} r1")
    yield engine
    engine.dispose()


def note(engine: Engine, trail: Trail, reference: str) -> int:
    with database.writing(engine) as connection:
        return trail.note(connection, NOON, Happened(AuditEvent.DELIVERED, reference, "Alerts"))


def wrong(folder: Path) -> list[str]:
    """Return what is wrong with the trail, in words."""
    key = (folder / audit_trail.FILE).read_bytes()
    with database.looking(folder) as connection:
        return list(soundness.wrong_lines(connection, key, lambda _rows: None))


def change(folder: Path, *statements: str) -> None:
    with closing(sqlite3.connect(folder / "ledger.sqlite")) as opened:
        for statement in statements:
            opened.execute(statement)
        opened.commit()


def test_a_trail_that_nobody_has_touched_is_sound(ledger: Engine, tmp_path: Path) -> None:
    assert wrong(tmp_path) == []
    with database.reading(ledger) as connection:
        assert soundness.rows(connection) == (0, 10)
        assert audit_trail.head(connection).startswith("10-")


TAMPERING = {
    "another moment": ("UPDATE audit_line SET at = '2026-11-26T12:00:00+00:00' WHERE id = 5",),
    "another account": ("UPDATE audit_line SET who = 'show (somebody)' WHERE id = 5",),
    "another reference": ("UPDATE audit_line SET reference = 'FF-2026-000009 r1' WHERE id = 5",),
    "another digest": ("UPDATE audit_line SET digest = 'ab' WHERE id = 5",),
    "another event": ("UPDATE audit_line SET event = 'viewed' WHERE id = 10",),
    "words moved to the next column": (
        "UPDATE audit_line SET who = '', place = 'serviceAlerts' WHERE id = 5",
    ),
    "a line taken out": ("DELETE FROM audit_line WHERE id = 5",),
    "the first line taken out": ("DELETE FROM audit_line WHERE id = 1",),
    "a line taken out and the others moved up": (
        "DELETE FROM audit_line WHERE id = 5",
        "UPDATE audit_line SET id = id - 1 WHERE id > 5",
        "UPDATE audit_head SET number = 9",
    ),
    "two lines exchanged": (
        "UPDATE audit_line SET id = 99 WHERE id = 5",
        "UPDATE audit_line SET id = 5 WHERE id = 6",
        "UPDATE audit_line SET id = 6 WHERE id = 99",
    ),
    "the end cut off": ("DELETE FROM audit_line WHERE id > 8",),
    "the end cut off, and the head moved back": (
        "DELETE FROM audit_line WHERE id > 8",
        "UPDATE audit_head SET number = 8, mac = (SELECT mac FROM audit_line WHERE id = 8)",
    ),
    "a copy of a line added": (
        "CREATE TEMP TABLE copied AS SELECT * FROM audit_line WHERE id = 10",
        "UPDATE copied SET id = 11",
        "INSERT INTO audit_line SELECT * FROM copied",
        "UPDATE audit_head SET number = 11",
    ),
    "everything taken out": ("DELETE FROM audit_line",),
    "the head taken out": ("DELETE FROM audit_head",),
}


@pytest.mark.parametrize("done", TAMPERING)
@pytest.mark.usefixtures("ledger")
def test_what_is_done_to_a_line_is_noticed(tmp_path: Path, done: str) -> None:
    change(tmp_path, *TAMPERING[done])
    assert wrong(tmp_path)


@pytest.mark.usefixtures("ledger")
def test_it_says_which_line_is_missing(tmp_path: Path) -> None:
    change(tmp_path, "DELETE FROM audit_line WHERE id IN (4, 7, 8)")
    assert wrong(tmp_path) == [
        "Line 4 of the audit trail is missing.",
        "Lines 7 to 8 of the audit trail are missing.",
    ]


def test_another_trail_by_somebody_with_the_key_has_another_head(
    ledger: Engine, tmp_path: Path
) -> None:
    with database.reading(ledger) as connection:
        head = audit_trail.head(connection)
        assert audit_lines.holds(connection, head)
    change(tmp_path, "DELETE FROM audit_line WHERE id > 1", "DELETE FROM audit_head")
    key = (tmp_path / audit_trail.FILE).read_bytes()
    with closing(sqlite3.connect(tmp_path / "ledger.sqlite")) as opened:
        mac = opened.execute("SELECT mac FROM audit_line").fetchone()[0]
        seal = audit_trail.seal_of(key, 1, mac)
        opened.execute("INSERT INTO audit_head VALUES (1, 1, ?, ?)", (mac, seal))
        opened.commit()
    trail = audit_trail.open_trail(tmp_path, ledger, "service", NOON)
    for number in range(9):
        note(ledger, trail, f"FF-2026-00001{number} r1")
    assert wrong(tmp_path) == []
    with database.reading(ledger) as connection:
        assert audit_trail.head(connection).startswith("10-")
        assert audit_lines.holds(connection, head) is False


@pytest.mark.parametrize(
    "printed", ["", "10", "ten-1a2b3c4d5e6f", "10-1a2b3c4d5e6", "-1-1a2b3c4d5e6f"]
)
def test_what_is_no_head_is_not_compared(ledger: Engine, printed: str) -> None:
    with database.reading(ledger) as connection:
        assert audit_lines.holds(connection, printed) is None


def test_what_is_rolled_back_leaves_no_line(ledger: Engine, tmp_path: Path) -> None:
    trail = audit_trail.open_trail(tmp_path, ledger, "service", NOON)
    with suppress(ZeroDivisionError), database.writing(ledger) as connection:
        trail.note(connection, NOON, Happened(AuditEvent.RETRIED))
        raise ZeroDivisionError
    assert note(ledger, trail, "FF-2026-000001 r1") == 11
    assert wrong(tmp_path) == []


def test_workers_that_write_at_the_same_time_make_one_trail(ledger: Engine, tmp_path: Path) -> None:
    trails = [audit_trail.open_trail(tmp_path, ledger, f"worker {n}", NOON) for n in range(4)]
    with ThreadPoolExecutor(4) as workers:
        numbers = list(
            workers.map(lambda n: note(ledger, trails[n % 4], "FF-2026-000001 r1"), range(40))
        )
    assert sorted(numbers) == list(range(11, 51))
    assert wrong(tmp_path) == []


def test_a_key_that_is_lost_is_made_again_and_the_earlier_lines_are_not_vouched_for(
    ledger: Engine, tmp_path: Path
) -> None:
    (tmp_path / audit_trail.FILE).unlink()
    trail = audit_trail.open_trail(tmp_path, ledger, "service", NOON)
    with database.reading(ledger) as connection:
        assert audit_trail.is_loss_untold(connection)
    note(ledger, trail, "FF-2026-000001 r1")
    assert wrong(tmp_path) == []
    with database.reading(ledger) as connection:
        assert audit_trail.first_checkable(connection) == 11
    change(tmp_path, "UPDATE audit_line SET who = 'x' WHERE id = 12")
    assert len(wrong(tmp_path)) == 1


def test_a_moment_is_written_in_utc_and_found_by_the_day_of_the_agency(
    ledger: Engine, tmp_path: Path
) -> None:
    trail = audit_trail.open_trail(tmp_path, ledger, "service", NOON)
    there = datetime(2026, 11, 28, 0, 30, tzinfo=timezone(timedelta(hours=2)))
    with database.writing(ledger) as connection:
        trail.note(connection, there, Happened(AuditEvent.RETRIED))
    with database.reading(ledger) as connection:
        day = datetime(2026, 11, 27, tzinfo=UTC)
        found = list(audit_lines.between(connection, day, day + timedelta(days=1)))
    assert [line.at for line in found][-1] == there
    assert len(found) == 11
