"""A form that was sent back for correction finds its record again, and the first one waits no longer."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pikepdf
import pytest

from formflow.admin import status
from formflow.core.model import Entry, Outcome
from formflow.core.settings import Settings
from tests.pipeline.test_walk import entries
from tests.stories.test_forged_and_misplaced_sheets import BLANKS, PATIENT
from tests.stories.test_vectors import WHO
from tests.support import worker
from tests.support.desk import Desk, filled
from tests.support.offices import agency, files
from tests.support.papers import field

EXAMPLE = Path(__file__).parents[2] / "examples" / "agency-form"
DANIEL = {**WHO, "child_a_name": "Daniel Hill", "child_a_dob": "6/6/2013", "context_planned": "yes"}


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    yield Desk(agency(tmp_path / "an agency", PATIENT))
    worker.close()


def dropped(desk: Desk, **answers: str) -> Entry:
    desk.takes(filled(BLANKS["recording"], {**DANIEL, **answers}), "form.pdf")
    return entries(desk.office)[-1]


def returned(desk: Desk) -> Path:
    """Return the form that lies in “Needs attention” to be corrected."""
    (path,) = desk.office.folders.needs_attention.glob("*please correct.pdf")
    return path


def corrected(desk: Desk, **answers: str) -> Entry:
    desk.takes(filled(returned(desk), answers), "corrected.pdf")
    return entries(desk.office)[-1]


def waiting(settings: Settings) -> list[tuple[str, int]]:
    return [(one.reference, one.revision) for one in status.overview(settings).waiting]


def test_the_form_comes_back_with_its_reference_on_every_page_and_in_its_hidden_box(
    desk: Desk,
) -> None:
    first = dropped(desk, signed_name="")
    assert first.outcome is Outcome.RETURNED
    there = files(desk.office.folders.needs_attention)
    assert there == ["FF-2026-000001 please correct.pdf", "FF-2026-000001.txt"]
    with pikepdf.open(returned(desk)) as pdf:
        assert str(field(pdf, "case_ref").V).startswith("FF-2026-000001 token ")
        assert str(field(pdf, "child_a_name").V) == "Daniel Hill"
    note = (desk.office.folders.needs_attention / "FF-2026-000001.txt").read_text("utf-8-sig")
    assert "“FF-2026-000001 please correct.pdf”" in note
    assert "token" not in note
    assert "could not read" not in note


@pytest.mark.parametrize(
    ("first", "then"),
    [
        ({"signed_name": ""}, {"signed_name": "A. Teacher"}),
        ({"child_a_name": ""}, {"child_a_name": "Daniel Hill"}),
        ({"child_a_dob": ""}, {"child_a_dob": "6/6/2013"}),
        ({"incident_at": ""}, {"incident_at": "12/11/2026 at 2pm"}),
        ({"incident_at": "1/1/2031 at 2pm"}, {"incident_at": "12/11/2026 at 2pm"}),
        ({"incident_at": "1/1/2010 at 2pm"}, {"incident_at": "12/11/2026 at 2pm"}),
        ({"child_a_dob": "6/6/2031"}, {"child_a_dob": "6/6/2013"}),
        ({"child_a_name": "Daniel Hill and Lee Hart"}, {"child_a_name": "Daniel Hill"}),
        ({"signed_name": "", "child_a_name": "Danial Hill"}, {"child_a_name": "Daniel Hill"}),
    ],
    ids=[
        *("signature", "name", "birth", "day", "day in the future", "day before the birth"),
        *("birth in the future", "two names", "a slip of the pen"),
    ],
)
def test_a_corrected_form_is_the_next_revision_and_the_first_waits_no_longer(
    desk: Desk, first: dict[str, str], then: dict[str, str]
) -> None:
    before = dropped(desk, **first)
    assert [found.code for found in before.notices if found.returns]
    after = corrected(desk, **{"signed_name": "A. Teacher", **then})
    assert (after.reference, after.revision) == ("FF-2026-000001", 2)
    assert {found.code for found in after.notices if found.holds} == set()
    assert waiting(desk.office) == [("FF-2026-000001", 2)]


def test_a_time_that_was_still_to_come_is_asked_about_and_the_corrected_form_is_the_next_revision(
    desk: Desk, tmp_path: Path
) -> None:
    answers = {**DANIEL, "incident_at": "12/11/2026 at 2pm"}
    (tmp_path / "form.pdf").write_bytes(filled(BLANKS["recording"], answers))
    worker.hand_over(desk.office, [tmp_path / "form.pdf"])
    while worker.drain(desk.office, clock=lambda: datetime(2026, 11, 12, 12, tzinfo=UTC)):
        pass
    (before,) = entries(desk.office)
    assert ("FF-345", "incident_at") in {(n.code, n.field) for n in before.notices if n.returns}
    note = (desk.office.folders.needs_attention / "FF-2026-000001.txt").read_text("utf-8-sig")
    assert "The time in “Date/time of incident” had not come yet" in note
    after = corrected(desk, incident_at="12/11/2026 at 11am")
    assert (after.reference, after.revision) == ("FF-2026-000001", 2)
    assert waiting(desk.office) == [("FF-2026-000001", 2)]


@pytest.mark.parametrize(
    "other",
    [
        {"child_a_name": "Lee Hart", "child_a_dob": "1/2/2012"},
        {"child_a_name": "Lee Hart"},
        {"incident_at": "16/11/2026 at 9am", "signed_date": "16/11/2026"},
    ],
    ids=["child", "name", "day"],
)
def test_a_returned_form_that_is_used_for_something_else_stays_out_of_its_record(
    desk: Desk, other: dict[str, str]
) -> None:
    dropped(desk, signed_name="")
    after = corrected(desk, signed_name="A. Teacher", **other)
    assert (after.reference, after.outcome) == ("FF-2026-000002", Outcome.HELD)
    assert "FF-131" in {found.code for found in after.notices}


def test_a_date_of_birth_that_was_put_right_is_told(desk: Desk) -> None:
    dropped(desk, signed_name="")
    after = corrected(desk, signed_name="A. Teacher", child_a_dob="1/2/2012")
    assert (after.reference, after.revision) == ("FF-2026-000001", 2)
    (told,) = [found.text for found in after.notices if found.code == "FF-255"]
    assert "another date of birth" in told


def test_an_agencys_own_form_comes_back_on_its_own_blank_and_finds_its_record(
    tmp_path: Path,
) -> None:
    office = agency(tmp_path / "an agency", PATIENT)
    shutil.copytree(EXAMPLE, office.folders.forms, dirs_exist_ok=True)
    desk = Desk(office)
    form = worker.context_of(office).form_of("example_school", 1)
    assert form is not None
    (name,), (born,) = form.fields["child_a_name"].sources, form.fields["child_a_dob"].sources
    desk.takes(filled(form.blank, {name: "Daniel Hill", born: "31/2/2013"}), "ours.pdf")
    before = entries(office)[-1]
    assert (before.form_id, before.outcome) == ("example_school", Outcome.RETURNED)
    after = corrected(desk, **{born: "6/6/2013"})
    assert (after.reference, after.revision, after.form_id) == (
        "FF-2026-000001",
        2,
        "example_school",
    )
    worker.close()


def test_a_reference_that_anybody_could_write_corrects_no_name(desk: Desk) -> None:
    dropped(desk, signed_name="")
    with pikepdf.open(returned(desk)) as pdf:
        field(pdf, "case_ref").V = pikepdf.String("FF-2026-000001")
        pdf.save(desk.office.state.folder.parent / "guessed.pdf")
    guessed = desk.office.state.folder.parent / "guessed.pdf"
    desk.takes(filled(guessed, {"child_a_name": "Danial Hill"}), "guessed.pdf")
    assert entries(desk.office)[-1].reference == "FF-2026-000002"


def test_a_fresh_form_by_the_same_person_about_the_same_incident_is_the_next_revision(
    desk: Desk,
) -> None:
    dropped(desk, signed_name="")
    after = dropped(desk, signed_name="A. Teacher")
    assert (after.reference, after.revision) == ("FF-2026-000001", 2)


def test_a_fresh_form_instead_of_one_without_a_day_says_which_it_may_be(desk: Desk) -> None:
    dropped(desk, incident_at="")
    after = dropped(desk)
    assert (after.reference, after.possible_duplicate_of) == ("FF-2026-000002", "FF-2026-000001")


def test_a_returned_form_comes_back_a_second_time_and_still_finds_its_record(desk: Desk) -> None:
    dropped(desk, signed_name="", incident_at="")
    second = corrected(desk, incident_at="12/11/2026 at 2pm")
    assert (second.revision, second.outcome) == (2, Outcome.RETURNED)
    (again,) = desk.office.folders.needs_attention.glob("FF-2026-000001 r2 please correct.pdf")
    desk.takes(filled(again, {"signed_name": "A. Teacher"}), "again.pdf")
    last = entries(desk.office)[-1]
    assert (last.reference, last.revision) == ("FF-2026-000001", 3)
