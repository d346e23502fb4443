"""The process in which a stranger's PDF is read: it limits itself, reads what it is told, and writes what it found.

It starts as `python -P -m formflow.admin.learn.child FILE`; `formflow.admin.fillable.child` is the same for another reading.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pikepdf

from formflow.admin.learn import blank
from formflow.admin.learn.blank import NotABlank, Why
from formflow.core.limits import BLANK
from formflow.reading.acroform import TooMuch
from formflow.reading.sandbox.child import limit_this_process

NOT_READ, MUCH = "not read", "too much"


def serve(read: Callable[[Path], bytes]) -> None:
    """Read the PDF that the command line names, within the limits of a blank; `read` returns what is answered."""
    path, answer = Path(sys.argv[1]), os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):  # what a library prints is no answer
        os.dup2(nowhere, stream)
    limit_this_process(BLANK, keeps_memory_limit=sys.platform == "linux")
    with answer:
        answer.write(_answered(path, read))


def _answered(path: Path, read: Callable[[Path], bytes]) -> bytes:
    try:
        return read(path)
    except TooMuch as much:
        return json.dumps({MUCH: str(much)}).encode()
    except NotABlank as problem:
        return json.dumps({NOT_READ: problem.why}).encode()
    except pikepdf.PasswordError:
        return json.dumps({NOT_READ: Why.LOCKED}).encode()
    except (pikepdf.PdfError, ValueError):
        return json.dumps({NOT_READ: Why.DAMAGED}).encode()


if __name__ == "__main__":
    serve(lambda path: blank.dumped(blank.read(path)))
