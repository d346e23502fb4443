"""E-mail alerts against a real mail server on this computer: what arrives, and what is refused."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default as modern
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pydantic import ValidationError

from formflow.sdk.conformance import Trial, pretend_context
from formflow.sdk.conformance.suite import ConnectorTests
from formflow.sdk.conformance.wire import Wire
from formflow.sdk.contract import (
    Ambiguous,
    Ending,
    Rejected,
    RepeatSafe,
    Retryable,
    SettingsError,
    Unavailable,
)
from formflow.sdk.parcels import AlertNotice
from formflow_connectors.email_alert import EmailAlert, EmailAlertSettings

MakeNotice = Callable[..., AlertNotice]
PASSWORD = "a-long-password-that-nobody-may-see"  # noqa: S105 - of a server that lives a second


class Mailbox:
    """A mail server's memory. What it answers to each step can be set."""

    def __init__(self) -> None:
        self.received: list[bytes] = []
        self.routes: list[tuple[str | None, list[str]]] = []
        self.to_sender = self.to_recipient = self.to_message = "250 OK"
        self.hangs_up_after_message = False

    async def handle_MAIL(  # noqa: N802 - the server's name for it
        self, _: SMTP, __: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return self.to_sender

    async def handle_RCPT(  # noqa: N802
        self, _: SMTP, __: Session, envelope: Envelope, address: str, ___: list[str]
    ) -> str:
        envelope.rcpt_tos.append(address)
        return self.to_recipient

    async def handle_DATA(self, server: SMTP, _: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.to_message.startswith("250"):
            self.received.append(bytes(envelope.original_content or b""))
            self.routes.append((envelope.mail_from, envelope.rcpt_tos))
        if self.hangs_up_after_message:
            assert isinstance(server.transport, asyncio.Transport)
            server.transport.abort()
        return self.to_message

    def message(self) -> EmailMessage:
        """Return the one message that arrived."""
        (content,) = self.received
        parsed = message_from_bytes(content, policy=modern)
        assert isinstance(parsed, EmailMessage)
        return parsed


class Certificate:
    """A certificate that a server made for itself."""

    def __init__(self, folder: Path, name: str) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        now = datetime.now(UTC)
        ours = name == "127.0.0.1"
        san = x509.IPAddress(IPv4Address(name)) if ours else x509.DNSName(name)
        made = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.SubjectAlternativeName([san]), critical=False)
            .sign(key, hashes.SHA256())
        )
        self.file = folder / f"{name}.pem"
        private = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        self.file.write_bytes(made.public_bytes(serialization.Encoding.PEM) + private)

    def for_server(self) -> ssl.SSLContext:
        """Return what the server shows."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.file)
        return context


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _lets_in(_: Any, __: Any, ___: Any, ____: Any, told: LoginPassword) -> AuthResult:
    return AuthResult(success=told == LoginPassword(b"formflow", PASSWORD.encode()), handled=False)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return Certificate(tmp_path_factory.mktemp("certificate"), "127.0.0.1")


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


@pytest.fixture(autouse=True)
def _waits_a_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server waits a moment, not half a minute, for a client that hangs up without a word of TLS."""
    monkeypatch.setattr("asyncio.constants.SSL_SHUTDOWN_TIMEOUT", 0.5)


@pytest.fixture
def port(mailbox: Mailbox, certificate: Certificate) -> Iterator[int]:
    """A mail server that wants STARTTLS and a login."""
    yield from _served(
        mailbox,
        tls_context=certificate.for_server(),
        require_starttls=True,
        authenticator=_lets_in,
        auth_required=True,
    )


def _served(mailbox: Mailbox, **how: Any) -> Iterator[int]:
    server = Controller(mailbox, hostname="127.0.0.1", port=_free_port(), **how)
    server.start()
    yield server.port
    server.stop()


