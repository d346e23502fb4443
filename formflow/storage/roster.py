"""The agency's list of pupils as it was last good: looked at again when it changes, kept for when it is away.

What is kept of it lies in the state folder for FormFlow's account alone. Of its troubles people hear a code.
"""

from __future__ import annotations

import contextlib
import json
import logging
import threading
from dataclasses import asdict, dataclass
from pathlib import Path

from formflow.core import files
from formflow.core.events import Event
from formflow.core.settings_roster import Roster as Settings
from formflow.reading.roster_table import Listed, is_cut_off, listed
from formflow.reading.table_file import MOST_BYTES, NoTable
from formflow.rules.roster import Roster

log = logging.getLogger("formflow")

AWAY, DAMAGED, UNCLEAR = "FF-513", "FF-514", "FF-515"
LOOK_SECONDS = 5.0  # a share that does not answer by then holds up nothing
FOLDER, FOUND = "roster", "found.json"

Signature = tuple[int, int]  # size in bytes, and when the file says that it was changed


@dataclass(frozen=True, slots=True)
class Found:
    """What other programs may know of the list: how many, and what is wrong."""

    pupils: int
    code: str  # "" while all is well


class PupilList:
    """The list, and the last good one where it cannot be read."""

    def __init__(self, settings: Settings, state: Path) -> None:
        self._settings = settings
        self._folder = state / FOLDER
        self._listed = Listed(Roster(), {})
        self._read: Signature | None = None  # of the file that was read last
        self._seen: Signature | None = None  # of the file at the last look
        self._looking: threading.Thread | None = None
        self._found: Found | None = None
        self.code = ""  # why the file itself is not what counts now
        self.version = 0  # counts the lists that were read

    @property
    def is_kept(self) -> bool:
        """Whether the agency has such a list at all."""
        return self._settings.file is not None

    @property
    def roster(self) -> Roster:
        """The pupils as they were last read."""
        return self._listed.roster

    def look(self) -> None:
        """Read the list where it has changed; whatever is wrong with it, the last good one counts."""
        if not self.is_kept:
            return
        if self._looking is None or not self._looking.is_alive():
            self._looking = threading.Thread(target=self._look, name="roster", daemon=True)
            self._looking.start()
            self._looking.join(LOOK_SECONDS)
        if self._looking.is_alive():
            self.code = AWAY
        self._tell()

    def _look(self) -> None:
        is_first = self._seen is None
        try:
            self._look_at_file(is_first=is_first)
        except OSError:  # its words may hold the path, and that the name of a person
            self.code = AWAY
            self._read, self._seen = None, self._seen or (0, 0)
        except Exception as problem:  # noqa: BLE001 - whatever is in the file, the last good one counts
            self.code = DAMAGED
            log.debug("the pupil list cannot be read: %s", type(problem).__name__)
        if is_first and not self.version:
            self._take_kept()

    def _look_at_file(self, *, is_first: bool) -> None:
        """Read the file unless it is as it was. One that changes under us is still being written."""
        assert self._settings.file is not None  # noqa: S101 - asked before
        before = _signature(self._settings.file)
        is_settled = is_first or before == self._seen
        self._seen = before
        if before == self._read or not is_settled:
            return
        content = read(self._settings.file)
        if _signature(self._settings.file) != before:
            return
        self._read = before
        suffix = self._settings.file.suffix.casefold()
        found = listed(content, suffix, self._settings)
        if is_cut_off(content, suffix):
            raise NoTable("It is half written.")
        if not found.is_usable:
            self.code = UNCLEAR
            return
        self.code = ""
        self._take(found)
        self._keep(content, suffix)

    def _take(self, found: Listed) -> None:
        self._listed = found
        self.version += 1

    def _take_kept(self) -> None:
        """Begin with the last good one: the file itself may be away just now."""
        for kept in sorted(self._folder.glob("list.*")):
            try:
                found = listed(files.read(kept), kept.suffix, self._settings)
            except (OSError, NoTable):
                continue
            if found.is_usable:
                self._take(found)

    def _keep(self, content: bytes, suffix: str) -> None:
        """Keep the list for when the file is away. Where that cannot be, it counts all the same."""
        ours = self._folder / f"list{suffix}"
        with contextlib.suppress(OSError):
            self._folder.mkdir(mode=0o700, exist_ok=True)
            if not ours.exists() or files.read(ours) != content:
                files.write(ours, content)
            for other in self._folder.glob("list.*"):
                if other != ours:
                    other.unlink()

    def _tell(self) -> None:
        """Note for other programs, and once in the log, how the list is."""
        found = Found(len(self._listed.roster.pupils), self.code)
        if found == self._found:
            return
        self._found = found
        level = logging.WARNING if found.code else logging.INFO
        log.log(level, Event("the pupil list", code=found.code, said=f"{found.pupils} pupils"))
        with contextlib.suppress(OSError):
            self._folder.mkdir(mode=0o700, exist_ok=True)
            files.write(self._folder / FOUND, json.dumps(asdict(found)).encode())


def read(file: Path) -> bytes:
    """Return the content of a list. Raise OSError, or NoTable where it is too large to be one."""
    with files.opened(file, follow=True) as opened:
        content = opened.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise NoTable(f"It is larger than {MOST_BYTES >> 20} MB.")
    return content


def last_found(state: Path) -> Found | None:
    """Return how the service found the list last, None where it has not looked."""
    try:
        return Found(**json.loads(files.read(state / FOLDER / FOUND)))
    except (OSError, ValueError, TypeError):
        return None


def _signature(file: Path) -> Signature:
    status = file.stat()
    return status.st_size, status.st_mtime_ns
