"""Which kinds of destination there are, and their code, by entry point.

Only kinds that the settings name are ever loaded: installing a package runs nothing by itself. A kind that
cannot be used is named with its package and the reason, and concerns nobody but itself.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple, TypeGuard

from formflow.core.errors import SettingsProblem
from formflow.sdk import trial_import
from formflow.sdk.contract import (
    API_VERSION,
    Capabilities,
    Connector,
    ConnectorSettings,
    DataClass,
    Operation,
    RepeatSafe,
)

GROUP = "formflow.connectors"
OURS = "formflow"  # the distribution whose connectors run in FormFlow's own process
MEMBERS = ("Settings", "capabilities", "check", "prepare", "deliver", "look_up", "close")


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of destination that is installed, and the package that brought it."""

    kind: str
    distribution: str
    version: str


class _Entry(NamedTuple):
    """What loads one kind, and what is known of it without loading it."""

    point: EntryPoint
    about: Kind


class UnusableKind(SettingsProblem):
    """A kind of destination that is not there, is broken, or that two packages claim."""


def available() -> list[Kind]:
    """Return every installed kind by name, once for each package that brings it. None is loaded."""
    return [entry.about for _, found in sorted(_entries().items()) for entry in found]


def is_ours(kind: str) -> bool:
    """Return whether a kind came with FormFlow itself."""
    return any(entry.about.distribution == OURS for entry in _entries().get(kind, ()))


@cache
def load(kind: str) -> type[Connector]:
    """Return a kind's connector. Raise UnusableKind when there is none or it may not be used.

    A stranger's package is imported here only after a process of its own has survived that.
    """
    entry = _entry(kind)
    if entry.about.distribution != OURS and (found := trial_import.why_not(entry.point.module)):
        raise _unusable(kind, entry, found)
    return load_untried(kind)


def load_untried(kind: str) -> type[Connector]:
    """Return a kind's connector, as `load` does, in a process that may come to harm by it."""
    entry = _entry(kind)
    connector = _loaded(kind, entry)
    if found := why_not(kind, connector):
        raise _unusable(kind, entry, f"cannot be used: {found}")
    return connector


def is_usable(kind: str) -> bool:
    """Return whether destinations of a kind can be opened."""
    try:
        load(kind)
    except UnusableKind:
        return False
    return True


def trouble(installed: Kind) -> str | None:
    """Return why an installed kind cannot be used, in words with its package; None when it can."""
    claimants = _entries().get(installed.kind, ())
    if is_ours(installed.kind) and installed.distribution != OURS:
        return _both(installed.kind, claimants)
    try:
        load(installed.kind)
    except UnusableKind as problem:
        return problem.found
    return None


def lacks(kind: str) -> str | None:
    """Return what a kind that is loaded needs and is not installed, and how to get it; None where nothing is missing."""
    needs: Mapping[str, str] = getattr(load(kind), "needs", {})
    missing = [package for module, package in needs.items() if find_spec(module) is None]
    if not missing:
        return None
    return f"It needs more than is installed: pip install {' '.join(map(json.dumps, missing))}"


def troubles() -> list[str]:
    """Return what is wrong with the installed kinds that cannot be used, each once. This loads them all."""
    found = [why for one in available() if (why := trouble(one)) is not None]
    return list(dict.fromkeys(found))


def why_not(kind: str, connector: type[Connector]) -> str | None:
    """Return why a connector may not be used as this kind, or None when it may."""
    missing = [name for name in MEMBERS if getattr(connector, name, None) is None]
    if not isinstance(connector, type):
        return "it is not a class"
    if missing:
        return f"it has no {', '.join(missing)}"
    if getattr(connector, "kind", None) != kind:
        return "it calls itself by another name"
    return (
        _wrong_version(getattr(connector, "api_version", None))
        or _wrong_settings(getattr(connector, "Settings", None))
        or _wrong_capabilities(getattr(connector, "capabilities", None), connector)
    )


def _wrong_version(said: object) -> str | None:
    """Return why a connector was not written for this contract: it says one version, or the first and the last."""
    first, last = said if isinstance(said, tuple) and len(said) == 2 else (said, said)
    if not _is_number(first) or not _is_number(last) or first > last:
        return "it does not say for which version of the contract it was written"
    if last < API_VERSION:
        return (
            f"it was written for version {last} of the contract, and this FormFlow has version"
            f" {API_VERSION}; update its package"
        )
    if first > API_VERSION:
        return (
            f"it was written for version {first} of the contract, and this FormFlow has version"
            f" {API_VERSION}; update FormFlow"
        )
    return None


