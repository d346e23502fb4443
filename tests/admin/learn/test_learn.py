"""An agency's own PDF is learned into a draft that a person corrects: what is not sure says so."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name, Pdf, String
from reportlab.pdfgen.canvas import Canvas

from formflow.admin.learn import draft, known
from formflow.admin.learn.pairing import Pair
from formflow.cli import main
from formflow.core.errors import ExitCode
from formflow.forms import catalogue
from formflow.forms.schema import FieldKind
from formflow.reading.manifest_builder import manifest_of

EXAMPLE = Path(__file__).parents[3] / "examples" / "agency-form"
OURS = catalogue.shipped()[0]
TODAY = date(2026, 11, 24)
Run = Callable[..., tuple[int, str]]


@pytest.fixture(scope="module")
def example() -> draft.Draft:
    return draft.draft(EXAMPLE / "example-school.pdf", OURS)


def paired(made: draft.Draft) -> dict[str, Pair]:
    return {" + ".join(box.name for box in pair.boxes): pair for pair in made.pairs}


def text_box(name: str, x: float, y: float, **more: Any) -> Dictionary:
    return Dictionary(
        Type=Name.Annot,
        Subtype=Name.Widget,
        FT=Name.Tx,
        T=String(name),
        Rect=Array([x, y, x + 200, y + 18]),
        **more,
    )


def circle(state: str, x: float, y: float) -> Dictionary:
    looks = Dictionary({"/" + state: Dictionary(), "/Off": Dictionary()})
    return Dictionary(
        Type=Name.Annot,
        Subtype=Name.Widget,
        Rect=Array([x, y, x + 12, y + 12]),
        AP=Dictionary(N=looks),
    )


def blank(path: Path, printed: dict[tuple[float, float], str], *fields: Dictionary) -> Path:
    """Write a page with print and boxes."""
    canvas = Canvas(str(path), pagesize=(595, 842))
    for (x, y), words in printed.items():
        canvas.drawString(x, y, words)
    canvas.save()
    with pikepdf.open(path, allow_overwriting_input=True) as pdf:
        listed = Array([_placed(pdf, entry) for entry in fields])
        pdf.Root.AcroForm = Dictionary(Fields=listed)
        pdf.save()
    return path


def _placed(pdf: Pdf, entry: Dictionary) -> pikepdf.Object:
    made = pdf.make_indirect(entry)
    page = pdf.pages[0].obj
    widgets = [pdf.make_indirect(kid) for kid in made.get("/Kids", [])] or [made]
    if "/Kids" in made:
        made.Kids = Array(widgets)
        for widget in widgets:
            widget.Parent = made
    page.Annots = Array([*page.get("/Annots", Array()), *widgets])
    return made


def test_what_is_clear_is_paired_with_our_questions(example: draft.Draft) -> None:
    found = paired(example)
    for boxes, name in {
        "child.name": "child_a_name",
        "child.dob": "child_a_dob",
        "incident.date + incident.time": "incident_at",
        "author.name": "completed_by",
        "response.child": "child_text",
        "actions.other": "actions_text",
        "sign.date": "signed_date",
    }.items():
        assert (found[boxes].name, found[boxes].is_sure) == (name, True)


def test_what_is_not_clear_keeps_a_name_of_its_own_and_says_so(example: draft.Draft) -> None:
    found = paired(example)["response.others"]
    assert (found.name, found.is_sure) == ("response_others", False)
    lines = draft.as_toml(example).splitlines()
    at = next(n for n, line in enumerate(lines) if '"response_others"' in line)
    assert lines[at - 1].startswith("  # NOT SURE: does it ask “Response of the other children")
    assert 'name = "others_text"' in lines[at - 1]


def test_our_own_names_of_questions_are_no_words_of_a_form(tmp_path: Path) -> None:
    path = blank(tmp_path / "theirs.pdf", {(50, 702): "Other"}, text_box("more text", 150, 700))
    [pair] = draft.draft(path, OURS).pairs
    assert (pair.label, pair.question) == ("Other", None)


def test_no_question_of_ours_is_given_away_twice(example: draft.Draft) -> None:
    asked = [pair.question.name for pair in example.pairs if pair.question]
    assert len(asked) == len(set(asked))


def test_the_form_says_by_its_hidden_number_what_it_is(example: draft.Draft) -> None:
    assert example.hidden == {"form.id": "FF-SBRF-1.0"}
    assert example.information == {"FormFlowFormId": "SBRF/1.0"}
    assert "form.id" not in paired(example)


def test_a_draft_is_a_sound_definition_that_fits_its_blank(
    example: draft.Draft, tmp_path: Path
) -> None:
    for name, content in draft.files(example).items():
        (tmp_path / name).write_bytes(content)
    form = catalogue.load(tmp_path / "example-school.toml")
    assert list(known.misfits(form)) == []
    assert form.asked_boxes == catalogue.load(EXAMPLE / "example-school.toml").asked_boxes
    kinds = {name: field.kind for name, field in form.fields.items()}
    assert kinds["author_role"] is FieldKind.CHOICE
    assert kinds["behaviour_type_exposure"] is FieldKind.TICK
    assert form.fields["behaviour_type_exposure"].means == {"On state": "yes"}


def test_the_page_shows_every_pair_beside_a_picture_of_each_page(example: draft.Draft) -> None:
    page = draft.as_page(example)
    assert page.count("data:image/png;base64,") == 3
    for pair in example.pairs:
        assert pair.boxes[0].name in page
    # Each of those to check is at the top, and at its page again.
    assert page.count("NOT SURE") == 2 * sum(map(draft.needs_a_look, example.pairs))
    assert page.index("Please check these 7 of 28 first") < page.index("Page 1")


def test_yes_and_no_circles_are_a_tick_and_other_circles_a_choice(tmp_path: Path) -> None:
    planned = Dictionary(
        FT=Name.Btn,
        T=String("q7"),
        Ff=1 << 15,
        Kids=Array([circle("1", 300, 700), circle("2", 360, 700)]),
    )
    class_of = Dictionary(
        FT=Name.Btn,
        T=String("q8"),
        Ff=1 << 15,
        Kids=Array([circle("a", 300, 660), circle("b", 360, 660)]),
    )
    path = blank(
        tmp_path / "theirs.pdf",
        {
            (50, 702): "Was it planned?",
            (316, 702): "Yes",
            (376, 702): "No",
            (50, 662): "Year group",
            (316, 662): "Seven",
            (376, 662): "Eight",
        },
        planned,
        class_of,
    )
    found = paired(draft.draft(path, OURS))
    # The very words of the question, over a yes and a no: two signs.
    assert (found["q7"].name, found["q7"].kind) == ("context_planned", FieldKind.TICK)
    assert found["q7"].means == {"1": "yes", "2": "no"}
    assert found["q8"].kind is FieldKind.CHOICE
    assert found["q8"].means == {"a": "seven", "b": "eight"}
    assert found["q8"].label == "Year group"


def test_the_label_above_a_box_counts_too_and_one_sign_alone_is_never_sure(tmp_path: Path) -> None:
    path = blank(
        tmp_path / "theirs.pdf",
        {(50, 722): "Other actions taken", (50, 602): "Where did it happen?", (50, 562): "Date"},
        text_box("t1", 50, 700, Ff=1 << 12),
        text_box("t2", 50, 640, TU=String("Form completed by")),
        text_box("t3", 50, 580, TU=String("Where did it happen?")),
        text_box("date", 50, 540),
    )
    found = paired(draft.draft(path, OURS))
    asked = {
        box: (pair.question.name if pair.question else "", pair.is_sure)
        for box, pair in found.items()
    }
    assert asked == {
        "t1": ("actions_text", False),
        "t2": ("completed_by", False),
        "t3": ("incident_place", True),  # the print and the tooltip agree
        "date": ("", False),  # of what, nobody knows
    }


def test_a_pdf_without_boxes_cannot_be_learned(tmp_path: Path) -> None:
    path = blank(tmp_path / "none.pdf", {(50, 700): "A letter"})
    with pytest.raises(ValueError, match="no boxes"):
        draft.draft(path, OURS)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str]]:
    """Run the command; return its exit code and what it printed."""

    def command(*arguments: str) -> tuple[int, str]:
        with pytest.raises(SystemExit) as ended:
            main(list(arguments))
        code = ended.value.code
        return (code if isinstance(code, int) else -1), capsys.readouterr().out

    return command


def test_the_command_writes_five_files_and_never_over_a_corrected_one(
    tmp_path: Path, run: Run
) -> None:
    pdf = str(EXAMPLE / "example-school.pdf")
    code, said = run("forms", "learn", pdf, "--folder", str(tmp_path))
    assert code == ExitCode.WAITING
    assert "NOT SURE, please check" in said
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {
        f"example-school.{suffix}" for suffix in ("toml", "pdf", "json", "html", "xlsx")
    }
    (tmp_path / "example-school.toml").write_text("# corrected by hand")
    assert run("forms", "learn", pdf, "--folder", str(tmp_path))[0] == ExitCode.USAGE
    assert (tmp_path / "example-school.toml").read_text() == "# corrected by hand"
    assert run("forms", "learn", pdf, "--folder", str(tmp_path), "--again")[0] == ExitCode.WAITING


def test_the_check_says_what_the_rules_cannot_know(run: Run) -> None:
    code, said = run("forms", "check", "--folder", str(EXAMPLE))
    assert code == ExitCode.DONE
    assert "Was it planned?" in said
    code, said = run("forms", "check", "--json", "--folder", str(EXAMPLE))
    [report] = json.loads(said)
    assert report["problems"] == []
    rules = {rule["rule"]: rule for rule in report["rules"]}
    assert "R2a" in rules
    assert rules["R2a"]["quote"]


@pytest.mark.parametrize(
    ("left_out", "missing"),
    [
        (("context_peer_pressure",), ["context_peer_pressure"]),
        (("child_b_kind", "child_b_dob"), ["child_b_kind", "child_b_dob"]),
        (("others_mutual",), ["others_mutual"]),
        (("context_frequent",), []),  # “not before” says it, too
        (("context_happened_before",), []),
        (
            ("context_frequent", "context_happened_before"),
            ["context_happened_before", "context_frequent"],
        ),
        (("type_excessive",), []),  # asked only where it was directed at the child's own body
    ],
)
def test_a_question_that_green_waits_for_and_a_form_does_not_ask_is_named(
    left_out: tuple[str, ...], missing: list[str]
) -> None:
    sections = (
        replace(one, fields=tuple(field for field in one.fields if field.name not in left_out))
        for one in OURS.sections
    )
    fewer = replace(OURS, sections=tuple(sections))
    labels = [OURS.fields[name].label for name in missing]
    assert sorted(known.keeps_from_green(fewer, OURS, date(2026, 11, 24))) == sorted(labels)


def test_the_check_says_whether_green_can_ever_be_suggested_and_if_not_what_is_missing(
    tmp_path: Path, run: Run
) -> None:
    code, said = run("forms", "check", "--folder", str(EXAMPLE))
    assert code == ExitCode.DONE
    assert "Green is never suggested for this form." in said
    assert "missing: Was it planned?" in said
    assert "missing: Is there cruelty" not in said
    assert f"missing: {OURS.fields['child_b_dob'].label}" in said
    (tmp_path / "all.toml").write_bytes(OURS.source.read_bytes())
    (tmp_path / "all.json").write_bytes((OURS.source.parent / "manifest.json").read_bytes())
    _, said = run("forms", "check", "--folder", str(tmp_path))
    assert "Green can be suggested for this form" in said
    _, said = run("forms", "check", "--json", "--folder", str(tmp_path))
    assert json.loads(said)[0]["keeps_from_green"] == []


def test_a_box_that_can_only_be_ticked_does_not_say_the_harmless_answer() -> None:
    lone = replace(OURS.fields["context_force"], means={"On": "yes"})
    section = replace(OURS.sections[0], fields=(lone, *OURS.fields.values()))
    fields = {field.name: field for field in section.fields if field.name != "context_force"}
    theirs = replace(OURS, sections=(replace(section, fields=(*fields.values(), lone)),))
    assert known.keeps_from_green(theirs, OURS, TODAY) == ["Was there use of force?"]


def test_our_own_form_leaves_the_rules_nothing_to_ask() -> None:
    assert list(known.unknown(OURS, OURS, TODAY)) == []
    assert known.keeps_from_green(OURS, OURS, TODAY) == []
    assert known.required(OURS, OURS) == []


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ('boxes = ["child.name"]', 'boxes = ["child.nam"]', "the PDF has no box “child.nam”"),
        ('means = { 1 = "yes" }', 'means = { 2 = "yes" }', "nobody says what “1” means"),
        ('means = { 1 = "yes" }', 'means = { 2 = "yes" }', "the box cannot say “2”"),
        (
            '  { name = "score_total"',
            '# { name = "score_total"',
            "the box “aim2.total” is not read",
        ),
        ('id = "example_school"', "id = 3", "id is 3"),
    ],
)
def test_the_check_says_what_does_not_fit(
    tmp_path: Path, run: Run, right: str, wrong: str, said: str
) -> None:
    for path in EXAMPLE.glob("example-school.*"):
        shutil.copy(path, tmp_path)
    file = tmp_path / "example-school.toml"
    text = file.read_text("utf-8")
    assert right in text
    file.write_text(text.replace(right, wrong, 1), encoding="utf-8")
    code, output = run("forms", "check", "--folder", str(tmp_path))
    assert code == ExitCode.WAITING
    assert said in output


def test_the_manifest_that_is_learned_is_the_blanks_own(example: draft.Draft) -> None:
    assert example.manifest == manifest_of((EXAMPLE / "example-school.pdf").read_bytes())
