"""The process in which a blank is read: it limits itself, reads the PDF that it is told, and writes what it found.

It starts as `python -P -m formflow.admin.learn.child FILE`.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pikepdf

from formflow.admin.learn import blank
from formflow.core.limits import BLANK
from formflow.reading.acroform import TooMuch
from formflow.reading.sandbox.child import limit_this_process

NOT_READ, MUCH = "not read", "too much"


def main() -> None:
    """Read one blank."""
    path, answer = Path(sys.argv[1]), os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):  # what a library prints is no answer
        os.dup2(nowhere, stream)
    limit_this_process(BLANK, keeps_memory_limit=sys.platform == "linux")
    with answer:
        answer.write(_read(path))


def _read(path: Path) -> bytes:
    try:
        return blank.dumped(blank.read(path))
    except TooMuch as much:
        return json.dumps({MUCH: str(much)}).encode()
    except (pikepdf.PdfError, ValueError):
        return json.dumps({NOT_READ: True}).encode()


if __name__ == "__main__":
    main()
