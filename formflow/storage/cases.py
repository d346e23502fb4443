"""Many cases at once, for pages that show all of them: which have changed since, and their papers in a few statements."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, tzinfo
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, bindparam, func, or_, select

from formflow.core.model import EarlierIncident, History, Light, Outcome, Role
from formflow.core.references import find_revision, is_record, record_of
from formflow.core.wording import SHEET_WORDS
from formflow.rules.case.case import Case
from formflow.rules.matching import NearChild, NearRecord
from formflow.sdk.contract import Operation
from formflow.storage import case_states, children
from formflow.storage.entries import ENTRIES, HISTORY, LAST, as_entry, earlier
from formflow.storage.schema import AuditHead, AuditLine, Entry, Joined, Parcel, table_of
from formflow.storage.sqlite import json_text


@dataclass(frozen=True, slots=True)
class Mark:
    """How far a ledger has come: the last line of its audit trail, which no other copy of the ledger goes on from."""

    number: int = 0
    mac: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """One form or sheet of a case as it came, whether it counts or not. Moments are aware, UTC."""

    reference: str
    revision: int
    form_id: str | None
    outcome: Outcome
    received_at: datetime
    role: Role
    light: Light | None  # what the form suggests
    level: str  # what a review sheet decides, "" where nothing
    seen_at: datetime | None  # when somebody acknowledged its alert
    seen_by: str


NEAR_AT_ONCE = 100  # records of other children that are read together: hundreds may be near
Incident = tuple[int | None, EarlierIncident]  # and the child who displayed the behaviour


@dataclass(frozen=True, slots=True)
class Filing:
    """Where a destination holds the papers of one revision."""

    reference: str
    revision: int
    form_id: str | None
    destination: str
    where: str  # told from the destination's folder
    names: tuple[str, ...]  # of the files, those to be filled in or the paper and its copy as read
    is_to_decide: bool


@dataclass(frozen=True, slots=True)
class Whole:
    """A case, the children of the ledger that it is about, and what happened to its papers."""

    case: Case
    child: int | None
    child_b: int | None
    changes: tuple[Change, ...]  # first to last
    filings: tuple[Filing, ...]
    near: Sequence[
        tuple[NearChild, Sequence[NearRecord]]
    ] = ()  # who may be the same child, while undecided


def mark(connection: Connection) -> Mark:
    """Return how far the ledger has come."""
    row = connection.execute(_HEAD).first()
    return Mark(row.number, row.mac) if row else Mark()


def goes_on_from(connection: Connection, earlier_mark: Mark) -> bool:
    """Return whether the ledger is the one that had come so far, and no older copy of it."""
    mac = connection.execute(_MAC, {"number": earlier_mark.number}).scalar()
    return bool(mac) and mac == earlier_mark.mac


def changed(connection: Connection, since: int) -> set[str]:
    """Return the references of the records about which the audit trail says something after a line."""
    lines = connection.execute(_SUBJECTS, {"since": since}).scalars()
    subjects = ((find_revision(said) or (said,))[0] for said in lines)
    return {record for record in map(record_of, subjects) if is_record(record)}


def every(connection: Connection) -> list[str]:
    """Return the references of all records, oldest first."""
    return list(connection.execute(_EVERY).scalars())


def related(connection: Connection, references: Collection[str]) -> set[str]:
    """Return records together with all others whose pages say something else by them.

    Those about a child who displayed the behaviour in one of them, or about one joined with it, and those of
    whoever is near a child of theirs. Not those in which only the same child was targeted: no page of a case tells
    of them, and a child who is targeted often would have all of them drawn with each form.
    """
    same = _joined(connection)
    rows = connection.execute(_CHILDREN_OF, {"references": list(references)}).all()
    displayed = {one for row in rows for one in same.get(row.child_id, (row.child_id,)) if one}
    targeted = {one for row in rows for one in same.get(row.child_b_id, (row.child_b_id,)) if one}
    of_them = connection.execute(_RECORDS_OF, {"same": list(displayed)}).scalars()
    involved = displayed | targeted
    near = (one for child in involved for one in children.near(connection, child, until=LAST))
    return {*references, *of_them, *(paper for one in near for paper in one.papers)}


def of_child(connection: Connection, child: int) -> list[str]:
    """Return the references of the records that are, or once were, about a child or any joined with it."""
    same = _joined(connection).get(child, (child,))
    return list(connection.execute(_OF_CHILD, {"same": list(same)}).scalars())


def together(connection: Connection) -> Mapping[int, int]:
    """Return for each child that is joined with others the first of them."""
    return {child: min(same) for child, same in _joined(connection).items() if child}


def whole(
    connection: Connection, references: Sequence[str], zone: tzinfo, ages: tuple[int, int]
) -> Iterator[Whole]:
    """Yield cases by their references. What is no record, such as a sheet that counts for nothing, is left out.

    Who else may be the same child is looked up while that is for her to say: until the level is decided.
    Raise LedgerDamaged.
    """
    wanted = {"references": list(references), "until": LAST}
    papers = _grouped(connection.execute(_PAPERS, wanted))
    changes = _grouped(connection.execute(_CHANGES, wanted))
    filings = _grouped(connection.execute(_FILINGS, wanted))
    states = case_states.of_cases(connection, references)
    same = _joined(connection)
    history = _histories(connection, same, papers)
    found = list[Whole]()
    for reference in references:
        rows = papers[reference]
        if not rows or rows[0].form_id in SHEET_WORDS:
            continue
        last = [row for row in rows if row.about is None][-1]
        child, child_b = last.child_id, last.child_b_id
        first = as_entry(rows[0])
        case = Case(
            first,
            zone=zone,
            ages=ages,
            history=_history(history, same, child, reference),
            history_b=_history(history, same, child_b, reference),
            joined=tuple(
                children.child_reference(one) or "" for one in same.get(child, ()) if one != child
            ),
            changes=states.get(reference, ()),
            origin=first.identity,
        )
        found.append(
            Whole(
                _with_papers(case, rows[1:]),
                child,
                child_b,
                tuple(map(_change, changes[reference])),
                tuple(map(_filing, filings[reference])),
            )
        )
    yield from _with_near(connection, found, zone)


def _with_papers(case: Case, rows: Iterable[Row[*tuple[Any, ...]]]) -> Case:
    """Return a case with all its papers behind the first."""
    for paper in map(as_entry, rows):
        case = case.with_sheet(paper) if paper.about else case.with_revision(paper)
    return case


def _with_near(connection: Connection, found: Iterable[Whole], zone: tzinfo) -> Iterator[Whole]:
    """Yield cases with who may be the same child; each of the others' records is read once for all of them."""
    near = [
        (one, children.near(connection, one.child, until=LAST) if one.case.is_undecided else ())
        for one in found
    ]
    told = _near_records(connection, (other for _, others in near for other in others), zone, LAST)
    for one, others in near:
        yield replace(one, near=_told(others, told))


