"""Rows into a CSV file that the agency keeps: found again by their reference, written in the file's own way.

People and programs may sort it, add rows and columns, and save it in another way: it is looked at before each save.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
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
    Unavailable,
    at_revision,
    decode_row,
    ending,
    files,
    find_revision,
    in_words,
    notice,
    row_reference,
)
from formflow_connectors import csv_text, mapped_rows
from formflow_connectors.csv_text import CsvProblem, Table
from formflow_connectors.mapped_rows import Fate

LARGEST = 16 << 20  # bytes, about 200,000 rows: what is read takes ten times as much memory
RETRY_SECONDS = 60.0  # somebody puts it right in the meantime
_SHOWN = {b",": "commas", b";": "semicolons", b"\t": "tabs", b"|": "bars"}


class Wanted(Protocol):
    """What the settings say of the file."""

    @property
    def encoding(self) -> str | None:
        """Its encoding, None to find out."""

    @property
    def reference_column(self) -> str | None:
        """The heading of the column with the references."""

    @property
    def revisions(self) -> Revisions:
        """Whether a row is changed, or another one added."""


@dataclass
class _Turn:
    """What one save is to do, and what came of each parcel."""

    there: Mapping[str, Sequence[int]]  # reference -> records
    changes: dict[int, dict[int, str]] = field(default_factory=dict)
    additions: dict[str, dict[int, str]] = field(default_factory=dict)  # by reference
    came: dict[str, Delivered | Ending] = field(default_factory=dict)  # by key


class AgencyCsv:
    """One CSV file of the agency's."""

    def __init__(
        self, file: Path, wanted: Wanted, columns: FieldMap, folder: DestinationFolder, context: Context
    ) -> None:  # fmt: skip
        self._file, self._wanted, self._columns = file, wanted, columns
        self._folder, self._context = folder, context
        self._reference = wanted.reference_column or ""

    def check(self) -> CheckReport:
        """Say which columns would be filled, or why none can be."""
        lines = list(self._folder.check().lines)
        if self._is_open:
            lines.append(CheckLine(False, notice("FF-407").text))
        try:
            lines.append(CheckLine(True, self._told(self._read()[1])))
        except Ending as problem:
            lines.append(CheckLine(False, problem.text))
        except OSError:
            lines.append(CheckLine(False, notice("FF-402").text))
        return CheckReport(tuple(lines))

    def prepare(self, parcel: RecordParcel) -> Prepared:
        """Return the cells of one row, and what its place in the file is found by."""
        revisions = self._wanted.revisions
        return mapped_rows.prepared(parcel, self._columns, self._reference, revisions)

    def deliver_batch(self, prepared: Sequence[Prepared]) -> list[Delivered | Ending]:
        """Add and change rows with one save. Raise an ending where nothing can be written at all."""
        with self._folder.held():
            if self._is_open:
                raise ending(Unavailable, "FF-407", after_seconds=RETRY_SECONDS)
            content, table = self._read()
            turn = self._turn(table, prepared)
            if turn.changes or turn.additions:
                self._save(content, table, turn)
        return [turn.came[parcel.key] for parcel in prepared]

    def take_back(self, prepared: Prepared) -> bool:
        """Remove the one row of a reference; return whether there was one and it is gone. Raise an ending."""
        with self._folder.held():
            content, table = self._read()
            rows = table.rows_by(table.places[self._reference]).get(mapped_rows.name(prepared), [])
            if len(rows) == 1:
                self._folder.replace(self._file, table.without(rows[0]), content)
        return len(rows) == 1

    def look_up_by_reference(self, wanted: Mapping[str, tuple[str, int]]) -> list[Delivered]:
        """Return the file for each reference and revision that has a row."""
        _, table = self._read()
        there = table.rows_by(table.places[self._reference])
        named = {key: row_reference(*one, self._wanted.revisions) for key, one in wanted.items()}
        return [
            self._delivered(key, DeliveredAs.ALREADY_THERE) for key in named if named[key] in there
        ]

    def filed(self) -> Iterator[Filed]:
        """Yield the revisions that have a row. One that follows its record holds the first, and does not say what else."""
        _, table = self._read()
        for name in table.rows_by(table.places[self._reference]):
            if said := find_revision(name) or find_revision(at_revision(name, 1)):
                yield Filed(*said)

    @property
    def _is_open(self) -> bool:
        return self._file.with_name(f".~lock.{self._file.name}#").exists()  # in LibreOffice

    def _delivered(self, key: str, how: DeliveredAs) -> Delivered:
        return Delivered(key, how, self._file.name)

    def _read(self) -> tuple[bytes, Table]:
        """Return the file and what it holds. Raise Unavailable where nothing may be written to it, or OSError."""
        try:
            content = self._content()
            headings = (self._reference, *self._columns.headings)
            return content, csv_text.read(content, headings, self._wanted.encoding)
        except FileNotFoundError:
            raise ending(Unavailable, "FF-491", after_seconds=RETRY_SECONDS) from None
        except CsvProblem as problem:
            after = RETRY_SECONDS
            raise ending(Unavailable, problem.code, after_seconds=after, **problem.words) from None

    def _content(self) -> bytes:
        """Return the file's bytes. Raise CsvProblem for one that is too large, or OSError."""
        if self._file.stat().st_size > LARGEST:
            raise CsvProblem("FF-493")
        return files.read(self._file)

    def _turn(self, table: Table, prepared: Sequence[Prepared]) -> _Turn:
        """Return what is to be done: the newest of each record wins, in whichever order they come."""
        turn = _Turn(table.rows_by(table.places[self._reference]))
        for parcel in mapped_rows.in_order(prepared):
            said = decode_row(parcel.body).items()
            values = {table.places[name]: in_words(value) for name, value in said}
            try:
                for text in values.values():
                    table.writing.encoded(csv_text.harmless(text))
                turn.came[parcel.key] = self._placed(table, turn, parcel, values)
            except CsvProblem as problem:  # this row waits, and holds up no other
                turn.came[parcel.key] = ending(
                    Retryable, problem.code, after_seconds=None, **problem.words
                )
        return turn

    def _placed(
        self, table: Table, turn: _Turn, parcel: Prepared, values: dict[int, str]
    ) -> Delivered | Ending:
        name, key = mapped_rows.name(parcel), parcel.key
        if name in turn.additions:
            turn.additions[name] |= {column: text for column, text in values.items() if text}
            return self._delivered(key, DeliveredAs.CREATED)
        rows, is_kept = turn.there.get(name, []), self._wanted.revisions == "update"
        match mapped_rows.fate(parcel, len(rows), self._context, must_be_there=is_kept):
            case Fate.DOUBLED:
                return ending(Rejected, "FF-490", reference=name)
            case Fate.DELETED:
                return ending(Rejected, "FF-492", reference=name)
            case Fate.ADDED:
                turn.additions[name] = values
                return self._delivered(key, DeliveredAs.CREATED)
            case Fate.LATE:
                return self._delivered(key, DeliveredAs.ALREADY_THERE)
            case Fate.CHANGED:
                return self._changed(table, turn, parcel, rows[0], values)

    def _changed(
        self, table: Table, turn: _Turn, parcel: Prepared, record: int, values: Mapping[int, str]
    ) -> Delivered:
        """Note what is new in a row. Nothing is never put in place of what is there."""
        cells = table.cells(record)
        before = turn.changes.get(record, {})
        fresh = {
            column: text
            for column, text in values.items()
            if text
            and column != table.places[self._reference]
            and csv_text.harmless(text) != before.get(column, table.text(cells[column]))
        }
        if not fresh:
            return self._delivered(parcel.key, DeliveredAs.ALREADY_THERE)
        turn.changes[record] = before | {
            one: csv_text.harmless(text) for one, text in fresh.items()
        }
        return self._delivered(parcel.key, DeliveredAs.UPDATED)

    def _save(self, content: bytes, table: Table, turn: _Turn) -> None:
        new = table.with_rows(turn.changes, list(turn.additions.values()))
        self._prove(content, table, turn, new)
        self._context.keep_version(self._file.name, content)
        try:
            self._folder.replace(self._file, new, content)
        except PermissionError:
            if not files.ON_WINDOWS:
                raise
            raise ending(Unavailable, "FF-407", after_seconds=RETRY_SECONDS) from None

    def _prove(self, content: bytes, table: Table, turn: _Turn, new: bytes) -> None:
        """Read what would be written: as many rows as wanted, each other line as it was. Raise Unavailable."""
        try:
            seen = csv_text.read(new, table.places, self._wanted.encoding)
        except CsvProblem:
            raise ending(Unavailable, "FF-494", after_seconds=RETRY_SECONDS) from None
        last = len(table.records) - 1  # it may have got a line end
        added = enumerate(turn.additions.values(), len(table.records))
        is_as_meant = (
            (turn.changes or new.startswith(content))
            and len(seen.records) == len(table.records) + len(turn.additions)
            and all(
                table.line(record) == seen.line(record)
                for record in range(last)
                if record not in turn.changes
            )
            and all(
                seen.text(seen.cells(record)[column])
                == table.writing.decoded(csv_text.harmless(text))
                for record, row in (*turn.changes.items(), *added)
                for column, text in row.items()
            )
        )
        if not is_as_meant:
            raise ending(Unavailable, "FF-494", after_seconds=RETRY_SECONDS)

    def _told(self, table: Table) -> str:
        """Return what would be filled, in words."""
        names = ", ".join(f"“{name}”" for name in table.places)
        apart = _SHOWN.get(table.separator, "an unusual separator")
        written = table.writing.stored or table.writing.encoding
        if written == "ascii":
            written = "no letter beyond A to Z: say “encoding”, or a name such as Zoë waits"
        rows = sum(1 for _ in table.rows)
        holds = f"{rows} rows" if rows != 1 else "1 row"
        return f"The file has {holds}, with {apart} between the columns ({written}). FormFlow fills {names}."
