"""A form for printing gets boxes where people write and tick, and nothing that is printed changes."""

from __future__ import annotations

import io
import shutil
from collections.abc import Callable
from pathlib import Path

import pikepdf
import pypdfium2
import pytest
from PIL import Image
from reportlab.pdfgen.canvas import Canvas

from formflow.admin.fillable import make
from formflow.admin.fillable.make import Made
from formflow.admin.learn import draft
from formflow.admin.learn.pairing import Pair
from formflow.cli import main
from formflow.core.errors import ExitCode
from formflow.forms import catalogue
from formflow.reading.manifest_builder import manifest_of
from tests.admin.learn.test_learn import run as run
from tests.samples.fillers import fill_pdfium
from tests.support.flat_forms import dense

EXAMPLES = Path(__file__).parents[2] / "examples"
OURS = catalogue.shipped()[0]
ASKED = [
    ("line", "School:"),
    ("line", "Telephone:"),
    ("line", "Class:"),
    ("line", "Head teacher:"),
    ("lines", "Please describe it:"),
    ("line", "Name:"),
    ("line", "Date:"),
    ("line", "Family name"),
    ("line", "First names"),
    ("cells", "Pupil number"),
    ("circle", "Did it happen before?"),
    ("circle", "Was force used?"),
    ("tick", "Were the parents told?"),
    ("tick", "Classroom"),
    ("tick", "Playground"),
    ("tick", "Bus"),
    ("ring", "Is a sibling at the school?"),
]
Run = Callable[..., tuple[int, str]]


