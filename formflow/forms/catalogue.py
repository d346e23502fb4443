"""Form definitions: form.toml -> Form. What a form asks, in its order, and which states its boxes have.

From a definition of ours come the blank PDF, the field guide (paper/) and the reader's manifest. A
definition of an agency's own PDF lies beside that PDF: their-form.toml, .pdf and .json (the manifest).
It may rename, join and split boxes and say what their states mean; it can fill in no answer.
"""

from __future__ import annotations

import dataclasses
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import resources
from pathlib import Path
from typing import Any

from formflow.core import files
from formflow.core.errors import FormDefinitionProblem
from formflow.forms import manifest as manifests
from formflow.forms import schema
from formflow.forms.manifest import Manifest
from formflow.forms.schema import FURTHER_PAGES as FURTHER_PAGES
from formflow.forms.schema import HIDDEN_FIELDS as HIDDEN_FIELDS
from formflow.forms.schema import TRI_STATES
from formflow.forms.schema import FieldKind as FieldKind

OURS = "form.toml"
LICENSED_FROM = 1000  # versions above: score sheets with an agency's own licensed items


@dataclass(frozen=True)
class Field:
    """One question of the form."""

    name: str  # flat, unique, ASCII: the name in the ledger and the rules
    kind: FieldKind
    label: str  # as printed
    hint: str = ""  # tooltip; what a screen reader says after the label
    required: bool = False  # blank brings a notice
    states: tuple[str, ...] = ()  # for TICK and CHOICE: single words
    state_labels: tuple[str, ...] = ()  # as printed beside the circles
    printed: bool = False  # True: the guidance's own form prints this label
    lines: int = 1  # LONG_TEXT: lines of handwriting the box has room for
    boxes: tuple[str, ...] = ()  # names in the PDF; () where it has the field's own name
    means: Mapping[str, str] = dataclasses.field(
        default_factory=dict
    )  # stored state -> ours; {}: the same. Of a text: what the answer is in words, one after the other
    part: str = ""  # pattern with one pair of brackets: which part of the box is this answer
    known_from: tuple[
        str, ...
    ] = ()  # of a sheet: "form.field" it is filled in from, the first known
    for_reading: bool = False  # of a sheet: FormFlow fills it in, and nobody is asked
    licensed: bool = False  # an item of the agency's own library: its words stay on the sheet
    drawn: bool = False  # of a sheet: for reading, as a drawing; what is stored says it in words
    beside: bool = False  # of one line: on the row of the question before it
    counts_for: str = ""  # of a sheet: "form.field" of another sheet that an answer here answers

    def in_words(self, state: str) -> str:
        """Return a button's state as it is printed, such as "Not known" for "unknown"."""
        return dict(zip(self.states, self.state_labels, strict=True)).get(state, state)

    @property
    def sources(self) -> tuple[str, ...]:
        """The names of the boxes in the PDF that hold this answer."""
        return self.boxes or (self.name,)


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
    hidden: Mapping[str, str] = dataclasses.field(
        default_factory=dict
    )  # boxes that say which form it is
    information: Mapping[str, str] = dataclasses.field(
        default_factory=dict
    )  # the same, of the document
    bands: tuple[Mapping[str, Any], ...] = ()  # of licensed items: what values come to
    is_sheet: bool = False  # True: it belongs to a record that is there, and comes prefilled
    adds_to: str = ""  # of an addendum: the agency's form whose open questions it asks
    elsewhere: frozenset[str] = frozenset()  # questions that only an addendum to it asks
    source: Path = Path(OURS)  # where its definition lies; blank and manifest lie beside it
    learned: Manifest | None = (
        None  # instead of the manifest that lies there, which an older FormFlow made
    )

    @cached_property
    def fields(self) -> Mapping[str, Field]:
        """Every field that a person fills in, by name, in the order of the form."""
        return {field.name: field for section in self.sections for field in section.fields}

    @property
    def is_ours(self) -> bool:
        """Return whether the blank is built from the definition."""
        return self.source.name == OURS

    @property
    def blank(self) -> Path:
        """Where the blank PDF lies."""
        name = f"{self.form_id}-v{self.version}.pdf" if self.is_ours else f"{self.source.stem}.pdf"
        return self.source.with_name(name)

    @cached_property
    def manifest(self) -> Manifest:
        """What the blank holds. Raise FormDefinitionProblem when it cannot be had."""
        name = "manifest.json" if self.is_ours else f"{self.source.stem}.json"
        try:
            return self.learned or manifests.load(self.source.with_name(name))
        except (OSError, ValueError) as problem:
            raise FormDefinitionProblem(
                f"The manifest of the form “{self.form_id}” cannot be read. Run “formflow forms learn”"
                " for it again."
            ) from problem

    @cached_property
    def asked_boxes(self) -> frozenset[str]:
        """The names of the boxes in the PDF that a person fills in."""
        return frozenset(name for field in self.fields.values() for name in field.sources)

    @property
    def is_licensed(self) -> bool:
        """Return whether it holds an agency's own licensed items."""
        return self.version > LICENSED_FROM

    @cached_property
    def drawn_boxes(self) -> frozenset[str]:
        """The names of the boxes in which FormFlow draws something: they show no letters to compare."""
        fields = (field for field in self.fields.values() if field.drawn)
        return frozenset(name for field in fields for name in field.sources)

    @cached_property
    def pages(self) -> Mapping[str, int]:
        """On which printed page, counted from 1, each field stands."""
        boxes = self.manifest.boxes
        return {
            name: boxes[field.sources[0]].places[0].page
            for name, field in self.fields.items()
            if field.sources[0] in boxes and boxes[field.sources[0]].places
        }


