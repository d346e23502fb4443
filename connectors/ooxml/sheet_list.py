"""The list in a sheet: its heading row, its columns, the rows of its entries, and where the next one goes."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from formflow.sdk import same_heading
from formflow_connectors.ooxml.book_parts import (
    MAINS,
    Area,
    Book,
    Held,
    SheetPart,
    column_letters,
)
from formflow_connectors.ooxml.book_reader import Grid, Seen, at, is_blank, row_of, words
from formflow_connectors.ooxml.part_xml import EXCEL, Element, NotPlain, scan
from formflow_connectors.ooxml.sheet_rows import Rows
from formflow_connectors.ooxml.sheet_tables import Table, tables_of

_WANTED = frozenset(
    [
        "sheetData",
        "sheetProtection",
        "dimension",
        "autoFilter",
        "mergeCells",
        "mergeCell",
        "conditionalFormatting",
        "dataValidation",
        "sqref",
        "col",
    ]
)
_DATA = re.compile(rb"<((?:[\w.-]+:)?)sheetData\s*>")
_UNUSUAL = re.compile(rb"<[!?]")
_TOTAL_WORDS = re.compile(r"(?:grand |sub)?-?totals?\b", re.IGNORECASE)
_TOTALS = re.compile(
    r"\b(?:SUM|SUBTOTAL|AGGREGATE|AVERAGE|COUNTA?)\s*\([^)]*?"
    r"\$?[A-Z]{1,3}\$?([0-9]+):\$?[A-Z]{1,3}\$?([0-9]+)"
)


@dataclass(frozen=True)
class Sheet:
    """One sheet as it is written: its rows, and the elements around them."""

    part: SheetPart
    rows: Rows
    elements: Sequence[Element]  # those that say which cells they are about

    @property
    def merges(self) -> list[tuple[Element, Area]]:
        """The merged blocks of cells."""
        return list(self.about("mergeCell", "ref"))

    def about(self, name: str, attribute: str) -> Iterator[tuple[Element, Area]]:
        """Yield the elements of one name, each with every block that its attribute names."""
        for element in self.elements:
            if element.name == name:
                for written in element.attributes.get(attribute, "").split():
                    if area := Area.of(written):
                        yield element, area


@dataclass(frozen=True)
class Listing:
    """The list: from which row and columns it is, and how far it reaches now."""

    sheet: Sheet
    heading: int  # the number of its heading row
    left: int
    right: int
    columns: Mapping[str, int]  # heading, as the settings write it, -> column
    last: int  # the last row with an entry; the heading where there is none
    limit: int  # rows from this one on are not the list's; what is there must stay
    table: Table | None

    @property
    def has_entries(self) -> bool:
        """Return whether anything was entered yet."""
        return self.last > self.heading

    @property
    def pattern(self) -> int:
        """The row whose formats and formulas are carried on: the last, or the free one below the heading."""
        return self.last if self.has_entries else self.heading + 1


def sheet_of(book: Book, part: SheetPart, *, is_known: bool = False) -> Sheet:
    """Return a sheet. Raise Held or NotPlain where it cannot be written to."""
    sheet = as_written(book, part, is_known=is_known)
    if any(
        one.name == "sheetProtection" and one.attributes.get("sheet") in ("1", "true")
        for one in sheet.elements
    ):
        raise Held("FF-497", sheet=part.name)
    return sheet


def as_written(book: Book, part: SheetPart, *, is_known: bool = False) -> Sheet:
    """Return a sheet, also one that is protected. Raise Held or NotPlain where FormFlow does not edit it."""
    content = book.archive.read(part.part)
    found = _DATA.search(content)
    if found is None:  # <sheetData/>: there is no heading either
        raise Held("FF-501", why=f"the sheet “{part.name}” is empty")
    end = content.rindex(b"</" + found[1] + b"sheetData")
    if not is_known and _UNUSUAL.search(content, found.end(), end):
        raise NotPlain("there are comments between its cells")
    elements = scan(
        content,
        _WANTED,
        namespaces=(*MAINS, EXCEL),
        dark=(found.end(), end),
        is_dark_known=is_known,
    )
    return Sheet(part, Rows(content, found.end(), end, found[1].decode()), elements)


def listing(
    book: Book, sheet: Sheet, grid: Grid, heading: int, columns: Mapping[str, int], reference: str
) -> Listing:
    """Return the list under a heading row. Raise Held where it cannot be told where it ends."""
    used = set(columns.values())
    table = _table_of(book, sheet, heading, used)
    if table:
        left, right = table.area.left, table.area.right
        last = _last_filled(sheet, grid, heading, table.last, left, right)
        limit = _first_content(sheet, grid, table.area.bottom + 1, left, right)
    else:
        left, right = _reach(grid, heading, used)
        last, limit = _plain(sheet, grid, heading, (left, right), columns[reference])
    made = Listing(sheet, heading, left, right, columns, last, limit, table)
    _refuse_merged(made)
    return made


def _table_of(book: Book, sheet: Sheet, heading: int, used: Collection[int]) -> Table | None:
    """Return the table that the columns are in, None where they are in none. Raise Held for some in each."""
    for table in tables_of(book, sheet.part):
        inside = [column for column in used if table.area.left <= column <= table.area.right]
        if table.area.top != heading or not inside:
            continue
        if len(inside) < len(used):
            raise Held("FF-501", why="the columns are in different tables")
        return table
    return None


def _reach(grid: Grid, heading: int, used: Collection[int]) -> tuple[int, int]:
    """Return the first and last column of the list: as far as headings stand side by side."""
    left, right = min(used), max(used)
    while left > 1 and not is_blank(at(grid, heading, left - 1)):
        left -= 1
    while not is_blank(at(grid, heading, right + 1)):
        right += 1
    return left, right


def _is_filled(sheet: Sheet, grid: Grid, row: int, left: int, right: int) -> bool:
    """Return whether something was entered in a row; what is calculated does not count."""
    values = row_of(grid, row)[left - 1 : right]
    calculated = sheet.rows.formulas.get(row)
    if calculated:
        values = [one for column, one in enumerate(values, left) if column not in calculated]
    for one in values:  # noqa: SIM110 - asked of every row at each save: any() takes three times as long
        if one != "" and not is_blank(one):
            return True
    return False


def _last_filled(sheet: Sheet, grid: Grid, heading: int, last: int, left: int, right: int) -> int:
    """Return the last row down to one in which something was entered, the heading where there is none."""
    for row in range(min(last, len(grid)), heading, -1):
        if _is_filled(sheet, grid, row, left, right):
            return row
    return heading


def _first_content(sheet: Sheet, grid: Grid, first: int, left: int, right: int) -> int:
    """Return the first row from one on in which some of the columns have anything, also a formula."""
    columns = range(left, right + 1)
    shown = (
        row
        for row in range(first, len(grid) + 1)
        if any(not is_blank(at(grid, row, column)) for column in columns)
    )
    calculated = (
        row
        for row, there in sheet.rows.formulas.items()
        if row >= first and any(column in columns for column in there)
    )
    return min(next(shown, NOWHERE), min(calculated, default=NOWHERE))


NOWHERE = 1_048_577  # below the last row that a sheet can have


def _plain(
    sheet: Sheet, grid: Grid, heading: int, reach: tuple[int, int], reference: int
) -> tuple[int, int]:
    """Return the last row of a list that is no table, and the first row below it that is not its own."""
    last = _block_end(sheet, grid, heading, reach)
    for row in _ours_below(grid, last, reference):  # people may have left a row free between ours
        last = max(last, row)
    for area in (area for _, area in sheet.about("autoFilter", "ref")):
        if area.top == heading:
            last = max(last, _last_filled(sheet, grid, heading, area.bottom, *reach))
    last = max(_block_end(sheet, grid, last, reach), last)
    _refuse_total(sheet, grid, heading, last, reach)
    below = _first_foreign(sheet, grid, last + 1, reach)
    if below != NOWHERE:
        _refuse_more_below(sheet, grid, heading, below, reach)
    return last, below


def _first_foreign(sheet: Sheet, grid: Grid, first: int, reach: tuple[int, int]) -> int:
    """Return the first row from one on that is no free row: formulas alone wait there for an entry."""
    entered = (row for row in range(first, len(grid) + 1) if _is_filled(sheet, grid, row, *reach))
    adding = (row for row in sheet.rows.formulas if row >= first and _sums(sheet, row, reach))
    return min(next(entered, NOWHERE), min(adding, default=NOWHERE))


def _block_end(sheet: Sheet, grid: Grid, start: int, reach: tuple[int, int]) -> int:
    row = start
    while _is_filled(sheet, grid, row + 1, *reach):
        row += 1
    return row


def _ours_below(grid: Grid, last: int, reference: int) -> Iterator[int]:
    for row in range(last + 1, len(grid) + 1):
        if reference_in(at(grid, row, reference)):
            yield row


def reference_in(value: Seen) -> str:
    """Return the reference of ours that a cell begins with, perhaps with a revision; "" where there is none."""
    found = _OURS.match(value) if isinstance(value, str) else None
    return found[1] if found else ""


_OURS = re.compile(r"\s*(FF-[0-9]{4}-[0-9]{6}(?:-F[0-9]+[a-z]?[0-9]*)?(?: r[0-9]+)?)(?![\w-])")


def _refuse_total(
    sheet: Sheet, grid: Grid, heading: int, last: int, reach: tuple[int, int]
) -> None:
    """Raise Held where the last row of the list, or the one below it, is one of totals."""
    for row in (last, last + 1):
        shown = [words(at(grid, row, column)) for column in range(reach[0], reach[1] + 1)]
        is_named = any(_TOTAL_WORDS.match(one) for one in shown)
        if row > heading and (is_named or _sums(sheet, row, reach)):
            raise Held("FF-502", why=f"row {row} has the totals of the list")


def _sums(sheet: Sheet, row: int, reach: tuple[int, int]) -> bool:
    """Return whether a row adds up rows above it, other than by a formula that each row has."""
    above = sheet.rows.cells(row - 1)
    for cell in sheet.rows.cells(row).values():
        if cell.formula is None or not reach[0] <= cell.column <= reach[1]:
            continue
        like = above[cell.column].formula if cell.column in above else None
        is_running = like is not None and _TOTALS.search(like.text)
        found = _TOTALS.search(cell.formula.text)
        if found and not is_running and int(found[2]) > int(found[1]):
            return True
    return False


def _refuse_more_below(
    sheet: Sheet, grid: Grid, heading: int, below: int, reach: tuple[int, int]
) -> None:
    """Raise Held where the list seems to go on below a free row."""
    titles = [same_heading(words(at(grid, heading, c))) for c in range(reach[0], reach[1] + 1)]
    headings = sum(1 for title in titles if title)
    for row in range(below, len(grid) + 1):
        shown = [same_heading(words(at(grid, row, c))) for c in range(reach[0], reach[1] + 1)]
        if shown == titles:
            return  # another list begins
        if any(_TOTAL_WORDS.match(one) for one in shown) or _sums(sheet, row, reach):
            raise Held("FF-502", why=f"row {row} has the totals of the list")
        if sum(1 for one in shown if one) > max(1, headings // 2):
            raise Held(
                "FF-502", why=f"row {below - 1} is empty, and the list seems to go on below it"
            )


def _refuse_merged(made: Listing) -> None:
    """Raise Held where a heading covers columns that the entries do not join, or more rows than one."""
    areas = [area for _, area in made.sheet.merges]
    joined = {(area.left, area.right) for area in areas if area.top == area.bottom == made.last}
    for name, column in made.columns.items():
        for area in areas:
            is_like_below = (area.left, area.right) in joined and area.top == area.bottom
            if area.holds(made.heading, column) and not (made.has_entries and is_like_below):
                raise Held("FF-501", why=f"the heading “{name}” is in merged cells ({area})")
    for area in areas:
        is_tall = area.top < area.bottom and area.top <= made.last <= area.bottom
        if is_tall and made.has_entries and area.meets(made.left, made.right):
            raise Held("FF-502", why=f"the last row of the list is in merged cells ({area})")


def name_of(column: int, row: int) -> str:
    """Return a cell's name: "B7"."""
    return f"{column_letters(column)}{row}"
