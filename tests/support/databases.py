"""Real database servers on the loopback, started once for a run of tests and ended with it."""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import pytest
import sqlalchemy as sa

SECONDS_TO_START = 120.0
_POSTGRES = sorted(Path("/usr/lib/postgresql").glob("*/bin"))


@dataclass(frozen=True)
class Server:
    """A server that answers, and how it can be stopped for a moment."""

    url: str  # as its owner
    process: subprocess.Popen[bytes]


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _program(name: str, *more: Path) -> str | None:
    path = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", *map(str, more)])
    return shutil.which(name, path=path)


def _as_user(name: str) -> Mapping[str, str]:
    """Return which account a server runs as: none of them is started by root."""
    is_root = hasattr(os, "getuid") and os.getuid() == 0
    return {"user": name, "group": name} if is_root else {}


@contextlib.contextmanager
def postgresql() -> Iterator[Server]:
    """Run PostgreSQL, or skip the test with the reason."""
    begin, serve = _program("initdb", *_POSTGRES), _program("postgres", *_POSTGRES)
    if begin is None or serve is None:
        pytest.skip("PostgreSQL is not installed here (tests/system.sh)")
    port = _free_port()
    with _folder("postgres") as folder:
        data = folder / "data"
        plain = ["-N", "-A", "trust", "-U", "formflow", "-E", "UTF8", "--locale", "C"]
        _do([begin, "-D", str(data), *plain], "postgres")
        own = {"port": port, "listen_addresses": "127.0.0.1", "unix_socket_directories": folder}
        fast = {"fsync": "off", "max_connections": 40}
        said = [word for name, value in (own | fast).items() for word in ("-c", f"{name}={value}")]
        url = f"postgresql://formflow@127.0.0.1:{port}/postgres"
        with _running([serve, "-D", str(data), *said], "postgres", url) as server:
            yield server


@contextlib.contextmanager
def mariadb() -> Iterator[Server]:
    """Run MariaDB, or skip the test with the reason."""
    begin, serve = _program("mariadb-install-db"), _program("mariadbd")
    if begin is None or serve is None:
        pytest.skip("MariaDB is not installed here (tests/system.sh)")
    port = _free_port()
    with _folder("mysql") as folder:
        data = f"--datadir={folder / 'data'}"
        open_to_all = "--auth-root-authentication-method=normal"
        small = ["--innodb-buffer-pool-size=16M", "--innodb-log-file-size=8M"]
        _do([begin, "--no-defaults", data, open_to_all, "--skip-test-db", *small], "mysql")
        where = [f"--socket={folder / 's'}", f"--port={port}", "--bind-address=127.0.0.1"]
        fast = ["--innodb-flush-log-at-trx-commit=0", f"--pid-file={folder / 'pid'}", *small]
        letters = "--character-set-server=utf8mb4"
        url = f"mariadb://root@127.0.0.1:{port}/"
        with _running(
            [serve, "--no-defaults", data, letters, *where, *fast], "mysql", url
        ) as server:
            with engine(url).connect() as connection:
                connection.exec_driver_sql("CREATE DATABASE agency")
            yield replace(server, url=f"{url}agency")


@contextlib.contextmanager
def _folder(owner: str) -> Iterator[Path]:
    """Lend a folder to the account of a server: in memory where there is one, outside what pytest closes to others."""
    memory = Path("/dev/shm")  # noqa: S108 - nothing of anybody's is in it
    where = str(memory) if memory.is_dir() else None
    with tempfile.TemporaryDirectory("-formflow", dir=where, ignore_cleanup_errors=True) as name:
        if _as_user(owner):
            shutil.chown(name, owner, owner)
        yield Path(name)


def _do(command: Sequence[str], user: str) -> None:
    subprocess.run(command, check=True, capture_output=True, cwd="/", **_as_user(user))  # type: ignore[call-overload]


@contextlib.contextmanager
def _running(command: Sequence[str], user: str, url: str) -> Iterator[Server]:
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": "/"}
    process: subprocess.Popen[bytes] = subprocess.Popen(command, **quiet, **_as_user(user))  # type: ignore[call-overload]
    try:
        _wait_for(url, process)
        yield Server(url, process)
    finally:
        process.kill()
        process.wait()


def _wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + SECONDS_TO_START
    while True:
        try:
            with engine(url).connect():
                return
        except sa.exc.SQLAlchemyError:
            if process.poll() is not None or time.monotonic() > until:
                raise
        time.sleep(0.1)


@cache
def engine(url: str) -> sa.Engine:
    """Return how a test looks into a database."""
    driver = {"postgresql": "postgresql+psycopg", "mariadb": "mariadb+pymysql"}
    where = sa.make_url(url)
    where = where.set(drivername=driver.get(where.drivername, where.drivername))
    return sa.create_engine(where, poolclass=sa.pool.NullPool)


@contextlib.contextmanager
def breaking(url: str, *, heard: bool) -> Iterator[str]:
    """Lend another address of a server: its wire breaks at the COMMIT of a row, which the server has heard or not."""
    server = sa.make_url(url)
    listening = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=_carry, args=(listening, server.port, heard), daemon=True).start()
    with listening:
        yield server.set(port=listening.getsockname()[1]).render_as_string(hide_password=False)


def _carry(listening: socket.socket, port: int, heard: bool) -> None:
    """Carry bytes between a client and the server until the first COMMIT after an INSERT."""
    client, _ = listening.accept()
    has_written = False
    with client, socket.create_connection(("127.0.0.1", port)) as server:
        while True:
            for ready in select.select([client, server], [], [])[0]:
                said = ready.recv(1 << 16)
                is_commit = has_written and ready is client and b"COMMIT" in said
                has_written = has_written or (ready is client and b"INSERT" in said)
                if not said or (is_commit and not heard):
                    return
                (server if ready is client else client).sendall(said)
                if is_commit:
                    server.recv(1 << 16)  # what the client never hears
                    return


STARTS: Mapping[str, Callable[[], contextlib.AbstractContextManager[Server]]] = {
    "postgresql": postgresql,
    "mariadb": mariadb,
}
