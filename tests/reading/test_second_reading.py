"""PDFium reads the boxes as the first reading does, runs nothing, and asks pypdf where it cannot tell."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pikepdf
import pypdfium2
import pytest
from pikepdf import Array, Dictionary, Name, Pdf, String
from pypdfium2 import raw

from formflow.core.limits import Limits
from formflow.reading import acroform, second_reading, third_reading
from tests.support.hostile_forms import ACTIVE, Change, write_form
from tests.support.papers import ANSWERS, FORMS, SAMPLES, field, held, paper

FORM = FORMS[0]
LIMITS = Limits()
COMBO, SEVERAL = acroform.COMBO, 1 << 21
PAIRS = Array([Array([String("c"), String("Classroom")]), Array([String("o"), String("Online")])])
TEXTS = {
    "one line": "Zoë Świątek-O’Connor",
    "several lines": "first\nsecond",
    "another alphabet": "Łódź 学校 مدرسة",
    "an emoji": "\N{GRINNING FACE}",
    "long": "word " * 6000,
    "white space around": "  inside  ",
}


def box(kind: str, **more: Any) -> Dictionary:
    return Dictionary(
        T=String("a"), FT=Name(kind), Type=Name.Annot, Subtype=Name.Widget,
        Rect=Array([0, 0, 90, 20]), **more,
    )  # fmt: skip


def on_a_page(path: Path, entry: Dictionary) -> Path:
    pdf = pikepdf.new()
    pdf.add_blank_page()
    widget = pdf.make_indirect(entry)
    pdf.pages[0].obj.Annots = Array([widget])
    pdf.Root.AcroForm = Dictionary(Fields=Array([widget]))
    pdf.save(path)
    return path


def first_reading(path: Path) -> dict[str, acroform.Box]:
    with pikepdf.open(path) as pdf:
        return acroform.boxes(pdf, LIMITS.fields, LIMITS.characters, LIMITS.pages)


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.parent.name)
def test_the_boxes_of_every_sample_say_the_same_in_both_readings(path: Path) -> None:
    first = {name: one.value for name, one in first_reading(path).items()}
    assert second_reading.values(path) == first


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
def test_a_text_is_read_as_the_first_reading_reads_it(tmp_path: Path, text: str) -> None:
    path = on_a_page(tmp_path / "a.pdf", box("/Tx", V=String(text)))
    assert second_reading.values(path) == {"a": first_reading(path)["a"].value}


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"Ff": COMBO, "V": String("o")}, "o"),
        ({"Ff": 0, "V": String("c")}, "c"),
        ({"Ff": SEVERAL, "V": Array([String("o"), String("c")])}, "Classroom\nOnline"),
    ],
    ids=["list that opens", "list", "list with several chosen"],
)
def test_a_list_gives_what_is_stored_or_the_words_for_it(
    tmp_path: Path, more: dict[str, Any], said: str
) -> None:
    path = on_a_page(tmp_path / "a.pdf", box("/Ch", Opt=PAIRS, **more))
    assert second_reading.values(path) == {"a": said}
    assert second_reading.agrees(first_reading(path)["a"], said)


def test_a_list_that_says_something_else_does_not_agree(tmp_path: Path) -> None:
    several = Array([String("o"), String("c")])
    path = on_a_page(tmp_path / "a.pdf", box("/Ch", Opt=PAIRS, Ff=SEVERAL, V=several))
    first = first_reading(path)["a"]
    assert not second_reading.agrees(first, "Classroom")
    assert not second_reading.agrees(first, "")


def test_what_is_too_long_for_any_box_or_no_pdf_cannot_be_read(tmp_path: Path) -> None:
    endless = on_a_page(tmp_path / "a.pdf", box("/Tx", V=String("x" * 200_000)))
    assert second_reading.values(endless) is None
    (tmp_path / "b.pdf").write_bytes(b"%PDF-1.7\n%%EOF")
    assert second_reading.values(tmp_path / "b.pdf") is None


def off_the_page(pdf: Pdf) -> None:
    """Leave a box that nobody sees out of its page's list, as some blanks in use do."""
    hidden = field(pdf, "case_ref")
    for page in pdf.pages:
        kept = [one for one in page.obj.get("/Annots", ()) if one.objgen != hidden.objgen]
        page.obj.Annots = Array(kept)


