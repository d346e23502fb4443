"""A box that says "no" is never read as a yes, however an agency's form asks for it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pikepdf
import pytest
from pikepdf import Dictionary, Name, String
from reportlab.pdfbase.pdfmetrics import stringWidth

from formflow.admin.learn import draft
from formflow.admin.learn.pairing import Pair
from formflow.core.model import AnswerState
from formflow.forms import catalogue
from formflow.reading.acroform import Box
from formflow.reading.answers import answers
from tests.admin.learn.test_learn import blank, circle

OURS = catalogue.shipped()[0]
CORPUS = Path(__file__).parents[4] / "shared" / "corpus"
QUIRKS = (
    "01-yes-no-tick-pair-blank",
    "02-prefilled-visible-box-blank",
    "03-short-label-other",
    "04-captions-below-the-line",
    "05-label-in-top-of-cell",
    "14-two-circles-store-the-same-blank",
    "15-date-in-three-boxes-and-comb-blank",
)


def tick(name: str, x: float, y: float, stores: str = "Yes", tooltip: str = "") -> Dictionary:
    """Return a tick box of its own."""
    box = circle(stores, x, y)
    box.FT, box.T = Name.Btn, String(name)
    if tooltip:
        box.TU = String(tooltip)
    return box


def circles(name: str, *kids: Dictionary) -> Dictionary:
    return Dictionary(FT=Name.Btn, T=String(name), Ff=1 << 15, Kids=pikepdf.Array(kids))


def learned(path: Path) -> tuple[draft.Draft, catalogue.Form]:
    """Return the draft of a form, and the definition as it would be used uncorrected."""
    made = draft.draft(path, OURS)
    for name, content in draft.files(made).items():
        (path.parent / name).write_bytes(content)
    return made, catalogue.load(path.parent / f"{made.stem}.toml")


def read(form: catalogue.Form, ticked: dict[str, str]) -> dict[str, str]:
    """Return what is read where these boxes are ticked: question -> answer; blanks left out."""
    boxes = {
        name: Box(name, box.kind, ticked.get(name, ""), ticked.get(name, ""))
        for name, box in form.manifest.boxes.items()
    }
    return {
        name: one.value or one.state
        for name, one in answers(form, boxes).items()
        if one.state is not AnswerState.BLANK
    }


def each_tick(form: catalogue.Form) -> Iterator[tuple[str, str, dict[str, str]]]:
    """Yield each state that each button can store, with what is read then."""
    for name, box in form.manifest.boxes.items():
        if box.kind == "button":
            for state in box.states:
                yield name, state, read(form, {name: state})


Print = dict[tuple[float, float], str]
LAYOUTS: dict[str, tuple[Print, int, int]] = {
    "behind": ({(50, 702): "Was it planned?", (316, 702): "Yes", (376, 702): "No"}, 300, 360),
    "ahead": ({(50, 702): "Was it planned?", (270, 702): "Yes", (340, 702): "No"}, 300, 360),
    "headings": ({(296, 722): "Yes", (358, 722): "No", (50, 702): "Was it planned?"}, 300, 360),
    "letters": ({(50, 702): "Was it planned?", (316, 702): "Y", (376, 702): "N"}, 300, 360),
    "true": ({(50, 702): "Was it planned?", (316, 702): "True", (376, 702): "False"}, 300, 360),
}


@pytest.mark.parametrize("stores", [("Yes", "Yes"), ("On", "On"), ("1", "0"), ("Yes", "No")])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_yes_box_and_a_no_box_become_one_question(
    tmp_path: Path, layout: str, stores: tuple[str, str]
) -> None:
    printed, x, other_x = LAYOUTS[layout]
    boxes = (tick("q1a", x, 700, stores[0]), tick("q1b", other_x, 700, stores[1]))
    made, form = learned(blank(tmp_path / "theirs.pdf", printed, *boxes))
    [pair] = made.pairs
    assert pair.label == "Was it planned?"
    assert pair.question is not None
    assert pair.question.name == "context_planned"
    [name] = form.fields
    assert read(form, {"q1a": stores[0]}) == {name: "yes"}
    assert read(form, {"q1b": stores[1]}) == {name: "no"}
    assert read(form, {}) == {}
    both = read(form, {"q1a": stores[0], "q1b": stores[1]})
    assert both == {name: AnswerState.UNREADABLE}


def test_a_yes_box_over_a_no_box_becomes_one_question(tmp_path: Path) -> None:
    printed: Print = {(50, 702): "Was it planned?", (316, 702): "Yes", (316, 682): "No"}
    boxes = (tick("q1a", 300, 700), tick("q1b", 300, 680))
    _, form = learned(blank(tmp_path / "theirs.pdf", printed, *boxes))
    [name] = form.fields
    assert [read(form, {one: "Yes"})[name] for one in ("q1a", "q1b")] == ["yes", "no"]


def test_rows_of_a_table_headed_yes_and_no_are_a_question_each(tmp_path: Path) -> None:
    printed: Print = {(298, 742): "Yes", (360, 742): "No"}
    boxes = []
    for row, words in enumerate(("Was it planned?", "Was there a threat?", "Was it mutual?")):
        y = 720 - 24 * row
        printed[(50, y + 2)] = words
        boxes += [tick(f"a{row}", 300, y), tick(f"b{row}", 360, y)]
    made, form = learned(blank(tmp_path / "theirs.pdf", printed, *boxes))
    assert [pair.label for pair in made.pairs] == list(printed.values())[2:]
    for row in range(3):
        assert list(read(form, {f"a{row}": "Yes"}).values()) == ["yes"]
        assert list(read(form, {f"b{row}": "Yes"}).values()) == ["no"]


UNCLEAR: dict[str, tuple[Print, tuple[Dictionary, ...]]] = {
    "no labels": ({(50, 702): "Was it planned?"}, (tick("a", 300, 700), tick("b", 360, 700))),
    "not applicable": (
        {(50, 702): "Planned?", (316, 702): "Yes", (376, 702): "No", (436, 702): "Not applicable"},
        (tick("a", 300, 700), tick("b", 360, 700), tick("c", 420, 700)),
    ),
    "between": (
        {(50, 702): "Planned?", (280, 702): "Yes", (320, 702): "No", (380, 702): "No"},
        (tick("a", 300, 700), tick("b", 360, 700)),
    ),
    "name against print": (
        {(50, 702): "Was it planned?", (316, 702): "Yes", (376, 702): "No"},
        (tick("planned_no", 300, 700), tick("planned_yes", 360, 700)),
    ),
    "tooltip against print": (
        {(50, 702): "Was it planned?", (316, 702): "Yes", (376, 702): "No"},
        (tick("a", 300, 700, tooltip="Planned: no"), tick("b", 360, 700, tooltip="Planned: yes")),
    ),
    "stored against print": (
        {(50, 702): "Was it planned?", (316, 702): "Yes", (376, 702): "No"},
        (tick("a", 300, 700, "No"), tick("b", 360, 700, "Yes")),
    ),
    **{
        f"lone: {words}": ({(316, 702): words}, (tick("a", 300, 700),))
        for words in (
            "No",
            "Yes",
            "No concerns",
            "None of these",
            "Not seen",
            "N/A",
            "Never",
            "NO!",
        )
    },
    "lone: No before the box": ({(50, 702): "Concerns? No"}, (tick("a", 300, 700),)),
    **{
        f"stores {state}": ({(316, 702): "Force was used"}, (tick("a", 300, 700, state),))
        for state in ("0", "1", "2", "No", "no", "N", "False", "None", "NA", "NotKnown")
    },
    "circles with the words ahead": (
        {(50, 702): "Was it planned?", (270, 702): "Yes", (340, 702): "No"},
        (circles("a", circle("x", 300, 700), circle("y", 360, 700)),),
    ),
    "circles that store the other word": (
        {(50, 702): "Was it planned?", (316, 702): "Yes", (376, 702): "No"},
        (circles("a", circle("No", 300, 700), circle("Yes", 360, 700)),),
    ),
    "one word alone under its heading": (
        {(296, 722): "No", (50, 702): "Was it planned?"},
        (tick("a", 300, 700),),
    ),
}


@pytest.mark.parametrize("case", UNCLEAR)
def test_what_is_not_clear_is_not_sure_and_never_a_yes(tmp_path: Path, case: str) -> None:
    printed, boxes = UNCLEAR[case]
    made, form = learned(blank(tmp_path / "theirs.pdf", printed, *boxes))
    assert any(pair.is_unclear for pair in made.pairs)
    assert not any(pair.is_sure for pair in made.pairs)
    assert "NOT SURE" in draft.as_toml(made)
    for name, state, found in each_tick(form):
        assert "yes" not in [value.casefold() for value in found.values()], (name, state)


def test_circles_say_what_is_printed_at_them_whatever_they_store(tmp_path: Path) -> None:
    printed: Print = {(50, 702): "Was it planned?", (316, 702): "No", (376, 702): "Yes"}
    group = circles("planned", circle("1", 300, 700), circle("0", 360, 700))
    _, form = learned(blank(tmp_path / "theirs.pdf", printed, group))
    [name] = form.fields
    assert (read(form, {"planned": "1"}), read(form, {"planned": "0"})) == (
        {name: "no"},
        {name: "yes"},
    )


def test_a_question_that_denies_is_never_sure_to_be_ours(tmp_path: Path) -> None:
    printed: Print = {(50, 702): "Was it not planned?", (316, 702): "Yes", (376, 702): "No"}
    boxes = (
        tick("was it not planned yes", 300, 700, tooltip="Was it not planned? Yes"),
        tick("was it not planned no", 360, 700, tooltip="Was it not planned? No"),
    )
    made, _ = learned(blank(tmp_path / "theirs.pdf", printed, *boxes))
    assert [pair.is_sure for pair in made.pairs] == [False]


def _sure(pairs: tuple[Pair, ...]) -> dict[str, str]:
    return {" + ".join(box.name for box in pair.boxes): pair.name for pair in pairs if pair.is_sure}


def test_of_the_quirky_forms_no_pair_that_is_called_sure_is_wrong(tmp_path: Path) -> None:
    if not (CORPUS / "quirks").is_dir():
        pytest.skip("the corpus of quirks is not here")
    sure = {}
    for stem in QUIRKS:
        path = tmp_path / f"{stem}.pdf"
        path.write_bytes((CORPUS / "quirks" / path.name).read_bytes())
        made, form = learned(path)
        sure[stem[:2]] = _sure(made.pairs)
        for name, state, found in each_tick(form):
            if name.endswith(" no"):
                assert "yes" not in found.values(), (stem, name, state)
    print(f"{sum(map(len, sure.values()))} pairs are called sure")
    assert sure == {
        "01": {
            "child name": "child_a_name",
            "dob": "child_a_dob",
            "incident date": "incident_at",
            "planned yes + planned no": "context_planned",
            "signed": "signed_name",
        },
        "02": {"place": "incident_place", "signed": "signed_name"},
        "03": {},
        "04": {},
        "05": {},
        "14": {"child name": "child_a_name", "plan": "context_planned"},
        "15": {"child name": "child_a_name", "dob_d + dob_m + dob_y": "child_a_dob"},
    }


@pytest.mark.slow
def test_of_public_forms_no_pair_is_wrongly_sure_and_no_no_box_is_a_yes(tmp_path: Path) -> None:
    if not (CORPUS / "agency").is_dir():
        pytest.skip("the corpus of public forms is not here")
    labels = json.loads((CORPUS / "agency" / "labels.json").read_text("utf-8"))
    sure = 0
    for name, entry in labels.items():
        path = tmp_path / name
        path.write_bytes((CORPUS / "agency" / name).read_bytes())
        try:
            made, form = learned(path)
        except pikepdf.PdfError:
            continue  # a form that cannot be learned yet says so
        found = _sure(made.pairs)
        sure += len(found)
        wrong = entry["labels"].get("must_not_be_sure", {})
        assert not wrong.items() & found.items(), name
        for box, state, said in each_tick(form):
            is_lone = len(form.manifest.boxes[box].states) == 1
            if (is_lone and box.casefold().endswith((" no", "_no", "-no"))) or state in (
                "No",
                "no",
            ):
                assert "yes" not in said.values(), (name, box, state)
    print(f"{sure} pairs of {len(labels)} public forms are called sure")


def test_the_answers_of_one_column_are_no_question_of_the_next(tmp_path: Path) -> None:
    """Two columns, each question over its three circles: "Not known" ends the left one."""
    printed: dict[tuple[float, float], str] = {}
    fields = []
    for x, questions in ((40, ("Was it planned?", "Was there a threat?")), (310, ("Was there blackmail?", "Was there coercion?"))):  # fmt: skip
        for number, question in enumerate(questions):
            y = 700 - 40 * number
            printed[(x, y + 16)] = question
            kids = []
            for right, words in ((10, "Yes"), (60, "No"), (110, "Not known")):
                printed[(x + right + 14, y + 2)] = words
                kids.append(circle(words.split()[-1].lower(), x + right, y))
            fields.append(circles(f"q{x}{number}", *kids))
    made, _ = learned(blank(tmp_path / "theirs.pdf", printed, *fields))
    known = {"yes": "yes", "no": "no", "known": "unknown"}
    assert {pair.label: pair.means for pair in made.pairs} == dict.fromkeys(
        ("Was it planned?", "Was there a threat?", "Was there blackmail?", "Was there coercion?"), known
    )  # fmt: skip


@pytest.mark.parametrize("between", ["/", " / ", "  "])
def test_a_ring_around_a_word_says_that_word(tmp_path: Path, between: str) -> None:
    printed = {(50.0, 702.0): f"Was it planned?   Yes{between}No"}
    ends = [stringWidth(printed[50.0, 702.0][:end], "Helvetica", 12) + 50 for end in (18, 21)]
    ends += [stringWidth(printed[50.0, 702.0], "Helvetica", 12) + 50]
    yes, no = circle("a", ends[0] - 1, 700), circle("b", ends[2] - 16, 700)
    yes.Rect = pikepdf.Array([ends[0] - 1, 699, ends[1] + 1, 714])
    no.Rect = pikepdf.Array([ends[2] - 16, 699, ends[2] + 1, 714])
    made, _ = learned(blank(tmp_path / "theirs.pdf", printed, circles("q", yes, no)))
    [pair] = made.pairs
    assert (pair.label, pair.means) == ("Was it planned?", {"a": "yes", "b": "no"})


@pytest.mark.parametrize("states", [("a", "b"), ("Yes", "No")])
def test_circles_may_stand_behind_what_they_say(tmp_path: Path, states: tuple[str, str]) -> None:
    printed = {(50.0, 702.0): "Was it planned?", (160.0, 702.0): "Yes", (220.0, 702.0): "No"}
    kids = circle(states[0], 185, 700), circle(states[1], 240, 700)
    made, _ = learned(blank(tmp_path / "theirs.pdf", printed, circles("q", *kids)))
    [pair] = made.pairs
    assert (pair.label, pair.means) == ("Was it planned?", {states[0]: "yes", states[1]: "no"})


def test_circles_whose_store_denies_the_print_before_them_are_not_clear(tmp_path: Path) -> None:
    printed = {(50.0, 702.0): "Was it planned?", (160.0, 702.0): "Yes", (220.0, 702.0): "No"}
    kids = circle("No", 185, 700), circle("Yes", 240, 700)
    made, _ = learned(blank(tmp_path / "theirs.pdf", printed, circles("q", *kids)))
    assert [pair.is_unclear for pair in made.pairs] == [True]
