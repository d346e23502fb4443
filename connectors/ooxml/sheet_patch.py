"""The edits that put rows into the list of a sheet, or change some: of the sheet, its table and the workbook.

Everything that ends at the last row of the list and belongs to it grows along: table, filters, validations,
conditional formats, the merged cells of a row, and formulas that each row has.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from formflow_connectors.ooxml import sheet_growth
from formflow_connectors.ooxml.book_parts import Book, Held
from formflow_connectors.ooxml.part_xml import Edit, edited
from formflow_connectors.ooxml.sheet_formulas import Carried
from formflow_connectors.ooxml.sheet_list import Listing, name_of
from formflow_connectors.ooxml.sheet_rows import Cell, CellWriter, Row, Value
from formflow_connectors.ooxml.sheet_values import Written, written

Values = Mapping[int, Value]  # column -> what it gets; None leaves a cell as it is
Styles = Mapping[int, str]  # column -> the number of its style
_NOT_COPIED = ("r", "spans", "hidden", "collapsed")  # of the row above
_SPANS = re.compile(rb"\sspans\s*=\s*(?:\"[^\"]*\"|'[^']*')")
_REFERENCE = re.compile(rb"(\sr\s*=\s*[\"'])[A-Z]{1,3}[0-9]+")


@dataclass(frozen=True, slots=True)
class Put:
    """What a cell is to show afterwards: a value and how it is written. Of a formula, nothing yet."""

    value: Value
    written: Written | None


@dataclass
class Patch:
    """Edits by part, and what the cells that they touch are to show."""

    edits: dict[str, list[Edit]] = field(default_factory=dict)
    puts: dict[tuple[int, int], Put] = field(default_factory=dict)
    moved: tuple[int, int, int, int] | None = None  # totals: left, right, from row, to row
    added: list[int] = field(default_factory=list)  # the numbers of the new rows, in their order

    def parts(self, book: Book) -> dict[str, bytes]:
        """Return the parts that change, as they are to be."""
        return {
            part: edited(book.archive.read(part), edits)
            for part, edits in self.edits.items()
            if edits
        }


def patch(
    book: Book,
    made: Listing,
    updates: Mapping[int, Values],
    additions: Sequence[Values],
    styles: Sequence[Styles] = (),
) -> Patch:
    """Return what puts some rows below the list, and changes others by their numbers. Raise Held.

    `styles` are of the cells of each new row; without, they look like those above.
    """
    maker = _Maker(book, made)
    for row, values in updates.items():
        maker.update(row, values)
    if additions:
        maker.add(additions, styles)
    maker.put_rows()
    if maker.patch.puts:
        sheet_growth.recalculated(book, made, maker.patch.edits)
    return maker.patch


def refuse_swallowed(made: Listing, row: int, columns: Iterable[int]) -> None:
    """Raise Held where a value would not be seen, because merged cells show another one."""
    for column in columns:
        for _, area in made.sheet.merges:
            is_first = (row, column) == (area.top, area.left)
            if area.holds(row, column) and not is_first:
                raise Held("FF-502", why=f"{name_of(column, row)} is in merged cells ({area})")


class _Maker:
    def __init__(self, book: Book, made: Listing) -> None:
        self._book, self._list = book, made
        self._rows = made.sheet.rows
        self._writer = CellWriter(self._rows.prefix)
        self._above = self._rows.cells(made.pattern)
        self._carried = Carried(made, self._above)
        self._totals: int | None = None  # the row of totals that makes room
        self._fresh: dict[int, bytes] = {}  # rows that the sheet does not write yet
        self._styles: dict[int, Styles] = {}  # of new rows, where they are given
        self.patch = Patch({made.sheet.part.part: []})

    def update(self, row: int, values: Values) -> None:
        """Change some cells of a row. Others stay, to the byte."""
        cells = self._rows.cells(row)
        new = {}
        for column, value in values.items():
            if value is None:
                continue
            style = cells[column].style if column in cells else self._column_style(column)
            new[column] = self._cell(row, column, style, value)
        self._place(row, new, cells)

    def add(self, additions: Sequence[Values], styles: Sequence[Styles]) -> None:
        """Put rows behind the last of the list, into free rows where the sheet has some."""
        first = self._list.last + 1
        self._styles = dict(enumerate(styles, first))
        last = first + len(additions) - 1
        totals = self._totals = self._room_for(last)
        for row, values in enumerate(additions, first):
            cells = {} if row == totals else self._rows.cells(row)
            new = self._new_cells(row, values, cells)
            if row == totals:  # what stood there has moved down
                self._look_like_the_others(row)
                for column in self._rows.cells(row).keys() - new.keys():
                    if self._list.left <= column <= self._list.right:
                        new[column] = self._cell(row, column, self._style(column, {}), None)
            self._place(row, new, self._rows.cells(row))
            self.patch.added.append(row)
        sheet_growth.grown(self._book, self._list, last, self.patch.edits)

    def put_rows(self) -> None:
        """Add the edits that put in the rows which the sheet does not write yet, in their order."""
        for number in sorted(self._fresh):
            at = self._rows.place_of(number)
            edit = Edit(at, at, self._fresh[number])
            self.patch.edits[self._list.sheet.part.part].append(edit)

    def _room_for(self, last: int) -> int | None:
        """Return the row of totals that has to make room, None where there is room. Raise Held."""
        table = self._list.table
        more = max(0, last - table.last) if table else 0
        below = table.area.bottom + more if table else last
        if below >= self._list.limit:
            raise Held("FF-502", why=f"row {self._list.limit} has something below the list")
        if not (table and table.totals and more):
            return None
        self._move_totals(table.area.bottom, more)
        return table.area.bottom

    def _move_totals(self, row: int, by: int) -> None:
        """Move the totals of a table down, cell by cell: another list may stand beside it."""
        made = self._list
        sheet_growth.refuse_if_named(self._book, made, row)
        cells = {
            column: cell
            for column, cell in self._rows.cells(row).items()
            if made.left <= column <= made.right
        }
        new = {}
        for column, cell in cells.items():
            raw = self._rows.content[cell.start : cell.end]
            name = name_of(column, row + by).encode()
            new[column] = _REFERENCE.sub(rb"\g<1>" + name, raw, count=1)
        above = self._rows.row(row)
        self._place(row + by, new, self._rows.cells(row + by), above)
        self.patch.moved = (made.left, made.right, row, row + by)

    def _look_like_the_others(self, number: int) -> None:
        """Let a row that had totals be as high and as coloured as the row of an entry."""
        row = self._rows.row(number)
        if row and row.inside != row.end:
            tag = self._writer.row_start(number, self._attributes(None))
            self.patch.edits[self._list.sheet.part.part].append(Edit(row.start, row.inside, tag))

    def _new_cells(self, row: int, values: Values, cells: Mapping[int, Cell]) -> dict[int, bytes]:
        """Return the cells of a new row that are to be written; what waits in a free row stays."""
        new: dict[int, bytes] = {}
        for column in range(self._list.left, self._list.right + 1):
            value, waits = values.get(column), cells.get(column)
            given = self._styles.get(row)
            style = self._style(column, cells) if given is None else given.get(column, "")
            if value is not None:
                refuse_swallowed(self._list, row, [column])
                new[column] = self._cell(row, column, style, value)
            elif waits is not None and waits.formula is not None:
                continue
            elif formula := self._carried.to(column, row):
                new[column] = self._writer.formula(row, column, style, formula)
                self.patch.puts[row, column] = Put(None, None)
            elif waits is None and style:
                new[column] = self._cell(row, column, style, None)
        return new

    def _style(self, column: int, cells: Mapping[int, Cell]) -> str:
        """Return the style of a new cell: that of the free cell, else of the one above, else of its column."""
        for known in (cells, self._above):
            if column in known and known[column].style:
                return known[column].style
        return self._column_style(column)

    def _column_style(self, column: int) -> str:
        for one in self._list.sheet.elements:
            if one.name == "col":
                first, last = (int(one.attributes.get(end, "0")) for end in ("min", "max"))
                if first <= column <= last:
                    return one.attributes.get("style", "")
        return ""

    def _cell(self, row: int, column: int, style: str, value: Value) -> bytes:
        book = self._book
        put = written(value, style, book.date_styles, is_1904=book.is_1904)
        self.patch.puts[row, column] = Put(value, put)
        return self._writer.value(row, column, style, put)

    def _place(
        self,
        number: int,
        new: Mapping[int, bytes],
        cells: Mapping[int, Cell],
        like: Row | None = None,
    ) -> None:
        """Add the edits that put cells into a row, made like another where it is not written yet."""
        edits = self.patch.edits[self._list.sheet.part.part]
        row = self._rows.row(number)
        if not new:
            return
        joined = b"".join(new[column] for column in sorted(new))
        if row is None:
            self._fresh[number] = self._writer.row(number, self._attributes(like), joined)
        elif row.inside == row.end:
            open_tag = self._rows.content[row.start : row.inside].rstrip(b"/>").rstrip() + b">"
            edits.append(Edit(row.start, row.end, open_tag + joined + self._writer.row_end))
        else:
            edits.extend(_cell_edits(row, new, cells))
            if new.keys() - cells.keys() and number != self._totals:
                edits.extend(_without_spans(self._rows.content, row))

    def _attributes(self, like: Row | None) -> list[tuple[str, str]]:
        """Return what a new row takes over of the one above; its height only where somebody has set it."""
        like = like or self._rows.row(self._list.pattern)
        copied = dict(like.attributes) if like else {}
        is_set = copied.get("customHeight") in ("1", "true")
        left_out = _NOT_COPIED if is_set else (*_NOT_COPIED, "ht")
        return [(name, value) for name, value in copied.items() if name not in left_out]


def _cell_edits(row: Row, new: Mapping[int, bytes], cells: Mapping[int, Cell]) -> Iterator[Edit]:
    """Yield an edit for each cell: in place of the one that is there, or between its neighbours."""
    for column in sorted(new):
        if column in cells:
            yield Edit(cells[column].start, cells[column].end, new[column])
            continue
        before = [cell.end for cell in cells.values() if cell.column < column]
        at = max(before, default=row.inside)
        yield Edit(at, at, new[column])


def _without_spans(content: bytes, row: Row) -> Iterator[Edit]:
    """Yield the edit that takes away how far the cells of a row reach: a hint that new ones make wrong."""
    found = _SPANS.search(content, row.start, row.inside)
    if found:
        yield Edit(found.start(), found.end(), b"")