def load(path: Path) -> Form:
    """Return the form that a form.toml defines. Raise FormDefinitionProblem when it contradicts itself."""
    try:
        return parsed(files.read(path, follow=True).decode(), path)
    except (OSError, UnicodeDecodeError) as problem:
        raise FormDefinitionProblem(f"The form definition cannot be read: {problem}") from problem


def parsed(text: str, path: Path) -> Form:
    """Return the form that the text of a definition defines, as if it lay at a path. Raise the same."""
    try:
        return _form(tomllib.loads(text), path)
    except tomllib.TOMLDecodeError as problem:
        raise FormDefinitionProblem(f"The form definition cannot be read: {problem}") from problem


def shipped() -> tuple[Form, ...]:
    """Return the forms that come with FormFlow, the newest version of each, in the order of their codes.

    The recording form (F1) is the first.
    """
    return _newest(_root())


def known(folder: Path | None = None) -> tuple[Form, ...]:
    """Return every form that can be read: ours, their old versions, and those in an agency's folder.

    Raise FormDefinitionProblem where two of them claim to be the same, or one is not sound.
    """
    paths = sorted(folder.glob("*.toml")) if folder is not None and folder.is_dir() else []
    forms = (*shipped(), *_older(_root()), *map(load, paths))
    names = [(form.form_id, form.version) for form in forms]
    twice = sorted(
        {f"{name} version {version}" for name, version in names if names.count((name, version)) > 1}
    )
    if twice:
        raise FormDefinitionProblem(f"Two form definitions have one name: {', '.join(twice)}.")
    return forms


def with_addenda(forms: Iterable[Form]) -> tuple[Form, ...]:
    """Return the forms, each with the questions of its addenda: its records may answer both."""
    forms = tuple(forms)
    return tuple(_whole(form, forms) for form in forms)


def _whole(form: Form, forms: Sequence[Form]) -> Form:
    addenda = [one for one in forms if one.adds_to == form.form_id] if not form.adds_to else []
    if not addenda:
        return form
    asked = {name for one in addenda for name in one.fields}
    own = [
        dataclasses.replace(
            section,
            fields=tuple(
                # A box that could only say one thing: the addendum asks for the other answers.
                dataclasses.replace(one, means={}) if one.name in asked else one
                for one in section.fields
            ),
        )
        for section in form.sections
    ]
    added = tuple(_added(form, addenda))
    names = frozenset(field.name for section in added for field in section.fields)
    return dataclasses.replace(form, sections=(*own, *added), elsewhere=names)


def _added(form: Form, addenda: Sequence[Form]) -> Iterator[Section]:
    seen = set(form.fields)
    for addendum in addenda:
        for section in addendum.sections:
            more = tuple(field for field in section.fields if field.name not in seen)
            seen |= {field.name for field in more}
            if more:
                name = f"{addendum.form_id}_{section.name}"
                yield dataclasses.replace(section, name=name, fields=more)


@cache  # they come with FormFlow, and do not change while it runs
def _newest(root: Path) -> tuple[Form, ...]:
    return tuple(sorted((load(p) for p in root.glob(f"*/{OURS}")), key=lambda form: form.code))


@cache
def _older(root: Path) -> tuple[Form, ...]:
    return tuple(map(load, sorted(root.glob(f"*/versions/*/{OURS}"))))


def _root() -> Path:
    return Path(str(resources.files("formflow_forms")))


def _form(table: dict[str, Any], source: Path) -> Form:
    problems = list(schema.problems(table))
    if problems:
        raise FormDefinitionProblem("The form definition has problems:\n  " + "\n  ".join(problems))
    hidden, information = _claims(table, source)
    return Form(
        form_id=table["id"],
        version=table["version"],
        code=table["code"],
        title=table["title"],
        intro=table["intro"],
        filing=table["filing"],
        how_to_save=table["how_to_save"],
        sections=tuple(_sections(table)),
        is_sheet=table.get("is_sheet", False),
        adds_to=table.get("adds_to", ""),
        bands=tuple(table.get("band", ())),
        source=source,
        hidden=hidden,
        information=information,
    )


def _claims(table: dict[str, Any], source: Path) -> tuple[dict[str, str], dict[str, str]]:
    """Return by what hidden boxes and document information a paper says that it is this form."""
    if source.name != OURS:
        return table.get("hidden", {}), table.get("information", {})
    name = table["id"], table["version"]  # ours say it by themselves
    return claim(*name), claim_of_document(*name)


def claim(form_id: str, version: int) -> dict[str, str]:
    """Return the hidden boxes by which a form of ours, or a sheet that we filled in, says what it is."""
    return {"form_id": form_id, "form_version": str(version)}


def claim_of_document(form_id: str, version: int) -> dict[str, str]:
    """Return the same claim as document information: it outlives programs that take the boxes away."""
    return {"FormFlowFormId": form_id, "FormFlowFormVersion": str(version)}


def _sections(table: dict[str, Any]) -> Iterator[Section]:
    for section in table["section"]:
        yield Section(
            name=section["name"],
            label=section["label"],
            prompt=section["prompt"],
            fields=tuple(_field(entry) for entry in section["fields"]),
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
        boxes=tuple(entry.get("boxes", ())),
        means=entry.get("means", {}),
        part=entry.get("part", ""),
        known_from=tuple(entry.get("known_from", ())),
        for_reading=entry.get("for_reading", False),
        drawn=entry.get("drawn", False),
        beside=entry.get("beside", False),
        counts_for=entry.get("counts_for", ""),
        licensed=entry.get("licensed", False),
    )
