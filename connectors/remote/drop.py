"""Files for another system in a folder on a server: uploaded whole under other names, checked, then renamed one after the other.

    FF-2026-000123 r1.pdf
    FF-2026-000123 r1.done             the last
    .formflow-handed-over/KEY.0        a file that has not been given yet
                          KEY.json     the names, sizes and hashes of what belongs to a delivery

As in folder_drop.py the rename out of the sub-folder is what gives a file: what is no longer in there was given, also where
the other system has taken it away since.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import secrets
import threading
from abc import abstractmethod
from collections import defaultdict
from collections.abc import Collection, Iterator
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from typing import Protocol, TypeVar

from formflow.sdk import (
    Ambiguous,
    Attachment,
    BaseConnector,
    Capabilities,
    CheckLine,
    CheckReport,
    Context,
    DataClass,
    Delivered,
    DeliveredAs,
    Ending,
    Operation,
    Prepared,
    RecordParcel,
    Rejected,
    RepeatSafe,
    SettingsError,
    Unavailable,
    ending,
)
from formflow_connectors.record_files import HANDED_OVER, RecordFiles, RecordFilesSettings

_A_KEY = re.compile("[0-9a-f]{64}")
_LARGEST_LIST = 64 << 10  # bytes
_TRIED_BYTES = 16 << 10  # what a check writes
_locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)  # one for each folder


class Taken(Exception):
    """There is something with that name already."""


class Missing(Exception):
    """There is nothing with that name."""


class RemoteFolder(Protocol):
    """A folder on a server, while there is a connection. Each method raises an ending where the server does not do it."""

    def size(self, name: str) -> int | None:
        """Return how many bytes a file has, None where there is none."""

    def read(self, name: str, size: int) -> bytes:
        """Return a file, no more than so many bytes of it. Raise Missing."""

    def put(self, name: str, content: bytes) -> None:
        """Write a file; one of that name is replaced. Raise Missing where its folder is not there."""

    def move(self, name: str, final: str) -> None:
        """Rename a file; never over another. Raise Missing or Taken."""

    def remove(self, name: str) -> None:
        """Remove a file, if it is there."""

    def make(self, name: str) -> None:
        """Make a folder, if it is not there."""

    def names(self, name: str) -> Collection[str]:
        """Return the names of what is in a folder, none where it is not there."""


@dataclass(frozen=True, slots=True)
class DropFile:
    """One file of a delivery."""

    name: str
    size: int  # bytes
    sha256: str


OwnSettings = TypeVar("OwnSettings", bound=RecordFilesSettings)


class RemoteDrop(BaseConnector[OwnSettings]):
    """Gives the files of records to another system through a folder on a server. Say `where` and `connected`."""

    api_version = 2
    capabilities = Capabilities(
        repeat_safe=RepeatSafe.KEY,
        operations=frozenset({Operation.RECORD}),
        carries=DataClass.FULL,
        wants_original=True,
    )

    def __init__(self, settings: OwnSettings, context: Context) -> None:
        super().__init__(settings, context)
        self._files = RecordFiles(settings)

    @property
    @abstractmethod
    def where(self) -> str:
        """Which folder it is, among those of all servers."""

    @abstractmethod
    def connected(self) -> AbstractContextManager[RemoteFolder]:
        """Return the folder for as long as a connection lasts. Raise an ending."""

    def prepare(self, parcel: RecordParcel) -> Prepared:
        """Return what the template gets, the name of the files, and the paper."""
        return self._files.prepare(parcel)

    def check(self) -> CheckReport:
        """Say whether a file can be written, renamed, read and removed there, and the template be used."""
        try:
            with self.connected() as folder:
                _try(folder)
            line = CheckLine(
                True, "The server lets FormFlow in, and a file was written to the folder."
            )
        except Ending as problem:
            line = CheckLine(False, problem.text)
        return CheckReport((line, *self._files.check()))

    def deliver(self, prepared: Prepared) -> Delivered:
        """Upload everything into the sub-folder whole, then rename one file after the other into the folder."""
        key = prepared.key
        with _locks[self.where], self.connected() as folder:
            files = _given(folder, key)
            is_new = files is None
            files = files or _stage(folder, key, self._contents(prepared))
            with _in_doubt():
                moved = [_give(folder, f"{HANDED_OVER}/{key}.{n}", f) for n, f in enumerate(files)]
        how = DeliveredAs.CREATED if is_new or any(moved) else DeliveredAs.ALREADY_THERE
        return Delivered(key, how, files[-1].name)

    def look_up(self, key: str) -> Delivered | None:
        """Return what was given under a key, whatever the other system has done with it since."""
        with self.connected() as folder:
            files = _given(folder, key) if _A_KEY.fullmatch(key) else None
            if files is None or any(_waits(folder, key, n) for n in range(len(files))):
                return None
        return Delivered(key, DeliveredAs.ALREADY_THERE, files[-1].name)

    def look_up_many(self, keys: Collection[str]) -> list[Delivered]:
        """Return which of some keys were given, by one look at the names in the sub-folder."""
        with self.connected() as folder:
            names = folder.names(HANDED_OVER)
        listed = {name.removesuffix(".json") for name in names if name.endswith(".json")}
        waiting = {name.partition(".")[0] for name in names if not name.endswith(".json")}
        given = sorted((listed - waiting) & set(keys))
        return [Delivered(key, DeliveredAs.ALREADY_THERE, HANDED_OVER) for key in given]

    def take_back(self, prepared: Prepared) -> bool:
        """Remove the files of a test; return whether the other system had taken none of them."""
        key = prepared.key
        with _locks[self.where], self.connected() as folder:
            files = _given(folder, key) or []
            is_all_there = bool(files) and all(folder.size(one.name) is not None for one in files)
            for number, one in reversed(
                list(enumerate(files))
            ):  # what says that all is there goes first
                folder.remove(one.name)
                folder.remove(f"{HANDED_OVER}/{key}.{number}")
            folder.remove(_list_of(key))
        return is_all_there

    def _contents(self, prepared: Prepared) -> dict[str, bytes]:
        return {name: self._bytes(one) for name, one in self._files.contents(prepared).items()}

    def _bytes(self, content: bytes | Attachment) -> bytes:
        if isinstance(content, bytes):
            return content
        with self.context.open_original(content.sha256) as stream:
            return stream.read()


def _list_of(key: str) -> str:
    return f"{HANDED_OVER}/{key}.json"


def _given(folder: RemoteFolder, key: str) -> list[DropFile] | None:
    """Return the files of a delivery that was begun, None where there was none."""
    try:
        told = json.loads(folder.read(_list_of(key), _LARGEST_LIST))
        return [DropFile(**one) for one in told] or None
    except (Missing, ValueError, TypeError):
        return None  # a list that is damaged is written again


def _stage(folder: RemoteFolder, key: str, contents: dict[str, bytes]) -> list[DropFile]:
    """Put all files into the sub-folder, and behind them the list of them. Raise Rejected where a name is another's."""
    files = [DropFile(name, len(one), _digest(one)) for name, one in contents.items()]
    is_there = [_is_there(folder, one) for one in files]
    folder.make(HANDED_OVER)
    for number, one in enumerate(files):
        if not is_there[number]:
            _put(folder, f"{HANDED_OVER}/{key}.{number}", contents[one.name])
    told = json.dumps([asdict(one) for one in files], ensure_ascii=False)
    fresh = f"{HANDED_OVER}/{key}.new"
    _put(folder, fresh, told.encode())
    try:
        folder.move(fresh, _list_of(key))
    except Taken:
        folder.remove(_list_of(key))  # a damaged one
        folder.move(fresh, _list_of(key))
    return files


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _is_there(folder: RemoteFolder, file: DropFile) -> bool:
    """Return whether a file is there as it should be. Raise Rejected where it is another's."""
    size = folder.size(file.name)
    if size is None:
        return False
    with contextlib.suppress(Missing):  # taken away just now
        if size != file.size or _digest(folder.read(file.name, size)) != file.sha256:
            raise ending(Rejected, "FF-420", name=file.name)
        return True
    return False


