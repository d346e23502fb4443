"""The register workbook: one row for every revision, for people to sort and filter in Excel.

FormFlow alone writes it, beside whatever workbook the staff keep. It holds references, not names,
unless the settings ask for answers.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field

from formflow import places
from formflow.contract import (
    API_VERSION,
    Capabilities,
    CheckLine,
    CheckReport,
    ConnectorSettings,
    Context,
    DataClass,
    Delivered,
    DeliveredAs,
    Operation,
    Parcel,
    Prepared,
    RepeatSafe,
    SettingsError,
    Unavailable,
)
from formflow.model import Light
from formflow.notices import notice
from formflow_connectors.folder import DestinationFolder
from formflow_connectors.wording import LIGHTS, WAITS_FOR, ending, incident_date, printable

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
    "Proposed by the rules": 27,
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
RETRY_SECONDS = 60.0  # people close Excel sooner or later


class WorkbookSettings(ConnectorSettings):
    """Which workbook, and what stands in it."""

    file: Path = Field(
        description="The register, such as “Register.xlsx”. Its folder must be there."
    )
    answers: tuple[str, ...] = Field(
        (),
        description="Answers to add as columns, by field name. Empty: the register holds no names.",
    )


class Workbook:
    """Adds a row for every revision to the register workbook."""

    kind: ClassVar[str] = "workbook"
    api_version: ClassVar[int] = API_VERSION
    Settings: ClassVar[type[ConnectorSettings]] = WorkbookSettings
    capabilities: ClassVar[Capabilities] = Capabilities(
        repeat_safe=RepeatSafe.KEY,
        operations=frozenset({Operation.RECORD}),
        carries=DataClass.FULL,
        batch=200,
    )

    def __init__(self, settings: WorkbookSettings, context: Context) -> None:
        self._file = settings.file
        self._answers = settings.answers
        self._folder = DestinationFolder(settings.file.parent, self.kind, context)
        self._context = context

    def check(self) -> CheckReport:
        """Say whether the workbook is closed and ours, or can be begun."""
        lines = list(self._folder.check().lines)
        if self._is_open():
            lines.append(CheckLine(False, notice("FF-404").text))
        if self._file.exists():
            lines.append(self._check_book())
        return CheckReport(tuple(lines))

    def prepare(self, parcel: Parcel) -> Prepared:
        """Return the cells of one row as JSON."""
        answers = {answer.field: answer.text for answer in parcel.answers}
        day = incident_date(parcel)
        cells = [
            parcel.key,
            parcel.reference,
            parcel.revision,
            parcel.recorded_at.replace(tzinfo=None, microsecond=0).isoformat(),
            day.isoformat() if day else NOT_KNOWN,
            parcel.child_reference or NOT_KNOWN,
            parcel.form_title,
            LIGHTS[parcel.light],
            WAITS_FOR[parcel.outcome],
            parcel.where_to_look,
            *(_shortened(answers.get(name, "")) for name in self._answers),
        ]
        return Prepared(parcel.key, json.dumps(cells).encode())

    def deliver(self, prepared: Prepared) -> Delivered:
        """Add one row."""
        return self.deliver_batch([prepared])[0]

    def deliver_batch(self, prepared: Sequence[Prepared]) -> list[Delivered]:
        """Add the rows that are not there yet, with one save."""
        with self._folder.held():
            if self._is_open():
                raise ending(Unavailable, "FF-404", after_seconds=RETRY_SECONDS)
            book = self._book()
            sheet = book[SHEET]
            known = set(_keys(sheet))
            fresh = {p.key: p.body for p in prepared if p.key not in known}
            for row, body in enumerate(fresh.values(), sheet.max_row + 1):
                _add_row(sheet, row, json.loads(body))
            if fresh:
                sheet.auto_filter.ref = sheet.dimensions
                self._save(book)
        return [self._delivered(p.key, is_new=p.key in fresh) for p in prepared]

    def look_up(self, key: str) -> Delivered | None:
        """Return the workbook if one of its rows carries the key."""
        if not self._file.exists() or key not in _keys(self._book()[SHEET]):
            return None
        return self._delivered(key, is_new=False)

    def close(self) -> None:
        """Nothing stays open."""

    def _delivered(self, key: str, *, is_new: bool) -> Delivered:
        how = DeliveredAs.CREATED if is_new else DeliveredAs.ALREADY_THERE
        return Delivered(key, how, self._file.name)

    def _is_open(self) -> bool:
        name = self._file.name
        owners = (f"~${name}", f".~lock.{name}#")  # Excel, LibreOffice
        return any(self._file.with_name(owner).exists() for owner in owners)

    def _headings(self) -> list[str]:
        return [*COLUMNS, *(name.replace("_", " ").capitalize() for name in self._answers)]

    def _book(self) -> Book:
        """Return the register, a new one if there is none. Raise SettingsError when it is not ours."""
        import openpyxl

        if not self._file.exists():
            return _new_book(self._headings())
        try:
            book = openpyxl.load_workbook(self._file)
            headings = [cell.value for cell in book[SHEET][1]]
        except OSError:
            raise
        except Exception:  # noqa: BLE001 - a damaged file may fail in any way
            raise ending(SettingsError, "FF-405", after_seconds=RETRY_SECONDS) from None
        if headings[: len(self._headings())] != self._headings():
            raise ending(SettingsError, "FF-405", after_seconds=RETRY_SECONDS)
        return book

    def _save(self, book: Book) -> None:
        try:
            with places.temporary(self._folder.root) as fresh:
                book.save(fresh.file)
                self._context.crash_at("workbook.before-rename")
                fresh.become(self._file)
        except PermissionError:  # Windows lets nobody replace a file that Excel holds
            raise ending(Unavailable, "FF-404", after_seconds=RETRY_SECONDS) from None
        self._context.crash_at("workbook.after-rename")

    def _check_book(self) -> CheckLine:
        try:
            rows = self._book()[SHEET].max_row - 1
        except (SettingsError, OSError):
            return CheckLine(False, notice("FF-405").text)
        return CheckLine(True, f"The register workbook is ours and has {rows} rows.")


def _new_book(headings: Sequence[str]) -> Book:
    import openpyxl
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = SHEET
    sheet.append(headings)
    for column, heading in enumerate(headings, 1):
        sheet.cell(1, column).font = Font(bold=True)
        width = sheet.column_dimensions[get_column_letter(column)]
        width.width = COLUMNS.get(heading, 40)
    sheet.column_dimensions["A"].hidden = True  # the key is for FormFlow, not for people
    sheet.freeze_panes = "C2"
    return book


def _keys(sheet: Worksheet) -> Iterator[Any]:
    return (cell for (cell,) in sheet.iter_rows(min_row=2, max_col=1, values_only=True))


def _add_row(sheet: Worksheet, row: int, cells: Sequence[str | int]) -> None:
    for column, text in enumerate(cells, 1):
        cell = sheet.cell(row, column, _typed(column, text))
        if isinstance(cell.value, str):
            cell.data_type = "s"  # openpyxl would take "=..." for a formula
            cell.quotePrefix = cell.value[:1] in _LOOKS_LIKE_A_FORMULA
        elif isinstance(cell.value, datetime):
            cell.number_format = "dd/mm/yyyy hh:mm"
        elif isinstance(cell.value, date):
            cell.number_format = "dd/mm/yyyy"
    light = sheet.cell(row, _LIGHT_COLUMN)
    light.fill = _fill(str(light.value))


@cache
def _fill(light: str) -> PatternFill:
    from openpyxl.styles import PatternFill

    return PatternFill("solid", fgColor=FILLS[light])


def _typed(column: int, text: str | int) -> str | int | date:
    if column == _RECORDED_COLUMN:
        return datetime.fromisoformat(str(text))
    if column == _INCIDENT_COLUMN and text != NOT_KNOWN:
        day = date.fromisoformat(str(text))
        return day if day.year >= 1900 else str(text)  # Excel knows no earlier dates
    return text


def _shortened(text: str) -> str:
    # Excel counts UTF-16 units: an emoji is two.
    units = printable(text).encode("utf-16-le")
    if len(units) <= 2 * LONGEST_TEXT:
        return printable(text)
    room = 2 * (LONGEST_TEXT - len(SHORTENED))
    return units[:room].decode("utf-16-le", "ignore") + SHORTENED
