"""Everything one worker has open: ledger, vault, reading cage, forms and destinations.

Opened once per process and settings file; `formflow.pipeline.drain` is the only way in.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field as made_by
from pathlib import Path

from formflow.core import files
from formflow.core.limits import Limits
from formflow.core.settings import Settings
from formflow.core.trouble import Trouble
from formflow.delivery.context import DeliveryContext
from formflow.delivery.destinations import open_destinations
from formflow.delivery.plugin_host import Guest
from formflow.forms.catalogue import Form
from formflow.reading.manifest_builder import known_forms
from formflow.reading.sandbox.parent import Cage
from formflow.storage import database, tasks
from formflow.storage.originals import Vault
from formflow.storage.owners import Owner
from formflow.storage.tasks import Claimed


@dataclass(frozen=True, kw_only=True)
class Workbench(DeliveryContext):
    """One worker's open things."""

    cage: Cage
    # Tasks of ours that could not be put back yet, each with the reason. Lanes add to it, too.
    stayed: deque[tuple[Claimed, Trouble]] = made_by(default_factory=deque)

    @property
    def locks(self) -> Path:
        """Where the workers' lock files are."""
        return self.settings.state.folder / "locks"

    def close(self) -> None:
        """Let go of everything. What was claimed and not finished is given back to others."""
        self.lanes.close()
        self.cage.close()
        busy = self.lanes.busy()
        for name, connector in self.destinations.items():
            # One of ours that hangs is left to itself; a guest is ended.
            if name not in busy or isinstance(connector, Guest):
                connector.close()
        self.owner.__exit__(None, None, None)
        tasks.reap(self.engine, self.locks)
        self.engine.dispose()


def open_workbench(now: Settings) -> Workbench:
    """Open everything that the settings name. Raise StorageProblem or SettingsProblem."""
    engine = database.open_ledger(now.state.folder)
    vault = Vault(now.state.folder / "originals")
    vault.tidy()
    files.sweep(now.state.folder)  # a heartbeat that was cut off
    owner = Owner(now.state.folder / "locks")
    owner.__enter__()
    known = known_forms(now.folders.forms)
    return Workbench(
        settings=now,
        engine=engine,
        vault=vault,
        cage=open_cage(now, known),
        forms={(form.form_id, form.version): form for form in known},
        destinations=open_destinations(now, vault),
        owner=owner,
    )


def open_cage(now: Settings, known: Sequence[Form]) -> Cage:
    """Return a cage that reads these forms within what the settings allow one paper to cost."""
    reading = now.reading
    limits = Limits(
        deadline_seconds=reading.deadline_seconds,
        scan_seconds=reading.scan_seconds,
        memory_mb=reading.memory_mb,
        file_mb=reading.file_mb,
        pages=reading.pages,
        fields=reading.fields,
        characters=reading.characters,
    )
    return Cage(known, limits, reading.second_reading, reading.password())
