"""What `formflow status --json` prints. Its keys stay as they are: other programs go by them (docs/operations.md)."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from formflow.admin.health import Backlog, backlog
from formflow.admin.status import Overview, exit_code
from formflow.core.settings import Settings

_WITH_SINCE = ("waiting", "put_back", "own_alerts", "unmatched", "silent")


def as_json(view: Overview, settings: Settings, now: datetime) -> dict[str, Any]:
    """Return an overview for another program: moments as ISO 8601 in UTC, ages in whole seconds."""
    table = asdict(view)
    for name in _WITH_SINCE:
        for row in table[name]:
            row |= _since(row["since"], now)
    for row in table["undelivered"]:
        row["next_try"] = _iso(row["next_try"])
        row |= _since(view.lacking_since.get(row["destination"]), now)
    del table["lacking_since"]
    return table | {
        "now": now.isoformat(),
        "exit_code": int(exit_code(view, settings, now)),
        "last_turn": _iso(view.last_turn),
        "last_turn_seconds": _age(view.last_turn, now),
        "last_backup": _iso(view.last_backup),
        "last_backup_seconds": _age(view.last_backup, now),
        "waits_for_a_person": view.waits_for_a_person or view.is_backup_overdue(now),
        "waits_for": _waits_for(view, backlog(view), now),
    }


def _waits_for(view: Overview, waits: Backlog, now: datetime) -> dict[str, dict[str, int | None]]:
    """Return how much waits for the safeguarding lead, for IT, and for FormFlow itself."""
    return {
        "safeguarding_lead": {
            "alerts": waits.alerts,
            "alerts_that_cannot_wait": waits.alerts_now,
            "oldest_alert_seconds": _age(waits.oldest_alert, now),
            "decisions": waits.undecided,
            "records_without_a_folder": waits.unmatched,
        },
        "it": {
            "forms_that_met_trouble": waits.put_back,
            "other_tasks_that_met_trouble": sum(view.held_up.values()),
            "deliveries_refused": waits.set_aside,
            "destinations_silent": len(view.silent),
            "destinations_unusable": len(view.unusable),
            "folders_offline": waits.offline,
            "backups_overdue": int(view.is_backup_overdue(now)),
        },
        "formflow": {
            "files_to_take": sum(folder.waiting for folder in view.folders),
            "forms_to_read": waits.unread,
            "deliveries": sum(waits.deliveries.values()),
            "oldest_delivery_seconds": _age(waits.oldest_delivery, now),
        },
    }


def _since(moment: datetime | None, now: datetime) -> dict[str, Any]:
    return {"since": _iso(moment), "seconds": _age(moment, now)}


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _age(moment: datetime | None, now: datetime) -> int | None:
    """Return an age in whole seconds, never less than 0: a clock may have been put back."""
    return None if moment is None else max(0, int((now - moment).total_seconds()))
