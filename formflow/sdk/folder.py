"""What every destination that is a folder shares: the lock, durable files, the words for trouble."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
import secrets
import shutil
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

from filelock import FileLock, Timeout

from formflow.core import files
from formflow.core.crash_points import crash_at
from formflow.core.errors import StorageProblem
from formflow.core.markers import is_marked
from formflow.core.messages import notice
from formflow.core.references import find_revision
from formflow.sdk.contract import (
    Attachment,
    CheckLine,
    CheckReport,
    Context,
    Delivered,
    DeliveredAs,
    Ending,
    Filed,
    Rejected,
    Retryable,
    Unavailable,
)
from formflow.sdk.wording import ending

LOCK_NAME = ".formflow.lock"
LOCK_SECONDS = 30.0
TRIED_BYTES = 256 << 10  # about what a form with its "as read" sheet takes
_TROUBLES = {
    errno.ENOSPC: "FF-473",
    getattr(errno, "EDQUOT", errno.ENOSPC): "FF-474",
    errno.EROFS: "FF-475",
}


class DestinationFolder:
    """A folder that people see and FormFlow writes to, one writer at a time."""

    def __init__(self, root: Path, kind: str, context: Context) -> None:
        self.root = root
        self._kind = kind
        self._open_original = context.open_original
        self._is_marked = context.is_marked
        self._swept = False

    def check(self) -> CheckReport:
        """Say whether the folder is there and ours, and write a file into it that is taken away again."""
        if code := self._missing():
            return CheckReport((CheckLine(False, notice(code).text),))
        try:
            _try_writing(self.root)
        except OSError as problem:
            return CheckReport((CheckLine(False, notice(trouble_with(problem)).text),))
        return CheckReport((CheckLine(True, "The folder is there and a file was written to it."),))

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Hold the folder's lock. Raise Unavailable or Retryable when it cannot be had or used.

        A folder that is missing is never made: it may be a drive that is not connected.
        """
        if code := self._missing():
            raise ending(Unavailable, code)
        try:
            with FileLock(self.root / LOCK_NAME, timeout=LOCK_SECONDS, mode=0o660):
                self._sweep_once()
                yield
        except Timeout:
            raise ending(Retryable, "FF-403") from None
        except files.NotAFile:
            raise ending(Retryable, "FF-431") from None
        except OSError as problem:
            # The path in an OSError is our own, but a traceback is no place for it.
            raise ending(Unavailable, trouble_with(problem)) from None

    def put(
        self, contents: Mapping[Path, bytes | Attachment], *, makes_folders: bool = True
    ) -> None:
        """Write whole files durably, from bytes or from attachments, in this order. Raise OSError.

        Without `makes_folders` their folders must be there: FileNotFoundError says that one is gone. Raise Retryable when a file would lie outside the folder, also through a link.
        """
        for final in contents:
            self.inside(str(final.absolute()))
        with contextlib.ExitStack() as stack:
            made: list[tuple[files.Temporary, Path]] = []
            for final, content in contents.items():
                if makes_folders:
                    files.make_inside(final.parent)
                made.append((stack.enter_context(files.temporary(self.root)), final))
                self._fill(made[-1][0].file, content)
            for fresh, _ in made:
                fresh.sync()
            for fresh, final in made:
                crash_at(f"{self._kind}.before-rename")
                fresh.rename(final)
                crash_at(f"{self._kind}.after-rename")
            for folder in {final.parent for final in contents}:
                files.sync_folder(folder)

    def replace(self, path: Path, content: bytes, was: bytes) -> None:
        """Put other bytes into a file that is not ours, which keeps its rights and owner. Raise OSError.

        Raise Retryable when it no longer holds what it was: somebody has saved it meanwhile.
        """
        self.inside(str(path.absolute()))
        with files.temporary(self.root) as fresh:
            fresh.file.write(content)
            fresh.sync()
            crash_at(f"{self._kind}.before-rename")
            if files.read(path) != was:
                raise ending(Retryable, "FF-407")
            fresh.take_place_of(path)
            crash_at(f"{self._kind}.after-rename")
        files.sync_folder(self.root)

    def move(self, path: Path, final: Path) -> None:
        """Give a file that lies whole in the folder, or below it, its final place, durably. Raise OSError."""
        crash_at(f"{self._kind}.before-move")
        files.patiently(lambda: path.replace(final))
        crash_at(f"{self._kind}.after-move")
        for folder in {final.parent, path.parent}:
            files.sync_folder(folder)

    def inside(self, name: str, folder: Path | None = None) -> Path:
        """Return where a name lies in the folder, or in one inside it. Raise Retryable if outside."""
        try:
            return files.under(folder or self.root, name)
        except StorageProblem:
            raise ending(Retryable, "FF-430") from None

    def put_beside(
        self, contents: Mapping[Path, bytes | Attachment], *, makes_folders: bool = True
    ) -> None:
        """Write files like `put`, unless one of the names is another's. Raise Rejected or OSError.

        What a crash left of the same delivery has the same bytes.
        """
        for final, content in contents.items():
            if self._holds_another(final, content):
                raise self.in_the_way(final)
        self.put(contents, makes_folders=makes_folders)

    def in_the_way(self, path: Path) -> Ending:
        """Return what to raise where another's file has the name. Nothing is ever written over it."""
        return ending(Rejected, "FF-420", name=self.where(path))

    def where(self, path: Path) -> str:
        """Return where something lies, told from the folder."""
        return path.relative_to(self.root).as_posix()

    def find(self, key: str, paths: Iterable[Path]) -> Delivered | None:
        """Return which of some files holds a key, or None."""
        for path in paths:
            # Dragged away just now, or nothing that we wrote: a link, a pipe.
            with contextlib.suppress(FileNotFoundError, files.NotAFile):
                if key.encode() in files.read(path):
                    return Delivered(key, DeliveredAs.ALREADY_THERE, self.where(path))
        return None

    def filed(self, *patterns: str) -> Iterator[Filed]:
        """Yield the revisions whose names files carry. Raise Unavailable where the folder is not there."""
        for path in self.matching(*patterns):
            if named := find_revision(path.name):
                yield Filed(*named)

    def matching(self, *patterns: str) -> Iterator[Path]:
        """Yield the files of the folder by patterns. Raise Unavailable where the folder is not there."""
        if not self.root.is_dir():
            raise ending(Unavailable, "FF-401")
        for pattern in patterns:
            yield from sorted(self.root.glob(pattern))

    def find_many(
        self,
        keys: Collection[str],
        paths: Iterable[Path],
        keys_in: Callable[[bytes], Iterable[str]] | None = None,
    ) -> list[Delivered]:
        """Return which of some keys some files hold. Each file is read once.

        `keys_in` finds the keys in its content. Without, all that can be one count.
        """
        there: dict[str, Delivered] = {}
        for path in paths:
            with contextlib.suppress(FileNotFoundError, files.NotAFile):  # as in `find`
                for key in (keys_in or any_keys_in)(files.read(path)):
                    if key in keys:
                        there[key] = Delivered(key, DeliveredAs.ALREADY_THERE, self.where(path))
        return list(there.values())

    def append(self, path: Path, whole: int, content: bytes) -> None:
        """Cut a file after its first `whole` bytes and write on from there, durably. Raise OSError."""
        is_new = not path.exists()
        with files.appending(path) as file:
            file.truncate(whole)
            half = len(content) // 2
            file.write(content[:half])
            file.flush()
            crash_at(f"{self._kind}.half-written")
            file.write(content[half:])
            file.flush()
            os.fsync(file.fileno())
        if is_new:
            files.sync_folder(path.parent)

    def _fill(self, file: BinaryIO, content: bytes | Attachment) -> None:
        if isinstance(content, bytes):
            file.write(content)
            return
        with self._open_original(content.sha256) as stream:
            shutil.copyfileobj(stream, file)

    def _holds_another(self, path: Path, content: bytes | Attachment) -> bool:
        try:
            lies = files.read(path)
        except (FileNotFoundError, files.NotAFile):
            return False  # nothing, or a link or a pipe, which hold nothing of anybody's
        if isinstance(content, bytes):
            return lies != content
        return hashlib.sha256(lies).hexdigest() != content.sha256

    def _missing(self) -> str:
        """Return why nothing may be written here at all, "" where it may."""
        if not self.root.is_dir():
            return "FF-401"
        return "FF-470" if self._is_marked and not is_marked(self.root) else ""

    def _sweep_once(self) -> None:
        if not self._swept:
            files.sweep(self.root)
            self._swept = True


