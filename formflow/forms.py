"""Form definitions: form.toml -> Form. What a form asks, in its order, and which states its boxes have.

From the same definition come the blank PDF and the field guide (paper.py) and the reader's manifest.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import Any

from formflow.errors import FormDefinitionProblem

TRI_STATES = ("yes", "no", "unknown")
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


@dataclass(frozen=True)
class Field:
    """One question of the form."""

    name: str  # flat, unique, ASCII: the name in the PDF, the ledger and the rules
    kind: FieldKind
    label: str  # as printed
    hint: str = ""  # tooltip; what a screen reader says after the label
    required: bool = False  # blank brings a notice
    states: tuple[str, ...] = ()  # for TICK and CHOICE: export values, single words
    state_labels: tuple[str, ...] = ()  # as printed beside the circles
    printed: bool = False  # True: the guidance's own form prints this label
    lines: int = 1  # LONG_TEXT: lines of handwriting the box has room for

    def in_words(self, state: str) -> str:
        """Return a button's state as it is printed, such as "Not known" for "unknown"."""
        return dict(zip(self.states, self.state_labels, strict=True)).get(state, state)


@dataclass(frozen=True)
class Section:
    """One printed heading and the questions under it."""

    name: str
    label: str  # as printed
    prompt: str  # as printed under the label, "" for none
    fields: tuple[Field, ...]


@dataclass(frozen=True)
class Form:
    """One version of one form."""

    form_id: str  # "recording"
    version: int  # from 1
    code: str  # "F1"
    title: str
    intro: str  # printed under the title
    filing: str  # printed under the intro: where the paper belongs
    how_to_save: str  # printed strip for the person who fills it in
    sections: tuple[Section, ...]

    @cached_property
    def fields(self) -> Mapping[str, Field]:
        """Every field that a person fills in, by name, in the order of the form."""
        return {field.name: field for section in self.sections for field in section.fields}

    @cached_property
    def manifest(self) -> Mapping[str, tuple[str, ...]]:
        """Every field name in the PDF with its states; () for text. The hidden fields included."""
        hidden: dict[str, tuple[str, ...]] = dict.fromkeys(HIDDEN_FIELDS, ())
        return {**hidden, **{name: field.states for name, field in self.fields.items()}}


def load(path: Path) -> Form:
    """Return the form that a form.toml defines. Raise FormDefinitionProblem when it contradicts itself."""
    try:
        return _form(tomllib.loads(path.read_text(encoding="utf-8")))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise FormDefinitionProblem(f"The form definition cannot be read: {problem}") from problem


def shipped() -> tuple[Form, ...]:
    """Return the forms that come with FormFlow."""
    root = Path(str(resources.files("formflow_forms")))
    return tuple(load(path) for path in sorted(root.glob("*/form.toml")))


def pages(form: Form) -> Mapping[str, int]:
    """Return on which printed page, counted from 1, each field stands."""
    manifest = Path(str(resources.files("formflow_forms"))) / form.form_id / "manifest.json"
    boxes: dict[str, dict[str, Any]] = json.loads(manifest.read_text("utf-8"))["fields"]
    return {name: int(box["page"]) for name, box in boxes.items()}


def products(form: Form) -> Mapping[str, bytes]:
    """Return everything that is built from a definition, by file name. The same bytes every time."""
    # Imported here: drawing tools are wanted for building only, and slow to load.
    from formflow.paper.blank import build_blank, pages_of
    from formflow.paper.guide import field_guide

    where = pages_of(form)
    manifest = {
        "form": form.form_id,
        "version": form.version,
        "fields": {
            name: {"page": where[name], "states": list(field.states)}
            for name, field in form.fields.items()
        },
    }
    return {
        f"{form.form_id}-v{form.version}.pdf": build_blank(form),
        "field-guide.md": field_guide(form, where).encode(),
        "manifest.json": (json.dumps(manifest, indent=1) + "\n").encode(),
    }


def stale(folder: Path) -> list[str]:
    """Return the names of a form folder's products that are not what its definition gives now."""
    made = products(load(folder / "form.toml"))
    return [
        name
        for name, content in made.items()
        if not (folder / name).is_file() or (folder / name).read_bytes() != content
    ]


def _form(table: dict[str, Any]) -> Form:
    problems = list(_problems(table))
    if problems:
        raise FormDefinitionProblem("The form definition has problems:\n  " + "\n  ".join(problems))
    return Form(
        form_id=table["id"],
        version=table["version"],
        code=table["code"],
        title=table["title"],
        intro=table["intro"],
        filing=table["filing"],
        how_to_save=table["how_to_save"],
        sections=tuple(
            Section(
                name=section["name"],
                label=section["label"],
                prompt=section["prompt"],
                fields=tuple(_field(entry) for entry in section["fields"]),
            )
            for section in table["section"]
        ),
    )


def _field(entry: dict[str, Any]) -> Field:
    kind = FieldKind(entry["kind"])
    tick = kind is FieldKind.TICK
    return Field(
        name=entry["name"],
        kind=kind,
        label=entry["label"],
        hint=entry.get("hint", ""),
        required=entry.get("required", False),
        states=TRI_STATES if tick else tuple(entry.get("states", ())),
        state_labels=("Yes", "No", "Not known") if tick else tuple(entry.get("state_labels", ())),
        printed=entry.get("printed", False),
        lines=entry.get("lines", 8) if kind is FieldKind.LONG_TEXT else 1,
    )


def _words(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _number(value: Any, most: int) -> bool:
    return type(value) is int and 1 <= value <= most


def _list(value: Any, holds: Callable[[Any], bool]) -> bool:
    return isinstance(value, list) and bool(value) and all(holds(one) for one in value)


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
_STATES = _Wanted(
    "two or more different single words in small letters",
    lambda value: (
        _list(value, lambda one: bool(re.fullmatch("[a-z]+", str(one))))
        and len(set(value)) == len(value) > 1
    ),
)
_FORM_KEYS = dict.fromkeys(("code", "title", "intro", "filing", "how_to_save"), _WORDS)
_FORM_KEYS |= {"id": _NAME, "version": _NUMBER, "section": _TABLES}
_SECTION_KEYS = {"name": _NAME, "label": _WORDS, "prompt": _MAYBE_WORDS, "fields": _TABLES}
_FIELD_KEYS = {"name": _NAME, "kind": _KIND, "label": _WORDS}
_MORE_FIELD_KEYS = {"hint": _WORDS, "required": _YES_NO, "printed": _YES_NO}
_MORE_FIELD_KEYS |= {"states": _STATES, "state_labels": _LABELS, "lines": _LINES}


def _problems(table: dict[str, Any]) -> Iterator[str]:
    """Yield everything that is wrong with a definition, each with its place."""
    yield from _wrong_keys("the form", table, _FORM_KEYS, {})
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
