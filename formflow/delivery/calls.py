"""Asks connectors, and believes no answer that is not what the contract says. No ledger here.

Whatever a connector raises or returns comes out as one of two things: the destination holds the parcel,
or it does not, and why. The words of an exception go nowhere: they may hold a path or an answer. The words
of an ending go on, as one short line; who may read them is decided in dispatcher.py.
"""

from __future__ import annotations

import hashlib
import math
import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, TypeGuard

from formflow.core.crash_points import crash_at
from formflow.core.errors import OriginalChanged
from formflow.sdk import base, deadline, parcels
from formflow.sdk.contract import (
    AcknowledgedByHand,
    Ambiguous,
    Attachment,
    BatchConnector,
    Connector,
    Delivered,
    DeliveredAs,
    Ending,
    LooksUpByReference,
    LooksUpMany,
    Prepared,
    Rejected,
    Retryable,
    SettingsError,
    Unavailable,
)
from formflow.sdk.field_map import given, has_map
from formflow.sdk.parcels import Parcel
from formflow.storage.tasks import LONGEST_BACK_OFF_SECONDS

CALL_SECONDS = 60.0  # for `deliver`, or `deliver_batch` with all its parcels
ASK_SECONDS = 5.0  # for `prepare`, `look_up` and `acknowledged`
NO_ANSWER, DIED, BAD_ANSWER = "FF-425", "FF-426", "FF-427"
CHANGED = "FF-452"  # an original that was to go along
DRAWN_FOR = "formflow-settings"  # header: by which settings a row was prepared
LARGEST_BODY = 64 << 20  # bytes that are kept for one parcel
LARGEST_HEADERS = 64 << 10  # letters, all together
LONGEST_TEXT = 300  # letters of what an ending says
_ENDINGS = (Retryable, Unavailable, Rejected, Ambiguous, SettingsError)
_WHERE = re.compile(r"[^\x00-\x1f\ud800-\udfff]{0,500}")  # one line of a path or an identifier
_CODE = re.compile(r"[\w.:-]{1,64}", re.ASCII)
_FILE_NAME = re.compile(r"[^\x00-\x1f/\\\ud800-\udfff]{1,255}")


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
    text: str = ""  # for people, one line; a stranger's may hold an answer, see dispatcher.py

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

    @property
    def is_unclear(self) -> bool:
        """Return whether the parcel may have landed anyway."""
        return self.ending in (None, Ambiguous)


Result = Delivered | Undelivered


class Round(Protocol):
    """What one destination gets at once, call by call."""

    def may_go_on(self) -> bool:
        """Return whether another call may be made."""

    def begin(self, parcels: int) -> None:
        """Note that a call about so many parcels begins."""

    def note(self, results: Sequence[Result]) -> None:
        """Note what came of the next parcels."""


def deliver_all(
    connector: Connector, prepared: Sequence[Prepared], now: Round, unclear: Collection[str] = ()
) -> None:
    """Deliver parcels in their order, and note what came of each. Those that are not noted were not tried.

    `unclear` holds the keys of those that may have landed before: they are looked up before they are sent.
    """
    if isinstance(connector, BatchConnector) and len(prepared) > 1:
        _deliver_batch(connector, prepared, now)
        return
    for index, parcel in enumerate(prepared):
        if not now.may_go_on():
            return
        result = _looked_up_first(connector, parcel.key, now) if parcel.key in unclear else None
        if result is None:
            now.begin(1)
            result = _deliver_one(connector, parcel)
        if isinstance(result, Undelivered) and result.is_out_of_reach:
            # Skip the rest: they would fail for the same reason.
            now.note([result] * (len(prepared) - index))
            return
        now.note([result])


