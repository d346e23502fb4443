"""What is drawn and prepared outside the lock: nothing waits for it, nothing is lost, and it is always the same."""

from __future__ import annotations

import errno
import shutil
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from formflow.admin import status
from formflow.core.dates import local_day
from formflow.core.settings import Settings
from formflow.core.trouble import ENOUGH, WORKER_GONE
from formflow.delivery import calls, contents, own_alerts
from formflow.documents import prefill
from formflow.documents.prefill import Copy
from formflow.forms import catalogue
from formflow.pipeline.context import WorkContext
from formflow.sdk.contract import Connector, Operation, Prepared
from formflow.sdk.parcels import Parcel
from formflow.storage import database, parcels, tasks
from formflow.storage.originals import Vault
from formflow.storage.parcels import Cause, Posted
from formflow.storage.tasks import Claimed, LeaseLost
from tests.pipeline.test_walk import entries
from tests.stories.test_closing import keeping_a_log
from tests.stories.test_decisions import amended
from tests.support import lock, worker
from tests.support.desk import Desk, filled, lying
from tests.support.offices import drop, dsl_folder, files, formflow, sample

RED, GREEN = "red-planned-secrecy-pdfjs", "green-free-play-pdfjs"
AMENDED = "red-planned-secrecy-amended-pdfjs"  # the same form, corrected
SECOND = "red-second-incident-itext5-append"  # another incident
PRINTED = "not-ours/printed-pdfium"
TO_DECIDE = "To decide"
EXAMPLE = Path(__file__).parents[2] / "examples" / "agency-form"
AGENCYS = catalogue.load(EXAMPLE / "example-school.toml")
HARMFUL = {"level": "harmful", "level_reason": "Planned.", "signed_name": "Sam Lead"}


def make_due(office: Settings) -> None:
    with database.writing(worker.context_of(office).engine) as connection:
        connection.exec_driver_sql("UPDATE task SET due = 0 WHERE kind = 'deliver'")
    worker.settle(office)


def retry(office: Settings) -> None:
    with database.writing(worker.context_of(office).engine) as connection:
        tasks.retry(connection, None, set_aside_too=True)
    worker.settle(office)


def undelivered(office: Settings) -> list[tuple[str, int, str]]:
    return [
        (one.destination, one.set_aside, one.code) for one in status.overview(office).undelivered
    ]


def fails(_copy: Copy, _answers: object) -> bytes:
    raise ValueError("Alex Example")


# Nothing is drawn while the ledger is held.


