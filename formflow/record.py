"""Entry, parcels and tasks in ONE transaction: from here on the paper cannot be lost or doubled.

Which revision a paper is, what is known of the child, and the proposal are worked out inside the
transaction, so that two workers with two papers about one child see each other's.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, text

from formflow import ledger, parcels, shelf
from formflow.children import ChildKey, business_key, child_a, values_sha256
from formflow.contract import Connector, Operation, Parcel
from formflow.decide import decide
from formflow.forms import Form
from formflow.model import (
    Checked,
    Entry,
    History,
    Light,
    Notice,
    Outcome,
    Proposal,
    Unread,
    highest,
)
from formflow.notices import notice
from formflow.paper.as_read import as_read
from formflow.settings import Settings

_PRIORITIES = {
    Operation.ALERT: ledger.PRIORITY_ALERT,
    Operation.RECEIPT: ledger.PRIORITY_RECEIPT,
    Operation.RETURN: ledger.PRIORITY_RECEIPT,
    Operation.RECORD: ledger.PRIORITY_RECORD,
}


@dataclass(frozen=True, slots=True)
class Office:
    """What recording needs to know besides the paper."""

    settings: Settings
    destinations: Mapping[str, Connector]


@dataclass(frozen=True, slots=True)
class Arrived:
    """A paper as the ledger knows it, before it is recorded."""

    paper_id: int
    sha256: str  # "" for what is not a file
    received_at: datetime
    suffix: str  # ".pdf" as a rule


@dataclass(frozen=True, slots=True)
class Recorded:
    """The entry that a paper became, or the one that it repeats without a change."""

    entry_id: int
    repeats: bool


@dataclass(frozen=True, slots=True)
class _Identity:
    """Where a paper belongs among those we have."""

    child_id: int | None = None
    business_key: str | None = None
    values_sha256: str | None = None
    previous: Row[Any] | None = None  # the latest revision about the same incident
    possible_duplicate_of: str | None = None

    @property
    def light_before(self) -> Light | None:
        before = self.previous
        return Light(before.highest_light) if before and before.highest_light else None

    @property
    def is_unchanged(self) -> bool:
        # A held revision is never "the same again": the new file may be the sound one.
        before = self.previous
        return (
            before is not None
            and before.values_sha256 == self.values_sha256
            and before.outcome != Outcome.HELD
        )


def record(
    connection: Connection,
    office: Office,
    arrived: Arrived,
    result: Checked | Unread,
    form: Form | None,
    now: datetime,
) -> Recorded:
    """Record a paper in the caller's transaction; return the entry it belongs to.

    A paper with the same answers as the revision before is no new entry: it is a repeat of that one.
    """
    identity = _identify(connection, result)
    if identity.previous is not None and identity.is_unchanged:
        recorded = Recorded(int(identity.previous.id), repeats=True)
    else:
        entry = _entry(connection, office, arrived, result, identity, now)
        recorded = Recorded(_insert(connection, arrived, entry, identity), repeats=False)
        _send(connection, office, entry, recorded.entry_id, form)
    connection.execute(_LINK, {"entry": recorded.entry_id, "paper": arrived.paper_id})
    return recorded


def send_receipt(
    connection: Connection,
    destinations: Mapping[str, Connector],
    occasion: parcels.Occasion,
    entry_id: int,
    arrival_id: int,
    page: str,
) -> None:
    """Send the receipt for a paper that came again, in the caller's transaction."""
    for name, connector in destinations.items():
        if Operation.RECEIPT in connector.capabilities.operations:
            made = parcels.repeat_parcel(occasion, name, arrival_id, page)
            _post(connection, connector, entry_id, name, made)