def _deliver_batch(connector: BatchConnector, prepared: Sequence[Prepared], now: Round) -> None:
    """Deliver many at once.

    A connector answers for each parcel, so that a bad row is refused alone. One that raises says of none which it
    was: there the batch comes again in halves.
    """
    if len(prepared) == 1:
        deliver_all(connector, prepared, now)
        return
    if not now.may_go_on():
        return
    now.begin(len(prepared))
    results = _batch_results(connector, prepared)
    if isinstance(results, Undelivered):
        if results.is_refused:
            middle = len(prepared) // 2
            _deliver_batch(connector, prepared[:middle], now)
            _deliver_batch(connector, prepared[middle:], now)
            return
        results = [results] * len(prepared)
    now.note([_settled(connector, one, p.key) for one, p in zip(results, prepared, strict=True)])


def _batch_results(
    connector: BatchConnector, prepared: Sequence[Prepared]
) -> list[Result] | Undelivered:
    """Return what came of each parcel, or what holds for all of them."""
    try:
        with deadline.of(CALL_SECONDS):
            return _all_checked(connector.deliver_batch(list(prepared)), prepared)
    except BaseException as problem:  # noqa: BLE001 - any failure keeps the parcels, see why
        return why(problem)


def _deliver_one(connector: Connector, prepared: Prepared) -> Result:
    try:
        with deadline.of(CALL_SECONDS):
            result: Result = _checked(connector.deliver(prepared), prepared.key)
        crash_at(f"{connector.kind}.sent")
    except BaseException as problem:  # noqa: BLE001 - any failure keeps the parcel, see why
        result = why(problem)
    return _settled(connector, result, prepared.key)


def _settled(connector: Connector, result: Result, key: str) -> Result:
    """Return a result; of what may have landed, what its destination says when it is asked now."""
    if isinstance(result, Undelivered) and result.ending is Ambiguous:
        there = _look_up(connector, key)
        if isinstance(there, Delivered):
            return there
        if there is not None and there.code in (NO_ANSWER, DIED, BAD_ANSWER):
            return there
        # Whoever does not say now is asked again before the parcel is sent again.
    return result


def _looked_up_first(connector: Connector, key: str, now: Round) -> Result | None:
    """Return what a destination says of a parcel that may have landed before; None: it is not there.

    Where it cannot be asked, the parcel waits: sent unasked, it might be there twice.
    """
    now.begin(1)
    return _look_up(connector, key)


def _look_up(connector: Connector, key: str) -> Result | None:
    """Return what a destination says of a parcel: that it is there, why it cannot say, or None: it is not."""
    try:
        with deadline.of(ASK_SECONDS):
            answer = connector.look_up(key)
        return None if answer is None else _checked(answer, key)
    except BaseException as problem:  # noqa: BLE001 - not to know is no answer, see why
        return why(problem)


def looks_up_by_reference(connector: Connector) -> TypeGuard[LooksUpByReference]:
    """Return whether a destination holds no key of ours, so that it is asked by references."""
    return isinstance(connector, LooksUpByReference) and has_map(settings_of(connector))


def can_look_up(connector: Connector) -> bool:
    """Return whether a destination can say what it holds."""
    if looks_up_by_reference(connector):
        return True
    said = getattr(connector, "can_look_up", None)  # of one that runs elsewhere
    return base.can_look_up(type(connector)) if said is None else bool(said)


def settings_of(connector: Connector) -> object:
    """Return a destination's own settings; None where its connector keeps none."""
    return getattr(connector, "settings", None)


def look_up_many(connector: Connector, wanted: Mapping[str, tuple[str, int]]) -> set[str]:
    """Return the keys of those that a destination holds. Raise BadAnswer, or what the connector raises.

    `wanted` holds key, reference and revision.
    """
    keys = wanted.keys()
    if looks_up_by_reference(connector):
        answer: object = connector.look_up_by_reference(wanted)
    elif isinstance(connector, LooksUpMany):
        answer = connector.look_up_many(keys)
    else:
        answer = [one for key in keys if (one := connector.look_up(key)) is not None]
    if not isinstance(answer, list):
        raise BadAnswer
    return {_checked(one, getattr(one, "key", "")).key for one in answer} & set(keys)


