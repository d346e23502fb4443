"""Is the folder that is there the one that a destination has filed in? Without its marker nothing is written.

A folder in which nothing was filed yet is marked when FormFlow starts, or at the first delivery. So is one
that holds what an older FormFlow filed there. Any other folder without one may be an empty folder in
place of a share that is not connected: what belongs in it waits until a person has looked.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from formflow.core import markers
from formflow.core.settings import Destination, Settings
from formflow.delivery import calls, watermark
from formflow.delivery.calls import Undelivered
from formflow.delivery.context import DeliveryContext
from formflow.delivery.plugin_host import Guest
from formflow.delivery.unusable import Unusable
from formflow.sdk import registry
from formflow.sdk.contract import Unavailable
from formflow.sdk.folder import LOCK_NAME, trouble_with
from formflow.sdk.wording import ending
from formflow.storage import filed
from formflow.storage.database import Connection, reading

log = logging.getLogger("formflow")

NOT_MARKED, REGISTER_GONE = "FF-470", "FF-471"
TOLD = (NOT_MARKED, REGISTER_GONE)  # people are told, not only “formflow status”
WORDS = "FormFlow files here."
LOOKED_FOR = 200  # of the last deliveries: one that is there is enough


@dataclass(frozen=True, slots=True)
class Target:
    """Where one destination of ours files."""

    folder: Path
    register: Path | None = None  # a file in the folder


def target_of(destination: Destination) -> Target | None:
    """Return where a destination files, None where that is no folder or the kind is not ours."""
    return _target(destination) if registry.is_ours(destination.kind) else None


def _target(destination: Destination) -> Target | None:
    folder, file = (destination.own_settings.get(key) for key in ("folder", "file"))
    if isinstance(file, Path):
        return Target(file.parent, file)
    return Target(folder) if isinstance(folder, Path) else None


def targets(settings: Settings) -> Iterator[tuple[str, Target]]:
    """Yield the name of every destination of ours that is a folder, and the folder."""
    for one in settings.destinations():
        if target := target_of(one):
            yield one.name, target


def begin(context: DeliveryContext) -> None:
    """Mark the folders that are taken for ours, before anything is noted in them."""
    for one in context.settings.destinations():
        why_not(context, one.name)


def why_not(context: DeliveryContext, name: str) -> Undelivered | None:
    """Return why nothing may be written to a destination now, None where it may. Marks a folder that is ours."""
    if isinstance(context.destinations.get(name), Guest | Unusable):
        return None  # not ours; the registry would read all packages again for each parcel
    every = context.settings.destinations()
    target = next((_target(one) for one in every if one.name == name), None)
    try:
        if target is None or not target.folder.is_dir():
            return None  # that it is not there is for the connector to say
        if not markers.is_marked(target.folder) and not _is_made_ours(context, name, target.folder):
            return calls.why(ending(Unavailable, NOT_MARKED))
        if target.register and not target.register.exists():
            with reading(context.engine) as connection:
                if is_register_gone(connection, name, target):
                    return calls.why(ending(Unavailable, REGISTER_GONE))
    except OSError as problem:
        return calls.why(ending(Unavailable, trouble_with(problem)))
    return None


def trouble_at(target: Target) -> str:
    """Return the number of what is wrong with a folder, "" where it is there and marked."""
    if not target.folder.is_dir():
        return "FF-401"
    return "" if markers.is_marked(target.folder) else NOT_MARKED


def _is_made_ours(context: DeliveryContext, name: str, folder: Path) -> bool:
    """Mark a folder unless we have filed elsewhere under this name. Raise OSError."""
    with reading(context.engine) as connection:
        filed_at = filed.newest(connection, name, LOOKED_FOR)
    left = (LOCK_NAME, watermark.MARKER, *filter(None, filed_at))
    if filed_at and not any((folder / one).exists() for one in left):
        return False
    markers.mark(folder, WORDS)
    log.info("marked: the folder of “%s”", name)
    return True


def is_register_gone(connection: Connection, name: str, target: Target) -> bool:
    """Return whether a register is not there although rows were written to it. Raise OSError."""
    register = target.register
    return (
        register is not None
        and not register.exists()
        and filed.is_in(connection, name, register.name)
    )
