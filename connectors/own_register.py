"""The register workbook: one row for every revision, for people to sort and filter in Excel.

FormFlow alone writes it, beside whatever workbook the staff keep. It holds references, not names,
unless the settings ask for answers.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from formflow.sdk import (
    CheckLine,
    CheckReport,
    Delivered,
    DeliveredAs,
    DestinationFolder,
    Ending,
    Filed,
    Prepared,
    RecordParcel,
    SettingsError,
    Unavailable,
    ending,
    files,
    notice,
)
from formflow_connectors import register_book, register_rows
from formflow_connectors.register_book import Cell, NotOurs, Register

RETRY_SECONDS = 60.0  # people close Excel sooner or later


def is_open(file: Path) -> bool:
    """Return whether Excel or LibreOffice says that somebody has a workbook open."""
    owners = (f"~${file.name}", f".~lock.{file.name}#")
    return any(file.with_name(owner).exists() for owner in owners)


@dataclass(frozen=True, slots=True)
class _Saved:
    """What is known of the file as long as it is the same: the keys of its rows."""

    mark: str  # its hash
    keys: frozenset[str]
    is_ours: bool  # as FormFlow wrote it, and nobody else since


class OwnRegister:
    """The register: adds a row for every revision."""

    def __init__(self, file: Path, answers: tuple[str, ...], folder: DestinationFolder) -> None:
        self._file, self._answers, self._folder = file, answers, folder
        self._titles = register_rows.headings(answers)
        self._saved: _Saved | None = None

    def check(self) -> CheckReport:
        """Say whether the workbook is closed and ours, or can be begun."""
        lines = list(self._folder.check().lines)
        if is_open(self._file):
            lines.append(CheckLine(False, notice("FF-404").text))
        if self._file.exists():
            lines.append(self._check_book())
        return CheckReport(tuple(lines))

    def prepare(self, parcel: RecordParcel) -> Prepared:
        """Return the cells of one row as JSON."""
        row = register_rows.cells(parcel, self._answers)
        return Prepared(parcel.key, json.dumps(row).encode())

    def deliver_batch(self, prepared: Sequence[Prepared]) -> list[Delivered | Ending]:
        """Add the rows that are not there yet, with one save: what stops one stops all."""
        return list(self._add(prepared))

    def filed(self) -> Iterator[Filed]:
        """Yield the revisions that have a row."""
        if self._file in self._folder.matching("*"):
            yield from self._read(files.read(self._file)).filed()

    def look_up_many(self, keys: Collection[str]) -> list[Delivered]:
        """Return the workbook for each of the keys that one of its rows carries."""
        if not self._file.exists():
            return []
        there = self._read(files.read(self._file)).keys
        return [self._delivered(key, is_new=False) for key in keys if key in there]

    def look_up_by_reference(self, wanted: Mapping[str, tuple[str, int]]) -> list[Delivered]:
        """Return the workbook for each of the keys: a register of ours holds them."""
        return self.look_up_many(wanted)

    def _add(self, prepared: Sequence[Prepared]) -> list[Delivered]:
        with self._folder.held():
            if is_open(self._file):
                raise ending(Unavailable, "FF-404", after_seconds=RETRY_SECONDS)
            content, known = self._now()
            fresh = {p.key: p.body for p in prepared if p.key not in known}
            if fresh:
                rows = [register_book.looked(json.loads(body)) for body in fresh.values()]
                self._save(content, rows, known | fresh.keys())
        return [self._delivered(p.key, is_new=p.key in fresh) for p in prepared]

    def _delivered(self, key: str, *, is_new: bool) -> Delivered:
        how = DeliveredAs.CREATED if is_new else DeliveredAs.ALREADY_THERE
        return Delivered(key, how, self._file.name)

    def _now(self) -> tuple[bytes, frozenset[str]]:
        """Return the file, a new one if there is none, and the keys of its rows. Raise SettingsError."""
        try:
            content = files.read(self._file)
        except FileNotFoundError:
            return register_book.new(self._titles), frozenset()
        if self._saved is None or self._saved.mark != _hash(content):
            self._saved = _Saved(_hash(content), self._read(content).keys, is_ours=False)
        return content, self._saved.keys

    def _read(self, content: bytes) -> Register:
        """Return the register. Raise SettingsError when it is not ours."""
        with _is_ours():
            return register_book.read(content, self._titles)

    def _save(self, content: bytes, rows: Sequence[Sequence[Cell]], keys: frozenset[str]) -> None:
        is_ours = self._saved is not None and self._saved.is_ours
        self._saved = None
        with _is_ours():
            new = register_book.with_rows(content, rows, len(self._titles), is_ours=is_ours)
        try:
            self._folder.put({self._file: new})
        except PermissionError:  # Windows lets nobody replace a file that Excel holds
            raise ending(Unavailable, "FF-404", after_seconds=RETRY_SECONDS) from None
        self._saved = _Saved(_hash(new), keys, is_ours=True)

    def _check_book(self) -> CheckLine:
        try:
            rows = len(self._read(files.read(self._file)).grid) - 1
        except (SettingsError, OSError):
            return CheckLine(False, notice("FF-405").text)
        return CheckLine(True, f"The register workbook is ours and has {rows} rows.")


@contextlib.contextmanager
def _is_ours() -> Iterator[None]:
    try:
        yield
    except NotOurs:
        raise ending(SettingsError, "FF-405", after_seconds=RETRY_SECONDS) from None


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
