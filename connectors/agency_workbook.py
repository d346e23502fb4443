"""Rows into a workbook that the agency keeps: found again by their reference, written by a patch, and proved.

People may sort the list, add columns and colours, and write into every column that the settings do not name.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from formflow.sdk import (
    CheckLine,
    CheckReport,
    Context,
    Delivered,
    DeliveredAs,
    DestinationFolder,
    Ending,
    FieldMap,
    Filed,
    Prepared,
    RecordParcel,
    Rejected,
    Retryable,
    Revisions,
    SettingsError,
    Unavailable,
    decode_row,
    ending,
    files,
    find_revision,
    notice,
    row_reference,
)
from formflow_connectors import mapped_rows
from formflow_connectors.mapped_rows import Fate
from formflow_connectors.ooxml import book_proof, book_reader, book_zip, sheet_list, sheet_patch
from formflow_connectors.ooxml.book_choice import HEADINGS_WITHIN, Where, chosen
from formflow_connectors.ooxml.book_parts import Book, Held, book_of
from formflow_connectors.ooxml.book_reader import Grid
from formflow_connectors.ooxml.book_zip import NoWorkbook
from formflow_connectors.ooxml.part_xml import NotPlain
from formflow_connectors.ooxml.sheet_list import Listing
from formflow_connectors.ooxml.sheet_patch import Values
from formflow_connectors.ooxml.sheet_rows import Value
from formflow_connectors.ooxml.sheet_values import shows, written
from formflow_connectors.own_register import RETRY_SECONDS, is_open

MOST_KEPT_CELLS = (
    400_000  # of a workbook that is written again and again: what it holds stays in memory
)


class Wanted(Where, Protocol):
    """What the settings say of the workbook."""

    @property
    def file(self) -> Path:
        """The workbook."""

    @property
    def reference_column(self) -> str | None:
        """The heading of the column with the references."""

    @property
    def revisions(self) -> Revisions:
        """Whether a row is changed, or another one added."""


@dataclass(frozen=True)
class _Opened:
    """The workbook as it was read."""

    content: bytes
    book: Book
    grids: list[Grid]
    listing: Listing
    grid: Grid  # of the sheet with the list

    def rows(self, column: int) -> dict[str, list[int]]:
        """Return the rows of each reference of ours in a column."""
        there = dict[str, list[int]]()
        for row in range(self.listing.heading + 1, self.listing.last + 1):
            value = book_reader.at(self.grid, row, column)
            if name := sheet_list.reference_in(value):
                there.setdefault(name, []).append(row)
        return there


@dataclass(frozen=True)
class _Saved:
    """The workbook as it was saved last. As long as it is that, it need not be read again."""

    mark: str  # hash of the file
    book: Book
    grids: list[Grid]
    before: bytes  # the file before
    keys: frozenset[str]  # of what was delivered with this save


@dataclass
class _Turn:
    """What one save is to do, and what came of each parcel."""

    updates: dict[int, Values] = field(default_factory=dict)
    additions: dict[str, dict[int, Value]] = field(default_factory=dict)  # by reference
    came: dict[str, Delivered | Ending] = field(default_factory=dict)  # by key


class AgencyWorkbook:
    """An agency's own workbook, and the list in one of its sheets."""

    def __init__(
        self, wanted: Wanted, columns: FieldMap, folder: DestinationFolder, context: Context
    ) -> None:
        self._wanted, self._columns = wanted, columns
        self._folder, self._context = folder, context
        self._reference = wanted.reference_column or ""
        self._last: _Saved | None = None  # what we wrote last

    def check(self) -> CheckReport:
        """Say which rows and columns would be written, or why none can be."""
        lines = list(self._folder.check().lines)
        if is_open(self._wanted.file):
            lines.append(CheckLine(False, notice("FF-404").text))
        try:
            lines += _told(self._opened())
        except Ending as problem:
            lines.append(CheckLine(False, problem.text))
        except OSError:
            lines.append(CheckLine(False, notice("FF-402").text))
        return CheckReport(tuple(lines))

    def prepare(self, parcel: RecordParcel) -> Prepared:
        """Return the cells of one row, and what its place in the list is found by."""
        revisions = self._wanted.revisions
        return mapped_rows.prepared(parcel, self._columns, self._reference, revisions)

    def deliver_batch(self, prepared: Sequence[Prepared]) -> list[Delivered | Ending]:
        """Add and change rows with one save. Raise an ending where nothing can be written at all."""
        with self._folder.held():
            if is_open(self._wanted.file):
                raise ending(Unavailable, "FF-404", after_seconds=RETRY_SECONDS)
            opened = self._opened()
            turn = self._turn(opened, prepared)
            if turn.updates or turn.additions:
                self._save(opened, turn)
        return [turn.came[parcel.key] for parcel in prepared]

    def take_back(self, prepared: Prepared) -> bool:
        """Put back what the workbook was before a delivery that was the last one; return whether it could be."""
        saved = self._last
        if saved is None or saved.keys != {prepared.key}:
            return False
        with self._folder.held():
            content = files.read(self._wanted.file)
            if is_open(self._wanted.file) or _hash(content) != saved.mark:
                return False
            self._folder.replace(self._wanted.file, saved.before, content)
            self._last = None
        return True

    def look_up_many(self, keys: Collection[str]) -> list[Delivered]:  # noqa: ARG002
        """Return nothing: the agency's workbook holds no keys of ours."""
        return []

    def look_up_by_reference(self, wanted: Mapping[str, tuple[str, int]]) -> list[Delivered]:
        """Return the workbook for each reference and revision that has a row."""
        opened = self._opened()
        there = opened.rows(opened.listing.columns[self._reference])
        named = {key: row_reference(*one, self._wanted.revisions) for key, one in wanted.items()}
        return [
            self._delivered(key, DeliveredAs.ALREADY_THERE) for key in named if named[key] in there
        ]

    def filed(self) -> Iterator[Filed]:
        """Yield the revisions that have a row; a row that was changed does not say by which revision."""
        opened = self._opened()
        for name in opened.rows(opened.listing.columns[self._reference]):
            yield Filed(*(find_revision(name) or (name, 1)))

    def _delivered(self, key: str, how: DeliveredAs) -> Delivered:
        return Delivered(key, how, self._wanted.file.name)

    def _turn(self, opened: _Opened, prepared: Sequence[Prepared]) -> _Turn:
        """Return what is to be done: the newest of each record wins, in whichever order they come."""
        turn, there = _Turn(), opened.rows(opened.listing.columns[self._reference])
        for parcel in mapped_rows.in_order(prepared):
            values = self._values(opened.listing, parcel)
            turn.came[parcel.key] = self._placed(opened, turn, there, parcel, values)
        return turn

    def _values(self, listing: Listing, parcel: Prepared) -> dict[int, Value]:
        """Return what a parcel has for the columns that the settings name now; it may be older than they are."""
        row = {**decode_row(parcel.body), self._reference: mapped_rows.name(parcel)}
        named = listing.columns
        return {named[heading]: value for heading, value in row.items() if heading in named}

    def _placed(
        self,
        opened: _Opened,
        turn: _Turn,
        there: Mapping[str, list[int]],
        parcel: Prepared,
        values: dict[int, Value],
    ) -> Delivered | Ending:
        name, key = mapped_rows.name(parcel), parcel.key
        if name in turn.additions:
            turn.additions[name] |= {c: value for c, value in values.items() if value is not None}
            return self._delivered(key, DeliveredAs.CREATED)
        rows, is_kept = there.get(name, []), self._wanted.revisions == "update"
        match mapped_rows.fate(parcel, len(rows), self._context, must_be_there=is_kept):
            case Fate.DOUBLED:
                return ending(Rejected, "FF-507", reference=name)
            case Fate.DELETED:
                return ending(Rejected, "FF-508", reference=name)
            case Fate.ADDED:
                turn.additions[name] = values
                return self._delivered(key, DeliveredAs.CREATED)
            case Fate.LATE:
                return self._delivered(key, DeliveredAs.ALREADY_THERE)
            case Fate.CHANGED:
                return self._changed(opened, turn, parcel, rows[0], values)

    def _changed(
        self, opened: _Opened, turn: _Turn, parcel: Prepared, row: int, values: dict[int, Value]
    ) -> Delivered | Ending:
        columns = opened.listing.columns
        fresh = {
            column: value
            for column, value in values.items()
            if column != columns[self._reference] and not _is_there(opened, row, column, value)
        }
        earlier = turn.updates.pop(row, {})  # of the same batch
        fresh |= {column: v for column, v in earlier.items() if values.get(column) is None}
        if not fresh:
            return self._delivered(parcel.key, DeliveredAs.ALREADY_THERE)
        try:
            sheet_patch.refuse_swallowed(opened.listing, row, fresh)
        except Held as problem:
            return ending(Retryable, problem.code, after_seconds=RETRY_SECONDS, **problem.words)
        turn.updates[row] = fresh
        return self._delivered(parcel.key, DeliveredAs.UPDATED)

    def _opened(self) -> _Opened:
        """Return the workbook. Raise SettingsError where nothing may be written to it, Unavailable or OSError."""
        try:
            content = files.read(self._wanted.file)
        except FileNotFoundError:
            raise ending(Unavailable, "FF-506", after_seconds=RETRY_SECONDS) from None
        with _in_words():
            return self._read(content)

    def _read(self, content: bytes) -> _Opened:
        is_known = self._last is not None and self._last.mark == _hash(content)
        if self._last is not None and is_known:
            book, grids = self._last.book, self._last.grids
        else:
            book = book_of(content)
            book_reader.refuse_wide(book)
            grids = book_reader.grids(book, content)
        wanted = (self._reference, *self._columns.headings)
        index, heading, columns = chosen(book, grids, self._wanted, wanted)
        sheet = sheet_list.sheet_of(book, book.sheets[index], is_known=is_known)
        listing = sheet_list.listing(book, sheet, grids[index], heading, columns, self._reference)
        return _Opened(content, book, grids, listing, grids[index])

    def _save(self, opened: _Opened, turn: _Turn) -> None:
        book, listing = opened.book, opened.listing
        with _in_words():
            patch = sheet_patch.patch(book, listing, turn.updates, [*turn.additions.values()])
            new = book_zip.rewritten(book.archive, patch.parts(book))
            after, seen = book_proof.proved(book, opened.grids, new, listing, patch)
        self._context.keep_version(self._wanted.file.name, opened.content)
        self._last = None
        try:
            self._folder.replace(self._wanted.file, new, opened.content)
        except PermissionError:
            if not files.ON_WINDOWS:
                raise
            raise ending(Unavailable, "FF-404", after_seconds=RETRY_SECONDS) from None
        if sum(len(grid) * len(grid[0]) for grid in seen if grid) <= MOST_KEPT_CELLS:
            after_book = replace(book, archive=after)
            self._last = _Saved(_hash(new), after_book, seen, opened.content, frozenset(turn.came))


