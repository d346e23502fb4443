"""The register workbook: what Excel is given, and what happens when somebody has it open."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.styles import PatternFill
from openpyxl.worksheet.table import Table

from formflow.core.model import Light, Outcome
from formflow.sdk import LIGHTS
from formflow.sdk.contract import DeliveredAs, SettingsError, Unavailable
from formflow.sdk.parcels import NamedAnswer, Parcel
from formflow_connectors.register_rows import LONGEST_TEXT, headings, shortened


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


def _begun_by_an_earlier_version(place: Any) -> Any:
    """Return a register as openpyxl writes it, with one row: shared strings, styles in another order."""
    book = openpyxl.Workbook()
    del book["Sheet"]
    sheet = book.create_sheet("Register")
    sheet.append(headings(()))
    sheet.append(["k" * 64, "FF-2026-000001", 1, datetime(2026, 1, 2, 3, 4, 5)])  # noqa: DTZ001
    sheet["D2"].number_format = "dd/mm/yyyy hh:mm"
    sheet["H2"], sheet["H2"].fill = LIGHTS[Light.RED], PatternFill("solid", fgColor="F4B6B6")
    sheet.auto_filter.ref = sheet.dimensions
    book.save(place.root / "Register.xlsx")
    return sheet


def test_a_register_of_an_earlier_version_goes_on(place: Any) -> None:
    before = _begun_by_an_earlier_version(place)
    _deliver(place, place.parcel())
    _deliver(place, place.parcel(revision=2, light=Light.GREEN))
    sheet = _sheet(place)
    assert [cell.value for cell in sheet[2]] == [cell.value for cell in before[2]]
    assert sheet["D3"].number_format == sheet["D2"].number_format
    assert sheet["D3"].value == datetime(2026, 11, 23, 14, 2, 30)  # noqa: DTZ001
    assert sheet["E3"].number_format == "dd/mm/yyyy"
    assert sheet["H3"].fill.fgColor.rgb[-6:] == "F4B6B6" == sheet["H2"].fill.fgColor.rgb[-6:]
    assert sheet["H4"].fill.fgColor.rgb[-6:] == "C9E7C4"
    assert sheet["B3"].fill.fill_type is None
    assert sheet.auto_filter.ref == "A1:J4"
    assert place.connector().look_up("k" * 64) is not None
    assert [(one.reference, one.revision) for one in place.connector().filed()] == [
        ("FF-2026-000001", 1),
        ("FF-2026-000123", 1),
        ("FF-2026-000123", 2),
    ]


def test_a_row_costs_no_other_byte_of_what_people_made_of_the_register(place: Any) -> None:
    _deliver(place, place.parcel())
    book = openpyxl.load_workbook(place.root / "Register.xlsx")
    book["Register"].protection.sheet = True
    book.create_sheet("Counts")["A1"] = "=COUNTA(Register!B:B)"
    book.save(place.root / "Register.xlsx")
    connector = place.connector()
    connector.deliver(connector.prepare(place.parcel(revision=2)))
    parts = _parts(place)
    connector.deliver(connector.prepare(place.parcel(revision=3)))
    changed = {name for name, part in _parts(place).items() if part != parts[name]}
    assert changed == {"xl/worksheets/sheet1.xml", "xl/workbook.xml"}  # the name of its filter
    assert len(place.landed()) == 3


def test_a_table_of_the_register_grows_and_its_totals_stay_below(place: Any) -> None:
    _deliver(place, place.parcel())
    book = openpyxl.load_workbook(place.root / "Register.xlsx")
    sheet = book["Register"]
    sheet.auto_filter.ref = None
    table = Table(displayName="All", ref="A1:J3", totalsRowCount=1)
    sheet["B3"] = "In all"
    sheet.add_table(table)
    book.save(place.root / "Register.xlsx")
    _deliver(place, place.parcel(revision=2))
    sheet = _sheet(place)
    assert sheet.tables["All"].ref == "A1:J4"
    assert [sheet[f"B{row}"].value for row in (2, 3, 4)] == ["FF-2026-000123"] * 2 + ["In all"]


def test_a_row_that_is_only_remarked_on_is_no_row(place: Any) -> None:
    _deliver(place, place.parcel())
    name = place.root / "Register.xlsx"
    parts = _parts(place)
    odd = parts["xl/worksheets/sheet1.xml"].replace(b"</sheetData>", b"<!-- <row --></sheetData>")
    with zipfile.ZipFile(name, "w") as book:
        for part, content in (parts | {"xl/worksheets/sheet1.xml": odd}).items():
            book.writestr(part, content)
    before = place.tree()
    with pytest.raises(SettingsError, match="FF-405"):
        _deliver(place, place.parcel(revision=2))
    assert place.tree() == before


def test_what_somebody_changes_between_two_rows_is_seen(place: Any) -> None:
    connector, first = place.connector(), place.parcel()
    connector.deliver(connector.prepare(first))
    book = openpyxl.load_workbook(place.root / "Register.xlsx")
    book["Register"].delete_rows(2)
    book.save(place.root / "Register.xlsx")
    assert connector.deliver(connector.prepare(first)).how is DeliveredAs.CREATED
    assert connector.deliver(connector.prepare(first)).how is DeliveredAs.ALREADY_THERE
    assert place.landed() == [first.key]


def test_a_row_needs_no_library_that_reads_the_whole_workbook() -> None:
    program = (
        "import sys; from formflow_connectors import register_book as b, register_rows as r;"
        "row = b.looked(['k', 'FF-2026-000001', 1, '2026-01-02T03:04:05', '2026-01-01', 'C', 'F', 'x', '', 'w']);"
        "b.with_rows(b.new(r.headings(())), [row], 10, is_ours=False);"
        "sys.exit([name for name in ('openpyxl', 'lxml') if name in sys.modules] or 0)"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def _parts(place: Any) -> dict[str, bytes]:
    with zipfile.ZipFile(place.root / "Register.xlsx") as book:
        return {name: book.read(name) for name in book.namelist()}


def test_a_day_before_excel_counts_days_stays_text(place: Any) -> None:
    _deliver(place, place.parcel(incident_day=date(1899, 1, 1)))
    assert _sheet(place)["E2"].value == date(1899, 1, 1).isoformat()


def _held_by_excel(*_: Any) -> None:
    raise PermissionError(13, "Permission denied")
