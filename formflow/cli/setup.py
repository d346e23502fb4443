"""`formflow init` and `formflow demo`."""

from __future__ import annotations

import shutil
from importlib import resources
from pathlib import Path

import click

from formflow.admin import setup
from formflow.cli import look
from formflow.cli.output import say
from formflow.core.errors import ExitCode
from formflow.core.settings import Settings
from formflow.pipeline import register, service
from formflow.pipeline.context import open_context
from formflow.sdk import registry

# What the demo drops, and why: one of each ending. The files were filled by other programs.
DEMO_CASES_FILE = "demo.txt"


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
def init(folder: Path) -> int:
    """Make the settings file and the folders in FOLDER. What is there already stays."""
    settings = setup.set_up(folder)
    say(f"Made in {folder}: {setup.SETTINGS_FILE} and the folders it names.")
    for problem in registry.troubles():
        say(problem)
    say("Next: look through the settings, give “DSL only” its rights, then run “formflow doctor”.")
    say(f"Staff drop completed forms in: {settings.watch[0].folder}")
    return ExitCode.DONE


@click.command()
@click.argument(
    "folder", type=click.Path(path_type=Path, file_okay=False), default=Path("formflow-demo")
)
def demo(folder: Path) -> int:
    """Set up a pretend agency in FOLDER, drop real filled forms, and show what happened."""
    settings = setup.set_up(
        folder,
        changes=(
            ('name = "Our school"', 'name = "Pretend Primary"'),
            ("settle_seconds = 5", "settle_seconds = 1"),
            ("incomplete_minutes = 30", "incomplete_minutes = 0"),
        ),
    )
    dropped = _drop_samples(settings)
    say(
        f"Dropped {len(dropped)} forms, filled by {len({p for _, p in dropped})} programs, in “Drop here”."
    )
    with service.alone(settings), open_context(settings) as context:
        service.settle(context)
        register.draw(context)
    click.echo(look.status_text(settings))
    _show_where(settings, folder)
    return ExitCode.DONE


def _drop_samples(settings: Settings) -> list[tuple[str, str]]:
    samples = resources.files("formflow_samples")
    dropped = []
    lines = (samples / DEMO_CASES_FILE).read_text("utf-8").splitlines()
    for number, line in enumerate(lines, start=1):
        case, _, program = line.partition(" ")
        with resources.as_file(samples / case / "form.pdf") as form:
            # Copied under another name first: a half-copied file must not look like a paper.
            target = settings.watch[0].folder / f"form {number:02}.pdf"
            shutil.copyfile(form, target.with_suffix(".part"))
            target.with_suffix(".part").replace(target)
        dropped.append((case, program))
    return dropped


def _show_where(settings: Settings, folder: Path) -> None:
    say("\nWhere to look:")
    for words, path in (
        ("START HERE: the register", settings.folders.dsl_register / register.START_PAGE),
        ("receipts for the office", settings.folders.receipts),
        ("forms that need correcting", settings.folders.needs_attention),
        ("alerts for the DSL", settings.folders.alerts),
        ("what is to be decided", settings.folders.to_decide),
        ("the children’s files", settings.folders.alerts.parent / "Child files"),
        ("the register workbook", settings.folders.alerts.parent / "FormFlow register.xlsx"),
    ):
        say(f"  {words:35} {path}")
    say(f"\nGo on with: formflow --settings “{folder / setup.SETTINGS_FILE}” status")
