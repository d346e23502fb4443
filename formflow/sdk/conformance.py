"""What every connector must do, as checks that its author runs in their own tests.

    @pytest.mark.parametrize("check", conformance.CHECKS, ids=lambda check: check.__name__)
    def test_my_connector(check, tmp_path):
        check(conformance.Trial(open=lambda context: Mine(settings, context), landed=...))

Each check needs a destination of its own, empty, and raises AssertionError with what went wrong.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import logging
import os
import signal
import sys
import warnings
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, timedelta
from itertools import count
from types import FrameType
from typing import Any, BinaryIO

from formflow.core.model import Light, Outcome
from formflow.sdk import folder, registry
from formflow.sdk.case_fields import samples
from formflow.sdk.contract import (
    AcknowledgedByHand,
    BatchConnector,
    CheckReport,
    Connector,
    Context,
    Delivered,
    DeliveredAs,
    Ending,
    LooksUpByReference,
    LooksUpMany,
    Operation,
    Prepared,
    RepeatSafe,
)
from formflow.sdk.field_map import given, has_map
from formflow.sdk.parcels import (
    AlertParcel,
    DecisionParcel,
    NamedAnswer,
    Parcel,
    ReceiptParcel,
    RecordParcel,
    ReturnParcel,
    lent,
)

NAME = "Zoë-Anne Sample"  # stands wherever a parcel may hold a name, and nowhere else
PAPER = b"%PDF-1.7 a paper %%EOF\n"
MOST_KILLS = 150  # a delivery is killed at so many lines at most, spread over all that it takes
_FULL: Mapping[Operation, type[Parcel]] = {
    Operation.RECORD: RecordParcel,
    Operation.ALERT: AlertParcel,
    Operation.RECEIPT: ReceiptParcel,
    Operation.RETURN: ReturnParcel,
    Operation.DECIDE: DecisionParcel,
}


@dataclass(frozen=True)
class Trial:
    """One kind of destination, and how it is seen from outside."""

    open: Callable[[Context], Connector]  # each time as another process would open it
    landed: Callable[[], Collection[str]]  # the key of everything there, as often as it is there
    out_of_reach: Callable[[], AbstractContextManager[object]] | None = None  # while it is away

    def connector(self) -> Connector:
        """Return the connector, opened with what a test can lend."""
        return self.open(pretend_context())


def pretend_context(files: Collection[bytes] = (PAPER,)) -> Context:
    """Return what the core lends, with some files that a parcel may name."""
    known = {hashlib.sha256(one).hexdigest(): one for one in files}

    def open_original(sha256: str) -> BinaryIO:
        return io.BytesIO(known[sha256])

    return Context("a destination", open_original, logging.getLogger("formflow.destination"))


def sample(connector: Connector, operation: Operation, number: int = 1, **changes: Any) -> Parcel:
    """Return a parcel of invented facts, as the core gives it to this connector."""
    said = _everything(operation, number) | changes
    full = _FULL[operation](**said)
    return given(full, connector.capabilities, getattr(connector, "settings", None))


def _everything(operation: Operation, number: int) -> dict[str, Any]:
    reference, paper = f"FF-2026-{number:06d}", hashlib.sha256(PAPER).hexdigest()
    now = datetime(2026, 11, 23, 14, 2, 30, tzinfo=UTC)
    answers = (
        NamedAnswer("child_a_name", "Name", NAME),
        NamedAnswer("what_happened", "What happened?", "=1+1\n“quoted”, \U0001f622; last"),
    )
    known = {
        "key": hashlib.sha256(f"{reference}|{operation}".encode()).hexdigest(),
        "reference": reference,
        "revision": 1,
        "outcome": Outcome.RECORDED,
        "recorded_at": now,
        "form_title": "Sexual Behaviour Recording Form",
        "headline": "New form to review",
        "where_to_look": f"the page {reference} in the folder “Alerts”",
        "respond_by": now + timedelta(hours=4),
        "light": Light.RED,
        "where_filed": "the folder “C-4821-000045”",
        "page": f"<!doctype html>\n<p>{NAME}</p>\n" if operation is not Operation.RECEIPT else "<p>Received.</p>\n",
        "enclosed": {f"{reference} a sheet": paper},
        "case_key": hashlib.sha256(reference.encode()).hexdigest(),
        "child_reference": "C-4821-000045", "child_folder": f"{NAME} 2013-03-01",
        "incident_day": date(2026, 11, 20),
        "answers": answers,
        "original_sha256": paper,
        "as_read": PAPER,
        "named": (*samples(reference), *answers),
    }  # fmt: skip
    return {one.name: known[one.name] for one in fields(_FULL[operation]) if one.name in known}


def declares_itself(trial: Trial) -> None:
    """Kind, version, settings and capabilities are as the registry expects them."""
    connector = trial.connector()
    why = registry.why_not(connector.kind, type(connector))
    _must(why is None, str(why))
    able = connector.capabilities
    _must((able.batch > 1) <= isinstance(connector, BatchConnector), "batch without deliver_batch")


def prepares_the_same_every_time(trial: Trial) -> None:
    """`prepare` is pure: it gives the same for the same parcel, and touches nothing."""
    for operation in _operations(trial):
        connector = trial.connector()
        parcel = sample(connector, operation)
        first, second = connector.prepare(parcel), trial.connector().prepare(parcel)
        _must(first == second, "the same parcel was prepared in two ways")
        _must(first.key == parcel.key, "the key of the parcel was changed")
        names = {one.sha256 for one in first.attachments}
        _must(names <= lent(parcel), "attaches what is not lent")
    _must(not trial.landed(), "something landed before anything was delivered")


def delivers_once(trial: Trial) -> None:
    """What is delivered is found by its key; delivered again, it is there once."""
    for operation in _operations(trial):
        prepared = _prepared(trial, operation)
        for _ in range(2):
            _is_delivered(trial.connector().deliver(prepared), prepared)
        _is_there(trial, prepared.key)


def delivers_once_when_many_do_so(trial: Trial) -> None:
    """Four that deliver the same at once leave it there once."""
    for operation in _operations(trial):
        prepared = _prepared(trial, operation)
        opened = [trial.connector() for _ in range(4)]
        with ThreadPoolExecutor(4) as threads:
            list(
                threads.map(lambda connector, what: connector.deliver(what), opened, [prepared] * 4)
            )
        _is_there(trial, prepared.key, times=4)


def delivers_once_when_killed(trial: Trial) -> None:
    """Killed at any line and asked again, as the core does it, it leaves the parcel there once.

    Where the system cannot fork (Windows), this checks nothing.
    """
    if not hasattr(os, "fork"):
        return
    for operation in _operations(trial):
        lines = _lines_of(trial, _prepared(trial, operation, 1))
        for number, line in enumerate(range(1, lines + 1, max(1, lines // MOST_KILLS)), 2):
            prepared = _prepared(trial, operation, number)
            _killed_at(trial, prepared, line)
            again = trial.connector()
            there = again.look_up(prepared.key)  # the core looks up what may have landed
            _is_delivered(there or again.deliver(prepared), prepared)
            _is_there(trial, prepared.key)


def looks_up_the_truth(trial: Trial) -> None:
    """`look_up` says what is there, and None of anything else."""
    for operation in _operations(trial):
        prepared = _prepared(trial, operation)
        _must(trial.connector().look_up(prepared.key) is None, "says that it is there before it is")
        trial.connector().deliver(prepared)
        there = trial.connector().look_up(prepared.key)
        if there is None:
            able = trial.connector().capabilities
            _must(able.repeat_safe is not RepeatSafe.LOOK_UP, "cannot say that it is there")
        else:
            _must(there.key == prepared.key, "answers for another parcel")
            _must(there.how is DeliveredAs.ALREADY_THERE, "says that looking up has made it")
        _must(trial.connector().look_up("f" * 64) is None, "says that anything is there")


def looks_up_many_like_one(trial: Trial) -> None:
    """`look_up_many`, or `look_up_by_reference`, finds what is there and nothing else."""
    if not isinstance(trial.connector(), LooksUpMany | LooksUpByReference):
        return
    for operation in _operations(trial):
        connector = trial.connector()
        parcels = [sample(connector, operation, number) for number in range(1, 4)]
        wanted = {one.key: (one.reference, one.revision) for one in parcels}
        keys = list(wanted)
        _must(not _looked_up(connector, wanted), "says that something is there before it is")
        for one in parcels[:2]:
            connector.deliver(connector.prepare(one))
        there = _looked_up(connector, {**wanted, "f" * 64: ("FF-2026-999999", 1)})
        _must(sorted(one.key for one in there) == sorted(keys[:2]), "finds something else")
        _must(all(one.how is DeliveredAs.ALREADY_THERE for one in there), "has made it just now")


def _looked_up(connector: Connector, wanted: Mapping[str, tuple[str, int]]) -> list[Delivered]:
    """Ask as the core does: where there is a field map, by references."""
    if isinstance(connector, LooksUpByReference) and has_map(getattr(connector, "settings", None)):
        return connector.look_up_by_reference(wanted)
    return connector.look_up_many(wanted.keys()) if isinstance(connector, LooksUpMany) else []


def keeps_names_inside(trial: Trial) -> None:
    """No name is in a file name, in an identifier or, for notices only, anywhere."""
    for operation in _operations(trial):
        connector = trial.connector()
        prepared = connector.prepare(sample(connector, operation))
        shown = [connector.deliver(prepared).where, *(one.name for one in prepared.attachments)]
        _must(not any(_holds_a_name(text) for text in shown), "a name is where it is delivered")
        if lent(sample(connector, operation)) or has_map(getattr(connector, "settings", None)):
            continue  # names may be in it
        may = operation is not Operation.RECEIPT and hasattr(sample(connector, operation), "page")
        told = prepared.body.decode("utf-8", "replace") + str(dict(prepared.headers))
        _must(may or not _holds_a_name(told), "a name is in a notice")


def takes_many(trial: Trial) -> None:
    """A batch answers for each parcel in their order, also where half of it was there."""
    connector = trial.connector()
    if not isinstance(connector, BatchConnector):
        return
    for operation in _operations(trial):
        prepared = [_prepared(trial, operation, number) for number in range(1, 11)]
        connector.deliver_batch(prepared[:5])
        came = connector.deliver_batch(prepared)
        _must(len(came) == len(prepared), "not one answer for each parcel")
        for one, parcel in zip(came, prepared, strict=True):
            _is_delivered(one, parcel)
            _is_there(trial, parcel.key, times=2)


def ends_in_words_when_out_of_reach(trial: Trial) -> None:
    """While the destination is away, one of the five endings says so; then it goes on."""
    if trial.out_of_reach is None:
        return
    for operation in _operations(trial):
        prepared = _prepared(trial, operation)
        with trial.out_of_reach():
            report = trial.connector().check()
            _must(not report.ok, "check says that all is well")
            try:
                trial.connector().deliver(prepared)
            except Ending as problem:
                _must(bool(problem.code), "an ending without a code")
                _must(not _holds_a_name(str(problem)), "a name is in what it says")
            else:
                _must(False, "delivered to what is out of reach")
        _is_delivered(trial.connector().deliver(prepared), prepared)
        _is_there(trial, prepared.key)


def checks_without_a_trace(trial: Trial) -> None:
    """`check` reports, changes nothing, and `close` may be called twice."""
    connector = trial.connector()
    report = connector.check()
    _must(isinstance(report, CheckReport), "check returned no report")
    _must(all(line.text for line in report.lines), "a line of the report says nothing")
    _must(not trial.landed(), "checking has put something there")
    if isinstance(connector, AcknowledgedByHand):
        _must(not connector.acknowledged({}), "acknowledged what nobody asked about")
    connector.close()
    connector.close()


CHECKS: tuple[Callable[[Trial], None], ...] = (
    declares_itself,
    prepares_the_same_every_time,
    delivers_once,
    delivers_once_when_many_do_so,
    delivers_once_when_killed,
    looks_up_the_truth,
    looks_up_many_like_one,
    keeps_names_inside,
    takes_many,
    ends_in_words_when_out_of_reach,
    checks_without_a_trace,
)


def _must(is_so: bool, otherwise: str) -> None:
    if not is_so:
        raise AssertionError(otherwise)


def _operations(trial: Trial) -> list[Operation]:
    return sorted(trial.connector().capabilities.operations)


def _prepared(trial: Trial, operation: Operation, number: int = 1) -> Prepared:
    connector = trial.connector()
    return connector.prepare(sample(connector, operation, number))


def _is_delivered(answer: object, prepared: Prepared) -> None:
    if not isinstance(answer, Delivered):
        raise AssertionError("did not answer with Delivered")  # noqa: TRY004
    _must(answer.key == prepared.key, "answers for another parcel")
    _must(isinstance(answer.how, DeliveredAs), "does not say how")
    _must(isinstance(answer.where, str), "does not say where")
    _must("\n" not in answer.where, "where it is takes more than one line")


def _is_there(trial: Trial, key: str, times: int = 2) -> None:
    """Say whether a key is there once; up to so many times where a repeat may show."""
    found = Counter(trial.landed())[key]
    _must(bool(found), "what was delivered is not found by its key")
    may = times if trial.connector().capabilities.repeat_safe is RepeatSafe.NONE else 1
    _must(found <= may, f"it is there {found} times")


def _holds_a_name(text: str) -> bool:
    return any(word.casefold() in text.casefold() for word in (NAME, *NAME.split()))


def _lines_of(trial: Trial, prepared: Prepared) -> int:
    """Deliver, and return how many lines of the connector that takes."""
    lines = count(1)
    last = 0

    def each() -> None:
        nonlocal last
        last = next(lines)

    with _at_each_line(trial, each):
        trial.connector().deliver(prepared)
    return last


def _killed_at(trial: Trial, prepared: Prepared, line: int) -> None:
    """Deliver in a process that is killed at a line, as by a power cut."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # the child starts no thread
        child = os.fork()
    if child:
        os.waitpid(child, 0)
        return
    lines = count(1)

    def each() -> None:
        if next(lines) == line:
            os.kill(os.getpid(), signal.SIGKILL)

    try:
        with _at_each_line(trial, each):
            trial.connector().deliver(prepared)
    finally:
        os._exit(0)


@contextlib.contextmanager
def _at_each_line(trial: Trial, each: Callable[[], None]) -> Iterator[None]:
    """Call something before each line of the connector, and of the folder helpers of FormFlow."""
    inside = {sys.modules[type(trial.connector()).__module__].__file__, folder.__file__}

    def local(_frame: FrameType, event: str, _argument: object) -> Any:
        if event == "line":
            each()
        return local

    def enter(frame: FrameType, _event: str, _argument: object) -> Any:
        return local if frame.f_code.co_filename in inside else None

    before = sys.gettrace()
    sys.settrace(enter)
    try:
        yield
    finally:
        sys.settrace(before)
