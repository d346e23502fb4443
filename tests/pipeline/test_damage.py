"""A damaged ledger: work stops, nobody is told a wrong answer, and people hear of it without the ledger."""

from __future__ import annotations

import json
import os
import random
import shutil
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy.exc import DatabaseError

from formflow.core.errors import ExitCode, LedgerDamaged
from formflow.core.settings import Settings
from formflow.pipeline import damage, service
from formflow.pipeline.watcher import FolderWatcher
from formflow.storage.database import writing
from tests.cli.test_damaged_ledger import damage as damaged
from tests.support import worker
from tests.support.offices import agency, drop, formflow

RED, GREEN = "red-planned-secrecy-pdfjs", "green-free-play-pdfjs"
REFERENCE = "FF-2026-000001"
POSITIONS = int(os.environ.get("FORMFLOW_FLIPS", "20"))


def ledger(office: Settings) -> Path:
    return office.state.folder / "ledger.sqlite"


def serve_until_it_ends(office: Settings) -> None:
    """Let a service work until it stops by itself."""
    with damage.told(office):
        service.serve(
            worker.context_of(office), FolderWatcher(watch.folder for watch in office.watch)
        )


@pytest.mark.slow
def test_a_service_whose_ledger_breaks_stops_and_leaves_forms_where_they_lie(
    office: Settings,
) -> None:
    drop(office, RED)
    worker.settle(office)
    worker.context_of(office).engine.dispose()
    sound = ledger(office).read_bytes()
    damaged(ledger(office))
    dropped = drop(office, GREEN)
    with pytest.raises(LedgerDamaged):
        serve_until_it_ends(office)
    with suppress(DatabaseError):
        worker.close()
    assert dropped.exists()
    page = (office.folders.alerts / damage.PAGE).read_text("utf-8")
    assert "FF-450" in page
    assert "Tell IT now" in page
    assert "formflow restore BACKUPS --old-state THAT-NAME" in page
    ended = formflow(office, "status")
    assert ended.returncode == ExitCode.INTEGRITY
    assert "damaged" in ended.stderr
    assert "formflow restore BACKUPS --old-state THAT-NAME" in ended.stderr

    # It does not start as long as that is so, and says it once.
    (office.folders.alerts / damage.PAGE).unlink()
    assert formflow(office, "run", "--once").returncode == ExitCode.INTEGRITY
    assert dropped.exists()
    assert not (office.folders.alerts / damage.PAGE).exists()

    ledger(office).write_bytes(sound)
    assert formflow(office, "run", "--once").returncode == ExitCode.DONE
    assert not dropped.exists()
    assert formflow(office, "status").returncode == ExitCode.WAITING
    assert formflow(office, "show", "FF-2026-000002").returncode == ExitCode.DONE


def test_a_page_that_could_not_be_written_is_written_at_the_next_start(office: Settings) -> None:
    drop(office, RED)
    worker.settle(office)
    worker.close()
    damaged(ledger(office))
    alerts = office.folders.alerts
    alerts.rename(alerts.with_name("away"))
    assert formflow(office, "run", "--once").returncode == ExitCode.INTEGRITY
    alerts.with_name("away").rename(alerts)
    assert formflow(office, "status").returncode == ExitCode.INTEGRITY
    assert formflow(office, "run", "--once").returncode == ExitCode.INTEGRITY
    assert (alerts / damage.PAGE).exists()


def test_a_service_that_makes_no_sense_of_a_row_finds_that_the_ledger_is_damaged(
    office: Settings,
) -> None:
    drop(office, RED)
    worker.settle(office)
    with writing(worker.context_of(office).engine) as connection:
        connection.exec_driver_sql("UPDATE sighting SET changed_at = 'of no kind'")
    dropped = drop(office, GREEN)
    with pytest.raises(LedgerDamaged):
        serve_until_it_ends(office)
    worker.close()
    assert dropped.exists()
    assert (office.folders.alerts / damage.PAGE).exists()


def test_an_entry_that_was_changed_is_not_shown_as_if_it_were_right(office: Settings) -> None:
    drop(office, RED)
    worker.settle(office)
    worker.close()
    content = ledger(office).read_bytes()
    at = content.rindex(b'"value":"yes"')
    ledger(office).write_bytes(content[: at + 9] + b"no " + content[at + 12 :])
    ended = formflow(office, "show", REFERENCE)
    assert ended.returncode == ExitCode.INTEGRITY
    assert ended.stdout == ""
    assert formflow(office, "run", "--once").returncode == ExitCode.INTEGRITY


def test_what_was_prepared_and_changed_in_the_ledger_is_not_delivered(office: Settings) -> None:
    receipts = office.folders.receipts
    receipts.rename(receipts.with_name("away"))
    drop(office, RED)
    worker.settle(office)
    with writing(worker.context_of(office).engine) as connection:
        connection.exec_driver_sql(
            "UPDATE parcel SET body = CAST(replace(CAST(body AS TEXT), 'form', 'farm') AS BLOB)"
            " WHERE destination = 'Receipts'"
        )
    receipts.with_name("away").rename(receipts)
    formflow(office, "retry")
    with pytest.raises(LedgerDamaged):
        worker.settle(office)
    assert [path.name for path in receipts.glob("*.html")] == []
    worker.close()
    assert formflow(office, "run", "--once").returncode == ExitCode.INTEGRITY
    assert (office.folders.alerts / damage.PAGE).exists()
    assert "WRONG ledger" in formflow(office, "verify").stdout
    dropped = drop(office, GREEN)
    assert formflow(office, "run", "--once").returncode == ExitCode.INTEGRITY
    assert dropped.exists()


@pytest.fixture(scope="module")
def truth(tmp_path_factory: pytest.TempPathFactory) -> tuple[Settings, str, str]:
    """An agency with two records, and what is shown of the first while its ledger is sound."""
    office = agency(tmp_path_factory.mktemp("flips") / "agency")
    for case in (RED, GREEN):
        drop(office, case)
    worker.settle(office)
    worker.close()
    shown = formflow(office, "show", "--json", REFERENCE)
    assert shown.returncode == ExitCode.DONE
    shutil.copyfile(ledger(office), office.state.folder / "sound")
    return office, shown.stdout, formflow(office, "explain", "--json", REFERENCE).stdout


@pytest.mark.parametrize("seed", range(POSITIONS))
def test_a_byte_that_flips_never_gives_a_wrong_answer(
    truth: tuple[Settings, str, str], seed: int
) -> None:
    office, shown, explained = truth
    chance = random.Random(seed)  # noqa: S311 - the same places in every run
    content = bytearray((office.state.folder / "sound").read_bytes())
    place = chance.randrange(len(content))
    content[place] ^= 1 << chance.randrange(8)
    (office.state.folder / damage.NOTE).unlink(missing_ok=True)
    ledger(office).write_bytes(content)
    for command, right in (("show", shown), ("explain", explained)):
        ended = formflow(office, command, "--json", REFERENCE)
        assert "othing that was recorded is lost" not in ended.stderr
        assert ended.returncode in (ExitCode.DONE, ExitCode.INTEGRITY, ExitCode.STORAGE), (
            place,
            ended,
        )
        if ended.returncode == ExitCode.DONE:
            assert json.loads(ended.stdout) == json.loads(right), place
    ended = formflow(office, "status", "--json")
    assert ended.returncode != ExitCode.OUR_BUG, (place, ended.stderr)
    ended = formflow(office, "verify", "--json")
    assert ended.returncode != ExitCode.OUR_BUG, (place, ended.stderr)
