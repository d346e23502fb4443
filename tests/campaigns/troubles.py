"""What can go wrong with a computer, its disks, its clock and its destinations: each as a day of an agency."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.campaigns.day import Day
from tests.cli.test_damaged_ledger import damage
from tests.support import disks
from tests.support.offices import COMMAND, files, formflow, formflow_apart

FLIPS = int(os.environ.get("FORMFLOW_FLIPS", "200"))
LOCKED_SECONDS = 60.0
CHILD_FILES = "Child files"
CLOCK = """
import time
from pathlib import Path
from formflow.core import clock

def _wall(file=Path({file!r})):
    return time.time() + float(file.read_text() or 0)

clock.clock.__dict__.update(vars(clock.Clock(_wall)))
"""
SHORT_LEASE = "from formflow.storage import claims; claims.LEASE_SECONDS = 1.0"
OTHER_PYTHON = "import sys; sys.executable = {path!r}"


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that goes wrong."""

    name: str
    happens: Callable[[Day], None]


FAULTS: list[Fault] = []


def fault(name: str) -> Callable[[Callable[[Day], None]], Callable[[Day], None]]:
    """Add a day to the campaign."""

    def added(happens: Callable[[Day], None]) -> Callable[[Day], None]:
        FAULTS.append(Fault(name, happens))
        return happens

    return added


@fault("state disk full")
def _disk_full(day: Day) -> None:
    state = day.office.state.folder
    kept = state.with_name("kept")
    shutil.copytree(state, kept)
    with disks.mounted(state, 12):
        shutil.copytree(kept, state, dirs_exist_ok=True)
        day.starts()
        filler = disks.fill(state)
        day.drops()
        day.hears("too little")
        filler.unlink()
        day.rests()
        day.stops()
        shutil.rmtree(kept)
        shutil.copytree(state, kept)
    shutil.rmtree(state)
    kept.rename(state)


@fault("no file of the state may grow (RLIMIT_FSIZE)")
def _no_growth(day: Day) -> None:
    size = (day.office.state.folder / "ledger.sqlite").stat().st_size
    limit = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({size}, {size}))"
    settings = str(day.office.state.folder.parent / "formflow.toml")
    day.drops()
    ended = subprocess.run(
        [sys.executable, "-c", f"{limit}\n{COMMAND}", "--settings", settings, "run", "--once"],
        capture_output=True,
        text=True,
        check=False,
    )
    day.hears("the disk may be full", ended.stderr)
    day.starts()


@fault("ledger locked for a minute")
def _locked(day: Day) -> None:
    day.starts()
    with disks.locked(day.office):
        until = time.monotonic() + LOCKED_SECONDS
        day.drops()
        day.hears("in use by another program")
        time.sleep(max(0.0, until - time.monotonic()))


@fault("interpreter away")
def _no_interpreter(day: Day) -> None:
    python = day.office.state.folder.parent / "python"
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    day.starts(OTHER_PYTHON.format(path=str(python)))
    python.rename(python.with_name("away"))
    day.drops()
    day.hears("FF-142")
    python.with_name("away").rename(python)


@fault("original: a byte flipped")
def _flipped_original(day: Day) -> None:
    folder = day.folder_of(CHILD_FILES)
    folder.rename(folder.with_name("away"))
    day.starts()
    day.drops()
    day.is_alerted_meanwhile()
    sha256 = day.later[0].sha256
    (original,) = (day.office.state.folder / "originals").rglob(f"{sha256}.pdf")
    sound = original.read_bytes()
    original.chmod(0o600)
    original.write_bytes(sound[:-99] + bytes([sound[-99] ^ 1]) + sound[-98:])
    folder.with_name("away").rename(folder)
    day.does("retry")
    day.hears("FF-452")
    original.write_bytes(sound)
    day.by_hand.append("the original put back from a backup")
    day.does("retry")


@fault("ledger: bytes flipped at 200 places")
def _flipped_ledger(day: Day) -> None:
    ledger = day.office.state.folder / "ledger.sqlite"
    day.starts()
    day.drops()
    day.rests()
    day.stops()
    sound, reference = ledger.read_bytes(), "FF-2026-000001"
    right = formflow(day.office, "show", "--json", reference).stdout
    chance, told = random.Random(20261127), 0  # noqa: S311 - the same places in every run
    for _ in range(FLIPS):
        content = bytearray(sound)
        place = chance.randrange(len(content))
        content[place] ^= 1 << chance.randrange(8)
        ledger.write_bytes(content)
        shown = formflow(day.office, "show", "--json", reference)
        day.sees_only(shown.returncode in (0, 4, 7), f"byte {place}, show: {shown.stderr}")
        day.sees_only(shown.returncode != 0 or shown.stdout == right, "show gave another answer")
        checked = formflow(day.office, "verify")
        told += checked.returncode == 7
        day.sees_only(checked.returncode in (0, 1, 4, 7), f"byte {place}, verify: {checked.stderr}")
        (day.office.state.folder / "ledger-damaged").unlink(missing_ok=True)
    day.sees_only(told > 0, "verify found none of them")
    ledger.write_bytes(sound)
    day.by_hand.append("the ledger put back")
    day.starts()


@fault("ledger damaged, backup restored")
def _damaged(day: Day) -> None:
    backups = day.office.state.folder.with_name("backups")
    backups.mkdir()
    day.starts()
    day.does("backup", str(backups))
    damage(day.office.state.folder / "ledger.sqlite")
    day.drops()
    day.service_ends()
    day.hears("FF-450")
    _restored(day, backups, is_kept=True)


