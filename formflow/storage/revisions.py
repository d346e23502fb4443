"""How the latest revision of a record stands, found by what a new paper has in common with it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, Executable, Row, and_, bindparam, or_, select

from formflow.core.model import Light, Outcome
from formflow.storage.schema import Entry, Paper, table_of


@dataclass(frozen=True, slots=True)
class Revision:
    """One revision, as far as a new paper is compared with it."""

    id: int  # in the ledger
    reference: str
    revision: int
    outcome: Outcome
    values_sha256: str | None
    highest_light: Light | None
    business_key: str | None
    incident_day: date | None
    about: str | None  # of a sheet: the record that it belongs to
    form_id: str | None
    form_version: int | None


def by_reference(connection: Connection, reference: str) -> Revision | None:
    """Return the latest revision of a record or sheet, None where there is none."""
    return _first(connection, _BY_REFERENCE, reference=reference)


def by_paper(connection: Connection, paper_id: int | None) -> Revision | None:
    """Return the latest revision of the record that a paper became part of, None where there is none."""
    return _first(connection, _BY_PAPER, paper=paper_id)


def by_business_key(connection: Connection, key: str) -> list[Revision]:
    """Return every revision about an incident, first to last."""
    return [_revision(row) for row in connection.execute(_BY_BUSINESS_KEY, {"key": key})]


def alike(
    connection: Connection, values_sha256: str | None, child_id: int | None, day: date | None
) -> str | None:
    """Return the reference of the first record with the same answers, or about a child on a day.

    A form that went back because its day was missing may be about any day.
    """
    asked = {"values": values_sha256, "child": child_id, "day": day.isoformat() if day else None}
    found: str | None = connection.execute(_ALIKE, asked).scalar()
    return found


def of_incident(connection: Connection, child_id: int, day: date) -> list[Revision]:
    """Return the latest revision of each record about a child on a day, first to last."""
    rows = connection.execute(_OF_INCIDENT, {"child": child_id, "day": day.isoformat()})
    newest = {row.reference: _revision(row) for row in rows}
    return list(newest.values())


def unreadable(connection: Connection, paper_id: int) -> Revision | None:
    """Return the entry that a paper became, where it could not be read; None otherwise."""
    return _first(connection, _UNREADABLE, paper=paper_id)


def _first(connection: Connection, query: Executable, **asked: Any) -> Revision | None:
    row = connection.execute(query, asked).first()
    return None if row is None else _revision(row)


def _revision(row: Row[*tuple[Any, ...]]) -> Revision:
    return Revision(
        id=row.id,
        reference=row.reference,
        revision=row.revision,
        outcome=Outcome(row.outcome),
        values_sha256=row.values_sha256,
        highest_light=Light(row.highest_light) if row.highest_light else None,
        business_key=row.business_key,
        incident_day=date.fromisoformat(row.incident_day) if row.incident_day else None,
        about=row.about,
        form_id=row.form_id,
        form_version=row.form_version,
    )


_ENTRY, _PAPER = table_of(Entry), table_of(Paper)
_E, _FIRST = _ENTRY.c, _ENTRY.alias("first").c
_REVISION = select(
    _E.id,
    _E.reference,
    _E.revision,
    _E.outcome,
    _E.values_sha256,
    _E.highest_light,
    _E.business_key,
    _E.incident_day,
    _E.about,
    _E.form_id,
    _E.form_version,
)
_LATEST = _REVISION.order_by(_E.revision.desc()).limit(1)
_BY_REFERENCE = _LATEST.where(_E.reference == bindparam("reference"))
_BY_PAPER = _LATEST.where(
    _E.reference
    == select(_FIRST.reference)
    .where(_PAPER.c.entry_id == _FIRST.id, _PAPER.c.id == bindparam("paper"))
    .scalar_subquery()
)
_BY_BUSINESS_KEY = _REVISION.where(_E.business_key == bindparam("key")).order_by(_E.revision)
_OF_INCIDENT = _REVISION.where(
    _E.child_id == bindparam("child"), _E.incident_day == bindparam("day"), _E.about.is_(None)
).order_by(_E.id)
_ALIKE = (
    select(_E.reference)
    .where(
        or_(
            _E.values_sha256 == bindparam("values"),
            and_(
                _E.child_id == bindparam("child"),
                or_(
                    _E.incident_day == bindparam("day"),
                    and_(_E.incident_day.is_(None), _E.outcome == Outcome.RETURNED),
                ),
                _E.about.is_(None),
            ),
        )
    )
    .order_by(_E.id)
    .limit(1)
)
_UNREADABLE = _REVISION.where(
    _E.id == _PAPER.c.entry_id,
    _PAPER.c.id == bindparam("paper"),
    _E.outcome == Outcome.UNREADABLE,
)
