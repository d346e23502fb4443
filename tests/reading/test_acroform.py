"""The walk finds every box by its right name, with what is stored in it."""

from __future__ import annotations

import json
from pathlib import Path

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name, Pdf, Stream, String

from formflow.reading import second_reading
from formflow.reading.acroform import Box, TooMuch, boxes
from formflow.reading.text import normalised
from tests.support.papers import small_form

TEXT = Name.Tx
# What each program stored differently from what was typed, by its own doing (seen in the files).
STORED_OTHERWISE = {
    "chromium_keyboard": {"response.child"},  # half an emoji
    "fillpdf": {
        "behaviour.type.touching",
        "behaviour.type.images",
        "behaviour.type.exposure",
        "child.relationship",
    },
    "pikepdf": {"incident.setting"},
    "pymupdf": {"incident.setting"},
    "pypdfform": {"incident.setting", "aim2.q3"},
    "pypdfium2": {"response.child"},
}
# Filled by other programs and then changed: damage that can be repaired, encryption, other layouts.
CHANGED = [
    "x_broken_startxref",
    "x_broken_xref_offsets",
    "x_crlf_mangled",
    "x_leading_garbage",
    "x_mutool_clean",
    "x_qpdf_enc_aes128",
    "x_qpdf_enc_permonly",
    "x_qpdf_enc_rc4_128",
    "x_qpdf_linearized",
    "x_qpdf_objstm",
    "x_qpdf_qdf",
    "x_trailing_garbage",
    "x_truncated90",
    "x_truncated_tail600",
    "x_xfa_hybrid",
]
PROGRAMS = [
    "itext5",
    "pdfjs",
    "pdflib",
    "pdftk_fdf",
    "pdftk_needapp",
    "pdftk_replacefont",
    "pdftk_xfdf",
    "pikepdf_raw",
    "pypdf",
    "pypdf_needapp",
]


def walk(pdf: Pdf, most: int = 500, longest: int = 32_768) -> dict[str, Box]:
    return boxes(pdf, most, longest, most_pages=50)


def values(*fields: Dictionary) -> dict[str, str]:
    return {name: box.value for name, box in walk(small_form(*fields)).items()}


def text(name: str, value: str | None = None) -> Dictionary:
    entry = Dictionary(FT=TEXT, T=String(name))
    if value is not None:
        entry.V = String(value)
    return entry


def circle(state: str, shows: str) -> Dictionary:
    looks = Dictionary({"/Off": Name.Off, "/" + state: Name.On})
    return Dictionary(AS=Name("/" + shows), AP=Dictionary(N=looks))


def typed(fillers: Path) -> dict[str, str]:
    def as_read(value: str | list[str] | None) -> str:
        joined = "\n".join(value) if isinstance(value, list) else value or ""
        return "" if joined == "Off" else normalised(joined)

    table = json.loads((fillers / "expected.json").read_text(encoding="utf-8"))
    return {name: as_read(value) for name, value in table.items() if name != "sign.signature"}


@pytest.mark.parametrize("program", [*PROGRAMS, *STORED_OTHERWISE, *CHANGED])
def test_what_a_program_stored_is_read(fillers: Path, program: str) -> None:
    with pikepdf.open(fillers / f"{program}.pdf", suppress_warnings=True) as pdf:
        found = {name: box.value for name, box in walk(pdf).items()}
    wanted = typed(fillers)
    assert found.keys() == wanted.keys()
    differing = {name for name in wanted if found[name] != wanted[name]}
    assert differing == STORED_OTHERWISE.get(program, set())


@pytest.mark.parametrize("program", [*PROGRAMS, *STORED_OTHERWISE, *CHANGED])
def test_the_second_reading_agrees_or_says_that_it_cannot(fillers: Path, program: str) -> None:
    path = fillers / f"{program}.pdf"
    with pikepdf.open(path, suppress_warnings=True) as pdf:
        first = {name: box.value for name, box in walk(pdf).items()}
    again = second_reading.values(path)
    assert again == first or (again is None and program.startswith("x_truncated"))


def test_a_box_is_called_by_its_own_name_not_by_its_mapping_name() -> None:
    entry = text("child_a_name", "Ada")
    entry.TM = String("name")
    assert values(entry) == {"child_a_name": "Ada"}


def test_names_and_kinds_and_values_are_taken_over_from_above() -> None:
    pdf = small_form(
        Dictionary(T=String("child"), FT=TEXT, V=String("same"), Kids=Array([text("name")])),
        Dictionary(T=String("form"), Kids=Array([text("id", "F1"), text("version", "1")])),
    )
    found = {name: box.value for name, box in walk(pdf).items()}
    assert found == {"child.name": "same", "form.id": "F1", "form.version": "1"}


def test_a_group_of_circles_says_which_one_is_chosen() -> None:
    group = Dictionary(FT=Name.Btn, Ff=1 << 15, T=String("planned"), V=Name.yes)
    group.Kids = Array([circle("yes", "yes"), circle("no", "Off")])
    assert values(group) == {"planned": "yes"}


def test_circles_without_a_stored_value_say_what_they_show() -> None:
    group = Dictionary(FT=Name.Btn, Ff=1 << 15, T=String("planned"))
    group.Kids = Array([circle("yes", "Off"), circle("no", "no")])
    assert values(group) == {"planned": "no"}


def test_a_state_stored_as_text_with_a_slash_is_that_state() -> None:
    group = Dictionary(FT=Name.Btn, Ff=1 << 15, T=String("score"), V=String("/2"))
    group.Kids = Array([circle("2", "2")])
    assert values(group) == {"score": "2"}


