"""What is stored but not seen as stored holds the paper: a file made to deceive, or a note on top."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name, Pdf, Stream, String

from tests.support.papers import ANSWERS, BLANK, draw, field, held, paper

NAME = "child_a_name"
ALICE = {NAME: "Alice Example"}
DIFFERS, CANNOT_TELL = {("FF-109", NAME)}, {("FF-121", NAME)}
CIRCLES = {("FF-109", "context_planned")}
Change = Callable[[Pdf], None]


def drawn(folder: Path, orders: bytes, **resources: Any) -> set[Any]:
    """Return what holds a paper whose box of the child's name is drawn by these orders."""

    def change(pdf: Pdf) -> None:
        draw(pdf, NAME, b"")
        drawing = field(pdf, NAME).AP.N
        drawing.write(orders)
        for kind, entries in resources.items():
            drawing.Resources[f"/{kind}"] = pdf.make_indirect(entries)

    return held(paper(folder / "a.pdf", ALICE, change))


TEXT = b"BT /Own 9 Tf 2 4 Td (Alice Example) Tj ET"


@pytest.mark.parametrize(
    "orders",
    [
        TEXT,
        b"q 1 g 0 0 300 20 re f Q " + TEXT,
        b"0 g 0 0 300 20 re f 1 g " + TEXT,
        b"q 0.5 0 0 0.5 0 0 cm BT /Own 18 Tf 4 8 Td (Alice Example) Tj ET Q",
        b"BT /Own 1 Tf 9 0 0 9 2 4 Tm [(Alice) -300 (Example)] TJ ET",
        b"BT 12 TL /Own 9 Tf 2 23 Td (Alice) ' T* ET BT /Own 9 Tf 2 2 Td (Example) Tj ET",
        b"/Grey cs 0 sc " + TEXT,
        b"2 Tr " + TEXT,
        b"q 0 0 300 20 re W n " + TEXT + b" Q",
        b"0 0 m 0 20 l 300 20 l 300 0 l h 1 1 m 1 19 l 299 19 l 299 1 l h W n " + TEXT,
    ],
    ids=[
        "plain", "on white", "white on black", "scaled", "by matrix", "two lines", "measured grey",
        "bold", "cut to the box", "cut twice",
    ],
)  # fmt: skip
def test_letters_that_can_be_seen_say_what_they_say(tmp_path: Path, orders: bytes) -> None:
    grey = Dictionary(Grey=Array([Name.CalGray, Dictionary(WhitePoint=Array([0.95, 1, 1.09]))]))
    assert drawn(tmp_path, orders, ColorSpace=grey) == set()


@pytest.mark.parametrize(
    "orders",
    [
        b"1 g " + TEXT,
        b"1 1 0.95 rg " + TEXT,
        b"0 0 0 0 k " + TEXT,
        b"0 g 0 0 300 20 re f " + TEXT,
        b"3 Tr " + TEXT,
        b"7 Tr " + TEXT,
        b"BT /Own 0.5 Tf 2 4 Td (Alice Example) Tj ET",
        b"0.01 0 0 0.01 0 0 cm " + TEXT,
        b"BT /Own 9 Tf 0.1 Tz 2 4 Td (Alice Example) Tj ET",
        b"BT /Own 9 Tf 900 4 Td (Alice Example) Tj ET",
        b"BT /Own 9 Tf 2 -40 Td (Alice Example) Tj ET",
        b"BT /Own 9 Tf 40 Ts 2 4 Td (Alice Example) Tj ET",
        b"q 0 0 0 0 re W n " + TEXT + b" Q",
        b"q 0 0 1 1 re 299 19 1 1 re W n " + TEXT + b" Q",
        b"/Thin gs " + TEXT,
    ],
    ids=[
        "white", "nearly white", "no ink", "black on black", "invisible", "only cutting", "tiny",
        "scaled away", "squeezed", "beyond the right", "below", "lifted out", "cut away", "cut to corners",
        "see-through",
    ],
)  # fmt: skip
def test_letters_that_no_eye_sees_are_none(tmp_path: Path, orders: bytes) -> None:
    assert drawn(tmp_path, orders, ExtGState=Dictionary(Thin=Dictionary(ca=0.05))) == DIFFERS


