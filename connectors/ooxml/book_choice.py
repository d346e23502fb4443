"""Which sheet of a workbook is meant, which of its rows has the headings, and in which columns they are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

from formflow.sdk import same_heading
from formflow_connectors.ooxml.book_parts import Book, Held, SheetPart, in_quotes
from formflow_connectors.ooxml.book_reader import Grid, row_of, words
from formflow_connectors.ooxml.sheet_tables import Table, tables_of

HEADINGS_WITHIN = 100  # rows: a heading that is looked for stands at the top of its sheet
Choice = tuple[int, int, dict[str, int]]  # number of the sheet, heading row, heading -> column


class Where(Protocol):
    """What the settings say of the place; each may be left out where it can be found."""

    @property
    def sheet(self) -> str | None:
        """The name of a sheet."""

    @property
    def heading_row(self) -> int | None:
        """The number of a row."""

    @property
    def table(self) -> str | None:
        """The name of a table."""


def chosen(book: Book, grids: Sequence[Grid], where: Where, wanted: Sequence[str]) -> Choice:
    """Return what is meant. Raise Held where it is not there, or could be in two places."""
    meant = list(_named(book, where.sheet))
    if where.sheet is not None and len(meant) != 1:
        how_many = "more than one sheet" if meant else "no sheet"
        raise Held("FF-500", why=f"there is {how_many} called “{where.sheet}”")
    if where.table is not None:
        return _in_table(book, grids, meant, where.table, wanted)
    rows = {index: _rows(grids[index], where.heading_row, wanted) for index in meant}
    if where.heading_row is not None and len(meant) == 1:
        rows = {meant[0]: [where.heading_row]}
    rows = {index: there for index, there in rows.items() if there}
    if not rows:
        raise Held("FF-501", why=_nearest(book, grids, meant, wanted))
    if len(rows) > 1:
        names = in_quotes([book.sheets[index].name for index in rows])
        raise Held("FF-500", why=f"the sheets {names} have the headings")
    ((index, there),) = rows.items()
    if len(there) > 1:
        told = " and ".join(str(one) for one in there)
        raise Held("FF-500", why=f"rows {told} of “{book.sheets[index].name}” have the headings")
    return index, there[0], _in_row(book, book.sheets[index], grids[index], there[0], wanted)


def _named(book: Book, name: str | None) -> Iterator[int]:
    for index, one in enumerate(book.sheets):
        if one.part and (name is None or one.name.casefold() == name.casefold()):
            yield index


def _in_table(
    book: Book, grids: Sequence[Grid], meant: Sequence[int], name: str, wanted: Sequence[str]
) -> Choice:
    for index in meant:
        for table in tables_of(book, book.sheets[index]):
            if table.name.casefold() == name.casefold():
                row, reach = table.area.top, (table.area.left, table.area.right)
                return index, row, _columns(grids[index], row, reach, wanted)
    raise Held("FF-500", why=f"there is no table called “{name}”")


def _in_row(
    book: Book, sheet: SheetPart, grid: Grid, row: int, wanted: Sequence[str]
) -> dict[str, int]:
    """Return the column of each heading: in the one table that has them all, else in the whole row."""
    reaches = [
        (table.area.left, table.area.right)
        for table in tables_of(book, sheet)
        if table.area.top == row and _has_each_once(grid, table, wanted)
    ]
    reach = reaches[0] if len(reaches) == 1 else (1, len(row_of(grid, row)))
    return _columns(grid, row, reach, wanted)


def _has_each_once(grid: Grid, table: Table, wanted: Sequence[str]) -> bool:
    inside = _titles(grid, table.area.top, (table.area.left, table.area.right))
    return all(inside.count(same_heading(one)) == 1 for one in wanted)


def _columns(grid: Grid, row: int, reach: tuple[int, int], wanted: Sequence[str]) -> dict[str, int]:
    """Return the column of each heading. Raise Held where one is missing, or there twice."""
    inside = _titles(grid, row, reach)
    missing = [one for one in wanted if same_heading(one) not in inside]
    twice = [one for one in wanted if inside.count(same_heading(one)) > 1]
    if missing:
        raise Held("FF-501", why=f"row {row} has no heading {in_quotes(missing)}")
    if twice:
        raise Held("FF-501", why=f"row {row} has the heading {in_quotes(twice)} more than once")
    return {one: reach[0] + inside.index(same_heading(one)) for one in wanted}


def _titles(grid: Grid, row: int, reach: tuple[int, int]) -> list[str]:
    return [same_heading(words(value)) for value in row_of(grid, row)[reach[0] - 1 : reach[1]]]


def _rows(grid: Grid, row: int | None, wanted: Sequence[str]) -> list[int]:
    """Return the rows near the top that have all of the headings; of one alone where it is given."""
    headings = _named_by(wanted).keys()
    return [
        number
        for number, values in enumerate(grid[:HEADINGS_WITHIN], 1)
        if row in (None, number) and headings <= _named_by(map(words, values)).keys()
    ]


def _named_by(headings: Iterable[str]) -> dict[str, str]:
    return {same_heading(one): one for one in headings}


def _nearest(book: Book, grids: Sequence[Grid], meant: Sequence[int], wanted: Sequence[str]) -> str:
    """Return which headings are missing in the row that has most of them."""
    headings = _named_by(wanted)
    best, told = len(headings), "none of the headings was found"
    for index in meant:
        for row, values in enumerate(grids[index][:HEADINGS_WITHIN], 1):
            missing = headings.keys() - _named_by(map(words, values)).keys()
            if len(missing) < best:
                names = in_quotes([headings[one] for one in headings if one in missing])
                best = len(missing)
                told = f"row {row} of “{book.sheets[index].name}” has no heading {names}"
    return told
