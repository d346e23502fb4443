"""Notify: a message without content to whatever apprise reaches, for every alert: that a form waits, by when, where to look.

Nobody can ask such a service what it has, so a repeat may show.
"""

from __future__ import annotations

import contextlib
import json
import logging
from collections.abc import Iterator
from typing import Any, ClassVar

from pydantic import Field, SecretStr

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
    RepeatSafe,
    SettingsError,
    ending,
    moment_in_words,
)

EXTRA = "formflow[notify]"
_LOGGER = "apprise"  # what it logs holds addresses, which hold keys


class NotifySettings(ConnectorSettings):
    """Which service is told of every alert."""

    url: SecretStr = Field(
        description="The service, as apprise writes it, as env:NAME or file:PATH: it holds a key.",
    )


class Notify(BaseConnector[NotifySettings]):
    """Sends a short message for every alert."""

    kind = "notify"
    api_version = 2
    Settings = NotifySettings
    needs: ClassVar = {"apprise": EXTRA}
    capabilities = Capabilities(
        repeat_safe=RepeatSafe.NONE,
        operations=frozenset({Operation.ALERT}),
        carries=DataClass.NOTICE,
    )

    def check(self) -> CheckReport:
        """Say whether apprise knows such an address. Nothing is sent, so no more can be seen."""
        try:
            self._service()
        except Ending as problem:
            return CheckReport((CheckLine(False, problem.text),))
        return CheckReport((CheckLine(True, "Apprise knows this address. Nothing was sent."),))

    def prepare(self, parcel: AlertNotice) -> Prepared:
        """Return title and text, without a name."""
        now = "NOW: " * parcel.urgent
        lines = [parcel.headline, f"Where to look: {parcel.where_to_look}"]
        if parcel.respond_by:
            lines.insert(1, f"Review by: {moment_in_words(parcel.respond_by)}")
        again = f", revision {parcel.revision}" if parcel.revision > 1 else ""
        told = {"title": f"{now}FormFlow {parcel.reference}{again}", "body": "\n".join(lines)}
        return Prepared(parcel.key, json.dumps(told).encode())

    def deliver(self, prepared: Prepared) -> Delivered:
        """Hand the message over. Apprise says no more than yes or no, so after a no nobody knows."""
        service = self._service()
        told = json.loads(prepared.body)
        with _silent():
            is_sent = service.notify(title=told["title"], body=told["body"])
        if not is_sent:
            raise ending(Ambiguous, "FF-595")
        return Delivered(prepared.key, DeliveredAs.CREATED, "handed to the service")

    def _service(self) -> Any:
        """Return the service. Raise SettingsError where apprise is not installed or knows no such address."""
        try:
            import apprise
        except ImportError:
            raise ending(SettingsError, "FF-586", package=EXTRA) from None
        asset = apprise.AppriseAsset(app_id="FormFlow", http_redirects=False, async_mode=False)
        with _silent():
            url = self.settings.url.get_secret_value()
            service = apprise.Apprise.instantiate(url, asset=asset)
        if service is None:
            raise ending(SettingsError, "FF-591", why="apprise knows no such address")
        return service


@contextlib.contextmanager
def _silent() -> Iterator[None]:
    """Let apprise log nothing meanwhile."""
    logger = logging.getLogger(_LOGGER)
    before, logger.disabled = logger.disabled, True
    try:
        yield
    finally:
        logger.disabled = before
