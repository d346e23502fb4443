"""Child files: one folder for every child: originals, "as read" sheets, chronology.

    Child files/C-4821-000045/FF-2026-000123 r1 original.pdf   (or "pictures of the pages")
                              FF-2026-000123 r1 as read.pdf
                              Chronology.html

By reference, as above, or in the folders that the agency has already. A paper of which nobody knows the child
yet lies in "Not yet matched", under its own reference.
"""

from __future__ import annotations

import contextlib
import json
import re
import string
from collections.abc import Collection, Iterator
from datetime import date
from pathlib import Path, PurePath
from typing import Annotated
from urllib.parse import unquote

from pydantic import AfterValidator, Field

from formflow.sdk import (
    Attachment,
    BaseConnector,
    Capabilities,
    CheckLine,
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
    RecordParcel,
    RepeatSafe,
    Retryable,
    at_revision,
    ending,
    kept_as,
)
from formflow_connectors import chronology
from formflow_connectors.own_folders import NOT_YET_MATCHED, OWN, Line, OwnFolders

CHRONOLOGY = chronology.NAME
CHRONOLOGY_OF_OURS = "FormFlow chronology.html"  # the agency may have one of its own there
IN_FILE_NAMES = ("reference", "incident_at", "form")
LONGEST_TITLE, LONGEST_PATTERN = 60, 80  # letters


def _known_name(pattern: str) -> str:
    parts = [part for part in string.Formatter().parse(pattern) if part[1] is not None]
    fields = [name for _, name, _, _ in parts]
    is_laid_out = any(layout and name != "incident_at" for _, name, layout, _ in parts)
    if "reference" not in fields or not set(fields) <= set(IN_FILE_NAMES) or is_laid_out:
        msg = "a file’s name needs {reference}, and can hold {incident_at:%Y-%m-%d} and {form}"
        raise ValueError(msg)
    return pattern


class ChildFilesSettings(ConnectorSettings):
    """Where the children's files are."""

    folder: Path = Field(
        description="The folder that holds one folder for every child. It must be there."
    )
    existing: bool = Field(
        default=False,
        description="true: into the folders that you have already, found through [roster]. None is ever made.",
    )
    file_name: Annotated[str, AfterValidator(_known_name)] = Field(
        default="{reference}",
        max_length=LONGEST_PATTERN,
        description="What papers are called, such as “{incident_at:%Y-%m-%d} {form} {reference}”.",
    )
    chronology: bool = Field(
        default=False,
        description="In existing folders: whether each gets a page of what was filed.",
    )


