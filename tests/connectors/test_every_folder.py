"""What every destination in a folder promises, whatever its kind. A person's eye is the judge:
what counts is what is found in the place afterwards."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from formflow.core import files
from formflow.sdk.contract import BatchConnector, Delivered, DeliveredAs, Retryable, Unavailable
from formflow.sdk.parcels import Parcel
from tests.support import deliver_once
from tests.support.systems import KILLED

CRASHES = [
    ("alert_folder", "before-rename", 1),
    ("alert_folder", "after-rename", 1),
    ("attention_folder", "before-rename", 1),
    ("attention_folder", "after-rename", 1),
    ("attention_folder", "before-rename", 2),
    ("attention_folder", "after-rename", 2),
    ("child_files", "before-rename", 1),
    ("child_files", "after-rename", 1),
    ("child_files", "after-rename", 2),
    ("child_files", "before-rename", 3),
    ("child_files", "after-rename", 3),
    ("csv_file", "half-written", 1),
    ("decision_folder", "before-rename", 1),
    ("decision_folder", "after-rename", 1),
    ("decision_folder", "before-rename", 2),
    ("decision_folder", "after-rename", 2),
    ("decision_folder", "before-rename", 3),
    ("decision_folder", "after-rename", 3),
    ("folder_drop", "before-move", 1),
    ("folder_drop", "after-move", 1),
    ("receipt_folder", "before-rename", 1),
    ("receipt_folder", "after-rename", 1),
    ("workbook", "before-rename", 1),
    ("workbook", "after-rename", 1),
]


def test_preparing_is_the_same_every_time_and_touches_nothing(place: Any) -> None:
    first = place.connector().prepare(place.parcel())
    assert first == place.connector().prepare(place.parcel())
    assert first.key == place.parcel().key
    assert place.tree() == {}


def test_what_was_delivered_is_found_exactly_once(place: Any) -> None:
    connector = place.connector()
    prepared = connector.prepare(place.parcel())
    assert connector.deliver(prepared).how is DeliveredAs.CREATED
    assert place.landed() == [prepared.key]


def test_the_second_delivery_changes_no_byte(place: Any) -> None:
    prepared = place.connector().prepare(place.parcel())
    first = place.connector().deliver(prepared)
    before = place.tree()
    second = place.connector().deliver(prepared)
    assert second.how is DeliveredAs.ALREADY_THERE
    assert second.where == first.where
    assert place.tree() == before


def test_eight_at_once_leave_one(place: Any) -> None:
    prepared = place.connector().prepare(place.parcel())
    connectors = [place.connector() for _ in range(8)]
    with ThreadPoolExecutor(8) as threads:
        delivered = list(threads.map(lambda c: c.deliver(prepared), connectors))
    assert sorted(d.how for d in delivered) == ["already_there"] * 7 + ["created"]
    assert place.landed() == [prepared.key]


def test_eight_different_ones_at_once_all_land(place: Any) -> None:
    parcels = [place.parcel(reference=f"FF-2026-00010{number}") for number in range(8)]

    def deliver(parcel: Parcel) -> None:
        connector = place.connector()
        connector.deliver(connector.prepare(parcel))

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(deliver, parcels))
    assert sorted(place.landed()) == sorted(parcel.key for parcel in parcels)


def test_a_later_revision_lies_beside_the_earlier_one(place: Any) -> None:
    connector = place.connector()
    for revision in (1, 2):
        connector.deliver(connector.prepare(place.parcel(revision=revision)))
    # The page of what is to be decided says how things stand: there is one.
    kept = (2,) if place.kind == "decision_folder" else (1, 2)
    assert sorted(place.landed()) == sorted(place.parcel(revision=r).key for r in kept)


def test_no_name_of_a_file_holds_an_answer(place: Any) -> None:
    connector = place.connector()
    delivered = connector.deliver(connector.prepare(place.parcel()))
    names = " ".join((*place.tree(), delivered.where))
    assert "Zo" not in names
    assert "Charlie" not in names


def test_looking_up_finds_what_landed_and_nothing_else(place: Any) -> None:
    connector = place.connector()
    prepared = connector.prepare(place.parcel())
    assert connector.look_up(prepared.key) is None
    delivered = connector.deliver(prepared)
    found = connector.look_up(prepared.key)
    assert found is not None
    assert (found.key, found.how) == (prepared.key, DeliveredAs.ALREADY_THERE)
    assert Path(delivered.where).parts[0] in found.where
    assert connector.look_up("f" * 64) is None


def test_checking_changes_nothing(place: Any) -> None:
    connector = place.connector()
    assert connector.check().ok
    assert place.tree() == {}
    connector.deliver(connector.prepare(place.parcel()))
    before = place.tree()
    assert connector.check().ok
    assert place.tree() == before


def test_a_folder_that_is_missing_waits_and_then_goes_on(place: Any) -> None:
    connector = place.connector()
    prepared = connector.prepare(place.parcel())
    place.root.rmdir()
    assert not connector.check().ok
    with pytest.raises(Unavailable, match="FF-401"):
        connector.deliver(prepared)
    assert not place.root.exists()  # an unmounted drive must not be replaced by a new folder
    place.root.mkdir()
    connector.deliver(prepared)
    assert place.landed() == [prepared.key]


def test_a_file_in_place_of_the_folder_is_not_a_folder(place: Any) -> None:
    connector = place.connector()
    place.root.rmdir()
    place.root.write_text("not a folder")
    assert not connector.check().ok
    with pytest.raises(Unavailable):
        connector.deliver(connector.prepare(place.parcel()))
    assert place.root.read_text() == "not a folder"


def test_a_full_disk_leaves_nothing_half_done(place: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    connector = place.connector()
    prepared = connector.prepare(place.parcel())
    with monkeypatch.context() as disk:
        disk.setattr(os, "fsync", _no_space_left)
        with pytest.raises((Unavailable, Retryable)) as problem:
            connector.deliver(prepared)
    assert str(place.root) not in str(problem.value)
    connector.deliver(prepared)
    assert place.landed() == [prepared.key]
    assert not [name for name in place.tree() if name.endswith(files.TEMPORARY_SUFFIX)]


@pytest.mark.parametrize(("kind", "point", "at_pass"), CRASHES)
def test_killed_at_any_point_it_lands_once_and_leaves_nothing_behind(
    make_place: Callable[[str], Any], kind: str, point: str, at_pass: int
) -> None:
    place = make_place(kind)
    earlier = place.connector().prepare(place.parcel(reference="FF-2026-000001"))
    place.connector().deliver(earlier)
    prepared = place.connector().prepare(place.parcel())
    killed = deliver_once.elsewhere(place.as_arguments(prepared), f"{kind}.{point}", at_pass)
    assert killed() == (KILLED, "")
    again = place.connector()  # what may have landed is looked up first
    assert (again.look_up(prepared.key) or again.deliver(prepared)).key == prepared.key
    assert sorted(place.landed()) == sorted([earlier.key, prepared.key])
    assert not [name for name in place.tree() if name.endswith(files.TEMPORARY_SUFFIX)]


def test_four_processes_at_once_leave_one(place: Any) -> None:
    prepared = place.connector().prepare(place.parcel())
    told = place.as_arguments(prepared)
    running = [deliver_once.elsewhere(told) for _ in range(4)]
    ended = sorted(wait() for wait in running)
    assert ended == [(0, "already_there")] * 3 + [(0, "created")]
    assert place.landed() == [prepared.key]


@pytest.mark.parametrize("kind", ["csv_file", "workbook"])
def test_a_batch_lands_once_even_where_half_of_it_was_there(
    make_place: Callable[[str], Any], kind: str
) -> None:
    place = make_place(kind)
    connector = place.connector()
    assert isinstance(connector, BatchConnector)
    parcels = [place.parcel(reference=f"FF-2026-{number:06d}") for number in range(50)]
    prepared = [connector.prepare(parcel) for parcel in parcels]
    connector.deliver_batch(prepared[:25])
    delivered = connector.deliver_batch(prepared)
    there = [Delivered(p.key, DeliveredAs.ALREADY_THERE, "") for p in prepared[:25]]
    made = [Delivered(p.key, DeliveredAs.CREATED, "") for p in prepared[25:]]
    assert [isinstance(d, Delivered) and replace(d, where="") for d in delivered] == there + made
    assert place.landed() == [p.key for p in prepared]


def _no_space_left(_: int) -> None:
    raise OSError(28, "No space left on device")
