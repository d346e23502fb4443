"""Copy, hash, number: the paper is safe before its source is touched.

The order is law: the copy is durable in the vault, the ledger's transaction is committed, and only
then may the dropped file go away. A crash in between repeats a step and loses nothing.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import BinaryIO

from sqlalchemy import Connection, Engine, text

from formflow.core import files
from formflow.core.crash_points import crash_at
from formflow.core.model import Drop, Outcome
from formflow.storage import tasks
from formflow.storage.database import reading, writing
from formflow.storage.originals import Vault

PATH_WATCHED = timedelta(hours=24)
Remember = Callable[[Connection], None]


class ChangedWhileCopying(Exception):
    """The file changed while it was copied. It is taken later."""


def take(
    engine: Engine,
    vault: Vault,
    drop: Drop,
    now: datetime,
    *,
    code: str = "",
    words: Mapping[str, str] | None = None,
    remember: Remember = lambda _connection: None,
) -> bool:
    """Take a dropped file into the vault and the ledger. Return whether it is new by bytes and role.

    `code` is what the gate already knows against the file, such as "FF-103" for half a copy.
    `remember` notes in the same transaction that the file was taken, so that it is not taken again
    when we are killed before the source is touched. The source is left as it is: see `let_go`. Raise ChangedWhileCopying, or OSError for a bad moment.
    """
    with files.opened(drop.path) as stream:
        before = _fingerprint(stream)
        if before != (drop.size, drop.modified_ns):
            raise ChangedWhileCopying
        sha256, size = vault.keep(stream)
        if _fingerprint(stream) != before or size != drop.size:
            raise ChangedWhileCopying
    crash_at("intake.after-copy")
    grown = _grown_from(engine, vault, drop, sha256, now)
    with writing(engine) as connection:
        is_new = _note_arrival(connection, drop, sha256, size, now, code, words or {}, grown)
        remember(connection)
    crash_at("intake.after-commit")
    return is_new


def note_unkept(
    engine: Engine,
    drop: Drop,
    now: datetime,
    *,
    code: str,
    words: Mapping[str, str],
    remember: Remember = lambda _connection: None,
) -> None:
    """Note that something arrived of which no copy can be kept, such as a folder named x.pdf."""
    with writing(engine) as connection:
        _note_arrival(connection, drop, None, drop.size, now, code, words, None)
        remember(connection)


def let_go(drop: Drop) -> None:
    """Take the dropped file away, now that its bytes are safe, unless it has changed meanwhile."""
    try:
        status = drop.path.lstat()
        if (status.st_size, status.st_mtime_ns) == (drop.size, drop.modified_ns):
            drop.path.unlink()
    except OSError:
        # Open in a viewer, or a read-only share: the ledger remembers it, the next sweep tries again.
        return


def _fingerprint(stream: BinaryIO) -> tuple[int, int]:
    status = os.fstat(stream.fileno())
    return status.st_size, status.st_mtime_ns


def _grown_from(engine: Engine, vault: Vault, drop: Drop, sha256: str, now: datetime) -> int | None:
    """Return the paper that was taken from this path not long ago, if the new one begins with it.

    A copy that stops exactly where an earlier save of the form ends looks whole; when the rest comes,
    it is the same paper, whatever that says. Files handed over by command have no path to watch.
    """
    if not drop.folder:
        return None
    where = {"folder": drop.folder, "name": _shown(drop), "size": drop.size, "role": drop.role}
    since = {"since": (now - PATH_WATCHED).isoformat()}
    with reading(engine) as connection:
        before = connection.execute(_ON_THIS_PATH, where | since).all()
    return next((one.id for one in before if vault.begins_with(sha256, one.size, one.sha256)), None)


def _shown(drop: Drop) -> str:
    return os.fsencode(drop.path.name).decode("utf-8", "replace")  # not every name is UTF-8


def _note_arrival(
    connection: Connection,
    drop: Drop,
    sha256: str | None,
    size: int,
    now: datetime,
    code: str,
    words: Mapping[str, str],
    continues: int | None,
) -> bool:
    # The same bytes from another kind of folder are another paper: what it may do is not the same.
    same = {"sha256": sha256, "role": drop.role}
    known = connection.execute(_KNOWN, same).first() if sha256 else None
    shown = _shown(drop)
    if known is not None and known.outcome == Outcome.UNREADABLE:
        # Dropped once more because we could not read it: it is read once more.
        again(connection, known.id, shown, now, now, code=code, words=words, folder=drop.folder)
        return False
    new = {
        "sha256": sha256,
        "size": size,
        "name": shown,
        "at": now.isoformat(),
        "code": code,
        "words": json.dumps(dict(words)),
        "continues": continues,
        "role": drop.role,
    }
    paper_id = connection.execute(_ADD_PAPER, new).lastrowid if known is None else known.id
    arrival_id = connection.execute(
        _ADD_ARRIVAL,
        {
            "paper": paper_id,
            "folder": drop.folder,
            "name": shown,
            "at": now.isoformat(),
            "duplicate": known is not None,
            "role": drop.role,
        },
    ).lastrowid
    if known is None:
        tasks.add(connection, "read", int(paper_id), priority=tasks.PRIORITY_READ)
    else:
        tasks.add(connection, "repeat", int(arrival_id), priority=tasks.PRIORITY_RECEIPT)
    return known is None


def again(
    connection: Connection,
    paper_id: int,
    name: str,
    received_at: datetime,
    now: datetime,
    *,
    code: str,
    words: Mapping[str, str],
    folder: str = "",
) -> None:
    """Note that a paper is to be read again, in the caller's transaction.

    The same bytes become a paper of their own that continues the earlier one, so that what is read
    now is the next revision of the same record.
    """
    said = {"name": name, "at": received_at.isoformat(), "code": code}
    added = connection.execute(
        _ADD_READING, {"id": paper_id, "words": json.dumps(dict(words)), **said}
    )
    arrival = {"paper": added.lastrowid, "folder": folder, "name": name, "at": now.isoformat()}
    connection.execute(_ADD_ARRIVAL_AGAIN, arrival)
    tasks.add(connection, "read", int(added.lastrowid), priority=tasks.PRIORITY_READ)


_ON_THIS_PATH = text(
    "SELECT paper.id, paper.sha256, paper.size FROM arrival JOIN paper ON paper.id = arrival.paper_id"
    " WHERE arrival.folder = :folder AND arrival.file_name = :name AND arrival.arrived_at > :since"
    " AND arrival.role = :role AND paper.size < :size AND paper.sha256 IS NOT NULL ORDER BY arrival.id DESC"
)
# The latest reading of these bytes, and how the record that it belongs to stands now.
_KNOWN = text(
    "SELECT paper.id, (SELECT latest.outcome FROM entry AS latest WHERE latest.reference ="
    " entry.reference ORDER BY latest.revision DESC LIMIT 1) AS outcome FROM paper"
    " LEFT JOIN entry ON entry.id = paper.entry_id WHERE sha256 = :sha256 AND paper.role = :role"
    " ORDER BY paper.reading DESC LIMIT 1"
)
_ADD_READING = text(
    "INSERT INTO paper (sha256, size, file_name, received_at, code, words, continues, role, reading)"
    " SELECT sha256, size, :name, :at, :code, :words, id, role, reading + 1 FROM paper WHERE id = :id"
)
_ADD_ARRIVAL_AGAIN = text(
    "INSERT INTO arrival (paper_id, folder, file_name, arrived_at, duplicate, role)"
    " SELECT id, :folder, :name, :at, 1, role FROM paper WHERE id = :paper"
)
_ADD_PAPER = text(
    "INSERT INTO paper (sha256, size, file_name, received_at, code, words, continues, role)"
    " VALUES (:sha256, :size, :name, :at, :code, :words, :continues, :role)"
)
_ADD_ARRIVAL = text(
    "INSERT INTO arrival (paper_id, folder, file_name, arrived_at, duplicate, role)"
    " VALUES (:paper, :folder, :name, :at, :duplicate, :role)"
)
