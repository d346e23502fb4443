"""Is a form definition sound? Every problem of a form.toml at once, each with its place."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

TRI_STATES = ("yes", "no", "unknown")
FURTHER_PAGES = "FormFlowFurtherPages"  # document information of a sheet
HIDDEN_FIELDS = ("form_id", "form_version", "case_ref")
MOST_LINES = 40  # that a box and its heading fit on one page


class FieldKind(StrEnum):
    """What a box takes."""

    TEXT = "text"  # one line
    LONG_TEXT = "long_text"  # several lines; long answers stay readable
    DATE = "date"  # one line, a day
    MOMENT = "moment"  # one line, a day and if possible a time
    TICK = "tick"  # three circles in one row: yes / no / not known
    CHOICE = "choice"  # circles in one row, one of `states`


def problems(table: dict[str, Any]) -> Iterator[str]:
    """Yield everything that is wrong with a definition, each with its place."""
    yield from _wrong_keys("the form", table, _FORM_KEYS, _MORE_FORM_KEYS)
    names, section_names = list(HIDDEN_FIELDS), []
    for section in _tables(table, "section"):
        section_names.append(str(section.get("name", "?")))
        where = f"section “{section_names[-1]}”"
        yield from _wrong_keys(where, section, _SECTION_KEYS, {})
        for entry in _tables(section, "fields"):
            names.append(str(entry.get("name", "?")))
            yield from _field_problems(f"{where}, {names[-1]}", entry)
    for name, times in Counter(names).items():
        if times > 1:
            yield f"the field name {name} is used twice, or is one that FormFlow keeps for itself"
    yield from (f"there are {n} sections “{s}”" for s, n in Counter(section_names).items() if n > 1)


def _field_problems(where: str, entry: dict[str, Any]) -> Iterator[str]:
    yield from _wrong_keys(where, entry, _FIELD_KEYS, _MORE_FIELD_KEYS)
    kind = entry.get("kind")
    if (kind == FieldKind.CHOICE) != ("states" in entry):
        yield f"{where}: a choice, and nothing else, has states"
    states, labels = entry.get("states", []), entry.get("state_labels", [])
    if isinstance(states, list) and isinstance(labels, list) and len(states) != len(labels):
        yield f"{where}: every state has one label"
    if "lines" in entry and kind != FieldKind.LONG_TEXT:
        yield f"{where}: only a long_text has lines"
    if "means" in entry:
        yield from _meaning_problems(where, entry)
    if entry.get("for_reading") and kind is not None and kind != FieldKind.LONG_TEXT:
        yield f"{where}: only a long_text is for reading"
    if entry.get("drawn") and not entry.get("for_reading"):
        yield f"{where}: only what is for reading is drawn"
    if entry.get("beside") and kind not in _ON_ONE_LINE:
        yield f"{where}: only what is written on one line stands beside another"
    if "part" in entry and kind in (FieldKind.TICK, FieldKind.CHOICE):
        yield f"{where}: only text has a part"


_ON_ONE_LINE = (FieldKind.TEXT, FieldKind.DATE, FieldKind.MOMENT)
_HAS_MEANS = "only a tick or a choice, or a text of several tick boxes, has means"


def _meaning_problems(where: str, entry: dict[str, Any]) -> Iterator[str]:
    kind, means = entry.get("kind"), entry["means"]
    if kind in (FieldKind.TEXT, FieldKind.LONG_TEXT):
        if len(entry.get("boxes", ())) < 2:
            yield f"{where}: {_HAS_MEANS}"
        return
    offered = TRI_STATES if kind == FieldKind.TICK else entry.get("states", [])
    if kind not in (FieldKind.TICK, FieldKind.CHOICE):
        yield f"{where}: {_HAS_MEANS}"
    elif isinstance(means, dict):
        unknown = sorted({str(state) for state in means.values()} - set(offered))
        yield from (f"{where}: means “{state}” is not one of its states" for state in unknown)


def _words(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _number(value: Any, most: int) -> bool:
    return type(value) is int and 1 <= value <= most


def _list(value: Any, holds: Callable[[Any], bool]) -> bool:
    return isinstance(value, list) and bool(value) and all(holds(one) for one in value)


def _pairs(value: Any) -> bool:
    return isinstance(value, dict) and bool(value) and all(map(_words, value.values()))


def _one_group(value: Any) -> bool:
    try:
        return isinstance(value, str) and re.compile(value).groups == 1
    except re.error:
        return False


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What may stand behind a key of a definition."""

    words: str
    fits: Callable[[Any], bool]


