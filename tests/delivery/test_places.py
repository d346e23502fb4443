"""A folder in place of the one in which FormFlow has filed gets nothing: what belongs there waits, and people are told."""

from __future__ import annotations

import contextlib
import errno
import json
import logging
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from formflow.admin import setup, status
from formflow.core import files as core_files
from formflow.core.markers import MARKER, is_marked
from formflow.core.messages import notice
from formflow.core.settings import Settings
from formflow.delivery import places
from formflow.sdk import folder as folders
from tests.support import worker
from tests.support.offices import (
    drop,
    dsl_folder,
    files,
    formflow,
    register_rows,
)

FIRST, SECOND = "red-planned-secrecy-pdfjs", "amber-peer-pressure-pdftk-fdf"
NAMES = ("Alerts", "Receipts", "Needs attention", "To decide", "Child files", "Record lines")


def folder_of(office: Settings, name: str) -> Path:
    return dict(places.targets(office))[name].folder


def delivers(office: Settings, case: str) -> None:
    drop(office, case)
    worker.settle(office)


def codes(office: Settings) -> dict[str, str]:
    """Return the destinations for which something waits, each with the reason."""
    return {one.destination: one.code for one in status.overview(office).undelivered}


def is_replaced(folder: Path) -> Path:
    """Put an empty folder in place of one; return where that is now."""
    away = folder.with_name(f"{folder.name} on the share")
    folder.rename(away)
    folder.mkdir()
    return away


def is_back(folder: Path, away: Path) -> None:
    shutil.rmtree(folder)
    away.rename(folder)


def test_init_marks_every_folder_that_is_filed_in(office: Settings) -> None:
    assert all(is_marked(target.folder) for _, target in places.targets(office))


def test_init_marks_no_new_folder_once_something_may_have_been_filed(office: Settings) -> None:
    delivers(office, FIRST)
    is_replaced(office.folders.receipts)
    setup.set_up(office.state.folder.parent)
    assert not is_marked(office.folders.receipts)


@pytest.mark.parametrize("name", ["Child files", "Record lines", "Receipts", "To decide"])
def test_an_empty_folder_in_its_place_gets_nothing_and_all_others_go_on(
    office: Settings, name: str
) -> None:
    delivers(office, FIRST)
    folder = folder_of(office, name)
    away, before = is_replaced(folder), register_rows(office)
    delivers(office, SECOND)
    assert list(folder.iterdir()) == []
    assert codes(office) == {name: "FF-470"}
    assert len(register_rows(office)) > len(before)
    is_back(folder, away)
    formflow(office, "retry")
    worker.settle(office)
    assert codes(office) == {}


