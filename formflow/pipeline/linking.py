"""Where a paper belongs among those we have: by its reference, by its path, by the incident.

Worked out inside the recording transaction. Without certainty nothing is joined: a person compares.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from zoneinfo import ZoneInfo

from formflow.core.copy_tokens import Tokens
from formflow.core.messages import notice
from formflow.core.model import Checked, Facts, Light, Notice, Outcome, Unread
from formflow.core.references import CopyReference, SheetKey, sheet_reference
from formflow.core.wording import SHEET_WORDS
from formflow.documents.enclosures import TO_A_PERSON, is_to_a_person
from formflow.forms.catalogue import Form
from formflow.rules.case.case import OF_CHILD_B, REVIEW, SAME_CHILD, Case
from formflow.rules.case.named_child import child_said, corrected
from formflow.rules.case.older_copy import would_change
from formflow.rules.matching import (
    ChildKey,
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
from formflow.rules.roster import OTHER_UPN, Roster
from formflow.storage import children, entries, revisions
from formflow.storage.database import Connection
from formflow.storage.entries import Keys
from formflow.storage.revisions import Revision

LONGEST_CLAIM = 60  # letters of what a sheet says of itself
MOST_LISTED = 12  # answers named in one notice
THE_CHILD, OTHER_CHILD = "The child whom the form is about", "The other child"


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
    connection: Connection,
    result: Checked | Unread,
    continues: int | None,
    tokens: Tokens,
    zone: ZoneInfo,
    roster: Roster,
) -> Identity:
    """Return where a paper belongs: by its own reference, by the path it grew on, by the incident."""
    grown = _record(revisions.by_paper(connection, continues))
    if isinstance(result, Unread):
        before = entries.entry(connection, grown.id).notices if grown is not None else ()
        another_reason = result.reason not in {found.code for found in before}
        return Identity(previous=grown, is_doubted=another_reason)
    reading, facts = result.reading, result.facts
    number = valid_upn(facts.texts.get("child_a_number", ""))
    child_id, told = _child(connection, roster, child_key(facts, "child_a"), number, THE_CHILD)
    child_b_id, told_b = _child(connection, roster, child_key(facts, "child_b"), "", OTHER_CHILD)
    key = business_key(reading.form_id, facts)
    values = values_sha256(reading.form_id, reading.form_version, reading.answers)
    # That it was read from print or a picture is no doubt by itself, where the answers are the same.
    doubted = bool(reading.carries) or any(hold.code not in TO_A_PERSON for hold in reading.held)
    problems = (*told, *told_b)
    own = Identity(child_id, child_b_id, key, values, problems=problems, is_doubted=doubted)
    if grown is not None:
        if following := _following(connection, grown, own, result, zone, is_ours=True):
            return following
        if not _is_same_child(connection, grown, result, zone):
            other = notice("FF-238", words={"reference": grown.reference})
            own = replace(own, problems=(*own.problems, other))
    if reading.case_ref:
        said = CopyReference.parse(reading.case_ref)
        named = _record(revisions.by_reference(connection, said.record)) if said else None
        if said and named:
            origin = entries.origin(connection, said.record)
            is_ours = tokens.fits(said, origin, reading.form_id)
            if following := _following(connection, named, own, result, zone, is_ours=is_ours):
                return following
        code = "FF-130" if named is None else "FF-131"
        words = {"reference": said.record if said else "that it names"}
        return replace(own, problems=(*own.problems, notice(code, words=words)))
    if key is not None:
        found = revisions.by_business_key(connection, key)
        if len({one.reference for one in found}) == 1:
            return replace(own, previous=found[-1])
    # Without a full key, or with two candidates, a person compares: nothing is joined by a guess.
    given = values if any(a.value for a in reading.answers.values()) else None
    alike = revisions.alike(connection, given, child_id, incident_day(result))
    return replace(own, possible_duplicate_of=alike)


def _child(
    connection: Connection, roster: Roster, key: ChildKey | None, upn: str, who: str
) -> tuple[int | None, tuple[Notice, ...]]:
    """Return which child of the ledger a form means, and what is told of it.

    A preferred name is a name: it is the pupil list that says whose. So it does of a former UPN.
    """
    match = roster.match(key, upn)
    if match.pupil:
        child: int | None = children.of_pupil(connection, match.pupil, key)
        numbers = match.pupil.upns if upn else ()
    else:
        # A number that the list contradicts joins nobody: it may be a twin's.
        counts = "" if match.code == OTHER_UPN else upn
        child, numbers = children.child_id(connection, key, counts), (upn,)
    is_wrong = [children.contradicts(connection, child, one) for one in numbers]
    wrong = (notice("FF-228"),) if is_wrong and all(is_wrong) else ()
    told = (notice(match.code, words={"who": who}),) if match.code and roster.pupils else ()
    return child, (*wrong, *told)


def identify_sheet(
    connection: Connection,
    checked: Checked,
    form: Form,
    tokens: Tokens,
    zone: ZoneInfo,
    roster: Roster,
) -> Identity:
    """Return which record a sheet belongs to: by the reference that it was filled in for, or by the child it names.

    Whether it counts is another question: the token in its hidden box must be the one of a copy of ours, and no
    newer copy may have counted.
    """
    reading = checked.reading
    values = values_sha256(reading.form_id, reading.form_version, reading.answers)
    own = Identity(values_sha256=values, is_doubted=bool(reading.carries or reading.held))
    said = CopyReference.parse(reading.case_ref) or _by_the_child(connection, checked, form, zone)
    if said is None:
        return replace(own, problems=(notice("FF-226"),))
    about = entries.case(connection, said.record, zone)
    if about is None:
        words = {"reference": said.record}
        return replace(own, problems=(notice("FF-224", words=words),))
    if said.child and (form.form_id not in OF_CHILD_B or said.child > len(about.children_b)):
        named = f"only {len(about.children_b)}" if about.children_b else "nobody"
        words = {"child": str(said.child), "reference": said.record, "named": named}
        return replace(own, problems=(notice("FF-252", words=words),))
    is_ours = tokens.fits(said, about.origin, form.form_id)
    reference = sheet_reference(about.record.reference, form.code, said.child)
    return replace(
        own,
        sheet=reference,
        is_doubted=own.is_doubted or not is_ours,
        child_id=_child_of_sheet(connection, checked, form, about, roster),
        previous=revisions.by_reference(connection, reference),
        problems=(
            *([] if is_ours else [notice("FF-250")]),
            *_of_an_older_copy(checked, form, about, said, is_ours=is_ours),
            *_of_nobody(connection, checked, roster),
        ),
        about=about,
    )


def _by_the_child(
    connection: Connection, checked: Checked, form: Form, zone: ZoneInfo
) -> CopyReference | None:
    """Return what a sheet without a reference is about: the only record of the child that it names, None if unclear.

    Such a sheet counts for nothing: a copy of it is made for that record, for her to check.
    """
    is_of_b = form.form_id in OF_CHILD_B
    child = "child_a" if "child_a_name" in form.fields else "child"
    found = children.find(connection, child_key(checked.facts, child))
    records = entries.records_of(connection, found, targeted=is_of_b) if found else []
    if len(records) != 1:
        return None
    about = entries.case(connection, records[0], zone)
    if about is None:
        return None
    names = [name_key(name) for name in about.children_b] if is_of_b else []
    named = name_key(checked.facts.texts.get("child_name", ""))
    at = names.index(named) + 1 if named in names else 0
    return CopyReference(records[0], about.record.revision, at if at > 1 else 0)


def _of_an_older_copy(
    checked: Checked,
    form: Form,
    about: Case,
    said: CopyReference,
    *,
    is_ours: bool,
) -> Iterator[Notice]:
    """Yield what keeps an older copy from counting."""
    counts = about.sheets.get(SheetKey(form.form_id, said.child))
    if counts and (said.after < counts.revision or not is_ours):
        changed = list(would_change(form, counts, checked.reading.answers))
        if changed:
            yield notice("FF-251", words={"which": _listed(changed), "sheet": counts.reference})
    if (said.revision or 1) < about.record.revision and form.form_id == REVIEW:
        yield notice("FF-225")


def _of_nobody(connection: Connection, checked: Checked, roster: Roster) -> Iterator[Notice]:
    """Yield that a child whom a review sheet joins is neither on record nor on the pupil list."""
    same = checked.facts.texts.get(SAME_CHILD, "")
    if same and children.named(connection, same) is None and roster.numbered(same) is None:
        yield notice("FF-229", field=SAME_CHILD)


def _listed(labels: list[str]) -> str:
    """Return labels in words, the first of many."""
    more = len(labels) - MOST_LISTED
    said = ", ".join(f"“{label}”" for label in labels[:MOST_LISTED])
    return said + (f" and {more} more" if more > 0 else "")


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
    connection: Connection, checked: Checked, form: Form, about: Case, roster: Roster
) -> int | None:
    """Return in whose file a sheet belongs: what is about child B alone lies in child B's file."""
    if form.form_id not in OF_CHILD_B:
        return entries.children_of(connection, about.record.reference)[0]
    number = valid_upn(checked.facts.texts.get("child_number", ""))
    return _child(connection, roster, child_key(checked.facts, "child"), number, OTHER_CHILD)[0]


