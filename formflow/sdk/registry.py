"""Which kinds of destination there are, and their code, by entry point.

Only kinds that the settings name are ever loaded: installing a package runs nothing by itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, entry_points

from formflow.core.errors import SettingsProblem
from formflow.sdk.contract import API_VERSION, Connector, DataClass, RepeatSafe

GROUP = "formflow.connectors"
OURS = "formflow"  # the distribution whose connectors run in FormFlow's own process
MEMBERS = ("Settings", "capabilities", "check", "prepare", "deliver", "look_up", "close")


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of destination that is installed, and the package that brought it."""

    kind: str
    distribution: str
    version: str


def available() -> list[Kind]:
    """Return every installed kind, by name. None of them is loaded."""
    return [
        Kind(name, entry.dist.name if entry.dist else "", entry.dist.version if entry.dist else "")
        for name, entry in sorted(_entries().items())
    ]


def is_ours(kind: str) -> bool:
    """Return whether a kind came with FormFlow itself."""
    entry = _entries().get(kind)
    return entry is not None and entry.dist is not None and entry.dist.name == OURS


@cache
def load(kind: str) -> type[Connector]:
    """Return a kind's connector. Raise SettingsProblem when there is none or it may not be used."""
    entry = _entries().get(kind)
    if entry is None:
        known = ", ".join(sorted(_entries()))
        raise SettingsProblem(f"There is no kind of destination “{kind}”. Known kinds: {known}.")
    try:
        connector: type[Connector] = entry.load()
    except Exception as problem:  # a stranger's code may fail in any way at import
        raise SettingsProblem(
            f"The destination kind “{kind}” could not be loaded ({type(problem).__name__}).",
            advice="Install its package again, in a version made for this FormFlow.",
        ) from problem
    if found := why_not(kind, connector):
        raise SettingsProblem(f"The destination kind “{kind}” cannot be used: {found}.")
    return connector


def why_not(kind: str, connector: type[Connector]) -> str | None:
    """Return why a connector may not be used as this kind, or None when it may."""
    missing = [name for name in MEMBERS if not hasattr(connector, name)]
    if missing:
        return f"it has no {', '.join(missing)}"
    if getattr(connector, "api_version", None) != API_VERSION:
        return f"it was not made for version {API_VERSION} of the connector contract"
    if getattr(connector, "kind", None) != kind:
        return "it calls itself by another name"
    able = connector.capabilities
    if able.repeat_safe is RepeatSafe.NONE and able.carries is not DataClass.NOTICE:
        return "a repeat would show there, so it may carry notices only"
    return None


@cache
def _entries() -> dict[str, EntryPoint]:
    return {entry.name: entry for entry in entry_points(group=GROUP)}