def test_the_safeguarding_lead_is_told_once_and_it_says_so_everywhere(
    office: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    delivers(office, FIRST)
    is_replaced(folder_of(office, "Child files"))
    with caplog.at_level(logging.WARNING, "formflow"):
        for case in (SECOND, "undetermined-letters-poppler"):
            delivers(office, case)
            formflow(office, "retry")
            worker.settle(office)
    [page] = office.folders.alerts.glob("*LEDGER-*.html")
    assert "FormFlow cannot file anything in “Child files”" in page.read_text("utf-8")
    assert "not delivered: “Child files”, FF-470" in caplog.text
    shown = formflow(office, "status").stdout
    assert "wait for “Child files” (FF-470)" in shown
    assert "formflow connectors mark" in shown
    looked = formflow(office, "doctor").stdout
    assert "LOOK destination “Child files”: The folder has no marker file." in looked


def test_replaced_alerts_are_not_even_given_the_numbers(office: Settings) -> None:
    delivers(office, FIRST)
    away = is_replaced(office.folders.alerts)
    worker.close()  # also when FormFlow starts again meanwhile
    delivers(office, SECOND)
    assert list(office.folders.alerts.iterdir()) == []
    is_back(office.folders.alerts, away)
    worker.close()
    formflow(office, "run", "--once")
    assert codes(office) == {}
    assert len(list(office.folders.alerts.glob("*FF-*.html"))) == 2


@pytest.mark.parametrize("has_lock", [True, False])
def test_the_folders_of_an_older_formflow_are_marked_and_nothing_waits(
    office: Settings, has_lock: bool
) -> None:
    delivers(office, FIRST)
    worker.close()
    for name in NAMES:
        (folder_of(office, name) / MARKER).unlink()
        if not has_lock:
            (folder_of(office, name) / folders.LOCK_NAME).unlink(missing_ok=True)
    delivers(office, SECOND)
    assert codes(office) == {}
    got = ("Alerts", "Receipts", "To decide", "Child files", "Record lines")
    assert all(is_marked(folder_of(office, name)) for name in got)


def test_a_folder_that_was_there_is_marked_when_it_is_first_filed_in(office: Settings) -> None:
    folder = office.state.folder.parent / "lines for another program"
    folder.mkdir()
    file = office.state.folder.parent / "formflow.toml"
    more = f'\n[[destination]]\nname = "More"\nkind = "csv_file"\nfolder = "{folder.name}"\n'
    file.write_text(file.read_text("utf-8") + more, "utf-8")
    drop(office, FIRST)
    assert formflow(office, "run", "--once").returncode == 0
    assert is_marked(folder)
    assert json.loads((folder / MARKER).read_text())["what"].startswith("FormFlow files here.")


def test_a_person_says_that_a_folder_is_the_right_one(office: Settings) -> None:
    delivers(office, FIRST)
    folder = folder_of(office, "Child files")
    is_replaced(folder)
    delivers(office, SECOND)
    assert formflow(office, "connectors", "mark", "Nothing").returncode == 2
    assert formflow(office, "connectors", "mark", "Child files").returncode == 0
    worker.settle(office)
    assert codes(office) == {}
    assert len(files(folder)) == 3  # of the second form alone: what is missing, `reconcile` finds


def test_a_folder_that_is_not_there_cannot_be_marked(office: Settings) -> None:
    folder = folder_of(office, "Child files")
    shutil.rmtree(folder)
    ended = formflow(office, "connectors", "mark", "Child files")
    assert ended.returncode == 5
    assert "The folder is not there." in ended.stderr
    assert not folder.exists()


def test_a_register_that_is_gone_is_not_begun_with_the_newest_row_alone(office: Settings) -> None:
    delivers(office, FIRST)
    register = dsl_folder(office) / "FormFlow register.xlsx"
    away = register.rename(register.with_name("kept elsewhere.xlsx"))
    delivers(office, SECOND)
    assert not register.exists()
    assert codes(office) == {"Register workbook": "FF-471"}
    assert len(list(office.folders.alerts.glob("*LEDGER-*.html"))) == 1
    assert (
        "LOOK destination “Register workbook”: The file is gone"
        in formflow(office, "doctor").stdout
    )
    away.rename(register)
    formflow(office, "retry")
    worker.settle(office)
    assert len(register_rows(office)) == 2


def test_a_register_under_a_new_name_is_a_new_one(office: Settings) -> None:
    delivers(office, FIRST)
    worker.close()
    file = office.state.folder.parent / "formflow.toml"
    file.write_text(
        file.read_text("utf-8").replace("FormFlow register.xlsx", "Register 2027.xlsx"), "utf-8"
    )
    drop(office, SECOND)
    assert formflow(office, "run", "--once").returncode == 0
    assert (dsl_folder(office) / "Register 2027.xlsx").exists()


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (errno.ENOSPC, "FF-473"),
        (errno.EDQUOT, "FF-474"),
        (errno.EROFS, "FF-475"),
        (errno.EACCES, "FF-402"),
        (errno.EIO, "FF-402"),
    ],
)
def test_what_keeps_a_folder_from_being_written_to_is_said_by_its_name(
    office: Settings, monkeypatch: pytest.MonkeyPatch, number: int, code: str
) -> None:
    def fails(_fresh: object) -> None:
        raise OSError(number, "no")

    delivers(office, FIRST)
    with monkeypatch.context() as patch:
        patch.setattr(core_files.Temporary, "sync", fails)
        checked = formflow(office, "connectors", "check", "Child files")
    said = notice(code).text
    assert checked.returncode == 5
    assert checked.stdout.strip() == f"LOOK Child files: {said}"
    assert not list(dsl_folder(office).rglob("*.tmp"))


def test_checking_writes_a_file_and_leaves_none(office: Settings) -> None:
    before = sorted(dsl_folder(office).rglob("*"))
    checked = formflow(office, "connectors", "check")
    assert checked.stdout.count("a file was written to it") == len(dict(places.targets(office)))
    assert sorted(dsl_folder(office).rglob("*")) == before


@pytest.fixture
def small_disk(office: Settings) -> Iterator[Path]:
    """The child files on a disk of their own of 1 MB."""
    folder = folder_of(office, "Child files")
    ended = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder], capture_output=True, check=False
    )
    if ended.returncode:
        pytest.skip("this account may not mount a disk")
    yield folder
    subprocess.run(["umount", folder], check=True)


@pytest.mark.skipif(sys.platform != "linux", reason="mounts a disk as on Linux")
def test_a_disk_that_is_full_and_a_disk_that_is_read_only(
    office: Settings, small_disk: Path
) -> None:
    formflow(office, "connectors", "mark", "Child files")
    with contextlib.suppress(OSError), (small_disk / "fill").open("wb", buffering=0) as fill:
        while fill.write(bytes(4096)):
            pass
    delivers(office, FIRST)
    assert codes(office) == {"Child files": "FF-473"}
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    formflow(office, "retry")
    worker.settle(office)
    assert codes(office) == {"Child files": "FF-475"}
    assert "read-only" in formflow(office, "connectors", "check", "Child files").stdout
    subprocess.run(["mount", "-o", "remount,rw", small_disk], check=True)
    (small_disk / "fill").unlink()
    formflow(office, "retry")
    worker.settle(office)
    assert codes(office) == {}
