"""Everything one worker has open: ledger, vault, reading cage, forms and destinations.

Opened by the command, or by the test, and handed to whatever needs it. Settings that changed give a new one.
"""

from __future__ import annotations

import dataclasses
import hashlib
import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from formflow.core import files
from formflow.core.clock import utc_now
from formflow.core.copy_tokens import Tokens
from formflow.core.crash_points import crash_at
from formflow.core.errors import LedgerDamaged
from formflow.core.limits import Limits
from formflow.core.settings import Settings
from formflow.core.trouble import INTERRUPTED, Trouble
from formflow.delivery import own_alerts, places, watermark
from formflow.delivery.context import DeliveryContext
from formflow.delivery.destinations import open_destinations
from formflow.delivery.lanes import Lanes
from formflow.delivery.plugin_host import Guest
from formflow.forms.catalogue import Form, with_addenda
from formflow.pipeline.blanks import Blanks
from formflow.pipeline.looks import Looks
from formflow.reading.manifest_builder import known_forms
from formflow.reading.sandbox.parent import Cage
from formflow.sdk.contract import Connector
from formflow.storage import audit_trail, copy_key, database, tasks, views
from formflow.storage.audit_trail import SERVICE, Trail
from formflow.storage.database import Engine
from formflow.storage.failures import damage_of
from formflow.storage.originals import Vault
from formflow.storage.owners import Owner
from formflow.storage.roster import PupilList
from formflow.storage.tasks import Claimed

REST_SECONDS = 0.5  # in one part


@dataclass(frozen=True, kw_only=True)
class WorkContext(DeliveryContext):
    """What one worker holds open. Made by `open_context`."""

    cage: Cage
    blanks: Blanks
    looks: Looks = dataclasses.field(default_factory=Looks)  # at what waits for a child's folder
    damaged: threading.Event = dataclasses.field(default_factory=threading.Event)  # the ledger is
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

    def refuse_damage(self) -> None:
        """Raise LedgerDamaged where that has been found."""
        if self.damaged.is_set():
            raise LedgerDamaged

    def stop_if_damaged(self, problem: BaseException) -> bool:
        """Let nothing more be begun where a failure shows that the ledger is damaged; return whether it does."""
        if damage_of(problem) is None:
            return False
        self.damaged.set()
        self.stop()
        return True

    def was_interrupted(self, why: Trouble) -> bool:
        """Return whether it is `stop` that broke off a reading: that says nothing about the paper."""
        return why.code == INTERRUPTED and self.stopping.is_set()

    def rest(self, seconds: float) -> None:
        """Wait, unless the program is to end. In short parts: Windows tells of Ctrl-C between two of them."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0 and not self.stopping.is_set():
            self.stopping.wait(min(left, REST_SECONDS))


@contextmanager
def open_context(
    settings: Settings, cage: Cage | None = None, *, who: str = SERVICE
) -> Iterator[WorkContext]:
    """Lend everything that the settings name, and release it. Raise StorageProblem or SettingsProblem.

    A cage that is handed in reads for this worker too, and stays open. What was claimed and not finished
    is given back to others. `who` is what the audit trail calls this worker.
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
        trail = audit_trail.open_trail(settings.state.folder, engine, who, utc_now())
        views.make_folder(settings.state.folder)
        pupils = PupilList(settings.roster, settings.state.folder)
        pupils.look()
        destinations, lanes = open_destinations(settings, vault, engine), Lanes()
        stack.callback(_close, destinations, lanes)
        tokens = _tokens(settings, engine, destinations, trail)
        context = WorkContext(
            settings=settings,
            engine=engine,
            vault=vault,
            cage=cage or stack.enter_context(open_cage(settings, known)),
            forms={(one.form_id, one.version): one for one in with_addenda(known)},
            destinations=destinations,
            owner=owner,
            tokens=tokens,
            trail=trail,
            pupils=pupils,
            lanes=lanes,
            blanks=Blanks(settings.folders.blank_forms, settings.agency.recording_forms),
        )
        stack.callback(lanes.close)
        _note_start(context)
        places.begin(context)
        watermark.begin(context)
        yield context


def _note_start(context: WorkContext) -> None:
    """Tell of a key of the audit trail that was lost, and note the settings in the trail where they are new."""
    now = utc_now()
    with database.reading(context.engine) as connection:
        is_loss_untold = audit_trail.is_loss_untold(connection)
    if is_loss_untold:
        with database.writing(context.engine) as connection:
            own_alerts.tell(connection, context, audit_trail.KEY_LOST, {}, now)
    digest = hashlib.sha256(context.settings.model_dump_json().encode()).hexdigest()
    audit_trail.note_settings(context.engine, context.trail, digest, now)


def _tokens(
    settings: Settings, engine: Engine, destinations: Mapping[str, Connector], trail: Trail
) -> Tokens:
    """Return the key of the tokens. That the old one is lost is told first, and so told after a kill, too."""
    folder = settings.state.folder
    if copy_key.is_lost(folder, engine):
        with database.writing(engine) as connection:
            own_alerts.tell_all(connection, destinations, settings, trail, "FF-256", {}, utc_now())
        crash_at("copy-key.told")
    return copy_key.open_key(folder, engine)


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
