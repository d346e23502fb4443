"""Parcels to connectors. Deliver, then record that it was delivered; never the other way round.

A destination that fails holds its own parcels and nobody else's. Nothing is given up: what a
destination refuses for good is set aside and shown to a person.
"""

from __future__ import annotations

import contextlib
import logging
import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from formflow.core.crash_points import crash_at
from formflow.core.events import Event
from formflow.delivery import calls, handoffs, own_alerts, places, said
from formflow.delivery.calls import CHANGED, NO_ANSWER, Result, Undelivered
from formflow.delivery.context import DeliveryContext
from formflow.delivery.lanes import Round
from formflow.delivery.preparing import NOT_DRAWN, NOT_TAKEN, prepare
from formflow.delivery.unusable import Unusable
from formflow.sdk import registry
from formflow.sdk.contract import Delivered, Rejected, RepeatSafe, SettingsError
from formflow.storage import parcels, silences, tasks
from formflow.storage.audit_trail import AuditEvent, Happened
from formflow.storage.database import Connection, reading, writing
from formflow.storage.tasks import Claimed, LeaseLost

log = logging.getLogger("formflow")

BACK_OFF_SECONDS = (5.0, 15.0, 60.0, 300.0, 900.0, 1800.0)
SETTINGS_SECONDS = 3600.0  # a wrong password does not mend itself: one try an hour
BUGS_UNTIL_SET_ASIDE = 5
IN_THE_WAY = "FF-420"  # another's file has the name: people are told, not only “formflow status”
AT_ONCE = 20  # deliveries marked done in one commit; a crash repeats them, and nobody sees it


def most_at_once(context: DeliveryContext, lane: str) -> int:
    """Return how many deliveries of one destination may be claimed together."""
    connector = context.destinations.get(lane)
    if connector is None or connector.capabilities.repeat_safe is RepeatSafe.NONE:
        return 1  # each e-mail is marked by itself, so that a crash repeats one at most
    return max(AT_ONCE, connector.capabilities.batch)


def deliver(
    context: DeliveryContext, claimed: Sequence[Claimed], clock: Callable[[], datetime], now: Round
) -> None:
    """Prepare and deliver the parcels of one destination; mark each as delivered, put back or set aside.

    Runs in the destination's lane. What was not tried is given back as it was.
    """
    connector = context.destinations.get(claimed[0].lane)
    if connector is None:
        with writing(context.engine) as connection:
            for task in claimed:
                tasks.set_aside(connection, task, context.owner.name, "no-such-destination")
        return
    prepared = prepare(context, connector, claimed, now)
    # Such a task comes alone, see claims.py.
    unclear = [one.key for one in prepared] if any(task.unclear for task in claimed) else []
    if _may_write(context, claimed[0].lane, len(prepared), now):
        calls.deliver_all(connector, prepared, now, unclear)
    crash_at("deliver.sent")
    if not context.lanes.is_closed:
        _settle(context, claimed[0].lane, now, now.results(given_up=False), clock())
    crash_at("deliver.marked")


def _may_write(context: DeliveryContext, lane: str, count: int, now: Round) -> bool:
    """Return whether the folder is the destination's own, and note for so many parcels why it is not."""
    now.begin(count)
    why = places.why_not(context, lane)
    now.note([why] * count if why else [])
    return why is None


def give_up_overdue(context: DeliveryContext, clock: Callable[[], datetime]) -> None:
    """Put back the parcels of destinations that do not answer, and note since when they have not."""
    for name, now in context.lanes.overdue():
        log.warning(Event("no answer", destination=name, code=NO_ANSWER))
        _settle(context, name, now, now.results(given_up=True), clock())


def _settle(
    context: DeliveryContext, lane: str, now: Round, results: Sequence[Result], at: datetime
) -> None:
    """Mark what came of a round in one transaction, and give back what was not tried."""
    owner, became, landed = context.owner.name, dict[int, Event](), list[int]()
    results = _fit_to_show(context, lane, now.tasks, results)
    with writing(context.engine) as connection:
        _tell_of_place(connection, context, lane, results, at)
        for task, result in zip(now.tasks, results, strict=False):
            try:
                became[task.ref_id] = _mark(connection, context, task, result, at)
                is_noted = True
            except LeaseLost:
                is_noted = _mark_late(connection, context, task, result, at)
            landed += [task.ref_id] if is_noted and isinstance(result, Delivered) else []
        for task in now.tasks[len(results) :]:
            with contextlib.suppress(LeaseLost):
                tasks.release(connection, task, owner)
        _note_silence(
            connection, context, lane, results, at - timedelta(seconds=now.seconds_since_last_call)
        )
        subjects = parcels.subjects(connection, {*became, *landed})
        told = [Happened(AuditEvent.DELIVERED, subjects.get(one, ""), lane) for one in landed]
        context.trail.note(connection, at, *told)
    for number, event in became.items():
        subject = subjects.get(number, "")
        log.info(replace(event, reference=subject, destination=lane, seconds=now.seconds))


