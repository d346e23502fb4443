"""What every destination gets, put on the list with what was recorded. Rows only: nothing is drawn here."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime

from formflow.core.clock import clock
from formflow.core.dates import local_day
from formflow.core.model import Entry, Light, StateChange
from formflow.core.settings import Settings
from formflow.delivery import parcels
from formflow.forms.catalogue import Form
from formflow.rules.case.case import Case
from formflow.sdk.contract import Connector, Operation
from formflow.storage import parcels as kept
from formflow.storage import tasks
from formflow.storage.database import Connection
from formflow.storage.parcels import Cause, Posted
from formflow.storage.schema import TaskKind

_PRIORITIES = {
    Operation.ALERT: tasks.PRIORITY_ALERT,
    Operation.RECEIPT: tasks.PRIORITY_RECEIPT,
    Operation.RETURN: tasks.PRIORITY_RECEIPT,
    Operation.RECORD: tasks.PRIORITY_RECORD,
    Operation.DECIDE: tasks.PRIORITY_RECORD,
}


def taking(
    operation: Operation, destinations: Mapping[str, Connector], settings: Settings
) -> Iterator[str]:
    """Yield the destinations that take an operation. Who is told of alerts later is left out."""
    for name, connector in destinations.items():
        is_later = operation is Operation.ALERT and name in settings.told_later
        if operation in connector.capabilities.operations and not is_later:
            yield name


def send(
    connection: Connection,
    destinations: Mapping[str, Connector],
    settings: Settings,
    entry: Entry,
    form: Form | None,
    entry_id: int,
    came_from: str = "",
) -> None:
    """Send every destination what it gets of an entry, in the caller's transaction.

    `came_from` is the watched folder in which its paper was dropped last, "" for none: it comes back to that team.
    """
    for operation in parcels.operations(entry, form):
        for name in taking(operation, destinations, settings):
            if operation is Operation.RETURN and not settings.returns.goes_to(name, came_from):
                continue
            key = parcels.parcel_key(entry.identity, name, operation)
            posted = Posted(key, name, operation, Cause.ENTRY, entry_id)
            _post(connection, posted, priority=_priority(operation, entry))


def file_again(connection: Connection, name: str, entry: Entry, entry_id: int, folder: str) -> int:
    """Send a destination a record again that waited there for its child's folder, once for each folder.

    Return how many deliveries that makes, in the caller's transaction.
    """
    key = parcels.parcel_key(f"{entry.identity}|{folder}", name, Operation.RECORD)
    posted = Posted(key, name, Operation.RECORD, Cause.ENTRY, entry_id)
    if kept.is_there(connection, key):
        return 0
    _post(connection, posted, priority=_priority(Operation.RECORD, entry))
    return 1


def send_again(
    connection: Connection,
    destinations: Mapping[str, Connector],
    settings: Settings,
    operation: Operation,
    entry: Entry,
    entry_id: int,
    arrival_id: int,
    at: datetime,
) -> None:
    """Say by one operation that the paper of an entry came again, in the caller's transaction."""
    for name in taking(operation, destinations, settings):
        key = parcels.key_again(entry, name, arrival_id, at)
        posted = Posted(key, name, operation, Cause.AGAIN, entry_id, arrival_id=arrival_id)
        _post(connection, posted, priority=_priority(operation, entry))


def change(
    connection: Connection,
    destinations: Mapping[str, Connector],
    settings: Settings,
    names: Collection[str],
    entry: Entry,
    changed: StateChange,
) -> None:
    """Send what has become of a case, by its newest entry, in the caller's transaction: to whom it is decided at, and some.

    `names` are the destinations that keep a row of it.
    """
    for operation in (Operation.RECORD, Operation.DECIDE):
        for name in taking(operation, destinations, settings):
            if operation is Operation.DECIDE or name in names:
                key = parcels.change_key(entry, name, operation, changed)
                entry_id, at = changed.after_entry, changed.at
                posted = Posted(key, name, operation, Cause.CHANGE, entry_id, moment=at)
                _post_once(connection, posted, priority=tasks.PRIORITY_RECORD)


def escalate(connection: Connection, entry: Entry, entry_id: int, name: str) -> None:
    """Send a destination of the ladder the alert about an entry, once, in the caller's transaction."""
    key = parcels.parcel_key(entry.identity, name, Operation.ALERT)
    posted = Posted(key, name, Operation.ALERT, Cause.ESCALATION, entry_id)
    _post_once(connection, posted, priority=_priority(Operation.ALERT, entry))


def remind(
    connection: Connection,
    destinations: Mapping[str, Connector],
    settings: Settings,
    case: Case,
    entry_id: int,
    now: datetime,
) -> None:
    """Send a reminder of a case that cannot wait, once a day, in the caller's transaction."""
    for name in taking(Operation.ALERT, destinations, settings):
        key = parcels.reminder_key(case, name, settings, now)
        posted = Posted(key, name, Operation.ALERT, Cause.REMINDER, entry_id, moment=now)
        _post_once(connection, posted, priority=tasks.PRIORITY_NOW)


def remind_together(
    connection: Connection,
    destinations: Mapping[str, Connector],
    settings: Settings,
    now: datetime,
) -> None:
    """Send, once a day at its time, one message about all that is overdue, in the caller's transaction."""
    day = local_day(now, settings.zone)
    at = max(settings.overdue_told_at(day), now)
    for name in taking(Operation.ALERT, destinations, settings):
        key = parcels.overdue_key(name, day)
        posted = Posted(key, name, Operation.ALERT, Cause.OVERDUE, moment=at)
        due = clock.seconds() + (at - now).total_seconds()
        _post_once(connection, posted, priority=tasks.PRIORITY_ALERT, due=due)


def tell(
    connection: Connection,
    destinations: Mapping[str, Connector],
    settings: Settings,
    reference: str,
    now: datetime,
    *,
    due: float = 0,
) -> None:
    """Send an alert about FormFlow itself, in the caller's transaction; `due` in seconds since 1970."""
    for name in taking(Operation.ALERT, destinations, settings):
        key = parcels.own_key(reference, name, now)
        posted = Posted(key, name, Operation.ALERT, Cause.OWN, own_alert=reference)
        _post(connection, posted, priority=tasks.PRIORITY_ALERT, due=due)


def _post(connection: Connection, posted: Posted, *, priority: int, due: float = 0) -> None:
    number, lane = kept.add(connection, posted), posted.destination
    tasks.add(connection, TaskKind.DELIVER, number, priority=priority, lane=lane, due=due)


def _post_once(connection: Connection, posted: Posted, *, priority: int, due: float = 0) -> None:
    """Post a parcel unless one with its key is there, delivered or not."""
    if not kept.is_there(connection, posted.key):
        _post(connection, posted, priority=priority, due=due)


def _priority(operation: Operation, entry: Entry) -> int:
    """Return how soon a parcel goes: alerts that cannot wait, and red ones, go before everything else."""
    is_now = operation is Operation.ALERT and (entry.urgent or entry.highest_light is Light.RED)
    return tasks.PRIORITY_NOW if is_now else _PRIORITIES[operation]
