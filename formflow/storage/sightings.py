"""What lies in the watched folders: each path as it was seen last, and whether it has been taken."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, func, select, update

from formflow.storage.schema import Sighting as SightingRow
from formflow.storage.schema import table_of
from formflow.storage.sqlite import upsert

SETTLING, TAKEN = "settling", "taken"  # two of the states in which sweep.py may find a file


@dataclass(frozen=True, slots=True)
class Sighting:
    """A file as it was seen last."""

    size: int
    modified_ns: int
    changed_at: datetime  # when it was first seen just so
    state: str
    code: str = ""  # why it is not taken yet


def of_folder(connection: Connection, folder: str) -> dict[bytes, Sighting]:
    """Return every file that was seen in a watched folder, by its name as the system gives it."""
    return {
        row.name: Sighting(
            row.size,
            row.modified_ns,
            datetime.fromisoformat(row.changed_at),
            row.state,
            row.code,
        )
        for row in connection.execute(_OF_FOLDER, {"in": folder})
    }


def observe(connection: Connection, folder: str, name: bytes, seen: Sighting) -> None:
    """Note a file as it is seen now, new or changed."""
    row = {
        "size": seen.size,
        "modified_ns": seen.modified_ns,
        "changed_at": seen.changed_at.isoformat(),
        "state": seen.state,
        "code": seen.code,
    }
    connection.execute(_OBSERVE, {"folder": folder, "name": name, **row})


def note_state(
    connection: Connection, folder: str, name: bytes, state: str, code: str | None = None
) -> None:
    """Note the state of a file, and why it is so unless that stays as it was."""
    asked = {"in": folder, "called": name, "now": state}
    if code is None:
        connection.execute(_NOTE_STATE, asked)
    else:
        connection.execute(_NOTE_STATE_AND_CODE, {**asked, "why": code})


def forget(connection: Connection, folder: str, names: Iterable[bytes]) -> None:
    """Forget files that are gone."""
    for name in names:
        connection.execute(_FORGET, {"in": folder, "called": name})


def forget_called(connection: Connection, folder: str, name: str) -> None:
    """Forget the files of a folder whose name, as people see it, is this one."""
    there = of_folder(connection, folder)
    forget(connection, folder, [one for one in there if one.decode("utf-8", "replace") == name])


def not_taken(connection: Connection) -> dict[str, int]:
    """Return how many files of each watched folder lie there and are not taken yet."""
    return {row.folder: row.files for row in connection.execute(_NOT_TAKEN)}


_SIGHTING = table_of(SightingRow)
_S = _SIGHTING.c
_THERE = (_S.folder == bindparam("in")) & (_S.name == bindparam("called"))
_OF_FOLDER = select(_S.name, _S.size, _S.modified_ns, _S.changed_at, _S.state, _S.code).where(
    _S.folder == bindparam("in")
)
_SEEN = upsert(_SIGHTING)
_OBSERVE = _SEEN.on_conflict_do_update(
    index_elements=[_S.folder, _S.name],
    set_={
        name: _SEEN.excluded[name]
        for name in ("size", "modified_ns", "changed_at", "state", "code")
    },
)
_NOTE_STATE = update(_SIGHTING).where(_THERE).values(state=bindparam("now"))
_NOTE_STATE_AND_CODE = _NOTE_STATE.values(code=bindparam("why"))
_FORGET = delete(_SIGHTING).where(_THERE)
_NOT_TAKEN = (
    select(_S.folder, func.count().label("files")).where(_S.state != TAKEN).group_by(_S.folder)
)
