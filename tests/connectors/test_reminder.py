"""A reminder says what it is: it is no alert, and acknowledging does not end it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import default as modern
from pathlib import Path
from typing import Any

from formflow.sdk import Overdue
from formflow.sdk.conformance import pretend_context
from formflow.sdk.contract import Operation
from formflow.sdk.parcels import stripped
from formflow_connectors.alert_folder import AlertFolder, AlertFolderSettings
from formflow_connectors.email_alert import EmailAlert, EmailAlertSettings
from tests.connectors.conftest import a_parcel

REMINDER = a_parcel(
    operation=Operation.ALERT,
    is_reminder=True,
    revision=2,
    respond_by=None,
    headline="A step in a case is overdue.",
    where_to_look="the page of FF-2026-000123 in the folder “Alerts” that says what is overdue",
)


def test_the_mail_says_how_a_reminder_ends() -> None:
    mail = EmailAlertSettings.model_validate(
        {
            "host": "127.0.0.1",
            "security": "none",
            "sender": "a@example.org",
            "recipient": "b@example.org",
        }
    )
    body = EmailAlert(mail, pretend_context()).prepare(REMINDER).body
    message = message_from_bytes(body, policy=modern)
    words = " ".join(message.get_content().split())
    assert message["Subject"] == "FF-2026-000123: a step is overdue"
    assert "until the step is recorded on its sheet" in words
    assert "Seen" not in words
    assert "formflow ack" not in words
    assert "that says what is overdue" in words


def mail_of(parcel: Any) -> Any:
    own = {
        "host": "127.0.0.1",
        "security": "none",
        "sender": "a@example.org",
        "recipient": "b@example.org",
    }
    connector = EmailAlert(EmailAlertSettings.model_validate(own), pretend_context())
    held = stripped(parcel, connector.capabilities.carries)
    return message_from_bytes(connector.prepare(held).body, policy=modern)  # type: ignore[arg-type]


def of_a_day(day: int, *references: str) -> Any:
    """Return the message of a day about some cases."""
    due = datetime(2026, 11, day, tzinfo=UTC)
    return replace(
        REMINDER,
        key=f"{day:064d}",
        reference=f"OVERDUE-2026-11-{day}",
        headline=f"Steps are overdue in {len(references)} cases",
        recorded_at=due + timedelta(hours=7.5),
        case_key="c" * 64,
        overdue=tuple(Overdue(one, "Decided: harmful", due) for one in references),
    )


def test_thirty_six_cases_are_one_mail_without_a_name() -> None:
    references = [f"FF-2026-{number:06d}" for number in range(36)]
    message = mail_of(of_a_day(24, *references))
    assert message["Subject"] == "Steps are overdue in 36 cases: look today"
    words = message.get_content()
    assert all(one in words for one in references)
    assert "FF-2026-000007   23 November 2026    Decided: harmful" in words
    assert "Zoë" not in words


def test_a_page_of_a_day_takes_the_place_of_the_one_before_and_of_nothing_else(
    tmp_path: Path,
) -> None:
    folder = AlertFolder(AlertFolderSettings(folder=tmp_path), pretend_context())
    others = tmp_path / "0 OVERDUE 2026-11-01 my own notes.html"
    others.write_text("mine")
    for day in (24, 25, 24):
        folder.deliver(folder.prepare(of_a_day(day, "FF-2026-000001", "FF-2026-000002")))
    seen = tmp_path / "0 OVERDUE 2026-11-25 1 RED.html"
    seen.rename(tmp_path / "Seen" / seen.name)
    folder.deliver(folder.prepare(of_a_day(26, "FF-2026-000001")))
    left = sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.html"))
    assert left == [
        "0 OVERDUE 2026-11-01 my own notes.html",
        "0 OVERDUE 2026-11-26 1 RED.html",
        "Seen/0 OVERDUE 2026-11-25 1 RED.html",
    ]


def test_a_reminder_of_what_cannot_wait_says_so_before_the_others(tmp_path: Path) -> None:
    folder = AlertFolder(AlertFolderSettings(folder=tmp_path), pretend_context())
    name = folder.prepare(replace(REMINDER, urgent=True)).headers["name"]
    assert name == "0 NOW OVERDUE 1 RED FF-2026-000123.html"
    assert name < folder.prepare(REMINDER).headers["name"]


def test_its_page_has_a_name_that_is_no_alerts(tmp_path: Path) -> None:
    folder = AlertFolder(AlertFolderSettings(folder=tmp_path), pretend_context())
    assert folder.prepare(REMINDER).headers["name"] == "0 OVERDUE 1 RED FF-2026-000123.html"
