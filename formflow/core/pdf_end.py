"""Where a PDF ends, and what is behind its end: white space, what a mail gateway added, or half a later save."""

from __future__ import annotations

import re

TAIL_BYTES = 2048  # of a file: its end is in there
MOST_BEHIND = 1024  # bytes: readers look for the end no further away
MOST_ZEROS = 64  # bytes: no later save has so few, so these are not the room for one
_END = re.compile(rb"startxref[ \t\r\n\f\0]+(\d{1,12})[ \t\r\n\f\0]+%%EOF")
_SPACE = b" \t\r\n\f"
_NO_TEXT = re.compile(rb"[\x01-\x08\x0b\x0e-\x1f\x7f]")  # an archive's list of what is in it, say
_BEGINS_A_SAVE = re.compile(rb"\d|%|x(r(ef?)?)?\Z|xref|trailer|startxref")


def last_table(tail: bytes) -> int | None:
    """Return where the last table of a file is by its end, in bytes. None where it does not end."""
    ends = list(_END.finditer(tail))
    if not ends or not _is_harmless(tail[ends[-1].end() :]):
        return None
    return int(ends[-1][1])


def behind(content: bytes) -> bytes:
    """Return what is behind the end of a whole file, white space left out."""
    return content[-TAIL_BYTES:].rpartition(b"%%EOF")[2].strip(_SPACE)


def _is_harmless(after: bytes) -> bool:
    """Return whether what is behind an end is text, and cannot be the beginning of a later save or the room for one."""
    found = after.strip(_SPACE)
    if not found:
        return True
    words = found.strip(_SPACE + b"\0")
    if len(after) > MOST_BEHIND or found.count(b"\0") > MOST_ZEROS:
        return False
    is_text = _NO_TEXT.search(words) is None
    return is_text and _BEGINS_A_SAVE.match(words) is None and b" obj" not in words
