"""What the register workbook looks like: headings, one row for every revision, colours, real dates.

Text is forced to be text: openpyxl would take "=..." for a formula and cut off long text silently.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from functools import cache
from typing import TYPE_CHECKING

from formflow.sdk import (
    LIGHTS,
    WAITS_FOR,
    Filed,
    Light,
    Outcome,
    RecordParcel,
    printable,
    proposed,
)

if TYPE_CHECKING:  # openpyxl takes long to import: only those who deliver wait for it
    from openpyxl import Workbook as Book
    from openpyxl.styles import PatternFill
    from openpyxl.worksheet.worksheet import Worksheet

SHEET = "Register"
COLUMNS: Mapping[str, float] = {  # heading: width in characters
    "Key": 10,
    "Reference": 17,
    "Revision": 10,
    "Recorded": 17,
    "Incident": 12,
    "Child": 11,
    "Form": 34,
    "Suggested or decided": 27,
    "What waits": 42,
    "Where to look": 60,
}
LONGEST_TEXT = 32_767  # characters; Excel and openpyxl cut off the rest without a word
SHORTENED = "… (whole text in the child’s file)"
FILLS: Mapping[str, str] = {
    LIGHTS[Light.RED]: "F4B6B6",
    LIGHTS[Light.AMBER_OR_RED]: "F9CFA0",
    LIGHTS[Light.AMBER]: "FFE2A8",
    LIGHTS[Light.UNDETERMINED]: "DDDDDD",
    LIGHTS[Light.GREEN]: "C9E7C4",
    LIGHTS[None]: "F4B6B6",
}
NOT_KNOWN = "Not known"
_RECORDED_COLUMN, _INCIDENT_COLUMN, _LIGHT_COLUMN = 4, 5, 8
_LOOKS_LIKE_A_FORMULA = tuple("=+-@\t\n＝＋－＠")


def headings(answers: Sequence[str]) -> list[str]:
    """Return the headings of a register that also holds some answers, given by field name."""
    return [*COLUMNS, *(name.replace("_", " ").capitalize() for name in answers)]


def cells(parcel: RecordParcel, answers: Sequence[str]) -> list[str | int]:
    """Return the cells of one row: text, numbers, and dates as ISO text."""
    texts = {answer.field: answer.text for answer in parcel.answers}
    day = parcel.incident_day
    return [
        parcel.key,
        parcel.reference,
        parcel.revision,
        parcel.recorded_at.replace(tzinfo=None, microsecond=0).isoformat(),
        day.isoformat() if day else NOT_KNOWN,
        parcel.child_reference or NOT_KNOWN,
        parcel.form_title,
        proposed(parcel),
        "" if parcel.about and parcel.outcome is Outcome.RECORDED else WAITS_FOR[parcel.outcome],
        parcel.where_filed,
        *(shortened(texts.get(name, "")) for name in answers),
    ]


def new_book(titles: Sequence[str]) -> Book:
    """Return an empty register."""
    import openpyxl
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    book = openpyxl.Workbook()
    del book["Sheet"]
    sheet = book.create_sheet(SHEET)
    for column, title in enumerate(titles, 1):
        sheet.cell(1, column, title).font = Font(bold=True)
        sheet.column_dimensions[get_column_letter(column)].width = COLUMNS.get(title, 40)
    sheet.column_dimensions["A"].hidden = True  # the key is for FormFlow, not for people
    sheet.freeze_panes = "C2"
    return book


def keys(sheet: Worksheet) -> set[object]:
    """Return the key of every row."""
    return {key for (key,) in sheet.iter_rows(min_row=2, max_col=1, values_only=True)}


def filed(sheet: Worksheet) -> Iterator[Filed]:
    """Yield the revision of every row that tells one."""
    for reference, revision in sheet.iter_rows(min_row=2, min_col=2, max_col=3, values_only=True):
        if isinstance(reference, str) and isinstance(revision, int):
            yield Filed(reference, revision)


def add_row(sheet: Worksheet, row: int, values: Sequence[str | int]) -> None:
    """Write the cells of one row."""
    for column, text in enumerate(values, 1):
        cell = sheet.cell(row, column, _typed(column, text))
        if isinstance(cell.value, str):
            cell.data_type = "s"  # openpyxl would take "=..." for a formula
            cell.quotePrefix = cell.value[:1] in _LOOKS_LIKE_A_FORMULA
        elif isinstance(cell.value, datetime):
            cell.number_format = "dd/mm/yyyy hh:mm"
        elif isinstance(cell.value, date):
            cell.number_format = "dd/mm/yyyy"
    light = sheet.cell(row, _LIGHT_COLUMN)
    if light.value in FILLS:  # a sheet has no light
        light.fill = _fill(str(light.value))


@cache
def _fill(light: str) -> PatternFill:
    from openpyxl.styles import PatternFill

    return PatternFill("solid", fgColor=FILLS[light])


def _typed(column: int, text: str | int) -> str | int | date | None:
    if text == "":
        return None  # an empty cell, not an empty text
    if column == _RECORDED_COLUMN:
        return datetime.fromisoformat(str(text))
    if column == _INCIDENT_COLUMN and text != NOT_KNOWN:
        day = date.fromisoformat(str(text))
        return day if day.year >= 1900 else str(text)  # Excel knows no earlier dates
    return text


def shortened(text: str) -> str:
    """Return a text that fits into a cell, saying so where it had to be cut."""
    # Excel counts UTF-16 units: an emoji is two.
    units = printable(text).encode("utf-16-le")
    if len(units) <= 2 * LONGEST_TEXT:
        return printable(text)
    room = 2 * (LONGEST_TEXT - len(SHORTENED))
    return units[:room].decode("utf-16-le", "ignore") + SHORTENED
