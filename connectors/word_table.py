"""Word table: a row for every event in the table of a chronology that the agency keeps in Word.

The document stays the agency's: rows are found by our reference, people may sort them, colour them and add columns, and
everything else in the file stays byte for byte as it is.
"""

from __future__ import annotations

import contextlib
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Self

from pydantic import Field, model_validator

from formflow.sdk import (
    BaseConnector,
    Capabilities,
    CheckLine,
    CheckReport,
    ConnectorSettings,
    Context,
    DataClass,
    Delivered,
    DeliveredAs,
    DestinationFolder,
    Ending,
    FieldFormat,
    FieldMap,
    Operation,
    Prepared,
    RecordParcel,
    Rejected,
    RepeatSafe,
    Retryable,
    Revisions,
    SettingsError,
    Unavailable,
    Value,
    ending,
    files,
    in_words,
    known_of,
    notice,
    row_reference,
    same_heading,
)
from formflow_connectors import mapped_rows
from formflow_connectors.ooxml.word_document import Document, Refused
from formflow_connectors.ooxml.word_rows import Table, first_rows

SHOWN_ROWS = 20  # of each table, to find its headings in
RETRY_SECONDS = 60.0  # people close Word sooner or later
NO_DOCUMENT = "The document, or the template for a new one,"
NOT_YET_MATCHED = "Not yet matched"
ENDING = ".docx"
_IN_FILE_NAMES = frozenset(
    {"child_reference"}
)  # where a file is is shown and logged: no names in it
_NOT_IN_NAMES = re.compile(r'[<>:"/\\|?*\x00-\x1f]')


class WordTableSettings(ConnectorSettings):
    """Which document, and how the columns of its table are filled."""

    file: Path | None = Field(
        None, description="The document, such as “Chronology.docx”. Its folder must be there."
    )
    folder: Path | None = Field(
        None, description="Instead of `file`: the folder with a document for every child."
    )
    file_name: FieldFormat | None = Field(
        None,
        description="With `folder`: what the document of a child is called.",
        examples=["{child_reference} chronology.docx"],
    )
    template: Path | None = Field(
        None, description="A document with the table, for where there is none yet."
    )
    columns: FieldMap = Field(
        description="The headings of the table, and how the cells under them are filled.",
        examples=[{"Date": "{incident_at:%d/%m/%Y}", "Level": "{level}"}],
    )
    reference_column: str = Field(
        min_length=1, description="The heading of the column that holds FormFlow’s reference."
    )
    revisions: Revisions = Field(
        "update",
        description="A corrected form changes the row of its record (“update”) or adds one (“append”).",
    )

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if (self.file is None) is (self.folder is None):
            raise ValueError("either file or folder must be given, and not both")
        if (self.folder is None) is not (self.file_name is None):
            raise ValueError("folder and file_name belong together")
        if self.file_name and self.file_name.fields - _IN_FILE_NAMES:
            raise ValueError(
                "file_name may hold {child_reference} and words, and no names of people"
            )
        named = {same_heading(heading) for heading in self.columns.headings}
        if same_heading(self.reference_column) in named:
            raise ValueError("reference_column is filled by FormFlow; leave it out of columns")
        for path in (self.file, self.template):
            if path is not None and path.suffix.lower() != ENDING:
                raise ValueError("file and template are Word documents: “.docx”")
        return self


