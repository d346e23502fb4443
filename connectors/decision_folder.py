"""To decide: for each record a page that says what is open, and the sheets to fill in beside it.

A sheet that lies there is never written over: the safeguarding lead may have begun to fill it in.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import UTC
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
    DecisionParcel,
    Delivered,
    DeliveredAs,
    DestinationFolder,
    Operation,
    Prepared,
    RepeatSafe,
    files,
    is_of_another_case,
    marked,
)


class DecisionFolderSettings(ConnectorSettings):
    """Where the safeguarding lead finds what is to be decided."""

    folder: Path = Field(
        description="The folder for sheets to decide on. It must be there; for the safeguarding lead alone."
    )


class DecisionFolder(BaseConnector[DecisionFolderSettings]):
    """Puts a record's sheets into a folder, and the page that says what is still open."""

    kind = "decision_folder"
    api_version = 2
    Settings = DecisionFolderSettings
    capabilities = Capabilities(
        repeat_safe=RepeatSafe.NATURAL,
        operations=frozenset({Operation.DECIDE}),
        carries=DataClass.FULL,
    )

    def __init__(self, settings: DecisionFolderSettings, context: Context) -> None:
        super().__init__(settings, context)
        self._folder = DestinationFolder(settings.folder, self.kind, context)

    def check(self) -> CheckReport:
        """Say whether the folder is there."""
        return self._folder.check()

    def prepare(self, parcel: DecisionParcel) -> Prepared:
        """Return the page, its name, and the names of the sheets beside it."""
        sheets = tuple(Attachment(f"{name}.pdf", one) for name, one in parcel.enclosed.items())
        at = parcel.recorded_at.astimezone(UTC).isoformat(timespec="microseconds")
        body = marked(f"{parcel.page.rstrip()}\n{_AS_OF.format(at)}", parcel.key, parcel.case_key)
        page = f"{parcel.about or parcel.reference} what is open.html"
        return Prepared(parcel.key, body, {"page": page, "at": at, "case": parcel.case_key}, sheets)

    def deliver(self, prepared: Prepared) -> Delivered:
        """Put the sheets into the folder, then the page: where it lies, they were put there too."""
        with self._folder.held():
            page = self._folder.inside(prepared.headers["page"])
            if there := self._folder.find(prepared.key, [page]):
                return there
            lies = files.read(page).decode("utf-8", "replace") if page.exists() else ""
            if is_of_another_case(lies, prepared.headers.get("case", "")):
                raise self._folder.in_the_way(page)
            sheets = {self._folder.inside(sheet.name): sheet for sheet in prepared.attachments}
            contents: dict[Path, bytes | Attachment] = {
                path: sheet for path, sheet in sheets.items() if not path.exists()
            }
            if _as_of(lies) <= prepared.headers["at"]:
                contents[page] = prepared.body
            self._folder.put(contents)
        return Delivered(prepared.key, DeliveredAs.CREATED, self._folder.where(page))

    def look_up(self, key: str) -> Delivered | None:
        """Return the page that carries the key."""
        return self._folder.find(key, self._folder.root.glob("*.html"))

    def look_up_many(self, keys: Collection[str]) -> list[Delivered]:
        """Return the pages that carry the keys."""
        return self._folder.find_many(keys, self._folder.root.glob("*.html"))


def _as_of(page: str) -> str:
    """Return the moment of which a page tells, as UTC text; "" where there is none."""
    found = _MOMENT.search(page)
    return found[1] if found else ""


_AS_OF = "<!-- as of {} -->"
_MOMENT = re.compile(r"<!-- as of (\S+) -->")
