"""One function for each thing that is measured. Seconds, unless a name says otherwise."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from zoneinfo import ZoneInfo

import pikepdf
import psutil
import pypdf
from sqlalchemy import event

from formflow.admin import setup
from formflow.core.clock import utc_now
from formflow.core.limits import Limits
from formflow.core.model import (
    Answer,
    AnswerState,
    EarlierIncident,
    Entry,
    History,
    Light,
    Outcome,
    Proposal,
    Reading,
    Unread,
)
from formflow.core.references import SheetKey
from formflow.core.services import Services
from formflow.documents.as_read import as_read
from formflow.documents.prefill import Copy, prefilled
from formflow.forms import catalogue, top_line
from formflow.pipeline import walk
from formflow.pipeline.context import open_context
from formflow.pipeline.ingest import hand_over
from formflow.reading import acroform
from formflow.reading.ladder import read_paper
from formflow.reading.reader import Reader
from formflow.reading.sandbox import parent as cage_room
from formflow.reading.sandbox.parent import Cage
from formflow.reading.second_reading import values as read_by_pdfium
from formflow.reading.third_reading import values as read_by_pypdf
from formflow.rules.case.asked import open_steps
from formflow.rules.case.case import REVIEW, Case
from formflow.rules.case.prefill_values import Desk, known
from formflow.rules.checks import check
from formflow.rules.light.propose import decide

COMMAND = "import sys; from formflow.cli import main; main(sys.argv[1:])"
REGISTER = Path("Safeguarding forms/DSL only/FormFlow register.xlsx")
LIMITS = Limits()
CHILD = (
    Path(__file__).parents[1] / "tests" / "support" / "reading_child.py"
)  # it spins where a paper says so


def floor(papers: Sequence[Path]) -> float:
    """Read each file and hash it: nobody can be faster."""
    begun = time.perf_counter()
    for path in papers:
        hashlib.sha256(path.read_bytes()).hexdigest()
    return time.perf_counter() - begun


def script(papers: Sequence[Path], out: Path) -> float:
    """What an IT person would write instead: pypdf's get_fields() into a CSV row, nothing durable."""
    begun = time.perf_counter()
    with out.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        for path in papers:
            fields = pypdf.PdfReader(path).get_fields() or {}
            writer.writerow([path.name, *(field.get("/V", "") for field in fields.values())])
    return time.perf_counter() - begun


def script_reading(papers: Sequence[Path]) -> float:
    """The script's reading alone."""
    begun = time.perf_counter()
    for path in papers:
        pypdf.PdfReader(path).get_fields()
    return time.perf_counter() - begun


def own_reading(papers: Sequence[Path]) -> float:
    """FormFlow's reading alone: the walk over pikepdf objects."""
    begun = time.perf_counter()
    for path in papers:
        with pikepdf.open(path) as pdf:
            acroform.boxes(pdf, LIMITS.fields, LIMITS.characters, LIMITS.pages)
    return time.perf_counter() - begun


def second_reading(papers: Sequence[Path]) -> float:
    """The second reading alone."""
    begun = time.perf_counter()
    for path in papers:
        read_by_pdfium(path)
    return time.perf_counter() - begun


def third_reading(papers: Sequence[Path]) -> float:
    """The third reading alone, which only doubtful papers get."""
    begun = time.perf_counter()
    for path in papers:
        read_by_pypdf(path)
    return time.perf_counter() - begun


def both_readings(papers: Sequence[Path]) -> list[float]:
    """Both readings and everything that is compared, warm, without the way there and back; of each."""
    reader = Reader(catalogue.known(), LIMITS, "always")
    read_paper(papers[0], reader)
    took = []
    for path in papers:
        begun = time.perf_counter()
        assert isinstance(read_paper(path, reader), Reading)
        took.append(time.perf_counter() - begun)
    return took


