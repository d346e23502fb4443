"""`formflow reconcile`: what is missing at a destination is named, and comes back once when a person asks for it."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from formflow.core.settings import Settings
from formflow.delivery import places
from tests.stories.test_decisions import HER_NAME
from tests.support import worker
from tests.support.desk import filled, lying
from tests.support.offices import csv_rows, drop, dsl_folder, files, formflow, register_rows

CASES = ("red-planned-secrecy-pdfjs", "amber-peer-pressure-pdftk-fdf", "green-free-play-pdfjs")
FIRST, SECOND, THIRD = (f"FF-2026-00000{number}" for number in (1, 2, 3))
ALWAYS_THERE = {
    "Alerts": 3,
    "To decide": 3,
    "Child files": 3,
    "Register workbook": 3,
    "Record lines": 3,
}


@pytest.fixture
def busy(office: Settings) -> Settings:
    """An agency with three forms that everybody has."""
    for case in CASES:
        drop(office, case)
        worker.settle(office)
    return office


def folder_of(office: Settings, name: str) -> Path:
    return dict(places.targets(office))[name].folder


def compared(office: Settings, *more: str) -> dict[str, Any]:
    """Return what is said of each destination."""
    return {
        one["destination"]: one
        for one in json.loads(formflow(office, "reconcile", "--json", *more).stdout)
    }


def missing(office: Settings) -> dict[str, list[str]]:
    return {name: one["missing"] for name, one in compared(office).items() if one["missing"]}


def empty(folder: Path, keep: str = "") -> None:
    for path in folder.iterdir():
        if not path.name.startswith(".formflow") and path.name != keep:
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def is_repaired(office: Settings) -> None:
    ended = formflow(office, "reconcile", "--repair")
    assert ended.returncode == 0, ended.stdout
    worker.settle(office)
    assert missing(office) == {}


def test_where_everything_is_there_it_says_so(busy: Settings) -> None:
    ended = formflow(busy, "reconcile")
    assert ended.returncode == 0
    assert {
        n: one["expected"] for n, one in compared(busy).items() if one["expected"]
    } == ALWAYS_THERE
    assert "ok   Child files: 3 of 3 are there." in ended.stdout
    assert "Receipts: Not compared: people remove files from here." in ended.stdout


def test_nothing_is_delivered_again_where_everything_is_there(busy: Settings) -> None:
    before = {path: path.read_bytes() for path in dsl_folder(busy).rglob("*") if path.is_file()}
    is_repaired(busy)
    after = {path: path.read_bytes() for path in dsl_folder(busy).rglob("*") if path.is_file()}
    assert after == before


@pytest.mark.parametrize("name", ["Child files", "Record lines", "Alerts", "To decide"])
def test_an_emptied_folder_gets_everything_back_once(busy: Settings, name: str) -> None:
    folder = folder_of(busy, name)
    before = files(folder)
    empty(folder)
    [(said, lost)] = missing(busy).items()
    assert said == name
    assert [one[:14] for one in lost] == [FIRST, SECOND, THIRD]
    ended = formflow(busy, "reconcile", name)
    assert ended.returncode == 5
    assert f"LOOK {name}: 3 of 3 are missing: {FIRST}" in ended.stdout
    is_repaired(busy)
    assert files(folder) == before
    assert set(Counter(row["ff_key"] for row in csv_rows(busy)).values()) == {1}


def test_what_a_csv_file_still_holds_does_not_come_twice(busy: Settings) -> None:
    [path] = folder_of(busy, "Record lines").glob("*.csv")
    lines = path.read_bytes().split(b"\r\n")
    path.write_bytes(b"\r\n".join([*lines[:2], *lines[3:]]))
    assert missing(busy) == {"Record lines": [f"{SECOND} r1"]}
    is_repaired(busy)
    assert sorted(row["ff_reference"] for row in csv_rows(busy)) == [FIRST, SECOND, THIRD]


def test_a_register_that_is_gone_is_written_again_with_every_row(busy: Settings) -> None:
    before = register_rows(busy)
    (dsl_folder(busy) / "FormFlow register.xlsx").unlink()
    drop(busy, "undetermined-letters-poppler")
    worker.settle(busy)
    assert len(missing(busy)["Register workbook"]) == 3
    is_repaired(busy)
    assert register_rows(busy) == before | Counter({"FF-2026-000004 r1": 1})


def test_papers_that_a_person_took_out_of_a_childs_folder_are_not_missing(busy: Settings) -> None:
    [paper] = folder_of(busy, "Child files").rglob(f"{FIRST} r1 original.pdf")
    paper.unlink()
    assert missing(busy) == {}


def test_alerts_that_were_seen_may_be_put_away(busy: Settings) -> None:
    page = next(busy.folders.alerts.glob(f"*{FIRST}*.html"))
    page.rename(busy.folders.alerts / "Seen" / page.name)
    worker.settle(busy)
    empty(busy.folders.alerts)
    assert [one[:14] for one in missing(busy)["Alerts"]] == [SECOND, THIRD]


def test_sheets_of_a_case_that_is_decided_may_be_put_away(busy: Settings) -> None:
    sheet = next(lying(busy, f"{FIRST} * F2 *.pdf"))
    decided = {"level": "harmful", "level_reason": "Planned.", "a_views": "A game.", **HER_NAME}
    (busy.watch[1].folder / "decided.pdf").write_bytes(filled(sheet, decided))
    worker.settle(busy)
    empty(busy.folders.to_decide)
    assert missing(busy)["To decide"] == [SECOND, THIRD]


def test_a_folder_that_is_away_or_not_marked_is_neither_compared_nor_filled(busy: Settings) -> None:
    folder = folder_of(busy, "Child files")
    folder.rename(folder.with_name("away"))
    said = compared(busy, "--repair")["Child files"]
    assert said["note"].startswith("The folder is not there.")
    folder.mkdir()
    ended = formflow(busy, "reconcile", "--repair")
    assert ended.returncode == 5
    assert "LOOK Child files: The folder has no marker file." in ended.stdout
    worker.settle(busy)
    assert list(folder.iterdir()) == []


def test_e_mail_cannot_look_and_a_name_that_is_not_there_is_refused(busy: Settings) -> None:
    file = busy.state.folder.parent / "formflow.toml"
    mail = (
        '\n[[destination]]\nname = "Mail"\nkind = "email_alert"\nhost = "127.0.0.1"\nport = 9\n'
        'security = "none"\nsender = "formflow@school.example"\nrecipient = "dsl@school.example"\n'
    )
    file.write_text(file.read_text("utf-8") + mail, "utf-8")
    ended = formflow(busy, "reconcile", "Mail")
    assert (ended.returncode, ended.stdout.strip()) == (
        0,
        "Mail: This destination cannot say what it holds.",
    )
    assert formflow(busy, "reconcile", "Post").returncode == 2


def test_no_name_is_said(busy: Settings) -> None:
    empty(folder_of(busy, "Child files"))
    said = formflow(busy, "reconcile").stdout + json.dumps(compared(busy))
    assert not any(row["child_a_name"].split()[0] in said for row in csv_rows(busy))
