"""Who is this child, and which papers belong together. Exact matches join; nothing else does.

No threshold separates twins from typing errors: what is near is offered to a person, and joins nothing.
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from rapidfuzz import fuzz
from stdnum.gb import upn

from formflow.core.model import Answer, Facts


@dataclass(frozen=True, slots=True)
class ChildKey:
    """What makes two papers be about the same child: the exact name and the exact date of birth."""

    name_key: str
    born: date


@dataclass(frozen=True, slots=True)
class NearChild:
    """A child on record who may be the same: for a person to say."""

    child_reference: str  # "C-4821-000012"
    why: str  # what is alike and what is not, in words without a name
    papers: tuple[str, ...]  # references of the records about that child


@dataclass(frozen=True, slots=True)
class NearRecord:
    """What is told of a record about a child who may be the same: no more, for there may be hundreds."""

    reference: str
    child_reference: str | None  # of the child who displayed the behaviour
    name: str  # of that child, as the form gives it
    level: str | None  # what is decided


# Alphabets in which whole names can be written that look like ours.
LIKE_LATIN = frozenset({"ARMENIAN", "CHEROKEE", "COPTIC", "CYRILLIC", "GREEK", "LISU"})
# Categories of letters. What modifies one, such as the ʻ of Hawaiian names, belongs to every alphabet.
LETTERS = frozenset({"Lu", "Ll", "Lt", "Lo"})
# Letters and marks that show nothing by themselves: joiners, fillers, selectors.
_FILLERS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u2800\u3164\uffa0") | {
    chr(code) for code in range(0xFE00, 0xFE10)
}


@dataclass(frozen=True, slots=True)
class Named:
    """What a paper says of a child: "" and None where it says nothing that could be read."""

    name_key: str
    born: date | None


_AS_WRITTEN = json.JSONEncoder(ensure_ascii=False)
BETWEEN = ";"  # stands between several names
# What else may stand between two names in one box. A comma alone may stand between family and given name.
_BETWEEN_NAMES = re.compile(r"\n|[;&+/]|\b(?:and|with|plus)\b", re.IGNORECASE)
ALIKE = 75.0  # of 100: names that differ by a typing error, not by a sister


def why_near(ours: ChildKey, theirs: ChildKey) -> str:
    """Return in words why two children may be the same, "" where nothing says so."""
    same_day, same_name = ours.born == theirs.born, ours.name_key == theirs.name_key
    turned = swapped(ours.born) == theirs.born
    if same_day and same_name:
        return ""  # that is the same child, and nobody has to say so
    alike = same_name or _is_alike(ours.name_key, theirs.name_key)
    if turned and alike:
        how = "the same name" if same_name else "a name that is almost the same"
        return f"{how}, with day and month of birth changed round"
    if same_name:
        return "the same name, with another date of birth"
    if not same_day:
        return ""
    if alike:
        return "the same date of birth, and a name that is almost the same or sounds alike"
    if ours.name_key.split()[-1:] == theirs.name_key.split()[-1:]:
        return "the same date of birth and family name: this may be a twin"
    return ""


def agree(known: Named, said: Named) -> bool:
    """Return whether a sheet names the child of its record. What the record does not know is open.

    A name that was put right counts only with the same date of birth.
    """
    days = {known.born, said.born} - {None}
    if not known.name_key or known.name_key == said.name_key:
        return len(days) < 2
    same_day = None not in (known.born, said.born) and len(days) == 1
    return same_day and is_put_right(known.name_key, said.name_key)


def is_same(earlier: Named, later: Named) -> bool:
    """Return whether a form says the same of a child as an earlier one, wherever that says anything."""
    same_name = earlier.name_key in ("", later.name_key)
    return same_name and earlier.born in (None, later.born)


def why_misread(earlier: Named, later: Named) -> str:
    """Return in words how a child may have been misread on the earlier form, "" where it was not.

    A twin is another child: only what a typing or reading error makes of a name or a date counts.
    """
    same_name = earlier.name_key == later.name_key
    same_day = earlier.born in (None, later.born)
    if same_name and later.name_key:
        return "another date of birth"
    turned = earlier.born is not None and swapped(earlier.born) == later.born
    if not earlier.name_key:
        return "day and month of birth changed round" if turned else ""
    alike = is_put_right(earlier.name_key, later.name_key)
    return "a name that is almost the same" if alike and (same_day or turned) else ""


def is_put_right(one: str, other: str) -> bool:
    """Return whether two names differ by a typing error, an accent or the order of their words alone.

    Sound alone is not enough: Tim and Tom sound alike to a computer, and may be twins.
    """
    plain, theirs = _without_accents(one), _without_accents(other)
    if sorted(plain.split()) == sorted(theirs.split()):
        return True
    return _is_nearly(plain, theirs)


def _without_accents(name: str) -> str:
    apart = unicodedata.normalize("NFKD", name)
    return "".join(one for one in apart if not unicodedata.combining(one))


def swapped(day: date) -> date | None:
    """Return a date with day and month changed round, None where there is no such day or no other."""
    try:
        other = day.replace(month=day.day, day=day.month)
    except ValueError:
        return None
    return other if other != day else None


def valid_upn(words: str) -> str:
    """Return a Unique Pupil Number as it is written in full, "" where it is none."""
    plain = "".join(words.split()).upper()
    return plain if upn.is_valid(plain) else ""


def _is_alike(one: str, other: str) -> bool:
    # The sound in any order: family names are written first, too.
    return _sound(one) == _sound(other) or _is_nearly(one, other)


def _is_nearly(one: str, other: str) -> bool:
    # Twins share a family name: their given names tell them apart, unless these are alike as well.
    given, theirs = (name.partition(" ")[0] for name in (one, other))
    return fuzz.token_sort_ratio(one, other) >= ALIKE and fuzz.ratio(given, theirs) >= ALIKE


def _sound(name: str) -> list[str]:
    # Imported here: it is wanted for the few names that are near.
    from jellyfish import metaphone

    return sorted(metaphone(word) for word in name.split())


def name_key(name: str) -> str:
    """Return a name as it is compared: one form of letters, case, blanks and apostrophes, nothing unseen.

    Accents stay: "Zoe" and "Zoë" are two names until a person says otherwise.
    """
    return visible(unicodedata.normalize("NFKC", name)).replace("’", "'").casefold()


def visible(text: str) -> str:
    """Return a text in one line, without the characters that nobody can see."""
    return " ".join("".join(one for one in text if not _is_unseen(one)).split())


def looks_like_another(name: str) -> str:
    """Return in words what in a name can make it look like another, "" for nothing."""
    plain = unicodedata.normalize("NFKC", name)
    if any(_is_unseen(one) for one in plain):
        return "characters that cannot be seen"
    letters = (one for one in plain if unicodedata.category(one) in LETTERS)
    alphabets = {unicodedata.name(one, one).partition(" ")[0] for one in letters}
    if alphabets & LIKE_LATIN or (len(alphabets) > 1 and "LATIN" in alphabets):
        return "letters of another alphabet, which may look like ours"
    return ""


def _is_unseen(one: str) -> bool:
    # Cf: zero width, soft hyphens, turns of direction. Blanks and line ends are no such thing.
    return unicodedata.category(one) == "Cf" or one in _FILLERS


def child_key(facts: Facts, child: str) -> ChildKey | None:
    """Return who a child is, or None when name or date of birth is missing.

    `child` is how its questions begin: "child_a", "child_b", or "child" on a sheet about one alone. Several
    names with one date of birth are nobody.
    """
    said = facts.texts.get(f"{child}_name", "")
    name, born = name_key(said), facts.moments.get(f"{child}_dob")
    return ChildKey(name, born.day) if name and born and not holds_several_names(said) else None


def holds_several_names(said: str) -> bool:
    """Return whether a box for a child's name seems to hold several. “Hill, Daniel” is one, family name first."""
    names = [name for name in _BETWEEN_NAMES.split(said.strip(" \n,;")) if name.strip()]
    # “Zoë Hill, Year 6” and “Zoë Hill, 3/3/2014” are one name, with something else beside it.
    between_commas = (part for part in said.split(",") if not re.search(r"\d", part))
    by_commas = [part.split() for part in between_commas if part.strip()]
    whole = [words for words in by_commas if len(words) > 1]
    return len(names) > 1 or len(whole) > 1 or len(by_commas) > 2


def business_key(form_id: str, facts: Facts) -> str | None:
    """Return what makes two papers be about the same incident, as 64 hex digits, or None.

    Form, child A, day and time of the incident and who completed the form. Hashed, so that no name
    is in an index. None when any of it but the time is missing: then a person compares. Two
    incidents of one day with two times are two; a time that was corrected is for a person to compare.
    """
    child = child_key(facts, "child_a")
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
    text = _AS_WRITTEN.encode([form_id, form_version, values])
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()
