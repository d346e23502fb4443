"""Files that survive a power cut: written whole or not at all, and never outside their folder.

Every file that FormFlow makes for people or for itself is made here: a temporary file in the same
folder, written, flushed, synced, renamed over the final name, and the folder synced. A reader sees
the old file or the new one, never half of one.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import secrets
import shutil
import stat
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO, cast

from formflow.core.errors import StorageProblem

if sys.platform == "win32":
    from formflow.core import windows_files
else:
    import fcntl

TEMPORARY_PREFIX, TEMPORARY_SUFFIX = ".formflow-", ".tmp"
PATIENCE_SECONDS = (
    2.0  # a virus scanner lets go sooner; what lasts longer is tried again by the core
)
_HELD_BY_ANOTHER = frozenset(
    {5, 32, 33}
)  # Windows: access denied, sharing violation, lock violation
ON_WINDOWS = sys.platform == "win32"
_MEANS_ANOTHER = re.compile(
    r"^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])\s*(\.|$)|[. ]$|[:<>\"|?*\\\x00-\x1f]",
    re.IGNORECASE,
)
_WAITS_FOR_NOBODY = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)
_NO_FOLDER_SYNC = frozenset({errno.EINVAL, errno.ENOTSUP, errno.EBADF, errno.EACCES})  # some shares


class NotAFile(OSError):
    """A link, a pipe, a device or a folder lies where a file should be."""


@dataclass
class Temporary:
    """A file in the making. It goes away by itself unless it becomes something."""

    path: Path
    file: BinaryIO
    became: bool = False

    def become(self, final: Path) -> None:
        """Put the file in place under its final name, in the same file system, durably."""
        self.sync()
        self.rename(final)
        sync_folder(final.parent)

    def sync(self) -> None:
        """Make the content durable."""
        self.file.flush()
        os.fsync(self.file.fileno())

    def rename(self, final: Path) -> None:
        """Give the file its final name and its folder's rights; durable only once the folder is synced."""
        as_its_folder(self.file.fileno(), final.parent)
        patiently(lambda: self.path.replace(final))
        self.became = True
        if sys.platform == "win32":
            self.file.close()  # few programs open a file there that another may still write to
            if final.name.startswith("."):  # elsewhere the dot hides it
                windows_files.hide(final)

    def take_place_of(self, final: Path) -> None:
        """Take the place of a file of somebody's, with its rights, owner and what is noted beside it.

        Durable only once the folder is synced. Raise PermissionError where that is not allowed, or OSError.
        """
        if not os.access(final, os.W_OK):
            raise PermissionError(errno.EACCES, "the file may not be written to")
        if sys.platform == "win32":
            # Windows exchanges only what nobody has open. Where a sweep takes it meanwhile, nothing is exchanged.
            self.file.close()
            patiently(lambda: windows_files.replace(self.path, final))
        else:
            _as_the_file(self.path, final)
            self.path.replace(final)
        self.became = True


@contextlib.contextmanager
def temporary(folder: Path) -> Iterator[Temporary]:
    """Yield a new empty file in a folder, marked as ours and as in use. Raise OSError.

    Nobody else may read it until it becomes something: what a killed process leaves may hold names.
    """
    fresh = _fresh(folder)
    try:
        with fresh.file:
            yield fresh
    finally:
        if not fresh.became:
            with contextlib.suppress(OSError):  # the sweep takes what cannot be taken now
                fresh.path.unlink()


def write(final: Path, content: bytes) -> None:
    """Write a whole file durably, replacing what was there. Raise OSError."""
    with temporary(final.parent) as fresh:
        fresh.file.write(content)
        fresh.become(final)


def write_for_now(final: Path, content: bytes) -> None:
    """Write a whole file, replacing what was there. After a power cut it may be empty, unless `sync` came first.

    Raise OSError.
    """
    with temporary(final.parent) as fresh:
        fresh.file.write(content)
        fresh.file.flush()
        fresh.rename(final)


def sync(paths: Iterable[Path]) -> None:
    """Make durable what was written for now. What is gone by now is left out. Raise OSError."""
    written = list(paths)
    for path in written:
        with contextlib.suppress(FileNotFoundError):
            patiently(partial(_sync_file, path))
    for folder in {path.parent for path in written}:
        sync_folder(folder)


def _sync_file(path: Path) -> None:
    # Windows syncs only what is open to be written to.
    with _only_a_file(path, os.O_RDWR | _NO_LINK, "rb+") as file:
        os.fsync(file.fileno())


