"""The page of a blank is read as a page: which print is the caption of which box, wherever captions stand."""

from __future__ import annotations

import json
from pathlib import Path

import pikepdf
import pytest
from pikepdf import Array, Dictionary, String
from reportlab.pdfgen.canvas import Canvas

from formflow.admin.learn import draft
from formflow.admin.learn.assignment import Assignment
from formflow.admin.learn.labels import Certainty
from formflow.core.model import AnswerState
from formflow.forms import catalogue
from formflow.forms.schema import FieldKind
from formflow.reading.acroform import Box
from formflow.reading.answers import answers
from tests.admin.learn.test_learn import blank, text_box
from tests.admin.learn.test_ticks import learned, tick

OURS = catalogue.shipped()[0]
CORPUS = Path(__file__).parents[4] / "shared" / "corpus"
Print = dict[tuple[float, float], str]
WORDS = ("Child's name", "Date of birth", "School", "Where did it happen?", "Signed")


def box(name: str, x: float, y: float, width: float = 200, height: float = 18) -> Dictionary:
    made = text_box(name, x, y)
    made.Rect = Array([x, y, x + width, y + height])
    return made


def labels(path: Path) -> dict[str, str]:
    found = draft.draft(path, OURS).pairs
    return {" + ".join(box.name for box in pair.boxes): pair.label for pair in found}


PLACES = {"left": (-150, 3), "above": (0, 21), "below": (0, -12), "inside": (2, 9)}


@pytest.mark.parametrize("place", PLACES)
def test_captions_stand_where_they_usually_do_on_the_page(tmp_path: Path, place: str) -> None:
    across, up = PLACES[place]
    high = 60 if place in ("above", "below") else 34
    rows = [(200.0, 740.0 - high * number) for number in range(len(WORDS))]
    printed = {(x + across, y + up): words for (x, y), words in zip(rows, WORDS, strict=True)}
    printed[(200, 800)] = "A form of our school"
    boxes = [box(f"f{number}", x, y, 300, 18) for number, (x, y) in enumerate(rows)]
    found = labels(blank(tmp_path / "theirs.pdf", printed, *boxes))
    assert list(found.values()) == list(WORDS)


@pytest.mark.parametrize("up", [20, -12])
def test_what_fits_the_whole_page_decides_and_not_what_is_nearest(tmp_path: Path, up: int) -> None:
    """Rows so close that each caption is about as near to the box over it as to the one under it."""
    rows = [(50.0, 740.0 - 33 * number) for number in range(len(WORDS))]
    printed = {(x, y + up): words for (x, y), words in zip(rows, WORDS, strict=True)}
    boxes = [box(f"f{number}", x, y, 400, 16) for number, (x, y) in enumerate(rows)]
    assert list(labels(blank(tmp_path / "theirs.pdf", printed, *boxes)).values()) == list(WORDS)


def with_small_print(path: Path, small: Print, printed: Print, *boxes: Dictionary) -> Path:
    """Write a page with some of its print in smaller letters, as forms have it under their lines."""
    canvas = Canvas(str(path), pagesize=(595, 842))
    for (x, y), words in printed.items():
        canvas.drawString(x, y, words)
    canvas.setFontSize(8)
    for (x, y), words in small.items():
        canvas.drawString(x, y, words)
    for one in boxes:
        left, bottom, right, _ = map(float, one.Rect)
        canvas.line(left, bottom, right, bottom)
    canvas.save()
    with pikepdf.open(path, allow_overwriting_input=True) as pdf:
        pdf.pages[0].Annots = listed = Array([pdf.make_indirect(one) for one in boxes])
        pdf.Root.AcroForm = Dictionary(Fields=listed)
        pdf.save()
    return path


def test_a_row_has_its_captions_in_one_place_whatever_the_page_has(tmp_path: Path) -> None:
    """Captions hang under the lines of an address; a word leads to them, as it does everywhere else on the page."""
    left = {(50.0, 500.0 - 30 * number): words for number, words in enumerate(WORDS)}
    usual = [box(f"f{number}", 250, 497 - 30 * number) for number in range(len(WORDS))]
    under = {(256.0, 730.0): "name", (427.0, 730.0): "given name", (256.0, 707.0): "number"}
    under |= {(313.0, 707.0): "road", (256.0, 684.0): "post code", (340.0, 684.0): "town"}
    rows = [box("a", 254, 740, 152, 13), box("b", 425, 740, 114, 13)]
    rows += [box("c", 254, 717, 39, 13), box("d", 311, 717, 228, 13)]
    rows += [box("e", 254, 694, 57, 13), box("f", 338, 694, 201, 13)]
    path = with_small_print(tmp_path / "theirs.pdf", under, {(190, 742): "pupil(s):", **left}, *rows, *usual)  # fmt: skip
    found = {" + ".join(one.name for one in pair.boxes): pair for pair in draft.draft(path, OURS).pairs}  # fmt: skip
    assert [found[name].label for name in "bcdef"] == ["given name", "number", "road", "post code", "town"]  # fmt: skip
    # "pupil(s):" leads to the line, and "name" hangs under it: a person must say which one it is.
    assert found["a"].certainty is Certainty.UNSURE


