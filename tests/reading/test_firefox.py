"""A form filled in, saved, opened and saved again in a real Firefox shows its pages, and is read without a hold."""

from __future__ import annotations

import io
from pathlib import Path

import pikepdf
import pytest
from PIL import Image

from tests.support.browsed import given_in, papers, read
from tests.support.firefox import PAGE, PROGRAM, Firefox, firefox

DARK = 128  # of 255
LEAST = 500  # dark dots: a page of print has many thousands
CIRCLE = f"{PAGE} section:has(input[type='radio']) input"
NEXT_CIRCLE = f"{PAGE} section:has(input[type='radio']) ~ section:has(input[type='radio']) input"
pytestmark = [
    pytest.mark.skipif(PROGRAM is None, reason="Firefox is not installed (Debian: firefox-esr)"),
    pytest.mark.timeout(400),
    pytest.mark.slow,
]


def ink(window: Firefox) -> int:
    """Return how many dark dots the first page shows, its boxes left out."""
    shown = Image.open(io.BytesIO(window.picture(f"{PAGE} canvas"))).convert("L")
    return sum(shown.histogram()[:DARK])


@pytest.mark.slow
def test_a_form_filled_saved_opened_changed_and_saved_again_in_firefox(tmp_path: Path) -> None:
    # One Firefox for all of it: it takes longer to start than to fill in a form.
    with firefox(tmp_path) as window:
        for name, content in papers():
            file, saved, again = (tmp_path / f"{name} {number}.pdf" for number in range(3))
            file.write_bytes(content)
            before = given_in(read(file))
            window.opens(file)
            assert ink(window) > LEAST
            # A letter that the form's font lacks: Firefox then asks viewers to draw all answers again.
            window.types("input[name='child_a_name']", "Zoë Świątek")
            window.clicks(CIRCLE)
            saved.write_bytes(window.saves())
            with pikepdf.open(saved) as pdf:
                assert pdf.Root.AcroForm.NeedAppearances
            first = read(saved)
            added = dict(given_in(first).items() - before.items())
            assert added.pop("child_a_name") == "Zoë Świątek"
            [(question, answer)] = added.items()
            assert given_in(first) == {**before, "child_a_name": "Zoë Świątek", question: answer}
            window.opens(saved)
            assert ink(window) > LEAST
            window.types("input[name='child_a_name']", "-Nagy")  # goes behind what stands there
            window.clicks(NEXT_CIRCLE)
            again.write_bytes(window.saves())
            second = read(again)
            changed = dict(given_in(second).items() - given_in(first).items())
            assert set(changed) == {"child_a_name", question}
            assert changed["child_a_name"] == "Zoë Świątek-Nagy"
            assert given_in(second) == {**given_in(first), **changed}
            assert first.held == second.held == ()