def make_folder(folder: Path) -> None:
    """Make a folder and those above it, durably; it may be there already. Raise OSError."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    sync_folder(folder.parent)


def make_inside(folder: Path) -> None:
    """Make a folder inside a destination, with the rights of the folder it lies in. Raise OSError."""
    if folder.is_dir():
        return
    make_inside(folder.parent)
    folder.mkdir(exist_ok=True)
    if sys.platform != "win32":
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        try:
            as_its_folder(handle, folder.parent)
        finally:
            os.close(handle)
    sync_folder(folder.parent)


def as_its_folder(handle: int, folder: Path) -> None:
    """Give a new file or folder the group and the rights of the folder it lies in.

    Where a folder gives others nothing, nothing in it gives them anything. A share that knows no
    rights keeps its own. On Windows a new file takes the rights of its folder by itself.
    """
    if sys.platform == "win32":
        return
    above, own = folder.stat(), os.fstat(handle)
    allowed = 0o775 | stat.S_ISGID if stat.S_ISDIR(own.st_mode) else 0o664
    with contextlib.suppress(OSError):  # an account outside the group: `doctor` says so
        os.fchown(handle, -1, above.st_gid)
    with contextlib.suppress(OSError):
        os.fchmod(handle, (above.st_mode & allowed) | 0o600)


def _as_the_file(fresh: Path, there: Path) -> None:
    """Give a new file owner, group, rights and extended attributes of another. Raise PermissionError.

    An account that may not give a file away keeps it, where its owner has no right that the group has not.
    """
    known = there.stat()
    try:
        os.chown(fresh, known.st_uid, known.st_gid)
    except OSError:
        with contextlib.suppress(OSError):
            os.chown(fresh, -1, known.st_gid)
        own = fresh.stat()
        owners, groups = known.st_mode >> 6 & 7, known.st_mode >> 3 & 7
        if own.st_gid != known.st_gid or owners & ~groups:
            raise PermissionError(errno.EPERM, "the owner could not be kept") from None
    shutil.copystat(there, fresh)
    os.utime(fresh)  # it has changed, though


def opened(path: Path, *, follow: bool = False) -> BinaryIO:
    """Open a file that others may have put there, for reading. Raise NotAFile, or another OSError.

    Not through a link, unless `follow`, and never waiting for a pipe or a device to speak.
    """
    return _only_a_file(path, os.O_RDONLY | (0 if follow else _NO_LINK), "rb")


def read(path: Path, *, follow: bool = False) -> bytes:
    """Return the content of a file that others may have put there. Raise OSError."""
    with opened(path, follow=follow) as file:
        return file.read()


def appending(path: Path) -> BinaryIO:
    """Open a file to read it and to write at its end, making it when new. Raise OSError."""
    is_new = not path.exists()
    file = _only_a_file(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | _NO_LINK, "a+b")
    if is_new:
        as_its_folder(file.fileno(), path.parent)
    return file


def _only_a_file(path: Path, flags: int, mode: str) -> BinaryIO:
    try:
        handle = os.open(path, flags | _WAITS_FOR_NOBODY, 0o600)
    except OSError as problem:
        if problem.errno in (errno.ELOOP, errno.ENXIO):  # a link; a socket or a device
            raise NotAFile(problem.errno, "not a file") from None
        raise
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise NotAFile(errno.EINVAL, "not a file")
    return cast("BinaryIO", os.fdopen(handle, mode))


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable, where the system can."""
    if sys.platform == "win32":
        return  # Windows cannot sync a folder; NTFS journals the rename itself
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    except OSError as problem:
        if problem.errno not in _NO_FOLDER_SYNC:
            raise
    finally:
        os.close(handle)


def under(root: Path, name: str) -> Path:
    """Return root/name. Raise StorageProblem when it would lead out of the root or stay on it."""
    path = root / name
    # The names of devices first: Windows opens what it is asked about.
    if "\0" in name or (ON_WINDOWS and _is_another_there(path, root)) or not _is_inside(path, root):
        raise StorageProblem(
            "A name would lead outside its folder.",
            "Look for a link in the folder that points elsewhere, and remove it.",
        )
    return path


def sweep(folder: Path) -> int:
    """Remove what a killed process left of `temporary(folder)`; return how many files.

    A file that a living process works on is left alone, on this computer and on others.
    """
    pattern = f"{TEMPORARY_PREFIX}*{TEMPORARY_SUFFIX}"
    return sum(_remove_if_stray(path) for path in sorted(folder.glob(pattern)))


def patiently(action: Callable[[], object]) -> None:
    """Do something, waiting a moment for a program that holds the file, as happens on Windows."""
    until = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            action()
        except PermissionError as problem:
            held = getattr(problem, "winerror", None) in _HELD_BY_ANOTHER
            if not held or time.monotonic() > until:
                raise
        else:
            return
        time.sleep(0.05)


def _is_another_there(path: Path, root: Path) -> bool:
    """Return whether Windows takes some of a name for a device, another file's name or a stream of it."""
    below = Path(os.path.normpath(path)).parts[len(Path(os.path.normpath(root)).parts) :]
    return any(_MEANS_ANOTHER.search(part) for part in below)


def _is_inside(path: Path, root: Path) -> bool:
    # A plain name, as nearly every one is: links further up lead both the same way. Windows has more kinds of link.
    is_plain = not ON_WINDOWS and path.parent == root and path.name != ".."
    if is_plain and not os.path.islink(path):  # noqa: PTH114 - the other one raises for some names
        return True
    whole, whole_root = Path(os.path.realpath(path)), Path(os.path.realpath(root))
    return whole != whole_root and whole.is_relative_to(whole_root)


def _fresh(folder: Path) -> Temporary:
    while True:
        name = f"{TEMPORARY_PREFIX}{secrets.token_hex(8)}{TEMPORARY_SUFFIX}"
        path = folder / name
        file = open(path, "xb", opener=_new)  # noqa: SIM115 - a path opens with no rights
        try:
            _lock(file)
        except BlockingIOError:  # a sweep has just found it and takes it: make another
            file.close()
            continue
        except OSError:  # a share without locks; a sweep cannot lock it either and leaves it alone
            return Temporary(path, file)
        if os.fstat(file.fileno()).st_nlink:
            return Temporary(path, file)
        file.close()  # a sweep took it between its making and its lock


def _new(path: str, flags: int) -> int:
    if sys.platform == "win32":
        return windows_files.create(path)
    return os.open(path, flags, 0o600)


def _remove_if_stray(path: Path) -> bool:
    try:
        if sys.platform == "win32":
            windows_files.remove_if_closed(path)
        else:
            with path.open("rb+") as file:
                _lock(file)
                path.unlink()
    except OSError:
        return False
    return True


def _lock(file: BinaryIO) -> None:
    """Mark a file as in use; the system lets go when the process ends. Raise OSError."""
    if sys.platform != "win32":
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
