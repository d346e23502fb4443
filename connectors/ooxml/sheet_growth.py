"""What grows with a list: its table and filters, and everything that names its cells by rows."""

from __future__ import annotations

import re
from dataclasses import replace

from formflow_connectors.ooxml.book_parts import (
    MAINS,
    Area,
    Book,
    Held,
    all_formulas,
    column_number,
)
from formflow_connectors.ooxml.part_xml import Edit, Element, as_text, attribute_set, scan, text_of
from formflow_connectors.ooxml.sheet_formulas import addresses
from formflow_connectors.ooxml.sheet_list import Listing

Edits = dict[str, list[Edit]]
_FORMULA = re.compile(rb"<(?:\w+:)?f[\s/>]")
_FILTERED = re.compile(r"(.*!\$[A-Z]{1,3}\$([0-9]+):\$[A-Z]{1,3}\$)([0-9]+)", re.DOTALL)
_GROWING = {"dataValidation": "sqref", "conditionalFormatting": "sqref", "autoFilter": "ref"}


def grown(book: Book, made: Listing, last: int, edits: Edits) -> None:
    """Add the edits by which all that belongs to a list reaches its new last row."""
    _Growth(book, made, last, edits).run()


class _Growth:
    def __init__(self, book: Book, made: Listing, last: int, edits: Edits) -> None:
        self._book, self._list, self._last = book, made, last
        self._edits = edits
        self._content = made.sheet.rows.content
        self._of_sheet = edits[made.sheet.part.part]

    def run(self) -> None:
        """Add the edits of the sheet, the table and the workbook."""
        for element in self._list.sheet.elements:
            if element.name in _GROWING:
                self._attribute(element, _GROWING[element.name])
            elif element.name == "sqref":
                self._text(element)
            elif element.name == "dimension":
                self._dimension(element)
        self._merged()
        if self._list.table:
            self._table()
        self._filter_name()

    def _grown(self, area: Area, *, is_filter: bool = False) -> Area:
        made = self._list
        ends_there = made.last <= area.bottom < self._last and area.meets(made.left, made.right)
        is_theirs = area.top == made.heading if is_filter else area.bottom > made.heading
        return replace(area, bottom=self._last) if ends_there and is_theirs else area

    def _each(self, written: str, *, is_filter: bool) -> str:
        """Return a list of blocks with those grown that end with the list; the others as they are written."""
        words = []
        for word in written.split():
            area = Area.of(word)
            new = self._grown(area, is_filter=is_filter) if area else None
            words.append(word if new == area else str(new))
        return " ".join(words)

    def _attribute(self, element: Element, name: str) -> None:
        written = element.attributes.get(name, "")
        new = self._each(written, is_filter=element.name == "autoFilter")
        if new.split() != written.split():
            self._of_sheet.append(attribute_set(self._content, element, name, new))

    def _text(self, element: Element) -> None:
        written = text_of(self._content[element.inside : element.inside_end])
        new = self._each(written, is_filter=False)
        if new.split() != written.split():
            self._of_sheet.append(Edit(element.inside, element.inside_end, new.encode()))

    def _dimension(self, element: Element) -> None:
        made, area = self._list, Area.of(element.attributes.get("ref", ""))
        if area is None:
            return
        totals = made.table.totals if made.table else 0
        new = Area(
            min(area.left, made.left),
            min(area.top, made.heading),
            max(area.right, made.right),
            max(area.bottom, self._last + totals),
        )
        if new != area:
            self._of_sheet.append(attribute_set(self._content, element, "ref", str(new)))

    def _merged(self) -> None:
        """Join the cells of each new row as those of the last one are joined."""
        made, merges = self._list, self._list.sheet.merges
        like = [area for _, area in merges if area.top == area.bottom == made.last]
        joined = [area for area in like if made.has_entries and area.meets(made.left, made.right)]
        new = [
            replace(area, top=row, bottom=row)
            for row in range(made.last + 1, self._last + 1)
            for area in joined
            if not any(
                other.top <= row <= other.bottom and other.meets(area.left, area.right)
                for _, other in merges
            )
        ]
        if not new:
            return
        raw_name = merges[0][0].raw_name
        around = next(one for one in made.sheet.elements if one.name == "mergeCells")
        joined_now = "".join(f'<{raw_name} ref="{area}"/>' for area in new).encode()
        self._of_sheet.append(Edit(around.inside_end, around.inside_end, joined_now))
        if "count" in around.attributes:
            count = str(len(merges) + len(new))
            self._of_sheet.append(attribute_set(self._content, around, "count", count))

    def _table(self) -> None:
        table = self._list.table
        if table is None or self._last <= table.last:
            return
        edits = self._edits.setdefault(table.part, [])
        for element in scan(table.content, {"table", "autoFilter"}, namespaces=MAINS):
            area = Area.of(element.attributes.get("ref", ""))
            totals = table.totals if element.name == "table" else 0
            if area and area.bottom == table.last + totals:
                new = str(replace(area, bottom=self._last + totals))
                edits.append(attribute_set(table.content, element, "ref", new))

    def _filter_name(self) -> None:
        """Let the hidden name of the sheet's filter reach as far as the filter."""
        book, made = self._book, self._list
        content = book.archive.read(book.part)
        index = str(book.sheets.index(made.sheet.part))
        for name in scan(content, {"definedName"}, namespaces=MAINS):
            is_filter = name.attributes.get("name") == "_xlnm._FilterDatabase"
            if not is_filter or name.attributes.get("localSheetId") != index:
                continue
            found = _FILTERED.fullmatch(text_of(content[name.inside : name.inside_end]))
            if found and int(found[2]) == made.heading and made.last <= int(found[3]) < self._last:
                new = as_text(f"{found[1]}{self._last}").encode()
                edit = Edit(name.inside, name.inside_end, new)
                self._edits.setdefault(book.part, []).append(edit)


def recalculated(book: Book, made: Listing, edits: Edits) -> None:
    """Have everything calculated when the workbook is opened next, where it calculates anything."""
    parts = [sheet.part for sheet in book.sheets if sheet.part and sheet is not made.sheet.part]
    has_own = bool(made.sheet.rows.formulas) or any(
        _FORMULA.search(edit.new) for edit in edits[made.sheet.part.part]
    )
    if not has_own and not any(_FORMULA.search(book.archive.read(part)) for part in parts):
        return
    content = book.archive.read(book.part)
    for one in scan(content, {"calcPr"}, namespaces=MAINS):
        if one.attributes.get("fullCalcOnLoad") not in ("1", "true"):
            edit = attribute_set(content, one, "fullCalcOnLoad", "1")
            edits.setdefault(book.part, []).append(edit)


def refuse_if_named(book: Book, made: Listing, row: int) -> None:
    """Raise Held where the totals of a table cannot be moved: something would name other cells than before."""
    cells = made.sheet.rows.cells(row).values()
    own = [one for one in cells if made.left <= one.column <= made.right and one.formula]
    if any(one.formula.kind or addresses(one.formula.text) for one in own if one.formula):
        raise Held("FF-502", why=f"the totals in row {row} name cells by their addresses")
    areas = (area for _, area in made.sheet.merges if area.meets(made.left, made.right))
    if any(area.top <= row <= area.bottom for area in areas):
        raise Held("FF-502", why=f"the totals in row {row} are in merged cells")
    for formula in all_formulas(book):
        for address in addresses(formula):
            letters = address.replace("$", "")
            name, number = (
                letters.rstrip("0123456789"),
                letters.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
            )
            if int(number) == row and made.left <= column_number(name) <= made.right:
                raise Held("FF-502", why=f"a formula names the totals in row {row}")
