"""Receipts: one small page for every paper, for the office. No name, no answer, no light."""

from __future__ import annotations

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
from formflow.sdk.folder import DestinationFolder, marked
from formflow.sdk.wording import at_revision


class ReceiptFolderSettings(ConnectorSettings):
    """Where the office finds its receipts."""

    folder: Path = Field(description="The folder for receipts. It must be there.")


class ReceiptFolder:
    """Puts each receipt into a folder, under its reference."""

    kind: ClassVar[str] = "receipt_folder"
    api_version: ClassVar[int] = API_VERSION
    Settings: ClassVar[type[ConnectorSettings]] = ReceiptFolderSettings
    capabilities: ClassVar[Capabilities] = Capabilities(
        repeat_safe=RepeatSafe.NATURAL,
        operations=frozenset({Operation.RECEIPT}),
        carries=DataClass.NOTICE,
    )

    def __init__(self, settings: ReceiptFolderSettings, context: Context) -> None:
        self._folder = DestinationFolder(settings.folder, self.kind, context)

    def check(self) -> CheckReport:
        """Say whether the folder is there."""
        return self._folder.check()

    def prepare(self, parcel: Parcel) -> Prepared:
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

    def close(self) -> None:
        """Nothing stays open."""
