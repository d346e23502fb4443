"""Form definitions, the blanks that are built from them, and the field guide."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pdfplumber
import pikepdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from formflow import forms
from formflow.errors import FormDefinitionProblem
from formflow.forms import Field, FieldKind, Form, Section
from formflow.paper import layout
from formflow.paper.blank import build_blank

FORM = forms.shipped()[0]


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


def states(field: Any) -> tuple[str, ...]:
    kids = field.get("/Kids", [])
    return tuple(next(key for key in kid.AP.N if key != "/Off")[1:] for kid in kids)


def test_every_question_is_in_the_blank_once_with_its_states(blank: pikepdf.Pdf) -> None:
    names = Counter(str(field.T) for field in blank.Root.AcroForm.Fields)
    assert names == Counter(FORM.manifest.keys())
    assert {name: states(field) for name, field in fields(blank).items()} == dict(FORM.manifest)


def test_the_blank_says_what_it_is_in_hidden_boxes_and_document_information(
    blank: pikepdf.Pdf,
) -> None:
    found = fields(blank)
    assert (str(found["form_id"].V), str(found["form_version"].V)) == ("recording", "1")
    assert all(found[name].F == 2 for name in forms.HIDDEN_FIELDS)
    information = blank.trailer.Info
    assert str(information["/FormFlowFormId"]) == "recording"
    assert str(information["/FormFlowFormVersion"]) == "1"


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
    assert order == list(FORM.manifest)


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


def test_the_file_is_sound(blank: pikepdf.Pdf) -> None:
    assert blank.check_pdf_syntax() == []


def test_a_rebuild_gives_the_same_bytes_in_another_process_too() -> None:
    script = (
        "import hashlib; from formflow import forms; from formflow.paper.blank import build_blank;"
        "print(hashlib.sha256(build_blank(forms.shipped()[0])).hexdigest())"
    )
    seen = set()
    for seed, zone in (("1", "UTC"), ("2", "Pacific/Auckland")):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "TZ": zone}
        command = [sys.executable, "-c", script]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        seen.add(done.stdout)
    assert len(seen) == 1


labels = st.text(st.sampled_from("abc de fghij"), min_size=1, max_size=400).map(str.strip)
kinds = st.sampled_from(list(FieldKind))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(kinds, labels.filter(bool)), min_size=1, max_size=40))
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
        for one in range(len(boxes)):
            assert not any(touch(boxes[one], other) for other in boxes[one + 1 :])
        for line in lines:
            assert layout.BOTTOM - 3 <= line.y <= layout.PAGE_HEIGHT
    assert sum(isinstance(t, layout.Box) for p in pages for t in p) == sum(
        max(1, len(field.states)) for field in form.fields.values()
    )


def touch(one: layout.Box, other: layout.Box) -> bool:
    return (
        one.x < other.x + other.width
        and other.x < one.x + one.width
        and one.y < other.y + other.height
        and other.y < one.y + one.height
    )


def made_of(asked: list[tuple[FieldKind, str]]) -> Form:
    questions = tuple(
        Field(
            name=f"question_{number}",
            kind=kind,
            label=label,
            states={FieldKind.TICK: forms.TRI_STATES, FieldKind.CHOICE: ("a", "b")}.get(kind, ()),
            state_labels={
                FieldKind.TICK: ("Yes", "No", "Not known"),
                FieldKind.CHOICE: ("A", "B"),
            }.get(kind, ()),
            lines=4 if kind is FieldKind.LONG_TEXT else 1,
        )
        for number, (kind, label) in enumerate(asked)
    )
    return Form("test", 1, "T", "Test", "", "", "", (Section("one", "One", "", questions),))


def test_a_definition_says_all_its_problems_at_once(tmp_path: Path) -> None:
    text = (Path(__file__).parents[1] / "forms" / "recording" / "form.toml").read_text("utf-8")
    broken = (
        text.replace(
            'name = "context_planned", kind = "tick"', 'name = "Context planned", kind = "tock"'
        )
        .replace(
            'states = ["entice", "bully", "threaten"]',
            'states = ["entice them", "bully", "threaten"]',
        )
        .replace('name = "child_b_name"', 'name = "child_a_name"')
        .replace('code = "F1"', 'code = "F1"\ncolour = "blue"')
    )
    (tmp_path / "form.toml").write_text(broken, encoding="utf-8")
    with pytest.raises(FormDefinitionProblem) as found:
        forms.load(tmp_path / "form.toml")
    said = str(found.value)
    for part in ("Context planned", "tock", "entice them", "child_a_name", "colour"):
        assert part in said
