"""Alerts, receipts and papers that come back: what people see in these folders, and do there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from formflow.core import files
from formflow.core.model import Light
from formflow.sdk.contract import AcknowledgedByHand, DeliveredAs
from formflow.sdk.parcels import Parcel
from tests.connectors.conftest import a_parcel

RED_PAGE = "1 RED FF-2026-000123 r1.html"


def _deliver(place: Any, parcel: Parcel) -> Any:
    connector = place.connector()
    return connector.deliver(connector.prepare(parcel))


def waiting(*revisions: int) -> dict[str, tuple[str, int]]:
    """The alerts that nobody has seen yet, as the ledger tells them."""
    parcels = [a_parcel(revision=one) for one in revisions or (1,)]
    return {parcel.key: (parcel.reference, parcel.revision) for parcel in parcels}


@pytest.fixture
def alerts(make_place: Callable[[str], Any]) -> Any:
    return make_place("alert_folder")


def test_sorted_by_name_the_most_urgent_alert_comes_first(alerts: Any) -> None:
    for number, light in enumerate((Light.GREEN, Light.AMBER, None, Light.UNDETERMINED, Light.RED)):
        _deliver(alerts, alerts.parcel(reference=f"FF-2026-00000{number}", light=light))
    assert sorted(alerts.tree()) == [
        "1 RED FF-2026-000004 r1.html",
        "1 TO READ FF-2026-000002 r1.html",
        "3 AMBER FF-2026-000001 r1.html",
        "4 MORE INFORMATION NEEDED FF-2026-000003 r1.html",
        "5 GREEN FF-2026-000000 r1.html",
    ]


@pytest.mark.parametrize("light", [*Light, None])
def test_what_cannot_wait_comes_before_everything_whatever_its_light(
    alerts: Any, light: Light | None
) -> None:
    _deliver(alerts, alerts.parcel(reference="FF-2026-000008", light=Light.RED))
    _deliver(alerts, alerts.parcel(reference="FF-2026-000007", is_reminder=True))
    _deliver(alerts, alerts.parcel(reference="FF-2026-000009", light=light, urgent=True))
    assert min(alerts.tree()) == "0 NOW FF-2026-000009 r1.html"


def test_the_page_is_as_it_was_made_with_its_key_behind_it(alerts: Any) -> None:
    parcel = alerts.parcel()
    _deliver(alerts, parcel)
    page = alerts.tree()[RED_PAGE].decode()
    assert page == f"{parcel.page}<!-- {parcel.key} -->\n"


def test_dragging_a_page_into_seen_acknowledges_it(alerts: Any) -> None:
    connector = alerts.connector()
    assert isinstance(connector, AcknowledgedByHand)
    assert connector.acknowledged(waiting()) == set()
    _deliver(alerts, alerts.parcel())
    assert connector.acknowledged(waiting()) == set()
    (alerts.root / RED_PAGE).rename(alerts.root / "Seen" / RED_PAGE)
    assert connector.acknowledged(waiting()) == set(waiting())
    assert connector.acknowledged({"f" * 64: ("FF-2026-000123", 1)}) == set()


def test_a_page_that_was_only_copied_to_seen_is_not_acknowledged(alerts: Any) -> None:
    _deliver(alerts, alerts.parcel())
    (alerts.root / "Seen" / RED_PAGE).write_bytes((alerts.root / RED_PAGE).read_bytes())
    assert alerts.connector().acknowledged(waiting()) == set()


def test_pages_that_lie_in_both_places_are_read_once_and_again_when_they_change(
    alerts: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    connector = alerts.connector()
    read, opened = files.read, list[Path]()
    for revision in (1, 2):
        _deliver(alerts, alerts.parcel(revision=revision))
        page = alerts.root / f"1 RED FF-2026-000123 r{revision}.html"
        (alerts.root / "Seen" / page.name).write_bytes(page.read_bytes())

    def noted(path: Path) -> bytes:
        opened.append(path)
        return read(path)

    monkeypatch.setattr(files, "read", noted)
    assert connector.acknowledged(waiting(1, 2)) == set()
    assert len(opened) == 4
    assert connector.acknowledged(waiting(1, 2)) == set()
    assert len(opened) == 4
    page.write_bytes(b"a note of somebody's instead")
    assert connector.acknowledged(waiting(1, 2)) == set(waiting(2))
    assert opened[4:] == [page]


def test_seen_in_windows_words_for_a_second_copy_counts_too(alerts: Any) -> None:
    _deliver(alerts, alerts.parcel())
    (alerts.root / RED_PAGE).rename(alerts.root / "Seen" / "1 RED FF-2026-000123 r1 (2).html")
    (alerts.root / "Seen" / "notes.html").write_text("something else")
    assert alerts.connector().acknowledged(waiting()) == set(waiting())


def test_a_repeat_does_not_bring_back_a_page_that_was_seen(alerts: Any) -> None:
    _deliver(alerts, alerts.parcel())
    (alerts.root / RED_PAGE).rename(alerts.root / "Seen" / RED_PAGE)
    again = _deliver(alerts, alerts.parcel())
    assert (again.how, again.where) == (DeliveredAs.ALREADY_THERE, f"Seen/{RED_PAGE}")
    assert list(alerts.tree()) == [f"Seen/{RED_PAGE}"]


def test_a_later_revision_alerts_again_after_the_first_was_seen(alerts: Any) -> None:
    _deliver(alerts, alerts.parcel(light=Light.AMBER))
    name = "3 AMBER FF-2026-000123 r1.html"
    (alerts.root / name).rename(alerts.root / "Seen" / name)
    _deliver(alerts, alerts.parcel(revision=2))
    assert "1 RED FF-2026-000123 r2.html" in alerts.tree()
    assert alerts.connector().acknowledged(waiting(1, 2)) == set(waiting())


def test_a_receipt_and_the_receipts_of_every_repeat_lie_side_by_side(
    make_place: Callable[[str], Any],
) -> None:
    receipts = make_place("receipt_folder")
    for repeat in (None, 17, 18):
        _deliver(receipts, receipts.parcel(repeat=repeat))
    assert sorted(receipts.tree()) == [
        "FF-2026-000123 r1 again 17.html",
        "FF-2026-000123 r1 again 18.html",
        "FF-2026-000123 r1 received.html",
    ]


def test_the_paper_comes_back_with_a_note_of_the_same_name(
    make_place: Callable[[str], Any],
) -> None:
    office = make_place("attention_folder")
    _deliver(office, office.parcel(page="What we found\nZo\u00eb’s page\n"))
    _deliver(office, office.parcel(revision=2))
    assert sorted(office.tree()) == [
        "FF-2026-000123 r2.pdf",
        "FF-2026-000123 r2.txt",
        "FF-2026-000123.pdf",
        "FF-2026-000123.txt",
    ]
    assert office.tree()["FF-2026-000123.pdf"] == office.paper.read_bytes()
    note = office.tree()["FF-2026-000123.txt"]
    assert note.startswith(b"\xef\xbb\xbfWhat we found\r\nZo\xc3\xab\xe2\x80\x99s page\r\n\r\n")


def test_a_note_without_a_paper_comes_alone(make_place: Callable[[str], Any]) -> None:
    office = make_place("attention_folder")
    _deliver(office, office.parcel(original_sha256=None))
    assert list(office.tree()) == ["FF-2026-000123.txt"]
