"""What `formflow doctor` looks at: each thing that must be right before anybody relies on it."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import psutil

from formflow.admin import rights, roster, status
from formflow.core.clock import FIRST_YEAR
from formflow.core.errors import WHEN_DAMAGED, FormDefinitionProblem, FormFlowError
from formflow.core.markers import is_marked
from formflow.core.messages import MESSAGES, notice
from formflow.core.model import Role, Unread
from formflow.core.settings import FOR_DECISIONS, Settings
from formflow.core.trouble import Trouble
from formflow.core.wording import moment_in_words
from formflow.delivery import own_alerts, places, watermark
from formflow.delivery.destinations import open_destinations
from formflow.forms import catalogue
from formflow.pipeline import clocks
from formflow.pipeline.context import open_cage
from formflow.reading.manifest_builder import known_forms
from formflow.sdk import registry
from formflow.sdk.contract import CheckLine
from formflow.storage import database, soundness
from formflow.storage.originals import Vault

LEAST_FREE_BYTES = 1 << 30
NETWORK_FILE_SYSTEMS = {
    "nfs",
    "nfs4",
    "cifs",
    "smb3",
    "smbfs",
    "afpfs",
    "fuse.sshfs",
    "9p",
    "webdav",
}
SYNC_FOLDERS = ("onedrive", "dropbox", "google drive", "icloud")


def checkup(settings: Settings, now: datetime) -> Iterator[tuple[str, CheckLine]]:
    """Yield what was looked at and what was found. Changes nothing at any destination."""
    yield "state folder", _state_is_local(settings.state.folder)
    yield from (("rights", line) for line in rights.looked_at(settings))
    yield "ledger", _ledger(settings)
    yield from (("own alert", line) for line in _own_alerts(settings))
    yield "clock", _clock(settings, now)
    yield "disk", _disk(settings.state.folder)
    for watch in settings.watch:
        yield "watched folder", _watched(watch.folder)
    yield "decisions", _decisions(settings)
    yield "forms", _forms(settings)
    yield "reading", _reading(settings)
    yield "scans", _scans()
    if settings.roster.file:
        yield from (("pupil list", line) for line in roster.looked_at(settings))
    yield from (("connectors", CheckLine(False, why)) for why in registry.troubles())
    destinations = open_destinations(settings, Vault(settings.state.folder / "originals"))
    for name, connector in destinations.items():
        yield from ((f"destination “{name}”", line) for line in connector.check().lines)
        connector.close()
    yield from _registers(settings)
    yield "ladder", _ladder(settings)
    yield from _work(settings, now)


def _state_is_local(folder: Path) -> CheckLine:
    where = folder.resolve()
    if any(word in str(where).casefold() for word in SYNC_FOLDERS):
        return CheckLine(False, "is in a synchronised folder. Choose a local folder.")
    mounts = [p for p in psutil.disk_partitions(all=True) if where.is_relative_to(p.mountpoint)]
    kind = max(mounts, key=lambda p: len(p.mountpoint)).fstype.casefold() if mounts else ""
    if kind in NETWORK_FILE_SYSTEMS or str(where).startswith("\\\\"):
        return CheckLine(False, "is on a network share. Choose a folder on a local disk.")
    return CheckLine(True, "is on a local disk")


def _ledger(settings: Settings) -> CheckLine:
    try:
        with database.looking(settings.state.folder) as connection:
            is_sound = soundness.is_sound(connection)
    except FormFlowError as problem:
        return CheckLine(False, f"{problem.found} {problem.advice}")
    if not is_sound:
        return CheckLine(False, f"is damaged. {WHEN_DAMAGED}")
    return CheckLine(True, f"is sound ({database.NAME})")


def _own_alerts(settings: Settings) -> Iterator[CheckLine]:
    try:
        with database.looking(settings.state.folder) as connection:
            waiting = list(own_alerts.waiting(connection))
            behind = watermark.is_behind(settings, connection)
    except FormFlowError:
        return  # said already
    if behind:
        yield CheckLine(
            False,
            "the ledger is older than what is filed in the destinations: was a backup put back? FormFlow moves"
            " its numbers past theirs at its next start, and tells everybody.",
        )
    for own in waiting:
        yield CheckLine(False, f"{own.reference} waits to be seen: {own.text}")


def _clock(settings: Settings, now: datetime) -> CheckLine:
    latest = datetime(FIRST_YEAR, 1, 1, tzinfo=UTC)
    with (
        contextlib.suppress(FormFlowError),  # said already
        database.looking(settings.state.folder) as connection,
    ):
        latest = clocks.latest_known(connection)
    if clocks.is_behind(latest, now):
        when = moment_in_words(latest, settings.zone)
        return CheckLine(False, notice("FF-477", words={"latest": when}).text)
    return CheckLine(True, f"says {moment_in_words(now, settings.zone)}")


def _disk(folder: Path) -> CheckLine:
    there = next(one for one in (folder, *folder.absolute().parents) if one.exists())
    free = shutil.disk_usage(there).free
    text = f"{free / (1 << 30):.1f} GB free"
    return CheckLine(
        free > LEAST_FREE_BYTES, text if free > LEAST_FREE_BYTES else f"{text}: too little"
    )


def _watched(folder: Path) -> CheckLine:
    if not folder.is_dir():
        return CheckLine(False, f"{folder} is not there. Is the share connected?")
    if not is_marked(folder):
        return CheckLine(
            False, f"{folder} has no marker file. If it is the right folder, run “formflow init”."
        )
    return CheckLine(True, f"{folder} is there and marked")


def _decisions(settings: Settings) -> CheckLine:
    lead = settings.agency.safeguarding_lead
    own = [watch.folder for watch in settings.watch if watch.role is Role.DECISIONS]
    if not own:
        return CheckLine(
            False,
            f"no watched folder is for the {lead}’s decisions, so no sheet can count. In the settings file,"
            f' write role = "decisions" under the [[watch]] whose folder only the {lead} can use'
            f" (usually “{FOR_DECISIONS.name}”).",
        )
    named = ", ".join(f"“{folder.name}”" for folder in own)
    return CheckLine(True, f"sheets count from {named} only; give it to the {lead} alone")


def _forms(settings: Settings) -> CheckLine:
    try:
        known = known_forms(settings.folders.forms)
    except FormDefinitionProblem as problem:
        return CheckLine(False, f"{problem} Nothing can be read until that is put right.")
    names = ", ".join(f"{form.code} {form.form_id} version {form.version}" for form in known)
    return CheckLine(True, f"known: {names}")


def _reading(settings: Settings) -> CheckLine:
    known = catalogue.shipped()
    with open_cage(settings, known) as cage:
        try:
            read = cage.read(known[0].blank)
        except Trouble as problem:
            return CheckLine(False, f"{MESSAGES[problem.code].found} ({problem.code})")
    if isinstance(read, Unread):
        return CheckLine(
            False, f"a blank form could not be read ({read.reason}). Install FormFlow again."
        )
    return CheckLine(True, "a blank form could be read")


def _scans() -> CheckLine:
    # Imported here: the command line must not wait for the tools that read PDFs.
    from formflow.reading import ocr

    using = ocr.program()
    if using is None:
        # Nothing is wrong: a scan then goes to a person with a form to fill in.
        return CheckLine(True, "tesseract is not installed; scans go to a person")
    model = using[1].rpartition("/")[2]
    if model != "Latin":
        return CheckLine(
            False, "tesseract lacks the model for Latin script, and would read “Zoe” for “Zoë”."
        )
    return CheckLine(True, "tesseract is there, with the model for Latin script")


def _registers(settings: Settings) -> Iterator[tuple[str, CheckLine]]:
    """Yield the registers that are gone although rows were written to them."""
    with contextlib.suppress(FormFlowError, OSError):  # said already
        with database.looking(settings.state.folder) as connection:
            gone = [
                name
                for name, target in places.targets(settings)
                if places.is_register_gone(connection, name, target)
            ]
        for name in gone:
            yield f"destination “{name}”", CheckLine(False, notice(places.REGISTER_GONE).text)


def _ladder(settings: Settings) -> CheckLine:
    later = sorted(
        (one.alerts_after_hours, one.name) for one in settings.destination if one.alerts_after_hours
    )
    if not later:
        lead = settings.agency.safeguarding_lead
        words = (
            f"nobody else is told if the {lead} does not look; set alerts_after_hours for a deputy"
        )
        return CheckLine(True, words)
    told = ", ".join(f"“{name}” after {hours:g} hours" for hours, name in later)
    return CheckLine(True, f"unacknowledged alerts go to {told}")


def _work(settings: Settings, now: datetime) -> Iterator[tuple[str, CheckLine]]:
    """Yield whether the service is at work, and what does not get on."""
    try:
        view = status.overview(settings)
    except FormFlowError as problem:
        yield "service", CheckLine(False, f"{problem.found} {problem.advice}")
        return
    yield "service", _service(view, settings, now)
    yield "backup", _backup(view, settings, now)
    stuck = [*status.put_back_in_words(view, settings)]
    if view.is_stuck:
        stuck += status.undelivered_in_words(view, settings)
    yield from (("waiting", CheckLine(False, line)) for line in stuck)


def _backup(view: status.Overview, settings: Settings, now: datetime) -> CheckLine:
    if view.last_backup is None:
        return CheckLine(True, "none has been made yet; “formflow backup FOLDER” makes one")
    if view.is_backup_overdue(now):
        return CheckLine(False, " ".join(status.backup_in_words(view, settings, now)))
    when = moment_in_words(view.last_backup, settings.zone)
    return CheckLine(True, f"the last one was made on {when}")


def _service(view: status.Overview, settings: Settings, now: datetime) -> CheckLine:
    if view.last_turn is None:
        return CheckLine(False, "has never run here. Start “formflow run”.")
    when = moment_in_words(view.last_turn, settings.zone)
    if view.is_overdue(settings, now):
        return CheckLine(
            False, f"has not looked at its folders since {when}. Start “formflow run”."
        )
    return CheckLine(True, f"last looked at its folders on {when}")
