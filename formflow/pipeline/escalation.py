"""Escalation: an alert that nobody has acknowledged goes to the next destination of the ladder, each once.

The ladder is made of destinations that have `alerts_after_hours`. Like a reminder, escalation is a task of
the ledger: it survives restarts, and after an outage each destination is told once.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from formflow.core.model import Entry
from formflow.core.settings import Settings
from formflow.delivery import outbox
from formflow.pipeline.context import WorkContext
from formflow.storage import acknowledgements, entries, tasks
from formflow.storage.database import writing
from formflow.storage.tasks import Claimed


def escalate(context: WorkContext, task: Claimed, now: datetime) -> None:
    """Tell every destination whose time has come, and come back for the next one."""
    with writing(context.engine) as connection:
        entry = entries.entry(connection, task.ref_id)
        ends = _ends(context.settings, entry)
        if acknowledgements.is_acknowledged(connection, task.ref_id):
            ends = {}
        for name in (name for name, end in ends.items() if end <= now):
            outbox.escalate(connection, entry, task.ref_id, name)
        later = [end for end in ends.values() if end > now]
        if not later:
            tasks.finish(connection, task, context.owner.name)
            return
        seconds = (min(later) - now).total_seconds()
        owner = context.owner.name
        tasks.put_back(connection, task, owner, after_seconds=seconds, code="until-nobody-looked")


def _ends(settings: Settings, entry: Entry) -> Mapping[str, datetime]:
    """Return when each destination of the ladder is told, if nobody acknowledges before."""
    return {
        one.name: entry.recorded_at + timedelta(hours=one.alerts_after_hours)
        for one in settings.destination
        if one.alerts_after_hours
    }
