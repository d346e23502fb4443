"""A page that shows something else than the file stores is held, however that was done."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import pytest
from pikepdf import Array, Dictionary, Name, Pdf, Stream, String

import formflow.documents
from formflow.reading.letter_table import letters_of_shapes
from formflow.reading.text_match import says_the_same
from tests.support.papers import draw, field, held, paper
from tests.support.papers import fill as filled_in

TYPEFACE = Path(formflow.documents.__file__).parent / "typefaces" / "DejaVuSans.ttf"
NAME, ACCOUNT = "child_a_name", "type_text"
ALICE = "Alice Example"
DIFFERS, CANNOT_TELL = {("FF-109", NAME)}, {("FF-121", NAME)}
TEXT = b"BT /Own 9 Tf 2 4 Td (Alice Example) Tj ET"


def drawn(folder: Path, orders: bytes, **font: Any) -> set[Any]:
    """Return what holds a paper whose box of the child's name is drawn by these orders."""

    def change(pdf: Pdf) -> None:
        draw(pdf, NAME, b"", **font)
        field(pdf, NAME).AP.N.write(orders)

    return held(paper(folder / "a.pdf", {NAME: ALICE}, change))


@pytest.mark.parametrize(
    "orders",
    [
        b"BT 500 Tc /Own 9 Tf 2 4 Td (Alice Example) Tj ET",
        b"BT 900 Tw /Own 9 Tf 2 4 Td (Alice Example) Tj ET",
        b'BT /Own 9 Tf 2 4 Td 0 900 (Alice Example) " ET',
        b"BT /Own 9 Tf 2 4 Td [(Alice) -90000 ( Example)] TJ ET",
        b"BT /Own 9 Tf 2 4 Td [(Alice) 90000 ( Example)] TJ ET",
        b"BT /Own 9 Tf 2 4 Td (Alice) Tj 900 0 Td ( Example) Tj ET",
        b"BT /Own 9 Tf 2 4 Td (Alice) Tj /Own 200 Tf ( Example) Tj ET",
        b"BT /Own 9 Tf -1 0 0 1 200 4 Tm (Alice Example) Tj ET",
        b"BT 0 Tz /Own 9 Tf 2 4 Td (Alice Example) Tj ET",
        b"2 0 0 .1 0 4 cm BT /Own 9 Tf 2 4 Td (Alice Example) Tj ET",
        b"1 1 1 1.01 2 2 cm BT /Own 9 Tf 0 0 Td (Alice Example) Tj ET",
        b"0 g 22 0 300 20 re f " + TEXT,
    ],
    ids=[
        "letters apart", "words apart", "by the third way", "pushed on", "pushed back", "moved away",
        "too large for the box", "mirrored", "no width", "flattened", "slanted till it is a line", "black ground from the second word on",
    ],
)  # fmt: skip
def test_letters_that_are_pushed_out_of_sight_are_not_shown(tmp_path: Path, orders: bytes) -> None:
    assert drawn(tmp_path, orders) == DIFFERS


@pytest.mark.parametrize(
    "orders",
    [
        b"BT -6 Tc /Own 9 Tf 2 4 Td (Alice Example) Tj ET",
        b"BT /Own 9 Tf 2 4 Td (Alice) Tj 2 0 Td ( Example) Tj ET",
        TEXT + b" " + TEXT,
    ],
    ids=["piled up", "one word on the other", "twice"],
)
def test_letters_on_top_of_each_other_cannot_be_read(tmp_path: Path, orders: bytes) -> None:
    assert drawn(tmp_path, orders) == CANNOT_TELL


@pytest.mark.parametrize(
    "orders",
    [
        b"BT 2 Tc /Own 9 Tf 2 4 Td (Alice Example) Tj ET",
        b"BT -0.3 Tc 4 Tw /Own 9 Tf 2 4 Td [(Ali) 30 (ce ) -200 (Exam) -20 (ple)] TJ ET",
        b"BT /Own 9 Tf 2 4 Td (Alice) Tj ( Example) Tj ET",
    ],
    ids=["wide", "as programs set type", "in two parts"],
)
def test_letters_that_stand_apart_are_shown(tmp_path: Path, orders: bytes) -> None:
    assert drawn(tmp_path, orders) == set()


@pytest.mark.parametrize("width", [0, 90_000, -500])
def test_widths_that_no_letter_has(tmp_path: Path, width: int) -> None:
    font = {"FirstChar": 0, "LastChar": 255, "Widths": Array([width] * 256)}
    assert drawn(tmp_path, TEXT, **font) == CANNOT_TELL


@pytest.mark.parametrize("order", [b"Tm", b"cm", b"re W n", b"Tz", b"Td", b"1 Tf"])
def test_an_order_without_its_numbers_is_for_an_eye_to_judge(tmp_path: Path, order: bytes) -> None:
    """Some viewers take nothing for nought, and the letters are gone; others go on as before."""
    orders = b"q " + (
        TEXT.replace(b"(", order + b" (") if order[-1:] in b"mfzd" else order + b" " + TEXT
    )
    assert drawn(tmp_path, orders) == CANNOT_TELL


