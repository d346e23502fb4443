"""An agency's own licensed assessment items -> its own score sheets (F4).

The items of AIM2 and its kin are owned and want training: none come with FormFlow. An agency that holds a
licence writes them into a file of its own, once; from it come score sheets with these items in the place of
the guidance's headings. The words of an item are on those sheets alone: not in messages, logs or exports.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from formflow.admin import toml
from formflow.core.errors import FormDefinitionProblem
from formflow.forms.catalogue import LICENSED_FROM, Form, claim, claim_of_document, parsed
from formflow.rules.assessment.profile import DOMAINS, KINDS, NATURES

STEM = "licensed-items"
MOST_ITEMS = 120  # three boxes each; a paper has at most 500
Domain = Literal["behaviour", "development", "family", "environment"]
Kind = Literal["concern", "strength"]
Nature = Literal["static", "dynamic"]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Item(_Table):
    """One item of a licensed model."""

    id: str = Field(pattern="^[a-z0-9]{1,12}$")
    domain: Domain
    kind: Kind
    nature: Nature
    label: str = Field(min_length=1)
    values: tuple[int, ...] = ()  # what may be chosen, as in the manual


class Band(_Table):
    """A band of the agency's own model: what the values of one domain and kind come to."""

    domain: Domain
    kind: Kind
    least: float
    most: float
    label: str = Field(min_length=1)


class Library(_Table):
    """The file: who holds the licence, which edition, who is trained, and the items."""

    model: Literal["aim2", "other"]
    version: int = Field(ge=1, le=8999)
    licence_holder: str = Field(min_length=1)
    edition: str = Field(min_length=1)
    trained_users: str = Field(min_length=1)
    item: tuple[Item, ...] = Field(min_length=1, max_length=MOST_ITEMS)
    band: tuple[Band, ...] = ()


def read(path: Path) -> Library:
    """Return the items in a file. Raise FormDefinitionProblem with every problem, and no item's words."""
    try:
        library = Library.model_validate(tomllib.loads(path.read_text("utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        raise FormDefinitionProblem("The file with the items cannot be read.") from None
    except ValidationError as broken:
        raise FormDefinitionProblem("\n".join(_problems(broken))) from None
    count = Counter(item.id for item in library.item)
    twice = [f"item “{name}” is there twice" for name, times in count.items() if times > 1]
    if twice:
        raise FormDefinitionProblem("\n".join(twice))
    return library


def definition(library: Library, headings: Form) -> str:
    """Return the definition of score sheets with these items, as TOML: ours, with other items in it."""
    table = tomllib.loads(headings.source.read_text("utf-8"))
    table["version"] = LICENSED_FROM + library.version
    table["intro"] = (
        f"For trained assessors. Items of {library.edition}, licensed to {library.licence_holder}."
        " FormFlow gathers and shows; it decides nothing."
    )
    for section in table["section"]:
        if section["name"] in DOMAINS:
            section["fields"] = [
                entry
                for item in library.item
                if item.domain == section["name"]
                for entry in _fields(item)
            ]
    table["section"] = [section for section in table["section"] if section["fields"]]
    table["hidden"] = claim(table["id"], table["version"])
    table["information"] = claim_of_document(table["id"], table["version"])
    table["band"] = [band.model_dump() for band in library.band]
    return toml.written(table)


def made_into(folder: Path, library: Library, headings: Form) -> Mapping[str, bytes]:
    """Return the files of the agency's own score sheets, by name: definition, blank and manifest."""
    # Imported here: drawing tools are wanted for building only.
    from formflow.documents.blank import build_blank
    from formflow.forms import manifest as manifests
    from formflow.reading.manifest_builder import manifest_of

    text = definition(library, headings)
    blank = build_blank(parsed(text, folder / f"{STEM}.toml"))
    return {
        f"{STEM}.toml": text.encode(),
        f"{STEM}.pdf": blank,
        f"{STEM}.json": manifests.dumped(manifest_of(blank)),
    }


def _fields(item: Item) -> Iterator[dict[str, Any]]:
    name = f"{item.domain}_{item.id}_{item.nature}_{item.kind}"
    weights = {"strong": "Strong", "some": "Some", "little": "Little", "none": "None"}
    yield {"name": name, "kind": "long_text", "label": item.label, "lines": 2, "licensed": True}
    if item.values:
        yield _choice(f"{name}_value", "Value", {f"v{one}": str(one) for one in item.values})
    yield _choice(f"{name}_weight", "Weight of the evidence", weights)


def _choice(name: str, label: str, states: Mapping[str, str]) -> dict[str, Any]:
    shown = {"states": list(states), "state_labels": list(states.values())}
    return {"name": name, "kind": "choice", "label": label, "licensed": True, **shown}


def _problems(broken: ValidationError) -> Iterator[str]:
    allowed = {"domain": tuple(DOMAINS), "kind": KINDS, "nature": NATURES}
    for problem in broken.errors(include_url=False, include_context=False, include_input=False):
        where = ".".join(str(part) for part in problem["loc"]) or "the file"
        name = str(problem["loc"][-1]) if problem["loc"] else ""
        known = f"; it is one of {', '.join(allowed[name])}" if name in allowed else ""
        yield f"{where}: {problem['msg'].partition(',')[0].lower() if not known else 'is not known'}{known}"
