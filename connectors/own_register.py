"""The register workbook: one row for every revision, for people to sort and filter in Excel.

FormFlow alone writes it, beside whatever workbook the staff keep. It holds references, not names,
unless the settings ask for answers.
"""

from __future__ import annotations

import io
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from formflow.sdk import (
    CheckLine,
    CheckReport,
    Delivered,
    DeliveredAs,
    DestinationFolder,
    Ending,
    Filed,
    Prepared,
    RecordParcel,
    SettingsError,
    Unavailable,
    ending,
    files,
    notice,
)
from formflow_connectors import register_rows
from formflow_connectors.register_rows import SHEET

if TYPE_CHECKING:  # openpyxl takes long to import: only those who deliver wait for it
    from openpyxl import Workbook as Book

RETRY_SECONDS = 60.0  # people close Excel sooner or later


def is_open(file: Path) -> bool:
    """Return whether Excel or LibreOffice says that somebody has a workbook open."""
    owners = (f"~${file.name}", f".~lock.{file.name}#")
    return any(file.with_name(owner).exists() for owner in owners)


class OwnRegister:
    """The register: adds a row for every revision."""

    def __init__(self, file: Path, answers: tuple[str, ...], folder: DestinationFolder) -> None:
        self._file, self._answers, self._folder = file, answers, folder

    def check(self) -> CheckReport:
        """Say whether the workbook is closed and ours, or can be begun."""
        lines = list(self._folder.check().lines)
        if is_open(self._file):
            lines.append(CheckLine(False, notice("FF-404").text))
        if self._file.exists():
            lines.append(self._check_book())
        return CheckReport(tuple(lines))

    def prepare(self, parcel: RecordParcel) -> Prepared:
        """Return the cells of one row as JSON."""
        row = register_rows.cells(parcel, self._answers)
        return Prepared(parcel.key, json.dumps(row).encode())

    def deliver_batch(self, prepared: Sequence[Prepared]) -> list[Delivered | Ending]:
        """Add the rows that are not there yet, with one save: what stops one stops all."""
        return list(self._add(prepared))

    def filed(self) -> Iterator[Filed]:
        """Yield the revisions that have a row."""
        if self._file in self._folder.matching("*"):
            yield from register_rows.filed(self._book()[SHEET])

    def look_up_many(self, keys: Collection[str]) -> list[Delivered]:
        """Return the workbook for each of the keys that one of its rows carries."""
        if not self._file.exists():
            return []
        there = register_rows.keys(self._book()[SHEET])
        return [self._delivered(key, is_new=False) for key in keys if key in there]

    def look_up_by_reference(self, wanted: Mapping[str, tuple[str, int]]) -> list[Delivered]:
        """Return the workbook for each of the keys: a register of ours holds them."""
        return self.look_up_many(wanted)

    def _add(self, prepared: Sequence[Prepared]) -> list[Delivered]:
        with self._folder.held():
            if is_open(self._file):
                raise ending(Unavailable, "FF-404", after_seconds=RETRY_SECONDS)
            book = self._book()
            sheet = book[SHEET]
            known = register_rows.keys(sheet)
            fresh = {p.key: p.body for p in prepared if p.key not in known}
            for row, body in enumerate(fresh.values(), sheet.max_row + 1):
                register_rows.add_row(sheet, row, json.loads(body))
            if fresh:
                sheet.auto_filter.ref = sheet.dimensions
                self._save(book)
        return [self._delivered(p.key, is_new=p.key in fresh) for p in prepared]

    def _delivered(self, key: str, *, is_new: bool) -> Delivered:
        how = DeliveredAs.CREATED if is_new else DeliveredAs.ALREADY_THERE
        return Delivered(key, how, self._file.name)

    def _book(self) -> Book:
        """Return the register, a new one if there is none. Raise SettingsError when it is not ours."""
        import openpyxl

        titles = register_rows.headings(self._answers)
        if not self._file.exists():
            return register_rows.new_book(titles)
        try:
            book = openpyxl.load_workbook(io.BytesIO(files.read(self._file)))
            first_row = [cell.value for cell in book[SHEET][1]]
        except OSError:
            raise
        except Exception:  # noqa: BLE001 - a damaged file may fail in any way
            first_row = []
        if first_row[: len(titles)] != titles:
            raise ending(SettingsError, "FF-405", after_seconds=RETRY_SECONDS)
        return book

    def _save(self, book: Book) -> None:
        content = io.BytesIO()
        book.save(content)
        try:
            self._folder.put({self._file: content.getvalue()})
        except PermissionError:  # Windows lets nobody replace a file that Excel holds
            raise ending(Unavailable, "FF-404", after_seconds=RETRY_SECONDS) from None

    def _check_book(self) -> CheckLine:
        try:
            rows = self._book()[SHEET].max_row - 1
        except (SettingsError, OSError):
            return CheckLine(False, notice("FF-405").text)
        return CheckLine(True, f"The register workbook is ours and has {rows} rows.")
