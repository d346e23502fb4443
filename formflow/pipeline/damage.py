"""A damaged ledger: FormFlow stops, takes nothing more, and says so where neither needs the ledger.

The page goes straight into “Alerts”; a note in the state folder lets `formflow status` say it, and keeps the
service from starting until the ledger has been found sound.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from formflow.core import files, markers
from formflow.core.clock import utc_now
from formflow.core.errors import LedgerDamaged
from formflow.core.messages import notice
from formflow.core.settings import Settings
from formflow.documents import html_pages
from formflow.storage import soundness
from formflow.storage.database import Engine, misread_is_damage, reading
from formflow.storage.failures import damage_of

log = logging.getLogger("formflow")

NOTE = "ledger-damaged"
CODE = "FF-450"
PAGE = "0 NOW FormFlow has stopped.html"  # before all alerts, in the order of names
TOLD, NOT_TOLD = b"told", b"not told"


@contextlib.contextmanager
def told(settings: Settings) -> Iterator[None]:
    """Tell people where work ends because the ledger is damaged. Raise LedgerDamaged then."""
    try:
        with misread_is_damage(settings.state.folder):
            yield
    except Exception as problem:
        damaged = damage_of(problem)
        if damaged is None:
            raise
        _tell(settings, utc_now())
        raise damaged from problem


def is_noted(state: Path) -> bool:
    """Return whether the ledger was damaged, and has not been found sound since."""
    return (state / NOTE).exists()


def refuse(state: Path, engine: Engine) -> None:
    """Raise LedgerDamaged where the ledger is damaged, and forget about earlier damage where it is sound."""
    with reading(engine) as connection:
        if not soundness.is_sound(connection):
            raise LedgerDamaged
    (state / NOTE).unlink(missing_ok=True)


def _tell(settings: Settings, now: datetime) -> None:
    """Write the page into “Alerts”, once, and the note. A share that is away is tried again at the next start."""
    log.error("the ledger is damaged (%s): nothing is taken until it has been put back", CODE)
    note = settings.state.folder / NOTE
    with contextlib.suppress(OSError):
        if note.exists() and note.read_bytes() == TOLD:
            return
        folder, is_told = settings.folders.alerts, NOT_TOLD
        with contextlib.suppress(OSError):
            page = html_pages.own_alert("", notice(CODE), settings, now)
            files.write(folder / PAGE, page.encode())
            if markers.is_marked(folder):  # else it may be in the place of a share that is away
                is_told = TOLD
        files.write(note, is_told)
