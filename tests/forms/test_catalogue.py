"""Form definitions, the blanks that are built from them, and the field guide."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any

import pdfplumber
import pikepdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reportlab.pdfbase.pdfmetrics import stringWidth

from formflow.core.errors import FormDefinitionProblem
from formflow.documents import layout
from formflow.documents.blank import build_blank
from formflow.forms import catalogue, schema
from formflow.forms.catalogue import Field, FieldKind, Form, Section

FORM = catalogue.shipped()[0]


@pytest.fixture(scope="module")
def blank() -> Iterator[pikepdf.Pdf]:
    with pikepdf.open(io.BytesIO(build_blank(FORM))) as pdf:
        yield pdf


@pytest.fixture(scope="module")
def printed() -> str:
    with pdfplumber.open(io.BytesIO(build_blank(FORM))) as pdf:
        return " ".join(" ".join(page.extract_text() for page in pdf.pages).split())


def fields(blank: pikepdf.Pdf) -> dict[str, Any]:
    return {str(field.T): field for field in blank.Root.AcroForm.Fields}


def test_what_comes_with_formflow_is_parsed_once() -> None:
    assert catalogue.shipped() is catalogue.shipped()
    assert catalogue.known()[0] is catalogue.shipped()[0]


def states(field: Any) -> tuple[str, ...]:
    kids = field.get("/Kids", [])
    return tuple(next(key for key in kid.AP.N if key != "/Off")[1:] for kid in kids)


def test_every_question_is_in_the_blank_once_with_its_states(blank: pikepdf.Pdf) -> None:
    names = Counter(str(field.T) for field in blank.Root.AcroForm.Fields)
    asked = [*catalogue.HIDDEN_FIELDS, *FORM.fields]
    assert names == Counter(asked)
    offered = {name: FORM.fields[name].states if name in FORM.fields else () for name in asked}
    assert {name: states(field) for name, field in fields(blank).items()} == offered


def test_the_blank_says_what_it_is_in_hidden_boxes_and_document_information(
    blank: pikepdf.Pdf,
) -> None:
    found = fields(blank)
    assert str(found["form_id"].V) == "recording"
    assert str(found["form_version"].V) == str(FORM.version)
    assert all(found[name].F == 2 for name in catalogue.HIDDEN_FIELDS)
    information = blank.trailer.Info
    assert str(information["/FormFlowFormId"]) == "recording"
    assert str(information["/FormFlowFormVersion"]) == str(FORM.version)


def test_every_box_has_words_for_a_screen_reader(blank: pikepdf.Pdf) -> None:
    widgets = [widget for page in blank.pages for widget in page.obj.Annots]
    assert [w for w in widgets if not str(w.get("/TU", ""))] == []


def test_the_tab_order_is_the_order_of_the_form(blank: pikepdf.Pdf) -> None:
    assert all(page.obj.Tabs == "/S" for page in blank.pages)
    order = []
    for page in blank.pages:
        for widget in page.obj.Annots:
            name = str(widget.get("/T") or widget.Parent.T)
            if name not in order:
                order.append(name)
    assert order == [*catalogue.HIDDEN_FIELDS, *FORM.fields]


def test_language_title_and_structure_are_there(blank: pikepdf.Pdf) -> None:
    root = blank.Root
    assert str(root.Lang) == "en-GB"
    assert root.ViewerPreferences.DisplayDocTitle
    assert root.MarkInfo.Marked
    kinds = Counter(str(element.S) for element in root.StructTreeRoot.K.K)
    assert kinds["/H1"] == 1
    assert kinds["/H2"] == len(FORM.sections)
    shown = sum(1 for page in blank.pages for w in page.obj.Annots if w.F == 4)
    assert kinds["/Form"] == shown


def test_the_parent_tree_leads_from_every_box_to_its_element(blank: pikepdf.Pdf) -> None:
    numbers = blank.Root.StructTreeRoot.ParentTree.Nums
    tree = {int(numbers[i]): numbers[i + 1] for i in range(0, len(numbers), 2)}
    for page in blank.pages:
        for widget in page.obj.Annots:
            if widget.F == 4:
                assert tree[int(widget.StructParent)].K.Obj.objgen == widget.objgen


def test_no_box_carries_a_script_and_no_empty_text_box_a_drawing(blank: pikepdf.Pdf) -> None:
    for field in blank.Root.AcroForm.Fields:
        assert "/AA" not in field
        if field.FT == "/Tx":
            assert "/AP" not in field
    assert "/NeedAppearances" not in blank.Root.AcroForm
    assert "/OpenAction" not in blank.Root


def test_every_label_and_prompt_is_printed_as_it_stands(printed: str) -> None:
    texts = [FORM.title, FORM.intro, FORM.filing, FORM.how_to_save]
    for section in FORM.sections:
        texts += [section.label, section.prompt]
        texts += [f.label for f in section.fields if f.kind is not FieldKind.LONG_TEXT]
    missing = [text for text in texts if " ".join(text.split()) not in printed]
    # A label in two lines beside its box is read with the box's line in between: by its words then.
    assert [t for t in missing if not all(word in printed for word in t.split())] == []


def test_no_print_lies_under_a_box_and_every_box_is_on_its_page(blank: pikepdf.Pdf) -> None:
    with pdfplumber.open(io.BytesIO(build_blank(FORM))) as pdf:
        for page, drawn in zip(blank.pages, pdf.pages, strict=True):
            for widget in page.obj.Annots:
                if widget.F == 4:
                    left, low, right, high = (float(v) for v in widget.Rect)
                    assert 0 < left < right < layout.PAGE_WIDTH
                    assert 0 < low < high < layout.PAGE_HEIGHT
                    top, bottom = layout.PAGE_HEIGHT - high, layout.PAGE_HEIGHT - low
                    assert drawn.crop((left, top, right, bottom)).extract_text() == ""


def test_the_file_is_sound(blank: pikepdf.Pdf) -> None:
    assert blank.check_pdf_syntax() == []


def test_a_rebuild_gives_the_same_bytes_in_another_process_too() -> None:
    script = (
        "import hashlib; from formflow.forms.catalogue import shipped;"
        "from formflow.documents.blank import build_blank;"
        "print(hashlib.sha256(build_blank(shipped()[0])).hexdigest())"
    )
    seen = set()
    for seed, zone in (("1", "UTC"), ("2", "Pacific/Auckland")):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "TZ": zone}
        command = [sys.executable, "-c", script]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        seen.add(done.stdout)
    assert len(seen) == 1


def test_a_heading_never_stands_alone_at_the_foot_of_a_page() -> None:
    tick = made_of([(FieldKind.TICK, "Was it so?")]).sections[0]
    for above in range(60):
        before = made_of([(FieldKind.TICK, "Was it so?")] * (above + 1)).sections[0]
        for placed in layout.lay_out(Form("t", 1, "T", "Test", "", "", "", (before, tick))):
            assert [thing.tag for thing in placed if isinstance(thing, layout.Words)][-1] == "P"


# Words that are longer than a line by themselves must not run into the boxes either.
labels = st.builds(
    lambda word, times, between: between.join([word] * times),
    st.text(st.sampled_from("abcdeW"), min_size=1, max_size=8),
    st.integers(1, 45),
    st.sampled_from(["", " "]),
)
Extent = tuple[float, float, float, float]
kinds = st.sampled_from(list(FieldKind))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(kinds, labels), min_size=1, max_size=40))
def test_whatever_the_labels_nothing_overlaps_and_nothing_leaves_the_page(
    asked: list[tuple[FieldKind, str]],
) -> None:
    form = made_of(asked)
    pages = layout.lay_out(form)
    for placed in pages:
        boxes = [thing for thing in placed if isinstance(thing, layout.Box)]
        lines = [thing for thing in placed if isinstance(thing, layout.Words)]
        for box in boxes:
            assert box.x >= 0
            assert box.x + box.width <= layout.PAGE_WIDTH
            assert box.y >= layout.BOTTOM - 1
        taken = [(b.x, b.y, b.x + b.width, b.y + b.height) for b in boxes]
        taken += [extent(line) for line in lines]
        for number, one in enumerate(taken):
            assert one[2] <= layout.RIGHT + 1
            assert not any(touch(one, other) for other in taken[number + 1 :])
        for line in lines:
            assert layout.BOTTOM - 3 <= line.y <= layout.PAGE_HEIGHT
    assert sum(isinstance(t, layout.Box) for p in pages for t in p) == sum(
        max(1, len(field.states)) for field in form.fields.values()
    )


def extent(line: layout.Words) -> Extent:
    """Return where the letters of a line stand, without the tails of g and p."""
    width = stringWidth(line.text, line.font, line.size)
    return line.x, line.y, line.x + width, line.y + 0.7 * line.size


def touch(one: Extent, other: Extent) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


CHOICES = ("a", "b", "c", "d")


def made_of(asked: list[tuple[FieldKind, str]]) -> Form:
    questions = tuple(
        Field(
            name=f"question_{number}",
            kind=kind,
            label=label,
            states={FieldKind.TICK: schema.TRI_STATES, FieldKind.CHOICE: CHOICES}.get(kind, ()),
            state_labels={
                FieldKind.TICK: ("Yes", "No", "Not known"),
                FieldKind.CHOICE: tuple(label[:start] for start in (40, 9, 25, 40)),
            }.get(kind, ()),
            lines=4 if kind is FieldKind.LONG_TEXT else 1,
        )
        for number, (kind, label) in enumerate(asked)
    )
    return Form("test", 1, "T", "Test", "", "", "", (Section("one", "One", "", questions),))


DEFINITION = Path(str(resources.files("formflow_forms"))) / "recording" / "form.toml"


def problems_of(folder: Path, *changes: tuple[str, str]) -> str:
    """Return what FormFlow says to the recording form's definition with these changes."""
    text = DEFINITION.read_text("utf-8")
    for right, wrong in changes:
        assert right in text
        text = text.replace(right, wrong, 1)
    (folder / "form.toml").write_text(text, encoding="utf-8")
    with pytest.raises(FormDefinitionProblem) as found:
        catalogue.load(folder / "form.toml")
    return str(found.value)


