"""Alerts by e-mail: a notice and nothing more. Reference, deadline, where to look; never why.

E-mail cannot be made to arrive exactly once. The message carries the same Message-ID at every try, so
that mail programs may recognise a second one.
"""

from __future__ import annotations

import smtplib
import ssl
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import ClassVar, Literal

from pydantic import Field, SecretStr, model_validator

from formflow.contract import (
    API_VERSION,
    Ambiguous,
    Capabilities,
    CheckLine,
    CheckReport,
    ConnectorSettings,
    Context,
    DataClass,
    Delivered,
    DeliveredAs,
    Ending,
    Operation,
    Parcel,
    Prepared,
    Rejected,
    RepeatSafe,
    Retryable,
    SettingsError,
    Unavailable,
)
from formflow_connectors.wording import ending, moment_in_words

LOOPBACK = ("127.0.0.1", "::1", "localhost")
BODY = """\
Please open this message where nobody else can see the screen.

{headline}

Reference:      {reference}{revision}
Look at it by:  {respond_by}
Where to look:  {where_to_look}

To show that you have seen it, drag its page into the folder "Seen" in "Alerts".

This message holds no names and no details. Please do not reply with any.
"""


class EmailAlertSettings(ConnectorSettings):
    """Alerts by e-mail (SMTP): a notice without names to the safeguarding lead."""

    host: str = Field(description="The mail server.", examples=["smtp.example.org"])
    port: int = Field(default=587, ge=1, le=65535, description="587 for STARTTLS, 465 for TLS.")
    security: Literal["starttls", "tls", "none"] = Field(
        default="starttls",
        description="How the connection is encrypted; none for this computer only.",
    )
    username: str | None = Field(default=None, description="Leave it out where none is needed.")
    password: SecretStr | None = Field(default=None, description="As env:NAME or file:PATH.")
    sender: str = Field(description="The sender's address.", examples=["formflow@example.org"])
    to: tuple[str, ...] = Field(
        min_length=1, description="Who is told.", examples=[["lead@example.org"]]
    )
    ca_file: Path | None = Field(default=None, description="Certificates of your own authority.")
    timeout_seconds: float = Field(
        default=30, gt=0, le=120, description="Patience with the server."
    )

    @model_validator(mode="after")
    def _is_encrypted(self) -> EmailAlertSettings:
        if self.security == "none" and self.host not in LOOPBACK:
            msg = "security = “none” is for a mail server on this computer only"
            raise ValueError(msg)
        return self


class EmailAlert:
    """Sends one notice for each alert to every recipient, in one message."""

    kind: ClassVar[str] = "email_alert"
    api_version: ClassVar[int] = API_VERSION
    Settings: ClassVar[type[ConnectorSettings]] = EmailAlertSettings
    capabilities: ClassVar[Capabilities] = Capabilities(
        repeat_safe=RepeatSafe.NONE,
        operations=frozenset({Operation.ALERT}),
        carries=DataClass.NOTICE,
    )

    def __init__(self, settings: EmailAlertSettings, context: Context) -> None:
        self._settings, self._context = settings, context

    def check(self) -> CheckReport:
        """Say whether the server lets us in. No message is sent."""
        try:
            with self._connected():
                pass
        except Ending as problem:
            return CheckReport((CheckLine(False, problem.text),))
        return CheckReport((CheckLine(True, "The mail server lets FormFlow in."),))

    def prepare(self, parcel: Parcel) -> Prepared:
        """Return the whole message: the same parcel gives the same bytes."""
        message = EmailMessage(policy=SMTP)
        message["Message-ID"] = f"<{parcel.key[:40]}@formflow.invalid>"
        message["Date"] = parcel.recorded_at
        message["From"] = Address("FormFlow", addr_spec=self._settings.sender)
        message["To"] = [Address(addr_spec=address) for address in self._settings.to]
        message["Subject"] = f"{parcel.reference}: a form needs you"
        message["Sensitivity"] = "Company-Confidential"
        message["Auto-Submitted"] = "auto-generated"
        by = moment_in_words(parcel.respond_by) if parcel.respond_by else "today"
        message.set_content(
            BODY.format(
                headline=parcel.headline,
                reference=parcel.reference,
                revision=f" (revision {parcel.revision})" if parcel.revision > 1 else "",
                respond_by=by,
                where_to_look=parcel.where_to_look,
            )
        )
        return Prepared(parcel.key, message.as_bytes())

    def deliver(self, prepared: Prepared) -> Delivered:
        """Hand the message to the server, for every recipient or for none."""
        with self._connected() as server:
            try:
                refused = server.sendmail(self._settings.sender, self._settings.to, prepared.body)
            except smtplib.SMTPRecipientsRefused as problem:
                raise _refused(problem.recipients) from None
            except smtplib.SMTPResponseException as problem:
                raise _answered(problem.smtp_code) from None
            except (smtplib.SMTPServerDisconnected, OSError):
                raise ending(Ambiguous, "FF-417") from None
        self._context.crash_at("email_alert.sent")
        if refused:
            raise _refused(refused)
        return Delivered(prepared.key, DeliveredAs.CREATED, "handed to the mail server")

    def look_up(self, key: str) -> Delivered | None:  # noqa: ARG002 - the contract's signature
        """Nobody can say whether a message has arrived."""
        return None

    def close(self) -> None:
        """Nothing stays open."""

    def _connected(self) -> smtplib.SMTP:
        mine = self._settings
        trust = ssl.create_default_context(cafile=mine.ca_file)
        try:
            if mine.security == "tls":
                server: smtplib.SMTP = smtplib.SMTP_SSL(
                    mine.host, mine.port, timeout=mine.timeout_seconds, context=trust
                )
            else:
                server = smtplib.SMTP(mine.host, mine.port, timeout=mine.timeout_seconds)
            if mine.security == "starttls":
                server.starttls(context=trust)
            if mine.username and mine.password:
                server.login(mine.username, mine.password.get_secret_value())
        except ssl.SSLCertVerificationError:
            raise ending(SettingsError, "FF-412") from None
        except smtplib.SMTPNotSupportedError:
            raise ending(SettingsError, "FF-411") from None
        except smtplib.SMTPAuthenticationError:
            raise ending(SettingsError, "FF-413") from None
        except (smtplib.SMTPException, OSError):
            raise ending(Unavailable, "FF-410") from None
        return server


def _refused(recipients: dict[str, tuple[int, bytes]]) -> Ending:
    codes = [code for code, _ in recipients.values()]
    if all(400 <= code < 500 for code in codes):
        return _answered(codes[0])
    return ending(SettingsError, "FF-414", answer=str(codes[0]))


def _answered(code: int) -> Ending:
    if 400 <= code < 500:
        return ending(Retryable, "FF-416", answer=str(code))
    return ending(Rejected, "FF-415", answer=str(code))