def test_letters_of_which_a_font_with_widths_says_none(tmp_path: Path) -> None:
    """Viewers take nought for them, and the letters pile up."""
    font = {"FirstChar": 32, "LastChar": 33, "Widths": Array([278, 278])}
    assert drawn(tmp_path, TEXT, **font) == CANNOT_TELL


@pytest.mark.parametrize("name", ["Symbol", "ZapfDingbats", "Wingdings", "ABCDEF+Webdings"])
def test_a_font_that_draws_signs_for_letters(tmp_path: Path, name: str) -> None:
    assert drawn(tmp_path, TEXT, BaseFont=Name("/" + name)) == CANNOT_TELL


def lying(pdf: Pdf, drawn: bytes, told: str) -> Any:
    pairs = "".join(
        f"<{code:02X}> <{ord(letter):04X}> "
        for code, letter in dict(zip(drawn, told, strict=True)).items()
    )
    table = f"1 begincodespacerange <00> <FF> endcodespacerange 99 beginbfchar {pairs} endbfchar"
    return pdf.make_indirect(Stream(pdf, table.encode()))


@pytest.mark.parametrize(
    "encoding", [{}, {"Encoding": Name.WinAnsiEncoding}], ids=["none", "usual"]
)
def test_a_plain_font_that_says_it_draws_other_letters(
    tmp_path: Path, encoding: dict[str, Any]
) -> None:
    def change(pdf: Pdf) -> None:
        draw(pdf, NAME, b"Bobby", **encoding, ToUnicode=lying(pdf, b"Boby", "Alce"))

    assert held(paper(tmp_path / "a.pdf", {NAME: "Allle"}, change)) == CANNOT_TELL


def embedded(pdf: Pdf, chosen: dict[int, int], **more: Any) -> dict[str, Any]:
    """Return an embedded font whose codes are drawn as these shapes."""
    table = bytearray(2 * 0x10000)
    for code, shape in chosen.items():
        struct.pack_into(">H", table, 2 * code, shape)
    shapes = Dictionary(
        Type=Name.Font, Subtype=Name.CIDFontType2, BaseFont=Name.Wide, DW=600,
        CIDToGIDMap=pdf.make_indirect(Stream(pdf, bytes(table))),
        FontDescriptor=Dictionary(FontFile2=pdf.make_indirect(Stream(pdf, TYPEFACE.read_bytes()))),
    )  # fmt: skip
    kind = {"Subtype": Name.Type0, "Encoding": Name("/Identity-H"), "BaseFont": Name.Wide}
    return kind | {"DescendantFonts": Array([pdf.make_indirect(shapes)])} | more


def by_shapes(folder: Path, shown: str, stored: str, told: str = "") -> set[Any]:
    shapes = {of[0]: shape for shape, of in letters_of_shapes(TYPEFACE.read_bytes()).items()}

    def change(pdf: Pdf) -> None:
        more = {}
        if told:
            pairs = "".join(
                f"<{ord(a):04X}> <{ord(b):04X}> " for a, b in zip(shown, told, strict=True)
            )
            more["ToUnicode"] = pdf.make_indirect(
                Stream(pdf, f"99 beginbfchar {pairs} endbfchar".encode())
            )
        font = embedded(pdf, {ord(letter): shapes[letter] for letter in shown}, **more)
        draw(pdf, NAME, shown.encode("utf-16-be"), **font)

    return held(paper(folder / "a.pdf", {NAME: stored}, change))


def test_an_embedded_font_says_which_letters_it_draws(tmp_path: Path) -> None:
    # As poppler writes names that the form's own font lacks letters for.
    assert by_shapes(tmp_path, "Prŷs Nguyễn Wałęsa", "Prŷs Nguyễn Wałęsa") == set()
    assert by_shapes(tmp_path, "Prŷs", "Prys") == DIFFERS
    assert by_shapes(tmp_path, "Bob", "Ada", told="Ada") == CANNOT_TELL
    assert by_shapes(tmp_path, "Bob", "Bob", told="Bob") == set()


def test_a_font_with_more_letters_than_there_are_says_nothing() -> None:
    """Each of its groups draws one more letter as the same shape."""
    groups = 1 << 18
    table = struct.pack(">HHLLL", 12, 0, 16 + 12 * groups, 0, groups)
    table += struct.pack(">LLL", 65, 65, 1) * groups
    cmap = struct.pack(">HHHHL", 0, 1, 3, 10, 12) + table
    font = struct.pack(">LHHHH", 0x10000, 1, 0, 0, 0)
    font += struct.pack(">4sLLL", b"cmap", 0, 28, len(cmap)) + cmap
    assert letters_of_shapes(font) == {}


BEGINNING = "A long account of what happened in the yard that day, and of the children"


