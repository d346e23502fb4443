"""What the tests of destinations share: parcels, contexts, and how a person would read a place back."""

from __future__ import annotations

import csv
import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from formflow.core.model import Light, Outcome
from formflow.sdk import registry
from formflow.sdk.conformance import pretend_context
from formflow.sdk.contract import Connector, DataClass, Operation, Prepared
from formflow.sdk.parcels import (
    AlertNotice,
    AlertParcel,
    DecisionParcel,
    NamedAnswer,
    Parcel,
    ReceiptParcel,
    RecordParcel,
    ReturnParcel,
    stripped,
)

RECORDED_AT = datetime(2026, 11, 23, 14, 2, 30, 5, tzinfo=UTC)
ORIGINAL = b"%PDF-1.7 the paper itself %%EOF\n"
SHA256 = hashlib.sha256(ORIGINAL).hexdigest()
AS_READ = b"%PDF-1.7 what was read %%EOF\n"
HARD_ANSWERS = {
    "plain": "Charlie was calm.",
    "composed": "Zo\u00eb",
    "decomposed": "Zoe\u0308",
    "right_to_left": "\u0645\u0631\u062d\u0628\u0627 \u05e9\u05dc\u05d5\u05dd",
    "emoji": "upset \U0001f622",
    "lines": "first\nsecond\n\nfourth",
    "quotes": "she said \"no\", 'stop', “please”; yes, really",
    "formula": "=1+1",
    "plus": "+44 1632 960001",
    "minus": "-2+3",
    "at": "@SUM(A1)",
    "tab": "\t=1+1",
    "full_width": "＝1+1",
    "blank": "",
    "long": "long " * 8_000,
    "like_a_key": '\n"' + "0" * 64 + '","FF-2026-000001"',
}


FULL: dict[Operation, type[Parcel]] = {
    Operation.RECORD: RecordParcel,
    Operation.ALERT: AlertParcel,
    Operation.RECEIPT: ReceiptParcel,
    Operation.RETURN: ReturnParcel,
    Operation.DECIDE: DecisionParcel,
}
EVERYTHING: dict[str, Any] = {
    "reference": "FF-2026-000123",
    "revision": 1,
    "outcome": Outcome.RECORDED,
    "light": Light.RED,
    "recorded_at": RECORDED_AT,
    "respond_by": RECORDED_AT + timedelta(hours=4),
    "form_title": "Sexual Behaviour Recording Form",
    "headline": "New form to review.",
    "where_to_look": "the page FF-2026-000123 in the folder “Alerts”",
    "where_filed": "in the child’s file, or with “formflow show FF-2026-000123”",
    "page": '<!doctype html>\n<html lang="en-GB"><body><p>Zo\u00eb \U0001f622 ‘£’</p></body></html>\n',
    "child_reference": "C-000045",
    "incident_day": date(2026, 11, 14),
    "answers": tuple(NamedAnswer(name, name, text) for name, text in HARD_ANSWERS.items()),
    "original_sha256": SHA256,
    "as_read": AS_READ,
}


def a_parcel(operation: Operation = Operation.RECORD, **changes: Any) -> Any:
    """Return a parcel with everything that its operation has, with a key of its own for each revision."""
    kind = FULL[operation]
    has = {one.name for one in fields(kind)}
    said = {name: value for name, value in EVERYTHING.items() if name in has} | changes
    facts = f"{said['reference']}|{said['revision']}|{said.get('repeat')}"
    return kind(**{"key": hashlib.sha256(facts.encode()).hexdigest(), **said})


@dataclass(frozen=True)
class Place:
    """One kind of destination in a folder of its own, and how a person finds what landed there."""

    kind: str
    root: Path
    own: dict[str, Any]  # settings
    paper: Path  # what the vault lends
    keys: Callable[[Path], list[str]]  # the key of everything that can be found there

    def connector(self, **own: Any) -> Connector:
        """Return a connector, as another process would open it."""
        kind = registry.load(self.kind)
        settings = kind.Settings.model_validate(self.own | own)
        return kind(settings, pretend_context([ORIGINAL]))

    def parcel(self, **changes: Any) -> Any:
        """Return a parcel as this kind of destination gets it."""
        (operation,) = registry.load(self.kind).capabilities.operations
        return a_parcel(operation, **changes)

    def landed(self) -> list[str]:
        """Return the key of everything that a person can find there."""
        return self.keys(self.root)

    def tree(self) -> dict[str, bytes]:
        """Return every file in the place with its bytes, apart from the lock that nobody sees."""
        every = sorted(self.root.rglob("*"))
        files = (path for path in every if path.is_file() and path.name != ".formflow.lock")
        return {path.relative_to(self.root).as_posix(): path.read_bytes() for path in files}

    def as_arguments(self, prepared: Prepared) -> str:
        """Return what another process needs to deliver the same, as JSON."""
        return json.dumps(
            {
                "kind": self.kind,
                "settings": {name: str(value) for name, value in self.own.items()},
                "paper": str(self.paper),
                "key": prepared.key,
                "body": prepared.body.hex(),
                "headers": dict(prepared.headers),
                "attachments": [(one.name, one.sha256) for one in prepared.attachments],
            }
        )


