"""A secret of the state folder: random bytes in a file, made once, for FormFlow's account alone."""

from __future__ import annotations

import secrets
from pathlib import Path

from formflow.core import files
from formflow.core.errors import StorageProblem
from formflow.storage.database import Engine, writing


def kept(file: Path, length: int, engine: Engine) -> tuple[bytes, bool]:
    """Return a secret of so many bytes, and whether it had to be made. Raise StorageProblem.

    All workers of a ledger get the same one.
    """
    if secret := found(file, length):
        return secret, False
    with writing(engine):  # one worker makes it, and the others wait
        if secret := found(file, length):
            return secret, False
        return _made(file, length), True


def found(file: Path, length: int) -> bytes:
    """Return the secret in a file, b"" where there is none or it is damaged. Raise StorageProblem."""
    try:
        return read(file, length)
    except OSError as problem:
        raise _trouble(file) from problem


def is_there(file: Path, length: int) -> bool:
    """Return whether a secret is there, as far as can be told."""
    try:
        return bool(read(file, length))
    except OSError:
        return False


def read(file: Path, length: int) -> bytes:
    """Return the secret in a file, b"" where there is none or it is damaged. Raise OSError."""
    try:
        secret = files.read(file)
    except FileNotFoundError:
        return b""
    return secret if len(secret) == length else b""


def _made(file: Path, length: int) -> bytes:
    secret = secrets.token_bytes(length)
    try:
        files.write(file, secret)
        file.chmod(0o600)  # also in a folder that IT has opened to others
    except OSError as problem:
        raise _trouble(file) from problem
    return secret


def _trouble(file: Path) -> StorageProblem:
    return StorageProblem(
        f"The file {file.name} in the state folder cannot be read or made.",
        "Check that FormFlow’s account may read and write it, and that it is a file of its own.",
    )
