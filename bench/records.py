"""A ledger of many records, made once from a few real ones and kept for later runs."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from bench import forms, measures
from formflow.admin import setup
from formflow.core.clock import utc_now
from formflow.storage import audit_trail, seals
from formflow.storage.database import SCHEMA_VERSION, open_ledger
from formflow_connectors import register_book
from formflow_connectors.register_rows import COLUMNS, NOT_KNOWN

KEPT = Path(__file__).parents[1] / "build"
STILL_OPEN = 20  # of any number of records: the others are delivered, seen and decided
BORN_FROM, DAYS_OF_BIRTH = date(2008, 9, 1), 365 * 14
AS_IN_EACH_ROW = (
    "Sexual Behaviour Recording Form",
    "▲ Red (harmful)",
    "A person checks it against the original form.",
    "in the child’s file, or with “formflow show”",
)
DECIDED = '{"level": {"value": "harmful", "raw": "harmful", "state": "given"}}'
Row = dict[str, Any]


def ledger(count: int) -> Path:
    """Return a ledger of so many records, about half as many children, each with a decision."""
    kept = KEPT / f"records-{count}-version-{SCHEMA_VERSION}-decided.sqlite"
    if not kept.exists():
        KEPT.mkdir(exist_ok=True)
        draft = kept.with_suffix(".draft")
        _make(draft, count)
        draft.replace(kept)
    return kept


def register(count: int) -> Path:
    """Return the register workbook of that ledger, with a row for each revision that it has filed there."""
    kept = ledger(count).with_suffix(".xlsx")
    if not kept.exists():
        draft = kept.with_suffix(".draft")
        draft.write_bytes(_register(ledger(count)))
        draft.replace(kept)
    return kept


def _register(kept: Path) -> bytes:
    query = (
        "SELECT key, reference, revision, recorded_at, incident_day FROM parcel"
        " JOIN entry ON entry.id = parcel.entry_id WHERE destination = 'Register workbook'"
    )
    with closing(sqlite3.connect(kept)) as opened:
        rows = [
            [key, name, revision, at[:19], day or NOT_KNOWN, NOT_KNOWN, *AS_IN_EACH_ROW]
            for key, name, revision, at, day in opened.execute(query)
        ]
    begun, cells = register_book.new([*COLUMNS]), [register_book.looked(row) for row in rows]
    return register_book.with_rows(begun, cells, len(COLUMNS), is_ours=True)


def _make(draft: Path, count: int) -> None:
    folder = draft.with_suffix(".agency")
    shutil.rmtree(folder, ignore_errors=True)
    forms.make(folder / "in", len(forms.CASES))
    made = setup.set_up(folder / "agency")
    measures.formflow(folder / "agency", "ingest", "--quiet", str(folder / "in"), cores=[0])
    shutil.copyfile(made.state.folder / "ledger.sqlite", draft)
    shutil.rmtree(folder)
    with closing(sqlite3.connect(draft)) as opened:
        opened.row_factory = sqlite3.Row
        _multiply(opened, count)
        _seal(opened)
        opened.commit()
        opened.execute("VACUUM")
    _begin_trail(draft)


def _multiply(opened: sqlite3.Connection, count: int) -> None:
    """Copy the records that are there, each copy about another child, until there are so many."""
    patterns = [_pattern(opened, row["id"]) for row in opened.execute("SELECT * FROM entry")]
    for number in range(len(patterns) + 1, count + 1):
        _copy(opened, patterns[number % len(patterns)], number, is_open=number > count - STILL_OPEN)
    opened.execute("UPDATE counter SET last = ? WHERE name LIKE 'reference-%'", (count,))


def _seal(opened: sqlite3.Connection) -> None:
    """Seal what was copied, and leave it without lines of the audit trail."""
    query = "SELECT entry.*, paper.sha256 FROM entry JOIN paper ON paper.id = entry.paper_id"
    for row in opened.execute(query).fetchall():
        seal = seals.of_entry({**dict(row), "urgent": bool(row["urgent"])})
        opened.execute(
            "UPDATE entry SET seal = ?, audit_line = NULL WHERE id = ?", (seal, row["id"])
        )
    opened.execute("DELETE FROM audit_line")
    opened.execute("DELETE FROM audit_head")


def _begin_trail(draft: Path) -> None:
    """Write the audit trail of all records, under a key that nobody keeps."""
    folder = draft.with_suffix(".trail")
    folder.mkdir()
    draft.rename(folder / "ledger.sqlite")
    engine = open_ledger(folder)
    audit_trail.open_trail(folder, engine, audit_trail.SERVICE, utc_now())
    engine.dispose()
    (folder / "ledger.sqlite").rename(draft)
    shutil.rmtree(folder)


def _pattern(opened: sqlite3.Connection, entry: int) -> dict[str, list[Row]]:
    """Return every row of a record by table."""
    asked = {
        "entry": f"id = {entry:d}",
        "paper": f"entry_id = {entry:d}",
        "child": f"id = (SELECT child_id FROM entry WHERE id = {entry:d})",  # noqa: S608
        "arrival": f"paper_id = (SELECT paper_id FROM entry WHERE id = {entry:d})",  # noqa: S608
        "parcel": f"entry_id = {entry:d}",
        "task": f"kind = 'remind' AND ref_id = {entry:d}",
    }
    return {
        table: [dict(row) for row in opened.execute(f"SELECT * FROM {table} WHERE {where}")]  # noqa: S608
        for table, where in asked.items()
    }


def _copy(
    opened: sqlite3.Connection, pattern: dict[str, list[Row]], number: int, *, is_open: bool
) -> None:
    at = 1_000_000 + 2 * number  # the numbers of rows; the next one is the sheet's
    child = 1_000_000 + number // 2
    day = (BORN_FROM + timedelta(days=child * 37 % DAYS_OF_BIRTH)).isoformat()
    happened = (date(2025, 9, 1) + timedelta(days=number % 400)).isoformat()
    seen = None if is_open else "2026-11-01T12:00:00+00:00"
    for one in pattern["child"]:
        named = {"id": child, "name_key": f"child {child}", "born": day, "upn": None}
        _insert(opened, "child", one | named, "OR IGNORE")
    entry, paper = pattern["entry"][0], pattern["paper"][0]
    told = {"reference": f"FF-2026-{number:06d}", "child_id": child, "incident_day": happened}
    if pattern["entry"][0]["child_b_id"] and number > 2 * len(forms.CASES):
        told["child_b_id"] = child - 1
    found_by = {"business_key": f"{child} {happened}", "values_sha256": f"{number:064x}"}
    _insert(opened, "paper", paper | {"id": at, "sha256": f"{at:064x}", "entry_id": at})
    own = {"id": at, "paper_id": at, "acknowledged_at": seen}
    _insert(opened, "entry", entry | told | found_by | own)
    _insert(opened, "task", _done("read", at))
    for one in pattern["arrival"]:
        _insert(opened, "arrival", one | {"id": None, "paper_id": at})
    for one in pattern["task"]:
        _insert(opened, "task", one | {"id": None, "ref_id": at, "state": 0 if is_open else 2})
    for place, one in enumerate(pattern["parcel"]):
        parcel = at * 10 + place
        _insert(
            opened, "parcel", one | {"id": parcel, "key": f"k{parcel}", "entry_id": at, "body": b""}
        )
        _insert(opened, "task", _done("deliver", parcel) | {"lane": one["destination"]})
    if not is_open:
        _decide(opened, entry | told, paper, at + 1)


def _decide(opened: sqlite3.Connection, record: Row, paper: Row, at: int) -> None:
    about = record["reference"]
    _insert(opened, "paper", paper | {"id": at, "sha256": f"{at:064x}", "entry_id": at})
    sheet = {
        "id": at, "reference": f"{about}-F2", "about": about, "form_id": "review", "paper_id": at,
        "outcome": "recorded", "answers": DECIDED, "light": None,
        "highest_light": None, "proposal": None, "business_key": None, "values_sha256": f"{at:064x}",
        "acknowledged_at": "2026-11-01T12:00:00+00:00",
    }  # fmt: skip
    _insert(opened, "entry", record | sheet)
    _insert(opened, "task", _done("read", at))


def _done(kind: str, of: int) -> Row:
    return {
        "kind": kind, "ref_id": of, "lane": "", "priority": 5, "state": 2, "attempts": 1,
        "lease_until": 0.0, "due": 0.0, "last_code": "",
    }  # fmt: skip


def _insert(opened: sqlite3.Connection, table: str, row: Row, how: str = "") -> None:
    marks = ", ".join(f":{name}" for name in row)
    told = f"INSERT {how} INTO {table} ({', '.join(row)}) VALUES ({marks})"  # noqa: S608
    opened.execute(told, row)
