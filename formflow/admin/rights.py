"""Who else on this computer may open what holds names? Looked at here; changed by `formflow init` alone.

These are the rights of POSIX: owner, group, others. A folder for the DSL belongs to FormFlow's account and
a group, and gives others nothing; what FormFlow writes there takes the rights of its folder.
"""

from __future__ import annotations

import os
import shlex
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

from formflow.core.model import Role
from formflow.core.settings import Settings
from formflow.delivery.overlaps import Use, places_of
from formflow.sdk.contract import CheckLine

# On Windows rights are lists of accounts, which Python does not show: IT looks at them by hand.
ARE_KNOWN = sys.platform != "win32"
OTHERS = 0o007


def confidential(settings: Settings) -> list[Path]:
    """Return the folders that are for the DSL alone, the state apart.

    A register may lie in a folder that also holds the office's: that folder is not for the DSL alone.
    """
    every = list(places_of(settings))
    of_the_office = [one.path for one in every if one.use is Use.OFFICE]
    of_the_office.append(settings.folders.blank_forms)
    of_the_office += [watch.folder for watch in settings.watch if watch.role is Role.STAFF]
    holding = [
        one.path.parent if one.is_file else one.path for one in every if one.use is Use.NAMES
    ]
    alone = [
        one for one in holding if not any(office.is_relative_to(one) for office in of_the_office)
    ]
    dropped = [watch.folder for watch in settings.watch if watch.role is Role.DECISIONS]
    return sorted({*alone, *dropped})


def close_to_others(folder: Path) -> None:
    """Give a folder that we have just made to its owner and group alone."""
    if ARE_KNOWN:
        folder.chmod(stat.S_IMODE(folder.stat().st_mode) & 0o7000 | 0o770)


def looked_at(settings: Settings) -> Iterator[CheckLine]:
    """Yield what is to be said about the rights of everything that holds names."""
    if not ARE_KNOWN:
        yield CheckLine(
            True,
            "are not looked at on Windows: see that only the DSL and FormFlow’s account may open “DSL only” and the state",
        )
        return
    found = [line for place in _to_look_at(settings) for line in _look(place)]
    state = settings.state.folder
    if state.is_dir() and state.stat().st_mode & OTHERS:
        found.append(_open(state))
    yield from found or [
        CheckLine(True, "others on this computer may open nothing that holds names")
    ]


def _to_look_at(settings: Settings) -> Iterator[Path]:
    alone = confidential(settings)
    for folder in alone:
        if not any(folder.is_relative_to(other) for other in alone if other != folder):
            yield folder
    for one in places_of(settings):
        if one.is_file and one.use is Use.NAMES and one.path.parent not in alone:
            yield one.path


def _look(place: Path) -> Iterator[CheckLine]:
    try:
        status = place.stat()
    except OSError:
        return  # that it is not there is said elsewhere
    if status.st_mode & OTHERS or any(_open_inside(place)):
        yield _open(place)
    if os.geteuid() and status.st_gid not in {os.getegid(), *os.getgroups()}:
        yield CheckLine(
            False,
            f"FormFlow’s account is not in the group of {place}, so the group cannot read what it writes."
            " Add the account to the group.",
        )


def _open(place: Path) -> CheckLine:
    return CheckLine(
        False,
        f"{place}, or something in it, is open to everybody on this computer."
        f" Run: chmod -R o-rwx {shlex.quote(str(place))}",
    )


def _open_inside(folder: Path) -> Iterator[bool]:
    for where, folders, names in os.walk(folder):
        for name in (*folders, *names):
            try:
                mode = (Path(where) / name).lstat().st_mode
            except OSError:
                continue  # gone since it was listed
            yield not stat.S_ISLNK(mode) and bool(mode & OTHERS)