def test_a_definition_says_all_its_problems_at_once(tmp_path: Path) -> None:
    said = problems_of(
        tmp_path,
        ('"context_planned", kind = "tick"', '"Context planned", kind = "tock"'),
        ('["entice", "bully", "threaten"]', '["entice them", "bully", "threaten"]'),
        ('name = "child_b_name"', 'name = "child_a_name"'),
        ('code = "F1"', 'code = "F1"\ncolour = "blue"'),
    )
    for part in ("Context planned", "tock", "entice them", "child_a_name", "colour"):
        assert part in said


@pytest.mark.parametrize(
    ("right", "wrong", "words"),
    [
        ("version = 3", 'version = "2"', "the form: version"),
        ('id = "recording"', 'id = "../elsewhere"', "the form: id"),
        ('code = "F1"\n', "", "the form has no code"),
        ("[[section]]", "[[section", "cannot be read"),
        ('label = "Childs Name"', 'label = ""', "child_a_name: label"),
        ("required = true", 'required = "yes"', "child_a_name: required"),
        ("lines = 32", "lines = 90", "type_text: lines"),
        ('"child_a_name"', '"form_id"', "form_id is used twice"),
        ('name = "about"', 'name = "urgent"', "2 sections “urgent”"),
        ('["entice", "bully", "threaten"]', '["entice", "bully", "bully"]', "how: states"),
        ('["entice", "bully", "threaten"]', '["entice", "bully"]', "every state has one label"),
        ('["entice", "bully", "threaten"]', "3", "how: states"),
        ('"child_a_name", kind = "text"', '"child_a_name", kind = "choice"', "a choice, and"),
        ('"child_a_name", kind = "text"', '"child_a_name", kind = "text", lines = 2', "has lines"),
    ],
)
def test_each_contradiction_of_a_definition_is_named_with_its_place(
    right: str, wrong: str, words: str, tmp_path: Path
) -> None:
    assert words in problems_of(tmp_path, (right, wrong))


