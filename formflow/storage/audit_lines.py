"""The audit trail as it is read: the lines of a record, of a day, and whether a printed head is still in it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime

from sqlalchemy import Connection, bindparam, or_, select

from formflow.core.references import short
from formflow.storage import disposals
from formflow.storage.audit_trail import Line, line_of, printed
from formflow.storage.schema import AuditLine, Entry, Paper, table_of

_PRINTED = re.compile(r"(?P<number>\d{1,15})-(?P<seal>[0-9a-f]{12})")


def of_record(connection: Connection, reference: str) -> Iterator[Line]:
    """Yield what happened to a record, its sheets and its papers, or to an alert about FormFlow, first to last."""
    rows = connection.execute(_PAPERS, {"reference": reference}).all()
    names = {reference, *(row.reference for row in rows)}
    names |= {f"paper {short(row.sha256)}" for row in rows if row.sha256}
    sheets = [f"{row.reference} r{row.revision}" for row in rows]
    if gone := disposals.one(connection, reference):
        names |= {f"paper {short(one.sha256)}" for one in gone.papers if one.sha256}
        sheets += [one.name for one in gone.papers]
    asked = {"names": sorted(names), "pattern": f"{reference} r%"}
    for row in connection.execute(_OF_RECORD, {**asked, "revisions": sheets}):
        yield line_of(row)


def between(connection: Connection, first: datetime, end: datetime) -> Iterator[Line]:
    """Yield what happened from a moment on and before another, first to last."""
    asked = {"first": first.astimezone(UTC).isoformat(), "end": end.astimezone(UTC).isoformat()}
    for row in connection.execute(_BETWEEN, asked):
        yield line_of(row)


def holds(connection: Connection, head: str) -> bool | None:
    """Return whether the trail still holds a line as it was printed, None for what is no such print."""
    said = _PRINTED.fullmatch(head.strip().lower())
    if said is None:
        return None
    found = connection.execute(_MAC, {"number": int(said["number"])}).scalar()
    return found is not None and printed(int(said["number"]), found) == said[0]


_LINE, _ENTRY, _PAPER = table_of(AuditLine), table_of(Entry), table_of(Paper)
_PAPERS = (
    select(_ENTRY.c.reference, _ENTRY.c.revision, _PAPER.c.sha256)
    .join_from(_ENTRY, _PAPER, _PAPER.c.entry_id == _ENTRY.c.id)
    .where(
        or_(_ENTRY.c.reference == bindparam("reference"), _ENTRY.c.about == bindparam("reference"))
    )
)
_OF_RECORD = (
    select(_LINE)
    .where(
        or_(
            _LINE.c.reference.in_(bindparam("names", expanding=True)),
            _LINE.c.reference.in_(bindparam("revisions", expanding=True)),
            _LINE.c.reference.like(bindparam("pattern")),
        )
    )
    .order_by(_LINE.c.id)
)
_BETWEEN = (
    select(_LINE)
    .where(_LINE.c.at >= bindparam("first"), _LINE.c.at < bindparam("end"))
    .order_by(_LINE.c.id)
)
_MAC = select(_LINE.c.mac).where(_LINE.c.id == bindparam("number"))
