"""A workbook as another program reads it: the values of every cell of every sheet, by calamine.

What FormFlow writes into an agency's workbook is proved with it, since it shares no line with the writer.
"""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

from formflow_connectors.ooxml.book_parts import Book, Held, column_number
from formflow_connectors.ooxml.book_zip import NoWorkbook

Seen = str | float | bool | date | datetime | time | timedelta  # "" where a cell is empty
Grid = list[list[Seen]]  # from A1 on, all rows of one length
# calamine keeps a place for every cell between the outermost two: one word in the last cell of a sheet
# would take more memory than a computer has.
MOST_CELLS = 3_000_000
_FULL = re.compile(rb"<(?:\w+:)?c\s(?:[^>]*?\s)?r=[\"']([A-Z]{1,3})([0-9]{1,7})[\"'][^>]*?[^/]>")
_ROW = re.compile(rb"<(?:\w+:)?row\s")


def grids(book: Book, content: bytes) -> list[Grid]:
    """Return the values of each sheet of a workbook file, in their order; no cells for a chart.

    Raise NoWorkbook where the reader cannot read it.
    """
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        with CalamineWorkbook.from_filelike(io.BytesIO(content)) as seen:
            return [
                seen.get_sheet_by_index(number).to_python(skip_empty_area=False)
                if sheet.part
                else []
                for number, sheet in enumerate(book.sheets)
            ]
    except (CalamineError, OSError, ValueError):
        raise NoWorkbook("damaged") from None
    except BaseException as problem:
        if type(problem).__name__ != "PanicException":  # what Rust's mistakes become
            raise
        raise NoWorkbook("damaged") from None


def refuse_wide(book: Book) -> None:
    """Raise Held where the sheets of a workbook reach further than they can be read."""
    reach = sum(_reach(book.archive.read(sheet.part)) for sheet in book.sheets if sheet.part)
    if reach > MOST_CELLS:
        raise Held("FF-504")


def _reach(content: bytes) -> int:
    """Return how many cells lie between the first and the last of a sheet that have anything in them."""
    columns, rows = {b"A"}, 1
    for found in _FULL.finditer(content):
        columns.add(found[1])
        rows = max(rows, int(found[2]))
    widest = max(column_number(letters.decode()) for letters in columns)
    if rows == 1:  # the cells may say no place: they stand one after the other
        parts = _ROW.split(content)
        rows, widest = len(parts), max(widest, *(part.count(b"<") for part in parts))
    return rows * widest


def at(grid: Grid, row: int, column: int) -> Seen:
    """Return the value of a cell; "" outside of what the sheet holds."""
    if row < 1 or row > len(grid) or column < 1 or column > len(grid[row - 1]):
        return ""
    return grid[row - 1][column - 1]


def words(value: Seen) -> str:
    """Return a value as it is compared with a heading or a reference."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return " ".join(str(value).split())


def is_blank(value: Seen) -> bool:
    """Return whether a cell shows nothing."""
    return isinstance(value, str) and not value.strip()


def row_of(grid: Grid, number: int) -> Sequence[Seen]:
    """Return the values of a row, none below the last."""
    return grid[number - 1] if 1 <= number <= len(grid) else []
