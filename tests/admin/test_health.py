"""`formflow health`: a monitor learns by exit code, sentence and figures how FormFlow is, and changes nothing."""

from __future__ import annotations

import json
import re
import stat
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from formflow.admin.health import Health, age_in_words, backlog, health
from formflow.admin.prometheus import as_prometheus
from formflow.admin.status import overview
from formflow.core.clock import utc_now
from formflow.core.errors import ExitCode
from formflow.core.settings import Settings
from formflow.pipeline import service
from formflow.pipeline.service import HEARTBEAT
from formflow.storage import backups
from formflow.storage.database import writing
from tests.support import worker
from tests.support.offices import drop, formflow

RED, GREEN = "red-every-question-yes-pdflib", "green-free-play-pdfjs"  # the first cannot wait
OPERATIONS = Path(__file__).parents[2] / "docs" / "operations.md"
NOON = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)


def beats(office: Settings, at: datetime) -> None:
    """Let the service have finished its last turn at a moment."""
    (office.state.folder / HEARTBEAT).write_text(at.isoformat(), "ascii")


def test_all_is_well(office: Settings) -> None:
    worker.turn(office)
    done = formflow(office, "health")
    assert done.returncode == ExitCode.DONE
    assert re.fullmatch(r"All is well\. Last look at the folders: \d s ago\.\n", done.stdout)
    assert done.stderr == ""


def test_what_waits_for_the_safeguarding_lead_is_told_with_its_age(office: Settings) -> None:
    drop(office, RED)
    worker.settle(office)
    later = utc_now() + timedelta(minutes=14, seconds=10)
    found = health(office, later)
    assert found.code is ExitCode.WAITING
    assert found.words == (
        "Something waits for a person. For the DSL to look at: 1, the oldest for 14 min; 1 cannot wait."
        " Last look at the folders: 14 min ago."
    )


def test_what_a_destination_does_not_get_is_told_with_its_age(office: Settings) -> None:
    office.folders.receipts.rename(office.folders.receipts.with_name("elsewhere"))
    drop(office, GREEN)
    worker.settle(office)
    found = health(office, utc_now() + timedelta(minutes=5, seconds=10))
    assert found.code is ExitCode.DESTINATION
    assert found.words.startswith("A destination does not get everything.")
    assert "Still to deliver: 1, the oldest for 5 min." in found.words
    assert found.backlog is not None
    assert found.backlog.deliveries == {"Receipts": 1}


def test_a_dead_service_and_a_stuck_one_are_told_apart(office: Settings) -> None:
    worker.turn(office)
    beats(office, utc_now() - timedelta(minutes=20, seconds=5))
    dead = health(office, utc_now())
    assert (dead.code, dead.words.partition(".")[0]) == (
        ExitCode.NOT_RUNNING,
        "FormFlow is not running",
    )
    with service.alone(office):
        stuck = health(office, utc_now())
    assert stuck.code is ExitCode.NOT_RUNNING
    assert stuck.words.startswith(
        "FormFlow is running, but stuck for 20 min. Start it again. Last look"
    )


def test_a_service_that_has_not_finished_a_turn_is_no_dead_one(office: Settings) -> None:
    worker.context_of(office)
    with service.alone(office):
        found = health(office, utc_now())
    assert found.code is ExitCode.NOT_RUNNING
    assert found.words.startswith("FormFlow is starting, or stuck")
    assert found.words.endswith("Last look at the folders: never.")


def test_asking_keeps_no_service_from_starting(office: Settings) -> None:
    worker.turn(office)
    assert not service.is_at_work(office)
    with service.alone(office):
        assert service.is_at_work(office)
    assert not service.is_at_work(office)


def test_each_trouble_with_the_ledger_has_its_code_and_sentence(office: Settings) -> None:
    nothing = formflow(office, "health")
    assert nothing.returncode == ExitCode.STORAGE
    assert nothing.stdout.startswith("There is no ledger yet")
    drop(office, RED)
    worker.settle(office)
    with writing(worker.context_of(office).engine) as connection:
        connection.exec_driver_sql("PRAGMA user_version=99")
    worker.close()
    newer = formflow(office, "health")
    assert newer.returncode == ExitCode.STORAGE
    assert newer.stdout.startswith("The ledger was written by a newer FormFlow. Install")
    ledger = office.state.folder / "ledger.sqlite"
    ledger.write_bytes(b"not a ledger" * 1000)
    damaged = formflow(office, "health")
    assert damaged.returncode == ExitCode.INTEGRITY
    assert damaged.stdout.count("\n") == 1
    office.state.folder.rename(office.state.folder.with_name("elsewhere"))
    away = formflow(office, "health")
    assert away.returncode == ExitCode.STORAGE
    assert re.fullmatch(r"The state folder .* is missing\. .*\n", away.stdout)
    assert not office.state.folder.exists()


@pytest.mark.parametrize(
    ("ago", "words"),
    [
        (timedelta(seconds=-5), "0 s"),
        (timedelta(seconds=59), "59 s"),
        (timedelta(seconds=60), "1 min"),
        (timedelta(hours=2, minutes=5, seconds=9), "2 h 5 min"),
        (timedelta(hours=47, minutes=59), "47 h 59 min"),
        (timedelta(days=3, hours=5), "3 days"),
    ],
)
def test_ages_in_words(ago: timedelta, words: str) -> None:
    assert age_in_words(NOON - ago, NOON) == words


