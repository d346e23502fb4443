"""The third reading, of doubtful papers: pypdf walks the same boxes and must find the same values.

Keyed by /T like the first: pypdf's own get_fields() takes the mapping name /TM where there is one.
Only what is compared is looked up, because pypdf reads an object in 0.1 ms where qpdf takes 0.01.
"""

from __future__ import annotations

import io
import logging
from pathlib import Path
from typing import Any

import pypdf
from pypdf.errors import PyPdfError
from pypdf.generic import (
    ArrayObject,
    ByteStringObject,
    DictionaryObject,
    IndirectObject,
    StreamObject,
    TextStringObject,
)

from formflow.reading.text import decoded, normalised

DEEPEST = 32
PUSH_BUTTON = 1 << 16
STREAM_BYTES = 75 << 20  # decompressed, of one stream
MOST_ENTRIES = 100_000  # in one array or dictionary
logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # its warnings quote the file
pypdf.overwrite_configuration(
    maximum_declared_stream_length=STREAM_BYTES,
    zlib_maximum_output_length=STREAM_BYTES,
    lzw_maximum_output_length=STREAM_BYTES,
    run_length_maximum_output_length=STREAM_BYTES,
    array_maximum_element_count=MOST_ENTRIES,
    dictionary_maximum_element_count=MOST_ENTRIES,
)


def values(path: Path, password: str = "") -> dict[str, str] | None:
    """Return every box's value by its full name, as pypdf reads it; None when it cannot."""
    try:
        reader = _reader(path.read_bytes())
        if reader.is_encrypted and not reader.decrypt(""):
            reader.decrypt(password)
        return _values(reader)
    except (MemoryError, RecursionError):
        raise
    except Exception:  # noqa: BLE001 - pypdf raises many kinds on damaged files: all mean "it cannot"
        return None


def _reader(content: bytes) -> pypdf.PdfReader:
    """Open a file strictly, which takes 1 ms, or with patience, which takes 2 and looks at all objects."""
    try:
        reader = pypdf.PdfReader(io.BytesIO(content), strict=True)
    except PyPdfError:
        return pypdf.PdfReader(io.BytesIO(content), strict=False)
    reader.strict = False  # for what is read from here on
    return reader


def _values(reader: pypdf.PdfReader) -> dict[str, str]:
    form = _resolved(_resolved(reader.trailer["/Root"])["/AcroForm"])
    found: dict[str, str] = {}
    for entry in _resolved(form["/Fields"]):
        _visit(entry, "", {}, found, 0)
    return found


def _visit(
    entry: Any, above: str, inherited: dict[str, Any], found: dict[str, str], depth: int
) -> None:
    box = _resolved(entry)
    if not isinstance(box, DictionaryObject) or depth > DEEPEST:
        return
    here = inherited | {key: box.raw_get(key) for key in ("/FT", "/V", "/Ff") if key in box}
    own = _text(box.raw_get("/T")) if "/T" in box else ""
    name = f"{above}.{own}" if above and own else above or own
    named = _named_kids(box, here)
    if named:
        for kid in named:
            _visit(kid, name, here, found, depth + 1)
        return
    if not name or here.get("/FT") == "/Sig" or int(_resolved(here.get("/Ff", 0))) & PUSH_BUTTON:
        return
    value = _button(here, box) if here.get("/FT") == "/Btn" else _text(here.get("/V"))
    found[name] = value or found.get(name, "")


def _named_kids(box: DictionaryObject, here: dict[str, Any]) -> list[Any]:
    """Return the kids that are boxes of their own. A group of circles with a value has none."""
    if "/Kids" not in box or (here.get("/FT") == "/Btn" and "/V" in box):
        return []
    kids = list(_resolved(box.raw_get("/Kids")))
    return kids if any("/T" in _resolved(kid) for kid in kids) else []


def _button(here: dict[str, Any], box: DictionaryObject) -> str:
    if _resolved(here.get("/V")) is not None:
        return _state(here["/V"])
    widgets = [_resolved(kid) for kid in _resolved(box.get("/Kids", ()))] or [box]
    return next((state for state in (_state(widget.get("/AS")) for widget in widgets) if state), "")


def _state(value: Any) -> str:
    text = _text(value).removeprefix("/")
    return "" if text == "Off" else text


def _text(value: Any) -> str:
    value = _resolved(value)
    match value:
        case None:
            return ""
        case ArrayObject():
            return normalised("\n".join(_text(part) for part in value))
        case StreamObject():
            return normalised(decoded(value.get_data()))
        case ByteStringObject():
            return normalised(decoded(bytes(value)))
        case TextStringObject() if value.startswith(("þÿ", "ÿþ")):
            # Half an emoji: pypdf gives up on UTF-16 then and hands over the bytes as letters.
            return normalised(decoded(value.original_bytes))
        case _:
            return normalised(str(value))


def _resolved(value: Any) -> Any:
    return value.get_object() if isinstance(value, IndirectObject) else value
