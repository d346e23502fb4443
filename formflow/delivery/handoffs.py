"""What a person files by hand in a system without a way in: each delivery waits for that, and ends with a receipt."""

from __future__ import annotations

import logging
from datetime import datetime

from formflow.core.events import Event
from formflow.core.references import at_revision
from formflow.delivery.acknowledgements import acknowledged
from formflow.delivery.context import DeliveryContext
from formflow.sdk.contract import FiledByHand
from formflow.storage import handoffs as kept
from formflow.storage import tasks
from formflow.storage.database import Connection, reading, writing
from formflow.storage.schema import TaskKind
from formflow.storage.tasks import Claimed

log = logging.getLogger("formflow")


def begin(
    connection: Connection, context: DeliveryContext, delivered: Claimed, now: datetime
) -> None:
    """Note, in the caller's transaction, that a person is to file what was delivered, where that is so."""
    connector = context.destinations.get(delivered.lane)
    if isinstance(connector, FiledByHand):
        days = context.settings.working_days
        due = days.hours_later(now, connector.file_within_hours).timestamp()
        priority = tasks.PRIORITY_ALERT
        tasks.add(connection, TaskKind.FILE, delivered.ref_id, priority=priority, due=due)


def collect(context: DeliveryContext, now: datetime) -> int:
    """Ask the destinations what has been filed, and end that. Return how many records or sheets were."""
    count = 0
    for name, connector in context.destinations.items():
        if context.stopping.is_set() or not isinstance(connector, FiledByHand):
            continue
        with reading(context.engine) as connection:
            waiting = kept.waiting(connection, name)
        for key in acknowledged(context, name, connector, waiting):
            subject = at_revision(*waiting[key])
            with writing(context.engine) as connection:
                count += kept.end(connection, context.trail, key, name, now)
            log.info(Event("filed by hand", reference=subject, destination=name))
    return count
