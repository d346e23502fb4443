"""A flood: many files of one fault within an hour are told of by one alert, so that no other alert is buried.

Each of them still has its receipt, its record and its original. What could be read is never among them, nor what
a person may well be able to read, nor what only FormFlow's own trouble kept from being read.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from formflow.core.events import Event
from formflow.core.messages import MESSAGES, notice
from formflow.core.model import Entry, Notice, Role
from formflow.core.trouble import MISTAKE
from formflow.core.wording import CAME_FROM
from formflow.delivery import outbox
from formflow.delivery.context import DeliveryContext
from formflow.delivery.parcels import TOLD_TOGETHER
from formflow.documents.html_pages import FLOOD
from formflow.reading.reader import NO_BOXES, TOO_MUCH
from formflow.storage import faults
from formflow.storage import own_alerts as kept
from formflow.storage.acknowledgements import acknowledge_up_to
from formflow.storage.database import Connection, Engine, writing
from formflow.storage.own_alerts import Told

log = logging.getLogger("formflow")

FROM = 20  # files of one fault within an hour
WITHIN = timedelta(hours=1)  # and between two alerts about one fault
QUIET = timedelta(minutes=1)  # without another such file, then the alert goes out
TOLD_ONE_BY_ONE = frozenset({NO_BOXES, TOO_MUCH, MISTAKE})


def noticed(connection: Connection, code: str, role: Role, now: datetime) -> tuple[Notice, ...]:
    """Return what is said of a file that could not be read and is one of a flood; else nothing."""
    if code in TOLD_ONE_BY_ONE or faults.recent(connection, code, role, now - WITHIN) < FROM:
        return ()
    return (notice(TOLD_TOGETHER),)


def is_one_of(entry: Entry) -> bool:
    """Return whether an entry is told of together with others."""
    return any(found.code == TOLD_TOGETHER for found in entry.notices)


def tell(
    connection: Connection, context: DeliveryContext, entry: Entry, fault: str, now: datetime
) -> None:
    """Count an entry into the alert about its flood, or begin one, in the caller's transaction.

    That alert goes out when the flood is over, after an hour at the latest, and tells of all of it. It is what
    somebody must see then, not each of the files.
    """
    about = {"fault": fault, "role": str(entry.role)}
    alerts = [
        told
        for told in kept.told_since(connection, FLOOD, now - 2 * WITHIN)
        if told.words.items() >= about.items()
    ]
    if alerts and kept.is_waiting_to_go(connection, alerts[-1].reference):
        reference = _counted(connection, alerts, entry, now)
    else:
        reference = _begun(connection, context, alerts, entry, about, now)
    by = f"told in {reference}"
    acknowledge_up_to(connection, context.trail, entry.reference, entry.revision, by, now)


def end(engine: Engine) -> bool:
    """Let alerts about floods go out now, as a command does before it ends. Return whether there were any."""
    with writing(engine) as connection:
        return kept.hurry(connection, FLOOD)


def _counted(connection: Connection, alerts: Sequence[Told], entry: Entry, now: datetime) -> str:
    *earlier, latest = alerts
    count = int(latest.words["count"]) + 1
    words = {**latest.words, "count": str(count), "last": entry.reference}
    due = min(_due(earlier, now), latest.since + WITHIN)
    kept.change(connection, latest.reference, words, due.timestamp())
    return latest.reference


def _begun(
    connection: Connection,
    context: DeliveryContext,
    earlier: Sequence[Told],
    entry: Entry,
    about: Mapping[str, str],
    now: datetime,
) -> str:
    words = {
        **about,
        "what": MESSAGES[about["fault"]].found,
        "came": CAME_FROM[entry.role],
        "count": "1",
        "first": entry.reference,
        "last": entry.reference,
    }
    reference = kept.write(connection, FLOOD, words, now)
    due = _due(earlier, now).timestamp()
    outbox.tell(connection, context.destinations, context.settings, reference, now, due=due)
    log.info(Event("many files of one fault", reference=reference, code=about["fault"]))
    return reference


def _due(earlier: Sequence[Told], now: datetime) -> datetime:
    """Return when an alert goes out if no other such file comes, one an hour at most."""
    return max(now + QUIET, earlier[-1].since + WITHIN) if earlier else now + QUIET