def prepare(connector: Connector, parcel: Parcel) -> Prepared:
    """Return what a connector makes of a parcel. Raise BadAnswer, or whatever the connector raises.

    Every parcel goes this way, and none but as the type that its destination may hold.
    """
    held = given(parcel, connector.capabilities, settings_of(connector))
    with deadline.of(ASK_SECONDS):
        made: object = connector.prepare(held)
    if not isinstance(made, Prepared) or not _is_of(made, held):
        raise BadAnswer
    mark = _mark(connector)
    return replace(made, headers={**made.headers, DRAWN_FOR: mark}) if mark else made


def is_outdated(connector: Connector, made: Prepared) -> bool:
    """Return whether something was prepared for other columns than the settings name now.

    Only rows are: they are found by their reference, so other bytes of the same parcel do no harm.
    """
    return made.headers.get(DRAWN_FOR, "") != _mark(connector)


def _mark(connector: Connector) -> str:
    """Return what tells a destination's settings from others, where they have a field map; "" where not."""
    settings = settings_of(connector)
    return hashlib.sha256(repr(settings).encode()).hexdigest()[:16] if has_map(settings) else ""


def _is_of(made: Prepared, parcel: Parcel) -> bool:
    """Return whether something prepared is made as the contract says, and of this parcel."""
    return (
        made.key == parcel.key
        and isinstance(made.body, bytes)
        and len(made.body) <= LARGEST_BODY
        and isinstance(made.headers, Mapping)
        and all(isinstance(word, str) for pair in made.headers.items() for word in pair)
        and sum(len(word) for pair in made.headers.items() for word in pair) <= LARGEST_HEADERS
        and isinstance(made.attachments, tuple)
        and all(_is_lent(one, parcels.lent(parcel)) for one in made.attachments)
    )


def _is_lent(attachment: object, lent: Collection[str]) -> bool:
    return (
        isinstance(attachment, Attachment)
        and isinstance(attachment.name, str)
        and _FILE_NAME.fullmatch(attachment.name) is not None
        and attachment.sha256 in lent
    )


def acknowledged(connector: AcknowledgedByHand, waiting: Mapping[str, tuple[str, int]]) -> set[str]:
    """Return the keys of what has been acknowledged at a destination, of those that wait for it.

    Raise BadAnswer, or what the connector raises.
    """
    with deadline.of(ASK_SECONDS):
        answer: object = connector.acknowledged(waiting)
    if not isinstance(answer, set | frozenset | list | tuple) or not all(
        isinstance(key, str) for key in answer
    ):
        raise BadAnswer
    return set(answer) & waiting.keys()


def why(problem: BaseException) -> Undelivered:
    """Return why a parcel did not go, from what a connector raised."""
    if isinstance(problem, OriginalChanged):
        return Undelivered(CHANGED, Retryable, text=problem.found)
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
    return Undelivered(code, ending, after_seconds, one_line(text) if isinstance(text, str) else "")


def one_line(text: str) -> str:
    """Return a text as one short line, without control letters and what turns its direction."""
    shown = "".join(" " if unicodedata.category(one)[0] in "CZ" else one for one in text)
    line = " ".join(shown.split())
    return line if len(line) <= LONGEST_TEXT else f"{line[: LONGEST_TEXT - 1]}…"


def _bounded(seconds: object) -> float | None:
    """Return when a connector asks to be called again: within a day, or None where it makes no sense."""
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or math.isnan(seconds):
        return None
    return float(min(seconds, LONGEST_BACK_OFF_SECONDS)) if seconds > 0 else None


def _all_checked(answer: object, prepared: Sequence[Prepared]) -> list[Result]:
    if not isinstance(answer, list) or len(answer) != len(prepared):
        raise BadAnswer
    return [
        why(one) if isinstance(one, Ending) else _checked(one, parcel.key)
        for one, parcel in zip(answer, prepared, strict=True)
    ]


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
