"""Child files: one folder for every child, by reference: originals, "as read" sheets, chronology.

    Child files/C-4821-000045/FF-2026-000123 r1 original.pdf   (or "pictures of the pages")
                              FF-2026-000123 r1 as read.pdf
                              Chronology.html

A paper of which nobody knows the child yet lies in "Not yet matched", under its own reference.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Collection, Iterator
from datetime import datetime
from html import escape
from pathlib import Path, PurePath
from urllib.parse import quote, unquote

from pydantic import Field

from formflow.sdk import (
    LIGHTS,
    Attachment,
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
    RecordParcel,
    RepeatSafe,
    Retryable,
    at_revision,
    day_in_words,
    ending,
    files,
)

CHRONOLOGY = "Chronology.html"
NOT_YET_MATCHED = "Not yet matched"


class ChildFilesSettings(ConnectorSettings):
    """Where the children's files are."""

    folder: Path = Field(
        description="The folder that holds one folder for every child. It must be there."
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
    )

    def __init__(self, settings: ChildFilesSettings, context: Context) -> None:
        super().__init__(settings, context)
        self._folder = DestinationFolder(settings.folder, self.kind, context)

    def check(self) -> CheckReport:
        """Say whether the folder is there."""
        return self._folder.check()

    def prepare(self, parcel: RecordParcel) -> Prepared:
        """Return the "as read" sheet, the names of both papers, and the line of the chronology."""
        stem = at_revision(parcel.reference, parcel.revision)
        papers = {}
        if parcel.original_sha256:
            papers["original"] = f"{stem} {_kept_as(parcel)}{parcel.original_suffix}"
        if parcel.as_read:
            papers["as_read"] = f"{stem} as read.pdf"
        home = parcel.child_reference or f"{NOT_YET_MATCHED}/{parcel.reference}"
        headers = {"home": home, "line": _line(parcel, papers)}
        original: tuple[Attachment, ...] = ()
        if parcel.original_sha256:
            original = (Attachment(papers["original"], parcel.original_sha256),)
        if parcel.as_read:
            headers["as_read"] = papers["as_read"]
        return Prepared(parcel.key, parcel.as_read, headers, original)

    def deliver(self, prepared: Prepared) -> Delivered:
        """File both papers, then the line: where the line stands, the papers were filed too."""
        with self._folder.held():
            home = self._folder.inside(prepared.headers["home"])
            try:
                how = self._file(home, prepared)
            except PermissionError:
                # One file that somebody has open must not hold back the other children's.
                raise ending(Retryable, "FF-407") from None
        return Delivered(prepared.key, how, self._folder.where(home))

    def look_up(self, key: str) -> Delivered | None:
        """Return the chronology that carries the key."""
        return self._folder.find(key, self._chronologies())

    def look_up_many(self, keys: Collection[str]) -> list[Delivered]:
        """Return the chronologies that carry the keys."""
        return self._folder.find_many(keys, self._chronologies())

    def _chronologies(self) -> list[Path]:
        matched = self._folder.root.glob(f"*/{CHRONOLOGY}")
        unmatched = self._folder.root.glob(f"{NOT_YET_MATCHED}/*/{CHRONOLOGY}")
        return [*matched, *unmatched]

    def filed(self) -> Iterator[Filed]:
        """Yield the revisions of every chronology, with the paper where it lies there as it came."""
        everywhere = (f"*/{CHRONOLOGY}", f"{NOT_YET_MATCHED}/*/{CHRONOLOGY}")
        for chronology in self._folder.matching(*everywhere):
            with contextlib.suppress(Retryable):  # a page of somebody else's holds none of ours
                told = map(_LINE.match, _lines(chronology))
                yield from (self._filed(chronology.parent, one) for one in told if one)

    def _filed(self, home: Path, told: re.Match[str]) -> Filed:
        is_matched = home.parent.name != NOT_YET_MATCHED
        paper = home / PurePath(unquote(told["paper"] or "")).name
        return Filed(
            told["reference"],
            int(told["revision"] or 1),
            told["key"],
            _moment(told["at"]),
            home.name if is_matched else None,
            paper if paper != home else None,
        )

    def _file(self, home: Path, prepared: Prepared) -> DeliveredAs:
        lines = _lines(home / CHRONOLOGY)
        if any(prepared.key in line for line in lines):
            return DeliveredAs.ALREADY_THERE
        is_unmatched = home.parent.name == NOT_YET_MATCHED
        if is_unmatched and _called(prepared.headers["line"]) in map(_called, lines):
            # Nobody knows yet whose paper either is: they must not lie together.
            raise self._folder.in_the_way(home / CHRONOLOGY)
        contents: dict[Path, bytes | Attachment] = {
            self._folder.inside(paper.name, home): paper for paper in prepared.attachments
        }
        if prepared.body:
            contents[self._folder.inside(prepared.headers["as_read"], home)] = prepared.body
        page = _page(home.name, sorted([*lines, prepared.headers["line"]]))
        self._folder.put_beside(contents)
        self._folder.put({home / CHRONOLOGY: page.encode()})
        return DeliveredAs.CREATED


