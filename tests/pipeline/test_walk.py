"""From the drop folder to the agency's own files, on forms that real programs filled."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pikepdf
import pytest

from formflow.admin import status
from formflow.core.model import Entry, Light, Outcome
from formflow.core.settings import Settings
from formflow.delivery import dispatcher
from formflow.pipeline import walk
from formflow.storage import database
from formflow.storage.acknowledgements import acknowledge
from formflow.storage.entries import entry as entry_of
from tests.conftest import NOON
from tests.support import worker
from tests.support.offices import csv_rows, drop, dsl_folder, files, register_rows, sample

RED, AMENDED, SECOND = (
    "red-planned-secrecy-pdfjs",
    "red-planned-secrecy-amended-pdfjs",
    "red-second-incident-itext5-append",
)


def run(office: Settings) -> None:
    """Take what lies in the drop folder, and do everything that is due."""
    worker.settle(office)


def entries(office: Settings) -> list[Entry]:
    with database.reading(worker.context_of(office).engine) as connection:
        numbers = connection.exec_driver_sql("SELECT id FROM entry ORDER BY id").scalars().all()
        return [entry_of(connection, number) for number in numbers]


def test_a_dropped_form_becomes_a_record_an_alert_a_receipt_and_the_childs_papers(
    office: Settings,
) -> None:
    drop(office, RED)
    run(office)
    (entry,) = entries(office)
    assert entry.outcome is Outcome.RECORDED
    assert entry.proposal is not None
    assert entry.proposal.light is Light.RED
    name = f"{entry.reference} r1"
    assert files(office.folders.alerts) == [f"1 RED {name}.html"]
    assert files(office.folders.receipts) == [f"{name} received.html"]
    assert files(office.folders.needs_attention) == []
    papers = files(dsl_folder(office) / "Child files" / str(entry.child_reference))
    assert f"{name} original.pdf" in papers
    assert f"{name} as read.pdf" in papers
    assert register_rows(office) == {name: 1}
    assert [row["ff_reference"] for row in csv_rows(office)] == [entry.reference]
    assert files(office.watch[0].folder) == []


def test_a_lane_is_given_all_that_waits_for_it_whatever_is_taken_at_once(
    office: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A workbook is saved once for all rows, or a heap is delivered more slowly the more is in it."""
    rounds: list[tuple[str, int]] = []

    def deliver(context: Any, claimed: Any, *more: Any) -> None:
        rounds.append((claimed[0].lane, len(claimed)))
        dispatcher.deliver(context, claimed, *more)

    monkeypatch.setattr(walk, "deliver", deliver)
    forms = (RED, SECOND, "green-free-play-pdfjs")
    worker.hand_over(office, [sample(form) for form in forms])
    assert worker.drain(office, most=len(forms)) == len(forms)  # read, and nothing delivered
    assert rounds == []
    while worker.drain(office, most=1):
        pass
    assert sum(register_rows(office).values()) == 3
    assert ("Register workbook", 1) not in rounds


def test_the_filed_original_is_the_dropped_file_byte_for_byte(office: Settings) -> None:
    drop(office, RED)
    run(office)
    (original,) = (dsl_folder(office) / "Child files").rglob("*original.pdf")
    assert original.read_bytes() == sample(RED).read_bytes()


def test_t20_a_second_form_about_the_same_child_shows_the_first_with_its_date(
    office: Settings,
) -> None:
    for case in (RED, SECOND):
        drop(office, case)
        run(office)
    first, second = entries(office)
    assert first.child_reference == second.child_reference
    assert second.proposal is not None
    (frequent,) = [f for f in second.proposal.findings if f.rule == "R7"]
    assert first.reference in frequent.text
    assert "17 November 2026" in frequent.text


