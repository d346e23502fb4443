"""`formflow ack`, `retry` and `reread`: what a person does about alerts, deliveries and unread forms."""

from __future__ import annotations

import logging
from pathlib import Path

import click

from formflow.admin.settings_file import load_settings
from formflow.cli.ledger import at_the_ledger
from formflow.cli.output import say
from formflow.core.account import account
from formflow.core.clock import utc_now
from formflow.core.errors import ExitCode
from formflow.core.events import Event
from formflow.core.references import typed
from formflow.core.settings import Settings
from formflow.pipeline.reread import Became, read_again
from formflow.storage import database, handoffs, tasks
from formflow.storage.acknowledgements import acknowledge
from formflow.storage.audit_trail import AuditEvent, Happened
from formflow.storage.originals import Vault

log = logging.getLogger("formflow")


@click.command()
@click.argument("reference", type=typed)
@click.option("--by", default=None, help="Who has seen it. Default: the account you work with.")
@click.option(
    "--filed-in",
    metavar="DESTINATION",
    help="Say instead that everything has been filed by hand there.",
)
@click.pass_obj
def ack(settings_file: Path, reference: str, by: str | None, filed_in: str | None) -> int:
    """Say that you have seen the alert about REFERENCE, or filed it in another system."""
    settings, who = load_settings(settings_file), by or account()
    if filed_in is not None:
        return _filed(settings, reference, filed_in)
    with (
        at_the_ledger(settings, "ack") as (engine, trail),
        database.writing(engine) as connection,
    ):
        count = acknowledge(connection, trail, reference, who, utc_now())
    if count:
        log.info(Event("acknowledged", reference=reference))
        say(f"{reference} has been seen by {who}.")
        return ExitCode.DONE
    say(
        f"Nothing of {reference} was waiting to be seen. Check the reference with “formflow status”."
    )
    return ExitCode.USAGE


def _filed(settings: Settings, reference: str, destination: str) -> int:
    """Note that all that was handed over of a case has been filed by hand."""
    with (
        at_the_ledger(settings, "ack") as (engine, trail),
        database.writing(engine) as connection,
    ):
        count = handoffs.end_all(connection, trail, reference, destination, utc_now())
    if count:
        say(f"{reference} has been filed in {destination}.")
        return ExitCode.DONE
    say(
        f"Nothing of {reference} was waiting to be filed in {destination}. Check with “formflow status”."
    )
    return ExitCode.USAGE


@click.command()
@click.argument("destination", required=False)
@click.pass_obj
def retry(settings_file: Path, destination: str | None) -> int:
    """Try the waiting deliveries of DESTINATION (or of all) again, also those that were refused.

    The service sends them at its next turn.
    """
    settings = load_settings(settings_file)
    names = [known.name for known in settings.destinations()]
    if destination is not None and destination not in names:
        raise click.UsageError(
            f"There is no destination “{destination}”. There are: {', '.join(names)}."
        )
    with (
        at_the_ledger(settings, "retry") as (engine, trail),
        database.writing(engine) as connection,
    ):
        count = tasks.retry(connection, destination, set_aside_too=True)
        trail.note(connection, utc_now(), Happened(AuditEvent.RETRIED, place=destination or ""))
    told = f"{count} deliveries"
    log.info(Event("to be tried again", destination=destination or "", said=told))
    say(f"Deliveries that will be tried again: {count}.")
    return ExitCode.DONE


@click.command("reread")
@click.argument("references", type=typed, nargs=-1)
@click.option(
    "--code",
    default=None,
    help="Everything that could not be read for this reason, such as FF-112.",
)
@click.option("--all-unread", is_flag=True, help="Everything that could not be read.")
@click.pass_obj
def reread(
    settings_file: Path, references: tuple[str, ...], code: str | None, all_unread: bool
) -> int:
    """Read forms again that could not be read: those of REFERENCES, of a reason, or all.

    The service reads them at its next turn. What is read then is the next revision of the same record.
    """
    if sum((bool(references), code is not None, all_unread)) != 1:
        raise click.UsageError("Give references, a --code, or --all-unread.")
    settings = load_settings(settings_file)
    vault, largest = Vault(settings.state.folder / "originals"), settings.reading.file_mb << 20
    with at_the_ledger(settings, "reread") as (engine, trail):
        found = read_again(engine, vault, trail, utc_now(), largest, references, code)
    for reference in references:
        if reference not in found:
            say(
                f"{reference}: there is no unread form with this reference. “formflow show” shows its status."
            )
    for reference, became in found.items():
        log.info(Event("asked to be read again", reference=reference, said=became.value))
        say(f"{reference}: {became.value}")
    if not found:
        say("Nothing to read again.")
    if Became.LOST in found.values():
        return ExitCode.STORAGE
    return ExitCode.USAGE if set(references) - set(found) else ExitCode.DONE
