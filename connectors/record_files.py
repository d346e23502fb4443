"""A record as files for another system: the paper, a file by the agency's template, checksums, and what says that all is there."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from string import Formatter
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from formflow.sdk import (
    Attachment,
    CheckLine,
    ConnectorSettings,
    Ending,
    FieldMap,
    Prepared,
    RecordParcel,
    SettingsError,
    Value,
    decode_row,
    encode_row,
    ending,
    files,
)
from formflow_connectors.drop_template import RecordTemplate, Unsuitable, ending_of

HANDED_OVER = ".formflow-handed-over"  # the sub-folder with what was given, by key
NAME = "{reference} r{revision}"
RETRY_SECONDS = 300.0  # a template is put right within some minutes
_EXAMPLE = {
    "reference": "FF-2026-000123",
    "revision": 1,
    "recorded_at": datetime(2026, 11, 23, 14, 2, tzinfo=UTC),
    "key": "0" * 64,
}
_NOT_IN_NAMES = re.compile(r'[<>:"/\\|?*\x00-\x1f]')


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


class RecordFilesSettings(ConnectorSettings):
    """Which files another system gets of a record."""

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


class RecordFiles:
    """Makes the files of a record as the settings say."""

    def __init__(self, settings: RecordFilesSettings) -> None:
        self._settings = settings

    def check(self) -> Iterator[CheckLine]:
        """Yield whether the template, where there is one, can be used."""
        if self._settings.template is None:
            return
        try:
            self._template()
        except Ending as problem:
            yield CheckLine(False, problem.text)
        else:
            yield CheckLine(True, "The template is understood.")

    def prepare(self, parcel: RecordParcel) -> Prepared:
        """Return what the template gets, the name of the files, and the paper."""
        known = {name: getattr(parcel, name) for name in _EXAMPLE}
        headers = {"stem": self._settings.name.format(**known), "reference": parcel.reference}
        headers["revision"] = str(parcel.revision)
        columns, paper = self._settings.columns, tuple[Attachment, ...]()
        if self._settings.paper and parcel.original_sha256:
            name = headers["stem"] + parcel.original_suffix
            paper = (Attachment(name, parcel.original_sha256),)
        row = encode_row(columns.row(parcel)) if columns else b""
        return Prepared(parcel.key, row, headers, paper)

    def contents(self, prepared: Prepared) -> dict[str, bytes | Attachment]:
        """Return the files in the order in which they come: the paper, the file by the template, and what follows."""
        contents: dict[str, bytes | Attachment] = {one.name: one for one in prepared.attachments}
        stem = prepared.headers["stem"]
        if self._settings.template is not None:
            made = self._filled(decode_row(prepared.body), prepared.attachments)
            contents[stem + ending_of(self._settings.template.name)] = made
        if self._settings.checksum:
            sums = {f"{name}.sha256": _checksum(name, one) for name, one in contents.items()}
            contents |= sums
        if self._settings.done_file:
            contents[stem + self._settings.done_file] = b""
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
        path, columns = self._settings.template, self._settings.columns
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
