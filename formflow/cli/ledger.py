"""The ledger and its audit trail, lent to a command that changes something."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from formflow.core.account import by_command
from formflow.core.clock import utc_now
from formflow.core.settings import Settings
from formflow.storage import audit_trail, database
from formflow.storage.audit_trail import Trail
from formflow.storage.database import Engine


@contextmanager
def at_the_ledger(settings: Settings, command: str) -> Iterator[tuple[Engine, Trail]]:
    """Lend the ledger and its audit trail to a command that changes something. Raise StorageProblem."""
    folder = settings.state.folder
    engine = database.open_ledger(folder)
    try:
        trail = audit_trail.open_trail(
            folder, engine, by_command(command), utc_now(), makes_key=False
        )
        yield engine, trail
    finally:
        engine.dispose()
