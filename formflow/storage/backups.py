"""Backups: a folder for each, with a copy of the ledger and its manifest, and originals that all share.

<folder>/originals/ab/ab12...ef.pdf         once for all backups
         2026-11-27T004133Z/ledger.sqlite
                            copies.key, formflow.toml, forms/...
                            manifest.json   last: what has none was cut short and is no backup
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from fnmatch import fnmatch
from itertools import chain, count
from pathlib import Path
from typing import BinaryIO

from filelock import FileLock, Timeout

from formflow.core import files
from formflow.core.crash_points import crash_at
from formflow.core.errors import IntegrityProblem, StorageProblem
from formflow.storage import audit_trail, counters, database, soundness, sqlite
from formflow.storage.failures import damage_of
from formflow.storage.originals import COPY_BYTES, Vault

LAST = "last-backup"  # in the state folder: the moment of the newest backup
FOLDERS = "backup-folders"  # in the state folder: where backups of it were made
MANIFEST, LEDGER, ORIGINALS, KEYS = "manifest.json", "ledger.sqlite", "originals", "*.key"
FORMAT = 1  # of the manifest
LONGEST_MANIFEST_BYTES = 1 << 28
_NAME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{6}Z(-\d{1,3})?")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_RELATIVE = re.compile(r"(?!\.{1,2}(/|$))[^/\\:\0]+(/(?!\.{1,2}(/|$))[^/\\:\0]+)*")


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup holds."""

    name: str  # of its folder: the moment in UTC
    formflow: str  # the version that made it
    schema: int  # of the ledger
    epoch: int  # of the ledger, see counters.py
    audit_line: str  # the last of the audit trail, as it is called on paper
    moment: datetime
    files: Mapping[str, str]  # path in the backup's own folder -> sha256
    originals: tuple[str, ...]  # sha256 of each


@dataclass(frozen=True, slots=True)
class Made:
    """What came of a backup."""

    manifest: Manifest
    copied: int  # originals
    damaged: int  # originals that are not in it: they are no longer what was stored


def make(
    state: Path,
    folder: Path,
    texts: Mapping[str, bytes],
    version: str,
    now: datetime,
    make_private: Callable[[Path], None],
) -> Made:
    """Back a state folder up into a folder that is there, also while FormFlow works.

    `texts` are further files: path -> content. `make_private` makes a folder for this account alone. What fails leaves no backup. Raise StorageProblem,
    IntegrityProblem where the ledger is damaged, or OSError.
    """
    with _alone(folder):
        _tidy(folder)
        name = _free_name(folder, now)
        own = folder / name
        try:
            make_private(own)
            make_private(folder / ORIGINALS)
            # The ledger first: an original is in the vault before the ledger speaks of it.
            schema, epoch, line = _copy_ledger(state / LEDGER, own / LEDGER)
            crash_at("backup.ledger-copied")
            originals, copied, damaged = _copy_originals(state / ORIGINALS, folder / ORIGINALS)
            keys = {key.name: files.read(key) for key in sorted(state.glob(KEYS))}
            for path, content in {**texts, **keys}.items():
                _make_folder(files.under(own, path).parent)
                files.write(own / path, content)
            stored = {path: _sha256(own / path) for path in (LEDGER, *keys, *texts)}
            manifest = Manifest(name, version, schema, epoch, line, now, stored, originals)
            crash_at("backup.before-manifest")
            files.write(own / MANIFEST, _written(manifest))
            files.sync_folder(folder)
        except BaseException:
            shutil.rmtree(own, ignore_errors=True)
            raise
    return Made(manifest, copied, damaged)


def note_last(state: Path, moment: datetime) -> None:
    """Note in a state folder when its newest backup was made. Raise OSError."""
    files.write(state / LAST, moment.astimezone(UTC).isoformat().encode())


def note_folder(state: Path, folder: Path) -> None:
    """Note in a state folder where a backup of it lies. Raise OSError."""
    known = dict.fromkeys((*folders(state), folder.absolute()))
    files.write(state / FOLDERS, json.dumps([str(one) for one in known]).encode())


def folders(state: Path) -> list[Path]:
    """Return where backups of a state folder were made, as far as is known."""
    try:
        return [Path(one) for one in json.loads(files.read(state / FOLDERS))]
    except (OSError, ValueError, TypeError):
        return []


