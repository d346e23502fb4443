"""The walk of a paper, readable as a table of contents, and the one way in: drain().

    drop ─ gate ─ intake ─▶ [read] cage ▶ check ▶ decide ▶ record ─▶ [deliver] connectors
                             └── could not be assessed: recorded for a person, the DSL is told

Engines, services and commands see nothing but `drain(settings, most)`: claim, handle, commit, until
nothing is ready. It is safe anywhere and any number of times.
"""

from __future__ import annotations

import atexit
import contextlib
import logging
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial

from formflow.core import trouble
from formflow.core.clock import utc_now
from formflow.core.crash_points import crash_at
from formflow.core.model import Checked, Entry, Outcome, Reading, Role, Unread
from formflow.core.settings import Settings
from formflow.core.trouble import Trouble
from formflow.core.wording import SHEET_WORDS
from formflow.delivery import watermark
from formflow.delivery.dispatcher import deliver, give_up_overdue, most_at_once
from formflow.delivery.outbox import send_again
from formflow.forms.catalogue import Form
from formflow.pipeline.context import Workbench, open_workbench
from formflow.pipeline.escalation import climb
from formflow.pipeline.recording import Arrived, Office, foresee, record
from formflow.pipeline.reminders import remind
from formflow.reading.page_images import as_pdf
from formflow.reading.reader import NO_BOXES
from formflow.rules.checks import check
from formflow.sdk.contract import Operation
from formflow.storage import claims, entries, own_pages, papers, tasks
from formflow.storage.database import Connection, reading, writing
from formflow.storage.failures import trouble_of
from formflow.storage.originals import safe_suffix
from formflow.storage.papers import Arrival, Paper
from formflow.storage.schema import TaskKind
from formflow.storage.tasks import Claimed, LeaseLost

log = logging.getLogger("formflow")

FOR_A_HEAP = 200  # tasks at once where many wait: a workbook is rewritten once for all of them
READINGS_AT_ONCE = 8  # claimed in one commit; each is recorded in a transaction of its own
SOON_SECONDS = 20.0  # so long a command waits for a paper that was put back
_open: dict[str, Workbench] = {}


def drain(
    settings: Settings,
    most: int = 20,
    clock: Callable[[], datetime] = utc_now,
    *,
    waits: bool = True,
) -> int:
    """Claim, handle and commit up to `most` tasks; return how many. 0 means nothing is ready.

    Deliveries are made in the lanes of their destinations. `waits` says whether to wait for these: no
    longer than one call may take, and not at all for a lane that is stuck.
    """
    bench = workbench(settings)
    watermark.keep(bench, clock())
    handled, newest = 0, True
    while True:
        _put_back_what_stayed(bench)
        finished = bench.lanes.finished
        give_up_overdue(bench, clock)
        claimed = _claim(bench, most - handled, newest) if handled < most else []
        if claimed:
            newest ^= claimed[0].kind == TaskKind.READ  # from both ends of a heap in turn
            handled += len(claimed)
            _hand_over(bench, claimed, clock)
        elif not waits or not bench.lanes.wait(finished):
            return handled


def waited(settings: Settings) -> bool:
    """Wait for a paper that was put back and is due soon; return whether there was one."""
    with reading(workbench(settings).engine) as connection:
        due = tasks.next_paper_due(connection)
    if due is None or due - time.time() > SOON_SECONDS:
        return False
    time.sleep(max(0.0, due - time.time()))
    return True


def recorded(settings: Settings) -> int:
    """Return how many papers have been read and recorded so far."""
    with reading(workbench(settings).engine) as connection:
        return tasks.count_read(connection)


def drain_all(settings: Settings) -> int:
    """Drain in a process of its own until nothing is ready; return how many tasks were handled."""
    tasks.reap(workbench(settings).engine, workbench(settings).locks)
    handled = 0
    while (count := drain(settings, FOR_A_HEAP)) or waited(settings):
        handled += count
    close()
    return handled


def unfinished(settings: Settings) -> int:
    """Return how many deliveries wait for their destination or for a person."""
    with reading(workbench(settings).engine) as connection:
        return tasks.count_unfinished(connection)


