"""Where entries are looked up: rows of the ledger become papers again.

The words of a paper are stored as JSON beside the few columns that are searched.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from functools import cache
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Connection, Row, bindparam, text

from formflow.core.model import (
    Answer,
    EarlierIncident,
    Entry,
    History,
    Light,
    Notice,
    Outcome,
    Proposal,
    Role,
)
from formflow.core.wording import SHEET_WORDS
from formflow.rules.case.case import Case
from formflow.rules.case.levels import Level, is_below
from formflow.storage import children
from formflow.storage.originals import safe_suffix


def entry(connection: Connection, entry_id: int) -> Entry:
    """Return one revision by its number in the ledger. Raise LookupError."""
    row = connection.execute(text(f"{_ENTRY} WHERE entry.id = :id"), {"id": entry_id}).first()
    if row is None:
        raise LookupError(entry_id)
    return _entry(row)


def cannot_wait(connection: Connection, entry_id: int) -> Entry | None:
    """Return a revision that cannot wait and that nobody has acknowledged, None where it is not so."""
    is_so = connection.execute(_CANNOT_WAIT, {"id": entry_id}).first() is not None
    return entry(connection, entry_id) if is_so else None


def revisions(connection: Connection, reference: str) -> list[Entry]:
    """Return every revision of a record, first to last; [] when there is none."""
    rows = connection.execute(
        text(f"{_ENTRY} WHERE reference = :reference ORDER BY revision"), {"reference": reference}
    )
    return [_entry(row) for row in rows]


def history(connection: Connection, child_id: int | None, *, apart_from: str | None) -> History:
    """Return the earlier papers about a child and all joined with it, oldest first, leaving one out."""
    if child_id is None:
        return History()
    same = children.joined(connection, child_id)
    rows = connection.execute(_HISTORY, {"same": same, "apart_from": apart_from or ""}).all()
    return History(
        earlier=tuple(_earlier(row) for row in rows if row.child_id in same),
        targeted=tuple(_earlier(row) for row in rows if row.child_id not in same),
    )


def _earlier(row: Row[Any]) -> EarlierIncident:
    return EarlierIncident(
        row.reference,
        date.fromisoformat(row.incident_day) if row.incident_day else None,
        Light(row.light or Light.UNDETERMINED),
        row.decided,
    )


def case(connection: Connection, reference: str) -> Case | None:
    """Return a record with the sheets about it that count, None when there is no such record."""
    rows = connection.execute(text(f"{_ENTRY} {_CASE}"), {"reference": reference}).all()
    papers = (_entry(row) for row in rows)
    first = next(papers, None)
    if first is None or first.form_id in SHEET_WORDS:
        return None  # a sheet that counts for nothing has a reference of its own, and is no record
    child, child_b = connection.execute(_CHILDREN_OF, {"reference": reference}).one()
    found = Case(
        first,
        history=history(connection, child, apart_from=reference),
        history_b=history(connection, child_b, apart_from=reference),
        near=children.near(connection, child),
        joined=_joined(connection, child),
        origin=first.identity,
    )
    for paper in papers:
        found = found.with_sheet(paper) if paper.about else found.with_revision(paper)
    return found


def reminds(connection: Connection, reference: str) -> int | None:
    """Return which entry reminds of a case: the newest paper of it that still has a reminder, None for none."""
    found = connection.execute(_REMINDS, {"reference": reference}).scalar()
    return None if found is None else int(found)


def _joined(connection: Connection, child: int | None) -> tuple[str, ...]:
    """Return the references of those joined with a child."""
    same = children.joined(connection, child) if child is not None else []
    return tuple(children.child_reference(one) or "" for one in same if one != child)


def dumped(papers: Any, kind: Any) -> str:
    """Return papers as JSON text."""
    return _adapter(kind).dump_json(papers).decode()


def _entry(row: Row[Any]) -> Entry:
    return Entry(
        reference=row.reference,
        revision=row.revision,
        outcome=Outcome(row.outcome),
        received_at=datetime.fromisoformat(row.received_at),
        recorded_at=datetime.fromisoformat(row.recorded_at),
        sha256=row.sha256 or "",
        original_suffix=safe_suffix(row.file_name),
        form_id=row.form_id,
        form_version=row.form_version,
        child_reference=children.child_reference(row.child_id),
        supersedes=row.supersedes,
        incident_day=date.fromisoformat(row.incident_day) if row.incident_day else None,
        answers=_adapter(Answers).validate_json(row.answers),
        notices=_adapter(Notices).validate_json(row.notices),
        highest_light=Light(row.highest_light) if row.highest_light else None,
        proposal=_adapter(Proposal).validate_json(row.proposal) if row.proposal else None,
        possible_duplicate_of=row.possible_duplicate_of,
        about=row.about,
        urgent=bool(row.urgent),
        role=Role(row.role),
        epoch=row.epoch,
    )


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


Answers = Mapping[str, Answer]
Notices = tuple[Notice, ...]

_ENTRY = "SELECT entry.*, paper.sha256 AS sha256, paper.file_name FROM entry JOIN paper ON paper.id = entry.paper_id"
# Oldest first: of each form the last one counts, and what came after a decision may reopen it.
_CASE = (
    "WHERE (about IS NULL AND reference = :reference) OR (about = :reference AND outcome = 'recorded')"
    " ORDER BY entry.id"
)
_REMINDS = text(
    "SELECT max(task.ref_id) FROM entry JOIN task ON task.ref_id = entry.id AND task.kind = 'remind'"
    " AND task.state != 2 WHERE entry.reference = :reference OR entry.about = :reference"
)
_CHILDREN_OF = text(
    "SELECT child_id, child_b_id FROM entry WHERE reference = :reference ORDER BY revision DESC LIMIT 1"
)
_HISTORY = text(
    "SELECT reference, child_id, incident_day, highest_light AS light, (SELECT json_extract(sheet.answers,"
    " '$.level.value') FROM entry AS sheet WHERE sheet.about = entry.reference"
    " AND sheet.form_id = 'review' AND sheet.outcome = 'recorded'"
    " ORDER BY sheet.revision DESC LIMIT 1) AS decided FROM entry WHERE (child_id IN :same OR child_b_id IN :same)"
    " AND about IS NULL AND reference != :apart_from AND revision = (SELECT max(revision) FROM entry AS later"
    " WHERE later.reference = entry.reference) ORDER BY incident_day, reference"
).bindparams(bindparam("same", expanding=True))


_CANNOT_WAIT = text("SELECT 1 FROM entry WHERE id = :id AND urgent AND acknowledged_at IS NULL")


def waiting(connection: Connection) -> Iterator[Row[Any]]:
    """Yield the latest revisions that nobody has acknowledged, the most urgent first."""
    yield from connection.execute(_WAITING)


def undecided(connection: Connection) -> Iterator[str]:
    """Yield the references of records that wait for a decision: none is made, it is in doubt, or it is reopened."""
    values = {"above": _ABOVE, "sheets": list(SHEET_WORDS)}
    yield from (row.reference for row in connection.execute(_UNDECIDED, values))


# For each level the suggestions that it is below.
_ABOVE = json.dumps(
    {level: [light for light in Light if is_below(level, light)] for level in Level}
)
# Whatever could be read is for the safeguarding lead to decide; a sheet in doubt leaves it open, and a later form
# that suggests more than the level opens it again (as sheets.is_below says, in the words of the database).
_UNDECIDED = text(
    "SELECT DISTINCT reference FROM entry WHERE about IS NULL AND form_id IS NOT NULL"
    " AND form_id NOT IN :sheets AND NOT EXISTS (SELECT 1 FROM entry AS sheet WHERE sheet.about = entry.reference"
    " AND sheet.form_id = 'review' AND sheet.outcome = 'recorded' AND sheet.revision = (SELECT max(revision)"
    " FROM entry AS later WHERE later.reference = sheet.reference AND later.outcome = 'recorded')"
    " AND json_extract(sheet.answers, '$.level.value') != 'doubt' AND NOT EXISTS (SELECT 1 FROM entry AS later"
    " WHERE later.reference = entry.reference AND later.id > sheet.id AND later.light IN"
    " (SELECT value FROM json_each(:above, '$.' || json_extract(sheet.answers, '$.level.value')))))"
    " ORDER BY reference"
).bindparams(bindparam("sheets", expanding=True))
_WAITING = text(
    "SELECT reference, revision, outcome, highest_light AS light, recorded_at, urgent FROM entry"
    " WHERE acknowledged_at IS NULL AND (about IS NULL OR outcome != 'recorded')"
    " AND revision = (SELECT max(revision) FROM entry AS later"
    " WHERE later.reference = entry.reference)"
    " ORDER BY urgent DESC, CASE highest_light WHEN 'red' THEN 0 WHEN 'amber_or_red' THEN 2 WHEN 'amber' THEN 3"
    " WHEN 'undetermined' THEN 4 WHEN 'green' THEN 5 ELSE 1 END, recorded_at"
)