def test_t21_the_same_pdf_dropped_twice_is_one_record_and_the_second_a_duplicate(
    office: Settings,
) -> None:
    drop(office, RED)
    run(office)
    drop(office, RED, "the same again.pdf")
    run(office)
    (entry,) = entries(office)
    assert register_rows(office) == {f"{entry.reference} r1": 1}
    assert len(csv_rows(office)) == 1
    assert len(files(office.folders.alerts)) == 1
    with database.reading(worker.context_of(office).engine) as connection:
        rows = connection.exec_driver_sql("SELECT duplicate FROM arrival ORDER BY id")
        assert rows.scalars().all() == [False, True]
    receipts = [
        (office.folders.receipts / name).read_text("utf-8")
        for name in files(office.folders.receipts)
    ]
    assert len(receipts) == 2
    assert any("We have this form already" in page for page in receipts)


def test_t22_an_amended_form_is_a_new_revision_and_the_earlier_one_is_kept(
    office: Settings,
) -> None:
    for case in (RED, AMENDED):
        drop(office, case)
        run(office)
    first, second = entries(office)
    assert (second.reference, second.revision, second.supersedes) == (first.reference, 2, 1)
    (alert,) = office.folders.alerts.glob(f"* {first.reference} r2.html")
    page = alert.read_text("utf-8")
    assert "the earlier revision is kept" in page
    originals = (dsl_folder(office) / "Child files").rglob("*original.pdf")
    assert len(list(originals)) == 2


def refilled(case: str, target: Path, **values: str) -> None:
    """Copy a sample with some other answers, drawn by the viewer."""
    with pikepdf.open(sample(case)) as pdf:
        for field in pdf.Root.AcroForm.Fields:
            if str(field.get("/T")) in values:
                field.V = pikepdf.String(values[str(field.T)])
                if "/AP" in field:
                    del field.AP
        pdf.save(target)


def test_two_incidents_of_one_day_are_two_records_that_a_person_compares(
    office: Settings,
) -> None:
    drop(office, RED)
    run(office)
    afternoon = office.watch[0].folder / "afternoon.pdf"
    refilled(RED, afternoon, incident_at="17/11/2026 at 4.10pm", type_text="Another thing.")
    run(office)
    first, second = entries(office)
    assert second.reference != first.reference
    assert second.revision == 1
    assert second.possible_duplicate_of == first.reference
    page = (office.folders.alerts / f"1 RED {second.reference} r1.html").read_text("utf-8")
    assert f"may be about the same incident as {first.reference}" in page


def test_a_form_without_a_date_of_birth_joins_nothing(office: Settings) -> None:
    drop(office, RED)
    run(office)
    refilled(RED, office.watch[0].folder / "no birth.pdf", child_a_dob="", type_text="Other words.")
    run(office)
    first, second = entries(office)
    assert second.reference != first.reference
    assert second.child_reference is None


def without_ticks(case: str, target: Path) -> None:
    """Copy a sample with every circle cleared."""
    with pikepdf.open(sample(case)) as pdf:
        for field in pdf.Root.AcroForm.Fields:
            if field.FT == "/Btn":
                field.V = pikepdf.Name.Off
                for circle in field.Kids:
                    circle.AS = pikepdf.Name.Off
        pdf.save(target)


def test_a_later_revision_never_lowers_what_an_earlier_one_says(office: Settings) -> None:
    drop(office, RED)
    run(office)
    without_ticks(RED, office.watch[0].folder / "cleared.pdf")
    run(office)
    first, second = entries(office)
    assert (second.reference, second.revision) == (first.reference, 2)
    assert second.proposal is not None
    assert second.proposal.light is Light.UNDETERMINED
    assert second.highest_light is Light.RED
    assert status.overview(office).waiting[0].light == "red"
    page = (office.folders.alerts / f"1 RED {second.reference} r2.html").read_text("utf-8")
    assert "No later form lowers it" in page


def test_saving_again_without_a_change_is_no_new_revision(office: Settings, tmp_path: Path) -> None:
    drop(office, RED)
    run(office)
    with pikepdf.open(sample(RED)) as pdf:
        pdf.save(tmp_path / "saved again.pdf")
    shutil.copyfile(tmp_path / "saved again.pdf", office.watch[0].folder / "saved again.pdf")
    run(office)
    assert len(entries(office)) == 1
    assert len(files(office.folders.receipts)) == 2


