"""The table objects of a sheet, as Excel's “Format as Table” makes them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from formflow_connectors.ooxml.book_parts import MAINS, Area, Book, SheetPart, relations
from formflow_connectors.ooxml.part_xml import scan


@dataclass(frozen=True)
class Table:
    """A table: where it is, and its rows with totals, 0 or 1. Its first row has the headings."""

    name: str  # as people see it
    part: str
    content: bytes
    area: Area
    totals: int

    @property
    def last(self) -> int:
        """The last row of its entries."""
        return self.area.bottom - self.totals


def tables_of(book: Book, sheet: SheetPart) -> Iterator[Table]:
    """Yield the tables of a sheet that show their headings."""
    for kind, part in relations(book.archive, sheet.part).values():
        if kind != "table":
            continue
        content = book.archive.read(part)
        said = scan(content, {"table"}, namespaces=MAINS)[0].attributes
        area = Area.of(said.get("ref", ""))
        if area and said.get("headerRowCount", "1") != "0":
            name = said.get("displayName", "")
            yield Table(name, part, content, area, int(said.get("totalsRowCount", "0")))
