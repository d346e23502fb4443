"""To decide: a folder for each case, with the page that says what is open, the form, and one copy of each sheet.

    1 RED Amara Example FF-2026-000012/FF-2026-000012 what is open.html
                                       FF-2026-000012 r1 original.pdf
                                       FF-2026-000012 r1 F2 DSL Review Sheet.pdf
                                       Earlier/   copies of which there is a newer one
    Closed/1 HARMFUL Ben Sample FF-2026-000007/   cases that are closed

The folder is found by the reference at the end of its name, and gets another name when the level changes. A sheet
that the safeguarding lead has begun to fill in is never written over, nor put to the earlier ones until she drops it.
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import json
import re
from collections.abc import Collection, Iterator, Mapping
from datetime import UTC
from pathlib import Path, PurePath

from pydantic import Field, TypeAdapter, ValidationError

from formflow.sdk import (
    CLOSED,
    EARLIER,
    Attachment,
    BaseConnector,
    Capabilities,
    CheckReport,
    ConnectorSettings,
    Context,
    DataClass,
    DecisionParcel,
    Delivered,
    DeliveredAs,
    DestinationFolder,
    Operation,
    Prepared,
    Rejected,
    RepeatSafe,
    at_revision,
    ending,
    files,
    folders_of_cases,
    is_of_another_case,
    kept_as,
    marked,
)

LIST = ".formflow-sheets.json"  # in each case's folder: what was put there
ORIGINAL = "original"  # the series of the forms themselves
Kept = tuple[str, str, str]  # series, the moment of which its page tells, sha256


class DecisionFolderSettings(ConnectorSettings):
    """Where the safeguarding lead finds what is to be decided."""

    folder: Path = Field(
        description="The folder for sheets to decide on. It must be there; for the safeguarding lead alone."
    )


class DecisionFolder(BaseConnector[DecisionFolderSettings]):
    """Puts a case's sheets into its folder, and the page that says what is still open."""

    kind = "decision_folder"
    api_version = 2
    Settings = DecisionFolderSettings
    capabilities = Capabilities(
        repeat_safe=RepeatSafe.NATURAL,
        operations=frozenset({Operation.DECIDE}),
        carries=DataClass.FULL,
    )

    def __init__(self, settings: DecisionFolderSettings, context: Context) -> None:
        super().__init__(settings, context)
        self._folder = DestinationFolder(settings.folder, self.kind, context)

    def check(self) -> CheckReport:
        """Say whether the folder is there."""
        return self._folder.check()

    def prepare(self, parcel: DecisionParcel) -> Prepared:
        """Return the page, what it and the case's folder are called, and what lies beside it."""
        record = parcel.about or parcel.reference
        beside = {f"{name}.pdf": sha256 for name, sha256 in parcel.enclosed.items()}
        series = {f"{name}.pdf": parcel.series.get(name, name) for name in parcel.enclosed}
        if parcel.original_sha256:
            stem = f"{at_revision(parcel.reference, parcel.revision)} {kept_as(parcel)}"
            beside[stem + parcel.original_suffix] = parcel.original_sha256
            series[stem + parcel.original_suffix] = ORIGINAL
        at = parcel.recorded_at.astimezone(UTC).isoformat(timespec="microseconds")
        body = marked(f"{parcel.page.rstrip()}\n{_AS_OF.format(at)}", parcel.key, parcel.case_key)
        headers = {
            "page": f"{record} what is open.html",
            "record": record,
            "folder": parcel.case_folder or record,
            "place": CLOSED if parcel.is_closed else "",
            "at": at,
            "case": parcel.case_key,
            "series": json.dumps(series, ensure_ascii=False),
            "taken": parcel.taken_sha256,
        }
        return Prepared(
            parcel.key, body, headers, tuple(Attachment(*one) for one in beside.items())
        )

    def deliver(self, prepared: Prepared) -> Delivered:
        """Put the sheets into the case's folder, then the page: where it lies, they were put there too."""
        told, root = prepared.headers, self._folder.root
        with self._folder.held():
            wanted = self._folder.inside(told["folder"], self._place(told["place"]))
            home = folders_of_cases(root).get(told["record"], wanted)
            page = self._folder.inside(told["page"], home)
            if self._folder.find(prepared.key, [page]):
                return Delivered(prepared.key, DeliveredAs.ALREADY_THERE, page.name)
            lies = files.read(page).decode("utf-8", "replace") if page.exists() else ""
            if is_of_another_case(lies, told["case"]):
                raise ending(Rejected, "FF-420", name=page.name)
            self._put_beside(home, prepared)
            if _as_of(lies) <= told["at"]:
                home = self._renamed(home, wanted)
                self._folder.put({home / page.name: prepared.body})
        return Delivered(prepared.key, DeliveredAs.CREATED, page.name)

    def look_up(self, key: str) -> Delivered | None:
        """Return the page that carries the key."""
        return next(iter(self.look_up_many([key])), None)

    def look_up_many(self, keys: Collection[str]) -> list[Delivered]:
        """Return the pages that carry the keys."""
        homes = folders_of_cases(self._folder.root).values()
        found = self._folder.find_many(
            keys, (page for home in homes for page in home.glob("*.html"))
        )
        # The name of the folder is the child's.
        return [Delivered(one.key, one.how, Path(one.where).name) for one in found]

    def _place(self, name: str) -> Path:
        return self._folder.inside(name) if name else self._folder.root

    def _put_beside(self, home: Path, prepared: Prepared) -> None:
        """Put what is new beside the page, and copies that it takes the place of to the earlier ones.

        The list comes first: what is not on it is hers.
        """
        told = prepared.headers
        series: Mapping[str, str] = json.loads(told["series"])
        sheets = {self._folder.inside(one.name, home): one for one in prepared.attachments}
        new = {one.name: (series[one.name], told["at"], one.sha256) for one in sheets.values()}
        known = {name: kept for name, kept in _listed(home).items() if (home / name).exists()}
        known = new | known
        contents: dict[Path, bytes | Attachment] = {home / LIST: _LIST.dump_json(known)}
        contents |= {path: sheet for path, sheet in sheets.items() if not path.exists()}
        self._folder.put(contents)
        newest: dict[str, str] = {}
        for of, at, _ in known.values():
            newest[of] = max(at, newest.get(of, ""))
        for name, (of, at, sha256) in known.items():
            if at < newest[of] and _holds(home / name, {sha256, told["taken"]}):
                self._to_earlier(home / name)

    def _to_earlier(self, path: Path) -> None:
        """Move a copy to the earlier ones. One that a program holds open stays."""
        earlier = self._folder.inside(EARLIER, path.parent)
        files.make_inside(earlier)
        with contextlib.suppress(OSError):
            content = files.read(path)
            free = (
                one
                for one in _names(earlier / path.name)
                if not one.exists() or files.read(one) == content
            )
            self._folder.move(path, next(free))

    def _renamed(self, home: Path, wanted: Path) -> Path:
        """Give a case's folder its name and place; return where it is. Held open by a program, it stays as it is."""
        if home == wanted:
            return home
        files.make_inside(wanted.parent)
        with contextlib.suppress(OSError):
            self._folder.move(home, wanted)
            return wanted
        return home


def _names(path: Path) -> Iterator[Path]:
    """Yield a path and those to take where others have it, as Windows would number them."""
    yield path
    yield from (path.with_stem(f"{path.stem} ({number})") for number in itertools.count(2))


def _holds(path: Path, contents: Collection[str]) -> bool:
    """Return whether a file lies there with one of some contents, by their sha256."""
    with contextlib.suppress(OSError):
        return hashlib.sha256(files.read(path)).hexdigest() in contents
    return False


def _listed(home: Path) -> dict[str, Kept]:
    """Return what was put into a case's folder. A list that is damaged, or not there, names nothing, and none a path."""
    try:
        listed = _LIST.validate_json(files.read(home / LIST))
    except (OSError, ValidationError):
        return {}
    return {name: kept for name, kept in listed.items() if PurePath(name).name == name}


def _as_of(page: str) -> str:
    """Return the moment of which a page tells, as UTC text; "" where there is none."""
    found = _MOMENT.search(page)
    return found[1] if found else ""


_LIST = TypeAdapter(dict[str, Kept])
_AS_OF = "<!-- as of {} -->"
_MOMENT = re.compile(r"<!-- as of (\S+) -->")
