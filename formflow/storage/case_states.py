"""Cases that were closed, reopened, entered in error or are duplicates: each change a row of its own, never changed."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, bindparam, func, insert, or_, select

from formflow.core.model import CaseState, Outcome, StateChange
from formflow.core.wording import SHEET_WORDS
from formflow.storage import seals
from formflow.storage.audit_trail import AuditEvent, Happened, Trail
from formflow.storage.database import inserted
from formflow.storage.schema import CaseChange, Entry, table_of

LAST = 2**62  # beyond the number of every entry
# Out of a child's history and of all counts: nothing happened, or it is counted elsewhere.
SET_APART = (CaseState.ENTERED_IN_ERROR, CaseState.DUPLICATE)


def add(connection: Connection, trail: Trail, reference: str, change: StateChange) -> int:
    """Write a change and its line of the audit trail, in the caller's transaction; return its number.

    The line says what became of the case, not why: reasons may name somebody.
    """
    row = {
        "reference": reference,
        "state": change.state,
        "at": change.at.astimezone(UTC).isoformat(),
        "who": change.who,
        "reason": change.reason,
        "reasons": json.dumps(dict(change.reasons)),
        "duplicate_of": change.duplicate_of,
        "after_entry": change.after_entry,
    }
    seal = seals.of_case_change(row)
    detail = " ".join(filter(None, (change.state.value, change.duplicate_of)))
    happened = Happened(AuditEvent.CASE_STATE, reference, detail=detail, digest=seal)
    trail.note(connection, change.at, happened)
    return inserted(connection, _ADD, row | {"seal": seal})


def of_cases(
    connection: Connection, references: Collection[str], *, until: int = LAST
) -> Mapping[str, tuple[StateChange, ...]]:
    """Return the changes of cases, first to last, by reference: those before an entry. Raise LedgerDamaged."""
    found: dict[str, tuple[StateChange, ...]] = {}
    for row in connection.execute(_OF_CASES, {"references": list(references), "until": until}):
        found[row.reference] = (*found.get(row.reference, ()), _change(row))
    return found


def one(connection: Connection, number: int) -> StateChange:
    """Return a change by its number. Raise LookupError, LedgerDamaged."""
    row = connection.execute(_BY_ID, {"id": number}).first()
    if row is None:
        raise LookupError(number)
    return _change(row)


def state(connection: Connection, reference: str) -> CaseState:
    """Return whether a case is open, closed, entered in error or a duplicate."""
    found = connection.execute(_STATE, {"reference": reference}).scalar()
    return CaseState(found) if found else CaseState.OPEN


def is_record(connection: Connection, reference: str) -> bool:
    """Return whether there is a record of this reference. A sheet that counts for nothing is none."""
    return connection.execute(_IS_RECORD, {"reference": reference}).first() is not None


def newest_entry(connection: Connection, reference: str) -> int:
    """Return the number of the last paper of a case that counts. Raise NoResultFound."""
    return int(connection.execute(_NEWEST, {"reference": reference}).scalar_one())


def counts(connection: Connection) -> Mapping[CaseState, int]:
    """Return how many cases are closed, entered in error and duplicates now, those that there are."""
    rows = connection.execute(_COUNTS)
    return {CaseState(row.state): row.cases for row in rows if row.state != CaseState.OPEN}


def is_in(reference: ColumnElement[Any], *states: CaseState) -> ColumnElement[bool]:
    """Return the condition that the case of a reference is in one of some states now."""
    last = select(func.max(_LATER.id)).where(_LATER.reference == _C.reference).scalar_subquery()
    return (
        select(_C.id)
        .where(_C.reference == reference, _C.id == last, _C.state.in_(states))
        .correlate_except(_CHANGE)
        .exists()
    )


def _change(row: Row[*tuple[Any, ...]]) -> StateChange:
    seals.compare(row.seal, seals.of_case_change(row._mapping))
    return StateChange(
        CaseState(row.state),
        datetime.fromisoformat(row.at),
        row.who,
        row.reason,
        json.loads(row.reasons),
        row.duplicate_of,
        row.after_entry,
    )


_CHANGE, _E = table_of(CaseChange), table_of(Entry).c
_C, _LATER = _CHANGE.c, _CHANGE.alias("later_change").c
_ADD = insert(_CHANGE)
_BY_ID = select(_CHANGE).where(_C.id == bindparam("id"))
_OF_CASES = (
    select(_CHANGE)
    .where(
        _C.reference.in_(bindparam("references", expanding=True)),
        _C.after_entry < bindparam("until"),
    )
    .order_by(_C.id)
)
_STATE = (
    select(_C.state).where(_C.reference == bindparam("reference")).order_by(_C.id.desc()).limit(1)
)
_NEWEST = select(func.max(_E.id)).where(
    or_(
        _E.about.is_(None) & (_E.reference == bindparam("reference")),
        (_E.about == bindparam("reference")) & (_E.outcome == Outcome.RECORDED),
    )
)
_IS_RECORD = (
    select(_E.id)
    .where(
        _E.reference == bindparam("reference"),
        _E.about.is_(None),
        or_(_E.form_id.is_(None), _E.form_id.not_in(list(SHEET_WORDS))),
    )
    .limit(1)
)
_COUNTS = (
    select(_C.state, func.count().label("cases"))
    .where(
        _C.id
        == select(func.max(_LATER.id)).where(_LATER.reference == _C.reference).scalar_subquery()
    )
    .group_by(_C.state)
)