def sheets(papers: Sequence[Path]) -> tuple[list[float], list[float]]:
    """Seconds of the processor for the "as read" sheet, and for the review sheet, of each paper."""
    by_id = {form.form_id: form for form in catalogue.shipped()}
    reader = Reader(tuple(by_id.values()), LIMITS)
    desk = Desk(by_id, Services().words)
    drawn, filled = [], []
    for path in (papers[0], *papers):  # the first one warms up
        reading = read_paper(path, reader)
        assert isinstance(reading, Reading)
        form, today = by_id[reading.form_id], utc_now().date()
        checked = check(reading, form, today)
        proposal = decide(checked.facts, History(), today)
        entry = replace(_entry(reading.answers, proposal), notices=checked.notices)
        begun = time.process_time()
        as_read(form, entry, ZoneInfo("Europe/London"))
        drawn.append(time.process_time() - begun)
        review = by_id[REVIEW]
        given = known(review, Case(entry), desk)
        copy = Copy(review, "FF-2026-000001 r1", top_line.of_sheet("FF-2026-000001 r1"))
        begun = time.process_time()
        prefilled(copy, given)
        filled.append(time.process_time() - begun)
    return drawn[1:], filled[1:]


def hostile_neighbour(paper: Path, folder: Path, deadline_seconds: float) -> float:
    """How much later a paper is read because the one before it never ends."""
    endless = folder / "endless.pdf"
    endless.write_bytes(b"%PDF-1.7 spin\n")
    cage_room.COMMAND = (str(CHILD),)
    with Cage(catalogue.known(), Limits(deadline_seconds=deadline_seconds), "always") as cage:
        cage.read(paper)
        begun = time.perf_counter()
        cage.read(paper)
        alone = time.perf_counter() - begun
        begun = time.perf_counter()
        assert isinstance(cage.read(endless), Unread)
        assert isinstance(cage.read(paper), Reading)
        return time.perf_counter() - begun - alone


def caged(papers: Sequence[Path], folder: Path, how: str) -> float:
    """Everything the warm child does for a paper, with the way there and back."""
    folder.mkdir(exist_ok=True)
    named = []
    for path in papers:  # the cage reads from the vault, where a file is named by its hash
        named.append(folder / f"{hashlib.sha256(path.read_bytes()).hexdigest()}.pdf")
        shutil.copyfile(path, named[-1])
    with Cage(catalogue.shipped(), LIMITS, how) as cage:
        cage.read(named[0])
        begun = time.perf_counter()
        for path in named:
            assert isinstance(cage.read(path), Reading)
        return time.perf_counter() - begun


def rules(paper: Path, times: int, earlier: int) -> float:
    """Check one reading, decide with a history of so many papers, and list every open step, many times."""
    form = catalogue.shipped()[0]
    with Cage([form], LIMITS, "doubtful") as cage:
        reading = cage.read(paper)
    assert isinstance(reading, Reading)
    today = utc_now().date()
    papers = (EarlierIncident(f"FF-{n}", today, Light.AMBER) for n in range(earlier))
    history = History(tuple(papers))
    answers = {"level": Answer("harmful", "harmful", AnswerState.GIVEN)}
    begun = time.perf_counter()
    for _ in range(times):
        proposal = decide(check(reading, form, today).facts, history, today)
        record = _entry(reading.answers, proposal)
        open_steps(Case(record, {SheetKey(REVIEW): _entry(answers, None)}, history), today)
    return time.perf_counter() - begun


def _entry(answers: Mapping[str, Answer], proposal: Proposal | None) -> Entry:
    moment = utc_now()
    outcome = Outcome.RECORDED
    return Entry(
        "FF-1", 1, outcome, moment, moment, "", None, None, None, None, None, ".pdf",
        answers, (), proposal,
    )  # fmt: skip


def ingest(papers: Path, folder: Path, *, cores: Sequence[int], jobs: int, second: str) -> float:
    """The whole durable path by the real command: records committed, three file destinations."""
    setup.set_up(folder, changes=[('second_reading = "always"', f'second_reading = "{second}"')])
    begun = time.perf_counter()
    formflow(folder, "ingest", "--quiet", "--jobs", str(jobs), str(papers), cores=cores)
    took = time.perf_counter() - begun
    view = json.loads(formflow(folder, "status", "--json", cores=cores))
    count = len(list(papers.glob("*.pdf")))
    assert view["records"] == count, (view["records"], count)
    assert not view["undelivered"], view["undelivered"]
    return took


@dataclass(frozen=True, slots=True)
class Held:
    """How long the ledger's write lock was held: of the transactions that record a form, and of all."""

    median: float
    worst: float
    for_each_form: float


