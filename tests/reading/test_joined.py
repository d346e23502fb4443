"""Two forms in one file, one behind the other: never read as one, and a person is told to drop each by itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pikepdf
import pypdf
import pytest

from formflow.core.limits import Limits
from formflow.core.model import Reading, Unread
from formflow.forms.catalogue import Form, known, shipped
from formflow.reading import joined, scan
from formflow.reading.alignment import Word
from formflow.reading.flat import ALIKE
from formflow.reading.reader import Reader
from tests.reading.test_flat import printed
from tests.reading.test_scan import SAMPLE, needs_tesseract, scanned
from tests.support.papers import ANSWERS, paper, read

FORMS = {form.form_id: form for form in shipped()}
ANOTHER = {**ANSWERS, "child_a_name": "Kim Example", "context_planned": "no"}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Two recording forms about two children and a blank review sheet, each with its boxes and as a print."""
    folder = tmp_path_factory.mktemp("joined")
    found = {
        "one": paper(folder / "one.pdf"),
        "other": paper(folder / "other.pdf", ANOTHER),
        "sheet": FORMS["review"].blank,
    }
    prints = {f"{n} print": printed(path, folder / f"{n} print.pdf") for n, path in found.items()}
    return {**found, **prints}


def by_pikepdf(papers: Sequence[Path], target: Path) -> Path:
    with pikepdf.new() as pdf:
        for one in papers:
            with pikepdf.open(one) as source:
                pdf.add_pages_from(source)
        pdf.save(target)
    return target


def by_pypdf(papers: Sequence[Path], target: Path) -> Path:
    writer = pypdf.PdfWriter()
    for one in papers:
        writer.append(one)
    writer.write(target)
    return target


def reason(path: Path) -> str:
    found = read(path)
    return found.reason if isinstance(found, Unread) else f"read as {found.form_id}"


@pytest.mark.parametrize("how", [by_pikepdf, by_pypdf], ids=lambda one: one.__name__)
@pytest.mark.parametrize(
    "names",
    [
        ("one", "other"),
        ("one print", "other print"),
        ("one", "other print"),
        ("one print", "other"),
        ("one print", "one print"),
        ("one", "sheet"),
        ("one print", "sheet print"),
        ("sheet print", "one print"),
    ],
    ids=" + ".join,
)
def test_two_forms_in_one_file_are_told_and_never_read_as_one(
    made: dict[str, Path], names: tuple[str, ...], how: object, tmp_path: Path
) -> None:
    assert callable(how)
    assert reason(how([made[name] for name in names], tmp_path / "both.pdf")) == "FF-152"


def test_the_first_pages_of_another_form_are_enough(made: dict[str, Path], tmp_path: Path) -> None:
    with pikepdf.open(made["one print"]) as pdf, pikepdf.open(made["other print"]) as more:
        pdf.pages.extend(more.pages[:2])
        pdf.save(tmp_path / "both.pdf")
    assert reason(tmp_path / "both.pdf") == "FF-152"


@pytest.mark.slow
@needs_tesseract
def test_two_scans_in_one_file_are_told(tmp_path: Path) -> None:
    once = scanned(SAMPLE, tmp_path / "once.pdf", 1, 1, 0.4)
    twice = by_pikepdf([once, once], tmp_path / "twice.pdf")
    found = scan.read_scan(twice, Reader(known(), Limits()))
    assert isinstance(found, Unread)
    assert found.reason == "FF-152"


@pytest.mark.parametrize("form", known(), ids=lambda form: f"{form.form_id} {form.version}")
def test_no_form_alone_is_taken_for_two(form: Form) -> None:
    pages = [[Word(text, 0, 0) for text in page] for page in form.manifest.words]
    assert not joined.is_joined(pages, form, known(), scan.ALIKE)
    assert not joined.is_joined(pages, form, known(), ALIKE)
    alike = joined.most_of(pages, known(), ALIKE)
    assert alike is None or not joined.is_joined(pages, alike, known(), ALIKE)


def test_a_form_of_which_two_pages_are_alike_is_one_form() -> None:
    first, *rest = FORMS["recording"].manifest.words
    manifest = replace(FORMS["recording"].manifest, words=(first, *rest, rest[-1]))
    form = replace(FORMS["recording"], learned=manifest)
    pages = [[Word(text, 0, 0) for text in page] for page in manifest.words]
    assert not joined.is_joined(pages, form, [form], ALIKE)
    assert joined.is_joined([*pages, pages[-1]], form, [form], ALIKE)
    assert joined.is_joined([*pages, pages[0]], form, [form], ALIKE)


def test_pages_of_something_else_behind_a_print_are_no_form(
    made: dict[str, Path], tmp_path: Path
) -> None:
    letter = SAMPLE.parents[1] / "not-ours" / "letter-chromium" / "form.pdf"
    found = read(by_pikepdf([made["one print"], letter], tmp_path / "both.pdf"))
    assert isinstance(found, Reading) or found.reason != "FF-152"
