"""The tombstone of a case that the ledger never held, as after an old backup: its number is taken all the same."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from formflow.storage import audit_trail, counters, disposals, disposing
from formflow.storage.database import open_ledger, reading, writing
from formflow.storage.disposals import Gone, Left, Tombstone

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
PAPER, OTHER = "a" * 64, "b" * 64
ONE = Tombstone("FF-2026-000007", NOW, "Its time", "A", "B", (Gone("FF-2026-000007 r1", "5", PAPER),), (PAPER,))  # fmt: skip


def test_its_number_is_given_to_no_other_case_and_its_bytes_are_known(tmp_path: Path) -> None:
    engine = open_ledger(tmp_path)
    trail = audit_trail.open_trail(tmp_path, engine, "test", NOW)
    with writing(engine) as connection:
        disposing.dispose(connection, trail, ONE, Left(places=(("CSV", "a.csv"),)), NOW)
    with writing(engine) as connection:
        assert counters.next_reference(connection, 2026) == 8
        assert disposals.every(connection) == [ONE]
        assert disposals.of_bytes(connection, PAPER) == ONE
        assert disposals.of_bytes(connection, OTHER) is None
        assert disposals.unfinished(connection) == [(ONE, Left(places=(("CSV", "a.csv"),)))]
        disposals.finish(connection, ONE.reference)
        assert disposals.unfinished(connection) == []
    with reading(engine) as connection:
        assert list(disposals.wrong(connection)) == []
    engine.dispose()
