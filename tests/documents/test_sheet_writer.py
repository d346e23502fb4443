"""The files that FormFlow writes itself: any answers, any letters, whole for every program that reads or draws them.

Nothing reads a sheet back when it is made, so this does: by pikepdf, pypdf and PDFium, by our own reader,
and as a picture by PDFium and poppler.
"""

from __future__ import annotations

import hashlib
import io
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pikepdf
import pypdf
import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st
from pikepdf import Array, Dictionary, Pdf, String
from PIL import ImageChops

from formflow.core.limits import Limits
from formflow.core.model import Answer, AnswerState, Reading, Unread
from formflow.documents.blank_parts import boxes
from formflow.documents.layout import PAGE_WIDTH
from formflow.documents.prefill import Copy, prefilled
from formflow.forms import catalogue, top_line
from formflow.forms.catalogue import Field, Form
from formflow.forms.manifest import rectangle
from formflow.reading.acroform import TooMuch
from formflow.reading.answers import answers
from formflow.reading.ladder import read_paper
from formflow.reading.reader import Reader
from formflow.reading.text import normalised
from tests.support import engines
from tests.support.letters import LETTERS, TEXTS
from tests.support.papers import FORMS, field

THEIRS = catalogue.load(Path(__file__).parents[2] / "examples/agency-form/example-school.toml")
BY_CODE = {form.code: form for form in FORMS}
OURS, REVIEW = BY_CODE["F1"], BY_CODE["F2"]
READER = Reader((*FORMS, THEIRS), Limits(), "always")
PHASES = [Phase.explicit, Phase.reuse, Phase.generate]  # no shrinking: it takes minutes
REFERENCE = "FF-2026-000123"


def filled(form: Form, values: dict[str, str]) -> bytes:
    known = {name: Answer(value, value, AnswerState.GIVEN) for name, value in values.items()}
    line = top_line.of_copy(REFERENCE, was_read=True)
    return prefilled(Copy(form, REFERENCE, line), known)


def _offered(field: Field) -> list[str]:
    """Return what can be marked: an agency's form may have a box for "yes" alone."""
    return sorted(set(field.means.values()) or set(field.states))


def filled_in(form: Form) -> st.SearchStrategy[dict[str, str]]:
    """Any answers to any questions of a form; texts that came from a paper have no space around them."""
    asked = {
        name: st.sampled_from(_offered(field)) if field.states else TEXTS.map(normalised)
        for name, field in form.fields.items()
        if not field.drawn
    }
    return st.lists(st.sampled_from(list(asked)), max_size=8, unique=True).flatmap(
        lambda names: st.fixed_dictionaries({name: asked[name] for name in names})
    )


def claims(form: Form) -> dict[str, str]:
    return {**catalogue.claim(form.form_id, form.version), "case_ref": REFERENCE}


def given_in(values: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in values.items() if value}


@settings(max_examples=25, deadline=None, phases=PHASES)
@given(filled_in(REVIEW))
@example({"child_a_name": "Zoë Świątek", "level": "harmful"})
@example({"proposal_text": "a\n" * 3_000 + "a"})  # more pages than our own reader takes
def test_three_programs_find_what_was_put_in(values: dict[str, str]) -> None:
    content = filled(REVIEW, values)
    wanted = given_in(values) | claims(REVIEW)
    with pikepdf.open(io.BytesIO(content)) as pdf:
        assert pdf.check_pdf_syntax() == []
        if len(pdf.pages) > READER.limits.pages:
            with pytest.raises(TooMuch, match="50 pages"):
                boxes(pdf)
        else:
            assert {name: box.raw for name, box in boxes(pdf).items() if box.value} == wanted
    assert engines.by_pypdf(content) == wanted
    # PDFium leaves out what stands between two signs of a change of language.
    if not any("\x1b" in value for value in values.values()):
        assert engines.by_pdfium(content) == wanted


WIDE_LETTERS = {"child_a_dob": ("0" * 13 + "Ũ" * 6 + "\u058b" * 6) * 2}
NOWHERE_TO_BREAK = {"others_text": "ab\N{NO-BREAK SPACE}" * 400 + "ab"}
MANY_LINES = dict.fromkeys(("parents_text", "others_text"), "a\n" * 3_000)
FROM_RIGHT_TO_LEFT = {"child_a_dob": "א" * 90, "others_text": "שלום " * 900 + "🍆"}


