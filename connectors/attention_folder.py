"""Needs attention: the paper comes back to the office with a note beside it. No name in their names.

Where a person must check or copy what was read, the form to do it on lies there too.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import ClassVar

from pydantic import Field

from formflow.sdk.contract import (
    API_VERSION,
    Capabilities,
    CheckReport,
    ConnectorSettings,
    Context,
    DataClass,
    Delivered,
    DeliveredAs,
    Operation,
    Parcel,
    Prepared,
    RepeatSafe,
)
from formflow.sdk.folder import DestinationFolder
from formflow.sdk.wording import from_second_revision


class AttentionFolderSettings(ConnectorSettings):
    """Where the office finds what came back."""

    folder: Path = Field(description="The folder for papers that come back. It must be there.")


class AttentionFolder:
    """Puts the paper itself and a note of the same name into a folder."""

    kind: ClassVar[str] = "attention_folder"
    api_version: ClassVar[int] = API_VERSION
    Settings: ClassVar[type[ConnectorSettings]] = AttentionFolderSettings
    capabilities: ClassVar[Capabilities] = Capabilities(
        repeat_safe=RepeatSafe.NATURAL,
        operations=frozenset({Operation.RETURN}),
        carries=DataClass.FULL,  # the form itself goes back
    )

    def __init__(self, settings: AttentionFolderSettings, context: Context) -> None:
        self._folder = DestinationFolder(settings.folder, self.kind, context)
        self._context = context

    def check(self) -> CheckReport:
        """Say whether the folder is there."""
        return self._folder.check()

    def prepare(self, parcel: Parcel) -> Prepared:
        """Return the note and the names of both: the reference that also stands on the receipt."""
        stem = from_second_revision(parcel.reference, parcel.revision)
        note = f"{parcel.page.rstrip()}\n\nMark of this note: {parcel.key}\n"
        # Windows line ends and a byte order mark: every Notepad shows it as it was meant.
        body = note.replace("\n", "\r\n").encode("utf-8-sig")
        names = {"note": f"{stem}.txt", "paper": f"{stem}{parcel.original_suffix}"}
        beside = {f"{stem} {name}.pdf": sha256 for name, sha256 in parcel.enclosed.items()}
        names["beside"] = json.dumps(beside)
        return Prepared(parcel.key, body, names, parcel.original_sha256)

    def deliver(self, prepared: Prepared) -> Delivered:
        """Put the papers back, then the note: where the note lies, they were put back too."""
        with self._folder.held():
            note = self._folder.inside(prepared.headers["note"])
            if there := self._folder.find(prepared.key, [note]):
                return there
            files: dict[Path, bytes | Path] = {}
            if prepared.original_sha256 is not None:
                paper = self._folder.inside(prepared.headers["paper"])
                files[paper] = self._context.original(prepared.original_sha256)
            for name, sha256 in json.loads(prepared.headers["beside"]).items():
                files[self._folder.inside(name)] = self._context.original(sha256)
            self._folder.put_beside(files | {note: prepared.body})
        return Delivered(prepared.key, DeliveredAs.CREATED, self._folder.where(note))

    def look_up(self, key: str) -> Delivered | None:
        """Return the note that carries the key."""
        return self._folder.find(key, self._folder.root.glob("*.txt"))

    def close(self) -> None:
        """Nothing stays open."""
