"""The destinations that the settings name, opened."""

from __future__ import annotations

import logging

from pydantic import ValidationError

from formflow.core.errors import SettingsProblem
from formflow.core.events import Event
from formflow.core.setting_problems import in_words, with_secrets
from formflow.core.settings import Destination, Settings
from formflow.delivery import places
from formflow.delivery.plugin_host import guest
from formflow.delivery.unusable import CODE, Unusable
from formflow.sdk import registry
from formflow.sdk.contract import Connector, ConnectorSettings, Context
from formflow.storage.originals import Vault

log = logging.getLogger("formflow")


def open_destinations(settings: Settings, vault: Vault) -> dict[str, Connector]:
    """Return every destination by its name, ready to prepare and deliver."""
    return {one.name: _opened(one, vault) for one in settings.destinations()}


def _opened(destination: Destination, vault: Vault) -> Connector:
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
    return connector(own, Context(destination.name, vault.lend, heard, is_marked))


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
