"""Rows that are filled by a field map and found by our reference: what is prepared of each, and which of several counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, auto

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

_ROW, _RECORD, _RECORDED = "reference", "record", "recorded"  # headers


class Fate(Enum):
    """What becomes of a row."""

    ADDED = auto()
    CHANGED = auto()
    LATE = auto()  # something newer of its record is there
    DELETED = auto()  # it was written once, and somebody has deleted it
    DOUBLED = auto()  # more than one row has its reference


@dataclass
class Sorted:
    """What is to be written, by the reference of each row, and what is not, by its key."""

    rows: dict[str, dict[str, Value]] = field(default_factory=dict)
    held_back: dict[str, Ending] = field(default_factory=dict)


def prepared(
    parcel: RecordParcel,
    columns: FieldMap,
    reference_column: str,
    revisions: Revisions,
    **headers: str,
) -> Prepared:
    """Return the values of one row, and the reference by which it is found."""
    reference = row_reference(parcel.reference, parcel.revision, revisions)
    told = {
        _ROW: reference,
        _RECORD: row_reference(parcel.reference, parcel.revision, "update"),
        _RECORDED: parcel.recorded_at.isoformat(),
    }
    row: dict[str, Value] = {reference_column: reference, **columns.row(parcel)}
    return Prepared(parcel.key, encode_row(row), told | headers)


def name(one: Prepared) -> str:
    """Return the reference by which a row is found."""
    return one.headers[_ROW]


def in_order(parcels: Sequence[Prepared]) -> list[Prepared]:
    """Return rows in the order in which they were recorded."""
    return sorted(parcels, key=_recorded)


def fate(one: Prepared, rows: int, context: Context, *, must_be_there: bool) -> Fate:
    """Return what becomes of a row whose reference so many rows have: the newest of each record counts.

    `must_be_there` says that a row which was written once and is gone was deleted by somebody.
    """
    newest = context.filed_last(one.headers[_RECORD])
    if rows > 1:
        return Fate.DOUBLED
    if not rows:
        return Fate.DELETED if newest is not None and must_be_there else Fate.ADDED
    return Fate.LATE if newest is not None and newest > _recorded(one) else Fate.CHANGED


def _recorded(one: Prepared) -> datetime:
    return datetime.fromisoformat(one.headers[_RECORDED])


def sort_out(
    parcels: Sequence[Prepared],
    there: Mapping[str, int],
    context: Context,
    where: str,
    *,
    must_be_there: bool,
) -> Sorted:
    """Return what is to be written, in whichever order the parcels come. What is not known changes nothing.

    `there` holds how many rows have a reference, `where` what is told of the place.
    """
    made = Sorted()
    for one in in_order(parcels):
        reference = name(one)
        match fate(one, there.get(reference, 0), context, must_be_there=must_be_there):
            case Fate.DOUBLED:
                made.held_back[one.key] = ending(
                    Rejected, "FF-531", reference=reference, name=where
                )
            case Fate.DELETED:
                made.held_back[one.key] = ending(
                    Rejected, "FF-527", reference=reference, name=where
                )
            case Fate.ADDED | Fate.CHANGED:
                said = decode_row(one.body).items()
                row = made.rows.setdefault(reference, {})
                row |= {column: value for column, value in said if value is not None}
    return made
