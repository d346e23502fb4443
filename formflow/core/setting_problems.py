"""What is wrong with a settings file, in words; and its secrets, which are elsewhere."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, SecretStr, ValidationError
from pydantic_core import ErrorDetails

from formflow.core.errors import SettingsProblem
from formflow.core.settings import fetched


def is_secret(annotation: Any) -> bool:
    return annotation is SecretStr or SecretStr in getattr(annotation, "__args__", ())


def secret_problem(value: Any) -> str | None:
    if not isinstance(value, str) or not value.startswith(("env:", "file:")):
        return "a secret must not be in this file; write env:NAME or file:PATH"
    kind, _, where = value.partition(":")
    if kind == "env" and where not in os.environ:
        return f"the environment variable {where} is not set"
    if kind == "file" and not Path(where).is_file():
        return "the file it names was not found"
    if kind == "file" and sys.platform != "win32" and Path(where).stat().st_mode & 0o006:
        return f"everybody on this computer may read or change that file; run chmod 600 {shlex.quote(where)}"
    return None


def with_secrets(model: type[BaseModel], own: Mapping[str, Any]) -> dict[str, Any]:
    plain = dict(own)
    for name, field in model.model_fields.items():
        value = plain.get(name)
        if not is_secret(field.annotation) or value is None:
            continue
        if problem := secret_problem(value):
            raise SettingsProblem("A secret cannot be fetched.", (f"{name}: {problem}",))
        plain[name] = fetched(str(value))
    return plain


def in_words(broken: ValidationError, model: type[BaseModel]) -> Iterator[str]:
    # include_input=False: a mistyped value may be a secret or a name.
    problems = broken.errors(include_url=False, include_context=False, include_input=False)
    for problem in problems:
        path = _path(problem["loc"])
        if problem["type"] == "too_short" and _has_more_below(problem["loc"], problems):
            continue  # pydantic counts what failed as not there: the real problem is said beside it
        if problem["type"] == "extra_forbidden":
            allowed = ", ".join(sorted(_table_at(model, problem["loc"][:-1]).model_fields))
            yield f"{path}: is not a setting here; allowed are {allowed}"
        else:
            words = problem["msg"].removeprefix("Value error, ")
            yield f"{path}: {words[0].lower()}{words[1:]}"


def _has_more_below(location: tuple[int | str, ...], problems: Sequence[ErrorDetails]) -> bool:
    longer = (p["loc"] for p in problems if len(p["loc"]) > len(location))
    return any(other[: len(location)] == location for other in longer)


def _path(location: tuple[int | str, ...]) -> str:
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)
    return text.lstrip(".") or "the file"


def _table_at(model: type[BaseModel], location: tuple[int | str, ...]) -> type[BaseModel]:
    for part in location:
        if isinstance(part, str):
            annotation = model.model_fields[part].annotation
            candidates = (annotation, *getattr(annotation, "__args__", ()))
            model = next(c for c in candidates if isinstance(c, type) and issubclass(c, BaseModel))
    return model
