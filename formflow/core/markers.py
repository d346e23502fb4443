"""Markers: a small hidden file says that a folder is the one that the settings mean.

An empty folder in place of a share that is not connected has none, and neither has another folder.
"""

from __future__ import annotations

import json
import uuid
from pathlib import Path

from formflow.core import files

MARKER = ".formflow-folder"


def is_marked(folder: Path) -> bool:
    """Return whether a folder is there and has a marker."""
    return (folder / MARKER).is_file()


def mark(folder: Path, what: str) -> None:
    """Put a marker into a folder that has none, with words for the person who finds it. Raise OSError."""
    if not is_marked(folder):
        words = {"what": f"{what} Leave this file here.", "id": uuid.uuid4().hex}
        files.write(folder / MARKER, json.dumps(words).encode())
