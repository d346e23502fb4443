"""Pages that somebody turned in a viewer are read as if they lay straight, and that is told."""

from __future__ import annotations

from pathlib import Path

import pikepdf
import pytest

from formflow.core.model import Reading
from tests.reading.test_flat import printed
from tests.support.papers import ANSWERS, paper, read


def turned(source: Path, target: Path, degrees: int, *numbers: int) -> Path:
    """Turn pages, counted from 1; all of them where none is named."""
    with pikepdf.open(source) as pdf:
        for number, page in enumerate(pdf.pages, start=1):
            if not numbers or number in numbers:
                page.rotate(degrees, relative=True)
        pdf.save(target)
    return target


def told(reading: Reading) -> list[str]:
    return [hold.words["which"] for hold in reading.held if hold.code == "FF-153"]


@pytest.mark.parametrize("degrees", [90, 180, 270])
@pytest.mark.parametrize("numbers", [(), (3,)])
def test_a_form_whose_pages_were_turned_is_read_and_that_is_told(
    tmp_path: Path, degrees: int, numbers: tuple[int, ...]
) -> None:
    found = read(turned(paper(tmp_path / "a.pdf"), tmp_path / "b.pdf", degrees, *numbers))
    assert isinstance(found, Reading)
    assert [hold.code for hold in found.held] == ["FF-153"]
    (which,) = told(found)
    assert which.startswith("page 3" if numbers else "page 1, page 2")
    assert {name: found.answers[name].value for name in ANSWERS} == ANSWERS


@pytest.mark.parametrize(("degrees", "numbers"), [(90, ()), (180, (3,)), (270, (1, 2))])
def test_a_print_whose_pages_were_turned_says_what_the_straight_one_says(
    tmp_path: Path, degrees: int, numbers: tuple[int, ...]
) -> None:
    straight = printed(paper(tmp_path / "a.pdf"), tmp_path / "print.pdf")
    one, other = read(straight), read(turned(straight, tmp_path / "b.pdf", degrees, *numbers))
    assert isinstance(one, Reading)
    assert isinstance(other, Reading)
    assert other.answers == one.answers
    assert told(one) == []
    assert len(told(other)) == 1
    assert [hold for hold in other.held if hold.code != "FF-153"] == list(one.held)


def test_a_turned_page_with_changed_words_is_held_as_ever(tmp_path: Path) -> None:
    with pikepdf.open(paper(tmp_path / "a.pdf")) as pdf:
        pdf.pages[2].contents_add(b"BT /Helv 12 Tf 100 400 Td (Not) Tj ET")
        pdf.save(tmp_path / "b.pdf")
    found = read(turned(tmp_path / "b.pdf", tmp_path / "c.pdf", 180, 3))
    assert isinstance(found, Reading)
    assert {"FF-153", "FF-133"} <= {hold.code for hold in found.held}
