"""Active content: what a paper could do besides being read. Forms of ours carry none of it.

Looked for in every object of the file, also inside others: JavaScript, starting programs, sending or
fetching answers, files within the file, films, and jumps into other files. What the form's own blank
carries is known by its mark, which holds a hash and no words of the file.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from typing import Any

import pikepdf

from formflow.reading.reader import ACTIONS, HOLDERS

TARGETS = ("/JS", "/F", "/UF", "/URL", "/Win")
OBJECT_STREAM = b"/ObjStm"
_OBJECT = re.compile(rb"(\d{1,9})\s+0\s+obj\b")
LONGEST_HEAD = 400  # bytes from an object's number to the name that says what it is
# One pattern takes a fifth of the time of a search for each name.
_NAMES = re.compile(b"/(?:%b)" % b"|".join(name[1:].encode() for name in (*ACTIONS, *HOLDERS)))
_A_NAME = b"/JS"
_SPELLED = re.compile(rb"#[0-9A-Fa-f]{2}")
_IN_A_NAME = re.compile(rb"/[!-~]*\Z")
LONGEST_NAME = 60  # bytes: three for each letter of the longest of them
DEEPEST = 50  # levels of direct objects; deeper ones are refused by the cage's own limits


def marks(pdf: pikepdf.Pdf, content: bytes) -> frozenset[str]:
    """Return a mark for everything active in a PDF: its kind in words, and a hash of what it does.

    `content` is the file's bytes. A search for the names in them and in its object streams tells in
    1 ms what a walk through all objects tells in 10; encryption hides no names.
    """
    if not any(map(_may_hold_any, (content, *_object_streams(pdf, content)))):
        return frozenset()
    return frozenset(mark for thing in pdf.objects for mark in _marks(thing, 0))


def _may_hold_any(content: bytes) -> bool:
    # With a letter spelled as "#4A", a name is not in the bytes.
    return _NAMES.search(content) is not None or any(
        _IN_A_NAME.search(content, max(0, found.start() - LONGEST_NAME), found.start())
        for found in _SPELLED.finditer(content)
    )


def _object_streams(pdf: pikepdf.Pdf, content: bytes) -> Iterator[bytes]:
    """Yield what is in each stream that holds objects. One that cannot be found yields a name."""
    at = content.find(OBJECT_STREAM)
    while at >= 0:
        heads = _OBJECT.findall(content, max(0, at - LONGEST_HEAD), at)
        stream = pdf.get_object(int(heads[-1]), 0) if heads else None
        yield stream.read_bytes() if isinstance(stream, pikepdf.Stream) else _A_NAME
        at = content.find(OBJECT_STREAM, at + 1)


def kinds(found: frozenset[str]) -> tuple[str, ...]:
    """Return in words what some marks stand for."""
    return tuple(sorted({mark.partition("|")[0] for mark in found}))


def _marks(thing: Any, depth: int) -> Iterator[str]:
    code = getattr(thing, "_type_code", None)
    if code not in _CONTAINERS or depth > DEEPEST:
        return
    if code is pikepdf.ObjectType.array:
        for part in thing:
            if getattr(part, "_type_code", None) in _CONTAINERS and part.objgen == (0, 0):
                yield from _marks(part, depth + 1)
        return
    keys = thing.keys()
    if "/S" in keys:
        kind = ACTIONS.get(str(thing["/S"]))
        if kind:
            yield f"{kind}|{_hash(thing)}"
    for key in keys & HOLDERS.keys():
        yield f"{HOLDERS[key]}|{_hash(thing)}"
    for key in keys:
        part = thing[key]
        if getattr(part, "_type_code", None) in _CONTAINERS and part.objgen == (0, 0):
            yield from _marks(part, depth + 1)


_CONTAINERS = (
    pikepdf.ObjectType.array,
    pikepdf.ObjectType.dictionary,
    pikepdf.ObjectType.stream,
)


def _hash(thing: pikepdf.Object) -> str:
    digest = hashlib.sha256()
    for key in TARGETS:
        if key in thing:
            digest.update(_content(thing[key]))
    return digest.hexdigest()[:16]


def _content(target: Any) -> bytes:
    if isinstance(target, pikepdf.Stream):
        return target.read_bytes()
    if isinstance(target, pikepdf.String):
        return bytes(target)
    return b""
