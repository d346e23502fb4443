"""A blank filled in, saved and opened again in a real Firefox shows its pages, and is read without a hold."""

from __future__ import annotations

import io
from pathlib import Path

import pikepdf
import pytest
from PIL import Image

from formflow.core.limits import Limits
from formflow.core.model import Answer, AnswerState, Reading
from formflow.documents.prefill import Copy, prefilled
from formflow.forms import top_line
from formflow.forms.catalogue import shipped
from formflow.reading.ladder import read_paper
from formflow.reading.reader import Reader
from tests.support.firefox import PAGE, PROGRAM, Firefox, firefox

FORMS = shipped()
FORM = FORMS[0]
DARK = 128  # of 255
LEAST = 500  # dark dots: a page of print has many thousands
pytestmark = [
    pytest.mark.skipif(PROGRAM is None, reason="Firefox is not installed (Debian: firefox-esr)"),
    pytest.mark.timeout(400),
]


def ink(window: Firefox) -> int:
    """Return how many dark dots the first page shows, its boxes left out."""
    shown = Image.open(io.BytesIO(window.picture(f"{PAGE} canvas"))).convert("L")
    return sum(shown.histogram()[:DARK])


def given_in(reading: Reading) -> dict[str, str]:
    return {name: one.value for name, one in reading.answers.items() if one.value}


def read(path: Path) -> Reading:
    found = read_paper(path, Reader(FORMS, Limits(), "always"))
    assert isinstance(found, Reading), found
    return found


def copy_to_check() -> bytes:
    line = top_line.of_copy("FF-2026-000001", was_read=True)
    known = {"type_text": Answer("As it was.", "As it was.", AnswerState.GIVEN)}
    return prefilled(Copy(FORM, "FF-2026-000001", line), known)


def test_a_form_filled_in_saved_and_opened_again_in_firefox_shows_page_1(tmp_path: Path) -> None:
    # One Firefox for all of it: it takes longer to start than to fill in a form.
    with firefox(tmp_path) as window:
        for name, content in (("blank", FORM.blank.read_bytes()), ("copy", copy_to_check())):
            file = tmp_path / f"{name}.pdf"
            file.write_bytes(content)
            window.opens(file)
            assert ink(window) > LEAST
            # A letter that the form's font lacks: Firefox then asks viewers to draw all answers again.
            window.types("input[name='child_a_name']", "Zoë Świątek")
            window.clicks(f"{PAGE} input[type='radio']")
            saved = tmp_path / f"{name} saved.pdf"
            saved.write_bytes(window.saves())
            with pikepdf.open(saved) as pdf:
                assert pdf.Root.AcroForm.NeedAppearances
            reading = read(saved)
            assert given_in(reading)["child_a_name"] == "Zoë Świątek"
            assert len(given_in(reading)) == (2 if name == "blank" else 3)
            assert reading.held == ()
            window.opens(saved)
            assert ink(window) > LEAST
