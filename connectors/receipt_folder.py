"""Receipts: one small page for every paper, for the office. No name, no answer, no light."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

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
    ReceiptParcel,
    RepeatSafe,
    at_revision,
    marked,
)


class ReceiptFolderSettings(ConnectorSettings):
    """Where the office finds its receipts."""

    folder: Path = Field(description="The folder for receipts. It must be there.")


class ReceiptFolder(BaseConnector[ReceiptFolderSettings]):
    """Puts each receipt into a folder, under its reference."""

    kind = "receipt_folder"
    api_version = 2
    Settings = ReceiptFolderSettings
    capabilities = Capabilities(
        repeat_safe=RepeatSafe.NATURAL,
        operations=frozenset({Operation.RECEIPT}),
        carries=DataClass.NOTICE,
    )

    def __init__(self, settings: ReceiptFolderSettings, context: Context) -> None:
        super().__init__(settings, context)
        self._folder = DestinationFolder(settings.folder, self.kind, context)

    def check(self) -> CheckReport:
        """Say whether the folder is there."""
        return self._folder.check()

    def prepare(self, parcel: ReceiptParcel) -> Prepared:
        """Return the page and its name: by reference, and by arrival for a paper that came again."""
        kind = "received" if parcel.repeat is None else f"again {parcel.repeat}"
        name = f"{at_revision(parcel.reference, parcel.revision)} {kind}.html"
        return Prepared(parcel.key, marked(parcel.page, parcel.key), {"name": name})

    def deliver(self, prepared: Prepared) -> Delivered:
        """Put the page into the folder once."""
        with self._folder.held():
            final = self._folder.inside(prepared.headers["name"])
            if there := self._folder.find(prepared.key, [final]):
                return there
            self._folder.put_beside({final: prepared.body})
        return Delivered(prepared.key, DeliveredAs.CREATED, self._folder.where(final))

    def look_up(self, key: str) -> Delivered | None:
        """Return the page that carries the key."""
        return self._folder.find(key, self._folder.root.glob("*.html"))

    def filed(self) -> Iterator[Filed]:
        """Yield the revisions that have a receipt."""
        return self._folder.filed("*.html")
