"""Five endings and a mistake: what each does to its own parcel, and to nobody else's."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

import pytest

from formflow.admin import status
from formflow.core.clock import clock
from formflow.core.settings import Destination, Settings
from formflow.delivery import acknowledgements, calls, lanes
from formflow.pipeline import service
from formflow.sdk.conformance import pretend_context
from formflow.sdk.contract import (
    Ambiguous,
    Capabilities,
    CheckReport,
    ConnectorSettings,
    Context,
    DataClass,
    Delivered,
    DeliveredAs,
    Ending,
    Operation,
    Prepared,
    Rejected,
    RepeatSafe,
    Retryable,
    SettingsError,
    Unavailable,
)
from formflow.sdk.parcels import Parcel
from formflow.storage import database, tasks
from tests.support import worker
from tests.support.offices import drop, files
from tests.support.waiting import eventually

Behaviour = Callable[[Prepared], Delivered]


class Shelf:
    """A destination in memory that behaves as a test wants it to."""

    kind: ClassVar[str] = "shelf"
    api_version: ClassVar[int] = 2
    Settings: ClassVar[type[ConnectorSettings]] = ConnectorSettings
    capabilities: ClassVar[Capabilities] = Capabilities(
        repeat_safe=RepeatSafe.KEY,
        operations=frozenset({Operation.RECORD}),
        carries=DataClass.FULL,
    )

    def __init__(self, settings: ConnectorSettings, context: Context) -> None:
        del settings, context
        self.held: list[str] = []
        self.tries = 0
        self.behaviour: Behaviour = self.keep
        self.lands_all_the_same = False

    def check(self) -> CheckReport:
        """All is well."""
        return CheckReport(())

    def prepare(self, parcel: Parcel) -> Prepared:
        """Keep the reference."""
        return Prepared(parcel.key, parcel.reference.encode())

    def deliver(self, prepared: Prepared) -> Delivered:
        """Behave."""
        self.tries += 1
        if self.lands_all_the_same:
            self.keep(prepared)
        return self.behaviour(prepared)

    def keep(self, prepared: Prepared) -> Delivered:
        """Hold it once."""
        if prepared.key not in self.held:
            self.held.append(prepared.key)
        return Delivered(prepared.key, DeliveredAs.CREATED, "shelf")

    def look_up(self, key: str) -> Delivered | None:
        """Say whether it is held."""
        return Delivered(key, DeliveredAs.ALREADY_THERE, "shelf") if key in self.held else None

    def close(self) -> None:
        """Nothing stays open."""


@pytest.fixture
def shelf(office: Settings) -> Shelf:
    made = Shelf(ConnectorSettings(), pretend_context())
    worker.context_of(office).destinations["Shelf"] = made  # type: ignore[index]
    return made


def endings(ending: BaseException) -> Behaviour:
    def behave(_prepared: Prepared) -> Delivered:
        raise ending

    return behave


def deliver_one(office: Settings) -> tuple[int, str] | None:
    """Drop a form, do everything that is due; return how the shelf's task stands, None when done."""
    drop(office, "red-planned-secrecy-pdfjs")
    worker.settle(office)
    return standing(office)


def standing(office: Settings) -> tuple[int, str] | None:
    with database.reading(worker.context_of(office).engine) as connection:
        row = connection.exec_driver_sql(
            "SELECT state, last_code FROM task WHERE lane = 'Shelf' AND state != 2"
        ).first()
    return (row.state, row.last_code) if row else None


def make_due(office: Settings) -> None:
    with database.writing(worker.context_of(office).engine) as connection:
        connection.exec_driver_sql("UPDATE task SET due = 0")
    worker.settle(office)


def test_what_is_delivered_is_done(office: Settings, shelf: Shelf) -> None:
    assert deliver_one(office) is None
    assert len(shelf.held) == 1


