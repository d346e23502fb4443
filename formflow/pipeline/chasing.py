"""Chasing: what nobody has filed by hand in time is told, once for each destination while nobody has seen that."""

from __future__ import annotations

from datetime import datetime

from formflow.delivery import own_alerts
from formflow.pipeline.context import WorkContext
from formflow.sdk.contract import FiledByHand
from formflow.storage import parcels, tasks
from formflow.storage.database import writing
from formflow.storage.tasks import Claimed

NOT_FILED = "FF-566"


def chase(context: WorkContext, task: Claimed, now: datetime) -> None:
    """Tell the safeguarding lead that something is still to be filed, and come back each working day."""
    again = context.settings.working_days.next_day_begins(now)
    with writing(context.engine) as connection:
        told = parcels.told_of(connection, task.ref_id)
        connector = context.destinations.get(told[1]) if told else None
        if told is None or connector is None:  # nobody files there any more
            tasks.finish(connection, task, context.owner.name)
            return
        if isinstance(connector, FiledByHand) and connector.file_within_hours:
            words = {"destination": told[1]}
            own_alerts.tell(connection, context, NOT_FILED, words, now)
        seconds, owner = (again - now).total_seconds(), context.owner.name
        tasks.put_back(connection, task, owner, after_seconds=seconds, code="until-it-is-filed")
