"""A backup is put back, or the ledger begun again: no alert is swallowed, and no two children share a file."""

from __future__ import annotations

import json
import shutil
from email import message_from_bytes
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import text

from formflow.admin import status
from formflow.core.model import Entry
from formflow.core.settings import Settings
from formflow.delivery import parcels
from formflow.delivery.watermark import MARKER
from formflow.sdk.conformance import pretend_context
from formflow.storage import database
from formflow_connectors.email_alert import EmailAlert, EmailAlertSettings
from tests.pipeline.test_walk import entries
from tests.stories.test_decisions import HER_NAME
from tests.stories.test_vectors import BLANK, WHO
from tests.support import worker
from tests.support.desk import Desk, filled
from tests.support.offices import dsl_folder, formflow

RED = {"context_planned": "yes"}
_days = count(1)
_ALERTS_OF = text(
    "SELECT key FROM parcel JOIN entry ON entry.id = entry_id WHERE operation = 'alert'"
    " AND destination = 'Alerts' AND reference = :reference"
)


class Day:
    """An agency through a day, with its state folder copied and put back."""

    def __init__(self, office: Settings) -> None:
        self.office = office

    def drops(self, *children: str, **answers: str) -> None:
        """Staff drop a form about each of some children, and FormFlow takes them."""
        for child in children:
            words = {**WHO, **RED, "child_a_name": child, "child_a_dob": "1/3/2013", **answers}
            (self.office.watch[0].folder / f"form {next(_days)}.pdf").write_bytes(
                filled(BLANK, words)
            )
        worker.settle(self.office)

    def is_copied(self) -> Path:
        """IT copies the state folder, with FormFlow stopped."""
        worker.settle(self.office)
        worker.close()
        copy = self.office.state.folder.with_name(f"copy {next(_days)}")
        shutil.copytree(self.office.state.folder, copy)
        return copy

    def is_put_back(self, copy: Path | None) -> None:
        """IT puts a copy in place of the state folder; None: the folder is emptied."""
        worker.close()
        shutil.rmtree(self.office.state.folder)
        if copy:
            shutil.copytree(copy, self.office.state.folder)

    def lies_there(self) -> dict[str, bytes]:
        """Every file that people hold, except the marks and the files that only grow."""
        root = dsl_folder(self.office).parent
        growing = (".xlsx", ".csv", ".formflow.lock", MARKER)
        return {
            path.relative_to(root).as_posix(): path.read_bytes()
            for path in sorted(root.rglob("*"))
            if path.is_file() and not path.name.endswith(growing)
        }

    def own_alerts(self) -> list[str]:
        """What the safeguarding lead is told of FormFlow itself, by page."""
        return sorted(path.name for path in self.office.folders.alerts.glob("*LEDGER-*.html"))

    def files_of(self, entry: Entry) -> list[str]:
        """What lies in the folder of a record's child."""
        folder = dsl_folder(self.office) / "Child files" / str(entry.child_reference)
        return sorted(path.name for path in folder.iterdir())

    def is_alerted(self, entry: Entry) -> bool:
        """Whether a page in “Alerts” tells of this very record."""
        with database.reading(worker.context_of(self.office).engine) as connection:
            keys = connection.execute(_ALERTS_OF, {"reference": entry.reference}).scalars()
            (key,) = keys.all()
        pages = self.office.folders.alerts.glob("*.html")
        return any(key in page.read_text("utf-8") for page in pages)


@pytest.fixture
def day(office: Settings) -> Day:
    return Day(office)


def children(day: str, number: int) -> list[str]:
    return [f"{day} Child{letter}" for letter in "ABCDEFGHIJ"[:number]]


def test_a_red_form_after_a_backup_was_put_back_raises_its_alert_and_lies_in_a_file_of_its_own(
    day: Day,
) -> None:
    day.drops(*children("Morning", 7))
    copy = day.is_copied()
    day.drops(*children("Afternoon", 7))
    before, known = day.lies_there(), {entry.child_reference for entry in entries(day.office)}
    assert len(known) == 14

    day.is_put_back(copy)
    day.drops("Another Child")
    red = entries(day.office)[-1]
    assert (len(entries(day.office)), red.reference) == (8, "FF-2026-000015")
    assert day.is_alerted(red)
    assert red.child_reference not in known
    assert day.files_of(red) == [
        "Chronology.html",
        "FF-2026-000015 r1 as read.pdf",
        "FF-2026-000015 r1 original.pdf",
    ]
    after = day.lies_there()
    assert {name: after.get(name) for name in before} == before
    assert status.overview(day.office).undelivered == ()

    assert len(day.own_alerts()) == 1
    page = (day.office.folders.alerts / day.own_alerts()[0]).read_text("utf-8")
    assert "An older backup was put back" in page
    assert "Look through “Alerts” for that time" in page
    view = status.overview(day.office)
    assert [own.code for own in view.own_alerts] == ["FF-422"]
    assert view.waits_for_a_person
    assert "FF-422" in status.as_text(view, day.office)


