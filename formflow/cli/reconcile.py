"""`formflow reconcile`: what was delivered against what is there."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from formflow.admin.settings_file import load_settings
from formflow.cli.destinations import chosen
from formflow.cli.ledger import at_the_ledger
from formflow.cli.output import emit, say
from formflow.core.errors import ExitCode
from formflow.core.events import Event
from formflow.core.settings import Settings
from formflow.delivery import reconcile as comparing
from formflow.delivery.reconcile import Compared
from formflow.sdk.contract import Connector
from formflow.storage import database

log = logging.getLogger("formflow")

SHOWN = 20  # references in one line; with --json there are all


@click.command()
@click.argument("name", required=False)
@click.option("--repair", is_flag=True, help="Have what is missing delivered again.")
@click.option("--json", "as_json", is_flag=True, help="For another program to read.")
@click.pass_obj
def reconcile(settings_file: Path, name: str | None, repair: bool, as_json: bool) -> int:
    """Compare what was delivered to each destination (or to NAME) with what is there.

    What is missing is named by its reference. It is delivered again, as it was, at the next turn of the
    service after --repair. What is there stays as it is.
    """
    settings = load_settings(settings_file)
    engine = database.open_for_looking(settings.state.folder)
    with chosen(settings, name) as destinations:
        compared = list(comparing.compare(settings, engine, destinations))
    engine.dispose()
    again = _repaired(settings, compared, destinations) if repair else {}
    if as_json:
        emit([_row(one, again) for one in compared])
    else:
        for one in compared:
            click.echo(_line(one))
        if again:
            say(f"Deliveries that will be made again: {sum(again.values())}.")
    is_right = all(one.is_right or one.destination in again for one in compared)
    return ExitCode.DONE if is_right else ExitCode.DESTINATION


def _repaired(
    settings: Settings, compared: Sequence[Compared], destinations: Mapping[str, Connector]
) -> dict[str, int]:
    """Have what is missing delivered again; return how many parcels, by destination."""
    missing = {one.destination: one.missing for one in compared if one.missing}
    if not missing:
        return {}
    with at_the_ledger(settings, "reconcile") as (engine, trail):
        again = {
            name: comparing.deliver_again(engine, trail, name, destinations[name], lost)
            for name, lost in missing.items()
        }
    for name, count in again.items():
        log.info(Event("to be delivered again", destination=name, said=f"{count} deliveries"))
    return again


def _row(one: Compared, again: dict[str, int]) -> dict[str, object]:
    return {
        "destination": one.destination,
        "expected": one.expected,
        "missing": [lost.subject for lost in one.missing],
        "note": one.note,
        "ok": one.is_right,
        "again": again.get(one.destination, 0),
    }


def _line(one: Compared) -> str:
    if one.note:
        return f"{'LOOK' if one.is_in_doubt else '    '} {one.destination}: {one.note}"
    if not one.missing:
        return f"ok   {one.destination}: {one.expected} of {one.expected} are there."
    named = ", ".join(lost.subject for lost in one.missing[:SHOWN])
    more = f" and {len(one.missing) - SHOWN} more" if len(one.missing) > SHOWN else ""
    return (
        f"LOOK {one.destination}: {len(one.missing)} of {one.expected} are missing: {named}{more}."
    )
