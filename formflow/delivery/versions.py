"""The last versions of files that the agency keeps, as they were before FormFlow replaced them."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from formflow.core import files
from formflow.core.clock import utc_now

FOLDER = "versions"
MOST, MOST_DAYS = 10, 10  # the last ten, and the first of each of the last ten days
_NOT_IN_A_NAME = re.compile(r"[^\w -]+")
_DAY = len("2026-11-27")


@dataclass(frozen=True, slots=True)
class Versions:
    """Those of one destination, in the state folder: for FormFlow's account alone."""

    state: Path
    destination: str

    @property
    def folder(self) -> Path:
        """Where they are."""
        mark = hashlib.sha256(self.destination.encode()).hexdigest()[:8]
        readable = _NOT_IN_A_NAME.sub("_", self.destination)[:60].strip()
        return self.state / FOLDER / f"{readable} {mark}"

    def keep(self, name: str, content: bytes) -> None:
        """Keep a version of a file, durably and once, and let go of the oldest. Raise OSError."""
        folder = self.folder
        files.make_inside(folder)
        files.sweep(folder)
        newest = max(folder.iterdir(), default=None)
        if newest is not None and files.read(newest) == content:
            return  # the file could not be replaced the last time
        files.write(folder / f"{utc_now():%Y-%m-%d %H.%M.%S.%f} {name}", content)
        for old in _too_many(sorted(path.name for path in folder.iterdir())):
            files.patiently((folder / old).unlink)


def _too_many(names: list[str]) -> list[str]:
    """Return which versions go, of all in the order of their time."""
    first_of_day = {name[:_DAY]: name for name in reversed(names)}
    kept = {*names[-MOST:], *(first_of_day[day] for day in sorted(first_of_day)[-MOST_DAYS:])}
    return [name for name in names if name not in kept]
