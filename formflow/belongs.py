"""Where a paper belongs among those we have: by its reference, by its path, by the incident.

Worked out inside the recording transaction. Without certainty nothing is joined: a person compares.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import Connection, Row, TextClause, text

from formflow import shelf, who
from formflow.children import business_key, child_key, valid_upn, values_sha256
from formflow.enclose import TO_A_PERSON
from formflow.forms import Form
from formflow.model import Checked, Light, Notice, Outcome, Unread
from formflow.notices import notice
from formflow.sheets import OF_CHILD_B, REVIEW, SAME_CHILD, Case


@dataclass(frozen=True, slots=True)
class Identity:
    """Where a paper belongs among those we have."""

    child_id: int | None = None
    child_b_id: int | None = None
    business_key: str | None = None
    values_sha256: str | None = None
    previous: Row[Any] | None = None  # the latest revision about the same incident
    possible_duplicate_of: str | None = None
    problems: tuple[Notice, ...] = ()  # with what the paper says of where it belongs
    is_doubted: bool = False  # True: something stands against this paper itself
    about: Case | None = None  # of a sheet: the record it belongs to, as it stood before
    sheet: str = ""  # of a sheet: its own reference, "FF-2026-000123-F2"

    @property
    def light_before(self) -> Light | None:
        before = self.previous
        return Light(before.highest_light) if before and before.highest_light else None

    @property
    def is_unchanged(self) -> bool:
        # A held revision is never "the same again": the new file may be the sound one. Nor is a paper
        # with something against it: the same answers may be stored and others shown.
        before = self.previous
        return (
            before is not None
            and not self.is_doubted
            and before.values_sha256 == self.values_sha256
            and before.outcome != Outcome.HELD
        )


def identify(connection: Connection, result: Checked | Unread, continues: int | None) -> Identity:
    """Return where a paper belongs: by its own reference, by the path it grew on, by the incident."""
    grown = _latest(connection, _BY_PAPER, paper=continues)
    if isinstance(result, Unread):
        before = shelf.entry(connection, grown.id).notices if grown is not None else ()
        another_reason = result.reason not in {found.code for found in before}
        return Identity(previous=grown, is_doubted=another_reason)
    reading, facts = result.reading, result.facts
    number = valid_upn(facts.texts.get("child_a_number", ""))
    child_id = who.child_id(connection, child_key(facts, "child_a"), number)
    child_b_id = who.child_id(connection, child_key(facts, "child_b"), "")
    key = business_key(reading.form_id, facts)
    values = values_sha256(reading.form_id, reading.form_version, reading.answers)
    # That it was read from print or a picture is no doubt by itself, where the answers are the same.
    doubted = bool(reading.carries) or any(hold.code not in TO_A_PERSON for hold in reading.held)
    wrong = (notice("FF-228"),) if who.contradicts(connection, child_id, number) else ()
    own = Identity(child_id, child_b_id, key, values, problems=wrong, is_doubted=doubted)
    if grown is not None and _may_follow(grown, own, result):
        return replace(own, previous=grown)
    if reading.case_ref:
        named = _latest(connection, _BY_REFERENCE, reference=reading.case_ref)
        if named is not None and _may_follow(named, own, result):
            return replace(own, previous=named)
        code = "FF-130" if named is None else "FF-131"
        words = {"reference": _plain_reference(reading.case_ref)}
        return replace(own, problems=(*wrong, notice(code, words=words)))
    if key is not None:
        rows = connection.execute(_BY_BUSINESS_KEY, {"key": key}).all()
        if len({row.reference for row in rows}) == 1:
            return replace(own, previous=rows[-1])
    # Without a full key, or with two candidates, a person compares: nothing is joined by a guess.
    alike = connection.execute(
        _ALIKE,
        {
            "values": values if any(a.value for a in reading.answers.values()) else None,
            "child": child_id,
            "day": _iso_day(result),
        },
    ).first()
    return replace(own, possible_duplicate_of=alike.reference if alike else None)


def identify_sheet(connection: Connection, checked: Checked, form: Form) -> Identity:
    """Return which record a sheet belongs to: by the reference that it was filled in for, or none."""
    reading = checked.reading
    values = values_sha256(reading.form_id, reading.form_version, reading.answers)
    own = Identity(values_sha256=values, is_doubted=bool(reading.carries or reading.held))
    said = _FILLED_IN_FOR.fullmatch(reading.case_ref)
    if said is None:
        return replace(own, problems=(notice("FF-226"),))
    about = shelf.case(connection, said["reference"])
    if about is None:
        words = {"reference": said["reference"]}
        return replace(own, problems=(notice("FF-224", words=words),))
    old = int(said["revision"] or 1) < about.record.revision and form.form_id == REVIEW
    same = checked.facts.texts.get(SAME_CHILD, "")
    nobody = bool(same) and who.named(connection, same) is None
    reference = f"{about.record.reference}-{form.code}{said['child'] or ''}"
    return replace(
        own,
        sheet=reference,
        child_id=_child_of_sheet(connection, checked, form, about),
        previous=_latest(connection, _BY_REFERENCE, reference=reference),
        problems=(
            *([notice("FF-225")] if old else []),
            *([notice("FF-229", field=SAME_CHILD)] if nobody else []),
        ),
        about=about,
    )


def _child_of_sheet(
    connection: Connection, checked: Checked, form: Form, about: Case
) -> int | None:
    """Return in whose file a sheet belongs: what is about child B alone lies in child B's file."""
    if form.form_id not in OF_CHILD_B:
        found = connection.execute(_CHILD_OF, {"reference": about.record.reference}).scalar()
        return None if found is None else int(found)
    number = valid_upn(checked.facts.texts.get("child_number", ""))
    return who.child_id(connection, child_key(checked.facts, "child"), number)