def test_twins_with_the_same_name_but_for_one_letter_have_files_of_their_own(
    office: Settings,
) -> None:
    for case in ("undetermined-twin-first-poppler", "amber-twin-second-pdfbox2"):
        drop(office, case)
        run(office)
    one, other = entries(office)
    assert one.child_reference != other.child_reference


def test_an_impossible_date_does_not_delay_the_alert_and_the_paper_goes_back(
    office: Settings,
) -> None:
    drop(office, "red-impossible-dates-pdftk-need-appearances")
    run(office)
    (entry,) = entries(office)
    assert entry.outcome is Outcome.RETURNED
    assert files(office.folders.alerts) == [f"1 RED {entry.reference} r1.html"]
    assert files(office.folders.needs_attention) == [
        f"{entry.reference} please correct.pdf",
        f"{entry.reference}.txt",
    ]
    note = (office.folders.needs_attention / f"{entry.reference}.txt").read_text("utf-8-sig")
    assert "Page 1: The date in “DOB” does not exist." in note


def test_dragging_the_page_into_seen_acknowledges_the_alert(office: Settings) -> None:
    drop(office, RED)
    run(office)
    assert len(status.overview(office).waiting) == 1
    (page,) = office.folders.alerts.glob("*.html")
    shutil.move(page, office.folders.alerts / "Seen" / page.name)
    worker.turn(office)
    assert status.overview(office).waiting == ()


def test_acknowledging_by_command_is_the_same(office: Settings) -> None:
    drop(office, RED)
    run(office)
    (entry,) = entries(office)
    context = worker.context_of(office)
    engine, trail = context.engine, context.trail
    with database.writing(engine) as connection:
        assert acknowledge(connection, trail, entry.reference, "T. Lead", NOON) == 1
    assert status.overview(office).waiting == ()
    with database.writing(engine) as connection:
        assert acknowledge(connection, trail, entry.reference, "T. Lead", NOON) == 0


@pytest.mark.parametrize("case", [RED, "amber-emoji-pdfbox2-need-appearances"])
def test_no_name_and_no_answer_leaves_the_folders_that_may_hold_them(
    office: Settings, case: str, caplog: pytest.LogCaptureFixture
) -> None:
    drop(office, case, "the name of a child.pdf")
    run(office)
    (entry,) = entries(office)
    secrets = {
        answer.value
        for name, answer in entry.answers.items()
        if answer.value and (name.endswith(("_name", "_text", "_words")) or name == "completed_by")
    }
    assert secrets
    open_pages = [
        *office.folders.receipts.glob("*.html"),
        *office.folders.needs_attention.iterdir(),
    ]
    for page in open_pages:
        if page.is_file() and page.suffix in (".html", ".txt"):
            text = page.read_text("utf-8")
            assert not [secret for secret in secrets if secret in text]
            assert "the name of a child" not in text
    everywhere = [path.name for path in office.folders.receipts.parent.rglob("*")]
    assert not [n for n in everywhere if "name of a child" in n]
    assert not [secret for secret in secrets if secret in caplog.text]


def test_a_failing_destination_holds_its_own_parcels_alone(office: Settings) -> None:
    workbook = dsl_folder(office) / "FormFlow register.xlsx"
    lock = workbook.with_name(f"~${workbook.name}")
    workbook.parent.mkdir(exist_ok=True)
    lock.write_bytes(b"\x05staff")
    drop(office, RED)
    run(office)
    (waiting,) = status.overview(office).undelivered
    assert (waiting.destination, waiting.parcels, waiting.code) == (
        "Register workbook",
        1,
        "FF-404",
    )
    assert len(csv_rows(office)) == 1
    assert len(files(office.folders.alerts)) == 1
    lock.unlink()
    with database.writing(worker.context_of(office).engine) as connection:
        connection.exec_driver_sql("UPDATE task SET due = 0")
    run(office)
    assert status.overview(office).undelivered == ()
    assert sum(register_rows(office).values()) == 1
