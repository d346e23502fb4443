"""How the values of a PDF are written: numbers, texts, dictionaries, streams. PDF 32000-1, 7.3."""

from __future__ import annotations

import re
import zlib
from codecs import BOM_UTF16_BE
from collections.abc import Iterable, Mapping

WORTH_PACKING = 400  # bytes: for less, packing costs more time than it saves room
QUICKLY = 1  # level of packing
_PLAIN = re.compile(r"[\t\n -~]*")  # the same in every encoding of a PDF

Entries = Mapping[bytes, bytes]  # of a dictionary: "/Key" -> its value, both as they are written


def number(value: float) -> bytes:
    """Return a number as PDF writes it: no exponent, to a thousandth."""
    return b"%.7g" % round(value, 3)


def literal(content: bytes) -> bytes:
    """Return bytes as a PDF string."""
    for sign, written in ((b"\\", b"\\\\"), (b"(", b"\\("), (b")", b"\\)"), (b"\r", b"\\r")):
        content = content.replace(sign, written)
    return b"(" + content + b")"


def text_string(text: str) -> bytes:
    """Return a text as every program reads it. Raise ValueError for half a letter of UTF-16."""
    if _PLAIN.fullmatch(text):
        return literal(text.encode("ascii"))
    return b"<%b>" % (BOM_UTF16_BE + text.encode("utf-16-be")).hex().encode()


def dictionary(entries: Entries) -> bytes:
    """Return a dictionary as it is written."""
    return b"<< %b >>" % b" ".join(b"%b %b" % entry for entry in entries.items())


def array(values: Iterable[float]) -> bytes:
    """Return numbers as an array."""
    return b"[ %b ]" % b" ".join(map(number, values))


def reference(to: int) -> bytes:
    """Return what stands for an object where another refers to it."""
    return b"%d 0 R" % to


def stream(entries: Entries, content: bytes) -> bytes:
    """Return a stream as it is written, packed where that is worth the time."""
    if len(content) >= WORTH_PACKING:
        entries = {**entries, b"/Filter": b"/FlateDecode"}
        content = zlib.compress(content, QUICKLY)
    return plain_stream(entries, content)


def plain_stream(entries: Entries, content: bytes) -> bytes:
    """Return a stream as it is written, with its content as it is."""
    about = dictionary({**entries, b"/Length": b"%d" % len(content)})
    return b"%b stream\n%b\nendstream" % (about, content)
