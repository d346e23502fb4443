"""A computer is lost and a backup restored: every form is once everywhere, and FormFlow knows what it filed since."""

from __future__ import annotations

import errno
import re
import shutil
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from formflow.admin import status
from formflow.admin.restore import restore
from formflow.core.clock import utc_now
from formflow.core.errors import ExitCode, StorageProblem
from formflow.core.settings import Settings
from formflow.delivery.parcels import parcel_key
from formflow.pipeline import taking_back
from formflow.pipeline.sweep import sweep
from formflow.sdk import Operation
from formflow.storage import backups
from tests.pipeline.test_walk import entries
from tests.stories.test_decisions import HER_NAME
from tests.stories.test_restored import Day, children
from tests.support import worker
from tests.support.desk import Desk
from tests.support.offices import csv_rows, drop, formflow, register_rows, strays


class Agency(Day):
    """An agency that makes backups, and whose computer is lost."""

    @property
    def backups(self) -> Path:
        """Where its backups are."""
        folder = self.office.state.folder.with_name("backups")
        folder.mkdir(exist_ok=True)
        return folder

    def backs_up(self) -> None:
        """IT makes a backup, with FormFlow at work."""
        made = formflow(self.office, "backup", str(self.backups))
        assert made.returncode == ExitCode.DONE, made.stderr

    def is_lost(self) -> None:
        """The computer is lost, with the state folder."""
        worker.close()
        shutil.rmtree(self.office.state.folder)

    def restores(self, *options: str, code: ExitCode = ExitCode.DONE) -> str:
        """IT restores a backup; return what it is told."""
        told = formflow(self.office, "restore", str(self.backups), *options)
        assert told.returncode == code, told.stderr
        return told.stderr

    def is_once_everywhere(self) -> None:
        """Every record is once in the register, in the lines and in the child files, and has its alert."""
        known = [f"{one.reference} r{one.revision}" for one in entries(self.office)]
        assert len(set(known)) == len(known)
        records = [one for one in known if "-F" not in one.removeprefix("FF")]
        assert register_rows(self.office) == dict.fromkeys(records, 1)
        lines = Counter(
            f"{row['ff_reference']} r{row['ff_revision']}" for row in csv_rows(self.office)
        )
        assert lines == dict.fromkeys(known, 1)
        papers = [
            name
            for name in self.lies_there()
            if name.endswith(" original.pdf") and "Child files" in name
        ]
        assert len(papers) == len(known)
        assert status.overview(self.office).undelivered == ()
        pages = "".join(p.read_text("utf-8") for p in self.office.folders.alerts.rglob("*.html"))
        for one in entries(self.office):
            key = parcel_key(one.identity, "Alerts", Operation.ALERT)
            assert one.about or pages.count(key) == 1


@pytest.fixture
def agency(office: Settings) -> Agency:
    return Agency(office)


def test_what_was_filed_after_the_backup_is_recorded_again_and_filed_once(agency: Agency) -> None:
    agency.drops(*children("Morning", 2))
    agency.backs_up()
    agency.drops(*children("Afternoon", 3))
    before = agency.lies_there()
    known = [(one.identity, one.child_reference) for one in entries(agency.office)]
    agency.is_lost()
    told = agency.restores()
    assert "recorded again from the child files: 3" in told
    agency.drops("Another Child")
    now = [(one.identity, one.child_reference) for one in entries(agency.office)]
    assert now[:5] == known
    assert entries(agency.office)[5].reference == "FF-2026-000006"
    assert entries(agency.office)[5].child_reference not in {child for _, child in known}
    after = agency.lies_there()
    assert {name: after.get(name) for name in before} == before
    agency.is_once_everywhere()
    assert agency.own_alerts() == []


def test_a_form_that_waited_in_the_backup_and_was_recorded_since_gets_no_second_number(
    agency: Agency,
) -> None:
    agency.drops("Morning Child")
    drop(agency.office, "red-planned-secrecy-pdfjs")
    context = worker.context_of(agency.office)
    sweep(context, agency.office.watch[0], utc_now())
    assert status.overview(agency.office).papers_unread == 1
    agency.backs_up()
    worker.settle(agency.office)
    known = [one.identity for one in entries(agency.office)]
    agency.is_lost()
    agency.restores()
    worker.settle(agency.office)
    assert [one.identity for one in entries(agency.office)] == known
    agency.is_once_everywhere()