def test_a_section_without_questions_is_a_problem(tmp_path: Path) -> None:
    empty = '[[section]]\nname = "empty"\nlabel = "Empty"\nprompt = ""\nfields = []\n\n'
    said = problems_of(tmp_path, ("[[section]]\n", f"{empty}[[section]]\n"))
    assert "section “empty”: fields" in said


def test_what_tells_more_of_a_text_stands_on_its_page() -> None:
    scores = next(form for form in catalogue.shipped() if form.form_id == "aim2")
    pages = scores.pages
    for name in scores.fields:
        for more in (f"{name}_nature", f"{name}_weight"):
            assert pages.get(more, pages[name]) == pages[name]


def test_a_signature_and_its_date_stand_on_one_page() -> None:
    signed = [form.manifest.boxes for form in catalogue.shipped() if "signed_date" in form.fields]
    assert len(signed) == 12
    for boxes in signed:
        name, day = (boxes[one].places[0].page for one in ("signed_name", "signed_date"))
        assert name == day


def test_the_first_page_of_the_review_sheet_is_enough_to_decide_on() -> None:
    review = next(form for form in catalogue.shipped() if form.form_id == "review")
    needed = ("child_a_name", "first_text", "story_text", "suggestion_text", "level", "signed_name")
    places = [review.manifest.boxes[name].places[0].page for name in needed]
    assert places == [1] * len(needed)


SHORT = catalogue.shipped()[1]


def test_the_short_form_asks_what_the_long_one_asks_by_the_same_names_on_two_pages() -> None:
    assert (SHORT.code, SHORT.is_sheet, len(SHORT.manifest.sizes)) == ("F1s", False, 2)
    assert SHORT.fields.keys() <= FORM.fields.keys()
    for name, field in SHORT.fields.items():
        assert (field.kind, field.states) == (FORM.fields[name].kind, FORM.fields[name].states)
    prompts = {field.label for field in FORM.fields.values() if field.printed}
    assert {field.label for field in SHORT.fields.values() if field.printed} == prompts


def test_both_recording_forms_say_how_to_save_in_each_program() -> None:
    for form in (FORM, SHORT):
        for words in ("Adobe Reader", "Edge", "Chrome", "With your changes", "Firefox"):
            assert words in form.how_to_save, form.code


def test_a_day_and_its_time_have_a_box_each() -> None:
    with pikepdf.open(io.BytesIO(build_blank(SHORT))) as pdf:
        found = fields(pdf)
        assert {"incident_date", "incident_time"} <= found.keys()
        assert "incident_at" not in found
        assert str(found["incident_time"].TU) == "Date/time of incident – Time"
        day, time = (found[name].Rect for name in ("incident_date", "incident_time"))
        assert day[1] == time[1]  # on one line
        assert float(day[2]) < float(time[0])
