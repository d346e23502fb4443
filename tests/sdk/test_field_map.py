"""Field maps: what a column says for a case, what a table of values keeps, and what is told of a wrong one."""

from __future__ import annotations

import pickle
from datetime import date, datetime
from typing import Any

import pytest
from hypothesis import given as whatever
from hypothesis import strategies as st
from pydantic import Field, ValidationError

from formflow.core.model import Light
from formflow.sdk import (
    Capabilities,
    ConnectorSettings,
    DataClass,
    FieldFormat,
    FieldMap,
    NamedAnswer,
    Operation,
    RecordParcel,
    RepeatSafe,
    Value,
    decode_row,
    encode_row,
    row_reference,
)
from formflow.sdk.conformance import PAPER
from formflow.sdk.field_map import fields_of, given, has_map
from tests.connectors.conftest import a_parcel

ON, AT = date(2026, 11, 4), datetime(2026, 11, 4, 9, 5)  # noqa: DTZ001 - as a clock shows it
KNOWN = (
    NamedAnswer("child_a_name", "Name", "Zoë-Anne van Sample"),
    NamedAnswer("child_b_name", "Name", "Pat Example; Jo"),
    NamedAnswer("comma", "Name", "Garcia Lopez, Ana"),
    NamedAnswer("day", "Day", "4th Nov 2026", ON),
    NamedAnswer("at", "At", "4/11/26 9.05am", AT),
    NamedAnswer("unclear", "Day", "last Tuesday"),
    NamedAnswer("level", "Level", "Suggested: at least amber", "amber_or_red"),
    NamedAnswer("revision", "Revision", "2", 2),
    NamedAnswer("blank", "Blank", ""),
)


def said(column: Any) -> Any:
    """Return what a column says of the case above."""
    return FieldMap.parse({"x": column}).row(a_parcel(named=KNOWN, answers=()))["x"]


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        ("FormFlow", "FormFlow"),
        ("{{draft}} {revision}", "{draft} 2"),
        ("{child_a_name:surname}, {child_a_name:forename}", "Sample, Zoë-Anne van"),
        ("{comma:surname}", "Garcia Lopez"),
        ("{comma:forename}", "Ana"),
        ("{child_b_name:surname}", "Example; Jo"),
        ("{child_b_name:forename}", "Pat"),
        ("{day:%d.%m.%y}", "04.11.26"),
        ("{day:%-d %B %Y}", "4 November 2026"),
        ("{at:%A %-d/%-m at %H:%M}", "Wednesday 4/11 at 09:05"),
        ("{day:%d/%m/%Y at %H:%M}", "04/11/2026"),
        ("{day:%H:%M}", None),
        ("{at:100%%}", None),
        ("on {day}", "on 04/11/2026"),
        ("on {at}", "on 04/11/2026 09:05"),
        ("{unclear:%d/%m/%Y}", "last Tuesday"),
        ("{day}", ON),
        ("{at}", AT),
        ("{revision}", 2),
        ("{level}", "Suggested: at least amber"),
        ("{blank}", None),
        ("{nothing_known}", None),
        ("{blank:surname}, {nothing_known:%d/%m/%Y}", None),
        ("{child_a_name:surname}, {blank}", "Sample"),
        ("{blank} - {child_a_name:surname}", "Sample"),
        ({"format": "{blank}", "blank": "Not known"}, "Not known"),
        ({"field": "blank", "blank": "To be decided"}, "To be decided"),
        ({"field": "level", "values": {"amber_or_red": "Level 2"}}, "Level 2"),
        ({"field": "level", "values": {"Suggested: at least amber": "Level 2"}}, "Level 2"),
    ],
)  # fmt: skip
def test_a_column_says(column: Any, expected: Any) -> None:
    if column == "{at:100%%}":
        with pytest.raises(ValueError, match="cannot write"):
            said(column)
        return
    assert said(column) == expected


def test_a_level_that_the_table_does_not_know_does_not_vanish() -> None:
    table = {"field": "level", "values": {"red": "Level 3"}, "blank": "To be decided"}
    assert said(table) == "Suggested: at least amber"


