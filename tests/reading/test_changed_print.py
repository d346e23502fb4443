"""A form whose printed words were changed is held, however it was changed; one that only looks changed is not.

Each change is one that an eye could fall for: healthy boxes under other words. Beside each way of making
a change stands the same way without a change, which must pass.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name, Pdf, Stream, String
from PIL import Image, ImageDraw
from reportlab.pdfgen.canvas import Canvas

from formflow.core.limits import Limits
from formflow.core.model import Answer, AnswerState, Reading
from formflow.documents.prefill import Copy, prefilled
from formflow.forms import catalogue, manifest, top_line
from formflow.reading.ladder import read_paper
from formflow.reading.manifest_builder import manifest_of
from formflow.reading.reader import Reader
from tests.support.papers import ANSWERS, FORMS, held, paper

Change = Callable[[Pdf], None]
CHANGED = {("FF-133", None)}
PAGE = 2  # counted from 0: "Was it planned?" is there
PLANNED = b"BT 1 0 0 1 45 513.25 Tm (Was it planned?) Tj T* ET"
YES, NO = b"425.108 546.5 Tm (Yes)", b"468.888 546.5 Tm (No)"


def orders(pdf: Pdf) -> bytes:
    return bytes(pdf.pages[PAGE].obj.Contents.read_bytes())


def written(pdf: Pdf, content: bytes) -> None:
    pdf.pages[PAGE].obj.Contents = pdf.make_stream(content)


def replaced(*pairs: tuple[bytes, bytes]) -> Change:
    """Write other words, or the same ones elsewhere or in another way, in the place of some."""

    def change(pdf: Pdf) -> None:
        content = orders(pdf)
        for old, new in pairs:
            assert content.count(old) == 1, old
            content = content.replace(old, new)
        written(pdf, content)

    return change


def added(content: bytes, **resources: Any) -> Change:
    """Draw something after everything else on the page."""

    def change(pdf: Pdf) -> None:
        page = pdf.pages[PAGE]
        page.obj.Resources = Dictionary(dict(page.resources.items()))
        for kind, entries in resources.items():
            made = {f"/{name}": pdf.make_indirect(make(pdf)) for name, make in entries.items()}
            page.obj.Resources[f"/{kind}"] = Dictionary(
                {**page.resources.get(f"/{kind}", {}), **made}
            )
        page.contents_add(b"q", prepend=True)
        page.contents_add(b"Q q " + content + b" Q")

    return change


def picture_of(words: str) -> Callable[[Pdf], Any]:
    def make(pdf: Pdf) -> Any:
        picture = Image.new("L", (160, 40), 255)
        ImageDraw.Draw(picture).text((10, 10), words, fill=0)
        how = Dictionary(Type=Name.XObject, Subtype=Name.Image, Width=160, Height=40)
        how.ColorSpace, how.BitsPerComponent = Name.DeviceGray, 8
        made = Stream(pdf, picture.tobytes())
        for key, value in how.items():
            made[key] = value
        return made

    return make


def drawing_of(content: bytes) -> Callable[[Pdf], Any]:
    def make(pdf: Pdf) -> Any:
        made = Stream(pdf, content)
        made.Type, made.Subtype, made.BBox = Name.XObject, Name.Form, Array([0, 0, 595, 842])
        font = Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica)
        made.Resources = Dictionary(Font=Dictionary(Own=font))
        return made

    return make


def font_with(**how: Any) -> Change:
    """Exchange the font of the questions for another that is called the same; None: without that entry."""

    def change(pdf: Pdf) -> None:
        page = pdf.pages[PAGE]
        fonts = Dictionary(dict(page.resources.Font.items()))
        entries = {**dict(fonts.F1.items()), **{f"/{k}": v for k, v in how.items()}}
        fonts.F1 = pdf.make_indirect(
            Dictionary({key: one for key, one in entries.items() if one is not None})
        )
        page.obj.Resources = Dictionary({**dict(page.resources.items()), "/Font": fonts})

    return change


def inside_a_drawing(pdf: Pdf) -> None:
    """Put all that the page prints into one drawing, as some programs do."""
    page = pdf.pages[PAGE]
    made = Stream(pdf, orders(pdf))
    made.Type, made.Subtype, made.BBox = Name.XObject, Name.Form, Array([0, 0, 596, 842])
    made.Resources = page.resources
    page.obj.Resources = Dictionary(XObject=Dictionary(All=pdf.make_indirect(made)))
    written(pdf, b"/All Do")


def layer_that_is(state: str) -> Change:
    """Draw a word on a layer that viewers show, or show when they print."""

    def change(pdf: Pdf) -> None:
        usage = Dictionary(
            Print=Dictionary(PrintState=Name.ON), View=Dictionary(ViewState=Name.OFF)
        )
        layer = pdf.make_indirect(Dictionary(Type=Name.OCG, Name=String("words"), Usage=usage))
        how = Dictionary({f"/{state}": Array([layer])})
        pdf.Root.OCProperties = Dictionary(OCGs=Array([layer]), D=how)
        words = b"/OC /Words BDC BT /F1 9 Tf 120 513.25 Td (not) Tj ET EMC"
        added(words, Properties={"Words": lambda _: layer})(pdf)

    return change


def lettered(pdf: Pdf) -> None:
    """Questions as outlines instead of letters: they look the same, and no letter is left."""
    content = orders(pdf)
    written(pdf, content.replace(b"(Was it planned?) Tj", b"3 Tr (Was it planned?) Tj 0 Tr"))


def cropped(pdf: Pdf) -> None:
    pdf.pages[PAGE].obj.CropBox = Array([0, 0, 595.28, 521])


def shown_by_its_trim_box(pdf: Pdf) -> None:
    """Viewers that obey show the lower part of the page alone."""
    pdf.Root.ViewerPreferences.ViewArea = Name.TrimBox
    pdf.pages[PAGE].obj.TrimBox = Array([0, 0, 595.28, 521])


def letters_from(other: Name) -> Change:
    """A font of drawings: the letters of the word are whatever somebody drew."""

    def change(pdf: Pdf) -> None:
        square = pdf.make_stream(b"750 0 0 0 750 750 d1 0 0 750 750 re f")
        font = Dictionary(
            Type=Name.Font, Subtype=other, FontBBox=Array([0, 0, 750, 750]), FirstChar=97, LastChar=97,
            FontMatrix=Array([0.001, 0, 0, 0.001, 0, 0]), CharProcs=Dictionary(square=square),
            Encoding=Dictionary(Differences=Array([97, Name("/square")])), Widths=Array([1000]),
        )  # fmt: skip
        added(b"BT /Own 9 Tf 120 513.25 Td (a) Tj ET", Font={"Own": lambda _: font})(pdf)

    return change


ITALIC = {
    "BaseFont": Name("/Helvetica-Oblique"),
    "FontDescriptor": None,
}  # and not the blank's letters
OTHER_LETTERS = {
    "Encoding": Dictionary(
        BaseEncoding=Name.WinAnsiEncoding, Differences=Array([ord("p"), Name.s, ord("l"), Name.t])
    )
}
GREY = (PLANNED, b".8 g " + PLANNED + b" 0 g")
WORD = b"BT /F1 9 Tf 120 513.25 Td (not) Tj ET"

CHANGED_PRINTS: dict[str, Change] = {
    "“Yes” and “No” above the circles are exchanged": replaced((YES, YES.replace(b"Yes", b"No")), (NO, NO.replace(b"No", b"Yes"))),
    "“planned” has become “played”": replaced((b"(Was it planned?)", b"(Was it played?)")),
    "a question asks the opposite": replaced((b"(Was it planned?)", b"(Was it unplanned?)")),
    "one letter of a question is another": replaced((b"(Was it planned?)", b"(Was it plannee?)")),
    "the name of an answer is another": replaced((b"503.104 546.5 Tm (Not known)", b"503.104 546.5 Tm (Not sure)")),
    "a heading is another": replaced((b"(Context of the behaviour)", b"(Content of the behaviour)")),
    "two questions have changed places": replaced((b"45 513.25 Tm", b"45 0.25 Tm"), (b"45 495.25 Tm", b"45 513.25 Tm"), (b"45 0.25 Tm", b"45 495.25 Tm")),
    "a question stands a line higher": replaced((b"45 513.25 Tm", b"45 522.25 Tm")),
    "an answer's name stands a little further right": replaced((b"468.888 546.5", b"473.888 546.5")),
    "spaces push half a question off the page": replaced((b"(Was it planned?)", b"(Was it" + b" " * 400 + b"planned?)")),
    "a question is light grey": replaced(GREY),
    "a question is white": replaced((PLANNED, b"1 g " + PLANNED + b" 0 g")),
    "a question is stored and not drawn": lettered,
    "a question is tiny": replaced((PLANNED, b"BT .2 0 0 .2 45 513.25 Tm (Was it planned?) Tj T* ET")),
    "a question is gone": replaced((PLANNED, b"")),
    "white words lie over a question": added(b"1 g BT /F1 9 Tf 45 513.25 Td (Was it planned?) Tj ET"),
    "a patch lies over a question": added(b"1 g 44 558 80 14 re f"),
    "a small patch lies over two letters": added(b"1 g 74 560 10 10 re f"),
    "a thin line goes through a word": added(b".3 w 60 566 m 75 566 l S"),
    "a thin grey line goes through a word": added(b".7 G .4 w 45 565 m 110 565 l S"),
    "a word was typed beside a question": added(WORD),
    "a light grey word was typed beside a question": added(b".93 g " + WORD),
    "a word stands there as a picture": added(b"80 0 0 20 120 555 cm /Own Do", XObject={"Own": picture_of("NOT")}),
    "a word stands there as a drawing": added(b"/Own Do", XObject={"Own": drawing_of(b"BT /Own 9 Tf 120 513.25 Td (not) Tj ET")}),
    "a word stands there in letters that somebody drew": letters_from(Name.Type3),
    "a word stands on a layer that is shown": layer_that_is("ON"),
    "a word stands on a layer that is shown when printed": layer_that_is("OFF"),
    "the letters of the font are others": font_with(**OTHER_LETTERS),
    "the font is another": font_with(**ITALIC),
    "words stand in the strip at the top": added(b"BT /F1 9 Tf 60 829 Td (Tick No for Yes.) Tj ET"),
    "a picture lies in the strip at the top": added(b"80 0 0 14 60 826 cm /Own Do", XObject={"Own": picture_of("No is yes")}),
    "the upper half of the page is cut off": cropped,
    "some viewers show the lower half alone": shown_by_its_trim_box,
}  # fmt: skip


@pytest.mark.parametrize("change", CHANGED_PRINTS.values(), ids=CHANGED_PRINTS.keys())
def test_a_changed_print_is_held(tmp_path: Path, change: Change) -> None:
    path = paper(tmp_path / "a.pdf", ANSWERS, change)
    assert held(path) == CHANGED
    reading = read_paper(path, Reader(FORMS, Limits()))
    assert isinstance(reading, Reading)
    [which] = [hold.words["which"] for hold in reading.held]
    assert "page 3" in which  # layers, and what viewers show of a page, are said for all pages


def rewritten(pdf: Pdf) -> None:
    """Every page written again by a program that rounds."""
    for page in pdf.pages:
        steps = pikepdf.unparse_content_stream(pikepdf.parse_content_stream(page))
        short = re.sub(rb"\d+\.\d{3,}", lambda found: b"%.2f" % float(found[0]), steps)
        page.obj.Contents = pdf.make_stream(b"q " + short + b" Q")


def divided(pdf: Pdf) -> None:
    """The orders of the page in two parts, with line ends of Windows."""
    first, middle, last = orders(pdf).partition(b"\nBT 1 0 0 1 45 513.25")
    parts = [first, (middle + last).replace(b"\n", b"\r\n")]
    pdf.pages[PAGE].obj.Contents = Array([pdf.make_stream(part) for part in parts])


def edges_said_again(pdf: Pdf) -> None:
    page = pdf.pages[PAGE].obj
    page.CropBox, page.TrimBox, page.Rotate = page.MediaBox, page.MediaBox, 0


def resources_of_all_pages(pdf: Pdf) -> None:
    """Fonts said once for all pages."""
    pdf.Root.Pages.Resources = pdf.pages[0].resources
    for page in pdf.pages:
        del page.obj["/Resources"]


SAME_PRINTS: dict[str, Change] = {
    "the same words in another order": replaced((PLANNED, b""), (b"45 495.25 Tm (Was there use of force?) Tj T* ET", b"45 495.25 Tm (Was there use of force?) Tj T* ET " + PLANNED)),
    "words a hair beside their place": replaced((b"45 513.25 Tm", b"45.01 513.251 Tm")),
    "nothing drawn on top": added(b"0 g"),
    "a white patch where nothing is": added(b"1 g 150 513 50 5 re f"),
    "a font under another number": font_with(),
    "the page inside a drawing": inside_a_drawing,
    "every page written anew": rewritten,
    "the page in two parts": divided,
    "edges that are said again": edges_said_again,
    "fonts that are said once": resources_of_all_pages,
}  # fmt: skip


@pytest.mark.parametrize("change", SAME_PRINTS.values(), ids=SAME_PRINTS.keys())
def test_the_same_print_made_another_way_passes(tmp_path: Path, change: Change) -> None:
    assert held(paper(tmp_path / "a.pdf", ANSWERS, change)) == set()


# An agency's own form: a photo, a link and a note are part of its blank.


def photo(words: str) -> bytes:
    picture, out = Image.new("RGB", (160, 40), "white"), io.BytesIO()
    ImageDraw.Draw(picture).text((10, 10), words, fill="navy")
    picture.save(out, "JPEG")
    return out.getvalue()


def agency_form(folder: Path) -> catalogue.Form:
    """An agency's form of one page: its name as a photo, a question, a note that explains it."""
    canvas = Canvas(str(folder / "school.pdf"), pagesize=(595, 842))
    canvas.drawString(60, 700, "Childs name")
    canvas.drawString(60, 650, "Was it planned?")
    canvas.save()
    with pikepdf.open(folder / "school.pdf", allow_overwriting_input=True) as pdf:
        page = pdf.pages[0]
        seal = Stream(pdf, photo("Larch School"))
        for key, value in {
            "Type": Name.XObject,
            "Subtype": Name.Image,
            "Width": 160,
            "Height": 40,
        }.items():
            seal[f"/{key}"] = value
        seal.ColorSpace, seal.BitsPerComponent, seal.Filter = Name.DeviceRGB, 8, Name.DCTDecode
        page.obj.Resources.XObject = Dictionary(Seal=pdf.make_indirect(seal))
        page.contents_add(b"q 160 0 0 40 60 760 cm /Seal Do Q")
        boxes = [
            Dictionary(
                Type=Name.Annot, Subtype=Name.Widget, FT=Name.Tx, T=String(name), Rect=Array(where)
            )
            for name, where in (("name", [200, 695, 400, 715]), ("planned", [200, 645, 400, 665]))
        ]
        note = Dictionary(
            Type=Name.Annot, Subtype=Name.FreeText, Rect=Array([60, 600, 300, 620]), Contents=String("Write yes or no."),
            DA=String("/Helv 9 Tf 0 g"),
        )  # fmt: skip
        laid = [pdf.make_indirect(one) for one in (*boxes, note)]
        page.obj.Annots = Array(laid)
        pdf.Root.AcroForm = Dictionary(Fields=Array(laid[:2]))
        pdf.docinfo["/Form"] = "larch"
        pdf.save()
    (folder / "school.toml").write_text(
        'id = "larch"\nversion = 1\ncode = "LS"\ntitle = "School form"\nintro = "-"\nfiling = "-"\n'
        'how_to_save = "-"\n[information]\nForm = "larch"\n[[section]]\nname = "all"\nlabel = "All"\n'
        'prompt = "-"\nfields = [\n{ name = "child_a_name", kind = "text", label = "Childs name", boxes = ["name"] },\n'
        '{ name = "other_text", kind = "text", label = "Was it planned?", boxes = ["planned"] },\n]\n'
    )
    content = (folder / "school.pdf").read_bytes()
    (folder / "school.json").write_bytes(manifest.dumped(manifest_of(content)))
    return catalogue.load(folder / "school.toml")


