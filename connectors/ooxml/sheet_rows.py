"""The rows and cells of one sheet, each with its place in the part; and how a cell is written.

Only the rows that are asked for are taken apart: a sheet may have a hundred thousand cells.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property

from formflow_connectors.ooxml.book_parts import column_letters, column_number
from formflow_connectors.ooxml.part_xml import NotPlain, as_text, end_of_tag, text_of

Value = str | int | date | datetime | None
_ATTRIBUTES = rb"((?:\s+[\w.:-]+\s*=\s*(?:\"[^\"]*\"|'[^']*'))*)\s*(/?)>"
_ATTRIBUTE = re.compile(rb"([\w.:-]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")
_FIRST_RELIABLE_DAY = date(1900, 3, 1).toordinal()  # Excel counts a 29 February 1900
# Excel reads "_x0041_" in a text as "A": what looks so is written with its own underscore coded.
_CODED = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")


@dataclass(frozen=True, slots=True)
class Formula:
    """The formula of a cell as it is written; of a shared one, perhaps its number alone."""

    text: str
    kind: str  # "", "shared", "array" or "dataTable"
    shared: str  # its number


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: where it is, its style, and whether anything stands in it."""

    column: int
    start: int
    end: int
    style: str  # "" where it has none
    is_empty: bool
    formula: Formula | None


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its number and where its tags are."""

    number: int
    start: int
    inside: int
    inside_end: int
    end: int
    attributes: tuple[tuple[str, str], ...]  # name and value, as they are written


class Rows:
    """The rows of a sheet, between the two tags of its sheetData."""

    def __init__(self, content: bytes, start: int, end: int, prefix: str) -> None:
        self.content, self.prefix = content, prefix
        self.start, self.end = start, end
        tag = re.escape(prefix.encode())
        self._row = re.compile(rb"<" + tag + rb"row(?: r=\"([0-9]+)\")?((?:\s[^>]*)?)>")
        self._cell = re.compile(rb"<" + tag + rb"c" + _ATTRIBUTES)
        self._formula = re.compile(rb"<" + tag + rb"f" + _ATTRIBUTES)
        self._row_end = b"</" + prefix.encode() + b"row"
        self._cell_end = b"</" + prefix.encode() + b"c"
        self._formula_end = b"</" + prefix.encode() + b"f"
        self.numbers: list[int] = []
        self._tags: list[tuple[int, int]] = []
        self._find()

    def _find(self) -> None:
        number = 0
        for found in self._row.finditer(self.content, self.start, self.end):
            number = int(found[1] or _number(found[2]) or number + 1)
            self.numbers.append(number)
            self._tags.append(found.span())
        if any(a >= b for a, b in zip(self.numbers, self.numbers[1:], strict=False)):
            raise NotPlain("its rows are not in order")

    def row(self, number: int) -> Row | None:
        """Return a row, None where the part does not write it."""
        at = bisect_right(self.numbers, number) - 1
        if at < 0 or self.numbers[at] != number:
            return None
        start, inside = self._tags[at]
        inside_end = end = inside
        if self.content[inside - 2 : inside] != b"/>":
            inside_end = self.content.index(self._row_end, inside)
            end = end_of_tag(self.content, inside_end)
        return Row(number, start, inside, inside_end, end, _attributes(self.content[start:inside]))

    def place_of(self, number: int) -> int:
        """Return where a row that is not written yet belongs."""
        at = bisect_right(self.numbers, number) - 1
        above = self.row(self.numbers[at]) if at >= 0 else None
        return above.end if above else self.start

    def cells(self, number: int) -> dict[int, Cell]:
        """Return the cells of a row by column, those alone that the part writes."""
        row, cells, column = self.row(number), dict[int, Cell](), 0
        if row is None:
            return cells
        at = row.inside
        while found := self._cell.search(self.content, at, row.inside_end):
            attributes = dict(_attributes(found[0]))
            name = attributes.get("r", "")
            column = column_number(name.rstrip("0123456789")) if name else column + 1
            inside, at = found.end(), found.end()
            is_empty = bool(found[2])
            if not is_empty:
                inside_end = self.content.index(self._cell_end, inside, row.inside_end)
                at = end_of_tag(self.content, inside_end)
                is_empty = not self.content[inside:inside_end].strip()
            formula = None if is_empty else self._formula_in(inside, at)
            style = attributes.get("s", "")
            cells[column] = Cell(column, found.start(), at, style, is_empty, formula)
        return cells

    def _formula_in(self, start: int, end: int) -> Formula | None:
        found = self._formula.search(self.content, start, end)
        if found is None:
            return None
        attributes = dict(_attributes(found[0]))
        text = b""
        if not found[2]:
            text = self.content[found.end() : self.content.index(self._formula_end, found.end())]
        return Formula(text_of(text), attributes.get("t", ""), attributes.get("si", ""))

    @cached_property
    def formulas(self) -> dict[int, set[int]]:
        """Where formulas are: row -> columns."""
        there = dict[int, set[int]]()
        cell = b"<" + self.prefix.encode() + b"c "
        pattern = re.compile(rb"<" + re.escape(self.prefix.encode()) + rb"f[\s/>]")
        for found in pattern.finditer(self.content, self.start, self.end):
            at = self.content.rfind(cell, self.start, found.start())
            if name := _NAME.search(self.content, at, found.start()):
                there.setdefault(int(name[2]), set()).add(column_number(name[1].decode()))
            else:  # the cell says no place: its row is taken apart
                row = self.numbers[bisect_right(self._tags, (found.start(), 0)) - 1]
                there[row] = {one.column for one in self.cells(row).values() if one.formula}
        return there

    @cached_property
    def shared(self) -> dict[str, tuple[str, str]]:
        """The shared formulas: number -> formula, and the cell that it is written for."""
        masters = {}
        pattern = re.compile(
            rb"<" + re.escape(self.prefix.encode()) + rb"f(\s[^>]*?t=[\"']shared[\"'][^>]*?[^/])>"
        )
        for found in pattern.finditer(self.content, self.start, self.end):
            attributes = dict(_attributes(found[0]))
            end = self.content.index(self._formula_end, found.end())
            if text := text_of(self.content[found.end() : end]):
                cell = self.content.rfind(b"<" + self.prefix.encode() + b"c ", 0, found.start())
                at = dict(_attributes(self.content[cell : found.start()])).get("r", "")
                masters[attributes.get("si", "")] = (text, at)
        return masters


def _number(attributes: bytes) -> bytes | None:
    found = _NUMBER.search(attributes)
    return found[1] if found else None


_NAME = re.compile(rb"\sr\s*=\s*[\"']([A-Z]{1,3})([0-9]{1,7})[\"']")
_NUMBER = re.compile(rb"\sr\s*=\s*[\"']([0-9]+)[\"']")


def _attributes(tag: bytes) -> tuple[tuple[str, str], ...]:
    return tuple(
        (one[1].decode(), (one[2] if one[2] is not None else one[3]).decode())
        for one in _ATTRIBUTE.finditer(tag)
    )


def serial(value: date, *, is_1904: bool) -> float | int | None:
    """Return the number that Excel counts for a day or a moment, None for one before it counts."""
    day = value.toordinal()  # of a moment: its day where the agency is
    if is_1904:
        days = day - date(1904, 1, 1).toordinal()
    else:
        days = day - date(1899, 12, 30).toordinal() - (day < _FIRST_RELIABLE_DAY)
    if days < 1:  # programs do not agree on what day 0 is
        return None
    if not isinstance(value, datetime):
        return days
    since = timedelta(hours=value.hour, minutes=value.minute, seconds=value.second)
    return days + since / timedelta(days=1) if since else days


@dataclass(frozen=True, slots=True)
class CellWriter:
    """Writes cells as the sheet writes its own: with its prefix for names."""

    prefix: str

    def value(self, row: int, column: int, style: str, value: str | float | None) -> bytes:
        """Return a cell with a text, a number or nothing in it."""
        p, at = self.prefix, self._at(row, column, style)
        if value is None:
            return f"<{p}c {at}/>".encode()
        if isinstance(value, str):
            text = as_text(_CODED.sub("_x005F_", value))
            inside = f'<{p}is><{p}t xml:space="preserve">{text}</{p}t></{p}is>'
            return f'<{p}c {at} t="inlineStr">{inside}</{p}c>'.encode()
        return f"<{p}c {at}><{p}v>{value!r}</{p}v></{p}c>".encode()

    def formula(self, row: int, column: int, style: str, formula: str) -> bytes:
        """Return a cell with a formula, which is calculated when the workbook is opened."""
        p, at = self.prefix, self._at(row, column, style)
        return f"<{p}c {at}><{p}f>{as_text(formula)}</{p}f></{p}c>".encode()

    def row(self, number: int, attributes: Sequence[tuple[str, str]], cells: bytes) -> bytes:
        """Return a row with its cells."""
        return self.row_start(number, attributes) + cells + self.row_end

    def row_start(self, number: int, attributes: Sequence[tuple[str, str]]) -> bytes:
        """Return the start tag of a row."""
        more = "".join(f' {name}="{value}"' for name, value in attributes)
        return f'<{self.prefix}row r="{number}"{more}>'.encode()

    @property
    def row_end(self) -> bytes:
        """The end tag of a row."""
        return f"</{self.prefix}row>".encode()

    def _at(self, row: int, column: int, style: str) -> str:
        return f'r="{column_letters(column)}{row}"' + (f' s="{style}"' if style else "")