def of_near(
    connection: Connection, near: Sequence[NearChild], zone: tzinfo, *, until: int = LAST
) -> list[tuple[NearChild, list[NearRecord]]]:
    """Return children who may be the same as another with their records, as these were after an entry."""
    return _told(near, _near_records(connection, near, zone, until))


def _told(
    near: Iterable[NearChild], records: Mapping[str, NearRecord]
) -> list[tuple[NearChild, list[NearRecord]]]:
    return [(one, [records[name] for name in one.papers if name in records]) for one in near]


def _near_records(
    connection: Connection, near: Iterable[NearChild], zone: tzinfo, until: int
) -> dict[str, NearRecord]:
    """Return what is told of the records of children who are near, by reference. Raise LedgerDamaged."""
    names = sorted({name for one in near for name in one.papers})
    found: dict[str, NearRecord] = {}
    for at in range(0, len(names), NEAR_AT_ONCE):
        lot = {"references": names[at : at + NEAR_AT_ONCE], "until": until}
        papers = _grouped(connection.execute(_PAPERS, lot))
        for reference, rows in papers.items():
            first = as_entry(rows[0])
            if first.form_id not in SHEET_WORDS:
                case = _with_papers(Case(first, zone=zone), rows[1:])
                name = case.record.answers.get("child_a_name")
                found[reference] = NearRecord(
                    reference,
                    case.record.child_reference,
                    (name.value if name else "") or "",
                    case.level,
                )
    return found


def _grouped(rows: Any) -> dict[str, list[Row[*tuple[Any, ...]]]]:
    """Return rows by the record that they belong to."""
    found: dict[str, list[Row[*tuple[Any, ...]]]] = defaultdict(list)
    for row in rows:
        found[row.about or row.reference].append(row)
    return found


def _joined(connection: Connection) -> dict[int | None, tuple[int, ...]]:
    """Return for each child that is joined with others all of them, itself too, in order."""
    groups: dict[int | None, set[int]] = {}
    for one, other in connection.execute(_JOINED):
        both = groups.get(one, {one}) | groups.get(other, {other})
        groups.update(dict.fromkeys(both, both))
    return {child: tuple(sorted(group)) for child, group in groups.items()}


def _histories(
    connection: Connection,
    same: Mapping[int | None, tuple[int, ...]],
    papers: Mapping[str, list[Row[*tuple[Any, ...]]]],
) -> dict[int, dict[str, Incident]]:
    """Return the incidents of all children of some cases, by child and reference, in the order of HISTORY."""
    involved = {
        one
        for rows in papers.values()
        for row in rows
        for child in (row.child_id, row.child_b_id)
        if child
        for one in same.get(child, (child,))
    }
    found: dict[int, dict[str, Incident]] = defaultdict(dict)
    values = {"same": list(involved), "apart_from": "", "until": LAST}
    for row in connection.execute(HISTORY, values):
        one = row.child_id, earlier(row)  # shared by all cases that it comes before
        for child in {row.child_id, row.child_b_id} - {None}:
            found[child][row.reference] = one
    return found


