"""A case whose referral is not noted as sent, or not answered, comes up again by itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from formflow.admin import status
from formflow.core.dates import local_day
from formflow.core.settings import Settings
from formflow.core.wording import day_in_words
from formflow.storage import database
from formflow.storage.acknowledgements import acknowledge
from tests.stories.test_decisions import GREEN, HER_NAME, RED, about, amended
from tests.support import worker
from tests.support.desk import Desk
from tests.support.sealed import seal_again

MINUTE = timedelta(minutes=1)
REMINDER = "0 OVERDUE FF-2026-000001.html"


@pytest.fixture
def desk(office: Settings) -> Desk:
    """A case that was decided as harmful, with nothing sent yet."""
    desk = Desk(office)
    desk.gets(RED)
    desk.fills_in("F2", level="harmful", level_reason="Planned.", **HER_NAME)
    return desk


def at(office: Settings, moment: datetime) -> None:
    """Let FormFlow do what is due at a moment, as if it were then."""
    with database.writing(worker.context_of(office).engine) as connection:
        connection.exec_driver_sql("UPDATE task SET due = 0 WHERE kind = 'remind' AND state = 0")
    worker.drain(office, clock=lambda: moment)


def reminders(desk: Desk) -> list[str]:
    return [p.name for p in desk.office.folders.alerts.glob("*.html") if "RED" not in p.name]


def delivered(desk: Desk) -> int:
    """How many reminders were ever made, for the folder of alerts."""
    with database.reading(worker.context_of(desk.office).engine) as connection:
        return int(
            connection.exec_driver_sql(
                "SELECT count(*) FROM parcel JOIN entry ON entry.id = entry_id"
                " WHERE about IS NOT NULL AND operation = 'alert'"
            ).scalar_one()
        )


def decided_at(desk: Desk) -> datetime:
    return about(desk.office, "FF-2026-000001-F2")[-1].recorded_at


def test_the_page_says_until_when_each_referral_should_be_sent(desk: Desk) -> None:
    assert desk.page().count("By the end of") == 2
    assert desk.page().count("overdue after the end of") == 2


def test_a_referral_that_is_not_noted_as_sent_comes_up_when_it_is_overdue(desk: Desk) -> None:
    overdue = desk.office.working_days.overdue_at(decided_at(desk))
    at(desk.office, overdue - MINUTE)
    assert reminders(desk) == []
    at(desk.office, overdue)
    assert reminders(desk) == [REMINDER]
    page = (desk.office.folders.alerts / REMINDER).read_text("utf-8")
    assert "Overdue since the end of" in page
    assert "H1 · guidance 3.2" in page


def test_dropping_the_review_sheet_again_does_not_start_the_clock_again(desk: Desk) -> None:
    first = decided_at(desk)
    with database.writing(worker.context_of(desk.office).engine) as connection:
        connection.exec_driver_sql(  # as if she had decided three weeks ago
            "UPDATE entry SET recorded_at = ? WHERE about IS NOT NULL",
            ((first - timedelta(days=21)).isoformat(),),
        )
        seal_again(connection)
    desk.fills_in("F2", a_views="He says it was a game.")
    assert desk.page().count("Overdue since the end of") == 2
    at(desk.office, first)
    assert delivered(desk) == 1


def test_it_comes_once_a_working_day_and_not_twice(desk: Desk) -> None:
    overdue = desk.office.working_days.overdue_at(decided_at(desk))
    at(desk.office, overdue)
    with database.reading(worker.context_of(desk.office).engine) as connection:
        waits = connection.exec_driver_sql(
            "SELECT due FROM task WHERE kind = 'remind' AND state = 0"
        ).scalar_one()
    assert waits > 0  # it is not ready again at once
    assert delivered(desk) == 1
    at(desk.office, desk.office.working_days.overdue_at(overdue))
    assert delivered(desk) == 2


def test_after_a_week_without_power_it_comes_once(desk: Desk) -> None:
    worker.close()
    at(desk.office, decided_at(desk) + timedelta(days=9))
    assert delivered(desk) == 1


def test_what_was_sent_is_chased_only_when_the_council_has_had_its_working_day(desk: Desk) -> None:
    days, sent = desk.office.working_days, decided_at(desk).astimezone(desk.office.zone)
    when = f"{sent:%d/%m/%Y} at {sent:%H:%M}"
    for sheet in ("F3a", "F3b"):
        desk.fills_in(sheet, sender_name="M. Head", sent_at=when, parents_told="yes")
    answer_by = days.council_answers_by(sent)
    at(desk.office, answer_by - MINUTE)
    assert delivered(desk) == 0
    at(desk.office, answer_by)
    assert reminders(desk) == [REMINDER]
    page = (desk.office.folders.alerts / reminders(desk)[0]).read_text("utf-8")
    assert "RP1 · guidance 7" in page


def test_when_everything_is_answered_nothing_comes_any_more(desk: Desk) -> None:
    for sheet in ("F3a", "F3b"):
        desk.fills_in(sheet, sent_at="20/11/2026", sender_name="M. Head", council_at="20/11/2026")
    at(desk.office, decided_at(desk) + timedelta(days=30))
    assert delivered(desk) == 0
    with database.reading(worker.context_of(desk.office).engine) as connection:
        left = connection.exec_driver_sql(
            "SELECT count(*) FROM task WHERE kind = 'remind' AND state != 2"
        ).scalar_one()
    assert left == 0


def test_in_doubt_it_comes_up_again_until_a_level_is_chosen(office: Settings) -> None:
    desk = Desk(office)
    desk.gets(RED)
    desk.fills_in("F2", level="doubt", level_reason="I am asking CAMHS.", **HER_NAME)
    overdue = office.working_days.overdue_at(decided_at(desk))
    assert "By the end of" in desk.page()
    at(office, overdue - MINUTE)
    assert delivered(desk) == 0
    at(office, overdue + MINUTE)
    assert delivered(desk) == 1
    desk.fills_in("F2", level="concerning", lower_reason="CAMHS says so.")
    at(office, overdue + timedelta(days=7))
    assert delivered(desk) == 2  # and the page that tells her of the lowered level


def reminded(desk: Desk) -> int:
    """How many reminders were ever made of records that nobody has decided on."""
    with database.reading(worker.context_of(desk.office).engine) as connection:
        parcels = connection.exec_driver_sql(
            "SELECT count(*) FROM parcel JOIN entry ON entry.id = entry_id"
            " WHERE about IS NULL AND operation = 'alert' AND destination = 'Alerts'"
        ).scalar_one()
    return int(parcels) - 1  # the alert itself


def test_what_she_has_seen_and_not_decided_comes_up_again_each_working_day(
    office: Settings,
) -> None:
    desk = Desk(office)
    desk.gets(RED)
    context = worker.context_of(office)
    with database.writing(context.engine) as connection:
        acknowledge(connection, context.trail, "FF-2026-000001", "by hand", datetime.now(UTC))
    recorded = about(office, "FF-2026-000001")[0].recorded_at
    due = office.working_days.decide_by(recorded)
    assert due is not None
    assert "Decide the level of concern, with your reason. By the end of" in desk.page()
    at(office, due - MINUTE)
    assert reminded(desk) == 0
    at(office, due + MINUTE)
    at(office, due + 2 * MINUTE)
    assert reminded(desk) == 1
    at(office, office.working_days.next_day_ends(due + MINUTE) + MINUTE)
    assert reminded(desk) == 2
    desk.fills_in("F2", level="harmful", level_reason="Planned.", **HER_NAME)
    at(office, due + timedelta(days=30))
    assert reminded(desk) == 2


def test_a_green_form_is_not_chased(office: Settings) -> None:
    desk = Desk(office)
    desk.gets(GREEN)
    at(office, datetime.now(UTC) + timedelta(days=30))
    assert reminded(desk) == 0


def test_each_sheet_that_is_dropped_while_something_is_overdue_brings_no_further_reminder(
    desk: Desk,
) -> None:
    at(desk.office, desk.office.working_days.overdue_at(decided_at(desk)))
    assert delivered(desk) == 1
    now = desk.office.working_days.overdue_at(decided_at(desk)) + MINUTE
    for sheet in ("F7a", "F7s", "F2"):
        desk.fills_in(sheet, signed_name="M. Head", signed_date="20/11/2026")
        at(desk.office, now)
    assert delivered(desk) == 1
    assert reminders(desk) == [REMINDER]


def test_a_reminder_lies_beside_the_alert_and_is_no_acknowledgement(office: Settings) -> None:
    desk = Desk(office)
    desk.gets(RED)
    due = office.working_days.decide_by(about(office, "FF-2026-000001")[0].recorded_at)
    assert due is not None
    at(office, due + MINUTE)
    alerts = office.folders.alerts
    assert sorted(p.name for p in alerts.glob("*.html")) == [
        REMINDER,
        "1 RED FF-2026-000001 r1.html",
    ]
    assert "Elements of planning" in (alerts / "1 RED FF-2026-000001 r1.html").read_text("utf-8")
    (alerts / REMINDER).rename(alerts / "Seen" / REMINDER)
    desk.waits()
    assert len(status.overview(office).waiting) == 1


def test_what_cannot_wait_comes_up_when_its_day_is_over_and_before_the_decision_is_due(
    office: Settings,
) -> None:
    desk = Desk(office)
    desk.takes(amended(urgent_referral="yes"), "urgent.pdf")
    ends = office.working_days.end_of(
        local_day(about(office, "FF-2026-000001")[0].recorded_at, office.zone)
    )
    at(office, ends - MINUTE)
    assert reminded(desk) == 0
    at(office, ends)
    assert reminded(desk) == 1
    page = (office.folders.alerts / "0 NOW OVERDUE FF-2026-000001.html").read_text("utf-8")
    assert "IR1 · guidance 3.1" in page


def test_a_plan_comes_up_on_the_morning_of_its_review_date(office: Settings) -> None:
    desk = Desk(office)
    desk.gets(GREEN)
    desk.fills_in("F2", level="concerning", level_reason="A dare.", **HER_NAME)
    today = local_day(decided_at(desk), office.zone)
    day = today + timedelta(days=10)
    desk.fills_in("F7a", actions="Seat apart.", review_on=f"{day:%d/%m/%Y}", **HER_NAME)
    at(office, office.working_days.end_of(day) - timedelta(days=1, minutes=1))
    assert delivered(desk) == 0
    at(office, office.working_days.end_of(day) - timedelta(hours=23))
    assert delivered(desk) == 1
    page = (office.folders.alerts / REMINDER).read_text("utf-8")
    assert f"By the end of {day_in_words(day)}." in page


def waiting_reminders(desk: Desk) -> int:
    with database.reading(worker.context_of(desk.office).engine) as connection:
        return int(
            connection.exec_driver_sql(
                "SELECT count(*) FROM task WHERE kind = 'remind' AND state != 2"
            ).scalar_one()
        )


def test_a_later_form_keeps_the_clocks_of_the_decision_and_no_second_reminder_comes(
    desk: Desk,
) -> None:
    overdue = desk.office.working_days.overdue_at(decided_at(desk))
    desk.gets("red-planned-secrecy-amended-pdfjs")
    at(desk.office, overdue - MINUTE)
    assert waiting_reminders(desk) == 1
    at(desk.office, overdue + MINUTE)
    assert reminded(desk) + delivered(desk) == 2  # the alert of the later form, and one reminder
    page = (desk.office.folders.alerts / REMINDER).read_text("utf-8")
    assert "H1 · guidance 3.2" in page


def test_a_reopened_decision_comes_up_until_it_is_decided_again(office: Settings) -> None:
    desk = Desk(office)
    desk.gets(GREEN)
    desk.fills_in("F2", level="healthy", level_reason="Play.", **HER_NAME)
    desk.takes(amended(context_force="yes"), "amended.pdf")
    due = office.working_days.decide_by(about(office, "FF-2026-000001")[-1].recorded_at)
    assert due is not None
    at(office, due - MINUTE)
    assert REMINDER not in reminders(desk)
    at(office, due + MINUTE)
    assert REMINDER in reminders(desk)
    page = (office.folders.alerts / REMINDER).read_text("utf-8")
    assert "reopened: a later form suggests red" in page
    assert "DX1 · guidance 3.2" in page
    desk.fills_in(
        "F2", level="harmful", level_reason="Held down.", no_referral_a="x", no_referral_b="x"
    )
    at(office, due + timedelta(days=30))
    assert waiting_reminders(desk) == 0


def test_in_doubt_it_comes_up_also_when_advice_is_noted_and_on_green(office: Settings) -> None:
    desk = Desk(office)
    desk.gets(GREEN)
    desk.fills_in("F2", level="doubt", level_reason="?", advice_from="CAMHS today", **HER_NAME)
    due = office.working_days.decide_by(decided_at(desk))
    assert due is not None
    at(office, due - MINUTE)
    assert delivered(desk) == 0
    at(office, due + MINUTE)
    assert delivered(desk) == 1
