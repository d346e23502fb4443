"""The papers that real browsers fill in, save and open again, and how FormFlow reads what they saved."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from formflow.core.limits import Limits
from formflow.core.model import Answer, AnswerState, Reading
from formflow.documents.prefill import Copy, prefilled
from formflow.forms import top_line
from formflow.forms.catalogue import shipped
from formflow.reading.ladder import read_paper
from formflow.reading.reader import Reader

FORMS = shipped()
FORM = FORMS[0]
REVIEW = next(form for form in FORMS if form.form_id == "review")
REFERENCE = "FF-2026-000001"


def given_in(reading: Reading) -> dict[str, str]:
    return {name: one.value for name, one in reading.answers.items() if one.value}


def read(path: Path) -> Reading:
    found = read_paper(path, Reader(FORMS, Limits(), "always"))
    assert isinstance(found, Reading), found
    return found


def papers() -> Iterator[tuple[str, bytes]]:
    """Yield the blank of F1, a "please check" copy of it, and a review sheet with what is known in it."""
    yield "blank", FORM.blank.read_bytes()
    line = top_line.of_copy(REFERENCE, was_read=True)
    known = {"type_text": Answer("As it was.", "As it was.", AnswerState.GIVEN)}
    yield "copy", prefilled(Copy(FORM, REFERENCE, line), known)
    known = {"history_text": Answer("None.", "None.", AnswerState.GIVEN)}
    yield "review", prefilled(Copy(REVIEW, REFERENCE, line), known)