def other_photo(pdf: Pdf) -> None:
    pdf.pages[0].resources.XObject.Seal.write(photo("Tick no for yes"), filter=Name.DCTDecode)


def other_words_in_the_note(pdf: Pdf) -> None:
    pdf.pages[0].obj.Annots[2].Contents = String("Write no for yes.")


def shown_hidden_box(pdf: Pdf) -> None:
    """A box with the name of one of our hidden boxes, which everybody sees."""
    box = Dictionary(
        Type=Name.Annot, Subtype=Name.Widget, FT=Name.Tx, T=String("case_ref"), V=String("played"),
        Rect=Array([60, 640, 190, 665]), DA=String("/Helv 9 Tf 0 g"), MK=Dictionary(BG=Array([1])),
    )  # fmt: skip
    made = pdf.make_indirect(box)
    pdf.pages[0].obj.Annots.append(made)
    pdf.Root.AcroForm.Fields.append(made)


@pytest.mark.parametrize(
    ("change", "codes"),
    [
        (lambda _: None, []),
        (other_photo, ["FF-133"]),
        (other_words_in_the_note, ["FF-132"]),
        (shown_hidden_box, ["FF-107"]),
    ],
    ids=["nothing", "the photo", "the note", "a box over a question"],
)
def test_what_is_changed_on_an_agencys_own_form_is_held(
    tmp_path: Path, change: Change, codes: list[str]
) -> None:
    form = agency_form(tmp_path)
    with pikepdf.open(form.blank) as pdf:
        pdf.Root.AcroForm.Fields[0].V = String("Ada Example")
        change(pdf)
        pdf.save(tmp_path / "filled.pdf")
    reading = read_paper(tmp_path / "filled.pdf", Reader([form], Limits()))
    assert isinstance(reading, Reading)
    assert [hold.code for hold in reading.held] == codes


