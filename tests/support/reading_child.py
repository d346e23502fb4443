"""The real reading child, but it does what it is ordered to: by a paper's first line, or for all papers.

A program, not a test: tests/reading/test_sandbox.py and tests/pipeline/test_own_trouble.py let the cage start it.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from formflow.core.model import Reading, Unread
from formflow.reading.ladder import read_paper as real
from formflow.reading.reader import Reader
from formflow.reading.sandbox import child


def spin(_path: Path) -> None:
    while True:
        pass


def wait(path: Path) -> None:
    path.with_suffix(".begun").touch()
    time.sleep(3600)


def die(_path: Path) -> None:
    os.abort()


def leave(_path: Path) -> None:
    os._exit(3)


def swell(_path: Path) -> None:
    raise MemoryError


def stumble(_path: Path) -> None:
    raise ZeroDivisionError


def refused(_path: Path) -> None:
    raise OSError(24, "Too many open files")


def die_once(path: Path) -> None:
    died = path.with_suffix(".died")
    if not died.exists():
        died.touch()
        os.abort()
    path.write_bytes((path.parent / "good.pdf").read_bytes())


# Works for 1.2 seconds, says so, and stays until whoever started it is gone.
HELPER = (
    "import sys, time\nwhile time.process_time() < 1.2: pass\nprint(flush=True)\nsys.stdin.read()"
)
helpers: list[subprocess.Popen[bytes]] = []


def find_help(_path: Path) -> None:
    helper = subprocess.Popen(
        [sys.executable, "-c", HELPER], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    helpers.append(helper)
    assert helper.stdout is not None
    helper.stdout.readline()


ORDERS: Mapping[bytes, Callable[[Path], None]] = {
    order.__name__.encode(): order
    for order in (spin, wait, die, leave, swell, stumble, refused, die_once, find_help)
}


def read_paper(path: Path, reader: Reader) -> Reading | Unread:
    with path.open("rb") as stream:
        order = stream.readline().removeprefix(b"%PDF-1.7 ").strip()
    order = sys.argv[1].encode() if sys.argv[1:] else order
    if order in ORDERS:
        ORDERS[order](path)
    return real(path, reader)


if __name__ == "__main__":
    setattr(child, "read_paper", read_paper)  # noqa: B010 - in the place of the real one
    child.main()
