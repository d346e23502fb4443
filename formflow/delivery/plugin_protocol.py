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
    Attachment,
    CheckLine,
    CheckReport,
    Delivered,
    DeliveredAs,
    Ending,
    Prepared,
    Rejected,
    Retryable,
    SettingsError,
    Unavailable,
)

_MADE = {made.__name__: made for made in (Prepared, Attachment, Delivered, CheckReport, CheckLine)}
_ENDINGS = {e.__name__: e for e in (Retryable, Unavailable, Rejected, Ambiguous, SettingsError)}


LARGEST_PIECE = 1 << 20  # bytes of an attachment that are lent at once
REFUSED, LENT = b"-", b"+"  # the first byte of what is lent; nothing follows the first


class Mistake(Exception):
    """Something that a connector raised and the contract does not know."""


def wanted(sha256: str, start: int, size: int) -> bytes:
    """Return the frame that asks for some bytes of an attachment, before there is an answer."""
    return json.dumps({"wanted": [sha256, start, size]}).encode()


def what_is_wanted(frame: bytes) -> tuple[str, int, int] | None:
    """Return which bytes a frame asks for; None for an answer."""
    if not frame.startswith(b'{"wanted": '):
        return None
    sha256, start, size = json.loads(frame)["wanted"]
    return str(sha256), int(start), min(int(size), LARGEST_PIECE)


def answered(value: object) -> bytes:
    """Return the frame that says what a connector returned."""
    return json.dumps({"is": _plain(value)}).encode()


def raised(problem: BaseException) -> bytes:
    """Return the frame that says what a connector raised: of a mistake no more than its class."""
    if isinstance(problem, Ending):
        return json.dumps({"raised": _plain(problem)}).encode()
    return json.dumps({"mistake": type(problem).__name__}).encode()


def understood(frame: bytes) -> object:
    """Return what a connector returned, or raise what it raised. Raise KeyError and the like for anything else."""
    said: dict[str, Any] = json.loads(frame)
    if "mistake" in said:
        raise type(str(said["mistake"])[:60], (Mistake,), {})
    if "raised" in said:
        raise _ending(*said["raised"]["ended"])
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
        case tuple():
            return {"tuple": [_plain(one) for one in value]}
        case list() | set() | frozenset():
            return [_plain(one) for one in value]
        case Mapping():
            return {"map": [[_plain(key), _plain(one)] for key, one in value.items()]}
        case Ending():
            name = next((name for name, kind in _ENDINGS.items() if isinstance(value, kind)), "")
            # One that its author did not make as endings are made has none of these.
            told = [getattr(value, word, None) for word in ("code", "text", "after_seconds")]
            return {"ended": [name, *[_plain(one) for one in told]]}
        case Prepared() | Attachment() | Delivered() | CheckReport() | CheckLine():
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
        case {"tuple": ones}:
            return tuple(_made(one) for one in ones)
        case {"ended": told}:
            return _ending(*told)
        case {"map": pairs}:
            return {_made(key): _made(one) for key, one in pairs}
        case {"made": name, "of": values}:
            return _MADE[name](*[_made(one) for one in values])
        case _:
            return object()  # whatever it was: the contract does not know it


def _ending(name: str, code: Any, text: Any, after_seconds: Any) -> Ending:
    return _ENDINGS[name](code, text, after_seconds)  # what is in it is looked at in calls.py
