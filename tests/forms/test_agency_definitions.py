"""Definitions of an agency's own PDF: rename, join, split, map; never fill in an answer."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

from formflow.core.errors import FormDefinitionProblem
from formflow.core.model import Answer, AnswerState
from formflow.forms import catalogue, manifest
from formflow.reading.acroform import Box
from formflow.reading.answers import answers
from formflow.reading.manifest_builder import manifest_of
from tests.support.papers import FORMS, SAMPLES, read

EXAMPLE = Path(__file__).parents[2] / "examples" / "agency-form"
DEFINITION = """
id = "theirs"
version = 1
code = "A1"
title = "Their form"
intro = "Theirs."
filing = "Filed."
how_to_save = "Save."
{more}
[[section]]
name = "one"
label = "One"
prompt = ""
fields = [
  {fields}
]
"""


def form(folder: Path, *fields: str, more: str = "", **kinds: str) -> catalogue.Form:
    """Return a form of these fields whose blank has boxes of these kinds."""
    text = DEFINITION.format(fields=",\n  ".join(fields), more=more)
    (folder / "theirs.toml").write_text(text, encoding="utf-8")
    boxes = {name: manifest.BlankBox(kind, ()) for name, kind in kinds.items()}
    found = manifest.Manifest(((595.0, 842.0),), boxes)
    (folder / "theirs.json").write_bytes(manifest.dumped(found))
    return catalogue.load(folder / "theirs.toml")


def given(
    form: catalogue.Form, boxes: Mapping[str, Box]
) -> dict[str, tuple[str | None, AnswerState]]:
    return {name: (one.value, one.state) for name, one in answers(form, boxes).items()}


def box(name: str, kind: str, value: str) -> Box:
    return Box(name, kind, value, value)


def test_a_box_is_renamed(tmp_path: Path) -> None:
    theirs = form(
        tmp_path,
        '{ name = "child_a_name", kind = "text", label = "Pupil", boxes = ["p1"] }',
        p1="text",
    )
    assert given(theirs, {"p1": box("p1", "text", "Ada")}) == {
        "child_a_name": ("Ada", AnswerState.GIVEN)
    }


def test_two_boxes_are_joined_and_a_blank_one_leaves_no_gap(tmp_path: Path) -> None:
    field = '{ name = "incident_at", kind = "moment", label = "When", boxes = ["d", "t"] }'
    theirs = form(tmp_path, field, d="text", t="text")
    day, time, none = (
        box("d", "text", "14/11/2026"),
        box("t", "text", "13:45"),
        box("t", "text", ""),
    )
    assert given(theirs, {"d": day, "t": time})["incident_at"][0] == "14/11/2026 13:45"
    assert given(theirs, {"d": day, "t": none})["incident_at"][0] == "14/11/2026"
    assert given(theirs, {"d": day})["incident_at"] == (None, AnswerState.UNREADABLE)


def test_one_box_is_split_and_what_does_not_fit_is_not_guessed(tmp_path: Path) -> None:
    theirs = form(
        tmp_path,
        """{ name = "child_a_name", kind = "text", label = "Name", boxes = ["b"], part = '^(.*?),' }""",
        """{ name = "child_a_dob", kind = "date", label = "Born", boxes = ["b"], part = ',\\s*(.*)$' }""",
        b="text",
    )
    split = given(theirs, {"b": box("b", "text", "Ada Example, 03/03/2014")})
    assert {name: value for name, (value, _) in split.items()} == {
        "child_a_name": "Ada Example",
        "child_a_dob": "03/03/2014",
    }
    unclear = given(theirs, {"b": box("b", "text", "Ada Example 03/03/2014")})
    assert {state for _, state in unclear.values()} == {AnswerState.UNREADABLE}
    blank = given(theirs, {"b": box("b", "text", "")})
    assert {state for _, state in blank.values()} == {AnswerState.BLANK}


def test_states_are_told_in_our_words_and_unknown_ones_are_unreadable(tmp_path: Path) -> None:
    theirs = form(
        tmp_path,
        '{ name = "context_planned", kind = "tick", label = "Planned", boxes = ["b"],'
        ' means = { "Ja" = "yes", "2" = "no" } }',
        b="button",
    )
    for stored, meant in (("Ja", "yes"), ("2", "no")):
        assert given(theirs, {"b": box("b", "button", stored)})["context_planned"][0] == meant
    other = given(theirs, {"b": box("b", "button", "yes")})
    assert other["context_planned"] == (None, AnswerState.UNREADABLE)


def test_a_lone_box_that_is_not_ticked_is_blank_and_never_no(tmp_path: Path) -> None:
    theirs = form(
        tmp_path,
        '{ name = "context_force", kind = "tick", label = "Force", boxes = ["b"],'
        ' means = { On = "yes" } }',
        b="button",
    )
    assert given(theirs, {"b": box("b", "button", "")})["context_force"] == (
        None,
        AnswerState.BLANK,
    )


def test_boxes_for_yes_and_no_are_one_answer_and_both_are_none(tmp_path: Path) -> None:
    theirs = form(
        tmp_path,
        '{ name = "context_force", kind = "tick", label = "Force", boxes = ["y", "n"],'
        ' means = { "y=On" = "yes", "n=On" = "no" } }',
        y="button",
        n="button",
    )
    on, off = box("y", "button", "On"), box("n", "button", "")
    assert given(theirs, {"y": on, "n": off})["context_force"][0] == "yes"
    both = given(theirs, {"y": on, "n": box("n", "button", "On")})
    assert both["context_force"] == (None, AnswerState.UNREADABLE)


def test_a_box_of_another_kind_than_on_the_blank_is_not_read(tmp_path: Path) -> None:
    field = '{ name = "child_a_name", kind = "text", label = "Name", boxes = ["b"] }'
    theirs = form(tmp_path, field, b="text")
    other = given(theirs, {"b": box("b", "choice", "Ada")})
    assert other["child_a_name"] == (None, AnswerState.UNREADABLE)


@pytest.mark.parametrize(
    ("field", "said"),
    [
        ('{ name = "a", kind = "text", label = "A", default = "no" }', "default is not known"),
        ('{ name = "a", kind = "text", label = "A", means = { x = "yes" } }', "only a tick or a"),
        ('{ name = "a", kind = "tick", label = "A", means = { x = "perhaps" } }', "“perhaps”"),
        ("{ name = 'a', kind = 'text', label = 'A', part = '(a)(b)' }", "one pair of brackets"),
        ("{ name = 'a', kind = 'text', label = 'A', part = '(a' }", "one pair of brackets"),
        ("{ name = 'a', kind = 'tick', label = 'A', part = '(a)' }", "only text has a part"),
        ('{ name = "a", kind = "text", label = "A", boxes = [] }', "boxes is []"),
    ],
)
def test_a_definition_that_is_not_sound_says_so(tmp_path: Path, field: str, said: str) -> None:
    with pytest.raises(FormDefinitionProblem, match=said.replace("[]", r"\[\]")):
        form(tmp_path, field)


def test_a_definition_without_its_manifest_says_what_to_do(tmp_path: Path) -> None:
    shutil.copy(EXAMPLE / "example-school.toml", tmp_path)
    theirs = catalogue.load(tmp_path / "example-school.toml")
    with pytest.raises(FormDefinitionProblem, match="forms learn"):
        _ = theirs.manifest


def test_a_name_that_is_given_twice_is_refused(tmp_path: Path) -> None:
    for name in ("one", "two"):
        shutil.copy(EXAMPLE / "example-school.toml", tmp_path / f"{name}.toml")
    with pytest.raises(FormDefinitionProblem, match="example_school version 1"):
        catalogue.known(tmp_path)


def test_no_folder_of_definitions_is_no_problem(tmp_path: Path) -> None:
    assert catalogue.known(tmp_path / "none") == catalogue.known()
    assert catalogue.known()[: len(FORMS)] == FORMS


def test_an_old_version_of_our_form_stays_readable() -> None:
    assert {("recording", 1), ("recording", 2), ("recording", 3)} <= {
        (f.form_id, f.version) for f in catalogue.known()
    }
    assert [f.version for f in catalogue.shipped() if f.form_id == "recording"] == [3]
    of_version_1 = next(one for one in SAMPLES if one.parent.name == "version-1-green-pdfjs")
    reading = read(of_version_1)
    assert getattr(reading, "form_version", None) == 1


def test_the_manifest_of_a_blank_is_the_same_when_it_is_read_again(tmp_path: Path) -> None:
    made = manifest_of((EXAMPLE / "example-school.pdf").read_bytes())
    (tmp_path / "m.json").write_bytes(manifest.dumped(made))
    assert manifest.load(tmp_path / "m.json") == made
    assert (EXAMPLE / "example-school.json").read_bytes() == manifest.dumped(made)


@pytest.mark.parametrize("content", ["[]", "{}", "{", '{"sizes": 3, "boxes": {}, "carries": []}'])
def test_what_is_no_manifest_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "m.json").write_text(content)
    with pytest.raises(ValueError, match="not the manifest"):
        manifest.load(tmp_path / "m.json")


def test_an_answer_may_come_from_nowhere_only_as_unreadable(tmp_path: Path) -> None:
    theirs = form(tmp_path, '{ name = "child_a_name", kind = "text", label = "Name" }')
    assert answers(theirs, {}) == {"child_a_name": Answer(None, "", AnswerState.UNREADABLE)}
