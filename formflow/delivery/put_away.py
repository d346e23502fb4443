"""Alerts that a decision has ended, or a newer alert replaced, are put away at their destination: nobody has to move them."""

from __future__ import annotations

import logging
from functools import partial

from formflow.core.events import Event
from formflow.delivery.acknowledgements import ASK_SECONDS
from formflow.delivery.context import DeliveryContext
from formflow.sdk.contract import PutsAway
from formflow.storage.acknowledgements import ended_alerts, replaced_alerts
from formflow.storage.database import reading

log = logging.getLogger("formflow")


def put_away(context: DeliveryContext) -> None:
    """Let every destination put away the alerts that lie there and were acknowledged otherwise, or replaced.

    One that does not answer, or cannot, is asked again at the next turn.
    """
    for name, connector in context.destinations.items():
        if context.stopping.is_set() or not isinstance(connector, PutsAway):
            continue
        if name in context.lanes.busy():
            continue
        try:
            context.lanes.ask(name, partial(_put_away, context, name, connector), ASK_SECONDS)
        except Exception as problem:  # noqa: BLE001 - asked again at the next turn
            log.warning(Event("not asked", destination=name, said=type(problem).__name__))


def _put_away(context: DeliveryContext, name: str, connector: PutsAway) -> None:
    lying = connector.alerts_there()
    if not lying:
        return
    with reading(context.engine) as connection:
        ended = ended_alerts(connection, name, lying) | replaced_alerts(connection, name, lying)
    if ended:
        connector.put_away(ended)
