"""A form filled in, saved, opened and saved again in a real Chromium is read without a hold."""

from __future__ import annotations

from pathlib import Path

import pikepdf
import pytest

from formflow.core.model import Reading
from tests.support.browsed import given_in, papers, read
from tests.support.chromium import PROGRAM, Chromium, chromium

A4_HEIGHT = 841.89  # points
pytestmark = [
    pytest.mark.skipif(PROGRAM is None, reason="Chromium is not installed (Debian: chromium)"),
    pytest.mark.timeout(400),
    pytest.mark.slow,
]


def places(file: Path) -> tuple[tuple[float, float], list[tuple[float, float]]]:
    """Return the middle of the child's name and of page 1's circles, in points from the upper left."""
    with pikepdf.open(file) as pdf:
        boxes = [
            (
                str(box.get("/T") or box.Parent.T),
                "/Parent" in box,
                [float(edge) for edge in box.Rect],
            )
            for box in pdf.pages[0].Annots
        ]
    middles = [
        (name, circle, ((x1 + x2) / 2, A4_HEIGHT - (y1 + y2) / 2))
        for name, circle, (x1, y1, x2, y2) in boxes
    ]
    name = next(middle for name, _, middle in middles if name == "child_a_name")
    return name, [middle for _, circle, middle in middles if circle]


def saved(window: Chromium, file: Path, words: str, circle: int, to: Path) -> Reading:
    """Type behind the child's name, click on a circle of page 1, save, and read what was saved."""
    name, circles = places(file)
    window.opens(file)
    window.clicks(*name)
    window.types(words)
    window.leaves()
    window.clicks(*circles[circle])
    to.write_bytes(window.saves())
    return read(to)


@pytest.mark.slow
def test_a_form_filled_saved_opened_changed_and_saved_again_in_chromium(tmp_path: Path) -> None:
    # One Chromium for all of it: it takes longer to start than to fill in a form.
    with chromium(tmp_path) as window:
        for paper, content in papers():
            file, once, twice = (tmp_path / f"{paper} {number}.pdf" for number in range(3))
            file.write_bytes(content)
            before = given_in(read(file))
            first = saved(window, file, "Zoë Größer", 0, once)
            added = dict(given_in(first).items() - before.items())
            assert added.pop("child_a_name") == "Zoë Größer"
            [(question, answer)] = added.items()
            assert given_in(first) == {**before, "child_a_name": "Zoë Größer", question: answer}
            second = saved(window, once, "-Nagy", 1, twice)
            changed = dict(given_in(second).items() - given_in(first).items())
            assert set(changed) == {"child_a_name", question}
            assert changed["child_a_name"] == "Zoë Größer-Nagy"
            assert given_in(second) == {**given_in(first), **changed}
            assert first.held == second.held == ()
