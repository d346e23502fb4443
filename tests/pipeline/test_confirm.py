"""What was not read from boxes is confirmed through the folder, and becomes the next revision."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path

import pikepdf
import pypdfium2
import pytest

from formflow.core.model import Light, Outcome
from formflow.core.settings import Settings
from formflow.pipeline.sweep import sweep
from tests.conftest import NOON
from tests.pipeline.test_walk import entries, run
from tests.support import worker
from tests.support.offices import SAMPLES, drop, files, sample
from tests.support.papers import draw, fill

PRINTED = "not-ours/printed-pdfium"
LETTER = "not-ours/letter-chromium"


def attention(office: Settings, name: str) -> Path:
    return office.folders.needs_attention / name


def put_back(office: Settings, name: str, changes: Mapping[str, str] | None = None) -> None:
    """Open a copy that came back, change answers in it, save it, and drop it."""
    target = office.watch[0].folder / "saved.pdf"
    with pikepdf.open(attention(office, name)) as pdf:
        fill(pdf, changes or {})
        pdf.save(target)


def test_a_print_comes_back_with_a_copy_to_check_and_the_alert_does_not_wait(
    office: Settings,
) -> None:
    drop(office, PRINTED, "a.pdf")
    run(office)
    [entry] = entries(office)
    assert entry.outcome is Outcome.HELD
    assert entry.proposal is not None
    assert entry.proposal.light is Light.RED
    assert len(list(office.folders.alerts.glob("*.html"))) == 1
    assert files(office.folders.needs_attention) == [
        "FF-2026-000001 as it looks.pdf",
        "FF-2026-000001 please check.pdf",
        "FF-2026-000001.pdf",
        "FF-2026-000001.txt",
    ]
    note = attention(office, "FF-2026-000001.txt").read_text("utf-8-sig")
    assert "“FF-2026-000001 please check.pdf”" in note
    assert "Priya" not in note
    with pikepdf.open(attention(office, "FF-2026-000001 as it looks.pdf")) as looks:
        assert len(looks.pages) == 8


def test_the_checked_copy_is_the_next_revision_and_complete(office: Settings) -> None:
    drop(office, PRINTED, "a.pdf")
    run(office)
    put_back(office, "FF-2026-000001 please check.pdf", {"context_planned": "unknown"})
    run(office)
    first, second = entries(office)
    assert (second.reference, second.revision) == (first.reference, 2)
    assert second.outcome is Outcome.RECORDED
    changed = {n for n, a in second.answers.items() if a.value != first.answers[n].value}
    assert changed == {"context_planned"}


def test_a_copy_that_needed_no_change_is_a_confirmation(office: Settings) -> None:
    drop(office, PRINTED, "a.pdf")
    run(office)
    put_back(office, "FF-2026-000001 please check.pdf")
    run(office)
    assert [(e.revision, e.outcome) for e in entries(office)] == [
        (1, Outcome.HELD),
        (2, Outcome.RECORDED),
    ]
    put_back(office, "FF-2026-000001 please check.pdf")
    run(office)
    assert len(entries(office)) == 2  # the same again is a repeat


def test_a_misread_name_is_put_right_in_the_same_record(office: Settings) -> None:
    drop(office, PRINTED, "a.pdf")
    run(office)
    put_back(office, "FF-2026-000001 please check.pdf", {"child_a_name": "Priya Raghunathan"})
    run(office)
    assert [entry.reference for entry in entries(office)] == ["FF-2026-000001"] * 2
    first, second = entries(office)
    assert first.child_reference != second.child_reference


def test_what_nobody_could_read_is_copied_into_a_form_that_finds_its_record(
    office: Settings,
) -> None:
    drop(office, LETTER, "a.pdf")
    run(office)
    assert entries(office)[0].outcome is Outcome.UNREADABLE
    answers = {"child_a_name": "Ada Example", "context_force": "yes"}
    put_back(office, "FF-2026-000001 please fill in.pdf", answers)
    run(office)
    first, second = entries(office)
    assert (second.reference, second.revision) == (first.reference, 2)
    assert second.answers["child_a_name"].value == "Ada Example"
    assert second.highest_light is Light.RED


def test_a_copy_used_again_for_another_child_stays_out_of_the_first_record(
    office: Settings,
) -> None:
    drop(office, PRINTED, "a.pdf")
    run(office)
    put_back(office, "FF-2026-000001 please check.pdf")
    run(office)
    other = {"child_a_name": "Ben Sample", "child_a_dob": "01/02/2015"}
    put_back(office, "FF-2026-000001 please check.pdf", other)
    run(office)
    last = entries(office)[-1]
    assert (last.reference, last.outcome) == ("FF-2026-000002", Outcome.HELD)
    assert "FF-131" in {found.code for found in last.notices}


def test_a_copy_for_a_record_that_is_not_here_is_a_new_paper(office: Settings) -> None:
    with pikepdf.open(sample("red-planned-secrecy-pdfjs")) as pdf:
        fill(pdf, {"case_ref": "FF-2019-000777"})
        pdf.save(office.watch[0].folder / "a.pdf")
    run(office)
    [entry] = entries(office)
    assert (entry.reference, entry.outcome) == ("FF-2026-000001", Outcome.HELD)
    told = {found.code: found.text for found in entry.notices}
    assert "FF-2019-000777" in told["FF-130"]


def test_what_stands_as_a_reference_in_a_file_is_not_shown_as_it_is(office: Settings) -> None:
    with pikepdf.open(sample("red-planned-secrecy-pdfjs")) as pdf:
        fill(pdf, {"case_ref": "<b>Ada Example</b>"})
        pdf.save(office.watch[0].folder / "a.pdf")
    run(office)
    assert all("Ada" not in found.text for found in entries(office)[0].notices)


@pytest.mark.parametrize(
    "cut_from", ["red-planned-secrecy-amended-pdfjs", "red-second-incident-itext5-append"]
)
def test_the_rest_of_a_copy_that_stopped_at_an_earlier_save_becomes_the_next_revision(
    office: Settings, cut_from: str
) -> None:
    whole = sample(cut_from).read_bytes()
    ends = [at for at in range(len(whole)) if whole.startswith(b"%%EOF", at)]
    assert len(ends) > 1, "this sample was not saved into the same file"
    path = office.watch[0].folder / "a.pdf"
    path.write_bytes(whole[: ends[0] + len(b"%%EOF\n")])
    run(office)
    path.write_bytes(whole)
    run(office)
    first, second = entries(office)
    assert (second.reference, second.revision) == (first.reference, 2)
    assert first.outcome is Outcome.HELD  # the blank-form guard
    assert second.answers["child_a_name"].value


def test_a_path_is_watched_for_a_day(office: Settings) -> None:
    whole = sample("red-planned-secrecy-amended-pdfjs").read_bytes()
    end = whole.index(b"%%EOF") + len(b"%%EOF\n")
    path = office.watch[0].folder / "a.pdf"
    context = worker.context_of(office)
    watch = office.watch[0].model_copy(update={"settle_seconds": 0.2})
    for hours, content in ((0, whole[:end]), (25, whole)):
        path.write_bytes(content)
        for seconds in (0, 1):
            sweep(context, watch, NOON + timedelta(hours=hours, seconds=seconds))
    worker.drain(office)
    assert [entry.revision for entry in entries(office)] == [1, 1]


def test_what_carries_a_program_is_filed_as_pictures_and_the_original_stays_sealed(
    office: Settings,
) -> None:
    script = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS=pikepdf.String("app.alert(1)"))
    with pikepdf.open(sample("red-planned-secrecy-pdfjs")) as pdf:
        pdf.Root.OpenAction = script
        pdf.save(office.watch[0].folder / "a.pdf")
    run(office)
    [entry] = entries(office)
    told = {found.code: found.text for found in entry.notices}
    assert "a program (JavaScript)" in told["FF-129"]
    assert entry.outcome is Outcome.RECORDED
    assert not list(office.folders.alerts.parent.rglob("*original.pdf"))
    filed = sorted(office.folders.alerts.parent.rglob("* pictures of the pages.pdf"))
    assert len(filed) == 2  # in the child's file, and in the case's folder
    assert filed[0].read_bytes() == filed[1].read_bytes()
    chronology = filed[0].with_name("Chronology.html").read_text("utf-8")
    assert ">Pictures of the pages</a>" in chronology
    assert ">Original</a>" not in chronology
    assert b"JavaScript" not in filed[0].read_bytes()
    with pikepdf.open(filed[0]) as copy:
        assert "/OpenAction" not in copy.Root
        assert len(copy.pages) == 8
    assert b"app.alert" in worker.context_of(office).vault.original(entry.sha256).read_bytes()


def test_the_pictures_show_what_stands_in_the_boxes(office: Settings, tmp_path: Path) -> None:
    context = worker.context_of(office)
    blank, filled = tmp_path / "blank.pdf", tmp_path / "filled.pdf"
    shutil.copyfile(context.ours.blank, blank)
    shutil.copyfile(SAMPLES / "red-planned-secrecy-pdfjs" / "form.pdf", filled)
    empty, full = context.cage.pictures(blank)[0], context.cage.pictures(filled)[0]
    assert (empty.width, empty.height) == (full.width, full.height)
    assert sum(dot < 128 for dot in full.dots) > sum(dot < 128 for dot in empty.dots) + 100
    assert pypdfium2.PdfDocument(filled).get_page_size(0)[0] * 100 / 72 == pytest.approx(
        full.width, abs=1
    )


def dropped_again(office: Settings, change: Callable[[pikepdf.Pdf], None]) -> None:
    with pikepdf.open(sample("red-planned-secrecy-pdfjs")) as pdf:
        change(pdf)
        pdf.save(office.watch[0].folder / "again.pdf")


def test_the_same_answers_again_with_something_against_them_are_no_repeat(
    office: Settings,
) -> None:
    drop(office, "red-planned-secrecy-pdfjs")
    run(office)
    dropped_again(office, lambda pdf: draw(pdf, "child_a_name", b"Bob"))
    run(office)
    first, second = entries(office)
    assert (second.reference, second.revision) == (first.reference, 2)
    assert second.outcome is Outcome.HELD
    assert "FF-109" in {found.code for found in second.notices}
    assert len(list(office.folders.alerts.glob("*r2.html"))) == 1


def test_the_same_answers_again_with_a_program_in_them_are_no_repeat(office: Settings) -> None:
    def carry(pdf: pikepdf.Pdf) -> None:
        action = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS=pikepdf.String("app.alert(1)"))
        pdf.Root.OpenAction = action

    drop(office, "red-planned-secrecy-pdfjs")
    run(office)
    dropped_again(office, carry)
    run(office)
    assert "FF-129" in {found.code for found in entries(office)[-1].notices}
    assert len(entries(office)) == 2


def test_a_print_of_a_form_that_is_recorded_with_the_same_answers_is_a_repeat(
    office: Settings,
) -> None:
    drop(office, "red-balancing-factors-pdflib")
    run(office)
    drop(office, PRINTED, "print.pdf")
    run(office)
    assert len(entries(office)) == 1
