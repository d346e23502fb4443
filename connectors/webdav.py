"""WebDAV: the files of each record in a folder of Nextcloud, or of another server that speaks it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from pydantic import Field, SecretStr

from formflow_connectors.record_files import RecordFilesSettings
from formflow_connectors.remote.dav_folder import DavFolder
from formflow_connectors.remote.drop import RemoteDrop, RemoteFolder
from formflow_connectors.remote.web_server import WebServer, WebServerSettings, basic


class WebDavAddress(WebServerSettings):
    """Which folder of which server, and who lets FormFlow in."""

    username: str = Field(description="FormFlow’s user there.", min_length=1)
    password: SecretStr = Field(description="As env:NAME or file:PATH.")


class WebDavSettings(RecordFilesSettings, WebDavAddress):
    """Which folder of which server the files go to, and which files."""


class WebDav(RemoteDrop[WebDavSettings]):
    """Uploads the files of each record."""

    kind = "webdav"
    Settings = WebDavSettings

    @property
    def where(self) -> str:
        """Which folder of which server it is."""
        return self.settings.url

    @contextlib.contextmanager
    def connected(self) -> Iterator[RemoteFolder]:
        """Yield the folder. Raise an ending."""
        own = self.settings
        headers = basic(own.username, own.password.get_secret_value())
        yield DavFolder(WebServer(own, self.context, headers))
