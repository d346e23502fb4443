"""`formflow case`: a case is closed, reopened, entered in error or a duplicate. Nothing is deleted."""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import click

from formflow.admin.settings_file import load_settings
from formflow.cli.ledger import at_the_ledger
from formflow.cli.output import say
from formflow.core.account import by_command
from formflow.core.clock import utc_now
from formflow.core.errors import ExitCode
from formflow.core.events import Event
from formflow.core.model import CaseState
from formflow.core.references import typed
from formflow.core.settings import Settings
from formflow.core.wording import CASE_STATE_WORDS
from formflow.pipeline import closing
from formflow.pipeline.closing import Refused
from formflow.rules.case.closing import Wanted
from formflow.storage import database
from formflow.storage.database import Connection

log = logging.getLogger("formflow")


def _reason(context: click.Context, option: click.Parameter, words: str) -> str:
    """Return a reason as it was typed. Raise BadParameter for an empty one."""
    if not words.strip():
        raise click.BadParameter("Say why.", context, option)
    return words.strip()


references = click.argument("references", type=typed, nargs=-1, required=True, metavar="REFERENCE…")
reason = click.option(
    "--reason", required=True, callback=_reason, help="The reason. It is recorded."
)


@click.group()
def case() -> None:
    """Close a case, reopen it, or set it apart. Nothing is deleted, and “reopen” takes it back."""


@case.command()
@references
@reason
@click.option(
    "--reason-for",
    "reasons",
    nargs=2,
    multiple=True,
    metavar="STEP REASON",
    help="Why an open step will not be done; once for each. At a terminal you are asked.",
)
@click.pass_obj
def close(
    settings_file: Path,
    references: tuple[str, ...],
    reason: str,
    reasons: tuple[tuple[str, str], ...],
) -> int:
    """Close cases. Every step that is still open needs a reason of its own."""
    wanted = Wanted(CaseState.CLOSED, reason, dict(reasons))
    return _change(settings_file, references, wanted, "close")


@case.command()
@references
@reason
@click.pass_obj
def reopen(settings_file: Path, references: tuple[str, ...], reason: str) -> int:
    """Open cases again, also those entered in error and duplicates."""
    return _change(settings_file, references, Wanted(CaseState.OPEN, reason, {}), "reopen")


@case.command("entered-in-error")
@references
@reason
@click.pass_obj
def entered_in_error(settings_file: Path, references: tuple[str, ...], reason: str) -> int:
    """Say that forms should not have been recorded. They leave the child’s history and all counts."""
    wanted = Wanted(CaseState.ENTERED_IN_ERROR, reason, {})
    return _change(settings_file, references, wanted, "entered-in-error")


@case.command("duplicate-of")
@references
@reason
@click.option(
    "--of",
    "other",
    type=typed,
    required=True,
    metavar="REFERENCE",
    help="The record that counts.",
)
@click.pass_obj
def duplicate_of(settings_file: Path, references: tuple[str, ...], reason: str, other: str) -> int:
    """Say that records are about the same incident as another one, which counts."""
    wanted = Wanted(CaseState.DUPLICATE, reason, {}, other)
    return _change(settings_file, references, wanted, "duplicate-of")


def _change(settings_file: Path, references: tuple[str, ...], wanted: Wanted, word: str) -> int:
    """Change all cases or, where one of them cannot be, none."""
    settings, command = load_settings(settings_file), f"case {word}"
    every, each = tuple(dict.fromkeys(references)), {}
    with at_the_ledger(settings, command) as (engine, trail):
        with database.reading(engine) as connection:
            for reference in every:
                each[reference] = _asked(connection, settings, reference, wanted)
        with database.writing(engine) as connection:
            now = utc_now()
            found = list(_refused(connection, settings, each, now))
            if not found:
                for reference, one in each.items():
                    closing.put(connection, trail, reference, one, by_command(command), now)
    if found:
        _tell_refused(found)
        return ExitCode.USAGE
    for reference in every:
        log.info(Event(f"case {wanted.state}", reference=reference))
        say(f"{reference}: {CASE_STATE_WORDS[wanted.state].lower()}. {_AFTER[wanted.state]}")
    return ExitCode.DONE


def _asked(connection: Connection, settings: Settings, reference: str, wanted: Wanted) -> Wanted:
    """Return what is wanted of a case, with the reasons that a person at the terminal gives for open steps."""
    if not sys.stdin.isatty():
        return wanted
    for one in _refused(connection, settings, {reference: wanted}, utc_now()):
        for name, words in one.steps.items():
            say(f"{reference}, {name}: {words}")
            given = click.prompt("Why will this not be done?", err=True).strip()
            wanted = replace(wanted, reasons={**wanted.reasons, name: given})
    return wanted


def _refused(
    connection: Connection, settings: Settings, each: Mapping[str, Wanted], now: datetime
) -> list[Refused]:
    return [
        one
        for reference, wanted in each.items()
        for one in closing.refused(connection, settings, reference, wanted, now)
    ]


def _tell_refused(found: list[Refused]) -> None:
    for one in found:
        say(one.why)
        for name, words in one.steps.items():
            say(f"  --reason-for {name} “…”   {words}")
    say("Nothing has been changed.")


_AFTER: Mapping[CaseState, str] = {
    CaseState.OPEN: "Reminders start again.",
    CaseState.CLOSED: "No more reminders are sent; a new form or sheet for it reopens it.",
    CaseState.ENTERED_IN_ERROR: "It no longer counts; “formflow show” still finds it.",
    CaseState.DUPLICATE: "It no longer counts; “formflow show” still finds it.",
}
