"""Folder drop: files for another system that imports from a folder: the paper, a file by a template, then what says that all is there.

    Import/FF-2026-000123 r1.pdf
           FF-2026-000123 r1.json
           FF-2026-000123 r1.json.sha256
           FF-2026-000123 r1.done             the last
           .formflow-handed-over/             what was given, by key

The other system takes files away, so nobody can see later whether they were there. Everything is first put
into the sub-folder whole, and leaves it by being renamed: what is no longer in there was given, whatever
became of it since.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from string import Formatter
from typing import Annotated, Any, Self

from pydantic import AfterValidator, Field, model_validator

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
    FieldMap,
    Filed,
    Operation,
    Prepared,
    RecordParcel,
    RepeatSafe,
    SettingsError,
    Value,
    decode_row,
    encode_row,
    ending,
    files,
    find_revision,
)
from formflow_connectors.drop_template import RecordTemplate, Unsuitable, ending_of

HANDED_OVER = ".formflow-handed-over"
NAME = "{reference} r{revision}"
RETRY_SECONDS = 300.0  # a template is put right within some minutes
_EXAMPLE = {
    "reference": "FF-2026-000123",
    "revision": 1,
    "recorded_at": datetime(2026, 11, 23, 14, 2, tzinfo=UTC),
    "key": "0" * 64,
}
_NOT_IN_NAMES = re.compile(r'[<>:"/\\|?*\x00-\x1f]')
_A_KEY = re.compile("[0-9a-f]{64}")


def _is_name(pattern: str) -> str:
    """Return a pattern of file names. Raise ValueError for one that is none, or by which two papers could get one name."""
    try:
        named = {field for _, field, _, _ in Formatter().parse(pattern) if field is not None}
        example = pattern.format(**_EXAMPLE)
    except (ValueError, KeyError, IndexError, AttributeError, TypeError):
        msg = f"is made of words and of {', '.join(f'{{{one}}}' for one in _EXAMPLE)}"
        raise ValueError(msg) from None
    if _NOT_IN_NAMES.search(example) or example.startswith("."):
        msg = "is one file name: without / \\ : and the like, and without a dot before it"
        raise ValueError(msg)
    if not ({"key"} <= named or {"reference", "revision"} <= named):
        msg = "must have {reference} and {revision}, or {key}; otherwise two papers get one name"
        raise ValueError(msg)
    return pattern


def _is_ending(words: str) -> str:
    if words and (_NOT_IN_NAMES.search(words) or not words.startswith(".") or len(words) < 2):
        msg = "is an ending of a file name, such as “.done”"
        raise ValueError(msg)
    return words


class FolderDropSettings(ConnectorSettings):
    """Where the other system looks for files, and what it gets."""

    folder: Path = Field(
        description="The folder that the other system imports from. It must be there."
    )
    paper: bool = Field(True, description="The form itself goes along, as it came.")
    template: Path | None = Field(
        None,
        description="A Jinja template: JSON, CSV, XML or text by its name.",
        examples=["record.json.j2"],
    )
    columns: FieldMap | None = Field(
        None,
        description="What the template gets: a name for each value, and how it is made.",
        examples=[{"pupil": "{child_a_name}", "level": "{level}"}],
    )
    name: Annotated[str, AfterValidator(_is_name)] = Field(
        NAME,
        description="File name without its ending, from {reference}, {revision}, {recorded_at:%Y%m%d} and {key}.",
    )
    checksum: bool = Field(
        False, description="Put a file with the SHA-256 behind each file (“.sha256”)."
    )
    done_file: Annotated[str, AfterValidator(_is_ending)] = Field(
        "",
        description="Ending of an empty file that is put last, such as “.done”. Empty: no such file.",
    )

    @model_validator(mode="after")
    def _gives_something(self) -> Self:
        if self.template is None and not self.paper:
            raise ValueError("either the form itself or a file by a template must go along")
        if (self.template is None) != (self.columns is None):
            raise ValueError("template and columns belong together")
        if self.template is not None:
            ending_of(self.template.name)
        return self


class FolderDrop(BaseConnector[FolderDropSettings]):
    """Puts files into a folder from which another system takes them."""

    kind = "folder_drop"
    api_version = 2
    Settings = FolderDropSettings
    capabilities = Capabilities(
        repeat_safe=RepeatSafe.KEY,
        operations=frozenset({Operation.RECORD}),
        carries=DataClass.FULL,
        wants_original=True,
    )

    def __init__(self, settings: FolderDropSettings, context: Context) -> None:
        super().__init__(settings, context)
        self._folder = DestinationFolder(settings.folder, self.kind, context)
        self._handed_over = settings.folder / HANDED_OVER
        self._inner = DestinationFolder(self._handed_over, self.kind, context)

    def check(self) -> CheckReport:
        """Say whether the folder is there and the template is understood."""
        lines = list(self._folder.check().lines)
        if self.settings.template is not None:
            try:
                self._template()
            except SettingsError as problem:
                lines.append(CheckLine(False, problem.text))
            else:
                lines.append(CheckLine(True, "The template is understood."))
        return CheckReport(tuple(lines))

    def prepare(self, parcel: RecordParcel) -> Prepared:
        """Return what the template gets, the name of the files, and the paper."""
        known = {name: getattr(parcel, name) for name in _EXAMPLE}
        headers = {"stem": self.settings.name.format(**known), "reference": parcel.reference}
        headers["revision"] = str(parcel.revision)
        columns, paper = self.settings.columns, tuple[Attachment, ...]()
        if self.settings.paper and parcel.original_sha256:
            name = headers["stem"] + parcel.original_suffix
            paper = (Attachment(name, parcel.original_sha256),)
        row = encode_row(columns.row(parcel)) if columns else b""
        return Prepared(parcel.key, row, headers, paper)

    def deliver(self, prepared: Prepared) -> Delivered:
        """Put everything into the sub-folder whole, then rename one file after the other into the folder."""
        with self._folder.held():
            given = self._given(prepared.key)
            how = DeliveredAs.ALREADY_THERE if given is not None else DeliveredAs.CREATED
            if given is None:
                given = self._stage(prepared)
            elif self._waiting(prepared.key, given):
                how = DeliveredAs.CREATED
            for number, name in self._waiting(prepared.key, given):
                self._give(self._handed_over / f"{prepared.key}.{number}", name)
        return Delivered(prepared.key, how, given[-1])

    def look_up(self, key: str) -> Delivered | None:
        """Return what was given under a key, whatever the other system has done with it since."""
        given = self._given(key)
        if given is None or self._waiting(key, given):
            return None
        return Delivered(key, DeliveredAs.ALREADY_THERE, given[-1])

    def look_up_many(self, keys: Collection[str]) -> list[Delivered]:
        """Return what was given under each of these keys."""
        return [there for key in keys if (there := self.look_up(key)) is not None]

    def filed(self) -> Iterator[Filed]:
        """Yield the revisions that were given."""
        for path in self._folder.matching(f"{HANDED_OVER}/*.json"):
            told = self._told(path)
            if told and (named := find_revision(str(told.get("revision", "")))):
                yield Filed(*named, key=path.stem)

    def take_back(self, prepared: Prepared) -> bool:
        """Remove the files of a test; return whether the other system had taken none of them."""
        with self._folder.held():
            names = self._given(prepared.key) or []
            paths = [self._folder.inside(name) for name in names]
            is_all_there = bool(paths) and all(path.is_file() for path in paths)
            for path in reversed(paths):  # what says that all is there goes first
                files.patiently(partial(path.unlink, missing_ok=True))
            files.patiently(partial(self._list_of(prepared.key).unlink, missing_ok=True))
        return is_all_there

    def _list_of(self, key: str) -> Path:
        return self._handed_over / f"{key}.json"

    def _stage(self, prepared: Prepared) -> list[str]:
        """Put all files into the sub-folder, and behind them the list of their names."""
        contents = self._contents(prepared)
        for name in contents:
            self._refuse_taken(name)
        self._folder.inside(HANDED_OVER)
        files.make_inside(self._handed_over)
        files.sweep(self._handed_over)
        key, names = prepared.key, list(contents)
        staged = {
            self._handed_over / f"{key}.{number}": contents[name]
            for number, name in enumerate(names)
        }
        self._inner.put(staged)
        revision = f"{prepared.headers['reference']} r{prepared.headers['revision']}"
        told = json.dumps({"names": names, "revision": revision})
        self._inner.put({self._list_of(key): told.encode()})
        return names

    def _contents(self, prepared: Prepared) -> dict[str, bytes | Attachment]:
        """Return the files in the order in which they come: the paper, the file by the template, and what follows."""
        contents: dict[str, bytes | Attachment] = {one.name: one for one in prepared.attachments}
        stem = prepared.headers["stem"]
        if self.settings.template is not None:
            made = self._filled(decode_row(prepared.body), prepared.attachments)
            contents[stem + ending_of(self.settings.template.name)] = made
        if self.settings.checksum:
            sums = {f"{name}.sha256": _checksum(name, one) for name, one in contents.items()}
            contents |= sums
        if self.settings.done_file:
            contents[stem + self.settings.done_file] = b""
        if not contents:  # a paper that is not there any more, and nothing else wanted
            raise ending(SettingsError, "FF-526", why="there is neither a form nor a template")
        return contents

    def _filled(self, row: Mapping[str, Value], paper: Sequence[Attachment]) -> bytes:
        facts = _facts(row, paper)
        try:
            return self._template().filled(facts)
        except Unsuitable as problem:
            raise _unsuitable(problem) from None

    def _template(self) -> RecordTemplate:
        """Return the template as it is now. Raise SettingsError where it cannot be used."""
        path, columns = self.settings.template, self.settings.columns
        try:
            text = files.read(path, follow=True).decode("utf-8-sig") if path else ""
        except (OSError, UnicodeDecodeError):
            what = "The template"
            raise ending(SettingsError, "FF-525", after_seconds=RETRY_SECONDS, what=what) from None
        known = _facts(dict.fromkeys(columns.headings if columns else ()), ())
        try:
            return RecordTemplate(text, ending_of(path.name) if path else ".txt", known)
        except Unsuitable as problem:
            raise _unsuitable(problem) from None

    def _give(self, staged: Path, name: str) -> None:
        """Move one file to where the other system finds it. From here on it may be gone at any moment."""
        self._folder.move(staged, self._refuse_taken(name))

    def _refuse_taken(self, name: str) -> Path:
        """Return where a file will be. Raise Rejected where another's is."""
        final = self._folder.inside(name)
        if final.exists() or final.is_symlink():
            raise self._folder.in_the_way(final)
        return final

    def _waiting(self, key: str, names: Sequence[str]) -> list[tuple[int, str]]:
        """Return which files of a delivery are still in the sub-folder, in their order."""
        return [
            (number, name)
            for number, name in enumerate(names)
            if (self._handed_over / f"{key}.{number}").exists()
        ]

    def _given(self, key: str) -> list[str] | None:
        """Return the names of the files of a delivery that was begun, None where there was none."""
        if not _A_KEY.fullmatch(key):
            return None
        told = self._told(self._list_of(key))
        names = told.get("names") if told else None
        return [str(one) for one in names] if isinstance(names, list) and names else None

    def _told(self, path: Path) -> dict[str, Any] | None:
        with contextlib.suppress(FileNotFoundError, NotADirectoryError, files.NotAFile, ValueError):
            told = json.loads(files.read(path))
            return told if isinstance(told, dict) else None
        return None


def _facts(row: Mapping[str, Value], paper: Sequence[Attachment]) -> dict[str, object]:
    """Return what a template can name: each value, all of them as `row`, and the paper's file."""
    return {
        **row,
        "row": dict(row),
        "paper": paper[0].name if paper else "",
        "paper_sha256": paper[0].sha256 if paper else "",
    }


def _checksum(name: str, content: bytes | Attachment) -> bytes:
    """Return what `sha256sum -c` reads."""
    digest = (
        content.sha256 if isinstance(content, Attachment) else hashlib.sha256(content).hexdigest()
    )
    return f"{digest}  {name}\n".encode()


def _unsuitable(problem: Unsuitable) -> SettingsError:
    made = ending(SettingsError, "FF-526", why=problem.why, after_seconds=RETRY_SECONDS)
    assert isinstance(made, SettingsError)  # noqa: S101 - for the type checker
    return made