@pytest.mark.parametrize("form", [OURS, REVIEW, THEIRS], ids=lambda form: form.code)
def test_our_own_reader_has_nothing_against_a_sheet(form: Form, tmp_path: Path) -> None:
    @settings(max_examples=12, deadline=None, phases=PHASES)
    @given(filled_in(form))
    @example({n: text for n, text in WIDE_LETTERS.items() if n in form.fields})
    @example({n: text for n, text in FROM_RIGHT_TO_LEFT.items() if n in form.fields})
    @example({n: text for n, text in NOWHERE_TO_BREAK.items() if n in form.fields})
    @example({n: text.strip() for n, text in MANY_LINES.items() if n in form.fields})
    def reads_back(values: dict[str, str]) -> None:
        content = filled(form, values)
        (tmp_path / "sheet.pdf").write_bytes(content)
        reading = read_paper(tmp_path / "sheet.pdf", READER)
        with pikepdf.open(io.BytesIO(content)) as pdf:
            is_too_long = len(pdf.pages) > READER.limits.pages
        if is_too_long:  # so many lines go on behind the form that it is refused, in words
            assert isinstance(reading, Unread)
            assert (reading.reason, reading.words) == ("FF-119", {"limit": "50 pages"})
            return
        assert isinstance(reading, Reading)
        found = {name: answer.value for name, answer in reading.answers.items() if answer.value}
        assert (found, reading.case_ref) == (given_in(values), REFERENCE)
        assert {hold.code for hold in reading.held} == ({"FF-115"} if not found else set())

    reads_back()


@pytest.mark.parametrize("text", ["2026/000123", "Zoë 🍆 " * 30])
def test_an_answer_longer_than_its_box_takes_is_whole_on_the_sheet(
    text: str, tmp_path: Path
) -> None:
    with pikepdf.open(THEIRS.blank) as pdf:
        assert any(int(box.get("/MaxLen", 99)) == 8 for box in pdf.pages[0].Annots)
    (tmp_path / "a.pdf").write_bytes(filled(THEIRS, {"child_a_number": text.strip()}))
    reading = read_paper(tmp_path / "a.pdf", READER)
    assert isinstance(reading, Reading)
    assert (reading.answers["child_a_number"].value, reading.held) == (text.strip(), ())


@pytest.mark.parametrize("form", [OURS, THEIRS], ids=lambda form: form.code)
def test_an_answer_that_its_boxes_cannot_say_stays_blank(form: Form, tmp_path: Path) -> None:
    cannot = {"type_touching": "no"} if form is THEIRS else {"context_planned": "perhaps"}
    decomposed = {"others_text": "e\u0301"}  # our reader reads it as one letter
    (tmp_path / "a.pdf").write_bytes(filled(form, cannot | decomposed | {"child_a_name": "Ada"}))
    reading = read_paper(tmp_path / "a.pdf", READER)
    assert isinstance(reading, Reading)
    found = {name: answer.value for name, answer in reading.answers.items() if answer.value}
    assert found == {"child_a_name": "Ada"}


def test_an_escape_which_programs_take_for_the_name_of_a_language_is_left_out(
    tmp_path: Path,
) -> None:
    (tmp_path / "a.pdf").write_bytes(filled(OURS, {"child_a_name": "Z\x1bo\x1be Świątek"}))
    reading = read_paper(tmp_path / "a.pdf", READER)
    assert isinstance(reading, Reading)
    assert reading.answers["child_a_name"].value == "Zoe Świątek"
    assert reading.held == ()


def test_half_a_letter_is_refused() -> None:
    with pytest.raises(ValueError, match="surrogates"):
        filled(OURS, {"child_a_name": "Zo\ud83c"})


@settings(
    max_examples=10,
    deadline=None,
    phases=PHASES,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    st.dictionaries(
        st.sampled_from(["child_a_name", "type_text", "attempt_text"]),
        st.text(LETTERS, max_size=60).map(lambda text: normalised(f"Seen: {text}")),
        min_size=1,
    )
)
def test_two_programs_draw_every_answer_in_its_box(tmp_path: Path, values: dict[str, str]) -> None:
    empty, content = filled(OURS, {}), filled(OURS, values)
    pictures = [(engines.drawn_by_pdfium(empty), engines.drawn_by_pdfium(content))]
    if engines.POPPLER is not None:
        before, after = (engines.drawn_by_poppler(one, tmp_path) for one in (empty, content))
        pictures.append((before, after))
    for blank, sheet in pictures:
        for name in values:
            place = OURS.manifest.boxes[name].places[0]
            left, bottom, right, top = map(int, place.rectangle)
            height = blank[0].height
            area = (left, height - top, right, height - bottom)
            boxes_drawn = [pages[place.page - 1].crop(area) for pages in (blank, sheet)]
            assert ImageChops.difference(*boxes_drawn).getbbox() is not None, name


@pytest.mark.skipif(engines.POPPLER is None, reason="pdftoppm is not installed (poppler-utils)")
@pytest.mark.parametrize("form", [*FORMS, THEIRS], ids=lambda form: form.code)
def test_poppler_has_nothing_against_a_sheet(form: Form, tmp_path: Path) -> None:
    words = "Zoë Świątek Жанна " * 60 + "🍆"  # it looks for a font at every letter that has none
    texts = {name: words for name, field in form.fields.items() if not field.states}
    pages = engines.drawn_by_poppler(filled(form, texts), tmp_path)
    assert len(pages) > len(form.manifest.prints)  # and the long answers


