"""Somebody has seen an alert: the only end of an alert that counts."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime
from functools import partial

from formflow.core.events import Event
from formflow.core.references import at_revision
from formflow.delivery import calls
from formflow.delivery.context import DeliveryContext
from formflow.sdk.contract import AcknowledgedByHand, PutsAway
from formflow.storage import silences
from formflow.storage.acknowledgements import (
    BY_HAND,
    acknowledge_up_to,
    replaced_alerts,
    unseen_alerts,
)
from formflow.storage.database import reading, writing

log = logging.getLogger("formflow")
Waiting = Mapping[str, tuple[str, int]]  # key of an alert -> reference and revision

ASK_SECONDS = 5.0  # how long a turn waits for a destination's answer


def collect(context: DeliveryContext, now: datetime) -> int:
    """Ask every destination what has been acknowledged by hand there. Return how many were new."""
    count = 0
    for name, connector in context.destinations.items():
        if context.stopping.is_set() or not isinstance(connector, AcknowledgedByHand):
            continue
        with reading(context.engine) as connection:
            waiting = unseen_alerts(connection, name)
            if waiting and isinstance(connector, PutsAway):  # replaced: moved by us, not by her
                replaced = replaced_alerts(connection, name, set(waiting.values()))
                waiting = {key: one for key, one in waiting.items() if key not in replaced}
        for key in acknowledged(context, name, connector, waiting):
            reference, revision = waiting[key]
            by = f"{BY_HAND} in {name}"
            with writing(context.engine) as connection:
                count += acknowledge_up_to(connection, context.trail, reference, revision, by, now)
            subject = at_revision(reference, revision)
            log.info(Event("acknowledged", reference=subject, destination=name))
    return count


def acknowledged(
    context: DeliveryContext, name: str, connector: AcknowledgedByHand, waiting: Waiting
) -> set[str]:
    """Return the keys that have been acknowledged at a destination, of those that wait for it."""
    if not waiting or name in context.lanes.busy():
        return set()
    try:
        question = partial(_asked, context, name, connector, waiting)
        return context.lanes.ask(name, question, ASK_SECONDS)
    except Exception as problem:  # noqa: BLE001 - asked again at the next turn
        log.warning(Event("not asked", destination=name, said=type(problem).__name__))
        return set()


def _asked(
    context: DeliveryContext, name: str, connector: AcknowledgedByHand, waiting: Waiting
) -> set[str]:
    """Ask a destination, in its lane. One that had been given up meanwhile is noted as answering again."""
    seen = calls.acknowledged(connector, waiting)
    if context.lanes.is_stuck(name) and not context.lanes.is_closed:
        with writing(context.engine) as connection:
            silences.end(connection, name)
    return seen
