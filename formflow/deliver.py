"""Parcels to connectors. Deliver, then record that it was delivered; never the other way round.

A destination that fails holds its own parcels and nobody else's. Nothing is given up: what a
destination refuses for good is set aside and shown to a person.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, text

from formflow import ledger, own_alerts
from formflow.contract import (
    Ambiguous,
    BatchConnector,
    Connector,
    Delivered,
    Ending,
    Prepared,
    Rejected,
    RepeatSafe,
    SettingsError,
    Unavailable,
)
from formflow.ledger import Claimed
from formflow.tables import reading, writing
from formflow.testing.crash import crash_at
from formflow.workbench import Workbench

BACK_OFF_SECONDS = (5.0, 15.0, 60.0, 300.0, 900.0, 1800.0)
SETTINGS_SECONDS = 3600.0  # a wrong password does not mend itself: one try an hour
BUGS_UNTIL_SET_ASIDE = 5
IN_THE_WAY = "FF-420"  # another's file has the name: people are told, not only “formflow status”
AT_ONCE = 20  # deliveries marked done in one commit; a crash repeats them, and nobody sees it


@dataclass(frozen=True, slots=True)
class _Undelivered:
    """Why one parcel did not go."""

    ending: Ending | None  # None: a mistake in the connector
    code: str


def most_at_once(workbench: Workbench, lane: str) -> int:
    """Return how many deliveries of one destination may be claimed together."""
    connector = workbench.destinations.get(lane)
    if connector is None or connector.capabilities.repeat_safe is RepeatSafe.NONE:
        return 1  # each e-mail is marked by itself, so that a crash repeats one at most
    return max(AT_ONCE, connector.capabilities.batch)


def deliver(workbench: Workbench, tasks: Sequence[Claimed], clock: Callable[[], datetime]) -> None:
    """Deliver the parcels of one destination and mark each as delivered, put back or set aside."""
    lane = tasks[0].lane
    connector = workbench.destinations.get(lane)
    with reading(workbench.engine) as connection:
        rows = {row.id: row for row in connection.execute(_PARCELS, {"ids": _ids(tasks)})}
    ready = [task for task in tasks if rows[task.ref_id].body is not None and connector is not None]
    results = _deliver_all(connector, [rows[task.ref_id] for task in ready]) if connector else []
    crash_at("deliver.sent")
    with writing(workbench.engine) as connection:
        for task in tasks:
            if task not in ready:
                code = "no-such-destination" if connector is None else "render-failed"
                ledger.set_aside(connection, task, workbench.owner.name, code)
        for task, result in zip(ready, results, strict=True):
            _mark(connection, workbench, task, result, clock())
    crash_at("deliver.marked")


def _deliver_all(connector: Connector, rows: Sequence[Row[Any]]) -> list[Delivered | _Undelivered]:
    prepared = [
        Prepared(row.key, row.body, json.loads(row.headers), row.original_sha256) for row in rows
    ]
    if isinstance(connector, BatchConnector) and prepared:
        try:
            return list(connector.deliver_batch(prepared))
        except Exception as problem:  # noqa: BLE001 - any failure keeps the parcels, see _why
            return [_why(problem)] * len(prepared)
    results: list[Delivered | _Undelivered] = []
    for parcel in prepared:
        results.append(_deliver_one(connector, parcel))
        if _is_out_of_reach(results[-1]):
            # No need to knock for each of the others: they go back with the same reason.
            return results + [results[-1]] * (len(prepared) - len(results))
    return results


def _deliver_one(connector: Connector, prepared: Prepared) -> Delivered | _Undelivered:
    try:
        return connector.deliver(prepared)
    except Ambiguous as problem:
        return _look_up(connector, prepared.key) or _why(problem)
    except Exception as problem:  # noqa: BLE001 - any failure keeps the parcel, see _why
        return _why(problem)


def _look_up(connector: Connector, key: str) -> Delivered | None:
    try:
        return connector.look_up(key)
    except Exception:  # noqa: BLE001 - not knowing is an answer: it is sent again
        return None


def _why(problem: Exception) -> _Undelivered:
    if isinstance(problem, Ending):
        return _Undelivered(problem, problem.code)
    # The class name only: the message may hold a path or an answer.
    return _Undelivered(None, f"bug:{type(problem).__name__}")


def _is_out_of_reach(result: Delivered | _Undelivered) -> bool:
    return isinstance(result, _Undelivered) and isinstance(
        result.ending, Unavailable | SettingsError
    )


def _mark(
    connection: Connection,
    workbench: Workbench,
    task: Claimed,
    result: Delivered | _Undelivered,
    now: datetime,
) -> None:
    owner = workbench.owner.name
    if isinstance(result, Delivered):
        ledger.finish(connection, task, owner)
        connection.execute(
            _DELIVERED,
            {"id": task.ref_id, "at": now.isoformat(), "how": result.how, "where": result.where},
        )
        return
    is_bug = result.ending is None and task.attempts >= BUGS_UNTIL_SET_ASIDE
    if is_bug or isinstance(result.ending, Rejected):
        ledger.set_aside(connection, task, owner, result.code)
        if result.ending is not None and result.code == IN_THE_WAY:
            own_alerts.tell_of_refused(connection, workbench, task.ref_id, result.ending.text, now)
        return
    after = _back_off(task, result.ending)
    ledger.put_back(connection, task, owner, after_seconds=after, code=result.code)
    if _is_out_of_reach(result):
        ledger.hold_lane(connection, task.lane, after, result.code)


def _back_off(task: Claimed, ending: Ending | None) -> float:
    if ending is not None and ending.after_seconds is not None:
        return ending.after_seconds
    if isinstance(ending, SettingsError):
        return SETTINGS_SECONDS
    step = BACK_OFF_SECONDS[min(task.attempts, len(BACK_OFF_SECONDS)) - 1]
    return step * random.uniform(0.8, 1.2)  # noqa: S311 - spreads retries, guards nothing


def _ids(tasks: Sequence[Claimed]) -> list[int]:
    return [task.ref_id for task in tasks]


_PARCELS = text(
    "SELECT id, key, body, headers, original_sha256 FROM parcel WHERE id IN :ids"
).bindparams(bindparam("ids", expanding=True))
_DELIVERED = text(
    "UPDATE parcel SET delivered_at = :at, delivered_how = :how, delivered_where = :where"
    " WHERE id = :id"
)
