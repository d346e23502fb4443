"""A blank filled in for a person: it reads back exactly, shows what it stores, and says what it is for."""

from __future__ import annotations

import io
from importlib.util import find_spec
from pathlib import Path

import pdfplumber
import pikepdf
import pypdf
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from formflow.core.limits import Limits
from formflow.core.model import Answer, AnswerState, Reading
from formflow.documents.prefill import Copy, prefilled
from formflow.forms import catalogue, top_line
from formflow.reading.ladder import read_paper
from formflow.reading.reader import Reader
from tests.support.papers import FORMS

EXAMPLE = Path(__file__).parents[2] / "examples" / "agency-form"
OURS = FORMS[0]
THEIRS = catalogue.load(EXAMPLE / "example-school.toml")


def ours(
    form: catalogue.Form = OURS, reference: str = "FF-2026-000001", *, engine: str = ""
) -> Copy:
    """Return a copy for the office to check, as FormFlow makes it."""
    line = top_line.of_copy(reference, was_read=True)
    return Copy(form, reference, line, by_fillpdf=engine == "fillpdf")


KNOWN = Reader((OURS, THEIRS), Limits())
TEXTS = [name for name, field in OURS.fields.items() if not field.states]


def answers(**values: str) -> dict[str, Answer]:
    return {name: Answer(value, value, AnswerState.GIVEN) for name, value in values.items()}


def read_back(content: bytes, folder: Path) -> Reading:
    path = folder / "sheet.pdf"
    path.write_bytes(content)
    reading = read_paper(path, KNOWN)
    assert isinstance(reading, Reading), reading
    return reading


def given_in(reading: Reading) -> dict[str, str]:
    return {n: a.value for n, a in reading.answers.items() if a.value is not None}


def test_what_is_put_in_comes_out_without_a_hold(tmp_path: Path) -> None:
    values = {
        "child_a_name": "Zoë Świątek-O’Connor Nguyễn",
        "incident_at": "14/11/2026 at 1.45pm",
        "type_text": "Behind the shed.\n\nShe said: “stop”. " + "And again. " * 300,
        "context_planned": "yes",
        "context_force": "unknown",
        "child_b_kind": "nobody",
    }
    values["type_text"] = values["type_text"].strip()
    reading = read_back(prefilled(ours(OURS, "FF-2026-000123"), answers(**values)), tmp_path)
    assert (given_in(reading), reading.held) == (values, ())
    assert reading.case_ref == "FF-2026-000123"


@settings(
    max_examples=25,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    st.dictionaries(
        st.sampled_from(TEXTS),
        st.text(
            st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufeff"), min_size=1
        ).filter(lambda text: text.strip() == text and bool(text)),
        min_size=1,
        max_size=6,
    )
)
def test_any_text_is_stored_whole(tmp_path: Path, values: dict[str, str]) -> None:
    content = prefilled(ours(OURS, "FF-2026-000001"), answers(**values))
    found = given_in(read_back(content, tmp_path))
    assert set(found) <= set(values)
    for name, value in found.items():
        assert value == values[name]


def test_the_sheet_shows_what_it_stores_on_the_page(tmp_path: Path) -> None:
    content = prefilled(ours(OURS, "FF-2026-000123"), answers(child_a_name="Zoë Świątek"))
    reading = read_back(content, tmp_path)
    assert reading.held == ()
    from formflow.reading import print_layout, raster

    [first, *_] = print_layout.sheets(raster.flattened(content))
    words = {word.text for word in first.words}
    assert {"Zoë", "Świątek", "FF-2026-000123:"} <= words


def test_a_letter_that_was_lost_is_kept_as_lost_for_every_program() -> None:
    content = prefilled(ours(OURS, "FF-2026-000001"), answers(child_a_name="Zo\ufffd Example"))
    fields = pypdf.PdfReader(io.BytesIO(content)).get_fields() or {}
    assert fields["child_a_name"]["/V"] == "Zo\ufffd Example"


def test_every_page_says_what_the_sheet_is_for() -> None:
    with pdfplumber.open(io.BytesIO(prefilled(ours(OURS, "FF-2026-000123"), {}))) as pdf:
        line = top_line.of_copy("FF-2026-000123", was_read=True)
        assert all(line in one.extract_text() for one in pdf.pages)
        assert len(pdf.pages) == 8


def test_the_same_answers_give_the_same_bytes() -> None:
    made = [prefilled(ours(OURS, "FF-2026-000001"), answers(child_a_name="Ada")) for _ in range(2)]
    assert made[0] == made[1]