@pytest.mark.parametrize(
    ("column", "problem"),
    [
        ("{day", "a brace too many"),
        ("{}", "no field's name"),
        ("{Day}", "no field's name"),
        ("{a.b.c}", "no field's name"),
        ("{day!r}", "no field's name"),
        ("{day:dd/mm}", "dates and times take"),
        ("{day:%Q}", "cannot write “day” with %Q"),
        ("{day:%}", "cannot write"),
        (7, "is a text, or a table"),
        ({"values": {}}, "needs “field” or “format”"),
        ({"field": "day", "format": "{day}"}, "and not both"),
        ({"format": "{day}", "values": {"a": "b"}}, "which go with “field”"),
        ({"field": "day", "value": "x"}, "has “value”; allowed are"),
        ({"field": "day", "values": "red"}, "no table"),
        ({"field": "day", "blank": True}, "takes texts"),
    ],
)
def test_what_is_wrong_with_a_column_is_told_with_its_heading(column: Any, problem: str) -> None:
    with pytest.raises(ValueError, match=problem) as told:
        FieldMap.parse({"Date": column, "Fine": "{day}"})
    assert "column “Date”" in str(told.value)


def test_every_problem_of_a_map_is_told_at_once() -> None:
    with pytest.raises(ValueError) as told:  # noqa: PT011
        FieldMap.parse({"Date": "{", "date ": "{day}", " ": "x"})
    for words in ("“Date” has a brace", "“date ” is there more than once", "has no heading"):
        assert words in str(told.value)


class MySettings(ConnectorSettings):
    """Of a test."""

    columns: FieldMap | None = Field(default=None, description="Columns.")
    file_name: FieldFormat | None = None


ABLE = Capabilities(RepeatSafe.KEY, frozenset({Operation.RECORD}), DataClass.FULL)


def test_settings_take_a_map_a_format_and_nothing_else_and_cross_to_another_process() -> None:
    own = MySettings.model_validate({"columns": {"A": "{level}"}, "file_name": "{day}.pdf"})
    assert (fields_of(own), has_map(own)) == (frozenset({"level", "day"}), True)
    assert pickle.loads(pickle.dumps(own)) == own  # noqa: S301 - of our own making
    assert not has_map(MySettings(file_name=FieldFormat.parse("{day}")))
    assert MySettings.model_json_schema()["properties"]["columns"]["anyOf"][0]["type"] == "object"
    with pytest.raises(ValidationError, match="column “A” has a brace"):
        MySettings.model_validate({"columns": {"A": "{"}})


def test_a_destination_with_a_map_is_given_what_it_names_and_nothing_else() -> None:
    own = MySettings.model_validate({"columns": {"A": "{level}"}})
    full = a_parcel(named=KNOWN)
    bare = given(full, ABLE, own)
    assert isinstance(bare, RecordParcel)
    assert [one.field for one in bare.named] == ["level"]
    assert bare.reference == full.reference
    for word in ("Zoë", "Charlie", "C-000045", str(full.original_sha256), str(Light.RED.value)):
        assert word not in repr(bare).replace("amber_or_red", "")
    assert given(full, ABLE, MySettings()) == full


def test_a_kind_that_files_the_paper_keeps_it() -> None:
    able = Capabilities(RepeatSafe.KEY, frozenset({Operation.RECORD}), DataClass.FULL, 1, True, True)  # fmt: skip
    own = MySettings.model_validate({"columns": {"A": "x"}})
    kept = given(a_parcel(as_read=PAPER), able, own)
    assert isinstance(kept, RecordParcel)
    assert kept.as_read == PAPER
    assert kept.original_sha256 is not None


def test_a_row_crosses_as_bytes_with_its_types() -> None:
    row: dict[str, Value] = {"A": "“x”\n", "B": 2, "C": ON, "D": AT, "E": None}
    assert decode_row(encode_row(row)) == row
    assert encode_row(row) == encode_row(dict(row))


def test_sheets_are_in_the_row_of_their_record_or_have_one_each() -> None:
    sheet, record = "FF-2026-000123-F3b2", "FF-2026-000123"
    assert row_reference(sheet, 3, "update") == row_reference(record, 2, "update") == record
    assert row_reference(sheet, 1, "append") == sheet
    assert row_reference(record, 2, "append") == "FF-2026-000123 r2"


PIECES = st.sampled_from(
    ["{", "}", "{{", "}}", ":", "%d", "%H:%M", "%", "-", ", ", "child_a_name", "day", "at", "blank", "surname", "x y", "\n"]
)  # fmt: skip


@whatever(words=st.lists(PIECES, max_size=8).map("".join), chosen=st.lists(st.sampled_from(KNOWN)))
def test_whatever_is_written_is_a_problem_in_words_or_a_text(
    words: str, chosen: list[NamedAnswer]
) -> None:
    try:
        column = FieldFormat.parse(words)
    except ValueError as problem:
        assert str(problem)  # noqa: PT017 - one of two ends
        return
    assert isinstance(column.text({one.field: one for one in chosen}), str)
    assert column.text({}) == "" or not column.fields
