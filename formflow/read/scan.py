"""Placeholder."""

from __future__ import annotations

from pathlib import Path

from formflow.model import Unread
from formflow.reader import NO_BOXES, Reader


def read_scan(path: Path, reader: Reader) -> Unread:
    return Unread(path.stem, NO_BOXES, path.stat().st_size)
