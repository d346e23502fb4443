"""Where an agency's own definitions are."""

from __future__ import annotations

from pathlib import Path

import click

from formflow.admin.settings_file import load_settings
from formflow.core.settings import Settings

FOLDER = click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=None,
    help="Folder of your own definitions. Default: the one in the settings.",
)


def settings_of(settings_file: Path) -> Settings:
    """Return the settings, or the standard ones where there is no file yet."""
    return load_settings(settings_file) if settings_file.is_file() else Settings()


def agencys(settings_file: Path) -> Path:
    """Return the folder of the agency's own definitions."""
    return settings_of(settings_file).folders.forms
