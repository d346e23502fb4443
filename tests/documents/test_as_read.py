"""The "as read" sheet: everything that was read, in full, the same bytes for the same entry."""

from __future__ import annotations

import io
import unicodedata
from contextlib import closing
from dataclasses import replace
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import pdfplumber
import pikepdf
import pypdf
import pypdfium2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from formflow.core.messages import notice
from formflow.core.model import Answer, AnswerState, Entry, Facts, History, Outcome, Tri
from formflow.documents.as_read import as_read
from formflow.documents.fonts import drawable
from formflow.documents.text_sheet import MIDDLE
from formflow.forms import catalogue
from formflow.reading.font_decoding import decoder
from formflow.rules.light.propose import decide
from tests.conftest import NOON
from tests.support import engines
from tests.support.letters import TEXTS

FORM = catalogue.shipped()[0]
LONDON = ZoneInfo("Europe/London")


def entry(**answers: str) -> Entry:
    given = {name: Answer(value, value, AnswerState.GIVEN) for name, value in answers.items()}
    blank = {n: Answer(None, "", AnswerState.BLANK) for n in FORM.fields if n not in given}
    facts = Facts({"context_planned": Tri.YES}, {}, {}, {})
    return Entry(
        reference="FF-2026-000123",
        revision=2,
        outcome=Outcome.HELD,
        received_at=NOON,
        recorded_at=NOON,
        sha256="0" * 64,
        form_id="recording",
        form_version=1,
        child_reference="C-000001",
        supersedes=1,
        incident_day=date(2026, 11, 14),
        answers=given | blank,
        notices=(notice("FF-207", label="Date/time of incident", page=1),),
        proposal=decide(facts, History(), date(2026, 11, 20)),
    )


def words(sheet: bytes) -> str:
    with pdfplumber.open(io.BytesIO(sheet)) as pdf:
        return " ".join(" ".join(page.extract_text() for page in pdf.pages).split())


def test_it_says_what_was_read_what_is_proposed_and_what_to_check() -> None:
    text = words(as_read(FORM, entry(child_a_name="Alex Example", context_planned="yes"), LONDON))
    for part in (
        "FF-2026-000123",
        "20 November 2026 at 12:00pm",
        "Held until someone has checked it",
        "FF-207, page 1",
        "Suggested level: red (harmful)",
        "Elements of planning, secrecy, force or coercion",
        "Alex Example",
        "(blank)",
    ):
        assert part in text


@pytest.mark.parametrize(
    "name", ["Zoë O’Brien", "Łukasz Żółć", "Ştefan Ğ", "Nguyễn Thị", "Ελένη", "Жанна", "£5 – €6"]
)
def test_every_letter_of_a_name_can_be_read(name: str) -> None:
    assert name in words(as_read(FORM, entry(child_a_name=name), LONDON))


def test_what_no_font_has_is_written_out_by_name() -> None:
    text = words(as_read(FORM, entry(type_text="he sent 🍆 twice 你"), LONDON))
    assert "he sent [aubergine] twice [cjk unified ideograph-4f60]" in text


def test_a_long_answer_is_never_cut_off() -> None:
    sentences = " ".join(f"Sentence number {n} ends here." for n in range(400))
    unbroken = "x" * 700
    text = words(as_read(FORM, entry(type_text=sentences, context_text=unbroken), LONDON))
    assert all(f"number {n} " in text for n in range(400))
    assert text.replace(" ", "").count("x") >= 700


@pytest.mark.parametrize("letters", ["https://example.org/" + "a-b" * 90, "Ł" * 300, "W" * 300])
def test_no_answer_runs_off_the_paper(letters: str) -> None:
    sheet = as_read(FORM, entry(type_text=letters, child_a_name=f"Alex {letters}"), LONDON)
    with pdfplumber.open(io.BytesIO(sheet)) as pdf:
        assert all(letter["x1"] <= 548.5 for page in pdf.pages for letter in page.chars)
        drawn = "".join(letter["text"] for page in pdf.pages for letter in page.chars)
    assert letters in drawn


def test_line_ends_and_tabs_of_other_programs_are_no_black_boxes() -> None:
    text = words(as_read(FORM, entry(type_text="é\tone\x0btwo\x0cthree\u2028four\x07"), LONDON))
    assert "é one two three four" in text


def test_every_page_says_which_of_how_many_it_is() -> None:
    with pdfplumber.open(io.BytesIO(as_read(FORM, entry(), LONDON))) as pdf:
        for number, page in enumerate(pdf.pages, start=1):
            assert f"page {number} of {len(pdf.pages)}" in page.extract_text()


def test_what_a_person_has_to_check_has_a_bar_beside_it() -> None:
    with pdfplumber.open(io.BytesIO(as_read(FORM, entry(), LONDON))) as pdf:
        first = pdf.pages[0]
        (notice_line,) = first.search("FF-207, page 1")
        assert any(bar["top"] < notice_line["bottom"] <= bar["bottom"] + 3 for bar in first.rects)


def test_the_same_entry_gives_the_same_bytes() -> None:
    one = entry(child_a_name="Łukasz", type_text="a\nb")
    assert as_read(FORM, one, LONDON) == as_read(FORM, one, LONDON)


def test_a_paper_that_could_not_be_read_has_a_sheet_that_says_so() -> None:
    unread = replace(
        entry(),
        outcome=Outcome.UNREADABLE,
        answers={},
        proposal=None,
        form_id=None,
        notices=(notice("FF-103"),),
    )
    text = words(as_read(None, unread, LONDON))
    assert "A person must read this form" in text
    assert "FF-103" in text


def drawn_answers(sheet: bytes) -> str:
    """Return all that is in the right column, without spaces, by the fonts' own tables."""
    drawn = []
    with pikepdf.open(io.BytesIO(sheet)) as pdf:
        assert pdf.check_pdf_syntax() == []
        for page in pdf.pages:
            fonts = {name: decoder(font) for name, font in page.resources.Font.items()}
            for step in pikepdf.parse_content_stream(page):
                given, order = list(step.operands), str(step.operator)
                if order == "Tf":
                    decode = fonts[str(given[0])]
                elif order == "Td":
                    is_answer = float(given[0]) == MIDDLE
                elif order == "Tj" and is_answer:
                    drawn.append(decode(bytes(given[0])))
    return "".join("".join(drawn).split())


def letters_of(text: str) -> set[str]:
    return {sign for sign in unicodedata.normalize("NFKC", text) if sign.isalnum()}


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.dictionaries(st.sampled_from(list(FORM.fields)), TEXTS, min_size=1, max_size=6))
def test_every_letter_of_any_answer_is_there_for_every_program(
    tmp_path: Path, answers: dict[str, str]
) -> None:
    texts = {name: text for name, text in answers.items() if not FORM.fields[name].states}
    sheet = as_read(FORM, entry(**texts), LONDON)
    shown = drawn_answers(sheet)
    wanted = [drawable(text) for text in texts.values()]
    assert all("".join(text.split()) in shown for text in wanted)
    with closing(pypdfium2.PdfDocument(sheet)) as pdf:
        by_pdfium = "".join(page.get_textpage().get_text_range() for page in pdf)
    by_pypdf = "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(sheet)).pages)
    for text in map(letters_of, wanted):
        assert text <= letters_of(by_pdfium)
        assert text <= letters_of(by_pypdf)
    pages = [engines.drawn_by_pdfium(sheet)]
    pages += [engines.drawn_by_poppler(sheet, tmp_path)] if engines.POPPLER else []
    assert not any(engines.is_blank(page) for drawn in pages for page in drawn)
