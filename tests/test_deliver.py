"""Five endings and a mistake: what each does to its own parcel, and to nobody else's."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

import pytest

from formflow import ledger, overview, pipeline, service, tables
from formflow.contract import (
    Ambiguous,
    Capabilities,
    CheckReport,
    ConnectorSettings,
    Context,
    DataClass,
    Delivered,
    DeliveredAs,
    Operation,
    Parcel,
    Prepared,
    Rejected,
    RepeatSafe,
    Retryable,
    SettingsError,
    Unavailable,
)
from formflow.settings import Settings
from tests.offices import drop, files

Behaviour = Callable[[Prepared], Delivered]


class Shelf:
    """A destination in memory that behaves as a test wants it to."""

    kind: ClassVar[str] = "shelf"
    api_version: ClassVar[int] = 1
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
    context = Context("Shelf", lambda sha256: office.state.folder / sha256, lambda _point: None)
    made = Shelf(ConnectorSettings(), context)
    pipeline.workbench(office).destinations["Shelf"] = made  # type: ignore[index]
    return made


def endings(ending: Exception) -> Behaviour:
    def behave(_prepared: Prepared) -> Delivered:
        raise ending

    return behave


def deliver_one(office: Settings) -> tuple[int, str] | None:
    """Drop a form, do everything that is due; return how the shelf's task stands, None when done."""
    drop(office, "red-planned-secrecy-pdfjs")
    service.settle(office)
    return standing(office)


def standing(office: Settings) -> tuple[int, str] | None:
    with tables.reading(pipeline.workbench(office).engine) as connection:
        row = connection.exec_driver_sql(
            "SELECT state, last_code FROM task WHERE lane = 'Shelf' AND state != 2"
        ).first()
    return (row.state, row.last_code) if row else None


def make_due(office: Settings) -> None:
    with tables.writing(pipeline.workbench(office).engine) as connection:
        connection.exec_driver_sql("UPDATE task SET due = 0")
    service.settle(office)


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
    assert deliver_one(office) == (ledger.READY, str(ending))
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
    assert deliver_one(office) == (ledger.SET_ASIDE, "too-large")
    (waiting,) = overview.overview(office).undelivered
    assert (waiting.destination, waiting.set_aside) == ("Shelf", 1)
    make_due(office)
    assert shelf.tries == 1
    shelf.behaviour = shelf.keep
    with tables.writing(pipeline.workbench(office).engine) as connection:
        assert ledger.retry(connection, "Shelf", set_aside_too=True) == 1
    service.settle(office)
    assert standing(office) is None


def test_who_starts_the_service_anew_need_not_wait_for_the_next_try(
    office: Settings, shelf: Shelf
) -> None:
    shelf.behaviour = endings(SettingsError("wrong-password"))
    deliver_one(office)
    shelf.behaviour = shelf.keep
    with service.alone(office):
        service.settle(office)
    assert standing(office) is None


def test_a_mistake_in_a_connector_is_tried_five_times_and_its_words_go_nowhere(
    office: Settings, shelf: Shelf, caplog: pytest.LogCaptureFixture
) -> None:
    shelf.behaviour = endings(ValueError("Alex Example"))
    assert deliver_one(office) == (ledger.READY, "bug:ValueError")
    for _ in range(6):
        make_due(office)
    assert standing(office) == (ledger.SET_ASIDE, "bug:ValueError")
    assert shelf.tries == 5
    assert "Alex Example" not in caplog.text


def test_a_parcel_that_cannot_be_rendered_holds_itself_alone(
    office: Settings, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_parcel: Parcel) -> Prepared:
        raise KeyError("child_a_name")

    monkeypatch.setattr(shelf, "prepare", fails)
    assert deliver_one(office) == (ledger.SET_ASIDE, "render-failed")
    assert len(files(office.folders.alerts)) == 1
    assert overview.overview(office).records == 1


def test_a_destination_taken_out_of_the_settings_leaves_its_parcels_for_a_person(
    office: Settings, shelf: Shelf
) -> None:
    shelf.behaviour = endings(Retryable("later"))
    deliver_one(office)
    del pipeline.workbench(office).destinations["Shelf"]  # type: ignore[attr-defined]
    make_due(office)
    assert standing(office) == (ledger.SET_ASIDE, "no-such-destination")


def test_when_the_whole_destination_is_away_one_knock_is_enough(
    office: Settings, shelf: Shelf
) -> None:
    shelf.behaviour = endings(Unavailable("away"))
    for case in ("green-free-play-pdfjs", "amber-peer-pressure-pdftk-fdf"):
        drop(office, case)
    deliver_one(office)
    assert shelf.tries == 1
    with tables.reading(pipeline.workbench(office).engine) as connection:
        codes = connection.exec_driver_sql("SELECT last_code FROM task WHERE lane = 'Shelf'")
        assert codes.scalars().all() == ["away"] * 3