def workbench(settings: Settings) -> Workbench:
    """Return this process's open things for these settings, opening them at first use."""
    key = str(settings.state.folder)
    if key not in _open:
        _open[key] = open_workbench(settings)
        watermark.begin(_open[key])
    return _open[key]


def close() -> None:
    """Let go of everything that drain() opened."""
    while _open:
        _open.popitem()[1].close()


atexit.register(close)


def walk(bench: Workbench, paper: Paper, now: datetime) -> Checked | Unread:
    """Read and check one paper. What cannot be read comes out as Unread, with the reason.

    Raise Trouble for what does not have to lie with the paper.
    """
    if paper.code:
        return Unread(paper.sha256, paper.code, paper.size, paper.words)
    read = bench.cage.read(bench.vault.original(paper.sha256))
    if isinstance(read, Unread):
        if read.reason in trouble.WEIGHS:  # the child met it
            raise Trouble(read.reason)
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


def _claim(bench: Workbench, most: int, newest: bool) -> list[Claimed]:
    def at_once(kind: str, lane: str) -> int:
        return min(
            most, most_at_once(bench, lane) if kind == TaskKind.DELIVER else READINGS_AT_ONCE
        )

    claimed = claims.claim(
        bench.engine, bench.owner.name, at_once, bench.lanes.busy(), newest_papers=newest
    )
    crash_at("ledger.claimed")
    return claimed


def _hand_over(bench: Workbench, claimed: Sequence[Claimed], clock: Callable[[], datetime]) -> None:
    """Handle claimed tasks: deliveries together in their lane, the others here, each for itself."""
    if claimed[0].kind == TaskKind.DELIVER:
        # Before anything with a new number leaves.
        if _safely(bench, claimed, lambda: watermark.keep(bench, clock())) is None:
            bench.lanes.hand(
                claimed[0].lane,
                lambda now: _safely(bench, claimed, lambda: deliver(bench, claimed, clock, now)),
            )
        return
    waiting = list(claimed)
    while waiting:
        task = waiting.pop(0)
        why = _safely(bench, [task], partial(_handle, bench, task, clock))
        if why is not None and why.code in trouble.OF_THE_COMPUTER:
            # Skip the rest: they would fail for the same reason.
            bench.stayed.extend((one, why) for one in waiting)
            return


def _safely(
    bench: Workbench, claimed: Sequence[Claimed], handle: Callable[[], None]
) -> Trouble | None:
    """Handle tasks; return what went wrong. Whatever that is, the next are taken and none is lost."""
    try:
        handle()
    except LeaseLost:
        log.warning("another worker took over %d tasks", len(claimed))
    except Exception as problem:  # noqa: BLE001 - the one broad except: nothing stops the others
        why = trouble_of(problem)
        # The class name only: a message or a traceback may hold a child's answers.
        log.error("%d tasks wait: %s (%s)", len(claimed), why.code, type(problem).__name__)  # noqa: TRY400
        bench.stayed.extend((task, why) for task in claimed)
        return why
    return None


def _put_back_what_stayed(bench: Workbench) -> None:
    """Put back what went wrong; it is tried again with growing patience, and status shows it meanwhile.

    Where even that cannot be written now, it is written before anything else is claimed.
    """
    stayed = [bench.stayed.popleft() for _ in range(len(bench.stayed))]
    if not stayed:
        return
    try:
        with writing(bench.engine) as connection:
            for task, why in stayed:
                with contextlib.suppress(LeaseLost):  # what is ours no longer is let be
                    tasks.put_back(
                        connection,
                        task,
                        bench.owner.name,
                        after_seconds=task.patience_seconds,
                        code=why.code,
                        weight=why.weight,
                    )
    except BaseException:
        bench.stayed.extendleft(reversed(stayed))
        raise


