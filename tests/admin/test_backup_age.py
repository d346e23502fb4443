"""How old the newest backup is: said wherever somebody looks, told when it is too old, and no alarm where there never was one."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from formflow.admin import doctor, status
from formflow.admin.health import health
from formflow.admin.prometheus import as_prometheus
from formflow.core.clock import utc_now
from formflow.core.errors import ExitCode
from formflow.core.settings import Settings
from formflow.core.wording import moment_in_words
from formflow.pipeline.service import HEARTBEAT
from formflow.storage import backups
from tests.support import worker
from tests.support.offices import formflow

SOON, LATE = timedelta(days=6), timedelta(days=9)


@pytest.fixture
def backed_up(office: Settings, tmp_path: Path) -> Settings:
    """An agency that has made a backup just now."""
    worker.turn(office)
    (tmp_path / "backups").mkdir()
    assert formflow(office, "backup", str(tmp_path / "backups")).returncode == ExitCode.DONE
    return office


def at(office: Settings, now: datetime) -> datetime:
    """Let the service have taken a turn at a moment; return that moment."""
    (office.state.folder / HEARTBEAT).write_text(now.isoformat(), "ascii")
    return now


def looked_at(office: Settings, now: datetime) -> tuple[bool, str]:
    """Return what `doctor` says of backups."""
    (line,) = (line for what, line in doctor.checkup(office, now) if what == "backup")
    return line.ok, line.text


def test_where_none_was_ever_made_doctor_says_so_and_nobody_is_alarmed(office: Settings) -> None:
    worker.turn(office)
    later = at(office, utc_now() + 10 * LATE)
    is_well, words = looked_at(office, later)
    assert is_well
    assert "none has been made" in words
    assert "formflow backup" in words
    assert status.backup_in_words(status.overview(office), office, later) == []
    found = health(office, later)
    assert found.code is ExitCode.DONE
    assert "backup" not in found.words + as_prometheus(found)


def test_a_fresh_one_is_named_by_its_moment(backed_up: Settings) -> None:
    soon = at(backed_up, utc_now() + SOON)
    view = status.overview(backed_up)
    assert view.last_backup is not None
    when = moment_in_words(view.last_backup, backed_up.zone)
    assert status.backup_in_words(view, backed_up, soon) == [f"Last backup: {when}."]
    assert f"Last backup: {when}." in formflow(backed_up, "status").stdout
    assert looked_at(backed_up, soon) == (True, f"the last one was made on {when}")
    found = health(backed_up, soon)
    assert found.code is ExitCode.DONE
    assert "backup" not in found.words
    metric = f"formflow_last_backup_timestamp_seconds {view.last_backup.timestamp():.3f}"
    assert metric.rstrip("0") in as_prometheus(found)


def test_one_that_is_too_old_is_told_everywhere(backed_up: Settings) -> None:
    late = at(backed_up, utc_now() + LATE)
    view = status.overview(backed_up)
    words = "No backup has been made for 9 days."
    assert status.backup_in_words(view, backed_up, late)[0].startswith(words)
    assert status.exit_code(view, backed_up, late) is ExitCode.WAITING
    found = health(backed_up, late)
    assert found.code is ExitCode.WAITING
    assert words in found.words
    is_well, said = looked_at(backed_up, late)
    assert not is_well
    assert said.startswith(words)


def test_status_as_json_says_when_and_how_long_ago(backed_up: Settings) -> None:
    told = json.loads(formflow(backed_up, "status", "--json").stdout)
    assert datetime.fromisoformat(told["last_backup"]).tzinfo is not None
    assert 0 <= told["last_backup_seconds"] < 3600
    assert told["waits_for"]["it"]["backups_overdue"] == 0
    assert told["waits_for_a_person"] is False


def test_a_backup_that_was_restored_is_the_last_one(backed_up: Settings, tmp_path: Path) -> None:
    made = status.overview(backed_up).last_backup
    worker.close()
    backed_up.state.folder.rename(tmp_path / "lost")
    assert formflow(backed_up, "restore", str(tmp_path / "backups")).returncode == ExitCode.DONE
    assert status.overview(backed_up).last_backup == made


def test_a_note_that_is_damaged_counts_as_none(backed_up: Settings) -> None:
    (backed_up.state.folder / backups.LAST).write_bytes(b"\xff\x00")
    assert status.overview(backed_up).last_backup is None