def test_it_is_told_once_and_ends_when_somebody_has_seen_it(day: Day) -> None:
    day.drops("One Child")
    copy = day.is_copied()
    day.drops("Two Child")
    day.is_put_back(copy)
    for _ in range(3):
        worker.settle(day.office)
        worker.close()
    assert len(day.own_alerts()) == 1
    page = day.office.folders.alerts / day.own_alerts()[0]
    page.rename(day.office.folders.alerts / "Seen" / page.name)
    worker.settle(day.office)
    worker.settle(day.office)
    assert status.overview(day.office).own_alerts == ()
    assert day.own_alerts() == []


def test_doctor_and_status_say_it_with_the_code_of_what_waits_for_a_person(day: Day) -> None:
    day.drops("One Child")
    copy = day.is_copied()
    day.drops("Two Child")
    day.is_put_back(copy)
    asked = formflow(day.office, "doctor")
    assert "LOOK own alert: the ledger is older" in asked.stdout
    assert asked.returncode == 1
    assert formflow(day.office, "run", "--once").returncode == 0
    for command in ("doctor", "status"):
        told = formflow(day.office, command)
        assert "FormFlow does not know the newest forms" in told.stdout
        assert told.returncode == 1
    (own,) = status.overview(day.office).own_alerts
    assert formflow(day.office, "ack", own.reference).returncode == 0
    assert "LEDGER" not in formflow(day.office, "status").stdout


def test_a_state_folder_that_was_emptied_goes_on_behind_the_numbers_of_the_one_before(
    day: Day,
) -> None:
    day.drops(*children("Earlier", 3))
    before = day.lies_there()
    known = {entry.child_reference for entry in entries(day.office)}
    day.is_put_back(None)
    day.drops("New Child")
    (red,) = entries(day.office)
    assert red.reference == "FF-2026-000004"
    assert red.child_reference not in known
    assert day.is_alerted(red)
    after = day.lies_there()
    assert {name: after.get(name) for name in before} == before
    page = (day.office.folders.alerts / day.own_alerts()[0]).read_text("utf-8")
    assert "It holds no record at all" in page


@pytest.mark.parametrize("second_copy", ["the same", "an older one"])
def test_a_backup_that_is_put_back_twice_is_told_twice_and_mixes_nothing(
    day: Day, second_copy: str
) -> None:
    older = day.is_copied()
    day.drops("One Child")
    copy = day.is_copied()
    seen: dict[str, bytes] = {}
    homes: list[str | None] = []
    for turn, back in enumerate((copy, copy if second_copy == "the same" else older)):
        day.drops(f"Lost {turn}")
        homes.append(entries(day.office)[-1].child_reference)
        seen = day.lies_there()
        day.is_put_back(back)
        day.drops(f"After {turn}")
        red = entries(day.office)[-1]
        homes.append(red.child_reference)
        assert day.is_alerted(red)
        after = day.lies_there()
        assert {name: after.get(name) for name in seen} == seen
    assert len(set(homes)) == 4
    assert len(day.own_alerts()) == 2


def test_put_back_while_the_share_is_away_every_alert_still_arrives_and_nothing_is_written_over(
    day: Day,
) -> None:
    day.drops("Morning Child")
    copy = day.is_copied()
    day.drops(*children("Afternoon", 3))
    before = day.lies_there()
    known = {entry.child_reference for entry in entries(day.office)}
    day.is_put_back(copy)
    share, away = dsl_folder(day.office), dsl_folder(day.office).with_name("away")
    share.rename(away)
    day.drops("Other Child")  # FormFlow cannot know that its number was given out before
    red = entries(day.office)[-1]
    assert red.reference == "FF-2026-000002"
    away.rename(share)
    make_due(day.office)

    assert day.is_alerted(red)
    assert red.child_reference not in known
    assert "FF-2026-000002 r1 original.pdf" in day.files_of(red)
    after = day.lies_there()
    assert {name: after.get(name) for name in before} == before
    told = {own.code for own in status.overview(day.office).own_alerts}
    assert told == {"FF-421", "FF-422"}  # the receipt has no name that is free, and is said
    day.drops("Later Child")
    assert entries(day.office)[-1].reference == "FF-2026-000005"


def make_due(office: Settings) -> None:
    """Let what waits for a destination be tried now."""
    with database.writing(worker.context_of(office).engine) as connection:
        connection.exec_driver_sql("UPDATE task SET due = 0 WHERE kind = 'deliver' AND state = 0")
    worker.settle(office)


