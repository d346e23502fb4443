"""`formflow run` and `formflow ingest`: the same loop, once or continuously."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, wait
from multiprocessing import active_children, get_context
from pathlib import Path

import click

from formflow.admin import status
from formflow.admin.settings_file import load_settings
from formflow.cli import logs
from formflow.cli.output import say
from formflow.cli.stopping import stoppable
from formflow.core.account import by_command
from formflow.core.errors import ExitCode
from formflow.core.model import Role
from formflow.core.processes import ALWAYS_THERE
from formflow.core.settings import Settings
from formflow.pipeline import damage, disposal, register, service, walk
from formflow.pipeline.context import WorkContext, open_context
from formflow.pipeline.ingest import files as files_in
from formflow.pipeline.ingest import hand_over
from formflow.pipeline.watcher import FolderWatcher

LOOK_SECONDS = 0.5  # between two looks at how far the workers have come


@click.command()
@click.option("--once", is_flag=True, help="Take what has settled, do what is due, and end.")
@click.pass_obj
def run(settings_file: Path, once: bool) -> int:
    """Watch the folders and do everything that is due. Stop it with Ctrl-C or SIGTERM."""
    settings = load_settings(settings_file)
    with (
        service.alone(settings),
        logs.started_and_stopped(),
        damage.told(settings),
        open_context(settings) as context,
    ):
        damage.refuse(settings.state.folder, context.engine)
        disposal.start(context)
        service.try_everything_again(context)
        return _once(context) if once else _serve(context)


def _serve(context: WorkContext) -> int:
    os.chdir(ALWAYS_THERE)
    watched = context.settings.watch
    watcher = FolderWatcher(watch.folder for watch in watched)
    with stoppable(context, watcher.wake):
        say(f"FormFlow watches {len(watched)} folder(s). Stop it with Ctrl-C.")
        service.serve(context, watcher)
    say("FormFlow has stopped. Everything it has taken is safe.")
    return ExitCode.DONE


def _once(context: WorkContext) -> int:
    with stoppable(context):
        last = service.settle(context)
    if context.stopping.is_set():
        return _stopped()
    register.draw(context)
    offline = [swept for swept in last.swept if not swept.online]
    for swept in offline:
        say(
            f"{swept.folder.name} has no marker file, so nothing was taken from it. "
            "If it is the right folder, run “formflow init” for it."
        )
    left = [folder for folder in status.overview(context.settings).folders if folder.waiting]
    for folder in left:
        say(status.not_taken_in_words(folder))
    waiting = _says_what_waits(context.settings)
    return ExitCode.STORAGE if offline or left else waiting


def _stopped() -> int:
    say("FormFlow was stopped. Everything it has taken is safe; the rest will be done next time.")
    return ExitCode.STOPPED


def _says_what_waits(settings: Settings) -> ExitCode:
    """Say which forms are not read yet, which deliveries wait, what else does, and why; return how to end."""
    view = status.overview(settings)
    unread = [*status.unread_in_words(view), *status.put_back_in_words(view, settings)]
    unread += status.held_up_in_words(view)
    undelivered = list(status.undelivered_in_words(view, settings))
    for line in (*unread, *undelivered):
        say(line)
    if unread:
        return ExitCode.STORAGE
    return ExitCode.DESTINATION if undelivered else ExitCode.DONE


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True))
@click.option(
    "--jobs",
    default=1,
    show_default=True,
    type=click.IntRange(1, 16),
    help="Processes that work at the same time.",
)
@click.option(
    "--role",
    default=Role.STAFF.value,
    show_default=True,
    type=click.Choice([role.value for role in Role]),
    help="Whose files they are: sheets count only as “decisions”. A file in a watched folder counts by that folder.",
)
@click.option("--quiet", is_flag=True, help="No progress bar.")
@click.pass_obj
def ingest(settings_file: Path, paths: tuple[Path, ...], jobs: int, role: str, quiet: bool) -> int:
    """Take files, or all PDFs in folders, now. The files stay where they are."""
    settings = load_settings(settings_file)
    files = list(files_in(paths))
    with (
        damage.told(settings),
        open_context(settings, who=by_command("ingest")) as context,
        stoppable(context),
    ):
        if damage.is_noted(settings.state.folder):
            damage.refuse(settings.state.folder, context.engine)
        taken = hand_over(context, _with_bar(files, "Taking", quiet), Role(role))
        _drain(context, taken.new, jobs, quiet)
        if not context.stopping.is_set():
            register.draw(context)
    if context.stopping.is_set():
        return _stopped()
    say(
        f"Handed over: {len(files)}. New: {taken.new}. Known already: {taken.known}. "
        f"Not files: {taken.unkept}."
    )
    waiting = _says_what_waits(settings)
    if taken.busy:
        say(f"{taken.busy} could not be copied just now. Hand them over again.")
        return ExitCode.STORAGE
    return waiting


def _with_bar(files: list[Path], label: str, quiet: bool) -> Iterator[Path]:
    with click.progressbar(files, label=label, file=sys.stderr, hidden=quiet) as bar:
        yield from bar


def _drain(context: WorkContext, papers: int, jobs: int, quiet: bool) -> None:
    """Do everything that is ready, here or in some processes, and show how far it has come."""
    if jobs == 1:
        steps = _steps(lambda: not (walk.drain(context, walk.FOR_A_HEAP) or walk.goes_on(context)))
        _show(context, papers, steps, quiet)
        return
    # spawn: a forked child would share the ledger's connection.
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        workers = [pool.submit(_drain_beside, context.settings) for _ in range(jobs)]
        _show(context, papers, _steps(lambda: _are_done(context, workers)), quiet)
        if context.stopping.is_set():
            for process in active_children():  # each gives back what it has claimed
                process.terminate()
            return
    for worker in workers:
        worker.result()  # a worker that broke says so here


def _drain_beside(settings: Settings) -> int:
    """Do everything that is ready, in a process of its own."""
    logs.listen()
    with (
        logs.kept(lambda: settings, "ingest"),
        open_context(settings, who=by_command("ingest")) as context,
        stoppable(context),
    ):
        return walk.drain_all(context)


def _are_done(context: WorkContext, workers: Sequence[Future[int]]) -> bool:
    return context.stopping.is_set() or not wait(workers, LOOK_SECONDS).not_done


def _steps(is_done: Callable[[], bool]) -> Iterator[None]:
    while not is_done():
        yield


def _show(context: WorkContext, papers: int, steps: Iterator[None], quiet: bool) -> None:
    before = walk.recorded(context)
    bar = click.progressbar(length=papers, label="Working", file=sys.stderr, hidden=quiet)
    with bar:
        for _ in steps:
            after = walk.recorded(context)
            bar.update(after - before)
            before = after
        bar.update(walk.recorded(context) - before)
