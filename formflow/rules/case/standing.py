"""What FormFlow keeps to in every case: standing.toml as values, for the page that lists every rule."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources

from formflow.rules.case.steps import Kind


@dataclass(frozen=True, slots=True)
class Standing:
    """One line of the guidance that FormFlow itself keeps, always."""

    id: str  # "PR8"
    section: str
    kind: Kind
    quote: str  # the guidance's words, at most 25
    does: str  # what FormFlow does


@cache
def standing() -> tuple[Standing, ...]:
    """Return every such line, in the order of the guidance."""
    table = tomllib.loads((resources.files(__package__) / "standing.toml").read_bytes().decode())
    return tuple(
        Standing(
            id=row["id"],
            section=row["section"],
            kind=Kind(row["kind"]),
            quote=row["quote"],
            does=row["does"],
        )
        for row in table["standing"]
    )