class ChildFiles(BaseConnector[ChildFilesSettings]):
    """Files each paper in the child's folder and adds a line to the child's chronology."""

    kind = "child_files"
    api_version = 2
    Settings = ChildFilesSettings
    capabilities = Capabilities(
        repeat_safe=RepeatSafe.KEY,
        operations=frozenset({Operation.RECORD}),
        carries=DataClass.FULL,
        wants_as_read=True,
        wants_child_folder=True,
    )

    def __init__(self, settings: ChildFilesSettings, context: Context) -> None:
        super().__init__(settings, context)
        self._folder = DestinationFolder(settings.folder, self.kind, context)
        self._own = OwnFolders(self._folder)

    def check(self) -> CheckReport:
        """Say whether the folder is there, and how many papers wait for their child's."""
        report, waiting = self._folder.check(), self.unmatched()
        if not waiting:
            return report
        words = f"{len(waiting)} wait in “{NOT_YET_MATCHED}”: {', '.join(waiting[:12])}"
        return CheckReport((*report.lines, CheckLine(True, words)))

    def prepare(self, parcel: RecordParcel) -> Prepared:
        """Return the "as read" sheet, the names of both papers, and the line of the chronology."""
        stem = _stem(self.settings.file_name, parcel)
        papers = {}
        if parcel.original_sha256:
            papers["original"] = f"{stem} {kept_as(parcel)}{parcel.original_suffix}"
        if parcel.as_read:
            papers["as_read"] = f"{stem} as read.pdf"
        line = chronology.line_of(parcel, papers, kept_as(parcel))
        if self.settings.existing:
            headers = {"home": parcel.child_folder, "filed": _noted(parcel, papers), "line": line}
        else:
            home = parcel.child_reference or f"{NOT_YET_MATCHED}/{parcel.reference}"
            headers = {"home": home, "line": line}
        original: tuple[Attachment, ...] = ()
        if parcel.original_sha256:
            original = (Attachment(papers["original"], parcel.original_sha256),)
        if parcel.as_read:
            headers["as_read"] = papers["as_read"]
        return Prepared(parcel.key, parcel.as_read, headers, original)

    def deliver(self, prepared: Prepared) -> Delivered:
        """File both papers, then the line: where the line stands, the papers were filed too."""
        with self._folder.held():
            try:
                if self.settings.existing:
                    return self._file_in_own(prepared)
                home = self._folder.inside(prepared.headers["home"])
                how = self._file(home, prepared)
            except PermissionError:
                # One file that somebody has open must not hold back the other children's.
                raise ending(Retryable, "FF-407") from None
        return Delivered(prepared.key, how, self._folder.where(home))

    def take_back(self, prepared: Prepared) -> bool:
        """Take a test away again from where it waits. In folders by reference it stays."""
        if not self.settings.existing:
            return False
        with self._folder.held():
            return self._own.take_back(prepared.key)

    def unmatched(self) -> list[str]:
        """Return the references of what waits for its child's own folder."""
        return self._own.unmatched() if self.settings.existing else []

    def has_folder(self, name: str) -> bool:
        """Return whether just one folder is called so."""
        return self._own.home(name) is not None

    def look_up(self, key: str) -> Delivered | None:
        """Return the chronology that carries the key, or whose own folder holds the papers."""
        if self.settings.existing:
            return next(iter(self._own.found([key])), None)
        return self._folder.find(key, self._chronologies())

    def look_up_many(self, keys: Collection[str]) -> list[Delivered]:
        """Return the same for each of the keys that is there."""
        if self.settings.existing:
            return self._own.found(keys)
        return self._folder.find_many(keys, self._chronologies())

    def _chronologies(self) -> list[Path]:
        matched = self._folder.root.glob(f"*/{CHRONOLOGY}")
        unmatched = self._folder.root.glob(f"{NOT_YET_MATCHED}/*/{CHRONOLOGY}")
        return [*matched, *unmatched]

    def filed(self) -> Iterator[Filed]:
        """Yield the revisions of every chronology, with the paper where it lies there as it came."""
        if self.settings.existing:
            list(self._folder.matching())  # whether the folder is there
            yield from self._own.filed()
            return
        everywhere = (f"*/{CHRONOLOGY}", f"{NOT_YET_MATCHED}/*/{CHRONOLOGY}")
        for page in self._folder.matching(*everywhere):
            with contextlib.suppress(Retryable):  # a page of somebody else's holds none of ours
                told = map(chronology.LINE.match, chronology.lines_of(page))
                yield from (self._filed(page.parent, one) for one in told if one)

    def _filed(self, home: Path, told: re.Match[str]) -> Filed:
        is_matched = home.parent.name != NOT_YET_MATCHED
        paper = home / PurePath(unquote(told["paper"] or "")).name
        return Filed(
            told["reference"],
            int(told["revision"] or 1),
            told["key"],
            chronology.moment(told["at"]),
            home.name if is_matched else None,
            paper if paper != home else None,
        )

    def _file(self, home: Path, prepared: Prepared) -> DeliveredAs:
        page, line = home / CHRONOLOGY, prepared.headers["line"]
        lines = chronology.lines_of(page)
        if any(prepared.key in one for one in lines):
            return DeliveredAs.ALREADY_THERE
        is_unmatched = home.parent.name == NOT_YET_MATCHED
        if is_unmatched and chronology.called(line) in map(chronology.called, lines):
            # Nobody knows yet whose paper either is: they must not lie together.
            raise self._folder.in_the_way(page)
        papers = _contents(prepared)
        self._folder.put_beside({self._folder.inside(name, home): papers[name] for name in papers})
        self._folder.put({page: chronology.page_of(home.name, [*lines, line])})
        return DeliveredAs.CREATED

    def _file_in_own(self, prepared: Prepared) -> Delivered:
        """File papers in the folder that the agency has for the child, or where they wait for one."""
        line = Line(key=prepared.key, **json.loads(prepared.headers["filed"]))
        if self._own.holds(prepared.key):
            return self._own.found([prepared.key])[0]
        own = self._own.home(prepared.headers["home"])
        home = own or self._own.waiting(line.reference)
        self._own.put(line, home, _contents(prepared))
        if own and self.settings.chronology:
            self._add_line(own, prepared)
        self._own.note(line, home)
        where = OWN if own else self._folder.where(home)
        return Delivered(prepared.key, DeliveredAs.CREATED, where)

    def _add_line(self, home: Path, prepared: Prepared) -> None:
        page = home / CHRONOLOGY_OF_OURS
        lines = chronology.lines_of(page)
        if not any(prepared.key in one for one in lines):
            whole = chronology.page_of(home.name, [*lines, prepared.headers["line"]])
            self._folder.put({page: whole}, makes_folders=False)


def _contents(prepared: Prepared) -> dict[str, bytes | Attachment]:
    """Return the papers of a delivery by their file names."""
    contents: dict[str, bytes | Attachment] = {one.name: one for one in prepared.attachments}
    if prepared.body:
        contents[prepared.headers["as_read"]] = prepared.body
    return contents


def _noted(parcel: RecordParcel, papers: dict[str, str]) -> str:
    """Return what is noted of a delivery, but for its key and its place."""
    return json.dumps(
        {
            "reference": parcel.reference,
            "revision": parcel.revision,
            "recorded_at": parcel.recorded_at.isoformat(),
            "child_reference": parcel.child_reference,
            "original": papers.get("original", ""),
            "as_read": papers.get("as_read", ""),
        }
    )


class _Day:
    """The day of an incident in a file's name."""

    def __init__(self, day: date | None) -> None:
        self._day = day

    def __format__(self, layout: str) -> str:
        return format(self._day, layout) if self._day else "date not known"


def _stem(pattern: str, parcel: RecordParcel) -> str:
    """Return what the papers of a parcel are called, in letters that every system takes."""
    name = pattern.format(
        reference=at_revision(parcel.reference, parcel.revision),
        incident_at=_Day(parcel.incident_day),
        form=parcel.form_title[:LONGEST_TITLE],
    )
    return _NOT_IN_NAMES.sub("-", name).strip(" .")


_NOT_IN_NAMES = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f]')
