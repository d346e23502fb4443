"""What people are told of a system clock that was moved, or is behind what was recorded by it."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta

from formflow.core.clock import FIRST_YEAR, MOST_BACK, clock
from formflow.core.wording import moment_in_words
from formflow.delivery import own_alerts
from formflow.pipeline.context import WorkContext
from formflow.storage import entries
from formflow.storage.database import Connection, reading, writing

log = logging.getLogger("formflow")


def tell(context: WorkContext) -> None:
    """Tell, once, that the system's clock was moved. FormFlow goes on by the time that it had."""
    if (moved := clock.jump()) is None:
        return
    by = _in_words(moved)
    log.warning("the clock of this computer was put %s (FF-476)", by)
    with writing(context.engine) as connection:
        own_alerts.tell(connection, context, "FF-476", {"by": by}, clock.now())
    clock.note_told()


def tell_if_behind(context: WorkContext) -> None:
    """Tell that the system's clock is behind what was recorded before, or was never set."""
    with reading(context.engine) as connection:
        latest = latest_known(connection)
    if not is_behind(latest, clock.now()):
        return
    log.warning("the clock of this computer is behind (FF-477)")
    words = {"latest": moment_in_words(latest, context.settings.zone)}
    with writing(context.engine) as connection:
        own_alerts.tell(connection, context, "FF-477", words, clock.now())


def latest_known(connection: Connection) -> datetime:
    """Return a moment that has certainly passed: something was recorded then."""
    return entries.newest(connection) or datetime(FIRST_YEAR, 1, 1, tzinfo=UTC)


def is_behind(latest: datetime, now: datetime) -> bool:
    """Return whether a clock is behind a moment that has passed, by more than clocks are put right by."""
    return latest - now > MOST_BACK


def _in_words(moved: timedelta) -> str:
    """Return "2 days forward", "3 hours back"."""
    amount, direction = abs(moved), "forward" if moved > timedelta() else "back"
    days, hours = round(amount / timedelta(days=1)), round(amount / timedelta(hours=1))
    count, unit = (days, "day") if hours >= 36 else (hours, "hour")
    return f"{count} {unit}{'s' * (count != 1)} {direction}"
