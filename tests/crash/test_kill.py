"""kill -9 at each named point, then start again: the same record, each destination once, no strays."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from formflow.admin import setup, status
from formflow.storage import audit_trail, copy_key
from tests.support.inbox import Inbox, inbox, open_office
from tests.support.offices import (
    csv_rows,
    drop,
    dsl_folder,
    files,
    formflow,
    register_rows,
    strays,
)
from tests.support.systems import KILLED

__all__ = ["inbox"]  # a mail server, as a fixture

CASES = ("red-planned-secrecy-pdfjs", "amber-peer-pressure-pdftk-fdf")
POINTS = (
    "intake.after-copy",
    "intake.after-commit",
    "ledger.claimed",
    "read.begun",
    "record.before-commit",
    "record.after-commit",
    "prepare.before-commit",
    "prepare.after-commit",
    "alert_folder.before-rename",
    "alert_folder.after-rename",
    "receipt_folder.before-rename",
    "receipt_folder.after-rename",
    "child_files.before-rename",
    "child_files.after-rename",
    "workbook.before-rename",
    "workbook.after-rename",
    "csv_file.half-written",
    "email_alert.sent",
    "deliver.sent",
    "deliver.marked",
)
AGAIN = (  # the same points, when they are passed another time
    "read.begun:2",
    "record.after-commit:2",
    "prepare.before-commit:4",
    "prepare.after-commit:4",
    "child_files.before-rename:3",
    "deliver.sent:4",
    "deliver.marked:3",
)
# `make crash` alone also kills where a point is passed another time.
IS_CAMPAIGN = "FORMFLOW_KILLS" in os.environ


@pytest.mark.parametrize("point", [*POINTS, *(AGAIN if IS_CAMPAIGN else ())])
def test_a_kill_loses_nothing_and_doubles_nothing(
    point: str, tmp_path: Path, inbox: tuple[Inbox, int]
) -> None:
    office = open_office(tmp_path / "an agency", inbox[1])
    for case in CASES:
        drop(office, case)
    killed = formflow(office, "run", "--once", crash_at=point)
    assert killed.returncode == KILLED, (point, killed.stdout, killed.stderr)

    again = formflow(office, "run", "--once")
    assert again.returncode == 0, again.stderr
    references = sorted(csv_row["ff_reference"] for csv_row in csv_rows(office))
    assert len(references) == len(set(references)) == len(CASES)
    assert register_rows(office) == {f"{reference} r1": 1 for reference in references}
    assert len(files(office.folders.alerts)) == len(CASES)
    assert len(files(office.folders.receipts)) == len(CASES)
    child_files = files(dsl_folder(office) / "Child files")
    for reference in references:
        for paper in ("original.pdf", "as read.pdf"):
            assert sum(f"{reference} r1 {paper}" in name for name in child_files) == 1
    assert files(office.watch[0].folder) == []
    assert strays(tmp_path) == []
    # While one destination is written to, the mail may be on its way in a lane of its own.
    is_delivering = not point.startswith(("intake", "ledger", "read", "record"))
    assert_mail_is_out(inbox[0], references, may_repeat=is_delivering)


def assert_mail_is_out(inbox: Inbox, references: list[str], *, may_repeat: bool) -> None:
    """Every alert is out by mail; a kill between sending and marking may repeat one, recognisably."""
    numbers = [message["Message-ID"] for message in inbox.messages]
    assert len(set(numbers)) == len(references)
    assert len(numbers) - len(set(numbers)) <= (1 if may_repeat else 0)


def test_without_a_crash_point_nothing_is_killed(tmp_path: Path, inbox: tuple[Inbox, int]) -> None:
    office = open_office(tmp_path / "an agency", inbox[1])
    drop(office, CASES[0])
    assert formflow(office, "run", "--once").returncode == 0
    assert len(inbox[0].messages) == 1


COPY_POINTS = (
    "record.before-commit",
    "record.after-commit",
    "attention_folder.before-rename",
    "attention_folder.after-rename",
)
COPY_AGAIN = (
    "prepare.before-commit:4",
    "prepare.after-commit:4",
    "attention_folder.before-rename:3",
    "attention_folder.after-rename:4",
)


@pytest.mark.parametrize("point", [*COPY_POINTS, *(COPY_AGAIN if IS_CAMPAIGN else ())])
def test_a_kill_leaves_one_copy_to_check_of_a_printed_form(point: str, tmp_path: Path) -> None:
    office = setup.set_up(
        tmp_path / "an agency", changes=(("settle_seconds = 5", "settle_seconds = 0.2"),)
    )
    drop(office, "not-ours/printed-pdfium", "a.pdf")
    killed = formflow(office, "run", "--once", crash_at=point)
    assert killed.returncode == KILLED, (point, killed.stdout, killed.stderr)
    formflow(office, "run", "--once")
    assert files(office.folders.needs_attention) == [
        "FF-2026-000001 as it looks.pdf",
        "FF-2026-000001 please check.pdf",
        "FF-2026-000001.pdf",
        "FF-2026-000001.txt",
    ]
    assert len(files(office.folders.alerts)) == 1
    assert strays(tmp_path) == []


def test_a_kill_while_a_lost_key_is_replaced_leaves_the_loss_told_once(tmp_path: Path) -> None:
    office = setup.set_up(
        tmp_path / "an agency", changes=(("settle_seconds = 5", "settle_seconds = 0.2"),)
    )
    drop(office, CASES[0])
    assert formflow(office, "run", "--once").returncode == 0
    (office.state.folder / copy_key.FILE).unlink()
    killed = formflow(office, "run", "--once", crash_at="copy-key.told")
    assert killed.returncode == KILLED, (killed.stdout, killed.stderr)
    assert not (office.state.folder / copy_key.FILE).exists()
    assert formflow(office, "run", "--once").returncode == 0
    assert [own.code for own in status.overview(office).own_alerts] == ["FF-256"]
    assert (office.state.folder / copy_key.FILE).is_file()


def test_a_kill_after_the_trail_went_on_under_a_new_key_leaves_the_loss_told_once(
    tmp_path: Path,
) -> None:
    office = setup.set_up(
        tmp_path / "an agency", changes=(("settle_seconds = 5", "settle_seconds = 0.2"),)
    )
    drop(office, CASES[0])
    assert formflow(office, "run", "--once").returncode == 0
    (office.state.folder / audit_trail.FILE).unlink()
    killed = formflow(office, "run", "--once", crash_at="audit-key.begun")
    assert killed.returncode == KILLED, (killed.stdout, killed.stderr)
    for _ in range(2):
        assert formflow(office, "run", "--once").returncode == 0
        assert [own.code for own in status.overview(office).own_alerts] == ["FF-453"]
