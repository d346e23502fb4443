"""Does a sheet name the child of its record? By name and date of birth, as far as both say them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, tzinfo

from formflow.core.dates import Doubt, local_day, parse_day
from formflow.core.messages import notice
from formflow.core.model import AnswerState, Entry, Notice, Outcome
from formflow.forms.catalogue import Field, Form
from formflow.rules.case.conditions import CaseFacts
from formflow.rules.matching import BETWEEN as BETWEEN
from formflow.rules.matching import Named, agree, is_put_right, name_key, why_misread

# Where the name of a child is known from.
NAMES = {f"{paper}.child_{one}_name" for paper in ("recording", "review") for one in ("a", "b")}
DATES = {
    "incident_at",
    "child_a_dob",
    "child_b_dob",
    "signed_date",
}  # one that is wrong contradicts others


def child_said(record: Entry, zone: tzinfo) -> Named:
    """Return what a record says of the child who displayed the behaviour."""
    born = _born(given(record, "child_a_dob"), local_day(record.recorded_at, zone))
    return Named(name_key(given(record, "child_a_name")), born)


def corrected(earlier: Entry, known: Named, said: Named, *, is_other_day: bool) -> str:
    """Return in words what was corrected in child or day of a form that went back for that, "" if that cannot be.

    What the note asked about may be another answer now, and a slip of the pen may be put right; but name and date of
    birth cannot both change.
    """
    if earlier.outcome is not Outcome.RETURNED:
        return ""
    asked = {found.field for found in earlier.notices if found.returns}
    dates_may_change = bool(asked & DATES)
    is_other_name = known.name_key not in ("", said.name_key)
    is_other_birth = known.born not in (None, said.born)
    if (is_other_name and is_other_birth) or (is_other_day and not dates_may_change):
        return ""
    slip = why_misread(known, said)
    if is_other_name and "child_a_name" not in asked and not slip:
        return ""
    if is_other_birth and not dates_may_change and not slip:
        return ""
    what = {
        "another name": is_other_name,
        "another date of birth": is_other_birth,
        "another day of the incident": is_other_day,
    }
    return " and ".join(words for words, is_so in what.items() if is_so)


def other_child(form: Form, sheet: Entry, case: CaseFacts) -> Iterator[Notice]:
    """Yield that a sheet names another child than its record does, or none at all."""
    on = local_day(sheet.recorded_at, case.zone)
    for name, field in form.fields.items():
        if NAMES.isdisjoint(field.known_from):
            continue
        known, said = known_of(field, case), given(sheet, name)
        born = form.fields.get(f"{name.removesuffix('_name')}_dob")
        if not field.required:
            is_other = _names_others_alone(known, said)
        elif not name_key(said):
            yield notice("FF-239", field=name, label=field.label)
            continue
        else:
            theirs = _born(given(sheet, born.name), on) if born else None
            ours = Named(name_key(known), _born(known_of(born, case), on) if born else None)
            is_other = not agree(ours, Named(name_key(said), theirs))
        if is_other:
            yield notice("FF-223", field=name, label=field.label)


def _names_others_alone(known: str, said: str) -> bool:
    """Whether none of several names is one that was there, or a correction of it. She may add or take away names."""
    pairs = [(one, other) for one in _names(known) for other in _names(said)]
    return bool(pairs) and not any(one == other or is_put_right(one, other) for one, other in pairs)


def _born(words: str, on: date) -> date | None:
    """Return a date of birth as it is written, None where it is not clear or had not come."""
    found = parse_day(words, on, of_birth=True)
    day = found.day if isinstance(found, Doubt) else found
    return day if day and day <= on else None


def _names(words: str) -> list[str]:
    return [name_key(name) for name in words.split(BETWEEN) if name.strip()]


def known_of(field: Field, case: CaseFacts) -> str:
    """Return what the papers of a case say to a question of a sheet: of its sources the first that says something.

    A source such as "review.parents_b_at+review.parents_b_text" is all that its parts say, each in a line of its own.
    """
    said = (_said(source.split("+"), case) for source in field.known_from)
    return next((words for words in said if words), "")


def _said(parts: Iterable[str], case: CaseFacts) -> str:
    said = (case.says(*part.split(".")) for part in parts)
    return "\n".join(words for words in said if words)


def given(paper: Entry, name: str) -> str:
    """Return what a paper answers, "" where nothing that could be read."""
    answer = paper.answers.get(name)
    return answer.value or "" if answer and answer.state is AnswerState.GIVEN else ""
