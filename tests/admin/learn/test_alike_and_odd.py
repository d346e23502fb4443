"""Forms that are alike are told apart, and said to be; odd ones are learned, or a sentence says why not."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from pathlib import Path

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name, Pdf, String
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from formflow.admin.learn import apart, draft
from formflow.admin.learn import blank as blanks
from formflow.cli import main
from formflow.core.errors import ExitCode
from formflow.core.limits import Limits
from formflow.core.model import Reading
from formflow.forms import catalogue
from formflow.forms.manifest import load
from formflow.reading.acroform import TooMuch
from formflow.reading.ladder import read_paper
from formflow.reading.manifest_builder import known_forms
from formflow.reading.reader import Reader
from tests.admin.learn.test_learn import blank, text_box

OURS = catalogue.shipped()[0]
Run = Callable[..., tuple[int, str]]
DEJAVU = Path("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf")


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read blanks in the test's own process: that they are read apart has tests of its own, and takes long."""
    monkeypatch.setattr(apart, "read", blanks.read)


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run `formflow forms`; return its exit code and all it said."""

    def command(*arguments: str) -> tuple[int, str]:
        with pytest.raises(SystemExit) as ended:
            main(["forms", *arguments, "--folder", str(tmp_path / "forms")])
        code = ended.value.code
        out, err = capsys.readouterr()
        return (code if isinstance(code, int) else -1), out + err

    return command


def form_of(folder: Path, name: str, labels: Sequence[str]) -> Path:
    """Write a form whose boxes a program named Text1, Text2 and so on."""
    rows = [(number, 760 - 30 * number) for number in range(1, len(labels) + 1)]
    printed: dict[tuple[float, float], str] = {
        (50, y + 4): label for (_, y), label in zip(rows, labels, strict=True)
    }
    boxes = [text_box(f"Text{number}", 200, y) for number, y in rows]
    return blank(folder / f"{name}.pdf", printed, *boxes)


def filled(path: Path, folder: Path) -> Path:
    with pikepdf.open(path) as pdf:
        for field in pdf.Root.AcroForm.Fields:
            field.V = String(f"answer to {field.T}")
        pdf.save(folder / "filled.pdf")
    return folder / "filled.pdf"


SMALL = ("Child's name", "Date of birth", "School")
LARGE = ("Name of parent", "Telephone", "Trip to", "Cost", "Allergies")


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("other", [LARGE, ("Trip to", "Cost", "Doctor")])
def test_papers_of_two_forms_with_the_same_names_of_boxes_are_told_apart(
    tmp_path: Path, run: Run, other: Sequence[str]
) -> None:
    small, large = form_of(tmp_path, "referral", SMALL), form_of(tmp_path, "trip", other)
    assert "names of those of" not in run("learn", str(small))[1]
    assert "“Referral” (referral.toml)" in run("learn", str(large))[1]
    known = known_forms(tmp_path / "forms")
    for path, form_id in ((small, "referral"), (large, "trip")):
        read = read_paper(filled(path, tmp_path), Reader(known, Limits(), "always", ""))
        assert isinstance(read, Reading)
        assert read.form_id == form_id


@pytest.mark.usefixtures("here")
def test_two_forms_that_nothing_tells_apart_are_said_to_be(tmp_path: Path, run: Run) -> None:
    run("learn", str(form_of(tmp_path, "one", SMALL)))
    assert "papers cannot be told apart" in run("learn", str(form_of(tmp_path, "two", SMALL)))[1]


@pytest.mark.usefixtures("here")
def test_what_is_in_somebodys_filled_copy_is_told_and_not_stored(tmp_path: Path, run: Run) -> None:
    path = filled(form_of(tmp_path, "school", SMALL), tmp_path)
    _, said = run("learn", str(path))
    assert "is not blank: 3 boxes have something in them" in said
    assert "answer to" not in said
    for kept in (tmp_path / "forms").iterdir():
        assert b"answer to" not in kept.read_bytes(), kept.name
    boxes = load(tmp_path / "forms" / "filled.json").boxes.values()
    assert [box.value for box in boxes] == ["", "", ""]


@pytest.mark.usefixtures("here")
def test_what_a_filled_example_gives_is_shown_beside_its_pictures(tmp_path: Path, run: Run) -> None:
    path = form_of(tmp_path, "school", SMALL)
    run("learn", str(path))
    page = tmp_path / "tried.html"
    _, said = run("try", str(filled(path, tmp_path)), "--page", str(page))
    assert "answer to Text1" in said
    shown = page.read_text("utf-8")
    assert "answer to Text3" in shown
    assert "data:image/png;base64," in shown
    code, said = run("try", str(form_of(tmp_path, "unknown", LARGE)))
    assert (code, "FF-" in said) == (ExitCode.WAITING, True)


def many(path: Path, count: int, name: Callable[[int], str], same_place: bool = False) -> Path:
    canvas = Canvas(str(path), pagesize=(595, 842))
    canvas.drawString(50, 820, "A form")
    canvas.save()
    with pikepdf.open(path, allow_overwriting_input=True) as pdf:
        made = []
        for number in range(count):
            row, column = divmod(0 if same_place else number, 20)
            x, y = 20 + 27 * column, 800 - 7 * row
            made.append(
                pdf.make_indirect(
                    Dictionary(
                        Type=Name.Annot,
                        Subtype=Name.Widget,
                        FT=Name.Tx,
                        T=String(name(number)),
                        Rect=Array([x, y, x + 24, y + 6]),
                    )
                )
            )
        pdf.pages[0].obj.Annots = Array(made)
        pdf.Root.AcroForm = Dictionary(Fields=Array(made))
        pdf.save()
    return path


def test_too_many_boxes_are_a_sentence(tmp_path: Path, run: Run) -> None:
    code, said = run("learn", str(many(tmp_path / "big.pdf", 2_001, "f{}".format)))
    assert code == ExitCode.USAGE
    assert "big.pdf has or takes more than 2000 boxes" in said


@pytest.mark.usefixtures("here")
def test_more_boxes_than_a_paper_may_have_are_learned_and_the_setting_is_named(
    tmp_path: Path, run: Run
) -> None:
    _, said = run("learn", str(many(tmp_path / "big.pdf", 600, "f{}".format)))
    assert "Set “fields = 600” under [reading]" in said


@pytest.mark.parametrize("same_place", [False, True])
def test_boxes_of_one_name_or_on_one_place_are_never_sure(tmp_path: Path, same_place: bool) -> None:
    name = "f{}".format if same_place else (lambda _: "same")
    made = draft.draft(many(tmp_path / "odd.pdf", 60, name, same_place), OURS)
    assert all(draft.needs_a_look(pair) for pair in made.pairs[1:])


def test_labels_in_other_letters_are_kept_as_they_are(tmp_path: Path) -> None:
    path = blank(tmp_path / "welsh.pdf", {(50, 702): "Enw’r plentyn"}, text_box("x", 200, 700))
    [pair] = draft.draft(path, OURS).pairs
    assert (pair.label, pair.question) == ("Enw’r plentyn", None)


def test_a_blank_is_read_apart_as_it_is_read_here(tmp_path: Path) -> None:
    path = filled(form_of(tmp_path, "school", SMALL), tmp_path)
    assert apart.read(path) == blanks.read(path)


@pytest.mark.parametrize(
    ("command", "said"), [("import os; os.abort()", "memory"), ("while True: pass", "seconds")]
)
def test_a_process_that_dies_or_does_not_end_is_too_much(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str, said: str
) -> None:
    monkeypatch.setattr(apart, "COMMAND", ("-c", command))
    monkeypatch.setattr(apart, "CPU_SECONDS", 0.2)
    with pytest.raises(TooMuch, match=said):
        apart.read(tmp_path)


def portfolio(pdf: Pdf) -> None:
    del pdf.Root.AcroForm
    del pdf.pages[0].Annots
    pdf.Root.Collection = Dictionary(Type=Name.Collection)


def dynamic_xfa(pdf: Pdf) -> None:
    """A page that says "Please wait", and the boxes in XML alone."""
    del pdf.pages[0].Annots
    pdf.Root.AcroForm = Dictionary(Fields=Array(), XFA=pdf.make_stream(b"<xdp/>"))
    pdf.Root.NeedsRendering = True


def flat(pdf: Pdf) -> None:
    del pdf.Root.AcroForm
    del pdf.pages[0].Annots


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    ("change", "said"),
    [
        (flat, "forms make-fillable"),
        (dynamic_xfa, "was made for Adobe Reader alone"),
        (portfolio, "is a PDF portfolio"),
    ],
)
def test_what_cannot_be_learned_is_said_with_what_to_do(
    tmp_path: Path, run: Run, change: Callable[[Pdf], None], said: str
) -> None:
    path = blank(tmp_path / "theirs.pdf", {(50, 702): "Name"}, text_box("x", 200, 700))
    with pikepdf.open(path, allow_overwriting_input=True) as pdf:
        change(pdf)
        pdf.save()
    code, words = run("learn", str(path))
    assert code == ExitCode.USAGE
    assert said in words
    assert not (tmp_path / "forms").exists()


def test_a_locked_blank_is_said_to_be_locked(tmp_path: Path, run: Run) -> None:
    path = blank(tmp_path / "theirs.pdf", {(50, 702): "Name"}, text_box("x", 200, 700))
    with pikepdf.open(path, allow_overwriting_input=True) as pdf:
        pdf.save(encryption=pikepdf.Encryption(user="secret", owner="secret"))
    assert "is locked with a password" in run("learn", str(path))[1]


@pytest.mark.parametrize("in_one_piece", [False, True])
def test_names_that_are_only_in_the_xfa_part_of_a_filled_copy_are_not_kept(
    tmp_path: Path, in_one_piece: bool
) -> None:
    """A static form of LiveCycle: its boxes are read, and what was filled in is told and not stored."""
    path = blank(tmp_path / "theirs.pdf", {(50, 702): "Name"}, text_box("pupil", 200, 700))
    data = (
        b'<xdp><xfa:datasets xmlns:xfa="http://www.xfa.org/schema/xfa-data/1.0/"><xfa:data><form1>'
        b"<pupil>Maya Ellis</pupil></form1></xfa:data></xfa:datasets></xdp>"
    )
    with pikepdf.open(path, allow_overwriting_input=True) as pdf:
        stream = pdf.make_stream(data)
        parts = stream if in_one_piece else Array([pikepdf.String("datasets"), stream])
        pdf.Root.AcroForm.XFA = parts
        pdf.save()
    made = draft.draft(path, OURS)
    assert made.blank.was_filled == ("pupil",)
    assert [pair.label for pair in made.pairs] == ["Name"]
    with pikepdf.open(io.BytesIO(made.blank.content)) as pdf:
        stored = b"".join(
            one.read_bytes() for one in pdf.objects if isinstance(one, pikepdf.Stream)
        )
    assert b"Maya" not in stored


def pictured(path: Path, words: str, at: float) -> Path:
    """Write a page with print in a font that has every letter, and a box left of it."""
    pdfmetrics.registerFont(TTFont("Wide", DEJAVU))
    canvas = Canvas(str(path), pagesize=(595, 842))
    if words:
        canvas.setFont("Wide", 11)
        canvas.drawRightString(at, 702, words)
    canvas.showPage()
    canvas.save()
    with pikepdf.open(path, allow_overwriting_input=True) as pdf:
        made = [pdf.make_indirect(text_box("x", 200, 700))]
        pdf.pages[0].obj.Annots = Array(made)
        pdf.Root.AcroForm = Dictionary(Fields=Array(made))
        pdf.save()
    return path


@pytest.mark.usefixtures("here")
@pytest.mark.skipif(not DEJAVU.is_file(), reason="the font DejaVu Sans is not installed here")
@pytest.mark.parametrize(
    ("words", "said"),
    [("", "the pages may be pictures"), ("םש", "written from right to left")],
    ids=["pictures", "from the right"],
)
def test_a_form_whose_labels_cannot_be_found_says_so(
    tmp_path: Path, run: Run, words: str, said: str
) -> None:
    _, told = run("learn", str(pictured(tmp_path / "theirs.pdf", words, 560)))
    assert said in told
    assert "type" in told.casefold()


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    ("same_place", "said"),
    [(False, "“same” is the name of 30 boxes"), (True, "29 boxes lie on top of another one")],
)
def test_boxes_of_one_name_and_boxes_on_top_of_others_are_told(
    tmp_path: Path, run: Run, same_place: bool, said: str
) -> None:
    name = "f{}".format if same_place else (lambda _: "same")
    assert said in run("learn", str(many(tmp_path / "odd.pdf", 30, name, same_place)))[1]


@pytest.mark.usefixtures("here")
def test_an_addendum_is_made_once_for_a_form_that_is_there(tmp_path: Path, run: Run) -> None:
    run("learn", str(form_of(tmp_path, "school", SMALL)))
    assert "Run “formflow forms learn”" in run("addendum", "nothing")[1]
    assert run("addendum", "school")[0] == ExitCode.DONE
    assert "school-addendum.toml is there already" in run("addendum", "school")[1]
    assert "is an addendum itself" in run("addendum", "school-addendum")[1]
    (tmp_path / "forms" / "school.pdf").unlink()
    assert "cannot be read" in run("addendum", "school", "--append")[1]
    (tmp_path / "forms" / "school.toml").rename(tmp_path / "elsewhere.toml")
    code, said = run("check")
    assert (code, "there is no such form here" in said) == (ExitCode.WAITING, True)