def write_lock(papers: Sequence[Path], folder: Path) -> Held:
    """How long one worker holds the write lock, from BEGIN IMMEDIATE to the end of COMMIT."""
    now, recording, all_held = setup.set_up(folder), list[float](), list[float]()
    here = threading.local()

    def ran(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        if statement.startswith("BEGIN"):
            here.begun, here.records = time.perf_counter(), False
        elif statement.startswith("INSERT INTO entry"):
            here.records = True
        elif statement.startswith("COMMIT"):
            took = time.perf_counter() - here.begun
            all_held.append(took)
            recording.extend([took] if here.records else [])

    with open_context(now) as context:
        event.listen(context.engine, "after_cursor_execute", ran)
        hand_over(context, papers)
        while walk.drain(context, walk.FOR_A_HEAP):
            pass
    return Held(statistics.median(recording), max(recording), sum(all_held) / len(papers))


def with_records(papers: Sequence[Path], folder: Path, ledger: Path, register: Path) -> float:
    """CPU of a form, parent and child, where the ledger and the register hold other records already."""
    made = setup.set_up(folder)
    made.state.folder.mkdir(mode=0o700, exist_ok=True)
    shutil.copyfile(ledger, made.state.folder / "ledger.sqlite")
    shutil.copyfile(register, folder / REGISTER)
    few, more = papers[: len(papers) // 4], papers[len(papers) // 4 :]
    took = [_used_by_ingest(folder, few), _used_by_ingest(folder, more)]
    return (took[1] - took[0]) / (len(more) - len(few))  # without what starting costs


def _used_by_ingest(folder: Path, papers: Sequence[Path]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    formflow(folder, "ingest", "--quiet", *map(str, papers), cores=[0])
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def pdftk(papers: Sequence[Path]) -> float | None:
    """`pdftk dump_data_fields`, a process for each file; None where it is not installed."""
    if shutil.which("pdftk") is None:
        return None
    begun = time.perf_counter()
    for path in papers:
        subprocess.run(["pdftk", path, "dump_data_fields"], stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - begun


def start_up(times: int) -> float:
    """`formflow --help`, the median of some."""
    took = []
    for _ in range(times):
        begun = time.perf_counter()
        subprocess.run([script_path(), "--help"], stdout=subprocess.DEVNULL, check=True)
        took.append(time.perf_counter() - begun)
    return sorted(took)[times // 2]


def script_path() -> str:
    """Return the installed command."""
    return str(Path(sys.executable).with_name("formflow"))


def idle_and_alert(folder: Path, paper: Path, idle_seconds: float) -> dict[str, float]:
    """Start the service; how soon an alert lies there, and what it costs to wait.

    Memory and processor time are of the service and its reading child together, after one paper.
    """
    settings = setup.set_up(folder, changes=[("settle_seconds = 5", "settle_seconds = 2")])
    service = subprocess.Popen(
        [script_path(), "--settings", folder / setup.SETTINGS_FILE, "run"],
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_for(lambda: (settings.state.folder / "heartbeat").exists())
        time.sleep(1)
        shutil.copyfile(paper, settings.watch[0].folder / "form.pdf")
        begun = time.perf_counter()
        _wait_for(lambda: any(settings.folders.alerts.glob("*.html")))
        alert = time.perf_counter() - begun - settings.watch[0].settle_seconds
        time.sleep(5)
        return {"alert": alert, **_idle(psutil.Process(service.pid), idle_seconds)}
    finally:
        service.terminate()
        service.wait(timeout=30)


def _idle(service: psutil.Process, seconds: float) -> dict[str, float]:
    processes = [service, *service.children(recursive=True)]

    def used() -> float:
        return sum(sum(process.cpu_times()[:2]) for process in processes)

    before = used()
    time.sleep(seconds)
    memory = [process.memory_full_info() for process in processes]
    return {
        "cpu_percent": (used() - before) / seconds * 100,
        "memory_mb": sum(one.rss for one in memory) / (1 << 20),
        # Linux alone knows what they share.
        "shared_once_mb": sum(getattr(one, "pss", one.rss) for one in memory) / (1 << 20),
    }


def _wait_for(happened: Callable[[], bool], seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.01)


def formflow(folder: Path, *arguments: str, cores: Sequence[int]) -> str:
    """Run the real command on some cores; return what it prints."""

    def pin() -> None:
        if hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(0, cores)

    done = subprocess.run(
        [sys.executable, "-c", COMMAND, "--settings", folder / setup.SETTINGS_FILE, *arguments],
        preexec_fn=pin if os.name == "posix" else None,
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    return done.stdout