@pytest.mark.parametrize(
    "orders",
    [
        TEXT + b" 1 g 0 0 300 20 re f",
        b"/OC /Layer BDC " + TEXT + b" EMC",
        b"/Masked gs " + TEXT,
        b"1 Tr " + TEXT,
        b"/Ink cs 0 scn " + TEXT,
        b"/Shade sh " + TEXT,
        b"0 0 m 300 20 l 300 19 l h W n " + TEXT,
        b"q " * 50_001 + TEXT,
    ],
    ids=[
        "painted over",
        "layer",
        "mask",
        "outlines",
        "ink of its own",
        "shading",
        "cut to a sliver",
        "endless",
    ],
)
def test_what_takes_a_viewer_to_tell_is_not_guessed(tmp_path: Path, orders: bytes) -> None:
    masked = Dictionary(Masked=Dictionary(SMask=Dictionary(S=Name.Alpha)))
    ink = Dictionary(Ink=Array([Name.Separation, Name("/None"), Name.DeviceGray, Dictionary()]))
    assert drawn(tmp_path, orders, ExtGState=masked, ColorSpace=ink) == CANNOT_TELL


@pytest.mark.parametrize("edge", [[0, 0, 0, 0], [0, 0, 30_000, 2_000], [500, 500, 800, 520]])
def test_an_edge_that_hides_the_letters(tmp_path: Path, edge: list[int]) -> None:
    def change(pdf: Pdf) -> None:
        draw(pdf, NAME, b"Alice Example")
        field(pdf, NAME).AP.N.BBox = Array(edge)

    assert held(paper(tmp_path / "a.pdf", ALICE, change)) == DIFFERS


def test_a_font_of_drawings_says_nothing(tmp_path: Path) -> None:
    def change(pdf: Pdf) -> None:
        draw(pdf, NAME, b"Alice Example", Subtype=Name.Type3)

    assert held(paper(tmp_path / "a.pdf", ALICE, change)) == CANNOT_TELL


def layer_on_a_box(pdf: Pdf) -> None:
    draw(pdf, NAME, b"Alice Example")
    field(pdf, NAME).OC = pdf.make_indirect(Dictionary(Type=Name.OCG, Name=String("Off")))


def layer_on_its_drawing(pdf: Pdf) -> None:
    draw(pdf, NAME, b"Alice Example")
    field(pdf, NAME).AP.N.OC = pdf.make_indirect(Dictionary(Type=Name.OCG, Name=String("Off")))


def rich_text_that_is_none(pdf: Pdf) -> None:
    draw(pdf, NAME, b"Alice Example")
    field(pdf, NAME).RV = String("<body>Bob")


@pytest.mark.parametrize("change", [layer_on_a_box, layer_on_its_drawing, rich_text_that_is_none])
def test_a_box_of_which_viewers_show_different_things(tmp_path: Path, change: Change) -> None:
    assert held(paper(tmp_path / "a.pdf", ALICE, change)) == CANNOT_TELL


def white_by_default(pdf: Pdf) -> None:
    field(pdf, NAME).DA = String("/Helv 9 Tf 1 g")


def invisible_by_default(pdf: Pdf) -> None:
    field(pdf, NAME).DA = String("/Helv 9 Tf 0 g 3 Tr")


def tiny_by_default(pdf: Pdf) -> None:
    field(pdf, NAME).DA = String("/Helv .2 Tf 0 g")


def black_ground(pdf: Pdf) -> None:
    field(pdf, NAME).MK = Dictionary(BG=Array([0]))


def password_box(pdf: Pdf) -> None:
    field(pdf, NAME).Ff = 1 << 13


def other_rich_text(pdf: Pdf) -> None:
    field(pdf, NAME).RV = String("<body><p>Bob <b>Other</b></p></body>")


@pytest.mark.parametrize(
    "change",
    [white_by_default, invisible_by_default, tiny_by_default, black_ground, password_box,
     other_rich_text],
)  # fmt: skip
def test_a_box_in_which_viewers_draw_something_else(tmp_path: Path, change: Change) -> None:
    assert held(paper(tmp_path / "a.pdf", ALICE, change)) == DIFFERS


