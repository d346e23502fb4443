"""SharePoint: the files of each record in a document library of Microsoft 365."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from formflow_connectors.record_files import RecordFilesSettings
from formflow_connectors.remote.drop import RemoteDrop, RemoteFolder
from formflow_connectors.remote.graph import Graph, GraphSettings
from formflow_connectors.remote.graph_drive import GraphDrive
from formflow_connectors.webhook_post import Address

_NOT_IN_NAMES = re.compile(r'["*:<>?\\|\x00-\x1f]')  # what SharePoint has in no name


def _is_site(url: str) -> str:
    if not Address.parse(url).is_encrypted or urlsplit(url).query:
        raise ValueError("is no address such as https://school.sharepoint.com/sites/Safeguarding")
    return url.rstrip("/")


def _is_folder(path: str) -> str:
    parts = path.strip("/").split("/")
    if _NOT_IN_NAMES.search(path) or any(part in (".", "..") for part in parts):
        raise ValueError("is a folder such as “Forms” or “Forms/FormFlow”")
    return path.strip("/")


class SharePointAddress(GraphSettings):
    """Which folder of which library, and who lets FormFlow in."""

    site: Annotated[str, AfterValidator(_is_site)] = Field(
        description="The site, such as https://school.sharepoint.com/sites/Safeguarding."
    )
    library: str = Field("Documents", description="The document library.", min_length=1)
    folder: Annotated[str, AfterValidator(_is_folder)] = Field(
        description="The folder in the library. It must be there; give rights to the safeguarding lead alone."
    )


class SharePointSettings(RecordFilesSettings, SharePointAddress):
    """Which folder of which library the files go to, and which files."""


class SharePoint(RemoteDrop[SharePointSettings]):
    """Uploads the files of each record to a document library."""

    kind = "sharepoint"
    Settings = SharePointSettings

    @property
    def where(self) -> str:
        """Which folder of which library it is."""
        own = self.settings
        return f"{own.site}/{own.library}/{own.folder}"

    @contextlib.contextmanager
    def connected(self) -> Iterator[RemoteFolder]:
        """Yield the folder. Raise an ending."""
        own = self.settings
        yield GraphDrive(Graph(own, self.context), own, own.site, own.library, own.folder)
