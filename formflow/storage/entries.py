"""Where entries are written and looked up: rows of the ledger become papers again.

The words of a paper are stored as JSON beside the few columns that are searched.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from functools import cache
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Connection, Row, bindparam, func, insert, or_, select

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
from formflow.core.references import at_revision, short
from formflow.core.wording import SHEET_WORDS
from formflow.rules.case.case import AGES, REVIEW, Case
from formflow.storage import audit_trail, case_states, children, counters, seals
from formflow.storage.audit_trail import AuditEvent, Happened, Trail
from formflow.storage.case_states import LAST as LAST
from formflow.storage.case_states import SET_APART
from formflow.storage.database import inserted
from formflow.storage.originals import safe_suffix
from formflow.storage.schema import AuditLine, Paper, Task, TaskKind, TaskState, table_of
from formflow.storage.schema import Entry as EntryRow
from formflow.storage.sqlite import json_text

COMES_UP = "comes-up-again"  # last code of a reminder that has been told and is still due


@dataclass(frozen=True, slots=True)
class Keys:
    """What papers are found by that belong together, as far as it is known."""

    child_id: int | None
    child_b_id: int | None  # the child who was targeted
    business_key: str | None
    values_sha256: str | None


def entry(connection: Connection, entry_id: int) -> Entry:
    """Return one revision by its number in the ledger. Raise LookupError."""
    row = connection.execute(_BY_ID, {"id": entry_id}).first()
    if row is None:
        raise LookupError(entry_id)
    return as_entry(row)


def cannot_wait(connection: Connection, entry_id: int) -> Entry | None:
    """Return a revision that cannot wait and that nobody has acknowledged, None where it is not so."""
    is_so = connection.execute(_CANNOT_WAIT, {"id": entry_id}).first() is not None
    return entry(connection, entry_id) if is_so else None


def revisions(connection: Connection, reference: str) -> list[Entry]:
    """Return every revision of a record, first to last; [] when there is none."""
    rows = connection.execute(_REVISIONS, {"reference": reference})
    return [as_entry(row) for row in rows]


def numbers(connection: Connection, reference: str) -> list[int]:
    """Return the numbers in the ledger of every revision of a record or sheet, first to last."""
    return list(connection.execute(_NUMBERS, {"reference": reference}).scalars())


def origin(connection: Connection, reference: str) -> str:
    """Return what tells a record from one of the same reference in another copy of the ledger; "" for no record."""
    row = connection.execute(_REVISIONS, {"reference": reference}).first()
    return as_entry(row).identity if row is not None else ""


def history(
    connection: Connection, child_id: int | None, *, apart_from: str | None, until: int = LAST
) -> History:
    """Return the earlier papers about a child and all joined with it, oldest first, leaving one out.

    `until` is the number of the last entry that counts.
    """
    if child_id is None:
        return History()
    same = children.joined(connection, child_id)
    values = {"same": same, "apart_from": apart_from or "", "until": until}
    rows = connection.execute(HISTORY, values).all()
    return History(
        earlier=tuple(earlier(row) for row in rows if row.child_id in same),
        targeted=tuple(earlier(row) for row in rows if row.child_id not in same),
    )


def earlier(row: Row[*tuple[Any, ...]]) -> EarlierIncident:
    """Return a row of HISTORY as an earlier incident."""
    return EarlierIncident(
        row.reference,
        date.fromisoformat(row.incident_day) if row.incident_day else None,
        Light(row.light or Light.UNDETERMINED),
        row.decided,
    )


def case(
    connection: Connection,
    reference: str,
    zone: tzinfo,
    *,
    ages: tuple[int, int] = AGES,
    until: int = LAST,
) -> Case | None:
    """Return a record with the sheets about it that count, None when there is no such record.

    `zone` is the agency's: it says on which day something was recorded. `ages` are those for which its model of
    assessment is: they matter where steps are looked at. `until` is the number of the last
    entry that counts: the case is as it was then, but for children whom the safeguarding lead has joined
    since. What she says of a child holds for its earlier papers, too.
    """
    rows = connection.execute(_CASE, {"reference": reference, "until": until}).all()
    papers = (as_entry(row) for row in rows)
    first = next(papers, None)
    if first is None or first.form_id in SHEET_WORDS:
        return None  # a sheet that counts for nothing has a reference of its own, and is no record
    child, child_b = children_of(connection, reference, until=until)
    found = Case(
        first,
        zone=zone,
        ages=ages,
        history=history(connection, child, apart_from=reference, until=until),
        history_b=history(connection, child_b, apart_from=reference, until=until),
        near=children.near(connection, child, until=until),
        joined=_joined(connection, child),
        changes=case_states.of_cases(connection, [reference], until=until).get(reference, ()),
        origin=first.identity,
    )
    for paper in papers:
        found = found.with_sheet(paper) if paper.about else found.with_revision(paper)
    return found


def children_of(
    connection: Connection, reference: str, *, until: int = LAST
) -> tuple[int | None, int | None]:
    """Return the child whose record this is, and the one who was targeted. Raise NoResultFound."""
    values = {"reference": reference, "until": until}
    child, child_b = connection.execute(_CHILDREN_OF, values).one()
    return child, child_b


def records_of(connection: Connection, child_id: int, *, targeted: bool) -> list[str]:
    """Return the references of the records in which a child displayed the behaviour, or was targeted."""
    query = _RECORDS_OF_B if targeted else _RECORDS_OF
    return list(connection.execute(query, {"child": child_id}).scalars())


def reminds(connection: Connection, reference: str) -> int | None:
    """Return which entry reminds of a case: the newest paper of it that still has a reminder, None for none."""
    found = connection.execute(_REMINDS, {"reference": reference}).scalar()
    return None if found is None else int(found)


def coming_up(connection: Connection, at: datetime) -> list[int]:
    """Return the entries whose cases come up by a moment, or came up before and are not done yet."""
    wanted = {"by": at.timestamp(), "came_up": COMES_UP}
    return list(connection.execute(_COMING_UP, wanted).scalars())


def _joined(connection: Connection, child: int | None) -> tuple[str, ...]:
    """Return the references of those joined with a child."""
    same = children.joined(connection, child) if child is not None else []
    return tuple(children.child_reference(one) or "" for one in same if one != child)


def add(connection: Connection, trail: Trail, entry: Entry, paper_id: int, keys: Keys) -> int:
    """Write an entry and its line of the audit trail, in the caller's transaction; return its number in the ledger."""
    counters.next_of(connection, counters.ENTRIES)
    row = {
        "reference": entry.reference,
        "revision": entry.revision,
        "supersedes": entry.supersedes,
        "outcome": entry.outcome,
        "received_at": entry.received_at.isoformat(),
        "recorded_at": entry.recorded_at.isoformat(),
        "paper_id": paper_id,
        "form_id": entry.form_id,
        "form_version": entry.form_version,
        "child_id": keys.child_id,
        "child_b_id": keys.child_b_id,
        "business_key": keys.business_key,
        "values_sha256": keys.values_sha256,
        "incident_day": entry.incident_day.isoformat() if entry.incident_day else None,
        "light": entry.proposal.light if entry.proposal else None,
        "highest_light": entry.highest_light,
        "possible_duplicate_of": entry.possible_duplicate_of,
        "about": entry.about,
        "urgent": entry.urgent,
        "role": entry.role,
        "epoch": entry.epoch,
        "filed": entry.filed,
        "pictures": entry.pictures,
        "answers": _dumped(entry.answers, Answers),
        "notices": _dumped(entry.notices, Notices),
        "proposal": _dumped(entry.proposal, Proposal) if entry.proposal else None,
    }
    seal = seals.of_entry(row | {"sha256": entry.sha256 or None})
    line = trail.note(connection, entry.recorded_at, _recorded(entry, seal))
    return inserted(connection, _ADD, row | {"seal": seal, "audit_line": line})


