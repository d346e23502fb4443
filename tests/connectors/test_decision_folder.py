"""To decide: a folder for each case, which moves with its level; one copy of each sheet; nothing that was begun is lost."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from formflow.sdk.contract import Retryable
from formflow.sdk.parcels import Parcel
from tests.connectors.conftest import ORIGINAL, SHA256
from tests.support import deliver_once
from tests.support.systems import KILLED

RED = "1 RED Amara Example FF-2026-000123"
HARMFUL = "1 HARMFUL Amara Example FF-2026-000123"
PAGE = "FF-2026-000123 what is open.html"
SHEET = "FF-2026-000123 r1 F2 DSL Review Sheet"
NEWER = f"{SHEET} 2"
PAPER = "FF-2026-000123 r1 original.pdf"
CASE = {"case_folder": RED, "case_key": "a" * 64}
OF = {"reference": "FF-2026-000123-F2", "about": "FF-2026-000123", "original_sha256": None}


@pytest.fixture
def to_decide(make_place: Callable[[str], Any]) -> Any:
    return make_place("decision_folder")


def deliver(place: Any, parcel: Parcel) -> Any:
    connector = place.connector()
    return connector.deliver(connector.prepare(parcel))


def first(place: Any, **changes: Any) -> Any:
    """Return what comes with a form."""
    sheet = {"enclosed": {SHEET: SHA256}, "series": {SHEET: "review"}}
    return place.parcel(**CASE | sheet | changes)


def decided(place: Any, minutes: int = 1, **changes: Any) -> Any:
    """Return what comes with a review sheet that was dropped later."""
    at = place.parcel().recorded_at + timedelta(minutes=minutes)
    sheet = {"enclosed": {NEWER: SHA256}, "series": {NEWER: "review"}, "recorded_at": at}
    sheet |= {"key": hashlib.sha256(f"{minutes}".encode()).hexdigest(), "page": "<p>decided</p>"}
    return place.parcel(**CASE | OF | sheet | {"case_folder": HARMFUL} | changes)


def tree(place: Any) -> list[str]:
    return [name for name in place.tree() if not name.endswith(".formflow-sheets.json")]


def test_page_form_and_sheets_lie_in_the_folder_of_the_case(to_decide: Any) -> None:
    told = deliver(to_decide, first(to_decide))
    assert tree(to_decide) == [f"{RED}/{SHEET}.pdf", f"{RED}/{PAPER}", f"{RED}/{PAGE}"]
    assert to_decide.tree()[f"{RED}/{PAPER}"] == ORIGINAL
    assert told.where == PAGE  # no name of a child


def test_a_decision_gives_the_folder_its_level_and_puts_the_older_copy_away(to_decide: Any) -> None:
    deliver(to_decide, first(to_decide))
    deliver(to_decide, decided(to_decide))
    assert tree(to_decide) == [
        f"{HARMFUL}/Earlier/{SHEET}.pdf",
        f"{HARMFUL}/{NEWER}.pdf",
        f"{HARMFUL}/{PAPER}",
        f"{HARMFUL}/{PAGE}",
    ]
    assert b"decided" in to_decide.tree()[f"{HARMFUL}/{PAGE}"]


def test_what_she_began_stays_beside_the_new_copy_until_she_drops_it(to_decide: Any) -> None:
    deliver(to_decide, first(to_decide))
    begun = to_decide.root / RED / f"{SHEET}.pdf"
    begun.write_bytes(b"begun")
    deliver(to_decide, decided(to_decide))
    assert to_decide.tree()[f"{HARMFUL}/{SHEET}.pdf"] == b"begun"
    taken = hashlib.sha256(b"begun").hexdigest()
    deliver(to_decide, decided(to_decide, 2, enclosed={}, series={}, taken_sha256=taken))
    assert to_decide.tree()[f"{HARMFUL}/Earlier/{SHEET}.pdf"] == b"begun"
    assert f"{HARMFUL}/{SHEET}.pdf" not in to_decide.tree()


def test_a_sheet_that_was_begun_is_never_written_over(to_decide: Any) -> None:
    deliver(to_decide, first(to_decide))
    (to_decide.root / RED / f"{SHEET}.pdf").write_bytes(b"begun")
    deliver(to_decide, first(to_decide, revision=2))
    assert to_decide.tree()[f"{RED}/{SHEET}.pdf"] == b"begun"


def test_what_lies_among_the_earlier_ones_is_never_written_over(to_decide: Any) -> None:
    deliver(to_decide, first(to_decide))
    earlier = to_decide.root / RED / "Earlier"
    earlier.mkdir()
    (earlier / f"{SHEET}.pdf").write_bytes(b"hers")
    deliver(to_decide, decided(to_decide))
    assert to_decide.tree()[f"{HARMFUL}/Earlier/{SHEET}.pdf"] == b"hers"
    assert f"{HARMFUL}/Earlier/{SHEET} (2).pdf" in to_decide.tree()


def test_the_folder_of_a_closed_case_moves_and_comes_back(to_decide: Any) -> None:
    deliver(to_decide, first(to_decide))
    bare: dict[str, Any] = {"enclosed": {}, "series": {}}
    deliver(to_decide, decided(to_decide, 1, is_closed=True, **bare))
    assert {name.split("/")[:2] == ["Closed", HARMFUL] for name in to_decide.tree()} == {True}
    key = decided(to_decide, 1).key
    assert to_decide.connector().look_up(key).where == PAGE
    deliver(to_decide, decided(to_decide, 2, **bare))
    assert {name.split("/")[0] for name in to_decide.tree()} == {HARMFUL}


def test_a_page_that_comes_late_changes_neither_page_nor_name_and_its_sheets_are_earlier_ones(
    to_decide: Any,
) -> None:
    deliver(to_decide, decided(to_decide))
    deliver(to_decide, first(to_decide))
    assert tree(to_decide) == [
        f"{HARMFUL}/Earlier/{SHEET}.pdf",
        f"{HARMFUL}/{NEWER}.pdf",
        f"{HARMFUL}/{PAPER}",
        f"{HARMFUL}/{PAGE}",
    ]
    assert b"decided" in to_decide.tree()[f"{HARMFUL}/{PAGE}"]


def test_a_folder_that_cannot_be_renamed_keeps_its_name_and_gets_the_page(
    to_decide: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    deliver(to_decide, first(to_decide))
    real = Path.replace

    def held(path: Path, target: Path) -> Path:
        if path.is_dir():
            raise PermissionError
        return real(path, target)

    monkeypatch.setattr(Path, "replace", held)
    deliver(to_decide, decided(to_decide))
    assert b"decided" in to_decide.tree()[f"{RED}/{PAGE}"]
    monkeypatch.undo()
    deliver(to_decide, decided(to_decide, 2))
    assert f"{HARMFUL}/{PAGE}" in to_decide.tree()


def test_a_folder_that_a_person_calls_so_gets_the_papers_and_loses_nothing(to_decide: Any) -> None:
    own = to_decide.root / "Amara’s papers FF-2026-000123"
    own.mkdir()
    (own / "notes.txt").write_bytes(b"notes")
    deliver(to_decide, first(to_decide))
    assert to_decide.tree()[f"{RED}/notes.txt"] == b"notes"


def test_a_link_that_is_called_like_a_case_is_not_followed(to_decide: Any, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (to_decide.root / "linked FF-2026-000123").symlink_to(tmp_path / "elsewhere")
    deliver(to_decide, first(to_decide))
    assert list((tmp_path / "elsewhere").iterdir()) == []
    assert f"{RED}/{PAGE}" in to_decide.tree()


@pytest.mark.parametrize("point", ["before-move", "after-move"])
@pytest.mark.parametrize("at_pass", [1, 2])  # the older copy, the folder
def test_killed_while_something_moves_each_copy_is_there_once(
    to_decide: Any, point: str, at_pass: int
) -> None:
    deliver(to_decide, first(to_decide))
    prepared = to_decide.connector().prepare(decided(to_decide, is_closed=True))
    killed = deliver_once.elsewhere(
        to_decide.as_arguments(prepared), f"decision_folder.{point}", at_pass
    )
    assert killed() == (KILLED, "")
    again = to_decide.connector()
    assert (again.look_up(prepared.key) or again.deliver(prepared)).key == prepared.key
    home = f"Closed/{HARMFUL}"
    assert tree(to_decide) == [
        f"{home}/Earlier/{SHEET}.pdf",
        f"{home}/{NEWER}.pdf",
        f"{home}/{PAPER}",
        f"{home}/{PAGE}",
    ]


def test_a_list_that_is_damaged_makes_every_copy_hers(to_decide: Any) -> None:
    deliver(to_decide, first(to_decide))
    (to_decide.root / RED / ".formflow-sheets.json").write_bytes(b"{")
    deliver(to_decide, decided(to_decide))
    assert f"{HARMFUL}/{SHEET}.pdf" in to_decide.tree()


def test_a_list_that_names_a_path_and_an_earlier_that_leads_elsewhere_move_nothing_out(
    to_decide: Any, tmp_path: Path
) -> None:
    deliver(to_decide, first(to_decide))
    other = to_decide.root / "other.pdf"
    other.write_bytes(ORIGINAL)
    listed = to_decide.root / RED / ".formflow-sheets.json"
    listed.write_text(json.dumps({"../other.pdf": ["review", "", SHA256]}), "utf-8")
    deliver(to_decide, decided(to_decide))
    assert other.read_bytes() == ORIGINAL
    (tmp_path / "elsewhere").mkdir()
    (to_decide.root / HARMFUL / "Earlier").symlink_to(tmp_path / "elsewhere")
    again = f"{SHEET} 3"
    later = decided(to_decide, 2, enclosed={again: SHA256}, series={again: "review"})
    with pytest.raises(Retryable, match="FF-430"):
        deliver(to_decide, later)
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_without_a_name_for_it_the_folder_is_called_by_the_reference(to_decide: Any) -> None:
    deliver(to_decide, replace(first(to_decide), case_folder=""))
    assert f"FF-2026-000123/{PAGE}" in to_decide.tree()