def _settings(port: int, certificate: Certificate, **changes: Any) -> EmailAlertSettings:
    return EmailAlertSettings.model_validate(
        {
            "host": "127.0.0.1",
            "port": port,
            "username": "formflow",
            "password": PASSWORD,
            "sender": "formflow@school.example",
            "recipient": "dsl@school.example",
            "ca_file": certificate.file,
            "timeout_seconds": 60,
        }
        | changes
    )


def _alert(settings: EmailAlertSettings) -> EmailAlert:
    return EmailAlert(settings, pretend_context())


@pytest.fixture
def alert(port: int, certificate: Certificate) -> EmailAlert:
    return _alert(_settings(port, certificate))


@pytest.fixture
def parcel(make_notice: MakeNotice) -> AlertNotice:
    """What the core gives to a destination that may carry notices only."""
    return make_notice()


def test_one_alert_arrives_once_and_can_be_read(
    alert: EmailAlert, mailbox: Mailbox, parcel: AlertNotice
) -> None:
    alert.deliver(alert.prepare(parcel))
    assert mailbox.routes == [("formflow@school.example", ["dsl@school.example"])]
    message = mailbox.message()
    assert message["Subject"] == "FF-2026-000123: new form to review today"
    assert message["To"] == "dsl@school.example"
    assert message["Cc"] is None
    assert message["Bcc"] is None
    assert message["Message-ID"] == f"<{parcel.key}@school.example>"
    assert message["Date"] == "Mon, 23 Nov 2026 14:02:30 +0000"
    assert message["Sensitivity"] == "Company-Confidential"
    assert message["Importance"] == "high"
    lines = message.get_content().splitlines()
    assert lines[0] == "New form to review."
    assert lines[2] == "Look at it by:   23 November 2026 at 6:02pm (UTC)"
    assert lines[4] == "Where to look:   the page FF-2026-000123 in the folder “Alerts”"
    assert "formflow ack FF-2026-000123" in message.get_content()


def test_no_name_and_no_light_is_in_it_even_if_the_parcel_held_them(
    alert: EmailAlert, make_notice: MakeNotice
) -> None:
    body = alert.prepare(make_notice()).body.decode("ascii").lower()
    assert not [
        word for word in ("charlie", "zo", "c-000045", "red ", "14 november") if word in body
    ]


def test_the_same_parcel_makes_the_same_message_on_every_day(
    alert: EmailAlert, parcel: AlertNotice
) -> None:
    assert alert.prepare(parcel) == alert.prepare(parcel)


def test_a_later_deadline_and_a_later_revision_are_said(
    alert: EmailAlert, make_notice: MakeNotice
) -> None:
    later = datetime(2026, 11, 24, 14, 2, 30, tzinfo=UTC)
    body = alert.prepare(make_notice(revision=2, respond_by=later)).body
    message = message_from_bytes(body, policy=modern)
    assert message["Subject"] == "FF-2026-000123, revision 2: new form to review"
    assert message["Importance"] is None


def test_what_cannot_wait_says_now_first_and_not_why(
    alert: EmailAlert, make_notice: MakeNotice
) -> None:
    parcel = make_notice(urgent=True)
    message = message_from_bytes(
        alert.prepare(replace(parcel, respond_by=parcel.recorded_at)).body, policy=modern
    )
    assert message["Subject"] == "NOW: FF-2026-000123: new form to review today"
    assert message["Importance"] == "high"
    assert "Look at it by:   now" in message.get_content()
    assert "red" not in message.get_content().lower().split()


def test_checking_logs_in_and_sends_nothing(alert: EmailAlert, mailbox: Mailbox) -> None:
    report = alert.check()
    assert (report.ok, report.lines[0].text) == (True, "The mail server lets FormFlow in.")
    assert mailbox.received == []


