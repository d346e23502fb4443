"""To decide: for each record a page that says what is open, and the sheets to fill in beside it.

A sheet that lies there is never written over: the safeguarding lead may have begun to fill it in.
"""

from __future__ import annotations

import json
import re
from datetime import UTC
from pathlib import Path
from typing import ClassVar

from pydantic import Field

from formflow.core import files
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
from formflow.sdk.folder import DestinationFolder, is_of_another_case, marked


class DecisionFolderSettings(ConnectorSettings):
    """Where the safeguarding lead finds what is to be decided."""

    folder: Path = Field(
        description="The folder for sheets to decide on. It must be there; for the safeguarding lead alone."
    )


class DecisionFolder:
    """Puts a record's sheets into a folder, and the page that says what is still open."""

    kind: ClassVar[str] = "decision_folder"
    api_version: ClassVar[int] = API_VERSION
    Settings: ClassVar[type[ConnectorSettings]] = DecisionFolderSettings
    capabilities: ClassVar[Capabilities] = Capabilities(
        repeat_safe=RepeatSafe.NATURAL,
        operations=frozenset({Operation.DECIDE}),
        carries=DataClass.FULL,
    )

    def __init__(self, settings: DecisionFolderSettings, context: Context) -> None:
        self._folder = DestinationFolder(settings.folder, self.kind, context)
        self._context = context

    def check(self) -> CheckReport:
        """Say whether the folder is there."""
        return self._folder.check()

    def prepare(self, parcel: Parcel) -> Prepared:
        """Return the page, its name, and the names of the sheets beside it."""
        sheets = {f"{name}.pdf": sha256 for name, sha256 in parcel.enclosed.items()}
        at = parcel.recorded_at.astimezone(UTC).isoformat(timespec="microseconds")
        body = marked(f"{parcel.page.rstrip()}\n{_AS_OF.format(at)}", parcel.key, parcel.case_key)
        page = f"{parcel.about or parcel.reference} what is open.html"
        headers = {"page": page, "at": at, "sheets": json.dumps(sheets), "case": parcel.case_key}
        return Prepared(parcel.key, body, headers)

    def deliver(self, prepared: Prepared) -> Delivered:
        """Put the sheets into the folder, then the page: where it lies, they were put there too."""
        with self._folder.held():
            page = self._folder.inside(prepared.headers["page"])
            if there := self._folder.find(prepared.key, [page]):
                return there
            lies = files.read(page).decode("utf-8", "replace") if page.exists() else ""
            if is_of_another_case(lies, prepared.headers.get("case", "")):
                raise self._folder.in_the_way(page)
            contents: dict[Path, bytes | Path] = {}
            for name, sha256 in json.loads(prepared.headers["sheets"]).items():
                sheet = self._folder.inside(name)
                if not sheet.exists():
                    contents[sheet] = self._context.original(sha256)
            if _as_of(lies) <= prepared.headers["at"]:
                contents[page] = prepared.body
            self._folder.put(contents)
        return Delivered(prepared.key, DeliveredAs.CREATED, self._folder.where(page))

    def look_up(self, key: str) -> Delivered | None:
        """Return the page that carries the key."""
        return self._folder.find(key, self._folder.root.glob("*.html"))

    def close(self) -> None:
        """Nothing stays open."""


def _as_of(page: str) -> str:
    """Return the moment of which a page tells, as UTC text; "" where there is none."""
    found = _MOMENT.search(page)
    return found[1] if found else ""


_AS_OF = "<!-- as of {} -->"
_MOMENT = re.compile(r"<!-- as of (\S+) -->")
