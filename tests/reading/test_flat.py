"""Forms whose boxes became print: read at the places of the blank, and never without a person."""

from __future__ import annotations

import io
import tomllib
from pathlib import Path

import pikepdf
import pytest
from pikepdf import Pdf

from formflow.core.model import AnswerState, Reading
from formflow.forms.catalogue import known
from formflow.reading import alignment, flat, print_layout, raster
from formflow.reading.alignment import Fit, Word
from tests.support.papers import ANSWERS, BLANK, FORMS, SAMPLES, fill, paper, read

ODD = Path(__file__).parents[1] / "samples" / "not-ours"


def _made_by(sample: Path) -> tuple[str, str, int]:
    said = tomllib.loads(sample.with_name("expected.toml").read_text("utf-8"))["paper"]
    return said["program"].split()[0], said["form"], said["version"]


FORM = FORMS[0]
# Reading a print takes seconds: one sample of each program and version of the form is printed.
OF_EACH_PROGRAM = tuple({_made_by(path): path for path in SAMPLES}.values())
VERSIONS = {(form.form_id, form.version): form for form in known()}


def given(path: Path) -> dict[str, str]:
    reading = read(path)
    assert isinstance(reading, Reading), reading
    return {
        name: " ".join((answer.value or "").split())
        for name, answer in reading.answers.items()
        if answer.state is AnswerState.GIVEN
    }


def printed(path: Path, target: Path) -> Path:
    """Do what "Print to PDF" does."""
    target.write_bytes(raster.flattened(path.read_bytes()))
    return target


@pytest.mark.parametrize("sample", OF_EACH_PROGRAM, ids=lambda path: path.parent.name)
def test_a_print_of_a_sample_of_each_program_says_what_the_sample_says(
    tmp_path: Path, sample: Path
) -> None:
    whole = read(sample)
    assert isinstance(whole, Reading)
    reading = read(printed(sample, tmp_path / "a.pdf"))
    assert isinstance(reading, Reading)
    assert (reading.via, reading.confirm) == ("flat", True)
    fields = VERSIONS[whole.form_id, whole.form_version].fields
    ticks = [name for name, field in fields.items() if field.states]
    for name in ticks:
        assert reading.answers[name].value == whole.answers[name].value, name
    for name in fields.keys() - set(ticks):
        shown, stored = reading.answers[name].value or "", whole.answers[name].value or ""
        if stored.isascii():
            assert "".join(shown.split()) == "".join(stored.split()), name


def test_of_all_blanks_only_the_print_of_the_form_at_hand_is_read_and_once(tmp_path: Path) -> None:
    """To read the print of a blank takes longer than all else about a paper."""
    flat.printed.cache_clear()
    path = printed(paper(tmp_path / "whole.pdf"), tmp_path / "a.pdf")
    for _ in range(2):
        assert isinstance(read(path), Reading)
        assert flat.printed.cache_info().misses == 1


def test_a_page_that_is_missing_is_said_and_its_answers_are_not_blank(tmp_path: Path) -> None:
    path = printed(paper(tmp_path / "whole.pdf"), tmp_path / "a.pdf")
    with pikepdf.open(path, allow_overwriting_input=True) as pdf:
        del pdf.pages[2]
        pdf.save()
    reading = read(path)
    assert isinstance(reading, Reading)
    assert {"FF-124", "FF-106"} <= {hold.code for hold in reading.held}
    assert reading.answers["context_planned"].state is AnswerState.UNREADABLE
    assert reading.answers["others_freely"].value == "unknown"


def test_a_print_that_was_made_smaller_and_moved_is_read_alike(tmp_path: Path) -> None:
    whole = printed(paper(tmp_path / "whole.pdf"), tmp_path / "whole print.pdf")
    with pikepdf.open(whole) as pdf:
        for sheet in pdf.pages:
            sheet.contents_add(b"q 0.94 0 0 0.94 22 11 cm", prepend=True)
            sheet.contents_add(b"Q")
        pdf.save(tmp_path / "small.pdf")
    assert given(tmp_path / "small.pdf") == given(whole)


def test_pages_in_another_order_are_read_by_what_is_printed_on_them(tmp_path: Path) -> None:
    whole = printed(paper(tmp_path / "whole.pdf"), tmp_path / "whole print.pdf")
    with pikepdf.open(whole) as pdf:
        pdf.pages.reverse()
        pdf.save(tmp_path / "turned.pdf")
    assert given(tmp_path / "turned.pdf") == given(whole)


def test_two_marks_in_one_row_are_no_answer(tmp_path: Path) -> None:
    def both(pdf: Pdf) -> None:
        group = next(f for f in pdf.Root.AcroForm.Fields if f.get("/T") == "context_planned")
        for circle in group.Kids[:2]:
            circle.AS = pikepdf.Name(next(str(key) for key in circle.AP.N if key != "/Off"))

    path = printed(paper(tmp_path / "whole.pdf", change=both), tmp_path / "a.pdf")
    reading = read(path)
    assert isinstance(reading, Reading)
    assert reading.answers["context_planned"].state is AnswerState.UNREADABLE
    assert ("FF-134", "context_planned") in {(hold.code, hold.field) for hold in reading.held}


