"""SFTP: the files of each record in a folder on another's server, for a system that imports them."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import ClassVar

from formflow_connectors.record_files import RecordFilesSettings
from formflow_connectors.remote import sftp_folder
from formflow_connectors.remote.drop import RemoteDrop, RemoteFolder


class SftpSettings(RecordFilesSettings, sftp_folder.SftpAddress):
    """Which folder of which server the files go to, and which files."""


class Sftp(RemoteDrop[SftpSettings]):
    """Uploads the files of each record."""

    kind = "sftp"
    Settings = SftpSettings
    needs: ClassVar = {"paramiko": sftp_folder.EXTRA}

    @property
    def where(self) -> str:
        """Which folder of which server it is."""
        own = self.settings
        return f"{own.username}@{own.host}:{own.port}:{own.folder}"

    def connected(self) -> AbstractContextManager[RemoteFolder]:
        """Return the folder for as long as a connection lasts. Raise an ending."""
        return sftp_folder.connected(self.settings, self.context)
