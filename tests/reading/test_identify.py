"""Which form a file is, by its own claims or by its boxes; never by a guess."""

from __future__ import annotations

from pathlib import Path

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name, Pdf, String

from formflow.core.model import Reading, Unread
from tests.support.papers import field, paper, read, small_form


def rename(pdf: Pdf, *names: str) -> None:
    for name in names:
        field(pdf, name).T = String(f"{name}_x")


def forget_information(pdf: Pdf) -> None:
    del pdf.trailer.Info


def reason(path: Path) -> str:
    unread = read(path)
    assert isinstance(unread, Unread)
    return unread.reason


def test_the_hidden_boxes_say_it(tmp_path: Path) -> None:
    reading = read(paper(tmp_path / "a.pdf", change=forget_information))
    assert isinstance(reading, Reading)
    assert (reading.form_id, reading.form_version, reading.held) == ("recording", 3, ())


def test_the_document_information_says_it_where_the_hidden_boxes_are_empty(tmp_path: Path) -> None:
    def empty(pdf: Pdf) -> None:
        del field(pdf, "form_id").V

    assert isinstance(read(paper(tmp_path / "a.pdf", change=empty)), Reading)


def test_the_names_of_the_boxes_say_it_where_nothing_else_does(tmp_path: Path) -> None:
    def bare(pdf: Pdf) -> None:
        forget_information(pdf)
        rename(pdf, "form_id", "form_version")

    reading = read(paper(tmp_path / "a.pdf", change=bare))
    assert isinstance(reading, Reading)
    assert {hold.code for hold in reading.held} == {"FF-106", "FF-107"}


def test_two_claims_that_differ_are_not_decided(tmp_path: Path) -> None:
    def other(pdf: Pdf) -> None:
        field(pdf, "form_version").V = String("1")

    assert reason(paper(tmp_path / "a.pdf", change=other)) == "FF-118"


def test_a_version_that_we_do_not_know_is_not_our_form(tmp_path: Path) -> None:
    def later(pdf: Pdf) -> None:
        field(pdf, "form_version").V = String("99")
        pdf.trailer.Info.FormFlowFormVersion = String("99")

    assert reason(paper(tmp_path / "a.pdf", change=later)) == "FF-136"


def test_a_form_of_somebody_else_is_not_ours(tmp_path: Path) -> None:
    entry = Dictionary(FT=Name.Tx, T=String("Name"), V=String("Ada"))
    small_form(entry).save(tmp_path / "a.pdf")
    assert reason(tmp_path / "a.pdf") == "FF-101"


def test_the_print_of_somebody_elses_form_is_none_of_ours(fillers: Path) -> None:
    printed = [*fillers.glob("*flat*.pdf"), *fillers.glob("s_scan*.pdf")]
    assert len(printed) > 8
    assert {reason(path) for path in printed} == {"FF-105"}


@pytest.mark.parametrize("keeps_its_information", [True, False])
def test_the_printed_words_say_it_where_the_boxes_are_gone(
    tmp_path: Path, keeps_its_information: bool
) -> None:
    def flatten(pdf: Pdf) -> None:
        pdf.Root.AcroForm.Fields = Array([])
        for page in pdf.pages:
            del page.obj.Annots
        if not keeps_its_information:
            forget_information(pdf)

    reading = read(paper(tmp_path / "a.pdf", change=flatten))
    assert isinstance(reading, Reading)
    assert (reading.form_id, reading.via, reading.confirm) == ("recording", "flat", True)


def test_a_pdf_without_pages_is_no_form(tmp_path: Path) -> None:
    pikepdf.new().save(tmp_path / "a.pdf")
    assert reason(tmp_path / "a.pdf") == "FF-105"