def _identify(connection: Connection, result: Checked | Unread) -> _Identity:
    if isinstance(result, Unread):
        return _Identity()
    reading, facts = result.reading, result.facts
    child = child_a(facts)
    key = business_key(reading.form_id, facts)
    child_id = _child_id(connection, child) if child else None
    values = values_sha256(reading.form_id, reading.form_version, reading.answers)
    if key is not None:
        rows = connection.execute(_BY_BUSINESS_KEY, {"key": key}).all()
        if len({row.reference for row in rows}) == 1:
            return _Identity(child_id, key, values, rows[-1])
    # Without a full key, or with two candidates, a person compares: nothing is joined by a guess.
    alike = connection.execute(
        _ALIKE,
        {
            "values": values if any(a.value for a in reading.answers.values()) else None,
            "child": child_id,
            "day": _incident_day(result),
        },
    ).first()
    return _Identity(child_id, key, values, None, alike.reference if alike else None)


def _child_id(connection: Connection, child: ChildKey) -> int:
    values = {"name": child.name_key, "born": child.born.isoformat()}
    connection.execute(_ADD_CHILD, values)
    return int(connection.execute(_FIND_CHILD, values).scalar_one())


def _entry(
    connection: Connection,
    office: Office,
    arrived: Arrived,
    result: Checked | Unread,
    identity: _Identity,
    now: datetime,
) -> Entry:
    reference, revision = _number(connection, office, identity, now)
    earlier = shelf.history(connection, identity.child_id, apart_from=reference)
    notices, proposal = _assess(result, earlier, now)
    checked = result if isinstance(result, Checked) else None
    return Entry(
        reference=reference,
        revision=revision,
        outcome=_outcome(result, notices),
        received_at=arrived.received_at,
        recorded_at=now,
        sha256=arrived.sha256,
        original_suffix=arrived.suffix,
        form_id=checked.reading.form_id if checked else None,
        form_version=checked.reading.form_version if checked else None,
        child_reference=shelf.child_reference(identity.child_id),
        supersedes=revision - 1 or None,
        incident_day=_incident_moment_day(checked),
        highest_light=highest(proposal.light if proposal else None, identity.light_before),
        answers=checked.reading.answers if checked else {},
        notices=notices,
        proposal=proposal,
        possible_duplicate_of=identity.possible_duplicate_of,
    )


def _assess(
    result: Checked | Unread, earlier: History, now: datetime
) -> tuple[tuple[Notice, ...], Proposal | None]:
    if isinstance(result, Unread):
        return (notice(result.reason, words=result.words),), None
    return result.notices, decide(result.facts, earlier, now.date())


def _outcome(result: Checked | Unread, notices: tuple[Notice, ...]) -> Outcome:
    if isinstance(result, Unread):
        return Outcome.UNREADABLE
    if result.reading.confirm or any(found.holds for found in notices):
        return Outcome.HELD
    if any(found.returns for found in notices):
        return Outcome.RETURNED
    return Outcome.RECORDED


def _incident_moment_day(checked: Checked | None) -> Any:
    moment = checked.facts.moments.get("incident_at") if checked else None
    return moment.day if moment else None


def _incident_day(checked: Checked) -> str | None:
    day = _incident_moment_day(checked)
    return day.isoformat() if day else None


def _number(
    connection: Connection, office: Office, identity: _Identity, now: datetime
) -> tuple[str, int]:
    if identity.previous is not None:
        return identity.previous.reference, identity.previous.revision + 1
    agency = office.settings.agency
    year = now.astimezone(office.settings.zone).year
    last = connection.execute(_COUNT, {"name": f"reference-{year}"}).scalar_one()
    return f"{agency.reference_prefix}-{year}-{last:06d}", 1


