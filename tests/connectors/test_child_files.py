"""The children's files: where papers lie, and what the chronology says."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from formflow.core.model import Light
from formflow.sdk.contract import Retryable
from formflow.sdk.parcels import Parcel
from tests.support.systems import needs_links


@pytest.fixture
def place(make_place: Callable[[str], Any]) -> Any:
    return make_place("child_files")


def _deliver(place: Any, parcel: Parcel) -> Any:
    connector = place.connector()
    return connector.deliver(connector.prepare(parcel))


def _lines(place: Any, home: str = "C-000045") -> list[list[str]]:
    page = (place.root / home / "Chronology.html").read_text("utf-8")
    rows = re.findall(r"<tr data-order.*?</tr>", page)
    return [[re.sub("<.*?>", "", cell) for cell in row.split("</td>")[:5]] for row in rows]


def test_the_papers_lie_in_the_childs_folder_by_reference(place: Any) -> None:
    _deliver(place, place.parcel())
    assert sorted(place.tree()) == [
        "C-000045/Chronology.html",
        "C-000045/FF-2026-000123 r1 as read.pdf",
        "C-000045/FF-2026-000123 r1 original.pdf",
    ]
    assert place.tree()["C-000045/FF-2026-000123 r1 original.pdf"] == place.paper.read_bytes()
    assert b"what was read" in place.tree()["C-000045/FF-2026-000123 r1 as read.pdf"]


def test_a_paper_without_a_child_waits_under_its_own_reference(place: Any) -> None:
    _deliver(place, place.parcel(child_reference=None, as_read=b"", light=None, incident_day=None))
    home = "Not yet matched/FF-2026-000123"
    assert sorted(place.tree()) == [
        f"{home}/Chronology.html",
        f"{home}/FF-2026-000123 r1 original.pdf",
    ]
    assert _lines(place, home)[0][0] == "Not known"
    assert _lines(place, home)[0][3] == "! A person must read this form"


def test_the_chronology_is_in_the_order_of_what_happened(place: Any) -> None:
    for number, day in enumerate((date(2026, 11, 14), None, date(2014, 3, 3), date(2025, 12, 14))):
        _deliver(place, place.parcel(reference=f"FF-2026-00000{number}", incident_day=day))
    days = [line[0] for line in _lines(place)]
    assert days == ["3 March 2014", "14 December 2025", "14 November 2026", "Not known"]


def test_a_line_names_light_and_revision_in_words_and_leaves_the_decision_open(place: Any) -> None:
    _deliver(place, place.parcel(revision=2, light=Light.AMBER))
    assert _lines(place) == [
        [
            "14 November 2026",
            "FF-2026-000123 (revision 2)",
            "Sexual Behaviour Recording Form",
            "◆ Amber (concerning)",
            "Awaiting decision",
        ]
    ]


def test_every_link_in_the_chronology_leads_to_a_paper(place: Any) -> None:
    _deliver(place, place.parcel())
    _deliver(place, place.parcel(revision=2, as_read=b""))
    home = place.root / "C-000045"
    links = re.findall('href="(.*?)"', (home / "Chronology.html").read_text("utf-8"))
    assert len(links) == 3
    assert all((home / unquote(link)).is_file() for link in links)


def test_words_cannot_become_part_of_the_page(place: Any) -> None:
    _deliver(place, place.parcel(form_title="<script>alert(1)</script>"))
    assert "<script" not in (place.root / "C-000045" / "Chronology.html").read_text("utf-8")


def test_a_chronology_that_somebody_wrote_is_never_written_over(place: Any) -> None:
    home = place.root / "C-000045"
    home.mkdir()
    (home / "Chronology.html").write_text("<p>my own notes</p>")
    with pytest.raises(Retryable, match="FF-406"):
        _deliver(place, place.parcel())
    assert place.tree() == {"C-000045/Chronology.html": b"<p>my own notes</p>"}
    (home / "Chronology.html").rename(home / "Notes.html")
    _deliver(place, place.parcel())
    assert len(_lines(place)) == 1


def test_a_file_that_is_open_holds_back_this_child_alone(
    place: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as windows:
        windows.setattr(Path, "replace", _held_by_another)
        with pytest.raises(Retryable, match="FF-407"):
            _deliver(place, place.parcel())
    _deliver(place, place.parcel())
    assert len(_lines(place)) == 1


def test_papers_that_a_person_took_away_do_not_come_back(place: Any) -> None:
    _deliver(place, place.parcel())
    (place.root / "C-000045" / "FF-2026-000123 r1 as read.pdf").unlink()
    before = place.tree()
    _deliver(place, place.parcel())
    assert place.tree() == before


@needs_links
def test_a_link_out_of_the_folder_is_not_followed(place: Any, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (place.root / "C-000045").symlink_to(elsewhere)
    with pytest.raises(Exception, match="outside its folder"):
        _deliver(place, place.parcel())
    assert list(elsewhere.iterdir()) == []


def _held_by_another(*_: Any) -> None:
    raise PermissionError(13, "Permission denied")
