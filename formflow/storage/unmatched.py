"""Papers that wait until it is clear whose folder is theirs, as the service last saw it at the destinations."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, bindparam, func, select

from formflow.core import files
from formflow.storage.schema import Entry, table_of

NOTED = "without-a-folder.json"  # destination -> references; no names


@dataclass(frozen=True, slots=True)
class Unmatched:
    """What waits at one destination."""

    destination: str
    records: int
    since: datetime  # when the oldest of them was recorded


def note(state: Path, asked: Mapping[str, Sequence[str]]) -> None:
    """Note what waits at the destinations that have answered. Raise OSError."""
    before = _noted(state)
    after = {name: list(there) for name, there in {**before, **asked}.items() if there}
    if after != before:
        files.write(state / NOTED, json.dumps(after).encode())


def unmatched(connection: Connection, state: Path) -> Iterator[Unmatched]:
    """Yield what waits at each destination, of what is on record."""
    for name, there in _noted(state).items():
        found = connection.execute(_OF, {"references": list(there)}).one()
        if found.records:
            yield Unmatched(name, found.records, datetime.fromisoformat(found.since))


def _noted(state: Path) -> dict[str, list[str]]:
    """Return what was noted; nothing where there is nothing that can be read."""
    try:
        noted = json.loads(files.read(state / NOTED))
        return {str(name): [str(one) for one in there] for name, there in noted.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


_E = table_of(Entry).c
_OF = select(
    func.count(_E.reference.distinct()).label("records"), func.min(_E.recorded_at).label("since")
).where(_E.reference.in_(bindparam("references", expanding=True)))
