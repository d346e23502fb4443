"""A table that the agency keeps, as CSV or .xlsx -> rows of cells. Bounded; nothing in it is worked out or run."""

from __future__ import annotations

import csv
import io
import warnings
import zipfile
from collections.abc import Iterator
from contextlib import closing
from datetime import date

MOST_BYTES = 20 << 20
MOST_UNPACKED = 200 << 20  # bytes that a workbook may become
MOST_ROWS, MOST_COLUMNS, MOST_LETTERS = 50_000, 200, 2_000
SEPARATORS = ",;\t|"

Cell = str | date


class NoTable(Exception):
    """The file cannot be read as a table. Its words hold nothing of the file."""


def rows_of(content: bytes, suffix: str, sheet: str = "") -> list[list[Cell]]:
    """Return the rows of a table, blank ones left out. Raise NoTable."""
    if len(content) > MOST_BYTES:
        raise NoTable(f"It is larger than {MOST_BYTES >> 20} MB.")
    read = _of_workbook(content, sheet) if suffix == ".xlsx" else _of_csv(content)
    rows = list[list[Cell]]()
    for row in read:
        if len(rows) == MOST_ROWS:
            raise NoTable(f"It has more than {MOST_ROWS} rows.")
        if any(row):
            rows.append(row[:MOST_COLUMNS])
    return rows


def _of_csv(content: bytes) -> Iterator[list[Cell]]:
    text = _decoded(content)
    head = text.partition("\n")[0]
    separator = max(SEPARATORS, key=head.count)
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True):
            yield [cell.strip()[:MOST_LETTERS] for cell in row]
    except csv.Error:
        raise NoTable("Its lines cannot be read as those of a CSV file.") from None


def _decoded(content: bytes) -> str:
    """Return the text: by its mark, else as UTF-8, else as Excel saves “CSV” in Western Europe."""
    encodings: tuple[str, ...] = ("utf-8-sig", "cp1252")
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ("utf-16",)
    elif content.startswith(b"PK\x03\x04") or b"\0" in content:
        raise NoTable("It is not text, as a CSV file is.")
    for encoding in encodings:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise NoTable("Its letters are in an encoding that is not known here.")


def _of_workbook(content: bytes, sheet: str) -> Iterator[list[Cell]]:
    try:
        yield from _of_sheet(content, sheet)
    except NoTable:
        raise
    except Exception as problem:
        # openpyxl raises whatever a damaged part makes it raise.
        words = "It cannot be read as a workbook. It may be damaged, or have a password."
        raise NoTable(words) from problem


def _of_sheet(content: bytes, sheet: str) -> Iterator[list[Cell]]:
    # Imported here: openpyxl is wanted by those alone whose list is a workbook.
    import openpyxl

    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        if sum(part.file_size for part in parts.infolist()) > MOST_UNPACKED:
            raise NoTable("It becomes too large when it is unpacked.")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about parts of the workbook that are of no concern here
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        with closing(book):
            if sheet and sheet not in book.sheetnames:
                raise NoTable("It has no sheet of the name that the settings give.")
            page = book[sheet] if sheet else book.worksheets[0]
            page.reset_dimensions()  # what a workbook says of its own size need not be so
            for row in page.iter_rows(max_col=MOST_COLUMNS, values_only=True):
                yield [_cell(value) for value in row]


def _cell(value: object) -> Cell:
    if value is None:
        return ""
    if isinstance(value, date):  # a moment, too: a workbook knows no time zone
        return date(value.year, value.month, value.day)
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()[:MOST_LETTERS]
