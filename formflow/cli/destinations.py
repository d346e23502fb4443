"""The destinations that a command is about: one by its name, or all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager

import click

from formflow.core.settings import Settings
from formflow.delivery.destinations import open_destinations
from formflow.sdk.contract import Connector
from formflow.storage.originals import Vault


@contextmanager
def chosen(settings: Settings, name: str | None) -> Iterator[Mapping[str, Connector]]:
    """Lend the destination of that name, or all of the settings. Raise click.UsageError where there is none."""
    every = open_destinations(settings, Vault(settings.state.folder / "originals"))
    with ExitStack() as stack:
        for connector in every.values():
            stack.callback(connector.close)
        asked = {known: connector for known, connector in every.items() if name in (None, known)}
        if not asked:
            raise click.UsageError(
                f"There is no destination “{name}”. There are: {', '.join(every)}."
            )
        yield asked
