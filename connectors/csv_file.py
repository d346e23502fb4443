"""CSV files: rows in one that the agency keeps, or files of FormFlow's own for other programs to import.

With `file` and `columns` the rows go into the agency's own file (agency_csv.py). Without, each form has a file for
each month, with one line for every revision. There, every value is in quotes and every line ends with CR LF, which is nowhere else: so a line
that was cut short by a crash can be told from a whole one, and a key is found without parsing.
"""

from __future__ import annotations

import csv
import io
import itertools
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from formflow.sdk import (
    BaseConnector,
    Capabilities,
    CheckReport,
    ConnectorSettings,
    Context,
    DataClass,
    Delivered,
    DeliveredAs,
    DestinationFolder,
    Ending,
    FieldMap,
    Filed,
    Operation,
    Prepared,
    RecordParcel,
    Rejected,
    RepeatSafe,
    Revisions,
    Unavailable,
    ending,
    files,
    same_heading,
)
from formflow_connectors import csv_text
from formflow_connectors.agency_csv import AgencyCsv
from formflow_connectors.csv_text import harmless

BOM = "\ufeff".encode()  # without it Excel takes the file for another encoding
END = b"\r\n"


class CsvFileSettings(ConnectorSettings):
    """Where the files lie, and what is in them: `folder` for FormFlow’s own, or `file` for one that you keep."""

    folder: Path | None = Field(
        None, description="The folder for FormFlow’s own CSV files. It must be there."
    )
    answers: bool = Field(
        True,
        description="With `folder`: every answer has its column. Without them the files hold no names.",
    )
    file: Path | None = Field(
        None, description="Instead of `folder`: a CSV file that you keep, with headings."
    )
    columns: FieldMap | None = Field(
        None,
        description="With `file`: the heading of each column that FormFlow fills, and how. All other columns"
        " are left alone.",
        examples=[{"Date": "{incident_at:%d/%m/%Y}", "Level": "{level}"}],
    )
    reference_column: str | None = Field(
        None,
        description="With `file`: the heading of the column that holds FormFlow’s reference. By it a row is"
        " found again.",
    )
    revisions: Revisions = Field(
        "update",
        description="With `file`: “update” changes the row of a record when its form is corrected or a decision"
        " is made; “append” adds a row each time.",
    )
    encoding: Literal["utf-8", "cp1252"] | None = Field(
        None,
        description="With `file`: its encoding, where FormFlow cannot see it: as long as the file holds no letter"
        " beyond A to Z.",
        examples=["cp1252"],
    )

    @model_validator(mode="after")
    def _belong_together(self) -> Self:
        if (self.folder is None) is (self.file is None):
            raise ValueError("give either folder or file")
        of_a_file = (self.columns, self.reference_column)
        if (None in of_a_file) if self.file else (of_a_file != (None, None) or self.encoding):
            raise ValueError("file, columns and reference_column go together")
        headings = {same_heading(one) for one in self.columns.headings} if self.columns else set()
        if same_heading(self.reference_column or "") in headings:
            raise ValueError("the reference_column is filled by itself: leave it out of columns")
        return self