def test_text_that_is_added_at_the_end_and_not_drawn(tmp_path: Path) -> None:
    def change(pdf: Pdf) -> None:
        draw(pdf, ACCOUNT, BEGINNING.encode())

    path = paper(tmp_path / "a.pdf", {ACCOUNT: BEGINNING + " and then he forced her"}, change)
    assert held(path) == {("FF-109", ACCOUNT)}


def test_text_that_ends_where_its_box_does_is_cut_by_the_box(tmp_path: Path) -> None:
    def change(pdf: Pdf) -> None:
        draw(pdf, ACCOUNT, b"")
        lines = b" ".join(b"(%s) Tj T*" % BEGINNING.encode() for _ in range(40))
        field(pdf, ACCOUNT).AP.N.write(b"BT 10 TL /Own 9 Tf 2 90 Td " + lines + b" ET")
        field(pdf, ACCOUNT).AP.N.BBox = Array([0, 0, 505, 100])

    path = paper(tmp_path / "a.pdf", {ACCOUNT: "\n".join([BEGINNING] * 40)}, change)
    assert held(path) == set()


@pytest.mark.parametrize(
    ("seen", "stored"),
    [
        (b"", "Насилие"),
        (b"Alice Example", "Alice Example Насилие"),
        (b"Alice Example", "Alice Example 王"),
    ],
)
def test_words_of_another_alphabet_that_are_not_drawn(
    tmp_path: Path, seen: bytes, stored: str
) -> None:
    assert (
        held(paper(tmp_path / "a.pdf", {NAME: stored}, lambda pdf: draw(pdf, NAME, seen)))
        == DIFFERS
    )


def test_words_beside_one_from_right_to_left_stay_in_their_order() -> None:
    assert says_the_same("Ada hit Bob םולש", "Ada hit Bob שלום")
    assert not says_the_same("Bob hit Ada םולש", "Ada hit Bob שלום")


def white_when_drawn_again(pdf: Pdf) -> None:
    draw(pdf, NAME, ALICE.encode())
    field(pdf, NAME).DA = String("/Helv 9 Tf 1 g")


def cut_when_drawn_again(pdf: Pdf) -> None:
    field(pdf, NAME).MaxLen = 5


@pytest.mark.parametrize("change", [white_when_drawn_again, cut_when_drawn_again])
def test_what_viewers_show_when_they_draw_a_box_their_way(tmp_path: Path, change: Any) -> None:
    assert held(paper(tmp_path / "a.pdf", {NAME: ALICE}, change)) == DIFFERS


def laid_on_the_page(pdf: Pdf, **about: Any) -> None:
    look = Stream(pdf, b"BT /F 12 Tf 0 0 Td (NOT) Tj ET")
    look.Type, look.Subtype, look.BBox = Name.XObject, Name.Form, Array([0, 0, 50, 20])
    font = Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica)
    look.Resources = Dictionary(Font=Dictionary(F=font))
    note = Dictionary(Type=Name.Annot, AP=Dictionary(N=pdf.make_indirect(look)))
    for key, value in about.items():
        note[f"/{key}"] = value
    pdf.pages[2].Annots.append(pdf.make_indirect(note))


@pytest.mark.filterwarnings("ignore::pikepdf._exceptions.PageCopyWarning")
@pytest.mark.parametrize("kind", [Name.Stamp, Name.FreeText, Name.Widget])
@pytest.mark.parametrize(
    "sides", [[100, 100, 100, 120], [100, 100, 150, 100], [150, 120, 100, 100]]
)
def test_a_note_of_no_width_is_a_note(tmp_path: Path, kind: Name, sides: list[int]) -> None:
    def change(pdf: Pdf) -> None:
        filled_in(pdf, {})
        laid_on_the_page(pdf, Subtype=kind, Rect=Array(sides))

    assert held(paper(tmp_path / "a.pdf", {NAME: ALICE}, change)) == {("FF-132", None)}


def larger(pdf: Pdf) -> None:
    pdf.pages[0].obj.UserUnit = 2


def text_above_the_form(pdf: Pdf) -> None:
    pdf.pages[0].contents_add(b"BT /F1 9 Tf 45 830 Td (No means yes) Tj ET")


@pytest.mark.parametrize("change", [larger, text_above_the_form])
def test_a_page_that_shows_more_than_the_blank(tmp_path: Path, change: Any) -> None:
    assert held(paper(tmp_path / "a.pdf", {NAME: ALICE}, change)) == {("FF-133", None)}


def test_a_stored_answer_that_is_on_no_page(tmp_path: Path) -> None:
    def change(pdf: Pdf) -> None:
        number = field(pdf, NAME).objgen
        for page in pdf.pages:
            page.Annots = Array([one for one in page.get("/Annots", []) if one.objgen != number])

    assert held(paper(tmp_path / "a.pdf", {NAME: ALICE}, change)) == {("FF-123", None)}
