"""Rows in a workbook that the agency keeps: what grows along, what stays, what is found again, what is refused."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import re
import stat
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.worksheet.formula import ArrayFormula
from pydantic import ValidationError

from formflow.sdk import (
    DeliveredAs,
    Rejected,
    Retryable,
    SettingsError,
    Unavailable,
    conformance,
    files,
    folder,
    registry,
)
from formflow.sdk.conformance import Trial, pretend_context
from formflow_connectors.ooxml import book_proof, book_zip
from tests.connectors.conftest import HARD_ANSWERS
from tests.support.agency_books import (
    AT,
    COLUMNS,
    HEADINGS,
    case_parcel,
    changed_parts,
    deliver,
    log_book,
    parts,
    with_parts,
    workbook_at,
)

SHEET = "xl/worksheets/sheet1.xml"
WAYS = [
    {},
    {"table": True},
    {"table": True, "totals": True},
    {"entries": 0},
    {"entries": 0, "table": True},
]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A behaviour log with three entries, in rows 4 to 6."""
    path = tmp_path / "Behaviour log.xlsx"
    path.write_bytes(log_book())
    return path


def sheet(path: Path) -> Any:
    return openpyxl.load_workbook(path)["Behaviour log"]


def rows(path: Path, first: int = 4) -> list[list[Any]]:
    return [[cell.value for cell in row] for row in sheet(path).iter_rows(min_row=first)]


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_a_row_goes_below_the_last_and_all_that_belongs_to_the_list_grows_along(
    tmp_path: Path, way: dict[str, Any]
) -> None:
    path = tmp_path / "log.xlsx"
    before = log_book(**way)
    path.write_bytes(before)
    deliver(workbook_at(path), case_parcel(1), case_parcel(2, level="amber"))
    now, first = sheet(path), 4 + way.get("entries", 3)
    last = first + 1
    assert [cell.value for cell in now[last]] == [
        datetime(2026, 11, 14, 13, 5),  # noqa: DTZ001 - Excel knows no time zones
        "Sample, Zoë-Anne",
        "Level 2",
        "Shouting & pushing <in> the hall",
        f"=TODAY()-A{last}",
        "FF-2026-000002",
        None,
    ]
    assert now[last][0].number_format == "dd/mm/yyyy"
    assert now[last][1].alignment.wrap_text
    assert now[last][6].fill.fgColor.rgb == "00EEEEEE"
    assert now.row_dimensions[last].height == 30
    (validation,) = now.data_validations.dataValidation
    assert str(validation.sqref) == f"C4:C{last}"
    assert [str(one.sqref) for one in now.conditional_formatting] == [f"C4:C{last}"]
    totals = int(way.get("totals", False))
    assert now.dimensions == f"A1:G{last + totals}"
    if way.get("table"):
        assert now.tables["Log"].ref == f"A3:G{last + totals}"
        assert now.tables["Log"].autoFilter.ref == f"A3:G{last}"
        assert changed_parts(before, path.read_bytes()) == {SHEET, "xl/tables/table1.xml"}
    else:
        assert now.auto_filter.ref == f"A3:G{last}"
        assert changed_parts(before, path.read_bytes()) == {SHEET, "xl/workbook.xml"}
        assert f"$G${last}".encode() in parts(path.read_bytes())["xl/workbook.xml"]


def test_the_totals_of_a_table_move_down_and_a_list_beside_it_stays(tmp_path: Path) -> None:
    def beside(book: Any) -> None:
        book["Behaviour log"]["J7"] = "beside the totals"

    path = tmp_path / "log.xlsx"
    path.write_bytes(log_book(table=True, totals=True, change=beside))
    deliver(workbook_at(path), *map(case_parcel, (1, 2, 3)))
    now = sheet(path)
    assert now["A10"].value == "Total"
    assert now["E10"].value == "=SUBTOTAL(109,Log[Days open])"
    assert (now["J7"].value, now["F7"].value) == ("beside the totals", "FF-2026-000001")
    assert now["J10"].value is None
    assert [now.row_dimensions[row].height for row in (6, 7, 8, 10)] == [30, 30, 30, None]


