"""Which pupil of the agency's list a child of the ledger is: by what forms say, or by what a person says.

What the safeguarding lead writes on a review sheet comes first; else every name and number must mean one pupil.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, Row, bindparam, or_, select

from formflow.core.model import Entry, Outcome
from formflow.rules.case.case import OF_CHILD_B, REVIEW, SAME_CHILD
from formflow.rules.matching import ChildKey, valid_upn
from formflow.rules.roster import NAMESAKES, OTHER_UPN, ChildFolder, Match, Pupil, Roster
from formflow.storage import children
from formflow.storage.schema import Child, table_of
from formflow.storage.schema import Entry as EntryRow
from formflow.storage.sqlite import json_text


@dataclass(frozen=True, slots=True)
class Known:
    """What the list says of the child whose papers these are."""

    roster: Roster
    pupil: Pupil | None = None
    code: str = ""  # the notice that says why it is nobody
    is_said: bool = False  # a person said so

    @property
    def folder(self) -> ChildFolder | None:
        """Where the child's papers are kept, None where the list does not say so of this child alone."""
        return self.roster.folder_of(self.pupil) if self.pupil else None

    @property
    def sure_folder(self) -> str:
        """The same, where no namesake's folder could be called so, or a person has said who it is; else ""."""
        folder = self.folder
        return folder.name if folder and (folder.is_sure or self.is_said) else ""


def of_entry(connection: Connection, roster: Roster, entry: Entry) -> Known:
    """Return whom the papers of an entry are about: of a sheet about the targeted child alone, that child."""
    if not roster.pupils:
        return Known(roster)
    child = children.named(connection, entry.child_reference or "")
    record = "" if entry.form_id in OF_CHILD_B else entry.about or entry.reference
    return of_child(connection, roster, child, record)


def of_child(connection: Connection, roster: Roster, child: int | None, record: str = "") -> Known:
    """Return which pupil a child is: by the record that is asked about first, then by the child itself.

    Only where the list knows nobody by these, what was said of other records counts, and who was joined with it.
    """
    if not roster.pupils:
        return Known(roster)
    same = children.joined(connection, child) if child is not None else []
    said = _said(connection, roster, same, record)
    if record in said:
        return Known(roster, said[record], is_said=True)
    rows = {row.id: row for row in connection.execute(_CHILDREN, {"same": list(same)})}
    own = _match(roster, rows[child], _number(connection, record)) if child in rows else Match()
    if own.pupil:
        return Known(roster, own.pupil, is_said=own.pupil in said.values())
    if own.code in (NAMESAKES, OTHER_UPN):
        return Known(roster, code=own.code)
    if said:
        return _one_of(roster, list(said.values()), is_said=True)
    others = [_match(roster, row, "").pupil for row in rows.values()]
    found = _one_of(roster, [one for one in others if one])
    return found if found.pupil or found.code else Known(roster, code=own.code)


def _one_of(roster: Roster, found: Collection[Pupil], *, is_said: bool = False) -> Known:
    each = list({id(one): one for one in found}.values())
    if len(each) == 1:
        return Known(roster, each[0], is_said=is_said)
    return Known(roster, code=NAMESAKES if each else "")


def _number(connection: Connection, record: str) -> str:
    """Return the valid UPN on a record, "" for none."""
    return valid_upn(connection.execute(_NUMBER, {"record": record}).scalar() or "")


def _match(roster: Roster, row: Row[*tuple[Any, ...]], number: str) -> Match:
    """Return whom the list knows by a child's name and birthday, and the number on the form that is asked about."""
    key = ChildKey(row.name_key, date.fromisoformat(row.born))
    by_others = "" if roster.has_namesakes(key) else row.upn or ""
    return roster.match(key, number or by_others)


def _said(
    connection: Connection, roster: Roster, same: Collection[int], record: str
) -> dict[str, Pupil]:
    """Return the pupils that review sheets name of a child, by the record that each is about."""
    values = {"same": list(same), "record": record if not same else ""}
    latest = {row.about: row.said or "" for row in connection.execute(_SAID, values)}
    found = {about: roster.numbered(said) for about, said in latest.items()}
    return {about: pupil for about, pupil in found.items() if pupil}


_CHILD, _E = table_of(Child), table_of(EntryRow).c
_CHILDREN = (
    select(_CHILD.c.id, _CHILD.c.name_key, _CHILD.c.born, _CHILD.c.upn)
    .where(_CHILD.c.id.in_(bindparam("same", expanding=True)))
    .order_by(_CHILD.c.id)
)
_SAID = (
    select(_E.about, json_text(_E.answers, SAME_CHILD, "value").label("said"))
    .where(
        _E.form_id == REVIEW,
        _E.outcome == Outcome.RECORDED,
        or_(_E.child_id.in_(bindparam("same", expanding=True)), _E.about == bindparam("record")),
    )
    .order_by(_E.id)
)
_NUMBER = (
    select(json_text(_E.answers, "child_a_number", "value"))
    .where(_E.reference == bindparam("record"))
    .order_by(_E.revision.desc())
    .limit(1)
)
