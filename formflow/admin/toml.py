"""A form definition as a table -> TOML. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

TABLES = ("section", "band")


def written(table: Mapping[str, Any]) -> str:
    """Return a definition as TOML: what is said of the form first, then its sections and bands."""
    return "\n".join(_lines(table)) + "\n"


def _lines(table: Mapping[str, Any]) -> Iterator[str]:
    yield from (f"{key} = {_word(value)}" for key, value in table.items() if key not in TABLES)
    for name in TABLES:
        for one in table.get(name, ()):
            yield from (
                "",
                f"[[{name}]]",
                *(f"{key} = {_word(value)}" for key, value in one.items()),
            )


def _word(value: Any) -> str:
    """Return words, numbers, lists and small tables as TOML."""
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_word(key)} = {_word(one)}" for key, one in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(_word(one) for one in value) + "]"
    return json.dumps(value, ensure_ascii=False)  # a JSON string, number or truth is TOML's
