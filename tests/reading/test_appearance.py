"""What the page shows is compared with what is stored, and harmless differences are none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pikepdf
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pikepdf import Array, Dictionary, Name, ObjectStreamMode, Pdf, Stream

from formflow.reading.text_match import says_the_same
from tests.support.papers import draw, field, held, paper

BOB = {("FF-109", "child_a_name")}
NOT_IN_ITS_PLACE = {("FF-123", None)}
UNKNOWN = {("FF-121", "child_a_name")}
ALICE = {"child_a_name": "Alice Example"}


def shown(folder: Path, text: bytes, stored: str = "Alice Example", **font: Any) -> set[Any]:
    """Return what holds a paper that shows these codes in the box of the child's name."""
    answers = {"child_a_name": stored}
    return held(
        paper(folder / "a.pdf", answers, lambda pdf: draw(pdf, "child_a_name", text, **font))
    )


def to_unicode(pairs: str) -> bytes:
    return f"1 begincodespacerange <0000> <FFFF> endcodespacerange {pairs}".encode()


@pytest.mark.parametrize(
    ("seen", "stored"),
    [
        ("", ""),
        ("Aliceandher brother", "Alice\nand her brother"),
        ("Zo", "Zoë"),
        ("Zoe", "Zoë"),
        ("Zo?", "Zoë"),
        ("'it's only a game' - cost 4.50", "‘it’s only a game’ – cost £4.50"),
        ("ﬁlm", "film"),
        ("Upset  then calm", "Upset 😢 then calm"),
        ("Upset ?? then calm", "Upset 😢 then calm"),
        (
            "a long account that goes on for quite a good while and",
            "a long account that goes on for quite a good while and is cut",
        ),
        ("םולש Ada", "Ada שלום"),
        ("it’s", "it`s"),  # another sign for it, on one side alone
        ("` 4", "`\x06 4"),
    ],
)
def test_a_drawing_that_says_the_same(seen: str, stored: str) -> None:
    assert says_the_same(seen, stored)


@pytest.mark.parametrize(
    ("seen", "stored"),
    [
        ("Bob", "Alice"),
        ("Bob", ""),
        ("", "Alice"),
        ("Alic", "Alice"),
        ("Alice", "Alic"),
        ("31/1/2026", "3/11/2026"),
        ("1.4", "14"),
        ("Иван", "Пётр"),
        ("Zoê", "Zoë"),
        ("not planned", "planned"),
        ("it goes on for a while and then it is cut off", "at first a long account that goes on"),
        ("םולש Ada", "Ada שלוט"),
    ],
)
def test_a_drawing_that_says_something_else(seen: str, stored: str) -> None:
    assert not says_the_same(seen, stored)


@given(st.text())
def test_every_text_says_the_same_as_itself(text: str) -> None:
    assert says_the_same(text, text)


@given(st.text(alphabet=st.characters(codec="ascii", categories=["L", "N"]), min_size=1), st.text())
def test_letters_that_are_only_shown_are_seen(added: str, stored: str) -> None:
    assert not says_the_same(stored + added, stored)


def test_a_box_that_shows_bob_and_stores_alice_is_held(tmp_path: Path) -> None:
    assert shown(tmp_path, b"Bob Other") == BOB
    assert shown(tmp_path, b"Alice Example") == set()


def test_a_box_that_shows_nothing_and_stores_alice_is_held(tmp_path: Path) -> None:
    assert shown(tmp_path, b"") == BOB


def test_a_blank_box_that_shows_bob_is_held(tmp_path: Path) -> None:
    assert shown(tmp_path, b"Bob Other", stored="") >= BOB


def test_an_empty_drawing_is_harmless_where_viewers_draw_anew(tmp_path: Path) -> None:
    def redrawn(pdf: Pdf, text: bytes) -> None:
        draw(pdf, "child_a_name", text)
        pdf.Root.AcroForm.NeedAppearances = True

    assert held(paper(tmp_path / "a.pdf", ALICE, lambda pdf: redrawn(pdf, b""))) == set()
    assert held(paper(tmp_path / "b.pdf", ALICE, lambda pdf: redrawn(pdf, b"Bob"))) == BOB


def test_a_drawing_kept_under_a_state_is_seen(tmp_path: Path) -> None:
    def under_a_state(pdf: Pdf) -> None:
        draw(pdf, "child_a_name", b"Bob")
        box = field(pdf, "child_a_name")
        box.AP.N, box.AS = Dictionary(Shown=box.AP.N), Name.Shown

    assert held(paper(tmp_path / "a.pdf", ALICE, under_a_state)) == BOB