@fault("computer lost, backup of before restored")
def _lost(day: Day) -> None:
    backups = day.office.state.folder.with_name("backups")
    backups.mkdir()
    day.starts()
    day.does("backup", str(backups))
    day.drops()
    day.rests()
    day.stops()
    day.hears("recorded again from the child files", _restored(day, backups, is_kept=False))


def _restored(day: Day, backups: Path, *, is_kept: bool) -> str:
    """Let IT restore a backup, with the old state folder where that is kept; return what it is told."""
    day.office.state.folder.rename(day.office.state.folder.with_name("lost"))
    old = day.office.state.folder.with_name("lost")
    said = day.does("restore", str(backups), *(("--old-state", str(old)) if is_kept else ()))
    page = day.office.folders.alerts / "0 NOW FormFlow has stopped.html"
    page.unlink(missing_ok=True)
    day.starts()
    return said


@fault("destination emptied")
def _emptied(day: Day) -> None:
    day.starts()
    for path in day.folder_of(CHILD_FILES).glob("C-*"):
        shutil.rmtree(path)
    day.drops()
    day.is_alerted_meanwhile()
    day.rests()
    day.hears("missing", day.does("reconcile"))
    day.does("reconcile", "--repair")


@fault("destination read-only")
def _read_only(day: Day) -> None:
    day.starts()
    with disks.mounted(day.office.state.folder.with_name("try"), 1):
        pass  # where nothing can be mounted this is not tried
    with disks.read_only(day.folder_of(CHILD_FILES)):
        day.drops()
        day.is_alerted_meanwhile()
        day.hears("FF-475")


@fault("destination away")
def _away(day: Day) -> None:
    folder = day.folder_of(CHILD_FILES)
    day.starts()
    folder.rename(folder.with_name("away"))
    day.drops()
    day.is_alerted_meanwhile()
    day.hears("FF-401")
    folder.with_name("away").rename(folder)


@fault("destination replaced by an empty folder")
def _replaced(day: Day) -> None:
    folder = day.folder_of(CHILD_FILES)
    day.starts()
    folder.rename(folder.with_name("away"))
    folder.mkdir()
    day.drops()
    day.is_alerted_meanwhile()
    day.hears("FF-470")
    day.sees_only(files(folder) == [], "something was filed in the empty folder")
    shutil.rmtree(folder)
    folder.with_name("away").rename(folder)


@fault("register replaced by nothing")
def _no_register(day: Day) -> None:
    register = day.folder_of(CHILD_FILES).parent / "FormFlow register.xlsx"
    day.starts()
    register.rename(register.with_name("away"))
    day.drops()
    day.is_alerted_meanwhile()
    day.hears("FF-471")
    register.with_name("away").rename(register)


@fault("destination slow")
def _slow(day: Day) -> None:
    day.inbox.seconds = 1.5
    day.starts()
    day.drops()
    day.is_alerted_meanwhile()
    day.rests()
    day.inbox.seconds = 0.0


@fault("destination hanging")
def _hanging(day: Day) -> None:
    day.inbox.hangs = True
    day.starts()
    day.drops()
    day.is_alerted_meanwhile()
    day.hears("“Mail”")
    day.inbox.hangs = False


@fault("clock two days on")
def _clock_on(day: Day) -> None:
    _clock_jumps(day, 2 * 86_400)


@fault("clock 400 days back")
def _clock_back(day: Day) -> None:
    _clock_jumps(day, -400 * 86_400)


def _clock_jumps(day: Day, seconds: float) -> None:
    file = day.office.state.folder.parent / "clock"
    file.write_text("0")
    day.starts(CLOCK.format(file=str(file)))
    day.drops(day.later[:1])
    file.write_text(str(seconds))
    day.drops(day.later[1:])
    day.is_alerted_meanwhile()
    day.hears("FF-476")


@fault("two services")
def _two(day: Day) -> None:
    day.starts()
    day.drops()
    second = formflow_apart(day.office, "run", "--once")
    day.sees_only(second.returncode == 6, f"the second ended with {second.returncode}")
    day.hears("already running", second.stderr)


@fault("service paused beyond its lease")
def _paused(day: Day) -> None:
    service = psutil.Process(day.starts(SHORT_LEASE).pid)
    day.drops(day.later[:-1])
    while True:
        day.waits_until(day.is_in_hand)
        service.send_signal(signal.SIGSTOP)
        if not _is_locked(day) and day.is_in_hand():
            break
        service.send_signal(signal.SIGCONT)
        day.sees_only(not day.rests(), "it was never paused with something in hand")
    time.sleep(2.0)  # the lease is over
    day.does("ingest", "--quiet", str(day.later[-1].path))
    service.send_signal(signal.SIGCONT)
    day.by_hand.clear()  # that other worker is part of the trouble


def _is_locked(day: Day) -> bool:
    """Return whether the paused service holds the lock of the ledger."""
    import sqlite3

    ledger = sqlite3.connect(day.office.state.folder / "ledger.sqlite", timeout=0.1)
    with suppress(sqlite3.OperationalError):
        ledger.execute("BEGIN IMMEDIATE")
        ledger.execute("ROLLBACK")
        ledger.close()
        return False
    ledger.close()
    return True
