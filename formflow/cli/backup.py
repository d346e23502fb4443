"""`formflow backup` and `formflow restore`."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from formflow.admin import backup as backing_up
from formflow.admin import restore as restoring
from formflow.admin.restore import Restored
from formflow.admin.settings_file import load_settings
from formflow.cli.output import say
from formflow.core.account import by_command
from formflow.core.clock import utc_now
from formflow.core.errors import ExitCode
from formflow.core.events import Event
from formflow.storage import views
from formflow.storage.audit_trail import AuditEvent, Happened

log = logging.getLogger("formflow")

MOST_NAMED = 10  # references in one line


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.pass_obj
def backup(settings_file: Path, folder: Path) -> int:
    """Make a backup in FOLDER, also while FormFlow runs.

    FOLDER may hold many backups. Each original is copied once.
    """
    settings = load_settings(settings_file)
    made = backing_up.back_up(settings, settings_file, folder, utc_now())
    held = made.manifest
    told = (
        f"{held.name}, {len(held.originals)} originals, {made.copied} new, {made.damaged} damaged"
    )
    log.info(Event("backed up", said=told))
    say(
        f"Backup {held.name} is complete. Originals: {len(held.originals)}, new: {made.copied}. "
        "It holds children’s names: keep it as safe as the state folder."
    )
    copied = Happened(AuditEvent.BACKED_UP, detail=held.name)
    try:
        views.put(settings.state.folder, by_command("backup"), copied, held.moment)
    except OSError:
        say("That this backup was made could not be noted for the audit trail.")
    if backing_up.is_on_the_same_disk(settings, folder):
        say("It is on the same disk as FormFlow. Keep a copy on another computer as well.")
    if made.damaged:
        say(
            f"Damaged originals in the state folder: {made.damaged}. They are not in this backup; an earlier "
            "one may hold them. Check the disk."
        )
        return ExitCode.INTEGRITY
    return ExitCode.DONE


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--backup", "name", default=None, help="Which backup. Default: the newest that is sound."
)
@click.option(
    "--old-state",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="The state folder as it was, if you have it. Forms that only it holds are taken in again.",
)
@click.pass_obj
def restore(settings_file: Path, folder: Path, name: str | None, old_state: Path | None) -> int:
    """Put a backup in FOLDER into an empty state folder.

    Every file is checked first. What was filed after the backup is looked up at the destinations.
    """
    restoring.refuse_without_settings(settings_file, folder)
    settings = load_settings(settings_file)
    restored = restoring.restore(settings, folder, name, utc_now(), old_state)
    again, came = len(restored.since.taken_back), restored.taken_in
    told = f"{restored.manifest.name}, {again} recorded again, {came} taken in again"
    log.info(Event("restored", said=told))
    for line in _in_words(restored):
        say(line)
    is_whole = not (restored.since.lost or restored.since.away or restored.forms)
    is_whole = is_whole and restored.lists.is_all and not restored.not_disposed
    return ExitCode.DONE if is_whole else ExitCode.WAITING


def _in_words(restored: Restored) -> Iterator[str]:
    since = restored.since
    yield from (f"Not used: {line}" for line in restored.passed_over)
    yield f"Backup {restored.manifest.name} is restored. Every file in it was checked."
    if since.taken_back:
        more = len(since.taken_back) - MOST_NAMED
        named = ", ".join(since.taken_back[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
        yield (
            f"Filed after the backup and recorded again from the child files: {len(since.taken_back)} "
            f"({named})."
        )
    for revision, places in since.lost.items():
        where = f"held by {_listed(places)}" if places else "found nowhere"
        yield f"Not in the backup: {revision}, {where}."
    if since.lost:
        yield "Ask for these forms and sheets again and drop them. FormFlow tells the DSL which they are."
    if since.away:
        yield (
            f"Out of reach or not readable, so not asked: {_listed(since.away)}. If you can, put that right, "
            "give the state folder another name and restore again before you start FormFlow."
        )
    if since.unasked:
        yield f"Not asked, as they cannot tell what they hold: {_listed(since.unasked)}."
    if restored.disposed:
        yield f"Disposed of since the backup, so taken out again: {', '.join(restored.disposed)}."
    for reference in restored.not_disposed:
        yield (
            f"{reference} was disposed of after this backup, but the backup holds other papers under that number. They were"
            " left: look at them with “formflow show”."
        )
    for unsealed in restored.lists.unsealed:
        yield f"{unsealed} is not as FormFlow wrote it, or was written under another key. It was not used."
    if not restored.lists.is_all:
        yield (
            "Whether cases were disposed of after this backup cannot be told: the list of them was not found, neither in"
            " “Alerts” nor beside the backups. Ask who disposed of cases since, and do it again."
        )
    if restored.taken_in:
        yield f"Taken in again from the old state folder: {restored.taken_in}. FormFlow reads them when it starts."
    for path in restored.forms:
        yield f"“{path}” in the folder of your own forms differs from the backup and was not changed."
    yield "Start FormFlow with “formflow run”, then look at “formflow status” and “formflow doctor”."


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"“{name}”" for name in names)
