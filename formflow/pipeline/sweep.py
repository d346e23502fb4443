"""The reconciling sweep: what lies in the watched folders, what has settled, what is taken.

The sweep is the truth; the watcher only brings it forward. A folder without its marker file is
offline, and nothing is concluded from it: an empty mount point is not an empty folder.
"""

from __future__ import annotations

import fnmatch
import logging
import os
import stat
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path

from formflow.core.markers import MARKER, is_marked
from formflow.core.model import Drop
from formflow.core.settings import Watch
from formflow.delivery.overlaps import overlaps, places_of
from formflow.pipeline import intake
from formflow.pipeline.context import WorkContext
from formflow.pipeline.gate import Gate, tail_gate
from formflow.storage import sightings
from formflow.storage.database import Connection, reading, writing
from formflow.storage.sightings import Sighting

log = logging.getLogger("formflow")

AT_ONCE = 50  # new files that one sweep takes from a folder: a second's work
SOON_SECONDS = 0.01  # until the next sweep, where more lie there
LOCKED = "FF-122"  # notice: nobody lets us open the file
# Names that office programs, scanners and sync clients use for what is not finished or not a paper.
IGNORED = (
    "~$*",
    ".~lock*",
    "*.tmp",
    "*.part",
    "*.partial",
    "*.filepart",
    "*.crdownload",
    ".syncthing.*",
    "~syncthing~*",
    "._*",
    ".nfs*",
    ".DS_Store",
    "Thumbs.db",
    "desktop.ini",
)


class Look(StrEnum):
    """What became of one file in one sweep."""

    TAKEN = sightings.TAKEN  # just now
    KNOWN = "known"  # taken before; it still lies there
    SETTLING = sightings.SETTLING  # it changed a moment ago
    INCOMPLETE = "incomplete"  # it holds still, and its end is missing
    BUSY = "busy"  # it could not be opened or copied; it is tried again


@dataclass(frozen=True, slots=True)
class Swept:
    """What one sweep of one folder saw."""

    folder: Path
    online: bool
    looks: Mapping[Look, int] = field(default_factory=dict)
    ignored: int = 0
    next_look_seconds: float | None = None  # until a waiting file is worth another look

    @property
    def is_settling(self) -> bool:
        """Return whether a file may be taken as soon as it has held still long enough."""
        return Look.SETTLING in self.looks


@dataclass(frozen=True, slots=True)
class _Seen:
    path: Path
    name: bytes
    status: os.stat_result

    @property
    def came_ns(self) -> int:
        """When it came to the folder or was changed last, by the system's clock: good for order alone."""
        return max(self.status.st_ctime_ns, self.status.st_mtime_ns)


def sweep(context: WorkContext, watch: Watch, now: datetime) -> Swept:
    """Look through one watched folder and take what has settled. One file never stops the others.

    A worker that is to stop takes nothing more, and looks through the rest when it starts again.
    """
    if not is_marked(watch.folder):
        return Swept(watch.folder, online=False)
    # Looked at again each time: a link may have been put there since the settings were loaded.
    if found := next(overlaps(tuple(places_of(context.settings))), None):
        log.error("nothing is taken from a watched folder: %s", found)
        return Swept(watch.folder, online=False)
    there = [seen for seen in _entries(watch.folder) if seen.path.name != MARKER]
    papers = [seen for seen in there if not _is_ignored(seen.path.name)]
    known = _sightings(context, watch)
    sighted = _observe(context, watch, papers, known, now)
    looks, waits = Counter[Look](), []
    for seen in _in_turn(watch, papers, sighted, now):
        if context.stopping.is_set():
            return Swept(watch.folder, True, looks, len(there) - len(papers))
        look, seconds = _look_at(context, watch, seen, sighted[seen.name], now)
        looks[look] += 1
        if seconds > 0:
            waits.append(seconds)
    if left := len(papers) - sum(looks.values()):
        looks[Look.SETTLING] += left
        waits.append(SOON_SECONDS)
    _forget(context, watch, known.keys() - sighted.keys())
    return Swept(watch.folder, True, looks, len(there) - len(papers), min(waits, default=None))


def _in_turn(
    watch: Watch, papers: Sequence[_Seen], sighted: Mapping[bytes, Sighting], now: datetime
) -> list[_Seen]:
    """Return the files to look at now: of many that have just settled the newest, as they came.

    The others come with the next sweeps. So what is dropped behind a heap does not wait for all of it.
    """
    settled_at = now - timedelta(seconds=watch.settle_seconds)
    fresh = [
        seen
        for seen in papers
        if sighted[seen.name].state == Look.SETTLING and sighted[seen.name].changed_at <= settled_at
    ]
    fresh.sort(key=lambda seen: (sighted[seen.name].changed_at, seen.came_ns, seen.name))
    names = {seen.name for seen in fresh}
    return [seen for seen in papers if seen.name not in names] + fresh[-AT_ONCE:]


def _entries(folder: Path) -> Iterator[_Seen]:
    with os.scandir(os.fsencode(folder)) as entries:
        for entry in sorted(entries, key=lambda found: found.name):
            path = Path(os.fsdecode(entry.path))
            try:
                # Not the entry's own: Windows keeps in the folder what a file was when it was last closed.
                yield _Seen(path, entry.name, path.lstat())
            except FileNotFoundError:
                continue  # gone since it was listed


