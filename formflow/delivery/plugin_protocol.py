"""How the answers of a connector in a process of its own come back: as JSON, never as Python objects.

The other side runs somebody else's code, so nothing of what it says is taken for more than it is.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from formflow.sdk.contract import (
    Ambiguous,
    CheckLine,
    CheckReport,
    Delivered,
    DeliveredAs,
    Prepared,
    Rejected,
    Retryable,
    SettingsError,
    Unavailable,
)

_MADE = {made.__name__: made for made in (Prepared, Delivered, CheckReport, CheckLine)}
_ENDINGS = {e.__name__: e for e in (Retryable, Unavailable, Rejected, Ambiguous, SettingsError)}


class Mistake(Exception):
    """Something that a connector raised and the contract does not know."""


def answered(value: object) -> bytes:
    """Return the frame that says what a connector returned."""
    return json.dumps({"is": _plain(value)}).encode()


def raised(problem: BaseException) -> bytes:
    """Return the frame that says what a connector raised: of a mistake no more than its class."""
    ending = next((name for name, kind in _ENDINGS.items() if isinstance(problem, kind)), None)
    if ending is None:
        return json.dumps({"mistake": type(problem).__name__}).encode()
    # Its words stay behind: they may hold a path or an answer.
    told = [getattr(problem, name, None) for name in ("code", "after_seconds")]
    return json.dumps({"ending": ending, "told": [_plain(one) for one in told]}).encode()


def understood(frame: bytes) -> object:
    """Return what a connector returned, or raise what it raised. Raise KeyError and the like for anything else."""
    said: dict[str, Any] = json.loads(frame)
    if "mistake" in said:
        raise type(str(said["mistake"])[:60], (Mistake,), {})
    if "ending" in said:
        code, after_seconds = said["told"]
        raise _ENDINGS[said["ending"]](code, "", after_seconds)
    return _made(said["is"])


def _plain(value: object) -> Any:
    match value:
        case DeliveredAs():
            return {"as": value.value}
        case None | bool() | int() | float():
            return value
        case str():
            return str(value)
        case bytes():
            return {"bytes": base64.b64encode(value).decode()}
        case list() | tuple() | set() | frozenset():
            return [_plain(one) for one in value]
        case Mapping():
            return {"map": [[_plain(key), _plain(one)] for key, one in value.items()]}
        case Prepared() | Delivered() | CheckReport() | CheckLine():
            names = [made.name for made in fields(value)]
            return {"made": type(value).__name__, "of": [_plain(getattr(value, n)) for n in names]}
        case _:
            return {"other": type(value).__name__}


def _made(plain: Any) -> Any:
    if isinstance(plain, list):
        return [_made(one) for one in plain]
    if not isinstance(plain, dict):
        return plain
    match plain:
        case {"as": how}:
            return DeliveredAs(how)
        case {"bytes": text}:
            return base64.b64decode(text)
        case {"map": pairs}:
            return {_made(key): _made(one) for key, one in pairs}
        case {"made": name, "of": values}:
            return _MADE[name](*[_made(one) for one in values])
        case _:
            return object()  # whatever it was: the contract does not know it
