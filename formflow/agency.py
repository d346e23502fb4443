"""Folders, marker files, blanks and the settings file of an agency: what `formflow init` makes."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from pathlib import Path

from formflow import example, forms, places, settings
from formflow.drop.sweep import MARKER
from formflow.errors import StorageProblem
from formflow.settings import Settings

SETTINGS_FILE = "formflow.toml"
# What an agency starts with: the children's files, the register workbook, and lines for others.
FIRST_DESTINATIONS = (
    ("Child files", "child_files", {"folder": "Safeguarding forms/DSL only/Child files"}),
    (
        "Register workbook",
        "workbook",
        {"file": "Safeguarding forms/DSL only/FormFlow register.xlsx"},
    ),
    ("Record lines", "csv_file", {"folder": "Safeguarding forms/DSL only/Record lines"}),
)


def set_up(folder: Path, changes: Sequence[tuple[str, str]] = ()) -> Settings:
    """Make the settings file and the folders in a folder, and return the settings.

    What is there already stays as it is. `changes` replaces lines of the new settings file. Raise
    StorageProblem when the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / SETTINGS_FILE
        if not file.exists():
            text = example.example(FIRST_DESTINATIONS)
            for old, new in changes:
                text = text.replace(old, new, 1)
            places.write(file, text.encode())
        now = settings.load(file)
        make_folders(now)
    except OSError as problem:
        raise StorageProblem(
            "A folder could not be made.", "Check that this account may write there."
        ) from problem
    return now


def make_folders(now: Settings) -> None:
    """Make every folder the settings name, mark the watched ones, and lay out the blanks."""
    for _, folder in now.folders:
        places.make_folder(folder)
    for watch in now.watch:
        places.make_folder(watch.folder)
        marker = watch.folder / MARKER
        if not marker.exists():
            words = {
                "what": "FormFlow watches this folder. Leave this file here.",
                "id": uuid.uuid4().hex,
            }
            places.write(marker, json.dumps(words).encode())
    for destination in now.destination:
        for key, value in destination.own_settings.items():
            if isinstance(value, Path) and key in ("folder", "file"):
                places.make_folder(value if key == "folder" else value.parent)
    for form in (one for one in forms.shipped() if not one.is_sheet):
        blank = now.folders.blank_forms / f"{form.code} {form.title}.pdf"
        places.write(blank, form.blank.read_bytes())
