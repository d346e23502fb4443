"""Files handed over by command instead of a folder: taken now, with the same gate, left where they are."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from formflow.core.clock import utc_now
from formflow.core.model import Drop, Role
from formflow.pipeline import intake
from formflow.pipeline.context import WorkContext
from formflow.pipeline.gate import tail_gate


@dataclass(frozen=True, slots=True)
class HandedOver:
    """How many files were new by their bytes, known already, no files at all, and not to be had."""

    new: int
    known: int
    unkept: int
    busy: int  # open in another program, growing, or gone: to be handed over again


def files(paths: Iterable[Path]) -> Iterator[Path]:
    """Yield the files named, and every PDF in the folders named, in order of name."""
    for path in paths:
        if path.is_dir() and not path.is_symlink():
            yield from sorted(
                (found for found in path.rglob("*") if found.suffix.lower() == ".pdf"),
                key=os.fsencode,
            )
        else:
            yield path


def hand_over(context: WorkContext, paths: Iterable[Path], role: Role = Role.STAFF) -> HandedOver:
    """Take every file into the vault and the ledger; the ledger's tasks do the rest.

    `role` is for files that lie in no watched folder: the others count as if they had been dropped there.
    Nobody waits here for half a copy to be finished: what is incomplete is taken as it is, held.
    One that cannot be copied just now does not stop the others.
    """
    counts = {"new": 0, "known": 0, "unkept": 0, "busy": 0}
    for path in paths:
        if context.stopping.is_set():
            break
        try:
            counts[_take(context, path, context.settings.role_of(path, role))] += 1
        except (OSError, intake.ChangedWhileCopying):
            counts["busy"] += 1
    return HandedOver(**counts)


def _take(context: WorkContext, path: Path, role: Role) -> str:
    status = path.lstat()
    drop = Drop(path, "", status.st_size, status.st_mtime_ns, role)
    gate = tail_gate(path, largest=context.settings.reading.file_mb << 20)
    now = utc_now()
    if not stat.S_ISREG(status.st_mode):
        intake.note_unkept(context, drop, now, code=gate.code, words=gate.words)
        return "unkept"
    is_new = intake.take(context, drop, now, code=gate.code, words=gate.words)
    return "new" if is_new else "known"
