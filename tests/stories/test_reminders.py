"""A case whose referral is not noted as sent, or not answered, comes up again by itself."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest

from formflow.admin import status
from formflow.core.clock import clock
from formflow.core.dates import local_day
from formflow.core.settings import Settings
from formflow.core.wording import day_in_words
from formflow.pipeline import service
from formflow.storage import database
from formflow.storage.acknowledgements import acknowledge
from tests.stories.test_decisions import GREEN, HER_NAME, RED, about, amended
from tests.support import worker
from tests.support.desk import Desk, filled
from tests.support.sealed import seal_again

MINUTE = timedelta(minutes=1)


@pytest.fixture
def desk(office: Settings) -> Desk:
    """A case that was decided as harmful, with nothing sent yet."""
    desk = Desk(office)
    desk.gets(RED)
    desk.fills_in("F2", level="harmful", level_reason="Planned.", **HER_NAME)
    return desk


def at(office: Settings, moment: datetime) -> None:
    """Let FormFlow do what is due at a moment, as if it were then."""
    for kind in ("remind", "deliver"):
        with database.writing(worker.context_of(office).engine) as connection:
            connection.exec_driver_sql(
                "UPDATE task SET due = 0 WHERE kind = ? AND state = 0", (kind,)
            )
        worker.drain(office, clock=lambda: moment)


def morning(office: Settings, moment: datetime) -> datetime:
    """Return eight o'clock on the first day from a moment on that the setting is open."""
    day = local_day(moment, office.zone)
    while not office.working_days.is_open(day):
        day += timedelta(days=1)
    return datetime.combine(day, time(8), office.zone)


def reminders(desk: Desk) -> list[str]:
    return [path.name for path in desk.office.folders.alerts.glob("0 OVERDUE*.html")]


def page_of(day: datetime) -> str:
    return f"0 OVERDUE {day:%Y-%m-%d} 1 RED.html"


def delivered(desk: Desk) -> int:
    """How many messages about what is overdue the folder of alerts ever got."""
    with database.reading(worker.context_of(desk.office).engine) as connection:
        return int(
            connection.exec_driver_sql(
                "SELECT count(*) FROM parcel WHERE cause = 'overdue' AND destination = 'Alerts'"
                " AND delivered_at IS NOT NULL"
            ).scalar_one()
        )


def decided_at(desk: Desk) -> datetime:
    return about(desk.office, "FF-2026-000001-F2")[-1].recorded_at


@pytest.mark.parametrize(
    ("day", "hour"), [(date(2026, 3, 27), 7), (date(2026, 3, 30), 6), (date(2026, 10, 26), 7)]
)
def test_the_time_of_the_message_is_that_of_the_clock_on_the_wall(day: date, hour: int) -> None:
    assert Settings().overdue_told_at(day).astimezone(UTC).time() == time(hour, 30)


def test_the_page_says_until_when_each_referral_should_be_sent(desk: Desk) -> None:
    assert desk.page().count("By the end of") == 2
    assert desk.page().count("overdue after the end of") == 2


def test_a_referral_that_is_not_noted_as_sent_comes_up_when_it_is_overdue(desk: Desk) -> None:
    overdue = desk.office.working_days.overdue_at(decided_at(desk))
    at(desk.office, overdue - MINUTE)
    assert reminders(desk) == []
    then = morning(desk.office, overdue)
    at(desk.office, then)
    assert reminders(desk) == [page_of(then)]
    page = (desk.office.folders.alerts / page_of(then)).read_text("utf-8")
    assert f"Due by the end of {day_in_words(overdue - MINUTE)}" in page
    assert '<span class="cite">H1</span>' in page
    assert "Decided: harmful" in page
    assert "Seán D’Arcy-Müller, FF-2026-000001" in page


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
    at(desk.office, morning(desk.office, first))
    assert delivered(desk) == 1


def test_it_comes_once_on_each_working_day_and_not_twice(desk: Desk) -> None:
    days = desk.office.working_days
    then = morning(desk.office, days.overdue_at(decided_at(desk)))
    at(desk.office, then)
    at(desk.office, then)
    with database.reading(worker.context_of(desk.office).engine) as connection:
        waits = connection.exec_driver_sql(
            "SELECT due FROM task WHERE kind = 'remind' AND state = 0"
        ).scalar_one()
    assert waits > 0  # it is not ready again at once
    assert delivered(desk) == 1
    for number in (2, 3, 4, 5, 6):
        then = days.next_day_begins(then) + timedelta(hours=8)
        at(desk.office, then)
        assert delivered(desk) == number
        assert reminders(desk) == [page_of(then)]  # it takes the place of the one before


