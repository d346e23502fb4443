"""Webhook: a signed HTTPS message for every alert. That a form needs somebody, by when, and where to look; no name, ever.

Nobody can ask another system what it has, so a broken connection may bring one twice, with the same number.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from formflow.sdk import (
    AlertNotice,
    BaseConnector,
    Capabilities,
    CheckReport,
    DataClass,
    Delivered,
    Operation,
    Parcel,
    Prepared,
    RepeatSafe,
)
from formflow_connectors.webhook_post import Post, PostSettings


class WebhookSettings(PostSettings):
    """Which address gets a message for every alert, without names."""


class Webhook(BaseConnector[WebhookSettings]):
    """Sends a message for every alert."""

    kind = "webhook"
    api_version = 2
    Settings = WebhookSettings
    capabilities = Capabilities(
        repeat_safe=RepeatSafe.NONE,
        operations=frozenset({Operation.ALERT}),
        carries=DataClass.NOTICE,
    )

    def check(self) -> CheckReport:
        """Say whether the address can be reached. Nothing is sent."""
        return Post(self.settings, self.context).check()

    def prepare(self, parcel: AlertNotice) -> Prepared:
        """Return the message."""
        by = parcel.respond_by
        data = {
            "reference": parcel.reference,
            "revision": parcel.revision,
            "headline": parcel.headline,
            "where_to_look": parcel.where_to_look,
            "respond_by": by.isoformat() if by else None,
            "urgent": parcel.urgent,
            "reminder": parcel.is_reminder,
            "about_formflow": parcel.is_own,
        }
        return Prepared(parcel.key, message("formflow.alert", parcel, data))

    def deliver(self, prepared: Prepared) -> Delivered:
        """Send the message; return when the other system has taken it."""
        return Post(self.settings, self.context).deliver(prepared)


def message(kind: str, parcel: Parcel, data: Mapping[str, object]) -> bytes:
    """Return a message as the standard has it: what it is, since when it is so, and the data."""
    told = {"type": kind, "timestamp": parcel.recorded_at.isoformat(), "data": data}
    return json.dumps(told, ensure_ascii=False).encode()
