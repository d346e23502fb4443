"""A destination that may carry notices only gets notices only, whatever it is asked to do."""

from __future__ import annotations

import ast
import dataclasses
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import pytest

import formflow
from formflow.core.dates import local_day
from formflow.core.settings import Settings
from formflow.delivery import calls
from formflow.sdk import conformance
from formflow.sdk.contract import (
    Capabilities,
    CheckReport,
    ConnectorSettings,
    DataClass,
    Delivered,
    DeliveredAs,
    Operation,
    Prepared,
    RepeatSafe,
)
from formflow.sdk.parcels import (
    AlertNotice,
    AlertParcel,
    DecisionNotice,
    DecisionParcel,
    Parcel,
    ReceiptParcel,
    RecordNotice,
    RecordParcel,
    ReturnNotice,
    ReturnParcel,
)
from formflow.storage import database
from tests.stories.test_decisions import HER_NAME
from tests.support import worker
from tests.support.desk import Desk
from tests.support.offices import drop

RED, RETURNED = "red-planned-secrecy-pdfjs", "red-impossible-dates-pdftk-need-appearances"
# What a destination for notices is told: the fields of its types, written down once more.
OF_A_NOTICE = {
    "key",
    "reference",
    "revision",
    "outcome",
    "recorded_at",
    "form_title",
    "headline",
    "where_to_look",
}
OF_AN_ALERT = OF_A_NOTICE | {"respond_by", "urgent", "is_reminder", "is_own", "overdue"}
OF_A_RECEIPT = OF_A_NOTICE | {"page", "repeat"}
OF_A_RETURN = OF_A_NOTICE | {
    "page",
    "enclosed",
    "original_sha256",
    "original_suffix",
    "only_pictures",
}
MAY_BE_TOLD = {Operation.RECEIPT: OF_A_RECEIPT, Operation.ALERT: OF_AN_ALERT}
NOTICES = {
    RecordParcel: RecordNotice,
    AlertParcel: AlertNotice,
    ReceiptParcel: ReceiptParcel,
    ReturnParcel: ReturnNotice,
    DecisionParcel: DecisionNotice,
}


class Witness:
    """A destination that takes everything it is offered, and keeps it in memory."""

    kind: ClassVar[str] = "witness"
    api_version: ClassVar[int | tuple[int, int]] = 2
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


def told(kind: Parcel | type[Parcel]) -> set[str]:
    """Return what a parcel has a place for."""
    return {field.name for field in dataclasses.fields(kind)}


def everything(operation: Operation) -> Parcel:
    """Return a parcel that tells all that a parcel of an operation can tell."""
    witness: Any = Witness(DataClass.FULL)
    return conformance.sample(witness, operation, key="ab" * 32)


@pytest.mark.parametrize("operation", Operation)
def test_a_notice_has_no_place_for_more_than_reference_deadline_and_where_to_look(
    operation: Operation,
) -> None:
    full = everything(operation)
    witness: Any = Witness(DataClass.NOTICE)
    calls.prepare(witness, full)
    got: Any = witness.got[0]
    assert type(got) is NOTICES[type(full)]
    assert told(witness.got[0]) == MAY_BE_TOLD.get(operation, OF_A_NOTICE)
    assert conformance.NAME not in repr(got)
    assert not hasattr(got, "__dict__"), "it could be given more"


@pytest.mark.parametrize("operation", Operation)
def test_what_may_hold_names_gets_all_of_its_operation(operation: Operation) -> None:
    full = everything(operation)
    witness: Any = Witness(DataClass.FULL)
    calls.prepare(witness, full)
    assert witness.got == [full]


def test_the_office_gets_its_form_back_and_nothing_that_is_for_the_safeguarding_lead() -> None:
    assert told(ReceiptParcel) == OF_A_RECEIPT
    assert told(ReturnParcel) == OF_A_RETURN


def test_no_parcel_goes_to_a_connector_but_where_it_is_stripped() -> None:
    """Only one place of the program asks a connector to prepare; whatever asks it asks there."""
    asking = [
        path.name
        for path in Path(formflow.__file__).parent.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and ast.unparse(node.func).endswith("connector.prepare")
        and "sdk" not in path.parts
    ]
    assert asking == ["calls.py"]


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
    a_month_goes_by(office)


def a_month_goes_by(office: Settings) -> None:
    """Let everything that is due be due, on an open day a month from now, and be delivered."""
    with database.writing(worker.context_of(office).engine) as connection:
        connection.exec_driver_sql("UPDATE task SET due = 0 WHERE kind = 'remind' AND state = 0")
    later = datetime.now(UTC) + timedelta(days=30)
    while not office.working_days.is_open(local_day(later, office.zone)):
        later += timedelta(days=1)
    while worker.drain(office, clock=lambda: later):
        pass
    with database.writing(worker.context_of(office).engine) as connection:
        connection.exec_driver_sql("UPDATE task SET due = 0 WHERE kind = 'deliver' AND state = 0")
    worker.drain(office, clock=lambda: later)


def test_a_whole_term_tells_a_destination_for_notices_no_name_and_no_reason(
    office: Settings, witnesses: dict[DataClass, Witness]
) -> None:
    a_term_goes_by(office)
    full, notices = witnesses[DataClass.FULL].got, witnesses[DataClass.NOTICE].got
    assert {parcel.operation for parcel in notices} == set(Operation)
    assert any(one.is_reminder for one in notices if isinstance(one, AlertNotice))
    assert any(one.repeat for one in notices if isinstance(one, ReceiptParcel))
    assert len(full) == len(notices)
    assert {type(parcel) for parcel in notices} == set(NOTICES.values())
    assert {type(parcel) for parcel in full} == set(NOTICES)
    back = [parcel for parcel in full if isinstance(parcel, ReturnParcel)]
    assert all(parcel.original_sha256 or parcel.enclosed for parcel in back)
    words = " ".join(str(dataclasses.asdict(parcel)) for parcel in notices)
    for name in names(full):
        assert name not in words


def names(full: list[Parcel]) -> set[str]:
    """Return the names of people and of children's folders that are in full parcels."""
    records = [parcel for parcel in full if isinstance(parcel, RecordParcel)]
    found: set[Any] = {parcel.child_reference for parcel in records}
    for parcel in records:
        found |= {answer.text for answer in parcel.answers if answer.field.endswith("_name")}
    assert len(found) > 3
    return found - {None, ""}


def test_the_office_gets_no_light_and_no_child_with_its_form(
    office: Settings, witnesses: dict[DataClass, Witness]
) -> None:
    drop(office, RETURNED)
    worker.settle(office)
    (back,) = (p for p in witnesses[DataClass.FULL].got if isinstance(p, ReturnParcel))
    assert back.page
    assert "C-0" not in back.where_to_look


def test_the_folder_needs_attention_says_that_it_holds_names(office: Settings) -> None:
    (place,) = (
        one
        for one in worker.context_of(office).destinations.values()
        if one.kind == "attention_folder"
    )
    assert place.capabilities.carries is DataClass.FULL