@contextlib.contextmanager
def _in_words() -> Iterator[None]:
    """Raise as SettingsError what keeps FormFlow from writing to a workbook."""
    try:
        try:
            yield
        except NoWorkbook as problem:
            raise Held("FF-504" if problem.why == "large" else "FF-495") from None
        except NotPlain as problem:
            raise Held("FF-505", why=str(problem)) from None
        except (LookupError, ValueError):  # of a part that breaks the rules in a way of its own
            raise Held("FF-505", why="it is not written as a workbook should be") from None
    except Held as held:
        after = RETRY_SECONDS
        raise ending(SettingsError, held.code, after_seconds=after, **held.words) from None


def first_rows(file: Path) -> dict[str, list[list[str]]]:
    """Return the first rows of each sheet of a workbook, by its name. Raise SettingsError or OSError."""
    content = files.read(file, follow=True)
    with _in_words():
        book = book_of(content)
        book_reader.refuse_wide(book)
        sheets = zip(book.sheets, book_reader.grids(book, content), strict=True)
    return {
        sheet.name: [[book_reader.words(value) for value in row] for row in grid[:HEADINGS_WITHIN]]
        for sheet, grid in sheets
        if sheet.part
    }


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _is_there(opened: _Opened, row: int, column: int, value: Value) -> bool:
    """Return whether a cell shows a value already. Nothing is never put in place of what is there."""
    if value is None:
        return True
    book = opened.book
    cell = opened.listing.sheet.rows.cells(row).get(column)
    put = written(value, cell.style if cell else "", book.date_styles, is_1904=book.is_1904)
    return shows(book_reader.at(opened.grid, row, column), value, put)


def _told(opened: _Opened) -> Iterator[CheckLine]:
    """Yield what would be written where, in words."""
    made = opened.listing
    names = ", ".join(
        f"{sheet_list.name_of(column, made.heading)} “{name}”"
        for name, column in made.columns.items()
    )
    rows = made.last - made.heading
    below = f"{rows} rows" if rows != 1 else "1 row"
    yield CheckLine(
        True,
        f"The sheet “{made.sheet.part.name}” has its headings in row {made.heading} and {below}."
        f" FormFlow fills {names}, next in row {made.last + 1}.",
    )