def holding(folder: Path, originals: Collection[str]) -> Iterator[str]:
    """Yield the backups in a folder that hold any of some originals, newest first. Raise OSError."""
    for name in names(folder):
        with suppress(IntegrityProblem, StorageProblem):  # no backup can be restored from it
            if not set(originals).isdisjoint(_read(folder, name).originals):
                yield name


def last(state: Path) -> datetime | None:
    """Return when the newest backup of a state folder was made, None where none is known."""
    try:
        return datetime.fromisoformat((state / LAST).read_text("ascii")).astimezone(UTC)
    except (OSError, ValueError):
        return None


def names(folder: Path) -> list[str]:
    """Return the backups in a folder, newest first, also those that were cut short. Raise OSError."""
    found = (one.name for one in folder.iterdir() if _NAME.fullmatch(one.name) and one.is_dir())
    return sorted(found, reverse=True)


def verified(folder: Path, name: str) -> Manifest:
    """Return what a backup holds, once every file of it has been compared with its hash.

    Raise IntegrityProblem where it was cut short or altered, StorageProblem where a newer FormFlow made it.
    """
    manifest = _read(folder, name)
    for path, sha256 in manifest.files.items():
        if _sha256_or_none(folder / name / path) != sha256:
            raise _altered(name, f"its file “{path}” is missing or was changed")
    kept = Vault(folder / ORIGINALS)
    lost = sum(_sha256_or_none(kept.path(one)) != one for one in manifest.originals)
    if lost:
        raise _altered(
            name, f"{lost} of its {len(manifest.originals)} originals are missing or were changed"
        )
    return manifest


def put(folder: Path, manifest: Manifest, state: Path) -> None:
    """Copy what a backup holds of a state folder into a new one. Raise IntegrityProblem or OSError."""
    own = folder / manifest.name
    for path, sha256 in manifest.files.items():
        if path == LEDGER or ("/" not in path and fnmatch(path, KEYS)):
            _copy(own / path, state / path, sha256, manifest.name)
    kept, vault = Vault(folder / ORIGINALS), Vault(state / ORIGINALS)
    for sha256 in manifest.originals:
        _copy(kept.path(sha256), vault.path(sha256), sha256, manifest.name)


def texts(folder: Path, manifest: Manifest, under: str) -> Iterator[tuple[str, bytes]]:
    """Yield path and content of the further files below a path of a backup. Raise OSError."""
    for path in sorted(manifest.files):
        if path.startswith(f"{under}/"):
            yield path.removeprefix(f"{under}/"), files.read(folder / manifest.name / path)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    lock = FileLock(folder / ".formflow.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise StorageProblem(
            "Another backup is being written to this folder.", "Wait until it is done."
        ) from None
    try:
        yield
    finally:
        lock.release()


def _free_name(folder: Path, now: datetime) -> str:
    name = now.astimezone(UTC).strftime("%Y-%m-%dT%H%M%SZ")
    others = (f"{name}-{number}" for number in count(2))  # of the same second
    return next(one for one in chain([name], others) if not (folder / one).exists())


def _tidy(folder: Path) -> None:
    """Take away what backups left that were cut short."""
    for name in names(folder):
        if not (folder / name / MANIFEST).exists():
            shutil.rmtree(folder / name)
    files.sweep(folder / ORIGINALS)


def _copy_ledger(live: Path, copy: Path) -> tuple[int, int, str]:
    """Copy the ledger as it is at one moment; return its schema, its epoch and the last line of its audit trail."""
    try:
        copy.touch(mode=0o600)
        sqlite.copy(live, copy)
        with database.looking(copy.parent) as connection:
            if not soundness.is_sound(connection):
                raise IntegrityProblem(
                    "The ledger is damaged, so no backup was made of it. Earlier backups are as they were.",
                    "Stop FormFlow and run “formflow doctor”.",
                )
            line = audit_trail.head(connection)
            return database.SCHEMA_VERSION, counters.epoch(connection), line
    except sqlite.Error as problem:
        cannot = StorageProblem(
            "The ledger could not be copied. No backup was made; earlier ones are as they were.",
            "Check that the disks of FormFlow and of the backup folder are there and not full.",
        )
        raise damage_of(problem) or cannot from problem