def test_a_drawing_inside_a_drawing_is_seen(tmp_path: Path) -> None:
    def nested(pdf: Pdf) -> None:
        draw(pdf, "child_a_name", b"Bob")
        box = field(pdf, "child_a_name")
        outer = Stream(pdf, b"q /Inner Do Q")
        outer.Resources = Dictionary(XObject=Dictionary(Inner=box.AP.N))
        box.AP.N = outer

    assert held(paper(tmp_path / "a.pdf", ALICE, nested)) == BOB


def test_a_picture_in_a_box_cannot_be_compared(tmp_path: Path) -> None:
    def picture(pdf: Pdf) -> None:
        image = b"q BI /W 1 /H 1 /BPC 8 /CS /G ID \x00 EI Q"
        field(pdf, "child_a_name").AP = Dictionary(N=Stream(pdf, image))

    assert held(paper(tmp_path / "a.pdf", ALICE, picture)) == UNKNOWN


def test_a_hidden_box_shows_nothing(tmp_path: Path) -> None:
    def hide(pdf: Pdf) -> None:
        field(pdf, "child_a_name").F = 2

    assert held(paper(tmp_path / "a.pdf", ALICE, hide)) == BOB | NOT_IN_ITS_PLACE


@pytest.mark.parametrize(
    ("encoding", "codes"),
    [(Name.WinAnsiEncoding, b"Zo\xeb \x80"), (Name.MacRomanEncoding, b"Zo\x91 \xdb")],
)
def test_the_usual_encodings_are_understood(tmp_path: Path, encoding: Name, codes: bytes) -> None:
    assert shown(tmp_path, codes, "Zoë €", Encoding=encoding) == set()
    assert shown(tmp_path, codes, "Zoê €", Encoding=encoding) == BOB


def test_an_encoding_with_differences_is_understood(tmp_path: Path) -> None:
    names = [1, Name.Z, Name.o, Name.edieresis, Name.quoteright, Name.uni0142, 7, Name("/.notdef")]
    encoding = Dictionary(Differences=Array(names))
    assert shown(tmp_path, b"\x01\x02\x03\x04\x05\x07", "Zoë’ł", Encoding=encoding) == set()
    assert shown(tmp_path, b"\x01\x02\x03", "Bob", Encoding=encoding) == BOB


def wide(pdf: Pdf, pairs: str) -> dict[str, Any]:
    table = pdf.make_indirect(Stream(pdf, to_unicode(pairs)))
    return {"Subtype": Name.Type0, "Encoding": Name("/Identity-H"), "ToUnicode": table}


@pytest.mark.parametrize(
    "pairs",
    [
        "2 beginbfchar <0001> <0042> <0002> <006F> endbfchar 1 beginbfrange <0003> <0003> <0062> endbfrange",
        "1 beginbfrange <0001> <0003> [<0042> <006F> <0062>] endbfrange",
        "3 beginbfrange\n<01><01><0042>\n<0002><0002><6F>\n<0003> <0003>\n<00062>\nendbfrange",
    ],
)
def test_the_table_of_a_font_is_understood(tmp_path: Path, pairs: str) -> None:
    def bob(pdf: Pdf) -> None:
        draw(pdf, "child_a_name", b"\x00\x01\x00\x02\x00\x03", **wide(pdf, pairs))

    assert held(paper(tmp_path / "a.pdf", {"child_a_name": "Bob"}, bob)) == set()
    assert held(paper(tmp_path / "b.pdf", ALICE, bob)) == BOB


def test_curly_quotes_as_pdfium_draws_them_are_understood(tmp_path: Path) -> None:
    font = {"Subtype": Name.Type0, "Encoding": Name("/GBK-EUC-H")}
    codes = b"\xa1\xb0Jack\xa1\xb1"
    assert shown(tmp_path, codes, "“Jack”", **font) == set()
    assert shown(tmp_path, codes, "“Jane”", **font) == BOB


@pytest.mark.parametrize(
    "font",
    [
        {"Subtype": Name.Type0, "Encoding": Name("/Identity-H")},
        {"FontDescriptor": Dictionary(FontFile3=Dictionary())},
        {"Encoding": Dictionary(Differences=Array([65, Name.g17, Name.g18]))},
    ],
    ids=["numbers", "own codes", "names that say nothing"],
)
def test_codes_that_nothing_explains_are_not_guessed(tmp_path: Path, font: dict[str, Any]) -> None:
    assert shown(tmp_path, b"AB", "AB", **font) == UNKNOWN


