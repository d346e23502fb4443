"""Who else on this computer may open what holds names? Looked at here; changed by `formflow init` alone.

With the rights of POSIX (owner, group, others) a folder for the DSL belongs to FormFlow's account and a group,
and gives others nothing. On Windows its list of accounts names nobody who stands for everybody. What FormFlow
writes there takes the rights of its folder.
"""

from __future__ import annotations

import contextlib
import os
import shlex
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

from formflow.admin import windows_rights
from formflow.core.errors import SettingsProblem
from formflow.core.model import Role
from formflow.core.setting_problems import is_secret
from formflow.core.settings import Settings
from formflow.delivery.overlaps import Use, places_of
from formflow.sdk import registry
from formflow.sdk.contract import CheckLine

OTHERS = 0o007
ALL_CLOSED = (
    "no group that everybody is in may open what holds names; look yourself who is in the others"
    if sys.platform == "win32"
    else "others on this computer may open nothing that holds names"
)


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


def make_private(folder: Path) -> None:
    """Make a folder for FormFlow's account alone. One that is there keeps its rights. Raise OSError."""
    if folder.is_dir():
        return
    folder.mkdir(mode=0o700, parents=True)
    if sys.platform == "win32":
        windows_rights.close(folder)


def close_to_others(folder: Path) -> None:
    """Keep everybody out of a folder that we have just made, but its owner and group. Raise OSError."""
    if sys.platform == "win32":
        windows_rights.close(folder)
    else:
        folder.chmod(stat.S_IMODE(folder.stat().st_mode) & 0o7000 | 0o770)


def looked_at(settings: Settings) -> Iterator[CheckLine]:
    """Yield what is to be said about the rights of everything that holds names."""
    found = [line for place in _to_look_at(settings) for line in _look(place)]
    state = settings.state.folder
    if state.is_dir() and _is_open(state.resolve()):
        found.append(_open(state))
    yield from found or [CheckLine(True, ALL_CLOSED)]


def _to_look_at(settings: Settings) -> Iterator[Path]:
    alone = confidential(settings)
    for folder in alone:
        if not any(folder.is_relative_to(other) for other in alone if other != folder):
            yield folder
    for one in places_of(settings):
        if one.is_file and one.use is Use.NAMES and one.path.parent not in alone:
            yield one.path
    yield from _secret_files(settings)


def _secret_files(settings: Settings) -> Iterator[Path]:
    """Yield the files that hold secrets: on POSIX one that others may read is refused already."""
    secret = settings.reading.form_password
    said = [secret.get_secret_value()] if secret else []
    for one in settings.destination:
        with contextlib.suppress(SettingsProblem):  # its kind cannot be used: said elsewhere
            own = registry.load(one.kind).Settings.model_fields
            secrets = [name for name, field in own.items() if is_secret(field.annotation)]
            said += [str(one.own_settings.get(name, "")) for name in secrets]
    yield from (Path(where.removeprefix("file:")) for where in said if where.startswith("file:"))


def _look(place: Path) -> Iterator[CheckLine]:
    try:
        if _is_open(place.resolve()) or any(_open_inside(place)):
            yield _open(place)
        if _is_of_another_group(place):
            yield CheckLine(
                False,
                f"FormFlow’s account is not in the group of {place}, so the group cannot read what it writes."
                " Add the account to the group.",
            )
    except OSError:
        return  # that it is not there is said elsewhere


def _open(place: Path) -> CheckLine:
    command = (
        windows_rights.command_to_close(place)
        if sys.platform == "win32"
        else f"chmod -R o-rwx {shlex.quote(str(place))}"
    )
    return CheckLine(
        False,
        f"{place}, or something in it, is open to everybody on this computer. Run: {command}",
    )


def _open_inside(folder: Path) -> Iterator[bool]:
    for where, folders, names in os.walk(folder):
        for name in (*folders, *names):
            with contextlib.suppress(OSError):  # gone since it was listed
                yield _is_open(Path(where) / name)


def _is_open(path: Path) -> bool:
    """Return whether everybody on this computer may open something; a link is nothing. Raise OSError."""
    if sys.platform == "win32":
        return windows_rights.is_open(path)
    mode = path.lstat().st_mode
    return not stat.S_ISLNK(mode) and bool(mode & OTHERS)


def _is_of_another_group(place: Path) -> bool:
    """Return whether FormFlow's account is not in the group that its files get there. Raise OSError."""
    if sys.platform == "win32":
        return False
    group = place.stat().st_gid
    return bool(os.geteuid()) and group not in {os.getegid(), *os.getgroups()}
