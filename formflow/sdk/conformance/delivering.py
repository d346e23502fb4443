"""Checks of deliveries: each parcel is there, whole and once, whoever repeats it and in whatever order."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import psutil

from formflow.sdk.conformance.killing import at_each_line, killed_at, lines_of
from formflow.sdk.conformance.samples import RECORDED, sample
from formflow.sdk.conformance.trial import Trial, is_delivered, must
from formflow.sdk.contract import (
    BatchConnector,
    Connector,
    Delivered,
    DeliveredAs,
    Ending,
    LooksUpByReference,
    LooksUpMany,
    RepeatSafe,
)
from formflow.sdk.field_map import has_map

AT_ONCE = 8  # deliveries
MANY = 20  # parcels after which nothing may be held open that was not before
PATIENCE_SECONDS = 60.0  # a server in this process may be slow to close its side
LOOKS = 40  # of a person, while something is delivered


def delivers_once(trial: Trial) -> None:
    """What is delivered is found by its key; delivered again it is there once, and that is said."""
    for operation in trial.operations:
        prepared = trial.prepared(operation)
        may_repeat = trial.connector().capabilities.repeat_safe is RepeatSafe.NONE
        is_delivered(trial.connector().deliver(prepared), prepared)
        again = trial.connector().deliver(prepared)
        is_delivered(again, prepared)
        trial.is_there(prepared.key)
        is_new = again.how is DeliveredAs.CREATED
        must(may_repeat or not is_new, "says that it has made it again")


def delivers_once_when_many_do_so(trial: Trial) -> None:
    """Some that deliver the same at once leave it there once."""
    for operation in trial.operations:
        prepared = trial.prepared(operation)
        opened = [trial.connector() for _ in range(AT_ONCE)]
        with ThreadPoolExecutor(AT_ONCE) as threads:
            list(
                threads.map(
                    lambda connector, what: connector.deliver(what), opened, [prepared] * AT_ONCE
                )
            )
        trial.is_there(prepared.key, times=AT_ONCE)


def delivers_once_when_killed(trial: Trial) -> None:
    """Killed at any line and asked again, as the core does it, it leaves the parcel there once.

    Where the system cannot fork (Windows), this checks nothing.
    """
    if not hasattr(os, "fork"):
        return
    for operation in trial.operations:
        lines = lines_of(trial, trial.prepared(operation, 1))
        for number, line in enumerate(range(1, lines + 1, max(1, lines // trial.kills)), 2):
            prepared = trial.prepared(operation, number)
            killed_at(trial, prepared, line)
            again = trial.connector()
            there = again.look_up(prepared.key)  # the core looks up what may have landed
            is_delivered(there or again.deliver(prepared), prepared)
            trial.is_there(prepared.key)


def is_read_back_as_it_was_sent(trial: Trial) -> None:
    """What a person reads there is what was sent: quotes, line ends, other scripts, what looks like a formula."""
    if trial.texts is None:
        return
    for operation in trial.operations:
        connector = trial.connector()
        parcel: Any = sample(connector, operation)
        sent = {answer.field: answer.text for answer in getattr(parcel, "answers", ())}
        connector.deliver(connector.prepare(parcel))
        there = trial.texts().get(parcel.key)
        must(there is not None, "a person finds no whole one of it")
        wrong = sorted(name for name, text in (there or {}).items() if sent.get(name, text) != text)
        must(not wrong, f"reads otherwise than it was sent: {', '.join(wrong)}")


def shows_no_half(trial: Trial) -> None:
    """Whoever looks while something is delivered sees nothing of it, or all."""
    for operation in trial.operations:
        first, then = trial.prepared(operation, 1), trial.prepared(operation, 2)
        step = max(1, lines_of(trial, first) // LOOKS)
        passed = 0

        def look(key: str = then.key, step: int = step) -> None:
            nonlocal passed
            passed += 1
            if passed % step == 0 and key in trial.landed() and trial.texts is not None:
                must(key in trial.texts(), "a person sees half of it")

        with at_each_line(trial, look):
            trial.connector().deliver(then)
        trial.is_there(first.key)
        trial.is_there(then.key)


def keeps_what_lies_under_a_key(trial: Trial) -> None:
    """Another parcel under a key that is there leaves one there, and is not said to have been created."""
    for operation in trial.operations:
        connector = trial.connector()
        if connector.capabilities.repeat_safe is RepeatSafe.NONE:
            continue
        prepared = trial.prepared(operation)
        later = RECORDED + timedelta(minutes=1)
        other = trial.prepared(operation, key=prepared.key, recorded_at=later)
        connector.deliver(prepared)
        try:
            came = trial.connector().deliver(other)
        except Ending:
            pass
        else:
            must(came.how is not DeliveredAs.CREATED, "says that it has made a second one")
        trial.is_there(prepared.key)


def keeps_the_later_revision(trial: Trial) -> None:
    """A corrected form comes after the first, or before it: what it says is there in the end."""
    for operation in trial.operations:
        has_rows = has_map(getattr(trial.connector(), "settings", None))
        for number, order in ((1, (1, 2)), (2, (2, 1))):
            revisions = {
                one: trial.prepared(
                    operation,
                    number,
                    revision=one,
                    recorded_at=RECORDED + timedelta(days=one),
                    # Where rows are found by our reference there is one for both.
                    **({} if has_rows else {"key": f"{number}{one}" * 32}),
                )
                for one in order
            }
            for one in order:
                trial.connector().deliver(revisions[one])
            trial.is_there(revisions[2].key)


def takes_many(trial: Trial) -> None:
    """A batch answers for each parcel in their order, also where half of it was there."""
    connector = trial.connector()
    if not isinstance(connector, BatchConnector):
        return
    for operation in trial.operations:
        prepared = [trial.prepared(operation, number) for number in range(1, 11)]
        connector.deliver_batch(prepared[:5])
        came = connector.deliver_batch(prepared)
        must(len(came) == len(prepared), "not one answer for each parcel")
        for one, parcel in zip(came, prepared, strict=True):
            is_delivered(one, parcel)
            trial.is_there(parcel.key, times=2)


def looks_up_the_truth(trial: Trial) -> None:
    """`look_up` says what is there, and None of anything else."""
    for operation in trial.operations:
        prepared = trial.prepared(operation)
        must(trial.connector().look_up(prepared.key) is None, "says that it is there before it is")
        trial.connector().deliver(prepared)
        there = trial.connector().look_up(prepared.key)
        if there is None:
            able = trial.connector().capabilities
            must(able.repeat_safe is not RepeatSafe.LOOK_UP, "cannot say that it is there")
        else:
            must(there.key == prepared.key, "answers for another parcel")
            must(there.how is DeliveredAs.ALREADY_THERE, "says that looking up has made it")
        must(trial.connector().look_up("f" * 64) is None, "says that anything is there")


def looks_up_many_like_one(trial: Trial) -> None:
    """`look_up_many`, or `look_up_by_reference`, finds what is there and nothing else."""
    if not isinstance(trial.connector(), LooksUpMany | LooksUpByReference):
        return
    for operation in trial.operations:
        connector = trial.connector()
        parcels = [sample(connector, operation, number) for number in range(1, 4)]
        wanted = {one.key: (one.reference, one.revision) for one in parcels}
        keys = list(wanted)
        must(not _looked_up(connector, wanted), "says that something is there before it is")
        for one in parcels[:2]:
            connector.deliver(connector.prepare(one))
        there = _looked_up(connector, {**wanted, "f" * 64: ("FF-2026-999999", 1)})
        must(sorted(one.key for one in there) == sorted(keys[:2]), "finds something else")
        must(all(one.how is DeliveredAs.ALREADY_THERE for one in there), "has made it just now")


def _looked_up(connector: Connector, wanted: Mapping[str, tuple[str, int]]) -> list[Delivered]:
    """Ask as the core does: where there is a field map, by references."""
    if isinstance(connector, LooksUpByReference) and has_map(getattr(connector, "settings", None)):
        return connector.look_up_by_reference(wanted)
    return connector.look_up_many(wanted.keys()) if isinstance(connector, LooksUpMany) else []


def holds_on_to_nothing(trial: Trial) -> None:
    """After many deliveries as few files and threads are open as before."""
    for operation in trial.operations:
        connector = trial.connector()
        connector.deliver(trial.prepared(operation))
        before = _held()
        for number in range(2, MANY):
            connector.deliver(trial.prepared(operation, number))
        until = time.monotonic() + PATIENCE_SECONDS
        while (more := _more_than(before)) and time.monotonic() < until:
            time.sleep(0.1)
        must(not more, f"holds on to {more}")


def _more_than(before: Mapping[str, int]) -> Mapping[str, int]:
    """Return of what more is open now, but for a few that come and go."""
    now = _held()
    return {what: now[what] - before[what] for what in now if now[what] - before[what] > MANY // 2}


def _held() -> Mapping[str, int]:
    """Return how many files and threads this process has open."""
    process = psutil.Process()
    if sys.platform == "win32":
        return {"files": process.num_handles(), "threads": process.num_threads()}
    return {"files": process.num_fds(), "threads": process.num_threads()}


def delivers_what_an_earlier_version_prepared(trial: Trial) -> None:
    """What waited while the connector was brought up to date is delivered."""
    for prepared in trial.earlier:
        is_delivered(trial.connector().deliver(prepared), prepared)
        trial.is_there(prepared.key)
