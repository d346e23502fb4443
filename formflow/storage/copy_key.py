"""The key of the tokens on our copies: random bytes in the state folder, for FormFlow's account alone.

All workers of a ledger have the same one, and a backup of the state folder holds it. Without it no copy that
was made before is known again: such sheets wait for the safeguarding lead.
"""

from __future__ import annotations

import secrets
from pathlib import Path

from formflow.core import files
from formflow.core.copy_tokens import KEY_BYTES, Tokens
from formflow.core.errors import StorageProblem
from formflow.storage import counters
from formflow.storage.database import Engine, reading, writing

FILE = "copies.key"


def is_lost(folder: Path, engine: Engine) -> bool:
    """Return whether there is no key though something is recorded: copies may be in use that were made with it.

    So that a kill leaves no loss untold, it is told before `open_key` makes another. Raise StorageProblem.
    """
    if _found(folder / FILE):
        return False
    with reading(engine) as connection:
        return counters.ENTRIES in counters.given(connection)


def open_key(folder: Path, engine: Engine) -> Tokens:
    """Return the key of a state folder, making it where there is none. Raise StorageProblem."""
    file = folder / FILE
    if key := _found(file):
        return Tokens(key)
    with writing(engine):  # one worker makes it, and the others wait
        return Tokens(_found(file) or _made(file))


def _found(file: Path) -> bytes:
    """Return the key in a file, b"" where there is none or it is damaged. Raise StorageProblem."""
    try:
        key = files.read(file)
    except FileNotFoundError:
        return b""
    except OSError as problem:
        raise _trouble() from problem
    return key if len(key) == KEY_BYTES else b""


def _made(file: Path) -> bytes:
    """Return a new key, stored for FormFlow's account alone. Raise StorageProblem."""
    key = secrets.token_bytes(KEY_BYTES)
    try:
        files.write(file, key)
        file.chmod(0o600)  # also in a folder that IT has opened to others
    except OSError as problem:
        raise _trouble() from problem
    return key


def _trouble() -> StorageProblem:
    return StorageProblem(
        f"The file {FILE} in the state folder cannot be read or made.",
        "Check that FormFlow’s account may read and write it, and that it is a file of its own.",
    )
