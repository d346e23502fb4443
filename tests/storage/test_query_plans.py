"""No statement that runs for one form reads a whole table: its time must not grow with the ledger."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, event

from formflow.core.settings import Settings
from formflow.storage.database import looking
from tests.support import worker
from tests.support.desk import filled, lying
from tests.support.offices import drop

GROWS = re.compile(
    r"SCAN (entry|parcel|paper|task|arrival|child|joined|later|sheet|waiting)\b|.* \(kind=\?\)$"
)
# These hold only what is still to be done, or what nobody has seen.
OF_WHAT_WAITS = re.compile(r"USING (COVERING )?INDEX (task_ready|task_leased|entry_unseen)\b")
Statements = dict[str, Any]


@contextmanager
def noted() -> Iterator[Statements]:
    """Note every statement that runs, with the values of one time."""
    ran: Statements = {}

    def note(_connection: Any, _cursor: Any, statement: str, values: Any, *_more: Any) -> None:
        ran.setdefault(statement, values)

    event.listen(Engine, "before_cursor_execute", note)
    yield ran
    event.remove(Engine, "before_cursor_execute", note)


def work(office: Settings) -> None:
    """Let two forms come, one of them twice, a decision on one, and the alert of the other be seen.

    One destination is away at first.
    """
    receipts = office.folders.receipts
    receipts.rename(receipts.with_name("away"))
    drop(office, "red-planned-secrecy-pdfjs")
    worker.settle(office)
    receipts.with_name("away").rename(receipts)
    drop(office, "red-planned-secrecy-pdfjs", "again.pdf")
    drop(office, "green-free-play-pdfjs")
    worker.settle(office)
    sheet = next(lying(office, "FF-2026-000001 * F2 *.pdf"))
    (office.watch[1].folder / "decided.pdf").write_bytes(filled(sheet, {"level": "harmful"}))
    alert = next(office.folders.alerts.glob("*FF-2026-000002*.html"))
    alert.rename(office.folders.alerts / "Seen" / alert.name)
    worker.settle(office)


def test_no_statement_for_a_form_reads_a_whole_table(office: Settings) -> None:
    with noted() as ran:
        work(office)
    plans = {}
    with looking(office.state.folder) as connection:
        for statement, values in ran.items():
            if statement.startswith(("SELECT", "INSERT", "UPDATE", "DELETE", "WITH")):
                asked = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
                plans[statement] = [str(row.detail) for row in asked]
    reading_all = {
        statement: step
        for statement, steps in plans.items()
        for step in steps
        if GROWS.match(step) and not OF_WHAT_WAITS.search(step)
    }
    assert reading_all == {}
    used = " ".join(step for steps in plans.values() for step in steps)
    for index in ("entry_child ", "entry_values", "entry_about", "entry_unseen", "arrival_path"):
        assert index in used
