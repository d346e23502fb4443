"""A circle that stands under another label, or a box that nobody sees, holds the paper."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from pikepdf import Array, Dictionary, Name, Pdf

from formflow.core.model import Reading
from tests.support.papers import field, paper, read


def circles_swapped(pdf: Pdf) -> None:
    """The circle beside "Yes" says no, and the one beside "No" says yes."""
    yes, no, _ = field(pdf, "context_force").Kids
    yes.Rect, no.Rect = no.Rect, yes.Rect


def circles_renamed(pdf: Pdf) -> None:
    """The drawings behind "Yes" and "No" trade their states."""
    yes, no, _ = field(pdf, "context_force").Kids
    on = {"yes": yes.AP.N["/yes"], "no": no.AP.N["/no"]}
    yes.AP.N = Dictionary({"/no": on["yes"], "/Off": yes.AP.N["/Off"]})
    no.AP.N = Dictionary({"/yes": on["no"], "/Off": no.AP.N["/Off"]})
    for circle in (yes, no):
        circle.AS = Name("/no") if "/no" in circle.AP.N else Name.Off


def a_box_on_no_page(pdf: Pdf) -> None:
    box = field(pdf, "child_a_name")
    page = pdf.pages[0].obj
    page.Annots = Array([one for one in page.Annots if one.objgen != box.objgen])


def a_box_of_no_size(pdf: Pdf) -> None:
    field(pdf, "type_text").Rect = Array([10, 10, 10, 10])


def a_box_on_another_page(pdf: Pdf) -> None:
    box = field(pdf, "child_a_name")
    first, second = pdf.pages[0].obj, pdf.pages[1].obj
    first.Annots = Array([one for one in first.Annots if one.objgen != box.objgen])
    second.Annots.append(box)


@pytest.mark.parametrize(
    ("change", "label"),
    [
        (circles_swapped, "Was there use of force?"),
        (circles_renamed, "Was there use of force?"),
        (a_box_on_no_page, "Childs Name"),
        (a_box_of_no_size, "Type of behaviour"),
        (a_box_on_another_page, "Childs Name"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_a_box_that_does_not_stand_where_it_should_holds_the_paper(
    tmp_path: Path, change: Callable[[Pdf], None], label: str
) -> None:
    reading = read(paper(tmp_path / "a.pdf", change=change))
    assert isinstance(reading, Reading)
    [words] = [hold.words for hold in reading.held if hold.code == "FF-123"]
    assert words == {"moved": "1", "which": f"“{label}”"}


def test_corners_in_another_order_and_rounded_are_the_same_place(tmp_path: Path) -> None:
    def turned(pdf: Pdf) -> None:
        box = field(pdf, "child_a_name")
        left, bottom, right, top = (float(corner) for corner in box.Rect)
        box.Rect = Array([round(right), round(top), round(left), round(bottom)])

    reading = read(paper(tmp_path / "a.pdf", change=turned))
    assert isinstance(reading, Reading)
    assert reading.held == ()
