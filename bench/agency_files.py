"""Rows into a workbook, a CSV file and a table that the agency keeps, one by one and many at once; papers into children's folders."""

from __future__ import annotations

import hashlib
import time
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from formflow.core.model import Light, Outcome
from formflow.sdk import NamedAnswer, RecordParcel
from formflow.sdk.conformance import pretend_context
from formflow_connectors.child_files import ChildFiles, ChildFilesSettings
from formflow_connectors.csv_file import CsvFile, CsvFileSettings
from formflow_connectors.sql_table import SqlTable, SqlTableSettings
from formflow_connectors.workbook import Workbook, WorkbookSettings
from tests.support.databases import engine as database

ROWS, COLUMNS = 10_000, 12
BATCH = 200
HEADINGS = ("Our reference", "Date", "Pupil", "Level")
AT = datetime(2026, 11, 23, 14, 2, tzinfo=UTC)


def made_workbook(path: Path) -> Path:
    """Make the workbook as a program for spreadsheets would: styled, filtered, with a column of dates."""
    import openpyxl

    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("Log")
    more = [f"Column {number}" for number in range(len(HEADINGS), COLUMNS)]
    sheet.append([*HEADINGS, *more])
    for row in range(ROWS):
        day = date(2026, 1, 1) + timedelta(days=row % 300)
        words = [f"What was seen and said, in a few words, {row % 90}" for _ in more]
        sheet.append([f"MB-{row:06d}", day, f"Sample, Pat {row % 700}", "Level 1", *words])
    sheet.auto_filter.ref = f"A1:L{ROWS + 1}"
    book.save(path)
    return path


def made_csv(path: Path) -> Path:
    """Make a CSV file as Excel does."""
    head = f"{','.join(HEADINGS)}\r\n"
    rows = (f"MB-{row:06d},01/09/2026,Pat {row},Level 1\r\n" for row in range(ROWS))
    path.write_text(head + "".join(rows), "ascii", newline="")
    return path


def one_by_one(path: Path, count: int) -> float:
    """Return the seconds of the processor for each of so many rows, each saved by itself."""
    connector = _connector(path)
    prepared = [connector.prepare(_parcel(number)) for number in range(count)]
    begun = time.process_time()
    for one in prepared:
        connector.deliver(one)
    return (time.process_time() - begun) / count


def in_batches(path: Path, count: int) -> float:
    """Return how many rows a second of the processor takes, saved 200 at a time."""
    connector = _connector(path)
    prepared = [connector.prepare(_parcel(100_000 + number)) for number in range(count)]
    begun = time.process_time()
    for first in range(0, count, BATCH):
        connector.deliver_batch(prepared[first : first + BATCH])
    return count / (time.process_time() - begun)


def papers_filed(folder: Path, count: int) -> float:
    """Return how many records a second of the processor files in children's folders: two papers each, and a line."""
    folder.mkdir()
    original, as_read = b"%PDF-1.7 as it came " * 500, b"%PDF-1.7 as read " * 500
    connector = ChildFiles(
        ChildFilesSettings.model_validate({"folder": folder}), pretend_context([original])
    )
    sha256 = hashlib.sha256(original).hexdigest()
    known = [
        replace(
            _parcel(number),
            child_reference=f"C-4821-{number:06d}",
            as_read=as_read,
            original_sha256=sha256,
            original_suffix=".pdf",
        )
        for number in range(count)
    ]
    prepared = [connector.prepare(one) for one in known]
    begun = time.process_time()
    for one in prepared:
        connector.deliver(one)
    return count / (time.process_time() - begun)


def rows_in_table(url: str, count: int) -> float:
    """Return how many rows a second come into a database's table, 200 in one transaction, the database's work included."""
    with database(url).begin() as connection:
        connection.exec_driver_sql("DROP TABLE IF EXISTS log")
        connection.exec_driver_sql(
            "CREATE TABLE log (ref VARCHAR(40) PRIMARY KEY, day TIMESTAMP, pupil TEXT, level TEXT)"
        )
    columns = {"day": "{incident_at}", "pupil": "{child_a_name}", "level": "{level}"}
    told = {"url": url, "table": "log", "columns": columns, "reference_column": "ref"}
    connector = SqlTable(SqlTableSettings.model_validate(told), pretend_context())
    prepared = [connector.prepare(_parcel(number)) for number in range(count)]
    begun = time.perf_counter()
    for first in range(0, count, BATCH):
        connector.deliver_batch(prepared[first : first + BATCH])
    return count / (time.perf_counter() - begun)


def _connector(path: Path) -> Workbook | CsvFile:
    columns = {"Date": "{incident_at}", "Pupil": "{child_a_name}", "Level": "{level}"}
    told = {"file": path, "columns": columns, "reference_column": HEADINGS[0]}
    if path.suffix == ".csv":
        settings = CsvFileSettings.model_validate(told | {"encoding": "utf-8"})
        return CsvFile(settings, pretend_context())
    return Workbook(WorkbookSettings.model_validate(told), pretend_context())


def _parcel(number: int) -> RecordParcel:
    reference = f"FF-2026-{number:06d}"
    return RecordParcel(
        key=hashlib.sha256(reference.encode()).hexdigest(),
        reference=reference,
        revision=1,
        outcome=Outcome.RECORDED,
        recorded_at=AT + timedelta(seconds=number),
        form_title="Sexual Behaviour Recording Form",
        headline="New form to review",
        where_to_look="the folder “Alerts”",
        light=Light.RED,
        where_filed="",
        named=(
            NamedAnswer("incident_at", "", "", AT - timedelta(days=2)),
            NamedAnswer("child_a_name", "", f"Sample, Pat {number}"),
            NamedAnswer("level", "", "Suggested: red"),
        ),
    )
