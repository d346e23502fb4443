"""How FormFlow is, as the register shows it: looked up in the ledger and at the folders. Changes nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

from formflow.core.markers import is_marked
from formflow.core.settings import Settings
from formflow.delivery import own_alerts
from formflow.documents.register.health import DestinationState, FolderState, Health
from formflow.storage import backups, sightings, silences, tasks, waiting
from formflow.storage.database import Connection
from formflow.storage.tasks import Undelivered


def health_of(
    connection: Connection, settings: Settings, records: Collection[str], pupil_list: str
) -> Health:
    """Return how things stand. `records` are the cases, `pupil_list` the number of what is wrong with that list."""
    undelivered: dict[str, list[Undelivered]] = defaultdict(list)
    for one in tasks.undelivered(connection):
        undelivered[one.destination].append(one)
    silent = {one.destination: one.since for one in silences.all_of_them(connection)}
    lying = sightings.not_taken(connection)
    return Health(
        destinations=tuple(
            DestinationState(
                one.name,
                sum(each.parcels for each in undelivered[one.name]),
                sum(each.set_aside for each in undelivered[one.name]),
                next((each.code for each in undelivered[one.name] if each.code), ""),
                silent.get(one.name),
            )
            for one in settings.destinations()
        ),
        folders=tuple(
            FolderState(watch.folder.name, is_marked(watch.folder), lying.get(str(watch.folder), 0))
            for watch in settings.watch
        ),
        alerts=tuple(one.text for one in own_alerts.waiting(connection)),
        sheets=tuple(
            dict.fromkeys(
                one.reference
                for one in waiting.unacknowledged(connection)
                if one.reference not in records
            )
        ),
        to_read=tasks.count_unread(connection),
        last_backup=backups.last(settings.state.folder),
        pupil_list=pupil_list,
    )
