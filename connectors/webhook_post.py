"""One signed message to one address, as Standard Webhooks has it: sent once, never redirected, its answer read within limits.

The body of the answer is not read: its status says all that counts, and a body could hang.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import hmac
import http.client
import io
import socket
import ssl
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr

from formflow.sdk import (
    Ambiguous,
    CheckLine,
    CheckReport,
    ConnectorSettings,
    Context,
    Delivered,
    DeliveredAs,
    Ending,
    Prepared,
    Rejected,
    Retryable,
    SettingsError,
    Unavailable,
    ending,
    utc_now,
)
from formflow_connectors import network

SECRET_BYTES = range(24, 65)  # how long the standard has a secret be
MARK = "whsec_"  # how a secret begins
WRONG_SETTINGS = (401, 403, 404, 405, 410)  # the address is wrong, or FormFlow is not let in
LATER = (408, 409, 425)  # this one later; 409: the same is just being worked on
ALL_LATER = (429, 502, 503, 504)  # nothing goes there now


@dataclass(frozen=True, slots=True)
class Address:
    """Where a message goes."""

    host: str
    port: int
    target: str  # path and query, which may hold a key
    is_encrypted: bool

    @classmethod
    def parse(cls, url: str) -> Self:
        """Return the parts of a URL. Raise ValueError in words, without the URL."""
        try:
            parts = urlsplit(url)
            host, port = parts.hostname or "", parts.port
            host.encode("idna")
        except ValueError:  # UnicodeError is one
            host, port = "", None
        is_plain = url.isascii() and url.isprintable() and " " not in url
        if not host or not is_plain or parts.scheme not in ("https", "http"):
            raise ValueError("is no address such as https://server.example/path")
        if "@" in parts.netloc or "#" in url:
            raise ValueError("holds a user name, a password or a “#”; leave that out")
        is_encrypted = parts.scheme == "https"
        if not is_encrypted and not network.is_this_computer(host):
            raise ValueError("is not encrypted; http:// is allowed only for this very computer")
        query = f"?{parts.query}" if parts.query else ""
        usual = 443 if is_encrypted else 80
        return cls(host, usual if port is None else port, (parts.path or "/") + query, is_encrypted)


def is_address(url: SecretStr) -> SecretStr:
    """Return an address of a server. Raise ValueError in words, without it."""
    Address.parse(url.get_secret_value())
    return url


def _key(secret: SecretStr) -> SecretStr:
    _decoded(secret)
    return secret


def _decoded(secret: SecretStr) -> bytes:
    mark, _, code = secret.get_secret_value().partition(MARK)
    try:
        key = base64.b64decode(code, validate=True)
    except binascii.Error:
        key = b""
    if mark or len(key) not in SECRET_BYTES:
        raise ValueError("is not “whsec_” and 24 to 64 bytes in Base64")
    return key


class PostSettings(ConnectorSettings):
    """To which address messages go, and how it knows that they are FormFlow’s."""

    url: Annotated[SecretStr, AfterValidator(is_address)] = Field(
        description="The address, https://…, as env:NAME or file:PATH: it may hold a key."
    )
    secret: Annotated[SecretStr, AfterValidator(_key)] = Field(
        description="What messages are signed with, “whsec_…”, as env:NAME or file:PATH."
    )
    ca_file: Path | None = Field(
        None, description="Certificates to trust instead of those of this computer."
    )
    timeout_seconds: float = Field(20, gt=0, le=60, description="For one message and its answer.")


class Post:
    """Sends messages to one address."""

    def __init__(self, settings: PostSettings, context: Context) -> None:
        self._settings, self._context = settings, context
        self._address = Address.parse(settings.url.get_secret_value())

    def check(self) -> CheckReport:
        """Say whether the address can be reached and its certificate is trusted. Nothing is sent."""
        try:
            with self._connected(self._until()):
                return CheckReport((CheckLine(True, "The other system can be reached."),))
        except Ending as problem:
            return CheckReport((CheckLine(False, problem.text),))

    def deliver(self, prepared: Prepared) -> Delivered:
        """Send one message; return when the other system has taken it."""
        until = self._until()
        with self._connected(until) as connection:
            status, later = _answer(
                connection, self._address.target, prepared.body, self._signed(prepared), until
            )
        refuse(status, later)
        # Only 201 says that it was new.
        how = DeliveredAs.CREATED if status == http.client.CREATED else DeliveredAs.UPDATED
        return Delivered(prepared.key, how, self._address.host)

    def _until(self) -> float:
        """Return until when the conversation may last. A connection may be tried at several numbers."""
        within = max(1.0, self._context.seconds_left / network.PATIENCE)
        return time.monotonic() + min(self._settings.timeout_seconds, within)

    def _signed(self, prepared: Prepared) -> Mapping[str, str]:
        """Return the headers. The number is the same for every repeat, the moment is that of sending."""
        now = int(utc_now().timestamp())
        content = f"{prepared.key}.{now}.".encode() + prepared.body
        signature = hmac.digest(_decoded(self._settings.secret), content, sha256)
        return {
            "Content-Type": "application/json",
            "User-Agent": "FormFlow",
            "Idempotency-Key": prepared.key,
            "webhook-id": prepared.key,
            "webhook-timestamp": str(now),
            "webhook-signature": f"v1,{base64.b64encode(signature).decode()}",
        }

    @contextlib.contextmanager
    def _connected(self, until: float) -> Iterator[http.client.HTTPConnection]:
        """Yield a connection to the one address, encrypted and with a certificate that is trusted."""
        host, port = self._address.host, self._address.port
        context = self._trusted() if self._address.is_encrypted else None
        with before_the_message():
            connected = line(host, port, context, until)
        with connected:
            if context is None:
                connection = http.client.HTTPConnection(host, port)
            else:
                connection = http.client.HTTPSConnection(host, port, context=context)
            connection.sock = connected
            yield connection

    def _trusted(self) -> ssl.SSLContext:
        try:
            return network.trusted(self._settings.ca_file)
        except OSError:
            raise ending(SettingsError, "FF-561") from None


def left(until: float) -> float:
    """Return how many seconds are left, at least a few hundredths: none would mean to wait for ever."""
    return max(0.05, until - time.monotonic())


def line(host: str, port: int, context: ssl.SSLContext | None, until: float) -> socket.socket:
    """Return a connection to the first of a host's numbers that answers. Raise OSError."""
    wrong = OSError()
    numbers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    for family, kind, protocol, _, number in numbers:
        made = socket.socket(family, kind, protocol)
        if context is not None:  # before it connects: else a line that broke just then is left open
            made = context.wrap_socket(made, server_hostname=host)
        try:
            made.settimeout(left(until))
            made.connect(number)
        except OSError as problem:
            made.close()
            wrong = problem
        else:
            return made
    raise wrong