_WORDS = _Wanted("words", _words)
_MAYBE_WORDS = _Wanted("words, or “” for none", lambda value: isinstance(value, str))
_NUMBER = _Wanted("a whole number from 1 to 9999", lambda value: _number(value, 9999))
_LINES = _Wanted(f"a whole number from 1 to {MOST_LINES}", lambda n: _number(n, MOST_LINES))
_YES_NO = _Wanted("true or false", lambda value: isinstance(value, bool))
_NAME = _Wanted(
    "small letters, digits and _, beginning with a letter",
    lambda value: isinstance(value, str) and bool(re.fullmatch(r"[a-z][a-z0-9_]*", value)),
)
_KIND = _Wanted(f"one of {', '.join(FieldKind)}", lambda value: value in list(FieldKind))
_TABLES = _Wanted("a list of tables", lambda value: _list(value, lambda one: isinstance(one, dict)))
_LABELS = _Wanted("a list of words", lambda value: _list(value, _words))
_PAIRS = _Wanted("a table of words", _pairs)
_PART = _Wanted("a pattern with one pair of brackets around the part", _one_group)
_STATES = _Wanted(
    "two or more different single words of small letters, digits and _",
    lambda value: (
        _list(value, lambda one: bool(re.fullmatch("[a-z][a-z0-9_]*", str(one))))
        and len(set(value)) == len(value) > 1
    ),
)
# Id and code are in file names and references.
_ID = _Wanted(
    "at most 60 small letters, digits and _, beginning with a letter",
    lambda value: _NAME.fits(value) and len(value) <= 60,
)
_CODE = _Wanted(
    "one to eight letters and digits, beginning with a letter, such as A1",
    lambda value: isinstance(value, str) and bool(re.fullmatch("[A-Za-z][A-Za-z0-9]{0,7}", value)),
)
_FORM_KEYS = dict.fromkeys(("title", "intro", "filing", "how_to_save"), _WORDS)
_FORM_KEYS |= {"id": _ID, "code": _CODE, "version": _NUMBER, "section": _TABLES}
_MORE_FORM_KEYS = {"hidden": _PAIRS, "information": _PAIRS, "is_sheet": _YES_NO, "band": _TABLES}
_MORE_FORM_KEYS["adds_to"] = _ID
_SECTION_KEYS = {"name": _NAME, "label": _WORDS, "prompt": _MAYBE_WORDS, "fields": _TABLES}
_FIELD_KEYS = {"name": _NAME, "kind": _KIND, "label": _WORDS}
_MORE_FIELD_KEYS = {"hint": _WORDS, "required": _YES_NO, "printed": _YES_NO}
_MORE_FIELD_KEYS |= {"states": _STATES, "state_labels": _LABELS, "lines": _LINES}
_MORE_FIELD_KEYS |= {"boxes": _LABELS, "means": _PAIRS, "part": _PART}
_MORE_FIELD_KEYS |= {
    "known_from": _LABELS,
    "for_reading": _YES_NO,
    "drawn": _YES_NO,
    "beside": _YES_NO,
    "counts_for": _WORDS,
    "licensed": _YES_NO,
}


def _tables(table: dict[str, Any], key: str) -> list[dict[str, Any]]:
    """Return what stands under a key if it is a list of tables; what else it is has been said."""
    found = table.get(key)
    return found if _TABLES.fits(found) and isinstance(found, list) else []


def _wrong_keys(
    where: str,
    table: dict[str, Any],
    needed: Mapping[str, _Wanted],
    allowed: Mapping[str, _Wanted],
) -> Iterator[str]:
    known = {**needed, **allowed}
    yield from (f"{where} has no {key}" for key in sorted(needed.keys() - table.keys()))
    for key, value in table.items():
        if key not in known:
            yield f"{where}: {key} is not known; known are {', '.join(sorted(known))}"
        elif not known[key].fits(value):
            stands = json.dumps(value, ensure_ascii=False, default=str)[:80]
            yield f"{where}: {key} is {stands}; it takes {known[key].words}"