@pytest.mark.parametrize(
    ("step", "answer", "expected", "code"),
    [
        ("to_sender", "451 busy", Retryable, "FF-416"),
        ("to_sender", "553 who are you, Charlie", SettingsError, "FF-414"),
        ("to_recipient", "451 greylisted", Retryable, "FF-416"),
        ("to_recipient", "550 no such user", SettingsError, "FF-414"),
        ("to_message", "451 disk full", Retryable, "FF-416"),
        ("to_message", "550 looks like spam", Rejected, "FF-415"),
    ],
)
def test_what_the_server_answers_decides_what_becomes_of_the_alert(
    alert: EmailAlert,
    mailbox: Mailbox,
    parcel: AlertNotice,
    step: str,
    answer: str,
    expected: type[Ending],
    code: str,
) -> None:
    setattr(mailbox, step, answer)
    with pytest.raises(expected) as problem:
        alert.deliver(alert.prepare(parcel))
    assert problem.value.code == code
    assert answer[:3] in problem.value.text
    assert answer[4:] not in problem.value.text  # a server may repeat what we sent
    assert mailbox.received == []
    setattr(mailbox, step, "250 OK")
    alert.deliver(alert.prepare(parcel))
    assert len(mailbox.received) == 1


def test_a_connection_lost_after_the_message_may_have_brought_it(
    alert: EmailAlert, mailbox: Mailbox, parcel: AlertNotice
) -> None:
    mailbox.hangs_up_after_message = True
    with pytest.raises(Ambiguous, match="FF-417"):
        alert.deliver(alert.prepare(parcel))
    assert len(mailbox.received) == 1
    assert alert.look_up(parcel.key) is None
    assert alert.capabilities.repeat_safe is RepeatSafe.NONE


def test_nobody_answers_at_all(certificate: Certificate, parcel: AlertNotice) -> None:
    alert = _alert(_settings(_free_port(), certificate))
    with pytest.raises(Unavailable, match="FF-410"):
        alert.deliver(alert.prepare(parcel))
    assert not alert.check().ok


