"""Somebody has seen an alert: the only end of an alert that counts."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime
from functools import partial

from sqlalchemy import Connection, Engine, text

from formflow.delivery import calls
from formflow.delivery.context import DeliveryContext
from formflow.delivery.dispatcher import note_answer
from formflow.sdk.contract import AcknowledgedByHand
from formflow.storage.database import reading, writing

log = logging.getLogger("formflow")
Waiting = Mapping[str, tuple[str, int]]  # key of an alert -> reference and revision

ASK_SECONDS = 5.0  # how long a turn waits for a destination's answer


def acknowledge(engine: Engine, reference: str, by: str, now: datetime) -> int:
    """Note that every revision of a record has been seen. Return how many were waiting for it."""
    with writing(engine) as connection:
        values = {"reference": reference, "by": by, "at": now.isoformat()}
        changed = connection.execute(_ACKNOWLEDGE, values).rowcount
        own = connection.execute(_ACKNOWLEDGE_OWN, values).rowcount
    return int(changed + own)


def collect(context: DeliveryContext, now: datetime) -> int:
    """Ask every destination what has been acknowledged by hand there. Return how many were new."""
    count = 0
    for name, connector in context.destinations.items():
        if not isinstance(connector, AcknowledgedByHand):
            continue
        with reading(context.engine) as connection:
            rows = connection.execute(_WAITING, {"destination": name})
            waiting = {row.key: (row.reference, row.revision) for row in rows}
        for key in _seen(context, name, connector, waiting):
            reference, revision = waiting[key]
            by = f"moved to Seen in {name}"
            with writing(context.engine) as connection:
                count += acknowledge_up_to(connection, reference, revision, by, now)
    return count


def _seen(
    context: DeliveryContext, name: str, connector: AcknowledgedByHand, waiting: Waiting
) -> set[str]:
    if not waiting or name in context.lanes.busy():
        return set()
    try:
        question = partial(_asked, context, name, connector, waiting)
        return context.lanes.ask(name, question, ASK_SECONDS)
    except Exception as problem:  # noqa: BLE001 - asked again at the next turn
        log.warning("destination %s was not asked: %s", name, type(problem).__name__)
        return set()


def _asked(
    context: DeliveryContext, name: str, connector: AcknowledgedByHand, waiting: Waiting
) -> set[str]:
    """Ask a destination, in its lane. One that had been given up meanwhile is noted as answering again."""
    seen = calls.acknowledged(connector, waiting)
    if context.lanes.is_stuck(name) and not context.lanes.is_closed:
        with writing(context.engine) as connection:
            note_answer(connection, name)
    return seen


def acknowledge_up_to(
    connection: Connection, reference: str, revision: int, by: str, now: datetime
) -> int:
    """Note that a revision has been seen, and with it those before; a later one is news.

    Return how many were waiting for it.
    """
    values = {"reference": reference, "revision": revision, "by": by, "at": now.isoformat()}
    changed = connection.execute(_ACKNOWLEDGE_REVISION, values).rowcount
    own = connection.execute(_ACKNOWLEDGE_OWN, values).rowcount
    return int(changed + own)


# By key: a page of the same name may tell of another record, from before a backup was put back.
_WAITING = text(
    "SELECT parcel.key, entry.reference, entry.revision FROM entry"
    " JOIN parcel ON parcel.entry_id = entry.id WHERE entry.acknowledged_at IS NULL"
    " AND parcel.destination = :destination AND parcel.operation = 'alert'"
    " UNION ALL SELECT parcel.key, own_alert.reference, 1 FROM own_alert"
    " JOIN parcel ON parcel.own_alert = own_alert.reference"
    " WHERE own_alert.acknowledged_at IS NULL AND parcel.destination = :destination"
)
_ACKNOWLEDGE = text(
    "UPDATE entry SET acknowledged_at = :at, acknowledged_by = :by"
    " WHERE reference = :reference AND acknowledged_at IS NULL"
)
_ACKNOWLEDGE_OWN = text(
    "UPDATE own_alert SET acknowledged_at = :at, acknowledged_by = :by"
    " WHERE reference = :reference AND acknowledged_at IS NULL"
)
_ACKNOWLEDGE_REVISION = text(
    "UPDATE entry SET acknowledged_at = :at, acknowledged_by = :by"
    " WHERE reference = :reference AND revision <= :revision AND acknowledged_at IS NULL"
)