def test_a_table_that_never_ends_is_not_followed(tmp_path: Path) -> None:
    endless = "1 beginbfrange <0000> <FFFFFFFF> <0041> endbfrange"
    path = paper(
        tmp_path / "a.pdf",
        ALICE,
        lambda pdf: draw(pdf, "child_a_name", b"\x00\x01", **wide(pdf, endless)),
    )
    assert held(path) == UNKNOWN


def test_a_font_that_is_not_there_is_not_guessed(tmp_path: Path) -> None:
    def unnamed(pdf: Pdf) -> None:
        box = field(pdf, "child_a_name")
        box.AP = Dictionary(N=Stream(pdf, b"BT /Nowhere 9 Tf (Alice Example) Tj ET"))

    assert held(paper(tmp_path / "a.pdf", ALICE, unnamed)) == UNKNOWN


def test_circles_that_show_no_and_store_yes_are_held(tmp_path: Path) -> None:
    def turn(pdf: Pdf) -> None:
        for circle in field(pdf, "context_planned").Kids:
            circle.AS = Name.no if "/no" in circle.AP.N else Name.Off

    path = paper(tmp_path / "a.pdf", {"context_planned": "yes"}, turn)
    assert held(path) == {("FF-109", "context_planned")}


def test_circles_that_show_two_answers_are_held(tmp_path: Path) -> None:
    def both(pdf: Pdf) -> None:
        for circle in field(pdf, "context_planned").Kids:
            if "/no" in circle.AP.N:
                circle.AS = Name.no

    path = paper(tmp_path / "a.pdf", {"context_planned": "yes"}, both)
    assert held(path) == {("FF-109", "context_planned")}


@pytest.mark.parametrize("flag", [2, 32], ids=["hidden", "not for the screen"])
@pytest.mark.parametrize("drawn", [True, False])
def test_a_hidden_circle_shows_nothing(tmp_path: Path, flag: int, drawn: bool) -> None:
    def hide(pdf: Pdf) -> None:
        for circle in field(pdf, "context_planned").Kids:
            if "/yes" in circle.AP.N:
                circle.F = flag
                if not drawn:
                    del circle.AS

    path = paper(tmp_path / "a.pdf", {"context_planned": "yes"}, hide)
    assert held(path) == {("FF-109", "context_planned")} | NOT_IN_ITS_PLACE


def test_circles_that_show_nothing_yet_are_drawn_from_the_stored_answer(tmp_path: Path) -> None:
    def undrawn(pdf: Pdf) -> None:
        for circle in field(pdf, "context_planned").Kids:
            del circle.AS

    assert held(paper(tmp_path / "a.pdf", {"context_planned": "yes"}, undrawn)) == set()


def test_one_circle_without_a_mark_does_not_excuse_the_others(tmp_path: Path) -> None:
    def turn(pdf: Pdf) -> None:
        for circle in field(pdf, "context_planned").Kids:
            if "/no" in circle.AP.N:
                circle.AS = Name.no
            elif "/yes" in circle.AP.N:
                del circle.AS

    path = paper(tmp_path / "a.pdf", {"context_planned": "yes"}, turn)
    assert held(path) == {("FF-109", "context_planned")}


def test_a_drawing_that_is_damaged_cannot_be_compared(tmp_path: Path) -> None:
    def damage(pdf: Pdf) -> None:
        broken = Stream(pdf, b"\x00 not compressed at all")
        broken.Filter = Name.FlateDecode
        field(pdf, "child_a_name").AP = Dictionary(N=pdf.make_indirect(broken))

    assert held(paper(tmp_path / "a.pdf", ALICE, damage)) >= UNKNOWN


def test_a_circle_whose_drawing_is_lost_shows_nothing(tmp_path: Path) -> None:
    plain = ObjectStreamMode.disable
    path = paper(tmp_path / "a.pdf", object_stream_mode=plain)
    with pikepdf.open(path) as pdf:
        circles = field(pdf, "context_force").Kids
        lost = next(circle.AP.N.no for circle in circles if "/no" in circle.AP.N).objgen[0]
    content = bytearray(path.read_bytes())
    start = content.index(b"\n%d 0 obj\n" % lost) + len(b"\n%d 0 obj\n" % lost)
    end = content.index(b"endobj", start)
    content[start:end] = b"null\n".rjust(end - start)
    path.write_bytes(bytes(content))
    assert {("FF-109", "context_force"), ("FF-123", None)} <= held(path)
