"""`formflow service`: what starts FormFlow with the computer."""

from __future__ import annotations

import logging
from pathlib import Path

import click

from formflow.admin import service_manager
from formflow.admin.service_manager import Manager
from formflow.admin.settings_file import load_settings
from formflow.cli.output import say
from formflow.core.errors import ExitCode
from formflow.core.events import Event
from formflow.pipeline.service import is_at_work

log = logging.getLogger("formflow")

account = click.option(
    "--user",
    "account",
    default="formflow",
    show_default=True,
    help="The account it works under. On Linux and macOS only as root; else it is yours.",
)


@click.group()
def service() -> None:
    """What starts FormFlow with the computer: systemd, Windows' Task Scheduler or launchd."""


@service.command()
@account
@click.option("--print", "is_shown", is_flag=True, help="Only show the file; change nothing.")
@click.pass_obj
def install(settings_file: Path, account: str, is_shown: bool) -> int:
    """Start FormFlow now and whenever the computer starts. Run it again when folders change."""
    chosen = _manager(settings_file, account, for_all=service_manager.is_administrator())
    if is_shown:
        click.echo(chosen.text, nl=False)
        return ExitCode.DONE
    service_manager.install(chosen)
    log.info(Event("starts with the computer", said=chosen.name))
    say(f"FormFlow starts with the computer now, by {chosen.name}: {chosen.file}")
    if chosen.advice:
        say(chosen.advice)
    say("In a minute, “formflow health” will say how it is.")
    return ExitCode.DONE


@service.command()
@account
@click.pass_obj
def uninstall(settings_file: Path, account: str) -> int:
    """Stop FormFlow, and no longer start it with the computer. Everything it took stays."""
    chosen = _manager(settings_file, account, for_all=service_manager.is_administrator())
    if service_manager.uninstall(chosen):
        log.info(Event("starts with the computer no longer", said=chosen.name))
        say(
            "FormFlow has stopped and no longer starts with the computer. Everything it has taken is safe."
        )
    else:
        say(f"FormFlow does not start with the computer: there is no {chosen.file}.")
    return ExitCode.DONE


@service.command()
@account
@click.pass_obj
def status(settings_file: Path, account: str) -> int:
    """Say whether FormFlow starts with the computer, and whether it is at work now."""
    chosen, at_work = _installed(settings_file, account), is_at_work(load_settings(settings_file))
    if chosen is not None:
        click.echo(f"Starts with the computer, by {chosen.name}: {chosen.file}")
        click.echo(f"{chosen.name} says: {service_manager.answer(chosen)}")
    else:
        click.echo("Does not start with the computer. “formflow service install” changes that.")
    click.echo("At work now." if at_work else "Not at work now.")
    return ExitCode.DONE if at_work else ExitCode.NOT_RUNNING


def _installed(settings_file: Path, account: str) -> Manager | None:
    """Return what starts FormFlow here: for the whole computer, or for the one who asks."""
    both = (_manager(settings_file, account, for_all=for_all) for for_all in (True, False))
    return next((one for one in both if one.file.exists()), None)


def _manager(settings_file: Path, account: str, *, for_all: bool) -> Manager:
    settings = load_settings(settings_file)
    return service_manager.manager(settings, settings_file, account, for_all=for_all)
