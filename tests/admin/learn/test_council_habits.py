"""Habits of councils' and schools' forms: hints under questions, two columns, split captions, shaded tables, gaps in sentences."""

from __future__ import annotations

from pathlib import Path

import pikepdf
from pikepdf import Array, Dictionary
from reportlab.pdfgen.canvas import Canvas

from formflow.admin.fillable.page import pages
from formflow.admin.fillable.writing import writing
from formflow.admin.learn import draft
from formflow.admin.learn.labels import Certainty
from formflow.admin.learn.pairing import Pair
from formflow.forms import catalogue
from tests.admin.learn.test_learn import text_box
from tests.admin.learn.test_ticks import tick

OURS = catalogue.shipped()[0]
Words = tuple[float, float, str, float]  # from the left, from the foot, what is printed, size


def box(
    name: str, left: float, bottom: float, width: float = 200, height: float = 16
) -> Dictionary:
    made = text_box(name, left, bottom)
    made.Rect = Array([left, bottom, left + width, bottom + height])
    return made


def found(
    path: Path, words: list[Words], *boxes: Dictionary, ruled: tuple[tuple[float, ...], ...] = ()
) -> dict[str, Pair]:
    """Write a page, learn it, and return what was found by the boxes' names. `ruled`: left, foot, width, height."""
    canvas = Canvas(str(path), pagesize=(595, 842))
    for place in ruled:
        canvas.rect(*place)
    for left, bottom, said, size in words:
        canvas.setFont("Helvetica", size)
        canvas.drawString(left, bottom, said)
    canvas.save()
    with pikepdf.open(path, allow_overwriting_input=True) as pdf:
        made = [pdf.make_indirect(one) for one in boxes]
        pdf.pages[0].obj.Annots = Array(made)
        pdf.Root.AcroForm = Dictionary(Fields=Array(made))
        pdf.save()
    pairs = draft.draft(path, OURS).pairs
    return {" + ".join(box.name for box in pair.boxes): pair for pair in pairs}


def test_a_hint_in_smaller_print_is_no_question_of_its_own(tmp_path: Path) -> None:
    asked = "What is the child’s account of what happened?"
    words: list[Words] = [(40, 700, "1.", 10), (58, 700, asked, 10), (58, 688, "Use their own words.", 8)]  # fmt: skip
    words += [(58, 560, "What did you do then?", 10)]
    made = found(tmp_path / "theirs.pdf", words, box("a", 58, 612, 490, 70), box("b", 58, 484, 490, 70))  # fmt: skip
    assert made["a"].label == f"{asked} Use their own words."
    assert made["b"].label == "What did you do then?"


def test_a_label_under_a_heading_is_no_hint(tmp_path: Path) -> None:
    words: list[Words] = [(40, 700, "About the parent:", 10), (40, 689, "Full name:", 8), (40, 640, "School:", 8)]  # fmt: skip
    made = found(tmp_path / "theirs.pdf", words, box("a", 40, 668), box("b", 40, 620))
    assert made["a"].label == "Full name:"


def test_the_question_of_a_tick_box_is_not_what_stands_over_a_box_in_the_next_column(
    tmp_path: Path,
) -> None:
    words: list[Words] = [(40, 626, "Languages spoken at home", 8), (305, 640, "Have you told the family?", 8)]  # fmt: skip
    words += [(321, 626, "Yes", 8), (371, 626, "No", 8)]
    boxes = (box("l", 40, 590, 250, 32), tick("y", 305, 624), tick("n", 355, 624))
    made = found(tmp_path / "theirs.pdf", words, *boxes)
    assert made["y + n"].label == "Have you told the family?"