@contextlib.contextmanager
def before_the_message() -> Iterator[None]:
    """Turn trouble into an ending, as long as no word of the message has been handed over."""
    try:
        yield
    except ssl.SSLCertVerificationError:
        raise ending(SettingsError, "FF-561") from None
    except OSError:
        raise ending(Unavailable, "FF-560") from None


def _answer(
    connection: http.client.HTTPConnection,
    target: str,
    body: bytes,
    headers: Mapping[str, str],
    until: float,
) -> tuple[int, str]:
    """Send, and return the status of the answer and what it says of when to come again.

    Raise Ambiguous where there is none.
    """
    try:
        connection.sock.settimeout(left(until))
        connection.request("POST", target, body, dict(headers))
        connection.sock.settimeout(left(until))
        answer = http.client.HTTPResponse(connection.sock, method="POST")
        answer.fp = io.BufferedReader(network.Replies(answer.fp.detach(), until))
        with answer:
            answer.begin()
            return answer.status, answer.headers.get("Retry-After", "")
    except (OSError, http.client.HTTPException):
        # From nothing: what the other system says may repeat what it was sent.
        raise ending(Ambiguous, "FF-565") from None


def refuse(status: int, later: str) -> None:
    """Raise what an answer means, unless it is a yes."""
    said = str(status)
    if 200 <= status < 300:
        return
    if status in ALL_LATER:
        raise ending(Unavailable, "FF-564", after_seconds=_seconds(later), answer=said)
    if status in LATER or 500 <= status < 600:
        raise ending(Retryable, "FF-564", after_seconds=_seconds(later), answer=said)
    if status in WRONG_SETTINGS or 300 <= status < 400:
        raise ending(SettingsError, "FF-562", answer=said)
    if 400 <= status < 500:
        raise ending(Rejected, "FF-563", answer=said)
    raise ending(Ambiguous, "FF-565")


def _seconds(later: str) -> float | None:
    """Return in how many seconds to come again, by "120" or a date; None where nothing of use is said."""
    if later.isascii() and later.isdigit():
        return float(later[:9])
    try:
        moment = parsedate_to_datetime(later)
    except ValueError:
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(1.0, (aware - utc_now()).total_seconds())