class CsvFile(BaseConnector[CsvFileSettings]):
    """Adds a row to the agency’s file, or a line to FormFlow’s own of its form and month."""

    kind = "csv_file"
    api_version = 2
    Settings = CsvFileSettings
    capabilities = Capabilities(
        repeat_safe=RepeatSafe.KEY,
        operations=frozenset({Operation.RECORD}),
        carries=DataClass.FULL,
        batch=200,
    )

    def __init__(self, settings: CsvFileSettings, context: Context) -> None:
        super().__init__(settings, context)
        root = settings.folder or (settings.file or Path()).parent
        self._folder = DestinationFolder(root, self.kind, context)
        self._agencys: AgencyCsv | None = None
        if settings.file and settings.columns:
            file, columns = settings.file, settings.columns
            self._agencys = AgencyCsv(file, settings, columns, self._folder, context)

    def check(self) -> CheckReport:
        """Say whether the folder is there, and whether the agency’s file is as the settings say."""
        return self._agencys.check() if self._agencys else self._folder.check()

    def prepare(self, parcel: RecordParcel) -> Prepared:
        """Return the columns and the line, and the name of the file without its ending."""
        if self._agencys:
            return self._agencys.prepare(parcel)
        row = {
            "ff_key": parcel.key,
            "ff_reference": parcel.reference,
            "ff_revision": str(parcel.revision),
            "ff_recorded_at": parcel.recorded_at.isoformat(timespec="seconds"),
            "ff_outcome": parcel.outcome.value,
            "ff_proposed_light": parcel.light.value if parcel.light else "",
            "ff_child": parcel.child_reference or "",
            "ff_incident_day": str(parcel.incident_day or ""),
        }
        if self.settings.answers:
            row |= {answer.field: answer.text for answer in parcel.answers}
        title = re.sub(r"[^\w]+", " ", parcel.form_title).strip()
        stem = f"{title} records {parcel.recorded_at:%Y-%m}"
        return Prepared(parcel.key, _line(row) + _line(row.values()), {"stem": stem})

    def deliver(self, prepared: Prepared) -> Delivered:
        """Add one line."""
        (came,) = self.deliver_batch([prepared])
        if isinstance(came, Ending):
            raise came
        return came

    def deliver_batch(self, prepared: Sequence[Prepared]) -> list[Delivered | Ending]:
        """Add the lines that are not there yet, each file with one write."""
        if self._agencys:
            return self._agencys.deliver_batch(prepared)
        landed: dict[str, Delivered | Ending] = {}
        with self._folder.held():
            try:
                for stem in dict.fromkeys(parcel.headers["stem"] for parcel in prepared):
                    landed |= self._landed(stem, [p for p in prepared if p.headers["stem"] == stem])
            except PermissionError:
                raise ending(Unavailable, "FF-407") from None
        return [landed[parcel.key] for parcel in prepared]

    def take_back(self, prepared: Prepared) -> bool:
        """Remove the row of a test from the agency’s file, or FormFlow’s own file where it holds nothing else."""
        if self._agencys:
            return self._agencys.take_back(prepared)
        with self._folder.held():
            path = self._folder.inside(f"{prepared.headers['stem']}.csv")
            if not path.exists() or files.read(path) != BOM + prepared.body:
                return False
            files.patiently(path.unlink)
        return True

    @staticmethod
    def first_rows(file: Path) -> Mapping[str, list[list[str]]]:
        """Return the first rows of an existing file. Raise Rejected for one that is no table, or OSError."""
        try:
            return {"": csv_text.first_rows(files.read(file, follow=True))}
        except csv_text.CsvProblem as problem:
            raise ending(Rejected, problem.code, after_seconds=None, **problem.words) from None

    def look_up(self, key: str) -> Delivered | None:
        """Return the file that holds the key, in a line that is whole. The agency’s holds none."""
        if self._agencys:
            return None
        for path in self._folder.root.glob("*.csv"):
            if key in _keys(path):
                return Delivered(key, DeliveredAs.ALREADY_THERE, self._folder.where(path))
        return None

    def filed(self) -> Iterator[Filed]:
        """Yield the revisions that have a line."""
        if self._agencys:
            yield from self._agencys.filed()
            return
        for path in self._folder.matching("*.csv"):
            with path.open(encoding="utf-8-sig", newline="") as lines:
                for line in csv.DictReader(lines):
                    reference, revision = line.get("ff_reference"), line.get("ff_revision") or ""
                    if reference and revision.isdecimal():
                        yield Filed(reference, int(revision))

    def look_up_many(self, keys: Collection[str]) -> list[Delivered]:
        """Return the files that hold the keys, each in a line that is whole. The agency’s holds none."""
        if self._agencys:
            return []
        return self._folder.find_many(keys, self._folder.root.glob("*.csv"), _keys_of)

    def look_up_by_reference(self, wanted: Mapping[str, tuple[str, int]]) -> list[Delivered]:
        """Return the agency’s file for each reference and revision that one of its rows carries."""
        return self._agencys.look_up_by_reference(wanted) if self._agencys else []

    def _landed(self, stem: str, prepared: Sequence[Prepared]) -> dict[str, Delivered | Ending]:
        """Add the lines of one file. What is wrong with it holds back these lines alone."""
        try:
            return {**self._add(stem, prepared)}
        except Ending as problem:
            return {parcel.key: problem for parcel in prepared}

    def _add(self, stem: str, prepared: Sequence[Prepared]) -> dict[str, Delivered]:
        self._folder.inside(f"{stem}.csv")  # before anything outside is looked for
        paths = self._folder.root.glob(f"{stem}*.csv")
        known = {key: path.name for path in paths for key in _keys(path)}
        landed = {
            parcel.key: Delivered(parcel.key, DeliveredAs.ALREADY_THERE, known[parcel.key])
            for parcel in prepared
            if parcel.key in known
        }
        fresh = {parcel.key: parcel for parcel in prepared if parcel.key not in known}.values()
        for columns in dict.fromkeys(_columns(parcel) for parcel in fresh):
            alike = [parcel for parcel in fresh if _columns(parcel) == columns]
            path = self._file_for(stem, columns)
            self._append(path, columns, b"".join(p.body[len(columns) :] for p in alike))
            landed |= {p.key: Delivered(p.key, DeliveredAs.CREATED, path.name) for p in alike}
        return landed

    def _file_for(self, stem: str, columns: bytes) -> Path:
        """Return the file with these columns: another version of a form begins another file."""
        for number in itertools.count(1):
            name = f"{stem}.csv" if number == 1 else f"{stem} ({number}).csv"
            path = self._folder.inside(name)
            if not path.exists() or _is_ours(path, columns):
                break
        return path

    def _append(self, path: Path, columns: bytes, lines: bytes) -> None:
        content = files.read(path) if path.exists() else b""
        whole = _whole(content)
        at_line_start = content[:whole].endswith(END)
        before = b"" if at_line_start else END if whole else BOM + columns
        self._folder.append(path, whole, before + lines)


