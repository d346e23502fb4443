"""Who is this child, and which papers belong together. Exact matches join; nothing else does.

No threshold separates twins from typing errors, so a near match joins nothing here.
"""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from formflow.model import Answer, Facts


@dataclass(frozen=True, slots=True)
class ChildKey:
    """What makes two papers be about the same child: the exact name and the exact date of birth."""

    name_key: str
    born: date


def name_key(name: str) -> str:
    """Return a name as it is compared: one form of letters, case, blanks and apostrophes.

    Accents stay: "Zoe" and "Zoë" are two names until a person says otherwise.
    """
    plain = unicodedata.normalize("NFKC", name).replace("’", "'").casefold()
    return " ".join(plain.split())


def child_a(facts: Facts) -> ChildKey | None:
    """Return who child A is, or None when name or date of birth is missing."""
    name = name_key(facts.texts.get("child_a_name", ""))
    born = facts.moments.get("child_a_dob")
    return ChildKey(name, born.day) if name and born else None


def business_key(form_id: str, facts: Facts) -> str | None:
    """Return what makes two papers be about the same incident, as 64 hex digits, or None.

    Form, child A, day and time of the incident and who completed the form. Hashed, so that no name
    stands in an index. None when any of it but the time is missing: then a person compares. Two
    incidents of one day with two times are two; a time that was corrected is for a person to compare.
    """
    child = child_a(facts)
    incident = facts.moments.get("incident_at")
    author = name_key(facts.texts.get("completed_by", ""))
    if child is None or incident is None or not author:
        return None
    when = [incident.day.isoformat(), incident.hour, incident.minute]
    parts = [form_id, child.name_key, child.born.isoformat(), *when, author]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def values_sha256(form_id: str, form_version: int, answers: Mapping[str, Answer]) -> str:
    """Return one hash of all answers: equal for a re-save that changed nothing, as 64 hex digits."""
    values = {name: answer.value or "" for name, answer in sorted(answers.items())}
    text = json.dumps([form_id, form_version, values], ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