def test_letters_that_no_font_has_stand_by_name_on_a_further_page(tmp_path: Path) -> None:
    content = filled(OURS, {"type_text": "He sent 🍆 twice."})
    with pikepdf.open(io.BytesIO(content)) as pdf:
        assert len(pdf.pages) == len(OURS.manifest.prints) + 1
    text = pypdf.PdfReader(io.BytesIO(content)).pages[-1].extract_text()
    assert "He sent [aubergine] twice." in text
    (tmp_path / "a.pdf").write_bytes(content)
    reading = read_paper(tmp_path / "a.pdf", READER)
    assert isinstance(reading, Reading)
    assert reading.held == ()


ELSEWHERE = """
import hashlib
from tests.documents.test_sheet_writer import EVERYTHING, REVIEW, filled
print(hashlib.sha256(filled(REVIEW, EVERYTHING)).hexdigest())
"""
EVERYTHING = {
    name: field.states[0] if field.states else f"{name} Świątek 🍆 " + "long " * 900 + "."
    for name, field in REVIEW.fields.items()
}


def test_the_same_answers_give_the_same_bytes_in_every_process() -> None:
    made = {hashlib.sha256(filled(REVIEW, EVERYTHING)).hexdigest()}
    for seed in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-c", ELSEWHERE],
            env={**os.environ, "PYTHONHASHSEED": seed},
            cwd=Path(__file__).parents[2],
            capture_output=True,
            text=True,
            check=True,
        )
        made.add(done.stdout.strip())
    assert len(made) == 1


# An agency's blank may be any PDF.


def packed(_: Pdf) -> dict[str, Any]:
    return {"object_stream_mode": pikepdf.ObjectStreamMode.generate}


def locked(_: Pdf) -> dict[str, Any]:
    """Anybody may read it; only who has the password may change it."""
    return {"encryption": pikepdf.Encryption(owner="secret", user="")}


def nested(pdf: Pdf) -> dict[str, Any]:
    """What all pages share stands above them: their size, a turn and an edge."""
    above = pdf.Root.Pages
    above.MediaBox, above.CropBox = pdf.pages[0].mediabox, Array([10, 10, 400, 500])
    above.Rotate = 90
    for page in pdf.pages:
        del page.obj["/MediaBox"]
    return {}


def written_in_place(pdf: Pdf) -> dict[str, Any]:
    """Boxes without numbers of their own."""
    fields = pdf.Root.AcroForm.Fields
    pdf.Root.AcroForm.Fields = Array(
        [one if "/Kids" in one else Dictionary(dict(one.items())) for one in fields]
    )
    return {}


def without_information(pdf: Pdf) -> dict[str, Any]:
    del pdf.trailer["/Info"]
    return {}


@pytest.mark.parametrize("change", [packed, locked, nested, written_in_place, without_information])
def test_a_blank_may_be_any_pdf(change: Callable[[Pdf], dict[str, Any]], tmp_path: Path) -> None:
    with pikepdf.open(THEIRS.blank) as pdf:
        pdf.save(tmp_path / "theirs.pdf", **change(pdf))
    form = replace(THEIRS, source=tmp_path / "theirs.toml", learned=THEIRS.manifest)
    values = {"child_a_name": "Zoë Świątek", "type_exposure": "yes", "others_text": "long " * 2_000}
    values = {name: value.strip() for name, value in values.items()}
    content = filled(form, values)
    with pikepdf.open(io.BytesIO(content)) as pdf:
        assert pdf.check_pdf_syntax() == []
        assert not pdf.is_encrypted
        last = pdf.pages[-1]
        assert (last.rotation, rectangle(last.cropbox)[2]) == (0, PAGE_WIDTH)
        read = answers(form, boxes(pdf))
    assert {name: one.value for name, one in read.items() if one.value} == values


def test_a_state_that_reads_as_another_one_stays_blank(tmp_path: Path) -> None:
    """Labels that are called as the states of other circles: a program that stores them means these."""
    with pikepdf.open(OURS.blank) as pdf:
        group = field(pdf, "context_planned")
        group.Opt = Array([String(one) for one in ("no", "yes", "unknown")])
        pdf.save(tmp_path / "theirs.pdf")
    form = replace(OURS, source=tmp_path / "theirs.toml", learned=OURS.manifest)
    content = filled(form, {"context_planned": "yes", "context_force": "no"})
    with pikepdf.open(io.BytesIO(content)) as pdf:
        read = answers(form, boxes(pdf))
    assert {name: one.value for name, one in read.items() if one.value} == {"context_force": "no"}
