"""Formulas that each row of a list has, carried on to a new row."""

from __future__ import annotations

import re
from collections.abc import Mapping

from formflow_connectors.ooxml.book_parts import MAINS, Held
from formflow_connectors.ooxml.part_xml import scan, text_of
from formflow_connectors.ooxml.sheet_list import Listing, name_of
from formflow_connectors.ooxml.sheet_rows import Cell
from formflow_connectors.ooxml.sheet_tables import Table

_BETWEEN_BRACKETS = re.compile(r"\[[^\[\]]*\]|\"[^\"]*\"|'[^']*'!")
_ADDRESS = re.compile(r"(?<![\w.])\$?[A-Z]{1,3}\$?[0-9]{1,7}(?![\w(])")


class Carried:
    """The formulas of the last row of a list, and of the columns of its table."""

    def __init__(self, made: Listing, above: Mapping[int, Cell]) -> None:
        self._list, self._above = made, above
        self._of_table = _column_formulas(made.table) if made.table else {}

    def to(self, column: int, row: int) -> str:
        """Return the formula of a column for a new row, "" where it has none. Raise Held for one of many cells."""
        cell = self._above.get(column)
        formula = cell.formula if cell else None
        if formula is None:
            return self._of_table.get(column, "")
        made = self._list
        text, at = formula.text, name_of(column, made.pattern)
        if formula.kind in ("array", "dataTable"):
            raise Held("FF-503", cell=at)
        if formula.kind == "shared" and not text:
            text, at = made.sheet.rows.shared[formula.shared]
        return _translated(text, at, name_of(column, row))


def _translated(formula: str, at: str, to: str) -> str:
    """Return the formula of one cell as it is for another. Raise Held for one that cannot be read."""
    from openpyxl.formula.translate import Translator

    try:
        return str(Translator(f"={formula}", origin=at).translate_formula(to))[1:]
    except Exception:  # noqa: BLE001 - a formula may be odd in any way
        raise Held("FF-503", cell=at) from None


def _column_formulas(table: Table) -> dict[int, str]:
    """Return the formulas of a table's columns that hold for every row; some name the first row's cells."""
    columns, formulas = -1, {}
    for one in scan(table.content, {"tableColumn", "calculatedColumnFormula"}, namespaces=MAINS):
        if one.name == "tableColumn":
            columns += 1
            continue
        text = text_of(table.content[one.inside : one.inside_end])
        if one.attributes.get("array") != "1" and not addresses(text):
            formulas[table.area.left + columns] = text
    return formulas


def addresses(formula: str) -> list[str]:
    """Return the cells that a formula names by their addresses; columns of tables are none."""
    bare, before = formula, ""
    while bare != before:
        bare, before = _BETWEEN_BRACKETS.sub(" ", bare), bare
    return _ADDRESS.findall(bare)
