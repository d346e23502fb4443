"""What the safeguarding lead does not acknowledge goes to the deputy, then to the head, each once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from formflow.admin import settings_file, setup
from formflow.core.settings import Settings
from formflow.storage import database
from tests.stories.test_decisions import AMBER, GREEN, HER_NAME, RED
from tests.support import worker
from tests.support.desk import Desk
from tests.support.offices import files, formflow, settled_at_once

LADDER = """
[[destination]]
name = "Deputy DSL"
kind = "alert_folder"
alerts_after_hours = 4
folder = "Deputy"

[[destination]]
name = "Head"
kind = "alert_folder"
alerts_after_hours = 24
folder = "Head"
"""


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """Return the desk of an agency with a deputy and a head."""
    root = tmp_path / "with a ladder"
    setup.set_up(root, changes=(("settle_seconds = 5", "settle_seconds = 0.2"),) * 2)
    file = root / "formflow.toml"
    file.write_text(file.read_text("utf-8") + LADDER, encoding="utf-8")
    for name in ("Deputy", "Head"):
        (root / name).mkdir()
    yield Desk(settled_at_once(settings_file.load_settings(file)))
    worker.close()


def after(desk: Desk, hours: float) -> None:
    """Let FormFlow do what is due so many hours from now, as if it were then."""
    with database.writing(worker.context_of(desk.office).engine) as connection:
        connection.exec_driver_sql("UPDATE task SET due = 0 WHERE kind = 'climb' AND state = 0")
    moment = datetime.now(UTC) + timedelta(hours=hours)
    while worker.drain(desk.office, clock=lambda: moment):
        pass


def told(desk: Desk) -> list[str]:
    """Return who has an alert, by folder and page."""
    root = desk.office.state.folder.parent
    return [f"{who}: {page}" for who in ("Deputy", "Head") for page in files(root / who)]


DEPUTY, HEAD = (f"{who}: 1 RED FF-2026-000001 r1.html" for who in ("Deputy", "Head"))


@pytest.mark.rule("IR9")
def test_an_alert_that_nobody_acknowledges_climbs_each_rung_once(desk: Desk) -> None:
    desk.gets(RED)
    assert told(desk) == []
    after(desk, 3.9)
    assert told(desk) == []
    after(desk, 4.1)
    assert told(desk) == [DEPUTY]
    page = (desk.office.state.folder.parent / "Deputy" / DEPUTY.partition(": ")[2]).read_text(
        "utf-8"
    )
    assert "The DSL has not acknowledged this alert, so it now comes to you." in page
    after(desk, 5)
    assert told(desk) == [DEPUTY]
    after(desk, 24.1)
    assert told(desk) == [DEPUTY, HEAD]
    after(desk, 100)
    with database.reading(worker.context_of(desk.office).engine) as connection:
        counted = connection.exec_driver_sql(
            "SELECT count(*) FROM parcel WHERE destination IN ('Deputy DSL', 'Head')"
        ).scalar_one()
    assert counted == 2


def test_after_an_outage_each_is_told_once_and_nobody_twice(desk: Desk) -> None:
    desk.gets(RED)
    worker.close()
    after(desk, 24 * 7)
    after(desk, 24 * 7)
    assert told(desk) == [DEPUTY, HEAD]


def test_what_is_acknowledged_or_decided_climbs_no_further(desk: Desk) -> None:
    desk.gets(RED)
    after(desk, 4.1)
    desk.fills_in("F2", level="harmful", level_reason="Planned.", **HER_NAME)
    after(desk, 25)
    assert told(desk) == [DEPUTY.replace(": ", ": Seen/")]  # put away, since it is decided


@pytest.mark.parametrize(("case", "climbs"), [(AMBER, True), (GREEN, False)])
def test_amber_climbs_and_green_does_not(desk: Desk, case: str, climbs: bool) -> None:
    desk.gets(case)
    after(desk, 4.1)
    assert bool(told(desk)) is climbs


def test_what_could_not_be_read_climbs(desk: Desk) -> None:
    desk.takes(b"this is no PDF", "form.pdf")
    after(desk, 4.1)
    assert [line.partition(" FF")[0] for line in told(desk)] == ["Deputy: 1 TO READ"]


def test_the_doctor_says_who_is_told_later(desk: Desk, office: Settings) -> None:
    after_hours = "unacknowledged alerts go to “Deputy DSL” after 4 hours, “Head” after 24 hours"
    assert after_hours in formflow(desk.office, "doctor").stdout
    assert "nobody else is told if the DSL does not look" in formflow(office, "doctor").stdout