def _line(values: Iterable[str]) -> bytes:
    line = io.StringIO()
    csv.writer(line, quoting=csv.QUOTE_ALL, lineterminator=END.decode()).writerow(
        map(harmless, values)
    )
    return line.getvalue().encode()


def _columns(prepared: Prepared) -> bytes:
    return prepared.body[: prepared.body.index(END) + len(END)]


def _keys(path: Path) -> set[str]:
    """Return the key of every whole line, also where Excel has saved the file without quotes."""
    return _keys_of(files.read(path))


def _keys_of(content: bytes) -> set[str]:
    lines = content[: _whole(content)].split(END)
    return {line.lstrip(b'"')[:64].decode("ascii", "replace") for line in lines}


def _whole(content: bytes) -> int:
    """Return how many bytes of a file are whole lines. What follows them was cut by a crash."""
    end = content.rfind(END) + len(END) if END in content else 0
    return len(content) if _is_whole(content[end:], content[: content.find(END)]) else end


def _is_whole(line: bytes, columns: bytes) -> bool:
    # A person's editor may have dropped the last line end: that line must not count as cut.
    try:
        rows = [next(csv.reader([part.decode()], strict=True), []) for part in (line, columns)]
    except (csv.Error, UnicodeDecodeError):
        return False
    return line.endswith(b'"') and len(rows[0]) == len(rows[1])


def _is_ours(path: Path, columns: bytes) -> bool:
    with files.opened(path) as file:
        start = file.read(len(BOM + columns))
    return (BOM + columns).startswith(start)  # shorter: a crash cut the very first write
