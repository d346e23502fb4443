"""The register workbook: what Excel is given, and what happens when somebody has it open."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from formflow.core.model import Light, Outcome
from formflow.sdk.contract import SettingsError, Unavailable
from formflow.sdk.parcels import NamedAnswer, Parcel
from formflow_connectors.register_rows import LONGEST_TEXT, shortened


@pytest.fixture
def place(make_place: Callable[[str], Any]) -> Any:
    return make_place("workbook")


def _deliver(place: Any, parcel: Parcel, **own: Any) -> Any:
    connector = place.connector(**own)
    return connector.deliver(connector.prepare(parcel))


def _sheet(place: Any) -> Any:
    return openpyxl.load_workbook(place.root / "Register.xlsx")["Register"]


def test_a_row_says_what_waits_and_where_to_look(place: Any) -> None:
    parcel = place.parcel(outcome=Outcome.HELD)
    _deliver(place, parcel)
    heading, row = ([cell.value for cell in row] for row in _sheet(place).rows)
    assert dict(zip(heading, row, strict=True)) == {
        "Key": parcel.key,
        "Reference": "FF-2026-000123",
        "Revision": 1,
        "Recorded": datetime(2026, 11, 23, 14, 2, 30),  # noqa: DTZ001 - Excel knows no time zones
        "Incident": datetime(2026, 11, 14),  # noqa: DTZ001
        "Child": "C-000045",
        "Form": "Sexual Behaviour Recording Form",
        "Suggested or decided": "▲ Red (harmful)",
        "What waits": "A person checks it against the original form.",
        "Where to look": "in the child’s file, or with “formflow show FF-2026-000123”",
    }


def test_the_sheet_is_ready_to_be_sorted_and_filtered(place: Any) -> None:
    _deliver(place, place.parcel())
    _deliver(place, place.parcel(revision=2))
    sheet = _sheet(place)
    assert sheet.freeze_panes == "C2"
    assert sheet.auto_filter.ref == "A1:J3"
    assert sheet.column_dimensions["A"].hidden
    assert sheet["E2"].is_date
    assert sheet["E2"].number_format == "dd/mm/yyyy"


@pytest.mark.parametrize("light", [*Light, None])
def test_every_light_has_words_and_a_colour(place: Any, light: Light | None) -> None:
    _deliver(place, place.parcel(light=light))
    cell = _sheet(place)["H2"]
    assert len(cell.value) > 5
    assert cell.fill.fill_type == "solid"


def test_the_register_holds_no_answers_unless_asked(place: Any) -> None:
    _deliver(place, place.parcel())
    with zipfile.ZipFile(place.root / "Register.xlsx") as book:
        assert not [name for name in book.namelist() if b"Charlie" in book.read(name)]


def test_answers_that_are_asked_for_stay_text_through_every_later_save(place: Any) -> None:
    parcel = place.parcel()
    names = tuple(answer.field for answer in parcel.answers)
    for revision in (1, 2, 3):
        _deliver(place, place.parcel(revision=revision), answers=names)
    for row in (2, 3, 4):
        for column, answer in enumerate(parcel.answers, 11):
            cell = _sheet(place).cell(row, column)
            assert cell.data_type != "f"  # a formula
            assert (cell.value or "") == shortened(answer.text)
            if answer.text[:1] in tuple("=+-@"):
                assert cell.quotePrefix


def test_a_long_answer_says_that_it_was_cut(place: Any) -> None:
    answers = (NamedAnswer("long", "Long", "\U0001f622" * 40_000),)
    _deliver(place, place.parcel(answers=answers), answers=("long",))
    text = _sheet(place)["K2"].value
    assert text.endswith("… (whole text in the child’s file)")
    assert len(text.encode("utf-16-le")) // 2 <= LONGEST_TEXT


def test_what_a_cell_cannot_hold_is_left_out(place: Any) -> None:
    answers = (NamedAnswer("odd", "Odd", "a\x00b\x07c\ud800d\uffffe\r\nf"),)
    _deliver(place, place.parcel(answers=answers), answers=("odd",))
    assert _sheet(place)["K2"].value == "abcde\nf"


@pytest.mark.parametrize("owner", ["~$Register.xlsx", ".~lock.Register.xlsx#"])
def test_a_workbook_that_is_open_waits_and_says_so(place: Any, owner: str) -> None:
    _deliver(place, place.parcel())
    (place.root / owner).write_text("somebody")
    assert not place.connector().check().ok
    with pytest.raises(Unavailable, match=r"open in Excel.*Close it and FormFlow adds the rows"):
        _deliver(place, place.parcel(revision=2))
    (place.root / owner).unlink()
    _deliver(place, place.parcel(revision=2))
    assert len(place.landed()) == 2


def test_a_workbook_that_cannot_be_replaced_waits_and_says_so(
    place: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    _deliver(place, place.parcel())
    before = place.tree()
    with monkeypatch.context() as windows:
        windows.setattr(Path, "replace", _held_by_excel)
        with pytest.raises(Unavailable, match="FF-404"):
            _deliver(place, place.parcel(revision=2))
    assert place.tree() == before


@pytest.mark.parametrize("content", [b"", b"no workbook", b"PK\x03\x04 half of one"])
def test_a_file_that_is_not_a_workbook_is_never_written_over(place: Any, content: bytes) -> None:
    (place.root / "Register.xlsx").write_bytes(content)
    assert not place.connector().check().ok
    with pytest.raises(SettingsError, match=r"FF-405.*another name"):
        _deliver(place, place.parcel())
    assert place.tree() == {"Register.xlsx": content}


def test_a_workbook_of_the_staff_is_never_written_over(place: Any) -> None:
    book = openpyxl.Workbook()
    book.create_sheet("Register").append(["Name", "Class"])
    book.save(place.root / "Register.xlsx")
    before = place.tree()
    with pytest.raises(SettingsError, match="FF-405"):
        _deliver(place, place.parcel())
    assert place.tree() == before


def test_what_people_add_beside_the_rows_stays(place: Any) -> None:
    _deliver(place, place.parcel())
    book = openpyxl.load_workbook(place.root / "Register.xlsx")
    book["Register"]["K2"] = "seen, and talked to the parents"
    book.save(place.root / "Register.xlsx")
    _deliver(place, place.parcel(revision=2))
    assert _sheet(place)["K2"].value == "seen, and talked to the parents"
    assert len(place.landed()) == 2


def test_a_day_before_excel_counts_days_stays_text(place: Any) -> None:
    _deliver(place, place.parcel(incident_day=date(1899, 1, 1)))
    assert _sheet(place)["E2"].value == date(1899, 1, 1).isoformat()


def _held_by_excel(*_: Any) -> None:
    raise PermissionError(13, "Permission denied")