@pytest.mark.parametrize(
    "ending",
    [
        Retryable("later"),
        Unavailable("away"),
        SettingsError("wrong-password"),
        Ambiguous("lost-the-answer"),
    ],
)
def test_what_may_go_later_waits_says_why_and_goes_when_it_can(
    office: Settings, shelf: Shelf, ending: Exception
) -> None:
    shelf.behaviour = endings(ending)
    assert deliver_one(office) == (tasks.READY, str(ending))
    assert len(files(office.folders.alerts)) == 1, "the others are not held up"
    shelf.behaviour = shelf.keep
    make_due(office)
    assert standing(office) is None
    assert len(shelf.held) == 1


def test_what_may_have_landed_is_looked_up_before_it_is_sent_again(
    office: Settings, shelf: Shelf
) -> None:
    shelf.behaviour = endings(Ambiguous("lost-the-answer"))
    shelf.lands_all_the_same = True
    assert deliver_one(office) is None
    assert shelf.tries == 1


def test_what_is_refused_for_good_is_set_aside_for_a_person(office: Settings, shelf: Shelf) -> None:
    shelf.behaviour = endings(Rejected("too-large"))
    assert deliver_one(office) == (tasks.SET_ASIDE, "too-large")
    (waiting,) = status.overview(office).undelivered
    assert (waiting.destination, waiting.set_aside) == ("Shelf", 1)
    make_due(office)
    assert shelf.tries == 1
    shelf.behaviour = shelf.keep
    with database.writing(worker.context_of(office).engine) as connection:
        assert tasks.retry(connection, "Shelf", set_aside_too=True) == 1
    worker.settle(office)
    assert standing(office) is None


def test_who_starts_the_service_anew_need_not_wait_for_the_next_try(
    office: Settings, shelf: Shelf
) -> None:
    shelf.behaviour = endings(SettingsError("wrong-password"))
    deliver_one(office)
    shelf.behaviour = shelf.keep
    service.try_everything_again(worker.context_of(office))
    worker.settle(office)
    assert standing(office) is None


def test_a_mistake_in_a_connector_is_tried_five_times_and_its_words_go_nowhere(
    office: Settings, shelf: Shelf, caplog: pytest.LogCaptureFixture
) -> None:
    shelf.behaviour = endings(ValueError("Alex Example"))
    assert deliver_one(office) == (tasks.READY, "bug:ValueError")
    for _ in range(6):
        make_due(office)
    assert standing(office) == (tasks.SET_ASIDE, "bug:ValueError")
    assert shelf.tries == 5
    assert "Alex Example" not in caplog.text


