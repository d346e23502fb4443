"""`formflow register`: the safeguarding lead's register, drawn now instead of after the next turn."""

from __future__ import annotations

from pathlib import Path

import click

from formflow.admin.settings_file import load_settings
from formflow.cli.output import say
from formflow.core import files, markers
from formflow.core.clock import utc_now
from formflow.core.errors import ExitCode, StorageProblem
from formflow.core.messages import notice
from formflow.core.settings import Settings
from formflow.pipeline.register import START_PAGE, WORDS, Register
from formflow.storage import database
from formflow.storage.roster import PupilList


@click.command()
@click.option("--rebuild", is_flag=True, help="Draw every page again, not only what has changed.")
@click.pass_obj
def register(settings_file: Path, rebuild: bool) -> int:
    """Draw the DSL's register now. A new folder is marked as FormFlow's."""
    settings = load_settings(settings_file)
    folder = settings.folders.dsl_register
    _make_ready(settings)
    state = settings.state.folder
    engine = database.open_for_looking(state)
    try:
        with database.misread_is_damage(state):
            pupils = PupilList(settings.roster, state)
            pupils.look()
            drawn = Register(settings, engine, pupils).draw(utc_now(), everything=rebuild)
    finally:
        engine.dispose()
    if drawn.trouble:
        say(f"{notice(drawn.trouble).text} ({drawn.trouble})")
        return ExitCode.STORAGE
    if drawn.is_busy:
        say("FormFlow is drawing the register just now. Try again in a moment.")
        return ExitCode.WAITING
    say(
        f"Cases looked at: {drawn.cases}. Pages written: {drawn.pages}. Start page: {folder / START_PAGE}"
    )
    return ExitCode.DONE


def _make_ready(settings: Settings) -> None:
    """Make the folder where it is not there, and mark it. Raise StorageProblem."""
    folder = settings.folders.dsl_register
    try:
        files.make_inside(folder)
        markers.mark(folder, WORDS)
    except OSError as problem:
        raise StorageProblem(
            "The folder of the register could not be made or marked.",
            "Connect the share, and check that this account may write there.",
        ) from problem