def test_on_a_day_that_the_setting_is_closed_nothing_comes(desk: Desk) -> None:
    then = morning(desk.office, desk.office.working_days.overdue_at(decided_at(desk)))
    while desk.office.working_days.is_open(local_day(then, desk.office.zone)):
        then += timedelta(days=1)
    at(desk.office, then)
    assert delivered(desk) == 0
    at(desk.office, morning(desk.office, then))
    assert delivered(desk) == 1


def test_before_its_time_it_waits_also_where_formflow_is_started_again(desk: Desk) -> None:
    office = desk.office
    then = morning(office, office.working_days.overdue_at(decided_at(desk)))
    night = then.replace(hour=3)
    context = worker.context_of(office)
    with database.writing(context.engine) as connection:
        connection.exec_driver_sql("UPDATE task SET due = 0 WHERE kind = 'remind' AND state = 0")
    worker.drain(office, clock=lambda: night)
    service.try_everything_again(context)
    worker.drain(office, clock=lambda: night)
    assert delivered(desk) == 0
    with database.reading(context.engine) as connection:
        (moment, due), *_ = connection.exec_driver_sql(
            "SELECT moment, due FROM parcel JOIN task ON ref_id = parcel.id AND kind = 'deliver'"
            " WHERE cause = 'overdue' AND destination = 'Alerts'"
        ).all()
    assert datetime.fromisoformat(moment) == then.replace(hour=7, minute=30)
    assert due - clock.seconds() == pytest.approx(4.5 * 3600, abs=600)
    at(office, then)
    assert delivered(desk) == 1


def test_what_was_done_before_its_time_is_not_told(desk: Desk) -> None:
    office = desk.office
    then = morning(office, office.working_days.overdue_at(decided_at(desk)))
    with database.writing(worker.context_of(office).engine) as connection:
        connection.exec_driver_sql("UPDATE task SET due = 0 WHERE kind = 'remind' AND state = 0")
    worker.drain(office, clock=lambda: then.replace(hour=3))
    answers = {"sent_at": "20/11/2026", "sender_name": "M. Head", "council_at": "20/11/2026"}
    for sheet in ("F3a", "F3b"):
        dropped = office.watch[1].folder / f"my {sheet}.pdf"
        dropped.write_bytes(filled(desk.sheet(sheet), answers))
    worker.settle(office)
    at(office, then)
    assert delivered(desk) == 0
    assert status.overview(office).undelivered == ()


def test_after_a_week_without_power_it_comes_once(desk: Desk) -> None:
    worker.close()
    at(desk.office, morning(desk.office, decided_at(desk) + timedelta(days=9)))
    assert delivered(desk) == 1


def test_what_was_sent_is_chased_only_when_the_council_has_had_its_working_day(desk: Desk) -> None:
    days, sent = desk.office.working_days, decided_at(desk).astimezone(desk.office.zone)
    when = f"{sent:%d/%m/%Y} at {sent:%H:%M}"
    for sheet in ("F3a", "F3b"):
        desk.fills_in(sheet, sender_name="M. Head", sent_at=when, parents_told="yes")
    answer_by = days.council_answers_by(sent)
    at(desk.office, answer_by - MINUTE)
    assert delivered(desk) == 0
    then = morning(desk.office, answer_by)
    at(desk.office, then)
    assert reminders(desk) == [page_of(then)]
    page = (desk.office.folders.alerts / page_of(then)).read_text("utf-8")
    assert '<span class="cite">RP1</span>' in page


def test_when_everything_is_answered_nothing_comes_any_more(desk: Desk) -> None:
    for sheet in ("F3a", "F3b"):
        desk.fills_in(sheet, sent_at="20/11/2026", sender_name="M. Head", council_at="20/11/2026")
    at(desk.office, morning(desk.office, decided_at(desk) + timedelta(days=30)))
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
    at(office, morning(office, overdue))
    assert delivered(desk) == 1
    page = (office.folders.alerts / reminders(desk)[0]).read_text("utf-8")
    assert "In doubt: taking advice" in page
    desk.fills_in("F2", level="concerning", lower_reason="CAMHS says so.")
    at(office, morning(office, overdue + timedelta(days=7)))
    assert delivered(desk) == 1


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
    assert delivered(desk) == 0
    then = morning(office, due)
    at(office, then)
    at(office, then + MINUTE)
    assert delivered(desk) == 1
    page = (office.folders.alerts / page_of(then)).read_text("utf-8")
    assert "Suggested level: red (harmful)" in page
    at(office, office.working_days.next_day_begins(then) + timedelta(hours=8))
    assert delivered(desk) == 2


