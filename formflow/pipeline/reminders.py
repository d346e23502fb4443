"""Reminders: a case in which a decision, a referral or its answer is overdue comes up each working day.

A reminder is a task of the ledger, so it survives restarts, is sent once a day by its key, and after an
outage comes once and not once for each day that was missed.
"""

from __future__ import annotations

from datetime import datetime

from formflow.core.dates import local_day
from formflow.core.model import Entry
from formflow.delivery import parcels
from formflow.delivery.outbox import post_once, taking
from formflow.documents.decision_pack import ToDecide
from formflow.pipeline.context import WorkContext
from formflow.rules.case.case import Case, deadline, open_steps
from formflow.sdk.contract import Operation
from formflow.storage import entries, tasks
from formflow.storage.database import Connection, writing
from formflow.storage.tasks import Claimed


def remind(context: WorkContext, task: Claimed, now: datetime) -> None:
    """Tell the safeguarding lead what is overdue in a case, and come back while anything is open.

    The newest paper of a case keeps all its clocks, be it a revision of the record or a sheet; the others end.
    """
    days = context.settings.working_days
    with writing(context.engine) as connection:
        entry = entries.entry(connection, task.ref_id)
        reference = entry.about or entry.reference
        case = entries.case(connection, reference, context.settings.zone)
        is_newest = entries.reminds(connection, reference) == task.ref_id
        ends = _deadlines(context, case, now) if case and is_newest else []
        if case is None or not ends:
            tasks.finish(connection, task, context.owner.name)
            return
        again = min(ends)
        if again <= now:
            _send(connection, context, task.ref_id, entry, case, now)
            again = days.next_day_ends(now)
        seconds = (again - now).total_seconds()
        tasks.put_back(
            connection, task, context.owner.name, after_seconds=seconds, code="until-it-is-due"
        )


def _deadlines(context: WorkContext, case: Case, now: datetime) -> list[datetime]:
    """Return when the open steps of a case are due."""
    days = context.settings.working_days
    ends = (deadline(step, case, days) for step in open_steps(case, local_day(now, days.zone)))
    return [end for end in ends if end is not None]


def _send(
    connection: Connection,
    context: WorkContext,
    entry_id: int,
    entry: Entry,
    case: Case,
    now: datetime,
) -> None:
    form = context.form_of(entry.form_id, entry.form_version)
    occasion, to_decide = parcels.Occasion(entry, form, context.settings), ToDecide(case, {})
    for name, connector in taking(Operation.ALERT, context.destinations):
        if name not in context.settings.told_later:
            made = parcels.reminder(occasion, to_decide, name, connector.capabilities, now)
            post_once(connection, connector, entry_id, name, made)
