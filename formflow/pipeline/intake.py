"""Copy, hash, number: the paper is safe before its source is touched.

The order is law: the copy is durable in the vault, the ledger's transaction is committed, and only
then may the dropped file go away. A crash in between repeats a step and loses nothing.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import BinaryIO

from formflow.core import files
from formflow.core.crash_points import crash_at
from formflow.core.events import Event
from formflow.core.model import Drop, Outcome, Role
from formflow.core.references import short
from formflow.delivery.context import DeliveryContext
from formflow.storage import papers, tasks
from formflow.storage.audit_trail import AuditEvent, Happened, Trail
from formflow.storage.database import Connection, Engine, reading, writing
from formflow.storage.originals import Vault
from formflow.storage.schema import TaskKind

log = logging.getLogger("formflow")

PATH_WATCHED = timedelta(hours=24)
Remember = Callable[[Connection], None]


class ChangedWhileCopying(Exception):
    """The file changed while it was copied. It is taken later."""


def take(
    context: DeliveryContext,
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
        sha256, size = context.vault.keep(stream)
        if _fingerprint(stream) != before or size != drop.size:
            raise ChangedWhileCopying
    crash_at("intake.after-copy")
    grown = _grown_from(context.engine, context.vault, drop, sha256, now)
    with writing(context.engine) as connection:
        is_new = _note_arrival(
            connection, context.trail, drop, sha256, size, now, code, words or {}, grown
        )
        remember(connection)
    crash_at("intake.after-commit")
    known = "" if is_new else ", known already"
    log.info(Event("came", paper=short(sha256), said=f"{size} bytes, {drop.role}{known}"))
    return is_new


def note_unkept(
    context: DeliveryContext,
    drop: Drop,
    now: datetime,
    *,
    code: str,
    words: Mapping[str, str],
    remember: Remember = lambda _connection: None,
) -> None:
    """Note that something arrived of which no copy can be kept, such as a folder named x.pdf."""
    with writing(context.engine) as connection:
        _note_arrival(connection, context.trail, drop, None, drop.size, now, code, words, None)
        remember(connection)
    log.info(Event("came", code=code, said=f"nothing that can be copied, {drop.role}"))


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
    with reading(engine) as connection:
        before = papers.on_path(
            connection,
            drop.folder,
            _shown(drop),
            drop.role,
            below_size=drop.size,
            since=now - PATH_WATCHED,
        )
    begun = (number for number, earlier, size in before if vault.begins_with(sha256, size, earlier))
    return next(begun, None)


def _shown(drop: Drop) -> str:
    return os.fsencode(drop.path.name).decode("utf-8", "replace")  # not every name is UTF-8


def _note_arrival(
    connection: Connection,
    trail: Trail,
    drop: Drop,
    sha256: str | None,
    size: int,
    now: datetime,
    code: str,
    words: Mapping[str, str],
    continues: int | None,
) -> bool:
    # The same bytes from another kind of folder are another paper: what it may do is not the same.
    known = papers.known(connection, sha256, drop.role) if sha256 else None
    shown = _shown(drop)
    trail.note(connection, now, _arrived(drop, sha256, code, is_known=known is not None))
    if known is not None and known.outcome == Outcome.UNREADABLE:
        # Dropped once more because we could not read it: it is read once more.
        again(
            connection,
            known.id,
            shown,
            now,
            now,
            drop.role,
            code=code,
            words=words,
            folder=drop.folder,
        )
        return False
    if known is not None:
        arrival_id = papers.add_arrival(
            connection, known.id, drop.folder, shown, now, duplicate=True, role=drop.role
        )
        tasks.add(connection, TaskKind.REPEAT, arrival_id, priority=tasks.PRIORITY_RECEIPT)
        return False
    _add_new(connection, drop, sha256, size, now, code, words, continues)
    return True


def _add_new(
    connection: Connection,
    drop: Drop,
    sha256: str | None,
    size: int,
    now: datetime,
    code: str,
    words: Mapping[str, str],
    continues: int | None,
) -> None:
    """Add a paper that is seen for the first time, with its arrival, and have it read."""
    shown = _shown(drop)
    paper_id = papers.add(
        connection,
        sha256=sha256,
        size=size,
        file_name=shown,
        received_at=now,
        code=code,
        words=words,
        continues=continues,
        role=drop.role,
    )
    papers.add_arrival(
        connection, paper_id, drop.folder, shown, now, duplicate=False, role=drop.role
    )
    tasks.add(connection, TaskKind.READ, paper_id, priority=tasks.PRIORITY_READ)


def _arrived(drop: Drop, sha256: str | None, code: str, *, is_known: bool) -> Happened:
    paper = f"paper {short(sha256)}" if sha256 else "no file"
    told = ", ".join(filter(None, (drop.role, code, "known already" * is_known)))
    return Happened(AuditEvent.ARRIVED, paper, place=drop.folder, detail=told, digest=sha256 or "")


def again(
    connection: Connection,
    paper_id: int,
    name: str,
    received_at: datetime,
    now: datetime,
    role: Role,
    *,
    code: str,
    words: Mapping[str, str],
    folder: str = "",
) -> None:
    """Note that a paper is to be read again, in the caller's transaction.

    The same bytes become a paper of their own that continues the earlier one, so that what is read
    now is the next revision of the same record.
    """
    added = papers.add_reading(connection, paper_id, name, received_at, code, words)
    papers.add_arrival(connection, added, folder, name, now, duplicate=True, role=role)
    tasks.add(connection, TaskKind.READ, added, priority=tasks.PRIORITY_READ)