def test_what_is_not_of_the_list_stays_to_the_byte_and_the_archive_as_it_was(log: Path) -> None:
    before = log.read_bytes()
    deliver(workbook_at(log), case_parcel())
    old, new = book_zip.opened(before), book_zip.opened(log.read_bytes())
    raw_old, raw_new = book_zip.raw_parts(old), book_zip.raw_parts(new)
    same = [name for name in raw_old if name not in (SHEET, "xl/workbook.xml")]
    assert [raw_old[name] for name in same] == [raw_new[name] for name in same]
    for name, info in old.parts.items():
        assert (info.date_time, info.external_attr) == (
            new.parts[name].date_time,
            new.parts[name].external_attr,
        )
    workbook = parts(log.read_bytes())["xl/workbook.xml"]
    assert workbook.replace(b"$G$7", b"$G$6") == parts(before)["xl/workbook.xml"]


def test_an_update_changes_its_own_cells_and_nothing_else(log: Path) -> None:
    deliver(workbook_at(log), case_parcel(1), case_parcel(2))
    book = openpyxl.load_workbook(log)
    book["Behaviour log"]["G7"] = "Spoke to both parents"
    book.save(log)
    before = log.read_bytes()
    (came,) = deliver(workbook_at(log), case_parcel(1, 2, level="amber"))
    assert came.how is DeliveredAs.UPDATED
    assert rows(log, 7)[0][2:] == [
        "Level 2", "Shouting & pushing <in> the hall", "=TODAY()-A7", "FF-2026-000001", "Spoke to both parents",
    ]  # fmt: skip
    assert changed_parts(before, log.read_bytes()) == {SHEET}
    (again,) = deliver(workbook_at(log), case_parcel(1, 2, level="amber"))
    assert again.how is DeliveredAs.ALREADY_THERE


def test_a_blank_never_takes_away_what_a_cell_holds(log: Path) -> None:
    deliver(workbook_at(log), case_parcel())
    deliver(
        workbook_at(log), case_parcel(revision=2, what_happened=None, child_a_name="Zoë Sample")
    )
    assert rows(log)[3][1:4] == ["Sample, Zoë", "Level 3", "Shouting & pushing <in> the hall"]


def test_a_row_is_found_again_wherever_people_have_put_it(log: Path) -> None:
    deliver(workbook_at(log), *map(case_parcel, (1, 2)))
    book = openpyxl.load_workbook(log)
    now = book["Behaviour log"]
    now.insert_cols(1)
    now["A3"] = "Seen by"
    now.insert_rows(4)
    now["C4"] = "Newest first"
    now.move_range("B9:H9", rows=-5)  # the last one is first now
    book.save(log)
    deliver(workbook_at(log), case_parcel(2, 2, what_happened="changed"))
    found = [row for row in rows(log) if "FF-2026-000002" in row]
    assert [row[4] for row in found] == ["changed"]


def test_revisions_may_each_have_a_row(log: Path) -> None:
    for revision in (1, 2):
        deliver(workbook_at(log, revisions="append"), case_parcel(1, revision))
    assert [row[5] for row in rows(log)[3:]] == ["FF-2026-000001", "FF-2026-000001 r2"]
    wanted = {"a" * 64: ("FF-2026-000001", 2), "b" * 64: ("FF-2026-000001", 3)}
    there = workbook_at(log, revisions="append").look_up_by_reference(wanted)
    assert [one.key for one in there] == ["a" * 64]


def test_a_batch_is_one_save_and_its_newest_revision_wins(log: Path) -> None:
    kept: list[str] = []
    context = replace(pretend_context(), keep_version=lambda name, _: kept.append(name))
    newest_first = [
        case_parcel(1, 2, level="amber"),
        case_parcel(1, 1),
        *map(case_parcel, range(2, 60)),
    ]
    came = deliver(workbook_at(log, context=context), *newest_first)
    assert {one.how for one in came} == {DeliveredAs.CREATED}
    assert [one.key for one in came] == [one.key for one in newest_first]
    assert kept == ["Behaviour log.xlsx"]
    assert len(rows(log)) == 3 + 59
    assert [row[2] for row in rows(log)[3:5]] == ["Level 2", "Level 3"]


