"""Alerts about FormFlow itself: that its ledger is older than its destinations, that a file is in the way.

Such an alert belongs to no record. It goes the way of every other alert, waits in `formflow status` until
somebody has seen it, and is told once while it waits.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from formflow.core.dates import local_day
from formflow.core.messages import notice
from formflow.core.settings import Settings
from formflow.core.wording import day_in_words
from formflow.delivery import outbox
from formflow.delivery.calls import CHANGED
from formflow.delivery.context import DeliveryContext
from formflow.sdk.contract import Connector
from formflow.storage import own_alerts as kept
from formflow.storage import parcels as kept_parcels
from formflow.storage.audit_trail import AuditEvent, Happened, Trail
from formflow.storage.database import Connection


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
    tell_all(connection, context.destinations, context.settings, context.trail, code, words, now)


def tell_today(
    connection: Connection,
    context: DeliveryContext,
    code: str,
    words: Mapping[str, str],
    now: datetime,
) -> None:
    """Tell, in the caller's transaction, unless just this was told today, whether somebody has seen it or not."""
    said = {**words, "day": day_in_words(local_day(now, context.settings.zone))}
    if not kept.was_told(connection, code, said):
        tell(connection, context, code, said, now)


def tell_all(
    connection: Connection,
    destinations: Mapping[str, Connector],
    settings: Settings,
    trail: Trail,
    code: str,
    words: Mapping[str, str],
    now: datetime,
) -> None:
    """Do what `tell` does, before there is a context."""
    reference = kept.add(connection, code, words, now)
    if reference is None:
        return
    trail.note(connection, now, Happened(AuditEvent.TOLD, reference, detail=code))
    outbox.tell(connection, destinations, settings, reference, now)


def tell_of_refused(
    connection: Connection, context: DeliveryContext, parcel_id: int, why: str, now: datetime
) -> None:
    """Tell that a parcel was held because another's file is in its way."""
    if about := _about_held(connection, parcel_id):
        tell(connection, context, "FF-421", about | {"why": why}, now)


def tell_of_undrawn(
    connection: Connection, context: DeliveryContext, parcel_id: int, now: datetime
) -> None:
    """Tell that a parcel was held because it could not be drawn."""
    if about := _about_held(connection, parcel_id):
        tell(connection, context, "FF-423", about, now)


def tell_of_changed(
    connection: Connection, context: DeliveryContext, parcel_id: int, now: datetime
) -> None:
    """Tell, once a day, that a parcel waits because its original is not as it was kept."""
    if about := _about_held(connection, parcel_id):
        tell_today(connection, context, CHANGED, about, now)


def tell_of_place(
    connection: Connection, context: DeliveryContext, destination: str, now: datetime
) -> None:
    """Tell that nothing is written to a destination, because its folder or register is not the one it was."""
    tell(connection, context, "FF-472", {"destination": destination}, now)


def _about_held(connection: Connection, parcel_id: int) -> dict[str, str]:
    """Return what a parcel is about, nothing where it tells of FormFlow itself: that would have no end."""
    held = kept_parcels.told_of(connection, parcel_id)
    return {"reference": held[0], "destination": held[1]} if held is not None else {}


def waiting(connection: Connection) -> Iterator[OwnAlert]:
    """Yield what nobody has seen yet, oldest first."""
    for told in kept.unseen(connection):
        text = notice(told.code, words=told.words).text
        yield OwnAlert(told.reference, told.code, text, told.since)
