"""Folder drop: files for another system that imports from a folder: the paper, a file by a template, then what says that all is there.

    Import/FF-2026-000123 r1.pdf
           FF-2026-000123 r1.json
           FF-2026-000123 r1.json.sha256
           FF-2026-000123 r1.done             the last
           .formflow-handed-over/             what was given, by key

The other system takes files away, so nobody can see later whether they were there. Everything is first put
into the sub-folder whole, and leaves it by being renamed: what is no longer in there was given, whatever
became of it since.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Collection, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import Field

from formflow.sdk import (
    BaseConnector,
    Capabilities,
    CheckReport,
    ConnectorSettings,
    Context,
    DataClass,
    Delivered,
    DeliveredAs,
    DestinationFolder,
    Filed,
    Operation,
    Prepared,
    RecordParcel,
    RepeatSafe,
    files,
    find_revision,
)
from formflow_connectors.record_files import HANDED_OVER, RecordFiles, RecordFilesSettings

_A_KEY = re.compile("[0-9a-f]{64}")


class DropFolder(ConnectorSettings):
    """Where the other system looks for files."""

    folder: Path = Field(
        description="The folder that the other system imports from. It must be there."
    )


class FolderDropSettings(RecordFilesSettings, DropFolder):
    """Where the other system looks for files, and what it gets."""


class FolderDrop(BaseConnector[FolderDropSettings]):
    """Puts files into a folder from which another system takes them."""

    kind = "folder_drop"
    api_version = 2
    Settings = FolderDropSettings
    capabilities = Capabilities(
        repeat_safe=RepeatSafe.KEY,
        operations=frozenset({Operation.RECORD}),
        carries=DataClass.FULL,
        wants_original=True,
    )

    def __init__(self, settings: FolderDropSettings, context: Context) -> None:
        super().__init__(settings, context)
        self._folder = DestinationFolder(settings.folder, self.kind, context)
        self._files = RecordFiles(settings)
        self._handed_over = settings.folder / HANDED_OVER
        self._inner = DestinationFolder(self._handed_over, self.kind, context)

    def check(self) -> CheckReport:
        """Say whether the folder is there and the template is understood."""
        return CheckReport((*self._folder.check().lines, *self._files.check()))

    def prepare(self, parcel: RecordParcel) -> Prepared:
        """Return what the template gets, the name of the files, and the paper."""
        return self._files.prepare(parcel)

    def deliver(self, prepared: Prepared) -> Delivered:
        """Put everything into the sub-folder whole, then rename one file after the other into the folder."""
        with self._folder.held():
            given = self._given(prepared.key)
            how = DeliveredAs.ALREADY_THERE if given is not None else DeliveredAs.CREATED
            if given is None:
                given = self._stage(prepared)
            elif self._waiting(prepared.key, given):
                how = DeliveredAs.CREATED
            for number, name in self._waiting(prepared.key, given):
                self._give(self._handed_over / f"{prepared.key}.{number}", name)
        return Delivered(prepared.key, how, given[-1])

    def look_up(self, key: str) -> Delivered | None:
        """Return what was given under a key, whatever the other system has done with it since."""
        given = self._given(key)
        if given is None or self._waiting(key, given):
            return None
        return Delivered(key, DeliveredAs.ALREADY_THERE, given[-1])

    def look_up_many(self, keys: Collection[str]) -> list[Delivered]:
        """Return what was given under each of these keys."""
        return [there for key in keys if (there := self.look_up(key)) is not None]

    def filed(self) -> Iterator[Filed]:
        """Yield the revisions that were given."""
        for path in self._folder.matching(f"{HANDED_OVER}/*.json"):
            told = self._told(path)
            if told and (named := find_revision(str(told.get("revision", "")))):
                yield Filed(*named, key=path.stem)

    def take_back(self, prepared: Prepared) -> bool:
        """Remove the files of a test; return whether the other system had taken none of them."""
        with self._folder.held():
            names = self._given(prepared.key) or []
            paths = [self._folder.inside(name) for name in names]
            is_all_there = bool(paths) and all(path.is_file() for path in paths)
            for path in reversed(paths):  # what says that all is there goes first
                files.patiently(partial(path.unlink, missing_ok=True))
            files.patiently(partial(self._list_of(prepared.key).unlink, missing_ok=True))
        return is_all_there

    def _list_of(self, key: str) -> Path:
        return self._handed_over / f"{key}.json"

    def _stage(self, prepared: Prepared) -> list[str]:
        """Put all files into the sub-folder, and behind them the list of their names."""
        contents = self._files.contents(prepared)
        for name in contents:
            self._refuse_taken(name)
        self._folder.inside(HANDED_OVER)
        files.make_inside(self._handed_over)
        files.sweep(self._handed_over)
        key, names = prepared.key, list(contents)
        staged = {
            self._handed_over / f"{key}.{number}": contents[name]
            for number, name in enumerate(names)
        }
        self._inner.put(staged)
        revision = f"{prepared.headers['reference']} r{prepared.headers['revision']}"
        told = json.dumps({"names": names, "revision": revision})
        self._inner.put({self._list_of(key): told.encode()})
        return names

    def _give(self, staged: Path, name: str) -> None:
        """Move one file to where the other system finds it. From here on it may be gone at any moment."""
        self._folder.move(staged, self._refuse_taken(name))

    def _refuse_taken(self, name: str) -> Path:
        """Return where a file will be. Raise Rejected where another's is."""
        final = self._folder.inside(name)
        if final.exists() or final.is_symlink():
            raise self._folder.in_the_way(final)
        return final

    def _waiting(self, key: str, names: Sequence[str]) -> list[tuple[int, str]]:
        """Return which files of a delivery are still in the sub-folder, in their order."""
        return [
            (number, name)
            for number, name in enumerate(names)
            if (self._handed_over / f"{key}.{number}").exists()
        ]

    def _given(self, key: str) -> list[str] | None:
        """Return the names of the files of a delivery that was begun, None where there was none."""
        if not _A_KEY.fullmatch(key):
            return None
        told = self._told(self._list_of(key))
        names = told.get("names") if told else None
        return [str(one) for one in names] if isinstance(names, list) and names else None

    def _told(self, path: Path) -> dict[str, Any] | None:
        with contextlib.suppress(FileNotFoundError, NotADirectoryError, files.NotAFile, ValueError):
            told = json.loads(files.read(path))
            return told if isinstance(told, dict) else None
        return None
