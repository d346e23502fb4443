"""Alerts about FormFlow itself: that its ledger is older than its destinations, that a file is in the way.

Such an alert belongs to no record. It goes the way of every other alert, waits in `formflow status` until
somebody has seen it, and is told once while it waits.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from formflow.core.messages import notice
from formflow.delivery import parcels
from formflow.delivery.context import DeliveryContext
from formflow.delivery.outbox import post, taking
from formflow.sdk.contract import Operation
from formflow.storage import counters


@dataclass(frozen=True, slots=True)
class OwnAlert:
    """One alert about FormFlow itself that nobody has seen yet."""

    reference: str
    code: str
    text: str
    since: datetime


def tell(
    connection: Connection,
    context: DeliveryContext,
    code: str,
    words: Mapping[str, str],
    now: datetime,
) -> None:
    """Tell every destination for alerts, in the caller's transaction, unless just this waits already."""
    said = json.dumps(dict(words), sort_keys=True)
    if connection.execute(_WAITS, {"code": code, "words": said}).first() is not None:
        return
    number = counters.next_of(connection, "own-alert")
    reference = f"LEDGER-{counters.epoch(connection)}-{number:06d}"
    row = {"reference": reference, "code": code, "words": said, "at": now.isoformat()}
    connection.execute(_ADD, row)
    about = notice(code, words=words)
    for name, connector in taking(Operation.ALERT, context.destinations):
        if name not in context.settings.told_later:
            able = connector.capabilities
            made = parcels.own_alert(reference, about, context.settings, name, able, now)
            post(connection, connector, None, name, made, own_alert=reference)


def tell_of_refused(
    connection: Connection, context: DeliveryContext, parcel_id: int, why: str, now: datetime
) -> None:
    """Tell that a parcel was held because another's file is in its way."""
    held = connection.execute(_HELD, {"id": parcel_id}).one()
    words = {"reference": held.reference, "destination": held.destination, "why": why}
    tell(connection, context, "FF-421", words, now)


def waiting(connection: Connection) -> Iterator[OwnAlert]:
    """Yield what nobody has seen yet, oldest first."""
    for row in connection.execute(_WAITING):
        told = notice(row.code, words=json.loads(row.words)).text
        yield OwnAlert(row.reference, row.code, told, datetime.fromisoformat(row.told_at))


_ADD = text(
    "INSERT INTO own_alert (reference, code, words, told_at) VALUES (:reference, :code, :words, :at)"
)
_WAITS = text(
    "SELECT 1 FROM own_alert WHERE code = :code AND words = :words AND acknowledged_at IS NULL"
)
_WAITING = text(
    "SELECT reference, code, words, told_at FROM own_alert WHERE acknowledged_at IS NULL"
    " ORDER BY told_at"
)
_HELD = text(
    "SELECT entry.reference, parcel.destination FROM parcel JOIN entry ON entry.id = parcel.entry_id"
    " WHERE parcel.id = :id"
)
