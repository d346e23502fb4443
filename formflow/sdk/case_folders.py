"""The folders of cases in "To decide": their names end with the case's reference, whatever stands before it.

To decide/1 RED Amara Example FF-2026-000012/FF-2026-000012 what is open.html
                                             FF-2026-000012 r1 original.pdf
                                             FF-2026-000012 r1 F2 DSL Review Sheet.pdf
                                             Earlier/
To decide/Closed/1 HARMFUL Ben Sample FF-2026-000007/
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from formflow.core.references import record_at_end

CLOSED = "Closed"  # holds the folders of cases that are closed
EARLIER = "Earlier"  # in a case's folder: copies of which there is a newer one


def folders_of_cases(root: Path) -> dict[str, Path]:
    """Return the folder of each case by its reference. What cannot be listed holds none; a link is none."""
    entries = (one for place in (root / CLOSED, root) for one in _entries(place))
    found = ((record_at_end(one.name), one) for one in entries)
    return {
        name: Path(one.path) for name, one in found if name and one.is_dir(follow_symlinks=False)
    }


def _entries(place: Path) -> Iterator[os.DirEntry[str]]:
    with contextlib.suppress(OSError), os.scandir(place) as there:
        yield from there
