"""Form definitions: form.toml -> Form. What a form asks, in its order, and which states its boxes have.

From the same definition come the blank PDF and the field guide (paper.py) and the reader's manifest.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import Any

from formflow.errors import FormDefinitionProblem

TRI_STATES = ("yes", "no", "unknown")
HIDDEN_FIELDS = ("form_id", "form_version", "case_ref")


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
    return _form(tomllib.loads(path.read_text(encoding="utf-8")))


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


_FORM_KEYS = {"id", "version", "code", "title", "intro", "filing", "how_to_save", "section"}
_SECTION_KEYS = {"name", "label", "prompt", "fields"}
_FIELD_KEYS = {"name", "kind", "label"}
_MORE_FIELD_KEYS = {"hint", "required", "states", "state_labels", "printed", "lines"}


def _problems(table: dict[str, Any]) -> Iterator[str]:
    """Yield everything that is wrong with a definition, each with its place."""
    yield from _wrong_keys("the form", table, _FORM_KEYS, set())
    seen: set[str] = set(HIDDEN_FIELDS)
    for section in table.get("section", ()):
        where = f"section “{section.get('name', '?')}”"
        yield from _wrong_keys(where, section, _SECTION_KEYS, set())
        for entry in section.get("fields", ()):
            name = str(entry.get("name", "?"))
            yield from (f"{where}, {name}: {words}" for words in _field_problems(entry))
            if name in seen:
                yield f"{where}, {name}: the name is used twice"
            seen.add(name)


def _field_problems(entry: dict[str, Any]) -> Iterator[str]:
    yield from _wrong_keys("it", entry, _FIELD_KEYS, _MORE_FIELD_KEYS)
    if not re.fullmatch(r"[a-z][a-z0-9_]*", str(entry.get("name", ""))):
        yield "a name has small letters, digits and _ only, and begins with a letter"
    if entry.get("kind") not in set(FieldKind):
        yield f"there is no kind “{entry.get('kind')}”; there are {', '.join(FieldKind)}"
    states, labels = entry.get("states", ()), entry.get("state_labels", ())
    if (entry.get("kind") == FieldKind.CHOICE) != bool(states):
        yield "a choice, and nothing else, has states"
    if len(states) != len(labels):
        yield "every state has one label"
    yield from (f"“{s}” is not a single word" for s in states if not re.fullmatch(r"[a-z]+", s))


def _wrong_keys(
    where: str, table: dict[str, Any], needed: set[str], allowed: set[str]
) -> Iterator[str]:
    yield from (f"{where} has no {key}" for key in sorted(needed - table.keys()))
    unknown = sorted(table.keys() - needed - allowed)
    yield from (
        f"{where}: {key} is not known; known are {', '.join(sorted(needed | allowed))}"
        for key in unknown
    )
