"""Workbooks that real offices made: a row put in, one changed, everything else as it was; and LibreOffice opens them."""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from formflow.sdk import Delivered, DeliveredAs, SettingsError
from formflow_connectors.ooxml import book_reader, book_zip
from formflow_connectors.ooxml.book_parts import Book, book_of
from tests.support.agency_books import case_parcel, changed_parts, deliver, log_book, workbook_at

CORPUS = Path(__file__).parents[3] / "shared" / "corpus" / "existing"  # where FormFlow is developed
OURS = Path(__file__).parent / "workbooks"
REFUSED = {
    "10_extra-mobile-data-requests.xlsx": "FF-497",
    "25_57181.xlsm": "FF-497",
    "90_ms-office-2010-signed.xlsx": "FF-498",
    "91_protected_passtika.xlsx": "FF-496",
}
# Where two lists stand side by side, or two headings are alike: what IT would write into the settings.
SAID: dict[str, dict[str, Any]] = {
    "25_57181.xlsm": {"columns": {"Direkt": "{what_happened}"}, "reference_column": "Indirekt"},
    "42_DataTableCities.xlsx": {"table": "SmallCity"},
    "27_bug66675.xlsx": {
        "columns": {"Vol Nm3": "{what_happened}"},
        "reference_column": "Production Day",
    },
}


def cases() -> Iterator[Any]:
    manifest = CORPUS / "manifest.json"
    if not manifest.is_file():
        yield pytest.param(
            {}, marks=pytest.mark.skip(reason="the workbooks of real offices are not here")
        )
        return
    for case in json.loads(manifest.read_text("utf-8")):
        yield pytest.param(case, id=case["file"])


def settings_for(book: Book | None, content: bytes, case: dict[str, Any]) -> dict[str, Any]:
    """Return settings that name the first column for the reference, and every other one that is not calculated."""
    target = case["target"] or {"name": "x", "head": 1, "c1": 1, "c2": 2, "fcols": []}
    own: dict[str, Any] = (
        {"sheet": target["name"], "heading_row": target["head"]} if case["target"] else {}
    )
    if book is not None:
        index = [one.name for one in book.sheets].index(target["name"])
        grid = book_reader.grids(book, content)[index]
        columns = {
            number: book_reader.words(book_reader.at(grid, target["head"], number))
            for number in range(target["c1"], target["c2"] + 1)
        }
        ref, *others = [n for n, words in columns.items() if words and n not in target["fcols"]]
        own["reference_column"] = columns[ref]
        twice = {words for words in columns.values() if list(columns.values()).count(words) > 1}
        filled = {columns[n] for n in others if columns[n] not in twice} or {columns[ref + 1]}
        own["columns"] = dict.fromkeys(sorted(filled), "{what_happened}")
    said = SAID.get(case["file"], {})
    own |= said
    if "table" in said:
        del own["heading_row"]
    return {"columns": {"B": "{what_happened}"}, "reference_column": "A"} | own


@pytest.mark.parametrize("case", list(cases()))
def test_a_workbook_of_a_real_office(tmp_path: Path, case: dict[str, Any]) -> None:
    path = tmp_path / case["file"]
    before = (CORPUS / case["file"]).read_bytes()
    path.write_bytes(before)
    if case["file"] in REFUSED:
        book = book_of(before) if REFUSED[case["file"]] == "FF-497" else None
        with pytest.raises(SettingsError, match=REFUSED[case["file"]]):
            deliver(workbook_at(path, **settings_for(book, before, case)), case_parcel())
        assert path.read_bytes() == before
        return
    own = settings_for(book_of(before), before, case)
    put_in_and_changed(path, own)
    changed = changed_parts(before, path.read_bytes())
    allowed = {part for part in changed if part.startswith(("xl/worksheets/sheet", "xl/tables/"))}
    assert changed - allowed <= {"xl/workbook.xml"}
    assert len(allowed) <= 2