def test_a_blank_print_is_said_to_be_blank(tmp_path: Path) -> None:
    reading = read(printed(BLANK, tmp_path / "a.pdf"))
    assert isinstance(reading, Reading)
    assert "FF-115" in {hold.code for hold in reading.held}


def test_widgets_without_a_form_are_drawn_and_read(tmp_path: Path) -> None:
    def forget_the_form(pdf: Pdf) -> None:
        del pdf.Root.AcroForm

    with pytest.warns(pikepdf.exceptions.PageCopyWarning):
        path = paper(tmp_path / "a.pdf", change=forget_the_form)
    whole = printed(paper(tmp_path / "whole.pdf"), tmp_path / "whole print.pdf")
    assert given(path) == given(whole)


@pytest.mark.parametrize("password", ["", "agency"])
def test_a_locked_print_is_read_too(tmp_path: Path, password: str) -> None:
    whole = printed(paper(tmp_path / "whole.pdf"), tmp_path / "whole print.pdf")
    with pikepdf.open(whole) as pdf:
        pdf.save(tmp_path / "a.pdf", encryption=pikepdf.Encryption(owner="o", user=password))
    reading = read(tmp_path / "a.pdf", password=password)
    assert isinstance(reading, Reading)
    assert reading.answers["child_a_name"].state is AnswerState.GIVEN


def test_lines_that_end_for_want_of_room_go_on_and_others_do_not(tmp_path: Path) -> None:
    text = "They were playing behind the shed when it began. " * 6
    text = f"{text.strip()}\nThen they stopped."
    with pikepdf.open(BLANK) as pdf:
        fill(pdf, ANSWERS | {"type_text": text})
        pdf.save(tmp_path / "whole.pdf")
    reading = read(printed(tmp_path / "whole.pdf", tmp_path / "a.pdf"))
    assert isinstance(reading, Reading)
    assert reading.answers["type_text"].value == text


def test_a_fit_finds_how_a_page_was_turned_and_scaled() -> None:
    real = Fit(0.98, -0.02, 7.0, 0.02, 0.98, -3.0)
    blank = [Word(f"word{n}", 40.0 + 61 * (n % 8), 60.0 + 83 * (n // 8)) for n in range(40)]
    seen = [Word(word.text, *real.point(word.x, word.y)) for word in blank]
    seen[5] = Word(seen[5].text, 500.0, 20.0)  # one was misread elsewhere
    found = alignment.fit(blank, seen)
    assert found is not None
    for word in blank:
        assert found.point(word.x, word.y) == pytest.approx(real.point(word.x, word.y), abs=0.1)


@pytest.mark.parametrize("count", [0, 5])
def test_too_few_words_are_no_fit(count: int) -> None:
    words = [Word(f"word{n}", 10.0 * n, 7.0 * n * n) for n in range(count)]
    assert alignment.fit(words, words) is None


def test_words_on_one_line_are_no_fit() -> None:
    words = [Word(f"word{n}", 10.0 * n, 100.0) for n in range(20)]
    assert alignment.fit(words, words) is None


def test_what_pdfplumber_cannot_read_is_a_value_error() -> None:
    with pytest.raises(ValueError, match="pdfplumber"):
        print_layout.sheets(b"%PDF-1.7 and nothing else")
    with pytest.raises(ValueError, match="PDFium"), raster.opened(io.BytesIO(b"none").read()):
        pass


def place_of(name: str) -> tuple[int, tuple[float, float, float, float]]:
    place = FORM.manifest.boxes[name].places[0]
    return place.page, place.rectangle


def test_ink_without_letters_is_no_blank_box(tmp_path: Path) -> None:
    page, (left, bottom, right, top) = place_of("context_text")
    path = printed(paper(tmp_path / "whole.pdf"), tmp_path / "a.pdf")
    with pikepdf.open(path, allow_overwriting_input=True) as pdf:
        heap = f"q 0 g {left + 9} {bottom + 2} {right - left - 18} {top - bottom - 4} re f Q"
        pdf.pages[page - 1].contents_add(heap.encode())
        pdf.save()
    reading = read(path)
    assert isinstance(reading, Reading)
    assert reading.answers["context_text"].state is AnswerState.UNREADABLE
    assert ("FF-134", "context_text") in {(hold.code, hold.field) for hold in reading.held}
    assert reading.answers["relationship_text"].state is AnswerState.BLANK


def test_letters_of_the_box_below_belong_to_the_box_below() -> None:
    """The last line of one box and the first of the next are as near as two lines of one text."""
    letters = tuple(
        print_layout.Letter(
            {"text": sign, "x0": 10.0, "x1": 15.0, "y0": y, "y1": y + 9, "size": 9.0}, ()
        )
        for sign, y in (("A", 22.0), ("B", 10.0))
    )
    boxes = ((8.0, 20.0, 90.0, 34.0), (8.0, 6.0, 90.0, 20.0))
    laid = flat._Laid(1, 100.0, Fit(), letters, boxes)
    assert [letter.text for letter in laid._inside(boxes[0])] == ["A"]
    assert [letter.text for letter in laid._inside(boxes[1])] == ["B"]
    alone = flat._Laid(1, 100.0, Fit(), letters, boxes[:1])
    assert [letter.text for letter in alone._inside(boxes[0])] == ["A", "B"]
