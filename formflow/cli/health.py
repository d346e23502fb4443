"""`formflow health`: how FormFlow is, for monitoring."""

from __future__ import annotations

from pathlib import Path

import click

from formflow.admin.health import health as looked_at
from formflow.admin.prometheus import as_prometheus
from formflow.admin.settings_file import load_settings
from formflow.core import files
from formflow.core.clock import utc_now
from formflow.core.errors import StorageProblem

COLLECTED = ".prom"  # node_exporter reads no other files


def _collected(
    _context: click.Context, _parameter: click.Parameter, file: Path | None
) -> Path | None:
    if file is not None and file.suffix != COLLECTED:
        words = f"node_exporter reads only files whose names end in {COLLECTED}"
        raise click.BadParameter(words)
    return file


@click.command()
@click.option(
    "--prometheus",
    "metrics",
    type=click.Path(path_type=Path),
    callback=_collected,
    help="Also write the figures to this file, for node_exporter’s textfile collector.",
)
@click.pass_obj
def health(settings_file: Path, metrics: Path | None) -> int:
    """Say in one line how FormFlow is. Changes nothing.

    The exit code is that of “formflow status”, and 4 or 7 where there is no ledger to look at.
    """
    found = looked_at(load_settings(settings_file), utc_now())
    click.echo(found.words)
    if metrics is not None:
        _write(metrics, as_prometheus(found))
    return found.code


def _write(metrics: Path, text: str) -> None:
    """Put the file in place whole, so that nobody collects half of it. Raise StorageProblem."""
    try:
        files.write(metrics, text.encode())
    except OSError as problem:
        words = f"The figures cannot be written to {metrics} ({type(problem).__name__})."
        raise StorageProblem(words, "Check the folder and its permissions.") from None