def put_in_and_changed(path: Path, own: dict[str, Any]) -> None:
    """Put a row in, look at it, change it, and see that nothing but its own cells differs."""
    before = path.read_bytes()
    (came,) = deliver(workbook_at(path, **own), case_parcel(what_happened="Né & <new> = 1"))
    assert came.how is DeliveredAs.CREATED
    put = path.read_bytes()
    (came,) = deliver(workbook_at(path, **own), case_parcel(1, 2, what_happened="another"))
    assert came.how is DeliveredAs.UPDATED
    old, new, last = (cells(content) for content in (before, put, path.read_bytes()))
    texts = [value for place, value in new.items() if old.get(place) != value]
    assert {"FF-2026-000001", "Né & <new> = 1"} <= set(texts)
    differs = {place for place in new.keys() | last.keys() if new.get(place) != last.get(place)}
    assert differs
    assert {last[place] for place in differs} == {"another"}
    raw = (
        book_zip.raw_parts(book_zip.opened(before)),
        book_zip.raw_parts(book_zip.opened(path.read_bytes())),
    )
    touched = changed_parts(before, path.read_bytes())
    assert all(raw[0][part] == raw[1][part] for part in raw[0] if part not in touched)


def cells(content: bytes) -> dict[tuple[int, int, int], Any]:
    """Return every cell that shows something: sheet, row and column -> value."""
    book = book_of(content)
    return {
        (sheet, row, column): value
        for sheet, grid in enumerate(book_reader.grids(book, content))
        for row, values in enumerate(grid)
        for column, value in enumerate(values)
        if value != ""
    }


@pytest.mark.parametrize("path", sorted(OURS.glob("*.xlsx")), ids=lambda path: path.stem)
def test_a_workbook_that_libreoffice_wrote(tmp_path: Path, path: Path) -> None:
    copy = Path(shutil.copy(path, tmp_path))
    own = {"columns": {"What happened": "{what_happened}"}, "sheet": "Behaviour log"}
    put_in_and_changed(copy, own)
    rows = {"plain": 6, "with-a-table": 7, "empty": 3}  # counted from 0
    assert cells(copy.read_bytes())[0, rows[path.stem], 5] == "FF-2026-000001"


@pytest.fixture(scope="module")
def office() -> str:
    found = shutil.which("soffice")
    if found is None:
        pytest.skip("LibreOffice (soffice) is not installed")
    return found


@pytest.mark.slow
def test_libreoffice_opens_what_was_written_and_calculates_it(tmp_path: Path, office: str) -> None:
    names = ["plain", "table", "totals", "empty"]
    ways: list[dict[str, Any]] = [
        {},
        {"table": True},
        {"table": True, "totals": True},
        {"entries": 0},
    ]
    for name, way in zip(names, ways, strict=True):
        path = tmp_path / f"{name}.xlsx"
        path.write_bytes(log_book(**way))
        came = deliver(workbook_at(path), case_parcel(1), case_parcel(2, what_happened="=1+1"))
        assert all(isinstance(one, Delivered) for one in came)
    home = f"-env:UserInstallation={(tmp_path / 'home').as_uri()}"
    as_csv = "csv:Text - txt - csv (StarCalc):44,34,76,1"  # commas, quotes, UTF-8
    command = [office, home, "--headless", "--convert-to", as_csv, "--outdir", str(tmp_path)]
    files = [str(tmp_path / f"{name}.xlsx") for name in names]
    subprocess.run([*command, *files], check=True, capture_output=True, timeout=600)
    for name in names:
        with (tmp_path / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            written = [row for row in csv.reader(file) if "FF-2026-00000" in str(row)]
        assert [row[:4] + row[5:6] for row in written] == [
            [
                "14/11/2026",
                "Sample, Zoë-Anne",
                "Level 3",
                "Shouting & pushing <in> the hall",
                "FF-2026-000001",
            ],
            ["14/11/2026", "Sample, Zoë-Anne", "Level 3", "=1+1", "FF-2026-000002"],
        ]
        assert all(float(row[4]) for row in written), (
            "the formula of the row above was not calculated"
        )