def _handle(bench: Workbench, task: Claimed, clock: Callable[[], datetime]) -> None:
    match task.kind:
        case TaskKind.READ:
            _read(bench, task, clock)
        case TaskKind.REPEAT:
            _repeat(bench, task)
        case TaskKind.REMIND:
            remind(bench, task, clock())
        case TaskKind.CLIMB:
            climb(bench, task, clock())


def _read(bench: Workbench, task: Claimed, clock: Callable[[], datetime]) -> None:
    with reading(bench.engine) as connection:
        paper = papers.paper(connection, task.ref_id)
    crash_at("read.begun")
    try:
        result = walk(bench, paper, clock())
        pictures = _pictures(bench, paper, result)
        _record(bench, task, paper, result, clock(), pictures)
    except LeaseLost:
        raise
    except Exception as problem:
        why = trouble_of(problem)
        if not why.weight or task.weight + why.weight < trouble.ENOUGH:
            raise
        log.error("a paper goes to a person unread: %s", type(problem).__name__)  # noqa: TRY400
        unread = Unread(paper.sha256, why.judgement, paper.size)
        _record(bench, task, paper, unread, clock())


def _pictures(bench: Workbench, paper: Paper, result: Checked | Unread) -> str | None:
    """Keep the paper's pages as pictures where a person needs them, or others must not get more."""
    read = result.reading if isinstance(result, Checked) else result
    is_checked = read.confirm if isinstance(read, Reading) else read.reason == NO_BOXES
    if not is_checked and not read.carries:
        return None
    pictures = as_pdf(bench.cage.pictures(bench.vault.original(paper.sha256)))
    return bench.vault.keep_bytes(pictures) if pictures else None


def _record(
    bench: Workbench,
    task: Claimed,
    paper: Paper,
    result: Checked | Unread,
    now: datetime,
    pictures: str | None = None,
) -> None:
    suffix = safe_suffix(paper.file_name)
    arrived = Arrived(
        paper.id,
        paper.sha256,
        paper.received_at,
        suffix,
        pictures,
        continues=paper.continues,
        role=paper.role,
    )
    office, form = Office(bench.settings, bench.destinations), _form_of(bench, result)
    foreseen = foresee(bench.settings, result, form, now)
    with writing(bench.engine) as connection:
        recorded = record(connection, office, arrived, result, form, foreseen, now)
        if recorded.repeats:
            first = papers.first_arrival(connection, paper.id)
            _answer_repeat(bench, connection, first, recorded.entry_id)
        tasks.finish(connection, task, bench.owner.name)
        crash_at("record.before-commit")
    crash_at("record.after-commit")


def _form_of(bench: Workbench, result: Checked | Unread) -> Form | None:
    if isinstance(result, Unread):
        return None
    return bench.form_of(result.reading.form_id, result.reading.form_version)


def _repeat(bench: Workbench, task: Claimed) -> None:
    """Say that a paper came again. Nothing new is recorded."""
    with writing(bench.engine) as connection:
        arrival = papers.arrival(connection, task.ref_id)
        if arrival.entry_id is None:  # the first arrival is still being read
            tasks.put_back(connection, task, bench.owner.name, after_seconds=2, code="first-unread")
            return
        _answer_repeat(bench, connection, arrival, arrival.entry_id)
        tasks.finish(connection, task, bench.owner.name)


def _answer_repeat(
    bench: Workbench, connection: Connection, arrival: Arrival, entry_id: int
) -> None:
    """Answer where the paper came from: the office by receipt, the safeguarding lead in her own folders."""
    entry = entries.entry(connection, entry_id)
    operation, there = _answered_by(entry, arrival.role), bench.destinations
    at = arrival.arrived_at
    send_again(connection, there, bench.settings, operation, entry, entry_id, arrival.id, at)


def _answered_by(entry: Entry, role: Role) -> Operation:
    """Return how it is said that a paper came again. A sheet that belongs to no record has no page."""
    if role is Role.STAFF:
        return Operation.RECEIPT
    has_page = entry.about is not None or entry.form_id not in SHEET_WORDS
    is_usable = entry.outcome not in (Outcome.HELD, Outcome.UNREADABLE)
    return Operation.DECIDE if has_page and is_usable else Operation.ALERT
