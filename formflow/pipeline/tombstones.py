"""Which cases were disposed of, in a small sealed file where an older ledger finds it: in “Alerts”, and beside backups.

An older ledger that is put back holds what was disposed of since. The seal is by the key of the audit trail, which
every backup holds: a list that FormFlow has not written takes nothing out of a ledger.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from formflow.core import files
from formflow.core.settings import Settings
from formflow.delivery import watermark
from formflow.storage import disposals
from formflow.storage.disposals import Tombstone

AMONG_ALERTS, BESIDE_BACKUPS = ".formflow-disposed", "disposed-of.json"
WORDS = "FormFlow notes here which cases were disposed of. Leave this file here."


@dataclass(frozen=True, slots=True)
class Found:
    """What the lists say that could be asked."""

    tombstones: tuple[Tombstone, ...]
    unsealed: tuple[Path, ...]  # lists that FormFlow has not written, or not with this key
    is_all: bool  # whether it is certain that no case was disposed of that is in none of them


def places(settings: Settings, backups: Iterable[Path] = ()) -> tuple[Path, ...]:
    """Return where the lists lie: the safeguarding lead's own, and one in each folder of backups."""
    return (settings.folders.alerts / AMONG_ALERTS, *(one / BESIDE_BACKUPS for one in backups))


def put(path: Path, key: bytes, tombstones: Iterable[Tombstone]) -> None:
    """Add tombstones to a list. What a newer ledger wrote there stays. Raise OSError."""
    known = {one.reference: one for one in (*_read(path, key)[0], *tombstones)}
    said = [disposals.as_json(known[name]) for name in sorted(known)]
    content = {"what": WORDS, "disposed": said, "seal": _seal(key, said)}
    files.write(path, json.dumps(content, indent=1).encode())


def find(settings: Settings, key: bytes, *backups: Path) -> Found:
    """Return what the lists say that lie where they should."""
    found, unsealed, there = dict[str, Tombstone](), list[Path](), 0
    for path in places(settings, backups):
        tombstones, is_sealed = _read(path, key)
        found |= {one.reference: one for one in tombstones}
        there += is_sealed is True
        unsealed += [path] if is_sealed is False else []
    # What marks the folder of alerts as the one that this ledger filled lies there from the first delivery on.
    is_all = not unsealed and ((settings.folders.alerts / watermark.MARKER).exists() or there > 0)
    return Found(tuple(found[name] for name in sorted(found)), tuple(unsealed), is_all)


def _read(path: Path, key: bytes) -> tuple[list[Tombstone], bool | None]:
    """Return what a list says, and whether its seal is ours; None where there is no list to be read."""
    try:
        content = files.read(path)
    except OSError:
        return [], None
    try:
        holds = json.loads(content)
        said = holds["disposed"]
        if not hmac.compare_digest(_seal(key, said), str(holds["seal"])):
            return [], False
        return [disposals.of_json(one) for one in said], True
    except (ValueError, TypeError, KeyError, RecursionError):
        return [], False


def _seal(key: bytes, said: object) -> str:
    return hmac.digest(key, json.dumps(said).encode(), "sha256").hex()