def test_of_two_changes_in_one_batch_the_newest_counts_also_where_it_changes_nothing(
    log: Path,
) -> None:
    deliver(workbook_at(log), case_parcel(1))
    later = [case_parcel(1, 2, what_happened="not so"), case_parcel(1, 3)]
    deliver(workbook_at(log), *later)
    assert rows(log)[3][3] == "Shouting & pushing <in> the hall"
    deliver(
        workbook_at(log),
        *(replace(one, revision=one.revision + 2) for one in later[:1]),
        case_parcel(1, 5, level="amber"),
    )
    assert rows(log)[3][2] == "Level 2"


def test_what_was_prepared_for_other_columns_goes_into_those_that_are_named_now(log: Path) -> None:
    prepared = workbook_at(log).prepare(case_parcel())
    now = workbook_at(log, columns={"Pupil": "{child_a_name}"}, reference_column="Notes")
    now.deliver(prepared)
    assert rows(log)[3] == [
        None,
        "Sample, Zoë-Anne",
        None,
        None,
        "=TODAY()-A7",
        None,
        "FF-2026-000001",
    ]


def test_what_is_older_than_the_row_changes_nothing(log: Path) -> None:
    deliver(workbook_at(log), case_parcel(1, 2, level="amber"))
    context = replace(pretend_context(), filed_last=lambda _: AT + timedelta(days=1))
    (came,) = deliver(workbook_at(log, context=context), case_parcel(1, 1))
    assert came.how is DeliveredAs.ALREADY_THERE
    assert rows(log)[3][2] == "Level 2"


def test_a_row_that_somebody_deleted_is_told_and_not_made_again(log: Path) -> None:
    before = log.read_bytes()
    context = replace(pretend_context(), filed_last=lambda _: AT)
    gone, other = deliver(workbook_at(log, context=context), case_parcel(1, 2), case_parcel(1, 3))
    assert isinstance(gone, Rejected)
    assert isinstance(other, Rejected)
    assert gone.code == "FF-508"
    assert "FF-2026-000001" in gone.text
    assert log.read_bytes() == before


def test_two_rows_of_one_reference_are_told(log: Path) -> None:
    deliver(workbook_at(log), case_parcel(1))
    book = openpyxl.load_workbook(log)
    book["Behaviour log"]["F4"] = "FF-2026-000001"
    book.save(log)
    came, fine = deliver(workbook_at(log), case_parcel(1, 2), case_parcel(5))
    assert isinstance(came, Rejected)
    assert came.code == "FF-507"
    assert fine.how is DeliveredAs.CREATED


@pytest.mark.parametrize("name", [*HARD_ANSWERS, "coded", "long_emoji", "control"])
def test_every_text_arrives_as_the_text_it_is(log: Path, name: str) -> None:
    text = (
        HARD_ANSWERS.get(name)
        or {
            "blank": "",
            "coded": "_x0041_ and _x000D_",
            "long_emoji": "\U0001f622" * 20_000,
            "control": "a\x00b\x07c\ud800d\uffffe\r\nf",
        }[name]
    )
    deliver(workbook_at(log), case_parcel(what_happened=text))
    cell = sheet(log)["D7"]
    assert cell.data_type != "f"
    if name == "long_emoji":
        assert cell.value.endswith("… (whole text in the child’s file)")
    elif name == "coded":
        assert b"_x005F_x0041_ and _x005F_x000D_" in parts(log.read_bytes())[SHEET]
    elif name == "long":
        assert cell.value.startswith("long long")
        assert len(cell.value) == 32_767
    else:
        assert (cell.value or "") == {"control": "abcde\nf"}.get(name, text)


