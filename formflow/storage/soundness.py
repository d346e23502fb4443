"""Is what is stored what was stored? The ledger, its entries, its audit trail, and which originals it needs.

Looks in pieces: a service beside it waits for none of them for long.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, select
from sqlalchemy.exc import DatabaseError

from formflow.core.references import at_revision
from formflow.storage import cells, disposals, seals, sqlite
from formflow.storage.audit_trail import AuditEvent, first_checkable, mac_of, seal_of
from formflow.storage.schema import (
    AuditHead,
    AuditLine,
    CaseChange,
    Entry,
    Paper,
    Parcel,
    table_of,
)

AT_ONCE = 2000  # rows
Step = Callable[[int], None]  # told how many rows or bytes have just been looked at


def is_sound(connection: Connection) -> bool:
    """Return whether the whole ledger is as it was written. Takes long for a large one."""
    try:
        return cells.is_readable(connection) and next(_unsealed(connection), None) is None
    except DatabaseError as problem:
        if sqlite.is_damage(problem):
            return False
        raise


def _unsealed(connection: Connection) -> Iterator[str]:
    """Yield which entries, and which parcels that are still to be sent, are not as they were written."""
    for row in _in_pieces(connection, _ENTRIES, lambda _rows: None):
        if row.seal != seals.of_entry(row._mapping):
            yield at_revision(row.reference, row.revision)
    yield from wrong_case_changes(connection)
    yield from disposals.wrong(connection)
    yield from wrong_parcels(connection)


def wrong_case_changes(connection: Connection) -> Iterator[str]:
    """Yield in words which changes of cases, such as that one was closed, are not as they were written or are gone."""
    told = {line.digest: line for line in connection.execute(_STATES_TOLD)}
    for row in connection.execute(_CASE_CHANGES):
        seal = seals.of_case_change(row._mapping)
        if row.seal != seal:
            yield f"What was noted of the case {row.reference} ({row.state}) is not as it was written."
        elif told.pop(seal, None) is None:
            yield f"What was noted of the case {row.reference} ({row.state}) is not in the audit trail."
    disposed, _ = disposals.excused(connection)
    for line in told.values():
        if line.id >= disposed.get(line.reference, 0):
            yield f"{line.reference} ({line.detail}) is in the audit trail, line {line.id}, and not in the ledger."


def wrong_parcels(connection: Connection) -> Iterator[str]:
    """Yield in words which parcels that are still to be sent are not as they were prepared."""
    for row in connection.execute(_PARCELS):
        if row.seal != seals.of_parcel(row.body, row.headers, row.attachments):
            yield f"What waits for “{row.destination}”, number {row.id}, is not as it was prepared."


def rows(connection: Connection) -> tuple[int, int]:
    """Return how many entries and how many lines of the audit trail there are."""
    entries = connection.execute(select(func.count()).select_from(_ENTRY)).scalar_one()
    lines = connection.execute(select(func.count()).select_from(_LINE)).scalar_one()
    return int(entries), int(lines)


def wrong_entries(connection: Connection, step: Step) -> Iterator[str]:
    """Yield in words which entries are not as they were written, or are gone."""
    for row in _in_pieces(connection, _ENTRIES, step):
        name, seal = at_revision(row.reference, row.revision), seals.of_entry(row._mapping)
        if row.seal != seal:
            yield f"{name} is not as it was written."
        elif row.digest is None:
            yield f"{name} is not in the audit trail: FormFlow has not written it."
        elif row.digest != seal:
            yield f"{name} is not what the audit trail says was written."
    _, gone = disposals.excused(connection)
    for line in connection.execute(_GONE):
        if (line.reference, line.digest) not in gone:
            yield f"{line.reference} is in the audit trail, line {line.id}, and not in the ledger."


def wrong_lines(connection: Connection, key: bytes, step: Step) -> Iterator[str]:
    """Yield in words what is wrong with the audit trail."""
    # Read first: what is added meanwhile comes behind it.
    head = connection.execute(_HEAD).first()
    if head is None:
        yield "The audit trail has no end: its last line is not noted."
        return
    begun, number, mac = first_checkable(connection), 0, ""
    for row in _in_pieces(connection, _LINES, step):
        if row.id > head.number:
            break
        if row.id != number + 1:
            yield _missing(number + 1, row.id - 1)
        elif row.id >= begun and mac_of(key, mac, row._mapping) != row.mac:
            yield f"Line {row.id} of the audit trail has been changed, or the line before it exchanged."
        number, mac = row.id, row.mac
    if number < head.number:
        yield _missing(number + 1, head.number)
    elif mac != head.mac or seal_of(key, head.number, head.mac) != head.seal:
        yield "The end of the audit trail has been changed: lines may have been cut off."


def originals(connection: Connection) -> set[str]:
    """Return the sha256 of everything that the ledger expects in the vault."""
    found: set[str] = set()
    for query in (_OF_PAPERS, _FILED, _PICTURES):
        found.update(connection.execute(query).scalars())
    for along in connection.execute(_ALONG).scalars():
        found.update(sha256 for _, sha256 in json.loads(along))
    return found


def _missing(first: int, last: int) -> str:
    lines = f"Line {first}" if first == last else f"Lines {first} to {last}"
    return f"{lines} of the audit trail {'is' if first == last else 'are'} missing."


def _in_pieces(connection: Connection, query: Any, step: Step) -> Iterator[Row[*tuple[Any, ...]]]:
    after = 0
    while piece := connection.execute(query, {"after": after}).all():
        yield from piece
        after = piece[-1].id
        step(len(piece))


_ENTRY, _PAPER, _PARCEL = table_of(Entry), table_of(Paper), table_of(Parcel)
_LINE, _HEADS = table_of(AuditLine), table_of(AuditHead)
_ENTRIES = (
    select(_ENTRY, _PAPER.c.sha256, _LINE.c.digest)
    .outerjoin_from(_ENTRY, _PAPER, _PAPER.c.id == _ENTRY.c.paper_id)
    .outerjoin(_LINE, _LINE.c.id == _ENTRY.c.audit_line)
    .where(_ENTRY.c.id > bindparam("after"))
    .order_by(_ENTRY.c.id)
    .limit(AT_ONCE)
)
_CASE_CHANGES = select(table_of(CaseChange)).order_by(table_of(CaseChange).c.id)
_STATES_TOLD = select(_LINE.c.id, _LINE.c.reference, _LINE.c.detail, _LINE.c.digest).where(
    _LINE.c.event == AuditEvent.CASE_STATE
)
_PARCELS = (
    select(
        _PARCEL.c.id,
        _PARCEL.c.destination,
        _PARCEL.c.body,
        _PARCEL.c.headers,
        _PARCEL.c.attachments,
        _PARCEL.c.seal,
    )
    .where(_PARCEL.c.body.is_not(None), _PARCEL.c.delivered_at.is_(None))
    .order_by(_PARCEL.c.id)
)
_GONE = (
    select(_LINE.c.id, _LINE.c.reference, _LINE.c.digest)
    .outerjoin_from(_LINE, _ENTRY, _ENTRY.c.audit_line == _LINE.c.id)
    .where(_LINE.c.event.in_((AuditEvent.RECORDED, AuditEvent.TAKEN_OVER)), _ENTRY.c.id.is_(None))
    .order_by(_LINE.c.id)
)
_LINES = select(_LINE).where(_LINE.c.id > bindparam("after")).order_by(_LINE.c.id).limit(AT_ONCE)
_HEAD = select(_HEADS.c.number, _HEADS.c.mac, _HEADS.c.seal)
_OF_PAPERS = select(_PAPER.c.sha256).where(_PAPER.c.sha256.is_not(None))
_FILED = select(_ENTRY.c.filed).where(_ENTRY.c.filed.is_not(None))
_PICTURES = select(_ENTRY.c.pictures).where(_ENTRY.c.pictures.is_not(None))
_ALONG = select(_PARCEL.c.attachments).where(_PARCEL.c.attachments != "[]")
