"""Further pages of a copy count only where FormFlow made them: a paper can say of any page that it did."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pikepdf
import pytest
from pikepdf import Pdf

from formflow.core.limits import Limits
from formflow.core.model import Answer, AnswerState, Reading
from formflow.documents.prefill import Copy, prefilled
from formflow.forms import top_line
from formflow.forms.catalogue import shipped
from formflow.forms.schema import FURTHER_PAGES
from formflow.reading.ladder import read_paper
from formflow.reading.reader import Reader
from formflow.storage import own_pages
from formflow.storage.database import open_ledger, reading, writing

FORM = shipped()[0]
LONG = {
    "attempt_text": ("He said that he was sorry. " * 300).strip(),
    "child_a_name": "Ada Example",
}


def copy(reference: str, **answers: str) -> bytes:
    given = {name: Answer(text, text, AnswerState.GIVEN) for name, text in answers.items()}
    return prefilled(Copy(FORM, reference, top_line.of_copy(reference, was_read=True)), given)


def as_it_is(_: Pdf) -> None:
    """She saves it, and changes nothing."""


def other_words(pdf: Pdf) -> None:
    """The last page says something else than the box."""
    content = pdf.pages[-1].Contents
    assert b"sorry" in content.read_bytes()
    content.write(content.read_bytes().replace(b"sorry", b"happy"))


def painted_over(pdf: Pdf) -> None:
    pdf.pages[-1].contents_add(b"1 g 0 0 600 700 re f")


def another_page(pdf: Pdf) -> None:
    """A page that somebody made is claimed to be FormFlow's."""
    pdf.add_blank_page(page_size=(595.28, 841.89))
    pdf.pages[-1].contents_add(b"0 0 10 10 re f")
    pdf.docinfo[f"/{FURTHER_PAGES}"] = str(int(str(pdf.docinfo[f"/{FURTHER_PAGES}"])) + 1)


def a_page_that_draws_more(pdf: Pdf) -> None:
    pdf.pages[-1].resources.Font.Helvetica.BaseFont = pikepdf.Name.Symbol


@pytest.mark.parametrize(
    ("change", "codes"),
    [
        (as_it_is, []),
        (other_words, ["FF-135"]),
        (painted_over, ["FF-135"]),
        (another_page, ["FF-135"]),
        (a_page_that_draws_more, ["FF-135"]),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_the_last_pages_of_a_copy_are_the_ones_that_formflow_made(
    tmp_path: Path, change: Callable[[Pdf], None], codes: list[str]
) -> None:
    engine = open_ledger(tmp_path)
    made = copy("FF-2026-000007", **LONG)
    with writing(engine) as connection:
        own_pages.note(connection, own_pages.of(made))
    with pikepdf.open(io.BytesIO(made)) as pdf:
        change(pdf)
        pdf.save(tmp_path / "copy.pdf", linearize=True)
    read = read_paper(tmp_path / "copy.pdf", Reader([FORM], Limits()))
    assert isinstance(read, Reading)
    with reading(engine) as connection:
        found = own_pages.compared(connection, read)
    assert [hold.code for hold in found.held] == codes
    engine.dispose()


def test_pages_that_another_formflow_made_are_not_ours(tmp_path: Path) -> None:
    """The ledger was put back, or the copy comes from another agency."""
    engine = open_ledger(tmp_path)
    (tmp_path / "copy.pdf").write_bytes(copy("FF-2026-000007", **LONG))
    read = read_paper(tmp_path / "copy.pdf", Reader([FORM], Limits()))
    assert isinstance(read, Reading)
    assert read.held == ()
    with reading(engine) as connection:
        assert [hold.code for hold in own_pages.compared(connection, read).held] == ["FF-135"]
    engine.dispose()


def test_a_copy_without_further_pages_asks_nothing_of_the_ledger(tmp_path: Path) -> None:
    (tmp_path / "copy.pdf").write_bytes(copy("FF-2026-000007", child_a_name="Ada Example"))
    read = read_paper(tmp_path / "copy.pdf", Reader([FORM], Limits()))
    assert isinstance(read, Reading)
    assert (read.further, read.held) == ((), ())
