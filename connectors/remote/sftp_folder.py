"""A folder on an SFTP server: the one server whose key is pinned, within a time, its words turned into endings.

The library is loaded when the first connection is made: it comes with the extra `sftp`.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import errno
import io
import logging
import re
import socket
import threading
import time
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, Annotated, Any, Self

from pydantic import AfterValidator, Field, SecretStr, model_validator

from formflow.sdk import ConnectorSettings, Context, SettingsError, Unavailable, ending
from formflow_connectors import network
from formflow_connectors.remote.drop import Missing, Taken

if TYPE_CHECKING:
    import paramiko

EXTRA = "formflow[sftp]"
_QUIET = "formflow.destination.sftp"  # what the library logs repeats what a server says
_KEY = re.compile(r"(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(?:256|384|521)) ([A-Za-z0-9+/]+=*)")
_RSA = ("rsa-sha2-512", "rsa-sha2-256")  # by what a server with an RSA key signs today
_NOT_THERE = "there is no such folder"
_NOT_ALLOWED = "its user may not read, write and rename there"


def _host_key(line: str) -> str:
    """Return a server's key as `ssh-keyscan` writes it, without the server's name and without a comment."""
    found = _KEY.search(line)
    try:
        code = base64.b64decode(found[2], validate=True) if found else b""
    except binascii.Error:
        code = b""
    if found is None or found[1].encode() not in code[:32]:
        raise ValueError("is no key of a server, such as “ssh-ed25519 AAAA…” (ssh-keyscan)")
    return found[0]


class SftpAddress(ConnectorSettings):
    """Which folder of which server, and who lets FormFlow in."""

    host: str = Field(description="Name of the server.", min_length=1)
    port: int = Field(22, ge=1, le=65_535, description="Its port.")
    host_key: Annotated[str, AfterValidator(_host_key)] = Field(
        description="The server’s own key, from whoever runs it. No other server is spoken to.",
        examples=["ssh-ed25519 AAAA…"],
    )
    username: str = Field(description="FormFlow’s user there.", min_length=1)
    password: SecretStr | None = Field(None, description="As env:NAME or file:PATH.")
    private_key: SecretStr | None = Field(
        None, description="Instead of the password: as file:PATH, in the format of OpenSSH or PEM."
    )
    passphrase: SecretStr | None = Field(None, description="Of the private key, if it has one.")
    folder: str = Field(".", description="The folder there. It must be there.", min_length=1)
    timeout_seconds: float = Field(45, gt=0, le=55, description="For one delivery as a whole.")

    @model_validator(mode="after")
    def _has_one_way_in(self) -> Self:
        if (self.password is None) is (self.private_key is None):
            raise ValueError("either password or private_key is needed, and not both")
        if self.passphrase is not None and self.private_key is None:
            raise ValueError("passphrase belongs to private_key")
        return self


@contextlib.contextmanager
def connected(address: SftpAddress, context: Context) -> Iterator[SftpFolder]:
    """Yield the folder while there is a connection, which is cut when its time is over. Raise an ending."""
    library = _library()
    seconds = min(address.timeout_seconds, max(1.0, context.seconds_left / network.PATIENCE))
    until = time.monotonic() + seconds
    with contextlib.ExitStack() as stack:
        try:
            line = socket.create_connection((address.host, address.port), timeout=seconds)
        except OSError:
            raise ending(Unavailable, "FF-580") from None
        stack.callback(line.close)
        transport = library.Transport(line)
        stack.callback(transport.close)
        left = max(0.05, until - time.monotonic())
        over = threading.Timer(left, transport.close)  # a server may drip, and never end
        over.daemon = True
        over.start()
        stack.callback(over.cancel)
        folder = SftpFolder(address.folder, transport)
        with folder.heard():
            _begin(transport, address, left)
            _let_in(transport, address)
            folder.open(left)
        yield folder


def _library() -> Any:
    """Return paramiko. Raise SettingsError where it is not installed."""
    try:
        import paramiko
    except ImportError:
        raise ending(SettingsError, "FF-586", package=EXTRA) from None
    return paramiko


def _begin(transport: paramiko.Transport, address: SftpAddress, seconds: float) -> None:
    """Agree on how to encrypt. Raise SettingsError before anything is said where the server shows another key."""
    quiet = logging.getLogger(_QUIET)
    quiet.setLevel(logging.CRITICAL + 1)
    transport.set_log_channel(_QUIET)
    transport.banner_timeout = transport.auth_timeout = transport.channel_timeout = seconds
    transport.handshake_timeout = transport.clear_to_send_timeout = seconds
    kind = address.host_key.split(" ")[0]
    offered = transport.get_security_options()
    first = _RSA if kind == "ssh-rsa" else (kind,)
    # The others behind it: a server that has none of this kind then shows what it has.
    offered.key_types = (*first, *(one for one in offered.key_types if one not in first))
    transport.start_client(timeout=seconds)
    key = transport.get_remote_server_key()
    shown = f"{key.get_name()} {key.get_base64()}"
    if shown != address.host_key:
        raise ending(SettingsError, "FF-581", key=shown)


def _let_in(transport: paramiko.Transport, address: SftpAddress) -> None:
    """Log in. Raise SettingsError where the server does not have it so."""
    library = _library()
    try:
        if address.private_key is not None:
            more = transport.auth_publickey(address.username, _private_key(address))
        else:
            secret = address.password.get_secret_value() if address.password else ""
            more = transport.auth_password(address.username, secret)
    except library.AuthenticationException:
        if not transport.is_active():  # the line broke
            raise ending(Unavailable, "FF-580") from None
        raise ending(SettingsError, "FF-582", why="wrong user name, password or key") from None
    if more:
        raise ending(SettingsError, "FF-582", why="it asks for a second proof as well")


def _private_key(address: SftpAddress) -> paramiko.PKey:
    """Return the private key. Raise SettingsError for one that cannot be read."""
    library = _library()
    text = address.private_key.get_secret_value() if address.private_key else ""
    phrase = address.passphrase.get_secret_value() if address.passphrase else None
    for kind in (library.Ed25519Key, library.ECDSAKey, library.RSAKey):
        # What is no key of this kind ends in all sorts of mistakes.
        with contextlib.suppress(library.SSHException, ValueError, TypeError, IndexError):
            key: paramiko.PKey = kind.from_private_key(io.StringIO(text.strip() + "\n"), phrase)
            return key
    raise ending(SettingsError, "FF-582", why="the private key, or its passphrase, cannot be read")


class SftpFolder:
    """A folder on the server, as drop.py needs it."""

    def __init__(self, root: str, transport: paramiko.Transport) -> None:
        self._root, self._transport = root, transport
        self._client: paramiko.SFTPClient

    def open(self, seconds: float) -> None:
        """Begin to speak SFTP; no answer may take longer than so many seconds."""
        client = _library().SFTPClient.from_transport(self._transport)
        client.get_channel().settimeout(seconds)
        self._client = client

    def size(self, name: str) -> int | None:
        """Return how many bytes a file has, None where there is none."""
        try:
            with self.heard():
                return self._client.stat(self._path(name)).st_size or 0
        except Missing:
            return None

    def read(self, name: str, size: int) -> bytes:
        """Return a file, no more than so many bytes of it. Raise Missing."""
        with self.heard(), self._client.open(self._path(name), "rb") as file:
            size = min(size, file.stat().st_size or 0)
            file.prefetch(size)
            return file.read(size)

    def put(self, name: str, content: bytes) -> None:
        """Write a file; one of that name is replaced. Raise Missing where its folder is not there."""
        with self.heard():
            self._client.putfo(io.BytesIO(content), self._path(name), confirm=False)

    def move(self, name: str, final: str) -> None:
        """Rename a file; never over another. Raise Missing or Taken."""
        if self.size(final) is not None:
            raise Taken
        path, wanted = self._path(name), self._path(final)
        with self.heard():
            try:
                self._client.rename(path, wanted)  # a server must refuse it where the name is taken
            except FileNotFoundError:
                raise
            except OSError:
                # It cannot make hard links there, or somebody was faster.
                if self.size(final) is not None:
                    raise Taken from None
                self._client.posix_rename(path, wanted)

    def remove(self, name: str) -> None:
        """Remove a file, if it is there."""
        with contextlib.suppress(Missing), self.heard():
            self._client.remove(self._path(name))

    def make(self, name: str) -> None:
        """Make a folder, if it is not there."""
        try:
            with self.heard():
                self._client.mkdir(self._path(name), 0o770)
        except Missing:
            raise ending(SettingsError, "FF-583", why=_NOT_THERE) from None
        except Unavailable:
            if self.size(name) is None:
                raise

    def names(self, name: str) -> Collection[str]:
        """Return the names of what is in a folder, none where it is not there."""
        try:
            with self.heard():
                return self._client.listdir(self._path(name))
        except Missing:
            return ()

    @contextlib.contextmanager
    def heard(self) -> Iterator[None]:
        """Turn what the library raises into an ending, or into Missing."""
        library = _library()
        try:
            yield
        except FileNotFoundError:
            raise Missing from None
        except (library.SSHException, EOFError, TimeoutError, ConnectionError):
            raise ending(Unavailable, "FF-580") from None
        except OSError as problem:
            if not self._transport.is_active():
                raise ending(Unavailable, "FF-580") from None
            if problem.errno == errno.EACCES:
                raise ending(SettingsError, "FF-583", why=_NOT_ALLOWED) from None
            raise ending(Unavailable, "FF-584") from None

    def _path(self, name: str) -> str:
        return f"{self._root.rstrip('/')}/{name}"
