"""What `formflow roster check` looks at: how the agency's pupil list is read, and what is asked about it. No names."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from formflow.core.messages import notice
from formflow.core.settings import Settings
from formflow.reading.roster_table import Listed, is_cut_off, listed
from formflow.reading.table_file import NoTable
from formflow.rules.roster import Roster
from formflow.sdk.contract import CheckLine
from formflow.storage import roster as kept


def looked_at(settings: Settings) -> Iterator[CheckLine]:
    """Yield what was found, read from the file itself. Changes nothing."""
    file = settings.roster.file
    if file is None:
        yield CheckLine(True, "none is given; write its file in [roster]")
        return
    try:
        content, suffix = kept.read(file), file.suffix.casefold()
        found = listed(content, suffix, settings.roster)
        if is_cut_off(content, suffix):
            raise NoTable("Its last line is not whole.")  # noqa: TRY301 - told like every other
    except OSError:
        yield CheckLine(False, notice(kept.AWAY).text)
        return
    except NoTable as problem:
        yield CheckLine(False, f"{problem} {notice(kept.DAMAGED).text}")
        return
    yield from _of_list(found, settings)


def _of_list(found: Listed, settings: Settings) -> Iterator[CheckLine]:
    columns = ", ".join(f"“{heading}” is {column}" for heading, column in found.columns.items())
    yield CheckLine(
        found.is_usable, f"{len(found.roster.pupils)} pupils; {columns or 'no columns'}"
    )
    yield from (CheckLine(False, _upper(words)) for words in found.unclear)
    if not found.is_usable:
        yield CheckLine(False, notice(kept.UNCLEAR).text)
        return
    for one in settings.destination:
        folder = one.own_settings.get("folder")
        if one.own_settings.get("existing") and isinstance(folder, Path):
            yield _of_folders(found.roster, one.name, folder)


def _of_folders(roster: Roster, name: str, root: Path) -> CheckLine:
    """Say how many pupils have a folder of their own there."""
    known = [folder for pupil in roster.pupils if (folder := roster.folder_of(pupil))]
    there = sum((root / folder.name).is_dir() for folder in known)
    unsure = sum(not folder.is_sure for folder in known)
    words = f"“{name}”: the list says of {len(known)} pupils what their folder is called; {there} of these are there"
    if unsure:
        words += f"; {unsure} are confirmed on a review sheet first, since a namesake’s could be called the same"
    return CheckLine(bool(known), words)


def _upper(words: str) -> str:
    return words[0].upper() + words[1:]