@pytest.mark.parametrize(
    "day", [date(1899, 12, 31), date(1900, 1, 1), date(1904, 1, 2), date(2026, 11, 14)]
)
@pytest.mark.parametrize("is_1904", [False, True])
def test_days_are_days_where_excel_counts_them(tmp_path: Path, day: date, is_1904: bool) -> None:
    path = tmp_path / "log.xlsx"
    content = log_book()
    if is_1904:
        content = with_parts(content, _count_from_1904)
    path.write_bytes(content)
    deliver(workbook_at(path), case_parcel(incident_at=day))
    value = sheet(path)["A7"].value
    first = date(1904, 1, 2) if is_1904 else date(1900, 1, 1)
    assert (value.date() if isinstance(value, datetime) else value) == (
        day if day >= first else f"{day:%d/%m/%Y}"
    )


def _count_from_1904(every: dict[str, bytes]) -> None:
    every["xl/workbook.xml"] = every["xl/workbook.xml"].replace(
        b"<workbookPr", b'<workbookPr date1904="1"', 1
    )
    assert b"date1904" in every["xl/workbook.xml"]


def test_a_day_in_a_column_that_is_not_for_days_is_a_text_as_staff_write_it(log: Path) -> None:
    columns = {**COLUMNS, "Notes": "{decided_at}"}
    moment = datetime(2026, 11, 16, 9, 30)  # noqa: DTZ001
    deliver(workbook_at(log, columns=columns), case_parcel(decided_at=moment))
    assert rows(log)[3][6] == "16/11/2026 09:30"


def test_free_rows_that_wait_below_the_list_are_filled_with_their_own_formats(
    tmp_path: Path,
) -> None:
    def waiting(book: Any) -> None:
        now = book["Behaviour log"]
        for row in (7, 8):
            now.cell(row, 1).number_format = "dd.mm.yy"
            now.cell(row, 5, f"=A{row}*2")
        now["A12"] = "Please do not write below this line."

    path = tmp_path / "log.xlsx"
    path.write_bytes(log_book(change=waiting))
    deliver(workbook_at(path), case_parcel(1))
    now = sheet(path)
    assert (now["A7"].number_format, now["E7"].value) == ("dd.mm.yy", "=A7*2")
    assert now["A12"].value == "Please do not write below this line."
    with pytest.raises(SettingsError, match=r"FF-502.*row 12"):
        deliver(workbook_at(path), *map(case_parcel, range(2, 8)))


def _of_sheet(change: Callable[[Any], None]) -> Callable[[], bytes]:
    return lambda: log_book(change=lambda book: change(book["Behaviour log"]))


def _of_parts(old: bytes, new: bytes, part: str = SHEET) -> Callable[[], bytes]:
    def change(every: dict[str, bytes]) -> None:
        assert old in every[part]
        every[part] = every[part].replace(old, new, 1)

    return lambda: with_parts(log_book(), change)


def _with_part(name: str) -> Callable[[], bytes]:
    return lambda: with_parts(log_book(), lambda every: every.update({name: b"<x/>"}))


def _two_of_one_name() -> bytes:
    out = io.BytesIO(log_book())
    with zipfile.ZipFile(out, "a") as book, pytest.warns(UserWarning, match="Duplicate"):
        book.writestr(SHEET, b"<x/>")
    return out.getvalue()


def _encrypted() -> bytes:
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500) + "EncryptedPackage".encode("utf-16-le")


def _wide(now: Any) -> None:
    now["XFD1048576"] = "far away"


def _below(now: Any) -> None:
    for row in (9, 10):
        for column in range(1, 7):
            now.cell(row, column, "x")


def _set(**cells: Any) -> Callable[[], bytes]:
    def change(now: Any) -> None:
        for name, value in cells.items():
            now[name] = value

    return _of_sheet(change)