def _give(folder: RemoteFolder, staged: str, file: DropFile) -> bool:
    """Move one file to where the other system finds it; return whether it had not been moved before."""
    try:
        folder.move(staged, file.name)
    except Missing:
        return False
    except Taken:
        if folder.size(staged) is None:
            return False
        _is_there(folder, file)  # the rename had happened, but for its end
        folder.remove(staged)
    if folder.size(staged) is not None:
        raise ending(Unavailable, "FF-584")
    return True


def _waits(folder: RemoteFolder, key: str, number: int) -> bool:
    return folder.size(f"{HANDED_OVER}/{key}.{number}") is not None


def _put(folder: RemoteFolder, name: str, content: bytes) -> None:
    """Write a file and read it again: some servers say yes to everything. Raise Unavailable."""
    try:
        folder.put(name, content)
    except Missing:
        raise ending(
            SettingsError, "FF-583", why="the folder, or a part of it, is not there"
        ) from None
    with contextlib.suppress(Missing):
        if folder.read(name, len(content) + 1) == content:
            return
    raise ending(Unavailable, "FF-584")


def _try(folder: RemoteFolder) -> None:
    """Do once what each delivery does. Raise an ending. Nothing is left."""
    if folder.size("") is None:
        raise ending(SettingsError, "FF-583", why="there is no such folder")
    name = f".formflow-check-{secrets.token_hex(8)}"
    try:
        _put(folder, name, secrets.token_bytes(_TRIED_BYTES))
        folder.move(name, f"{name}-2")
        if folder.size(f"{name}-2") != _TRIED_BYTES:
            raise ending(Unavailable, "FF-584")
    except (Missing, Taken):
        raise ending(Unavailable, "FF-584") from None
    finally:
        folder.remove(name)
        folder.remove(f"{name}-2")


@contextlib.contextmanager
def _in_doubt() -> Iterator[None]:
    """From the first rename on nobody knows, where the connection breaks, how much the other system has got."""
    try:
        yield
    except Unavailable:
        raise ending(Ambiguous, "FF-585") from None