def csv_rows(path: Path) -> list[dict[str, str]]:
    """Return a CSV file as a program reads it that knows nothing of FormFlow."""
    csv.field_size_limit(1_000_000)
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def sheet_rows(path: Path) -> list[list[Any]]:
    """Return the rows of a workbook, the heading first."""
    book = openpyxl.load_workbook(path)
    return [[cell.value for cell in row] for row in book["Register"].rows]


def _keys_in(pattern: str) -> Callable[[Path], list[str]]:
    def keys(root: Path) -> list[str]:
        pages = [path.read_text("utf-8") for path in sorted(root.rglob("*")) if path.is_file()]
        return [key for page in pages for key in re.findall(pattern, page)]

    return keys


def _csv_keys(root: Path) -> list[str]:
    return [row["ff_key"] for path in sorted(root.glob("*.csv")) for row in csv_rows(path)]


def _sheet_keys(root: Path) -> list[str]:
    books = sorted(root.glob("*.xlsx"))
    return [str(row[0]) for path in books for row in sheet_rows(path)[1:]]


def _chronology_keys(root: Path) -> list[str]:
    pages = [path.read_text("utf-8") for path in sorted(root.rglob("Chronology.html"))]
    return [key for page in pages for key in re.findall(r'data-key="([0-9a-f]{64})"', page)]


def _given_keys(root: Path) -> list[str]:
    """Return the key of each file that lies there, by the list of what was given."""
    lists = sorted(root.glob(".formflow-handed-over/*.json"))
    told = {name: path.stem for path in lists for name in json.loads(path.read_bytes())["names"]}
    return [told[path.name] for path in sorted(root.glob("*.pdf"))]


_KEYS: dict[str, Callable[[Path], list[str]]] = {
    "alert_folder": _keys_in(r"<!-- ([0-9a-f]{64}) -->"),
    "attention_folder": _keys_in(r"Mark of this note: ([0-9a-f]{64})"),
    "child_files": _chronology_keys,
    "csv_file": _csv_keys,
    "decision_folder": _keys_in(r"<!-- ([0-9a-f]{64}) -->"),
    "folder_drop": _given_keys,
    "receipt_folder": _keys_in(r"<!-- ([0-9a-f]{64}) -->"),
    "workbook": _sheet_keys,
}
FOLDER_KINDS = tuple(_KEYS)


@pytest.fixture
def make_notice() -> Callable[..., AlertNotice]:
    """Return how an alert is made for a destination that may carry notices only."""

    def make(**changes: Any) -> AlertNotice:
        full = a_parcel(Operation.ALERT, **changes)
        notice = stripped(full, DataClass.NOTICE)
        assert isinstance(notice, AlertNotice)
        return notice

    return make


@pytest.fixture
def make_place(tmp_path: Path) -> Callable[[str], Place]:
    """Return how a place is made, with its folder there."""

    return lambda kind: place_of(kind, tmp_path)


def place_of(kind: str, folder: Path) -> Place:
    """Return a place of a kind inside a folder."""
    root = folder / f"a {kind}"
    root.mkdir()
    paper = folder / "paper.pdf"
    paper.write_bytes(ORIGINAL)
    own = {"file": root / "Register.xlsx"} if kind == "workbook" else {"folder": root}
    return Place(kind, root, own, paper, _KEYS[kind])


@pytest.fixture(params=FOLDER_KINDS)
def place(request: pytest.FixtureRequest, make_place: Callable[[str], Place]) -> Place:
    """Each kind of folder destination in turn."""
    return make_place(request.param)