REFUSED: list[tuple[str, str, Callable[[], bytes]]] = [
    ("FF-495", "save it as .xlsx", lambda: b"no workbook"),
    ("FF-495", "save it as .xlsx", lambda: b""),
    ("FF-495", "save it as .xlsx", lambda: log_book()[:3000]),
    ("FF-495", "save it as .xlsx", lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)),
    ("FF-496", "has a password", _encrypted),
    ("FF-497", "“Behaviour log” is protected", _of_sheet(lambda now: now.protection.enable())),
    ("FF-498", "signed", _with_part("_xmlsignatures/sig1.xml")),
    ("FF-499", "shared", _with_part("xl/revisions/revisionHeaders.xml")),
    ("FF-501", "no heading “Our reference”", _set(F3="Reference")),
    ("FF-501", "“Pupil” more than once", _set(G3=" pupil ")),
    ("FF-501", "merged cells (F3:G3)", _of_sheet(lambda now: now.merge_cells("F3:G3"))),
    ("FF-502", "row 7 has the totals", _set(A7="Total", E7="=SUM(E4:E6)")),
    ("FF-502", "row 7 has the totals", _set(E7="=SUM(E4:E6)")),
    ("FF-502", "row 9 has the totals", _set(E9="=SUM(E4:E6)", A9="All")),
    ("FF-502", "row 8 is empty, and the list seems to go on", _of_sheet(_below)),
    ("FF-502", "D7 is in merged cells (C7:D7)", _of_sheet(lambda now: now.merge_cells("C7:D7"))),
    ("FF-502", "last row of the list is in merged cells", _of_sheet(lambda now: now.merge_cells("C5:C6"))),
    ("FF-503", "Cell E6", _set(E6=ArrayFormula("E6", "=MAX(A4:A6*2)"))),
    ("FF-504", "too many cells", _of_sheet(_wide)),
    ("FF-505", "DOCTYPE", _of_parts(b"<worksheet", b"<!DOCTYPE worksheet []><worksheet")),
    ("FF-505", "comments", _of_parts(b"<sheetData>", b"<sheetData><!-- x -->")),
    ("FF-505", "not in order", _of_parts(b'<row r="5"', b'<row r="3"')),
    ("FF-505", "two of its parts", _two_of_one_name),
    ("FF-505", "UTF-8", _of_parts(b"<worksheet", b'<?xml version="1.0" encoding="latin-1"?><worksheet')),
]  # fmt: skip


@pytest.mark.parametrize(
    ("code", "words", "make"), REFUSED, ids=[f"{r[0]} {r[1]}" for r in REFUSED]
)
def test_what_cannot_be_written_to_is_refused_in_words_and_stays(
    tmp_path: Path, code: str, words: str, make: Callable[[], bytes]
) -> None:
    path = tmp_path / "log.xlsx"
    before = make()
    path.write_bytes(before)
    connector = workbook_at(path)
    with pytest.raises(SettingsError) as refused:
        deliver(connector, case_parcel())
    assert refused.value.code == code
    assert words in refused.value.text
    assert len(refused.value.text) <= 300
    said = connector.check()
    if code not in ("FF-502", "FF-503") or "totals" in words:
        assert not said.ok
    assert path.read_bytes() == before


def test_one_word_in_a_far_cell_costs_no_memory(tmp_path: Path) -> None:
    path = tmp_path / "log.xlsx"
    path.write_bytes(log_book(change=lambda book: _wide(book["Summary"])))
    with pytest.raises(SettingsError, match="FF-504"):
        deliver(workbook_at(path), case_parcel())


def test_a_bomb_is_not_inflated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "log.xlsx"
    path.write_bytes(log_book())
    for limit in ("MOST_BYTES", "MOST_INFLATED", "MOST_OF_A_PART"):
        with monkeypatch.context() as low:
            low.setattr(book_zip, limit, 1000)
            with pytest.raises(SettingsError, match="FF-504"):
                deliver(workbook_at(path), case_parcel())