def test_a_label_stored_instead_of_a_state_means_that_state() -> None:
    group = Dictionary(FT=Name.Btn, Ff=1 << 15, T=String("score"), V=String("Some"))
    group.Opt = Array([String("None"), String("Some")])
    group.Kids = Array([circle("0", "Off"), circle("1", "1")])
    assert values(group) == {"score": "1"}


def test_nothing_chosen_is_blank() -> None:
    group = Dictionary(FT=Name.Btn, Ff=1 << 15, T=String("planned"), V=Name.Off)
    group.Kids = Array([circle("yes", "Off")])
    assert values(group) == {"planned": ""}


def test_a_text_stored_as_a_stream_is_read() -> None:
    pdf = small_form(text("account"))
    pdf.Root.AcroForm.Fields[0].V = Stream(pdf, "\ufeffZoë".encode("utf-16-be"))
    assert walk(pdf)["account"].value == "Zoë"


def test_the_stored_text_is_kept_beside_the_normalised_one() -> None:
    box = walk(small_form(text("account", "one\r\ntwo ")))["account"]
    assert (box.value, box.raw) == ("one\ntwo", "one\r\ntwo ")


def test_buttons_to_press_and_signatures_are_no_boxes() -> None:
    press = Dictionary(FT=Name.Btn, Ff=1 << 16, T=String("print"))
    assert values(press, Dictionary(FT=Name.Sig, T=String("signature"))) == {}


def test_one_name_in_two_places_is_one_box() -> None:
    assert values(text("number", "SB-1"), text("number")) == {"number": "SB-1"}


def test_two_answers_under_one_name_are_legible_to_nobody() -> None:
    for first, then in (("no", "yes"), ("yes", "no")):
        box = walk(small_form(text("force", first), text("force", then)))["force"]
        assert (box.legible, box.raw) == (False, f"{first}\n{then}")
    same = small_form(text("force", "no"), text("force", "no\r\n"), text("force"))
    assert walk(same)["force"].legible


def test_what_is_stored_but_is_no_answer_is_not_legible() -> None:
    odd = text("account")
    odd.V = Dictionary(Type=Name.Page)
    group = Dictionary(FT=Name.Btn, Ff=1 << 15, T=String("planned"), V=Array([Name.yes]))
    group.Kids = Array([circle("yes", "Off")])
    found = walk(small_form(odd, group, text("name", "Ada")))
    assert {name: box.legible for name, box in found.items()} == {
        "account": False,
        "planned": False,
        "name": True,
    }


def test_a_file_without_a_form_has_no_boxes() -> None:
    pdf = pikepdf.new()
    pdf.add_blank_page()
    assert walk(pdf) == {}


def test_boxes_that_contain_each_other_are_walked_once() -> None:
    pdf = small_form(Dictionary(T=String("a"), FT=TEXT), Dictionary(T=String("b"), FT=TEXT))
    first, other = pdf.Root.AcroForm.Fields
    first.Kids, other.Kids = Array([other]), Array([first])
    first.Parent, other.Parent = other, first
    assert walk(pdf) == {}


def test_too_many_boxes_are_refused() -> None:
    with pytest.raises(TooMuch, match="3 boxes"):
        walk(small_form(*(text(f"box{number}") for number in range(4))), most=3)


def test_boxes_without_a_name_count_too() -> None:
    with pytest.raises(TooMuch, match="3 boxes"):
        walk(small_form(*(Dictionary(FT=TEXT) for _ in range(4))), most=3)


def test_too_many_places_for_one_box_are_refused() -> None:
    group = Dictionary(FT=Name.Btn, T=String("planned"))
    group.Kids = Array([circle(f"s{number}", "Off") for number in range(4)])
    with pytest.raises(TooMuch, match="3 places"):
        walk(small_form(group), most=3)


def test_too_long_an_answer_is_refused() -> None:
    with pytest.raises(TooMuch, match="9 characters"):
        walk(small_form(text("account", "ten signs!")), longest=9)


def test_boxes_too_deep_inside_each_other_are_refused() -> None:
    entry = text("box")
    for _ in range(40):
        entry = Dictionary(T=String("box"), Kids=Array([entry]))
    with pytest.raises(TooMuch, match="inside each other"):
        walk(small_form(entry))


def test_too_many_pages_are_refused() -> None:
    pdf = small_form(text("box"))
    pdf.add_blank_page()
    with pytest.raises(TooMuch, match="1 pages"):
        boxes(pdf, 500, 100, most_pages=1)


def row(states: list[str], marked: list[bool], value: str) -> pikepdf.Pdf:
    """A row of circles that store these states."""
    circles = [
        Dictionary(
            Subtype=Name.Widget, Rect=Array([20 * at, 0, 20 * at + 10, 10]),
            AS=Name("/" + state) if on else Name.Off, AP=Dictionary(N=Dictionary({f"/{state}": Dictionary()})),
        )
        for at, (state, on) in enumerate(zip(states, marked, strict=True))
    ]  # fmt: skip
    return small_form(
        Dictionary(FT=Name.Btn, T=String("row"), V=Name("/" + value), Kids=Array(circles))
    )


@pytest.mark.parametrize(
    ("states", "marked", "legible"),
    [
        (["home", "bus", "bus"], [False, False, True], False),
        (["home", "bus", "bus"], [False, True, True], False),
        (["bus", "bus"], [True, False], False),
        (["bus", "bus"], [True, True], True),
        (["home", "bus", "home", "bus"], [False, True, False, True], True),
        (["home", "bus"], [False, True], True),
    ],
    ids=["one of two", "both of two", "one on two pages", "a box on two pages", "a row on two pages", "plain"],
)  # fmt: skip
def test_two_circles_that_store_the_same_say_nothing(
    states: list[str], marked: list[bool], legible: bool
) -> None:
    with row(states, marked, "bus") as pdf:
        assert boxes(pdf, 10, 100, 10)["row"].legible is legible
