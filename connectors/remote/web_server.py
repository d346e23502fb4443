"""A server that is asked by HTTPS: no redirection is followed, each answer is read within limits and within the time of the call."""

from __future__ import annotations

import base64
import contextlib
import http.client
import io
import socket
import ssl
import time
from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import AfterValidator, Field

from formflow.sdk import ConnectorSettings, Context, SettingsError, Unavailable, ending
from formflow_connectors import network
from formflow_connectors.webhook_post import Address, before_the_message, left, line

_MORE = 64 << 10  # bytes that the head of an answer may have


def _is_root(url: str) -> str:
    if "?" in url:
        raise ValueError("has a “?”; leave out what begins there")
    Address.parse(url)
    return url.rstrip("/")


class WebServerSettings(ConnectorSettings):
    """Which server is asked."""

    url: Annotated[str, AfterValidator(_is_root)] = Field(description="Its address, https://…")
    ca_file: Path | None = Field(
        None, description="Certificates to trust instead of those of this computer."
    )
    timeout_seconds: float = Field(45, gt=0, le=55, description="For one delivery as a whole.")


def basic(username: str, password: str) -> Mapping[str, str]:
    """Return the header with a user name and a password."""
    code = base64.b64encode(f"{username}:{password}".encode()).decode()
    return {"Authorization": f"Basic {code}"}


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answered."""

    status: int
    later: str  # what it says of when to come again
    headers: Mapping[str, str]
    body: bytes


class WebServer:
    """One server for the time of one call, with a connection for each request: none can be stale."""

    def __init__(
        self, settings: WebServerSettings, context: Context, headers: Mapping[str, str]
    ) -> None:
        """Begin to count the time. Raise SettingsError where the certificates to trust cannot be read."""
        self._address = Address.parse(settings.url)
        self._headers = headers
        self._root = self._address.target.rstrip("/")
        within = max(1.0, context.seconds_left / network.PATIENCE)
        self._until = time.monotonic() + min(settings.timeout_seconds, within)
        self._trusted = _trusted(settings.ca_file) if self._address.is_encrypted else None

    @property
    def left(self) -> float:
        """How many seconds are left for what is asked here."""
        return left(self._until)

    def with_headers(self, headers: Mapping[str, str]) -> Self:
        """Return the same server for the same time, to be asked with other headers."""
        other = copy(self)
        other._headers = headers
        return other

    def ask(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        most: int = network.LARGEST_REPLIES,
    ) -> Answer:
        """Return the answer to a request; its body may have so many bytes at most.

        `path` is percent-encoded, from the root of the settings. Raise Unavailable where there is no whole answer,
        and SettingsError, before anything is said, where the server is not the right one.
        """
        address = self._address
        with before_the_message():
            connected = line(address.host, address.port, self._trusted, self._until)
        connection = http.client.HTTPConnection(address.host, address.port)
        connection.default_port = 443 if address.is_encrypted else 80
        connection.sock = connected
        told = {"User-Agent": "FormFlow", "Connection": "close", **self._headers, **(headers or {})}
        with contextlib.closing(connection):
            try:
                connected.settimeout(left(self._until))
                # A server may say no and hang up before it has read everything: what it said is still read.
                with contextlib.suppress(OSError):
                    connection.request(method, self._root + path, body or None, told)
                connected.settimeout(left(self._until))
                with _Response(connected, method, self._until, most + _MORE) as response:
                    response.begin()
                    content = response.read()
                    return _answer(response, content)
            except (OSError, http.client.HTTPException):
                # From nothing: what the server says may repeat what it was sent.
                raise ending(Unavailable, "FF-560") from None

    def absolute(self, path: str) -> str:
        """Return the whole address of a path."""
        address = self._address
        scheme, usual = ("https", 443) if address.is_encrypted else ("http", 80)
        port = "" if address.port == usual else f":{address.port}"
        host = f"[{address.host}]" if ":" in address.host else address.host
        return f"{scheme}://{host}{port}{self._root}{path}"


class _Response(http.client.HTTPResponse):
    """An answer that is read up to a number of bytes and a moment."""

    def __init__(self, sock: socket.socket, method: str, until: float, most: int) -> None:
        super().__init__(sock, method=method)
        self.fp: Any = io.BufferedReader(network.Replies(self.fp.detach(), until, most))


def _answer(response: http.client.HTTPResponse, content: bytes) -> Answer:
    headers = {name.lower(): value for name, value in response.headers.items()}
    return Answer(response.status, headers.get("retry-after", ""), headers, content)


def _trusted(ca_file: Path | None) -> ssl.SSLContext:
    try:
        return network.trusted(ca_file)
    except OSError:
        raise ending(SettingsError, "FF-561") from None