def test_a_workbook_in_the_strict_format_is_written_to(tmp_path: Path) -> None:
    def strict(every: dict[str, bytes]) -> None:
        for name, part in every.items():
            if name.endswith((".xml", ".rels")):
                part = part.replace(
                    b"http://schemas.openxmlformats.org/spreadsheetml/2006/main",
                    b"http://purl.oclc.org/ooxml/spreadsheetml/main",
                )
                every[name] = part.replace(
                    b"http://schemas.openxmlformats.org/officeDocument/2006/relationships",
                    b"http://purl.oclc.org/ooxml/officeDocument/relationships",
                )

    path = tmp_path / "log.xlsx"
    path.write_bytes(with_parts(log_book(), strict))
    (came,) = deliver(workbook_at(path), case_parcel())
    assert came.how is DeliveredAs.CREATED
    assert b"FF-2026-000001" in parts(path.read_bytes())[SHEET]


def test_a_sheet_whose_elements_have_a_prefix_is_written_in_its_own_way(tmp_path: Path) -> None:
    def prefixed(every: dict[str, bytes]) -> None:
        part = every[SHEET].replace(b"xmlns=", b"xmlns:x=")
        every[SHEET] = re.sub(rb"<(/?)(?=[a-z])", rb"<\1x:", part)

    path = tmp_path / "log.xlsx"
    path.write_bytes(with_parts(log_book(), prefixed))
    deliver(workbook_at(path), case_parcel(1), case_parcel(2))
    deliver(workbook_at(path), case_parcel(1, 2, level="amber"))
    written = parts(path.read_bytes())[SHEET]
    assert b'<x:c r="F8" t="inlineStr"><x:is><x:t' in written
    assert b"Level 2" in written


def test_an_element_of_a_drawing_is_never_taken_for_a_row(tmp_path: Path) -> None:
    def control(every: dict[str, bytes]) -> None:
        anchor = (
            b'<controls xmlns:xdr="urn:drawing"><xdr:row>7</xdr:row><xdr:row r="99"/></controls>'
        )
        every[SHEET] = every[SHEET].replace(b"<pageMargins", anchor + b"<pageMargins", 1)
        assert anchor in every[SHEET]

    path = tmp_path / "log.xlsx"
    path.write_bytes(with_parts(log_book(), control))
    deliver(workbook_at(path), case_parcel())
    assert rows(path)[3][5] == "FF-2026-000001"


def test_two_sheets_with_the_headings_are_one_too_many_until_one_is_named(tmp_path: Path) -> None:
    def another(book: Any) -> None:
        book.copy_worksheet(book["Behaviour log"]).title = "Last year"

    path = tmp_path / "log.xlsx"
    path.write_bytes(log_book(change=another))
    with pytest.raises(SettingsError, match=r"FF-500.*“Behaviour log”, “Last year”"):
        deliver(workbook_at(path), case_parcel())
    with pytest.raises(SettingsError, match=r"FF-500.*no sheet called “This year”"):
        deliver(workbook_at(path, sheet="This year"), case_parcel())
    deliver(workbook_at(path, sheet="behaviour log"), case_parcel())
    assert rows(path)[3][5] == "FF-2026-000001"


def test_two_sheets_of_one_name_are_refused(tmp_path: Path) -> None:
    def twins(every: dict[str, bytes]) -> None:
        every["xl/workbook.xml"] = every["xl/workbook.xml"].replace(
            b'"Summary"', b'"Behaviour log"'
        )

    path = tmp_path / "log.xlsx"
    path.write_bytes(with_parts(log_book(), twins))
    with pytest.raises(SettingsError, match=r"FF-500.*more than one sheet called"):
        deliver(workbook_at(path, sheet="Behaviour log"), case_parcel())


def test_two_heading_rows_are_one_too_many_until_one_is_named(tmp_path: Path) -> None:
    def again(book: Any) -> None:
        for column in range(1, 8):
            book["Behaviour log"].cell(20, column, book["Behaviour log"].cell(3, column).value)

    path = tmp_path / "log.xlsx"
    path.write_bytes(log_book(change=again))
    with pytest.raises(SettingsError, match=r"FF-500.*rows 3 and 20"):
        deliver(workbook_at(path), case_parcel())
    deliver(workbook_at(path, heading_row=20), case_parcel())
    assert rows(path, 21)[0][5] == "FF-2026-000001"