def test_a_form_that_only_the_old_state_folder_holds_is_taken_in_from_there(agency: Agency) -> None:
    agency.drops("Morning Child")
    agency.backs_up()
    agency.drops("Afternoon Child")
    drop(agency.office, "red-planned-secrecy-pdfjs")
    worker.close()
    formflow(agency.office, "run", "--once", crash_at="read.begun")
    old = agency.office.state.folder.with_name("old state")
    agency.office.state.folder.rename(old)
    told = agency.restores("--old-state", str(old))
    assert "recorded again from the child files: 1" in told
    assert "Taken in again from the old state folder: 1." in told
    worker.settle(agency.office)
    assert len(entries(agency.office)) == 3
    assert agency.is_alerted(entries(agency.office)[-1])
    agency.is_once_everywhere()


def test_a_correction_and_a_second_child_come_back_as_they_were(agency: Agency) -> None:
    agency.drops("One Child")
    agency.backs_up()
    both = {"child_b_name": "Second Child", "child_b_dob": "2/4/2014"}
    agency.drops("Two Child", **both)
    agency.drops("Two Child", context_planned="no", **both)
    agency.drops("Second Child", child_a_dob="2/4/2014")
    known = [(one.identity, one.child_reference) for one in entries(agency.office)]
    revisions = [one.rpartition("|")[0].split("|")[1:3] for one, _ in known]
    assert ["FF-2026-000002", "2"] in revisions
    agency.is_lost()
    assert "recorded again from the child files: 3" in agency.restores()
    worker.settle(agency.office)
    assert [(one.identity, one.child_reference) for one in entries(agency.office)] == known
    agency.is_once_everywhere()


def test_the_same_backup_may_be_restored_twice(agency: Agency) -> None:
    agency.drops("One Child")
    agency.backs_up()
    agency.drops("Two Child")
    for turn in range(2):
        agency.is_lost()
        assert f"recorded again from the child files: {turn + 1}" in agency.restores()
        agency.drops(f"Child {'AB'[turn]}")
        agency.is_once_everywhere()
    homes = [one.child_reference for one in entries(agency.office)]
    assert len(set(homes)) == len(homes) == 4
    assert agency.own_alerts() == []


def test_her_decision_after_the_backup_counts_again(agency: Agency) -> None:
    desk = Desk(agency.office)
    agency.drops("One Child")
    agency.backs_up()
    desk.fills_in("F2", level="concerning", level_reason="x", lower_reason="x", **HER_NAME)
    assert "Decided: concerning" in desk.page()
    agency.is_lost()
    agency.restores()
    worker.settle(agency.office)
    assert "Decided: concerning" in desk.page()
    assert status.overview(agency.office).undecided == ()
    agency.is_once_everywhere()


def test_what_cannot_be_recorded_again_is_said_to_it_and_to_the_dsl(agency: Agency) -> None:
    agency.drops("One Child")
    agency.backs_up()
    agency.drops(*children("Later", 2))
    second, third = entries(agency.office)[1:]
    home = agency.office.folders.alerts.parent / "Child files"
    (home / str(second.child_reference) / f"{second.reference} r1 original.pdf").write_bytes(b"x")
    (home / str(third.child_reference) / f"{third.reference} r1 original.pdf").unlink()
    agency.is_lost()
    told = agency.restores(code=ExitCode.WAITING)
    for one in (second, third):
        assert f"Not in the backup: {one.reference} r1, held by “Alerts”" in told
    agency.drops("New Child")
    assert [one.reference for one in entries(agency.office)] == ["FF-2026-000001", "FF-2026-000004"]
    (page,) = agency.own_alerts()
    words = (agency.office.folders.alerts / page).read_text("utf-8")
    assert f"{second.reference} r1, {third.reference} r1" in words
    assert [own.code for own in status.overview(agency.office).own_alerts] == ["FF-440"]


def test_a_correction_that_is_lost_and_dropped_again_gets_a_number_of_its_own(
    agency: Agency,
) -> None:
    agency.drops("One Child")
    agency.backs_up()
    agency.drops("One Child", context_planned="no")
    (first, lost) = entries(agency.office)
    home = agency.office.folders.alerts.parent / "Child files" / str(lost.child_reference)
    (home / f"{lost.reference} r2 original.pdf").unlink()
    agency.is_lost()
    assert f"{lost.reference} r2, held by" in agency.restores(code=ExitCode.WAITING)
    agency.drops("One Child", context_planned="no")
    latest = entries(agency.office)[-1]
    assert (latest.reference, latest.revision, latest.supersedes) == (first.reference, 3, 1)
    assert status.overview(agency.office).undelivered == ()
    assert [own.code for own in status.overview(agency.office).own_alerts] == ["FF-440"]
    agency.backs_up()
    agency.drops("One Child", context_planned="no", signed_name="Q. Teacher")
    agency.is_lost()
    agency.restores(code=ExitCode.WAITING)  # r2 is still lost, and r4 is known again
    assert [one.revision for one in entries(agency.office)] == [1, 3, 4]


