"""Is the file whole? Read from its two ends, without opening it as a PDF.

A half-copied incremental save reads cleanly as the old answers in every PDF library: only the file's
end tells. What fails here is held, never rejected: it may still be on its way.
"""

from __future__ import annotations

import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from formflow.core import files, pdf_end

HEAD_BYTES = 1024
MARK = b"%PDF-"
_XREF = re.compile(rb"\s*(xref\b|\d+\s+\d+\s+obj\b)")


@dataclass(frozen=True, slots=True)
class Gate:
    """What the gate has against a file."""

    code: str = ""  # notice code; "" lets it through
    words: Mapping[str, str] = field(default_factory=dict)
    retry: bool = False  # True: it may be whole later


def tail_gate(path: Path, *, largest: int) -> Gate:
    """Say what stands against taking a file as a whole paper of at most `largest` bytes.

    Raise OSError when the file cannot be looked at just now.
    """
    status = path.lstat()
    if not stat.S_ISREG(status.st_mode):
        return Gate("FF-116", {"what": _what(status.st_mode)})
    if status.st_size == 0:
        return Gate("FF-102", retry=True)
    if status.st_size > largest:
        return Gate("FF-111", {"limit_mb": str(largest >> 20)})
    with files.opened(path) as stream:
        return _ends(stream, status.st_size)


def _ends(stream: BinaryIO, size: int) -> Gate:
    head = stream.read(HEAD_BYTES)
    start = head.find(MARK)
    if start < 0:
        # Some programs first write zeros in the file's full size, or the first few bytes alone.
        return Gate("FF-117", retry=len(head) < len(MARK) or not head.strip(b"\0"))
    stream.seek(max(0, size - pdf_end.TAIL_BYTES))
    table = pdf_end.last_table(stream.read(pdf_end.TAIL_BYTES))
    if table is None or not _points_at_xref(stream, table, start, size):
        return Gate("FF-103", retry=True)
    return Gate()


def _points_at_xref(stream: BinaryIO, offset: int, start: int, size: int) -> bool:
    # Some programs count from the header, some from the first byte of the file.
    for position in {offset, offset + start}:
        if position < size:
            stream.seek(position)
            if _XREF.match(stream.read(40)):
                return True
    return False


def _what(mode: int) -> str:
    if stat.S_ISDIR(mode):
        return "a folder"
    return "a link to something else" if stat.S_ISLNK(mode) else "something that only programs use"
