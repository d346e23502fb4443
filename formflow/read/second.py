"""The second reading, by another library: pypdf walks the same boxes and must find the same values.

Keyed by /T like the first: pypdf's own get_fields() takes the mapping name /TM where there is one.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pypdf
from pypdf.generic import ArrayObject, DictionaryObject, IndirectObject, StreamObject

from formflow.read.text import normalised

DEEPEST = 32
PUSH_BUTTON = 1 << 16
# Its warnings quote the file.
logging.getLogger("pypdf").setLevel(logging.CRITICAL)


def values(path: Path) -> dict[str, str] | None:
    """Return every box's value by its full name, as pypdf reads it; None when it cannot."""
    try:
        with path.open("rb") as stream:
            return _values(pypdf.PdfReader(stream, strict=False))
    except Exception:  # noqa: BLE001 - pypdf raises many kinds on damaged files: all mean "it cannot"
        return None


def _values(reader: pypdf.PdfReader) -> dict[str, str] | None:
    form = _resolved(reader.trailer["/Root"]).get("/AcroForm")
    fields = _resolved(_resolved(form).get("/Fields")) if form is not None else None
    found: dict[str, str] = {}
    for entry in fields or ():
        _visit(entry, "", {}, found, 0)
    return found


def _visit(
    entry: Any, above: str, inherited: dict[str, Any], found: dict[str, str], depth: int
) -> None:
    box = _resolved(entry)
    if not isinstance(box, DictionaryObject) or depth > DEEPEST:
        return
    here = inherited | {key: box.raw_get(key) for key in ("/FT", "/V", "/Ff") if key in box}
    own = box.get("/T")
    name = ".".join(part for part in (above, str(own) if own is not None else "") if part)
    kids = _resolved(box.get("/Kids")) or ()
    # The first one tells: resolving every circle of a form would double the time.
    if kids and "/T" in _resolved(kids[0]):
        for kid in kids:
            _visit(kid, name, here, found, depth + 1)
        return
    if not name or here.get("/FT") == "/Sig" or int(_resolved(here.get("/Ff", 0))) & PUSH_BUTTON:
        return
    value = _button(here, box, kids) if here.get("/FT") == "/Btn" else _text(here.get("/V"))
    found[name] = value or found.get(name, "")


def _button(here: dict[str, Any], box: DictionaryObject, kids: Any) -> str:
    if _resolved(here.get("/V")) is not None:
        return _state(here["/V"])
    widgets = [_resolved(kid) for kid in kids] or [box]
    return next((state for state in (_state(w.get("/AS")) for w in widgets) if state), "")


def _state(value: Any) -> str:
    text = str(_resolved(value) or "").removeprefix("/")
    return "" if text == "Off" else text


def _text(value: Any) -> str:
    value = _resolved(value)
    if value is None:
        return ""
    if isinstance(value, ArrayObject):
        return normalised("\n".join(_text(part) for part in value))
    if isinstance(value, StreamObject):
        content = value.get_data()
        if content[:2] in (b"\xfe\xff", b"\xff\xfe"):
            return normalised(content.decode("utf-16", "surrogatepass"))
        return normalised(content.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace"))
    return normalised(str(value))


def _resolved(value: Any) -> Any:
    return value.get_object() if isinstance(value, IndirectObject) else value
