"""What a destination with a field map is given of a case: by a form, its correction, and the sheets about it."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar

import pytest

from formflow.core.settings import Settings
from formflow.sdk.case_fields import CASE_FIELDS
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
from formflow.sdk.field_map import FieldMap, known_of
from formflow.sdk.parcels import NamedAnswer, RecordParcel
from tests.stories.test_decisions import GREEN, HER_NAME, amended
from tests.support import worker
from tests.support.desk import Desk

RED = "red-planned-secrecy-pdfjs"
ANSWERS = ("child_a_name", "child_a_dob", "incident_at", "context_planned", "review.level_reason")


class MapSettings(ConnectorSettings):
    """Every fact, and some answers."""

    columns: FieldMap = FieldMap.parse({name: f"{{{name}}}" for name in (*CASE_FIELDS, *ANSWERS)})


class Mapped:
    """A destination with a field map, which keeps what it is given."""

    kind: ClassVar[str] = "mapped"
    api_version: ClassVar[int] = 2
    Settings: ClassVar[type[ConnectorSettings]] = MapSettings
    capabilities = Capabilities(
        RepeatSafe.KEY, frozenset({Operation.RECORD}), DataClass.FULL, wants_as_read=True
    )

    def __init__(self) -> None:
        self.settings = MapSettings()
        self.got: list[RecordParcel] = []

    def check(self) -> CheckReport:
        """All is well."""
        return CheckReport(())

    def prepare(self, parcel: RecordParcel) -> Prepared:
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


@pytest.fixture
def mapped(office: Settings) -> Mapped:
    made: Any = Mapped()
    worker.context_of(office).destinations["Mapped"] = made  # type: ignore[index]
    return made  # type: ignore[no-any-return]


def words(parcel: RecordParcel) -> dict[str, NamedAnswer]:
    return known_of(parcel)


def test_a_case_is_told_as_it_stands_with_each_paper(office: Settings, mapped: Mapped) -> None:
    desk = Desk(office)
    desk.gets(RED)
    answers = {"level": "concerning", "level_reason": "Seen once.", "lower_reason": "Seen once."}
    desk.fills_in("F2", None, None, **answers, **HER_NAME)
    first, decided = map(words, mapped.got)
    assert [one.reference for one in mapped.got] == ["FF-2026-000001", "FF-2026-000001-F2"]

    assert (first["level"].value, first["level"].text) == ("red", "Suggested: red (harmful)")
    assert "decided_level" not in first
    assert "review.level_reason" not in first
    assert first["context_planned"].value == "yes"
    assert isinstance(first["child_a_dob"].value, date)
    assert "decide_by" in first

    # The row of the record: its own reference and answers stay, and what the sheet says comes to them.
    assert decided["reference"].text == "FF-2026-000001"
    assert decided["child_a_name"] == first["child_a_name"]
    assert (decided["level"].value, decided["level"].text) == ("amber", "Decided: concerning")
    assert decided["decided_level"].value == "concerning"
    assert decided["review.level_reason"].text == "Seen once."
    assert "decide_by" not in decided


def test_a_level_that_a_later_form_reopens_is_not_shown_as_decided(
    office: Settings, mapped: Mapped
) -> None:
    desk = Desk(office)
    desk.gets(GREEN)
    desk.fills_in("F2", None, None, level="healthy", level_reason="Play.", **HER_NAME)
    desk.takes(amended(context_force="yes"), "amended.pdf")
    first, decided, reopened = (words(one)["level"] for one in mapped.got)
    assert (first.value, first.text) == ("green", "Suggested: green (healthy)")
    assert (decided.value, decided.text) == ("green", "Decided: healthy")
    assert (reopened.value, reopened.text) == ("red", "Suggested: red (harmful)")
    assert words(mapped.got[2])["decided_level"].value == "healthy"
    assert words(mapped.got[2])["revision"].value == 2


def test_nothing_else_comes(office: Settings, mapped: Mapped) -> None:
    Desk(office).gets(RED)
    (parcel,) = mapped.got
    assert (parcel.answers, parcel.findings, parcel.notices, parcel.light) == ((), (), (), None)
    assert parcel.original_sha256 is None
    assert parcel.as_read  # its kind asks for that
    assert words(parcel).keys() <= {*CASE_FIELDS, *ANSWERS}


def test_what_could_not_be_read_is_told_by_its_reference_alone(
    office: Settings, mapped: Mapped
) -> None:
    Desk(office).takes(b"no form\n", "letter.pdf")
    (parcel,) = mapped.got
    known = words(parcel)
    assert known["status"].value in ("held", "unreadable")
    assert "level" not in known
    assert "child_a_name" not in known
