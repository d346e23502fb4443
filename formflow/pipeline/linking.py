"""Where a paper belongs among those we have: by its reference, by its path, by the incident.

Worked out inside the recording transaction. Without certainty nothing is joined: a person compares.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from zoneinfo import ZoneInfo

from formflow.core.messages import notice
from formflow.core.model import Checked, Facts, Light, Notice, Outcome, Unread
from formflow.core.references import CopyReference, is_record, sheet_reference
from formflow.core.wording import SHEET_WORDS
from formflow.documents.enclosures import TO_A_PERSON
from formflow.forms.catalogue import Form
from formflow.rules.case.case import OF_CHILD_B, REVIEW, SAME_CHILD, Case
from formflow.rules.case.named_child import child_said
from formflow.rules.matching import (
    Named,
    business_key,
    child_key,
    is_same,
    name_key,
    valid_upn,
    values_sha256,
    visible,
    why_misread,
)
from formflow.storage import children, entries, revisions
from formflow.storage.database import Connection
from formflow.storage.entries import Keys
from formflow.storage.revisions import Revision

LONGEST_CLAIM = 60  # letters of what a sheet says of itself


@dataclass(frozen=True, slots=True)
class Identity:
    """Where a paper belongs among those we have."""

    child_id: int | None = None
    child_b_id: int | None = None
    business_key: str | None = None
    values_sha256: str | None = None
    previous: Revision | None = None  # the latest revision about the same incident
    possible_duplicate_of: str | None = None
    problems: tuple[Notice, ...] = ()  # with what the paper says of where it belongs
    is_doubted: bool = False  # True: something stands against this paper itself
    about: Case | None = None  # of a sheet: the record it belongs to, as it stood before
    sheet: str = ""  # of a sheet: its own reference, "FF-2026-000123-F2"

    @property
    def keys(self) -> Keys:
        """What later papers find this one by."""
        return Keys(self.child_id, self.child_b_id, self.business_key, self.values_sha256)

    @property
    def light_before(self) -> Light | None:
        return self.previous.highest_light if self.previous else None

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


def identify(
    connection: Connection, result: Checked | Unread, continues: int | None, zone: ZoneInfo
) -> Identity:
    """Return where a paper belongs: by its own reference, by the path it grew on, by the incident."""
    grown = _record(revisions.by_paper(connection, continues))
    if isinstance(result, Unread):
        before = entries.entry(connection, grown.id).notices if grown is not None else ()
        another_reason = result.reason not in {found.code for found in before}
        return Identity(previous=grown, is_doubted=another_reason)
    reading, facts = result.reading, result.facts
    number = valid_upn(facts.texts.get("child_a_number", ""))
    child_id = children.child_id(connection, child_key(facts, "child_a"), number)
    child_b_id = children.child_id(connection, child_key(facts, "child_b"), "")
    key = business_key(reading.form_id, facts)
    values = values_sha256(reading.form_id, reading.form_version, reading.answers)
    # That it was read from print or a picture is no doubt by itself, where the answers are the same.
    doubted = bool(reading.carries) or any(hold.code not in TO_A_PERSON for hold in reading.held)
    wrong = (notice("FF-228"),) if children.contradicts(connection, child_id, number) else ()
    own = Identity(child_id, child_b_id, key, values, problems=wrong, is_doubted=doubted)
    if grown is not None:
        if following := _following(connection, grown, own, result, zone):
            return following
        if not _is_same_child(connection, grown, result, zone):
            other = notice("FF-238", words={"reference": grown.reference})
            own = replace(own, problems=(*own.problems, other))
    if reading.case_ref:
        named = _record(revisions.by_reference(connection, reading.case_ref))
        if named is not None and (following := _following(connection, named, own, result, zone)):
            return following
        code = "FF-130" if named is None else "FF-131"
        words = {"reference": _plain_reference(reading.case_ref)}
        return replace(own, problems=(*own.problems, notice(code, words=words)))
    if key is not None:
        found = revisions.by_business_key(connection, key)
        if len({one.reference for one in found}) == 1:
            return replace(own, previous=found[-1])
    # Without a full key, or with two candidates, a person compares: nothing is joined by a guess.
    said = values if any(a.value for a in reading.answers.values()) else None
    alike = revisions.alike(connection, said, child_id, incident_day(result))
    return replace(own, possible_duplicate_of=alike)


def identify_sheet(
    connection: Connection, checked: Checked, form: Form, zone: ZoneInfo
) -> Identity:
    """Return which record a sheet belongs to: by the reference that it was filled in for, or none."""
    reading = checked.reading
    values = values_sha256(reading.form_id, reading.form_version, reading.answers)
    own = Identity(values_sha256=values, is_doubted=bool(reading.carries or reading.held))
    said = CopyReference.parse(reading.case_ref)
    if said is None:
        return replace(own, problems=(notice("FF-226"),))
    about = entries.case(connection, said.record, zone)
    if about is None:
        words = {"reference": said.record}
        return replace(own, problems=(notice("FF-224", words=words),))
    old = (said.revision or 1) < about.record.revision and form.form_id == REVIEW
    same = checked.facts.texts.get(SAME_CHILD, "")
    nobody = bool(same) and children.named(connection, same) is None
    reference = sheet_reference(about.record.reference, form.code, said.child)
    return replace(
        own,
        sheet=reference,
        child_id=_child_of_sheet(connection, checked, form, about),
        previous=revisions.by_reference(connection, reference),
        problems=(
            *([notice("FF-225")] if old else []),
            *([notice("FF-229", field=SAME_CHILD)] if nobody else []),
        ),
        about=about,
    )


def identify_misplaced(checked: Checked) -> Identity:
    """Return that a sheet from the staff folder belongs to nothing, whatever it says of itself.

    What it claims is for the safeguarding lead alone.
    """
    claims = {"claims": " ".join(_claims(checked))}
    return Identity(problems=(notice("FF-235", words=claims),))


def _claims(checked: Checked) -> Iterator[str]:
    said = CopyReference.parse(checked.reading.case_ref)
    if said:
        yield f"It says that it is about {said.record}."
    else:
        yield "It does not say which record it is about."
    signed = visible(checked.facts.texts.get("signed_name", ""))[:LONGEST_CLAIM]
    yield f"It is signed “{signed}”." if signed else "Nobody has signed it."


def _child_of_sheet(
    connection: Connection, checked: Checked, form: Form, about: Case
) -> int | None:
    """Return in whose file a sheet belongs: what is about child B alone lies in child B's file."""
    if form.form_id not in OF_CHILD_B:
        return entries.children_of(connection, about.record.reference)[0]
    number = valid_upn(checked.facts.texts.get("child_number", ""))
    return children.child_id(connection, child_key(checked.facts, "child"), number)


