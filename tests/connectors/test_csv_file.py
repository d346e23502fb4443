"""CSV files: what another program reads back, and what a crash or a person leaves in them."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from formflow.sdk.contract import DeliveredAs
from formflow.sdk.parcels import NamedAnswer, Parcel

NAME = "Sexual Behaviour Recording Form records 2026-11.csv"


@pytest.fixture
def place(make_place: Callable[[str], Any]) -> Any:
    return make_place("csv_file")


def _deliver(place: Any, parcel: Parcel) -> Any:
    connector = place.connector()
    return connector.deliver(connector.prepare(parcel))


def _rows(path: Path) -> list[dict[str, str]]:
    csv.field_size_limit(1_000_000)
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_every_answer_is_read_back_as_it_was_given(place: Any) -> None:
    parcel = place.parcel()
    _deliver(place, parcel)
    (row,) = _rows(place.root / NAME)
    guarded = {"formula", "plus", "minus", "at", "tab", "full_width", "like_a_key"}
    for answer in parcel.answers:
        apostrophe = "'" if answer.field in guarded else ""
        assert row[answer.field] == apostrophe + answer.text


def test_the_first_columns_say_what_it_is_in_words_for_programs(place: Any) -> None:
    parcel = place.parcel()
    _deliver(place, parcel)
    (row,) = _rows(place.root / NAME)
    assert list(row.items())[:8] == [
        ("ff_key", parcel.key),
        ("ff_reference", "FF-2026-000123"),
        ("ff_revision", "1"),
        ("ff_recorded_at", "2026-11-23T14:02:30+00:00"),
        ("ff_outcome", "recorded"),
        ("ff_proposed_light", "red"),
        ("ff_child", "C-000045"),
        ("ff_incident_day", "2026-11-14"),
    ]


def test_excel_is_told_the_encoding_and_no_cell_begins_like_a_formula(place: Any) -> None:
    _deliver(place, place.parcel())
    assert (place.root / NAME).read_bytes().startswith(b'\xef\xbb\xbf"ff_key",')
    (row,) = _rows(place.root / NAME)
    assert not [text for text in row.values() if text.lstrip(" ")[:1] in tuple("=+-@\t＝")]


def test_without_answers_the_file_holds_no_names(place: Any) -> None:
    connector = place.connector(answers=False)
    connector.deliver(connector.prepare(place.parcel()))
    (row,) = _rows(place.root / NAME)
    assert len(row) == 8
    assert "Charlie" not in (place.root / NAME).read_text("utf-8-sig")


def test_other_columns_begin_another_file_and_the_key_is_known_in_both(place: Any) -> None:
    first = place.parcel()
    other = place.parcel(revision=2, answers=(NamedAnswer("only", "Only", "one"),))
    _deliver(place, first)
    _deliver(place, other)
    assert sorted(place.tree()) == [NAME.replace(".csv", " (2).csv"), NAME]
    assert _deliver(place, first).how is DeliveredAs.ALREADY_THERE
    assert _deliver(place, other).how is DeliveredAs.ALREADY_THERE
    assert _rows(place.root / NAME.replace(".csv", " (2).csv"))[0]["only"] == "one"


def test_an_unread_paper_has_a_line_too(place: Any) -> None:
    _deliver(
        place,
        place.parcel(form_title="Form not known", light=None, child_reference=None,
                    incident_day=None, answers=()),
    )  # fmt: skip
    (row,) = _rows(place.root / "Form not known records 2026-11.csv")
    assert (row["ff_proposed_light"], row["ff_child"], row["ff_incident_day"]) == ("", "", "")


@pytest.mark.parametrize("kept", [0.05, 0.5, 0.9, 0.99])
def test_a_line_that_was_cut_short_is_taken_away_and_written_whole(place: Any, kept: float) -> None:
    first, second = place.parcel(), place.parcel(revision=2)
    _deliver(place, first)
    whole = (place.root / NAME).stat().st_size
    _deliver(place, second)
    content = (place.root / NAME).read_bytes()
    (place.root / NAME).write_bytes(content[: whole + int((len(content) - whole) * kept)])
    assert _deliver(place, second).how is DeliveredAs.CREATED
    assert (place.root / NAME).read_bytes() == content


@pytest.mark.parametrize("kept", [0, 1, 3, 40, 150])
def test_a_first_write_that_was_cut_short_is_begun_again(place: Any, kept: int) -> None:
    _deliver(place, place.parcel())
    content = (place.root / NAME).read_bytes()
    (place.root / NAME).write_bytes(content[:kept])
    _deliver(place, place.parcel())
    assert place.tree() == {NAME: content}


def test_a_last_line_whose_end_an_editor_dropped_is_kept(place: Any) -> None:
    first, second = place.parcel(), place.parcel(revision=2)
    _deliver(place, first)
    content = (place.root / NAME).read_bytes()
    (place.root / NAME).write_bytes(content.removesuffix(b"\r\n"))
    _deliver(place, second)
    assert [row["ff_key"] for row in _rows(place.root / NAME)] == [first.key, second.key]


def test_a_file_that_a_person_saved_again_is_left_alone_and_still_known(place: Any) -> None:
    first, second = place.parcel(), place.parcel(revision=2)
    _deliver(place, first)
    saved = (place.root / NAME).read_bytes().replace(b'"', b"")  # as Excel saves plain values
    (place.root / NAME).write_bytes(saved)
    assert _deliver(place, first).how is DeliveredAs.ALREADY_THERE
    _deliver(place, second)
    assert (place.root / NAME).read_bytes() == saved
    assert len(place.tree()) == 2


def test_an_answer_cannot_pass_itself_off_as_a_key(place: Any) -> None:
    wanted = place.parcel(revision=2)
    for forged in (f'\r\n"{wanted.key}","x"', f"\n{wanted.key},", f'"\r\n{wanted.key}'):
        answers = (NamedAnswer("text", "Text", forged), NamedAnswer("last", "Last", forged))
        _deliver(place, place.parcel(reference=f"FF-2026-{len(forged):06d}", answers=answers))
    answers = (NamedAnswer("text", "Text", ""), NamedAnswer("last", "Last", ""))
    assert _deliver(place, place.parcel(revision=2, answers=answers)).how is DeliveredAs.CREATED
    assert wanted.key in place.landed()