class WordTable(BaseConnector[WordTableSettings]):
    """Adds a row for every record to a table in a Word document."""

    kind = "word_table"
    api_version = 2
    Settings = WordTableSettings
    capabilities = Capabilities(
        repeat_safe=RepeatSafe.NATURAL,
        operations=frozenset({Operation.RECORD}),
        carries=DataClass.FULL,
        batch=50,
    )

    def __init__(self, settings: WordTableSettings, context: Context) -> None:
        super().__init__(settings, context)
        root = settings.folder or (settings.file.parent if settings.file else Path())
        self._folder = DestinationFolder(root, self.kind, context)
        self._headings = (*settings.columns.headings, settings.reference_column)

    def check(self) -> CheckReport:
        """Say whether the document is closed, and its table as the settings say."""
        lines = list(self._folder.check().lines)
        own = self.settings
        there = next((path for path in (own.file, own.template) if path and path.exists()), None)
        if there is not None:
            lines += self._checked(there)
        elif own.file or own.template:
            lines.append(CheckLine(False, notice("FF-525", words={"what": NO_DOCUMENT}).text))
        return CheckReport(tuple(lines))

    def prepare(self, parcel: RecordParcel) -> Prepared:
        """Return the cells of one row, and in which document it is."""
        own = self.settings
        name = own.file.name if own.file else self._name_for(parcel)
        return mapped_rows.prepared(
            parcel, own.columns, own.reference_column, own.revisions, file=name
        )

    def deliver(self, prepared: Prepared) -> Delivered:
        """Put one row into its document."""
        (came,) = self.deliver_batch([prepared])
        if isinstance(came, Ending):
            raise came
        return came

    def deliver_batch(self, prepared: Sequence[Prepared]) -> list[Delivered | Ending]:
        """Put rows into their documents, each document with one save."""
        landed: dict[str, Delivered | Ending] = {}
        with self._folder.held():
            for name in dict.fromkeys(one.headers["file"] for one in prepared):
                alike = [one for one in prepared if one.headers["file"] == name]
                landed |= self._landed(name, alike)
        return [landed[one.key] for one in prepared]

    def look_up_by_reference(self, wanted: Mapping[str, tuple[str, int]]) -> list[Delivered]:
        """Return in which document each row is that is there."""
        column, revisions = self.settings.reference_column, self.settings.revisions
        there: dict[str, str] = {}
        for path in self._documents():
            for row in self._rows_of(path):
                there.setdefault(row[column], path.name)
        named = {key: row_reference(*one, revisions) for key, one in wanted.items()}
        return [
            Delivered(key, DeliveredAs.ALREADY_THERE, there[name])
            for key, name in named.items()
            if name in there
        ]

    def take_back(self, prepared: Prepared) -> bool:
        """Remove the row of a test; return whether there was one."""
        with self._folder.held():
            path = self._folder.inside(prepared.headers["file"])
            content = files.read(path)
            try:
                document = Document(content)
                table = Table(document.text, self._headings)
                reference = mapped_rows.name(prepared)
                text = table.without(reference, self.settings.reference_column)
                if text is not None:
                    self._folder.replace(path, document.with_text(text), content)
            except Refused as problem:
                raise self._refused(problem) from None
        return text is not None

    @staticmethod
    def first_rows(file: Path) -> Mapping[str, list[list[str]]]:
        """Return the first rows of each table of a document. Raise Rejected for one that cannot be read, or OSError."""
        try:
            return first_rows(Document(files.read(file, follow=True)).text, SHOWN_ROWS)
        except Refused as problem:
            raise ending(Rejected, problem.code, after_seconds=None, **problem.words) from None

    def _name_for(self, parcel: RecordParcel) -> str:
        pattern = self.settings.file_name
        name = pattern.text(known_of(parcel)) if pattern else ""
        plain = _NOT_IN_NAMES.sub(" ", name).removesuffix(ENDING).strip(" .")
        return f"{plain or NOT_YET_MATCHED}{ENDING}"

    def _landed(self, name: str, prepared: Sequence[Prepared]) -> dict[str, Delivered | Ending]:
        """Put the rows of one document. What is wrong with it holds back these rows alone."""
        try:
            return {**self._put(self._folder.inside(name), prepared)}
        except Ending as problem:
            return {one.key: problem for one in prepared}
        except Refused as problem:
            return {one.key: self._refused(problem) for one in prepared}
        except PermissionError:  # Windows lets nobody replace a file that Word holds
            return {one.key: self._open_elsewhere() for one in prepared}

    def _put(self, path: Path, prepared: Sequence[Prepared]) -> dict[str, Delivered | Ending]:
        """Put the rows of one document with one save: the newest of each record counts, in whichever order they come."""
        if _is_open(path):
            raise self._open_elsewhere()
        content, is_new = self._content(path)
        document = Document(content)
        table = Table(document.text, self._headings)
        there = Counter(row[self.settings.reference_column] for row in table.rows())
        is_kept = self.settings.revisions == "update" and self.settings.file is not None
        told = mapped_rows.sort_out(prepared, there, self.context, path.name, must_be_there=is_kept)
        rows = {name: _in_words(row) for name, row in told.rows.items()}
        change = table.put(rows, self.settings.reference_column)
        if change.part is not document.text:
            self._save(path, content, document.with_text(change.part), is_new=is_new)
        return {
            one.key: told.held_back.get(one.key)
            or Delivered(one.key, change.how(mapped_rows.name(one)), path.name)
            for one in prepared
        }

    def _content(self, path: Path) -> tuple[bytes, bool]:
        """Return the document, or the template where there is none, and whether it is to be a new one. Raise SettingsError."""
        with contextlib.suppress(FileNotFoundError):
            return files.read(path), False
        with contextlib.suppress(OSError):
            if self.settings.template is not None:
                return files.read(self.settings.template, follow=True), True
        raise ending(SettingsError, "FF-525", after_seconds=RETRY_SECONDS, what=NO_DOCUMENT)

    def _save(self, path: Path, before: bytes, after: bytes, *, is_new: bool) -> None:
        if is_new:
            self._folder.put({path: after})
        else:
            self.context.keep_version(path.name, before)
            self._folder.replace(path, after, before)

    def _open_elsewhere(self) -> Ending:
        return ending(self._for_all(Unavailable), "FF-528", after_seconds=RETRY_SECONDS)

    def _refused(self, problem: Refused) -> Ending:
        kind = self._for_all(SettingsError)
        return ending(kind, problem.code, after_seconds=RETRY_SECONDS, **problem.words)

    def _for_all(self, kind: type[Ending]) -> type[Ending]:
        """Return how trouble with one document ends: it must not hold back those of other children."""
        return kind if self.settings.file else Retryable

    def _documents(self) -> Iterator[Path]:
        names = self._folder.matching(f"*{ENDING}")
        own = self.settings.file
        yield from (
            path for path in names if not path.name.startswith("~$") and own in (None, path)
        )

    def _rows_of(self, path: Path) -> Collection[Mapping[str, str]]:
        """Return the rows of a document; none of one among many that is no chronology."""
        try:
            return Table(Document(files.read(path)).text, self._headings).rows()
        except Refused as problem:
            if self.settings.file:
                raise self._refused(problem) from None
            return ()

    def _checked(self, path: Path) -> Iterator[CheckLine]:
        if _is_open(path):
            yield CheckLine(False, notice("FF-528").text)
        try:
            rows = Table(Document(files.read(path, follow=True)).text, self._headings).rows()
        except Refused as problem:
            yield CheckLine(False, notice(problem.code, words=problem.words).text)
        except OSError:
            yield CheckLine(False, notice("FF-525", words={"what": NO_DOCUMENT}).text)
        else:
            yield CheckLine(True, f"“{path.name}” has the table, with {len(rows)} rows.")


def _in_words(row: Mapping[str, Value]) -> dict[str, str]:
    return {column: in_words(value) for column, value in row.items()}


def _is_open(path: Path) -> bool:
    """Return whether Word or LibreOffice has a document open: each puts a file beside it."""
    name = path.name  # Word takes two letters of a long name away for its own
    owners = (f"~${name}", f"~${name[1:]}", f"~${name[2:]}", f".~lock.{name}#")
    return any(path.with_name(owner).exists() for owner in owners)
