"""A corrected form's alert takes the place of the earlier one, which goes to “Seen” unread: nothing is acknowledged by it."""

from __future__ import annotations

import pytest

from formflow.admin import status
from formflow.core.settings import Settings
from formflow.delivery import put_away
from formflow.storage import database
from tests.stories.test_vectors import gets
from tests.support import worker
from tests.support.desk import Desk
from tests.support.offices import files

FIRST, CORRECTED = "1 RED FF-2026-000001 r1.html", "1 RED FF-2026-000001 r2.html"


@pytest.fixture
def desk(office: Settings) -> Desk:
    """Return the desk of an office in which nobody has read an alert yet."""
    desk = Desk(office)
    gets(desk, context_planned="yes")
    return desk


def alerts(desk: Desk) -> list[str]:
    worker.turn(desk.office)
    return files(desk.office.folders.alerts)


def waiting(desk: Desk) -> list[tuple[str, int]]:
    return [(one.reference, one.revision) for one in status.overview(desk.office).waiting]


def test_the_earlier_alert_is_put_away_and_waits_on_with_the_new_one(desk: Desk) -> None:
    assert alerts(desk) == [FIRST]
    gets(desk, context_planned="yes", type_text="Behind the shed.")
    assert alerts(desk) == [CORRECTED, f"Seen/{FIRST}"]
    before = waiting(desk)
    assert before == [("FF-2026-000001", 2)]
    assert alerts(desk) == [CORRECTED, f"Seen/{FIRST}"]
    assert waiting(desk) == before  # the page in “Seen” is no answer of hers
    page = desk.office.folders.alerts / CORRECTED
    page.rename(page.parent / "Seen" / CORRECTED)
    worker.turn(desk.office)
    assert waiting(desk) == []


def test_what_could_not_wait_and_nobody_has_seen_cannot_wait_on_the_new_one(desk: Desk) -> None:
    urgent = {"incident_at": "13/11/2026 at 9am", "context_planned": "yes"}
    gets(desk, urgent_referral="yes", **urgent)
    gets(desk, urgent_referral="no", type_text="Behind the shed.", **urgent)
    there = [name for name in alerts(desk) if "FF-2026-000002" in name]
    assert there == ["0 NOW FF-2026-000002 r2.html", "Seen/0 NOW FF-2026-000002 r1.html"]


def test_an_alert_stays_until_the_new_one_lies_there(desk: Desk) -> None:
    folder = desk.office.folders.alerts
    folder.rename(folder.with_name("away"))
    with pytest.raises(AssertionError):  # something is undelivered
        gets(desk, context_planned="yes", type_text="Behind the shed.")
    folder.with_name("away").rename(folder)
    put_away.put_away(worker.context_of(desk.office))
    assert files(folder) == [FIRST]
    with database.writing(worker.context_of(desk.office).engine) as connection:
        connection.exec_driver_sql("UPDATE task SET due = 0 WHERE state = 0")
    desk.waits()
    assert alerts(desk) == [CORRECTED, f"Seen/{FIRST}"]