def test_what_each_part_of_a_date_is_called_is_not_what_is_asked(tmp_path: Path) -> None:
    words: list[Words] = [(40, 700, "Your date of birth", 10), (40, 660, "Telephone number", 10)]
    words += [(180 + 45 * at, 687, said, 6.5) for at, said in enumerate(("Day", "Month", "Year"))]
    parts = [box(f"dob.{said}", 180 + 45 * at, 696, 36) for at, said in enumerate(("day", "month", "year"))]  # fmt: skip
    made = found(tmp_path / "theirs.pdf", words, *parts, box("t", 180, 656))
    assert [pair.label for pair in made.values()] == ["Your date of birth", "Telephone number"]


def test_a_row_of_captions_that_go_on_under_the_line_with_one_word(tmp_path: Path) -> None:
    names = ("North", "Valley", "East Coast")
    words: list[Words] = [(40 + 150 * at, 720, said, 9) for at, said in enumerate(names)]
    words += [(40 + 150 * at, 693, "Office", 9) for at in range(3)]
    made = found(tmp_path / "theirs.pdf", words, *(box(said, 40 + 150 * at, 704, 120, 14) for at, said in enumerate(names)))  # fmt: skip
    assert [pair.label for pair in made.values()] == [f"{said} Office" for said in names]


def test_a_letter_before_a_gap_in_a_sentence_is_its_label_and_never_sure(tmp_path: Path) -> None:
    words: list[Words] = [(50, 700, "I,", 11), (266, 700, "(parent or carer) agree to this.", 11)]
    made = found(tmp_path / "theirs.pdf", words, box("a", 62, 697))
    assert (made["a"].label, made["a"].certainty) == ("I, …", Certainty.LIKELY)


def test_a_label_alone_in_the_cell_left_of_its_box_is_sure(tmp_path: Path) -> None:
    labels = ("Present", "Apologies", "Shared", "Agreed")
    words: list[Words] = []
    ruled: list[tuple[float, ...]] = []
    boxes = []
    for at, said in enumerate(labels):
        foot = 700.0 - 40 * at
        ruled += [(40, foot, 110, 40), (150, foot, 400, 40)]
        words.append((44, foot + 16, said, 10))
        boxes.append(box(said, 152, foot + 2, 396, 36))
        boxes[-1].T = pikepdf.String(f"Text{at}")  # its own name says nothing
    made = found(tmp_path / "theirs.pdf", words, *boxes, ruled=tuple(ruled))
    assert [(pair.label, pair.certainty) for pair in made.values()] == [(said, Certainty.SURE) for said in labels]  # fmt: skip


def test_details_in_a_table_behind_yes_and_no_have_the_head_of_their_column(tmp_path: Path) -> None:
    words: list[Words] = [(44, 780, "Factor", 9), (400, 780, "Details", 9)]
    ruled: list[tuple[float, ...]] = [(40, 775, 515, 18)]
    boxes = []
    for at, said in enumerate(("Known before", "Has a plan", "Is looked after")):
        foot = 755.0 - 24 * at
        ruled += [(40, foot - 6, 250, 24), (290, foot - 6, 105, 24), (395, foot - 6, 160, 24)]
        words += [(44, foot + 2, said, 9), (313, foot + 2, "Yes", 8), (358, foot + 2, "No", 8)]
        boxes += [tick(f"y{at}", 299, foot), tick(f"n{at}", 344, foot), box(f"d{at}", 398, foot - 4, 154, 20)]  # fmt: skip
    made = found(tmp_path / "theirs.pdf", words, *boxes, ruled=tuple(ruled))
    assert made["d2"].label == "Details – Is looked after"
    assert made["y1 + n1"].label == "Has a plan"


def test_a_line_to_write_on_close_under_a_table_is_a_place(tmp_path: Path) -> None:
    path = tmp_path / "theirs.pdf"
    canvas = Canvas(str(path), pagesize=(595, 842))
    canvas.rect(40, 700, 150, 30)
    canvas.rect(190, 700, 300, 30)
    canvas.drawString(44, 712, "Action taken")
    canvas.drawString(40, 687, "Signed: ____________________ Date: ______________")
    canvas.save()
    [page] = pages(path.read_bytes())
    assert len(writing(page, [])) == 3
