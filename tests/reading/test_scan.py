"""Scans of forms: every mark, nearly every word, and never without a person."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageDraw, ImageFont

from formflow.core.limits import Limits
from formflow.core.model import AnswerState, Reading, Unread
from formflow.reading import ocr, raster, scan
from formflow.reading.reader import Reader
from formflow.reading.sandbox.parent import Cage
from formflow.reading.scan import read_scan
from formflow.reading.text_match import says_the_same
from tests.reading.test_agency_form import FORM as AGENCYS
from tests.reading.test_agency_form import KNOWN, in_our_words
from tests.support.papers import FORMS, SAMPLES, read

SAMPLE = next(path for path in SAMPLES if path.parent.name == "red-planned-secrecy-pdfjs")
LETTER = SAMPLE.parents[1] / "not-ours" / "letter-chromium" / "form.pdf"
DOTS = 200
needs_tesseract = pytest.mark.skipif(
    ocr.program() is None or ocr.program()[1].rpartition("/")[2] != "Latin",  # type: ignore[index]
    reason="tesseract with the Latin script model is not installed",
)


def scanned(path: Path, target: Path, first: int, last: int, degrees: float) -> Path:
    """Do what a scanner does with a print that lies a little askew."""
    pages = []
    with raster.opened(raster.flattened(path.read_bytes())) as document:
        for number in range(first, min(last, len(document)) + 1):
            straight = raster.drawn(document, number, DOTS / 72)
            askew = straight.rotate(degrees, Image.Resampling.BICUBIC, fillcolor=255)
            grain = Image.effect_noise(askew.size, 12).point(lambda dot: max(0, dot - 128))
            pages.append(ImageChops.subtract(askew, grain))
    pages[0].save(target, "PDF", save_all=True, append_images=pages[1:], resolution=DOTS)
    return target


@pytest.fixture(scope="module")
def two_pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first two pages of a form of ours, scanned askew."""
    return scanned(SAMPLE, tmp_path_factory.mktemp("scan") / "scan.pdf", 1, 2, 0.8)


@pytest.mark.slow
@needs_tesseract
def test_a_scan_of_an_agencys_form_that_lies_askew_and_is_not_clean_is_read(fillers: Path) -> None:
    reading = read_scan(fillers / "s_scan200_rot_noise.pdf", Reader(KNOWN, Limits()))
    assert isinstance(reading, Reading)
    assert (reading.form_id, reading.via, reading.confirm) == ("example_school", "scan", True)
    assert "FF-125" in {hold.code for hold in reading.held}
    # Of its 3,000 letters only the first ones are on the paper: it goes down to the edge.
    assert [hold.field for hold in reading.held if hold.code == "FF-127"] == ["parents_text"]
    by_box = json.loads((fillers / "expected.json").read_text("utf-8"))
    typed = {name: in_our_words(name, by_box) for name in AGENCYS.fields}
    ticks = [n for n, field in AGENCYS.fields.items() if field.states and n != "author_role"]
    assert {n: reading.answers[n].value or "" for n in ticks} == {n: typed[n] for n in ticks}
    # A list that stays open is left to the person; of 3,000 letters only the first ones are on the
    # paper; and a smiley is no letter.
    texts = set(AGENCYS.fields) - set(ticks) - {"incident_place"}
    wrong = {n for n in texts if not says_the_same(reading.answers[n].value or "", typed[n])}
    assert wrong <= {"parents_text", "child_text"}
    assert reading.answers["incident_place"].state is AnswerState.UNREADABLE


@pytest.mark.slow
@needs_tesseract
@pytest.mark.parametrize(
    ("watched", "pages"), [(False, 2), (True, 1)], ids=["system limit", "watched by the parent"]
)
def test_a_scan_of_our_form_is_read_in_the_cage_and_its_missing_pages_are_said(
    tmp_path: Path, watched: bool, pages: int
) -> None:
    path = scanned(SAMPLE, tmp_path / "scan.pdf", 1, pages, 0.8)
    with Cage(FORMS, Limits(), "always", watch_memory=watched) as cage:
        reading = cage.read(path)
    whole = read(SAMPLE)
    assert isinstance(reading, Reading), reading
    assert isinstance(whole, Reading)
    assert (reading.via, reading.confirm) == ("scan", True)
    assert {"FF-125", "FF-106"} <= {hold.code for hold in reading.held}
    there = [name for name, number in FORMS[0].pages.items() if number <= pages]
    for name in there:
        if FORMS[0].fields[name].states:
            assert reading.answers[name].value == whole.answers[name].value, name
    for name in {"child_a_dob", "incident_at", "incident_place"} & set(there):
        assert reading.answers[name].value == whole.answers[name].value
    gone = set(FORMS[0].fields) - set(there)
    assert {reading.answers[name].state for name in gone} == {AnswerState.UNREADABLE}


@needs_tesseract
def test_pictures_that_are_read_together_are_told_apart() -> None:
    pictures = [Image.new("L", (600, 80), 255) for _ in range(3)]
    letters = ImageFont.load_default(40)
    for picture, said in zip(pictures, ("School", "", "Friday"), strict=True):
        ImageDraw.Draw(picture).text((20, 10), said, 0, letters)
    assert ocr.texts(pictures, ocr.LINE, DOTS) == ["School", "", "Friday"]
    assert ocr.texts([], ocr.LINE, DOTS) == []


@needs_tesseract
def test_a_scanned_letter_is_no_form(tmp_path: Path) -> None:
    path = scanned(LETTER, tmp_path / "letter.pdf", 1, 1, 0.5)
    unread = read_scan(path, Reader(FORMS, Limits()))
    assert isinstance(unread, Unread)
    assert unread.reason == "FF-105"


def test_without_tesseract_a_scan_goes_to_a_person(
    two_pages: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ocr, "program", lambda: None)
    unread = read_scan(two_pages, Reader(FORMS, Limits()))
    assert isinstance(unread, Unread)
    assert unread.reason == "FF-105"


def test_a_tesseract_that_fails_leaves_the_scan_to_a_person(
    two_pages: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ocr, "program", lambda: ("false", "Latin"))
    assert isinstance(read_scan(two_pages, Reader(FORMS, Limits())), Unread)


@pytest.mark.parametrize(
    ("shown", "meant"),
    [
        ("dsl", "dsl"),
        ("dsi", "dsl"),
        ("Class teachcr", "teacher"),
        ("Teaching assistent", "ta"),
        ("x", ""),
        ("", ""),
    ],
)
def test_a_label_is_taken_only_where_it_is_clearly_the_nearest(shown: str, meant: str) -> None:
    labels = AGENCYS.manifest.boxes["author.role"].labels
    assert scan._nearest(shown, labels) == meant
