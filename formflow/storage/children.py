"""Which child of the ledger a paper is about, which others it may be, and which the safeguarding lead joined.

Looked up in the caller's transaction. A valid UPN, or exact name and date of birth, is one child; whatever
is merely near is offered to her, and joined by her alone, on her review sheet. Every revision of that sheet
is kept, so joining can be looked up and taken back.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    Connection,
    Row,
    bindparam,
    case,
    delete,
    exists,
    insert,
    or_,
    select,
    update,
)

from formflow.core import references
from formflow.rules.matching import ChildKey, NearChild, name_key, swapped, why_near
from formflow.rules.roster import Pupil
from formflow.storage import counters
from formflow.storage.audit_trail import AuditEvent, Happened, Trail
from formflow.storage.schema import Child, Entry, Joined, table_of


def child_reference(child_id: int | None) -> str | None:
    """Return the reference of a child of the ledger, None for no child."""
    if child_id is None:
        return None
    return references.child_reference(*divmod(child_id, counters.IN_ONE_EPOCH))


def child_id(connection: Connection, key: ChildKey | None, upn: str) -> int | None:
    """Return which child this is, known or new; None without a name, a date of birth or a known UPN.

    A UPN counts where name or date of birth goes with it: a number on the wrong form joins nobody.
    """
    known = connection.execute(_BY_UPN, {"upn": upn}).first() if upn else None
    if known is not None and (key is None or _goes_with(key, known)):
        return int(known.id)
    if key is None:
        return None
    found = find(connection, key)
    if found is None:
        found = counters.next_child(connection)
        values = {"id": found, "name_key": key.name_key, "born": key.born.isoformat()}
        connection.execute(_ADD, values)
    if upn and known is None:
        connection.execute(_NUMBER, {"child": found, "number": upn})
    return found


def of_pupil(connection: Connection, pupil: Pupil, key: ChildKey | None = None) -> int:
    """Return which child a pupil of the agency's list is, known or new: by a UPN, or by any of the names.

    `key` is what a form says, which is one of these names or goes with the UPN.
    """
    for number in pupil.upns:
        known = connection.execute(_BY_UPN, {"upn": number}).first()
        if known is not None and any(_goes_with(one, known) for one in pupil.keys):
            return int(known.id)
    keys = dict.fromkeys((*([key] if key in pupil.keys else []), *pupil.keys))
    found = next(filter(None, (find(connection, one) for one in keys)), None)
    upn = next(iter(pupil.upns), "")
    if found is None or upn:
        made = _key_of(connection, found) if found is not None else pupil.keys[0]
        found = child_id(connection, made, upn)
    assert found is not None  # noqa: S101 - a pupil has a name and a birthday
    return found


def _key_of(connection: Connection, child: int) -> ChildKey:
    return _key(connection.execute(_BY_ID, {"id": child}).one())


def find(connection: Connection, key: ChildKey | None) -> int | None:
    """Return the child of exactly this name and date of birth, None where none is on record."""
    if key is None:
        return None
    values = {"name": key.name_key, "born": key.born.isoformat()}
    found = connection.execute(_FIND, values).scalar()
    return None if found is None else int(found)


def called(connection: Connection, name: str) -> list[tuple[int, date]]:
    """Return every child of exactly this name with its date of birth; of those joined the first alone."""
    rows = connection.execute(_BY_NAME, {"name": name_key(name)}).all()
    found = {int(row.id): date.fromisoformat(row.born) for row in rows}
    return [
        (one, born)
        for one, born in found.items()
        if one == min(found.keys() & set(joined(connection, one)))
    ]


def contradicts(connection: Connection, child: int | None, upn: str) -> bool:
    """Return whether a valid UPN is another child's, or not the one that this child has."""
    known = connection.execute(_BY_UPN, {"upn": upn}).first() if upn else None
    return bool(upn) and child is not None and (known is None or known.id != child)


def near(connection: Connection, child: int | None, *, until: int) -> tuple[NearChild, ...]:
    """Return the children that may be the same as this one, with the reason, and are not joined with it.

    `until` is the number of the last entry that counts.
    """
    if child is None:
        return ()
    ours = _key_of(connection, child)
    values = {"id": child, "name": ours.name_key, "born": ours.born.isoformat(), "until": until}
    values["swapped"] = (swapped(ours.born) or ours.born).isoformat()
    there = set(joined(connection, child))
    candidates = connection.execute(_CANDIDATES, values).all()
    found = {
        int(row.id): why
        for row in candidates
        if row.id not in there and (why := why_near(ours, _key(row)))
    }
    papers = _papers(connection, found, until)
    return tuple(
        NearChild(child_reference(one) or "", why, papers[one]) for one, why in found.items()
    )


def _papers(
    connection: Connection, about: Collection[int], until: int
) -> Mapping[int, tuple[str, ...]]:
    """Return the references of the records about each of some children, in order."""
    found: dict[int, dict[str, None]] = {one: {} for one in about}
    rows = connection.execute(_PAPERS, {"ids": list(about), "until": until}) if about else ()
    for row in rows:
        for child in found.keys() & {row.child_id, row.child_b_id}:
            found[child][row.reference] = None
    return {child: tuple(references) for child, references in found.items()}


