"""Notify: a message without content to whatever apprise reaches, for every alert: that a form waits, by when, where to look.

Nobody can ask such a service what it has, so a repeat may show.
"""

from __future__ import annotations

import contextlib
import json
import logging
import threading
from collections import defaultdict
from queue import Empty, SimpleQueue
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
    Unavailable,
    ending,
    moment_in_words,
)

EXTRA = "formflow[notify]"
_LOGGERS = ("apprise", "urllib3.connectionpool")  # what they log holds addresses, which hold keys
# A service may drip and never end, and apprise waits for it: a thread cannot be ended.
_LEFT_TO_ITSELF = 8  # threads for each destination
_sending: defaultdict[str, list[threading.Thread]] = defaultdict(list)
_lock = threading.Lock()


class NotifySettings(ConnectorSettings):
    """Which service is told of every alert."""

    url: SecretStr = Field(
        description="The service, as apprise writes it, as env:NAME or file:PATH: it holds a key.",
    )
    timeout_seconds: float = Field(20, gt=0, le=50, description="For one message and its answer.")


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
            lines.insert(1, f"Look at it by: {moment_in_words(parcel.respond_by)}")
        again = f", revision {parcel.revision}" if parcel.revision > 1 else ""
        told = {"title": f"{now}FormFlow {parcel.reference}{again}", "body": "\n".join(lines)}
        return Prepared(parcel.key, json.dumps(told).encode())

    def deliver(self, prepared: Prepared) -> Delivered:
        """Hand the message over. Apprise says no more than yes or no, so after a no nobody knows."""
        service, told = self._service(), json.loads(prepared.body)
        answers = SimpleQueue[bool]()
        sending = threading.Thread(target=lambda: answers.put(service.notify(**told)), daemon=True)
        _begin(self.context.destination, sending)
        with contextlib.suppress(Empty):
            if answers.get(timeout=min(self.settings.timeout_seconds, self.context.seconds_left)):
                return Delivered(prepared.key, DeliveredAs.CREATED, "handed to the service")
        raise ending(Ambiguous, "FF-595")

    def _service(self) -> Any:
        """Return the service. Raise SettingsError where apprise is not installed or knows no such address."""
        try:
            import apprise
        except ImportError:
            raise ending(SettingsError, "FF-586", package=EXTRA) from None
        for name in _LOGGERS:
            logging.getLogger(name).disabled = True
        asset = apprise.AppriseAsset(app_id="FormFlow", http_redirects=False, async_mode=False)
        service = apprise.Apprise.instantiate(self.settings.url.get_secret_value(), asset=asset)
        if service is None:
            raise ending(SettingsError, "FF-591", why="apprise knows no such address")
        return service


def _begin(destination: str, sending: threading.Thread) -> None:
    """Start a thread. Raise Unavailable where many of the destination's have not ended."""
    with _lock:
        alive = [one for one in _sending[destination] if one.is_alive()]
        if len(alive) >= _LEFT_TO_ITSELF:
            raise ending(Unavailable, "FF-595")
        sending.start()
        _sending[destination] = [*alive, sending]
