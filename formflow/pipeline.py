"""The walk of a paper, readable as a table of contents, and the one way in: drain().

    drop ─ gate ─ intake ─▶ [read] cage ▶ check ▶ decide ▶ record ─▶ [deliver] connectors
                             └── could not be assessed: recorded for a person, the DSL is told

Engines, services and commands see nothing but `drain(settings, most)`: claim, handle, commit, until
nothing is ready. It is safe anywhere and any number of times.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import logging
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, text

from formflow import ledger, own_pages, pages, parcels, shelf
from formflow.casework import ToDecide
from formflow.check import check
from formflow.climb import climb
from formflow.deliver import deliver, most_at_once
from formflow.forms import Form
from formflow.ledger import Claimed, LeaseLost
from formflow.model import Checked, Reading, Unread
from formflow.picture import as_pdf
from formflow.posting import send_page, send_receipt
from formflow.reader import NO_BOXES
from formflow.record import Arrived, Office, record
from formflow.remind import remind
from formflow.settings import Settings
from formflow.tables import reading, writing
from formflow.testing.crash import crash_at
from formflow.vault import safe_suffix
from formflow.workbench import Workbench, open_workbench

log = logging.getLogger("formflow")

FOR_A_HEAP = 200  # tasks at once where many wait: a workbook is rewritten once for all of them
READINGS_AT_ONCE = 8  # claimed in one commit; each is recorded in a transaction of its own
LONGEST_PATIENCE_SECONDS = 3600.0
READINGS_UNTIL_SET_ASIDE = 2  # a paper that kills its worker twice goes to a person unread
_open: dict[str, Workbench] = {}


def utc_now() -> datetime:
    """Return this moment, aware. The only clock of the program."""
    return datetime.now(UTC)


def drain(settings: Settings, most: int = 20, clock: Callable[[], datetime] = utc_now) -> int:
    """Claim, handle and commit up to `most` tasks; return how many. 0 means nothing is ready."""
    bench = workbench(settings)
    handled = 0
    while handled < most:
        tasks = _claim(bench, most - handled)
        if not tasks:
            break
        handled += len(tasks)
        _handle_safely(bench, tasks, clock)
    return handled


def recorded(settings: Settings) -> int:
    """Return how many papers have been read and recorded so far."""
    with reading(workbench(settings).engine) as connection:
        return int(connection.execute(_RECORDED).scalar_one())


def drain_all(settings: Settings) -> int:
    """Drain in a process of its own until nothing is ready; return how many tasks were handled."""
    ledger.reap(workbench(settings).engine, workbench(settings).locks)
    handled = 0
    while count := drain(settings, FOR_A_HEAP):
        handled += count
    close()
    return handled


def unfinished(settings: Settings) -> int:
    """Return how many deliveries wait for their destination or for a person."""
    with reading(workbench(settings).engine) as connection:
        return int(connection.execute(_UNFINISHED).scalar_one())


def workbench(settings: Settings) -> Workbench:
    """Return this process's open things for these settings, opening them at first use."""
    key = str(settings.state.folder)
    if key not in _open:
        _open[key] = open_workbench(settings)
    return _open[key]


def close() -> None:
    """Let go of everything that drain() opened."""
    while _open:
        _open.popitem()[1].close()


atexit.register(close)


def walk(bench: Workbench, paper: Row[Any], attempts: int, now: datetime) -> Checked | Unread:
    """Read and check one paper. What cannot be read comes out as Unread, with the reason."""
    if paper.code:
        return Unread(paper.sha256 or "", paper.code, paper.size, json.loads(paper.words))
    if attempts > READINGS_UNTIL_SET_ASIDE:
        return Unread(paper.sha256, "FF-112", paper.size)
    read = bench.cage.read(bench.vault.original(paper.sha256))
    if isinstance(read, Unread):
        return read
    with reading(bench.engine) as connection:
        read = own_pages.compared(connection, read)
    form = bench.form_of(read.form_id, read.form_version)
    assert form is not None  # noqa: S101 - the reader knows these forms only
    return check(
        read,
        form,
        now.astimezone(bench.settings.zone).date(),
        similar_age_years=bench.settings.rules.similar_age_years,
    )


def _claim(bench: Workbench, most: int) -> list[Claimed]:
    def at_once(kind: str, lane: str) -> int:
        return min(most, most_at_once(bench, lane) if kind == "deliver" else READINGS_AT_ONCE)

    tasks = ledger.claim(bench.engine, bench.owner.name, at_once)
    crash_at("ledger.claimed")
    return tasks


def _handle_safely(
    bench: Workbench, tasks: Sequence[Claimed], clock: Callable[[], datetime]
) -> None:
    """Handle claimed tasks; whatever goes wrong, the next tasks are taken and these are not lost."""
    try:
        _handle(bench, tasks, clock)
    except LeaseLost:
        log.warning("another worker took over %d tasks", len(tasks))
    except Exception as problem:  # noqa: BLE001 - the one broad except: nothing stops the others
        # The class name only: a message or a traceback may hold a child's answers.
        log.error("%d tasks wait: %s", len(tasks), type(problem).__name__)  # noqa: TRY400
        with writing(bench.engine) as connection:
            for task in tasks:
                _put_back(connection, bench, task, f"bug:{type(problem).__name__}")