def _recorded(entry: Entry, seal: str) -> Happened:
    name, paper = at_revision(entry.reference, entry.revision), f"paper {short(entry.sha256)}"
    detail = paper if entry.outcome is Outcome.RECORDED else f"{entry.outcome}, {paper}"
    return Happened(AuditEvent.RECORDED, name, detail=detail, digest=seal)


def count_records(connection: Connection) -> int:
    """Return how many records there are, whatever their revisions and sheets."""
    return int(connection.execute(_COUNT).scalar_one())


def known(connection: Connection) -> set[tuple[str, int]]:
    """Return reference and revision of everything on record."""
    return {(row.reference, row.revision) for row in connection.execute(_KNOWN)}


def newest(connection: Connection) -> datetime | None:
    """Return when something was recorded last, None in an empty ledger."""
    found = connection.execute(_NEWEST).scalar()
    return datetime.fromisoformat(found) if found else None


def _dumped(papers: Any, kind: Any) -> str:
    return _adapter(kind).dump_json(papers).decode()


def as_entry(row: Row[*tuple[Any, ...]]) -> Entry:
    """Return a row of ENTRIES as an entry. Raise LedgerDamaged where it is not what was written."""
    seals.compare(row.seal, seals.of_entry(row._mapping))
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
        filed=row.filed,
        pictures=row.pictures,
        audited=audit_trail.printed(row.audit_line, row.mac) if row.mac else "",
    )


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


