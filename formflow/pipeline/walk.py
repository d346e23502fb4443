"""The processing loop, readable as a table of contents; drain() is the only entry point.

    drop ─ gate ─ intake ─▶ [read] cage ▶ check ▶ decide ▶ record ─▶ [deliver] connectors
                             └── could not be assessed: recorded for a person, the DSL is told

Engines, services and commands see nothing but `drain(context, most)`: claim, handle, commit, until
nothing is ready. It is safe anywhere and any number of times.
"""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial

from formflow.core import trouble
from formflow.core.clock import clock as system_clock
from formflow.core.clock import utc_now
from formflow.core.crash_points import crash_at
from formflow.core.dates import local_day, local_time
from formflow.core.errors import LedgerDamaged
from formflow.core.events import Event
from formflow.core.model import Checked, Entry, Outcome, Reading, Role, Unread
from formflow.core.references import short
from formflow.core.trouble import Trouble
from formflow.core.wording import SHEET_WORDS
from formflow.delivery import flood, own_alerts, watermark
from formflow.delivery.dispatcher import deliver, give_up_overdue, most_at_once
from formflow.delivery.outbox import send_again
from formflow.forms.catalogue import Form
from formflow.pipeline import closing
from formflow.pipeline.addenda import with_blanks
from formflow.pipeline.chasing import chase
from formflow.pipeline.context import WorkContext
from formflow.pipeline.escalation import escalate
from formflow.pipeline.recording import Arrived, foresee, record
from formflow.pipeline.reminders import remind
from formflow.pipeline.reread import when_quieter
from formflow.reading.page_images import as_pdf
from formflow.reading.reader import NO_BOXES
from formflow.rules.checks import check
from formflow.sdk.contract import Operation
from formflow.storage import claims, entries, own_pages, papers, soundness, tasks
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


def drain(
    context: WorkContext,
    most: int = 20,
    clock: Callable[[], datetime] = utc_now,
    *,
    waits: bool = True,
) -> int:
    """Claim, handle and commit tasks until there were `most`; return how many. 0 means nothing is ready.

    Deliveries are made in the lanes of their destinations. `waits` says whether to wait for these: no
    longer than one call may take, and not at all for a lane that is stuck. A worker that is to stop begins
    nothing more. Raise LedgerDamaged.
    """
    watermark.keep(context, clock())
    handled, newest = 0, True
    while True:
        context.refuse_damage()
        _put_back_what_stayed(context)
        if context.stopping.is_set():
            return handled
        finished = context.lanes.finished
        give_up_overdue(context, clock)
        claimed = _claim(context, most - handled, newest) if handled < most else []
        if claimed:
            newest ^= claimed[0].kind == TaskKind.READ  # from both ends of a heap in turn
            handled += len(claimed)
            _hand_over(context, claimed, clock)
        elif not waits or not context.lanes.wait(finished):
            return handled


def waited(context: WorkContext) -> bool:
    """Wait for a paper that was put back and is due soon; return whether there was one."""
    with reading(context.engine) as connection:
        due = tasks.next_paper_due(connection)
    if due is None or due - system_clock.seconds() > SOON_SECONDS:
        return False
    context.rest(due - system_clock.seconds())
    return not context.stopping.is_set()


def goes_on(context: WorkContext) -> bool:
    """Return whether a command that is to end has more to do first, when it has waited for that."""
    return waited(context) or flood.end(context.engine)


def recorded(context: WorkContext) -> int:
    """Return how many papers have been read and recorded so far."""
    with reading(context.engine) as connection:
        return tasks.count_read(connection)


def drain_all(context: WorkContext) -> int:
    """Drain until nothing is ready; return how many tasks were handled."""
    tasks.reap(context.engine, context.locks)
    handled = 0
    while (count := drain(context, FOR_A_HEAP)) or goes_on(context):
        handled += count
    return handled


def walk(context: WorkContext, paper: Paper, now: datetime) -> Checked | Unread:
    """Read and check one paper. What cannot be read comes out as Unread, with the reason.

    Raise Trouble for what does not have to lie with the paper.
    """
    if paper.code:
        return Unread(paper.sha256, paper.code, paper.size, paper.words)
    read = context.cage.read(context.vault.original(paper.sha256))
    if isinstance(read, Unread):
        if read.reason in trouble.WEIGHS:  # the child met it
            raise Trouble(read.reason)
        return read
    with reading(context.engine) as connection:
        read = own_pages.compared(connection, read)
    form = context.form_of(read.form_id, read.form_version)
    assert form is not None  # noqa: S101 - the reader knows these forms only
    read = replace(read, answers=with_blanks(form, read.answers))
    return check(
        read,
        form,
        local_day(now, context.settings.zone),
        time_of_day=local_time(now, context.settings.zone),
        similar_age_years=context.settings.rules.similar_age_years,
    )


