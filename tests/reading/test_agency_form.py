"""An agency's own PDF, filled by independent programs, is read through its definition: all of it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pypdf
import pytest

from formflow.core.limits import Limits
from formflow.core.model import Reading, Unread
from formflow.forms import catalogue
from formflow.forms.catalogue import FieldKind
from formflow.reading.ladder import read_paper
from formflow.reading.manifest_builder import known_forms
from formflow.reading.reader import Reader

EXAMPLE = Path(__file__).parents[2] / "examples" / "agency-form"
FORM = catalogue.load(EXAMPLE / "example-school.toml")
KNOWN = catalogue.known(EXAMPLE)
# What the writing program stored otherwise than it was told, as its makers' own tools read it back.
STORED_OTHERWISE = {
    "chromium_keyboard": {"child_text": "Upset \ufffd then calm — naïve façade"},
    "fillpdf": {
        "type_touching": "",
        "type_online": "",
        "type_exposure": "",
        "relationship_kind": "",  # "Not", a state that the form does not offer
    },
    "pikepdf": {"incident_place": ""},
    "pymupdf": {"incident_place": ""},
    "pypdfform": {"incident_place": "", "score_three": "significant"},
    "pypdfium2": {"child_text": "Upset \uf622 then calm — naïve façade"},
}


def read(path: Path, password: str = "") -> Reading | Unread:
    return read_paper(path, Reader(KNOWN, Limits(), "always", password))


@pytest.fixture(scope="module")
def typed(fillers: Path) -> dict[str, str]:
    """What was typed into the form, by our names, in our words."""
    by_box: dict[str, Any] = json.loads((fillers / "expected.json").read_text("utf-8"))
    return {name: in_our_words(name, by_box) for name in FORM.fields}


def in_our_words(name: str, by_box: dict[str, Any]) -> str:
    field = FORM.fields[name]
    found = [by_box[box] for box in field.sources]
    parts = ["\n".join(one) if isinstance(one, list) else one or "" for one in found]
    text = " ".join(part for part in parts if part not in ("", "Off"))
    return field.means.get(text, "") if field.states else " ".join(text.split())


def plain(value: str | None) -> str:
    return " ".join((value or "").split())


def given(reading: Reading) -> dict[str, str]:
    return {name: plain(answer.value) for name, answer in reading.answers.items()}


WITH_BOXES = (
    "chromium_keyboard",
    "fillpdf",
    "itext5",
    "pdfjs",
    "pdflib",
    "pdftk_fdf",
    "pdftk_needapp",
    "pdftk_replacefont",
    "pdftk_xfdf",
    "pikepdf",
    "pikepdf_raw",
    "pymupdf",
    "pypdf",
    "pypdf_needapp",
    "pypdfform",
    "pypdfium2",
    "x_broken_startxref",
    "x_broken_xref_offsets",
    "x_crlf_mangled",
    "x_leading_garbage",
    "x_mutool_clean",
    "x_qpdf_enc_aes128",
    "x_qpdf_enc_permonly",
    "x_qpdf_enc_rc4_128",
    "x_qpdf_linearized",
    "x_qpdf_objstm",
    "x_qpdf_qdf",
    "x_trailing_garbage",
    "x_truncated90",
    "x_truncated_tail600",
    "x_xfa_hybrid",
)
DAMAGED = {
    "x_broken_startxref",
    "x_broken_xref_offsets",
    "x_crlf_mangled",
    "x_trailing_garbage",
    "x_truncated90",
    "x_truncated_tail600",
}
# What the flattening program itself lost or changed: letters its font lacks, lines beyond the page,
# which line of a list is chosen. Everything else must be right.
LOST_IN_PRINT = {
    "pdftk_flatten": {"child_a_name", "child_text"},
    "pdftk_replacefont_flatten": {"incident_place", "child_text"},
    "x_gs_noannots": {
        "child_a_name",
        "completed_by",
        "incident_place",
        "context_text",
        "child_text",
        "parents_text",
    },
    "x_libreoffice_reexport": {"parents_text"},
    "x_pdfium_flatten_chromium": {"child_text"},
    "x_qpdf_flatten_pdfjs": {"child_a_name", "incident_place", "child_text"},
}
PRINTED = (
    *LOST_IN_PRINT,
    "itext5_flatten",
    "x_acroform_removed",
    "x_acroform_removed_pdfiumflat",
    "x_appearance_only",
    "x_appearance_only_pdfiumflat",
    "x_pdfium_flatten",
    "x_pdftk_flatten",
    "x_qpdf_flatten",
)


@pytest.mark.parametrize("case", WITH_BOXES)
def test_every_value_that_a_program_stored_is_read(
    fillers: Path, typed: dict[str, str], case: str
) -> None:
    reading = read(fillers / f"{case}.pdf")
    assert isinstance(reading, Reading)
    assert (reading.form_id, reading.via, reading.confirm) == ("example_school", "acroform", False)
    stored = typed | {name: plain(value) for name, value in STORED_OTHERWISE.get(case, {}).items()}
    assert given(reading) == stored


LOOKS_DAMAGED = {  # circles, or the page itself, are not drawn as on the blank any more
    "x_crlf_mangled": {"FF-109", "FF-133"},
    "x_truncated90": {"FF-121"},
}


@pytest.mark.parametrize("case", WITH_BOXES)
def test_a_file_of_a_healthy_program_is_held_for_nothing(fillers: Path, case: str) -> None:
    reading = read(fillers / f"{case}.pdf")
    assert isinstance(reading, Reading)
    held = {hold.code for hold in reading.held}
    if case in DAMAGED:
        assert held == {"FF-114"} | LOOKS_DAMAGED.get(case, set())
    elif case == "fillpdf":  # it stores "Not" for "Not known", and half of it is a state of no box
        assert held == {"FF-108", "FF-109", "FF-114"}
    else:
        assert held == set()
    assert reading.carries == ()  # the scripts in the file are those of the blank


def test_a_file_locked_with_a_password_is_read_with_the_agencys_own(
    fillers: Path, typed: dict[str, str]
) -> None:
    locked = fillers / "x_qpdf_enc_user.pdf"
    without = read(locked)
    assert isinstance(without, Unread)
    assert without.reason == "FF-104"
    wrong = read(locked, "something else")
    assert isinstance(wrong, Unread)
    reading = read(locked, "user")
    assert isinstance(reading, Reading)
    assert (given(reading), reading.held) == (typed, ())


@pytest.mark.parametrize("case", PRINTED)
def test_a_print_is_read_as_far_as_its_program_left_the_letters_and_must_be_confirmed(
    fillers: Path, typed: dict[str, str], case: str
) -> None:
    reading = read(fillers / f"{case}.pdf")
    assert isinstance(reading, Reading)
    assert (reading.via, reading.confirm) == ("flat", True)
    assert "FF-124" in {hold.code for hold in reading.held}
    seen = given(reading)
    other = {name for name in typed if seen[name] != typed[name]}
    assert other == LOST_IN_PRINT.get(case, set())
    ticks = [name for name, field in FORM.fields.items() if field.states and name != "author_role"]
    assert {name: seen[name] for name in ticks} == {name: typed[name] for name in ticks}
    assert len(typed) - len(other) >= (22 if case == "x_gs_noannots" else 25)


def test_a_form_that_was_learned_before_an_update_is_still_read_without_a_hold(
    tmp_path: Path,
) -> None:
    for path in EXAMPLE.glob("example-school.*"):
        shutil.copy(path, tmp_path)
    manifest = tmp_path / "example-school.json"
    table = json.loads(manifest.read_text("utf-8"))
    del table["edition"]  # as an older FormFlow wrote it, with fingerprints of its own
    table["prints"] = ["0" * 32 for _ in table["prints"]]
    table["looks"] = [["1" * 32], ["2" * 32]]
    manifest.write_text(json.dumps(table), "utf-8")
    paper = tmp_path / "filled.pdf"
    writer = pypdf.PdfWriter(clone_from=EXAMPLE / "example-school.pdf")
    box = next(name for name, field in FORM.fields.items() if field.kind is FieldKind.TEXT)
    for page in writer.pages:
        writer.update_page_form_field_values(page, {FORM.fields[box].sources[0]: "Play"})
    writer.write(paper)
    found = read_paper(paper, Reader(known_forms(tmp_path), Limits(), "always"))
    assert isinstance(found, Reading)
    assert found.held == ()
    assert found.answers[box].value == "Play"
