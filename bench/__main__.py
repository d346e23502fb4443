"""`make bench`: everything in one run, side by side, with ratios to the script (b)."""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import statistics
import tempfile
from collections.abc import Sequence
from pathlib import Path

import psutil
import pytest

from bench import agency_files, forms, measures, records
from tests.support.databases import postgresql


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--forms", type=int, default=1000)
    parser.add_argument("--idle", type=float, default=30, help="seconds to watch the idle service")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        run(Path(scratch), options.forms, options.idle)


def run(scratch: Path, count: int, idle_seconds: float) -> None:
    """Run everything in a scratch folder."""
    print(
        f"{count} forms, {os.cpu_count()} cores, load {psutil.getloadavg()[0]:.1f}, {platform.system()},"
        f" Python {platform.python_version()}\n"
    )
    papers = forms.make(scratch / "in", count)
    few = papers[: min(200, count)]
    pin({0})
    base = measures.script(papers, scratch / "rows.csv") / count
    print(f"{'the whole way, for each form':58} {'ms':>8} {'of (b)':>8}")
    row("(b) the script: get_fields() into a CSV row", base, base)
    whole = {}
    for words, cores, jobs, second in (
        ("(a) ingest, one core, both readings", [0], 1, "always"),
        ("(a) ingest, one core, second reading of doubtful files", [0], 1, "doubtful"),
        ("(a) ingest, two cores, both readings", [0, 1], 2, "always"),
    ):
        folder = scratch / f"agency {jobs} {second}"
        took = measures.ingest(scratch / "in", folder, cores=cores, jobs=jobs, second=second)
        row(words, took / count, base)
        whole[jobs, second] = took
    ratio = whole[1, "always"] / whole[2, "always"]
    print(f"two workers on two cores do {ratio:.2f} times the work of one on one")
    dumped = measures.pdftk(papers[:20])
    if dumped is None:
        print("(c) pdftk dump_data_fields: pdftk is not installed")
    else:
        row("(c) pdftk dump_data_fields, a process for each", dumped / 20, base)
    row("(d) floor: read and sha256", measures.floor(papers) / count, base)

    reading = measures.script_reading(few) / len(few)
    print(f"\n{'one piece, for each form, one core':58} {'ms':>8} {'of (b)':>8}")
    row("(b) reading alone: get_fields()", reading, reading)
    row("reading alone: the pikepdf walk", measures.own_reading(few) / len(few), reading)
    row("second reading alone: PDFium", measures.second_reading(few) / len(few), reading)
    row(
        "third reading alone, of doubtful forms: pypdf",
        measures.third_reading(few) / len(few),
        reading,
    )
    both = measures.both_readings(few)
    row("both readings and what is compared, in the child", sum(both) / len(few), reading)
    row("the same, median", statistics.median(both), reading)
    for how in ("doubtful", "always"):
        took = measures.caged(few, scratch / "vault", how) / len(few)
        row(f"in the cage, there and back, second reading {how}", took, reading)
    drawn, filled = measures.sheets(few)
    row("the “as read” sheet, median", statistics.median(drawn), reading)
    row("the review sheet (F2), median", statistics.median(filled), reading)
    row("check, decide, steps: alone", measures.rules(papers[0], 500, 0) / 500, reading)
    row("the same, with 200 earlier papers", measures.rules(papers[0], 500, 200) / 500, reading)

    held = measures.write_lock(few, scratch / "locked")
    print(
        f"\nwrite lock held, ms: recording a form {held.median * 1000:.1f} (median), {held.worst * 1000:.1f} (worst);"
        f" everything, for each form {held.for_each_form * 1000:.1f}"
    )
    book = agency_files.made_workbook(scratch / "Log.xlsx")
    lines = agency_files.made_csv(scratch / "Log.csv")
    print(
        f"an agency's files of {agency_files.ROWS} rows, of the processor: a row into a workbook by itself"
        f" {agency_files.one_by_one(book, 50):.2f} s; in batches {agency_files.in_batches(book, 1000):.0f} rows"
        f" a second, into a CSV file {agency_files.in_batches(lines, 1000):.0f}; papers into children's folders"
        f" {agency_files.papers_filed(scratch / 'children', 300):.0f} records a second"
    )
    try:
        with postgresql() as server:
            print(
                f"rows into PostgreSQL: {agency_files.rows_in_table(server.url, 5000):.0f} a second"
            )
    except pytest.skip.Exception as why:
        print(f"rows into PostgreSQL: not measured: {why}")
    flat(scratch, papers[len(forms.CASES) : min(100, count)])  # the first are in the ledger

    pin(set(range(os.cpu_count() or 1)))
    late = measures.hostile_neighbour(papers[0], scratch, 5)
    print(f"\na file that never ends, 5 s of the processor, delays the next one by {late:.2f} s")
    print(f"\nformflow --help: {measures.start_up(9):.3f} s")
    service = measures.idle_and_alert(scratch / "service", papers[0], idle_seconds)
    print(f"drop to alert, after the settling time: {service['alert']:.2f} s")
    print(
        f"idle: {service['cpu_percent']:.2f} % of a core, {service['memory_mb']:.0f} MB with the reading child"
        f" ({service['shared_once_mb']:.0f} MB where what the two share counts once)"
    )


def flat(scratch: Path, papers: Sequence[Path]) -> None:
    """Print what a form costs with few records and with many: alternating, the least of three."""
    cpu: dict[int, list[float]] = {200: [], 20_000: []}
    for turn in range(3):
        for count, took in cpu.items():
            folder = scratch / f"with {count} records {turn}"
            kept = records.ledger(count), records.register(count)
            took.append(measures.with_records(papers, folder, *kept))
            shutil.rmtree(folder)
    few, many = (min(took) for took in cpu.values())
    print(
        f"\nCPU of a form: {few * 1000:.1f} ms with 200 records, {many * 1000:.1f} ms with 20,000: {many / few:.2f} times"
    )


def row(words: str, seconds: float, base: float) -> None:
    """Print one row of the table."""
    print(f"{words:58} {seconds * 1000:8.2f} {seconds / base:8.2f}", flush=True)


def pin(cores: set[int]) -> None:
    """Stay on these cores, where the system lets us."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, cores)


if __name__ == "__main__":
    main()
