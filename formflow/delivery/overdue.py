"""Which cases have something overdue at a moment, as the ledger has them then: what the message of a day is drawn from."""

from __future__ import annotations

from datetime import datetime

from formflow.core.settings import Settings
from formflow.rules.case.overdue import OverdueCase, gravest_first, is_told_alone, overdue
from formflow.storage import entries
from formflow.storage.database import Connection


def overdue_cases(connection: Connection, settings: Settings, at: datetime) -> list[OverdueCase]:
    """Return the cases in which something is overdue, the gravest first.

    Those that cannot wait and are undecided are left out: each is told of alone, at once.
    """
    found = (
        _overdue(connection, settings, entry_id, at)
        for entry_id in entries.coming_up(connection, at)
    )
    return gravest_first([one for one in found if one is not None])


def _overdue(
    connection: Connection, settings: Settings, entry_id: int, at: datetime
) -> OverdueCase | None:
    entry = entries.entry(connection, entry_id)
    reference = entry.about or entry.reference
    if entries.reminds(connection, reference) != entry_id:
        return None
    ages = settings.services.assessment_ages
    case = entries.case(connection, reference, settings.zone, ages=ages)
    return overdue(case, settings.working_days, at) if case and not is_told_alone(case) else None
