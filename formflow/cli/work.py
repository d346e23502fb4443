"""`formflow run` and `formflow ingest`: the same drain, once or for good."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, wait
from multiprocessing import get_context
from pathlib import Path

import click

from formflow.admin import status
from formflow.admin.settings_file import load_settings
from formflow.cli.output import say
from formflow.core.errors import ExitCode
from formflow.core.model import Role
from formflow.core.settings import Settings
from formflow.pipeline import service, walk
from formflow.pipeline.ingest import files as files_in
from formflow.pipeline.ingest import hand_over
from formflow.pipeline.watcher import Doorbell

LOOK_SECONDS = 0.5  # between two looks at how far the workers have come
STOPS = [signal.SIGINT, signal.SIGTERM]
if sys.platform == "win32":
    STOPS.append(signal.SIGBREAK)  # Ctrl-Break, and when the window is closed or the user logs off


@click.command()
@click.option("--once", is_flag=True, help="Take what has settled, do what is due, and end.")
@click.pass_obj
def run(settings_file: Path, once: bool) -> int:
    """Watch the folders and do everything that is due. Stop it with Ctrl-C or SIGTERM."""
    now = load_settings(settings_file)
    with service.alone(now):
        if once:
            return _once(now)
        stopping = threading.Event()
        doorbell = Doorbell(watch.folder for watch in now.watch)

        def stop(_number: int, _frame: object) -> None:
            stopping.set()
            doorbell.ring()

        for number in STOPS:
            signal.signal(number, stop)
        say(f"FormFlow watches {len(now.watch)} folder(s). Stop it with Ctrl-C.")
        service.serve(now, stopping.is_set, doorbell)
    walk.close()
    say("FormFlow has stopped. Everything it took is safe.")
    return ExitCode.DONE


def _once(now: Settings) -> int:
    last = service.settle(now)
    offline = [swept for swept in last.swept if not swept.online]
    for swept in offline:
        say(
            f"{swept.folder.name} has no marker file, so nothing was taken from it. "
            "If it is the right folder, run “formflow init” for it."
        )
    walk.close()
    return ExitCode.STORAGE if _says_what_waits(now) or offline else ExitCode.DONE


def _says_what_waits(now: Settings) -> bool:
    """Say which forms could not be read yet, and why; return whether there are any."""
    lines = status.put_back_in_words(status.overview(now), now)
    for line in lines:
        say(line)
    return bool(lines)


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
    now = load_settings(settings_file)
    files = list(files_in(paths))
    taken = hand_over(now, _with_bar(files, "Taking", quiet), Role(role))
    _drain(now, taken.new, jobs, quiet)
    waiting = walk.unfinished(now)
    walk.close()
    say(
        f"Handed over: {len(files)}. New: {taken.new}. Known already: {taken.known}. "
        f"Not files: {taken.unkept}."
    )
    if taken.busy:
        say(f"{taken.busy} could not be copied just now. Hand them over again.")
        return ExitCode.STORAGE
    if _says_what_waits(now):
        return ExitCode.STORAGE
    if waiting:
        say(f"{waiting} deliveries wait for their destination. “formflow status” says which.")
        return ExitCode.DESTINATION
    return ExitCode.DONE


def _with_bar(files: list[Path], label: str, quiet: bool) -> Iterator[Path]:
    with click.progressbar(files, label=label, file=sys.stderr, hidden=quiet) as bar:
        yield from bar


def _drain(now: Settings, papers: int, jobs: int, quiet: bool) -> None:
    """Do everything that is ready, here or in some processes, and show how far it has come."""
    if jobs == 1:
        steps = _steps(lambda: not (walk.drain(now, walk.FOR_A_HEAP) or walk.waited(now)))
        _show(now, papers, steps, quiet)
        return
    # spawn: a forked child would share the ledger's connection.
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        workers = [pool.submit(walk.drain_all, now) for _ in range(jobs)]
        _show(now, papers, _steps(lambda: not wait(workers, LOOK_SECONDS).not_done), quiet)
    for worker in workers:
        worker.result()  # a worker that broke says so here


def _steps(is_done: Callable[[], bool]) -> Iterator[None]:
    while not is_done():
        yield


def _show(now: Settings, papers: int, steps: Iterator[None], quiet: bool) -> None:
    before = walk.recorded(now)
    bar = click.progressbar(length=papers, label="Working", file=sys.stderr, hidden=quiet)
    with bar:
        for _ in steps:
            after = walk.recorded(now)
            bar.update(after - before)
            before = after
        bar.update(walk.recorded(now) - before)
