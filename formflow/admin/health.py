"""How FormFlow is, for monitoring: one exit code, one line in words, counts and moments. Looks only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from formflow.admin.status import Overview, backup_in_words, exit_code, overview
from formflow.core.errors import ExitCode, FormFlowError
from formflow.core.settings import Settings
from formflow.pipeline import service
from formflow.storage import database

_WELL = {
    ExitCode.DONE: "All is well.",
    ExitCode.WAITING: "Something waits for a person.",
    ExitCode.DESTINATION: "A destination does not get everything.",
}


@dataclass(frozen=True, slots=True)
class Backlog:
    """How much waits, for whom, and since when. Moments are None where nothing waits."""

    alerts: int  # that nobody has seen, those about FormFlow itself too
    alerts_now: int  # of these: that cannot wait
    undecided: int  # records about which nothing is decided
    unmatched: int  # records whose papers wait until it is clear whose folder is theirs
    unread: int  # forms that are taken and not read yet
    put_back: int  # of these: that met trouble of this computer
    set_aside: int  # deliveries that were refused for good
    offline: int  # watched folders without their marker
    deliveries: Mapping[str, int]  # destination -> deliveries that it does not hold yet
    last_turn: datetime | None
    oldest_alert: datetime | None
    oldest_delivery: datetime | None
    last_backup: datetime | None


@dataclass(frozen=True, slots=True)
class Health:
    """How FormFlow is at one moment."""

    code: ExitCode  # as `formflow status` ends, and 4 or 7 where there is no ledger to look at
    words: str  # one line
    now: datetime
    backlog: Backlog | None = field(default=None)  # None where there is no ledger to look at


def health(settings: Settings, now: datetime) -> Health:
    """Return how FormFlow is. Changes nothing, and raises nothing that a monitor would have to know."""
    if not settings.state.folder.is_dir():
        words = (
            f"The state folder {settings.state.folder} is missing. Check that its disk is there."
        )
        return Health(ExitCode.STORAGE, words, now)
    try:
        with database.misread_is_damage(settings.state.folder):
            return _of(overview(settings), settings, now)
    except FormFlowError as problem:
        return Health(problem.exit_code, f"{problem.found} {problem.advice}".strip(), now)


def _of(view: Overview, settings: Settings, now: datetime) -> Health:
    """Return how FormFlow is by an overview."""
    code, waits = exit_code(view, settings, now), backlog(view)
    first = _WELL.get(code) or _not_running(settings, view, now)
    told = [first, *_told(waits, settings, now)]
    if view.is_backup_overdue(now):
        told += backup_in_words(view, settings, now)
    return Health(code, " ".join(told), now, waits)


def backlog(view: Overview) -> Backlog:
    """Return how much waits, counted from an overview."""
    unseen = [*(one.since for one in view.waiting), *(own.since for own in view.own_alerts)]
    deliveries: dict[str, int] = {}
    for row in view.undelivered:
        deliveries[row.destination] = deliveries.get(row.destination, 0) + row.parcels
    return Backlog(
        alerts=len(unseen),
        alerts_now=sum(one.urgent for one in view.waiting),
        undecided=len(view.undecided),
        unmatched=sum(one.records for one in view.unmatched),
        unread=view.papers_unread,
        put_back=sum(row.papers for row in view.put_back),
        set_aside=sum(row.set_aside for row in view.undelivered),
        offline=sum(not folder.online for folder in view.folders),
        deliveries=deliveries,
        last_turn=view.last_turn,
        oldest_alert=min(unseen, default=None),
        oldest_delivery=min(view.lacking_since.values(), default=None),
        last_backup=view.last_backup,
    )


def age_in_words(since: datetime, now: datetime) -> str:
    """Return how long ago a moment was: "45 s", "12 min", "2 h 5 min", "3 days". Never less than nothing."""
    minutes, seconds = divmod(int(max(now - since, timedelta()).total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    if hours >= 48:
        return f"{hours // 24} days"
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min" if minutes else f"{seconds} s"


def _not_running(settings: Settings, view: Overview, now: datetime) -> str:
    if not service.is_at_work(settings):
        return "FormFlow is not running. Start it."
    if view.last_turn is None:
        return "FormFlow is starting, or stuck: it has not finished a first turn."
    return (
        f"FormFlow is running, but stuck for {age_in_words(view.last_turn, now)}. Start it again."
    )


def _told(waits: Backlog, settings: Settings, now: datetime) -> Iterator[str]:
    """Yield a sentence for each thing that waits, and when the folders were last looked at."""
    lead = settings.agency.safeguarding_lead
    if waits.alerts:
        urgent = f"; {waits.alerts_now} cannot wait" if waits.alerts_now else ""
        yield f"For the {lead} to look at: {waits.alerts}{_oldest(waits.oldest_alert, now)}{urgent}."
    if waits.unread:
        trouble = f", {waits.put_back} met trouble" if waits.put_back else ""
        yield f"Still to read: {waits.unread}{trouble}."
    if total := sum(waits.deliveries.values()):
        refused = f"; {waits.set_aside} refused" if waits.set_aside else ""
        yield f"Still to deliver: {total}{_oldest(waits.oldest_delivery, now)}{refused}."
    if waits.unmatched:
        yield f"Records whose child’s folder is not certain: {waits.unmatched}."
    if waits.offline:
        yield f"Folders offline: {waits.offline}."
    looked = f"{age_in_words(waits.last_turn, now)} ago" if waits.last_turn else "never"
    yield f"Last look at the folders: {looked}."


def _oldest(since: datetime | None, now: datetime) -> str:
    return f", the oldest for {age_in_words(since, now)}" if since else ""