def test_the_middle_of_a_sentence_is_told_with_what_is_printed_under_the_line(
    tmp_path: Path,
) -> None:
    small = {(152.0, 691.0): "Name (in print)", (152.0, 661.0): "Address"}
    printed = {(50.0, 703.0): "I, the undersigned,", (95.0, 673.0): "resides at"}
    boxes = [box("a", 150, 700, 300, 14), box("b", 150, 670, 300, 14)]
    found = labels(with_small_print(tmp_path / "theirs.pdf", small, printed, *boxes))
    assert found["b"] == "resides at Address"


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_a_page_is_read_as_it_is_seen(tmp_path: Path, turn: int) -> None:
    """Turned print on a turned page, with a corner that is not zero, cut at its edges."""
    path = blank(
        tmp_path / "theirs.pdf",
        {(150, 702): "Child's name", (150, 662): "School"},
        box("a", 260, 700),
        box("b", 260, 660),
    )
    matrix = {
        0: pikepdf.Matrix(),
        90: pikepdf.Matrix(0, 1, -1, 0, 842, 0),
        180: pikepdf.Matrix(-1, 0, 0, -1, 595, 842),
        270: pikepdf.Matrix(0, -1, 1, 0, 0, 595),
    }[turn]
    with pikepdf.open(path, allow_overwriting_input=True) as pdf:
        page = pdf.pages[0]
        page.contents_add(f"q {' '.join(map(str, matrix.shorthand))} cm ".encode(), prepend=True)
        page.contents_add(b" Q")
        for widget in page.Annots:
            left, bottom, right, top = (float(one) for one in widget.Rect)
            (x, y), (x2, y2) = (matrix.transform((left, bottom)), matrix.transform((right, top)))
            widget.Rect = Array([min(x, x2), min(y, y2), max(x, x2), max(y, y2)])
        wide, high = (842, 595) if turn in (90, 270) else (595, 842)
        page.MediaBox = Array([-20, -30, wide, high])
        page.CropBox = Array([-10, -10, wide, high])
        page.Rotate = turn
        pdf.save()
    assert labels(path) == {"a": "Child's name", "b": "School"}


def test_rows_of_a_table_have_the_heads_of_its_columns_and_the_names_of_its_rows(
    tmp_path: Path,
) -> None:
    printed: Print = {(160, 742): "Agency", (340, 742): "Person"}
    boxes = []
    for row, name in enumerate(("First", "Second", "Third")):
        y = 718 - 22 * row
        printed[(60, y + 5)] = name
        boxes += [box(f"a{row}", 150, y, 170), box(f"p{row}", 330, y, 170)]
    found = labels(blank(tmp_path / "theirs.pdf", printed, *boxes))
    assert [found[f"p{row}"] for row in range(3)] == [
        "Person – First",
        "Person – Second",
        "Person – Third",
    ]


def test_lines_that_go_on_are_the_same_question(tmp_path: Path) -> None:
    boxes = [box(f"l{row}", 50, 660 - 20 * row, 450) for row in range(3)]
    path = blank(tmp_path / "theirs.pdf", {(50, 682): "What was done?"}, *boxes)
    assert set(labels(path).values()) == {"What was done?"}


def test_a_label_of_several_lines_is_one_and_each_cell_keeps_its_own(tmp_path: Path) -> None:
    path = tmp_path / "theirs.pdf"
    canvas = Canvas(str(path), pagesize=(595, 842))
    for x in (50, 250, 450, 550):
        canvas.line(x, 600, x, 700)
    for y in (600, 650, 700):
        canvas.line(50, y, 550, y)
    for (x, y), words in {
        (55, 680): "Name and address",
        (55, 668): "of the person served",
        (255, 688): "Case number",
        (55, 630): "School",
        (255, 638): "Telephone",
    }.items():
        canvas.drawString(x, y, words)
    canvas.save()
    spots = {"a": (180, 655), "b": (255, 655), "c": (180, 605), "d": (255, 605)}
    with pikepdf.open(path, allow_overwriting_input=True) as pdf:
        made = [pdf.make_indirect(box(name, *place, 60, 20)) for name, place in spots.items()]
        pdf.pages[0].obj.Annots = Array(made)
        pdf.Root.AcroForm = Dictionary(Fields=Array(made))
        pdf.save()
    assert labels(path) == {
        "a": "Name and address of the person served",
        "b": "Case number",
        "c": "School",
        "d": "Telephone",
    }


def test_a_date_in_three_boxes_is_one_answer_and_read_as_one(tmp_path: Path) -> None:
    parts = [
        box(f"dob_{one}", 200 + 40 * number, 700, 30) for number, one in enumerate(("d", "m", "y"))
    ]
    printed: Print = {(50, 702): "Date of birth", (50, 662): "Time of call"}
    times = [box("call_hh", 200, 660, 30), box("call_mm", 240, 660, 30)]
    made, form = learned(blank(tmp_path / "theirs.pdf", printed, *parts, *times))
    assert [len(pair.boxes) for pair in made.pairs] == [3, 2]
    [dob, _] = made.pairs
    assert (dob.kind, dob.question and dob.question.name) == (FieldKind.DATE, "child_a_dob")
    typed = {"dob_d": "14", "dob_m": "11", "dob_y": "2014", "call_hh": "10", "call_mm": "45"}
    boxes = {name: Box(name, "text", value, value) for name, value in typed.items()}
    assert [one.value for one in answers(form, boxes).values()] == ["14 11 2014", "10 45"]