@pytest.mark.parametrize("owner", ["~$Behaviour log.xlsx", ".~lock.Behaviour log.xlsx#"])
def test_a_workbook_that_somebody_has_open_waits_and_says_so(log: Path, owner: str) -> None:
    before = log.read_bytes()
    log.with_name(owner).write_text("somebody")
    assert not workbook_at(log).check().ok
    with pytest.raises(Unavailable, match="FF-404"):
        deliver(workbook_at(log), case_parcel())
    assert log.read_bytes() == before


def test_a_workbook_that_is_gone_waits_and_is_never_made(log: Path) -> None:
    log.unlink()
    assert not workbook_at(log).check().ok
    with pytest.raises(Unavailable, match="FF-506"):
        deliver(workbook_at(log), case_parcel())
    assert not log.exists()


def test_what_somebody_saves_meanwhile_is_not_written_over(
    log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    proved = book_proof.proved

    def and_meanwhile(*given: Any) -> Any:
        log.write_bytes(log_book(entries=5))
        return proved(*given)

    monkeypatch.setattr(book_proof, "proved", and_meanwhile)
    with pytest.raises(Retryable, match="FF-407"):
        deliver(workbook_at(log), case_parcel())
    assert log.read_bytes() == log_book(entries=5) or len(rows(log)) == 5


@pytest.mark.parametrize(
    "wrong", ["another cell", "another part", "a part left out", "the workbook"]
)
def test_a_change_that_would_touch_anything_else_is_never_saved(
    log: Path, monkeypatch: pytest.MonkeyPatch, wrong: str
) -> None:
    def change(every: dict[str, bytes]) -> None:
        if wrong == "another cell":
            every[SHEET] = (
                every[SHEET]
                .replace(b"Sample, Zo", b"Simple, Zo")
                .replace(b'<c r="A4"', b'<c r="H4"')
            )
        elif wrong == "another part":
            every["xl/styles.xml"] += b" "
        elif wrong == "a part left out":
            del every["xl/theme/theme1.xml"]
        else:
            every["xl/workbook.xml"] = every["xl/workbook.xml"].replace(b"Summary", b"Other")

    rewritten = book_zip.rewritten
    monkeypatch.setattr(book_zip, "rewritten", lambda *given: with_parts(rewritten(*given), change))
    before = log.read_bytes()
    with pytest.raises(SettingsError, match="FF-509"):
        deliver(workbook_at(log), case_parcel())
    assert log.read_bytes() == before


def test_a_read_only_workbook_waits(log: Path) -> None:
    if os.access("/", os.W_OK):
        pytest.skip("this account may write to everything")
    log.chmod(0o444)
    with pytest.raises(Unavailable, match="FF-402"):
        deliver(workbook_at(log), case_parcel())


@pytest.mark.skipif(files.ON_WINDOWS, reason="rights are lists of accounts there")
def test_rights_owner_and_what_is_noted_beside_a_file_are_kept(log: Path) -> None:
    log.chmod(0o640)
    is_noted = _note(log)
    if os.getuid() == 0:
        os.chown(log, 12, 34)
    before = log.stat()
    deliver(workbook_at(log), case_parcel())
    after = log.stat()
    assert stat.S_IMODE(after.st_mode) == 0o640
    assert (after.st_uid, after.st_gid) == (before.st_uid, before.st_gid)
    assert after.st_mtime_ns > before.st_mtime_ns
    if is_noted:
        assert os.getxattr(log, "user.department") == b"Safeguarding"  # type: ignore[attr-defined,unused-ignore]


def _note(path: Path) -> bool:
    try:
        os.setxattr(path, "user.department", b"Safeguarding")  # type: ignore[attr-defined,unused-ignore]
    except (OSError, AttributeError):
        return False
    return True


@pytest.mark.parametrize(
    ("own", "problem"),
    [
        ({"columns": COLUMNS}, "go together"),
        ({"reference_column": "Ref"}, "go together"),
        ({"table": "Log"}, "need columns"),
        (
            {"columns": COLUMNS, "reference_column": "Ref", "table": "Log", "heading_row": 3},
            "one of the two",
        ),
        (
            {"columns": COLUMNS, "reference_column": "Ref", "answers": ("a",)},
            "name them in columns",
        ),
        ({"columns": COLUMNS, "reference_column": "pupil"}, "leave it out of columns"),
        (
            {"columns": COLUMNS, "reference_column": "Ref", "heading_row": 0},
            "greater than or equal",
        ),
    ],
)
def test_settings_that_do_not_go_together_are_told(own: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        registry.load("workbook").Settings.model_validate({"file": "a.xlsx"} | own)


def test_a_test_is_taken_back_to_the_byte_unless_somebody_saved_meanwhile(log: Path) -> None:
    before, connector = log.read_bytes(), workbook_at(log)
    prepared = connector.prepare(case_parcel())
    connector.deliver(prepared)
    assert connector.take_back(prepared)
    assert log.read_bytes() == before
    assert not connector.take_back(prepared)
    connector.deliver(prepared)
    log.write_bytes(meanwhile := log_book(entries=5))
    assert not connector.take_back(prepared)
    assert log.read_bytes() == meanwhile


def test_the_head_of_each_sheet_is_shown_for_a_draft(log: Path) -> None:
    kind: Any = registry.load("workbook")
    shown = kind.first_rows(log)
    assert list(shown) == ["Behaviour log", "Summary"]
    assert shown["Behaviour log"][2] == HEADINGS
    log.write_bytes(b"no workbook")
    with pytest.raises(SettingsError, match="FF-495"):
        kind.first_rows(log)


# The contract's own checks, for a destination that holds no keys: a key is known by its reference.


def trial_of(path: Path) -> Trial:
    path.write_bytes(log_book())
    keys = {
        f"FF-2026-{number:06d}": hashlib.sha256(f"FF-2026-{number:06d}|record".encode()).hexdigest()
        for number in range(1, 200)
    }

    def landed() -> list[str]:
        return [keys[name] for name in (row[5] for row in rows(path)) if name in keys]

    @contextlib.contextmanager
    def away() -> Iterator[None]:
        path.parent.rename(path.parent.with_suffix(".away"))
        yield
        path.parent.with_suffix(".away").rename(path.parent)

    columns = {**COLUMNS, "Pupil": "{child_a_name}"}
    return Trial(
        lambda context: workbook_at(path, columns=columns, context=context), landed, away, kills=12
    )


@pytest.mark.parametrize("check", conformance.CHECKS, ids=lambda check: check.__name__)
def test_an_agencys_workbook_keeps_the_contract(
    tmp_path: Path, check: Callable[[Trial], None]
) -> None:
    (folder := tmp_path / "share").mkdir()
    check(trial_of(folder / "Behaviour log.xlsx"))


@pytest.mark.parametrize("point", ["before-rename", "after-rename"])
def test_a_process_that_is_killed_leaves_the_old_file_or_the_new_one(
    log: Path, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    class Killed(BaseException):
        pass

    def kill(at: str) -> None:
        if at == f"workbook.{point}":
            raise Killed

    before = log.read_bytes()
    with monkeypatch.context() as once:
        once.setattr(folder, "crash_at", kill)
        with pytest.raises(Killed):
            deliver(workbook_at(log), case_parcel())
    assert (log.read_bytes() == before) is (point == "before-rename")
    (came,) = deliver(workbook_at(log), case_parcel())
    assert came.how is (
        DeliveredAs.CREATED if point == "before-rename" else DeliveredAs.ALREADY_THERE
    )
    assert [row[5] for row in rows(log)[3:]] == ["FF-2026-000001"]
