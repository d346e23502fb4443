"""A draft is corrected in a workbook: what is right becomes the definition, what is wrong is said with its row."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from openpyxl import load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from formflow.admin.learn import apart, draft, known, workbook
from formflow.admin.learn import blank as blanks
from formflow.cli import main
from formflow.core.errors import ExitCode, FormDefinitionProblem
from formflow.forms import catalogue
from tests.admin.learn.test_learn import blank, text_box
from tests.admin.learn.test_ticks import read, tick

OURS = catalogue.shipped()[0]
PRINTED: dict[tuple[float, float], str] = {
    (50, 722): "Name",
    (50, 702): "Planned?",
    (316, 702): "Yes",
    (376, 702): "No",
    (50, 682): "=HYPERLINK(1)",
    (316, 662): "No concerns",
}
BOXES = ("who", "p1\np2", "odd", "nc")


@pytest.fixture
def drafted(tmp_path: Path) -> draft.Draft:
    """A form with a box for a name, a yes and a no, a label like a formula, and a tick nobody understands."""
    path = blank(
        tmp_path / "theirs.pdf",
        PRINTED,
        text_box("who", 120, 720),
        tick("p1", 300, 700),
        tick("p2", 360, 700),
        text_box("odd", 170, 680),
        tick("nc", 300, 660),
    )
    return draft.draft(path, OURS)


def book_of(drafted: draft.Draft, folder: Path, change: Callable[[Worksheet], None]) -> Path:
    """Write the workbook of a draft with a change to its sheet."""
    path = folder / "theirs.xlsx"
    path.write_bytes(draft.files(drafted)["theirs.xlsx"])
    book = load_workbook(path)
    sheet = book[workbook.SHEET]
    assert isinstance(sheet, Worksheet)
    change(sheet)
    book.save(path)
    return path


def row_of(sheet: Worksheet, boxes: str) -> int:
    cells = {str(sheet.cell(row, workbook.BOXES).value): row for row in range(2, sheet.max_row + 1)}
    return cells[boxes]


def write(boxes: str, column: int, text: str | None) -> Callable[[Worksheet], None]:
    def change(sheet: Worksheet) -> None:
        sheet.cell(row_of(sheet, boxes), column).value = text

    return change


def test_a_workbook_that_nobody_changed_changes_nothing(
    drafted: draft.Draft, tmp_path: Path
) -> None:
    made = draft.with_corrections(drafted, book_of(drafted, tmp_path, lambda _: None))
    assert [(pair.name, pair.label, pair.means) for pair in made.pairs] == [
        (pair.name, pair.label, pair.means) for pair in drafted.pairs
    ]


def test_a_row_for_each_question_with_a_list_to_choose_from_and_no_formula(
    drafted: draft.Draft, tmp_path: Path
) -> None:
    book = load_workbook(book_of(drafted, tmp_path, lambda _: None))
    sheet = book[workbook.SHEET]
    assert [sheet.cell(row, workbook.BOXES).value for row in range(2, 6)] == list(BOXES)
    cell = sheet.cell(row_of(sheet, "odd"), workbook.PRINTED)
    assert (cell.value, cell.data_type) == ("=HYPERLINK(1)", "s")
    [choice] = sheet.data_validations.dataValidation
    assert (choice.type, str(choice.sqref)) == ("list", "E2:E5")
    assert book[workbook.QUESTIONS].max_row == len(OURS.fields)


def test_what_a_person_says_becomes_the_definition(drafted: draft.Draft, tmp_path: Path) -> None:
    def change(sheet: Worksheet) -> None:
        write("who", workbook.QUESTION, workbook.said(OURS.fields["child_a_name"]))(sheet)
        write("who", workbook.PRINTED, "Name of the pupil")(sheet)
        write("p1\np2", workbook.QUESTION, "Was it planned?")(sheet)
        write("nc", workbook.MEANS, "Yes: no")(sheet)

    made = draft.with_corrections(drafted, book_of(drafted, tmp_path, change))
    for name, content in draft.files(made).items():
        (tmp_path / name).write_bytes(content)
    form = catalogue.load(tmp_path / "theirs.toml")
    assert list(known.misfits(form)) == []
    assert form.fields["child_a_name"].label == "Name of the pupil"
    assert read(form, {"p1": "Yes"}) == {"context_planned": "yes"}
    assert read(form, {"p2": "Yes"}) == {"context_planned": "no"}
    assert list(read(form, {"nc": "Yes"}).values()) == ["no"]


WRONG: dict[str, tuple[Callable[[Worksheet], None], tuple[str, ...]]] = {
    "an unknown question": (
        write("who", workbook.QUESTION, "Shoe size"),
        ("Row 2: “Shoe size” is none of our questions.", "Choose one from the list"),
    ),
    "a question for marks": (
        write("who", workbook.QUESTION, "context_planned"),
        ("Row 2: “Was it planned?” is answered with marks",),
    ),
    "a question for writing": (
        write("nc", workbook.QUESTION, "child_a_name"),
        ("Row 5: “Childs Name” is answered by writing",),
    ),
    "a state twice": (
        write("p1\np2", workbook.MEANS, "p1=Yes: yes\np1=Yes: no\np2=Yes: no"),
        ("Row 3: the state “p1=Yes” is there twice.", "Keep one line"),
    ),
    "two states that mean the same": (
        write("p1\np2", workbook.MEANS, "p1=Yes: yes\np2=Yes: yes"),
        ("Row 3: “p1=Yes” and “p2=Yes” cannot both mean “yes”.",),
    ),
    "a state that is gone": (
        write("p1\np2", workbook.MEANS, "p1=Yes: yes"),
        ("Row 3: nothing says what “p2=Yes” means.", "Add the line"),
    ),
    "a state that the box cannot say": (
        write("nc", workbook.MEANS, "Yes: yes\nOn: no"),
        ("Row 5: the box cannot say “On”. It can say: Yes.",),
    ),
    "a meaning of two words": (
        write("nc", workbook.MEANS, "Yes: a bit"),
        ("Row 5: “a bit” cannot be what “Yes” means.",),
    ),
    "a line without a meaning": (
        write("nc", workbook.MEANS, "perhaps"),
        ("Row 5: “perhaps” does not say what it means.",),
    ),
    "a box that the PDF has not": (
        write("who", workbook.BOXES, "whom"),
        ("Row 2: the PDF has no box “whom”.", "The row of the box “who” is gone."),
    ),
    "a row that is gone": (
        lambda sheet: sheet.delete_rows(5),
        ("The row of the box “nc” is gone.", "run “forms learn” again"),
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_each_mistake_is_a_sentence_with_its_row_and_what_to_do(
    drafted: draft.Draft, tmp_path: Path, case: str
) -> None:
    change, said = WRONG[case]
    with pytest.raises(FormDefinitionProblem) as problem:
        draft.with_corrections(drafted, book_of(drafted, tmp_path, change))
    for words in said:
        assert words in str(problem.value)


def test_one_question_in_two_rows_and_every_other_mistake_are_told_at_once(
    drafted: draft.Draft, tmp_path: Path
) -> None:
    def change(sheet: Worksheet) -> None:
        write("who", workbook.QUESTION, "child_a_name")(sheet)
        write("odd", workbook.QUESTION, "Childs Name")(sheet)
        write("nc", workbook.QUESTION, "Nonsense")(sheet)

    with pytest.raises(FormDefinitionProblem) as problem:
        draft.with_corrections(drafted, book_of(drafted, tmp_path, change))
    assert "Row 4: “Childs Name” is chosen in row 2, too." in str(problem.value)
    assert "Row 5: “Nonsense” is none of our questions." in str(problem.value)


def test_a_file_that_is_no_workbook_says_so(drafted: draft.Draft, tmp_path: Path) -> None:
    for content in (b"", b"PK\x03\x04 not a zip", b"a;b;c"):
        (tmp_path / "other.xlsx").write_bytes(content)
        with pytest.raises(FormDefinitionProblem, match="cannot be read as the workbook"):
            draft.with_corrections(drafted, tmp_path / "other.xlsx")


def test_the_command_takes_the_workbook_back_and_changes_nothing_where_it_is_wrong(
    drafted: draft.Draft,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(apart, "read", blanks.read)  # here, not in a process of its own

    def run(*arguments: str) -> int:
        with pytest.raises(SystemExit) as ended:
            main(["forms", *arguments, "--folder", str(tmp_path / "forms")])
        assert isinstance(ended.value.code, int)
        return ended.value.code

    assert run("learn", str(tmp_path / "theirs.pdf")) == ExitCode.WAITING
    definition, folder = tmp_path / "forms" / "theirs.toml", tmp_path / "forms"
    before = definition.read_bytes()
    wrong = book_of(drafted, folder, write("who", workbook.QUESTION, "Shoe size"))
    assert run("learn", "--from", str(wrong)) == ExitCode.USAGE
    assert "Row 2: “Shoe size”" in capsys.readouterr().err
    assert definition.read_bytes() == before
    right = book_of(drafted, folder, write("who", workbook.QUESTION, "child_a_name"))
    kept = right.read_bytes()
    assert run("learn", "--from", str(right)) == ExitCode.DONE
    assert "child_a_name" in catalogue.load(definition).fields
    assert right.read_bytes() == kept
