"""The agency's own folders for children: the one that the core names, what lies there, and what waits without one.

Nothing in these folders says what FormFlow has filed: a hidden file beside them does, a line of JSON for each.
No folder is ever made for a child.
"""

from __future__ import annotations

import contextlib
import json
import os
import unicodedata
from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from formflow.sdk import (
    Attachment,
    Delivered,
    DeliveredAs,
    DestinationFolder,
    Filed,
    Rejected,
    Retryable,
    ending,
    files,
)

NOT_YET_MATCHED = "Not yet matched"
LIST = ".formflow-filed.jsonl"
OWN = "the child’s own folder"  # said instead of its name, which is the child's


@dataclass(frozen=True, slots=True)
class Line:
    """One delivery, and where its papers were put."""

    key: str
    reference: str
    revision: int
    recorded_at: str
    child_reference: str | None
    original: str  # file names; "" for none
    as_read: str
    home: str = ""  # the folder, told from the one that holds them all

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(filter(None, (self.original, self.as_read)))

    def as_json(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False)


class OwnFolders:
    """Every child's own folder, in one that holds them all."""

    def __init__(self, folder: DestinationFolder) -> None:
        self._folder = folder
        self._read: tuple[int, int] | None = None  # size and change of the list when it was read
        self._lines: dict[str, Line] = {}
        self._whole = 0  # bytes of whole lines

    def home(self, name: str) -> Path | None:
        """Return the one folder that is called so, None for none or several. Capitals and accents may be stored otherwise."""
        with contextlib.suppress(Retryable, OSError):  # a link that leads elsewhere; no such path
            path = self._folder.inside(name) if name else None
            if path is None or path.is_dir():
                return path
            called = _plain(path.name)
            found = [one for one in path.parent.iterdir() if _plain(one.name) == called]
            if len(found) == 1 and self._folder.inside(found[0].name, path.parent).is_dir():
                return found[0]
        return None

    def waiting(self, reference: str) -> Path:
        """Return where papers wait of which nobody knows yet whose folder is theirs."""
        return self._folder.inside(f"{NOT_YET_MATCHED}/{reference}")

    def unmatched(self) -> list[str]:
        """Return the references of what waits."""
        with contextlib.suppress(OSError):
            there = sorted((self._folder.root / NOT_YET_MATCHED).iterdir())
            return [one.name for one in there if one.is_dir() and any(one.iterdir())]
        return []

    def holds(self, key: str) -> bool:
        """Return whether a delivery is there: some of its papers, where it had any."""
        line = self._all().get(key)
        return line is not None and self._lies(line)

    def put(self, line: Line, home: Path, contents: Mapping[str, bytes | Attachment]) -> None:
        """File papers, and take them away from where they waited. Raise an ending or OSError."""
        papers = {self._folder.inside(name, home): what for name, what in contents.items()}
        is_own = home != self.waiting(line.reference)
        try:
            self._folder.put_beside(papers, makes_folders=not is_own)
        except FileNotFoundError:
            raise ending(Retryable, "FF-517") from None
        except Rejected:
            where = OWN if is_own else self._folder.where(home)
            name = f"{next(iter(contents))}, in {where}"
            raise ending(Rejected, "FF-420", name=name) from None
        if is_own:
            self._clear(line, home)

    def take_back(self, key: str) -> bool:
        """Take away what was filed last and waits; return whether nothing of it is left. Raise an ending or OSError."""
        line = next(reversed(list(self._all().values())), None)
        if line is None or line.key != key or self.where(line.home) == OWN:
            return False
        for name in line.names:
            files.patiently((self._folder.root / line.home / name).unlink)
        with contextlib.suppress(OSError):
            (self._folder.root / line.home).rmdir()
        before = files.read(self._list)[: self._whole].rstrip(b"\n").rfind(b"\n") + 1
        self._folder.append(self._list, before, b"")
        return True

    def found(self, keys: Collection[str]) -> list[Delivered]:
        """Return which of some deliveries are there, also where a person has put them elsewhere."""
        lines = [line for key, line in self._all().items() if key in keys]
        lying = {line.names for line in self._all().values() if self._lies(line)}
        if any(line.names not in lying for line in lines):
            there = {name for _, _, names in os.walk(self._folder.root) for name in names}
            lying |= {line.names for line in lines if there.intersection(line.names)}
        return [
            Delivered(line.key, DeliveredAs.ALREADY_THERE, self.where(line.home))
            for line in lines
            if line.names in lying
        ]

    def where(self, home: str) -> str:
        """Return where papers lie, without a name."""
        return home if home.startswith(f"{NOT_YET_MATCHED}/") else OWN

    def filed(self) -> Iterator[Filed]:
        """Yield every revision once, by its first delivery, with the paper where it lies now as it came."""
        lines = list(self._all().values())
        lying = {line.names: self._folder.root / line.home for line in lines if self._lies(line)}
        first = {(line.reference, line.revision): line for line in reversed(lines)}
        for line in reversed(first.values()):
            home = lying.get(line.names)
            paper = home / line.original if home and line.original else None
            yield Filed(
                line.reference,
                line.revision,
                line.key,
                datetime.fromisoformat(line.recorded_at),
                line.child_reference,
                paper if paper and paper.is_file() else None,
            )

    def _lies(self, line: Line) -> bool:
        home = self._folder.root / line.home
        return not line.names or any((home / name).is_file() for name in line.names)

    def _clear(self, line: Line, home: Path) -> None:
        """Take away what waited and lies in the child's folder now. What somebody has changed meanwhile stays."""
        waited = self.waiting(line.reference)
        for name in line.names:
            with contextlib.suppress(FileNotFoundError, files.NotAFile):
                if files.read(waited / name) == files.read(home / name):
                    files.patiently((waited / name).unlink)
        with contextlib.suppress(OSError):  # another revision waits there, or something of a person
            waited.rmdir()

    def note(self, line: Line, home: Path) -> None:
        """Note that papers are filed. Raise OSError."""
        said = Line(**{**asdict(line), "home": self._folder.where(home)})
        self._all()
        self._folder.append(self._list, self._whole, f"{said.as_json()}\n".encode())
        self._lines[said.key] = said
        self._read = _signature(self._list)
        self._whole = self._read[0] if self._read else 0

    @property
    def _list(self) -> Path:
        return self._folder.root / LIST

    def _all(self) -> Mapping[str, Line]:
        """Return every delivery that is noted, by its key. Read again where another process has written."""
        if (now := _signature(self._list)) != self._read:
            content = _content(self._list)
            self._lines = {line.key: line for line in _lines_in(content)}
            self._read, self._whole = now, content.rfind(b"\n") + 1
        return self._lines


def _content(path: Path) -> bytes:
    try:
        return files.read(path)
    except FileNotFoundError:
        return b""


def _lines_in(content: bytes) -> Iterator[Line]:
    """Yield the lines of the list. One that a crash cut off, or that somebody changed, is none."""
    for said in content.splitlines():
        with contextlib.suppress(ValueError, TypeError):
            line = Line(**json.loads(said))
            datetime.fromisoformat(line.recorded_at)
            yield line


def _signature(path: Path) -> tuple[int, int] | None:
    with contextlib.suppress(FileNotFoundError):
        status = path.stat()
        return status.st_size, status.st_mtime_ns
    return None


def _plain(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold().strip()