def _claim(context: WorkContext, most: int, newest: bool) -> list[Claimed]:
    def at_once(kind: str, lane: str) -> int:
        if kind == TaskKind.DELIVER:  # its lane takes the time, and saves a workbook once for all
            return most_at_once(context, lane)
        return min(most, READINGS_AT_ONCE)

    claimed = claims.claim(
        context.engine, context.owner.name, at_once, context.lanes.busy(), newest_papers=newest
    )
    crash_at("ledger.claimed")
    return claimed


def _hand_over(
    context: WorkContext, claimed: Sequence[Claimed], clock: Callable[[], datetime]
) -> None:
    """Handle claimed tasks: deliveries together in their lane, the others here, each for itself."""
    if claimed[0].kind == TaskKind.DELIVER:
        # Before anything with a new number leaves.
        if _safely(context, claimed, lambda: watermark.keep(context, clock())) is None:
            context.lanes.hand(
                claimed[0].lane,
                lambda now: _safely(
                    context, claimed, lambda: deliver(context, claimed, clock, now)
                ),
            )
        return
    waiting = list(claimed)
    while waiting:
        if context.stopping.is_set():
            _give_back(context, waiting)
            return
        task = waiting.pop(0)
        why = _safely(context, [task], partial(_handle, context, task, clock))
        if why is not None and why.code in trouble.OF_THE_COMPUTER:
            # Skip the rest: they would fail for the same reason.
            context.stayed.extend((one, why) for one in waiting)
            return


def _safely(
    context: WorkContext, claimed: Sequence[Claimed], handle: Callable[[], None]
) -> Trouble | None:
    """Handle tasks; return what went wrong. Whatever that is, the next are taken and none is lost."""
    try:
        handle()
    except LeaseLost:
        log.warning("another worker took over %d tasks", len(claimed))
    except Exception as problem:  # noqa: BLE001 - the one broad except: nothing stops the others
        why = trouble_of(problem)
        if context.stop_if_damaged(problem):
            return why  # nothing more is written to it
        if context.was_interrupted(why):
            _give_back(context, claimed)
            return None
        # The class name only: a message or a traceback may hold a child's answers.
        words = f"{len(claimed)} tasks, {type(problem).__name__}"
        log.error(Event("put back", destination=claimed[0].lane, code=why.code, said=words))  # noqa: TRY400
        context.stayed.extend((task, why) for task in claimed)
        return why
    return None


def _give_back(context: WorkContext, claimed: Sequence[Claimed]) -> None:
    """Give back what a worker that is to stop has claimed, as it was."""
    with writing(context.engine) as connection:
        for task in claimed:
            with contextlib.suppress(LeaseLost):
                tasks.release(connection, task, context.owner.name)


def _put_back_what_stayed(context: WorkContext) -> None:
    """Put back what went wrong; it is tried again with growing patience, and status shows it meanwhile.

    Where even that cannot be written now, it is written before anything else is claimed.
    """
    stayed = [context.stayed.popleft() for _ in range(len(context.stayed))]
    if not stayed:
        return
    try:
        with writing(context.engine) as connection:
            for task, why in stayed:
                with contextlib.suppress(LeaseLost):  # what is ours no longer is let be
                    tasks.put_back(
                        connection,
                        task,
                        context.owner.name,
                        after_seconds=task.patience_seconds,
                        code=why.code,
                        weight=why.weight,
                    )
    except BaseException:
        context.stayed.extendleft(reversed(stayed))
        raise


def _handle(context: WorkContext, task: Claimed, clock: Callable[[], datetime]) -> None:
    match task.kind:
        case TaskKind.READ:
            _read(context, task, clock)
        case TaskKind.REPEAT:
            _repeat(context, task)
        case TaskKind.REMIND:
            remind(context, task, clock())
        case TaskKind.ESCALATE:
            escalate(context, task, clock())
        case TaskKind.AGAIN:
            when_quieter(context, task, clock())
        case TaskKind.CHANGE:
            closing.tell(context, task)
        case TaskKind.FILE:
            chase(context, task, clock())


