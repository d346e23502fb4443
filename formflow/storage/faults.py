"""How many files of one fault have come lately: the newest papers and entries are looked at, however many there are."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, bindparam, func, select

from formflow.core.model import Outcome, Role
from formflow.storage.schema import Entry, Paper, table_of

NEWEST = 500  # rows that are looked at: what lies further back is not lately in a flood


def recent(connection: Connection, code: str, role: Role, since: datetime) -> int:
    """Return how many files of a fault came from one kind of folder since a moment, with the one to be recorded.

    What the gate knows already counts before it is recorded; what only the reading finds, once it is.
    """
    wanted = {"fault": code, "from": role, "since": since.isoformat()}
    taken = connection.execute(_TAKEN, wanted).scalar_one()
    before = connection.execute(_RECORDED, {**wanted, "named": f'"{code}"'}).scalar_one()
    return max(int(taken), int(before) + 1)


_P, _E = table_of(Paper).c, table_of(Entry).c
_PAPERS = select(_P.code, _P.role, _P.received_at).order_by(_P.id.desc()).limit(NEWEST).subquery().c
_ENTRIES = (
    select(_E.outcome, _E.role, _E.recorded_at, _E.notices)
    .order_by(_E.id.desc())
    .limit(NEWEST)
    .subquery()
    .c
)
_TAKEN = select(func.count()).where(
    _PAPERS.code == bindparam("fault"),
    _PAPERS.role == bindparam("from"),
    _PAPERS.received_at > bindparam("since"),
)
_RECORDED = select(func.count()).where(
    _ENTRIES.outcome == Outcome.UNREADABLE,
    _ENTRIES.role == bindparam("from"),
    _ENTRIES.recorded_at > bindparam("since"),
    _ENTRIES.notices.contains(bindparam("named")),
)