def _put_back(connection: Connection, bench: Workbench, task: Claimed, code: str) -> None:
    """Put back a task that went wrong in a way nobody foresaw; what is ours no longer is let be.

    It is tried again with growing patience and never given up: status shows it all the while.
    """
    after_seconds = min(LONGEST_PATIENCE_SECONDS, 5.0 * 4**task.attempts)
    owner = bench.owner.name
    with contextlib.suppress(LeaseLost):
        ledger.put_back(connection, task, owner, after_seconds=after_seconds, code=code)


def _handle(bench: Workbench, tasks: Sequence[Claimed], clock: Callable[[], datetime]) -> None:
    match tasks[0].kind:
        case "read":
            for task in tasks:
                _read(bench, task, clock)
        case "repeat":
            for task in tasks:
                _repeat(bench, task)
        case "remind":
            for task in tasks:
                remind(bench, task, clock())
        case "climb":
            for task in tasks:
                climb(bench, task, clock())
        case "deliver":
            deliver(bench, tasks, clock)


def _read(bench: Workbench, task: Claimed, clock: Callable[[], datetime]) -> None:
    with reading(bench.engine) as connection:
        paper = connection.execute(_PAPER, {"id": task.ref_id}).one()
    try:
        result = walk(bench, paper, task.attempts, clock())
        looks = _looks(bench, paper, result)
        _record(bench, task, paper, result, clock(), looks)
    except LeaseLost:
        raise
    except Exception as problem:  # noqa: BLE001 - the paper goes to a person instead
        log.error("a paper could not be assessed: %s", type(problem).__name__)  # noqa: TRY400
        unread = Unread(paper.sha256 or "", "FF-120", paper.size)
        _record(bench, task, paper, unread, clock())


def _looks(bench: Workbench, paper: Row[Any], result: Checked | Unread) -> bytes:
    """Return the paper's pages as pictures where a person needs them, or others must not get more."""
    read = result.reading if isinstance(result, Checked) else result
    is_checked = read.confirm if isinstance(read, Reading) else read.reason == NO_BOXES
    if not is_checked and not read.carries:
        return b""
    return as_pdf(bench.cage.pictures(bench.vault.original(paper.sha256)))


def _record(
    bench: Workbench,
    task: Claimed,
    paper: Row[Any],
    result: Checked | Unread,
    now: datetime,
    looks: bytes = b"",
) -> None:
    received_at = datetime.fromisoformat(paper.received_at)
    suffix = safe_suffix(paper.file_name)
    arrived = Arrived(
        paper.id, paper.sha256 or "", received_at, suffix, looks, continues=paper.continues
    )
    office = Office(
        bench.settings, bench.destinations, bench.vault.keep_bytes, bench.ours, bench.sheets
    )
    with writing(bench.engine) as connection:
        recorded = record(connection, office, arrived, result, _form_of(bench, result), now)
        if recorded.repeats:
            _send_repeat_receipt(bench, connection, _first_arrival(connection, paper.id))
        ledger.finish(connection, task, bench.owner.name)
        crash_at("record.before-commit")
    crash_at("record.after-commit")


def _first_arrival(connection: Connection, paper_id: int) -> Row[Any]:
    return connection.execute(_FIRST_ARRIVAL, {"paper": paper_id}).one()


def _form_of(bench: Workbench, result: Checked | Unread) -> Form | None:
    if isinstance(result, Unread):
        return None
    return bench.form_of(result.reading.form_id, result.reading.form_version)


def _repeat(bench: Workbench, task: Claimed) -> None:
    """Say by receipt that a paper came again. Nothing new is recorded."""
    with writing(bench.engine) as connection:
        arrival = connection.execute(_ARRIVAL, {"id": task.ref_id}).one()
        if arrival.entry_id is None:  # the first arrival is still being read
            ledger.put_back(
                connection, task, bench.owner.name, after_seconds=2, code="first-unread"
            )
            return
        _send_repeat_receipt(bench, connection, arrival)
        ledger.finish(connection, task, bench.owner.name)


def _send_repeat_receipt(bench: Workbench, connection: Connection, arrival: Row[Any]) -> None:
    entry = shelf.entry(connection, arrival.entry_id)
    form = bench.form_of(entry.form_id, entry.form_version)
    page = pages.repeat_receipt(
        entry, form, bench.settings, datetime.fromisoformat(arrival.arrived_at)
    )
    case = shelf.case(connection, entry.about) if entry.about else None
    occasion = parcels.Occasion(entry, form, bench.settings)
    if case is not None:
        at = datetime.fromisoformat(arrival.arrived_at)
        to_decide, there = ToDecide(case, {}), bench.destinations
        send_page(connection, there, occasion, to_decide, arrival.entry_id, arrival.id, at)
        return
    send_receipt(connection, bench.destinations, occasion, arrival.entry_id, arrival.id, page)


_FIRST_ARRIVAL = text(
    "SELECT arrival.id, arrival.arrived_at, paper.entry_id FROM arrival"
    " JOIN paper ON paper.id = arrival.paper_id WHERE paper.id = :paper ORDER BY arrival.id LIMIT 1"
)
_RECORDED = text("SELECT count(*) FROM task WHERE kind = 'read' AND state = 2")
_UNFINISHED = text("SELECT count(*) FROM task WHERE state != 2 AND kind NOT IN ('remind', 'climb')")
_PAPER = text(
    "SELECT id, sha256, size, file_name, received_at, code, words, continues FROM paper"
    " WHERE id = :id"
)
_ARRIVAL = text(
    "SELECT arrival.id, arrival.arrived_at, paper.entry_id FROM arrival"
    " JOIN paper ON paper.id = arrival.paper_id WHERE arrival.id = :id"
)
