"""A file of the same name that belongs to something else is never written over; an alert gets out anyway."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from formflow.sdk.contract import DeliveredAs, Rejected
from formflow.sdk.parcels import Parcel

OTHER = {"key": "e" * 64}  # another ledger's, of the same number
CASE, OTHER_CASE = "a" * 64, "b" * 64


def deliver(place: Any, parcel: Parcel) -> Any:
    connector = place.connector()
    return connector.deliver(connector.prepare(parcel))


@pytest.mark.parametrize("kind", ["receipt_folder", "attention_folder", "child_files"])
def test_what_has_anothers_name_is_held_with_the_name_of_the_file(
    make_place: Callable[[str], Any], kind: str
) -> None:
    place = make_place(kind)
    unlike = {"as_read": b"%PDF of another form"} if kind == "child_files" else {}
    deliver(place, place.parcel(**OTHER, **unlike))
    before = place.tree()
    with pytest.raises(Rejected, match=r"FF-420.*“.*FF-2026-000123.*”"):
        deliver(place, place.parcel())
    assert place.tree() == before


def test_two_papers_of_one_number_whose_children_nobody_knows_do_not_lie_together(
    make_place: Callable[[str], Any],
) -> None:
    place = make_place("child_files")
    nothing = {"child_reference": None, "original_sha256": None, "as_read": b""}
    deliver(place, place.parcel(**OTHER | nothing))
    with pytest.raises(Rejected, match="FF-420"):
        deliver(place, place.parcel(**nothing))


def test_the_page_of_a_case_replaces_its_own_and_never_that_of_another_case(
    make_place: Callable[[str], Any],
) -> None:
    place = make_place("decision_folder")
    deliver(place, place.parcel(case_key=CASE))
    deliver(place, place.parcel(case_key=CASE, page="<p>later</p>", revision=2))
    before = place.tree()
    assert b"later" in before["FF-2026-000123/FF-2026-000123 what is open.html"]
    with pytest.raises(Rejected, match="FF-420"):
        deliver(place, place.parcel(case_key=OTHER_CASE, revision=3))
    assert place.tree() == before


@pytest.mark.parametrize("was_seen", [False, True])
def test_an_alert_takes_a_free_name_and_is_acknowledged_by_its_own_page_alone(
    make_place: Callable[[str], Any], was_seen: bool
) -> None:
    place = make_place("alert_folder")
    other, own = place.parcel(**OTHER), place.parcel()
    page = place.root / deliver(place, other).where
    if was_seen:
        page = page.rename(page.parent / "Seen" / page.name)
    landed = deliver(place, own)
    assert landed.where == "1 RED FF-2026-000123 r1 (2).html"
    assert other.key in page.read_text("utf-8")
    assert deliver(place, own).how is DeliveredAs.ALREADY_THERE
    waiting = {own.key: (own.reference, own.revision)}
    assert place.connector().acknowledged(waiting) == set()
    (place.root / landed.where).rename(place.root / "Seen" / landed.where)
    assert place.connector().acknowledged(waiting) == {own.key}


def test_a_reminder_replaces_the_one_of_its_case_and_lies_beside_that_of_another(
    make_place: Callable[[str], Any],
) -> None:
    place = make_place("alert_folder")
    for key, case in (("1" * 64, CASE), ("2" * 64, CASE), ("3" * 64, OTHER_CASE)):
        deliver(place, place.parcel(key=key, case_key=case, is_reminder=True))
    assert sorted(place.tree()) == [
        "0 OVERDUE 1 RED FF-2026-000123 (2).html",
        "0 OVERDUE 1 RED FF-2026-000123.html",
    ]
    assert sorted(place.landed()) == ["2" * 64, "3" * 64]