Answers = Mapping[str, Answer]
Notices = tuple[Notice, ...]

_ENTRY, _PAPER, _TASK = table_of(EntryRow), table_of(Paper), table_of(Task)
_E = _ENTRY.c
_LATER, _SHEET = _ENTRY.alias("later"), _ENTRY.alias("sheet")
_ADD = insert(_ENTRY)
_LINE = table_of(AuditLine).c
ENTRIES = (
    select(_ENTRY, _PAPER.c.sha256, _PAPER.c.file_name, _LINE.mac)
    .join_from(_ENTRY, _PAPER, _PAPER.c.id == _E.paper_id)
    .outerjoin(table_of(AuditLine), _LINE.id == _E.audit_line)
)
_BY_ID = ENTRIES.where(_E.id == bindparam("id"))
_REVISIONS = ENTRIES.where(_E.reference == bindparam("reference")).order_by(_E.revision)
_NUMBERS = select(_E.id).where(_E.reference == bindparam("reference")).order_by(_E.revision)
# Oldest first: of each form the last one counts, and what came after a decision may reopen it.
_CASE = ENTRIES.where(
    or_(
        _E.about.is_(None) & (_E.reference == bindparam("reference")),
        (_E.about == bindparam("reference")) & (_E.outcome == Outcome.RECORDED),
    ),
    _E.id <= bindparam("until"),
).order_by(_E.id)
_REMINDS = (
    select(func.max(_TASK.c.ref_id))
    .join_from(
        _ENTRY,
        _TASK,
        (_TASK.c.ref_id == _E.id)
        & (_TASK.c.kind == TaskKind.REMIND)
        & (_TASK.c.state != TaskState.DONE),
    )
    .where(or_(_E.reference == bindparam("reference"), _E.about == bindparam("reference")))
)
_COMING_UP = (
    select(_TASK.c.ref_id)
    .where(
        _TASK.c.kind == TaskKind.REMIND,
        _TASK.c.state != TaskState.DONE,
        (_TASK.c.due <= bindparam("by")) | (_TASK.c.last_code == bindparam("came_up")),
    )
    .order_by(_TASK.c.ref_id)
)
_CHILDREN_OF = (
    select(_E.child_id, _E.child_b_id)
    .where(_E.reference == bindparam("reference"), _E.id <= bindparam("until"))
    .order_by(_E.revision.desc())
    .limit(1)
)
_RECORDS = select(_E.reference).distinct().where(_E.about.is_(None)).order_by(_E.reference)
_RECORDS_OF = _RECORDS.where(_E.child_id == bindparam("child"))
_RECORDS_OF_B = _RECORDS.where(_E.child_b_id == bindparam("child"))
_DECIDED = (
    select(json_text(_SHEET.c.answers, "level", "value"))
    .where(
        _SHEET.c.about == _E.reference,
        _SHEET.c.form_id == REVIEW,
        _SHEET.c.outcome == Outcome.RECORDED,
        _SHEET.c.id <= bindparam("until"),
    )
    .order_by(_SHEET.c.revision.desc())
    .limit(1)
    .scalar_subquery()
)
_IS_LATEST = _E.revision == (
    select(func.max(_LATER.c.revision))
    .where(_LATER.c.reference == _E.reference, _LATER.c.id <= bindparam("until"))
    .scalar_subquery()
)
_IS_ABOUT_THEM = or_(
    _E.child_id.in_(bindparam("same", expanding=True)),
    _E.child_b_id.in_(bindparam("same", expanding=True)),
)
HISTORY = (
    select(
        _E.reference,
        _E.child_id,
        _E.child_b_id,
        _E.incident_day,
        _E.highest_light.label("light"),
        _DECIDED.label("decided"),
    )
    .where(
        _IS_ABOUT_THEM,
        _E.about.is_(None),
        _E.reference != bindparam("apart_from"),
        _E.id <= bindparam("until"),
        _IS_LATEST,
        ~case_states.is_in(_E.reference, *SET_APART),
    )
    .order_by(_E.incident_day, _E.reference)
)
_CANNOT_WAIT = select(_E.id).where(
    _E.id == bindparam("id"), _E.urgent, _E.acknowledged_at.is_(None)
)
_COUNT = select(func.count(_E.reference.distinct())).where(_E.about.is_(None))
_KNOWN = select(_E.reference, _E.revision)
_NEWEST = select(func.max(_E.recorded_at))