def _wrong_settings(said: object) -> str | None:
    if not isinstance(said, type) or not issubclass(said, ConnectorSettings):
        return "its Settings are no ConnectorSettings"
    return None


def _wrong_capabilities(said: object, connector: type[Connector]) -> str | None:
    if not isinstance(said, Capabilities) or not _is_well_formed(said):
        return "its capabilities are not as the contract says"
    if said.batch > 1 and not callable(getattr(connector, "deliver_batch", None)):
        return "it says that it takes many at once, and has no deliver_batch"
    if said.repeat_safe is RepeatSafe.NONE and said.carries is not DataClass.NOTICE:
        return "a repeat would show there, so it may carry notices only"
    return None


def _is_well_formed(said: Capabilities) -> bool:
    operations: object = said.operations
    return (
        isinstance(said.repeat_safe, RepeatSafe)
        and isinstance(said.carries, DataClass)
        and isinstance(operations, frozenset)
        and bool(operations)
        and all(isinstance(one, Operation) for one in operations)
        and _is_number(said.batch)
        and said.batch >= 1
        and isinstance(said.wants_as_read, bool)
        and isinstance(said.wants_original, bool)
        and isinstance(said.wants_child_folder, bool)
    )


def _is_number(said: object) -> TypeGuard[int]:
    return isinstance(said, int) and not isinstance(said, bool)


def _entry(kind: str) -> _Entry:
    found = _entries().get(kind, ())
    if not found:
        known = ", ".join(sorted(_entries()))
        raise UnusableKind(f"There is no kind of destination “{kind}”. Known kinds: {known}.")
    # Ours stay what they are: no package that is installed later may take alerts away.
    ours = [entry for entry in found if entry.about.distribution == OURS]
    if len(found) > 1 and not ours:
        raise UnusableKind(_both(kind, found))
    return (ours or found)[0]


def _loaded(kind: str, entry: _Entry) -> type[Connector]:
    try:
        with _unheard():
            connector: type[Connector] = entry.point.load()
    except KeyboardInterrupt:
        raise
    except BaseException as problem:  # noqa: BLE001 - a stranger's code may fail in any way at import
        # From nothing, and its class alone: a message may hold anything.
        raise _unusable(kind, entry, f"could not be loaded ({type(problem).__name__})") from None
    return connector


@contextlib.contextmanager
def _unheard() -> Iterator[None]:
    """Let nothing that a package prints when it is imported be output of FormFlow's.

    Nor what a library in C or a program that it starts prints: those know nothing of sys.stdout.
    """
    kept: list[tuple[int, int]] = []
    with contextlib.ExitStack() as stack:
        stack.enter_context(contextlib.redirect_stdout(io.StringIO()))
        stack.enter_context(contextlib.redirect_stderr(io.StringIO()))
        nowhere = stack.enter_context(Path(os.devnull).open("wb"))
        with contextlib.suppress(OSError):  # a program without a window has no such streams
            for stream in (1, 2):
                kept.append((stream, os.dup(stream)))
                os.dup2(nowhere.fileno(), stream)
        try:
            yield
        finally:
            for stream, copy in kept:
                os.dup2(copy, stream)
                os.close(copy)


def _unusable(kind: str, entry: _Entry, why: str) -> UnusableKind:
    package = entry.about
    name = f"{package.distribution} {package.version}".strip() or "an unknown package"
    return UnusableKind(
        f"The destination kind “{kind}” of the package {name} {why}.",
        advice="Install its package again, in a version made for this FormFlow.",
    )


def _both(kind: str, found: Sequence[_Entry]) -> str:
    packages = " and ".join(sorted({entry.about.distribution for entry in found}))
    kept = (
        " FormFlow’s own is used." if OURS in {entry.about.distribution for entry in found} else ""
    )
    return (
        f"The destination kind “{kind}” is brought by the packages {packages}; only one may.{kept}"
    )


@cache
def _entries() -> Mapping[str, tuple[_Entry, ...]]:
    # By package: two entry points that differ in nothing else are equal to Python.
    found = defaultdict[str, dict[str, _Entry]](dict)
    for point in entry_points(group=GROUP):
        # Asked once: for the name of a package Python reads all that is said about it, each time.
        package, version = (point.dist.name, point.dist.version) if point.dist else ("", "")
        found[point.name][package] = _Entry(point, Kind(point.name, package, version))
    return {
        kind: tuple(entry for _, entry in sorted(entries.items()))
        for kind, entries in found.items()
    }