def _record(found: Revision | None) -> Revision | None:
    """Return the latest revision of a record, None for a sheet: no form becomes a revision of one."""
    is_sheet = found is not None and (found.about is not None or found.form_id in SHEET_WORDS)
    return None if is_sheet else found


def _following(
    connection: Connection, before: Revision, own: Identity, result: Checked, zone: ZoneInfo
) -> Identity | None:
    """Return a paper as the next revision of a record that it says it belongs to; None where it is not.

    A copy that is filled in for somebody else must not end in the first child's record. What was read from
    print or a picture may have the child slightly wrong; what is confirmed is about one day, too.
    """
    told: tuple[Notice, ...] = ()
    if not _is_same_child(connection, before, result, zone):
        why = _why_misread(connection, before, result, zone)
        if not why:
            return None
        told = (notice("FF-237", words={"reference": before.reference, "why": why}),)
    confirmed = before.outcome not in (Outcome.HELD, Outcome.UNREADABLE) and before.business_key
    if confirmed and before.incident_day not in (None, incident_day(result)):
        return None
    return replace(own, previous=before, problems=(*own.problems, *told))


def _is_same_child(
    connection: Connection, before: Revision, result: Checked, zone: ZoneInfo
) -> bool:
    """Return whether a form is about the child of an earlier one: by all that the earlier one says."""
    return is_same(child_said(entries.entry(connection, before.id), zone), _named(result.facts))


def _why_misread(connection: Connection, before: Revision, result: Checked, zone: ZoneInfo) -> str:
    """Return how the child of an earlier paper was misread, "" where it was not read by machine from a page."""
    earlier = entries.entry(connection, before.id)
    if not {found.code for found in earlier.notices} & TO_A_PERSON:
        return ""
    return why_misread(child_said(earlier, zone), _named(result.facts))


def _named(facts: Facts) -> Named:
    born = facts.moments.get("child_a_dob")
    return Named(name_key(facts.texts.get("child_a_name", "")), born.day if born else None)


def _plain_reference(said: str) -> str:
    """Return a reference that stood in a file, fit to be shown."""
    return said if is_record(said) else "that it names"


def incident_day(checked: Checked | None) -> date | None:
    moment = checked.facts.moments.get("incident_at") if checked else None
    return moment.day if moment else None
