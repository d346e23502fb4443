"""Rows that are filled by a field map and found by our reference: what is prepared of each, and which of several counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from formflow.sdk import (
    Context,
    Ending,
    FieldMap,
    Prepared,
    RecordParcel,
    Rejected,
    Revisions,
    Value,
    decode_row,
    encode_row,
    ending,
    row_reference,
)

_ROW, _RECORD, _RECORDED = "row", "record", "recorded"  # headers


@dataclass
class Sorted:
    """What is to be written, by the reference of each row, and what is not, by its key."""

    rows: dict[str, dict[str, Value]] = field(default_factory=dict)
    held_back: dict[str, Ending] = field(default_factory=dict)


class Wanted(Protocol):
    """What the settings say of the rows."""

    @property
    def columns(self) -> FieldMap:
        """How the columns are filled."""

    @property
    def reference_column(self) -> str:
        """The column with our reference."""

    @property
    def revisions(self) -> Revisions:
        """Whether a row is changed, or another one added."""


def prepared(parcel: RecordParcel, wanted: Wanted, **headers: str) -> Prepared:
    """Return the values of one row, and the reference by which it is found."""
    reference = row_reference(parcel.reference, parcel.revision, wanted.revisions)
    told = {
        _ROW: reference,
        _RECORD: row_reference(parcel.reference, parcel.revision, "update"),
        _RECORDED: parcel.recorded_at.isoformat(),
    }
    row: dict[str, Value] = {wanted.reference_column: reference, **wanted.columns.row(parcel)}
    return Prepared(parcel.key, encode_row(row), told | headers)


def name(one: Prepared) -> str:
    """Return the reference by which a row is found."""
    return one.headers[_ROW]


def sort_out(
    parcels: Sequence[Prepared],
    there: Mapping[str, int],
    context: Context,
    where: str,
    *,
    must_be_there: bool,
) -> Sorted:
    """Return what is to be written: the newest of each record counts, in whichever order they come.

    `there` holds how many rows have a reference, `where` what is told of the place. `must_be_there` says that a row
    which was written once and is gone was deleted by somebody. What is not known changes nothing.
    """
    made = Sorted()
    for one in sorted(parcels, key=lambda one: datetime.fromisoformat(one.headers[_RECORDED])):
        reference, newest = name(one), context.filed_last(one.headers[_RECORD])
        rows = there.get(reference, 0)
        if rows > 1:
            made.held_back[one.key] = ending(Rejected, "FF-531", reference=reference, name=where)
        elif newest is not None and not rows and must_be_there:
            made.held_back[one.key] = ending(Rejected, "FF-527", reference=reference, name=where)
        elif not rows or newest is None or newest <= datetime.fromisoformat(one.headers[_RECORDED]):
            said = decode_row(one.body).items()
            row = made.rows.setdefault(reference, {})
            row |= {column: value for column, value in said if value is not None}
    return made