def _read(context: WorkContext, task: Claimed, clock: Callable[[], datetime]) -> None:
    with reading(context.engine) as connection:
        paper = papers.paper(connection, task.ref_id)
    crash_at("read.begun")
    began = time.monotonic()
    try:
        result = walk(context, paper, clock())
        log.info(_told(result, paper, time.monotonic() - began))
        pictures = pictures_of(context, paper, result)
        _record(context, task, paper, result, clock(), pictures)
    except LeaseLost:
        raise
    except Exception as problem:
        why = trouble_of(problem)
        if context.was_interrupted(why):
            raise
        if why.code == trouble.ORIGINAL:
            _tell_of_original(context, clock())
        if not why.weight or task.weight + why.weight < trouble.ENOUGH:
            log.warning(Event("put back", code=why.code, paper=short(paper.sha256)))
            raise
        if why.code == trouble.MISTAKE and not _is_ledger_sound(context):
            raise LedgerDamaged from problem  # what it gave us made no sense: that judges no paper
        words = f"goes to a person unread, {type(problem).__name__}"
        log.error(Event("given up", code=why.judgement, paper=short(paper.sha256), said=words))  # noqa: TRY400
        unread = Unread(paper.sha256, why.judgement, paper.size)
        _record(context, task, paper, unread, clock())


def _is_ledger_sound(context: WorkContext) -> bool:
    with reading(context.engine) as connection:
        return soundness.is_sound(connection)


def _tell_of_original(context: WorkContext, now: datetime) -> None:
    """Tell, once a day, that what was kept of a paper is not as it was."""
    with writing(context.engine) as connection:
        own_alerts.tell_today(connection, context, trouble.ORIGINAL, {}, now)


def _told(result: Checked | Unread, paper: Paper, seconds: float) -> Event:
    """Return what came of a reading, for the log."""
    number = short(paper.sha256)
    if isinstance(result, Unread):
        return Event("not readable", code=result.reason, paper=number, seconds=seconds)
    read = result.reading
    said = f"{read.form_id} version {read.form_version}, {read.via}"
    return Event("read", paper=number, said=said, seconds=seconds)


def pictures_of(context: WorkContext, paper: Paper, result: Checked | Unread) -> str | None:
    """Keep the paper's pages as pictures where a person needs them, or others must not get more."""
    read = result.reading if isinstance(result, Checked) else result
    is_checked = read.confirm if isinstance(read, Reading) else read.reason == NO_BOXES
    if not is_checked and not read.carries:
        return None
    pictures = as_pdf(context.cage.pictures(context.vault.original(paper.sha256)))
    return context.vault.keep_bytes(pictures) if pictures else None


def _record(
    context: WorkContext,
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
    settings, form = context.settings, form_of(context, result)
    foreseen = foresee(settings, result, form, now)
    with writing(context.engine) as connection:
        recorded = record(connection, context, arrived, result, form, foreseen, now)
        if recorded.repeats:
            first = papers.first_arrival(connection, paper.id)
            _answer_repeat(context, connection, first, recorded.entry_id)
        tasks.finish(connection, task, context.owner.name)
        crash_at("record.before-commit")
    crash_at("record.after-commit")
    log.info(replace(recorded.told, paper=short(paper.sha256)))


def form_of(context: WorkContext, result: Checked | Unread) -> Form | None:
    """Return the form that was read, None where none could be."""
    if isinstance(result, Unread):
        return None
    return context.form_of(result.reading.form_id, result.reading.form_version)


def _repeat(context: WorkContext, task: Claimed) -> None:
    """Say that a paper came again. Nothing new is recorded."""
    with writing(context.engine) as connection:
        arrival = papers.arrival(connection, task.ref_id)
        if arrival.entry_id is None:  # the first arrival is still being read
            tasks.put_back(
                connection, task, context.owner.name, after_seconds=2, code="first-unread"
            )
            return
        _answer_repeat(context, connection, arrival, arrival.entry_id)
        tasks.finish(connection, task, context.owner.name)


def _answer_repeat(
    context: WorkContext, connection: Connection, arrival: Arrival, entry_id: int
) -> None:
    """Answer where the paper came from: the office by receipt, the safeguarding lead in her own folders."""
    entry = entries.entry(connection, entry_id)
    operation, there = _answered_by(entry, arrival.role), context.destinations
    at = arrival.arrived_at
    send_again(connection, there, context.settings, operation, entry, entry_id, arrival.id, at)


def _answered_by(entry: Entry, role: Role) -> Operation:
    """Return how it is said that a paper came again. A sheet that belongs to no record has no page."""
    if role is Role.STAFF:
        return Operation.RECEIPT
    has_page = entry.about is not None or entry.form_id not in SHEET_WORDS
    is_usable = entry.outcome not in (Outcome.HELD, Outcome.UNREADABLE)
    return Operation.DECIDE if has_page and is_usable else Operation.ALERT
