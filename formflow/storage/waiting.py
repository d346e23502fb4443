"""What waits for a person: revisions and sheets that nobody has acknowledged, records that wait for a decision."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, case, exists, func, or_, select

from formflow.core.model import CaseState, Light, Outcome
from formflow.core.wording import SHEET_WORDS
from formflow.rules.case.case import REVIEW
from formflow.rules.case.levels import Level, is_below
from formflow.rules.case.sheet_checks import TOLD
from formflow.storage import case_states
from formflow.storage.schema import Entry, table_of
from formflow.storage.sqlite import json_text


@dataclass(frozen=True, slots=True)
class Waiting:
    """A record that nobody has acknowledged yet."""

    reference: str
    revision: int
    outcome: Outcome
    light: Light | None
    since: datetime
    urgent: bool  # it cannot wait, whatever the light


def unacknowledged(connection: Connection) -> Iterator[Waiting]:
    """Yield what nobody has acknowledged, the most urgent first: the latest revisions, and every sheet with an alert."""
    for row in connection.execute(_WAITING):
        since = datetime.fromisoformat(row.recorded_at)
        light = Light(row.light) if row.light else None
        outcome = Outcome(row.outcome)
        yield Waiting(row.reference, row.revision, outcome, light, since, row.urgent)


def undecided(connection: Connection) -> Iterator[str]:
    """Yield the references of records that wait for a decision: none is made, it is in doubt, or it is reopened.

    Those that are closed, entered in error or duplicates are left out.
    """
    yield from connection.execute(_UNDECIDED).scalars()


_ENTRY = table_of(Entry)
_E = _ENTRY.c
_SHEET, _LATER = _ENTRY.alias("sheet").c, _ENTRY.alias("later").c
# The most urgent first; what could not be assessed comes after red.
_ORDER = {
    Light.RED: 0,
    Light.AMBER_OR_RED: 2,
    Light.AMBER: 3,
    Light.UNDETERMINED: 4,
    Light.GREEN: 5,
}
# A sheet that counts has an alert only where it does what only she may do.
_HAS_ALERT = and_(
    _E.about.is_not(None), or_(*(_E.notices.contains(f'"{code}"') for code in sorted(TOLD)))
)
_IS_LATEST = (
    _E.revision
    == select(func.max(_LATER.revision)).where(_LATER.reference == _E.reference).scalar_subquery()
)
_WAITING = (
    select(
        _E.reference,
        _E.revision,
        _E.outcome,
        _E.highest_light.label("light"),
        _E.recorded_at,
        _E.urgent,
    )
    .where(
        _E.acknowledged_at.is_(None),
        or_(
            _HAS_ALERT,
            and_(or_(_E.about.is_(None), _E.outcome != Outcome.RECORDED), _IS_LATEST),
        ),
    )
    .order_by(_E.urgent.desc(), case(_ORDER, value=_E.highest_light, else_=1), _E.recorded_at)
)
_LEVEL = json_text(_SHEET.answers, "level", "value")
_NEWEST_SHEET = (
    select(func.max(_LATER.revision))
    .where(_LATER.reference == _SHEET.reference, _LATER.outcome == Outcome.RECORDED)
    .scalar_subquery()
)
# A later form that suggests more than the level opens the decision again: is_below() in the database.
_REOPENED = exists().where(
    _LATER.reference == _SHEET.about,
    _LATER.id > _SHEET.id,
    or_(
        *(
            and_(
                _LEVEL.in_([level]),
                _LATER.light.in_([one for one in Light if is_below(level, one)]),
            )
            for level in Level
        )
    ),
)
# Whatever could be read is for the safeguarding lead to decide; a sheet in doubt leaves it open.
_DECIDED = exists().where(
    _SHEET.about == _E.reference,
    _SHEET.form_id == REVIEW,
    _SHEET.outcome == Outcome.RECORDED,
    _SHEET.revision == _NEWEST_SHEET,
    _LEVEL != Level.DOUBT,
    ~_REOPENED,
)
_UNDECIDED = (
    select(_E.reference)
    .distinct()
    .where(
        _E.about.is_(None),
        _E.form_id.is_not(None),
        _E.form_id.not_in(list(SHEET_WORDS)),
        ~_DECIDED,
        ~case_states.is_in(_E.reference, *(set(CaseState) - {CaseState.OPEN})),
    )
    .order_by(_E.reference)
)
