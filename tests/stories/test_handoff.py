"""A school keeps its concerns in a system without a way in: a person files each record, and FormFlow knows when it is done."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from formflow.admin import settings_file, status
from formflow.core.settings import Settings
from formflow.storage import database
from tests.stories.test_decisions import HER_NAME, RED
from tests.support import worker
from tests.support.desk import Desk
from tests.support.offices import formflow, settled_at_once

BY_HAND = """
[[destination]]
name = "CPOMS"
kind = "handoff"
folder = "For CPOMS"
system = "CPOMS"
[destination.choose]
"Category" = { field = "level", values = { red = "Harmful", amber = "Concern" } }
"""
RECORD, SHEET = "FF-2026-000001 r1", "FF-2026-000001-F2 r1"


@pytest.fixture
def desk(office: Settings) -> Iterator[Desk]:
    root = office.folders.alerts.parents[2]
    (root / "For CPOMS").mkdir()
    file = root / "formflow.toml"
    file.write_text(file.read_text("utf-8") + BY_HAND, "utf-8")
    yield Desk(settled_at_once(settings_file.load_settings(file)))
    worker.close()


def folder(desk: Desk) -> Path:
    return desk.office.folders.alerts.parents[2] / "For CPOMS"


def to_file(desk: Desk) -> tuple[str, ...]:
    return status.overview(desk.office).to_file.get("CPOMS", ())


def moves_receipt(desk: Desk, name: str) -> None:
    receipt = folder(desk) / "FF-2026-000001" / f"{name} receipt.txt"
    receipt.rename(folder(desk) / "Filed" / receipt.name)
    worker.turn(desk.office)


def at(desk: Desk, moment: datetime) -> list[str]:
    """Let FormFlow do what is due at a moment; return what it then says of itself."""
    with database.writing(worker.context_of(desk.office).engine) as connection:
        connection.exec_driver_sql("UPDATE task SET due = 0 WHERE kind = 'file' AND state = 0")
    while worker.drain(desk.office, clock=lambda: moment):
        pass
    return [own.text for own in status.overview(desk.office).own_alerts]


def test_the_newest_receipt_ends_what_was_recorded_of_the_case_before(desk: Desk) -> None:
    desk.gets(RED)
    assert to_file(desk) == (RECORD,)
    desk.fills_in("F2", level="harmful", level_reason="Planned.", **HER_NAME)
    assert to_file(desk) == (RECORD, SHEET)
    text = (folder(desk) / "FF-2026-000001" / f"{SHEET} text to paste.txt").read_text("utf-8")
    assert "- Decided level: Awaiting decision -> Harmful" in text
    moves_receipt(desk, SHEET)
    assert to_file(desk) == ()
    assert "Filed by hand" in formflow(desk.office, "audit", "FF-2026-000001-F2").stdout


def test_an_earlier_receipt_leaves_the_later_open_and_a_command_ends_all(desk: Desk) -> None:
    desk.gets(RED)
    desk.fills_in("F2", level="harmful", level_reason="Planned.", **HER_NAME)
    moves_receipt(desk, RECORD)
    assert to_file(desk) == (SHEET,)
    assert SHEET in formflow(desk.office, "status").stdout
    done = formflow(desk.office, "ack", "FF-2026-000001", "--filed-in", "CPOMS")
    assert done.returncode == 0, done.stderr
    assert to_file(desk) == ()
    again = formflow(desk.office, "ack", "FF-2026-000001", "--filed-in", "CPOMS")
    assert "waiting to be filed" in again.stdout + again.stderr


def test_what_nobody_files_in_time_is_told_once_and_again_when_that_was_seen(desk: Desk) -> None:
    desk.gets(RED)
    with database.reading(worker.context_of(desk.office).engine) as connection:
        due = connection.exec_driver_sql("SELECT due FROM task WHERE kind = 'file'").scalar_one()
    days, later = desk.office.working_days, datetime.fromtimestamp(due, UTC)
    recorded = status.overview(desk.office).waiting[0].since
    assert later - days.hours_later(recorded, 48) < timedelta(minutes=5)
    (told,) = at(desk, later)
    assert told.startswith("Records are still to be filed by hand: “CPOMS”.")
    assert at(desk, days.next_day_ends(later)) == [told]
    (own,) = status.overview(desk.office).own_alerts
    formflow(desk.office, "ack", own.reference)
    assert len(at(desk, days.next_day_ends(days.next_day_ends(later)))) == 1
    moves_receipt(desk, RECORD)
    (own,) = status.overview(desk.office).own_alerts
    formflow(desk.office, "ack", own.reference)
    assert at(desk, later + timedelta(days=30)) == []
    assert status.overview(desk.office).waiting  # filing says nothing of who has seen the alert
