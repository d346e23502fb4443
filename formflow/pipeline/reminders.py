"""Reminders: a case in which a decision, a referral or its answer is overdue comes up each working day.

A reminder is a task of the ledger, so it survives restarts. All cases that come up on a day are told of by one
message at the time that the settings say; what cannot wait is told at once, by itself. Each is sent once a day by its
key, and after an outage once and not once for each day that was missed.
"""

from __future__ import annotations

from datetime import datetime

from formflow.core.dates import local_day
from formflow.delivery import outbox
from formflow.pipeline.context import WorkContext
from formflow.rules.case.case import Case
from formflow.rules.case.overdue import is_told_alone, with_deadlines
from formflow.storage import entries, tasks
from formflow.storage.database import Connection, reading, writing
from formflow.storage.tasks import Claimed


def remind(context: WorkContext, task: Claimed, now: datetime) -> None:
    """Tell the safeguarding lead what is overdue, and come back while anything is open in the case.

    The newest paper of a case keeps all its clocks, whether it is a revision of the record or a sheet; the others
    end. A sheet that is recorded while this looks may come too late for today's reminder.
    """
    with reading(context.engine) as connection:
        entry = entries.entry(connection, task.ref_id)
        reference = entry.about or entry.reference
        is_newest = entries.reminds(connection, reference) == task.ref_id
        zone, ages = context.settings.zone, context.settings.services.assessment_ages
        case = entries.case(connection, reference, zone, ages=ages) if is_newest else None
    days = context.settings.working_days
    ends = with_deadlines(case, days, now) if case else []
    with writing(context.engine) as connection:
        if case is None or not ends:
            tasks.finish(connection, task, context.owner.name)
            return
        again, code = ends[0][1].reminds_at, "until-it-is-due"
        if again <= now:
            _tell(connection, context, case, task.ref_id, now)
            again, code = days.next_day_begins(now), entries.COMES_UP
        seconds, owner = (again - now).total_seconds(), context.owner.name
        tasks.put_back(connection, task, owner, after_seconds=seconds, code=code)


def _tell(
    connection: Connection, context: WorkContext, case: Case, entry_id: int, now: datetime
) -> None:
    """Tell at once, and of this case alone, what cannot wait; of all others together, on days that are open."""
    told, settings = context.destinations, context.settings
    if is_told_alone(case):
        outbox.remind(connection, told, settings, case, entry_id, now)
    elif settings.working_days.is_open(local_day(now, settings.zone)):
        outbox.remind_together(connection, told, settings, now)