def metrics(text: str) -> dict[str, float]:
    """Return what Prometheus reads in a text, by name and label."""
    families = list(text_string_to_metric_families(text))
    assert all(family.type == "gauge" and family.documentation for family in families)
    return {
        sample.name + "".join(f" {value}" for value in sample.labels.values()): sample.value
        for family in families
        for sample in family.samples
    }


def test_prometheus_reads_the_figures(office: Settings, tmp_path: Path) -> None:
    office.folders.receipts.rename(office.folders.receipts.with_name("elsewhere"))
    drop(office, RED, "Alex Example.pdf")
    worker.settle(office)
    folder = tmp_path / "textfile collector"
    folder.mkdir(mode=0o755)
    file = folder / "formflow.prom"
    file.write_text("of a minute ago", "utf-8")
    before = utc_now().timestamp()
    done = formflow(office, "health", "--prometheus", str(file))
    assert done.returncode == ExitCode.DESTINATION
    text = file.read_text("utf-8")
    seen = metrics(text)
    assert seen["formflow_exit_code"] == ExitCode.DESTINATION
    assert seen["formflow_alerts_waiting"] == seen["formflow_alerts_urgent_waiting"] == 1
    assert seen["formflow_deliveries_waiting Receipts"] == 1
    for name in ("last_turn", "oldest_alert", "oldest_delivery", "checked"):
        assert abs(seen[f"formflow_{name}_timestamp_seconds"] - before) < 3600
    assert "Alex" not in text
    assert [path.name for path in folder.iterdir()] == ["formflow.prom"]
    if sys.platform != "win32":  # node_exporter has an account of its own
        assert stat.S_IMODE(file.stat().st_mode) == 0o644


def test_figures_are_written_where_there_is_no_ledger(office: Settings, tmp_path: Path) -> None:
    file = tmp_path / "formflow.prom"
    done = formflow(office, "health", "--prometheus", str(file))
    assert done.returncode == ExitCode.STORAGE
    assert metrics(file.read_text("utf-8")).keys() == {
        "formflow_exit_code",
        "formflow_checked_timestamp_seconds",
    }


def test_names_of_destinations_may_hold_any_letters(office: Settings) -> None:
    worker.turn(office)
    waits = backlog(overview(office))
    odd = 'The "old" \\ share\nof Zoë'
    found = Health(ExitCode.DONE, "", NOON, replace(waits, deliveries={odd: 2}))
    assert metrics(as_prometheus(found))[f"formflow_deliveries_waiting {odd}"] == 2


def test_a_file_that_node_exporter_would_not_read_is_refused(
    office: Settings, tmp_path: Path
) -> None:
    done = formflow(office, "health", "--prometheus", str(tmp_path / "formflow.txt"))
    assert done.returncode == ExitCode.USAGE
    assert ".prom" in done.stderr


def test_a_file_that_cannot_be_written_is_told(office: Settings, tmp_path: Path) -> None:
    worker.turn(office)
    done = formflow(office, "health", "--prometheus", str(tmp_path / "away" / "formflow.prom"))
    assert done.returncode == ExitCode.STORAGE
    assert "cannot be written" in done.stderr


def test_every_figure_and_every_key_stands_in_the_docs(office: Settings) -> None:
    office.folders.receipts.rename(office.folders.receipts.with_name("elsewhere"))
    drop(office, RED)
    worker.settle(office)
    backups.note_last(office.state.folder, NOON)
    docs = OPERATIONS.read_text("utf-8")
    names = {name.partition(" ")[0] for name in metrics(as_prometheus(health(office, NOON)))}
    assert len(names) == 15
    assert {name for name in names if f"`{name}" not in docs} == set()
    told = json.loads(formflow(office, "status", "--json").stdout)
    lists = {key for key, value in told.items() if isinstance(value, list | dict)}
    assert {key for key in lists if f"`{key}`" not in docs} == set()


def test_status_as_json_says_what_waits_for_whom_and_how_long(office: Settings) -> None:
    office.folders.receipts.rename(office.folders.receipts.with_name("elsewhere"))
    drop(office, RED)
    worker.settle(office)
    told = json.loads(formflow(office, "status", "--json").stdout)
    assert told.keys() == {
        "now", "exit_code", "records", "ended", "papers_unread", "put_back", "held_up", "waiting", "undecided",
        "own_alerts", "to_file", "undelivered", "unmatched", "silent", "unusable", "folders", "pupil_list", "register", "last_turn",
        "last_turn_seconds", "last_backup", "last_backup_seconds", "waits_for_a_person", "waits_for",
    }  # fmt: skip
    assert told["exit_code"] == ExitCode.DESTINATION
    assert told["waits_for"]["safeguarding_lead"].keys() == {
        "alerts", "alerts_that_cannot_wait", "oldest_alert_seconds", "decisions",
        "records_without_a_folder",
    }  # fmt: skip
    assert told["waits_for"]["safeguarding_lead"]["alerts"] == 1
    assert told["waits_for"]["formflow"]["deliveries"] == 1
    assert 0 <= told["waits_for"]["formflow"]["oldest_delivery_seconds"] < 3600
    assert told["waits_for"]["it"]["folders_offline"] == 0
    (row,) = told["waiting"]
    assert datetime.fromisoformat(row["since"]).tzinfo is not None
    assert 0 <= row["seconds"] < 3600
    (row,) = told["undelivered"]
    assert (row["destination"], row["code"]) == ("Receipts", "FF-401")
    assert 0 <= row["seconds"] < 3600