def _line(parcel: RecordParcel, papers: dict[str, str]) -> str:
    """Return one line of the chronology. Lines sort by day; days that are not known come last."""
    day = parcel.incident_day
    order = f"{day or '9999'} {parcel.recorded_at.isoformat()}"
    words = {"original": _kept_as(parcel).capitalize(), "as_read": "As read"}
    links = " · ".join(
        f'<a href="{quote(name)}">{words[kind]}</a>' for kind, name in papers.items()
    )
    revision = f" (revision {parcel.revision})" if parcel.revision > 1 else ""
    cells = (
        day_in_words(day) if day else "Not known",
        f"{parcel.reference}{revision}",
        parcel.form_title,
        "" if parcel.about else LIGHTS[parcel.light],
        parcel.decided or ("" if parcel.about else "Awaiting decision"),
    )
    columns = "".join(f"<td>{escape(cell)}</td>" for cell in cells)
    return f'<tr data-order="{order}" data-key="{parcel.key}">{columns}<td>{links}</td></tr>'


def _moment(said: str) -> datetime | None:
    """Return a moment as a line says it, None where somebody changed it."""
    with contextlib.suppress(ValueError):
        moment = datetime.fromisoformat(said)
        return moment if moment.tzinfo else None
    return None


def _called(line: str) -> str:
    """Return reference and revision as a line of the chronology says them."""
    cells: list[str] = re.findall("<td>(.*?)</td>", line)
    return cells[1] if len(cells) > 1 else line


def _kept_as(parcel: RecordParcel) -> str:
    return "pictures of the pages" if parcel.only_pictures else "original"


def _lines(chronology: Path) -> list[str]:
    """Return the lines of a chronology, [] when there is none. Raise Retryable when it is not ours."""
    try:
        page = files.read(chronology).decode("utf-8", "replace").splitlines()
    except FileNotFoundError:
        return []
    if _OURS not in page:
        raise ending(Retryable, "FF-406")
    return [line for line in page if line.startswith("<tr data-order=")]


def _page(title: str, lines: list[str]) -> str:
    return "\n".join((_HEAD.format(title=escape(title), ours=_OURS), *lines, _FOOT))


_LINE = re.compile(
    r'<tr data-order="\S+ (?P<at>[^"]+)" data-key="(?P<key>[0-9a-f]{64})"><td>[^<]*</td>'
    r"<td>(?P<reference>[^ <]+)(?: \(revision (?P<revision>[0-9]{1,6})\))?</td>"
    r'(?:.*?<a href="(?P<paper>[^"]+)">Original</a>)?'
)
_OURS = '<meta name="generator" content="FormFlow chronology">'
_HEAD = """<!doctype html>
<html lang="en-GB">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
{ours}
<title>Chronology of {title}</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; margin: 2em; color: #111; background: #fff; }}
table {{ border-collapse: collapse; width: 100%; }}
th, td {{ border-bottom: 1px solid #999; padding: .4em .8em .4em 0; text-align: left; vertical-align: top; }}
@media print {{ body {{ margin: 0; font-size: 11pt; }} tr {{ break-inside: avoid; }} }}
</style>
</head>
<body>
<h1>Chronology of {title}</h1>
<p>Updated automatically. Please don’t add notes here.</p>
<table>
<thead><tr><th scope="col">Date of incident</th><th scope="col">Reference</th><th scope="col">Form</th>\
<th scope="col">Suggested level</th><th scope="col">Decision</th><th scope="col">Papers</th></tr></thead>
<tbody>"""
_FOOT = """</tbody>
</table>
</body>
</html>
"""
