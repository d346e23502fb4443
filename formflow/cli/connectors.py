"""`formflow connectors`: the destinations."""

from __future__ import annotations

from pathlib import Path

import click

from formflow.admin.settings_file import load_settings
from formflow.cli.output import emit, table
from formflow.core.errors import ExitCode
from formflow.delivery.destinations import open_destinations
from formflow.sdk import registry
from formflow.storage.originals import Vault


@click.group()
def connectors() -> None:
    """The destinations: list them, check them, show their settings."""


@connectors.command("list")
@click.option("--json", "as_json", is_flag=True, help="For another program to read.")
def list_kinds(as_json: bool) -> int:
    """List the kinds of destination that are installed, and the package that brought each."""
    rows = []
    for kind in registry.available():
        able = registry.load(kind.kind).capabilities
        rows.append(
            {
                "kind": kind.kind,
                "takes": sorted(able.operations),
                "carries": able.carries,
                "repeat_safe": able.repeat_safe,
                "package": f"{kind.distribution} {kind.version}",
            }
        )
    if as_json:
        emit(rows)
    else:
        click.echo(
            table(
                [
                    tuple(str(v) if isinstance(v, str) else ", ".join(v) for v in r.values())
                    for r in rows
                ]
            )
        )
    return ExitCode.DONE


@connectors.command()
@click.argument("name", required=False)
@click.option("--json", "as_json", is_flag=True, help="For another program to read.")
@click.pass_obj
def check(settings_file: Path, name: str | None, as_json: bool) -> int:
    """Say whether each destination of the settings (or NAME) can be delivered to. Changes nothing."""
    settings = load_settings(settings_file)
    destinations = open_destinations(settings, Vault(settings.state.folder / "originals"))
    chosen = {n: c for n, c in destinations.items() if name in (None, n)}
    if not chosen:
        raise click.UsageError(
            f"There is no destination “{name}”. There are: {', '.join(destinations)}."
        )
    reports = {n: connector.check() for n, connector in chosen.items()}
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
@click.argument("kind")
def spec(kind: str) -> int:
    """Print the settings of KIND as a JSON Schema."""
    emit(registry.load(kind).Settings.model_json_schema())
    return ExitCode.DONE
