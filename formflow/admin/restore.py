"""`formflow restore`: a backup becomes the state folder, whole or not at all, and goes on behind what was filed since."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from filelock import FileLock, Timeout

from formflow.admin import rights
from formflow.admin.backup import FORMS, SETTINGS, refuse_misplaced
from formflow.core import files
from formflow.core.account import by_command
from formflow.core.crash_points import crash_at
from formflow.core.errors import (
    AlreadyRunning,
    IntegrityProblem,
    SettingsProblem,
    StorageProblem,
)
from formflow.core.model import Role
from formflow.core.references import short
from formflow.core.settings import Settings, State
from formflow.core.trouble import Trouble
from formflow.pipeline import disposal, tombstones
from formflow.pipeline.context import WorkContext, open_context
from formflow.pipeline.ingest import hand_over
from formflow.pipeline.service import HEARTBEAT, SERVICE_LOCK
from formflow.pipeline.since_backup import Since, catch_up
from formflow.pipeline.tombstones import Found
from formflow.storage import backups, papers
from formflow.storage.backups import LEDGER, ORIGINALS, Manifest
from formflow.storage.database import reading
from formflow.storage.owners import is_dead

# What a state folder may hold that is taken for empty: what a service leaves that never had a ledger, and its log.
_LEFT_BEHIND, _LOGS = (SERVICE_LOCK, "locks", HEARTBEAT, "log.lock"), "formflow.log*"


@dataclass(frozen=True, slots=True)
class Restored:
    """What came of restoring a backup."""

    manifest: Manifest
    passed_over: tuple[str, ...]  # newer backups that cannot be used, and why
    forms: tuple[
        str, ...
    ]  # files of the agency's own forms that differ from those of the backup and stayed
    since: Since
    taken_in: int  # papers of the old state folder that nothing else knew of
    disposed: tuple[
        str, ...
    ]  # cases in the backup that were disposed of since, and so were once more
    not_disposed: tuple[str, ...]  # such cases that hold other papers in the backup, and stayed
    lists: Found  # of what was disposed of


def restore(
    settings: Settings, folder: Path, name: str | None, now: datetime, old_state: Path | None = None
) -> Restored:
    """Put a backup into an empty state folder: the one of that name, or the newest that is sound.

    `old_state` is the state folder as it was: papers there that nothing else knows of are taken in as new.

    Raise AlreadyRunning or StorageProblem where there is a ledger, StorageProblem or IntegrityProblem for a
    backup that cannot be used. Then nothing has been changed.
    """
    refuse_misplaced(settings, folder)
    state = settings.state.folder
    _refuse_in_use(state)
    try:
        manifest, passed_over = _chosen(folder, name)
        with _beside(state) as staging:
            backups.put(folder, manifest, staging)
            backups.note_last(staging, manifest.moment)
            backups.note_folder(staging, folder)
            crash_at("restore.copied")
            differ = tuple(_put_back_forms(settings, folder, manifest))
            with open_context(_in(settings, staging), who=by_command("restore")) as context:
                found = tombstones.find(settings, context.trail.key, folder)
                disposed, other = disposal.again(context, found.tombstones, now)
                since = catch_up(context, manifest.name, manifest.moment, now)
                taken_in = hand_over(context, _unknown(context, old_state)).new
            crash_at("restore.before-place")
            _refuse_in_use(state)  # it may have been started meanwhile
            _put_in_place(staging, state)
            crash_at("restore.after-place")
    except (OSError, Trouble) as problem:
        raise StorageProblem(
            "The backup could not be put back. The state folder is as it was.",
            "Check that both disks are there and not full, and that this account may write beside the state folder.",
        ) from problem
    return Restored(
        manifest, passed_over, differ, since, taken_in, tuple(disposed), tuple(other), found
    )


def _unknown(context: WorkContext, old_state: Path | None) -> list[Path]:
    """Return the papers of the old state folder that the ledger does not know: they came, and that may be all.

    Its ledger may be damaged, and its originals are also what FormFlow made: its log says what came.
    """
    if old_state is None:
        return []
    came = set(_came(old_state))
    with reading(context.engine) as connection:
        return [
            original
            for original in sorted((old_state / ORIGINALS).glob("??/*.pdf"))
            if short(original.stem) in came
            and not any(papers.known(connection, original.stem, role) for role in Role)
        ]


def _came(old_state: Path) -> Iterator[str]:
    """Yield what the log calls each paper that came. Lines that cannot be read tell of none. Raise OSError."""
    for log in sorted(old_state.glob(_LOGS)):
        for line in log.read_text("utf-8", errors="replace").splitlines():
            with suppress(ValueError):
                said = json.loads(line)
                if isinstance(said, dict) and said.get("event") == "came":
                    yield str(said.get("paper"))


def settings_of(folder: Path) -> Path:
    """Return where the newest sound backup has the settings file. Raise StorageProblem or IntegrityProblem."""
    if not folder.is_dir():
        raise StorageProblem(f"There is no folder {folder}.", "Connect its disk or share.")
    return folder / _chosen(folder, None)[0].name / SETTINGS


def refuse_without_settings(settings_file: Path, folder: Path) -> None:
    """Raise SettingsProblem where there is no settings file yet, with where the backup has it."""
    if not settings_file.exists():
        raise SettingsProblem(
            "There is no settings file here.",
            (f"{settings_file.name} was not found",),
            f"Copy {settings_of(folder)} to {settings_file}, correct what is different on this computer, then try again.",
        )


def _refuse_in_use(state: Path) -> None:
    if not state.is_dir():
        return
    if not is_dead(state / SERVICE_LOCK):
        raise AlreadyRunning(
            "FormFlow is running here. Nothing has been changed.",
            "Stop it first. A backup is restored into an empty state folder only.",
        )
    held = {one.name for one in state.iterdir()} - {one.name for one in state.glob(_LOGS)}
    if LEDGER in held:
        raise StorageProblem(
            "There is a ledger in the state folder already. Nothing has been changed.",
            f"To go back to a backup, stop FormFlow, give {state} another name, then try again.",
        )
    if held - set(_LEFT_BEHIND):
        raise StorageProblem(
            "The state folder is not empty. Nothing has been changed.",
            f"Give {state} another name, then try again.",
        )


def _chosen(folder: Path, name: str | None) -> tuple[Manifest, tuple[str, ...]]:
    there = backups.names(folder)
    unusable: list[str] = []
    if name is not None and name not in there:
        raise StorageProblem(
            f"There is no backup {name} in {folder}.",
            f"There are: {', '.join(there) or 'none'}.",
        )
    for one in there if name is None else (name,):
        try:
            return backups.verified(folder, one), tuple(unusable)
        except IntegrityProblem as problem:
            if name is not None:
                raise
            unusable.append(problem.found)
    if not unusable:
        raise StorageProblem(f"There is no backup in {folder}.", "Choose another folder.")
    raise IntegrityProblem(
        " ".join(unusable), "There is no sound backup here. Nothing has been changed."
    )


@contextmanager
def _beside(state: Path) -> Iterator[Path]:
    """Lend a new private folder beside the state folder. What was cut short before is taken away."""
    staging = state.with_name(f"{state.name}.restoring")
    lock = FileLock(state.with_name(f".{state.name}.restoring.lock"))
    files.make_folder(state.parent)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise AlreadyRunning(
            "Another “formflow restore” is at work here.", "Wait for it."
        ) from None
    try:
        if staging.exists():
            shutil.rmtree(staging)
        rights.make_private(staging)
        yield staging
    finally:
        shutil.rmtree(staging, ignore_errors=True)
        lock.release()
        with suppress(OSError):
            Path(lock.lock_file).unlink(missing_ok=True)


def _in(settings: Settings, staging: Path) -> Settings:
    return settings.model_copy(update={"state": State(folder=staging)})


def _put_in_place(staging: Path, state: Path) -> None:
    """Give the folder its name, in one step. Raise OSError where the state folder is no longer empty."""
    if state.is_dir():
        for log in state.glob(_LOGS):
            log.replace(staging / log.name)
        shutil.rmtree(state / "locks", ignore_errors=True)
        for name in _LEFT_BEHIND:
            with suppress(OSError):
                (state / name).unlink(missing_ok=True)
        state.rmdir()
    staging.rename(state)
    files.sync_folder(state.parent)


def _put_back_forms(settings: Settings, folder: Path, manifest: Manifest) -> Iterator[str]:
    """Put back the agency's own forms that are not there; yield those that are there and differ."""
    for path, content in backups.texts(folder, manifest, FORMS):
        there = files.under(settings.folders.forms, path)
        if not there.exists():
            files.make_folder(there.parent)
            files.write(there, content)
        elif files.read(there) != content:
            yield path