def test_rich_text_that_says_the_same_is_harmless(tmp_path: Path) -> None:
    def change(pdf: Pdf) -> None:
        field(pdf, NAME).RV = String("<body><p>Alice <b>Example</b></p></body>")

    assert held(paper(tmp_path / "a.pdf", ALICE, change)) == set()


def drawings_exchanged(pdf: Pdf) -> None:
    """Every circle of one question is drawn full when it is off, and empty when it is on."""
    for circle in field(pdf, "context_planned").Kids:
        (on,) = (key for key in circle.AP.N.keys() if key != "/Off")  # noqa: SIM118
        looks = circle.AP.N
        circle.AP = Dictionary(N=Dictionary({on: looks["/Off"], "/Off": looks[on]}))


def all_drawn_empty(pdf: Pdf) -> None:
    for circle in field(pdf, "context_planned").Kids:
        (on,) = (key for key in circle.AP.N.keys() if key != "/Off")  # noqa: SIM118
        circle.AP = Dictionary(N=Dictionary({on: circle.AP.N["/Off"], "/Off": circle.AP.N["/Off"]}))


@pytest.mark.parametrize("change", [drawings_exchanged, all_drawn_empty])
def test_circles_whose_drawings_say_something_else(tmp_path: Path, change: Change) -> None:
    path = paper(tmp_path / "a.pdf", {"context_planned": "yes"}, change)
    assert held(path) == CIRCLES


def test_circles_whose_drawings_are_exchanged_while_none_is_marked(tmp_path: Path) -> None:
    assert held(paper(tmp_path / "a.pdf", ALICE, drawings_exchanged)) == CIRCLES


def test_a_mark_that_nobody_can_tell(tmp_path: Path) -> None:
    def faint(pdf: Pdf) -> None:
        for circle in field(pdf, "context_planned").Kids:
            if "/yes" in circle.AP.N:
                dot = Stream(pdf, b"0 g 5 5 1.5 1.5 re f")
                dot.Subtype, dot.BBox = Name.Form, Array([0, 0, 12, 12])
                circle.AP.N = Dictionary({"/yes": dot, "/Off": circle.AP.N["/Off"]})

    path = paper(tmp_path / "a.pdf", {"context_planned": "yes"}, faint)
    assert held(path) == {("FF-121", "context_planned")}


def test_circles_that_are_drawn_another_way_still_say_the_same(tmp_path: Path) -> None:
    def crossed(pdf: Pdf) -> None:
        for circle in field(pdf, "context_planned").Kids:
            (on,) = (key for key in circle.AP.N.keys() if key != "/Off")  # noqa: SIM118
            cross = Stream(pdf, b"2 w 1 1 m 11 11 l S 1 11 m 11 1 l S")
            cross.Subtype, cross.BBox = Name.Form, Array([0, 0, 12, 12])
            circle.AP.N = Dictionary({on: cross, "/Off": circle.AP.N["/Off"]})

    assert held(paper(tmp_path / "a.pdf", {"context_planned": "yes"}, crossed)) == set()


def pages_exchanged(pdf: Pdf) -> None:
    one, other = pdf.pages[2].obj, pdf.pages[3].obj
    for key in ("/Contents", "/Resources"):
        one[key], other[key] = other[key], one[key]


def page_cropped(pdf: Pdf) -> None:
    pdf.pages[2].obj.CropBox = Array([0, 0, 595, 300])


def page_of_a_giant(pdf: Pdf) -> None:
    pdf.pages[2].obj.MediaBox = Array([0, 0, 14_000, 14_000])


def print_added(pdf: Pdf) -> None:
    page = pdf.pages[2]
    font = Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica)
    page.obj.Resources = Dictionary(dict(page.resources.items()))
    page.obj.Resources.Font = Dictionary({**page.resources.Font, "/Own": pdf.make_indirect(font)})
    page.contents_add(b"BT /Own 9 Tf 60 20 Td (typed on top of the form) Tj ET")


def print_taken_away(pdf: Pdf) -> None:
    pdf.pages[2].obj.Contents = Stream(pdf, b"")