def trouble_with(problem: OSError) -> str:
    """Return the number of what is wrong where a folder cannot be written to."""
    return _TROUBLES.get(problem.errno or 0, "FF-402")


def _try_writing(folder: Path) -> None:
    """Do once what each delivery does: write, sync, rename, read again. Raise OSError. Nothing is left."""
    content = secrets.token_bytes(TRIED_BYTES)
    with files.temporary(folder) as fresh:
        fresh.file.write(content)
        fresh.sync()
        final = fresh.path.with_name(
            fresh.path.name.replace(files.TEMPORARY_SUFFIX, f"-2{files.TEMPORARY_SUFFIX}")
        )
        fresh.rename(final)
    try:
        files.sync_folder(folder)
        if files.read(final) != content:
            raise OSError(errno.EIO, "what was written is not what can be read")
    finally:
        files.patiently(final.unlink)


def marked(page: str, key: str, case_key: str = "") -> bytes:
    """Return a page with the key of its delivery as a comment at its end.

    A page that is replaced from time to time also says of which case it tells.
    """
    of_case = f"<!-- case {case_key} -->\n" if case_key else ""
    return f"{page.rstrip()}\n{of_case}<!-- {key} -->\n".encode()


def keys_in(page: str) -> set[str]:
    """Return the keys of the deliveries that a page carries."""
    return set(_KEY.findall(page))


def any_keys_in(content: bytes) -> Iterator[str]:
    """Yield everything in a file that can be the key of a delivery."""
    for found in _ANY_KEY.finditer(content):
        yield found[0].decode()


def is_of_another_case(page: str, case_key: str) -> bool:
    """Return whether a page says that it tells of another case than this."""
    return bool(case_key) and not {case_key}.issuperset(_CASE.findall(page))


_ANY_KEY = re.compile(rb"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")
_KEY = re.compile("<!-- ([0-9a-f]{64}) -->")
_CASE = re.compile("<!-- case ([0-9a-f]{64}) -->")
