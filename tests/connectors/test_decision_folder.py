"""To decide: the page says how things stand now, and no sheet that was begun is written over."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from formflow.sdk.parcels import Parcel
from tests.connectors.conftest import ORIGINAL, SHA256

PAGE = "FF-2026-000123 what is open.html"
SHEET = "FF-2026-000123 r1 F2 DSL Review Sheet"


@pytest.fixture
def to_decide(make_place: Callable[[str], Any]) -> Any:
    return make_place("decision_folder")


def deliver(place: Any, parcel: Parcel) -> None:
    connector = place.connector()
    connector.deliver(connector.prepare(parcel))


def test_page_and_sheets_lie_side_by_side(to_decide: Any) -> None:
    deliver(to_decide, to_decide.parcel(enclosed={SHEET: SHA256}))
    tree = to_decide.tree()
    assert sorted(tree) == [f"{SHEET}.pdf", PAGE]
    assert tree[f"{SHEET}.pdf"] == ORIGINAL


def test_a_sheet_that_was_begun_is_never_written_over(to_decide: Any) -> None:
    deliver(to_decide, to_decide.parcel(enclosed={SHEET: SHA256}))
    (to_decide.root / f"{SHEET}.pdf").write_bytes(b"begun")
    deliver(to_decide, to_decide.parcel(revision=2, enclosed={SHEET: SHA256}))
    assert to_decide.tree()[f"{SHEET}.pdf"] == b"begun"


def test_a_sheet_of_the_case_changes_the_page_of_its_record(to_decide: Any) -> None:
    first = to_decide.parcel(page="<p>open</p>")
    later = first.recorded_at + timedelta(minutes=1)
    sheet = {"reference": "FF-2026-000123-F2", "about": "FF-2026-000123", "recorded_at": later}
    deliver(to_decide, first)
    deliver(to_decide, to_decide.parcel(page="<p>decided</p>", **sheet))
    assert list(to_decide.tree()) == [PAGE]
    assert b"decided" in to_decide.tree()[PAGE]


def test_a_page_that_comes_late_does_not_hide_a_newer_one_and_brings_its_sheets(
    to_decide: Any,
) -> None:
    early = to_decide.parcel(page="<p>early</p>", enclosed={SHEET: SHA256})
    later = early.recorded_at + timedelta(seconds=1)
    deliver(to_decide, to_decide.parcel(page="<p>later</p>", revision=2, recorded_at=later))
    deliver(to_decide, early)
    assert b"later" in to_decide.tree()[PAGE]
    assert f"{SHEET}.pdf" in to_decide.tree()