def test_a_form_is_not_taken_for_seen_because_an_earlier_page_of_its_name_was(day: Day) -> None:
    copy = day.is_copied()
    day.drops("Morning Child")
    alerts = day.office.folders.alerts
    (page,) = alerts.glob("*.html")
    page.rename(alerts / "Seen" / page.name)
    worker.settle(day.office)
    day.is_put_back(copy)
    for folder in (alerts, day.office.folders.to_decide):
        (folder / MARKER).unlink()  # nothing tells that the numbers were given out
    day.drops("Other Child")
    (red,) = entries(day.office)
    assert red.reference == "FF-2026-000001"
    assert day.is_alerted(red)
    worker.settle(day.office)
    waiting = status.overview(day.office).waiting
    assert [one.reference for one in waiting] == [red.reference]


def test_a_refused_parcel_waits_for_a_person_and_goes_when_the_name_is_free(day: Day) -> None:
    receipts = day.office.folders.receipts
    (receipts / "FF-2026-000001 r1 received.html").write_text("somebody else's")
    day.drops("One Child")
    view = status.overview(day.office)
    assert [(one.destination, one.set_aside, one.code) for one in view.undelivered] == [
        ("Receipts", 1, "FF-420")
    ]
    (page,) = day.own_alerts()
    words = (day.office.folders.alerts / page).read_text("utf-8")
    assert "FF-2026-000001 could not be filed in “Receipts”" in words
    assert "“FF-2026-000001 r1 received.html”" in words
    (receipts / "FF-2026-000001 r1 received.html").rename(receipts / "old.html")
    worker.close()
    formflow(day.office, "retry")
    worker.settle(day.office)
    assert status.overview(day.office).undelivered == ()


def test_a_case_of_yesterdays_state_still_has_its_page_renewed(day: Day) -> None:
    desk = Desk(day.office)
    day.drops("One Child")
    copy = day.is_copied()
    sheet = desk.sheet("F2").read_bytes()
    desk.fills_in("F2", level="concerning", level_reason="x", lower_reason="x", **HER_NAME)
    assert "Decided: concerning" in desk.page()
    before = day.lies_there()
    day.is_put_back(copy)
    (day.office.watch[1].folder / "blank.pdf").write_bytes(sheet)
    worker.settle(day.office)
    assert "Decided: concerning" not in desk.page()  # this ledger knows of no decision
    told = {own.code for own in status.overview(day.office).own_alerts}
    assert told == {"FF-421", "FF-422"}  # no number is missing, and still it is noticed
    filed = {
        name: before[name]
        for name in before
        if name.endswith((" original.pdf", " as read.pdf")) and "Child files" in name
    }
    after = day.lies_there()
    assert {name: after.get(name) for name in filed} == filed

    words = {"level": "concerning", "level_reason": "x", "lower_reason": "x", **HER_NAME}
    content = filled(desk.sheet("F2"), words)
    (day.office.watch[1].folder / "decided.pdf").write_bytes(content)
    worker.settle(day.office)
    assert "Decided: concerning" in desk.page()


def test_marks_hold_numbers_alone_and_are_mended_when_damaged(day: Day) -> None:
    day.drops("One Child")
    alerts = day.office.folders.alerts
    said = json.loads((alerts / MARKER).read_text("utf-8"))
    assert set(said) == {"what", "epoch", "given", "at"}
    assert said["given"]["reference-2026"] == 1
    for damage in (b"", b"{", b"[" * 60_000, b'{"given": {"reference-2026": 1e99}, "at": "now"}'):
        (alerts / MARKER).write_bytes(damage)
        worker.settle(day.office)
        assert json.loads((alerts / MARKER).read_text("utf-8"))["given"] == said["given"]
    assert day.own_alerts() == []


def test_a_mark_that_cannot_be_written_delays_nothing_and_is_tried_again(day: Day) -> None:
    mark = day.office.folders.to_decide / MARKER
    mark.mkdir()
    day.drops("One Child")
    assert day.is_alerted(entries(day.office)[-1])
    mark.rmdir()
    worker.settle(day.office)
    assert json.loads(mark.read_text("utf-8"))["given"]["reference-2026"] == 1


def test_the_mails_of_two_records_with_one_number_are_two_mails(day: Day) -> None:
    mails = []
    for child in ("One Child", "Other Child"):
        day.drops(child)
        (entry,) = entries(day.office)
        mails.append((entry.reference, message_id(day.office, entry)))
        day.is_put_back(None)
        for folder in (day.office.folders.alerts, day.office.folders.to_decide):
            (folder / MARKER).unlink()
    (first, one), (second, other) = mails
    assert first == second
    assert one != other


def message_id(office: Settings, entry: Entry) -> str:
    """What the mail about a record is called, made twice."""
    own = {"host": "127.0.0.1", "security": "none"}
    address = {"sender": "a@example.org", "recipient": "b@example.org"}
    mail = EmailAlert(
        EmailAlertSettings.model_validate(own | address),
        pretend_context(),
    )
    occasion = parcels.Occasion(entry, None, office)
    made = [parcels.alert(occasion, "Mail") for _ in range(2)]
    (called,) = {str(message_from_bytes(mail.prepare(one).body)["Message-ID"]) for one in made}
    return called
