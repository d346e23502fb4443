"""Somebody has seen an alert: the only end of an alert that counts."""

from __future__ import annotations

import logging
from datetime import datetime
from functools import partial

from sqlalchemy import Connection, Engine, text

from formflow import asking
from formflow.contract import AcknowledgedByHand, Connector
from formflow.deliver import note_answer
from formflow.tables import reading, writing
from formflow.workbench import Workbench

log = logging.getLogger("formflow")

ASK_SECONDS = 5.0  # how long a turn waits for a destination's answer


def acknowledge(engine: Engine, reference: str, by: str, now: datetime) -> int:
    """Note that every revision of a record has been seen. Return how many were waiting for it."""
    with writing(engine) as connection:
        changed = connection.execute(
            _ACKNOWLEDGE, {"reference": reference, "by": by, "at": now.isoformat()}
        )
    return int(changed.rowcount)


def collect(bench: Workbench, now: datetime) -> int:
    """Ask every destination what has been acknowledged by hand there. Return how many were new."""
    with reading(bench.engine) as connection:
        waiting = {(row.reference, row.revision) for row in connection.execute(_WAITING)}
    count = 0
    for name, connector in bench.destinations.items() if waiting else ():
        for reference, revision in _seen(bench, name, connector) & waiting:
            by = f"moved to Seen in {name}"
            with writing(bench.engine) as connection:
                count += acknowledge_up_to(connection, reference, revision, by, now)
    return count


def _seen(bench: Workbench, name: str, connector: Connector) -> set[tuple[str, int]]:
    if not isinstance(connector, AcknowledgedByHand) or name in bench.lanes.busy():
        return set()
    try:
        return bench.lanes.ask(name, partial(_asked, bench, name, connector), ASK_SECONDS)
    except Exception as problem:  # noqa: BLE001 - asked again at the next turn
        log.warning("destination %s was not asked: %s", name, type(problem).__name__)
        return set()


def _asked(bench: Workbench, name: str, connector: AcknowledgedByHand) -> set[tuple[str, int]]:
    """Ask a destination, in its lane. One that had been given up meanwhile is noted as answering again."""
    seen = asking.acknowledged(connector)
    if bench.lanes.is_stuck(name) and not bench.lanes.is_closed:
        with writing(bench.engine) as connection:
            note_answer(connection, name)
    return seen


def acknowledge_up_to(
    connection: Connection, reference: str, revision: int, by: str, now: datetime
) -> int:
    """Note that a revision has been seen, and with it those before; a later one is news.

    Return how many were waiting for it.
    """
    values = {"reference": reference, "revision": revision, "by": by, "at": now.isoformat()}
    return int(connection.execute(_ACKNOWLEDGE_REVISION, values).rowcount)


_WAITING = text("SELECT reference, revision FROM entry WHERE acknowledged_at IS NULL")
_ACKNOWLEDGE = text(
    "UPDATE entry SET acknowledged_at = :at, acknowledged_by = :by"
    " WHERE reference = :reference AND acknowledged_at IS NULL"
)
_ACKNOWLEDGE_REVISION = text(
    "UPDATE entry SET acknowledged_at = :at, acknowledged_by = :by"
    " WHERE reference = :reference AND revision <= :revision AND acknowledged_at IS NULL"
)
