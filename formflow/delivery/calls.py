"""Asks connectors, and believes no answer that is not what the contract says. No ledger here.

Whatever a connector raises or returns comes out as one of two things: the destination holds the parcel,
or it does not, and why. The words of an exception go nowhere: they may hold a path or an answer.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from formflow.sdk.contract import (
    AcknowledgedByHand,
    Ambiguous,
    BatchConnector,
    Connector,
    Delivered,
    DeliveredAs,
    Ending,
    Parcel,
    Prepared,
    Rejected,
    Retryable,
    SettingsError,
    Unavailable,
)

NO_ANSWER, DIED, BAD_ANSWER = "FF-425", "FF-426", "FF-427"
DAY_SECONDS = 86_400.0
_ENDINGS = (Retryable, Unavailable, Rejected, Ambiguous, SettingsError)
_WHERE = re.compile(r"[^\x00-\x1f\ud800-\udfff]{0,500}")  # one line of a path or an identifier
_CODE = re.compile(r"[\w.:-]{1,64}", re.ASCII)


class NoAnswer(Exception):
    """A connector did not answer in time, and what it ran in has been ended."""


class Died(Exception):
    """A connector ended the process that it ran in."""


class BadAnswer(Exception):
    """A connector answered something that the contract does not know."""


@dataclass(frozen=True, slots=True)
class Undelivered:
    """Why one parcel did not go."""

    code: str
    ending: type[Ending] | None = None  # None: a mistake in the connector
    after_seconds: float | None = None  # when to try again; None leaves it to us
    text: str = ""  # for people, from a connector of ours alone

    @property
    def is_out_of_reach(self) -> bool:
        """Return whether the other parcels would fail for the same reason."""
        return self.ending in (Unavailable, SettingsError)

    @property
    def is_broken_off(self) -> bool:
        """Return whether the connector had to be ended, or ended itself."""
        return self.code in (NO_ANSWER, DIED)

    @property
    def is_refused(self) -> bool:
        """Return whether one parcel alone may be the reason, so that the others may go without it."""
        return self.ending is Rejected or (self.ending is None and not self.is_broken_off)


Result = Delivered | Undelivered


class Round(Protocol):
    """What one destination gets at once, call by call."""

    def may_go_on(self) -> bool:
        """Return whether another call may be made."""

    def begin(self, parcels: int) -> None:
        """Note that a call about so many parcels begins."""

    def note(self, results: Sequence[Result]) -> None:
        """Note what came of the next parcels."""


def deliver_all(connector: Connector, prepared: Sequence[Prepared], now: Round) -> None:
    """Deliver parcels in their order, and note what came of each. Those that are not noted were not tried."""
    if isinstance(connector, BatchConnector) and len(prepared) > 1:
        _deliver_batch(connector, prepared, now)
        return
    for index, parcel in enumerate(prepared):
        if not now.may_go_on():
            return
        now.begin(1)
        result = _deliver_one(connector, parcel)
        if isinstance(result, Undelivered) and result.is_out_of_reach:
            # No need to knock for each of the others: they go back with the same reason.
            now.note([result] * (len(prepared) - index))
            return
        now.note([result])


def _deliver_batch(connector: BatchConnector, prepared: Sequence[Prepared], now: Round) -> None:
    """Deliver many at once; where that is refused, in halves, so that one bad row refuses itself alone."""
    if len(prepared) == 1:
        deliver_all(connector, prepared, now)
        return
    if not now.may_go_on():
        return
    now.begin(len(prepared))
    results = _batch_results(connector, prepared)
    first = results[0]
    if isinstance(first, Undelivered) and first.is_refused:
        middle = len(prepared) // 2
        _deliver_batch(connector, prepared[:middle], now)
        _deliver_batch(connector, prepared[middle:], now)
        return
    now.note(results)


def _batch_results(connector: BatchConnector, prepared: Sequence[Prepared]) -> list[Result]:
    try:
        return _all_checked(connector.deliver_batch(list(prepared)), prepared)
    except BaseException as problem:  # noqa: BLE001 - any failure keeps the parcels, see why
        return [why(problem)] * len(prepared)


def _deliver_one(connector: Connector, prepared: Prepared) -> Result:
    try:
        return _checked(connector.deliver(prepared), prepared.key)
    except Ambiguous as problem:
        return _look_up(connector, prepared.key) or why(problem)
    except BaseException as problem:  # noqa: BLE001 - any failure keeps the parcel, see why
        return why(problem)


def _look_up(connector: Connector, key: str) -> Result | None:
    try:
        answer = connector.look_up(key)
        return None if answer is None else _checked(answer, key)
    except (BadAnswer, NoAnswer, Died) as problem:
        return why(problem)
    except BaseException:  # noqa: BLE001 - not knowing is an answer: it is sent again
        return None


def prepare(connector: Connector, parcel: Parcel) -> Prepared:
    """Return what a connector makes of a parcel. Raise BadAnswer, or whatever the connector raises."""
    made: object = connector.prepare(parcel)
    if not isinstance(made, Prepared) or not _is_of(made, parcel):
        raise BadAnswer
    return made


def _is_of(made: Prepared, parcel: Parcel) -> bool:
    """Return whether something prepared is made as the contract says, and of this parcel."""
    lent = {None, parcel.original_sha256, *parcel.enclosed.values()}
    return (
        made.key == parcel.key
        and isinstance(made.body, bytes)
        and isinstance(made.headers, Mapping)
        and all(isinstance(word, str) for pair in made.headers.items() for word in pair)
        and made.original_sha256 in lent
    )


def acknowledged(connector: AcknowledgedByHand, waiting: Mapping[str, tuple[str, int]]) -> set[str]:
    """Return the keys of what has been acknowledged at a destination, of those that wait for it.

    Raise BadAnswer, or what the connector raises.
    """
    answer: object = connector.acknowledged(waiting)
    if not isinstance(answer, set | frozenset | list | tuple) or not all(
        isinstance(key, str) for key in answer
    ):
        raise BadAnswer
    return set(answer) & waiting.keys()


def why(problem: BaseException) -> Undelivered:
    """Return why a parcel did not go, from what a connector raised."""
    for ours, number in ((NoAnswer, NO_ANSWER), (Died, DIED), (BadAnswer, BAD_ANSWER)):
        if isinstance(problem, ours):
            return Undelivered(number)
    ending = next((kind for kind in _ENDINGS if isinstance(problem, kind)), None)
    if ending is None:
        # The class name only: the message may hold a path or an answer.
        return Undelivered(f"bug:{type(problem).__name__[:60]}")
    code = getattr(problem, "code", None)
    if not isinstance(code, str) or not _CODE.fullmatch(code):
        return Undelivered(BAD_ANSWER)
    text = getattr(problem, "text", "")
    after_seconds = _bounded(getattr(problem, "after_seconds", None))
    return Undelivered(code, ending, after_seconds, text if isinstance(text, str) else "")


def _bounded(seconds: object) -> float | None:
    """Return when a connector wants to be asked again: within a day, or None where it makes no sense."""
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or math.isnan(seconds):
        return None
    return float(min(seconds, DAY_SECONDS)) if seconds > 0 else None


def _all_checked(answer: object, prepared: Sequence[Prepared]) -> list[Result]:
    if not isinstance(answer, list) or len(answer) != len(prepared):
        raise BadAnswer
    return [_checked(one, parcel.key) for one, parcel in zip(answer, prepared, strict=True)]


def _checked(answer: object, key: str) -> Delivered:
    if (
        isinstance(answer, Delivered)
        and answer.key == key
        and isinstance(answer.how, DeliveredAs)
        and isinstance(answer.where, str)
        and _WHERE.fullmatch(answer.where)
    ):
        return answer
    raise BadAnswer
