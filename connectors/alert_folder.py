"""Alerts: one page for every alert, for the safeguarding lead alone, the most urgent first.

Dragging a page into the folder "Seen" inside acknowledges it.
"""

from __future__ import annotations

import contextlib
import itertools
import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from pydantic import Field

from formflow.sdk import (
    NOW,
    URGENCY,
    AlertParcel,
    BaseConnector,
    Capabilities,
    CheckReport,
    ConnectorSettings,
    Context,
    DataClass,
    Delivered,
    DeliveredAs,
    DestinationFolder,
    Filed,
    Operation,
    Prepared,
    RepeatSafe,
    at_revision,
    files,
    find_revision,
    is_of_another_case,
    keys_in,
    marked,
)

SEEN = "Seen"
OVERDUE = "0 OVERDUE"
_ALERT = re.compile(rf"(?:{'|'.join((NOW, *URGENCY.values()))}) \S+ r\d+(?: \(\d+\))?\.html")
Stamp = tuple[str, int, int, int]  # name, number of the file, size, last change


class AlertFolderSettings(ConnectorSettings):
    """Where the safeguarding lead finds alerts."""

    folder: Path = Field(
        description="The folder for alerts. It must be there; give rights to the safeguarding lead alone."
    )


class AlertFolder(BaseConnector[AlertFolderSettings]):
    """Puts each alert into a folder as a page, and sees which pages were dragged into "Seen"."""

    kind = "alert_folder"
    api_version = 2
    Settings = AlertFolderSettings
    capabilities = Capabilities(
        repeat_safe=RepeatSafe.LOOK_UP,
        operations=frozenset({Operation.ALERT}),
        carries=DataClass.FULL,
    )

    def __init__(self, settings: AlertFolderSettings, context: Context) -> None:
        super().__init__(settings, context)
        self._folder = DestinationFolder(settings.folder, self.kind, context)
        self._seen = settings.folder / SEEN
        self._read: dict[Path, dict[Stamp, set[str]]] = {}  # by folder: the keys on its pages

    def check(self) -> CheckReport:
        """Say whether the folder is there."""
        return self._folder.check()

    def prepare(self, parcel: AlertParcel) -> Prepared:
        """Return the page and its name: urgency first, then the reference."""
        level = URGENCY[parcel.light]
        if not parcel.is_reminder:
            first = NOW if parcel.urgent else level
            name = f"{first} {at_revision(parcel.reference, parcel.revision)}.html"
            return Prepared(parcel.key, marked(parcel.page, parcel.key), {"name": name})
        body = marked(parcel.page, parcel.key, parcel.case_key)
        if parcel.overdue:  # of all cases, once a day
            name = f"{OVERDUE} {parcel.recorded_at:%Y-%m-%d} {level}.html"
            earlier = f"{OVERDUE} [0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9] *.html"
            told = {"name": name, "case": parcel.case_key, "replaces": earlier}
            return Prepared(parcel.key, body, told)
        # beside the alert, never over it; one page for each case
        name = f"{f'{NOW} OVERDUE' if parcel.urgent else OVERDUE} {level} {parcel.reference}.html"
        return Prepared(parcel.key, body, {"name": name, "case": parcel.case_key})

    def deliver(self, prepared: Prepared) -> Delivered:
        """Put the page into the folder once. A page that was dragged into "Seen" stays there.

        An alert must get out: where another's page has its name, it gets a free one.
        """
        with self._folder.held():
            files.make_inside(self._seen)
            for name in _names(prepared.headers["name"]):
                final = self._folder.inside(name)
                if there := self._folder.find(prepared.key, [final, self._seen / name]):
                    return there
                if self._is_free(final, prepared):
                    break
            self._folder.put({final: prepared.body})
            self._take_away_earlier(final, prepared)
        return Delivered(prepared.key, DeliveredAs.CREATED, self._folder.where(final))

    def look_up(self, key: str) -> Delivered | None:
        """Return the page that carries the key, in the folder or in "Seen"."""
        return self._folder.find(key, self._pages())

    def look_up_many(self, keys: Collection[str]) -> list[Delivered]:
        """Return the pages that carry the keys, in the folder or in "Seen"."""
        return self._folder.find_many(keys, self._pages())

    def filed(self) -> Iterator[Filed]:
        """Yield the revisions that have a page, in the folder or in "Seen"."""
        return self._folder.filed("*.html", f"{SEEN}/*.html")

    def acknowledged(self, waiting: Mapping[str, tuple[str, int]]) -> set[str]:
        """Return the keys of the pages in "Seen" that no longer lie before it."""
        seen = self._keys_of(self._seen, set(waiting.values())) & waiting.keys()
        return seen - self._keys_of(self._folder.root, {waiting[key] for key in seen})

    def _keys_of(self, folder: Path, alerts: Collection[tuple[str, int]]) -> set[str]:
        """Return the keys on the pages of some alerts; the pages of others are not opened, nor one twice."""
        known, now = self._read.get(folder, {}), dict[Stamp, set[str]]()
        for path in folder.glob("*.html") if alerts else ():
            if find_revision(path.name) in alerts:
                # Dragged away just now, or nothing that we wrote: a link, a pipe.
                with contextlib.suppress(FileNotFoundError, files.NotAFile):
                    stamp = _stamp(path)
                    now[stamp] = known[stamp] if stamp in known else _keys_on(path)
        self._read[folder] = now
        return set[str]().union(*now.values())

    def alerts_there(self) -> set[tuple[str, int]]:
        """Return the revisions whose alerts lie in the folder, by the names of the pages."""
        found = (find_revision(path.name) for path in self._alerts())
        return {one for one in found if one is not None}

    def put_away(self, ended: Mapping[str, tuple[str, int]]) -> None:
        """Move the pages of alerts to "Seen". What a person put there, or holds open, stays as it is."""
        wanted = set(ended.values())
        with self._folder.held():
            files.make_inside(self._seen)
            for path in self._alerts():
                if find_revision(path.name) in wanted and self._is_one_of(path, ended):
                    self._move_to_seen(path)

    def _alerts(self) -> Iterator[Path]:
        """Yield what is called like an alert of ours: no reminder, and no copy that somebody made."""
        return (path for path in self._folder.root.glob("*.html") if _ALERT.fullmatch(path.name))

    def _is_one_of(self, path: Path, ended: Mapping[str, tuple[str, int]]) -> bool:
        with contextlib.suppress(OSError, files.NotAFile):
            return bool(keys_in(files.read(path).decode("utf-8", "replace")) & ended.keys())
        return False

    def _move_to_seen(self, path: Path) -> None:
        free = (self._seen / name for name in _names(path.name))
        final = next(one for one in free if not one.exists())
        with contextlib.suppress(OSError):  # open on a Windows computer: moved at another turn
            self._folder.move(path, final)

    def _take_away_earlier(self, final: Path, prepared: Prepared) -> None:
        """Take away the pages of earlier days that a page takes the place of. What was moved to "Seen" stays."""
        earlier = prepared.headers.get("replaces", "")
        for path in self._folder.root.glob(earlier) if earlier else ():
            with contextlib.suppress(FileNotFoundError, files.NotAFile):
                if path.name < final.name and prepared.headers["case"].encode() in files.read(path):
                    files.patiently(path.unlink)

    def _pages(self) -> list[Path]:
        return [*self._folder.root.glob("*.html"), *self._seen.glob("*.html")]

    def _is_free(self, final: Path, prepared: Prepared) -> bool:
        """Whether nothing of another's is written over. Of a case that is overdue the newest page counts."""
        case = prepared.headers.get("case", "")
        if case and final.exists():
            return not is_of_another_case(files.read(final).decode("utf-8", "replace"), case)
        return not final.exists() and (bool(case) or not (self._seen / final.name).exists())


def _names(name: str) -> Iterator[str]:
    """Yield a name and the names to take where others have it, as Windows would number them."""
    yield name
    stem = name.removesuffix(".html")
    yield from (f"{stem} ({number}).html" for number in itertools.count(2))


def _stamp(path: Path) -> Stamp:
    """Return what tells a page from any other that is put in its place. Raise OSError."""
    status = path.lstat()
    return path.name, status.st_ino, status.st_size, status.st_mtime_ns


def _keys_on(path: Path) -> set[str]:
    return keys_in(files.read(path).decode("utf-8", "replace"))