def _latest(connection: Connection, query: TextClause, **words: Any) -> Row[Any] | None:
    return connection.execute(query, words).first()


def _may_follow(before: Row[Any], own: Identity, result: Checked) -> bool:
    """Return whether a paper can be the next revision of a record that it says it belongs to.

    What is confirmed is followed by papers about the same child and day alone: an old copy that is
    filled in for somebody else must not end in the first child's record.
    """
    if before.outcome in (Outcome.HELD, Outcome.UNREADABLE) or before.business_key is None:
        return True
    same_child = before.child_id == own.child_id
    return same_child and before.incident_day in (None, _iso_day(result))


def _plain_reference(said: str) -> str:
    """Return a reference that stood in a file, fit to be shown."""
    return said if re.fullmatch(r"[A-Z]{1,6}-\d{4}-\d{6}", said) else "that it names"


def incident_day(checked: Checked | None) -> date | None:
    moment = checked.facts.moments.get("incident_at") if checked else None
    return moment.day if moment else None


def _iso_day(checked: Checked) -> str | None:
    day = incident_day(checked)
    return day.isoformat() if day else None


_FILLED_IN_FOR = re.compile(
    r"(?P<reference>[A-Z]{1,6}-\d{4}-\d{6,})(?: r(?P<revision>\d+))?(?: child (?P<child>\d+))?"
)
_CHILD_OF = text(
    "SELECT child_id FROM entry WHERE reference = :reference ORDER BY revision DESC LIMIT 1"
)
_BY_BUSINESS_KEY = text(
    "SELECT id, reference, revision, values_sha256, outcome, highest_light FROM entry WHERE business_key = :key"
    " ORDER BY revision"
)
_BY_REFERENCE = text(
    "SELECT id, reference, revision, values_sha256, outcome, highest_light, child_id, business_key,"
    " incident_day FROM entry WHERE reference = :reference ORDER BY revision DESC LIMIT 1"
)
_BY_PAPER = text(
    "SELECT entry.id, reference, revision, values_sha256, outcome, highest_light, child_id,"
    " business_key, incident_day FROM entry WHERE reference = (SELECT entry.reference FROM entry"
    " JOIN paper ON paper.entry_id = entry.id WHERE paper.id = :paper) ORDER BY revision DESC LIMIT 1"
)
_ALIKE = text(
    "SELECT reference FROM entry WHERE values_sha256 = :values"
    " OR (child_id = :child AND incident_day = :day) ORDER BY id LIMIT 1"
)
