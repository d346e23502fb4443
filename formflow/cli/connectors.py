"""`formflow connectors`: the destinations. What tries them out is loaded when it is asked for."""

from __future__ import annotations

import logging
from pathlib import Path

import click

from formflow.admin.settings_file import load_settings
from formflow.cli.destinations import chosen
from formflow.cli.ledger import at_the_ledger
from formflow.cli.output import emit, say, table
from formflow.core import markers
from formflow.core.clock import utc_now
from formflow.core.errors import ExitCode
from formflow.core.events import Event
from formflow.core.messages import notice
from formflow.delivery import places
from formflow.sdk import registry
from formflow.storage import database, tasks
from formflow.storage.audit_trail import AuditEvent, Happened

log = logging.getLogger("formflow")


@click.group()
def connectors() -> None:
    """The destinations: list them, check them, show their settings."""


@connectors.command("list")
@click.option("--json", "as_json", is_flag=True, help="For another program to read.")
def list_kinds(as_json: bool) -> int:
    """List the kinds of destination that are installed, and the package that brought each."""
    rows = [_row(installed) for installed in registry.available()]
    if as_json:
        emit(rows)
    else:
        click.echo(table([tuple(_shown(value) for value in row.values()) for row in rows]))
    return ExitCode.DONE


def _row(installed: registry.Kind) -> dict[str, object]:
    """Return what one kind takes, and what it lacks; or why it cannot be used."""
    row: dict[str, object] = dict.fromkeys(("kind", "takes", "carries", "repeat_safe"), "")
    row |= {"kind": installed.kind, "package": f"{installed.distribution} {installed.version}"}
    row["problem"] = registry.trouble(installed) or ""
    if not row["problem"]:
        able = registry.load(installed.kind).capabilities
        row |= {"takes": sorted(able.operations), "carries": able.carries}
        row["repeat_safe"] = able.repeat_safe
        row["problem"] = registry.lacks(installed.kind) or ""
    return row


def _shown(value: object) -> str:
    return ", ".join(value) if isinstance(value, list) else str(value)


@connectors.command()
@click.argument("name", required=False)
@click.option("--json", "as_json", is_flag=True, help="For another program to read.")
@click.pass_obj
def check(settings_file: Path, name: str | None, as_json: bool) -> int:
    """Say whether each destination of the settings (or NAME) can be delivered to.

    A file is written to each folder and taken away again.
    """
    settings = load_settings(settings_file)
    with chosen(settings, name) as destinations:
        reports = {n: connector.check() for n, connector in destinations.items()}
    if as_json:
        emit(
            {
                n: {"ok": r.ok, "lines": [{"ok": line.ok, "text": line.text} for line in r.lines]}
                for n, r in reports.items()
            }
        )
    else:
        for n, report in reports.items():
            for line in report.lines:
                click.echo(f"{'ok  ' if line.ok else 'LOOK'} {n}: {line.text}")
    return ExitCode.DONE if all(r.ok for r in reports.values()) else ExitCode.DESTINATION


@connectors.command()
@click.argument("name")
@click.pass_obj
def mark(settings_file: Path, name: str) -> int:
    """Say that the folder of the destination NAME is the right one. What waits for it is then filed there.

    Look at the folder first: an empty one may be a share that is not connected.
    """
    settings = load_settings(settings_file)
    known = dict(places.targets(settings))
    if name not in known:
        raise click.UsageError(
            f"There is no destination in a folder “{name}”. There are: {', '.join(known)}."
        )
    folder = known[name].folder
    if not folder.is_dir():
        say(notice("FF-401").text)
        return ExitCode.DESTINATION
    markers.mark(folder, places.WORDS)
    with (
        at_the_ledger(settings, "connectors mark") as (engine, trail),
        database.writing(engine) as connection,
    ):
        tasks.retry(connection, name, set_aside_too=False)
        trail.note(connection, utc_now(), Happened(AuditEvent.RETRIED, place=name, detail="marked"))
    log.info(Event("marked", destination=name))
    say(f"“{name}” files in {folder}. “formflow reconcile” says what is missing there.")
    return ExitCode.DONE


@connectors.command()
@click.argument("kind")
def spec(kind: str) -> int:
    """Print the settings of KIND as a JSON Schema."""
    emit(registry.load(kind).Settings.model_json_schema())
    return ExitCode.DONE


@connectors.command("map")
@click.argument("kind")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
def draft_map(kind: str, file: Path) -> int:
    """Draft the settings of a destination KIND from the headings of FILE, which you keep. Prints them, changes nothing."""
    from formflow.admin import map_draft

    made = map_draft.draft(kind, file)
    click.echo(made.text, nl=False)
    say(
        f"{made.sure} columns are sure, {made.unsure} are not (each is switched off and says why), and FormFlow knows"
        f" nothing for {made.unknown}. Add this to your settings file and correct it, then run “formflow connectors"
        " check” and “formflow connectors preview”."
    )
    return ExitCode.DONE


@connectors.command()
@click.argument("name")
@click.argument(
    "form", type=click.Path(path_type=Path, exists=True, dir_okay=False), required=False
)
@click.option("--json", "as_json", is_flag=True, help="For another program to read.")
@click.pass_obj
def preview(settings_file: Path, name: str, form: Path | None, as_json: bool) -> int:
    """Show what the destination NAME would be given, and where. Writes nothing, records nothing.

    Without FORM the facts are invented. With it, the names and answers of that form are on the screen.
    """
    from formflow.admin import field_names, trial_parcels
    from formflow.admin.preview import in_lines
    from formflow.admin.preview import preview as previewed

    settings = load_settings(settings_file)
    if form is not None:
        say(
            "This shows names and answers of the form. Show them only to people who may see the form."
        )
    with chosen(settings, name) as destinations:
        connector = destinations[name]
        if form is None:
            parcel = trial_parcels.invented(
                connector, field_names.known_fields(settings.folders.forms)
            )
        else:
            parcel = trial_parcels.of_form(connector, name, settings, form, utc_now())
        shown = previewed(settings, name, connector, parcel)
    if as_json:
        emit(shown.as_json)
    else:
        click.echo(table(in_lines(shown)))
        click.echo(shown.text, nl=bool(shown.text))
    return ExitCode.DONE


@connectors.command("send-test")
@click.argument("name")
@click.pass_obj
def send_test(settings_file: Path, name: str) -> int:
    """Send the destination NAME one row, file or message that is marked as a test, and take it away again where it can be.

    It is a line of the audit trail.
    """
    from formflow.admin import trial_delivery

    settings = load_settings(settings_file)
    with chosen(settings, name):
        pass  # there is one of this name
    with at_the_ledger(settings, "connectors send-test") as (engine, trail):
        arrived, told = trial_delivery.send_test(settings, name, engine, trail, utc_now())
    log.info(Event("tested", destination=name, said="it arrived" if arrived else "not delivered"))
    say(f"{name}: {told}")
    return ExitCode.DONE if arrived else ExitCode.DESTINATION
