"""The field map of a destination: which of our fields it gets, and how its columns are filled from them.

    [destination.columns]
    "Date" = "{incident_at:%d/%m/%Y}"
    "Pupil" = "{child_a_name:surname}, {child_a_name:forename}"
    "Recorded by" = "FormFlow"
    "Level" = { field = "level", values = { red = "Level 3", amber = "Level 2" }, blank = "To be decided" }

A destination with a map is given the fields that its map names, and nothing else of a case.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Literal, Self

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

from formflow.core.references import from_second_revision, record_of
from formflow.sdk.contract import Capabilities
from formflow.sdk.field_format import FieldFormat, in_words, is_blank
from formflow.sdk.parcels import NamedAnswer, Parcel, RecordParcel, Value, stripped

Revisions = Literal[
    "update", "append"
]  # change the row of the record, or add one for each revision
_KEYS = ("field", "format", "values", "blank")


@dataclass(frozen=True, slots=True)
class Column:
    """How one column is filled."""

    format: FieldFormat
    values: tuple[tuple[str, str], ...] = ()  # one of our answers, and what stands for it
    blank: str = ""  # what stands there where nothing is known

    @classmethod
    def parse(cls, said: object) -> Self:
        """Return what the settings say of a column. Raise ValueError in words."""
        if isinstance(said, str):
            return cls(FieldFormat.parse(said))
        if not isinstance(said, Mapping):
            raise ValueError("is a text, or a table with “field” or “format”")  # noqa: TRY004
        unknown = [key for key in said if key not in _KEYS]
        if unknown:
            raise ValueError(f"has “{unknown[0]}”; allowed are {', '.join(_KEYS)}")
        if ("field" in said) is ("format" in said):
            raise ValueError("needs “field” or “format”, and not both")
        if "values" in said and "format" in said:
            raise ValueError("has “values”, which go with “field”")
        told = FieldFormat.parse(_braced(said["field"]) if "field" in said else said["format"])
        return cls(told, tuple(_texts(said.get("values", {}))), _text(said.get("blank", "")))

    def value(self, known: Mapping[str, NamedAnswer]) -> Value:
        """Return what stands in the column for a case: typed where it is one field as it is."""
        answer = known.get(self.format.single)
        if answer is not None and not is_blank(answer):
            if self.values:
                return self._looked_up(answer)
            if isinstance(answer.value, date | int):
                return answer.value
        return self.format.text(known) or self.blank or None

    def _looked_up(self, answer: NamedAnswer) -> str:
        """Return what stands for an answer. One that the table does not know stays, in our words."""
        table = {name.casefold(): words for name, words in self.values}
        for name in (in_words(answer.value), answer.text):
            if name.casefold() in table:
                return table[name.casefold()]
        return answer.text or in_words(answer.value)


@dataclass(frozen=True, slots=True)
class FieldMap:
    """The columns of a destination by their headings. In a connector's Settings: `columns: FieldMap | None`."""

    columns: tuple[tuple[str, Column], ...]

    @classmethod
    def parse(cls, said: object) -> Self:
        """Return what the settings say. Raise ValueError with every problem, each with its column."""
        if isinstance(said, cls):
            return said
        if not isinstance(said, Mapping) or not said:
            raise ValueError("is a table: the heading of each column, and how it is filled")
        columns, problems = [], list(_heading_problems(said))
        for heading, told in said.items():
            try:
                columns.append((str(heading), Column.parse(told)))
            except ValueError as problem:
                problems.append(f"column “{heading}” {problem}")
        if problems:
            raise ValueError("; ".join(problems))
        return cls(tuple(columns))

    @property
    def headings(self) -> tuple[str, ...]:
        """The headings of the columns, in the order of the settings."""
        return tuple(heading for heading, _ in self.columns)

    @property
    def fields(self) -> frozenset[str]:
        """Our fields that it names: all that the destination is given of a case."""
        return frozenset[str]().union(*(column.format.fields for _, column in self.columns))

    def row(self, parcel: RecordParcel) -> dict[str, Value]:
        """Return what stands in each column; None where nothing is known."""
        known = known_of(parcel)
        return {heading: column.value(known) for heading, column in self.columns}

    @classmethod
    def __get_pydantic_core_schema__(
        cls, _source: type[Any], _handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Have pydantic make it of a table."""
        return core_schema.no_info_plain_validator_function(cls.parse)

    @classmethod
    def __get_pydantic_json_schema__(cls, _schema: CoreSchema, _handler: Any) -> dict[str, Any]:
        """Tell other programs what the table holds."""
        keys = {
            "field": {"type": "string"},
            "format": {"type": "string"},
            "values": {"type": "object", "additionalProperties": {"type": "string"}},
            "blank": {"type": "string"},
        }
        column = {"type": "object", "properties": keys, "additionalProperties": False}
        return {"type": "object", "additionalProperties": {"anyOf": [{"type": "string"}, column]}}


def same_heading(heading: str) -> str:
    """Return a heading as it is compared: without what people do not see of it."""
    return " ".join(heading.split()).casefold()


def known_of(parcel: RecordParcel) -> dict[str, NamedAnswer]:
    """Return what a map can name of a parcel, by field."""
    return {answer.field: answer for answer in (*parcel.answers, *parcel.named)}


def row_reference(reference: str, revision: int, revisions: Revisions) -> str:
    """Return what stands in the reference column of the row of one revision of a record, or of a sheet.

    With "update", a record and all its sheets have one row; with "append", each revision of each has its own.
    """
    return (
        record_of(reference) if revisions == "update" else from_second_revision(reference, revision)
    )


def fields_of(settings: object) -> frozenset[str]:
    """Return the fields that a destination's settings name, in maps and in formats."""
    named = (one.fields for one in _told(settings) if isinstance(one, FieldMap | FieldFormat))
    return frozenset[str]().union(*named)


def has_map(settings: object) -> bool:
    """Return whether a destination's settings have a map, so that it gets nothing but what it names."""
    return any(isinstance(one, FieldMap) for one in _told(settings))


def _told(settings: object) -> Collection[object]:
    return getattr(settings, "__dict__", {}).values()


def given(parcel: Parcel, able: Capabilities, settings: object) -> Parcel:
    """Return a parcel as its destination may hold it: by the data that it carries, and by its map if it has one."""
    held = stripped(parcel, able.carries)
    if isinstance(held, RecordParcel) and has_map(settings):
        return _by_map(held, able, fields_of(settings))
    return held


def _by_map(parcel: RecordParcel, able: Capabilities, fields: frozenset[str]) -> RecordParcel:
    """Return reference and revision of a record, and what the map names.

    The paper and the "as read" sheet stay only for kinds that file them.
    """
    bare = replace(
        parcel,
        light=None,
        where_filed="",
        decided="",
        child_reference=None,
        incident_day=None,
        answers=(),
        findings=(),
        notices=(),
        named=tuple(one for one in parcel.named if one.field in fields),
        as_read=parcel.as_read if able.wants_as_read else b"",
    )
    return bare if able.wants_original else replace(bare, original_sha256=None, only_pictures=False)


def encode_row(row: Mapping[str, Value]) -> bytes:
    """Return a row as bytes, the same for the same row: what `Prepared.body` holds."""
    return json.dumps([[heading, _plain(value)] for heading, value in row.items()]).encode()


def decode_row(body: bytes) -> dict[str, Value]:
    """Return the row that `encode_row` wrote."""
    return {heading: _typed(value) for heading, value in json.loads(body)}


def _plain(value: Value) -> object:
    if isinstance(value, datetime):
        return {"moment": value.isoformat()}
    return {"day": value.isoformat()} if isinstance(value, date) else value


def _typed(value: Any) -> Value:
    match value:
        case {"moment": words}:
            return datetime.fromisoformat(words)
        case {"day": words}:
            return date.fromisoformat(words)
        case str() | int() | None:
            return value
        case _:
            raise ValueError("not a row")


def _heading_problems(said: Mapping[object, object]) -> Iterator[str]:
    headings = [same_heading(str(heading)) for heading in said]
    for heading in said:
        if not same_heading(str(heading)):
            yield "a column has no heading"
        elif headings.count(same_heading(str(heading))) > 1:
            yield f"column “{heading}” is there more than once"


def _texts(table: object) -> Iterator[tuple[str, str]]:
    if not isinstance(table, Mapping):
        raise ValueError('has “values” that are no table, such as { red = "Level 3" }')  # noqa: TRY004
    for name, words in table.items():
        yield str(name), _text(words)


def _text(words: object) -> str:
    if isinstance(words, bool) or not isinstance(words, str | int):
        raise ValueError("takes texts in “values” and “blank”")  # noqa: TRY004
    return str(words)


def _braced(name: object) -> str:
    return "{" + _text(name) + "}"