def test_a_green_form_is_not_chased(office: Settings) -> None:
    desk = Desk(office)
    desk.gets(GREEN)
    at(office, morning(office, datetime.now(UTC) + timedelta(days=30)))
    assert delivered(desk) == 0


def test_each_sheet_that_is_dropped_while_something_is_overdue_brings_no_further_reminder(
    desk: Desk,
) -> None:
    now = morning(desk.office, desk.office.working_days.overdue_at(decided_at(desk)))
    at(desk.office, now)
    assert delivered(desk) == 1
    for sheet in ("F7a", "F7s", "F2"):
        desk.fills_in(sheet, signed_name="M. Head", signed_date="20/11/2026")
        at(desk.office, now)
    assert delivered(desk) == 1
    assert reminders(desk) == [page_of(now)]


def test_a_reminder_lies_beside_the_alert_and_is_no_acknowledgement(office: Settings) -> None:
    desk = Desk(office)
    desk.gets(RED)
    due = office.working_days.decide_by(about(office, "FF-2026-000001")[0].recorded_at)
    assert due is not None
    then = morning(office, due)
    at(office, then)
    alerts, reminder = office.folders.alerts, page_of(then)
    assert sorted(p.name for p in alerts.glob("*.html")) == [
        reminder,
        "1 RED FF-2026-000001 r1.html",
    ]
    assert "Elements of planning" in (alerts / "1 RED FF-2026-000001 r1.html").read_text("utf-8")
    (alerts / reminder).rename(alerts / "Seen" / reminder)
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
    alone = office.folders.alerts / "0 NOW OVERDUE 5 GREEN FF-2026-000001.html"
    at(office, ends - MINUTE)
    assert not alone.exists()
    at(office, ends)  # at once, whether the setting is open or not
    assert delivered(desk) == 0
    page = alone.read_text("utf-8")
    assert "IR1 · guidance 3.1" in page


def test_a_plan_comes_up_on_the_morning_of_its_review_date(office: Settings) -> None:
    desk = Desk(office)
    desk.gets(GREEN)
    desk.fills_in("F2", level="concerning", level_reason="A dare.", **HER_NAME)
    day = morning(office, decided_at(desk) + timedelta(days=10)).date()
    desk.fills_in("F7a", actions="Seat apart.", review_on=f"{day:%d/%m/%Y}", **HER_NAME)
    at(office, office.working_days.end_of(day) - timedelta(days=1, minutes=1))
    assert delivered(desk) == 0
    at(office, office.working_days.end_of(day) - timedelta(hours=16))
    assert delivered(desk) == 1
    page = (office.folders.alerts / f"0 OVERDUE {day} 3 AMBER.html").read_text("utf-8")
    assert f"Due by the end of {day_in_words(day)}." in page


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
    then = morning(desk.office, overdue)
    at(desk.office, then)
    assert delivered(desk) == 1
    page = (desk.office.folders.alerts / page_of(then)).read_text("utf-8")
    assert page.count("<h2>") == 1
    assert '<span class="cite">H1</span>' in page


def test_a_reopened_decision_comes_up_until_it_is_decided_again(office: Settings) -> None:
    desk = Desk(office)
    desk.gets(GREEN)
    desk.fills_in("F2", level="healthy", level_reason="Play.", **HER_NAME)
    desk.takes(amended(context_force="yes"), "amended.pdf")
    due = office.working_days.decide_by(about(office, "FF-2026-000001")[-1].recorded_at)
    assert due is not None
    at(office, due - MINUTE)
    assert reminders(desk) == []
    then = morning(office, due)
    at(office, then)
    page = (office.folders.alerts / page_of(then)).read_text("utf-8")
    assert "Decided: healthy; reopened: a later form suggests red" in page
    assert '<span class="cite">DX1</span>' in page
    desk.fills_in("F2", level="harmful", level_reason="Held down.")
    desk.fills_in("F8", no_referral_a="x", no_referral_b="x", **HER_NAME)
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
    at(office, morning(office, due))
    assert delivered(desk) == 1