def test_a_parcel_that_cannot_be_prepared_is_tried_five_times_and_holds_itself_alone(
    office: Settings, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = []

    def fails(parcel: Parcel) -> Prepared:
        tried.append(parcel.key)
        raise KeyError("child_a_name")

    with monkeypatch.context() as broken:
        broken.setattr(shelf, "prepare", fails)
        assert deliver_one(office) == (tasks.READY, "bug:KeyError")
        assert len(files(office.folders.alerts)) == 1
        assert status.overview(office).records == 1
        for _ in range(6):
            make_due(office)
        assert standing(office) == (tasks.SET_ASIDE, "bug:KeyError")
        assert len(tried) == 5
        assert len(set(tried)) == 1
    with database.writing(worker.context_of(office).engine) as connection:
        tasks.retry(connection, "Shelf", set_aside_too=True)
    worker.settle(office)
    assert shelf.held == tried[:1]


def test_a_destination_taken_out_of_the_settings_leaves_its_parcels_for_a_person(
    office: Settings, shelf: Shelf
) -> None:
    shelf.behaviour = endings(Retryable("later"))
    deliver_one(office)
    del worker.context_of(office).destinations["Shelf"]  # type: ignore[attr-defined]
    make_due(office)
    assert standing(office) == (tasks.SET_ASIDE, "no-such-destination")


def test_when_the_whole_destination_is_away_one_knock_is_enough(
    office: Settings, shelf: Shelf
) -> None:
    shelf.behaviour = endings(Unavailable("away"))
    for case in ("green-free-play-pdfjs", "amber-peer-pressure-pdftk-fdf"):
        drop(office, case)
    deliver_one(office)
    assert shelf.tries == 1
    with database.reading(worker.context_of(office).engine) as connection:
        codes = connection.exec_driver_sql("SELECT last_code FROM task WHERE lane = 'Shelf'")
        assert codes.scalars().all() == ["away"] * 3


# Answers that are none, and waiting that has an end.


@pytest.mark.parametrize(
    "answer",
    [
        None,
        True,
        "delivered",
        Delivered("0" * 64, DeliveredAs.CREATED, "another's"),
        Delivered("KEY", "created", "not one of the three"),  # type: ignore[arg-type]
        Delivered("KEY", DeliveredAs.CREATED, None),  # type: ignore[arg-type]
        Delivered("KEY", DeliveredAs.CREATED, "x" * 501),
        Delivered("KEY", DeliveredAs.CREATED, "two\nlines"),
    ],
    ids=["none", "true", "a word", "another's key", "no how", "no where", "long", "two lines"],
)
def test_an_answer_that_makes_no_sense_is_a_failure_and_is_set_aside_in_the_end(
    office: Settings, shelf: Shelf, answer: Any
) -> None:
    def behave(prepared: Prepared) -> Any:
        is_own = isinstance(answer, Delivered) and answer.key == "KEY"
        return replace(answer, key=prepared.key) if is_own else answer

    shelf.behaviour = behave
    assert deliver_one(office) == (tasks.READY, "FF-427")
    for _ in range(5):
        make_due(office)
    assert standing(office) == (tasks.SET_ASIDE, "FF-427")


@pytest.mark.parametrize(
    "problem", [SystemExit("Alex Example"), KeyboardInterrupt(), GeneratorExit()]
)
def test_what_ends_programs_does_not_end_formflow(
    office: Settings, shelf: Shelf, problem: BaseException
) -> None:
    shelf.behaviour = endings(problem)
    assert deliver_one(office) == (tasks.READY, f"bug:{type(problem).__name__}")
    assert len(files(office.folders.alerts)) == 1


class Shapeless(Rejected):
    """An ending whose author forgot to call what makes one."""

    def __init__(self) -> None:
        Exception.__init__(self)


def test_an_ending_that_says_no_code_is_an_answer_that_makes_no_sense(
    office: Settings, shelf: Shelf
) -> None:
    shelf.behaviour = endings(Shapeless())
    assert deliver_one(office) == (tasks.READY, "FF-427")


def test_a_look_up_that_answers_for_another_parcel_is_not_believed(
    office: Settings, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf.behaviour = endings(Ambiguous("lost-the-answer"))
    another = Delivered("0" * 64, DeliveredAs.ALREADY_THERE, "shelf")
    monkeypatch.setattr(shelf, "look_up", lambda _key: another)
    assert deliver_one(office) == (tasks.READY, "FF-427")


@pytest.mark.parametrize("answer", [None, 3, [("FF-2026-000001", "1")], [("FF-2026-000001",)]])
def test_an_acknowledgement_that_makes_no_sense_acknowledges_nothing(
    office: Settings, shelf: Shelf, answer: Any
) -> None:
    shelf.acknowledged = lambda: answer  # type: ignore[attr-defined]
    assert deliver_one(office) is None
    assert len(status.overview(office).waiting) == 1


OURS = 100  # seconds until our own next try or, on a slow machine, the one after


@pytest.mark.parametrize(
    ("seconds", "least", "most"),
    [
        (30.0, 30, 30),
        (10.0**9, 86_400, 86_400),
        (math.inf, 86_400, 86_400),
        (math.nan, 4, OURS),
        (-5.0, 4, OURS),
        (0, 4, OURS),
        ("soon", 4, OURS),
        (True, 4, OURS),
    ],
    ids=str,
)
def test_a_destination_says_within_a_day_when_it_wants_to_be_asked_again(
    office: Settings, shelf: Shelf, seconds: Any, least: float, most: float
) -> None:
    shelf.behaviour = endings(Retryable("later", after_seconds=seconds))
    before = clock.seconds()
    deliver_one(office)
    after = clock.seconds()
    with database.reading(worker.context_of(office).engine) as connection:
        due = connection.exec_driver_sql("SELECT due FROM task WHERE lane = 'Shelf'").scalar_one()
    assert before + least <= due <= after + most


def test_after_weeks_of_tries_the_next_one_still_comes(office: Settings, shelf: Shelf) -> None:
    shelf.behaviour = endings(Retryable("later"))
    deliver_one(office)
    with database.writing(worker.context_of(office).engine) as connection:
        connection.exec_driver_sql("UPDATE task SET attempts = 5000 WHERE lane = 'Shelf'")
    make_due(office)
    assert standing(office) == (tasks.READY, "later")


def test_after_weeks_of_trouble_of_our_own_the_next_try_still_comes(
    office: Settings, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf.behaviour = endings(Retryable("later"))
    deliver_one(office)
    with database.writing(worker.context_of(office).engine) as connection:
        connection.exec_driver_sql("UPDATE task SET attempts = 5000 WHERE lane = 'Shelf'")

    def stumbles(*_arguments: Any) -> None:
        raise OSError

    monkeypatch.setattr(calls, "deliver_all", stumbles)
    make_due(office)
    assert standing(office) == (tasks.READY, "FF-120")


# Many at once: one bad row refuses itself alone.


class Sheet(Shelf):
    """A destination that takes many at once, and none of them if one is bad."""

    capabilities: ClassVar[Capabilities] = replace(Shelf.capabilities, batch=50)
    bad: ClassVar[set[str]] = set()
    ending: ClassVar[type[Exception]] = Rejected

    def deliver_batch(self, prepared: Sequence[Prepared]) -> list[Delivered | Ending]:
        """Take all or none."""
        if any(parcel.body.decode() in self.bad for parcel in prepared):
            raise self.ending("bad-row")
        return [self.keep(parcel) for parcel in prepared]

    def deliver(self, prepared: Prepared) -> Delivered:
        """Take one."""
        if prepared.body.decode() in self.bad:
            raise self.ending("bad-row")
        return self.keep(prepared)


CASES = (
    "red-planned-secrecy-pdfjs",
    "green-free-play-pdfjs",
    "amber-peer-pressure-pdftk-fdf",
    "red-only-ticks-pypdf",
    "amber-undressing-at-nine-pypdf",
)


@pytest.mark.parametrize(
    ("ending", "state", "code"),
    [(Rejected, tasks.SET_ASIDE, "bad-row"), (ValueError, tasks.READY, "bug:ValueError")],
)
def test_one_row_that_is_refused_is_refused_alone(
    office: Settings,
    monkeypatch: pytest.MonkeyPatch,
    ending: type[Exception],
    state: int,
    code: str,
) -> None:
    sheet = Sheet(ConnectorSettings(), pretend_context())
    worker.context_of(office).destinations["Shelf"] = sheet  # type: ignore[index]
    monkeypatch.setattr(Sheet, "bad", {"FF-2026-000003"})
    monkeypatch.setattr(Sheet, "ending", ending)
    for case in CASES:
        drop(office, case)
    worker.settle(office)
    assert standing(office) == (state, code)
    with database.reading(worker.context_of(office).engine) as connection:
        waiting = connection.exec_driver_sql(
            "SELECT body FROM task JOIN parcel ON parcel.id = ref_id"
            " WHERE lane = 'Shelf' AND state != 2"
        )
        assert waiting.scalars().all() == [b"FF-2026-000003"]
    assert len(sheet.held) == len(CASES) - 1


class Rows(Shelf):
    """A destination that takes many at once and answers for each."""

    capabilities: ClassVar[Capabilities] = replace(Shelf.capabilities, batch=50)
    bad: ClassVar[Mapping[str, Exception]] = {}
    batches: ClassVar[list[int]] = []

    def deliver_batch(self, prepared: Sequence[Prepared]) -> list[Any]:
        """Take what is good."""
        self.batches.append(len(prepared))
        return [self.bad.get(p.body.decode()) or self.keep(p) for p in prepared]


def test_a_batch_that_answers_for_each_parcel_is_asked_once(
    office: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = Rows(ConnectorSettings(), pretend_context())
    worker.context_of(office).destinations["Shelf"] = rows  # type: ignore[index]
    bad = {"FF-2026-000002": Rejected("too-long"), "FF-2026-000004": Retryable("busy")}
    monkeypatch.setattr(Rows, "bad", bad)
    monkeypatch.setattr(Rows, "batches", [])
    for case in CASES:
        drop(office, case)
    with database.writing(worker.context_of(office).engine) as connection:
        tasks.hold_lane(connection, "Shelf", 0, "")
    worker.settle(office)
    assert len(rows.held) == len(CASES) - 2
    with database.reading(worker.context_of(office).engine) as connection:
        waiting = connection.exec_driver_sql(
            "SELECT body, state, last_code FROM task JOIN parcel ON parcel.id = ref_id"
            " WHERE lane = 'Shelf' AND state != 2 ORDER BY body"
        ).all()
    assert [tuple(row) for row in waiting] == [
        (b"FF-2026-000002", tasks.SET_ASIDE, "too-long"),
        (b"FF-2026-000004", tasks.READY, "busy"),
    ]
    assert sum(rows.batches) <= len(CASES), "no parcel was asked about twice"


# What may have landed is looked up before every second send.


def test_it_is_looked_up_again_before_it_is_sent_again(office: Settings, shelf: Shelf) -> None:
    shelf.behaviour = endings(Ambiguous("lost-the-answer"))
    assert deliver_one(office) == (tasks.READY, "lost-the-answer")
    shelf.held = [_key(office)]  # it lands late
    make_due(office)
    assert standing(office) is None
    assert shelf.tries == 1


@pytest.mark.parametrize("problem", [ValueError(), Ambiguous("lost-the-answer")])
def test_whoever_cannot_be_asked_gets_nothing_twice(
    office: Settings, shelf: Shelf, monkeypatch: pytest.MonkeyPatch, problem: Exception
) -> None:
    def fails(_key: str) -> Delivered:
        raise Unavailable("away")

    shelf.behaviour = endings(problem)
    monkeypatch.setattr(shelf, "look_up", fails)
    deliver_one(office)
    make_due(office)
    assert standing(office) == (tasks.READY, "away")
    assert shelf.tries == 1


def test_a_clear_no_is_not_looked_up(
    office: Settings, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(shelf, "look_up", asked.append)
    shelf.behaviour = endings(Retryable("later"))
    deliver_one(office)
    make_due(office)
    assert shelf.tries == 2
    assert asked == []


def test_what_a_worker_left_when_it_died_is_looked_up_first(office: Settings, shelf: Shelf) -> None:
    shelf.behaviour = endings(Retryable("later"))
    deliver_one(office)
    bench = worker.context_of(office)
    with database.writing(bench.engine) as connection:
        connection.exec_driver_sql(
            "UPDATE task SET state = 1, owner = 'dead', attempts = 1, unclear = 0 WHERE lane = 'Shelf'"
        )
    shelf.held, shelf.tries = [_key(office)], 0  # it had just delivered
    tasks.reap(bench.engine, bench.locks)
    make_due(office)
    assert standing(office) is None
    assert shelf.tries == 0


def _key(office: Settings) -> str:
    with database.reading(worker.context_of(office).engine) as connection:
        found = connection.exec_driver_sql("SELECT key FROM parcel WHERE destination = 'Shelf'")
        return str(found.scalar_one())


# What an ending says reaches IT, and no name does.


@pytest.mark.parametrize(
    ("says", "shown"),
    [
        ("The server is full.\n\tAsk for space.", "The server is full. Ask for space."),
        ("Row of sean refused", ""),
        ("Row of “ŠARIĆ” refused", ""),
        ("cannot file seandarcymuller.pdf", ""),
        ("\u202ethe server is\x00 full", "the server is full"),
        ("x" * 5000, f"{'x' * 299}…"),
    ],
    ids=["plain", "name", "capitals", "inside", "control", "long"],
)
def test_a_strangers_words_are_shown_unless_they_quote_an_answer(
    office: Settings, shelf: Shelf, caplog: pytest.LogCaptureFixture, says: str, shown: str
) -> None:
    shelf.behaviour = endings(Rejected("no", says))
    deliver_one(office)  # a form about Seán D’Arcy-Müller and Ełżbieta Šarić
    (waiting,) = status.overview(office).undelivered
    assert (waiting.code, waiting.text) == ("no", shown)
    assert shown in status.as_text(status.overview(office), office)
    assert ("not delivered: “Shelf”, no, " + shown).removesuffix(", ") in caplog.text


def test_a_list_of_answers_that_does_not_match_is_believed_for_none(
    office: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    sheet = Sheet(ConnectorSettings(), pretend_context())
    worker.context_of(office).destinations["Shelf"] = sheet  # type: ignore[index]
    monkeypatch.setattr(Sheet, "deliver_batch", lambda _self, prepared: [None] * len(prepared))
    monkeypatch.setattr(Sheet, "deliver", lambda _self, _prepared: None)
    for case in CASES[:3]:
        drop(office, case)
    worker.settle(office)
    with database.reading(worker.context_of(office).engine) as connection:
        codes = connection.exec_driver_sql("SELECT last_code FROM task WHERE lane = 'Shelf'")
        assert codes.scalars().all() == ["FF-427"] * 3


# Lanes: one that hangs holds up nobody else.


class Hanging:
    """A call that does not come back until a test lets it."""

    def __init__(self, shelf: Shelf) -> None:
        self.shelf, self.lets_go, self.is_asked = shelf, threading.Event(), threading.Event()

    def __call__(self, prepared: Prepared) -> Delivered:
        """Hang."""
        self.is_asked.set()
        self.lets_go.wait()
        return self.shelf.keep(prepared)


@pytest.fixture
def hanging(office: Settings, shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hanging]:
    del office
    monkeypatch.setattr(lanes, "GRACE_SECONDS", 0.0)
    made = Hanging(shelf)
    shelf.behaviour = made
    yield made
    made.lets_go.set()


def only_the_shelf_is_late(
    monkeypatch: pytest.MonkeyPatch, office: Settings, hanging: Hanging
) -> None:
    """Let the shelf's call that hangs be overdue at once, and leave all others the time of a busy machine."""
    overdue = worker.context_of(office).lanes.overdue
    left = worker.context_of(office).lanes._seconds_left

    def soon() -> float | None:  # the call may begin only after it was asked whether one is late
        seconds = left()
        return None if seconds is None else min(seconds, 0.02)

    def late() -> list[tuple[str, lanes.Round]]:
        now = worker.context_of(office).lanes._lanes.get("Shelf")
        called = now.round._called_at if now and now.round else None
        if hanging.is_asked.is_set() and called is not None and now and now.round:
            now.round._called_at = called - lanes.CALL_SECONDS
        return overdue()

    monkeypatch.setattr(worker.context_of(office).lanes, "overdue", late)
    monkeypatch.setattr(worker.context_of(office).lanes, "_seconds_left", soon)


def test_a_delivery_that_hangs_holds_up_neither_sweep_nor_reading_nor_alerts(
    office: Settings, shelf: Shelf, hanging: Hanging
) -> None:
    drop(office, "red-planned-secrecy-pdfjs")
    until_settled(office, 1)
    assert hanging.is_asked.wait(60)
    drop(office, "green-free-play-pdfjs")
    until_settled(office, 2)
    assert shelf.tries == 1
    assert status.overview(office).records == 2


def until_settled(office: Settings, forms: int) -> None:
    """Take turns as the service does, which never waits for a delivery."""

    def are_told() -> bool:
        worker.turn(office, waits=False)
        return len(files(office.folders.receipts)) == len(files(office.folders.alerts)) == forms

    eventually(are_told)


def test_who_does_not_answer_is_named_with_the_moment_and_gets_nothing_more(
    office: Settings, shelf: Shelf, hanging: Hanging, monkeypatch: pytest.MonkeyPatch
) -> None:
    only_the_shelf_is_late(monkeypatch, office, hanging)
    drop(office, "red-planned-secrecy-pdfjs")
    hanging_turns(office, hanging)
    assert standing(office) == (tasks.READY, "FF-425")
    settings = with_the_shelf(office)
    (silent,) = status.overview(settings).silent
    assert silent.destination == "Shelf"
    assert "“Shelf” has not answered since" in status.as_text(status.overview(settings), settings)
    assert status.overview(settings).waits_for_a_person
    make_due(office)
    assert shelf.tries == 1, "a lane that is stuck gets nothing"


def test_what_was_delivered_late_does_not_go_twice(
    office: Settings, shelf: Shelf, hanging: Hanging, monkeypatch: pytest.MonkeyPatch
) -> None:
    only_the_shelf_is_late(monkeypatch, office, hanging)
    drop(office, "red-planned-secrecy-pdfjs")
    hanging_turns(office, hanging)
    assert standing(office) == (tasks.READY, "FF-425")
    hanging.lets_go.set()
    eventually(lambda: standing(office) is None)
    make_due(office)
    assert shelf.tries == 1
    assert len(shelf.held) == 1
    assert status.overview(with_the_shelf(office)).silent == ()


def hanging_turns(office: Settings, hanging: Hanging) -> None:
    worker.settle(office)
    assert hanging.is_asked.is_set()


def with_the_shelf(office: Settings) -> Settings:
    """Return settings that name the shelf, as an agency's would."""
    shelf = Destination(name="Shelf", kind="csv_file")
    return office.model_copy(update={"destination": (*office.destination, shelf)})


def test_asking_what_was_acknowledged_wakes_the_service_for_nothing(
    office: Settings, shelf: Shelf
) -> None:
    rings: list[int] = []
    shelf.acknowledged = list  # type: ignore[attr-defined]
    drop(office, "red-planned-secrecy-pdfjs")
    worker.settle(office)
    worker.context_of(office).lanes.when_done = lambda: rings.append(1)
    worker.turn(office)
    assert rings == []


def test_a_question_that_hangs_stops_its_own_lane_alone(
    office: Settings, shelf: Shelf, hanging: Hanging, monkeypatch: pytest.MonkeyPatch
) -> None:
    def asked(_waiting: Mapping[str, tuple[str, int]]) -> set[str]:
        hanging.is_asked.set()
        hanging.lets_go.wait()
        return set()

    shelf.behaviour = shelf.keep
    takes = frozenset({Operation.RECORD, Operation.ALERT})
    shelf.capabilities = replace(Shelf.capabilities, operations=takes)  # type: ignore[misc]
    shelf.acknowledged = asked  # type: ignore[attr-defined]
    monkeypatch.setattr(acknowledgements, "ASK_SECONDS", 0.1)
    drop(office, "red-planned-secrecy-pdfjs")
    worker.settle(office)
    assert hanging.is_asked.is_set()
    only_the_shelf_is_late(monkeypatch, office, hanging)
    drop(office, "green-free-play-pdfjs")
    worker.settle(office)
    assert len(files(office.folders.alerts)) == 2
    settings = with_the_shelf(office)
    assert [silent.destination for silent in status.overview(settings).silent] == ["Shelf"]
    hanging.lets_go.set()
    eventually(lambda: not status.overview(settings).silent)
