"""Do folders of the settings overlap? What FormFlow writes must never be taken in again, or shown to others.

A watched folder that is also a destination would take in its own alerts without end; a folder of the
office that is also the DSL's would show names. Folders are compared by what they are on disk, not by
how they are written: links, "..", and capital letters on systems that ignore them.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations
from pathlib import Path

from formflow.core.errors import SettingsProblem
from formflow.core.settings import ALWAYS_ON, Settings
from formflow.sdk import registry
from formflow.sdk.contract import Operation

IGNORES_CAPITALS = sys.platform in ("win32", "darwin")


class Use(StrEnum):
    """What a place of the settings is for. Only destinations may share a folder, within one audience."""

    ALONE = "alone"  # watched folders, blanks, definitions, the state
    OFFICE = "office"  # a destination that staff read
    NAMES = "names"  # a destination that holds names or answers


@dataclass(frozen=True, slots=True)
class Place:
    """A folder or file of the settings, as the person who wrote them knows it."""

    name: str  # "watch[0].folder"
    path: Path
    use: Use
    kind: str = ""  # of a destination
    is_file: bool = False


def overlaps(places: Sequence[Place]) -> Iterator[str]:
    """Yield each two places that must not overlap and do, in words."""
    known = [(place, _on_disk(place.path)) for place in places]
    for (one, on_disk), (other, other_on_disk) in combinations(known, 2):
        if on_disk[0] == other_on_disk[0]:
            if not _may_share(one, other) or one.is_file or other.is_file:
                what = "file" if one.is_file and other.is_file else "folder"
                yield f"{one.name} and {other.name} are the same {what}; give each its own"
        elif other_on_disk[0] in on_disk:
            yield from _inside(one, other)
        elif on_disk[0] in other_on_disk:
            yield from _inside(other, one)


def _inside(inner: Place, outer: Place) -> Iterator[str]:
    # Two registers, one for each year, may lie beside one another in a folder of a destination.
    if not _may_share(inner, outer):
        yield f"{inner.name} lies inside {outer.name}; put one of them elsewhere"


def _may_share(one: Place, other: Place) -> bool:
    """Return whether two places may overlap: destinations of different kinds for the same people."""
    alike = one.use is other.use and one.use is not Use.ALONE
    return alike and (one.kind != other.kind or one.is_file != other.is_file)


def _on_disk(path: Path) -> list[object]:
    """Return what a place is on disk and what each folder above it is, the place itself first."""
    real = Path(os.path.realpath(path))
    return [_identity(one) for one in (real, *real.parents)]


def _identity(path: Path) -> object:
    # The number on disk sees through other names for one folder, such as a drive that is shown twice.
    try:
        status = path.stat()
    except OSError:  # not made yet, or out of reach just now
        status = None
    if status is not None and status.st_ino:
        return status.st_dev, status.st_ino
    return str(path).casefold() if IGNORES_CAPITALS else str(path)


def places_of(settings: Settings) -> Iterator[Place]:
    """Yield every folder and file that FormFlow watches or writes to."""
    teams = set[Path]()
    for index, watch in enumerate(settings.watch):
        yield Place(f"watch[{index}].folder", watch.folder, Use.ALONE)
        if (own := watch.needs_attention) and own not in teams:  # several may share one
            teams.add(own)
            yield Place(f"watch[{index}].needs_attention", own, Use.OFFICE, "attention_folder")
    yield Place("folders.blank_forms", settings.folders.blank_forms, Use.ALONE)
    yield Place("folders.forms", settings.folders.forms, Use.ALONE)
    yield Place("state.folder", settings.state.folder, Use.ALONE)
    for _, kind, key in ALWAYS_ON:
        yield Place(f"folders.{key}", getattr(settings.folders, key), _use(kind), kind)
    yield Place("folders.dsl_register", settings.folders.dsl_register, Use.NAMES, "register")
    if settings.roster.file:
        yield Place("roster.file", settings.roster.file, Use.NAMES, "roster", is_file=True)
    for one in settings.destination:
        for key, path in one.own_settings.items():
            # A kind of others may call its folder what it likes; a file may be one that it only reads.
            if isinstance(path, Path) and (key in ("folder", "file") or path.is_dir()):
                name = f"destination “{one.name}”.{key}"
                yield Place(name, path, _use(one.kind), one.kind, key == "file")


def _use(kind: str) -> Use:
    try:
        takes = registry.load(kind).capabilities.operations
    except SettingsProblem:
        return Use.NAMES  # that its kind is not known has been said
    return Use.OFFICE if takes & {Operation.RECEIPT, Operation.RETURN} else Use.NAMES
