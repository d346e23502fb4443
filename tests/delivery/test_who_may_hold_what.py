"""A destination that may carry notices only gets notices only, whatever it is asked to do."""

from __future__ import annotations

import dataclasses
import inspect
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, get_type_hints

import pytest

from formflow.core.model import Light, Notice, Outcome
from formflow.core.settings import Settings
from formflow.delivery import outbox, parcels
from formflow.sdk.contract import (
    Capabilities,
    CheckReport,
    ConnectorSettings,
    DataClass,
    Delivered,
    DeliveredAs,
    NamedAnswer,
    Operation,
    Parcel,
    Prepared,
    RepeatSafe,
)
from formflow.storage import database
from tests.stories.test_decisions import HER_NAME
from tests.support import worker
from tests.support.desk import Desk
from tests.support.offices import drop

RED, RETURNED = "red-planned-secrecy-pdfjs", "red-impossible-dates-pdftk-need-appearances"
# What a notice is made of. Everything else of a parcel stays at its first value.
OF_A_NOTICE = {
    "key",
    "operation",
    "reference",
    "revision",
    "outcome",
    "recorded_at",
    "respond_by",
    "form_title",
    "headline",
    "where_to_look",
    "repeat",
    "is_reminder",
}
OF_AN_ALERT = OF_A_NOTICE | {"urgent"}
OF_A_RECEIPT = OF_A_NOTICE | {"page"}
OF_A_RETURN = OF_A_RECEIPT | {"enclosed", "original_sha256", "original_suffix", "only_pictures"}
MAY_BE_TOLD = {Operation.RECEIPT: OF_A_RECEIPT, Operation.ALERT: OF_AN_ALERT}


class Witness:
    """A destination that takes everything it is offered, and keeps it in memory."""

    kind: ClassVar[str] = "witness"
    api_version: ClassVar[int] = 1
    Settings: ClassVar[type[ConnectorSettings]] = ConnectorSettings
    capabilities: Capabilities

    def __init__(self, carries: DataClass) -> None:
        self.capabilities = Capabilities(
            RepeatSafe.KEY, frozenset(Operation), carries, wants_as_read=True
        )
        self.got: list[Parcel] = []

    def check(self) -> CheckReport:
        """All is well."""
        return CheckReport(())

    def prepare(self, parcel: Parcel) -> Prepared:
        """Note what came."""
        self.got.append(parcel)
        return Prepared(parcel.key, b"")

    def deliver(self, prepared: Prepared) -> Delivered:
        """Hold it."""
        return Delivered(prepared.key, DeliveredAs.CREATED, "here")

    def look_up(self, key: str) -> Delivered | None:
        """Know nothing."""
        del key
        return None

    def close(self) -> None:
        """Nothing stays open."""


def told(parcel: Parcel) -> set[str]:
    """Return the fields in which a parcel says more than nothing."""
    nothing = {
        field.name: field.default_factory()
        if field.default_factory is not dataclasses.MISSING
        else field.default
        for field in dataclasses.fields(Parcel)
    }
    nothing["light"] = None
    return {name for name, empty in nothing.items() if getattr(parcel, name) != empty}


def everything(operation: Operation) -> Parcel:
    """Return a parcel that tells all that a parcel can tell."""
    now = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
    return Parcel(
        key="ab" * 32,
        operation=operation,
        reference="FF-2026-000001",
        revision=1,
        outcome=Outcome.HELD,
        light=Light.RED,
        recorded_at=now,
        respond_by=now,
        form_title="Sexual Behaviour Recording Form",
        headline="New form to review.",
        where_to_look="the alerts",
        repeat=3,
        urgent=True,
        is_reminder=True,
        page="Alex Example",
        enclosed={"F2": "cd" * 32},
        about="FF-2026-000001",
        decided="harmful",
        child_reference="C-000045",
        incident_day=now.date(),
        answers=(NamedAnswer("child_a_name", "Name", "Alex Example"),),
        findings=("R1",),  # type: ignore[arg-type]
        notices=(Notice("FF-213", "Urgent."),),
        original_sha256="ef" * 32,
        original_suffix=".docx",
        only_pictures=True,
        as_read=b"%PDF",
    )


@pytest.mark.parametrize("operation", Operation)
def test_a_notice_tells_nothing_but_reference_deadline_and_where_to_look(
    operation: Operation,
) -> None:
    kept = told(parcels.stripped(everything(operation), DataClass.NOTICE))
    assert kept <= MAY_BE_TOLD.get(operation, OF_A_NOTICE)