def joined(connection: Connection, child: int) -> list[int]:
    """Return a child and all that the safeguarding lead joined with it, directly or by others."""
    return [int(found) for found in connection.execute(_JOINED, {"child": child}).scalars()]


def named(connection: Connection, words: str) -> int | None:
    """Return the child whose reference these words are, None where they are anything else.

    Nothing but the reference: “not C-000012” must join nobody.
    """
    said = references.parse_child(words)
    number = said[0] * counters.IN_ONE_EPOCH + said[1] if said else None
    row = connection.execute(_BY_ID, {"id": number}).first()
    return int(row.id) if row is not None else None


def join(
    connection: Connection,
    trail: Trail,
    sheet: str,
    child: int | None,
    other: int | None,
    now: datetime,
) -> None:
    """Join what a review sheet joins, instead of what it joined before; None joins nothing any more."""
    before = connection.execute(_JOINED_BY, {"of_sheet": sheet}).first()
    wanted = (child, other) if child is not None and other not in (None, child) else None
    if wanted == (tuple(before) if before else None):
        return
    connection.execute(_UNJOIN, {"of_sheet": sheet})
    if before:
        trail.note(connection, now, Happened(AuditEvent.PARTED, sheet, detail=_both(*before)))
    if wanted:
        row = {"sheet": sheet, "child_id": wanted[0], "other_id": wanted[1]}
        connection.execute(_JOIN, row)
        trail.note(connection, now, Happened(AuditEvent.JOINED, sheet, detail=_both(*wanted)))


def _both(child: int | None, other: int | None) -> str:
    return f"{child_reference(child)} and {child_reference(other)}"


def _goes_with(key: ChildKey, known: Row[*tuple[Any, ...]]) -> bool:
    theirs = _key(known)
    return key.name_key == theirs.name_key or key.born == theirs.born


def _key(row: Row[*tuple[Any, ...]]) -> ChildKey:
    return ChildKey(row.name_key, date.fromisoformat(row.born))


_CHILD, _JOINED_TO, _ENTRY = table_of(Child), table_of(Joined), table_of(Entry)
_FOUND = select(_CHILD.c.id, _CHILD.c.name_key, _CHILD.c.born)
_BY_UPN = _FOUND.where(_CHILD.c.upn == bindparam("upn"))
_BY_NAME = _FOUND.where(_CHILD.c.name_key == bindparam("name")).order_by(_CHILD.c.id)
_BY_ID = _FOUND.where(_CHILD.c.id == bindparam("id"))
_ADD = insert(_CHILD)
_FIND = select(_CHILD.c.id).where(
    _CHILD.c.name_key == bindparam("name"), _CHILD.c.born == bindparam("born")
)
_NUMBER = (
    update(_CHILD)
    .where(_CHILD.c.id == bindparam("child"), _CHILD.c.upn.is_(None))
    .values(upn=bindparam("number"))
)
_CANDIDATES = _FOUND.where(
    _CHILD.c.id != bindparam("id"),
    or_(
        _CHILD.c.born == bindparam("born"),
        _CHILD.c.born == bindparam("swapped"),
        _CHILD.c.name_key == bindparam("name"),
    ),
    exists().where(
        or_(_ENTRY.c.child_id == _CHILD.c.id, _ENTRY.c.child_b_id == _CHILD.c.id),
        _ENTRY.c.id <= bindparam("until"),
    ),
).order_by(_CHILD.c.id)
_PAPERS = (
    select(_ENTRY.c.reference, _ENTRY.c.child_id, _ENTRY.c.child_b_id)
    .distinct()
    .where(
        or_(
            _ENTRY.c.child_id.in_(bindparam("ids", expanding=True)),
            _ENTRY.c.child_b_id.in_(bindparam("ids", expanding=True)),
        ),
        _ENTRY.c.about.is_(None),
        _ENTRY.c.id <= bindparam("until"),
    )
    .order_by(_ENTRY.c.reference)
)
# From each child that is found on to all that are joined with it, whichever of the two the sheet named first.
_SAME = select(bindparam("child", type_=_CHILD.c.id.type).label("id")).cte("same", recursive=True)
_SAME = _SAME.union(
    select(
        case(
            (_JOINED_TO.c.child_id == _SAME.c.id, _JOINED_TO.c.other_id),
            else_=_JOINED_TO.c.child_id,
        )
    ).join_from(
        _JOINED_TO,
        _SAME,
        or_(_JOINED_TO.c.child_id == _SAME.c.id, _JOINED_TO.c.other_id == _SAME.c.id),
    )
)
_JOINED = select(_SAME.c.id).order_by(_SAME.c.id)
_JOINED_BY = select(_JOINED_TO.c.child_id, _JOINED_TO.c.other_id).where(
    _JOINED_TO.c.sheet == bindparam("of_sheet")
)
_UNJOIN = delete(_JOINED_TO).where(_JOINED_TO.c.sheet == bindparam("of_sheet"))
_JOIN = insert(_JOINED_TO)
