"""The rehearsal: a backup while forms flow, the computer lost, a restore, and on it goes.

A few forms run in `make test`; `make rehearsal FORMS=300` runs more.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import text

from bench import forms as made_forms
from formflow.admin import setup, status
from formflow.core.errors import ExitCode
from formflow.core.settings import Settings
from formflow.storage import database, entries
from tests.support.inbox import Inbox, inbox, open_office
from tests.support.offices import (
    COMMAND,
    csv_rows,
    dsl_folder,
    files,
    formflow,
    register_rows,
    strays,
)
from tests.support.outcomes import at_rest
from tests.support.waiting import eventually

__all__ = ["inbox"]  # a mail server, as a fixture

FORMS = int(os.environ.get("FORMFLOW_REHEARSAL", "6"))
ONCE = (1,) * 6
_LISTED = re.compile(r"Not in the backup: (\S+)")


class Agency:
    """An agency whose service runs in a process of its own, and whose computer is lost."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.backups = settings.state.folder.with_name("backups")
        self.backups.mkdir()

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Run the service; in the end it is killed, as in a power cut."""
        file = self.settings.state.folder.parent / setup.SETTINGS_FILE
        service = subprocess.Popen(
            [sys.executable, "-c", COMMAND, "--settings", str(file), "run"],
            stderr=subprocess.DEVNULL,
        )
        try:
            yield
        finally:
            service.kill()
            service.wait()

    def drops(self, papers: Sequence[Path]) -> None:
        for paper in papers:
            shutil.copyfile(paper, self.settings.watch[0].folder / paper.name)

    def receipts(self) -> int:
        return len(files(self.settings.folders.receipts))

    def has_settled(self) -> bool:
        return at_rest(self.settings)

    def is_told(self, *command: str, code: ExitCode = ExitCode.DONE) -> str:
        ended = formflow(self.settings, *command)
        assert ended.returncode == code, ended.stderr
        return ended.stderr

    def loses_the_computer(self) -> None:
        state = self.settings.state.folder
        # On Windows a child of the service that is just ending may still hold a file.
        eventually(lambda: bool(state.rename(state.with_name("lost"))))

    def unknown(self, papers: Sequence[Path]) -> list[Path]:
        """Return the papers that the ledger has never seen."""
        with database.looking(self.settings.state.folder) as connection:
            known = set(connection.execute(text("SELECT sha256 FROM paper")).scalars())
        return [one for one in papers if _sha256(one) not in known]

    def recorded(self) -> set[str]:
        """Return every revision on record."""
        with database.looking(self.settings.state.folder) as connection:
            numbers = connection.execute(text("SELECT id FROM entry")).scalars().all()
            known = [entries.entry(connection, number) for number in numbers]
        assert len({one.sha256 for one in known}) == len(known)  # no form twice
        return {f"{one.reference} r{one.revision}" for one in known}


def _sha256(paper: Path) -> str:
    return hashlib.sha256(paper.read_bytes()).hexdigest()


@pytest.mark.slow
def test_every_form_is_once_everywhere_after_a_restore(
    tmp_path: Path, inbox: tuple[Inbox, int]
) -> None:
    agency = Agency(open_office(tmp_path / "an agency", inbox[1]))
    papers = made_forms.make(tmp_path / "made", FORMS)
    third = len(papers) // 3
    with agency.at_work():
        agency.drops(papers[:third])
        eventually(lambda: agency.receipts() >= 1)
        agency.is_told("backup", str(agency.backups))  # others are being read and delivered
        agency.drops(papers[third : 2 * third])
        eventually(agency.has_settled)
    agency.loses_the_computer()
    told = agency.is_told("restore", str(agency.backups))
    assert "recorded again from the child files" in told
    with agency.at_work():
        agency.drops(papers[2 * third :])
        eventually(agency.has_settled)

    known, there = agency.recorded(), lies_there(agency.settings)
    print(counted(papers, known, there))
    assert len(known) == len(papers)
    assert there == dict.fromkeys(known, ONCE)
    assert len({mail["Message-ID"] for mail in inbox[0].messages}) == len(known)
    assert status.overview(agency.settings).own_alerts == ()
    agency.is_told("run", "--once")  # the service was killed, perhaps while it wrote a page
    assert strays(tmp_path) == []


def test_what_was_on_its_way_when_the_computer_was_lost_is_listed_or_is_once_everywhere(
    tmp_path: Path, inbox: tuple[Inbox, int]
) -> None:
    agency = Agency(open_office(tmp_path / "an agency", inbox[1]))
    papers = made_forms.make(tmp_path / "made", FORMS)
    half = len(papers) // 2
    with agency.at_work():
        agency.drops(papers[:half])
        eventually(lambda: agency.receipts() >= 1)
        agency.is_told("backup", str(agency.backups))
        agency.drops(papers[half:])
        eventually(lambda: agency.receipts() >= half)
    agency.loses_the_computer()
    ended = formflow(agency.settings, "restore", str(agency.backups))
    assert ended.returncode in (ExitCode.DONE, ExitCode.WAITING), ended.stderr
    listed = set(_LISTED.findall(ended.stderr))
    agency.is_told("run", "--once")
    agency.drops(agency.unknown(papers))  # the office has no receipt for them
    agency.is_told("run", "--once")

    known, there = agency.recorded(), lies_there(agency.settings)
    print(f"{counted(papers, known, there)}, {len(listed)} listed for a person")
    assert len(known) == len(papers)
    assert {one: there.get(one) for one in known} == dict.fromkeys(known, ONCE)
    assert {one.partition(" ")[0] for one in there.keys() - known} <= listed


def counted(papers: Sequence[Path], known: set[str], there: dict[str, tuple[int, ...]]) -> str:
    """Return what came of it, for whoever runs a campaign."""
    doubled = sum(max(there[one]) > 1 for one in known)
    unseen = sum(there[one][-1] == 0 for one in known)
    lost = len(papers) - len(known)
    return f"{len(papers)} forms: {lost} lost, {doubled} doubled, {unseen} without an alert"


def lies_there(office: Settings) -> dict[str, tuple[int, ...]]:
    """Return how often each revision is in the register, the lines, the child files (two papers), receipts and alerts."""
    rows = (f"{row['ff_reference']} r{row['ff_revision']}" for row in csv_rows(office))
    papers = files(dsl_folder(office) / "Child files")
    found = (
        register_rows(office),
        Counter(rows),
        Counter(_revision(one) for one in papers if "original" in one),
        Counter(_revision(one) for one in papers if "as read" in one),
        Counter(map(_revision, files(office.folders.receipts))),
        Counter(_revision(one) for one in files(office.folders.alerts) if "LEDGER" not in one),
    )
    everywhere = {one for counts in found for one in counts}
    return {one: tuple(counts[one] for counts in found) for one in everywhere}


def _revision(name: str) -> str:
    said = re.search(r"FF-\d{4}-\d{6} r\d+", name)
    assert said, name
    return said.group()
