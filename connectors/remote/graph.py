"""Microsoft Graph, as a program of its own: signed in with client credentials, no user, no browser.

https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar
from urllib.parse import quote, urlencode

from pydantic import AfterValidator, Field, SecretStr

from formflow.sdk import (
    Ambiguous,
    ConnectorSettings,
    Context,
    SettingsError,
    Unavailable,
    ending,
)
from formflow_connectors import network
from formflow_connectors.remote.web_server import Answer, WebServer, WebServerSettings
from formflow_connectors.webhook_post import Address, refuse

SPARE_SECONDS = 300.0  # so long before it ends a token is not used any more
_NAME = re.compile(r"[A-Za-z0-9.-]{1,100}")
_TOKEN = re.compile(r"[\x21-\x7e]{1,20000}")
_LATER = (408, 429, *range(500, 600))  # of a sign-in; anything else but a token is for IT
UNAUTHORIZED = 401


def _is_tenant(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise ValueError("is the directory’s number, or a domain such as school.example")
    return name


def _is_root(url: str) -> str:
    Address.parse(url)
    return url.rstrip("/")


_Root = Annotated[str, AfterValidator(_is_root)]


class GraphSettings(ConnectorSettings):
    """Who lets FormFlow in to Microsoft 365."""

    tenant: Annotated[str, AfterValidator(_is_tenant)] = Field(
        description="The directory (tenant): its number, or its domain."
    )
    client_id: str = Field(description="The number of the app that IT registered.", min_length=1)
    client_secret: SecretStr = Field(description="Its secret, as env:NAME or file:PATH.")
    login_url: _Root = Field("https://login.microsoftonline.com", description="Who signs it in.")
    graph_url: _Root = Field("https://graph.microsoft.com/v1.0", description="Who does the work.")
    ca_file: Path | None = Field(
        None, description="Certificates to trust instead of those of this computer."
    )
    timeout_seconds: float = Field(45, gt=0, le=55, description="For one delivery as a whole.")


class Graph:
    """Graph for the time of one call. A token is kept for as long as it lasts, in memory alone."""

    _tokens: ClassVar[dict[GraphSettings, tuple[str, float]]] = {}  # and until when, monotonic

    def __init__(self, settings: GraphSettings, context: Context) -> None:
        self._settings, self._context = settings, context
        self._server = self.at(settings.graph_url)

    def sign_in(self) -> str:
        """Return a token. Raise SettingsError where Microsoft 365 does not let FormFlow in."""
        token, until = self._tokens.get(self._settings, ("", 0.0))
        if time.monotonic() < until:
            return token
        answer = self.at(self._settings.login_url).ask(
            "POST",
            f"/{quote(self._settings.tenant)}/oauth2/v2.0/token",
            urlencode(self._asked_for()).encode(),
            {"Content-Type": "application/x-www-form-urlencoded"},
        )
        if answer.status in _LATER:
            refuse(answer.status, answer.later)
        token, seconds = _token(answer)
        self._tokens[self._settings] = token, time.monotonic() + seconds - SPARE_SECONDS
        return token

    def ask(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        most: int = network.LARGEST_REPLIES,
    ) -> Answer:
        """Return the answer to a request. Raise what WebServer.ask does, and SettingsError."""
        signed = {"Authorization": f"Bearer {self.sign_in()}"}
        answer = self._server.ask(method, path, body, {**signed, **(headers or {})}, most)
        if answer.status == UNAUTHORIZED:  # taken back, or of rights that have changed
            self._tokens.pop(self._settings, None)
        return answer

    def change(
        self, method: str, path: str, body: bytes, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Return the answer to a change. Raise Ambiguous without one: nobody knows whether it was made."""
        self.sign_in()  # before anything can be in doubt
        try:
            return self.ask(method, path, body, headers)
        except Unavailable:
            raise ending(Ambiguous, "FF-565") from None

    def at(self, url: str) -> WebServer:
        """Return another server of Microsoft's, to be asked without a token."""
        own = self._settings
        place = WebServerSettings(url=url, ca_file=own.ca_file, timeout_seconds=own.timeout_seconds)
        return WebServer(place, self._context, {})

    def path_of(self, url: str) -> str:
        """Return the path of an address of Graph's own, such as that of a next page; "" for any other."""
        root = self._settings.graph_url
        return url.removeprefix(root) if url.startswith(f"{root}/") else ""

    def _asked_for(self) -> dict[str, str]:
        own = self._settings
        root = Address.parse(own.graph_url)
        return {
            "grant_type": "client_credentials",
            "client_id": own.client_id,
            "client_secret": own.client_secret.get_secret_value(),
            "scope": f"https://{root.host}/.default",
        }


def _token(answer: Answer) -> tuple[str, float]:
    """Return the token of an answer, and how many seconds it lasts. Raise SettingsError."""
    try:
        told: Any = json.loads(answer.body)
        token, seconds = str(told["access_token"]), float(told["expires_in"])
    except (ValueError, KeyError, TypeError):
        token, seconds = "", 0.0
    if answer.status != 200 or not _TOKEN.fullmatch(token):
        # From nothing: the words of the answer name the tenant and the app.
        raise ending(SettingsError, "FF-568", answer=str(answer.status)) from None
    return token, seconds