def _is_ignored(name: str) -> bool:
    return any(fnmatch.fnmatchcase(name.casefold(), pattern.casefold()) for pattern in IGNORED)


def _look_at(
    context: WorkContext, watch: Watch, seen: _Seen, sighting: Sighting, now: datetime
) -> tuple[Look, float]:
    """Return what became of the file, and the seconds until it is worth another look."""
    if sighting.state == Look.TAKEN:
        if watch.after == "remove" and stat.S_ISREG(seen.status.st_mode):
            intake.let_go(_drop(watch, seen))  # the last try failed: open in a viewer, perhaps
        return Look.KNOWN, 0.0
    quiet_seconds = (now - sighting.changed_at).total_seconds()
    if quiet_seconds < watch.settle_seconds:
        return Look.SETTLING, watch.settle_seconds - quiet_seconds
    try:
        gate = tail_gate(seen.path, largest=context.settings.reading.file_mb << 20)
    except OSError as problem:
        _tell_if_it_stays_so(context, watch, seen, sighting, now)
        return _busy(context, watch, seen, problem)
    if gate.retry and quiet_seconds < watch.incomplete_minutes * 60:
        _set_state(context, watch, seen, Look.INCOMPLETE, gate.code)
        return Look.INCOMPLETE, max(watch.settle_seconds, quiet_seconds / 4)
    return _take(context, watch, seen, gate, now)


def _take(
    context: WorkContext, watch: Watch, seen: _Seen, gate: Gate, now: datetime
) -> tuple[Look, float]:
    drop = _drop(watch, seen)

    def remember(connection: Connection) -> None:
        _note_state(connection, watch, seen, Look.TAKEN, gate.code)

    try:
        if stat.S_ISREG(seen.status.st_mode):
            intake.take(
                context,
                drop,
                now,
                code=gate.code,
                words=gate.words,
                remember=remember,
            )
        else:
            intake.note_unkept(
                context, drop, now, code=gate.code, words=gate.words, remember=remember
            )
    except (intake.ChangedWhileCopying, OSError) as problem:
        return _busy(context, watch, seen, problem)
    if watch.after == "remove" and stat.S_ISREG(seen.status.st_mode):
        intake.let_go(drop)
    return Look.TAKEN, 0.0


def _busy(
    context: WorkContext, watch: Watch, seen: _Seen, problem: Exception
) -> tuple[Look, float]:
    # Every trouble with a share may pass: it is looked at again, and status shows it waiting.
    log.warning("a file could not be taken yet: %s", type(problem).__name__)
    with writing(context.engine) as connection:
        sightings.note_state(connection, str(watch.folder), seen.name, Look.BUSY)
    return Look.BUSY, watch.settle_seconds


def _tell_if_it_stays_so(
    context: WorkContext, watch: Watch, seen: _Seen, sighting: Sighting, now: datetime
) -> None:
    """Tell a person, once, of a file that nobody lets us open. It is tried again anyway."""
    patience = timedelta(minutes=watch.incomplete_minutes)
    if sighting.code == LOCKED or now - sighting.changed_at < patience:
        return

    def remember(connection: Connection) -> None:
        _note_state(connection, watch, seen, Look.BUSY, LOCKED)

    drop = _drop(watch, seen)
    intake.note_unkept(context, drop, now, code=LOCKED, words={}, remember=remember)


def _drop(watch: Watch, seen: _Seen) -> Drop:
    status = seen.status
    return Drop(seen.path, str(watch.folder), status.st_size, status.st_mtime_ns, watch.role)


def _sightings(context: WorkContext, watch: Watch) -> dict[bytes, Sighting]:
    with reading(context.engine) as connection:
        return sightings.of_folder(connection, str(watch.folder))


def _observe(
    context: WorkContext,
    watch: Watch,
    papers: Sequence[_Seen],
    known: Mapping[bytes, Sighting],
    now: datetime,
) -> dict[bytes, Sighting]:
    """Return each file as it is seen now, and note in one transaction those that are new or changed."""
    sighted = {seen.name: _as_seen(seen, known.get(seen.name), now) for seen in papers}
    fresh = {name: one for name, one in sighted.items() if one is not known.get(name)}
    if fresh:
        with writing(context.engine) as connection:
            for name, sighting in fresh.items():
                sightings.observe(connection, str(watch.folder), name, sighting)
    return sighted


def _as_seen(seen: _Seen, before: Sighting | None, now: datetime) -> Sighting:
    size, modified = seen.status.st_size, seen.status.st_mtime_ns
    if before is not None and (before.size, before.modified_ns) == (size, modified):
        # Seen by a clock that was ahead, it would settle for as long as that was wrong.
        return before if before.changed_at <= now else replace(before, changed_at=now)
    return Sighting(size, modified, now, Look.SETTLING)


def _set_state(context: WorkContext, watch: Watch, seen: _Seen, state: str, code: str) -> None:
    with writing(context.engine) as connection:
        _note_state(connection, watch, seen, state, code)


def _note_state(connection: Connection, watch: Watch, seen: _Seen, state: str, code: str) -> None:
    sightings.note_state(connection, str(watch.folder), seen.name, state, code)


def _forget(context: WorkContext, watch: Watch, gone: Iterable[bytes]) -> None:
    names = list(gone)
    if not names:
        return
    with writing(context.engine) as connection:
        sightings.forget(connection, str(watch.folder), names)
