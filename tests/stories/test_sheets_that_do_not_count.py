"""A sheet that cannot count decides nothing, closes nothing, is kept, and she is told."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pikepdf
import pytest

from formflow.admin import status
from formflow.core.model import Outcome
from formflow.core.settings import Settings
from tests.pipeline.test_walk import entries, run
from tests.stories.test_decisions import AMBER, GREEN, HER_NAME, RED, about
from tests.support.desk import Desk, filled
from tests.support.offices import files


@pytest.fixture
def desk(office: Settings) -> Desk:
    return Desk(office)


def held_for(desk: Desk, reference: str = "FF-2026-000001-F2") -> list[str]:
    """Return why the last revision of a sheet does not count; [] where it does."""
    last = about(desk.office, reference)[-1]
    codes = [found.code for found in last.notices if found.holds]
    assert (last.outcome is Outcome.HELD) == bool(codes)
    return codes


def alerts(desk: Desk) -> list[str]:
    return sorted(path.name for path in desk.office.folders.alerts.glob("*.html"))


def test_a_level_that_nobody_signed_decides_nothing_and_what_she_wrote_is_kept(desk: Desk) -> None:
    desk.gets(RED)
    desk.fills_in("F2", a_views="He said it was a game.", level="harmful", level_reason="Force.")
    assert held_for(desk) == ["FF-240"]
    assert "Awaiting your decision" in desk.page()
    assert "1 TO READ FF-2026-000001-F2 r1.html" in alerts(desk)
    page = (desk.office.folders.alerts / "1 TO READ FF-2026-000001-F2 r1.html").read_text("utf-8")
    assert "Sheet not accepted" in page
    assert "could not suggest" not in page
    assert "against the original" not in page
    view = status.overview(desk.office)
    assert "! FF-2026-000001-F2 r1  Not accepted" in status.as_text(view, desk.office)
    with pikepdf.open(desk.sheet("F2")) as again:
        (box,) = [f for f in again.Root.AcroForm.Fields if f.get("/T") == "a_views"]
        assert str(box.V) == "He said it was a game."


def test_a_sheet_that_names_another_child_does_not_count(desk: Desk) -> None:
    desk.gets(RED)
    desk.fills_in("F2", level="healthy", level_reason="x", child_a_name="Tom Brown", **HER_NAME)
    assert "FF-223" in held_for(desk)
    assert "Awaiting your decision" in desk.page()


def test_a_name_that_was_put_right_still_counts(desk: Desk) -> None:
    desk.gets(RED)
    desk.fills_in(
        "F2", level="harmful", level_reason="x", child_a_name="Sean D'Arcy-Muller", **HER_NAME
    )
    assert held_for(desk) == []


def test_a_sheet_for_a_record_that_nobody_knows_is_kept_and_said(
    desk: Desk, tmp_path: Path
) -> None:
    desk.gets(RED)
    strange = tmp_path / "strange.pdf"
    with pikepdf.open(desk.sheet("F2")) as pdf:
        (box,) = [f for f in pdf.Root.AcroForm.Fields if f.get("/T") == "case_ref"]
        box.V = pikepdf.String("FF-2019-000077 r1")
        pdf.save(strange)
    desk.fills_in("F2", strange, level="healthy", level_reason="x", **HER_NAME)
    last = entries(desk.office)[-1]
    assert (last.outcome, last.about) == (Outcome.HELD, None)
    assert "FF-2019-000077" in next(n.text for n in last.notices if n.code == "FF-224")
    assert "Awaiting your decision" in desk.page()


def test_a_sheet_made_for_an_older_revision_does_not_count(desk: Desk, tmp_path: Path) -> None:
    desk.gets(RED)
    old = tmp_path / "old.pdf"
    shutil.copyfile(desk.sheet("F2"), old)
    desk.gets("red-planned-secrecy-amended-pdfjs")
    desk.fills_in("F2", old, level="harmful", level_reason="x", **HER_NAME)
    assert held_for(desk) == ["FF-225"]
    desk.fills_in("F2", level="harmful", level_reason="x", **HER_NAME)
    assert held_for(desk) == []


def test_two_sheets_with_two_decisions_are_both_kept_and_the_higher_stands(
    desk: Desk, tmp_path: Path
) -> None:
    desk.gets(AMBER)
    first = tmp_path / "first.pdf"
    shutil.copyfile(desk.sheet("F2"), first)
    desk.fills_in("F2", first, level="harmful", level_reason="x", **HER_NAME)
    desk.fills_in("F2", first, level="concerning", level_reason="y", **HER_NAME)
    levels = [e.answers["level"].value for e in about(desk.office, "FF-2026-000001-F2")]
    assert levels == ["harmful", "concerning"]
    assert held_for(desk) == ["FF-251", "FF-222"]
    assert "Decided: harmful" in desk.page()


def test_a_blank_sheet_that_belongs_to_nothing_decides_nothing(desk: Desk) -> None:
    desk.gets(GREEN)
    form = desk.office.folders.to_decide.parent / "blank.pdf"
    from formflow.forms import catalogue

    blank = next(f for f in catalogue.shipped() if f.form_id == "review").blank
    form.write_bytes(filled(blank, {"level": "healthy", "level_reason": "x"}))
    shutil.move(form, desk.office.watch[1].folder / "blank.pdf")
    run(desk.office)
    assert "Awaiting your decision" in desk.page()
    last = entries(desk.office)[-1]
    assert [found.code for found in last.notices if found.holds] == ["FF-226"]
    assert last.outcome is Outcome.HELD


def test_the_same_sheet_again_is_a_repeat_and_its_page_says_that_it_was_taken(
    desk: Desk, tmp_path: Path
) -> None:
    desk.gets(RED)
    kept = tmp_path / "kept.pdf"
    shutil.copyfile(desk.sheet("F2"), kept)
    stamps = set()
    for _ in range(2):
        desk.fills_in("F2", kept, level="harmful", level_reason="x", **HER_NAME)
        (page,) = desk.folder().glob("*.html")
        stamps.add(re.findall(r"as of (\S+)", page.read_text("utf-8"))[0])
    assert len(about(desk.office, "FF-2026-000001-F2")) == 1
    assert len(stamps) == 2
    assert not [name for name in files(desk.office.folders.receipts) if "F2" in name]
