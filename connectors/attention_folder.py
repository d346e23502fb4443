"""Needs attention: the paper comes back to the office with a note beside it. No name in their names.

Where a person must check or copy what was read, the form to do it on lies there too.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from formflow.sdk import (
    Attachment,
    BaseConnector,
    Capabilities,
    CheckReport,
    ConnectorSettings,
    Context,
    DataClass,
    Delivered,
    DeliveredAs,
    DestinationFolder,
    Operation,
    Prepared,
    RepeatSafe,
    ReturnParcel,
    from_second_revision,
)


class AttentionFolderSettings(ConnectorSettings):
    """Where the office finds what came back."""

    folder: Path = Field(description="The folder for papers that come back. It must be there.")


class AttentionFolder(BaseConnector[AttentionFolderSettings]):
    """Puts the paper itself and a note of the same name into a folder."""

    kind = "attention_folder"
    api_version = 2
    Settings = AttentionFolderSettings
    capabilities = Capabilities(
        repeat_safe=RepeatSafe.NATURAL,
        operations=frozenset({Operation.RETURN}),
        carries=DataClass.FULL,  # the form itself goes back
    )

    def __init__(self, settings: AttentionFolderSettings, context: Context) -> None:
        super().__init__(settings, context)
        self._folder = DestinationFolder(settings.folder, self.kind, context)

    def check(self) -> CheckReport:
        """Say whether the folder is there."""
        return self._folder.check()

    def prepare(self, parcel: ReturnParcel) -> Prepared:
        """Return the note and the names of both: the reference that is also on the receipt."""
        stem = from_second_revision(parcel.reference, parcel.revision)
        note = f"{parcel.page.rstrip()}\n\nMark of this note: {parcel.key}\n"
        # Windows line ends and a byte order mark: every Notepad shows it as it was meant.
        body = note.replace("\n", "\r\n").encode("utf-8-sig")
        paper = parcel.original_sha256
        papers = [Attachment(f"{stem}{parcel.original_suffix}", paper)] if paper else []
        papers += [Attachment(f"{stem} {name}.pdf", one) for name, one in parcel.enclosed.items()]
        return Prepared(parcel.key, body, {"note": f"{stem}.txt"}, tuple(papers))

    def deliver(self, prepared: Prepared) -> Delivered:
        """Put the papers back, then the note: where the note lies, they were put back too."""
        with self._folder.held():
            note = self._folder.inside(prepared.headers["note"])
            if there := self._folder.find(prepared.key, [note]):
                return there
            papers = {self._folder.inside(paper.name): paper for paper in prepared.attachments}
            self._folder.put_beside({**papers, note: prepared.body})
        return Delivered(prepared.key, DeliveredAs.CREATED, self._folder.where(note))

    def look_up(self, key: str) -> Delivered | None:
        """Return the note that carries the key."""
        return self._folder.find(key, self._folder.root.glob("*.txt"))
