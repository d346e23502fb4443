"""The key of the tokens on our copies: random bytes in the state folder, for FormFlow's account alone.

All workers of a ledger have the same one, and a backup of the state folder holds it. Without it no copy that
was made before is known again: such sheets wait for the safeguarding lead.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from formflow.core.copy_tokens import KEY_BYTES, Tokens
from formflow.storage import counters, secret_file
from formflow.storage.database import Engine, reading

FILE = "copies.key"


@dataclass(frozen=True, slots=True)
class Kept:
    """The key as it was found, or made."""

    tokens: Tokens
    is_lost: bool  # True: copies may be in use that were made with another one


def open_key(folder: Path, engine: Engine) -> Kept:
    """Return the key of a state folder, making it where there is none. Raise StorageProblem."""
    key, is_new = secret_file.kept(folder / FILE, KEY_BYTES, engine)
    with reading(engine) as connection:
        return Kept(Tokens(key), is_new and counters.ENTRIES in counters.given(connection))
