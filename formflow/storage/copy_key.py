"""The key of the tokens on our copies: random bytes in the state folder, for FormFlow's account alone.

All workers of a ledger have the same one, and a backup of the state folder holds it. Without it no copy that
was made before is known again: such sheets wait for the safeguarding lead.
"""

from __future__ import annotations

from pathlib import Path

from formflow.core.copy_tokens import KEY_BYTES, Tokens
from formflow.storage import counters, secret_file
from formflow.storage.database import Engine, reading

FILE = "copies.key"


def is_lost(folder: Path, engine: Engine) -> bool:
    """Return whether there is no key though something is recorded: copies may be in use that were made with it.

    So that a kill leaves no loss untold, it is told before `open_key` makes another. Raise StorageProblem.
    """
    if secret_file.found(folder / FILE, KEY_BYTES):
        return False
    with reading(engine) as connection:
        return counters.ENTRIES in counters.given(connection)


def open_key(folder: Path, engine: Engine) -> Tokens:
    """Return the key of a state folder, making it where there is none. Raise StorageProblem."""
    key, _ = secret_file.kept(folder / FILE, KEY_BYTES, engine)
    return Tokens(key)
