"""Readings that the tests of one run keep for one another, also across processes.

A hostile file costs seconds of the processor until it is given up. What a cage said of it is kept by the
fingerprint of its bytes, so that a story about what comes after the reading need not read it again.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from formflow.core.model import Reading, Unread
from formflow.reading.sandbox.parent import Cage

_RESULT: TypeAdapter[Reading | Unread] = TypeAdapter(Reading | Unread)


@dataclass(frozen=True)
class KeptReadings:
    """What was read, each in a file of this folder."""

    folder: Path

    def keep(self, path: Path, result: Reading | Unread) -> None:
        """Keep what was read of a file."""
        kept = self._place(path)
        fresh = kept.with_suffix(f".{os.getpid()}")
        fresh.write_bytes(_RESULT.dump_json(result))
        fresh.replace(kept)

    def found(self, path: Path) -> Reading | Unread | None:
        """Return what is kept of a file's bytes, as if read under this name; None where nothing is."""
        kept = self._place(path)
        if not kept.exists():
            return None
        return replace(_RESULT.validate_json(kept.read_bytes()), sha256=path.stem)

    def cage(self, *arguments: Any) -> Cage:
        """Return a cage, by the arguments of Cage, that reads what nobody has kept."""
        return _RememberingCage(self, arguments)

    def _place(self, path: Path) -> Path:
        return self.folder / f"{hashlib.sha256(path.read_bytes()).hexdigest()}.json"


class _RememberingCage(Cage):
    """The real cage, for what nobody has kept."""

    def __init__(self, kept: KeptReadings, arguments: tuple[Any, ...]) -> None:
        super().__init__(*arguments)
        self._kept = kept

    def read(self, path: Path) -> Reading | Unread:
        """Return what is kept of these bytes, else read them."""
        return self._kept.found(path) or super().read(path)