def _history(
    known: Mapping[int, Mapping[str, Incident]],
    same: Mapping[int | None, tuple[int, ...]],
    child: int | None,
    apart_from: str,
) -> History:
    """Return the earlier papers about a child and all joined with it, as entries.history() does."""
    if child is None:
        return History()
    these = same.get(child, (child,))
    found = known.get(child, {})
    if len(these) > 1:  # of several the incidents lie apart: put together, in the order of HISTORY
        of_all = {name: one for this in these for name, one in known.get(this, {}).items()}
        found = dict(
            sorted(of_all.items(), key=lambda one: (one[1][1].incident_day or date.min, one[0]))
        )
    others = [one for name, one in found.items() if name != apart_from]
    return History(
        earlier=tuple(incident for whose, incident in others if whose in these),
        targeted=tuple(incident for whose, incident in others if whose not in these),
    )


def _change(row: Row[*tuple[Any, ...]]) -> Change:
    return Change(
        row.reference,
        row.revision,
        row.form_id,
        Outcome(row.outcome),
        datetime.fromisoformat(row.received_at),
        Role(row.role),
        Light(row.light) if row.light else None,
        row.level or "",
        datetime.fromisoformat(row.acknowledged_at) if row.acknowledged_at else None,
        row.acknowledged_by or "",
    )


def _filing(row: Row[*tuple[Any, ...]]) -> Filing:
    names = [name for name, _ in json.loads(row.attachments)]
    as_read = json.loads(row.headers).get("as_read")
    return Filing(
        row.reference,
        row.revision,
        row.form_id,
        row.destination,
        row.delivered_where or "",
        (*names, *([as_read] if as_read else [])),
        row.operation == Operation.DECIDE,
    )


_E, _P, _LINE, _HEADS = (
    table_of(Entry).c,
    table_of(Parcel).c,
    table_of(AuditLine).c,
    table_of(AuditHead).c,
)
_REFERENCES: ColumnElement[Any] = bindparam("references", expanding=True)
_OF_THEM = or_(_E.about.is_(None) & _E.reference.in_(_REFERENCES), _E.about.in_(_REFERENCES))
_HEAD = select(_HEADS.number, _HEADS.mac)
_MAC = select(_LINE.mac).where(_LINE.id == bindparam("number"))
_SUBJECTS = select(_LINE.reference).distinct().where(_LINE.id > bindparam("since"))
_EVERY = select(_E.reference).distinct().where(_E.about.is_(None)).order_by(_E.reference)
_CHILDREN_OF = (
    select(_E.child_id, _E.child_b_id)
    .distinct()
    .where(_E.about.is_(None), _E.reference.in_(_REFERENCES))
)
_SAME: ColumnElement[Any] = bindparam("same", expanding=True)
_RECORDS_OF = (
    select(_E.reference)
    .distinct()
    .where(_E.about.is_(None), or_(_E.child_id.in_(_SAME), _E.child_b_id.in_(_SAME)))
)
_RECORD = func.coalesce(_E.about, _E.reference)
_OF_CHILD = (
    select(_RECORD)
    .distinct()
    .where(or_(_E.child_id.in_(_SAME), _E.child_b_id.in_(_SAME)))
    .order_by(_RECORD)
)
_JOINED = select(table_of(Joined).c.child_id, table_of(Joined).c.other_id)
# In the order in which they came: of each form the last one counts, see entries.case().
_PAPERS = ENTRIES.where(
    _OF_THEM,
    or_(_E.about.is_(None), _E.outcome == Outcome.RECORDED),
    _E.id <= bindparam("until"),
).order_by(_E.id)
_CHANGES = (
    select(
        _E.reference,
        _E.about,
        _E.revision,
        _E.form_id,
        _E.outcome,
        _E.received_at,
        _E.role,
        _E.light,
        json_text(_E.answers, "level", "value").label("level"),
        _E.acknowledged_at,
        _E.acknowledged_by,
    )
    .where(_OF_THEM)
    .order_by(_E.id)
)
_FILINGS = (
    select(
        _E.reference,
        _E.about,
        _E.revision,
        _E.form_id,
        _P.destination,
        _P.operation,
        _P.delivered_where,
        _P.headers,
        _P.attachments,
    )
    .join_from(table_of(Entry), table_of(Parcel), _P.entry_id == _E.id)
    .where(
        _OF_THEM,
        _P.delivered_at.is_not(None),
        _P.operation.in_((Operation.RECORD, Operation.DECIDE)),
    )
    .order_by(_P.id)
)