def _record(found: Revision | None) -> Revision | None:
    """Return the latest revision of a record, None for a sheet: no form becomes a revision of one."""
    is_sheet = found is not None and (found.about is not None or found.form_id in SHEET_WORDS)
    return None if is_sheet else found


def _following(
    connection: Connection,
    before: Revision,
    own: Identity,
    result: Checked,
    zone: ZoneInfo,
    *,
    is_ours: bool,
) -> Identity | None:
    """Return a paper as the next revision of a record that it says it belongs to; None where it is not.

    A copy that is filled in for somebody else must not end in the first child's record. Only a copy of ours
    (`is_ours`) may differ from the record in child or day: where these were misread, or had to be corrected.
    """
    earlier = entries.entry(connection, before.id)
    known, said = child_said(earlier, zone), _named(result.facts)
    is_confirmed = before.outcome not in (Outcome.HELD, Outcome.UNREADABLE) and before.business_key
    is_other_day = is_confirmed and before.incident_day not in (None, incident_day(result))
    if is_same(known, said) and not is_other_day:
        return replace(own, previous=before)
    if not is_ours:
        return None
    code, why = "FF-255", corrected(earlier, known, said, is_other_day=bool(is_other_day))
    if not why and not is_other_day and is_to_a_person(earlier):
        code, why = "FF-237", why_misread(known, said)
    if not why:
        return None
    told = notice(code, words={"reference": before.reference, "why": why})
    return replace(own, previous=before, problems=(*own.problems, told))


def _is_same_child(
    connection: Connection, before: Revision, result: Checked, zone: ZoneInfo
) -> bool:
    """Return whether a form is about the child of an earlier one: by all that the earlier one says."""
    return is_same(child_said(entries.entry(connection, before.id), zone), _named(result.facts))


def _named(facts: Facts) -> Named:
    born = facts.moments.get("child_a_dob")
    return Named(name_key(facts.texts.get("child_a_name", "")), born.day if born else None)


def incident_day(checked: Checked | None) -> date | None:
    moment = checked.facts.moments.get("incident_at") if checked else None
    return moment.day if moment else None
