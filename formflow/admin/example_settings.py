"""The settings file as an example: made from the settings model, so that it is never out of date."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from formflow.core.settings import ALWAYS_ON, Destination, Settings
from formflow.sdk import registry
from formflow.sdk.contract import Operation

INTRO = """\
# FormFlow's settings. Made from the settings model with “formflow init”; every setting is here with
# its standard value. Lines that begin with # are examples. Relative folders count from this file.
# Secrets never stand here: write env:NAME or file:PATH.
"""


_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)


def example(written: Iterable[tuple[str, str, dict[str, str]]] = ()) -> str:
    """Return a settings file with every setting; `written` destinations are switched on in it.

    `written` holds a name, a kind and the kind's own settings for each.
    """
    lines = [INTRO.rstrip()]
    for name, field in Settings.model_fields.items():
        if name == "destination":
            continue
        default = field.get_default()
        many = isinstance(default, tuple)
        for table in default if many else (default,):
            lines += ["", f"# {_first_line(type(table))}", f"[[{name}]]" if many else f"[{name}]"]
            lines += _values(type(table), comment_out=False, as_in=table)
    for title, kind, own in written:
        lines += ["", "[[destination]]", f"name = {_toml(title)}", f"kind = {_toml(kind)}"]
        lines += [f"{key} = {_toml(value)}" for key, value in own.items()]
    lines += ["", "# The kinds of destination, with all their settings:"]
    always_on = {kind for _, kind, _ in ALWAYS_ON}
    for kind in dict.fromkeys(installed.kind for installed in registry.available()):
        if kind not in always_on:
            lines += _destination(kind)
    return "\n".join(lines) + "\n"


def _destination(kind: str) -> Iterator[str]:
    try:
        model = registry.load(kind).Settings
    except registry.UnusableKind as problem:
        yield from ("", f"# {problem.found}")
        return
    yield from ("", f"# {_first_line(model)}", "# [[destination]]")
    yield f"# name = {_toml(kind.replace('_', ' ').capitalize())}"
    yield f"# kind = {_toml(kind)}"
    if Operation.ALERT in registry.load(kind).capabilities.operations:
        after = Destination.model_fields["alerts_after_hours"]
        yield f"# alerts_after_hours = {_shown(after)}  # {after.description}"
    yield from _values(model, comment_out=True)


def _values(
    model: type[BaseModel], *, comment_out: bool, as_in: BaseModel | None = None
) -> Iterator[str]:
    for name, field in model.model_fields.items():
        words = f"  # {field.description}" if field.description else ""
        mark = "# " if comment_out or field.default is None else ""
        set_here = as_in is not None and name in as_in.model_fields_set
        shown = _toml(getattr(as_in, name)) if set_here else _shown(field)
        yield f"{mark}{name} = {shown}{words}"


def _shown(field: FieldInfo) -> str:
    if SecretStr in (field.annotation, *getattr(field.annotation, "__args__", ())):
        return '"env:NAME"'
    default = field.get_default(call_default_factory=True, validated_data={})
    if default is PydanticUndefined or default is None:
        examples = field.examples or ["…"]
        return _toml(examples[0])
    return _toml(default)


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, list | tuple | frozenset | set):
        return "[" + ", ".join(_toml(one) for one in value) + "]"
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_key(key)} = {_toml(one)}" for key, one in value.items()) + " }"
    text = value.as_posix() if isinstance(value, Path) else str(value)
    return json.dumps(text, ensure_ascii=False)  # a JSON string is a TOML string


def _key(name: str) -> str:
    return name if _BARE_KEY.fullmatch(name) else _toml(name)


def _first_line(model: type[BaseModel]) -> str:
    return (model.__doc__ or "").strip().splitlines()[0]
