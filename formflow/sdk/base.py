"""The base of a connector: everything that most connectors do alike."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, Generic, TypeVar

from formflow.sdk.contract import (
    Capabilities,
    CheckLine,
    CheckReport,
    ConnectorSettings,
    Context,
    Delivered,
    Prepared,
    RepeatSafe,
)

OwnSettings = TypeVar("OwnSettings", bound=ConnectorSettings)


class BaseConnector(ABC, Generic[OwnSettings]):
    """One kind of destination. Say the four class variables, `prepare` and `deliver`; the rest is here."""

    kind: ClassVar[str]
    api_version: ClassVar[int | tuple[int, int]]
    Settings: ClassVar[type[ConnectorSettings]]
    capabilities: ClassVar[Capabilities]
    # Modules that come with an extra, and how the package is then called: {"paramiko": "formflow[sftp]"}. Import
    # them when they are used: the kind is listed without them, too.
    needs: ClassVar[Mapping[str, str]] = {}

    def __init__(self, settings: OwnSettings, context: Context) -> None:
        self.settings = settings
        self.context = context

    def check(self) -> CheckReport:
        """Say whether the destination can be delivered to. Here: that nobody can tell."""
        return CheckReport((CheckLine(True, "This destination cannot be checked beforehand."),))

    @abstractmethod
    def prepare(self, parcel: Any) -> Prepared:
        """Render the bytes to send. Pure and deterministic."""

    @abstractmethod
    def deliver(self, prepared: Prepared) -> Delivered:
        """Return only when the parcel is durable at the destination, exactly once."""

    def look_up(self, key: str) -> Delivered | None:  # noqa: ARG002 - for connectors that can ask
        """Return how the destination holds the key. Here: nothing, because it cannot be asked."""
        return None

    def close(self) -> None:
        """Release all resources."""


def can_look_up(connector: type[Any]) -> bool:
    """Return whether connectors of a class can say what their destination holds."""
    able: Capabilities = connector.capabilities
    own = getattr(connector, "look_up", None)
    return able.repeat_safe is not RepeatSafe.NONE and own is not BaseConnector.look_up