def test_nothing_is_drawn_prepared_or_kept_while_the_ledger_is_held(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    office = keeping_a_log(tmp_path / "an agency")
    with lock.watched(worker.context_of(office).engine) as held:
        seen = seen_while_everything_is_told(office, held, monkeypatch)
    worker.close()
    assert {what for what, _ in seen} == {"kept", "prepared", *Cause} - {Cause.ESCALATION}
    assert [what for what, is_held in seen if is_held] == []


def seen_while_everything_is_told(
    office: Settings, held: Callable[[], bool], monkeypatch: pytest.MonkeyPatch
) -> list[tuple[str, bool]]:
    """Return what was kept, prepared and drawn, each with whether the ledger was held meanwhile."""
    seen: list[tuple[str, bool]] = []
    keep, prepare, draw = Vault.keep, calls.prepare, contents.parcel_of

    def kept(self: Vault, source: BinaryIO) -> tuple[str, int]:
        seen.append(("kept", held()))
        return keep(self, source)

    def prepared(connector: Connector, parcel: Parcel) -> Prepared:
        seen.append(("prepared", held()))
        return prepare(connector, parcel)

    def drawn(*about: Any) -> Parcel:
        seen.append((about[1].cause, held()))
        return draw(*about)

    monkeypatch.setattr(Vault, "keep", kept)
    monkeypatch.setattr(calls, "prepare", prepared)
    monkeypatch.setattr("formflow.delivery.preparing.parcel_of", drawn)
    everything_that_is_told(Desk(office))
    return seen


def everything_that_is_told(desk: Desk) -> None:
    """A form, the same again, one that comes back, one of ours, a review sheet, one that cannot wait, what is overdue, an alert of our own, a case that should not be there."""
    office = desk.office
    desk.gets(RED)
    drop(office, RED, "again.pdf")
    drop(office, PRINTED, "printed.pdf")
    desk.waits()
    desk.fills_in("F2", **HARMFUL)
    desk.takes(amended(urgent_referral="yes"), "it cannot wait.pdf")
    bench = worker.context_of(office)
    with database.writing(bench.engine) as connection:
        words = {"reference": "FF-2026-000001", "destination": "there", "why": "."}
        own_alerts.tell(connection, bench, "FF-421", words, datetime.now(UTC))
        connection.exec_driver_sql("UPDATE task SET due = 0 WHERE kind = 'remind' AND state = 0")
    later = datetime.now(UTC) + timedelta(days=30)
    while not office.working_days.is_open(local_day(later, office.zone)):
        later += timedelta(days=1)
    while worker.drain(office, clock=lambda: later):
        pass
    with database.writing(bench.engine) as connection:
        connection.exec_driver_sql("UPDATE task SET due = 0 WHERE kind = 'deliver' AND state = 0")
    while worker.drain(office, clock=lambda: later):
        pass
    desk.gets(GREEN)
    said = ("case", "entered-in-error", entries(office)[-1].reference, "--reason", "A drill.")
    assert formflow(office, *said).returncode == 0
    desk.waits()


# What fails holds itself, is said, and comes when it can.


def test_a_form_whose_definition_was_taken_away_is_alerted_and_not_filed_without_its_answers(
    office: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_about: object) -> list[Prepared]:
        raise OSError(errno.ENOSPC, "No space left on device")

    for part in EXAMPLE.iterdir():
        shutil.copy(part, office.folders.forms)
    content = filled(AGENCYS.blank, {"child.name": "Alex Example"})
    (office.watch[0].folder / "theirs.pdf").write_bytes(content)
    with monkeypatch.context() as disk:
        disk.setattr("formflow.delivery.dispatcher.prepare", full)
        worker.settle(office)
    worker.close()
    for part in EXAMPLE.iterdir():
        (office.folders.forms / part.name).unlink()
    make_due(office)
    assert len(files(office.folders.alerts)) == 1
    assert files(dsl_folder(office) / "Child files") == []
    assert ("Child files", 0, "FF-424") in undelivered(office)
    worker.close()
    for part in EXAMPLE.iterdir():
        shutil.copy(part, office.folders.forms)
    make_due(office)
    assert undelivered(office) == []
    assert [name for name in files(dsl_folder(office) / "Child files") if "as read" in name]


def test_a_sheet_that_cannot_be_drawn_holds_neither_record_nor_alert_and_status_says_so(
    office: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(prefill, "prefilled", fails)
        drop(office, RED)
        worker.settle(office)
        assert len(files(office.folders.alerts)) == 1
        assert status.overview(office).records == 1
        assert [name for name in files(dsl_folder(office) / "Child files") if "as read" in name]
        assert undelivered(office) == [(TO_DECIDE, 0, "FF-428")]
        for _ in range(6):
            make_due(office)
        assert undelivered(office) == [(TO_DECIDE, 1, "FF-428")]
        (told,) = status.overview(office).own_alerts
        assert told.code == "FF-423"
        assert f"A page or sheet about FF-{told.since.year}-000001 could not be made" in told.text
        assert len(files(office.folders.alerts)) == 2
        assert "Alex Example" not in caplog.text
    retry(office)
    assert undelivered(office) == []
    assert len(list(lying(office, "* F2 *.pdf"))) == 1


def test_a_copy_to_check_that_cannot_be_drawn_keeps_no_receipt_and_no_alert(
    office: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(prefill, "prefilled", fails)
        drop(office, PRINTED, "printed.pdf")
        worker.settle(office)
        assert len(files(office.folders.alerts)) == len(files(office.folders.receipts)) == 1
        assert files(office.folders.needs_attention) == []
    retry(office)
    assert "FF-2026-000001 please check.pdf" in files(office.folders.needs_attention)


def test_a_full_disk_sets_no_sheet_aside(office: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_self: Vault, _content: bytes) -> str:
        raise OSError(errno.ENOSPC, "no space")

    with monkeypatch.context() as broken:
        broken.setattr(Vault, "keep_bytes", full)
        drop(office, RED)
        worker.settle(office)
        for _ in range(7):
            make_due(office)
        assert undelivered(office) == [(TO_DECIDE, 0, "FF-140")]
        assert len(files(office.folders.alerts)) == 1
    make_due(office)
    assert undelivered(office) == []


def test_a_drawing_of_which_workers_die_is_set_aside_in_the_end(office: Settings) -> None:
    drop(office, RED)
    bench = worker.context_of(office)
    died = f"weight = {ENOUGH - WORKER_GONE}, attempts = 60, state = 1, owner = 'dead'"
    with database.writing(bench.engine) as connection:
        connection.exec_driver_sql(
            f"CREATE TRIGGER dies AFTER INSERT ON task WHEN NEW.lane = '{TO_DECIDE}'"  # noqa: S608 - constants
            f" BEGIN UPDATE task SET {died} WHERE id = NEW.id; END"
        )
    worker.settle(office)
    assert undelivered(office) == [(TO_DECIDE, 0, "")]
    worker.settle(office)
    assert undelivered(office) == [(TO_DECIDE, 1, "FF-428")]
    retry(office)
    assert undelivered(office) == []


def test_the_alert_waits_for_no_drawing(office: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sheet is drawn only after the alert is there: if the alert waited for it, neither would come."""
    draw, is_told = prefill.prefilled, threading.Event()
    delivered = calls.deliver_all

    def patient(copy: Copy, answers: Any) -> bytes:
        assert is_told.wait(60)
        return draw(copy, answers)

    def noted(
        connector: Connector, prepared: Sequence[Prepared], now: calls.Round, unclear: Sequence[str]
    ) -> None:
        delivered(connector, prepared, now, unclear)
        if Operation.ALERT in connector.capabilities.operations:
            is_told.set()

    monkeypatch.setattr(prefill, "prefilled", patient)
    monkeypatch.setattr(calls, "deliver_all", noted)
    drop(office, RED)
    worker.settle(office)
    assert len(files(office.folders.alerts)) == 1
    assert undelivered(office) == []


# Drawn later, drawn again: the same.


def test_whoever_draws_later_or_again_draws_the_same(office: Settings, tmp_path: Path) -> None:
    desk = Desk(office)
    desk.gets(RED)
    desk.takes(sample(PRINTED).read_bytes(), "printed.pdf")
    desk.fills_in("F2", desk.sheet("F2"), **HARMFUL)
    desk.gets(AMENDED)
    desk.gets(SECOND)
    desk.gets(GREEN)
    bench = worker.context_of(office)
    stored = stored_parcels(bench)
    assert {posted.operation for posted, _ in stored} == set(Operation)
    vault = Vault(tmp_path / "vault")

    def again(posted: Posted) -> Prepared:
        connector = bench.destinations[posted.destination]
        parcel = contents.parcel_of(bench, posted, connector.capabilities, vault.keep_bytes)
        return calls.prepare(connector, parcel)

    with ThreadPoolExecutor(4) as lanes:  # several draw at the same time
        for (posted, sent), drawn in zip(
            stored, lanes.map(again, [posted for posted, _ in stored]), strict=True
        ):
            assert drawn == sent, posted
    assert {path.name for path in vault.folder.rglob("*.pdf")} <= {
        path.name for path in bench.vault.folder.rglob("*.pdf")
    }, "sheets, too"


def stored_parcels(bench: WorkContext) -> list[tuple[Posted, Prepared]]:
    with database.reading(bench.engine) as connection:
        ids = connection.exec_driver_sql("SELECT id FROM parcel").scalars().all()
        found = parcels.to_deliver(connection, ids).values()
    return [(posted, sent) for posted, sent in found if sent is not None]


def test_nobody_stores_bytes_for_a_delivery_that_another_worker_has_taken_over(
    office: Settings,
) -> None:
    drop(office, RED)
    worker.settle(office)
    bench = worker.context_of(office)
    (posted, sent), *_ = stored_parcels(bench)
    with database.writing(bench.engine) as connection:
        task = claimed_by(connection, posted, "another")
        other = Prepared(sent.key, b"other bytes")
        for lost in (task, replace(task, attempts=task.attempts + 1)):
            with pytest.raises(LeaseLost):
                parcels.store(connection, lost, bench.owner.name, other)
        parcels.store(connection, task, "another", other)


def claimed_by(connection: database.Connection, posted: Posted, owner: str) -> Claimed:
    row = connection.exec_driver_sql(
        "UPDATE task SET state = 1, owner = ? WHERE kind = 'deliver' AND ref_id = (SELECT id FROM parcel"
        " WHERE key = ?) RETURNING id, kind, ref_id, lane, attempts",
        (owner, posted.key),
    ).one()
    return Claimed(*row)