def test_a_box_on_no_page_is_left_to_the_third_reading(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = paper(tmp_path / "a.pdf", change=off_the_page)
    assert "case_ref" not in (second_reading.values(path) or {})
    assert held(path) == set()
    monkeypatch.setattr(third_reading, "values", lambda *_: None)
    assert held(path) == {("FF-114", None)}


def test_doubtful_papers_are_read_a_third_time_and_others_are_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(third_reading, "values", lambda *_: None)
    locked = pikepdf.Encryption(owner="o", user="")
    assert held(paper(tmp_path / "a.pdf")) == set()
    assert held(paper(tmp_path / "b.pdf", encryption=locked)) == {("FF-114", None)}
    assert held(paper(tmp_path / "c.pdf", linearize=True)) == {("FF-114", None)}  # two tables

    def with_xfa(pdf: Pdf) -> None:
        pdf.Root.AcroForm.XFA = pdf.make_stream(b"<a/>")

    assert ("FF-114", None) in held(paper(tmp_path / "d.pdf", change=with_xfa))


def test_a_circle_that_stores_more_than_it_shows_is_read_a_third_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def not_drawn(pdf: Pdf) -> None:
        for circle in field(pdf, "context_force").Kids:
            del circle.AS  # a viewer draws it by what is stored

    path = paper(tmp_path / "a.pdf", change=not_drawn)
    assert held(path) == set()
    other = dict.fromkeys(FORM.manifest.boxes, "") | ANSWERS | {"context_force": "yes"}
    monkeypatch.setattr(third_reading, "values", lambda *_: other)
    assert held(path) == {("FF-110", "context_force")}


RUNS = (
    "FORM_OnAfterLoadPage",
    "FORM_DoDocumentJSAction",
    "FORM_DoDocumentOpenAction",
    "FORM_DoDocumentAAction",
    "FORM_DoPageAAction",
)


@pytest.mark.parametrize("change", ACTIVE, ids=lambda change: change.__name__)
def test_nothing_that_a_file_wants_done_is_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: Change
) -> None:
    def never(*_: object) -> None:
        raise AssertionError("a call that starts what a file wants done")

    for name in RUNS:
        monkeypatch.setattr(raw, name, never)
    path = write_form(change, tmp_path)
    assert second_reading.values(path) is not None
    assert not {"V8", "XFA"} & set(pypdfium2.PDFIUM_INFO.flags), "this PDFium can run programs"


def test_an_ordinary_paper_is_read_without_loading_pypdf(tmp_path: Path) -> None:
    reads = (
        "import sys; from pathlib import Path\n"
        "from formflow.core.limits import Limits\n"
        "from formflow.forms.catalogue import shipped\n"
        "from formflow.reading.ladder import read_paper\n"
        "from formflow.reading.reader import Reader\n"
        "read = read_paper(Path(sys.argv[1]), Reader(shipped(), Limits(), 'always'))\n"
        "assert read.via == 'acroform' and not read.held, read\n"
        "sys.exit('pypdf' in sys.modules)\n"
    )
    path = paper(tmp_path / "a.pdf")
    done = subprocess.run([sys.executable, "-c", reads, path], check=False, capture_output=True)
    assert (done.returncode, done.stderr) == (0, b"")


def test_what_a_page_prints_is_not_given_to_pdfium(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = paper(tmp_path / "a.pdf", object_stream_mode=pikepdf.ObjectStreamMode.disable)
    given: list[bytes] = []
    load = raw.FPDF_LoadMemDocument64

    def loaded(content: bytes, *rest: object) -> object:
        given.append(content)
        return load(content, *rest)

    monkeypatch.setattr(raw, "FPDF_LoadMemDocument64", loaded)
    assert second_reading.values(path) == {
        name: one.value for name, one in first_reading(path).items()
    }
    assert (path.read_bytes().count(b"/Contents"), given[0].count(b"/Contents")) == (8, 0)
    assert len(given[0]) == path.stat().st_size


def test_an_answer_in_the_words_of_a_page_holds_the_paper_at_worst(tmp_path: Path) -> None:
    answers = ANSWERS | {"type_text": "He wrote /Contents 12 0 R on the wall."}
    plain = pikepdf.ObjectStreamMode.disable
    path = paper(tmp_path / "a.pdf", answers, object_stream_mode=plain)
    assert held(path) == {("FF-110", "type_text")}
