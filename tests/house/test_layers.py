"""The rooms keep their direction: pure rooms stay pure, connectors see the contract alone."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OUTER = {
    "formflow.cage",
    "formflow.ledger",
    "formflow.tables",
    "formflow.intake",
    "formflow.vault",
    "formflow.record",
    "formflow.posting",
    "formflow.climb",
    "formflow.own_pages",
    "formflow.remind",
    "formflow.who",
    "formflow.numbers",
    "formflow.watermark",
    "formflow.own_alerts",
    "formflow.deliver",
    "formflow.lanes",
    "formflow.guests",
    "formflow.pipeline",
    "formflow.service",
    "formflow.workbench",
    "formflow.shelf",
    "formflow.places",
    "formflow.drop.sweep",
    "formflow.drop.doorbell",
    "sqlalchemy",
    "sqlmodel",
    "subprocess",
    "socket",
    "smtplib",
}
PURE = (
    "check.py",
    "dates.py",
    "decide.py",
    "children.py",
    "model.py",
    "words.py",
    "notices.py",
    "rules/__init__.py",
    "rules/book.py",
    "rules/establish.py",
    "rules/hints.py",
    "rules/urgency.py",
    "rules/cautions.py",
    "rules/steps.py",
    "rules/standing.py",
    "rules/conditions.py",
    "clocks.py",
    "sheets.py",
    "named_child.py",
    "levels.py",
    "filling.py",
    "profile.py",
)
# What connectors may see besides the contract: the words, and the one room that writes files.
FOR_CONNECTORS = {
    "formflow.contract",
    "formflow.errors",
    "formflow.model",
    "formflow.notices",
    "formflow.places",
    "formflow.words",
}


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("name", PURE)
def test_a_pure_room_imports_no_outer_one(name: str) -> None:
    assert set(imports(ROOT / "formflow" / name)) & OUTER == set()


def test_the_reading_rooms_touch_no_ledger() -> None:
    found = {name for path in (ROOT / "formflow" / "read").glob("*.py") for name in imports(path)}
    assert found & (OUTER - {"subprocess"}) == set()


@pytest.mark.parametrize("path", sorted((ROOT / "connectors").glob("*.py")), ids=lambda p: p.stem)
def test_a_connector_sees_the_contract_and_no_ledger(path: Path) -> None:
    from_core = {name for name in imports(path) if name.split(".")[0] == "formflow"}
    modules = {".".join(name.split(".")[:2]) for name in from_core} - {"formflow"}
    assert modules <= FOR_CONNECTORS


def calls(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func)


def test_only_the_command_line_prints_or_exits() -> None:
    rooms = [path for path in (ROOT / "formflow").rglob("*.py") if "cli" not in path.parts]
    speaking = [p.name for p in rooms if {"print", "sys.exit", "exit"} & set(calls(p))]
    assert speaking == []


def test_now_is_asked_for_in_one_place() -> None:
    asking = [
        path.relative_to(ROOT).as_posix()
        for folder in ("formflow", "connectors")
        for path in (ROOT / folder).rglob("*.py")
        if "datetime.now(" in path.read_text(encoding="utf-8")
    ]
    assert asking == ["formflow/clock.py"]
