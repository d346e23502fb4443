"""The destinations that the settings name, opened."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from datetime import datetime

from pydantic import ValidationError

from formflow.core.errors import SettingsProblem
from formflow.core.events import Event
from formflow.core.setting_problems import in_words, with_secrets
from formflow.core.settings import Destination, Settings
from formflow.delivery import places
from formflow.delivery.plugin_host import guest
from formflow.delivery.unusable import CODE, Unusable
from formflow.delivery.versions import Versions
from formflow.sdk import registry
from formflow.sdk.contract import Connector, ConnectorSettings, Context
from formflow.storage import filed
from formflow.storage.database import Engine, reading
from formflow.storage.originals import Vault

log = logging.getLogger("formflow")


def open_destinations(
    settings: Settings, vault: Vault, engine: Engine | None = None
) -> dict[str, Connector]:
    """Return every destination by its name, ready to prepare; with the ledger's engine, to deliver too."""
    return {one.name: _opened(settings, one, vault, engine) for one in settings.destinations()}


def _opened(
    settings: Settings, destination: Destination, vault: Vault, engine: Engine | None
) -> Connector:
    try:
        connector = registry.load(destination.kind)
    except registry.UnusableKind as problem:
        log.error(  # noqa: TRY400
            Event("cannot be used", destination=destination.name, code=CODE, said=problem.found)
        )
        return Unusable(destination.kind, problem.found)  # type: ignore[return-value]
    own = connector_settings(destination)
    if not registry.is_ours(destination.kind):
        return guest(connector, own, destination.name, vault.lend)
    heard = logging.getLogger("formflow.destination")
    is_marked = places.target_of(destination) is not None
    lent = Context(destination.name, vault.lend, heard, is_marked)
    if engine is not None:
        kept = Versions(settings.state.folder, destination.name)
        known = _Known(engine, destination.name)
        lent = replace(lent, keep_version=kept.keep, filed_last=known.last)
    return connector(own, lent)


@dataclass(frozen=True, slots=True)
class _Known:
    """What the ledger knows of one destination."""

    engine: Engine
    destination: str

    def last(self, reference: str) -> datetime | None:
        """Return when the newest of a record that the destination holds was recorded."""
        with reading(self.engine) as connection:
            return filed.last_recorded(connection, self.destination, reference)


def connector_settings(destination: Destination) -> ConnectorSettings:
    """Return a destination's own settings with its secrets fetched. Raise SettingsProblem."""
    model = registry.load(destination.kind).Settings
    try:
        own: ConnectorSettings = model.model_validate(with_secrets(model, destination.own_settings))
    except ValidationError as broken:
        raise SettingsProblem(
            f"Destination “{destination.name}” has problems.", tuple(in_words(broken, model))
        ) from None
    return own