def test_a_date_with_a_digit_to_a_cell_is_read_as_a_date(tmp_path: Path) -> None:
    comb = box("born", 200, 700, 160)
    comb.Ff, comb.MaxLen = 1 << 24, 8
    _, form = learned(blank(tmp_path / "theirs.pdf", {(50, 702): "Date of birth"}, comb))
    [answer] = answers(form, {"born": Box("born", "text", "14112014", "14112014")}).values()
    assert (answer.value, answer.raw, answer.state) == ("14 11 2014", "14112014", AnswerState.GIVEN)


def test_a_no_beside_a_box_for_writing_is_no_label_of_it(tmp_path: Path) -> None:
    printed: Print = {(50, 702): "Was it planned?", (216, 702): "Yes", (276, 702): "No"}
    boxes = (tick("y", 200, 700), tick("n", 260, 700), box("more", 300, 698))
    made, _ = learned(blank(tmp_path / "theirs.pdf", printed, *boxes))
    [pair] = [pair for pair in made.pairs if pair.boxes[0].name == "more"]
    assert pair.label != "No"


def test_a_line_that_is_drawn_with_letters_is_no_part_of_the_word_before_it(tmp_path: Path) -> None:
    printed: Print = {(50, 703): "Child’s full name:" + "." * 60, (50, 673): "Class:" + "_" * 20}
    boxes = box("a", 152, 700, 195), box("b", 90, 670, 130)
    found = labels(blank(tmp_path / "theirs.pdf", printed, *boxes))
    assert found == {"a": "Child’s full name:", "b": "Class:"}


def test_one_sign_alone_makes_no_label_sure(tmp_path: Path) -> None:
    path = blank(tmp_path / "theirs.pdf", {(50, 702): "School"}, box("x1", 200, 700))
    [pair] = draft.draft(path, OURS).pairs
    assert pair.certainty is Certainty.LIKELY
    told = box("x1", 200, 700)
    told.TU = String("School")
    [pair] = draft.draft(blank(path, {(50, 702): "School"}, told), OURS).pairs
    assert pair.certainty is Certainty.SURE


def test_a_bare_date_is_the_signatures_only_beside_the_signature(tmp_path: Path) -> None:
    printed: Print = {(50, 702): "Date", (50, 602): "Signed", (330, 602): "Date"}
    boxes = (box("a", 100, 700, 80), box("b", 100, 600), box("c", 370, 600, 80))
    made = draft.draft(blank(tmp_path / "theirs.pdf", printed, *boxes), OURS)
    asked = {pair.boxes[0].name: pair.question and pair.question.name for pair in made.pairs}
    assert asked == {"a": None, "b": "signed_name", "c": "signed_date"}


def test_everything_is_given_so_that_the_whole_costs_least() -> None:
    # Each box likes caption 0 best; were it given to box 0, box 1 would have to take a dear one.
    made = Assignment({0: {0: 1.0, 1: 3.0}, 1: {0: 2.0, 2: 20.0}}, none=15.0)
    assert made.given == {0: 1, 1: 0}
    margins = made.margins()
    assert margins[0] == pytest.approx(
        11.0
    )  # (0 takes caption 0, and 1 stays without): 16 in all for 5
    assert margins[1] == pytest.approx(11.0)


def test_labels_of_public_forms_are_found_as_people_see_them() -> None:
    if not (CORPUS / "agency").is_dir():
        pytest.skip("the corpus of public forms is not here")
    from bench.learn import Figures, figures

    table = json.loads((CORPUS / "agency" / "labels.json").read_text("utf-8"))
    total = Figures()
    for name in ("hmcts-c9.pdf", "ff-pagemaker-60.pdf", "scribus-form.pdf", "bc-pfa722.pdf"):
        total += figures(CORPUS / "agency" / name, table[name]["labels"]["printed"], OURS, [])
    assert (total.wrong, total.sure_wrong, total.inverted) == (0, 0, 0)
    assert total.right >= 40


@pytest.mark.parametrize(
    ("name", "blank_name"),
    [("filled-hmcts-c9-pdflib.pdf", "hmcts-c9.pdf"), ("filled-scribus-form-pypdf.pdf", "scribus-form.pdf")],
)  # fmt: skip
def test_what_programs_stored_in_public_forms_is_read_exactly(name: str, blank_name: str) -> None:
    if not (CORPUS / "agency").is_dir():
        pytest.skip("the corpus of public forms is not here")
    from bench.learn_filled import filled

    stored = json.loads((CORPUS / "agency" / "filled.json").read_text("utf-8"))[name]["stored"]
    found = filled(CORPUS / "agency", name, blank_name, stored)
    assert (found.exact, found.wrong) == (len(stored), ())
