"""Parcels into the ledger: rendered once, inside the recording transaction, and delivered from there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from formflow.delivery import calls, parcels
from formflow.documents.as_read import as_read
from formflow.documents.decision_pack import ToDecide
from formflow.sdk.contract import Connector, Operation, Parcel
from formflow.storage import parcels as kept
from formflow.storage import tasks
from formflow.storage.database import Connection
from formflow.storage.schema import TaskKind

_PRIORITIES = {
    Operation.ALERT: tasks.PRIORITY_ALERT,
    Operation.RECEIPT: tasks.PRIORITY_RECEIPT,
    Operation.RETURN: tasks.PRIORITY_RECEIPT,
    Operation.RECORD: tasks.PRIORITY_RECORD,
    Operation.DECIDE: tasks.PRIORITY_RECORD,
}

FOR_THE_OFFICE = (Operation.RECEIPT, Operation.RETURN)


def taking(
    operation: Operation, destinations: Mapping[str, Connector]
) -> Iterator[tuple[str, Connector]]:
    """Yield the destinations that take an operation, by name."""
    for name, connector in destinations.items():
        if operation in connector.capabilities.operations:
            yield name, connector


def send(
    connection: Connection,
    destinations: Mapping[str, Connector],
    occasion: parcels.Occasion,
    entry_id: int,
) -> None:
    """Send every destination what it gets of an entry, in the caller's transaction."""
    settings = occasion.settings
    sheet = _as_read(destinations, occasion)
    for name, connector in destinations.items():
        for operation in parcels.operations(occasion, connector.capabilities):
            if operation is Operation.ALERT and name in settings.told_later:
                continue  # escalation.py tells it when nobody acknowledges
            seen = occasion.for_the_office if operation in FOR_THE_OFFICE else occasion
            made = parcels.parcel(seen, name, operation, connector.capabilities, sheet)
            post(connection, connector, entry_id, name, made)


def send_receipt(
    connection: Connection,
    destinations: Mapping[str, Connector],
    occasion: parcels.Occasion,
    entry_id: int,
    arrival_id: int,
    at: datetime,
    page: str,
) -> None:
    """Send the receipt for a paper that came again, in the caller's transaction."""
    for name, connector in taking(Operation.RECEIPT, destinations):
        made = parcels.repeat_parcel(occasion, name, arrival_id, at, page)
        post(connection, connector, entry_id, name, made)


def send_page(
    connection: Connection,
    destinations: Mapping[str, Connector],
    occasion: parcels.Occasion,
    to_decide: ToDecide,
    entry_id: int,
    arrival_id: int,
    at: datetime,
) -> None:
    """Send the page of a case for a sheet that came again, in the caller's transaction."""
    for name, connector in taking(Operation.DECIDE, destinations):
        able = connector.capabilities
        made = parcels.repeat_page(occasion, to_decide, name, able, arrival_id, at)
        post(connection, connector, entry_id, name, made)


def send_alert_again(
    connection: Connection,
    destinations: Mapping[str, Connector],
    occasion: parcels.Occasion,
    entry_id: int,
    arrival_id: int,
    at: datetime,
) -> None:
    """Send the alert for an unusable file that came again, in the caller's transaction."""
    for name, connector in taking(Operation.ALERT, destinations):
        if name not in occasion.settings.told_later:
            made = parcels.alert_again(occasion, name, connector.capabilities, arrival_id, at)
            post(connection, connector, entry_id, name, made)


def post(
    connection: Connection,
    connector: Connector,
    entry_id: int | None,
    destination: str,
    made: Parcel,
    *,
    own_alert: str | None = None,
) -> None:
    """Render one parcel and put it on the list. What cannot be rendered holds that parcel alone.

    It belongs to an entry, or to an alert about FormFlow itself.
    """
    try:
        prepared = calls.prepare(connector, made)
    except (Exception, SystemExit, GeneratorExit):  # noqa: BLE001 - a connector's mistake must not cost the record
        prepared = None
    rendered = kept.Rendered(
        made.key,
        prepared.body if prepared else None,
        prepared.headers if prepared else {},
        prepared.original_sha256 if prepared else None,
    )
    parcel_id = kept.add(
        connection,
        rendered,
        destination=destination,
        operation=made.operation,
        entry_id=entry_id,
        own_alert=own_alert,
    )
    tasks.add(
        connection,
        TaskKind.DELIVER,
        parcel_id,
        priority=tasks.PRIORITY_NOW if made.urgent else _PRIORITIES[made.operation],
        lane=destination,
    )


def post_once(
    connection: Connection,
    connector: Connector,
    entry_id: int,
    destination: str,
    made: Parcel,
) -> None:
    """Put a parcel on the list unless one with its key stands there, delivered or not."""
    if not kept.is_there(connection, made.key):
        post(connection, connector, entry_id, destination, made)


def _as_read(destinations: Mapping[str, Connector], occasion: parcels.Occasion) -> bytes:
    if not any(one.capabilities.wants_as_read for one in destinations.values()):
        return b""
    return as_read(occasion.form, occasion.entry, occasion.settings.zone)
