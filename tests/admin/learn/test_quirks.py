"""What real programs store in odd ways is read as it was meant, or told and held: each file of the small corpus, the whole way."""

from __future__ import annotations

from pathlib import Path

import pytest

from formflow.admin.learn import draft
from formflow.core.limits import Limits
from formflow.core.model import AnswerState, Reading, Unread
from formflow.forms import catalogue
from formflow.forms.catalogue import Form
from formflow.pipeline.gate import tail_gate
from formflow.reading.ladder import read_paper
from formflow.reading.reader import Reader

QUIRKS = Path(__file__).parents[4] / "shared" / "corpus" / "quirks"
OURS = catalogue.shipped()[0]
pytestmark = pytest.mark.skipif(not QUIRKS.is_dir(), reason="the corpus of quirks is not here")


def learned(name: str, folder: Path) -> Form:
    """Return the definition that is drafted of a blank, uncorrected."""
    made = draft.draft(QUIRKS / f"{name}.pdf", OURS)
    for file, content in draft.files(made).items():
        (folder / file).write_bytes(content)
    return catalogue.load(folder / f"{made.stem}.toml")


def read(name: str, *forms: Form) -> Reading | Unread:
    return read_paper(QUIRKS / f"{name}.pdf", Reader(list(forms), Limits(), "always"))


def said(found: Reading | Unread) -> dict[str, str]:
    assert isinstance(found, Reading), found
    return {name: one.value for name, one in found.answers.items() if one.value}


def test_a_no_that_is_ticked_is_a_no(tmp_path: Path) -> None:
    form = learned("01-yes-no-tick-pair-blank", tmp_path)
    for ticked in ("NO", "YES"):
        answers = said(read(f"01-yes-no-tick-pair-{ticked}-ticked", form))
        assert (answers["context_planned"], answers["force"]) == (ticked.lower(),) * 2


def test_a_number_that_was_printed_in_a_box_and_changed_is_the_answer(tmp_path: Path) -> None:
    answers = said(read("02-prefilled-visible-box-changed", learned("02-prefilled-visible-box-blank", tmp_path)))  # fmt: skip
    assert (answers["nchild"], answers["yr"]) == ("3", "2026/27")


def test_a_paper_is_read_as_the_form_whose_boxes_it_has(tmp_path: Path) -> None:
    forms = [learned(f"07-auto-names-{one}-blank", tmp_path) for one in ("trip", "referral")]
    found = read("07-auto-names-trip-filled", *forms)
    assert said(found)["trip_to"] == "Zoo"


def test_a_picture_among_the_drawings_of_a_tick_refuses_nothing() -> None:
    found = read("08b-our-form-tick-resources-hold-a-jpeg", *catalogue.known())
    assert len(said(found)) == 38


def test_one_nul_behind_the_end_is_let_pass_and_told() -> None:
    assert tail_gate(QUIRKS / "10-one-NUL-after-EOF.pdf", largest=1 << 24).code == ""
    found = read("10-one-NUL-after-EOF", *catalogue.known())
    assert isinstance(found, Reading)
    assert (found.told, found.held) == (("FF-147",), ())


@pytest.mark.parametrize("name", ["11-page-rotated-90", "12-mediabox-not-at-origin", "13-first-widget-on-no-page"])  # fmt: skip
def test_labels_are_found_however_the_page_lies(name: str, tmp_path: Path) -> None:
    labels = [field.label for field in learned(name, tmp_path).fields.values()]
    assert labels == ["Form number", "Child's name", "Date of birth", "Where did it happen?", "What happened?", "Signed"]  # fmt: skip


def test_rows_of_a_table_have_the_heads_of_its_columns(tmp_path: Path) -> None:
    fields = learned("16-table-second-row-has-no-label", tmp_path).fields.values()
    assert [field.label for field in fields] == ["Agency", "Person", "Date"] * 4


def test_two_circles_that_store_the_same_are_held(tmp_path: Path) -> None:
    form = learned("14-two-circles-store-the-same-blank", tmp_path)
    found = read("14-two-circles-store-the-same-BUS-chosen", form)
    assert isinstance(found, Reading)
    assert found.answers["place"].state is AnswerState.UNREADABLE
    assert [(one.code, one.field) for one in found.held] == [("FF-108", "place")]


def test_a_date_in_parts_and_in_cells_is_one_date(tmp_path: Path) -> None:
    form = learned("15-date-in-three-boxes-and-comb-blank", tmp_path)
    answers = said(read("15-date-in-three-boxes-and-comb-filled", form))
    assert (answers["child_a_dob"], answers["inc"], answers["inctime"]) == ("04 04 2015", "20 11 2026", "10.20")  # fmt: skip


def test_bytes_of_another_character_set_are_held() -> None:
    found = read("18-cp1252-bytes-in-value", *catalogue.known())
    assert isinstance(found, Reading)
    assert [(one.code, one.field) for one in found.held] == [("FF-149", "type_text")]


def test_a_form_of_more_boxes_than_a_paper_may_have_says_how_many(tmp_path: Path) -> None:
    found = read("09-505-boxes", learned("09-505-boxes", tmp_path))
    assert isinstance(found, Unread)
    assert (found.reason, found.words) == ("FF-119", {"limit": "500 boxes"})
