"""Papers in the folders that an agency has for its children: by the kit, and as a person finds them."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from formflow.delivery.overlaps import IGNORES_CAPITALS
from formflow.sdk import conformance, registry
from formflow.sdk.conformance import NAME, Trial
from formflow.sdk.contract import Delivered, DeliveredAs, Rejected, Retryable
from tests.connectors.conftest import ORIGINAL, Place
from tests.support.offices import files
from tests.support.systems import needs_links

HOME = "Ashby, Rowan 2013-03-01"
STEM = "FF-2026-000123 r1"
BOTH = [f"{STEM} as read.pdf", f"{STEM} original.pdf"]


@pytest.fixture
def place(make_place: Callable[[str], Any]) -> Place:
    made: Place = make_place("child_files")
    made.own["existing"] = True
    return made


def deliver(place: Place, own: dict[str, Any] | None = None, **changes: Any) -> Delivered:
    connector: Any = place.connector(**(own or {}))
    parcel = place.parcel(**{"child_folder": HOME, **changes})
    delivered: Delivered = connector.deliver(connector.prepare(parcel))
    return delivered


def landed(root: Path) -> list[str]:
    """Return the key of everything that can be found, as often as its papers lie there."""
    noted = root / ".formflow-filed.jsonl"
    said = noted.read_text("utf-8").splitlines() if noted.exists() else []
    there = [path.name for path in root.rglob("*.pdf")]
    lines = [json.loads(one) for one in said]
    return [one["key"] for one in lines for _ in range(there.count(one["original"]))]


@pytest.mark.parametrize("check", conformance.CHECKS, ids=lambda check: check.__name__)
def test_it_keeps_the_contract(place: Place, check: Callable[[Trial], None]) -> None:
    (place.root / f"{NAME} 2013-03-01").mkdir()
    kind = registry.load("child_files")
    settings = kind.Settings.model_validate(place.own)

    @contextlib.contextmanager
    def away() -> Iterator[None]:
        place.root.rename(place.root.with_suffix(".away"))
        yield
        place.root.with_suffix(".away").rename(place.root)

    check(
        Trial(lambda context: kind(settings, context), lambda: landed(place.root), away, kills=20)
    )


def test_papers_lie_in_the_childs_own_folder_and_nothing_else_is_touched(place: Place) -> None:
    home = place.root / HOME
    home.mkdir()
    (home / "letter.docx").write_bytes(b"theirs")
    delivered = deliver(place)
    assert files(home) == [*BOTH, "letter.docx"]
    assert (home / f"{STEM} original.pdf").read_bytes() == ORIGINAL
    assert delivered.where == "the child’s own folder"
    assert deliver(place).how is DeliveredAs.ALREADY_THERE


@pytest.mark.parametrize("folder", ["", HOME, "../elsewhere", "Year 8/nobody"])
def test_no_folder_is_ever_made_for_a_child(place: Place, folder: str) -> None:
    delivered = deliver(place, child_folder=folder)
    assert files(place.root) == [f"Not yet matched/FF-2026-000123/{name}" for name in BOTH]
    assert delivered.where == "Not yet matched/FF-2026-000123"
    assert place.connector().unmatched() == ["FF-2026-000123"]  # type: ignore[attr-defined]
    assert "1 wait in “Not yet matched”" in str(place.connector().check())


@pytest.mark.skipif(IGNORES_CAPITALS, reason="such folders are one here")
def test_capitals_and_accents_may_be_stored_otherwise_but_two_such_folders_are_nobodys(
    place: Place,
) -> None:
    (place.root / "ASHBY, ZOE\u0308").mkdir()
    deliver(place, child_folder="Ashby, Zoë")
    assert len(files(place.root / "ASHBY, ZOE\u0308")) == 2
    (place.root / "Ashby, zoë ").mkdir()
    again = deliver(place, child_folder="Ashby, Zoë", reference="FF-2026-000124")
    assert again.where == "Not yet matched/FF-2026-000124"


def test_what_waited_is_filed_once_its_folder_is_known_and_what_a_person_wrote_stays(
    place: Place,
) -> None:
    first = deliver(place, child_folder="")
    waited = place.root / "Not yet matched" / "FF-2026-000123"
    (waited / f"{STEM} as read.pdf").write_bytes(b"with notes of a person")
    (place.root / HOME).mkdir()
    deliver(place, key="a" * 64)
    assert files(place.root / HOME) == BOTH
    assert files(waited) == [f"{STEM} as read.pdf"]
    there = place.connector().look_up_many([first.key, "a" * 64])  # type: ignore[attr-defined]
    assert {one.key for one in there} == {first.key, "a" * 64}
    (filed,) = place.connector().filed()  # type: ignore[attr-defined]
    assert (filed.key, filed.child_reference) == (first.key, "C-000045")
    assert filed.original == place.root / HOME / f"{STEM} original.pdf"


def test_papers_that_a_person_moved_are_found_and_those_that_are_gone_are_missing(
    place: Place,
) -> None:
    (place.root / HOME).mkdir()
    key = deliver(place).key
    (place.root / HOME).rename(place.root / "Leavers")
    assert place.connector().look_up(key) is not None
    for path in (place.root / "Leavers").iterdir():
        path.unlink()
    assert place.connector().look_up(key) is None
    assert [(one.reference, one.original) for one in place.connector().filed()] == [  # type: ignore[attr-defined]
        ("FF-2026-000123", None)
    ]


def test_a_test_is_taken_back_and_nothing_else(place: Place) -> None:
    (place.root / HOME).mkdir()
    deliver(place)
    connector: Any = place.connector()
    test = connector.prepare(place.parcel(reference="FF-2026-000124"))
    connector.deliver(test)
    assert connector.take_back(test)
    assert files(place.root) == [f"{HOME}/{name}" for name in BOTH]
    assert len((place.root / ".formflow-filed.jsonl").read_bytes().splitlines()) == 1
    assert not connector.take_back(connector.prepare(place.parcel(child_folder=HOME)))
    assert connector.look_up(test.key) is None


def test_a_paper_of_another_under_the_name_is_never_written_over(place: Place) -> None:
    (place.root / HOME).mkdir()
    (place.root / HOME / f"{STEM} original.pdf").write_bytes(b"theirs")
    with pytest.raises(Rejected, match="FF-420") as refused:
        deliver(place)
    assert "Ashby" not in str(refused.value)
    assert (place.root / HOME / f"{STEM} original.pdf").read_bytes() == b"theirs"


def test_a_folder_that_goes_away_meanwhile_is_not_made_again(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    (place.root / HOME).mkdir()
    connector: Any = place.connector()
    prepared = connector.prepare(place.parcel(child_folder=HOME))
    monkeypatch.setattr(connector._own, "home", lambda name: place.root / f"{name} gone")
    with pytest.raises(Retryable, match="FF-517"):
        connector.deliver(prepared)
    assert files(place.root) == []


@needs_links
def test_a_link_that_leads_elsewhere_is_no_childs_folder(place: Place, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (place.root / HOME).symlink_to(elsewhere)
    assert deliver(place).where.startswith("Not yet matched")
    assert list(elsewhere.iterdir()) == []


def test_file_names_follow_the_pattern(place: Place) -> None:
    (place.root / HOME).mkdir()
    own = {"file_name": "{incident_at:%Y-%m-%d} {form} {reference}"}
    deliver(place, own, form_title="A/B: form", incident_day=date(2026, 11, 14))
    deliver(place, own, reference="FF-2026-000124", incident_day=None, as_read=b"")
    assert files(place.root / HOME) == [
        f"2026-11-14 A-B- form {STEM} as read.pdf",
        f"2026-11-14 A-B- form {STEM} original.pdf",
        "date not known Sexual Behaviour Recording Form FF-2026-000124 r1 original.pdf",
    ]
    for wrong in ("{form}", "{reference} {child_a_name}", "{reference:>9}", "{reference.x}"):
        with pytest.raises(ValueError, match=r"needs \{reference\}"):
            place.connector(file_name=wrong)


def test_a_chronology_is_kept_where_the_agency_wants_one(place: Place) -> None:
    (place.root / HOME).mkdir()
    deliver(place, {"chronology": True})
    deliver(place, {"chronology": True}, revision=2)
    page = (place.root / HOME / "FormFlow chronology.html").read_text("utf-8")
    assert len(re.findall("<tr data-order", page)) == 2


def test_the_list_may_be_cut_off_or_gone(place: Place) -> None:
    (place.root / HOME).mkdir()
    key = deliver(place).key
    noted = place.root / ".formflow-filed.jsonl"
    noted.write_bytes(noted.read_bytes() + b'{"key": "cut')
    deliver(place, reference="FF-2026-000124")
    assert len(noted.read_bytes().splitlines()) == 2
    noted.unlink()
    assert deliver(place).how is DeliveredAs.CREATED  # the same bytes again, and no second copy
    assert len(files(place.root / HOME)) == 4
    assert place.connector().look_up(key) is not None
