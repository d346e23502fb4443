"""A workbook: a row for each record in one that the agency keeps, or in a register of FormFlow's own.

With `columns` the rows go into the agency's own workbook, beneath the headings that stand there. Without,
FormFlow makes a register and alone writes it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Self

from pydantic import Field, model_validator

from formflow.sdk import (
    BaseConnector,
    Capabilities,
    CheckReport,
    ConnectorSettings,
    Context,
    DataClass,
    Delivered,
    DestinationFolder,
    Ending,
    FieldMap,
    Filed,
    Operation,
    Prepared,
    RecordParcel,
    RepeatSafe,
    Revisions,
    same_heading,
)
from formflow_connectors.agency_workbook import AgencyWorkbook, first_rows
from formflow_connectors.own_register import OwnRegister


class WorkbookSettings(ConnectorSettings):
    """Which workbook, and what is in it."""

    file: Path = Field(
        description="The workbook, such as “Register.xlsx”. Its folder must be there; without `columns`"
        " FormFlow makes the workbook."
    )
    answers: tuple[str, ...] = Field(
        (),
        description="Without `columns`: answers to add as columns, by field name. Empty: the register"
        " holds no names.",
    )
    columns: FieldMap | None = Field(
        None,
        description="Into a workbook that the agency keeps: the heading of each column that FormFlow"
        " fills, and how. All other columns are left alone.",
    )
    reference_column: str | None = Field(
        None,
        description="With `columns`: the heading of the column that holds FormFlow’s reference. By it a"
        " row is found again.",
    )
    sheet: str | None = Field(
        None,
        description="With `columns`: the sheet. It may be left out if only one has the headings.",
    )
    heading_row: int | None = Field(
        None,
        ge=1,
        description="With `columns`: the row with the headings. It may be left out if only one has them.",
    )
    table: str | None = Field(
        None,
        description="With `columns`: the name of a table (Excel: Table Design > Table Name), where two"
        " with the same headings stand side by side.",
    )
    revisions: Revisions = Field(
        "update",
        description="With `columns`: “update” changes the row of a record when its form is corrected or a"
        " decision is made; “append” adds a row each time.",
    )

    @model_validator(mode="after")
    def _belong_together(self) -> Self:
        if (self.columns is None) is not (self.reference_column is None):
            raise ValueError("columns and reference_column go together")
        if self.columns is None:
            if any(one is not None for one in (self.sheet, self.heading_row, self.table)):
                raise ValueError("sheet, heading_row and table need columns")
            return self
        if self.table is not None and self.heading_row is not None:
            raise ValueError("a table has its heading_row: give one of the two")
        if self.answers:
            raise ValueError("answers is for FormFlow’s own register: name them in columns")
        headings = {same_heading(one) for one in self.columns.headings}
        if same_heading(self.reference_column or "") in headings:
            raise ValueError("the reference_column is filled by itself: leave it out of columns")
        return self


class Workbook(BaseConnector[WorkbookSettings]):
    """Adds a row for each record to the agency’s workbook, or to a register of FormFlow’s own."""

    kind = "workbook"
    api_version = 2
    Settings = WorkbookSettings
    capabilities = Capabilities(
        repeat_safe=RepeatSafe.KEY,
        operations=frozenset({Operation.RECORD}),
        carries=DataClass.FULL,
        batch=200,
    )

    def __init__(self, settings: WorkbookSettings, context: Context) -> None:
        super().__init__(settings, context)
        folder = DestinationFolder(settings.file.parent, self.kind, context)
        self._book: OwnRegister | AgencyWorkbook
        if settings.columns is None:
            self._book = OwnRegister(settings.file, settings.answers, folder)
        else:
            self._book = AgencyWorkbook(settings, settings.columns, folder, context)

    def check(self) -> CheckReport:
        """Say whether rows can be added to the workbook."""
        return self._book.check()

    def prepare(self, parcel: RecordParcel) -> Prepared:
        """Return the cells of one row."""
        return self._book.prepare(parcel)

    def deliver(self, prepared: Prepared) -> Delivered:
        """Add or change one row."""
        (came,) = self._book.deliver_batch([prepared])
        if isinstance(came, Ending):
            raise came
        return came

    def deliver_batch(self, prepared: Sequence[Prepared]) -> list[Delivered | Ending]:
        """Add and change rows with one save."""
        return self._book.deliver_batch(prepared)

    def look_up(self, key: str) -> Delivered | None:
        """Return the register if one of its rows carries the key; an agency’s workbook holds no keys."""
        return next(iter(self._book.look_up_many([key])), None)

    def look_up_many(self, keys: Collection[str]) -> list[Delivered]:
        """Return the register for each of the keys that one of its rows carries."""
        return self._book.look_up_many(keys)

    def look_up_by_reference(self, wanted: Mapping[str, tuple[str, int]]) -> list[Delivered]:
        """Return the workbook for each reference and revision that one of its rows carries."""
        return self._book.look_up_by_reference(wanted)

    def take_back(self, prepared: Prepared) -> bool:
        """Put the agency’s workbook back as it was before a test. A row in our own register stays."""
        return isinstance(self._book, AgencyWorkbook) and self._book.take_back(prepared)

    @staticmethod
    def first_rows(file: Path) -> Mapping[str, list[list[str]]]:
        """Return the first rows of each sheet of an existing workbook. Raise SettingsError or OSError."""
        return first_rows(file)

    def filed(self) -> Iterator[Filed]:
        """Yield the revisions that have a row."""
        return self._book.filed()
