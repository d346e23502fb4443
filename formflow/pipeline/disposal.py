"""What a disposal does outside the ledger: originals, pages, old copies. Done again until it is done.

The ledger comes first, in one transaction with the tombstone. Whoever is killed behind that has lost nothing: the
tombstone says what is left to be done, and the next start of FormFlow does it.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Collection, Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from formflow.core import files, markers
from formflow.core.clock import utc_now
from formflow.core.crash_points import crash_at
from formflow.core.errors import StorageProblem
from formflow.core.events import Event
from formflow.core.settings import ALWAYS_ON, Settings
from formflow.delivery import own_alerts
from formflow.documents.disposal_page import Disposed, disposal_page
from formflow.pipeline import register, tombstones
from formflow.pipeline.context import WorkContext
from formflow.storage import backups, disposals, disposing, soundness
from formflow.storage.audit_trail import Trail
from formflow.storage.database import Connection, Engine, reading, scrub, writing
from formflow.storage.disposals import Left, Tombstone
from formflow.storage.originals import Vault

log = logging.getLogger("formflow")

OWN_KINDS = frozenset(kind for _, kind, _ in ALWAYS_ON)  # folders in which all is FormFlow's


def own_destinations(settings: Settings) -> dict[str, Path]:
    """Return the destinations whose folders hold FormFlow's own pages alone: alerts, receipts, what came back, sheets."""
    return {
        one.name: one.own_settings["folder"]
        for one in settings.destinations()
        if one.kind in OWN_KINDS
    }


def refuse_away(settings: Settings) -> None:
    """Raise FileNotFoundError where one of these folders is not there: a share that is away may hold pages of a case."""
    for folder in (*own_destinations(settings).values(), settings.folders.dsl_register):
        if not markers.is_marked(folder):
            raise FileNotFoundError(folder)


def own_pages(settings: Settings, reference: str) -> Iterator[Path]:
    """Yield what lies about a case in FormFlow's own folders, by its name. Raise OSError."""
    is_of_it = re.compile(rf"(?<![A-Z0-9-]){re.escape(reference)}(?![0-9])").search
    for folder in own_destinations(settings).values():
        for path in sorted(folder.rglob("*")):
            if is_of_it(path.relative_to(folder).as_posix()) and path.is_file():
                yield path


def others_that_tell(settings: Settings, reference: str) -> Iterator[tuple[str, str]]:
    """Yield pages of FormFlow's own folders that tell of a case among others, as the message of a day does. Raise OSError."""
    own = set(own_pages(settings, reference))
    for name, folder in own_destinations(settings).items():
        for path in sorted(folder.rglob("*.html")):
            if path not in own and _tells_of(path, reference):
                yield name, path.relative_to(folder).as_posix()


def finish(settings: Settings, engine: Engine, trail: Trail) -> list[str]:
    """Do what is left of each disposal; return the references of the cases. Raise StorageProblem.

    Only where no other worker is at this ledger.
    """
    with reading(engine) as connection:
        unfinished = disposals.unfinished(connection)
        if not unfinished:
            return []
        needed, every = soundness.originals(connection), disposals.every(connection)
    try:
        for tombstone, left in unfinished:
            _finish(settings, tombstone, left, needed)
        state = settings.state.folder
        for copy in state.glob("ledger-version-*.sqlite"):  # of before an update
            copy.unlink()
        (state / register.KEPT).unlink(missing_ok=True)  # all of the register is drawn again
        list_in, *beside = tombstones.places(settings, backups.folders(state))
        tombstones.put(list_in, trail.key, every)
        for path in beside:
            with suppress(OSError):  # not connected: its list is written with the next backup
                tombstones.put(path, trail.key, every)
        crash_at("disposal.before-scrub")
    except OSError as problem:
        raise StorageProblem(
            "The case is no longer in the ledger, but some of its files are still there: a folder is out of reach or in use.",
            "Connect the shares, close what has these files open, then start FormFlow again: it goes on by itself.",
        ) from problem
    scrub(engine)
    with writing(engine) as connection:
        for tombstone, _ in unfinished:
            disposals.finish(connection, tombstone.reference)
    return [tombstone.reference for tombstone, _ in unfinished]


def start(context: WorkContext) -> None:
    """Dispose once more of what an older ledger brought back, and do what is left of disposals."""
    found = tombstones.find(context.settings, context.trail.key)
    for reference in again(context, found.tombstones, utc_now())[1]:
        log.warning(Event("was disposed of and holds other papers", reference=reference))


def _go_on(context: WorkContext) -> None:
    """Do what is left of disposals. What cannot be done is tried at the next start."""
    try:
        for reference in finish(context.settings, context.engine, context.trail):
            log.info(Event("disposed of", reference=reference))
    except StorageProblem as problem:
        log.warning("a disposal is not finished: %s", type(problem.__cause__).__name__)


def again(
    context: WorkContext, found: Collection[Tombstone], now: datetime
) -> tuple[list[str], list[str]]:
    """Dispose once more of what a ledger holds that was put back; return these cases, and those that hold other papers."""
    gone, other = [], []
    with reading(context.engine) as connection:
        known = {one.reference for one in disposals.every(connection)}
    missing = [one for one in found if one.reference not in known]
    if missing:
        with writing(context.engine) as connection:
            for one in missing:
                held = disposing.contents(connection, one.reference)
                if held is not None and not set(held.papers) <= set(one.papers):
                    other.append(one.reference)
                    continue
                left = left_of(connection, context.settings, one.reference)
                disposing.dispose(connection, context.trail, one, left, now)
                gone += [one.reference] if held is not None else []
            if gone:
                own_alerts.tell(connection, context, "FF-614", {"cases": ", ".join(gone)}, now)
    _go_on(context)
    return gone, other


def left_of(connection: Connection, settings: Settings, reference: str) -> Left:
    """Return what is to be done outside the ledger once a case has gone from it."""
    held, own = disposing.contents(connection, reference), own_destinations(settings)
    if held is None:
        return Left()
    places = (
        (destination, "/".join(filter(None, (where, name))) or "what was sent about it")
        for destination, where, name in held.places
        if destination not in own
    )
    return Left(held.children, tuple(dict.fromkeys(places)))


def _finish(settings: Settings, tombstone: Tombstone, left: Left, needed: Collection[str]) -> None:
    """Remove what the vault and FormFlow's own folders hold of a case, and say what a person has to remove. Raise OSError."""
    vault = Vault(settings.state.folder / "originals")
    for sha256 in tombstone.kept:
        if sha256 not in needed:
            vault.remove(sha256)
    crash_at("disposal.originals-gone")
    refuse_away(settings)
    reference = tombstone.reference
    places = (*left.places, *others_that_tell(settings, reference))
    for path in list(own_pages(settings, reference)):
        path.unlink(missing_ok=True)
        for folder in path.parents:
            if not any(reference in name for name in folder.parts):
                break
            with suppress(OSError):  # others' papers are in it
                folder.rmdir()
    pages = settings.folders.dsl_register
    for path in pages.rglob("*.html"):
        if path.stem in left.children or _tells_of(path, reference):
            path.unlink(missing_ok=True)
    names = tuple(one.name for one in tombstone.papers)
    by = tombstone.who, tombstone.and_who
    disposed = Disposed(reference, tombstone.at, tombstone.reason, by, names, places)
    page = disposal_page(disposed, settings)
    files.write(pages / f"Disposed of {reference}.html", page.encode())


def _tells_of(path: Path, reference: str) -> bool:
    return re.search(rb"%s(?![0-9])" % reference.encode(), files.read(path)) is not None
