"""Which records wait for a decision, as the database says it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Connection

from formflow.core.model import Light, Outcome
from formflow.rules.case.levels import Level, is_below
from formflow.rules.case.sheet_checks import TOLD
from formflow.storage import acknowledgements, audit_trail, database, entries, waiting


def add(connection: Connection, number: int, **entry: object) -> None:
    """Add one entry with a paper of its own."""
    row = {
        "reference": "FF-2026-000001",
        "revision": 1,
        "outcome": "recorded",
        "form_id": "recording",
        "about": None,
        "light": None,
        "answers": "{}",
        **entry,
        "id": number,
    }
    connection.exec_driver_sql(
        "INSERT INTO paper (id, size, file_name, received_at, code, words) VALUES (?, 1, 'a', '', '', '{}')",
        (number,),
    )
    connection.exec_driver_sql(
        "INSERT INTO entry (id, reference, revision, outcome, received_at, recorded_at, paper_id, form_id, about,"
        " light, answers, notices) VALUES (:id, :reference, :revision, :outcome, '', '2026-11-24T12:00:00+00:00', :id, :form_id, :about,"
        " :light, :answers, '[]')",
        row,
    )


def review(level: Level) -> dict[str, object]:
    return {
        "reference": "FF-2026-000001-F2",
        "form_id": "review",
        "about": "FF-2026-000001",
        "answers": json.dumps({"level": {"value": level}}),
    }


@pytest.mark.parametrize("level", Level)
@pytest.mark.parametrize("light", [*Light, None])
def test_a_decision_waits_again_where_a_later_form_is_above_it(
    tmp_path: Path, level: Level, light: Light | None
) -> None:
    engine = database.open_ledger(tmp_path)
    with database.writing(engine) as connection:
        add(connection, 1, light=Light.GREEN)
        assert list(waiting.undecided(connection)) == ["FF-2026-000001"]
        add(connection, 2, **review(level))
        waits = level is Level.DOUBT
        assert bool(list(waiting.undecided(connection))) is waits
        add(connection, 3, revision=2, light=light)
        waits = waits or (light is not None and is_below(level, light))
        assert bool(list(waiting.undecided(connection))) is waits
        add(connection, 4, **{**review(Level.HARMFUL), "revision": 2})
        assert list(waiting.undecided(connection)) == []
    engine.dispose()


@pytest.mark.parametrize("code", sorted(TOLD))
def test_a_sheet_that_counts_waits_for_a_person_where_she_is_alerted(
    tmp_path: Path, code: str
) -> None:
    engine = database.open_ledger(tmp_path)
    trail = audit_trail.open_trail(tmp_path, engine, "service", datetime.now(UTC))
    with database.writing(engine) as connection:
        for number, revision in ((1, 1), (2, 2), (3, 3)):
            add(connection, number, **{**review(Level.HEALTHY), "revision": revision})
        assert list(waiting.unacknowledged(connection)) == []
        notices = json.dumps([{"code": code, "text": "Told.", "field": None}])
        connection.exec_driver_sql("UPDATE entry SET notices = ? WHERE id = 2", (notices,))
        (found,) = waiting.unacknowledged(connection)
        assert (found.revision, found.light, found.outcome) == (2, None, Outcome.RECORDED)
        now = datetime.now(UTC)
        acknowledgements.acknowledge(connection, trail, "FF-2026-000001-F2", "M. Head", now)
        assert list(waiting.unacknowledged(connection)) == []
    engine.dispose()


def test_a_form_of_another_record_opens_no_decision_again(tmp_path: Path) -> None:
    engine = database.open_ledger(tmp_path)
    with database.writing(engine) as connection:
        add(connection, 1, light=Light.GREEN)
        add(connection, 2, **review(Level.HEALTHY))
        add(connection, 3, reference="FF-2026-000002", light=Light.RED)
        assert list(waiting.undecided(connection)) == ["FF-2026-000002"]
    engine.dispose()


def test_the_newest_paper_that_still_has_a_reminder_reminds(tmp_path: Path) -> None:
    engine = database.open_ledger(tmp_path)
    with database.writing(engine) as connection:
        add(connection, 1)
        add(connection, 2, **review(Level.DOUBT))
        add(connection, 3, revision=2)
        add(connection, 4, reference="FF-2026-000002")
        assert entries.reminds(connection, "FF-2026-000001") is None
        for entry, state in ((1, 0), (2, 0), (3, 2), (4, 0)):
            connection.exec_driver_sql(
                "INSERT INTO task (kind, ref_id, lane, priority, state, attempts, lease_until, due, last_code)"
                " VALUES ('remind', ?, '', 1, ?, 0, 0, 0, '')",
                (entry, state),
            )
        assert entries.reminds(connection, "FF-2026-000001") == 2
        connection.exec_driver_sql("UPDATE task SET state = 1 WHERE ref_id = 3")
        assert entries.reminds(connection, "FF-2026-000001") == 3
    engine.dispose()