def test_an_agencys_own_form_is_filled_in_through_its_definition(tmp_path: Path) -> None:
    values = {
        "child_a_name": "Zoë Świątek",
        "incident_at": "14/11/2026 13:45",
        "author_role": "dsl",
        "type_exposure": "yes",
        "relationship_kind": "unknown",
        "score_four": "some",
        "child_a_number": "SB-20417",
        "others_text": "Line one\nLine two",
    }
    content = prefilled(ours(THEIRS, "FF-2026-000009"), answers(**values))
    reading = read_back(content, tmp_path)
    assert (reading.form_id, reading.case_ref) == ("example_school", "FF-2026-000009")
    assert given_in(reading) == values
    assert reading.held == ()


def test_what_cannot_be_put_back_stays_blank(tmp_path: Path) -> None:
    reading = read_back(
        prefilled(
            ours(OURS, "FF-2026-000001"),
            answers(context_planned="perhaps", child_a_name="Ada"),
        ),
        tmp_path,
    )
    assert given_in(reading) == {"child_a_name": "Ada"}


def test_a_sheet_carries_nothing_that_starts_by_itself(tmp_path: Path) -> None:
    content = prefilled(ours(OURS, "FF-2026-000001"), answers(child_a_name="Ada"))
    assert read_back(content, tmp_path).carries == ()
    with pikepdf.open(io.BytesIO(content)) as pdf:
        assert "/OpenAction" not in pdf.Root


@pytest.mark.parametrize("form", [OURS, THEIRS], ids=["ours", "theirs"])
def test_a_sheet_filled_by_another_program_still_finds_its_record(
    form: catalogue.Form, tmp_path: Path
) -> None:
    content = prefilled(ours(form, "FF-2026-000001"), answers(child_a_name="Ada"))
    with pikepdf.open(io.BytesIO(content)) as pdf:
        pdf.save(tmp_path / "again.pdf", linearize=True)
    assert read_back((tmp_path / "again.pdf").read_bytes(), tmp_path).case_ref == "FF-2026-000001"


def test_an_answer_longer_than_its_box_stands_whole_on_a_further_page(tmp_path: Path) -> None:
    words = " ".join(f"word{n}" for n in range(1900))
    reading = read_back(
        prefilled(ours(OURS, "FF-2026-000001"), answers(attempt_text=words)), tmp_path
    )
    assert (given_in(reading), reading.held) == ({"attempt_text": words}, ())
    content = prefilled(ours(OURS, "FF-2026-000001"), answers(attempt_text=words))
    with pdfplumber.open(io.BytesIO(content)) as pdf:
        further = pdf.pages[len(OURS.manifest.prints) :]
        shown = " ".join(one.extract_text() for one in further).split()
    assert [word for word in shown if word.startswith("word")] == words.split()
    assert OURS.fields["attempt_text"].label in " ".join(shown)
    with pdfplumber.open(io.BytesIO(content)) as pdf:
        assert "Long answers: last pages." in pdf.pages[0].extract_text()


def test_a_page_that_is_not_ours_at_the_end_is_told(tmp_path: Path) -> None:
    content = prefilled(ours(OURS, "FF-2026-000001"), answers(attempt_text="word " * 1900))
    with pikepdf.open(io.BytesIO(content)) as pdf:
        pdf.add_blank_page()
        out = io.BytesIO()
        pdf.save(out)
    assert "FF-133" in {hold.code for hold in read_back(out.getvalue(), tmp_path).held}


def every_kind(form: catalogue.Form) -> dict[str, str]:
    """Return an answer for each kind of box, as many as the form has."""
    given = {}
    for number, (name, field) in enumerate(form.fields.items()):
        if field.for_reading:
            continue
        words = f"Zoë Świątek-O’Connor (no. {number}) \\ “said”"
        given[name] = field.states[number % len(field.states)] if field.states else words
    return given


SHEETS = [form for form in catalogue.shipped() if form.is_sheet]


@pytest.mark.parametrize("engine", ["pikepdf", "fillpdf"])
@pytest.mark.parametrize("form", [OURS, *SHEETS], ids=lambda form: form.code)
def test_every_sheet_reads_back_exactly_whoever_stores_the_answers(
    form: catalogue.Form, engine: str, tmp_path: Path
) -> None:
    if engine == "fillpdf" and find_spec("fillpdf") is None:
        pytest.skip("fillpdf is not installed (pip install formflow[fillpdf]; PyMuPDF is AGPL)")
    values = every_kind(form)
    copy = ours(form, "FF-2026-000001 r1", engine=engine)
    file = tmp_path / "filled.pdf"
    file.write_bytes(prefilled(copy, answers(**values)))
    reading = read_paper(file, Reader(FORMS, Limits()))
    assert isinstance(reading, Reading)
    assert (given_in(reading), reading.held) == (values, ())
    assert reading.case_ref == "FF-2026-000001 r1"
