"""Forms whose printed words were changed under healthy boxes: every one is held, whatever was done to it.

32 are tried in `make test`; `make prints N=300` tries as many as it is told.
"""

from __future__ import annotations

import io
import os
from collections import Counter
from pathlib import Path

import pikepdf
import pytest
from pikepdf import String

from formflow.core.limits import Limits
from formflow.core.model import Answer, AnswerState, Reading
from formflow.documents.prefill import Copy, prefilled
from formflow.forms import catalogue, top_line
from formflow.forms.catalogue import FieldKind, Form
from formflow.reading.ladder import read_paper
from formflow.reading.reader import Reader
from tests.support.papers import ANSWERS, paper
from tests.support.reworded import reworded

COUNT = int(os.environ.get("FORMFLOW_PRINTS", "32"))
SEED = int(os.environ.get("FORMFLOW_PRINTS_SEED", "20261126"))
EXAMPLE = Path(__file__).parents[2] / "examples" / "agency-form"
KNOWN = catalogue.known(EXAMPLE)
REFERENCE = "FF-2026-000123"


def sheet(form: Form, line: str) -> bytes:
    first = next(name for name, field in form.fields.items() if field.kind is FieldKind.TEXT)
    given = {first: Answer("Ada Example", "Ada Example", AnswerState.GIVEN)}
    return prefilled(Copy(form, REFERENCE, line), given)


def of_an_agency() -> bytes:
    form = catalogue.load(EXAMPLE / "example-school.toml")
    out = io.BytesIO()
    with pikepdf.open(form.blank) as pdf:
        boxes = (one for page in pdf.pages for one in page.get("/Annots", ()))
        for box in boxes:
            if box.get("/FT") == "/Tx":
                box.V = String("Ada")
        pdf.save(out)
    return out.getvalue()


@pytest.fixture(scope="module")
def papers(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    """Healthy papers: a form filled in, a copy to check, sheets for the DSL, and an agency's own form."""
    sheets = {form.form_id: form for form in catalogue.shipped()}
    return [
        paper(tmp_path_factory.mktemp("paper") / "a.pdf", ANSWERS).read_bytes(),
        of_an_agency(),
        sheet(sheets["recording"], top_line.of_copy(REFERENCE, was_read=True)),
        sheet(sheets["review"], top_line.of_sheet(REFERENCE)),
        sheet(sheets["referral_a"], top_line.of_sheet(REFERENCE)),
    ]


def codes(folder: Path, content: bytes) -> set[str]:
    path = folder / "paper.pdf"
    path.write_bytes(content)
    reading = read_paper(path, Reader(KNOWN, Limits()))
    assert isinstance(reading, Reading), reading
    return {hold.code for hold in reading.held}


def test_the_healthy_papers_are_held_for_nothing(tmp_path: Path, papers: list[bytes]) -> None:
    assert [codes(tmp_path, content) for content in papers] == [set()] * len(papers)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_every_print_with_other_words_is_held(
    tmp_path: Path, papers: list[bytes], capsys: pytest.CaptureFixture[str]
) -> None:
    held: Counter[str] = Counter()
    passed: list[str] = []
    for number, (what, content) in enumerate(reworded(papers, COUNT, SEED)):
        if "FF-133" in codes(tmp_path, content):
            held[what] += 1
        else:
            passed.append(f"{number} {what}")
    with capsys.disabled():
        print(f"\n{sum(held.values())} of {COUNT} prints with other words held: {dict(held)}")
    assert passed == []
