"""The parts of an agency's workbook: its sheets, tables and date styles, and what keeps FormFlow from writing to it."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from formflow_connectors.ooxml.book_zip import Archive, NoWorkbook, opened
from formflow_connectors.ooxml.part_xml import (
    MAIN,
    OFFICE,
    RELATIONS,
    Element,
    NotPlain,
    scan,
    text_of,
)

STRICT = "http://purl.oclc.org/ooxml/spreadsheetml/main"
MAINS = (MAIN, STRICT)
_STRICT_OFFICE = "http://purl.oclc.org/ooxml/officeDocument/relationships"
_DATES_BUILT_IN = frozenset([*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)])
_NOT_OF_DATES = re.compile(r'"[^"]*"|\\.|\[(?![hms]+\])[^\]]*\]|_.|\*.')
_OF_DATES = re.compile(r"[dmyhs]", re.IGNORECASE)


class Held(Exception):
    """The workbook is one that FormFlow does not write to; `code` is of the message, `words` fill it."""

    def __init__(self, code: str, **words: str) -> None:
        super().__init__(code)
        self.code, self.words = code, words


@dataclass(frozen=True, slots=True)
class SheetPart:
    """One sheet: its name and the part that holds it, "" where it is no sheet of cells."""

    name: str
    part: str


@dataclass(frozen=True)
class Book:
    """A workbook file, as far as it is needed to change one of its sheets."""

    archive: Archive
    part: str  # the workbook's own
    sheets: tuple[SheetPart, ...]  # in their order
    is_1904: bool  # days are counted from 1904

    @cached_property
    def date_styles(self) -> frozenset[int]:
        """The numbers of the cell styles that show a number as a date or time."""
        return frozenset(_date_styles(self))


def book_of(content: bytes) -> Book:
    """Return a workbook. Raise Held where nothing may be written to it."""
    try:
        archive = opened(content)
        return _book(archive)
    except NoWorkbook as problem:
        raise Held(_CODES[problem.why]) from None
    except NotPlain as problem:
        raise Held("FF-505", why=str(problem)) from None


_CODES = {"damaged": "FF-495", "old": "FF-495", "password": "FF-496", "large": "FF-504"}


def _book(archive: Archive) -> Book:
    names = [name.casefold() for name in archive.parts]
    if any("_xmlsignatures" in name for name in names):
        raise Held("FF-498")
    if any("/revisions/" in name for name in names):
        raise Held("FF-499")
    part = next(
        (to for kind, to in relations(archive, "").values() if kind == "officeDocument"), ""
    )
    if part not in archive.parts or not part.endswith(".xml"):
        raise NoWorkbook("damaged")  # also .xlsb and .ods under another name
    content = archive.read(part)
    elements = scan(content, {"sheet", "workbookPr"}, namespaces=MAINS)
    targets = relations(archive, part)
    sheets = tuple(_sheet(one, targets, archive) for one in elements if one.name == "sheet")
    settings = [one.attributes for one in elements if one.name == "workbookPr"]
    is_1904 = any(one.get("date1904") in ("1", "true") for one in settings)
    if not sheets:
        raise NoWorkbook("damaged")
    return Book(archive, part, sheets, is_1904)


def _sheet(element: Element, targets: Mapping[str, tuple[str, str]], archive: Archive) -> SheetPart:
    ids = (element.attributes.get(f"{space} id", "") for space in (OFFICE, _STRICT_OFFICE))
    kind, part = targets.get(next(filter(None, ids), ""), ("", ""))
    is_of_cells = kind == "worksheet" and part in archive.parts
    return SheetPart(element.attributes.get("name", ""), part if is_of_cells else "")


def relations(archive: Archive, part: str) -> dict[str, tuple[str, str]]:
    """Return what a part, or the whole package for "", is related to: id -> kind and part."""
    folder, name = posixpath.split(part)
    at = posixpath.join(folder, "_rels", f"{name}.rels")
    if at not in archive.parts:
        return {}
    found = scan(archive.read(at), {"Relationship"}, namespaces=(RELATIONS,))
    return {
        one.attributes["Id"]: (
            one.attributes["Type"].rsplit("/", 1)[-1],
            posixpath.normpath(posixpath.join("/" + folder, one.attributes["Target"])).lstrip("/"),
        )
        for one in found
        if one.attributes.get("TargetMode") != "External"
    }


def _date_styles(book: Book) -> Iterator[int]:
    """Yield the numbers of the cell styles for dates."""
    kinds = relations(book.archive, book.part).values()
    part = next((to for kind, to in kinds if kind == "styles"), "")
    if part not in book.archive.parts:
        return
    found = scan(book.archive.read(part), {"numFmt", "xf"}, namespaces=MAINS)
    codes = {
        one.attributes.get("numFmtId"): one.attributes.get("formatCode", "")
        for one in found
        if one.name == "numFmt" and one.above[-1] == "numFmts"
    }
    formats = [one for one in found if one.name == "xf" and one.above[-1] == "cellXfs"]
    for number, one in enumerate(formats):
        if _is_of_dates(one.attributes.get("numFmtId", "0"), codes):
            yield number


def _is_of_dates(number: str, codes: Mapping[str | None, str]) -> bool:
    if number in codes:
        shown = _NOT_OF_DATES.sub("", codes[number].split(";")[0])
        return shown.casefold() != "general" and _OF_DATES.search(shown) is not None
    return number.isdecimal() and int(number) in _DATES_BUILT_IN


def all_formulas(book: Book) -> Iterator[str]:
    """Yield every formula of the workbook that stands in a cell, a name or a chart, as it is written."""
    for name in book.archive.parts:
        if name.endswith(".xml") and name.startswith("xl/"):
            for found in _FORMULA.finditer(book.archive.read(name)):
                yield text_of(found[1])


_FORMULA = re.compile(
    rb"<(?:\w+:)?(?:f|formula|formula1|formula2|definedName)(?:\s[^>]*)?>([^<]+)<"
)


def column_number(letters: str) -> int:
    """Return the number of a column, A is 1."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number


def column_letters(number: int) -> str:
    """Return the letters of a column, 1 is A."""
    letters = ""
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


@dataclass(frozen=True, slots=True)
class Area:
    """A block of cells; the ends belong to it."""

    left: int
    top: int
    right: int
    bottom: int

    @classmethod
    def of(cls, written: str) -> Area | None:
        """Return the block that a reference such as "$A$1:C9" names, None where it is no such block."""
        found = _AREA.fullmatch(written)
        if found is None:
            return None
        left, top, right, bottom = found.groups()
        return cls(column_number(left), int(top), column_number(right or left), int(bottom or top))

    def __str__(self) -> str:
        first = f"{column_letters(self.left)}{self.top}"
        last = f"{column_letters(self.right)}{self.bottom}"
        return first if first == last else f"{first}:{last}"

    def meets(self, left: int, right: int) -> bool:
        """Return whether it has a column of these."""
        return self.left <= right and self.right >= left

    def holds(self, row: int, column: int) -> bool:
        """Return whether a cell lies in it."""
        return self.top <= row <= self.bottom and self.left <= column <= self.right


_AREA = re.compile(r"\$?([A-Z]{1,3})\$?([0-9]{1,7})(?::\$?([A-Z]{1,3})\$?([0-9]{1,7}))?")


def in_quotes(names: Sequence[str]) -> str:
    """Return names for a message: “Date”, “Pupil”."""
    return ", ".join(f"“{name}”" for name in names)
