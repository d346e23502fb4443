"""One kind of destination on trial: how it is opened, what a person finds there, and what can be done to it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from formflow.sdk.conformance.samples import NAME, pretend_context, sample
from formflow.sdk.contract import (
    Connector,
    Context,
    Delivered,
    DeliveredAs,
    Operation,
    Prepared,
    RepeatSafe,
)

Opened = Callable[[Context], Connector]
Fault = Callable[[], AbstractContextManager[object]]  # the destination fails as long as it lasts


@dataclass(frozen=True)
class Trial:
    """A destination of its own, empty, and how it is seen from outside."""

    open: Opened  # each time as another process would open it
    landed: Callable[[], Collection[str]]  # the key of everything there, as often as it is there
    out_of_reach: Fault | None = None  # while it is away
    # What a person reads there, of what is whole: key -> name of an answer -> its text.
    texts: Callable[[], Mapping[str, Mapping[str, str]]] | None = None
    faults: Mapping[str, Fault] = field(default_factory=dict)  # what else can happen to it, by name
    unusable: Sequence[Opened] = ()  # with settings that lead nowhere
    earlier: Sequence[Prepared] = ()  # what earlier versions of the connector have prepared
    hosts: Collection[str] = ()  # the only computers that it may speak to
    kills: int = 150  # a delivery is killed at so many lines at most, spread over all that it takes

    def connector(self) -> Connector:
        """Return the connector, opened with what a test can lend."""
        return self.open(pretend_context())

    @property
    def operations(self) -> list[Operation]:
        """What the connector takes."""
        return sorted(self.connector().capabilities.operations)

    def prepared(self, operation: Operation, number: int = 1, **changes: object) -> Prepared:
        """Return a parcel of invented facts, prepared."""
        connector = self.connector()
        return connector.prepare(sample(connector, operation, number, **changes))

    def is_there(self, key: str, times: int = 2) -> None:
        """Say whether a key is there once; up to so many times where a repeat may show."""
        found = Counter(self.landed())[key]
        must(bool(found), "what was delivered is not found by its key")
        may = times if self.connector().capabilities.repeat_safe is RepeatSafe.NONE else 1
        must(found <= may, f"it is there {found} times")
        must(self.texts is None or key in self.texts(), "a person finds no whole one of it")


def must(is_so: bool, otherwise: str) -> None:
    """Raise AssertionError, with what went wrong, where something is not so."""
    if not is_so:
        raise AssertionError(otherwise)


def is_delivered(answer: object, prepared: Prepared) -> None:
    """Say whether an answer is one that the core believes."""
    if not isinstance(answer, Delivered):
        raise AssertionError("did not answer with Delivered")  # noqa: TRY004
    must(answer.key == prepared.key, "answers for another parcel")
    must(isinstance(answer.how, DeliveredAs), "does not say how")
    must(isinstance(answer.where, str), "does not say where")
    must("\n" not in answer.where, "where it is takes more than one line")


def holds_a_name(text: str) -> bool:
    """Return whether a text holds the name that stands wherever a parcel may hold one."""
    return any(word.casefold() in text.casefold() for word in (NAME, *NAME.split()))