@pytest.mark.parametrize(
    "change",
    [pages_exchanged, page_cropped, page_of_a_giant, print_added,
     print_taken_away],
)  # fmt: skip
def test_a_page_that_does_not_look_like_the_blank(tmp_path: Path, change: Change) -> None:
    assert held(paper(tmp_path / "a.pdf", ANSWERS, change)) == {("FF-133", None)}


def test_a_layer_switched_off_on_the_page_is_seen(tmp_path: Path) -> None:
    def layered(pdf: Pdf) -> None:
        layer = pdf.make_indirect(Dictionary(Type=Name.OCG, Name=String("Questions")))
        setting = Dictionary(OFF=Array([layer]), Order=Array([layer]))
        pdf.Root.OCProperties = Dictionary(OCGs=Array([layer]), D=setting)
        page = pdf.pages[2]
        page.obj.Resources = Dictionary(dict(page.resources.items()))
        page.obj.Resources.Properties = Dictionary(Layer=layer)
        page.contents_add(b"/OC /Layer BDC", prepend=True)
        page.contents_add(b"EMC")

    assert held(paper(tmp_path / "a.pdf", ANSWERS, layered)) == {("FF-133", None)}


def test_a_page_that_was_written_anew_but_looks_the_same_is_harmless(tmp_path: Path) -> None:
    def rewritten(pdf: Pdf) -> None:
        for page in pdf.pages:
            orders = pikepdf.parse_content_stream(page)
            body = b"q " + pikepdf.unparse_content_stream(orders) + b" Q"
            page.obj.Contents = pdf.make_stream(body)

    assert held(paper(tmp_path / "a.pdf", ANSWERS, rewritten)) == set()


def note(pdf: Pdf, subtype: Name, **how: Any) -> None:
    page = pdf.pages[1].obj
    laid = Dictionary(Type=Name.Annot, Subtype=subtype, Rect=Array([60, 500, 300, 560]), **how)
    page.Annots.append(pdf.make_indirect(laid))


def free_text(pdf: Pdf) -> None:
    note(pdf, Name.FreeText, Contents=String("He was hit"), DA=String("/Helv 12 Tf 0 g"))


def sticky_note(pdf: Pdf) -> None:
    note(pdf, Name.Text, Contents=String("Please ring me about this"))


def pen(pdf: Pdf) -> None:
    note(pdf, Name.Ink, InkList=Array([Array([60, 500, 300, 560])]))


def push_button_on_top(pdf: Pdf) -> None:
    note(pdf, Name.Widget, FT=Name.Btn, Ff=1 << 16, T=String("cover"), MK=Dictionary(BG=Array([1])))
    pdf.Root.AcroForm.Fields.append(pdf.pages[1].obj.Annots[-1])


@pytest.mark.parametrize("change", [free_text, sticky_note, pen, push_button_on_top])
def test_what_was_put_on_top_of_the_form_is_for_a_person(tmp_path: Path, change: Change) -> None:
    assert held(paper(tmp_path / "a.pdf", ANSWERS, change)) == {("FF-132", None)}


@pytest.mark.parametrize("how", [{"F": 2}, {"Rect": Array([0, 0, 0, 0])}], ids=["hidden", "flat"])
def test_what_shows_nothing_is_harmless(tmp_path: Path, how: dict[str, Any]) -> None:
    def signed(pdf: Pdf) -> None:
        note(pdf, Name.Widget, FT=Name.Sig, T=String("Signature1"))
        pdf.Root.AcroForm.Fields.append(pdf.pages[1].obj.Annots[-1])
        for key, value in how.items():
            pdf.pages[1].obj.Annots[-1][f"/{key}"] = value

    assert held(paper(tmp_path / "a.pdf", ANSWERS, signed)) == set()


def test_pages_that_refer_to_more_than_a_form_does_are_not_followed(tmp_path: Path) -> None:
    def deep(pdf: Pdf) -> None:
        inside = Dictionary()
        for _ in range(40):
            inside = Dictionary(In=inside)
        pdf.pages[0].obj.Resources = Dictionary(Properties=inside)

    path = paper(tmp_path / "a.pdf", ANSWERS, deep)
    assert ("FF-133", None) in held(path)


def test_the_blank_itself_is_known() -> None:
    assert held(BLANK) == {("FF-115", None)}
