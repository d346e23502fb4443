"""Folders, marker files, blanks and the settings file of an agency: what `formflow init` makes."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path

from formflow.admin import example_settings, rights, settings_file
from formflow.core import files, markers
from formflow.core.errors import StorageProblem
from formflow.core.settings import Settings
from formflow.delivery import places
from formflow.delivery.overlaps import places_of
from formflow.pipeline import blanks, register

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
            text = example_settings.example(FIRST_DESTINATIONS)
            for old, new in changes:
                text = text.replace(old, new, 1)
            files.write(file, text.encode())
        settings = settings_file.load_settings(file)
        make_folders(settings)
    except OSError as problem:
        raise StorageProblem(
            "A folder could not be made.", "Check that this account may write there."
        ) from problem
    return settings


def make_folders(settings: Settings) -> None:
    """Make every folder the settings name, mark those that are watched or filed in, and lay out the blanks.

    New folders for the DSL alone, and the state, are closed to others.
    """
    new = [folder for folder in rights.confidential(settings) if not folder.exists()]
    rights.make_private(settings.state.folder)
    for place in places_of(settings):
        if place.path != settings.state.folder:
            files.make_folder(place.path.parent if place.is_file else place.path)
    for folder in new:  # the rights of what was there already are IT's
        rights.close_to_others(folder)
    for watch in settings.watch:
        markers.mark(watch.folder, "FormFlow watches this folder.")
    if not any(settings.state.folder.glob("*.sqlite")):
        # Later a folder that is new and empty may lie in place of one that holds what was filed.
        for _, target in places.targets(settings):
            with contextlib.suppress(
                OSError
            ):  # the rights of what was there are IT's; `doctor` says so
                markers.mark(target.folder, places.WORDS)
        with contextlib.suppress(OSError):
            markers.mark(settings.folders.dsl_register, register.WORDS)
    for form in blanks.ours(settings.agency.recording_forms):
        files.write(blanks.file_of(form, settings.folders.blank_forms), form.blank.read_bytes())