def test_a_server_that_never_speaks_is_given_up_in_time(
    certificate: Certificate, parcel: AlertNotice
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        alert = _alert(_settings(port, certificate, timeout_seconds=0.3))
        with pytest.raises(Unavailable, match="FF-410"):
            alert.deliver(alert.prepare(parcel))


@pytest.mark.parametrize(
    "says", [b"250-and one more thing\r\n", b"2"], ids=["without an end", "drop by drop"]
)
def test_a_server_that_never_stops_speaking_is_given_up(
    certificate: Certificate, parcel: AlertNotice, says: bytes
) -> None:
    is_over = threading.Event()

    def speak(listener: socket.socket) -> None:
        line, _ = listener.accept()
        with line, contextlib.suppress(OSError):
            while not is_over.wait(0.02 if len(says) == 1 else 0):
                line.sendall(says)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        speaker = threading.Thread(target=speak, args=(listener,))
        speaker.start()
        # A step's time-out is never reached: something comes all the time.
        settings = _settings(listener.getsockname()[1], certificate, timeout_seconds=1)
        with pytest.raises(Unavailable, match="FF-410"):
            _alert(settings).deliver(_alert(settings).prepare(parcel))
        is_over.set()
        speaker.join(60)


def test_a_wrong_password_keeps_the_alerts_and_is_shown_to_nobody(
    port: int, certificate: Certificate, parcel: AlertNotice, mailbox: Mailbox
) -> None:
    settings = _settings(port, certificate, password="not-the-password")
    alert = _alert(settings)
    with pytest.raises(SettingsError, match="FF-413") as problem:
        alert.deliver(alert.prepare(parcel))
    assert "not-the-password" not in str(problem.value) + repr(settings)
    assert mailbox.received == []


def test_without_starttls_not_a_word_is_sent(
    mailbox: Mailbox, certificate: Certificate, parcel: AlertNotice
) -> None:
    for port in _served(mailbox):
        alert = _alert(_settings(port, certificate))
        with pytest.raises(SettingsError, match="FF-411"):
            alert.deliver(alert.prepare(parcel))
    assert mailbox.received == []


@pytest.mark.parametrize("trusts", ["this computer's list", "another name", "no file"])
def test_a_certificate_that_is_not_trusted_is_not_spoken_to(
    port: int, parcel: AlertNotice, mailbox: Mailbox, tmp_path: Path, trusts: str
) -> None:
    other = Certificate(tmp_path, "mail.school.example")
    ca_file = {"this computer's list": None, "another name": other.file}.get(trusts, tmp_path / "x")
    alert = _alert(_settings(port, other, ca_file=ca_file))
    with pytest.raises(SettingsError, match="FF-412"):
        alert.deliver(alert.prepare(parcel))
    assert not alert.check().ok
    assert mailbox.received == []


def test_a_certificate_for_another_name_is_not_spoken_to(
    mailbox: Mailbox, parcel: AlertNotice, tmp_path: Path
) -> None:
    other = Certificate(tmp_path, "mail.school.example")
    for port in _served(mailbox, tls_context=other.for_server(), require_starttls=True):
        alert = _alert(_settings(port, other))
        with pytest.raises(SettingsError, match="FF-412"):
            alert.deliver(alert.prepare(parcel))
    assert mailbox.received == []


def test_encrypted_from_the_first_byte(
    mailbox: Mailbox, certificate: Certificate, parcel: AlertNotice
) -> None:
    for port in _served(mailbox, ssl_context=certificate.for_server()):
        login = {"username": None, "password": None}
        alert = _alert(_settings(port, certificate, security="tls", **login))
        # The server's own start-up knock cannot speak TLS; the alert can.
        alert.deliver(alert.prepare(parcel))
    assert len(mailbox.received) == 1


def test_a_server_on_this_computer_may_go_without(
    mailbox: Mailbox, certificate: Certificate, parcel: AlertNotice
) -> None:
    for port in _served(mailbox):
        login = {"username": None, "password": None}
        alert = _alert(_settings(port, certificate, security="none", **login))
        alert.deliver(alert.prepare(parcel))
    assert len(mailbox.received) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"security": "none", "host": "mail.school.example"},
        {"username": None},
        {"password": None},
        {"recipient": "dsl@school.example, other@school.example"},
        {"recipient": "dsl@school.example\nBcc: other@school.example"},
        {"recipient": "DSL <dsl@school.example>"},
        {"recipient": "dsl"},
        {"sender": "zoë@school.example"},
        {"cc": "head@school.example"},
    ],
)
def test_settings_that_could_leak_are_refused(
    certificate: Certificate, changes: dict[str, Any]
) -> None:
    with pytest.raises(ValidationError) as problem:
        _settings(587, certificate, **changes)
    assert PASSWORD not in str(problem.value)


def test_a_process_that_dies_after_sending_sends_at_most_once_more(
    port: int, certificate: Certificate, mailbox: Mailbox, parcel: AlertNotice
) -> None:
    # That it died is noted nowhere: the same bytes come again, from another process.
    for _ in range(2):
        again = _alert(_settings(port, certificate))
        again.deliver(again.prepare(parcel))
    first, second = (message_from_bytes(content) for content in mailbox.received)
    assert first["Message-ID"] == second["Message-ID"]  # a mail program can tell they are one


class TestContract(ConnectorTests):
    """What every connector must do, with a mail server that may get a message twice."""

    @pytest.fixture(autouse=True)
    def _served(self, port: int, certificate: Certificate, mailbox: Mailbox) -> Iterator[None]:
        self.certificate, self.mailbox = certificate, mailbox
        with Wire(port) as self.wire:
            yield

    def trial(self, place: Path) -> Trial:  # noqa: ARG002 - it has no folder
        """Return the connector in front of a mail server."""
        settings = _settings(self.wire.port, self.certificate)
        nowhere = settings.model_copy(update={"port": 1})
        return Trial(
            lambda context: EmailAlert(settings, context),
            self.landed,
            faults=self.wire.faults,
            unusable=[lambda context: EmailAlert(nowhere, context)],
            hosts={settings.host, "127.0.0.1"},
            kills=10,
        )

    def landed(self) -> list[str]:
        """Return the key of each message that the server has."""
        messages = [message_from_bytes(content) for content in self.mailbox.received]
        return [str(message["Message-ID"])[1:65] for message in messages]
