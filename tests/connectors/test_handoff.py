"""What a person files by hand: everything is in one folder, once, and the receipt says when it is done."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from formflow.sdk import NamedAnswer
from formflow.sdk.conformance import Trial, pretend_context
from formflow.sdk.conformance.suite import ConnectorTests
from formflow.sdk.contract import DeliveredAs, FiledByHand
from formflow.sdk.field_map import given
from formflow_connectors.handoff import FILED, MARK, Handoff, HandoffSettings
from tests.connectors.conftest import ORIGINAL, RECORDED_AT, a_parcel

CHOOSE = {"Category": {"field": "level", "values": {"red": "Harmful", "amber": "Concern"}}}
KNOWN: dict[str, Any] = {
    "child_a_name": "Zoë <b>Sample</b>",
    "child_b_name": "Charlie Other",
    "incident_place": "Library & hall",
    "type_text": "first line\nsecond line",
    "level": "red",
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "For CPOMS"
    folder.mkdir()
    return folder


def handoff(root: Path, **own: Any) -> Handoff:
    said = {"folder": root, "system": "CPOMS", "choose": CHOOSE} | own
    return Handoff(HandoffSettings.model_validate(said), pretend_context([ORIGINAL]))


def hand_over(root: Path, known: dict[str, Any] | None = None, **changes: Any) -> Any:
    """Deliver a record as the core gives it to a destination with a map; return the parcel."""
    connector = handoff(root)
    said = KNOWN | (known or {})
    named = tuple(NamedAnswer(name, name, str(value), value) for name, value in said.items())
    full = a_parcel(named=named, **changes)
    parcel: Any = given(full, connector.capabilities, connector.settings)
    connector.deliver(connector.prepare(parcel))
    return parcel


def of(root: Path, ending: str, name: str = "FF-2026-000123 r1") -> Path:
    return root / "FF-2026-000123" / f"{name}{ending}"


def test_everything_that_a_person_needs_is_in_the_folder_of_the_record(root: Path) -> None:
    hand_over(root)
    assert of(root, ".pdf").read_bytes() == ORIGINAL
    assert of(root, " text to paste.txt").read_bytes().decode().split("\r\n")[:8] == [
        "FF-2026-000123 r1, recorded 23 November 2026 at 2:02pm (UTC)",
        "",
        "Where it happened:",
        "Library & hall",
        "",
        "What happened:",
        "first line",
        "second line",
    ]
    page = of(root, " summary.html").read_text("utf-8")
    assert page.count("<main>") == 1
    assert "Zoë &lt;b&gt;Sample&lt;/b&gt;" in page
    assert '<tr><th scope="row">Category</th><td>Harmful</td></tr>' in page
    assert re.search(r"Other child or person involved</th><td>Charlie Other", page)
    assert "Changed since" not in page
    # Nothing of the other child is pasted into this one's file.
    assert "Charlie" not in of(root, " text to paste.txt").read_text("utf-8")


def test_a_revision_says_what_has_changed(root: Path) -> None:
    hand_over(root)
    later = RECORDED_AT + timedelta(hours=1)
    changed = {"incident_place": "Playground", "level": "amber"}
    hand_over(root, changed, recorded_at=later, revision=2)
    text = of(root, " text to paste.txt", "FF-2026-000123 r2").read_text("utf-8")
    assert text.splitlines()[2:5] == [
        "Changed since FF-2026-000123 r1:",
        "- Category: Harmful -> Concern",
        "- Where it happened: Library & hall -> Playground",
    ]
    assert ">Playground<" in of(root, " summary.html", "FF-2026-000123 r2").read_text("utf-8")


def test_a_sheet_lies_with_its_record_and_one_that_changes_nothing_says_so(root: Path) -> None:
    hand_over(root)
    hand_over(root, reference="FF-2026-000123-F2", recorded_at=RECORDED_AT + timedelta(hours=1))
    text = of(root, " text to paste.txt", "FF-2026-000123-F2 r1").read_text("utf-8")
    assert "- nothing of what follows" in text


def test_what_comes_late_says_so(root: Path) -> None:
    hand_over(root, recorded_at=RECORDED_AT + timedelta(hours=1), revision=2)
    hand_over(root)
    assert "newer information" in of(root, " text to paste.txt").read_text("utf-8")


def test_it_is_filed_once_its_receipt_lies_in_filed(root: Path) -> None:
    connector, parcel = handoff(root), hand_over(root)
    waiting = {parcel.key: ("FF-2026-000123", 1)}
    assert isinstance(connector, FiledByHand)
    assert connector.acknowledged(waiting) == set()
    receipt = of(root, " receipt.txt")
    receipt.rename(root / FILED / f"{receipt.stem} (2).txt")
    assert connector.acknowledged(waiting) == {parcel.key}
    assert connector.acknowledged({"f" * 64: ("FF-2026-000123", 1)}) == set()


def test_it_is_filed_too_where_the_whole_folder_is_moved_and_the_receipt_written_on(
    root: Path,
) -> None:
    connector, parcel = handoff(root), hand_over(root)
    receipt = of(root, " receipt.txt")
    receipt.write_text(receipt.read_text("utf-8") + "\nFiled by: A. Office\n", encoding="utf-8-sig")
    (root / "FF-2026-000123").rename(root / FILED / "FF-2026-000123")
    assert connector.acknowledged({parcel.key: ("FF-2026-000123", 1)}) == {parcel.key}


def test_what_was_taken_away_does_not_come_again(root: Path) -> None:
    connector, parcel = handoff(root), hand_over(root)
    for path in (root / "FF-2026-000123").iterdir():
        path.unlink()
    (root / "FF-2026-000123").rmdir()
    again = connector.deliver(connector.prepare(parcel))
    assert again.how is DeliveredAs.ALREADY_THERE
    assert not (root / "FF-2026-000123").exists()
    assert [(one.reference, one.revision, one.key) for one in connector.filed()] == [
        ("FF-2026-000123", 1, parcel.key)
    ]


def test_a_test_is_taken_back(root: Path) -> None:
    connector = handoff(root)
    prepared = connector.prepare(a_parcel())
    connector.deliver(prepared)
    assert connector.take_back(prepared)
    assert not (root / "FF-2026-000123").exists()
    assert connector.look_up(prepared.key) is None


def test_a_long_answer_is_whole_in_the_text_and_short_on_the_summary(root: Path) -> None:
    hand_over(root, {"child_a_name": "long " * 500, "type_text": "word " * 5_000})
    page = of(root, " summary.html").read_text("utf-8")
    assert len(page) < 6_000
    assert of(root, " text to paste.txt").read_text("utf-8").count("word") == 5_000


@pytest.mark.parametrize(
    "wrong",
    [{"system": ""}, {"choose": {}}, {"file_within_hours": -1}, {"text": {"x": "{no field"}}],
)
def test_settings_that_make_no_sense_are_refused(root: Path, wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        handoff(root, **wrong)


class TestHandoff(ConnectorTests):
    """What every connector must do."""

    def trial(self, place: Path) -> Trial:
        """Return it with a folder of its own."""
        root = place / "For CPOMS"
        root.mkdir()

        @contextlib.contextmanager
        def away() -> Iterator[None]:
            root.rename(root.with_suffix(".away"))
            yield
            root.with_suffix(".away").rename(root)

        settings = handoff(root).settings

        def receipts() -> list[str]:
            found = (path.read_text("utf-8") for path in root.rglob("* receipt.txt"))
            return [text.partition(MARK)[2].strip() for text in found]

        def whole() -> dict[str, dict[str, str]]:
            notes = (root / ".formflow-handed-over").glob("*.json")
            return {
                path.stem[-64:]: {} for path in notes if json.loads(path.read_bytes())["values"]
            }

        return Trial(lambda context: Handoff(settings, context), receipts, away, kills=20)