@pytest.fixture(scope="module")
def flat(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return dense(tmp_path_factory.mktemp("flat") / "dense.pdf")


@pytest.fixture(scope="module")
def made(flat: Path) -> Made:
    return make.read(flat)


def drawn(content: bytes, *, boxes: bool) -> list[Image.Image]:
    document = pypdfium2.PdfDocument(content)
    if boxes:
        document.init_forms()
    return [page.render(may_draw_forms=boxes).to_pil() for page in document]


def learned(content: bytes, folder: Path) -> dict[str, Pair]:
    (folder / "made.pdf").write_bytes(content)
    return {pair.label: pair for pair in draft.draft(folder / "made.pdf", OURS).pairs}


def test_boxes_are_where_people_write_and_tick(made: Made) -> None:
    assert [(row.kind, row.label) for row in made.rows] == ASKED


@pytest.mark.parametrize("turn", [90, 270])
def test_a_turned_page_gets_the_same_boxes_with_upright_letters(tmp_path: Path, turn: int) -> None:
    """A page that is turned in the file, and turned back to be seen."""
    path = dense(tmp_path / "turned.pdf")
    matrix = {90: (0, 1, -1, 0, 842, 0), 270: (0, -1, 1, 0, 0, 595)}
    with pikepdf.open(path, allow_overwriting_input=True) as pdf:
        page = pdf.pages[0]
        page.contents_add(pikepdf.Matrix(*matrix[turn]).encode() + b" cm", prepend=True)
        page.rotate(turn, relative=False)
        page.mediabox = pikepdf.Array([0, 0, 842, 595])
        pdf.save()
    found = make.read(path)
    assert [(row.kind, row.label) for row in found.rows] == ASKED
    with pikepdf.open(io.BytesIO(found.content)) as pdf:
        assert {int(box.MK.R) for box in pdf.pages[0].Annots} == {turn}


def test_what_is_printed_stays_as_it_was(flat: Path, made: Made) -> None:
    with pikepdf.open(flat) as old, pikepdf.open(io.BytesIO(made.content)) as new:
        for before, after in zip(old.pages, new.pages, strict=True):
            assert after.Contents.read_bytes() == before.Contents.read_bytes()
    as_before, as_now = drawn(flat.read_bytes(), boxes=False), drawn(made.content, boxes=False)
    assert [page.tobytes() for page in as_before] == [page.tobytes() for page in as_now]


def test_each_box_has_what_is_printed_as_its_tooltip_and_can_be_told_by_no_name(made: Made) -> None:
    with pikepdf.open(io.BytesIO(made.content)) as pdf:
        fields = list(pdf.Root.AcroForm.Fields)
        assert [str(field.TU) for field in fields] == [label for _, label in ASKED]
        assert [str(kid.TU) for kid in fields[-1].Kids] == [
            "Is a sibling at the school? – Yes",
            "Is a sibling at the school? – No",
        ]
        comb = next(field for field in fields if "/MaxLen" in field)
        assert int(comb.MaxLen) == 8


def test_a_tooltip_that_was_taken_from_the_print_is_no_second_sign(
    made: Made, tmp_path: Path
) -> None:
    found = learned(made.content, tmp_path)
    places, several = {"Classroom", "Playground", "Bus"}, "Where? Tick all that apply."
    assert set(found) == {label for _, label in ASKED} - places | {several}
    assert not any(box.tooltip for pair in found.values() for box in pair.boxes)
    for question in (
        "Did it happen before?",
        "Were the parents told?",
        "Is a sibling at the school?",
    ):
        assert found[question].means == {"Yes": "yes", "No": "no"}
    assert set((found[several].means or {}).values()) == places


def test_another_program_fills_it_in_and_every_mark_shows(made: Made) -> None:
    names = {
        label: name for name, (_, label) in zip(manifest_of(made.content).boxes, ASKED, strict=True)
    }
    answers = {
        names["School:"]: "Larkfield",
        names["Pupil number"]: "A1234567",
        names["Bus"]: "Yes",
        names["Was force used?"]: "No",
        names["Is a sibling at the school?"]: "Yes",
    }
    filled = fill_pdfium.filled(made.content, answers)
    stored = manifest_of(filled).boxes
    assert stored[names["School:"]].value == "Larkfield"
    before, after = drawn(made.content, boxes=True)[0], drawn(filled, boxes=True)[0]
    for name, value in answers.items():
        place = next(one for one in stored[name].places if one.state in (None, value))
        left, bottom, right, top = (round(side) for side in place.rectangle)
        crop = (left, before.height - top, right, before.height - bottom)
        assert before.crop(crop).tobytes() != after.crop(crop).tobytes(), name


def test_a_yes_and_a_no_in_a_sentence_or_a_hint_are_not_ringed_and_dots_are_always_to_write_on(
    tmp_path: Path,
) -> None:
    canvas = Canvas(str(tmp_path / "wordy.pdf"))
    for number, words in enumerate(
        (
            "Details (answer yes/no and describe):",
            "." * 80,
            "I confirm my yes / no answers above. Signed",
            "." * 30,
            "Is the child looked after? (yes/no): ________",
            "Is there a plan? Yes / No",
        )
    ):
        canvas.drawString(50, 700 - 24 * number, words)
    canvas.save()
    assert [row.kind for row in make.read(tmp_path / "wordy.pdf").rows] == [
        "line",
        "line",
        "line",
        "ring",
    ]


def test_a_form_typed_in_word_becomes_one_to_fill_in_and_to_learn(tmp_path: Path) -> None:
    found = learned(make.read(EXAMPLES / "forms" / "ashby-club.pdf").content, tmp_path)
    assert list(found) == [
        "Name of child", "Date of birth", "Date and time of incident", "Where did it happen?",
        "Form completed by", "Type of behaviour", "Response of the child", "Other actions taken",
        "Was it planned?", "Was there use of force?", "Was there a threat?", "Signed:", "Date signed:",
    ]  # fmt: skip
    assert found["Was it planned?"].name == "context_planned"
    assert found["Was it planned?"].means == {"Yes": "yes", "No": "no", "Not_known": "unknown"}


@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed here")
def test_a_word_document_is_printed_by_libreoffice_first(tmp_path: Path, run: Run) -> None:
    path = typed(tmp_path / "our form.docx")
    code, said = run("forms", "make-fillable", str(path))
    assert (code, said.count("  mark")) == (ExitCode.DONE, 3)
    assert sorted(one.name for one in tmp_path.iterdir()) == [
        "our form-fillable.pdf",
        "our form.docx",
    ]


def test_the_command_writes_a_new_file_beside_the_old_one_and_never_over_it(
    flat: Path, tmp_path: Path, run: Run
) -> None:
    path = tmp_path / "our form.pdf"
    shutil.copyfile(flat, path)
    code, said = run("forms", "make-fillable", str(path))
    assert code == ExitCode.DONE
    assert "Is a sibling at the school?" in said
    assert path.read_bytes() == flat.read_bytes()
    target = tmp_path / "our form-fillable.pdf"
    first = target.read_bytes()
    target.write_bytes(b"changed by hand")
    assert run("forms", "make-fillable", str(path))[0] == ExitCode.USAGE
    assert target.read_bytes() == b"changed by hand"
    assert run("forms", "make-fillable", str(path), "--again")[0] == ExitCode.DONE
    assert target.read_bytes() == first


def scan(path: Path) -> Path:
    canvas = Canvas(str(path))
    canvas.drawInlineImage(Image.new("L", (100, 100), 128), 0, 0, 595, 842)
    canvas.save()
    return path


def letter(path: Path) -> Path:
    canvas = Canvas(str(path))
    canvas.drawString(50, 700, "Dear parents, school is closed on Friday.")
    canvas.save()
    return path


def example(path: Path) -> Path:
    return Path(shutil.copyfile(EXAMPLES / "agency-form" / "example-school.pdf", path))


def typed(path: Path) -> Path:
    return Path(shutil.copyfile(EXAMPLES / "forms" / "ashby-club.docx", path.with_suffix(".docx")))


def damaged(path: Path) -> Path:
    path.write_bytes(b"%PDF-1.7 and no more")
    return path


@pytest.mark.parametrize(
    ("form", "words"),
    [
        (scan, "is a picture"),
        (letter, "Nowhere in"),
        (example, "has boxes to fill in already"),
        (damaged, "cannot be opened"),
        (typed, "LibreOffice, which turns it into a PDF, is not installed"),
    ],
)
def test_what_cannot_be_made_fillable_is_said_in_a_sentence(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    form: Callable[[Path], Path],
    words: str,
) -> None:
    path = form(tmp_path / "form.pdf")
    monkeypatch.setenv("PATH", str(tmp_path))  # no LibreOffice there
    with pytest.raises(SystemExit) as ended:
        main(["forms", "make-fillable", str(path)])
    assert ended.value.code == ExitCode.USAGE
    assert words in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == [path]