# Copies of ours: a line is at the top of each page, and nothing else.


def a_copy(line: str, reference: str = "FF-2026-000123") -> Pdf:
    given = {"child_a_name": Answer("Ada Example", "Ada Example", AnswerState.GIVEN)}
    return pikepdf.open(io.BytesIO(prefilled(Copy(FORMS[0], reference, line), given)))


TO_CHECK = top_line.of_copy("FF-2026-000123", was_read=True)


def line_drawn_twice(pdf: Pdf) -> None:
    page = pdf.pages[PAGE]
    page.contents_add(b"q 1 0 0 1 0 -4 cm /FormFlowLine Do Q")


def patch_in_the_line(pdf: Pdf) -> None:
    """The drawing of the line paints over a question, too."""
    line = pdf.pages[PAGE].resources.XObject.FormFlowLine
    line.write(line.read_bytes() + b" 1 g 44 558 80 14 re f")


@pytest.mark.parametrize(
    ("line", "change", "codes"),
    [
        (TO_CHECK, lambda _: None, []),
        (TO_CHECK, rewritten, []),
        (top_line.of_sheet("FF-2026-000123", top_line.NOT_AIM2), lambda _: None, []),
        ("FF-2026-000123: tick No for Yes.", lambda _: None, ["FF-133"]),
        (top_line.of_copy("FF-2026-000999", was_read=True), lambda _: None, ["FF-133"]),
        (TO_CHECK, line_drawn_twice, ["FF-133"]),
        (TO_CHECK, patch_in_the_line, ["FF-133"]),
    ],
    ids=[
        "our line", "our line, the page written anew", "a sheet's line", "a line that we do not write",
        "the line of another record", "our line twice", "a patch in our line",
    ],
)  # fmt: skip
def test_at_the_top_of_a_copy_stands_our_line_and_nothing_else(
    tmp_path: Path, line: str, change: Change, codes: list[str]
) -> None:
    with a_copy(line) as pdf:
        change(pdf)
        pdf.save(tmp_path / "copy.pdf")
    reading = read_paper(tmp_path / "copy.pdf", Reader(FORMS, Limits()))
    assert isinstance(reading, Reading)
    assert [hold.code for hold in reading.held] == codes


def test_a_blank_that_is_not_what_was_learned_is_no_measure(tmp_path: Path) -> None:
    """Somebody changed the blank that lies beside the definition: papers like it are held, too."""
    form = agency_form(tmp_path)
    with pikepdf.open(form.blank, allow_overwriting_input=True) as pdf:
        other_photo(pdf)
        pdf.save()
        pdf.Root.AcroForm.Fields[0].V = String("Ada Example")
        pdf.save(tmp_path / "filled.pdf")
    reading = read_paper(tmp_path / "filled.pdf", Reader([form], Limits()))
    assert isinstance(reading, Reading)
    assert [hold.code for hold in reading.held] == ["FF-133"]