@pytest.mark.parametrize(
    ("operation", "kept"),
    [(Operation.RECEIPT, OF_A_RECEIPT), (Operation.RETURN, OF_A_RETURN)],
)
def test_the_office_gets_its_form_back_and_nothing_that_is_for_the_safeguarding_lead(
    operation: Operation, kept: set[str]
) -> None:
    assert told(parcels.stripped(everything(operation), DataClass.FULL)) <= kept


@pytest.mark.parametrize("operation", [Operation.RECORD, Operation.ALERT, Operation.DECIDE])
def test_what_may_hold_names_gets_everything(operation: Operation) -> None:
    assert parcels.stripped(everything(operation), DataClass.FULL) == everything(operation)


def test_every_parcel_that_is_made_is_stripped() -> None:
    makers = [
        made
        for name, made in inspect.getmembers(parcels, inspect.isfunction)
        if made.__module__ == parcels.__name__
        and get_type_hints(made, vars(parcels) | vars(outbox)).get("return") is Parcel
        and name != "stripped"
    ]
    assert len(makers) >= 4
    for made in makers:
        last = inspect.getsource(made).rstrip().rpartition("return ")[2]
        assert last.startswith("stripped("), made.__name__


@pytest.fixture
def witnesses(office: Settings) -> dict[DataClass, Witness]:
    made = {carries: Witness(carries) for carries in DataClass}
    for carries, witness in made.items():
        worker.context_of(office).destinations[f"Witness {carries}"] = witness  # type: ignore[index]
    return made


def a_term_goes_by(office: Settings) -> None:
    """A form, one that goes back, the same again, a review sheet, the same again, a reminder."""
    desk = Desk(office)
    desk.gets(RED)
    drop(office, RETURNED)
    drop(office, RED, "the same again.pdf")
    desk.waits()
    answers = {"level": "harmful", "level_reason": "Planned.", **HER_NAME}
    desk.fills_in("F2", None, None, **answers)
    desk.fills_in("F2", None, None, **answers)
    with database.writing(worker.context_of(office).engine) as connection:
        connection.exec_driver_sql("UPDATE task SET due = 0 WHERE kind = 'remind' AND state = 0")
    later = datetime.now(UTC) + timedelta(days=30)
    while worker.drain(office, clock=lambda: later):
        pass


def test_a_whole_term_tells_a_destination_for_notices_no_name_and_no_reason(
    office: Settings, witnesses: dict[DataClass, Witness]
) -> None:
    a_term_goes_by(office)
    full, notices = witnesses[DataClass.FULL].got, witnesses[DataClass.NOTICE].got
    assert {parcel.operation for parcel in notices} == set(Operation)
    assert any(parcel.is_reminder for parcel in notices)
    assert any(parcel.repeat for parcel in notices)
    assert len(full) == len(notices)
    for parcel in notices:
        assert told(parcel) <= MAY_BE_TOLD.get(parcel.operation, OF_A_NOTICE)
    for parcel in full:
        if parcel.operation is Operation.RETURN:
            assert told(parcel) <= OF_A_RETURN
            assert parcel.original_sha256
    words = " ".join(str(dataclasses.asdict(parcel)) for parcel in notices)
    for name in names(full):
        assert name not in words


def names(full: list[Parcel]) -> set[str]:
    """Return the names of people and of children's folders that stand in full parcels."""
    found: set[Any] = {parcel.child_reference for parcel in full}
    for parcel in full:
        found |= {answer.text for answer in parcel.answers if answer.field.endswith("_name")}
    assert len(found) > 3
    return found - {None, ""}


def test_the_office_gets_no_light_and_no_child_with_its_form(
    office: Settings, witnesses: dict[DataClass, Witness]
) -> None:
    drop(office, RETURNED)
    worker.settle(office)
    (back,) = (p for p in witnesses[DataClass.FULL].got if p.operation is Operation.RETURN)
    assert back.page
    assert "C-0" not in back.where_to_look


def test_the_folder_needs_attention_says_that_it_holds_names(office: Settings) -> None:
    (place,) = (
        one
        for one in worker.context_of(office).destinations.values()
        if one.kind == "attention_folder"
    )
    assert place.capabilities.carries is DataClass.FULL
