"""Webhook for records: a signed HTTPS message for every record and sheet, filled by a field map.

The other system must keep the number of each message and take none twice: IT says so in the settings.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from pydantic import Field

from formflow.sdk import (
    BaseConnector,
    Capabilities,
    CheckReport,
    DataClass,
    Delivered,
    DeliveredAs,
    FieldMap,
    Operation,
    Prepared,
    RecordParcel,
    RepeatSafe,
    Value,
    row_reference,
)
from formflow_connectors.webhook import message
from formflow_connectors.webhook_post import Post, PostSettings

_RECORD, _RECORDED = "record", "recorded"  # headers


class WebhookRecordSettings(PostSettings):
    """Which address gets a message for every record, and what is in it."""

    columns: FieldMap = Field(
        description="The names of the values in a message, and how each is filled.",
        examples=[{"day": "{incident_day}", "level": "{level}"}],
    )
    receiver_keeps_ids: Literal[True] = Field(
        description="Say true once the other system keeps each webhook-id and takes none twice.",
        examples=[True],
    )


class WebhookRecord(BaseConnector[WebhookRecordSettings]):
    """Sends a message for every record and every sheet about it."""

    kind = "webhook_record"
    api_version = 2
    Settings = WebhookRecordSettings
    capabilities = Capabilities(
        repeat_safe=RepeatSafe.KEY,
        operations=frozenset({Operation.RECORD}),
        carries=DataClass.FULL,
    )

    def check(self) -> CheckReport:
        """Say whether the address can be reached. Nothing is sent."""
        return Post(self.settings, self.context).check()

    def prepare(self, parcel: RecordParcel) -> Prepared:
        """Return the message. What is not known is left out, so that it replaces nothing."""
        record = row_reference(parcel.reference, parcel.revision, "update")
        row = self.settings.columns.row(parcel)
        data = {
            "record": record,
            "reference": parcel.reference,
            "revision": parcel.revision,
            "row": {name: _plain(value) for name, value in row.items() if value is not None},
        }
        told = {_RECORD: record, _RECORDED: parcel.recorded_at.isoformat()}
        return Prepared(parcel.key, message("formflow.record", parcel, data), told)

    def deliver(self, prepared: Prepared) -> Delivered:
        """Send the message, unless the other system has a later one of the same record."""
        newest = self.context.filed_last(prepared.headers[_RECORD])
        if newest is not None and newest > datetime.fromisoformat(prepared.headers[_RECORDED]):
            return Delivered(prepared.key, DeliveredAs.ALREADY_THERE, "a later message has gone")
        return Post(self.settings, self.context).deliver(prepared)


def _plain(value: Value) -> str | int | None:
    """Return a value as JSON has it; days and moments as “2026-11-14” and “2026-11-23T18:02:00”."""
    return value.isoformat() if isinstance(value, date) else value
