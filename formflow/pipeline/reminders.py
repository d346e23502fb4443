"""Reminders: a case in which a decision, a referral or its answer is overdue comes up each working day.

A reminder is a task of the ledger, so it survives restarts, is sent once a day by its key, and after an
outage comes once and not once for each day that was missed.
"""

from __future__ import annotations

from datetime import datetime

from formflow.core.dates import local_day
from formflow.delivery import outbox
from formflow.pipeline.context import WorkContext
from formflow.rules.case.case import Case, open_steps
from formflow.rules.case.clocks import deadline
from formflow.storage import entries, tasks
from formflow.storage.database import reading, writing
from formflow.storage.tasks import Claimed


def remind(context: WorkContext, task: Claimed, now: datetime) -> None:
    """Tell the safeguarding lead what is overdue in a case, and come back while anything is open.

    The newest paper of a case keeps all its clocks, whether it is a revision of the record or a sheet; the others
    end. A sheet that is recorded while this looks may come too late for today's reminder.
    """
    with reading(context.engine) as connection:
        entry = entries.entry(connection, task.ref_id)
        reference = entry.about or entry.reference
        is_newest = entries.reminds(connection, reference) == task.ref_id
        zone, ages = context.settings.zone, context.settings.services.assessment_ages
        case = entries.case(connection, reference, zone, ages=ages) if is_newest else None
    ends = _reminders(context, case, now) if case else []
    with writing(context.engine) as connection:
        if case is None or not ends:
            tasks.finish(connection, task, context.owner.name)
            return
        again = min(ends)
        if again <= now:
            outbox.remind(
                connection, context.destinations, context.settings, case, task.ref_id, now
            )
            again = context.settings.working_days.next_day_ends(now)
        seconds, owner = (again - now).total_seconds(), context.owner.name
        tasks.put_back(connection, task, owner, after_seconds=seconds, code="until-it-is-due")


def _reminders(context: WorkContext, case: Case, now: datetime) -> list[datetime]:
    """Return from when a case comes up for each of its open steps."""
    days = context.settings.working_days
    ends = (deadline(step, case, days) for step in open_steps(case, local_day(now, days.zone)))
    return [end.reminds_at for end in ends if end is not None]
