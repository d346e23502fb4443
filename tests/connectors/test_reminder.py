"""A reminder says what it is: it is no alert, and acknowledging does not end it."""

from __future__ import annotations

from dataclasses import replace
from email import message_from_bytes
from email.policy import default as modern
from pathlib import Path

from formflow.sdk.conformance import pretend_context
from formflow.sdk.contract import Operation
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


def test_a_reminder_of_what_cannot_wait_says_so_before_the_others(tmp_path: Path) -> None:
    folder = AlertFolder(AlertFolderSettings(folder=tmp_path), pretend_context())
    name = folder.prepare(replace(REMINDER, urgent=True)).headers["name"]
    assert name == "0 NOW OVERDUE FF-2026-000123.html"
    assert name < folder.prepare(REMINDER).headers["name"]


def test_its_page_has_a_name_that_is_no_alerts(tmp_path: Path) -> None:
    folder = AlertFolder(AlertFolderSettings(folder=tmp_path), pretend_context())
    assert folder.prepare(REMINDER).headers["name"] == "0 OVERDUE FF-2026-000123.html"
