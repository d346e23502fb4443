"""A real OpenSSH server on the loopback, with a key of its own, for whoever has the one user's key."""

from __future__ import annotations

import contextlib
import getpass
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

SECONDS_TO_START = 60.0
_RUN = Path("/run/sshd")  # where OpenSSH keeps apart what it does for root; compiled into it


@dataclass(frozen=True)
class SshServer:
    """Where it listens, what it shows, and what lets a user in."""

    port: int
    host_key: str
    username: str
    private_key: str
    folder: Path


@contextlib.contextmanager
def ssh_server(folder: Path, sftp: str = "internal-sftp") -> Iterator[SshServer]:
    """Run OpenSSH, or skip the test with the reason. `sftp` is its program for files, with options."""
    program, keygen = shutil.which("sshd", path=f"{os.environ['PATH']}:/usr/sbin"), "ssh-keygen"
    if program is None or shutil.which(keygen) is None:
        pytest.skip("OpenSSH's server is not installed here (tests/system.sh)")
    if os.getuid() == 0:
        _RUN.mkdir(mode=0o755, exist_ok=True)
    folder.mkdir()
    for name in ("host", "user"):
        made = [keygen, "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(folder / name)]
        subprocess.run(made, check=True)
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = int(one.getsockname()[1])
    settings = folder / "sshd_config"
    settings.write_text(
        f"ListenAddress 127.0.0.1:{port}\nHostKey {folder}/host\nPidFile none\nUsePAM no\n"
        f"AuthorizedKeysFile {folder}/user.pub\nStrictModes no\nPasswordAuthentication no\n"
        f"KbdInteractiveAuthentication no\nMaxStartups 100\nSubsystem sftp {sftp}\n"
    )
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen([program, "-D", "-e", "-f", str(settings)], stderr=log)
    try:
        _wait(server, port, folder / "log")
        key = (folder / "host.pub").read_text().strip()
        private = (folder / "user").read_text()
        yield SshServer(port, key, getpass.getuser(), private, folder)
    finally:
        server.terminate()
        server.wait()


def _wait(server: subprocess.Popen[bytes], port: int, log: Path) -> None:
    until = time.monotonic() + SECONDS_TO_START
    while server.poll() is None and time.monotonic() < until:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.02)
    raise AssertionError(log.read_text("utf-8", "replace"))