def _copy_originals(vault: Path, kept: Path) -> tuple[tuple[str, ...], int, int]:
    """Copy each original that is not there and sound; return all that are, how many are new, how many lost."""
    there, copied, damaged = [], 0, 0
    for source in sorted(vault.glob("??/*.pdf")):
        sha256, target = source.stem, Vault(kept).path(source.stem)
        if not _SHA256.fullmatch(sha256):
            continue
        # Read whole each time: a disk that forgets is noticed while the original is still here.
        if _sha256_or_none(target) != sha256:
            if not _is_copied(source, target, sha256):
                damaged += 1
                continue
            copied += 1
        there.append(sha256)
    return tuple(there), copied, damaged


def _copy(source: Path, target: Path, sha256: str, name: str) -> None:
    if not _is_copied(source, target, sha256):
        raise _altered(name, "a file of it was changed just now")


def _is_copied(source: Path, target: Path, sha256: str) -> bool:
    """Copy a file durably; return whether its bytes have this hash. Others are not kept."""
    _make_folder(target.parent)
    with files.opened(source) as original, files.temporary(target.parent) as copy:
        is_sound = _digest(original, copy.file) == sha256
        if is_sound:
            copy.become(target)
    return is_sound


def _make_folder(folder: Path) -> None:
    if not folder.is_dir():
        _make_folder(folder.parent)
        folder.mkdir(mode=0o700)
        files.sync_folder(folder.parent)


def _digest(source: BinaryIO, copy: BinaryIO | None = None) -> str:
    digest = hashlib.sha256()
    while block := source.read(COPY_BYTES):
        digest.update(block)
        if copy:
            copy.write(block)
    return digest.hexdigest()


def _sha256(path: Path) -> str:
    with files.opened(path) as file:
        return _digest(file)


def _sha256_or_none(path: Path) -> str | None:
    with suppress(FileNotFoundError, NotADirectoryError, files.NotAFile):
        return _sha256(path)
    return None


def _written(manifest: Manifest) -> bytes:
    holds = {**asdict(manifest), "moment": manifest.moment.isoformat(), "format": FORMAT}
    return json.dumps({"backup": holds, "sha256": _checksum(holds)}, indent=1).encode()


def _checksum(holds: object) -> str:
    return hashlib.sha256(json.dumps(holds, sort_keys=True).encode()).hexdigest()


def _read(folder: Path, name: str) -> Manifest:
    try:
        with files.opened(folder / name / MANIFEST) as file:
            said = json.loads(file.read(LONGEST_MANIFEST_BYTES))
        holds = said["backup"]
        if said["sha256"] != _checksum(holds):
            raise _altered(name, "its manifest was changed")
        if holds["format"] > FORMAT or holds["schema"] > database.SCHEMA_VERSION:
            raise StorageProblem(
                f"The backup {name} was made by a newer FormFlow ({holds['formflow']}).",
                "Install that version or a later one. Nothing has been changed.",
            )
        return _manifest(name, holds)
    except (FileNotFoundError, NotADirectoryError):
        raise IntegrityProblem(
            f"The backup {name} was cut short: it has no manifest.", "Choose another one."
        ) from None
    except (ValueError, TypeError, KeyError, RecursionError, files.NotAFile):
        raise _altered(name, "its manifest was changed") from None


def _manifest(name: str, holds: Mapping[str, object]) -> Manifest:
    """Return a manifest as it was read. Raise ValueError, TypeError or KeyError where it is none."""
    stored, originals = holds["files"], holds["originals"]
    if not isinstance(stored, dict) or not isinstance(originals, list) or holds["name"] != name:
        raise TypeError(name)
    if not all(map(_RELATIVE.fullmatch, stored)) or not all(map(_SHA256.fullmatch, originals)):
        raise ValueError(name)  # no name may lead out of the folder
    moment = datetime.fromisoformat(str(holds["moment"]))
    schema, epoch = int(str(holds["schema"])), int(str(holds["epoch"]))
    version, line = str(holds["formflow"]), str(holds["audit_line"])
    return Manifest(name, version, schema, epoch, line, moment, stored, tuple(originals))


def _altered(name: str, what: str) -> IntegrityProblem:
    return IntegrityProblem(
        f"The backup {name} cannot be used: {what}.",
        "Choose another backup. Nothing has been changed.",
    )