def test_a_later_revision_comes_back_where_the_first_is_lost(agency: Agency) -> None:
    agency.drops("One Child")
    agency.backs_up()
    agency.drops("Two Child")
    agency.drops("Two Child", context_planned="no")
    (_, lost, later) = entries(agency.office)
    home = agency.office.folders.alerts.parent / "Child files" / str(lost.child_reference)
    (home / f"{lost.reference} r1 original.pdf").unlink()
    agency.is_lost()
    agency.restores(code=ExitCode.WAITING)
    assert [one.identity for one in entries(agency.office)][1:] == [later.identity]


def test_a_destination_that_is_away_is_said_and_no_number_is_given_twice(agency: Agency) -> None:
    agency.drops("One Child")
    agency.backs_up()
    agency.drops("Two Child")
    files = agency.office.folders.alerts.parent / "Child files"
    away = files.with_name("away")
    files.rename(away)
    agency.is_lost()
    told = agency.restores(code=ExitCode.WAITING)
    assert "Out of reach or not readable, so not asked: “Child files”" in told
    assert "FF-2026-000002 r1, held by" in told
    away.rename(files)
    agency.drops("Three Child")
    assert [one.reference for one in entries(agency.office)] == ["FF-2026-000001", "FF-2026-000003"]


def test_what_people_changed_in_the_files_stops_nothing(agency: Agency) -> None:
    agency.drops("One Child")
    agency.backs_up()
    agency.drops("Two Child", "Three Child")
    two, three = entries(agency.office)[1:]
    home = agency.office.folders.alerts.parent
    (home / "Child files" / "ours").mkdir()
    (home / "Child files" / "ours" / "Chronology.html").write_text("somebody's own", "utf-8")
    page = home / "Child files" / str(two.child_reference) / "Chronology.html"
    page.write_text(re.sub(r'(data-order="\S+ )[^"]+', r"\1yesterday", page.read_text("utf-8")))
    next((home / "Record lines").glob("*.csv")).write_bytes(b"\xff\xfe\0\0")
    (home / "FormFlow register.xlsx").write_bytes(b"no workbook")
    agency.is_lost()
    told = agency.restores(code=ExitCode.WAITING)
    assert f"from the child files: 1 ({three.reference} r1)" in told
    assert (
        f"Not in the backup: {two.reference} r1, held by “Alerts”, “Receipts”, “Child files”"
        in told
    )
    assert "not asked: “Register workbook”, “Record lines”" in told


def test_an_older_backup_is_used_where_the_newest_is_damaged_and_that_is_said(
    agency: Agency,
) -> None:
    agency.drops("One Child")
    agency.backs_up()
    (older,) = backups.names(agency.backups)
    newer = agency.backups / "2099-01-01T000000Z"
    shutil.copytree(agency.backups / older, newer)
    (newer / "ledger.sqlite").write_bytes(b"")
    agency.is_lost()
    told = agency.restores()
    assert "Not used: The backup 2099-01-01T000000Z cannot be used" in told
    assert f"Backup {older} is restored" in told
    worker.settle(agency.office)
    agency.is_once_everywhere()
    assert strays(agency.backups.parent) == []


@pytest.mark.parametrize(
    "fails",
    [OSError(errno.ENOSPC, "no room"), OperationalError("INSERT", {}, Exception("disk is full"))],
    ids=["disk", "ledger"],
)
def test_trouble_of_the_computer_in_the_middle_takes_no_paper_for_lost(
    agency: Agency, monkeypatch: pytest.MonkeyPatch, fails: Exception
) -> None:
    worker.settle(agency.office)
    agency.backs_up()
    drop(agency.office, "red-force-pdfcpu")
    worker.settle(agency.office)
    agency.is_lost()

    def record(*_arguments: object) -> None:
        raise fails

    with monkeypatch.context() as patch:
        patch.setattr(taking_back, "record", record)
        with pytest.raises(StorageProblem, match="could not be put back"):
            restore(agency.office, agency.backups, None, utc_now())
    assert not agency.office.state.folder.exists()
    assert "recorded again from the child files: 1" in agency.restores()
