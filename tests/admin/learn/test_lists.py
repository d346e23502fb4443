"""“Tick all that apply” is one answer with several values, and what our rules ask stays a question of its own."""

from __future__ import annotations

from pathlib import Path

import pytest
from pikepdf import Dictionary

from formflow.admin.learn import draft, known, workbook
from formflow.admin.learn.corrected import corrected
from formflow.core.errors import FormDefinitionProblem
from formflow.documents.prefill import _stored
from formflow.forms import catalogue
from formflow.forms.schema import FieldKind
from tests.admin.learn.test_corrected import OURS, book_of, write
from tests.admin.learn.test_learn import blank, text_box
from tests.admin.learn.test_ticks import learned, read, tick

PLACES = ("Classroom", "Playground", "Toilets", "School bus: on the way")


def ticks(
    question: str, words: tuple[str, ...], *, over: bool
) -> tuple[dict[tuple[float, float], str], list[Dictionary]]:
    """Return what is printed, and the tick boxes: two in a row, under the question or right of it."""
    printed: dict[tuple[float, float], str] = {(50.0, 722.0 if over else 702.0): question}
    boxes = []
    for number, said in enumerate(words):
        x, y = (50 if over else 300) + 120.0 * (number % 2), 700.0 - 20 * (number // 2)
        printed[x + 16, y + 2] = said
        boxes.append(tick(f"b{number}", x, y))
    return printed, boxes


@pytest.fixture(params=[True, False], ids=["over", "left"])
def made(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[draft.Draft, catalogue.Form]:
    printed, boxes = ticks("Where did it happen? Tick all that apply.", PLACES, over=request.param)
    printed[50.0, 642.0] = "School"
    return learned(blank(tmp_path / "theirs.pdf", printed, *boxes, text_box("school", 120, 640)))


def test_several_ticks_under_one_question_are_one_answer(
    made: tuple[draft.Draft, catalogue.Form],
) -> None:
    drafted, form = made
    assert [(pair.label, len(pair.boxes)) for pair in drafted.pairs] == [
        ("Where did it happen? Tick all that apply.", 4),
        ("School", 1),
    ]
    assert list(known.misfits(form)) == []
    name = drafted.pairs[0].name
    assert form.fields[name].kind is FieldKind.TEXT
    assert read(form, {"b1": "Yes", "b3": "Yes"}) == {name: "Playground; School bus on the way"}
    assert read(form, {"b0": "Yes"}) == {name: "Classroom"}
    assert read(form, {}) == {}
    assert read(form, {"b0": "Yes", "b1": "other"}) == {name: "unreadable"}


def test_the_answer_goes_back_into_its_boxes(made: tuple[draft.Draft, catalogue.Form]) -> None:
    drafted, form = made
    given = {drafted.pairs[0].name: "Playground; School bus on the way"}
    assert _stored(form, given) == {"b1": "Yes", "b3": "Yes"}


def test_a_person_may_give_it_a_question_that_is_answered_in_words(
    made: tuple[draft.Draft, catalogue.Form], tmp_path: Path
) -> None:
    drafted, _ = made
    boxes = "b0\nb1\nb2\nb3"
    place = workbook.said(OURS.fields["incident_place"])
    book = book_of(drafted, tmp_path, write(boxes, workbook.QUESTION, place))
    pair = corrected(book, drafted.pairs, OURS)[0]
    assert (pair.name, pair.kind, (pair.means or {})["b0=Yes"]) == (
        "incident_place",
        FieldKind.TEXT,
        "Classroom",
    )
    planned = workbook.said(OURS.fields["context_planned"])
    with pytest.raises(FormDefinitionProblem, match="is answered with marks"):
        corrected(
            book_of(drafted, tmp_path, write(boxes, workbook.QUESTION, planned)),
            drafted.pairs,
            OURS,
        )


def test_boxes_that_our_form_asks_one_by_one_stay_questions(tmp_path: Path) -> None:
    asked = ("Was it planned?", "Was there a threat?")
    printed, boxes = ticks("Tick all that apply", asked, over=True)
    drafted, _ = learned(blank(tmp_path / "theirs.pdf", printed, *boxes))
    assert [(pair.label, pair.is_list) for pair in drafted.pairs] == [(one, False) for one in asked]


def test_a_yes_and_a_no_are_no_list(tmp_path: Path) -> None:
    printed, boxes = ticks("Was he there? Tick as many as apply", ("Yes", "No"), over=True)
    drafted, _ = learned(blank(tmp_path / "theirs.pdf", printed, *boxes))
    assert not any(pair.is_list for pair in drafted.pairs)
