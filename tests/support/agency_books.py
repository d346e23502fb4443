"""Workbooks as an agency keeps them, made by openpyxl, and how a person or a program finds what is in them."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import openpyxl
from openpyxl.chart import BarChart, Reference
from openpyxl.formatting.rule import CellIsRule
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.filters import AutoFilter
from openpyxl.worksheet.table import Table, TableStyleInfo

from formflow.core.model import Light, Outcome
from formflow.sdk import NamedAnswer, RecordParcel, registry
from formflow.sdk.conformance import pretend_context

AT = datetime(2026, 11, 23, 14, 2, 30, tzinfo=UTC)
HEADINGS = ["Date", "Pupil", "Level", "What happened", "Days open", "Our reference", "Notes"]
COLUMNS = {
    "Date": "{incident_at}",
    "Pupil": "{child_a_name:surname}, {child_a_name:forename}",
    "Level": {"field": "level", "values": {"red": "Level 3", "amber": "Level 2"}},
    "What happened": "{what_happened}",
}


def log_book(
    entries: int = 3,
    *,
    table: bool = False,
    totals: bool = False,
    change: Callable[[Any], None] | None = None,
) -> bytes:
    """Return a behaviour log with a title, headings in row 3, and everything that people put into such a file."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Behaviour log"
    sheet["A1"] = "Behaviour log 2026/27"
    sheet.merge_cells("A1:G1")
    for column, heading in enumerate(HEADINGS, 1):
        sheet.cell(3, column, heading).font = Font(bold=True)
    last = 3 + max(entries, 1)
    for row in range(4, last + 1):
        _entry(sheet, row, is_blank=not entries)
    rule = CellIsRule(  # type: ignore[no-untyped-call]
        operator="equal", formula=['"Level 3"'], fill=PatternFill("solid", bgColor="F4B6B6")
    )
    sheet.conditional_formatting.add(f"C4:C{last}", rule)
    choice = DataValidation(type="list", formula1='"Level 1,Level 2,Level 3"')
    choice.add(f"C4:C{last}")
    sheet.add_data_validation(choice)
    if table:
        _table(sheet, last, totals=totals)
    else:
        sheet.auto_filter.ref = f"A3:G{last}"
    _others(book, last)
    if change:
        change(book)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def _entry(sheet: Any, row: int, *, is_blank: bool) -> None:
    values = (
        date(2026, 9, row),
        f"Sample, Pat {row}",
        "Level 1",
        "Pushing in the corridor",
        f"=TODAY()-A{row}",
    )
    for column, value in enumerate(values, 1):
        cell = sheet.cell(row, column, None if is_blank and column != 5 else value)
        cell.alignment = Alignment(wrap_text=True, vertical="top")
    sheet.cell(row, 1).number_format = "dd/mm/yyyy"
    sheet.cell(row, 7).fill = PatternFill("solid", fgColor="EEEEEE")
    sheet.row_dimensions[row].height = 30


def _table(sheet: Any, last: int, *, totals: bool) -> None:
    table = Table(displayName="Log", ref=f"A3:G{last + totals}")
    table.tableStyleInfo = TableStyleInfo(name="TableStyleMedium2", showRowStripes=True)
    if totals:
        table.totalsRowCount = 1
        table.autoFilter = AutoFilter(ref=f"A3:G{last}")
        sheet.cell(last + 1, 1, "Total")
        sheet.cell(last + 1, 5, "=SUBTOTAL(109,Log[Days open])")
    sheet.add_table(table)


def _others(book: Any, last: int) -> None:
    """Add what lies around a list: another sheet with a chart, a name, a picture of the past."""
    other = book.create_sheet("Summary")
    other.append(["Term", "Incidents"])
    other.append(["Autumn", f"=COUNTA('Behaviour log'!B4:B{last})"])
    chart = BarChart()
    chart.add_data(Reference(other, min_col=2, min_row=1, max_row=2), titles_from_data=True)
    other.add_chart(chart, "D2")
    book.defined_names["Levels"] = DefinedName("Levels", attr_text="'Behaviour log'!$C$4:$C$9")


def case_parcel(number: int = 1, revision: int = 1, **answers: Any) -> RecordParcel:
    """Return a record as a mapped destination gets it: what its map names, of an invented case."""
    reference = f"FF-2026-{number:06d}"
    said: dict[str, Any] = {
        "incident_at": datetime(2026, 11, 14, 13, 5, tzinfo=UTC),
        "child_a_name": "Zoë-Anne Sample",
        "level": "red",
        "what_happened": "Shouting & pushing <in> the hall",
    } | answers
    named = tuple(
        NamedAnswer(name, name, value if isinstance(value, str) else "", value)
        for name, value in said.items()
    )
    return RecordParcel(
        key=hashlib.sha256(f"{reference}|{revision}".encode()).hexdigest(),
        reference=reference,
        revision=revision,
        outcome=Outcome.RECORDED,
        recorded_at=AT + timedelta(minutes=number, seconds=revision),
        form_title="Sexual Behaviour Recording Form",
        headline="New form to review",
        where_to_look="the folder “Alerts”",
        light=Light.RED,
        where_filed="",
        named=named,
    )


def workbook_at(path: Path, *, columns: Any = None, context: Any = None, **own: Any) -> Any:
    """Return the connector for an agency's workbook, as another process would open it."""
    kind = registry.load("workbook")
    settings = kind.Settings.model_validate(
        {"file": path, "columns": columns or COLUMNS, "reference_column": "Our reference"} | own
    )
    return kind(settings, context or pretend_context())


def deliver(connector: Any, *parcels: RecordParcel) -> list[Any]:
    """Deliver some records in one batch."""
    return list(connector.deliver_batch([connector.prepare(one) for one in parcels]))


def parts(content: bytes) -> dict[str, bytes]:
    """Return the parts of a workbook by name, in their order."""
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        return {name: book.read(name) for name in book.namelist()}


def changed_parts(before: bytes, after: bytes) -> set[str]:
    """Return the names of the parts that differ; they must be the same ones in the same order."""
    old, new = parts(before), parts(after)
    assert list(old) == list(new)
    return {name for name in old if old[name] != new[name]}


def with_parts(content: bytes, change: Callable[[dict[str, bytes]], None]) -> bytes:
    """Return a workbook with its parts changed by hand."""
    every, out = parts(content), io.BytesIO()
    change(every)
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as book:
        for name, part in every.items():
            book.writestr(name, part)
    return out.getvalue()
