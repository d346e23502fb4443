"""The workbook beside a draft: a row for each question, to be corrected in a spreadsheet program."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import cast

from openpyxl import Workbook
from openpyxl.cell import Cell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from formflow.admin.learn.pairing import Pair
from formflow.forms.catalogue import Field, FieldKind, Form

SHEET, QUESTIONS = "Boxes", "Our questions"
NUMBER, PAGE, BOXES, PRINTED, QUESTION, MEANS, SURE, PERHAPS, WHY = range(1, 10)
HEADS = {
    NUMBER: ("No.", 6),
    PAGE: ("Page", 6),
    BOXES: ("Box", 30),
    PRINTED: ("Printed at it", 45),
    QUESTION: ("Our question (choose from the list; blank: none of ours)", 45),
    MEANS: ("What each mark means", 34),
    SURE: ("How sure", 12),
    PERHAPS: ("Perhaps", 34),
    WHY: ("Why", 45),
}
TO_FILL_IN = (PRINTED, QUESTION, MEANS)
ASK = PatternFill("solid", fgColor="FBE9EB")
MINE = PatternFill("solid", fgColor="FFF7BF")


def as_workbook(pairs: Sequence[Pair], ours: Form, needs_a_look: Sequence[bool]) -> bytes:
    """Return the workbook of a draft; what a person must look at is red, what they may change yellow."""
    book = Workbook()
    book.remove(book.worksheets[0])
    sheet = book.create_sheet(SHEET)
    for column, (head, width) in HEADS.items():
        cell = _write(sheet, 1, column, head)
        cell.font = Font(bold=True)
        sheet.column_dimensions[cell.column_letter].width = width
    for row, (pair, ask) in enumerate(zip(pairs, needs_a_look, strict=True), start=2):
        for column, text in _cells(row - 1, pair, ask=ask).items():
            cell = _write(sheet, row, column, text)
            cell.fill = MINE if column in TO_FILL_IN else ASK if ask else PatternFill()
    sheet.freeze_panes = "A2"
    _offer(book, sheet, ours, len(pairs) + 1)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def said(field: Field) -> str:
    """Return a question of ours as the list offers it; its name makes it unlike all others."""
    return f"{field.label} [{field.name}]"


def fits(field: Field, pair: Pair) -> bool:
    """Return whether a box can answer a question of ours at all: writing, or marks; a list is written down."""
    if pair.is_list:
        return field.kind in (FieldKind.TEXT, FieldKind.LONG_TEXT)
    is_mark = field.kind in (FieldKind.TICK, FieldKind.CHOICE)
    return is_mark == (pair.means is not None)


def _cells(number: int, pair: Pair, *, ask: bool) -> dict[int, str | int]:
    question = said(pair.question) if pair.question else ""
    places = pair.boxes[0].places
    return {
        NUMBER: number,
        PAGE: places[0].page if places else 0,
        BOXES: "\n".join(box.name for box in pair.boxes),
        PRINTED: pair.label,
        QUESTION: question if pair.is_sure else "",
        MEANS: "\n".join(f"{stored}: {meant}" for stored, meant in (pair.means or {}).items()),
        SURE: "please check" if ask else str(pair.certainty),
        PERHAPS: "" if pair.is_sure else question,
        WHY: pair.why,
    }


def _write(sheet: Worksheet, row: int, column: int, text: str | int) -> Cell:
    """Write a cell whose text is a text whatever it begins with."""
    cell = cast("Cell", sheet.cell(row, column))
    cell.value = ILLEGAL_CHARACTERS_RE.sub("", text) if isinstance(text, str) else text
    if isinstance(text, str):
        cell.data_type = "s"  # never a formula
    cell.alignment = Alignment(wrap_text=True, vertical="top")
    return cell


def _offer(book: Workbook, sheet: Worksheet, ours: Form, last: int) -> None:
    """Offer the questions of ours as a list in each row."""
    listed = book.create_sheet(QUESTIONS)
    for row, field in enumerate(ours.fields.values(), start=1):
        _write(listed, row, 1, said(field))
    listed.column_dimensions["A"].width = 100
    choice = DataValidation(
        type="list", formula1=f"'{QUESTIONS}'!$A$1:$A${len(ours.fields)}", allow_blank=True
    )
    choice.error = "Please choose a question from the list, or leave the cell blank."
    choice.errorTitle = "Not one of our questions"
    sheet.add_data_validation(choice)
    choice.add(f"E2:E{max(last, 2)}")