def _mark(
    connection: Connection, context: DeliveryContext, task: Claimed, result: Result, now: datetime
) -> Event:
    """Mark what came of one delivery; return it for the log, which adds of what and where."""
    owner = context.owner.name
    if isinstance(result, Delivered):
        tasks.finish(connection, task, owner)
        _note_delivered(connection, context, task, result, now)
        return Event("delivered")
    if result.code == NOT_TAKEN:
        tasks.finish(connection, task, owner)
        return Event("not meant for it")
    # A destination that does not answer may answer tomorrow: it is no mistake of the connector's.
    is_bug = result.ending is None and result.code != NO_ANSWER
    told: dict[str, Any] = {"text": result.text, "unclear": result.is_unclear}
    if result.ending is Rejected or (is_bug and task.attempts >= BUGS_UNTIL_SET_ASIDE):
        tasks.set_aside(connection, task, owner, result.code, **told)
        if result.code == IN_THE_WAY and _is_ours(context, task.lane):
            own_alerts.tell_of_refused(connection, context, task.ref_id, result.text, now)
        if result.code == NOT_DRAWN:
            own_alerts.tell_of_undrawn(connection, context, task.ref_id, now)
        return Event("set aside", code=result.code)
    if result.code == CHANGED:
        own_alerts.tell_of_changed(connection, context, task.ref_id, now)
    after = _back_off(task, result)
    tasks.put_back(connection, task, owner, after_seconds=after, code=result.code, **told)
    if result.is_out_of_reach:
        tasks.hold_lane(connection, task.lane, after, result.code, result.text)
    return Event("put back", code=result.code, said=f"again in {after:.0f} s")


def _fit_to_show(
    context: DeliveryContext, lane: str, claimed: Sequence[Claimed], results: Sequence[Result]
) -> list[Result]:
    """Return results whose words IT may read, and log them: a stranger's only where they quote no answer."""
    words = [one for one in results if isinstance(one, Undelivered) and one.text]
    answers: list[str] = []
    if words and not _is_ours(context, lane):
        with reading(context.engine) as connection:
            answers = parcels.answers(connection, [task.ref_id for task in claimed])
    fit: list[Result] = [
        replace(one, text=said.shown(one.text, answers)) if isinstance(one, Undelivered) else one
        for one in results
    ]
    for why in dict.fromkeys(one for one in fit if isinstance(one, Undelivered)):
        log.warning(Event("not delivered", destination=lane, code=why.code, said=why.text))
    return fit


def _is_ours(context: DeliveryContext, lane: str) -> bool:
    connector = context.destinations.get(lane)
    return isinstance(connector, Unusable) or (
        connector is not None and registry.is_ours(connector.kind)
    )


def _tell_of_place(
    connection: Connection,
    context: DeliveryContext,
    lane: str,
    results: Sequence[Result],
    now: datetime,
) -> None:
    """Tell, once, that a destination's folder or register is not the one that it has filed in."""
    for result in results:
        if isinstance(result, Undelivered) and result.code in places.TOLD:
            if not tasks.waits_because(connection, lane, result.code):
                own_alerts.tell_of_place(connection, context, lane, now)
            return


def _note_delivered(
    connection: Connection,
    context: DeliveryContext,
    task: Claimed,
    result: Delivered,
    now: datetime,
) -> None:
    """Note that a destination holds a parcel, and that a person is to file it elsewhere, where that is so."""
    parcels.note_delivered(connection, task.ref_id, result.how, result.where, now)
    handoffs.begin(connection, context, task, now)


def _mark_late(
    connection: Connection, context: DeliveryContext, task: Claimed, result: Result, now: datetime
) -> bool:
    """Mark what was delivered after it had been put back, so that it does not go twice; return whether it was."""
    log.warning(Event("ended after it was put back", destination=task.lane))
    if isinstance(result, Delivered) and tasks.finish_late(connection, task):
        _note_delivered(connection, context, task, result, now)
        return True
    return False


def _note_silence(
    connection: Connection,
    context: DeliveryContext,
    lane: str,
    results: Sequence[Result],
    since: datetime,
) -> None:
    """Note since when a destination has not answered, and give it a rest that grows, or that it has."""
    broken = next(
        (one for one in results if isinstance(one, Undelivered) and one.is_broken_off), None
    )
    if broken is None:
        if results:
            context.lanes.troubles.pop(lane, None)
            silences.end(connection, lane)
        return
    troubles = context.lanes.troubles[lane] = context.lanes.troubles.get(lane, 0) + 1
    # Shorter than what the parcel itself waits: the others come first.
    tasks.hold_lane(connection, lane, _step(troubles) / 2, broken.code)
    if broken.code == NO_ANSWER:
        silences.begin(connection, lane, since)


def _back_off(task: Claimed, result: Undelivered) -> float:
    if result.after_seconds is not None:
        return result.after_seconds
    if result.ending is SettingsError:
        return SETTINGS_SECONDS
    return _step(task.attempts) * random.uniform(0.8, 1.2)  # noqa: S311 - spreads retries, guards nothing


def _step(attempts: int) -> float:
    return BACK_OFF_SECONDS[min(max(attempts, 1), len(BACK_OFF_SECONDS)) - 1]
