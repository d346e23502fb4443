"""Stands in for a destination whose kind is not there or is broken: everything waits, nobody else is concerned."""

from __future__ import annotations

from typing import Any, NoReturn

from formflow.core.errors import SettingsProblem
from formflow.core.messages import notice
from formflow.core.settings import Settings
from formflow.sdk import registry
from formflow.sdk.contract import (
    API_VERSION,
    Capabilities,
    CheckLine,
    CheckReport,
    ConnectorSettings,
    DataClass,
    Operation,
    RepeatSafe,
    SettingsError,
)

CODE = "FF-429"


class Unusable:
    """A destination that gets nothing until its package is put right.

    Nobody knows what it takes, so everything is put on its list, and nothing is prepared. What it does not
    take turns out when it can be used again.
    """

    api_version = API_VERSION
    Settings = ConnectorSettings
    capabilities = Capabilities(RepeatSafe.KEY, frozenset(Operation), DataClass.NOTICE)

    def __init__(self, kind: str, why: str) -> None:
        self.kind = kind
        self.why = why  # which kind of which package, and what is wrong with it

    def check(self) -> CheckReport:
        """Say what is wrong."""
        return CheckReport((CheckLine(False, self.why),))

    @property
    def problem(self) -> SettingsError:
        """What there is to raise."""
        return SettingsError(CODE, notice(CODE, words={"why": self.why}).text)

    def prepare(self, _parcel: Any) -> NoReturn:
        """Keep the parcel. Raise SettingsError."""
        raise self.problem

    def deliver(self, prepared: Any) -> NoReturn:
        """Keep the parcel. Raise SettingsError."""
        self.prepare(prepared)

    def look_up(self, _key: str) -> NoReturn:
        """Say that nobody knows. Raise SettingsError."""
        self.prepare(None)

    def close(self) -> None:
        """Nothing is open."""


def unusable(settings: Settings) -> dict[str, str]:
    """Return what is wrong with the kind of each destination that cannot be used, by its name."""
    return {
        one.name: problem.found
        for one in settings.destinations()
        if (problem := _problem(one.kind)) is not None
    }


def _problem(kind: str) -> SettingsProblem | None:
    try:
        registry.load(kind)
    except registry.UnusableKind as problem:
        return problem
    return None
