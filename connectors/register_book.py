"""The register as a workbook file: begun, read, and written with more rows. Every other byte stays as it is."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from xml.sax.saxutils import escape

from formflow.sdk import Filed
from formflow_connectors.ooxml import book_reader, book_zip, cell_looks, sheet_list, sheet_patch
from formflow_connectors.ooxml.book_parts import Book, Held, SheetPart, book_of, column_letters
from formflow_connectors.ooxml.book_reader import Grid
from formflow_connectors.ooxml.book_zip import NoWorkbook
from formflow_connectors.ooxml.cell_looks import Look
from formflow_connectors.ooxml.part_xml import NotPlain
from formflow_connectors.ooxml.sheet_list import NOWHERE, Listing, Sheet
from formflow_connectors.ooxml.sheet_tables import tables_of
from formflow_connectors.register_rows import COLUMNS, FILLS, NOT_KNOWN, SHEET

_WIDTH = 40.0  # of the columns with answers, in letters
_RECORDED_COLUMN, _INCIDENT_COLUMN, _LIGHT_COLUMN = 4, 5, 8
_LOOKS_LIKE_A_FORMULA = tuple("=+-@\t\n＝＋－＠")


class NotOurs(Exception):
    """The file is no register of ours, or one that cannot be written to."""


@dataclass(frozen=True)
class Register:
    """A register as it was read."""

    book: Book
    sheet: SheetPart
    grid: Grid

    @property
    def keys(self) -> frozenset[str]:
        """The key of every row."""
        return frozenset(str(book_reader.at([row], 1, 1)) for row in self.grid[1:])

    def filed(self) -> Iterator[Filed]:
        """Yield the revision of every row that tells one."""
        for row in self.grid[1:]:
            reference, revision = (book_reader.at([row], 1, column) for column in (2, 3))
            if isinstance(reference, str) and reference and isinstance(revision, float):
                yield Filed(reference, int(revision))


@dataclass(frozen=True, slots=True)
class Cell:
    """What stands in a cell, None for nothing, and how it looks."""

    value: str | int | date | None
    look: Look


def looked(row: Sequence[str | int]) -> list[Cell]:
    """Return the cells of one row of `register_rows.cells` as they are written: typed, and how each looks."""
    return [_cell(column, text) for column, text in enumerate(row, 1)]


def _cell(column: int, text: str | int) -> Cell:
    value = _typed(column, text)
    if isinstance(value, datetime):
        return Cell(value, Look("dd/mm/yyyy hh:mm"))
    if isinstance(value, date):
        return Cell(value, Look("dd/mm/yyyy"))
    if column == _LIGHT_COLUMN and value in FILLS:  # a sheet has no light
        return Cell(value, Look(colour=FILLS[str(value)]))
    is_quoted = isinstance(value, str) and value[:1] in _LOOKS_LIKE_A_FORMULA
    return Cell(value, Look(is_quoted=is_quoted))


def _typed(column: int, text: str | int) -> str | int | date | None:
    if text == "":
        return None  # an empty cell, not an empty text
    if column == _RECORDED_COLUMN:
        return datetime.fromisoformat(str(text))
    if column == _INCIDENT_COLUMN and text != NOT_KNOWN:
        day = date.fromisoformat(str(text))
        return day if day.year >= 1900 else str(text)  # Excel knows no earlier dates
    return text


def read(content: bytes, titles: Sequence[str]) -> Register:
    """Return a register with these headings. Raise NotOurs."""
    try:
        book = book_of(content)
        sheet = _sheet(book)
        book_reader.refuse_wide(book)
        grid = book_reader.grids(book, content)[book.sheets.index(sheet)]
    except (Held, NoWorkbook, NotPlain, LookupError, ValueError):
        raise NotOurs from None
    if not grid or [str(one) for one in grid[0][: len(titles)]] != [*titles]:
        raise NotOurs
    return Register(book, sheet, grid)


def with_rows(
    content: bytes, rows: Sequence[Sequence[Cell]], width: int, *, is_ours: bool
) -> bytes:
    """Return a register of so many columns with rows below the others. Raise NotOurs.

    `is_ours` says that nobody has saved it since FormFlow did: how its rows are written is not looked at again.
    """
    try:
        book = book_of(content)
        made = _listing(book, sheet_list.as_written(book, _sheet(book), is_known=is_ours), width)
        looks = cell_looks.looks_of(book, {cell.look for row in rows for cell in row})
        archive = book.archive
        if looks.edits:  # first, so that the rows find their styles
            changed = sheet_patch.Patch({looks.part: [*looks.edits]}).parts(book)
            archive = book_zip.opened(book_zip.rewritten(archive, changed))
        book = Book(archive, book.part, book.sheets, book.is_1904)
        values = [{n: cell.value for n, cell in enumerate(row, 1)} for row in rows]
        styles = [{n: looks.numbers[cell.look] for n, cell in enumerate(row, 1)} for row in rows]
        patch = sheet_patch.patch(book, made, {}, values, styles)
        return book_zip.rewritten(archive, patch.parts(book))
    except (Held, NoWorkbook, NotPlain, LookupError, ValueError):
        raise NotOurs from None


def _sheet(book: Book) -> SheetPart:
    return next(one for one in book.sheets if one.name == SHEET and one.part)


def _listing(book: Book, sheet: Sheet, width: int) -> Listing:
    """Return the rows as a list that ends with the last row of the sheet, or before the totals of its table."""
    table = next((one for one in tables_of(book, sheet.part) if one.area.top == 1), None)
    last = table.last if table and table.totals else sheet.rows.numbers[-1]
    return Listing(sheet, 1, 1, width, {}, last, NOWHERE, table)


def new(titles: Sequence[str]) -> bytes:
    """Return an empty register with these headings."""
    last = column_letters(len(titles))
    widths = "".join(_column(number, title) for number, title in enumerate(titles, 1))
    cells = "".join(
        f'<c r="{column_letters(number)}1" s="1" t="inlineStr"><is><t>{escape(title)}</t></is></c>'
        for number, title in enumerate(titles, 1)
    )
    parts = _PARTS | {
        "xl/workbook.xml": _WORKBOOK.format(sheet=SHEET, last=last),
        "xl/worksheets/sheet1.xml": _SHEET.format(last=last, widths=widths, cells=cells),
    }
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as book:
        for name, part in parts.items():
            book.writestr(zipfile.ZipInfo(name), f"{_XML}{part}", zipfile.ZIP_DEFLATED)
    return content.getvalue()


def _column(number: int, title: str) -> str:
    # The key is for FormFlow, not for people.
    hidden = ' hidden="1"' if number == 1 else ""
    width = COLUMNS.get(title, _WIDTH)
    return f'<col min="{number}" max="{number}" width="{width}" customWidth="1"{hidden}/>'


_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_KIND = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
_PARTS = {
    "[Content_Types].xml": (
        '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_KIND}.sheet.main+xml"/>'
        f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_KIND}.worksheet+xml"/>'
        f'<Override PartName="/xl/styles.xml" ContentType="{_KIND}.styles+xml"/></Types>'
    ),
    "_rels/.rels": (
        f'<Relationships xmlns="{_RELATIONS}"><Relationship Id="rId1" Type="{_OFFICE}/officeDocument"'
        ' Target="xl/workbook.xml"/></Relationships>'
    ),
    "xl/_rels/workbook.xml.rels": (
        f'<Relationships xmlns="{_RELATIONS}"><Relationship Id="rId1" Type="{_OFFICE}/worksheet"'
        f' Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="{_OFFICE}/styles"'
        ' Target="styles.xml"/></Relationships>'
    ),
    "xl/styles.xml": (
        f'<styleSheet xmlns="{_MAIN}"><fonts count="2">'
        '<font><sz val="11"/><name val="Calibri"/><family val="2"/></font>'
        '<font><b/><sz val="11"/><name val="Calibri"/><family val="2"/></font></fonts>'
        '<fills count="2"><fill><patternFill patternType="none"/></fill>'
        '<fill><patternFill patternType="gray125"/></fill></fills>'
        '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
        '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
        '<cellXfs count="2"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
        '<xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1"/></cellXfs>'
        '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
    ),
}
_WORKBOOK = (
    f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>'
    '<sheet name="{sheet}" sheetId="1" r:id="rId1"/></sheets><definedNames>'
    '<definedName name="_xlnm._FilterDatabase" localSheetId="0" hidden="1">'
    "'{sheet}'!$A$1:${last}$1</definedName></definedNames></workbook>"
)
_SHEET = (
    f'<worksheet xmlns="{_MAIN}"><dimension ref="A1:{{last}}1"/><sheetViews>'
    '<sheetView workbookViewId="0"><pane xSplit="2" ySplit="1" topLeftCell="C2" activePane="bottomRight"'
    ' state="frozen"/></sheetView></sheetViews><cols>{widths}</cols><sheetData><row r="1">{cells}</row>'
    '</sheetData><autoFilter ref="A1:{last}1"/></worksheet>'
)
