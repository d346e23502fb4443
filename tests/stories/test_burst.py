"""A burst: thousands of forms and other files at once, with no word from the watcher, and a red form behind them all.

A few run in `make test`; `make burst FORMS=3000 FILES=2000` drops more and prints what it cost.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import pikepdf
import psutil
import pytest
from PIL import Image

from formflow.admin import setup, status
from formflow.core.errors import ExitCode
from formflow.core.model import Light
from formflow.core.settings import Settings
from formflow.pipeline.service import HEARTBEAT
from formflow.storage import database
from tests.support.offices import COMMAND, files, formflow, strays
from tests.support.outcomes import Places, at_rest, make, on_record, tally
from tests.support.waiting import eventually

FORMS = int(os.environ.get("FORMFLOW_BURST_FORMS", "7"))
FILES = int(os.environ.get("FORMFLOW_BURST_FILES", "5"))
DEAF = """
from formflow.pipeline.watcher import FolderWatcher
FolderWatcher.on_any_event = lambda *_: None
"""
SETTLE_SECONDS = 1.0
MOST_MB = 200
LOOK_SECONDS = 0.2  # between two looks at the memory


@dataclass
class Cost:
    """What a process and its children took at most, in MB, and the processor time of all, in seconds."""

    service_mb: float = 0.0
    with_children_mb: float = 0.0
    cpu_seconds: float = 0.0


@contextmanager
def watched(service: subprocess.Popen[bytes]) -> Iterator[Cost]:
    """Look at what a service takes for as long as the block runs; then kill it."""
    cost, ended = Cost(), threading.Event()

    def look() -> None:
        while not ended.wait(LOOK_SECONDS):
            try:
                process = psutil.Process(service.pid)
                family = (process, *process.children(recursive=True))
                sizes = [one.memory_info().rss / 2**20 for one in family]
                times = process.cpu_times()
            except psutil.Error:  # one has just ended
                continue
            cost.service_mb = max(cost.service_mb, sizes[0])
            cost.with_children_mb = max(cost.with_children_mb, sum(sizes))
            cost.cpu_seconds = sum(times[:4])  # of children only those that have ended

    looking = threading.Thread(target=look)
    looking.start()
    try:
        yield cost
    finally:
        ended.set()
        looking.join()
        service.kill()
        service.wait()


@dataclass
class FirstReceipt:
    """When the office saw its first receipt, in seconds after the drop, and how much was still to take or read."""

    office: Settings
    dropped: float
    after_seconds: float | None = None
    left: int = 0

    def seen_before(self, is_so: Callable[[], bool]) -> Callable[[], bool]:
        """Return a question that also looks for the receipt."""

        def asked() -> bool:
            if self.after_seconds is None and files(self.office.folders.receipts):
                self.after_seconds = time.monotonic() - self.dropped
                self.left = left_of(self.office)
            return is_so()

        return asked


def left_of(office: Settings) -> int:
    """Return how many files are still to be taken or read."""
    return len(files(office.watch[0].folder)) + status.overview(office).papers_unread


def other_files(folder: Path, count: int) -> list[Path]:
    """Write files as they come into such folders by mistake, no two with the same bytes."""
    folder.mkdir()
    made = []
    for number in range(count):
        name, content = _another(number)
        made.append(folder / f"other {number:05}{name}")
        made[-1].write_bytes(content)
    return made


def _another(number: int) -> tuple[str, bytes]:
    told = f"Not a form, number {number}.".encode()
    match number % 5:
        case 0:
            return ".txt", told
        case 1:
            stream = BytesIO()
            Image.new("RGB", (40, 30), (number % 256, number // 256 % 256, 90)).save(stream, "PNG")
            return ".png", stream.getvalue()
        case 2:  # the head of a PDF, and then nothing of one
            return ".pdf", b"%PDF-1.7\n" + told
        case 3:  # both ends of a PDF, and nothing between them
            return ".pdf", b"%PDF-1.7\n" + told + b"\nstartxref\n9\n%%EOF\n"
        case _:
            stream = BytesIO()
            with pikepdf.new() as pdf:
                pdf.add_blank_page()
                pdf.docinfo["/Subject"] = told.decode()
                pdf.save(stream)
            return ".pdf", stream.getvalue()


def is_alerted(office: Settings, sha256: str) -> bool:
    """Return whether the page about a form lies in “Alerts”."""
    with database.looking(office.state.folder) as connection:
        found = connection.exec_driver_sql(
            "SELECT reference FROM entry JOIN paper ON paper.entry_id = entry.id WHERE sha256 = ?",
            (sha256,),
        ).scalar()
    return found is not None and any(found in name for name in files(office.folders.alerts))


@pytest.mark.timeout(86_400)
def test_after_a_burst_all_is_accounted_for_and_the_last_red_form_did_not_wait(
    tmp_path: Path,
) -> None:
    office = setup.set_up(
        tmp_path / "an agency",
        changes=[
            ("settle_seconds = 5", f"settle_seconds = {SETTLE_SECONDS}"),
            ("incomplete_minutes = 30", "incomplete_minutes = 0"),
        ],
    )
    forms, others = make(tmp_path / "made", FORMS), other_files(tmp_path / "others", FILES)
    red = next(form for form in reversed(forms) if form.light is Light.RED)
    folder = office.watch[0].folder
    file = office.state.folder.parent / setup.SETTINGS_FILE
    service = subprocess.Popen(
        [sys.executable, "-c", DEAF + COMMAND, "--settings", str(file), "run"],
        stderr=subprocess.DEVNULL,
    )
    with watched(service) as cost:
        eventually((office.state.folder / HEARTBEAT).exists)
        began = time.monotonic()
        for path in (*others, *(form.path for form in forms if form is not red)):
            shutil.copyfile(path, folder / path.name)
        shutil.copyfile(red.path, folder / red.path.name)
        dropped, spent = time.monotonic(), cost.cpu_seconds
        receipt = FirstReceipt(office, dropped)
        eventually(receipt.seen_before(lambda: is_alerted(office, red.sha256)))
        waited, spent = time.monotonic() - dropped - SETTLE_SECONDS, cost.cpu_seconds - spent
        left = left_of(office)
        eventually(receipt.seen_before(lambda: at_rest(office)))
        took = time.monotonic() - began

    found = tally(Places(office), forms)
    unaccounted = unaccounted_for(office, others)
    print(
        f"{found}\n{len(others)} other files: {len(unaccounted)} unaccounted for\n"
        f"the red form was alerted {waited:.1f} s after it had settled ({spent:.1f} s of the service's"
        f" processor time), with {left} still to take or read\n"
        f"the first receipt came {receipt.after_seconds or 0:.1f} s after the drop, with {receipt.left} still to"
        " take or read\n"
        f"at most {cost.service_mb:.0f} MB (with its children {cost.with_children_mb:.0f});"
        f" {took:.0f} s, {cost.cpu_seconds:.0f} s of the service's processor time"
    )
    assert found.is_clean, str(found)
    assert unaccounted == []
    assert cost.service_mb < MOST_MB
    assert files(folder) == []
    assert formflow(office, "run", "--once").returncode == ExitCode.DONE  # after the kill
    assert strays(tmp_path) == []


def unaccounted_for(office: Settings, others: list[Path]) -> list[str]:
    """Return the files that are no forms and have no record, no receipt, or more than one."""
    recorded = on_record(office)
    receipts = Places(office).held()["Receipts"]
    return [
        path.name
        for path in others
        if [
            receipts[f"{entry.reference} r{entry.revision}"]
            for entry in recorded.get(hashlib.sha256(path.read_bytes()).hexdigest(), ())
            if entry.proposal is None
        ]
        != [1]
    ]