def _insert(connection: Connection, arrived: Arrived, entry: Entry, identity: _Identity) -> int:
    inserted = connection.execute(
        _ADD_ENTRY,
        {
            "reference": entry.reference,
            "revision": entry.revision,
            "supersedes": entry.supersedes,
            "outcome": entry.outcome,
            "received_at": entry.received_at.isoformat(),
            "recorded_at": entry.recorded_at.isoformat(),
            "paper_id": arrived.paper_id,
            "form_id": entry.form_id,
            "form_version": entry.form_version,
            "child_id": identity.child_id,
            "business_key": identity.business_key,
            "values_sha256": identity.values_sha256,
            "incident_day": entry.incident_day.isoformat() if entry.incident_day else None,
            "light": entry.proposal.light if entry.proposal else None,
            "highest_light": entry.highest_light,
            "possible_duplicate_of": entry.possible_duplicate_of,
            "answers": shelf.dumped(entry.answers, shelf.Answers),
            "notices": shelf.dumped(entry.notices, shelf.Notices),
            "proposal": shelf.dumped(entry.proposal, Proposal) if entry.proposal else None,
        },
    )
    return int(inserted.lastrowid)


def _send(
    connection: Connection, office: Office, entry: Entry, entry_id: int, form: Form | None
) -> None:
    occasion = parcels.Occasion(entry, form, office.settings)
    sheet = as_read(form, entry, office.settings.zone) if _anyone_wants_as_read(office) else b""
    for name, connector in office.destinations.items():
        for operation in parcels.operations(entry, connector.capabilities):
            made = parcels.parcel(occasion, name, operation, connector.capabilities, sheet)
            _post(connection, connector, entry_id, name, made)


def _post(
    connection: Connection,
    connector: Connector,
    entry_id: int,
    destination: str,
    made: Parcel,
) -> None:
    """Render one parcel and put it on the list. What cannot be rendered holds that parcel alone."""
    try:
        prepared = connector.prepare(made)
    except Exception:  # noqa: BLE001 - a connector's mistake must not cost the record or the alert
        prepared = None
    inserted = connection.execute(
        _ADD_PARCEL,
        {
            "key": made.key,
            "entry_id": entry_id,
            "destination": destination,
            "operation": made.operation,
            "body": prepared.body if prepared else None,
            "headers": json.dumps(dict(prepared.headers)) if prepared else "{}",
            "original": prepared.original_sha256 if prepared else None,
        },
    )
    ledger.add(
        connection,
        "deliver",
        int(inserted.lastrowid),
        priority=_PRIORITIES[made.operation],
        lane=destination,
    )


def _anyone_wants_as_read(office: Office) -> bool:
    return any(c.capabilities.wants_as_read for c in office.destinations.values())


_LINK = text("UPDATE paper SET entry_id = :entry WHERE id = :paper")
_BY_BUSINESS_KEY = text(
    "SELECT id, reference, revision, values_sha256, outcome, highest_light FROM entry WHERE business_key = :key"
    " ORDER BY revision"
)
_ALIKE = text(
    "SELECT reference FROM entry WHERE values_sha256 = :values"
    " OR (child_id = :child AND incident_day = :day) ORDER BY id LIMIT 1"
)
_ADD_CHILD = text("INSERT INTO child (name_key, born) VALUES (:name, :born) ON CONFLICT DO NOTHING")
_FIND_CHILD = text("SELECT id FROM child WHERE name_key = :name AND born = :born")
_COUNT = text(
    "INSERT INTO counter (name, last) VALUES (:name, 1)"
    " ON CONFLICT (name) DO UPDATE SET last = last + 1 RETURNING last"
)
_ADD_ENTRY = text(
    "INSERT INTO entry (reference, revision, supersedes, outcome, received_at, recorded_at, paper_id,"
    " form_id, form_version, child_id, business_key, values_sha256, incident_day, light, highest_light,"
    " possible_duplicate_of, answers, notices, proposal)"
    " VALUES (:reference, :revision, :supersedes, :outcome, :received_at, :recorded_at, :paper_id,"
    " :form_id, :form_version, :child_id, :business_key, :values_sha256, :incident_day, :light,"
    " :highest_light, :possible_duplicate_of, :answers, :notices, :proposal)"
)
_ADD_PARCEL = text(
    "INSERT INTO parcel (key, entry_id, destination, operation, body, headers, original_sha256)"
    " VALUES (:key, :entry_id, :destination, :operation, :body, :headers, :original)"
)
