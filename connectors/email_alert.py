"""E-mail alerts: that a form needs somebody, by when, and where to look. No name and no answer, ever.

SMTP cannot say whether a message is there already, so a broken connection may bring one twice.
"""

from __future__ import annotations

import contextlib
import io
import smtplib
import ssl
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, SecretStr, model_validator

from formflow.sdk import (
    AlertNotice,
    Ambiguous,
    BaseConnector,
    Capabilities,
    CheckLine,
    CheckReport,
    ConnectorSettings,
    DataClass,
    Delivered,
    DeliveredAs,
    Ending,
    Operation,
    Prepared,
    Rejected,
    RepeatSafe,
    Retryable,
    SettingsError,
    Unavailable,
    ending,
)
from formflow_connectors import network
from formflow_connectors.alert_mail import OneAddress, alert_mail


class EmailAlertSettings(ConnectorSettings):
    """Which mail server, and who is told. For a second person, add a second destination."""

    host: str = Field(description="Name of the mail server.", min_length=1)
    port: int = Field(587, ge=1, le=65_535, description="587 for starttls, 465 for tls.")
    security: Literal["starttls", "tls", "none"] = Field(
        "starttls", description="“none” is allowed only for a mail server on this very computer."
    )
    username: str | None = Field(None, description="Leave out where the server asks for none.")
    password: SecretStr | None = Field(None, description="As env:NAME or file:PATH.")
    sender: OneAddress = Field(description="The address that alerts come from.")
    recipient: OneAddress = Field(description="The one address that is told.")
    ca_file: Path | None = Field(
        None, description="Certificates to trust instead of those of this computer."
    )
    timeout_seconds: float = Field(30, gt=0, le=300, description="For every step of the sending.")

    @model_validator(mode="after")
    def _keeps_secrets(self) -> Self:
        if (self.username is None) != (self.password is None):
            msg = "username and password belong together"
            raise ValueError(msg)
        if self.security == "none" and not network.is_this_computer(self.host):
            msg = "security “none” is allowed only for a mail server on this very computer"
            raise ValueError(msg)
        return self


class EmailAlert(BaseConnector[EmailAlertSettings]):
    """Sends one e-mail for every alert."""

    kind = "email_alert"
    api_version = 2
    Settings = EmailAlertSettings
    capabilities = Capabilities(
        repeat_safe=RepeatSafe.NONE,
        operations=frozenset({Operation.ALERT}),
        carries=DataClass.NOTICE,
    )

    def check(self) -> CheckReport:
        """Say whether the mail server lets us in. Nothing is sent."""
        try:
            with self._server():
                return CheckReport((CheckLine(True, "The mail server lets FormFlow in."),))
        except Ending as problem:
            return CheckReport((CheckLine(False, problem.text),))

    def prepare(self, parcel: AlertNotice) -> Prepared:
        """Return the whole message. Its Message-ID and date are the same for every repeat."""
        return Prepared(
            parcel.key, alert_mail(parcel, self.settings.sender, self.settings.recipient)
        )

    def deliver(self, prepared: Prepared) -> Delivered:
        """Hand the message to the mail server; return when the server has taken it."""
        with self._server() as server:
            with _before_the_message():
                sender, _ = server.mail(self.settings.sender)
                recipient, _ = server.rcpt(self.settings.recipient)
            # Both addresses are settings: a refusal keeps the alerts until they are put right.
            _refuse(sender, SettingsError, "FF-414")
            _refuse(recipient, SettingsError, "FF-414")
            _refuse(_sent(server, prepared.body), Rejected, "FF-415")
        return Delivered(prepared.key, DeliveredAs.CREATED, "handed to the mail server")

    @contextlib.contextmanager
    def _server(self) -> Iterator[smtplib.SMTP]:
        """Yield a connection that is encrypted and logged in."""
        with contextlib.ExitStack() as stack:
            with _before_the_message():
                server = self._connected()
                stack.callback(server.close)
                self._let_in(server)
            yield server
            with contextlib.suppress(OSError):
                server.quit()

    def _connected(self) -> smtplib.SMTP:
        settings = self.settings
        address = settings.host, settings.port
        # The whole conversation ends within the call, however long a step may take by the settings.
        within = max(1.0, self.context.seconds_left / network.PATIENCE)
        patience = min(settings.timeout_seconds, within)
        if settings.security == "tls":
            return _EncryptedServer(*address, timeout=patience, context=self._trusted())
        return _Server(*address, timeout=patience)

    def _let_in(self, server: smtplib.SMTP) -> None:
        settings = self.settings
        server.ehlo_or_helo_if_needed()
        if settings.security == "starttls":
            if not server.has_extn("starttls"):
                raise ending(SettingsError, "FF-411")
            server.starttls(context=self._trusted())
            server.ehlo()
        if settings.username is not None and settings.password is not None:
            server.login(settings.username, settings.password.get_secret_value())

    def _trusted(self) -> ssl.SSLContext:
        try:
            return network.trusted(self.settings.ca_file)
        except OSError:  # the file is not there, or holds no certificate
            raise ending(SettingsError, "FF-412") from None


class _Server(smtplib.SMTP):
    """A mail server that is listened to within limits."""

    _until: float | None = None

    def getreply(self) -> tuple[int, bytes]:
        """Return the server's next answer."""
        if self._until is None:
            self._until = time.monotonic() + network.PATIENCE * self.timeout
        if self.file is None and self.sock is not None:
            raw = self.sock.makefile("rb", buffering=0)
            self.file = io.BufferedReader(network.Replies(raw, self._until))
        return super().getreply()


class _EncryptedServer(_Server, smtplib.SMTP_SSL):
    """The same, encrypted from the first byte."""


@contextlib.contextmanager
def _before_the_message() -> Iterator[None]:
    """Turn trouble into an ending, as long as no word of the message has been handed over."""
    try:
        yield
    except ssl.SSLCertVerificationError:
        raise ending(SettingsError, "FF-412") from None
    except smtplib.SMTPNotSupportedError:  # we have a user name, the server asks for none
        raise ending(SettingsError, "FF-413") from None
    except smtplib.SMTPAuthenticationError as refused:
        _refuse(refused.smtp_code, SettingsError, "FF-413")
    except OSError:
        raise ending(Unavailable, "FF-410") from None


def _sent(server: smtplib.SMTP, message: bytes) -> int:
    """Send a message and return the server's answer. Raise Ambiguous when there is none."""
    try:
        code, _ = server.data(message)
    except smtplib.SMTPDataError as refused:  # before a word of the message was sent
        code = refused.smtp_code
    except OSError:
        raise ending(Ambiguous, "FF-417") from None
    return code


def _refuse(answer: int, refusal: type[Ending], code: str) -> None:
    """Raise what a server's answer means, unless it is a yes. 5 means for good, 4 means later."""
    if 200 <= answer < 300:
        return
    for_good = 500 <= answer < 600
    kind, number = (refusal, code) if for_good else (Retryable, "FF-416")
    # From nothing: the server's own words may repeat an address or a part of the message.
    raise ending(kind, number, answer=str(answer)) from None
