"""Somebody has seen an alert: the only end of an alert that counts."""

from __future__ import annotations

import logging
from datetime import datetime

from sqlalchemy import Engine, text

from formflow.contract import AcknowledgedByHand
from formflow.tables import writing
from formflow.workbench import Workbench

log = logging.getLogger("formflow")


def acknowledge(engine: Engine, reference: str, by: str, now: datetime) -> int:
    """Note that every revision of a record has been seen. Return how many were waiting for it."""
    with writing(engine) as connection:
        changed = connection.execute(
            _ACKNOWLEDGE, {"reference": reference, "by": by, "at": now.isoformat()}
        )
    return int(changed.rowcount)


def collect(bench: Workbench, now: datetime) -> int:
    """Ask every destination what has been acknowledged by hand there. Return how many were new."""
    count = 0
    for name, connector in bench.destinations.items():
        if not isinstance(connector, AcknowledgedByHand):
            continue
        try:
            seen = connector.acknowledged()
        except Exception as problem:  # noqa: BLE001 - asked again at the next turn
            log.warning("destination %s was not asked: %s", name, type(problem).__name__)
            continue
        with writing(bench.engine) as connection:
            for reference, revision in seen:
                changed = connection.execute(
                    _ACKNOWLEDGE_REVISION,
                    {
                        "reference": reference,
                        "revision": revision,
                        "by": f"moved to Seen in {name}",
                        "at": now.isoformat(),
                    },
                )
                count += changed.rowcount
    return count


_ACKNOWLEDGE = text(
    "UPDATE entry SET acknowledged_at = :at, acknowledged_by = :by"
    " WHERE reference = :reference AND acknowledged_at IS NULL"
)
_ACKNOWLEDGE_REVISION = text(
    "UPDATE entry SET acknowledged_at = :at, acknowledged_by = :by"
    " WHERE reference = :reference AND revision <= :revision AND acknowledged_at IS NULL"
)
