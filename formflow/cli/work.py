"""`formflow run` and `formflow ingest`: the same drain, once or for good."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import click

from formflow import handover, pipeline, service, settings
from formflow.cli.output import say
from formflow.drop.doorbell import Doorbell
from formflow.errors import ExitCode
from formflow.settings import Settings


@click.command()
@click.option("--once", is_flag=True, help="Take what has settled, do what is due, and end.")
@click.pass_obj
def run(settings_file: Path, once: bool) -> int:
    """Watch the folders and do everything that is due. Stop it with Ctrl-C or SIGTERM."""
    now = settings.load(settings_file)
    with service.alone(now):
        if once:
            return _once(now)
        stopping = threading.Event()
        doorbell = Doorbell(watch.folder for watch in now.watch)

        def stop(_number: int, _frame: object) -> None:
            stopping.set()
            doorbell.ring()

        signal.signal(signal.SIGINT, stop)
        signal.signal(signal.SIGTERM, stop)
        say(f"FormFlow watches {len(now.watch)} folder(s). Stop it with Ctrl-C.")
        service.serve(now, stopping.is_set, doorbell)
    pipeline.close()
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
    pipeline.close()
    return ExitCode.STORAGE if offline else ExitCode.DONE


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True))
@click.option("--jobs", default=1, show_default=True, type=click.IntRange(1, 16), help="Workers.")
@click.option("--quiet", is_flag=True, help="No progress bar.")
@click.pass_obj
def ingest(settings_file: Path, paths: tuple[Path, ...], jobs: int, quiet: bool) -> int:
    """Take files, or all PDFs in folders, now. The files stay where they are."""
    now = settings.load(settings_file)
    files = list(handover.files(paths))
    taken = handover.hand_over(now, _with_bar(files, "Taking", quiet))
    _drain(now, taken.new, jobs, quiet)
    waiting = pipeline.unfinished(now)
    pipeline.close()
    say(
        f"{len(files)} files: {taken.new} new, {taken.known} already known, "
        f"{taken.unkept} that are not files."
    )
    if taken.busy:
        say(f"{taken.busy} could not be copied just now. Hand them over again.")
        return ExitCode.STORAGE
    if waiting:
        say(f"{waiting} deliveries wait for their destination. “formflow status” says which.")
        return ExitCode.DESTINATION
    return ExitCode.DONE


def _with_bar(files: list[Path], label: str, quiet: bool) -> Iterator[Path]:
    if quiet:
        yield from files
        return
    with click.progressbar(files, label=label, file=sys.stderr) as bar:
        yield from bar


def _drain(now: Settings, papers: int, jobs: int, quiet: bool) -> None:
    if jobs == 1:
        for _ in _with_counter(pipeline.drained(now), papers, quiet):
            pass
        return
    # spawn: a forked child would share the ledger's connection.
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        list(pool.map(pipeline.drain_all, [now] * jobs))


def _with_counter(counts: Iterator[int], papers: int, quiet: bool) -> Iterator[int]:
    if quiet:
        yield from counts
        return
    with click.progressbar(length=papers, label="Working", file=sys.stderr) as bar:
        for count in counts:
            bar.update(count)
            yield count
