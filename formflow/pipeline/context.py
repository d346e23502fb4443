"""Everything one worker has open: ledger, vault, reading cage, forms and destinations.

Opened by the command, or by the test, and handed to whatever needs it. Settings that changed give a new one.
"""

from __future__ import annotations

import dataclasses
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from formflow.core import files
from formflow.core.clock import utc_now
from formflow.core.limits import Limits
from formflow.core.settings import Settings
from formflow.core.trouble import INTERRUPTED, Trouble
from formflow.delivery import own_alerts, places, watermark
from formflow.delivery.context import DeliveryContext
from formflow.delivery.destinations import open_destinations
from formflow.delivery.lanes import Lanes
from formflow.delivery.plugin_host import Guest
from formflow.forms.catalogue import Form
from formflow.pipeline.blanks import Blanks
from formflow.reading.manifest_builder import known_forms
from formflow.reading.sandbox.parent import Cage
from formflow.sdk.contract import Connector
from formflow.storage import copy_key, database, tasks
from formflow.storage.originals import Vault
from formflow.storage.owners import Owner
from formflow.storage.tasks import Claimed

REST_SECONDS = 0.5  # in one part


@dataclass(frozen=True, kw_only=True)
class WorkContext(DeliveryContext):
    """What one worker holds open. Made by `open_context`."""

    cage: Cage
    blanks: Blanks
    # Tasks of ours that could not be put back yet, each with the reason. Lanes add to it, too.
    stayed: deque[tuple[Claimed, Trouble]] = dataclasses.field(default_factory=deque)

    @property
    def locks(self) -> Path:
        """Where the workers' lock files are."""
        return self.settings.state.folder / "locks"

    def stop(self) -> None:
        """Let nothing more be begun, and break off what is being read. May be called by a signal."""
        self.stopping.set()
        self.cage.interrupt()

    def was_interrupted(self, why: Trouble) -> bool:
        """Return whether it is `stop` that broke off a reading: that says nothing about the paper."""
        return why.code == INTERRUPTED and self.stopping.is_set()

    def rest(self, seconds: float) -> None:
        """Wait, unless the program is to end. In short parts: Windows tells of Ctrl-C between two of them."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0 and not self.stopping.is_set():
            self.stopping.wait(min(left, REST_SECONDS))


@contextmanager
def open_context(settings: Settings, cage: Cage | None = None) -> Iterator[WorkContext]:
    """Lend everything that the settings name, and release it. Raise StorageProblem or SettingsProblem.

    A cage that is handed in reads for this worker too, and stays open. What was claimed and not finished
    is given back to others.
    """
    known = known_forms(settings.folders.forms)
    with ExitStack() as stack:
        engine = database.open_ledger(settings.state.folder)
        stack.callback(engine.dispose)
        vault = Vault(settings.state.folder / "originals")
        vault.tidy()
        files.sweep(settings.state.folder)  # a heartbeat that was cut off
        locks = settings.state.folder / "locks"
        stack.callback(tasks.reap, engine, locks)
        owner = stack.enter_context(Owner(locks))
        key = copy_key.open_key(settings.state.folder, engine)
        destinations, lanes = open_destinations(settings, vault), Lanes()
        stack.callback(_close, destinations, lanes)
        context = WorkContext(
            settings=settings,
            engine=engine,
            vault=vault,
            cage=cage or stack.enter_context(open_cage(settings, known)),
            forms={(form.form_id, form.version): form for form in known},
            destinations=destinations,
            owner=owner,
            tokens=key.tokens,
            lanes=lanes,
            blanks=Blanks(settings.folders.blank_forms),
        )
        stack.callback(lanes.close)
        if key.is_lost:
            with database.writing(engine) as connection:
                own_alerts.tell(connection, context, "FF-256", {}, utc_now())
        places.begin(context)
        watermark.begin(context)
        yield context


def _close(destinations: Mapping[str, Connector], lanes: Lanes) -> None:
    """Close the destinations. One of ours that hangs is left to itself; a guest is ended."""
    busy = lanes.busy()
    for name, connector in destinations.items():
        if name not in busy or isinstance(connector, Guest):
            connector.close()


def open_cage(settings: Settings, known: Sequence[Form]) -> Cage:
    """Return a cage that reads these forms within what the settings allow one paper to cost."""
    reading = settings.reading
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
