"""Checks of trouble: whatever happens to a destination ends in words, and the parcel is there once in the end."""

from __future__ import annotations

import contextlib
import logging
import sys
from collections.abc import Iterator

from formflow.sdk import deadline
from formflow.sdk.conformance.trial import Fault, Trial, holds_a_name, is_delivered, must
from formflow.sdk.contract import Ambiguous, Ending, Operation

CALL_SECONDS = 2.0  # what a delivery may take while it is in trouble; in its life it has 60


def ends_in_words_when_out_of_reach(trial: Trial) -> None:
    """While the destination is away, one of the five endings says so; then it goes on."""
    if trial.out_of_reach is None:
        return
    for operation in trial.operations:
        prepared = trial.prepared(operation)
        with trial.out_of_reach():
            report = trial.connector().check()
            must(not report.ok, "check says that all is well")
            try:
                trial.connector().deliver(prepared)
            except Ending as problem:
                must(bool(problem.code), "an ending without a code")
                must(not holds_a_name(str(problem)), "a name is in what it says")
            else:
                must(False, "delivered to what is out of reach")
        is_delivered(trial.connector().deliver(prepared), prepared)
        trial.is_there(prepared.key)


def ends_in_words_in_any_trouble(trial: Trial) -> None:
    """With each of its faults a delivery arrives or ends in one of the five ways; after it, it is there once."""
    for number, (name, fault) in enumerate(trial.faults.items(), 1):
        for operation in trial.operations:
            _ends_in_words(trial, operation, number, name, fault)


def _ends_in_words(
    trial: Trial, operation: Operation, number: int, name: str, fault: Fault
) -> None:
    prepared = trial.prepared(operation, number)
    with fault(), _listened() as said:
        try:
            with deadline.of(CALL_SECONDS):
                is_delivered(trial.connector().deliver(prepared), prepared)
        except Ambiguous as problem:
            said.append(str(problem))
        except Ending as problem:
            said.append(str(problem))
            must(prepared.key not in trial.landed(), f"{name}: it is there, and that is not said")
    must(not any(map(holds_a_name, said)), f"{name}: a name is in what is said")
    again = trial.connector()
    is_delivered(again.look_up(prepared.key) or again.deliver(prepared), prepared)
    trial.is_there(prepared.key)


@contextlib.contextmanager
def _listened() -> Iterator[list[str]]:
    """Yield everything that is logged meanwhile, whoever logs it."""
    said: list[str] = []

    class Listening(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            said.append(self.format(record))

    root, handler = logging.getLogger(), Listening()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        yield said
    finally:
        root.setLevel(level)
        root.removeHandler(handler)


def speaks_to_its_own_hosts_alone(trial: Trial) -> None:
    """It looks for no computer and speaks to none but those that its settings name."""
    with _overheard() as spoken_to:
        for operation in trial.operations:
            trial.connector().check()
            trial.connector().deliver(trial.prepared(operation))
    others = spoken_to - set(trial.hosts)
    must(not others, f"speaks to {', '.join(sorted(others))}")


def logs_no_name(trial: Trial) -> None:
    """Nothing that is logged while it delivers holds a name."""
    with _listened() as said:
        for operation in trial.operations:
            trial.connector().deliver(trial.prepared(operation))
    must(not any(map(holds_a_name, said)), "a name is in the log")


_spoken_to: list[set[str]] = []  # of whoever overhears just now


def _overhear(event: str, arguments: tuple[object, ...]) -> None:
    if not _spoken_to:
        return
    if event == "socket.getaddrinfo":
        _spoken_to[-1].add(str(arguments[0]))
    elif event == "socket.connect" and isinstance(arguments[1], tuple):
        _spoken_to[-1].add(str(arguments[1][0]))


@contextlib.contextmanager
def _overheard() -> Iterator[set[str]]:
    """Yield the computers that are looked for or spoken to meanwhile, in any thread."""
    if not _overhearing["is_on"]:
        sys.addaudithook(_overhear)  # it cannot be taken off again
        _overhearing["is_on"] = True
    found: set[str] = set()
    _spoken_to.append(found)
    try:
        yield found
    finally:
        _spoken_to.remove(found)


_overhearing = {"is_on": False}
