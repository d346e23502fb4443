"""`formflow backup`: what of an agency goes into a backup, and where a backup may lie."""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import datetime
from pathlib import Path

from formflow import __version__
from formflow.admin import rights
from formflow.core import files
from formflow.core.errors import StorageProblem
from formflow.core.settings import Settings
from formflow.delivery.overlaps import Place, Use, overlaps, places_of
from formflow.pipeline import tombstones
from formflow.storage import audit_trail, backups, database, disposals, secret_file
from formflow.storage.backups import LEDGER, Made
from formflow.storage.owners import Owner

SETTINGS, FORMS = "formflow.toml", "forms"
LEFT_OUT = "(left out of the backup)"
# A value that should be env:NAME or file:PATH, and is not: nobody looks at settings of a kind that is not installed.
_SECRET = re.compile(
    r"""([\w-]*(?:password|passphrase|secret|token|api_?key|private_?key)[\w-]*["']?[ \t]*=[ \t]*)"""
    r"""(?!["'](?:env|file):)"""
    r"""(?:"{3}[\s\S]*?"{3}|'{3}[\s\S]*?'{3}|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'|[^\s,}\]#]+)""",
    re.IGNORECASE,
)
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def back_up(settings: Settings, settings_file: Path, folder: Path, now: datetime) -> Made:
    """Back an agency up into a folder that is there, also while FormFlow works.

    Raise StorageProblem where that cannot be done, IntegrityProblem where the ledger is damaged.
    """
    refuse_misplaced(settings, folder)
    if not (settings.state.folder / LEDGER).is_file():
        raise StorageProblem(
            "There is no ledger yet: FormFlow has not worked here.", "Start “formflow run”."
        )
    try:
        texts = dict(_texts(settings, settings_file))
        with _seen(settings):
            made = backups.make(
                settings.state.folder, folder, texts, __version__, now, rights.make_private
            )
    except OSError as problem:
        raise _cannot_be_written(problem) from problem
    with suppress(OSError):  # the backup is made; at worst `status` calls it older than it is
        backups.note_last(settings.state.folder, now)
        backups.note_folder(settings.state.folder, folder)
        _put_tombstones(settings, folder)
    return made


@contextmanager
def _seen(settings: Settings) -> Iterator[None]:
    """Let others see that somebody is at work here: nothing is disposed of meanwhile."""
    locks = settings.state.folder / "locks"
    with ExitStack() as stack:
        if locks.is_dir():
            with suppress(OSError):  # an account that may only read can make a backup, too
                stack.enter_context(Owner(locks))
        yield


def refuse_misplaced(settings: Settings, folder: Path) -> None:
    """Raise StorageProblem for a folder that is not there, or overlaps with one that FormFlow uses."""
    if not folder.is_dir():
        raise StorageProblem(
            f"There is no folder {folder}.", "Connect its disk or share, or make the folder."
        )
    asked = Place(f"the backup folder {folder}", folder, Use.ALONE)
    for place in places_of(settings):
        for problem in overlaps((asked, place)):
            raise StorageProblem(f"Backups cannot be kept here: {problem}.")


def _put_tombstones(settings: Settings, folder: Path) -> None:
    """Say beside the backups what was disposed of: an older one may be put back. Raise OSError."""
    key = secret_file.read(settings.state.folder / audit_trail.FILE, audit_trail.KEY_BYTES)
    if key:
        with database.looking(settings.state.folder) as connection:
            gone = disposals.every(connection)
        tombstones.put(folder / tombstones.BESIDE_BACKUPS, key, gone)


def is_on_the_same_disk(settings: Settings, folder: Path) -> bool:
    """Return whether a backup would be lost together with the state folder. Raise OSError."""
    return folder.stat().st_dev == settings.state.folder.stat().st_dev


def without_secrets(text: str) -> str:
    """Return a settings file without secrets: where they are kept may stay."""
    return _SECRET.sub(rf'\g<1>"{LEFT_OUT}"', text)


def _texts(settings: Settings, settings_file: Path) -> Iterator[tuple[str, bytes]]:
    """Yield path and content of what else is needed to go on elsewhere. Raise OSError."""
    text = settings_file.read_text(encoding="utf-8-sig")
    yield SETTINGS, without_secrets(text).encode()
    own = settings.folders.forms
    for path in sorted(own.rglob("*")):
        if path.is_file() and not path.is_symlink() and not path.name.startswith("."):
            yield f"{FORMS}/{path.relative_to(own).as_posix()}", files.read(path)


def _cannot_be_written(problem: OSError) -> StorageProblem:
    if problem.errno in _FULL:
        return StorageProblem(
            "The disk of the backup folder is full. No backup was made; earlier ones are as they were.",
            "Make room, or choose another folder.",
        )
    return StorageProblem(
        "The backup could not be written. No backup was made; earlier ones are as they were.",
        "Check that the disk or share is connected and that this account may write there.",
    )
