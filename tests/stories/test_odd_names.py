"""Children whose names no program expects: each is found, read and handed over as anybody else, on every page."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path

import openpyxl
import pytest

from formflow.core.errors import ExitCode
from formflow.core.settings import Settings
from tests.support import worker
from tests.support.accessible import findings
from tests.support.chromium import PROGRAM, chromium
from tests.support.desk import Desk, filled
from tests.support.offices import agency, dsl_folder, files, formflow
from tests.support.papers import BLANK
from tests.support.register_pages import draw, links, pages, plain, source, words

TURNED = "\u202e"  # turns what follows from right to left
NAMES = {
    "nobody": "",
    "markup": '<script>alert(1)</script> & "Co"',
    "template": "{{7*7}} Seven",
    "path": "../../etc/pass\\wd Smith",
    "dots": "... Dot",
    "device": "CON",
    "device with an ending": "NUL.txt Aux",
    "formula": '=HYPERLINK("http://localhost/","y") Hill',
    "arabic": f"محمد {TURNED}عبد الله",
    "sixty letters": "Wolfeschlegelsteinhausenbergerdorff-Fotheringay Cholmondeley",
    "one word": "W" * 60,
}
ANSWERS = {
    "child_b_name": "Tom O’Brien",
    "child_b_dob": "03/02/2017",
    "incident_at": "14/11/2026 at 1pm",
    "completed_by": "P. Nair",
    "context_secrecy": "yes",
    "context_threat": "yes",
}


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    made = agency(tmp_path_factory.mktemp("names") / "an agency")
    desk = Desk(made)
    for number, name in enumerate(NAMES.values(), start=1):
        who = {"child_a_name": name, "child_a_dob": f"{number:02}/05/2015"}
        said = ANSWERS | {"type_text": f"{name} pulled Tom."} | who
        desk.takes(filled(BLANK, {box: value for box, value in said.items() if value}), "form.pdf")
    draw(made)
    yield made
    worker.close()


def html_pages(office: Settings) -> list[Path]:
    return sorted(dsl_folder(office).rglob("*.html")) + sorted(
        office.folders.receipts.glob("*.html")
    )


def test_every_child_is_in_the_index_under_the_name_as_it_was_written(office: Settings) -> None:
    index = plain(source(office, "Children.html"))
    for name in filter(None, NAMES.values()):
        assert " ".join(name.replace(TURNED, "").split()) in index
    assert "Name not given" in index
    assert all(link.exists() for page in pages(office) for link in links(office, page))


def test_no_name_is_markup_or_template_on_any_page(office: Settings) -> None:
    for page in html_pages(office):
        text = page.read_text("utf-8")
        assert "<script>alert" not in text, page.name
        assert "49 Seven" not in text, page.name
        assert TURNED not in text, page.name  # it would turn the rest of the line, too


def test_no_name_is_in_a_path_but_in_the_folder_of_its_case(office: Settings) -> None:
    root = office.state.folder.parent
    decide = office.folders.to_decide.relative_to(root).as_posix()
    for path in files(root):
        for part in ("script", "Seven", "pass", "Dot", "CON", "NUL", "HYPER", "Wolfe", "WWW"):
            assert path.startswith(decide) or part not in path


def test_the_folder_of_a_case_has_a_name_that_every_system_can_open(office: Settings) -> None:
    cases = [one.name for one in office.folders.to_decide.iterdir() if "FF-2026" in one.name]
    assert len(cases) == len(NAMES)
    for name in cases:
        assert re.fullmatch(r"\d RED .{0,60} ?FF-2026-\d{6}", name), name
        assert not re.search(r'[<>:"/\\|?*\x00-\x1f\u202a-\u202e\u2066-\u2069]', name), name


def test_no_name_is_a_formula_in_the_workbook_or_a_csv_file(office: Settings) -> None:
    book = openpyxl.load_workbook(dsl_folder(office) / "FormFlow register.xlsx")
    cells = [cell for row in book.worksheets[0].iter_rows() for cell in row]
    assert [cell.value for cell in cells if cell.data_type == "f"] == []
    for path in (dsl_folder(office) / "Record lines").glob("*.csv"):
        with path.open(encoding="utf-8-sig", newline="") as lines:
            assert [one for row in csv.reader(lines) for one in row if one.startswith("=")] == []


def test_no_name_is_on_a_receipt_or_in_what_status_says(office: Settings) -> None:
    told = formflow(office, "status").stdout
    told += "".join(one.read_text("utf-8") for one in office.folders.receipts.glob("*.html"))
    for part in ("alert(1)", "Seven", "Smith", "Hill", "محمد", "Wolfe", "WWW", "Brien"):
        assert part not in told


# Where "/", "&" or ";" could stand between two names, nobody can tell whose file it is: the form goes back.
UNCLEAR = ("nobody", "markup", "path", "formula")


@pytest.mark.parametrize("kind", [kind for kind in NAMES if kind not in UNCLEAR])
def test_a_child_of_any_name_has_a_pack_for_the_next_school(
    office: Settings, kind: str, tmp_path: Path
) -> None:
    pack = tmp_path / "pack.pdf"
    done = formflow(office, "transfer", f" {NAMES[kind].lower()}", "--to", str(pack))
    assert done.returncode == ExitCode.WAITING, done.stderr  # a harmful case is open
    assert findings(pack.read_bytes()) == []


@pytest.mark.parametrize("kind", UNCLEAR)
def test_a_name_that_may_be_two_goes_back_to_the_office_and_no_pack_is_made(
    office: Settings, kind: str, tmp_path: Path
) -> None:
    number = list(NAMES).index(kind) + 1
    assert any(office.folders.needs_attention.glob(f"FF-2026-{number:06d} *.pdf"))
    pack = tmp_path / "pack.pdf"
    done = formflow(office, "transfer", NAMES[kind], "--to", str(pack))
    assert done.returncode == ExitCode.USAGE
    assert "once the office has dropped the corrected form" in done.stderr
    assert not pack.exists()


@pytest.mark.skipif(PROGRAM is None, reason="Chromium is not installed (Debian: chromium)")
def test_every_page_is_whole_in_a_browser(office: Settings, tmp_path: Path) -> None:
    crowded = """[...document.querySelectorAll("td, th")]
        .filter((one) => one.scrollWidth > one.clientWidth + 1).map((one) => one.textContent)"""
    with chromium(tmp_path) as browser:
        for page in html_pages(office):
            browser.shows(page.as_uri())
            browser.looks_like(1200, 1400)
            assert browser.asks(crowded) == [], page.name
        assert browser.complaints == []


def test_a_child_whom_only_the_review_sheet_names_is_found_and_gets_a_file_with_the_corrected_form(
    tmp_path: Path,
) -> None:
    office = agency(tmp_path / "an agency")
    desk = Desk(office)
    desk.takes(filled(BLANK, ANSWERS), "form.pdf")
    written = {"child_a_name": "Ann Lee", "child_a_dob": "01/05/2015"}
    decided = {"level": "harmful", "level_reason": "It was planned.", "signed_name": "M. Head"}
    desk.fills_in("F2", **written, **decided, signed_date="20/11/2026")
    draw(office)
    assert "Ann Lee 1 May 2015" in words(office, "Children.html")
    assert "Ann Lee" in words(office, "Today.html")
    (folder,) = office.folders.to_decide.glob("*FF-2026-000001")
    assert "Ann Lee" in folder.name
    (returned,) = office.folders.needs_attention.glob("*.pdf")
    desk.takes(filled(returned, written), "corrected.pdf")
    draw(office)
    assert "not known which child" not in words(office, "Children.html")
    done = formflow(office, "transfer", "Ann Lee", "--to", str(tmp_path / "pack.pdf"))
    assert done.returncode == ExitCode.WAITING, done.stderr
    worker.close()
