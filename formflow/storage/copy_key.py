"""The key of the tokens on our copies: random bytes in the state folder, for FormFlow's account alone.

All workers of a ledger have the same one, and a backup of the state folder holds it. Without it no copy that
was made before is known again: such sheets wait for the safeguarding lead.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from pathlib import Path

from formflow.core import files
from formflow.core.copy_tokens import KEY_BYTES, Tokens
from formflow.core.errors import StorageProblem
from formflow.storage import counters
from formflow.storage.database import Engine, reading, writing

FILE = "copies.key"


@dataclass(frozen=True, slots=True)
class Kept:
    """The key as it was found, or made."""

    tokens: Tokens
    is_lost: bool  # True: copies may be in use that were made with another one


def open_key(folder: Path, engine: Engine) -> Kept:
    """Return the key of a state folder, making it where there is none. Raise StorageProblem."""
    file = folder / FILE
    try:
        key = _read(file)
        if key:
            return Kept(Tokens(key), is_lost=False)
        with writing(engine):  # one worker makes it, and the others wait
            key = _read(file)
            is_new = not key
            if is_new:
                key = secrets.token_bytes(KEY_BYTES)
                files.write(file, key)
                file.chmod(0o600)  # also in a folder that IT has opened to others
    except OSError as problem:
        raise StorageProblem(
            f"The file {FILE} in the state folder cannot be read or made.",
            "Check that FormFlow’s account may read and write it, and that it is a file of its own.",
        ) from problem
    with reading(engine) as connection:
        return Kept(Tokens(key), is_new and counters.ENTRIES in counters.given(connection))


def _read(file: Path) -> bytes:
    """Return the key in a file, b"" where there is none or it is damaged. Raise OSError."""
    try:
        key = files.read(file)
    except FileNotFoundError:
        return b""
    return key if len(key) == KEY_BYTES else b""
